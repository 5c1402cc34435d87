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
echo the end
