# SPDX-License-Identifier: MIT
# A fit with one file for --checkpoint and --resume can be given again until it exits with 0, whatever
# of its outputs an earlier one had written when it was killed; files of others stay.
. "$CASES/helpers"
small_table
mkdir k
fit() {
    fit_small table.npy -o k/m.s --checkpoint ck --resume ./ck --json k/j.json --html k/h.html \
        --log k/log "$@" >out 2>err
    echo "exit $?"
    grep -v '^taildropout: note\|^epoch\|^taildropout: wrote' err
}
fit
cp k/m.s whole
for missing in k/h.html k/j.json 'k/h.html k/j.json' 'k/h.html k/j.json k/m.s' 'ck k/j.json'; do
    echo "-- without $missing"
    # shellcheck disable=SC2086 # several names
    rm $missing
    fit
    cmp whole k/m.s
    ls k | tr '\n' ' '
    wc -l <k/log
done
echo '-- a report where no model of this fit is'
rm k/m.s
echo precious >k/j.json
fit
cat k/j.json
echo '-- the command to go on'
rm -f err ck
taildropout fit table.npy -o new --checkpoint ck --resume ./ck --epochs 1000000000 >out 2>err &
while ! grep -q '^epoch' err 2>/dev/null; do sleep 0.05; done
kill -s TERM $!
wait $!
sed -n 's/.*to go on: //p' err
echo '-- a checkpoint that cannot be looked at'
try fit_small table.npy -o new --checkpoint table.npy/ck --resume table.npy/ck
