# SPDX-License-Identifier: MIT
# Other losses: what is said of them, what comes out, what they do not go with.
. "$CASES/helpers"

awk 'BEGIN {
    print "a,b,c,d,e,y"
    for (i = 0; i < 150; i++) {
        u = ((i * 37) % 101) / 101; v = ((i * 59) % 89) / 89
        printf "%.4f,%.4f,%.4f,%.4f,%.4f,%.4f\n", u, v, (u + v) / 2, (1 + u - v) / 2, u * v, 1 - u
    }
}' >shares.csv
fit() {
    taildropout fit "$@" --arch '8-[2]-8' --batch 16 --lr 0.01 --epochs 40
}
# said MODEL: of the fit, and of info.
said() {
    fit shares.csv --drop y -o "$@" >said.txt 2>&1
    grep -E '^(loss|scaling)  ' said.txt
    grep -o ' PCA.*cosine\.\| PCA.*huber\.\| PCA.*binary\.' said.txt
    taildropout info "$1" | grep -E '^loss  '
}
said m.huber --loss huber:0.5
said m.binary --loss binary
said m.none --loss binary --scale none
said m.cosine --loss cosine
taildropout info m.huber --json - 2>/dev/null | grep -E 'loss_name|huber_delta'

# Probabilities, directions, and the same from codes.
for loss in none cosine; do
    taildropout predict m.$loss shares.csv -o p.csv --force 2>/dev/null
    taildropout encode m.$loss shares.csv -o codes.npy --force 2>/dev/null
    taildropout decode m.$loss codes.npy -o d.csv --force 2>/dev/null
    cmp p.csv d.csv && awk -F, 'NR > 1 {
        square = 0
        for (j = 1; j <= NF; j++) { square += $j ^ 2; if ($j <= 0 || $j >= 1) outside++ }
        if (sqrt(square) < 0.99999 || sqrt(square) > 1.00001) long++
    } END { print (outside ? "outside" : "inside") " (0, 1),", (long ? "any length" : "length 1") }' p.csv
done
taildropout scree m.cosine shares.csv --json c.json --html page.html 2>&1 | tail -1 | numbers
grep -o '"loss_name":"cosine"' page.html
tr -d '\n\t ' <c.json | grep -o '"pca":null'
taildropout prune m.huber -k 1 -o small 2>&1 | sed 's/ has .*//'
taildropout info small | grep -E '^loss  '

fit shares.csv --target y -o r --loss binary --quiet
taildropout evaluate r shares.csv --target y | sed 's/[0-9][0-9.e+-]*/N/g'
# A loss is a term of the fit.
taildropout fit shares.csv -o t --loss huber --epochs 2 --checkpoint ck --quiet
try taildropout fit shares.csv -o t2 --loss huber:2 --epochs 2 --resume ck --quiet

sed 's/^0.3663/1.5/' shares.csv >beyond.csv
try taildropout fit beyond.csv -o other --loss binary --scale none
try taildropout evaluate m.none beyond.csv
try taildropout fit shares.csv -o other --loss binary --scale standard
try taildropout fit shares.csv -o other --loss cosine --scale minmax
try taildropout fit shares.csv -o other --loss cross-entropy
try taildropout fit shares.csv -o other --loss cosine --target y
try taildropout fit shares.csv -o other --loss hubert
try taildropout fit shares.csv -o other --loss crossentropie
try taildropout fit shares.csv -o other --loss huber:-1
try taildropout fit shares.csv -o other --loss binary:2
