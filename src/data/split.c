/* SPDX-License-Identifier: MIT */
#include "data/split.h"

#include "base/error.h"
#include "base/memory.h"

static size_t valid_rows(size_t rows, double share) {
    size_t count = (size_t)((double)rows * share + 0.5);
    return count < 1 ? 1 : count > rows - 1 ? rows - 1 : count;
}

tdrop_status tdrop_split_make(tdrop_split *split, size_t rows, double share, uint64_t seed,
                              tdrop_error *error) {
    if (rows < 2)
        return tdrop_fail(error, TDROP_ERROR_DATA,
                          "one row only: at least 2 are needed, one of them to hold out");
    size_t *numbers = tdrop_alloc(rows, sizeof *numbers);
    if (!numbers) return tdrop_fail_memory(error, "held-out rows");
    size_t held_out = valid_rows(rows, share);
    *split = (tdrop_split){.valid = numbers, .train = numbers + held_out};
    tdrop_draw draw = {.seed = seed, .purpose = TDROP_PURPOSE_SPLIT};
    for (size_t i = 0; i < rows; i++) {
        if (tdrop_permute(&draw, rows, i) < held_out)
            split->valid[split->valid_count++] = i;
        else
            split->train[split->train_count++] = i;
    }
    return TDROP_OK;
}

void tdrop_split_clear(tdrop_split *split) {
    tdrop_free(split->valid); /* the block holds both */
    *split = (tdrop_split){0};
}
