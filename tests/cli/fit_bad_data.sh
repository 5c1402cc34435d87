# SPDX-License-Identifier: MIT
# Data that cannot be fitted.
. "$CASES/helpers"
: >empty.npy
try taildropout fit empty.npy -o model
npy_header '|u1' '10, 4' >torn.npy
try taildropout fit torn.npy -o model
npy_header '|u1' '0, 4' >no_rows.npy
try taildropout fit no_rows.npy -o model
{ npy_header '|u1' '1, 4'; printf abcd; } >one_row.npy
try taildropout fit one_row.npy -o model
{ npy_header '<f4' '2, 2'; printf '\0\0\200\077\0\0\200\077\0\0\200\077\0\0\300\177'; } >nan.npy
try taildropout fit nan.npy -o model
echo 'neither this nor that' >words
try taildropout fit words -o model
bytes_npy 20 4 4 >table.npy
try taildropout fit table.npy -o model --arch '8-[4'
try taildropout fit table.npy -o model --arch '8-8'
try taildropout fit table.npy -o model --arch '8-gelu-[4]-tail-8'
try taildropout fit table.npy -o model --arch '8-dropout:1-[4]'
try taildropout fit table.npy -o model --arch '8-[999999999]-4-[2]'
try taildropout fit table.npy -o model --features 2 --k-min 3
for features in 30000 100000000 2000000000; do
    try taildropout fit table.npy -o model --features $features
done
try taildropout fit table.npy -o model --target 1,2,3,4
bytes_npy 20 3 3 >narrow.npy
try taildropout fit table.npy -o model --valid narrow.npy
ls
