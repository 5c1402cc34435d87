/* SPDX-License-Identifier: MIT */
#include "split_text.h"

#include "number.h"

#include <string.h>

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

static int is_held_out_table(const tdrop_model_info *model, const tdrop_data_info *data) {
    const char *folders = strrchr(data->name, '/');
    const char *name = folders ? folders + 1 : data->name;
    return model->split == TDROP_SPLIT_TABLE && model->valid_rows == data->rows &&
           strcmp(model->valid_name, name) == 0;
}

const char *split_rows_text(const tdrop_model_info *model, const tdrop_data_info *data) {
    const int fitted = model->data_hash == data->hash && model->data_rows == data->rows;
    if (fitted && model->split == TDROP_SPLIT_TABLE) return "rows that were trained on";
    return fitted || is_held_out_table(model, data) ? "held-out rows" : "rows";
}
