#!/bin/sh
# SPDX-License-Identifier: MIT
#
# run.sh [--update] PROGRAM CASE...
#
# Runs each case, CASE.sh beside this file, in an empty folder of its own, and compares what comes
# out with what stands beside it:
#
#   CASE.stdout, CASE.stderr            what the script has to write, exactly
#   CASE.stdout.glob, CASE.stderr.glob  the same, each line a pattern of the shell
#   CASE.exit                           its exit status
#
# A file that is not there stands for nothing written and for 0. --update writes these files anew
# from what came out; patterns are only looked at, and have to be changed by hand.
#
# A script calls the program by its name, taildropout. It finds helpers in "$CASES/helpers" and the
# root of the sources in $SOURCE. With TDROP_WRAPPER="valgrind -q --error-exitcode=99" every call of
# the program goes through valgrind.
set -u

update=
if [ "${1-}" = --update ]; then
    update=yes
    shift
fi
[ $# -ge 2 ] || { echo "usage: run.sh [--update] PROGRAM CASE..." >&2; exit 2; }

CASES=$(cd "$(dirname "$0")" && pwd)
SOURCE=$(cd "$CASES/../.." && pwd)
program=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
shift
[ -x "$program" ] || { echo "run.sh: $program: no such program" >&2; exit 2; }

scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/bin"
printf '#!/bin/sh\nexec %s "%s" "$@"\n' "${TDROP_WRAPPER-}" "$program" >"$scratch/bin/taildropout"
chmod +x "$scratch/bin/taildropout"

# The same everywhere: language, terminal, folder for temporary files.
PATH=$scratch/bin:$PATH
LC_ALL=C
TERM=dumb
TMPDIR=$scratch
export PATH LC_ALL TERM TMPDIR CASES SOURCE
unset NO_COLOR COLUMNS POSIXLY_CORRECT

# matches PATTERNS FILE: as many lines, each fitting its pattern.
matches() {
    while IFS= read -r pattern <&3; do
        IFS= read -r line <&4 || return 1
        # shellcheck disable=SC2254 # it is meant as a pattern
        case $line in
        $pattern) ;;
        *) return 1 ;;
        esac
    done 3<"$1" 4<"$2"
    [ "$(wc -l <"$1")" -eq "$(wc -l <"$2")" ]
}

# compare CASE KIND: nonzero when what came out is not what was expected.
compare() {
    expected=$CASES/$1.$2
    actual=$scratch/$2
    if [ -f "$expected.glob" ]; then
        matches "$expected.glob" "$actual" && return 0
        echo "$1: $2 does not fit the patterns:"
        diff -u "$expected.glob" "$actual"
        return 1
    fi
    if [ -n "$update" ]; then
        if [ -s "$actual" ]; then cp "$actual" "$expected"; else rm -f "$expected"; fi
        return 0
    fi
    [ -f "$expected" ] || expected=/dev/null
    diff -u "$expected" "$actual" >"$scratch/diff" && return 0
    echo "$1: $2 is not as expected:"
    cat "$scratch/diff"
    return 1
}

run_case() {
    [ -f "$CASES/$1.sh" ] || { echo "$1: there is no such case"; return 1; }
    mkdir "$scratch/work"
    (cd "$scratch/work" && exec sh "$CASES/$1.sh") </dev/null >"$scratch/stdout" 2>"$scratch/stderr"
    echo $? >"$scratch/exit"
    rm -rf "$scratch/work"
    [ "$(cat "$scratch/exit")" != 0 ] || : >"$scratch/exit"
    wrong=0
    for kind in stdout stderr exit; do
        compare "$1" $kind || wrong=1
    done
    return $wrong
}

failed=0
for name; do
    if run_case "$name"; then echo "ok $name"; else failed=1; echo "FAILED $name"; fi
done
exit $failed
