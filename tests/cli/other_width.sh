# SPDX-License-Identifier: MIT
# Data of another width than the model's.
. "$CASES/helpers"
small_model
bytes_npy 10 5 5 >other.npy
try taildropout scree model.safetensors other.npy
try taildropout encode model.safetensors other.npy -o out
try taildropout predict model.safetensors other.npy -o out
try taildropout evaluate model.safetensors other.npy
ls
# One column too many is the target of the fit, as often as not.
bytes_npy 10 9 9 >wider.npy
try taildropout encode model.safetensors wider.npy -o out
try taildropout encode model.safetensors wider.npy -o out.npy --drop 9
