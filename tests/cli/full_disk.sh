# SPDX-License-Identifier: MIT
# A full disk, wherever output can go.
. "$CASES/helpers"
small_model
try taildropout fit table.npy -o /dev/full --arch '4-[2]-4' --epochs 1 | tail -n 2
try taildropout prune model.safetensors -k 2 -o /dev/full
try taildropout encode model.safetensors table.npy -o /dev/full
try taildropout decode model.safetensors table.npy -o /dev/full
try taildropout predict model.safetensors table.npy -o /dev/full
try taildropout info model.safetensors --json /dev/full | tail -n 2
try taildropout scree model.safetensors table.npy --svg /dev/full | tail -n 2
try taildropout scree model.safetensors table.npy --png /dev/full | tail -n 2
taildropout info model.safetensors >/dev/full
echo "exit $?"
taildropout --help >/dev/full
echo "exit $?"
taildropout encode model.safetensors table.npy -o - >/dev/full
echo "exit $?"
ls -A
