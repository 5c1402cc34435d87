# SPDX-License-Identifier: MIT
# A width that the model does not have.
. "$CASES/helpers"
small_model
try taildropout prune model.safetensors -k 5 -o out
try taildropout prune model.safetensors -k 0 -o out
try taildropout encode model.safetensors table.npy -k 5 -o out
try taildropout encode model.safetensors table.npy -k 0 -o out
try taildropout predict model.safetensors table.npy -k 5 -o out
try taildropout evaluate model.safetensors table.npy -k 2000000000
bytes_npy 3 5 5 >wide.npy
try taildropout decode model.safetensors wide.npy -o out
ls
