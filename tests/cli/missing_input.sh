# SPDX-License-Identifier: MIT
# Inputs that are not there or are no files, of every subcommand.
. "$CASES/helpers"
small_model
try taildropout fit no_such_file -o out
try taildropout fit . -o out
try taildropout scree no_such_model table.npy
try taildropout scree model.safetensors no_such_file
try taildropout prune no_such_model -k 1 -o out
try taildropout encode model.safetensors no_such_file -o out
try taildropout decode model.safetensors no_such_file -o out
try taildropout predict model.safetensors no_such_file -o out
try taildropout evaluate model.safetensors no_such_file
try taildropout info no_such_model
try taildropout info table.npy
try taildropout fit model.safetensors -o out
ls
