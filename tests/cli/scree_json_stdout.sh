# SPDX-License-Identifier: MIT
# JSON alone on standard output, and nothing there that does not belong.
. "$CASES/helpers"
small_model
taildropout scree model.safetensors table.npy --json - 2>/dev/null >a
taildropout scree model.safetensors table.npy --json b >/dev/null
cmp a b
taildropout evaluate model.safetensors table.npy -k 1 --json - 2>/dev/null |
    sed 's/"\([a-z]*\)":.*/\1/' | tr -d '\t'
taildropout scree model.safetensors table.npy --svg - 2>/dev/null | head -c 4
echo
