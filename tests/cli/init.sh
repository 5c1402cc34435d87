# SPDX-License-Identifier: MIT
# A fit begins with the weights of a model, whose architecture it takes when none is asked for.
. "$CASES/helpers"
small_model
bytes_npy 60 '8' 8 >other.npy
try taildropout fit other.npy -o next --init model.safetensors --epochs 1 --quiet
taildropout info next | sed -n '/^architecture/p'
try taildropout fit other.npy -o next2 --init model.safetensors --features 3 --quiet
bytes_npy 60 '4' 4 >narrow.npy
try taildropout fit narrow.npy -o next2 --init model.safetensors --quiet
try taildropout fit narrow.npy -o next2 --init no_such_model --quiet
# its loss begins where the model's ended
taildropout fit table.npy -o still --init model.safetensors --epochs 1 --lr 1e-30 --average none \
    --quiet 2>err
for model in model.safetensors still; do
    taildropout evaluate $model table.npy | grep '^loss'
done >losses
uniq losses | wc -l
