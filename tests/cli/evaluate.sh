# SPDX-License-Identifier: MIT
# The loss at one k: held-out rows of the data of the fit, all rows of other data.
. "$CASES/helpers"
small_model
taildropout evaluate model.safetensors table.npy -k 0 | sed 's/^loss.*/loss/'
bytes_npy 10 8 8 >other.npy
taildropout evaluate model.safetensors other.npy -k auto | sed 's/^loss.*/loss/; s/^k .* of/k N of/'
# scree and evaluate measure the same
taildropout scree model.safetensors table.npy | awk '$1 == 3 && NF > 3 { print $2 }' >a
taildropout evaluate model.safetensors table.npy -k 3 | sed -n 's/^loss *\([^,]*\),.*/\1/p' >b
cmp a b
taildropout evaluate model.safetensors table.npy --json - 2>/dev/null | grep metric | tr -d '\t'
