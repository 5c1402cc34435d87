# SPDX-License-Identifier: MIT
# What is wrong before a subcommand is found.
. "$CASES/helpers"
try taildropout
try taildropout scre
try taildropout evalaute model data
try taildropout frobnicate
try taildropout --hlep
try taildropout --verbose
try taildropout help fti
try taildropout help fit scree
try taildropout hepl
try taildropout completion bash zsh
