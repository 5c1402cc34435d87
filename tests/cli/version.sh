# SPDX-License-Identifier: MIT
# The version, asked for in every place.
taildropout --version | sed 's/[0-9][0-9.]*/VERSION/'
taildropout fit --version | sed 's/[0-9][0-9.]*/VERSION/'
