#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# checkpoints.sh PROGRAM [PAIRS [EPOCHS [EVERY]]]
#
# What checkpoints cost the demo's fit: PAIRS (3) times by turns, a fit of EPOCHS (10) without them
# and one that writes one every EVERY (30s). Prints the seconds of training, the seconds of processor
# time of the whole fit, which other programs on the machine disturb less, and the ratios of both
# sums: 1 would be no cost at all.
set -euo pipefail
[[ $# -ge 1 ]] || {
    sed -n '4,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
}
program=$(realpath "$1")
pairs=${2:-3}
epochs=${3:-10}
every=${4:-30s}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# measure OPTION...: fits, and prints seconds, seconds of processor time, and checkpoints.
measure() {
    TIMEFORMAT='%U %S'
    { time "$program" fit fashion-mnist -o model --force --epochs "$epochs" --verbose \
        --json fit.json "$@" >out 2>err; } 2>processor
    echo "$(sed -n 's/.*"seconds":[[:space:]]*\([0-9.e+-]*\).*/\1/p' fit.json)" \
        "$(awk '{ print $1 + $2 }' processor)" "$(grep -c 'checkpoint written' err || true)"
}

for ((pair = 1; pair <= pairs; pair++)); do
    echo "$(measure) $(measure --checkpoint ck --every "$every")"
done | awk '
    {
        printf "without %.2f s, processor %.2f s; with %d checkpoints %.2f s, processor %.2f s\n",
            $1, $2, $6, $4, $5
        wall += $1; wall_with += $4; cpu += $2; cpu_with += $5
    }
    END { printf "ratio %.3f, of processor time %.3f\n", wall / wall_with, cpu / cpu_with }'
