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
# Budgets: the largest k that keeps them, whatever the rule says beyond that.
bytes_of() {
    taildropout prune model.safetensors -k "$1" -o sized.safetensors --force >/dev/null
    wc -c <sized.safetensors
}
macs_of() { taildropout info sized.safetensors | sed -n 's/^multiply-adds.*: //p' | tr -d ,; }
two=$(bytes_of 2) two_macs=$(macs_of)
kept() { taildropout prune model.safetensors "$@" -o budget.safetensors --force | sed -n 1p; }
kept -k 4 --max-bytes "$two"
kept -k 4 --max-bytes $((two - 1))
kept -k 1 --max-bytes "$two"
kept -k 4 --max-macs "$two_macs"
kept -k 4 --max-macs $((two_macs - 1)) --max-bytes "$two"
kept --max-bytes "$two"
kept --max-macs $((two_macs - 1))
kept --max-macs 100000000 --max-bytes 100000000
kept -k 3 --max-bytes 100000000 --max-macs 100000000
try taildropout prune model.safetensors -k 4 --max-bytes 10 -o none | numbers
try taildropout prune model.safetensors -o none
