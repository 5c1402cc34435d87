# SPDX-License-Identifier: MIT
# How a fit makes its steps: what it says of it, and options of another optimizer.
. "$CASES/helpers"
bytes_npy 40 4 4 >table.npy
say() {
    echo "$*"
    taildropout fit table.npy -o model --force --epochs 1 --arch '4-[2]' --threads 1 "$@" 2>/dev/null |
        grep learning
}
say
say --optimizer adamw --schedule cosine --warm-up 10
say --optimizer adamw --weight-decay none --average none
say --optimizer sgd --momentum 0.5 --clip 2 --lr 0.1
say --optimizer sgd --momentum none
say --optimizer adam
try taildropout fit table.npy -o other --optimizer adagrad
try taildropout fit table.npy -o other --weight-decay 0.1
try taildropout fit table.npy -o other --optimizer adamw --momentum 0.5
try taildropout fit table.npy -o other --optimizer sgd --momentum 1
try taildropout fit table.npy -o other --clip 0
