# SPDX-License-Identifier: MIT
# What is not gone on from, what is not overwritten, and options that do not go together.
. "$CASES/helpers"
small_model
fit() { taildropout fit "$@" --quiet; }
taildropout fit table.npy -o m --epochs 2 --checkpoint ck >out 2>err || cat err
cp ck precious
try fit table.npy -o m2 --epochs 3 --resume ck
try fit table.npy -o m2 --epochs 2 --features 3 --resume ck
try fit table.npy -o m2 --epochs 2 --lr 0.001 --resume ck
try fit table.npy -o m2 --epochs 2 --valid 0.2 --resume ck
try fit table.npy -o m2 --epochs 2 --clip 3 --resume ck
try fit table.npy -o m2 --epochs 2 --law mixed:0.25 --resume ck
bytes_npy 80 '8' 8 >reshaped.npy
try fit reshaped.npy -o m2 --epochs 2 --resume ck | sed 's/hash [0-9a-f]*/hash H/g'
try fit table.npy -o m2 --epochs 2 --resume nowhere
try fit table.npy -o m2 --epochs 2 --resume m
try fit table.npy -o m2 --epochs 2 --init ck
try taildropout info ck
try taildropout encode ck table.npy -o codes.npy
echo '-- nothing is overwritten'
try fit table.npy -o m2 --epochs 2 --checkpoint ck
try fit table.npy -o m2 --epochs 2 --checkpoint ck --resume precious
try fit table.npy -o model.safetensors --arch '16-[4]-16' --seed 1 --resume ck
try fit table.npy -o ck --epochs 2 --resume ck
cmp ck precious && echo untouched
try fit table.npy -o m2 --epochs 2 --checkpoint ck --force
echo '-- options'
try fit table.npy -o m3 --every 5s
try fit table.npy -o m3 --checkpoint m3
try fit table.npy -o m3 --checkpoint -
try fit table.npy -o m3 --checkpoint no/such/folder
try fit table.npy -o m3 --verbose
for value in 0s -1s 5 5x s 0steps steps 1e3steps 5step '' nans; do
    try fit table.npy -o m3 --checkpoint new --every "$value"
done
try fit table.npy -o m3 --time-limit 30
ls
