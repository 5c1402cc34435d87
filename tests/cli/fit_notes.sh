# SPDX-License-Identifier: MIT
# Not errors, but said once: a batch that shrinks, a constant column, a warm-up without end; all of
# them left out with --quiet.
. "$CASES/helpers"
{ npy_header '|u1' '20, 2'; printf '\001\005\002\005\003\005\004\005\005\005\006\005\007\005\010\005\011\005\012\005\013\005\014\005\015\005\016\005\017\005\020\005\021\005\022\005\023\005\024\005'; } >table.npy
taildropout fit table.npy -o model.safetensors --features 1 --epochs 1 --scale standard 2>&1 >/dev/null |
    grep note
echo '-- a warm-up of all steps, and of all but one'
for steps in 3 2; do
    taildropout fit table.npy -o model --features 1 --epochs 3 --warm-up $steps --force 2>&1 >/dev/null |
        grep 'note.*warm'
done
{ npy_header '|u1' '2, 2'; printf abcd; } >two.npy
taildropout fit two.npy -o model --features 1 --epochs 1 --force 2>&1 >/dev/null | grep note
echo '-- a category of its own in every row: text parted by blanks, ids, all but one of them'
awk 'BEGIN { print "a b"; for (i = 0; i < 20; i++) print "x" i, i % 3 }' >blanks.txt
awk 'BEGIN { print "a,b"; for (i = 0; i < 20; i++) print i % 3 ",x" i }' >ids.csv
awk 'BEGIN { print "a,b"; for (i = 0; i < 20; i++) print i % 3 ",x" (i ? i : 1) }' >twice.csv
for file in blanks.txt ids.csv twice.csv; do
    taildropout fit $file -o model --features 1 --epochs 1 --batch 18 --force 2>&1 >/dev/null | grep categ
done
echo '-- quiet'
taildropout fit table.npy -o model --features 1 --epochs 1 --scale standard --warm-up 9 --force --quiet 2>&1
