#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check_headers.sh CC CXX INCLUDE_DIR
#
# Each public header compiles alone, and included twice, as C11, C++11 and C++17 without a warning.
set -eu
cc=$1 cxx=$2 include_dir=$3

# try LANGUAGE STANDARD HEADER COMPILER
try() {
    printf '#include <%s>\n#include <%s>\nint unused;\n' "$3" "$3" |
        "$4" -x "$1" "-std=$2" -pedantic-errors -Wall -Wextra -Werror \
            -I"$include_dir" -fsyntax-only - || {
        echo "check_headers: $3 does not compile alone as $2" >&2
        failed=1
    }
}

failed=0
seen=0
for path in "$include_dir"/*.h; do
    [ -e "$path" ] || continue
    header=${path##*/}
    seen=$((seen + 1))
    try c c11 "$header" "$cc"
    try c++ c++11 "$header" "$cxx"
    try c++ c++17 "$header" "$cxx"
done
[ "$seen" -gt 0 ] || { echo "check_headers: no header in $include_dir" >&2; exit 1; }
exit "$failed"
