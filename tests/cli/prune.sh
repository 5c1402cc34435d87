# SPDX-License-Identifier: MIT
# A pruned model is smaller and computes the same bits as the whole one at that k.
. "$CASES/helpers"
set -e
small_model
taildropout prune model.safetensors -k 2 -o small.safetensors | numbers
test "$(wc -c <small.safetensors)" -lt "$(wc -c <model.safetensors)"
taildropout encode model.safetensors table.npy -k 2 -o a.npy
taildropout encode small.safetensors table.npy -o b.npy
cmp a.npy b.npy
taildropout predict model.safetensors table.npy -k 2 -o c.npy
taildropout predict small.safetensors table.npy -o d.npy
cmp c.npy d.npy
taildropout decode small.safetensors b.npy -o e.npy
cmp c.npy e.npy
for rule in auto within=50% knee 1se; do
    taildropout prune model.safetensors -k $rule -o ruled.safetensors --force | numbers
done
