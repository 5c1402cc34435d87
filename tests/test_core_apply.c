/* SPDX-License-Identifier: MIT
 * Tails in views: every shape and stride against index arithmetic, what is written and what is not,
 * and what is refused. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "random_view.h"
#include "reference_layer.h"
#include "reference_products.h"
#include "taildropout.h"

#define COUNT(array)      (sizeof(array) / sizeof(array)[0])
#define SHAPE(...)        ((const size_t[]){__VA_ARGS__})
#define BATCH(count, ...) .given = 1, .batch_count = (count), .batch = {__VA_ARGS__}

/* --- Random views --- */

enum { VIEWS = 10000, ENTROPY = 64 };

static void draw_bytes(uint64_t *state, uint8_t bytes[ENTROPY]) {
    for (int i = 0; i < ENTROPY; i++)
        bytes[i] = (uint8_t)(reference_random(state) >> 32);
}

static void *copy_of(const void *memory, size_t size) {
    void *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy, memory, size);
    return copy;
}

/* Keeps for dims, or NULL where the dropout dim is a batch dim or chance has it; then *same_k. */
static int32_t *make_keeps(byte_source *source, const tdrop_view *view, const tdrop_dims *dims,
                           int32_t *same_k) {
    size_t count, n, said = 0;
    int overlap;
    assert_int_equal(reference_dims(view, dims, &count, &overlap, &n), TDROP_OK);
    assert_int_equal(tdrop_keep_count(view, dims, &said), TDROP_OK);
    assert_int_equal(said, count);
    *same_k = (int32_t)byte_source_below(source, n + 1);
    if (overlap || byte_source_below(source, 8) == 0) return NULL;
    int32_t *keep = malloc((count + 1) * sizeof *keep);
    assert_non_null(keep);
    for (size_t i = 0; i < count; i++) {
        const int32_t some = (int32_t)(i * 2654435761u % (n + 1)), kinds[] = {some, 0, (int32_t)n};
        keep[i] = kinds[byte_source_below(source, 5) % 3];
    }
    return keep;
}

/* The library and the reference write into two copies of the same memory, which have to be equal
 * after it, gaps included. */
static void check_view(uint64_t seed) {
    uint64_t state = seed;
    uint8_t bytes[ENTROPY];
    draw_bytes(&state, bytes);
    byte_source source = {bytes, ENTROPY};
    const tdrop_view shape = random_shape(&source);
    const tdrop_dims dims = random_dims(&source, shape.dims, 0);
    const int in_place = (int)byte_source_below(&source, 2);
    random_view x, y;
    random_view_place(&x, &source, &shape);
    random_view_place(&y, &source, &shape);
    int32_t same_k, *keep = make_keeps(&source, &x.view, &dims, &same_k);
    if (keep) same_k = -1;
    random_view *const to = in_place ? &x : &y;
    unsigned char *const x_before = copy_of(x.memory, x.size), *expected;
    reference_apply(&x.view, &to->view, &dims, keep, same_k);
    expected = copy_of(to->memory, to->size);
    if (in_place) memcpy(x.memory, x_before, x.size);
    assert_int_equal(tdrop_apply(&x.view, &to->view, &dims, keep, same_k, NULL), TDROP_OK);
    if (memcmp(to->memory, expected, to->size) || (!in_place && memcmp(x.memory, x_before, x.size)))
        fail_msg("view %llu differs", (unsigned long long)seed);
    free(x_before);
    free(expected);
    free(keep);
    random_view_free(&x);
    random_view_free(&y);
}

static void test_random_views_equal_index_arithmetic(void **state) {
    (void)state;
    for (uint64_t i = 0; i < VIEWS; i++)
        check_view(i);
}

/* --- Threads --- */

