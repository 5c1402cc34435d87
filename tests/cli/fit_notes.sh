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
echo '-- quiet'
taildropout fit table.npy -o model --features 1 --epochs 1 --scale standard --warm-up 9 --force --quiet 2>&1
