# SPDX-License-Identifier: MIT
# A fit killed anywhere ends, gone on with, in the bytes of one that never stopped; and a fit that is
# done makes its model again.
. "$CASES/helpers"
small_table
options='--arch 16-[4]-16 --batch 8 --lr 0.01 --epochs 600'
# In a subshell or in the background only: the program takes the place of the shell, so that a
# signal finds it.
fit() {
    # shellcheck disable=SC2086 # several words
    exec taildropout fit table.npy $options "$@" >>out 2>>err
}
(fit -o whole --threads 1) || cat err
# the first run finds no checkpoint, the others go on; the first two are killed once there is one
for run in 1 2 3; do
    fit -o parts --checkpoint ck --every 2000steps --resume ck --threads $((1 + run % 2)) &
    while [ ! -f ck ]; do sleep 0.02; done
    [ $run -eq 3 ] || kill -s KILL $!
    wait $!
    echo "exit $?"
done 2>shell.err
cmp whole parts && echo same
echo '-- done already'
(fit -o parts --checkpoint ck --resume ck)
cmp whole parts && echo same
(fit -o other --resume ck)
cmp whole other && echo same
grep note err | sed 's/step [0-9]* of/step N of/; s/epoch [0-9]* of/epoch N of/' |
    sort -u