/* As many samples a task as make it uneven, in views whose batch dims merge, and do not. */
static void check_threads(const tdrop_view *x, tdrop_view *y, const tdrop_dims *dims,
                          const int32_t *keep, size_t bytes) {
    const unsigned counts[] = {1, 2, 3};
    void *const expected = malloc(bytes);
    assert_non_null(expected);
    memset(y->data, 0x55, bytes);
    assert_int_equal(tdrop_apply(x, y, dims, keep, 7, NULL), TDROP_OK);
    memcpy(expected, y->data, bytes);
    for (size_t i = 0; i < COUNT(counts); i++) {
        tdrop_pool *pool = NULL;
        assert_int_equal(tdrop_pool_create(&pool, counts[i]), TDROP_OK);
        const tdrop_parallel parallel = tdrop_pool_parallel(pool);
        memset(y->data, 0x55, bytes);
        assert_int_equal(tdrop_apply(x, y, dims, keep, 7, &parallel), TDROP_OK);
        assert_memory_equal(y->data, expected, bytes);
        tdrop_pool_destroy(pool);
    }
    free(expected);
}

static void test_threads_write_the_same(void **state) {
    enum { T = 13, B = 97, F = 301, ELEMENTS = T * B * F };
    const tdrop_dims per_step = {BATCH(2, 0, 1), .dropout = 2};
    uint64_t seed = 5;
    float *const from = malloc(ELEMENTS * sizeof *from), *const to = malloc(ELEMENTS * sizeof *to);
    int32_t *const keep = malloc(T * B * sizeof *keep);
    (void)state;
    assert_true(from && to && keep);
    for (size_t i = 0; i < ELEMENTS; i++)
        from[i] = (float)i;
    for (size_t i = 0; i < T * B; i++)
        keep[i] = (int32_t)(reference_random(&seed) % (F + 1));
    const tdrop_view x = tdrop_view_of(from, sizeof *from, 3, SHAPE(T, B, F));
    tdrop_view y = tdrop_view_of(to, sizeof *to, 3, SHAPE(T, B, F));
    check_threads(&x, &y, &per_step, keep, ELEMENTS * sizeof *to);
    check_threads(&x, &y, &per_step, NULL, ELEMENTS * sizeof *to);
    y.stride[0] = F, y.stride[1] = T * F; /* [B, T, F] seen as [T, B, F] */
    check_threads(&x, &y, &per_step, keep, ELEMENTS * sizeof *to);
    free(from);
    free(to);
    free(keep);
}

/* --- Views written down --- */

enum { MOST_ELEMENTS = 64 };

typedef struct written_case {
    const char *what;
    int dims;
    size_t shape[4];
    ptrdiff_t stride[4]; /* 0s: C order */
    tdrop_dims tail;
    int32_t keep[6];
    const char *expected; /* what 1, 2, 3, ... in memory become, one letter each: kept or zero */
} written_case;

static const written_case written[] = {
    {"rows", 2, {3, 4}, {0}, {0}, {0, 4, 1}, "....kkkkk..."},
    {"dropout dim 0", 2, {3, 4}, {0}, {BATCH(1, 1), .dropout = 0}, {0, 1, 3, 2}, ".kkk..kk..k."},
    {"the same, negative",
     2,
     {3, 4},
     {0},
     {BATCH(1, -1), .dropout = -2},
     {0, 1, 3, 2},
     ".kkk..kk..k."},
    {"one mask over all pixels",
     4,
     {2, 3, 1, 2},
     {0},
     {BATCH(1, 0), .dropout = 1},
     {1, 2},
     "kk....kkkk.."},
    {"channels last",
     4,
     {2, 3, 1, 2},
     {6, 1, 6, 3},
     {BATCH(1, 0), .dropout = 1},
     {1, 2},
     "k..k..kk.kk."},
    {"a mask for each step",
     3,
     {2, 2, 3},
     {0},
     {BATCH(2, 0, 1), .dropout = 2},
     {0, 1, 2, 3},
     "...k..kk.kkk"},
    {"batch dims in the order of the view",
     3,
     {2, 2, 3},
     {0},
     {BATCH(2, 1, 0), .dropout = 2},
     {0, 1, 2, 3},
     "...k..kk.kkk"},
    {"a mask held over time",
     3,
     {2, 2, 3},
     {0},
     {BATCH(1, 1), .dropout = 2},
     {1, 2},
     "k..kk.k..kk."},
    {"one mask for all", 2, {2, 3}, {0}, {BATCH(0, 0), .dropout = -1}, {2}, "kk.kk."},
    {"backward", 2, {2, 3}, {3, -1}, {0}, {1, 2}, "..k.kk"},
    {"with gaps", 2, {2, 2}, {3, 1}, {0}, {1, 0}, "k.k..k"},
    {"one dim, one mask", 1, {4}, {0}, {BATCH(0, 0), .dropout = 0}, {3}, "kkk."},
};

