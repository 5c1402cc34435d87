# SPDX-License-Identifier: MIT
# prune --tune trains the cut model on; it is better on the held-out rows, and the same again.
. "$CASES/helpers"
set -e
small_model
tune() { taildropout prune model.safetensors "$@" 2>>progress; }
tune table.npy -k 1 --tune 30 -o small.safetensors | numbers
sed -n '1p; $p' progress | numbers | sed 's/N[kM] rows/N rows/'
tune table.npy -k 1 --tune 30 -o again.safetensors --threads 1 --cpu c >/dev/null
cmp small.safetensors again.safetensors
tune -k 1 -o cut.safetensors >/dev/null
loss_of() { taildropout evaluate "$1" table.npy | awk '$1 == "loss" { print $2 + 0 }'; }
awk -v a="$(loss_of small.safetensors)" -v b="$(loss_of cut.safetensors)" \
    'BEGIN { print (a < b ? "better" : "not better") }'
taildropout info small.safetensors | sed -n '/^training/p' | numbers
test "$(wc -c <small.safetensors)" -eq \
    "$(tune table.npy -k 1 --tune 30 -o x.safetensors | sed -n 's/.* has \([0-9,]*\) bytes.*/\1/p' | tr -d ,)"
set +e
tune() { taildropout prune model.safetensors "$@"; }
try tune -k 1 --tune 3 -o none
try tune table.npy -k 1 -o none
bytes_npy 81 '2, 4' 8 >other.npy
try tune other.npy -k 1 --tune 3 -o none
try tune table.npy -k 1 --tune 0 -o none
ls none 2>/dev/null || echo "nothing written"
