# SPDX-License-Identifier: MIT
# The rule auto stops at a cliff, and says so: one number in eight columns, and noise that the features
# behind the first take off a little each.
. "$CASES/helpers"
set -e
awk 'BEGIN {
    for (i = 0; i < 300; i++)
        for (j = 0; j < 8; j++) {
            state = (state * 421 + 1663) % 7875
            number = j ? number : (i * 47 % 300 - 150) / 80
            printf "%.4f%s", number * (j % 2 ? 1 : -1) + (state / 7875 - 0.5) * 1.6, j < 7 ? "," : "\n"
        }
}' >line.csv
taildropout fit line.csv --arch '16-[4]-16' --batch 8 --lr 0.01 --epochs 100 -o model.safetensors --quiet
taildropout prune model.safetensors -k auto -o small.safetensors | sed 1q
taildropout prune model.safetensors -k within=2% -o small.safetensors --force | sed 1q
taildropout scree model.safetensors line.csv --html page.html >scree.txt
grep "^Keep" scree.txt
grep -o 'at a cliff: [^"]*' page.html | head -n 1
