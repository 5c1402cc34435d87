#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check_report.sh PROGRAM CASES
#
# Opens reports in Chromium without a window: the slider moves, and what the page makes of its rows
# equals what `taildropout predict -k` writes to 1e-4 of the largest number, at every k asked for. Skipped
# (77) where there is no chromium: scripts/install_packages page.
set -eu
program=$1 CASES=$2
# shellcheck source=tests/cli/helpers
. "$CASES/helpers"

fail() {
    echo "check_report: $*" >&2
    exit 1
}

# What the program takes for known to the page, the page knows.
ops=$(sed -n '/ page_ops\[\] = {$/,/^};$/s/^ *{[^"]*"\([a-z]*\)".*/\1/p' "$CASES/../../cli/report_samples.c")
[ -n "$ops" ] || fail "report_samples.c has no page_ops"
for op in $ops; do
    grep -q "^  ${op}[:,]" "$CASES/../../cli/page/report.js" || fail "report.js does not know $op"
done

command -v chromium >/dev/null || {
    echo "check_report: skipped, chromium is not installed: scripts/install_packages page"
    exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# taildropout ARGUMENT...: only its errors are heard.
taildropout() {
    "$program" "$@" >out 2>err || { cat err >&2; fail "$* failed"; }
}

# open_page FILE HASH: the page's document after its scripts, into `page`.
open_page() {
    sandbox=
    [ "$(id -u)" -ne 0 ] || sandbox=--no-sandbox
    # shellcheck disable=SC2086 # an option or none
    HOME=$work timeout 100 chromium --headless $sandbox --disable-gpu --disable-dev-shm-usage \
        --user-data-dir="$work/profile" --dump-dom "file://$work/$1$2" >page 2>chromium.err ||
        { cat chromium.err >&2; fail "chromium does not open $1"; }
    sed -n '/<pre id="selftest">/,/<\/pre>/p' page | sed 's/.*<pre id="selftest">//; s/<\/pre>.*//' >result
    [ -s result ] || fail "$1: the page's test did not run to its end"
}

# npy_row FILE ROW COLUMNS: the numbers of a row of float32.
npy_row() {
    header=$(od -An -t u2 -j 8 -N 2 "$1" | tr -d ' ')
    od -An -v -t f4 -j $((10 + header + 4 * $2 * $3)) -N $((4 * $3)) "$1" | tr -s ' \n' '  '
}

# agree NAME: two lines of numbers, expected and found, to 1e-4 of the largest.
agree() {
    awk -v name="$1" '
    { for (i = 1; i <= NF; i++) value[NR, i] = $i; count[NR] = NF }
    END {
        for (i = 1; i <= count[1]; i++) {
            difference = value[2, i] - value[1, i]
            if (difference < 0) difference = -difference
            size = value[1, i] < 0 ? -value[1, i] : value[1, i]
            if (difference > worst) worst = difference
            if (size > largest) largest = size
        }
        if (NR == 2 && count[1] > 0 && count[1] == count[2] && worst <= 1e-4 * largest) exit 0
        print "check_report: " name ": off by " worst " of " largest ", " count[1] " numbers and " count[2]
        exit 1
    }'
}

# check NAME MODEL DATA COLUMNS STORED K...: the rows that the page shows at each k. STORED is a list
# of the only k that the page holds, or all.
check() {
    name=$1 model=$2 data=$3 columns=$4 stored=$5
    shift 5
    open_page "$name.html" "#selftest=$(echo "$*" | tr ' ' ',')"
    n=$(taildropout_features "$model")
    for k; do
        grep -q "^shown $k of $n: loss" result || fail "$name: the slider does not move to $k"
        at=$k
        if [ "$stored" != all ]; then
            for stop in $stored; do [ "$stop" -gt "$k" ] || at=$stop; done
        fi
        rm -f made.npy
        taildropout predict "$model" "$data" -k "$at" -o made.npy
        rows=$(awk -v k="$k" '$1 == "row" && $2 == k' result | wc -l)
        [ "$rows" -ge 4 ] || fail "$name: $rows rows at k = $k"
        awk -v k="$k" -v at="$at" '$1 == "row" && $2 == k && $3 == at { print $4 }' result >rows
        [ "$(wc -l <rows)" -eq "$rows" ] || fail "$name: the page does not show k = $at at $k"
        while read -r row; do
            {
                npy_row made.npy "$row" "$columns"
                echo
                awk -v k="$k" -v row="$row" '$1 == "row" && $2 == k && $4 == row {
                    $1 = $2 = $3 = $4 = ""; print }' result
            } | agree "$name, k = $k, row $row"
        done <rows
    done
    sed -n "s/^open /$name: open in ms: /p; s/^step /$name: step in ms, k = /p" result
}

taildropout_features() {
    taildropout info "$1"
    sed -n 's/^features *\([0-9]*\).*/\1/p' out
}

# stops FILE: the only k whose rows a page holds.
stops() {
    sed -n 's/.*"stored":{"k":\[\([0-9,]*\)\].*/\1/p' "$1" | tr ',' ' '
}

# images of bytes
small_table
fit_small table.npy -o images.safetensors --html images.html
check images images.safetensors table.npy 8 all 0 1 2 3 4

