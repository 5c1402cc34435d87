/* SPDX-License-Identifier: MIT */
#include "split_text.h"

#include "number.h"

void split_text_write(FILE *out, const tdrop_model_info *info) {
    fprintf(out, "a share of %s%s held out, split seed %llu", number_plain(info->valid_share).text,
            info->split == TDROP_SPLIT_CLASSES ? " of each label" : "",
            (unsigned long long)info->split_seed);
    if (info->groups) fprintf(out, ", groups of %s", info->groups);
}