static void check_written(const written_case *c) {
    float memory[MOST_ELEMENTS];
    const size_t size = strlen(c->expected);
    ptrdiff_t first = 0;
    tdrop_view view = tdrop_view_of(memory, sizeof *memory, c->dims, c->shape);
    for (int d = 0; d < c->dims && c->stride[0]; d++) {
        view.stride[d] = c->stride[d];
        if (c->stride[d] < 0) first -= c->stride[d] * (ptrdiff_t)(c->shape[d] - 1);
    }
    view.data = memory + first;
    for (size_t i = 0; i < size; i++)
        memory[i] = (float)(i + 1);
    assert_int_equal(tdrop_apply(&view, &view, &c->tail, c->keep, -1, NULL), TDROP_OK);
    for (size_t i = 0; i < size; i++)
        if (memory[i] != (c->expected[i] == 'k' ? (float)(i + 1) : 0))
            fail_msg("%s: number %zu is %g", c->what, i, memory[i]);
}

static void test_views_written_down(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(written); i++)
        check_written(&written[i]);
}

/* --- What is written --- */

static void test_tail_is_plus_zero_whatever_stood_there(void **state) {
    (void)state;
    static const float odd[] = {NAN, -0.0f, INFINITY, -INFINITY, FLT_TRUE_MIN, -1};
    enum { N = COUNT(odd) };
    float x[2][N], y[2][N];
    const tdrop_view from = tdrop_view_of(x, sizeof(float), 2, SHAPE(2, N));
    const tdrop_view to = tdrop_view_of(y, sizeof(float), 2, SHAPE(2, N));
    static const float zeros[N];
    for (int in_place = 0; in_place < 2; in_place++) {
        memcpy(x[0], odd, sizeof odd);
        memcpy(x[1], odd, sizeof odd);
        memset(y, 0xFF, sizeof y);
        const int32_t keep[] = {N, 0};
        assert_int_equal(tdrop_apply(&from, in_place ? &from : &to, NULL, keep, -1, NULL),
                         TDROP_OK);
        assert_memory_equal(in_place ? x[0] : y[0], odd, sizeof odd);
        assert_memory_equal(in_place ? x[1] : y[1], zeros, sizeof zeros);
    }
}

/* Rows of two pages, of which the first cannot be written: a head that is only stored again as it
 * is would end the program. */
static void test_in_place_writes_tails_alone(void **state) {
    (void)state;
    enum { ROWS = 3 };
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), n = 2 * page / sizeof(float);
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    char *memory = mmap(NULL, ROWS * 2 * page, PROT_READ | PROT_WRITE, flags, -1, 0);
    assert_true(memory != MAP_FAILED);
    memset(memory, 0x55, ROWS * 2 * page);
    for (int i = 0; i < ROWS; i++)
        assert_int_equal(mprotect(memory + (size_t)i * 2 * page, page, PROT_READ), 0);
    const tdrop_view view = tdrop_view_of(memory, sizeof(float), 2, SHAPE(ROWS, n));
    const int32_t half = (int32_t)(n / 2), keep[ROWS] = {half, (int32_t)n, half + 1};
    assert_int_equal(tdrop_apply(&view, &view, NULL, keep, -1, NULL), TDROP_OK);
    for (size_t i = 0; i < ROWS * n; i++) {
        float value, kept, zero = 0;
        memset(&kept, 0x55, sizeof kept);
        memcpy(&value, memory + i * sizeof value, sizeof value);
        assert_memory_equal(&value, i % n < (size_t)keep[i / n] ? &kept : &zero, sizeof value);
    }
    munmap(memory, ROWS * 2 * page);
}

