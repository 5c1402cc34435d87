# SPDX-License-Identifier: MIT
# A checkpoint that cannot be written: training goes on, the last good one stays, and it is said once.
. "$CASES/helpers"
small_table
fit() {
    taildropout fit table.npy --arch '16-[4]-16' --batch 8 --lr 0.01 --epochs 40 --quiet "$@"
}
fit -o whole
echo '-- a limit on the size of a file, which the model keeps and the checkpoint does not'
(
    ulimit -f 12
    try fit -o limited --checkpoint ck --every 20steps
)
cmp whole limited && echo same
ls
echo '-- and one that was good before'
fit -o again --checkpoint ck
cp ck good
(
    ulimit -f 12
    try fit -o again2 --checkpoint ck --every 20steps --force
)
cmp ck good && echo untouched
echo '-- a folder that goes and comes back'
mkdir folder
taildropout fit table.npy -o moved --arch '16-[4]-16' --batch 8 --epochs 1000000000 \
    --checkpoint folder/ck --every 20steps >out 2>err &
wait_for() {
    while ! grep -q "$1" err 2>/dev/null; do sleep 0.05; done
}
while [ ! -f folder/ck ]; do sleep 0.05; done
mv folder away
wait_for 'cannot be opened'
mv away folder
wait_for 'written again'
kill -s TERM $!
wait $!
echo "exit $?"
grep folder/ck err | numbers
ls -A folder
