#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# kills.sh PROGRAM COUNT [EPOCHS]
#
# Kills a fit with SIGKILL at COUNT random moments, and goes on each time by giving the same command
# again, with other threads. After each kill the checkpoint has to be whole, and at most one interval
# lost: the log says how far the fit had come. Whenever a fit comes to its end, its model has to be
# that of a fit that never stopped, byte for byte; then another begins. SOAK_SEED=N repeats the
# moments, as far as a machine can.
set -euo pipefail

[[ $# -ge 2 ]] || { sed -n '4,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2; }
program=$(realpath "$1")
count=$2
epochs=${3:-800}
RANDOM=${SOAK_SEED:-1}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

# Rows of 8 bytes, which two numbers decide.
{
    printf '\223NUMPY\001\000\166\000%-117s\n' \
        "{'descr': '|u1', 'fortran_order': False, 'shape': (400, 8), }"
    # shellcheck disable=SC2059 # the escapes are for printf
    printf "$(awk 'BEGIN {
        for (i = 0; i < 400; i++)
            for (j = 0; j < 8; j++)
                printf "\\%03o", 128 + (i * 37 % 101 - 50) * (j % 2 ? 1.5 : -1.5) \
                                     + (i * 59 % 89 - 44) * (j % 4 < 2 ? 0.9 : -0.9)
    }')"
} >table.npy

# 12 steps an epoch; the log has a line for each
every=100
steps_in_epoch=12
fit() {
    exec "$program" fit table.npy --arch '24-[4]-24' --batch 32 --epochs "$epochs" --quiet "$@"
}
fail() {
    echo "kills: $*" >&2
    exit 1
}
in_parts() {
    fit -o model --checkpoint ck --every "${every}steps" --resume ck --log log \
        --threads $((1 + RANDOM % 3)) 2>err
}

# Whether the fit has gone on from its checkpoint, or written its first.
trains() {
    if [[ $had_checkpoint = yes ]]; then grep -q 'going on' err 2>/dev/null; else [[ -f ck ]]; fi
}

# last FILE PATTERN: the last number that the pattern finds, 0 where there is none.
last() {
    local found
    found=$(sed -n "s/$2/\\1/p" "$1" 2>/dev/null | tail -n 1)
    echo "${found:-0}"
}

(fit -o whole --threads 1)
(fit -o timed --threads 1 --log log)
seconds=$(last log '.*"seconds":\([0-9.e-]*\),.*}$')
rm log

kills=0
most_lost=0
ends=0
early=0
while :; do
    reached=$(last log '.*"step":\([0-9]*\),.*}$')
    had_checkpoint=no
    [[ ! -f ck ]] || had_checkpoint=yes
    rm -f err
    (in_parts) &
    process=$!
    if [[ $kills -lt $count ]]; then
        # one in four may come before training does
        if [[ $((RANDOM % 4)) -ne 0 ]]; then
            until trains || ! kill -0 $process 2>/dev/null; do sleep 0.02; done
        fi
        # then anywhere within the first third of what a whole fit takes
        sleep "$(awk -v r="$RANDOM" -v s="$seconds" 'BEGIN { print r / 32768 * (0.02 + s / 3) }')"
        kill -KILL $process 2>/dev/null || true
    fi
    status=0
    wait $process 2>/dev/null || status=$?
    resumed=$(last err '.*going on from ck: step \([0-9]*\) of.*')
    if [[ $resumed -gt 0 && $had_checkpoint = yes ]]; then
        lost=$((reached - resumed))
        # the line of an epoch is written before the checkpoint that is due then
        [[ $lost -le $every ]] || fail "$lost steps lost: $reached to $resumed"
        [[ $lost -le $most_lost ]] || most_lost=$lost
    elif [[ $reached -ge $((every + steps_in_epoch)) && $had_checkpoint = no ]]; then
        fail "no checkpoint after $reached steps"
    fi
    case $status in
    137)
        kills=$((kills + 1))
        [[ -f ck ]] || early=$((early + 1))
        ;;
    0)
        cmp whole model || fail "the model is not that of a fit that never stopped"
        ends=$((ends + 1))
        rm -f ck log model
        [[ $kills -lt $count ]] || break
        ;;
    *) fail "exit $status: $(cat err)" ;;
    esac
done
echo "$kills kills ($early of them before a first checkpoint), $ends fits gone to the end and equal;" \
    "at most $most_lost steps lost, with a checkpoint every $every"
left=$(find . -name '.taildropout-*' | wc -l)
echo "$left temporary files left behind by kills while one was written"
