# SPDX-License-Identifier: MIT
# Not errors, but said once: a batch that shrinks, a constant column.
. "$CASES/helpers"
{ npy_header '|u1' '20, 2'; printf '\001\005\002\005\003\005\004\005\005\005\006\005\007\005\010\005\011\005\012\005\013\005\014\005\015\005\016\005\017\005\020\005\021\005\022\005\023\005\024\005'; } >table.npy
taildropout fit table.npy -o model.safetensors --features 1 --epochs 1 --scale standard 2>&1 >/dev/null |
    grep note
