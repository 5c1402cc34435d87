# SPDX-License-Identifier: MIT
# Outputs that cannot be, refused before anything is read.
. "$CASES/helpers"
try taildropout fit no_such_file -o no/such/folder/model
try taildropout fit no_such_file -o .
try taildropout fit no_such_file -o model --json no/such/folder/json
try taildropout scree no_such_model no_such_file --svg no/such/folder/svg
try taildropout prune no_such_model -k 1 -o /proc/no_such_file
try taildropout encode no_such_model no_such_file -o no/such/folder/codes.npy
ls -A