/* Whole and part of nothing: memory of NULL is fine where there are no elements. */
static void test_views_without_elements(void **state) {
    (void)state;
    static const size_t shapes[][3] = {{0, 3, 2}, {3, 0, 2}, {3, 2, 0}, {0, 0, 0}};
    const int32_t keep[3] = {0};
    for (size_t i = 0; i < COUNT(shapes); i++) {
        const tdrop_view view = tdrop_view_of(NULL, 4, 3, shapes[i]);
        size_t count = 7;
        assert_int_equal(tdrop_apply(&view, &view, NULL, keep, -1, NULL), TDROP_OK);
        assert_int_equal(tdrop_apply(&view, &view, NULL, NULL, 0, NULL), TDROP_OK);
        assert_int_equal(tdrop_keep_count(&view, NULL, &count), TDROP_OK);
        assert_int_equal(count, shapes[i][0]);
    }
}

/* One k for all needs no batch, so it does not matter which dims that would be. */
static void test_one_k_on_a_vector(void **state) {
    (void)state;
    int16_t x[5] = {1, 2, 3, 4, 5};
    static const int16_t want[5] = {1, 2, 0, 0, 0};
    const tdrop_view view = tdrop_view_of(x, sizeof *x, 1, SHAPE(5));
    assert_int_equal(tdrop_apply(&view, &view, NULL, NULL, 5, NULL), TDROP_OK);
    assert_int_equal(x[4], 5);
    assert_int_equal(tdrop_apply(&view, &view, NULL, NULL, 2, NULL), TDROP_OK);
    assert_memory_equal(x, want, sizeof want);
}

static void test_view_of_is_in_c_order(void **state) {
    (void)state;
    char memory;
    const tdrop_view view = tdrop_view_of(&memory, 8, 4, SHAPE(2, 3, 4, 5));
    static const ptrdiff_t stride[] = {60, 20, 5, 1};
    assert_ptr_equal(view.data, &memory);
    assert_int_equal(view.element_size, 8);
    assert_int_equal(view.dims, 4);
    for (int d = 0; d < 4; d++) {
        assert_int_equal(view.shape[d], d + 2);
        assert_int_equal(view.stride[d], stride[d]);
    }
}

/* --- Refusals --- */

static float memory[64];

/* Element size, dims, shape and strides of a view of two dims that begins at memory[at]. */
#define VIEW(at, size, ndim, rows, columns, row_stride, stride_)                                   \
    {                                                                                              \
        .data = memory + (at), .element_size = (size), .dims = (ndim), .shape = {rows, columns},   \
        .stride = {                                                                                \
            row_stride,                                                                            \
            stride_                                                                                \
        }                                                                                          \
    }
#define GOOD   VIEW(0, 4, 2, 3, 4, 4, 1)
#define AT(at) VIEW(at, 4, 2, 3, 4, 4, 1)
#define NOWHERE                                                                                    \
    {                                                                                              \
        .element_size = 4, .dims = 2, .shape = {3, 4}, .stride = { 4, 1 }                          \
    }
#define BOTH(...) VIEW(__VA_ARGS__), VIEW(__VA_ARGS__)

