/* SPDX-License-Identifier: MIT */
#include "gemm/staircase.h"

#include "base/memory.h"
#include "base/sizes.h"

#include <string.h>

/* Buckets hold a multiple of so many rows, so that most tiles of rows fall into one. */
enum { BUCKET_GRAIN = 12 };

tdrop_status tdrop_staircase_create(tdrop_staircase **stairs, size_t max_rows) {
    if (!stairs) return TDROP_ERROR_NULL;
    if (max_rows > INT32_MAX) return TDROP_ERROR_SIZE;
    tdrop_staircase *made = tdrop_alloc_zero(1, sizeof *made);
    if (!made) return TDROP_ERROR_MEMORY;
    made->max_rows = max_rows;
    made->order = tdrop_alloc(max_rows, sizeof *made->order);
    made->spare = tdrop_alloc(max_rows, sizeof *made->spare);
    made->keep_in = tdrop_alloc(max_rows, sizeof *made->keep_in);
    made->keep_out = tdrop_alloc(max_rows, sizeof *made->keep_out);
    if (!made->order || !made->spare || !made->keep_in || !made->keep_out) {
        tdrop_staircase_destroy(made);
        return TDROP_ERROR_MEMORY;
    }
    *stairs = made;
    return TDROP_OK;
}

void tdrop_staircase_destroy(tdrop_staircase *stairs) {
    if (!stairs) return;
    tdrop_free(stairs->order);
    tdrop_free(stairs->spare);
    tdrop_free(stairs->keep_in);
    tdrop_free(stairs->keep_out);
    tdrop_free(stairs->count);
    tdrop_free(stairs);
}

static bool keeps_fit(size_t rows, const int32_t *keep, size_t most) {
    for (size_t i = 0; keep && i < rows; i++)
        if (keep[i] < 0 || (size_t)keep[i] > most) return false;
    return true;
}

/* Keeps of which none is below `most` stand for no tail, which costs less. Beside no other tail the
 * order is the same as well: sorting rows that keep alike leaves them as they come. */
static const int32_t *without_whole(size_t rows, const int32_t *keep, size_t most) {
    for (size_t i = 0; keep && i < rows; i++)
        if ((size_t)keep[i] < most) return keep;
    return NULL;
}

static tdrop_status grow_count(tdrop_staircase *stairs, size_t values) {
    if (values <= stairs->count_size) return TDROP_OK;
    uint32_t *count = tdrop_alloc(values, sizeof *count);
    if (!count) return TDROP_ERROR_MEMORY;
    tdrop_free(stairs->count);
    stairs->count = count;
    stairs->count_size = values;
    return TDROP_OK;
}

/* Stable counting sort of the rows in `from` by keep, most first, into `to`. */
static void sort_by_keep(uint32_t *count, size_t rows, const uint32_t *from, const int32_t *keep,
                         size_t most, uint32_t *to) {
    memset(count, 0, (most + 1) * sizeof *count);
    for (size_t i = 0; i < rows; i++)
        count[keep[i]]++;
    uint32_t place = 0;
    for (size_t k = most + 1; k-- > 0;) {
        uint32_t here = count[k];
        count[k] = place;
        place += here;
    }
    for (size_t i = 0; i < rows; i++)
        to[count[keep[from[i]]]++] = from[i];
}

static size_t bucket_rows(size_t rows) {
    return tdrop_round_up(tdrop_divide_up(rows, TDROP_MOST_BUCKETS), BUCKET_GRAIN);
}

/* Two tails: the rank by keep_in gives each row its bucket; then the rows, sorted by keep_out, are
 * dealt out to their buckets, which keeps that order within each. */
static void sort_by_both(tdrop_staircase *stairs, const int32_t *keep_in, const int32_t *keep_out) {
    size_t rows = stairs->rows, per_bucket = bucket_rows(rows);
    uint32_t *bucket_of = (uint32_t *)stairs->keep_in; /* free until the keeps are gathered */
    uint32_t *by_out = (uint32_t *)stairs->keep_out;
    sort_by_keep(stairs->count, rows, stairs->spare, keep_in, stairs->inputs, stairs->order);
    for (size_t i = 0; i < rows; i++)
        bucket_of[stairs->order[i]] = (uint32_t)(i / per_bucket);
    sort_by_keep(stairs->count, rows, stairs->spare, keep_out, stairs->outputs, by_out);
    stairs->buckets = rows ? tdrop_divide_up(rows, per_bucket) : 1;
    size_t next[TDROP_MOST_BUCKETS];
    for (size_t b = 0; b < stairs->buckets; b++)
        stairs->bucket[b] = next[b] = b * per_bucket;
    for (size_t i = 0; i < rows; i++)
        stairs->order[next[bucket_of[by_out[i]]]++] = by_out[i];
}

