# SPDX-License-Identifier: MIT
# The log has a line for each epoch, once, also when epochs were trained twice; --quiet and --verbose.
. "$CASES/helpers"
small_table
fit() {
    taildropout fit table.npy --arch '16-[4]-16' --batch 8 --epochs 5 "$@"
}
try fit -o a --log log --quiet
head -n 1 log | numbers
cut -d, -f1-4 log
try fit -o b --log log --quiet
try fit -o b --log log --quiet --force
echo '-- gone on with: two epochs too many, a torn line and a strange one'
fit -o c --log log --quiet --force --checkpoint ck --every 1h
sed -n '1,3p' log >short
cat >>short <<'END'
{"epoch":9,"epochs":5,"step":81}
{"epoch":0,"epochs":5}
something else
END
printf '{"epoch":4,"epochs":5,"st' >>short
cp short log
try fit -o c --log log --quiet --resume ck
cut -d, -f1-4 log
cp short log
try fit -o d --log log --quiet --checkpoint none --resume none
cut -d, -f1-2 log
echo '-- nowhere to be written'
try fit -o e --log /dev/full --quiet
cmp a e && echo same
try fit -o f --log no/such/folder --quiet
fit -o f --log - --epochs 1 2>/dev/null | cut -d, -f1
echo '-- verbose'
fit -o g --checkpoint ck2 --every 20steps --verbose 2>&1 >/dev/null | numbers | sed 's/N[kM] rows/N rows/'
