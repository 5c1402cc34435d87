# SPDX-License-Identifier: MIT
# Rows so far beyond those of the fit that no float holds what comes of them: the program says so.
. "$CASES/helpers"

awk -v OFS=, 'BEGIN { print "a,b,c"; for (i = 0; i < 40; i++) print i / 1000, i % 7, i % 5 }' >data.csv
taildropout fit data.csv -o m.safetensors --arch '[1]' --epochs 1 --quiet 2>/dev/null
printf 'a,b,c\n1,2,3\n3e38,2,3\n1,2,3e38\n' >huge.csv
for out in p.csv p.npy -; do
    taildropout predict m.safetensors huge.csv -o $out >said 2>notes
    echo "predict $out: $?"
    grep -v wrote notes
done
awk -v OFS=, 'BEGIN { print "a,y"; for (i = 0; i < 40; i++) print i / 1000, i % 2 ? "odd" : "even" }' >labels.csv
taildropout fit labels.csv --target y -o l.safetensors --epochs 1 --quiet 2>/dev/null
printf 'a\n3e38\n' >huge.csv
taildropout predict l.safetensors huge.csv -o l.csv 2>&1 | grep note
sed 1d l.csv
