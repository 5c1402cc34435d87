/* SPDX-License-Identifier: MIT */
#include "gemm/panels.h"

#include "base/sizes.h"

#include <string.h>

/* Floats in what is asked for at a time, and how many rows of W ahead. */
enum { LINE = 16, ROWS_AHEAD = 8 };

/* Rows of W become columns of the panel, in squares. */
static void pack_transposed(const tdrop_panels *p, size_t panel, float *to) {
    const size_t nr = p->kernels->nr, column = panel * nr;
    const size_t columns = tdrop_least(p->columns - column, nr);
    const float *from = p->w + column * p->w_stride;
    for (size_t i = 0; i < p->inner; i += nr)
        p->kernels->pack_transposed(columns, tdrop_least(p->inner - i, nr), from + i, p->w_stride,
                                    to + i * nr);
}

/* Whole lines, which are few: a call for each would cost more than copying them does. */
static void copy_lines(float *to, const float *from, size_t floats) {
    for (size_t j = 0; j < floats; j += LINE)
        memcpy(to + j, from + j, LINE * sizeof *to);
}

/* Columns of a row of W, to its place in each of the panels. */
static void pack_row(const tdrop_panels *p, const float *row, size_t columns, float *to) {
    const size_t nr = p->kernels->nr;
    for (; columns >= nr; columns -= nr, row += nr, to += p->inner * nr)
        copy_lines(to, row, nr);
    if (columns == 0) return;
    memcpy(to, row, columns * sizeof *to);
    memset(to + columns, 0, (nr - columns) * sizeof *to);
}

static void pack_rows(const tdrop_panels *p, size_t first, size_t end, float *to) {
    const size_t nr = p->kernels->nr, column = first * nr;
    const size_t columns = tdrop_least(p->columns, end * nr) - column;
    const float *row = p->w + column;
    for (size_t i = 0; i < p->inner; i++, row += p->w_stride, to += nr) {
        const float *ahead = i + ROWS_AHEAD < p->inner ? row + ROWS_AHEAD * p->w_stride : row;
        for (size_t j = 0; j < columns; j += LINE)
            __builtin_prefetch(ahead + j);
        pack_row(p, row, columns, to);
    }
}

void tdrop_panels_pack(const tdrop_panels *panels, size_t first, size_t end, float *to) {
    if (!panels->transposed) {
        pack_rows(panels, first, end, to);
        return;
    }
    for (; first < end; first++, to += panels->inner * panels->kernels->nr)
        pack_transposed(panels, first, to);
}
