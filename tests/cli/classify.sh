# SPDX-License-Identifier: MIT
# A classifier from labels: fit, measured with them, pruned; and what is said without them.
. "$CASES/helpers"

# labels_npy ROWS: for bytes_npy's rows, whether the first of their two numbers is above 0.
labels_npy() {
    npy_header '|u1' "$1"
    # shellcheck disable=SC2059 # the escapes are for printf
    printf "$(awk -v rows="$1" 'BEGIN {
        for (i = 0; i < rows; i++) printf "\\%03o", 3 + 4 * ((i * 37) % 101 > 50)
    }')"
}

small_table
labels_npy 80 >labels.npy
fit_small table.npy --target labels.npy -o model.safetensors 2>/dev/null | sed -n '1p;5p'
try taildropout evaluate model.safetensors table.npy
try taildropout scree model.safetensors table.npy
taildropout evaluate model.safetensors table.npy --target labels.npy | numbers
taildropout scree model.safetensors table.npy --target labels.npy --json - 2>/dev/null |
    tr -d '\n\t ' | sed 's/.*\("metric":{[^}]*}\).*\("pca":[^,]*\).*/\1 \2/' | numbers
echo
taildropout evaluate model.safetensors table.npy --target labels.npy --json - 2>/dev/null |
    tr -d '\n\t ' | grep -o '"metric":{[^}]*}' | numbers
taildropout prune model.safetensors -k 2 -o small.safetensors | numbers
taildropout evaluate small.safetensors table.npy --target labels.npy | sed -n '2p'
taildropout predict small.safetensors table.npy -o probabilities.npy
head -c 128 probabilities.npy | tr -d '\0' | sed -n "s/.*'shape': (\([^)]*\)).*/\1/p"
awk 'BEGIN { print "a,b,c"; for (i = 0; i < 40; i++) print i, i % 7, (i == 5 ? "odd" : i % 2 ? "x" : "y") }' |
    tr ' ' , >lone.csv
taildropout fit lone.csv --target c -o lone --epochs 2 2>&1 >/dev/null | grep note
labels_npy 70 >short.npy
try taildropout fit table.npy -o other --target short.npy
try taildropout fit table.npy -o other --task classify --target table.npy
try taildropout fit table.npy -o other --task classify
try taildropout fit table.npy -o other --task autoencode --target labels.npy
try taildropout scree model.safetensors table.npy --target labels.npy --png p.png
