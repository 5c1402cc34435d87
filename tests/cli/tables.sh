# SPDX-License-Identifier: MIT
# Tables of text: names, categories, gaps and ids from the file into the outputs, and labels that
# are a column.
. "$CASES/helpers"

# table_csv ROWS: rows called r1, r2, ..., of two numbers, a size that goes with them, and a kind;
# some weights are missing.
table_csv() {
    awk -v rows="$1" 'BEGIN {
        split("small,middle,large", size, ",")
        print "row,\"height, cm\",weight,size,kind"
        for (i = 1; i <= rows; i++) {
            k = i * 7 % 3
            height = 150 + 20 * k + (i * 37 % 11 - 5) / 2
            weight = i % 13 == 6 ? "NA" : height / 2 + (i * 5 % 7 - 3) / 4
            printf "r%d,%.1f,%s,%s,%s\n", i, height, weight, size[k + 1], i * 5 % 2 ? "cat" : "dog"
        }
    }'
}

fit() {
    taildropout fit "$@" --arch '16-[4]-16' --batch 8 --lr 0.01 --epochs 60 2>/dev/null
}

table_csv 120 >table.csv
try taildropout fit table.csv -o model
fit table.csv --id row --missing mask -o model.safetensors >fit.out
sed -n '1,5p' fit.out
taildropout predict model.safetensors table.csv --id row -o out.csv
sed -n '1p' out.csv
awk -F, 'NR > 1 { print $1, $4, $5 }' out.csv >found
awk -F, 'NR > 1 { print $1, $4, $5 }' table.csv | cmp - found && echo "levels are found again"
taildropout encode model.safetensors table.csv --id row -o codes.csv
sed -n '1p' codes.csv
taildropout decode model.safetensors codes.csv --id row -o back.csv
cmp out.csv back.csv && echo "the same by way of codes"
taildropout evaluate model.safetensors table.csv | sed -n '1p'
sed 's/dog/cow/; s/weight,size/size,weight/' table.csv |
    awk -F, -v OFS=, 'NR > 1 { t = $3; $3 = $4; $4 = t } { print }' >other.csv
taildropout predict model.safetensors other.csv -o - | wc -c
cut -d, -f1-4 table.csv >narrow.csv
try taildropout predict model.safetensors narrow.csv -o none.npy
fit table.csv --drop row --missing mean --target size -o classifier.safetensors | sed -n '1,4p'
taildropout predict classifier.safetensors table.csv --id row -o labels.csv
sed -n '1p' labels.csv
awk -F, 'NR > 1 { print $1, $2 }' labels.csv >found
awk -F, 'NR > 1 { print $1, $4 }' table.csv | cmp - found && echo "labels are right"
taildropout encode classifier.safetensors table.csv --id row -o codes.csv --force
taildropout decode classifier.safetensors codes.csv --id row -o back.csv --force
cmp labels.csv back.csv && echo "the same by way of codes"
taildropout evaluate classifier.safetensors table.csv --target size | sed -n '1p;5p'
try taildropout evaluate classifier.safetensors table.csv --target weight
try taildropout fit table.csv -o none --drop row,rows
try taildropout fit table.csv -o none --delimiter '||'
try taildropout fit table.csv -o none --missing mean --target weight
try taildropout fit table.csv -o none --missing mean --target knd
try taildropout fit table.csv -o none --columns 'weight,size' --missing mean --target kind --task autoencode
{ cat table.csv; echo 'r121,1'; } >torn.csv
try taildropout fit torn.csv -o none --missing mean
# Cells that are missing where a model takes none, in other files than .csv and in codes.
awk 'BEGIN { print "a,b"; for (i = 0; i < 40; i++) printf "%d,%d\n", i * 37 % 41, i * 7 % 13 }' >full.csv
sed '3s/,.*/,/' full.csv >gap.csv
taildropout fit full.csv -o full --features 1 --epochs 1 --quiet
try taildropout evaluate full gap.csv
try taildropout predict full gap.csv -o none.csv
try taildropout decode full gap.csv -o none.csv
try taildropout fit full.csv -o none --target gap.csv

# Names with commas and quotes, in lists.
awk 'BEGIN {
    print "\"height, cm\",\"the \"\"big\"\" one\",\"a,b\",plain"
    for (i = 0; i < 40; i++) printf "%d,%d,%d,%d\n", i * 37 % 41, i * 7 % 13, i * 5 % 11, i % 9
}' >commas.csv
small="--features 1 --epochs 1 --quiet --force"
# shellcheck disable=SC2086 # options are words
names() {
    try taildropout fit commas.csv -o commas $small "$@"
    [ ! -e commas ] || taildropout predict commas commas.csv -o commas.made.csv --force 2>/dev/null
    [ ! -e commas ] || sed 1q commas.made.csv
    rm -f commas
}
names --columns '"height, cm",plain'
names --drop 'plain,"the ""big"" one","a,b"' --target '"height, cm"'
names --target '"height, cm","a,b"' --columns plain
names --target 'height, cm' --columns 'plain,"a,b"'
names --columns '"height, cm'
names --columns '"height"x,plain'
