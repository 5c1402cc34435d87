# SPDX-License-Identifier: MIT
# SIGINT and SIGTERM while a file is written: it says so, and nothing of it is left; an older file
# stays.
. "$CASES/helpers"
small_model
{ npy_header '|u1' '400000, 1' && head -c 400000 /dev/zero; } >codes.npy
{ npy_header '|u1' '400000, 2, 4' && head -c 3200000 /dev/zero; } >long.npy
left() { find . -name '.taildropout-*' | grep .; }
# stop SIGNAL COMMAND...: again where all was written before the signal came
stop() {
    signal=$1
    shift
    for _ in 1 2 3 4 5; do
        echo precious >out.csv
        env --default-signal=INT taildropout "$@" -o out.csv --force 2>err &
        until left >seen; do kill -0 $! 2>>lost || break; done
        kill -s "$signal" $! 2>>lost
        wait $!
        status=$?
        [ $status -ne 0 ] && break
    done
    echo "$1: exit $status, $(cat out.csv)"
    cat err
    left
}
stop INT decode model.safetensors codes.npy
stop TERM predict model.safetensors long.npy
stop INT encode model.safetensors long.npy
echo '-- what is ignored stays so'
taildropout decode model.safetensors codes.npy -o ignored.csv 2>err &
until left >seen; do kill -0 $! 2>>lost || break; done
kill -s INT $!
wait $! && wc -l <ignored.csv