# a table of floats; activations and norms beside the tail, biases by width behind it and behind a
# second one
taildropout encode images.safetensors table.npy -o codes.npy
taildropout fit codes.npy -o table.safetensors --arch '9-4-relu-tail-batch-norm-relu-9-widthbias-batch-norm-relu-[6]-9-widthbias' --epochs 20 \
    --batch 8
taildropout scree table.safetensors codes.npy --html table.html
check table table.safetensors codes.npy 4 all 0 1 3 4

# classes
{
    npy_header '|u1' 80
    awk 'BEGIN { for (i = 0; i < 80; i++) printf "%c", 48 + (i * 37 % 101 > 50) + (i * 59 % 89 > 44) }'
} >labels.npy
fit_small table.npy -o classes.safetensors --target labels.npy --html classes.html
check classes classes.safetensors table.npy 3 all 0 1 4

# classes that are text, of columns of numbers
{
    echo a,b,c,kind
    awk 'BEGIN { for (i = 0; i < 80; i++) printf "%d,%d,%d,%s\n", i * 37 % 101, i * 59 % 89, i * 7 % 13,
        (i * 37 % 101 > 50 ? "far" : "near") }'
} >named.csv
taildropout fit named.csv --target kind -o named.safetensors --html named.html --epochs 20
grep -q '"near"' named.html || fail "named.html does not name its classes"
taildropout fit named.csv --drop kind -o unnamed.safetensors --features 2 --epochs 5
taildropout scree unnamed.safetensors named.csv --target kind --html unnamed.html
grep -q '"near"' unnamed.html || fail "unnamed.html does not name its classes"

# several targets: r2 of each as the program has it
{
    echo a,b,first,second
    awk 'BEGIN { for (i = 0; i < 80; i++) { a = i * 37 % 101; b = i * 59 % 89; print a "," b "," a + b "," i * 7 % 13 } }'
} >two.csv
taildropout fit two.csv --target first,second -o two.safetensors --html two.html --features 2 --epochs 60
open_page two.html '#selftest=1,2'
for k in 1 2; do
    taildropout evaluate two.safetensors two.csv --target first,second -k $k
    awk -v k=$k '$1 == "first" || $1 == "second" { print "target " k " " $0 }' out | tr -s ' ' >expected
    [ "$(wc -l <expected)" -eq 2 ] || fail "evaluate does not tell r2 of two targets"
    grep "^target $k " result | cmp -s expected - || fail "two.html has another r2 at k = $k: $(cat expected result)"
done

# categories and gaps: rows are tables, of which a category's cell is the number of its level
{
    echo a,b,kind
    awk 'BEGIN { for (i = 0; i < 80; i++) printf "%s,%d,%s\n", i % 9 ? i * 37 % 101 : "NA", i * 59 % 89,
        (i * 37 % 101 > 70 ? "far" : i * 37 % 101 > 30 ? "near" : "") }'
} >mixed.csv
taildropout fit mixed.csv --missing mask -o mixed.safetensors --html mixed.html --features 3 --epochs 60
check mixed mixed.safetensors mixed.csv 3 all 0 1 2 3
grep -q '<th scope="row">kind</th>' page || fail "mixed.html does not name its columns"
grep -q '<td>near</td>' page || fail "mixed.html does not name its levels"

# columns in another order than the model's
awk -F, -v OFS=, '{ print $3, $4, $1, $2 }' named.csv >reordered.csv
taildropout scree unnamed.safetensors reordered.csv --html reordered.html
check reordered unnamed.safetensors reordered.csv 3 all 0 1 2

# other losses: the rows, and, where all held-out rows are shown, their mean loss
awk 'BEGIN {
    print "a,b,c,d,e"
    for (i = 0; i < 80; i++) {
        u = (i * 37 % 101) / 101; v = (i * 59 % 89) / 89
        printf "%.4f,%.4f,%.4f,%.4f,%.4f\n", u, v, (u + v) / 2, (1 + u - v) / 2, i % 16 ? u * v : 40 + i
    }
}' >shares.csv
cut -d, -f1-4 shares.csv >inside.csv
# loss NAME DATA COLUMNS OPTION...
loss() {
    name=$1 data=$2 columns=$3
    shift 3
    taildropout fit "$data" -o $name.safetensors --html $name.html --valid 0.0875 --epochs 60 --batch 8 \
        --arch '8-relu-[3]-8-relu' "$@"
    check $name $name.safetensors "$data" "$columns" all 0 1 2 3
    for k in 0 1 2 3; do
        taildropout evaluate $name.safetensors "$data" -k $k --json -
        {
            sed -n 's/.*"loss":[[:space:]]*\([0-9.e+-]*\).*/\1/p' out
            awk -v k=$k '$1 == "loss" && $2 == k { print $4 }' result
        } | agree "$name, loss at k = $k"
    done
}
loss huber shares.csv 5 --loss huber:0.5
loss binary inside.csv 4 --loss binary
loss shares inside.csv 4 --loss binary --scale none
loss cosine shares.csv 5 --loss cosine

# a decoder too large for a page, which then holds the rows of a few k; images of floats
taildropout predict images.safetensors table.npy -o floats.npy
taildropout fit floats.npy -o large.safetensors --arch '8-[4]-950-950' --epochs 1 --batch 8
taildropout scree large.safetensors floats.npy --html large.html
[ -n "$(stops large.html)" ] || fail "large.html holds no rows of its own"
check large large.safetensors floats.npy 8 "$(stops large.html)" 0 2 3 4
echo "check_report: all pages agree"
