# SPDX-License-Identifier: MIT
# A fit that is given data alone calls its model as they are called, and overwrites nothing.
. "$CASES/helpers"

awk 'BEGIN { print "a,b,c"; for (i = 0; i < 60; i++) printf "%d,%d,%d\n", i * 37 % 101, i * 59 % 89, i * 71 % 97 }' >t.csv
mkdir data && cp t.csv data/houses.csv && gzip data/houses.csv
taildropout fit data/houses.csv.gz --epochs 1 --quiet --batch 8
ls ./*.safetensors
taildropout fit data/houses.csv.gz --epochs 1 --quiet --batch 8 2>&1
echo "exit $?"
taildropout fit - --epochs 1 --quiet --batch 8 <t.csv
small_table
taildropout fit table.npy --epochs 1 --quiet --batch 8
cp t.csv .csv
taildropout fit .csv --epochs 1 --quiet --batch 8
ls -A | grep safetensors
