# SPDX-License-Identifier: MIT
# Numbers predicted from a table with names: fit, predicted in their units, measured; what is said
# without them.
. "$CASES/helpers"

awk 'BEGIN {
    print "rooms,area,town,price,rent"
    for (i = 0; i < 120; i++) {
        rooms = 1 + (i * 7) % 5; area = 20 + (i * 37) % 101; town = i % 3 ? "ulm" : "kiel"
        price = 1000.5 * area + 20000 * rooms + (i % 3 ? 0 : 30000)
        printf "%d,%d,%s,%.1f,%.2f\n", rooms, area, town, price, price / 300
    }
}' >houses.csv
taildropout fit houses.csv --target price --drop rent -o m --epochs 400 --lr 0.01 2>/dev/null |
    sed -n '1,6p'
taildropout predict m houses.csv -o out.csv 2>&1
sed -n 1p out.csv
# Closer than a tenth of what the prices differ by.
paste -d, out.csv houses.csv | awk -F, 'NR > 1 { off += ($1 - $5) ^ 2; sum += $5; square += $5 ^ 2 }
    END { n = NR - 1; print (off / n < 0.01 * (square / n - (sum / n) ^ 2) ? "close" : "far off") }'
taildropout evaluate m houses.csv --target price | sed 's/[0-9][0-9.e+-]*/N/g'
taildropout scree m houses.csv --target price --json - 2>/dev/null |
    tr -d '\n\t ' | sed 's/.*\("metric":{"name":"[^"]*"\).*\("pca":[^,]*\).*/\1 \2/'
echo
taildropout prune m -k 1 -o small 2>&1 | sed 's/ has .*//'
taildropout predict small houses.csv -o - 2>/dev/null | head -c 6 | tail -c 5
echo
taildropout fit houses.csv --target price --drop rent,town -o n --epochs 2 --html page.html --quiet
grep -c '"metric":{"name":"r2"' page.html
try taildropout evaluate m houses.csv
try taildropout evaluate m houses.csv --target town
try taildropout fit houses.csv -o other --task regress
try taildropout fit houses.csv -o other --task regress --target town
try taildropout scree m houses.csv --target price --png p.png
printf 'price,rent\n' >both.csv
cut -d, -f4,5 houses.csv | tail -n +2 >>both.csv
taildropout fit houses.csv --drop price,rent --target both.csv -o two --epochs 2 --quiet
taildropout predict two houses.csv -o two.csv 2>&1
sed -n 1p two.csv
