# SPDX-License-Identifier: MIT
# Arguments that are missing, or one too many, of every subcommand.
. "$CASES/helpers"
try taildropout fit
try taildropout fit data
try taildropout fit -o model
try taildropout fit data more -o model
try taildropout scree model
try taildropout prune model -o out
try taildropout prune model -k 3
try taildropout encode model data
try taildropout decode model -o out
try taildropout predict -o out
try taildropout evaluate model data more
try taildropout info
try taildropout fit data -o model --arch '4-[2]-4' --features 2
try taildropout fit data -o -
try taildropout prune model -k 1 -o -
try taildropout scree model data --json same --svg same
try taildropout scree model data --json - --svg -
# Names that end in what is not written.
try taildropout encode model data -o codes.csv.gz
try taildropout decode model codes.npy -o out.TXT
try taildropout predict model data -o folder.v2/out.npz
try taildropout predict model data -o out.txt --format tsv
