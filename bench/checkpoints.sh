#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# checkpoints.sh PROGRAM [PAIRS [EPOCHS [EVERY]]]
#
# What checkpoints cost the demo's fit: PAIRS (3) times by turns, a fit of EPOCHS (10) without them
# and one that writes one every EVERY (30s). Prints the seconds of training of each, and the ratio
# of the sums: 1 would be no cost at all.
set -euo pipefail
[[ $# -ge 1 ]] || { sed -n '4,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
program=$(realpath "$1")
pairs=${2:-3}
epochs=${3:-10}
every=${4:-30s}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# seconds OPTION...: of the training, and of the last checkpoint, which is written when it is done.
seconds() {
    "$program" fit fashion-mnist -o model --force --epochs "$epochs" --verbose --json fit.json "$@" \
        >out 2>err
    grep -c 'checkpoint written' err >written || true
    sed -n 's/.*"seconds":[[:space:]]*\([0-9.e+-]*\).*/\1/p' fit.json
}

for ((pair = 1; pair <= pairs; pair++)); do
    without=$(seconds)
    with=$(seconds --checkpoint ck --every "$every")
    echo "$without $with $(cat written)"
done | awk '
    { print "without " $1 " s, with " $2 " s and " $3 " checkpoints: " $1 / $2; a += $1; b += $2 }
    END { print "all: " a / b }'
