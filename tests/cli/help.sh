# SPDX-License-Identifier: MIT
# The help of the program and of every subcommand, in all its forms.
set -e
taildropout --help
taildropout help >a
taildropout -h >b
taildropout --help >c
cmp a b
cmp a c
for command in fit scree prune encode decode predict evaluate info help completion; do
    echo "== $command"
    taildropout help $command
    taildropout help $command >a
    taildropout $command -h >b
    taildropout $command some thing --help >c
    cmp a b
    cmp a c
done
echo "== fit --help-all"
taildropout fit --help-all
# Two screens of 24 lines; the first names every option that the second describes.
[ "$(taildropout fit --help | wc -l)" -le 48 ]
taildropout fit --help-all | sed -n 's/^ .*\(--[a-z-]*\).*/\1/p' | while read -r option; do
    taildropout fit --help | grep -q -e "$option" || echo "not named: $option"
done
