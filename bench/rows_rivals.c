/* SPDX-License-Identifier: MIT
 * Context: the products against libraries that need not be there. */
#include "bench.h"
#include "rivals.h"

#include <stddef.h>

#if defined(TDROP_BENCH_ONEDNN) || defined(TDROP_BENCH_LIBXSMM)
static void *set_up(const bench_row *row, const char **why, bool (*prepare)(bench_layers *),
                    void (*destroy)(void *)) {
    bench_layers *layers = bench_layers_create(BENCH_BOTH_SIDES, 1024, 1024, row->p);
    if (!layers || prepare(layers)) return layers;
    *why = "the library refuses";
    destroy(layers);
    return NULL;
}
#endif

#ifdef TDROP_BENCH_ONEDNN
static void *set_up_onednn(const bench_row *row, const char **why) {
    return set_up(row, why, bench_onednn_prepare, bench_onednn_destroy);
}
#else
static void *set_up_onednn(const bench_row *row, const char **why) {
    (void)row;
    *why = "built without oneDNN (libdnnl-dev)";
    return NULL;
}
#define bench_onednn_run     NULL
#define bench_onednn_destroy NULL
#endif

#ifdef TDROP_BENCH_LIBXSMM
static void *set_up_libxsmm(const bench_row *row, const char **why) {
    return set_up(row, why, bench_libxsmm_prepare, bench_libxsmm_destroy);
}
#else
static void *set_up_libxsmm(const bench_row *row, const char **why) {
    (void)row;
    *why = "built without libxsmm (libxsmm-dev)";
    return NULL;
}
#define bench_libxsmm_run     NULL
#define bench_libxsmm_destroy NULL
#endif

#define ROW(row_name, library, dropped)                                                            \
    {                                                                                              \
        .name = row_name, .rival = #library, .threads = 1, .set_up = set_up_##library,             \
        .ours = bench_layers_ours, .theirs = bench_##library##_run,                                \
        .tear_down = bench_##library##_destroy, .p = dropped                                       \
    }

const bench_row bench_rival_rows[] = {
    ROW("products-p0-onednn", onednn, 0.0),
    ROW("products-p0.5-onednn", onednn, 0.5),
    ROW("products-p0-libxsmm", libxsmm, 0.0),
    ROW("products-p0.5-libxsmm", libxsmm, 0.5),
    {.name = NULL},
};
