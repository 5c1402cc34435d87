# SPDX-License-Identifier: MIT
# The help of the program and of every subcommand, in all its forms.
set -e
taildropout --help
taildropout help >a
taildropout -h >b
taildropout --help >c
cmp a b
cmp a c
for command in fit scree prune encode decode predict evaluate info; do
    echo "== $command"
    taildropout help $command
    taildropout help $command >a
    taildropout $command -h >b
    taildropout $command some thing --help >c
    cmp a b
    cmp a c
done
