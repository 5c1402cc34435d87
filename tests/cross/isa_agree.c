/* SPDX-License-Identifier: MIT
 * isa_agree ISA: the three products with that instruction set against plain C, bit for bit, over
 * random shapes and keeps. It needs nothing but libtaildropout, so it can be built for a processor
 * that is only emulated. Exits 0 when all agree and the instruction set was there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <taildropout.h>

enum { CASES = 300, MOST = 150 };

typedef struct products {
    float *y, *dx, *dw, *db;
} products;

static void need(tdrop_status status, const char *what) {
    if (!status) return;
    fprintf(stderr, "isa_agree: %s: %s\n", what, tdrop_status_text(status));
    exit(1);
}

static size_t pick(uint32_t number, uint32_t which, size_t most) {
    double u;
    need(tdrop_uniform(&(tdrop_draw){.seed = number, .first = which, .purpose = TDROP_PURPOSE_USER},
                       1, &u),
         "draw");
    return (size_t)(u * (double)(most + 1));
}

static float *floats(size_t count) {
    float *values = malloc(count * sizeof *values + 64);
    if (!values) exit(1);
    for (size_t i = 0; i < count; i++) /* no short fractions: every product has to be rounded */
        values[i] = (float)((i * 2654435761u + 12345) % 1000003) / 500001.5f - 1;
    return values;
}

static void keeps(uint32_t number, uint32_t which, size_t rows, size_t n, int32_t *keep) {
    for (size_t i = 0; i < rows; i++)
        keep[i] = (int32_t)pick(number, which + (uint32_t)i, n);
}

/* One case with one instruction set. */
static products compute(uint32_t number, tdrop_isa isa) {
    size_t rows = pick(number, 0, MOST), inputs = 1 + pick(number, 1, MOST);
    size_t outputs = 1 + pick(number, 2, MOST), which = pick(number, 3, 3);
    int32_t keep_in[MOST], keep_out[MOST];
    tdrop_linear *layer = NULL;
    tdrop_staircase *stairs = NULL;
    const tdrop_linear_options options = {.isa = isa, .activation = TDROP_ACTIVATION_RELU};
    need(tdrop_linear_create(&layer, inputs, outputs, &options), "layer");
    need(tdrop_staircase_create(&stairs, MOST), "staircase");
    keeps(number, 1000, rows, inputs, keep_in);
    keeps(number, 2000, rows, outputs, keep_out);
    need(tdrop_staircase_set(stairs, rows, inputs, which & 1 ? keep_in : NULL, outputs,
                             which & 2 ? keep_out : NULL),
         "staircase");
    size_t size = tdrop_linear_workspace(layer, rows, 1);
    void *workspace = malloc(size);
    float *x = floats(rows * inputs), *dy = floats(rows * outputs), *w = floats(inputs * outputs);
    products p = {floats(rows * outputs), floats(rows * inputs), floats(inputs * outputs),
                  floats(outputs)};
    need(tdrop_linear_set_weights(layer, w, inputs, w, TDROP_PACK_FORWARD | TDROP_PACK_BACKWARD,
                                  NULL, NULL),
         "weights");
    need(tdrop_linear_forward(layer, stairs, x, inputs, p.y, outputs, workspace, size, NULL),
         "forward");
    need(tdrop_linear_backward_input(layer, stairs, dy, outputs, p.dx, p.dx, inputs, workspace,
                                     size, NULL),
         "backward_input");
    need(tdrop_linear_backward_weights(layer, stairs, dy, outputs, x, inputs, p.dw, inputs, p.db,
                                       workspace, size, NULL),
         "backward_weights");
    free(workspace), free(x), free(dy), free(w);
    tdrop_staircase_destroy(stairs);
    tdrop_linear_destroy(layer);
    return p;
}

static void release(products p) {
    free(p.y), free(p.dx), free(p.dw), free(p.db);
}

static int agree(uint32_t number, tdrop_isa isa) {
    size_t rows = pick(number, 0, MOST), inputs = 1 + pick(number, 1, MOST);
    size_t outputs = 1 + pick(number, 2, MOST);
    products plain = compute(number, TDROP_ISA_C), fast = compute(number, isa);
    int same = !memcmp(plain.y, fast.y, rows * outputs * sizeof(float)) &&
               !memcmp(plain.dx, fast.dx, rows * inputs * sizeof(float)) &&
               !memcmp(plain.dw, fast.dw, inputs * outputs * sizeof(float)) &&
               !memcmp(plain.db, fast.db, outputs * sizeof(float));
    if (!same)
        fprintf(stderr, "isa_agree: case %u differs: %zu rows, %zu inputs, %zu outputs\n",
                (unsigned)number, rows, inputs, outputs);
    release(plain), release(fast);
    return same;
}

int main(int argc, char **argv) {
    int failed = 0;
    tdrop_isa isa = TDROP_ISA_AUTO;
    for (int i = 1; argc == 2 && i <= TDROP_ISA_NEON; i++)
        if (!strcmp(argv[1], tdrop_isa_name((tdrop_isa)i))) isa = (tdrop_isa)i;
    if (isa == TDROP_ISA_AUTO) {
        fprintf(stderr, "usage: isa_agree avx2|avx512|neon\n");
        return 2;
    }
    for (uint32_t number = 0; number < CASES; number++)
        failed += !agree(number, isa);
    printf("%d passed, %d failed\n", CASES - failed, failed);
    return failed != 0;
}
