/* SPDX-License-Identifier: MIT
 *
 * One linear layer behind a tail: draws how many features each row keeps, multiplies only those.
 *
 *     cc forward.c $(pkg-config --cflags --libs taildropout) -o forward
 */
#include <stdio.h>
#include <stdlib.h>
#include <taildropout.h>

enum { ROWS = 256, FEATURES = 64, OUTPUTS = 10 };

static void check(tdrop_status status, const char *what) {
    if (status == TDROP_OK) return;
    fprintf(stderr, "forward: %s: %s\n", what, tdrop_status_text(status));
    exit(EXIT_FAILURE);
}

int main(void) {
    static float x[ROWS * FEATURES], y[ROWS * OUTPUTS], weights[OUTPUTS * FEATURES], bias[OUTPUTS];
    for (int i = 0; i < ROWS * FEATURES; i++)
        x[i] = (float)(i % 7) / 7;
    for (int i = 0; i < OUTPUTS * FEATURES; i++)
        weights[i] = (float)(i % 5 - 2) / 5;

    tdrop_law *law = NULL;
    tdrop_staircase *stairs = NULL;
    tdrop_linear *layer = NULL;
    int32_t keep[ROWS];
    check(tdrop_law_create(&law, FEATURES, &(tdrop_law_options){.p = 0.5}), "law");
    check(tdrop_staircase_create(&stairs, ROWS), "staircase");
    check(tdrop_linear_create(&layer, FEATURES, OUTPUTS, NULL), "layer");

    size_t workspace_size = tdrop_linear_workspace(layer, ROWS, 1);
    void *workspace = malloc(workspace_size);
    if (workspace == NULL) check(TDROP_ERROR_MEMORY, "workspace");

    check(tdrop_law_draw(law, &(tdrop_draw){.seed = 1, .step = 7}, ROWS, keep), "draw");
    check(tdrop_staircase_set(stairs, ROWS, FEATURES, keep, OUTPUTS, NULL), "staircase");
    check(tdrop_linear_set_weights(layer, weights, FEATURES, bias, TDROP_PACK_FORWARD, NULL, NULL),
          "weights");
    check(tdrop_linear_forward(layer, stairs, x, FEATURES, y, OUTPUTS, workspace, workspace_size,
                               NULL),
          "forward");

    for (int i = 0; i < 4; i++)
        printf("row %d keeps %2d of %d: y = %g, %g, ...\n", i, (int)keep[i], FEATURES,
               y[i * OUTPUTS], y[i * OUTPUTS + 1]);
    double all = (double)ROWS * FEATURES * OUTPUTS, done = tdrop_staircase_work(stairs);
    printf("skipped %.0f of %.0f multiply-adds\n", all - done, all);

    free(workspace);
    tdrop_linear_destroy(layer);
    tdrop_staircase_destroy(stairs);
    tdrop_law_destroy(law);
    return 0;
}
