#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check_symbols.sh INCLUDE_DIR LIBRARY...
#
# Every global symbol that a library defines is called tdrop_...; the shared libraries together
# export what the public headers declare, all of it and nothing else.
set -eu
include_dir=$1
shift
failed=0
exported=$(mktemp)
declared=$(mktemp)
trap 'rm -f "$exported" "$declared"' EXIT

fail() {
    echo "check_symbols: $*" >&2
    failed=1
}

# defined LIBRARY NM_OPTION...: names of the global symbols it defines
defined() {
    library=$1
    shift
    nm "$@" --extern-only --defined-only "$library" | awk 'NF == 3 { print $3 }' | sort -u
}

has_model=
shared=
for library in "$@"; do
    case $library in
        *.a) names=$(defined "$library") ;;
        *)
            names=$(defined "$library" --dynamic)
            shared=1
            printf '%s\n' "$names" >>"$exported"
            ;;
    esac
    case $library in *taildropout_model*) has_model=1 ;; esac
    [ -n "$names" ] || fail "$library defines no symbol"
    strangers=$(printf '%s\n' "$names" | grep -v '^tdrop_' | tr '\n' ' ' || true)
    [ -z "$strangers" ] || fail "$library: not called tdrop_...: $strangers"
done

if [ -n "$shared" ]; then
    headers=$include_dir/taildropout.h
    [ -z "$has_model" ] || headers="$headers $include_dir/taildropout_model.h"
    # A declaration runs from TDROP_API to ';'; the name is what stands before the first '('.
    # shellcheck disable=SC2086 # two names without spaces of their own
    grep -hv '^#' $headers | tr '\n' ' ' | grep -o 'TDROP_API [^;(]*(' |
        sed 's/ *($//; s/.*[ *]//' | sort -u >"$declared"
    sort -u -o "$exported" "$exported"
    missing=$(comm -13 "$exported" "$declared" | tr '\n' ' ')
    extra=$(comm -23 "$exported" "$declared" | tr '\n' ' ')
    [ -s "$declared" ] || fail "no declaration found in $headers"
    [ -z "$missing" ] || fail "declared but not exported: $missing"
    [ -z "$extra" ] || fail "exported but not declared: $extra"
fi
exit "$failed"