static const struct {
    const char *what;
    tdrop_view x, y;
    tdrop_dims dims;
    int32_t keep[3];
    int32_t same_k; /* above -1: instead of keep */
    tdrop_status status;
} refusals[] = {
    {"no data", NOWHERE, NOWHERE, {0}, {0}, -1, TDROP_ERROR_NULL},
    {"no data in y", GOOD, NOWHERE, {0}, {0}, -1, TDROP_ERROR_NULL},
    {"element size 0", BOTH(0, 0, 2, 3, 4, 4, 1), {0}, {0}, -1, TDROP_ERROR_ELEMENT},
    {"element size 3", BOTH(0, 3, 2, 3, 4, 4, 1), {0}, {0}, -1, TDROP_ERROR_ELEMENT},
    {"element size 16", BOTH(0, 16, 2, 3, 4, 4, 1), {0}, {0}, -1, TDROP_ERROR_ELEMENT},
    {"element sizes", GOOD, VIEW(32, 2, 2, 3, 4, 4, 1), {0}, {0}, -1, TDROP_ERROR_ELEMENT},
    {"no dims", BOTH(0, 4, 0, 3, 4, 4, 1), {0}, {0}, -1, TDROP_ERROR_SHAPE},
    {"negative dims", BOTH(0, 4, -1, 3, 4, 4, 1), {0}, {0}, -1, TDROP_ERROR_SHAPE},
    {"nine dims", BOTH(0, 4, 9, 3, 4, 4, 1), {0}, {0}, -1, TDROP_ERROR_SHAPE},
    {"numbers of dims", GOOD, VIEW(32, 4, 1, 3, 4, 4, 1), {0}, {0}, -1, TDROP_ERROR_SHAPE},
    {"shapes", GOOD, VIEW(32, 4, 2, 3, 3, 4, 1), {0}, {0}, -1, TDROP_ERROR_SHAPE},
    {"bytes overflow", BOTH(0, 4, 2, SIZE_MAX / 8, 4, 4, 1), {0}, {0}, -1, TDROP_ERROR_OVERFLOW},
    {"half of memory",
     BOTH(0, 4, 2, SIZE_MAX / 32 + 1, 4, 4, 1),
     {0},
     {0},
     -1,
     TDROP_ERROR_OVERFLOW},
    {"a stride too far",
     BOTH(0, 4, 2, 3, 4, PTRDIFF_MAX / 4, 1),
     {0},
     {0},
     -1,
     TDROP_ERROR_OVERFLOW},
    {"a stride too far back",
     BOTH(0, 4, 2, 3, 4, PTRDIFF_MIN, 1),
     {0},
     {0},
     -1,
     TDROP_ERROR_OVERFLOW},
    {"y a row further", GOOD, AT(4), {0}, {0}, -1, TDROP_ERROR_ALIAS},
    {"y 11 elements further", GOOD, AT(11), {0}, {0}, -1, TDROP_ERROR_ALIAS},
    {"x further", AT(1), GOOD, {0}, {0}, -1, TDROP_ERROR_ALIAS},
    {"other strides", GOOD, VIEW(0, 4, 2, 3, 4, 1, 3), {0}, {0}, -1, TDROP_ERROR_ALIAS},
    {"backward into x", GOOD, VIEW(22, 4, 2, 3, 4, -4, -1), {0}, {0}, -1, TDROP_ERROR_ALIAS},
    {"no dropout dim 2", GOOD, GOOD, {.given = 1, .dropout = 2}, {0}, -1, TDROP_ERROR_DIM},
    {"no dropout dim -3", GOOD, GOOD, {.given = 1, .dropout = -3}, {0}, -1, TDROP_ERROR_DIM},
    {"no batch dim 2", GOOD, GOOD, {BATCH(1, 2)}, {0}, -1, TDROP_ERROR_DIM},
    {"no batch dim -3", GOOD, GOOD, {BATCH(1, -3)}, {0}, -1, TDROP_ERROR_DIM},
    {"smallest dim", GOOD, GOOD, {.given = 1, .dropout = INT32_MIN}, {0}, -1, TDROP_ERROR_DIM},
    {"-1 batch dims", GOOD, GOOD, {.given = 1, .batch_count = -1}, {0}, -1, TDROP_ERROR_DIM},
    {"9 batch dims", GOOD, GOOD, {.given = 1, .batch_count = 9}, {0}, -1, TDROP_ERROR_DIM},
    {"a batch dim twice",
     GOOD,
     GOOD,
     {BATCH(2, 0, 0), .dropout = 1},
     {0},
     -1,
     TDROP_ERROR_DIM_REPEATED},
    {"twice, once negative",
     GOOD,
     GOOD,
     {BATCH(2, 0, -2), .dropout = 1},
     {0},
     -1,
     TDROP_ERROR_DIM_REPEATED},
    {"overlap", GOOD, GOOD, {BATCH(1, 1), .dropout = 1}, {0}, -1, TDROP_ERROR_DIM_OVERLAP},
    {"overlap once resolved",
     GOOD,
     GOOD,
     {BATCH(1, 1), .dropout = -1},
     {0},
     -1,
     TDROP_ERROR_DIM_OVERLAP},
    {"overlap of several",
     GOOD,
     GOOD,
     {BATCH(2, 0, -1), .dropout = 1},
     {0},
     -1,
     TDROP_ERROR_DIM_OVERLAP},
    {"a keep above n", GOOD, GOOD, {0}, {0, 0, 5}, -1, TDROP_ERROR_K},
    {"a keep below 0", GOOD, GOOD, {0}, {0, -1, 0}, -1, TDROP_ERROR_K},
    {"k above n", GOOD, GOOD, {0}, {0}, 5, TDROP_ERROR_K},
};

