# SPDX-License-Identifier: MIT
# What a model is, and what was pruned from it.
. "$CASES/helpers"
small_model
taildropout info model.safetensors >shown
sed "/^loss:/,\$d; s/hash .*/hash/" shown
sed "1,/^loss:/d" shown | numbers
taildropout prune model.safetensors -k 3 -o small.safetensors >/dev/null
taildropout info small.safetensors | grep 'features  \|architecture'
taildropout info model.safetensors --json - 2>/dev/null | sed -n 's/^\t"\([a-z0-9_]*\)":.*/\1/p' | tr '\n' ' '
echo
# A bias for each k = 0..n.
taildropout fit table.npy --arch '16-[4]-16-widthbias' --epochs 1 --quiet -o by-width.safetensors
taildropout info by-width.safetensors | grep widthbias
