#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check_neon.sh SOURCE_FOLDER: builds libtaildropout for AArch64 with Debian's cross compiler and
# runs its NEON kernels, emulated, against plain C, and the passes against the bits known of
# them. Exits 77 where compiler or emulator are missing.
set -eu
source=$1
compiler=aarch64-linux-gnu-gcc
if ! command -v $compiler >/dev/null || ! command -v qemu-aarch64 >/dev/null; then
    echo "check_neon: not run: it needs gcc-aarch64-linux-gnu and qemu-user"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$source/src"
flags="-std=c11 -static -Wall -Wextra -Werror -D_POSIX_C_SOURCE=200809L -ffp-contract=off
    -fno-math-errno -fno-trapping-math -I. -I../include"
# shellcheck disable=SC2086 # a list of flags
$compiler $flags -O2 base/memory.c base/cpu.c base/status.c base/pool.c base/ranges.c tail/*.c \
    gemm/*.c kernels/gemm_c.c kernels/gemm_neon.c kernels/tail_c.c ../tests/cross/isa_agree.c \
    -lm -lpthread \
    -o "$work/isa_agree"
qemu-aarch64 "$work/isa_agree" neon
# shellcheck disable=SC2086
$compiler $flags -O3 kernels/pass_c.c ../tests/cross/passes_agree.c -lm -o "$work/passes_agree"
qemu-aarch64 "$work/passes_agree"
