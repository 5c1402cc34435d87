# SPDX-License-Identifier: MIT
# Numbers are read whole or not at all, and must be in range.
. "$CASES/helpers"
for value in 0 -1 3x '' ' 3' 3.0 1e3 0x10 99999999999999999999; do
    try taildropout fit data -o model --epochs "$value"
done
try taildropout fit data -o model --seed 18446744073709551616
try taildropout fit data -o model --threads 0
for value in nan inf 1e999 0x1p-3 0 -0.1 '' 0,1 '.1 '; do
    try taildropout fit data -o model --lr "$value"
done
try taildropout fit data -o model --p 1.5
try taildropout fit data -o model --valid 0
try taildropout fit data -o model --valid 1
try taildropout fit data -o model --average 1
try taildropout fit data -o model --average no
try taildropout fit data -o model --law exponental
try taildropout fit data -o model --schedule linear
try taildropout fit data -o model --scale max
try taildropout scree model data --cpu sse
for value in x -1 1.5 within=2 within=100% within=%; do
    try taildropout prune model -k "$value" -o out
done
# at the ends of the ranges: what is wrong now is the file
try taildropout fit no_such_file -o model --seed 18446744073709551615 --p 1 --lr 1e-9 --average none
for law in geometric geometric:2 geometric:x table table: uniform:2 ''; do
    try taildropout fit data -o model --law "$law"
done
# Options that nothing would read.
for law in uniform mixed mixed:0.5 geometric:0.1; do
    try taildropout fit data -o model --law "$law" --p 0.5
done
try taildropout fit no_such_file -o model --law original --p 0.5
try taildropout fit no_such_file -o model --p 0.5
try taildropout fit data -o model --effort 2 --epochs 3
