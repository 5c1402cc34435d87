/* SPDX-License-Identifier: MIT
 * Libraries that the layers are compared with where they are installed. Each multiplies densely, on
 * one thread, and is spared what it would have to do beside that: its own copies of the matrices
 * are made once. */
#ifndef TDROP_BENCH_RIVALS_H
#define TDROP_BENCH_RIVALS_H

#include "layers.h"

/* Makes ready the three products of each layer in layers->rival; false when it cannot. */
bool bench_onednn_prepare(bench_layers *layers);
void bench_onednn_run(void *layers);
void bench_onednn_destroy(void *layers); /* and the layers */

bool bench_libxsmm_prepare(bench_layers *layers);
void bench_libxsmm_run(void *layers);
void bench_libxsmm_destroy(void *layers);

#endif
