# SPDX-License-Identifier: MIT
# "-" is standard input for data and standard output for what comes of it.
. "$CASES/helpers"
set -e
small_model
fit_small - -o piped.safetensors <table.npy >fit2.out 2>fit2.err
diff fit.out fit2.out | grep '^[<>]' | numbers
taildropout encode model.safetensors table.npy -o codes.npy -k 2
taildropout encode model.safetensors - -o - -k 2 <table.npy >piped.npy
cmp codes.npy piped.npy
taildropout decode model.safetensors codes.npy -o values.npy
taildropout encode model.safetensors - -o - -k 2 <table.npy |
    taildropout decode model.safetensors - -o - >piped.npy
cmp values.npy piped.npy
taildropout predict model.safetensors table.npy -o - -k 2 >piped.npy
cmp values.npy piped.npy
taildropout scree model.safetensors - --json - <table.npy 2>/dev/null | head -n 2
# .csv by its ending in any case, or where it is asked for, whatever the name.
taildropout encode model.safetensors table.npy -o codes.CSV -k 2
taildropout encode model.safetensors table.npy -o - -k 2 --format csv >piped.csv
cmp codes.CSV piped.csv
taildropout encode model.safetensors table.npy -o codes.txt -k 2 --format csv
cmp codes.CSV codes.txt
sed 1q codes.CSV
taildropout decode model.safetensors - -o values.csv --format npy <codes.CSV
cmp values.npy values.csv
taildropout encode model.safetensors table.npy -o codes.v2 -k 2
cmp codes.npy codes.v2
echo the end
