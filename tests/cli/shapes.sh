# SPDX-License-Identifier: MIT
# Codes have k columns, predictions the shape of the data, decoded values that of the fit's data.
. "$CASES/helpers"
small_model
shape() {
    head -c 128 "$1" | tr -d '\0' | sed -n "s/.*'descr': '\([^']*\)'.*'shape': (\([^)]*\)).*/\1 \2/p"
}
taildropout encode model.safetensors table.npy -k 3 -o codes.npy
shape codes.npy
taildropout predict model.safetensors table.npy -o out.npy
shape out.npy
taildropout decode model.safetensors codes.npy -o values.npy
shape values.npy
