# SPDX-License-Identifier: MIT
# Models that are not whole.
. "$CASES/helpers"
small_model
head -c 100 model.safetensors >torn
try taildropout info torn
: >empty
try taildropout info empty
{ head -c 1000 model.safetensors; echo; } >short
try taildropout info short
size=$(wc -c <model.safetensors)
{ head -c $((size - 4)) model.safetensors; printf 'abcd'; } >changed
try taildropout info changed
{ cat model.safetensors; echo more; } >longer
try taildropout info longer
