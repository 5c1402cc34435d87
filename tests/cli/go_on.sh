# SPDX-License-Identifier: MIT
# SIGINT and SIGTERM during a fit with checkpoints: one is written, and the command that is said goes
# on to the end as though nothing had been.
. "$CASES/helpers"
small_table
cp table.npy "it's a table.npy"
common='--arch 16-[4]-16 --batch 8 --lr 0.01 --epochs 2000 --threads 1'
# shellcheck disable=SC2086 # several words
taildropout fit table.npy -o whole $common >out 2>err || cat err
for signal in INT TERM; do
    rm -f err
    # shellcheck disable=SC2086
    taildropout fit "it's a table.npy" -o "model $signal" $common --checkpoint "ck $signal" \
        --every 1h >out 2>err &
    while ! grep -q '^epoch' err 2>/dev/null; do sleep 0.05; done
    kill -s $signal $!
    wait $!
    echo "exit $?"
    grep stopped err | sed 's/after [0-9]* of/after N of/'
    ls "model $signal" 2>/dev/null
    sed -n 's/.*to go on: //p' err >next.sh
    sh ./next.sh >out 2>err || cat err
    grep 'going on' err | numbers
    # all but the name of the data: what stands in the tensors decides the codes
    taildropout encode whole table.npy -o codes1 --force 2>err2
    taildropout encode "model $signal" table.npy -o codes2 --force 2>err2
    cmp codes1 codes2 && echo same
done
echo '-- the time limit gives a model, and a checkpoint'
# shellcheck disable=SC2086
taildropout fit table.npy -o limited $common --checkpoint ck --time-limit 0.05s >out 2>err
echo "exit $?"
sed -n '/stopped/s/in epoch [0-9]* of/in epoch N of/p' err
sed -n 's/.*to go on: \(.*\)/\1 --time-limit 1d/p' err >next.sh
sh ./next.sh >out 2>err || cat err
cmp whole limited && echo same
