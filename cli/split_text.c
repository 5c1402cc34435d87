/* SPDX-License-Identifier: MIT */
#include "split_text.h"

#include "number.h"

void split_text_write(FILE *out, const tdrop_model_info *info) {
    if (info->split == TDROP_SPLIT_TABLE) {
        fprintf(out, "all trained on, held-out rows from %s", info->valid_name);
        return;
    }
    fprintf(out, "a share of %s%s held out, split seed %llu", number_plain(info->valid_share).text,
            info->split == TDROP_SPLIT_CLASSES ? " of each label" : "",
            (unsigned long long)info->split_seed);
    if (info->groups) fprintf(out, ", groups of %s", info->groups);
}

int split_is_elsewhere(const tdrop_model_info *model, const tdrop_data_info *data) {
    return model->split == TDROP_SPLIT_TABLE && model->data_hash == data->hash &&
           model->data_rows == data->rows;
}
