# SPDX-License-Identifier: MIT
# What a shell completes: bash is asked as a person would by the tab key; zsh, where it is installed,
# reads its table without complaint.
. "$CASES/helpers"
try taildropout completion
try taildropout completion fish
taildropout completion bash >completion.bash
taildropout completion zsh >completion.zsh
cat >ask <<'END'
. ./completion.bash
compopt() { echo "no files"; }
ask() {
    COMP_WORDS=(taildropout "$@")
    COMP_CWORD=$#
    _taildropout
    echo "$* -> ${COMPREPLY[*]}"
}
ask s
ask fit --ta
ask fit --task ''
ask fit --task = cl
ask fit --loss ''
ask fit --loss c
ask fit --epochs ''
ask fit --checkpoint ''
ask fit -o model --re
ask prune -
ask scree --cpu avx
ask help f
ask help c
ask completion ''
ask completion -
ask fit data
ask unknown --x
END
bash ask
head -n 1 completion.zsh
grep -c -- '--checkpoint=' completion.zsh
grep -o "NAME:(auto squared.*)" completion.zsh
! command -v zsh >zsh.out || zsh -n completion.zsh
