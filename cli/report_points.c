/* SPDX-License-Identifier: MIT
 * The first two features of many held-out rows. */
#include "held_out.h"
#include "inputs.h"
#include "message.h"
#include "report_labels.h"
#include "report_rows.h"

#include <stdlib.h>

enum { MOST_POINTS = 2000 };

static void add_groups(report_numbers *n, cJSON *points, const report_labels *labels,
                       size_t count) {
    if (!labels->classes) return;
    cJSON *names = report_json_array_in(n->json, points, "classes");
    for (size_t c = 0; c < labels->classes; c++)
        report_json_append_text(n->json, names, labels->name[c]);
    report_numbers_words(n, "groups", labels->group, count);
}

static int add_points(report_numbers *n, const report_source *source, const float *codes,
                      const size_t *rows, size_t count) {
    report_labels labels;
    if (!report_labels_read(&labels, source, rows, count)) return 0;
    cJSON *points = report_json_object(n->json, NULL, "points");
    cJSON *list = report_json_array_in(n->json, points, "rows");
    for (size_t i = 0; i < count; i++)
        report_json_append_count(n->json, list, rows[i]);
    report_numbers_floats(n, "points", codes, 2 * count);
    add_groups(n, points, &labels, count);
    report_labels_clear(&labels);
    return 1;
}

int report_points_add(report_numbers *n, const report_cells *cells) {
    const report_source *source = cells->source;
    size_t *rows, count;
    if (source->info->features < 2) return 1;
    if (!held_out_spread(source->model, source->data, source->use, MOST_POINTS, &rows, &count))
        return 0;
    float *codes = inputs_floats(count, 2);
    const int done = codes &&
                     report_cells_use(cells, tdrop_model_encode, rows, count, 2, 2, codes) &&
                     add_points(n, source, codes, rows, count);
    free(codes);
    free(rows);
    return done;
}
