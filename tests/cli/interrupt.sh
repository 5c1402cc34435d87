# SPDX-License-Identifier: MIT
# SIGINT and SIGTERM during a fit: the best model so far is saved, and it says so.
. "$CASES/helpers"
small_table
stop_with() {
    rm -f err
    taildropout fit table.npy -o "model-$1" --arch '16-[4]-16' --epochs 1000000000 >out 2>err &
    while ! grep -q '^epoch' err 2>/dev/null; do sleep 0.1; done
    kill -s "$1" $!
    wait $!
    echo "exit $?"
    sed -n 's/[0-9][0-9]* of/N of/; /stopped/p' err
    grep -c '<- chosen' out
    taildropout info "model-$1" | grep architecture
}
stop_with INT
stop_with TERM
echo '-- prune --tune'
small_model
tune_until() {
    rm -f err
    taildropout prune model.safetensors table.npy -k 2 --tune 1000000000 -o "tuned-$1" >out 2>err &
    while ! grep -q '^epoch' err 2>/dev/null; do sleep 0.1; done
    kill -s "$1" $!
    wait $!
    echo "exit $?"
    sed -n 's/[0-9][0-9]* of/N of/; /stopped/p' err
    grep -c '^Kept 2' out
    grep -c '^Tuned: \|^None of [1-9][0-9]* epochs' out
    taildropout info "tuned-$1" | sed -n '1p'
}
tune_until INT
tune_until TERM