static void sort_rows(tdrop_staircase *stairs, const int32_t *keep_in, const int32_t *keep_out) {
    size_t rows = stairs->rows;
    for (size_t i = 0; i < rows; i++)
        stairs->spare[i] = (uint32_t)i;
    stairs->buckets = 1;
    stairs->bucket[0] = 0;
    if (keep_in && keep_out)
        sort_by_both(stairs, keep_in, keep_out);
    else if (keep_in)
        sort_by_keep(stairs->count, rows, stairs->spare, keep_in, stairs->inputs, stairs->order);
    else if (keep_out)
        sort_by_keep(stairs->count, rows, stairs->spare, keep_out, stairs->outputs, stairs->order);
    else
        memcpy(stairs->order, stairs->spare, rows * sizeof *stairs->order);
    stairs->bucket[stairs->buckets] = rows;
}

static void gather_keeps(tdrop_staircase *stairs, const int32_t *keep_in, const int32_t *keep_out) {
    double work = 0.0;
    for (size_t i = 0; i < stairs->rows; i++) {
        uint32_t row = stairs->order[i];
        stairs->keep_in[i] = keep_in ? keep_in[row] : (int32_t)stairs->inputs;
        stairs->keep_out[i] = keep_out ? keep_out[row] : (int32_t)stairs->outputs;
        work += (double)stairs->keep_in[i] * stairs->keep_out[i];
    }
    stairs->work = work;
}

static void find_maxima(tdrop_staircase *stairs) {
    stairs->most_in = stairs->most_out = 0;
    for (size_t i = 0; i < stairs->rows; i++)
        if ((size_t)stairs->keep_out[i] > stairs->most_out)
            stairs->most_out = (size_t)stairs->keep_out[i];
    for (size_t b = 0; b < stairs->buckets; b++) {
        int32_t most = 0;
        for (size_t i = stairs->bucket[b]; i < stairs->bucket[b + 1]; i++)
            if (stairs->keep_in[i] > most) most = stairs->keep_in[i];
        stairs->bucket_in[b] = most;
        if ((size_t)most > stairs->most_in) stairs->most_in = (size_t)most;
    }
}

tdrop_status tdrop_staircase_set(tdrop_staircase *stairs, size_t rows, size_t inputs,
                                 const int32_t *keep_in, size_t outputs, const int32_t *keep_out) {
    if (!stairs) return TDROP_ERROR_NULL;
    if (rows > stairs->max_rows || inputs > INT32_MAX || outputs > INT32_MAX)
        return TDROP_ERROR_SIZE;
    if (!keeps_fit(rows, keep_in, inputs) || !keeps_fit(rows, keep_out, outputs))
        return TDROP_ERROR_K;
    keep_in = without_whole(rows, keep_in, inputs);
    keep_out = without_whole(rows, keep_out, outputs);
    size_t most = inputs > outputs ? inputs : outputs;
    if ((keep_in || keep_out) && grow_count(stairs, most + 1)) return TDROP_ERROR_MEMORY;
    stairs->set = true;
    stairs->rows = rows;
    stairs->inputs = inputs;
    stairs->outputs = outputs;
    stairs->tail_in = keep_in != NULL;
    stairs->tail_out = keep_out != NULL;
    sort_rows(stairs, keep_in, keep_out);
    gather_keeps(stairs, keep_in, keep_out);
    find_maxima(stairs);
    return TDROP_OK;
}

double tdrop_staircase_work(const tdrop_staircase *stairs) {
    return stairs->work;
}

/* Places first..last-1 are sorted by keep, most first: how many keep more than `index`. */
static size_t count_above(const int32_t *keep, size_t first, size_t last, size_t index) {
    size_t low = first, high = last;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if ((size_t)keep[middle] > index)
            low = middle + 1;
        else
            high = middle;
    }
    return low - first;
}

size_t tdrop_staircase_prefix(const tdrop_staircase *stairs, size_t bucket, size_t input,
                              size_t output) {
    size_t first = stairs->bucket[bucket], last = stairs->bucket[bucket + 1];
    if (!stairs->tail_out) return count_above(stairs->keep_in, first, last, input);
    if (stairs->tail_in && (size_t)stairs->bucket_in[bucket] <= input) return 0;
    return count_above(stairs->keep_out, first, last, output);
}
