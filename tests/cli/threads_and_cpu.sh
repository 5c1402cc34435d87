# SPDX-License-Identifier: MIT
# Neither threads nor instruction sets change a bit.
. "$CASES/helpers"
small_table
for threads in 1 3; do
    for cpu in auto c; do
        taildropout fit table.npy -o model-$threads-$cpu --arch '16-[4]-16' --epochs 5 \
            --threads $threads --cpu $cpu >/dev/null 2>&1
        taildropout predict model-$threads-$cpu table.npy -o out-$threads-$cpu \
            --threads $threads --cpu $cpu
        cmp model-1-auto model-$threads-$cpu
        cmp out-1-auto out-$threads-$cpu
    done
done
