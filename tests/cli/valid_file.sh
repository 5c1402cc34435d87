# SPDX-License-Identifier: MIT
# A second table is the held-out side, and all rows of the first are trained on.
. "$CASES/helpers"

# readings ROWS FIRST: a table of which the columns tell each other.
readings() {
    awk -v rows="$1" -v first="$2" 'BEGIN {
        print "a,b,colour,kind,c"
        for (i = first; i < first + rows; i++) {
            a = (i * 37) % 101
            colour = i % 3 == 0 ? "red" : i % 3 == 1 ? "blue" : "green"
            print a "," (2 * a + i % 7) "," colour "," (a > 50 ? "x" : "y") "," (i * 11) % 17
        }
    }'
}

readings 90 0 >table.csv
readings 40 1000 >valid.csv
small="--features 2 --epochs 3"
# shellcheck disable=SC2086 # options are words
fit() { try taildropout fit "$@" $small --force --quiet; }

# shellcheck disable=SC2086
taildropout fit table.csv -o model --valid valid.csv --drop kind $small 2>/dev/null |
    sed -n '/^rows/p; s/^loss.*, mean/mean/p'
taildropout info model | sed -n '/^rows/p; s/^loss.*, mean/mean/p'
taildropout info model --json - 2>/dev/null | tr -d '\n\t ' | sed 's/.*\("split":.*\),"scale".*/\1/'
echo
echo "--- measured on either table"
taildropout scree model valid.csv | sed -n '1s/.*, mean/mean/p; 2p' | tr -s ' '
taildropout scree model table.csv | sed -n '1s/.*, mean/mean/p; 2p' | tr -s ' '
taildropout evaluate model valid.csv | sed 1q
taildropout evaluate model table.csv | sed 1q
taildropout info model --json - 2>/dev/null | tr -d '\n\t ' | sed 's/.*"loss":\(\[[^]]*\]\).*/\1/' >stored
taildropout scree model valid.csv --json - 2>/dev/null | tr -d '\n\t ' |
    sed 's/.*"loss":\(\[[^]]*\]\).*/\1/' >measured
cmp stored measured && echo "the curve of the fit is that of valid.csv"

echo "--- columns by name, what is more is not read, a level that is new"
awk -F, -v OFS=, 'NR == 5 { $3 = "mauve" } { print $5, $3, $2, $1, NR == 1 ? "more" : "" }' valid.csv >other.csv
# shellcheck disable=SC2086
taildropout fit table.csv -o model --valid other.csv --drop kind $small --force 2>&1 >/dev/null |
    grep note

echo "--- targets are columns of both"
fit table.csv -o classifier --valid valid.csv --target kind
taildropout evaluate classifier valid.csv --target kind | sed 1q
taildropout evaluate classifier table.csv --target kind | sed 1q
fit table.csv -o regression --valid valid.csv --target b,c
taildropout scree regression valid.csv --target b,c | sed -n '1s/.*, mean/mean/p'
fit table.csv -o regression --valid valid.csv --target b,c --html report.html
grep -o 'valid.csv, 40 held-out rows' report.html | sed 1q

echo "--- bad input"
cut -d, -f1,2 valid.csv >narrow.csv
fit table.csv -o bad --valid narrow.csv
head -1 valid.csv >empty.csv
fit table.csv -o bad --valid empty.csv
fit table.csv -o bad --valid nowhere.csv
fit table.csv -o bad --valid table.csv
fit table.csv -o bad --valid narrow.csv --columns a,b --target kind
sed 's/,x,/,z,/' valid.csv >unknown.csv
fit table.csv -o bad --valid unknown.csv --target kind
sed 's/^[0-9]*,/word,/' valid.csv >words.csv
fit table.csv -o bad --valid words.csv
sed '3s/^[0-9]*,/,/' valid.csv >gap.csv
fit table.csv -o bad --valid gap.csv
fit table.csv -o bad --valid valid.csv --group kind
cut -d, -f4 table.csv >labels.csv
cut -d, -f1-3,5 table.csv >features.csv
cut -d, -f1-3,5 valid.csv >rest.csv
fit features.csv -o bad --valid rest.csv --target labels.csv
ls bad 2>/dev/null

echo "--- targets from files"
cut -d, -f4 valid.csv >valid_labels.csv
fit features.csv -o apart --valid rest.csv --target labels.csv --valid-target valid_labels.csv
taildropout info classifier --json - 2>/dev/null | tr -d '\n\t ' | grep -o '"loss":\[[^]]*\]' >one
taildropout info apart --json - 2>/dev/null | tr -d '\n\t ' | grep -o '"loss":\[[^]]*\]' >two
cmp one two && echo "the curve is that of the classifier with columns"
fit features.csv -o apart2 --valid valid.csv --target labels.csv --valid-target kind
fit features.csv -o bad --valid rest.csv --target labels.csv --valid-target labels.csv
fit features.csv -o bad --valid rest.csv --target labels.csv --valid-target nowhere.csv
fit features.csv -o bad --valid 0.2 --target labels.csv --valid-target valid_labels.csv
fit features.csv -o bad --valid rest.csv --valid-target valid_labels.csv
ls bad 2>/dev/null

echo "--- a checkpoint is of its table"
fit table.csv -o model --valid valid.csv --checkpoint state
fit table.csv -o model --valid valid.csv --resume state
sed '2s/^[0-9]*,/77,/' valid.csv >changed.csv
fit table.csv -o model --valid changed.csv --resume state
fit table.csv -o model --resume state
