# SPDX-License-Identifier: MIT
# With --json - standard output holds the JSON alone; the report goes to standard error.
. "$CASES/helpers"
small_table
taildropout fit table.npy -o model.safetensors --arch '16-[4]-16' --epochs 3 --json - >json 2>report
sed -n 's/^\t*"\([a-z]*\)":.*/\1/p' json
grep -c '<- chosen' report
taildropout fit table.npy -o model2.safetensors --arch '16-[4]-16' --epochs 3 --json file >/dev/null 2>&1
# but for the seconds the same bits
sed '/"seconds"/d' json >a
sed '/"seconds"/d' file >b
cmp a b && cmp model.safetensors model2.safetensors && echo same
