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
sed 's/^p[0-9]*,/p,/' visits.csv >one.csv
say_failure fit one.csv --group patient -o n
sed '5s/^p[0-9]*,/,/' visits.csv >gap.csv
say_failure fit gap.csv --group patient --missing mean -o n
[ ! -e n ] || echo "n was written"
