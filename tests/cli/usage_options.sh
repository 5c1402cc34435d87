# SPDX-License-Identifier: MIT
# Wrong options, with what was meant; two forms of right ones.
. "$CASES/helpers"
try taildropout fit data -o model --epocs 3
try taildropout fit data -o model --lerning-rate 3
try taildropout fit data -o model --s 1
try taildropout fit data -o model -x
try taildropout fit data -o model --force=yes
try taildropout fit data -o
try taildropout fit data -o model --epochs
try taildropout scree model data --xml file
try taildropout encode model data -o codes --threads
try taildropout fit no_such_file -o model --epo 3
try taildropout fit -omodel --epochs=3 no_such_file
