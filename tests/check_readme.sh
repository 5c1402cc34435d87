#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check_readme.sh SOURCE_DIR BUILD_DIR CC
#
# The examples in README.md and in the public headers compile without a warning and run.
set -eu
source_dir=$1 build_dir=$2 cc=$3

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "check_readme: $*" >&2
    exit 1
}

# run NAME: compiles NAME.c against the build tree, and runs it
run() {
    # shellcheck disable=SC2046 # several flags
    "$cc" -std=c11 -pedantic-errors -Wall -Wextra -Werror -I"$source_dir/include" "$1.c" -o "$1" \
        "$build_dir/libtaildropout_model.a" "$build_dir/libtaildropout.a" \
        $(pkg-config --libs zlib libcjson lapacke) -pthread -lm ||
        fail "$1 does not compile"
    "./$1" >"$1.out" || fail "$1 does not run"
}

# header_example HEADER: the indented lines behind EXAMPLE in the comment at its top
header_example() {
    awk '/^ \* EXAMPLE/ { here = 1 } /^ \*\// { exit } here && /^ \*     / { print substr($0, 4) }' \
        "$source_dir/include/$1"
}

# README.md: the first block of C, as it stands.
awk '/^```c$/ { here = 1; next } here && /^```$/ { exit } here { print }' \
    "$source_dir/README.md" >readme.c
[ -s readme.c ] || fail "README.md holds no block of C"
run readme
ls ./*.safetensors >/dev/null 2>&1 || fail "the example of README.md wrote no model"
rm -f ./*.safetensors

# taildropout.h: every number is 1 and the bias 1/2, so y has to be keep + 1/2.
example=$(header_example taildropout.h)
[ -n "$example" ] || fail "taildropout.h holds no example"
cat >header.c <<END
#include <stdio.h>
#include <taildropout.h>

static float x[256 * 64], y[256 * 10], weights[10 * 64], bias[10];
static char workspace[1 << 24];

int main(void) {
    size_t workspace_size = sizeof workspace;
    for (int i = 0; i < 256 * 64; i++) x[i] = 1;
    for (int i = 0; i < 10 * 64; i++) weights[i] = 1;
    for (int i = 0; i < 10; i++) bias[i] = 0.5f;
    $example
    int wrong = 0;
    for (int i = 0; i < ROWS * OUTPUTS; i++) wrong += y[i] != (float)keep[i / OUTPUTS] + 0.5f;
    printf("%d of %d are wrong\n", wrong, ROWS * OUTPUTS);
    tdrop_linear_destroy(layer);
    tdrop_staircase_destroy(stairs);
    tdrop_law_destroy(law);
    return wrong != 0;
}
END
run header

# taildropout_model.h: the file it reads is written first.
example=$(header_example taildropout_model.h)
[ -n "$example" ] || fail "taildropout_model.h holds no example"
cat >header_model.c <<END
#include <stdio.h>
#include <taildropout_model.h>

int main(void) {
    static float table[128 * 32];
    for (int i = 0; i < 128 * 32; i++) table[i] = (float)(i / 32 * (i % 32 + 1) % 19);
    tdrop_npy_write("table.npy", table, 2, (size_t[]){128, 32}, 1, NULL);
    $example
    return 0;
}
END
run header_model
[ -s small.safetensors ] || fail "the example of taildropout_model.h wrote no model"
