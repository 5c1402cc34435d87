# SPDX-License-Identifier: MIT
# The curve in all its forms.
. "$CASES/helpers"
small_model
taildropout scree model.safetensors table.npy --json json --svg svg --png png >table
sed -n '1,2p' table
awk 'NR > 2 && NR < 8 { print $1 }' table
tail -n 1 table
sed -n 's/^\t*"\([a-z0-9]*\)":.*/\1/p' json
head -c 4 svg && echo && tail -n 1 svg
head -c 4 png | od -An -c
LC_ALL=C.UTF-8 taildropout scree model.safetensors table.npy | grep -c '│\|┤'
bytes_npy 20 8 8 >flat.npy
try taildropout scree model.safetensors flat.npy --png png2
ls