static void test_refusals_leave_memory_alone(void **state) {
    (void)state;
    float before[COUNT(memory)];
    for (size_t i = 0; i < COUNT(memory); i++)
        before[i] = memory[i] = (float)i + 1;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        const int32_t same_k = refusals[i].same_k;
        const tdrop_status status = tdrop_apply(&refusals[i].x, &refusals[i].y, &refusals[i].dims,
                                                same_k < 0 ? refusals[i].keep : NULL, same_k, NULL);
        if (status != refusals[i].status || memcmp(memory, before, sizeof memory))
            fail_msg("%s: %s", refusals[i].what, tdrop_status_name(status));
    }
}

static void test_refusals_without_a_table(void **state) {
    (void)state;
    const tdrop_view view = GOOD, beside = AT(32);
    const tdrop_dims wrong = {.given = 1, .dropout = 2};
    const int32_t keep[3] = {0};
    size_t count = 77;
    assert_int_equal(tdrop_apply(NULL, &view, NULL, keep, -1, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_apply(&view, NULL, NULL, keep, -1, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_apply(&view, &beside, NULL, NULL, -1, NULL), TDROP_ERROR_K);
    assert_int_equal(tdrop_apply(&view, &beside, NULL, NULL, INT32_MIN, NULL), TDROP_ERROR_K);
    assert_int_equal(tdrop_keep_count(NULL, NULL, &count), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_keep_count(&view, NULL, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_keep_count(&view, &wrong, &count), TDROP_ERROR_DIM);
    assert_int_equal(count, 77);
    const tdrop_view many = tdrop_view_of(memory, 4, 9, SHAPE(1, 1, 1, 1, 1, 1, 1, 1, 1));
    assert_int_equal(tdrop_apply(&many, &many, NULL, keep, -1, NULL), TDROP_ERROR_SHAPE);
    const tdrop_view huge = tdrop_view_of(NULL, 4, 3, SHAPE(SIZE_MAX / 2, 0, 4));
    assert_int_equal(tdrop_apply(&huge, &huge, NULL, NULL, 0, NULL), TDROP_ERROR_OVERFLOW);
}

/* Side by side is fine; rows between the rows of the other view are not, since the stretches meet.
 */
static void test_neighbours_are_no_aliases(void **state) {
    (void)state;
    const tdrop_view x = GOOD, y = AT(12);
    const int32_t keep[3] = {1, 2, 3};
    assert_int_equal(tdrop_apply(&x, &y, NULL, keep, -1, NULL), TDROP_OK);
    assert_int_equal(tdrop_apply(&y, &x, NULL, keep, -1, NULL), TDROP_OK);
    const tdrop_view even = VIEW(0, 4, 2, 3, 4, 8, 1), odd = VIEW(4, 4, 2, 3, 4, 8, 1);
    assert_int_equal(tdrop_apply(&even, &odd, NULL, keep, -1, NULL), TDROP_ERROR_ALIAS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_views_equal_index_arithmetic),
        cmocka_unit_test(test_threads_write_the_same),
        cmocka_unit_test(test_views_written_down),
        cmocka_unit_test(test_tail_is_plus_zero_whatever_stood_there),
        cmocka_unit_test(test_in_place_writes_tails_alone),
        cmocka_unit_test(test_views_without_elements),
        cmocka_unit_test(test_one_k_on_a_vector),
        cmocka_unit_test(test_view_of_is_in_c_order),
        cmocka_unit_test(test_refusals_leave_memory_alone),
        cmocka_unit_test(test_refusals_without_a_table),
        cmocka_unit_test(test_neighbours_are_no_aliases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
