# SPDX-License-Identifier: MIT
# File names that try to break the one line that an error has.
. "$CASES/helpers"
try taildropout info "$(printf 'two\nlines')"
try taildropout info "$(printf 'an\033[31mescape')"
try taildropout encode "$(printf 'two\nlines')" table.npy -o out
small_table
fit_small table.npy -o "it's here.safetensors" 2>/dev/null | tail -n 1 |
    sed 's/.*Next/Next/; s/-k [0-9]/-k K/'
