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
# The task and the columns: named, of categories, long lists shortened in text and whole in JSON.
awk 'BEGIN {
    printf "size,kind,price"; for (j = 0; j < 30; j++) printf ",column_%d", j
    for (i = 0; i < 60; i++) {
        printf "\n%d,%s%d,%d.5", i * 7 % 13, (i % 2 ? "odd" : "even"), i % 8, i % 9
        for (j = 0; j < 30; j++) printf ",%d", i * (j + 1) % 101
    }
    print ""
}' >table.csv
facts() {
    taildropout info m.safetensors | grep -E '^(task|columns|missing) '
    taildropout info m.safetensors --json - 2>/dev/null | tr -d '\n\t' | tr -s ' ' |
        sed 's/,"arch".*//; s/^{//' >json
    sed 's/{"name":"column_1".*\({"name":"column_29"\)/... \1/' json
    echo
    rm m.safetensors
}
small="-o m.safetensors --features 1 --epochs 1 --batch 32 --quiet"
# shellcheck disable=SC2086 # options are words
fit() { taildropout fit table.csv $small "$@"; }
fit --missing mask && facts
fit --columns size,kind --target price --missing mean && facts
fit --columns size,price --target kind && facts
tail -n +2 table.csv >bare.csv
# shellcheck disable=SC2086 # options are words
taildropout fit bare.csv $small --columns 1,2 --target 3,4 && facts
