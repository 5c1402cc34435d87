# SPDX-License-Identifier: MIT
# Several columns of one file are predicted: their names come back in the order they were asked for;
# what else --target may mean, and what it cannot.
. "$CASES/helpers"

awk 'BEGIN {
    print "rooms,area,price,\"rent, cold\",noise"
    for (i = 0; i < 120; i++) {
        rooms = 1 + (i * 7) % 5; area = 20 + (i * 37) % 101
        price = 1000.5 * area + 20000 * rooms
        printf "%d,%d,%.1f,%.2f,%d\n", rooms, area, price, price / 300 - 10 * area, (i * 71) % 113
    }
}' >houses.csv
taildropout fit houses.csv --target noise,price --columns rooms,area -o m --epochs 400 --lr 0.01 \
    2>/dev/null >fit.txt
sed -n '1,2p; /^r2 of/p' fit.txt
grep '^  price' fit.txt | awk '{ print $1, ($2 > 90 ? "mostly explained" : "not explained") }'
taildropout predict m houses.csv -o out.csv 2>&1
sed -n 1p out.csv
taildropout evaluate m houses.csv --target noise,price | sed 's/[0-9][0-9.e+-]*/N/g'
taildropout evaluate m houses.csv --target noise,price --json - 2>/dev/null |
    tr -d '\n\t ' | sed -E 's/.*"metric":/metric /; s/"(r2|value)":[0-9.e-]*/"\1":N/g; s/,"rows".*//'
echo
taildropout scree m houses.csv --target noise,price --json scree.json 2>/dev/null |
    sed -n '/^r2 of/,/^  price/p' | sed 's/-*[0-9.]* %/N %/'
tr -d '\n\t ' <scree.json | sed 's/.*"targets":/targets /; s/[0-9][0-9.e-]*,/N,/g; s/[0-9.e-]*]/N]/g'
echo
taildropout fit houses.csv --target noise,price --columns rooms,area -o m --epochs 400 --lr 0.01 \
    --force --quiet --json fit.json
for file in fit scree; do tr -d '\n\t ' <$file.json | sed 's/.*"targets"://' >$file.targets; done
cmp fit.targets scree.targets && echo "fit writes the same of the targets"
# The order is of no account to a model with names.
taildropout fit houses.csv --columns rooms,area --target price,noise -o n --epochs 2 --quiet
taildropout evaluate n houses.csv --target noise,price --json - >/dev/null | tail -n +2
taildropout predict n houses.csv -o - 2>/dev/null | wc -c
# A name with a comma is one column.
taildropout fit houses.csv --target 'rent, cold' --columns rooms,area -o r --epochs 2 2>/dev/null |
    sed -n 1p
# By numbers, where there are no names; a file whose name has a comma.
tail -n +2 houses.csv >bare.csv
taildropout fit bare.csv --target 5,3 -o b --epochs 2 2>/dev/null | sed -n 1,2p
cut -d, -f4 bare.csv >'a,b.csv'
taildropout fit bare.csv --target a,b.csv -o c --epochs 2 2>/dev/null | sed -n 1,2p
try taildropout fit houses.csv --target price,size -o other
try taildropout fit houses.csv --target size,colour -o other
try taildropout fit houses.csv --target price,noise,price -o other
try taildropout fit houses.csv --target price,noise --task classify -o other
try taildropout evaluate m houses.csv --target price
