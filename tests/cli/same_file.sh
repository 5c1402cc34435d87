# SPDX-License-Identifier: MIT
# No two outputs are one file and none takes the place of what is read, however the paths are written;
# it is found out before any work.
. "$CASES/helpers"
small_model
cp model.safetensors before
cp table.npy table.before
mkdir folder
ln -s folder other
ln -s folder/new link
touch there
ln there hard
try_fit() { try taildropout fit table.npy --force "$@"; }
echo '-- two outputs'
try_fit -o new --json ./new
try_fit -o folder/new --json other/new
try_fit -o folder/new --html link
try_fit -o there --json hard
try_fit -o new --checkpoint ./new
try_fit -o new --checkpoint ck --log folder/../ck
try taildropout scree model.safetensors table.npy --svg new --png ./new
echo '-- an output and what is read'
for option in -o --json --html --log --checkpoint; do
    try_fit $option ./table.npy | grep -v '^\$'
done
try_fit -o x --valid there --html hard
try_fit -o x --target there --html hard
try_fit -o x --valid v --target t --valid-target there --html hard
try_fit -o there --init hard
try_fit -o there --law table:hard
try_fit -o there --resume hard
try taildropout fit ./model.npz:a --force -o model.npz
ln -s model.safetensors model
try taildropout scree model table.npy --svg model.safetensors --force
try taildropout scree model table.npy --target there --svg hard --force
try taildropout evaluate model table.npy --json ./table.npy --force
try taildropout info model --json model.safetensors --force
try taildropout prune model -k 2 -o model.safetensors --force
try taildropout encode model table.npy -o model.safetensors --force
try taildropout encode model ./table.npy -o table.npy --force
try taildropout encode model - -o table.npy --force <table.npy
try taildropout predict model ./table.npy -o table.npy --force
try taildropout decode model ./table.npy -o table.npy --force
cmp model.safetensors before && cmp table.npy table.before && echo untouched
echo '-- what is not the same'
taildropout evaluate model - --json - <table.npy 2>err | grep -c '"loss"'
taildropout info model --json /dev/null >out --force && echo fine
taildropout encode model table.npy -o folder/table.npy 2>err && rm folder/table.npy
ls -A . folder
