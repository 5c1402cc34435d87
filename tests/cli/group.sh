# SPDX-License-Identifier: MIT
# Rows of one group are held out together, and the model says by which column.
. "$CASES/helpers"

awk 'BEGIN {
    print "patient,a,b,c"
    for (i = 0; i < 120; i++) printf "p%d,%d,%d,%d\n", i * 7 % 13, i * 37 % 101, i * 59 % 89, i * 71 % 97
}' >visits.csv
taildropout fit visits.csv --group patient -o m --epochs 3 2>/dev/null | grep -E '^(data|rows) '
taildropout info m | grep '^rows'
taildropout evaluate m visits.csv | sed -n 's/^data *//p'
taildropout prune m -k 1 -o cut >/dev/null
taildropout evaluate cut visits.csv --group patient | sed -n 's/^data *//p'
# Other data need no groups.
sed 's/^p[0-9]*,//; s/^patient,//; $d' visits.csv >others.csv
taildropout evaluate m others.csv | sed -n 's/^data *//p'
taildropout predict m others.csv -o made.csv && sed -n 1p made.csv

say_failure() {
    taildropout "$@"
    echo "exit $?"
}
sed 's/^p[0-9]*,//; s/^patient,//' visits.csv >without.csv
say_failure evaluate m without.csv
sed 's/^p1,/p2,/' visits.csv >grouped_otherwise.csv
say_failure evaluate m grouped_otherwise.csv
say_failure evaluate m visits.csv --group doctor
say_failure fit visits.csv --group doctor -o n
say_failure evaluate m visits.csv --group a
sed 's/^p[0-9]*,/p,/' visits.csv >one.csv
say_failure fit one.csv --group patient -o n
sed '5s/^p[0-9]*,/,/' visits.csv >gap.csv
say_failure fit gap.csv --group patient --missing mean -o n

# Groups are no levels: there may be more than 10,000; they may be what rows are called, be it numbers.
awk 'BEGIN {
    print "who,number,a,b"
    for (i = 0; i < 20200; i++) printf "p%d,%d,%d,%d\n", i / 2, i % 10100 + 5, i * 37 % 101, i * 59 % 89
}' >many.csv
small="--features 1 --epochs 1 --batch 2000 --quiet"
# shellcheck disable=SC2086 # options are words
say_failure fit many.csv --columns a,b --id who --group who -o who $small
taildropout evaluate who many.csv | sed -n 's/^data *//p'
taildropout predict who many.csv --id who -o who.csv 2>/dev/null && sed -n '1p; $p' who.csv | cut -d, -f1
# shellcheck disable=SC2086
say_failure fit many.csv --columns a,b --id number --group number -o number $small
taildropout evaluate number many.csv | sed -n 's/^data *//p'
taildropout evaluate number many.csv --id number | sed -n 's/^data *//p'
say_failure fit many.csv -o n
[ ! -e n ] || echo "n was written"
