# SPDX-License-Identifier: MIT
# A fit from end to end: what is said on which stream.
. "$CASES/helpers"
small_table
fit_small table.npy -o model.safetensors --threads 2 --cpu c 2>progress
# how many lines there are in between depends on the time that it takes
sed -n "1p; \$p" progress >&2
test -s model.safetensors
