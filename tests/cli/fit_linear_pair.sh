# SPDX-License-Identifier: MIT
# Naming an activation behind the code takes away the relu that would stand before it: fit says so.
. "$CASES/helpers"
small_table
fit() { taildropout fit table.npy --epochs 1 --arch "$1" -o model.safetensors --force; }
for arch in '16-[4]-relu' '16-relu-[4]-relu' '16-[4]-16' '[4]' '16-tanh-8-[4]-tanh-12' '[4]-16-tanh-10'; do
    echo "$arch"
    fit "$arch" 2>&1 >/dev/null | grep note
done
