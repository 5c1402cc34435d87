# SPDX-License-Identifier: MIT
# Outputs that exist stay as they are, unless --force is given.
. "$CASES/helpers"
small_model
echo precious >there
try taildropout fit table.npy -o there
try taildropout fit table.npy -o model2 --json there
try taildropout scree model.safetensors table.npy --json there
try taildropout scree model.safetensors table.npy --svg there
try taildropout scree model.safetensors table.npy --png there
try taildropout prune model.safetensors -k 2 -o there
try taildropout encode model.safetensors table.npy -o there
try taildropout decode model.safetensors table.npy -o there
try taildropout predict model.safetensors table.npy -o there
try taildropout evaluate model.safetensors table.npy --json there
try taildropout info model.safetensors --json there
cat there
chmod 640 there
try taildropout prune model.safetensors -k 2 -o there --force | numbers
try taildropout encode model.safetensors table.npy -o there --force
ls -l there | cut -c1-10
taildropout info model.safetensors --json there --force >/dev/null && head -c 1 there && echo
ls -l there | cut -c1-10
ln -s there link
taildropout info model.safetensors --json link --force >/dev/null && readlink link
ls -A
