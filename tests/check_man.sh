#!/bin/sh
# SPDX-License-Identifier: MIT
#
# check_man.sh SOURCE_DIR
#
# The manual page of the library names every function of its header, and mandoc, where it is
# installed, finds nothing to complain about in either page.
set -eu
cd "$1"

failed=0
functions=$(sed -n 's/^TDROP_API [^(]*\(tdrop_[a-z0-9_]*\)(.*/\1/p' include/taildropout.h)
[ -n "$functions" ] || { echo "check_man: no functions in taildropout.h" >&2; exit 1; }
for function in $functions; do
    grep -q "^\.Fo $function\$" man/taildropout.3 || {
        echo "check_man: taildropout.3 does not declare $function" >&2
        failed=1
    }
done
unknown=$(sed -n 's/^\.F[no] \(tdrop_[a-z0-9_]*\).*/\1/p' man/taildropout.3 | sort -u |
    grep -vxF "$functions" || true)
if [ -n "$unknown" ]; then
    echo "check_man: taildropout.3 tells of what is not there: $unknown" >&2
    failed=1
fi
if command -v mandoc >/dev/null; then
    mandoc -Tlint man/taildropout.1 man/taildropout.3 || failed=1
fi
exit $failed
