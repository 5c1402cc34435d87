# SPDX-License-Identifier: MIT
# The man page names every subcommand and every option that the program has.
page=$SOURCE/man/taildropout.1
for command in fit scree prune encode decode predict evaluate info help completion; do
    grep -q "^\.It Cm $command\( \|\$\)" "$page" || echo "no $command"
    grep -A 1 '^\.Nm$' "$page" | grep -q "^\.Cm $command\$" || echo "no synopsis of $command"
    taildropout $command --help-all | sed -n 's/^ .*--\([a-z-]*\).*/\1/p' | while read -r option; do
        grep -q "F[lo] .*-$option\b" "$page" || echo "$command: no --$option"
    done
done
