/* SPDX-License-Identifier: MIT
 * The three products against plain loops, bit for bit: every instruction set this machine has,
 * any number of threads, awkward sizes, every kind of tail.
 *
 * Inputs end with a page that cannot be touched, right behind the last element that is kept; what
 * is not kept before that is NaN. Results lie in memory with a mark on it, and what is not theirs
 * to write has to bear the mark afterwards: whole buffers are compared, strides and tails included.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gemm/staircase.h"
#include "guarded.h"
#include "reference_products.h"
#include "taildropout.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { MAX_ROWS = 1200, RANDOM_CASES = 300, RUNS = 6 };

/* --- Ways to run tasks --- */

/* The last task first, and a worker id that wanders: "in any order" taken at its word. */
static void run_backwards(void *context, size_t tasks,
                          void (*task)(void *arg, size_t index, unsigned worker), void *arg) {
    const unsigned *workers = context;
    for (size_t t = tasks; t > 0; t--)
        task(arg, t - 1, (unsigned)(t * 7 % *workers));
}

static unsigned backwards_workers = 5;
static const unsigned thread_counts[] = {1, 2, 3, 8};

/* What all tests share: pools, and one staircase used for everything. */
static struct {
    tdrop_pool *pools[COUNT(thread_counts)];
    tdrop_parallel loops[RUNS];
    tdrop_staircase *stairs;
} shared;

/* NULL, the caller's own thread, is one of the ways. */
static const tdrop_parallel *way(size_t run) {
    return shared.loops[run].run != NULL ? &shared.loops[run] : NULL;
}

static unsigned workers_of(const tdrop_parallel *loop) {
    return loop != NULL ? loop->workers : 1;
}

static int start(void **state) {
    (void)state;
    for (size_t t = 0; t < COUNT(thread_counts); t++) {
        if (tdrop_pool_create(&shared.pools[t], thread_counts[t]) != TDROP_OK) return -1;
        shared.loops[t] = tdrop_pool_parallel(shared.pools[t]);
    }
    shared.loops[COUNT(thread_counts)] =
        (tdrop_parallel){&backwards_workers, backwards_workers, run_backwards};
    return tdrop_staircase_create(&shared.stairs, MAX_ROWS) == TDROP_OK ? 0 : -1;
}

static int stop(void **state) {
    (void)state;
    for (size_t t = 0; t < COUNT(thread_counts); t++)
        tdrop_pool_destroy(shared.pools[t]);
    tdrop_staircase_destroy(shared.stairs);
    return 0;
}

/* --- Cases --- */

typedef enum keep_mode {
    KEEP_DENSE, /* NULL */
    KEEP_NONE,
    KEEP_ALL,
    KEEP_ANY,
    KEEP_ENDS, /* nothing or all */
    KEEP_MODES
} keep_mode;

typedef enum gate_mode { GATE_NONE, GATE_SEPARATE, GATE_IN_PLACE, GATE_MODES } gate_mode;

/* Of tiny values the products underflow to zeros with a sign. */
typedef enum value_mode { VALUES_PLAIN, VALUES_TINY, VALUE_MODES } value_mode;

typedef struct product_case {
    size_t rows, inputs, outputs;
    keep_mode in, out;
    tdrop_activation activation;
    gate_mode gate;
    value_mode values;
    bool bias, db;
    size_t slack; /* of strides beyond their columns */
} product_case;

static const product_case edges[] = {
    {.rows = 0, .inputs = 7, .outputs = 5, .in = KEEP_ANY, .out = KEEP_ANY, .bias = true},
    {.rows = 0, .inputs = 1, .outputs = 1, .db = true},
    {.rows = 1, .inputs = 1, .outputs = 1, .bias = true, .db = true},
    {.rows = 1, .inputs = 1000, .outputs = 1, .in = KEEP_ANY},
    {.rows = 1, .inputs = 1, .outputs = 1000, .out = KEEP_ANY, .slack = 3},
    {.rows = 1, .inputs = 130, .outputs = 130, .in = KEEP_NONE, .bias = true, .slack = 1},
    {.rows = 1, .inputs = 130, .outputs = 130, .out = KEEP_NONE, .db = true},
    {.rows = 6, .inputs = 64, .outputs = 64, .bias = true, .db = true},
    {.rows = 12, .inputs = 16, .outputs = 128, .in = KEEP_ALL, .out = KEEP_ALL},
    {.rows = 100, .inputs = 65, .outputs = 33, .in = KEEP_NONE, .out = KEEP_NONE, .db = true},
    {.rows = 100, .inputs = 33, .outputs = 65, .in = KEEP_ENDS, .out = KEEP_ENDS, .bias = true},
    {.rows = 1200, .inputs = 3, .outputs = 2, .in = KEEP_ANY, .out = KEEP_ANY, .db = true},
    {.rows = 1199, .inputs = 17, .outputs = 70, .out = KEEP_ANY, .bias = true},
    {.rows = 300, .inputs = 520, .outputs = 131, .in = KEEP_ANY, .bias = true, .db = true},
    {.rows = 301, .inputs = 129, .outputs = 515, .out = KEEP_ANY, .gate = GATE_SEPARATE},
    {.rows = 515, .inputs = 257, .outputs = 259, .in = KEEP_ANY, .out = KEEP_ANY, .slack = 5},
    {.rows = 70, .inputs = 1100, .outputs = 70, .slack = 2, .bias = true, .db = true},
    {.rows = 70, .inputs = 70, .outputs = 1100, .in = KEEP_ANY, .gate = GATE_IN_PLACE},
};

static const size_t awkward[] = {1, 2, 5, 6, 7, 15, 16, 17, 31, 33, 63, 64, 65, 100, 130};

static product_case random_case(uint64_t *random) {
    product_case c = {
        .rows = awkward[reference_random_below(random, COUNT(awkward))],
        .inputs = awkward[reference_random_below(random, COUNT(awkward))],
        .outputs = awkward[reference_random_below(random, COUNT(awkward))],
        .in = (keep_mode)reference_random_below(random, KEEP_MODES),
        .out = (keep_mode)reference_random_below(random, KEEP_MODES),
        .activation = (tdrop_activation)reference_random_below(random, 2),
        .gate = (gate_mode)reference_random_below(random, GATE_MODES),
        .values = reference_random_below(random, 4) == 0 ? VALUES_TINY : VALUES_PLAIN,
        .bias = reference_random_below(random, 2) == 0,
        .db = reference_random_below(random, 2) == 0,
        .slack = reference_random_below(random, 3) * reference_random_below(random, 20),
    };
    if (c.values == VALUES_TINY) c.bias = false; /* that has a test of its own */
    return c;
}

/* --- Matrices --- */

typedef struct matrix {
    guarded buffer;
    float *at;
    size_t rows, columns, stride;
    const int32_t *keep;
} matrix;

static size_t matrix_kept(const matrix *m, size_t row) {
    return m->keep != NULL ? (size_t)m->keep[row] : m->columns;
}

/* Not an element more than what is kept of the last row. */
static matrix matrix_create(size_t rows, size_t columns, size_t stride, const int32_t *keep,
                            int fill) {
    matrix m = {.rows = rows, .columns = columns, .stride = stride, .keep = keep};
    const size_t floats = rows > 0 ? (rows - 1) * stride + matrix_kept(&m, rows - 1) : 0;
    guarded_create(&m.buffer, floats * sizeof(float), fill);
    m.at = (float *)(void *)m.buffer.data;
    return m;
}

static float random_value(uint64_t *random, value_mode values) {
    const uint64_t bits = reference_random(random);
    const float plain = (float)((int64_t)(bits >> 40) - (1 << 23)) * 0x1p-23f;
    if (bits % 16 == 0) return bits & 16 ? 0.0f : -0.0f;
    return values == VALUES_TINY && bits % 16 < 12 ? plain * 0x1p-80f : plain;
}

static matrix matrix_random(size_t rows, size_t columns, size_t stride, const int32_t *keep,
                            uint64_t *random, value_mode values) {
    matrix m = matrix_create(rows, columns, stride, keep, GUARDED_NAN);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < matrix_kept(&m, i); j++)
            m.at[i * stride + j] = random_value(random, values);
    return m;
}

/* The kept part of one matrix into another of its shape. */
static void matrix_copy(matrix *to, const matrix *from) {
    for (size_t i = 0; i < from->rows; i++)
        for (size_t j = 0; j < matrix_kept(from, i); j++)
            to->at[i * to->stride + j] = from->at[i * from->stride + j];
}

static void matrix_destroy(matrix *m) {
    guarded_destroy(&m->buffer);
}

static reference_matrix of(const matrix *m) {
    return (reference_matrix){m->at, m->stride};
}

/* --- A problem: a case with its numbers and what should come out --- */

typedef struct problem {
    product_case c;
    tdrop_isa isa;
    size_t run;
    reference_shape shape;
    int32_t *keeps;
    matrix x, dy, w, gate, bias;
    matrix y, dx, dw, db; /* as they should come out */
    tdrop_linear *layer;
    uint64_t random;
} problem;

static const float *bias_of(const problem *p) {
    return p->c.bias ? p->bias.at : NULL;
}

static void draw_keep(uint64_t *random, int32_t *keep, size_t rows, size_t n, keep_mode mode) {
    for (size_t i = 0; i < rows; i++) {
        const size_t any = reference_random_below(random, n + 1);
        const size_t k[KEEP_MODES] = {n, 0, n, any, any % 2 * n};
        keep[i] = (int32_t)k[mode];
    }
}

static void problem_keeps(problem *p) {
    const product_case *c = &p->c;
    p->keeps = calloc(2 * c->rows + 1, sizeof *p->keeps);
    assert_non_null(p->keeps);
    draw_keep(&p->random, p->keeps, c->rows, c->inputs, c->in);
    draw_keep(&p->random, p->keeps + c->rows, c->rows, c->outputs, c->out);
    p->shape =
        (reference_shape){c->rows, c->inputs, c->outputs, c->in != KEEP_DENSE ? p->keeps : NULL,
                          c->out != KEEP_DENSE ? p->keeps + c->rows : NULL};
}

static void problem_inputs(problem *p) {
    const product_case *c = &p->c;
    const reference_shape *s = &p->shape;
    const size_t in_stride = c->inputs + c->slack, out_stride = c->outputs + 2 * c->slack;
    uint64_t *random = &p->random;
    p->x = matrix_random(c->rows, c->inputs, in_stride, s->keep_in, random, c->values);
    p->gate = matrix_random(c->rows, c->inputs, in_stride, s->keep_in, random, VALUES_PLAIN);
    p->dy = matrix_random(c->rows, c->outputs, out_stride, s->keep_out, random, c->values);
    p->w = matrix_random(c->outputs, c->inputs, in_stride, NULL, random, c->values);
    p->bias = matrix_random(1, c->outputs, c->outputs, NULL, random, c->values);
    if (p->gate.buffer.size > 0)
        p->gate.at[0] = c->rows % 2 == 0 ? NAN : -1; /* a gate of NaN is shut */
}

/* Buffers for results, as they are before a product. */
static matrix fresh_y(const problem *p) {
    const product_case *c = &p->c;
    return matrix_create(c->rows, c->outputs, c->outputs + c->slack, p->shape.keep_out,
                         GUARDED_MARK);
}

static matrix fresh_dx(const problem *p) {
    const product_case *c = &p->c;
    matrix dx =
        matrix_create(c->rows, c->inputs, c->inputs + c->slack, p->shape.keep_in, GUARDED_MARK);
    if (c->gate == GATE_IN_PLACE) matrix_copy(&dx, &p->gate);
    return dx;
}

static matrix fresh_dw(const problem *p) {
    const product_case *c = &p->c;
    return matrix_create(c->outputs, c->inputs, c->inputs + c->slack, NULL, GUARDED_MARK);
}

static matrix fresh_db(const problem *p) {
    return matrix_create(1, p->c.outputs, p->c.outputs, NULL, GUARDED_MARK);
}

static const float *gate_for(const problem *p, const matrix *dx) {
    const float *const gates[GATE_MODES] = {NULL, p->gate.at, dx->at};
    return gates[p->c.gate];
}

static void problem_references(problem *p) {
    const reference_shape *s = &p->shape;
    const uint32_t *order = shared.stairs->order;
    p->y = fresh_y(p);
    p->dx = fresh_dx(p);
    p->dw = fresh_dw(p);
    p->db = fresh_db(p);
    reference_forward(s, of(&p->x), of(&p->w), bias_of(p), p->c.activation, p->y.at, p->y.stride);
    reference_backward_input(s, of(&p->dy), of(&p->w), gate_for(p, &p->dx), p->dx.at, p->dx.stride);
    reference_backward_weights(s, order, of(&p->dy), of(&p->x), p->dw.at, p->dw.stride,
                               p->c.db ? p->db.at : NULL);
}

static void set_stairs(const reference_shape *s) {
    assert_int_equal(
        tdrop_staircase_set(shared.stairs, s->rows, s->inputs, s->keep_in, s->outputs, s->keep_out),
        TDROP_OK);
}

static problem problem_create(const product_case *c, tdrop_isa isa, uint64_t seed) {
    problem p = {.c = *c, .isa = isa, .random = seed};
    const tdrop_linear_options options = {.isa = isa, .activation = c->activation};
    const tdrop_status status = tdrop_linear_create(&p.layer, c->inputs, c->outputs, &options);
    if (status == TDROP_ERROR_ISA) skip();
    assert_int_equal(status, TDROP_OK);
    problem_keeps(&p);
    problem_inputs(&p);
    set_stairs(&p.shape);
    problem_references(&p);
    return p;
}

static void problem_destroy(problem *p) {
    matrix *matrices[] = {&p->x, &p->dy, &p->w, &p->gate, &p->bias, &p->y, &p->dx, &p->dw, &p->db};
    for (size_t m = 0; m < COUNT(matrices); m++)
        matrix_destroy(matrices[m]);
    free(p->keeps);
    tdrop_linear_destroy(p->layer);
}

/* --- Checking --- */

static void fail_problem(const problem *p, const char *what, const char *how) {
    const product_case *c = &p->c;
    fail_msg("%s %s: isa %s, way %zu, rows %zu, inputs %zu (keep mode %d), outputs %zu (%d), "
             "activation %d, gate %d, values %d, bias %d, db %d, slack %zu",
             what, how, tdrop_isa_name(p->isa), p->run, c->rows, c->inputs, (int)c->in, c->outputs,
             (int)c->out, (int)c->activation, (int)c->gate, (int)c->values, c->bias, c->db,
             c->slack);
}

static void check_result(const problem *p, const char *what, tdrop_status status, matrix *got,
                         const matrix *want) {
    if (status != TDROP_OK) fail_problem(p, what, tdrop_status_name(status));
    if (!guarded_untouched(&got->buffer, got->buffer.size))
        fail_problem(p, what, "wrote before its buffer");
    if (memcmp(got->buffer.data, want->buffer.data, want->buffer.size) != 0)
        fail_problem(p, what, "differs from the reference");
    matrix_destroy(got);
}

/* As large as asked for and not a byte more; at any address. */
typedef struct workspace {
    guarded buffer;
    size_t size;
} workspace;

static workspace workspace_create(problem *p) {
    workspace ws = {.size = tdrop_linear_workspace(p->layer, p->c.rows, workers_of(way(p->run)))};
    guarded_create(&ws.buffer, ws.size + reference_random_below(&p->random, 64), GUARDED_NAN);
    return ws;
}

static void workspace_destroy(const problem *p, workspace *ws) {
    if (!guarded_untouched(&ws->buffer, ws->size))
        fail_problem(p, "the product", "wrote outside its workspace");
    guarded_destroy(&ws->buffer);
}

static void check_forward(problem *p) {
    workspace ws = workspace_create(p);
    matrix y = fresh_y(p);
    const tdrop_status status =
        tdrop_linear_forward(p->layer, shared.stairs, p->x.at, p->x.stride, y.at, y.stride,
                             ws.buffer.data, ws.size, way(p->run));
    check_result(p, "forward", status, &y, &p->y);
    workspace_destroy(p, &ws);
}

static void check_backward_input(problem *p) {
    workspace ws = workspace_create(p);
    matrix dx = fresh_dx(p);
    const tdrop_status status = tdrop_linear_backward_input(
        p->layer, shared.stairs, p->dy.at, p->dy.stride, gate_for(p, &dx), dx.at, dx.stride,
        ws.buffer.data, ws.size, way(p->run));
    check_result(p, "backward to the input", status, &dx, &p->dx);
    workspace_destroy(p, &ws);
}

static void check_backward_weights(problem *p) {
    workspace ws = workspace_create(p);
    matrix dw = fresh_dw(p), db = fresh_db(p);
    const tdrop_status status = tdrop_linear_backward_weights(
        p->layer, shared.stairs, p->dy.at, p->dy.stride, p->x.at, p->x.stride, dw.at, dw.stride,
        p->c.db ? db.at : NULL, ws.buffer.data, ws.size, way(p->run));
    check_result(p, "backward to the weights", status, &dw, &p->dw);
    check_result(p, "backward to the bias", status, &db, &p->db);
    workspace_destroy(p, &ws);
}

static void set_weights(problem *p, unsigned packings) {
    assert_int_equal(tdrop_linear_set_weights(p->layer, p->w.at, p->w.stride, bias_of(p), packings,
                                              NULL, way(p->run)),
                     TDROP_OK);
}

/* Packs what the staircase needs over weights that are NaN, so that one read beyond it shows. */
static void set_weights_below_stairs(problem *p, unsigned packings) {
    const size_t count = p->c.outputs * p->c.inputs;
    float *nan = malloc((count + 1) * sizeof *nan);
    assert_non_null(nan);
    for (size_t i = 0; i < count; i++)
        nan[i] = NAN;
    assert_int_equal(
        tdrop_linear_set_weights(p->layer, nan, p->c.inputs, NULL, packings, NULL, NULL), TDROP_OK);
    assert_int_equal(tdrop_linear_set_weights(p->layer, p->w.at, p->w.stride, bias_of(p), packings,
                                              shared.stairs, way(p->run)),
                     TDROP_OK);
    free(nan);
}

static void check_case(const product_case *c, tdrop_isa isa, uint64_t seed) {
    problem p = problem_create(c, isa, seed);
    for (p.run = 0; p.run < RUNS; p.run++) {
        if (p.run % 2)
            set_weights_below_stairs(&p, TDROP_PACK_FORWARD | TDROP_PACK_BACKWARD);
        else
            set_weights(&p, TDROP_PACK_FORWARD | TDROP_PACK_BACKWARD);
        check_forward(&p);
        check_backward_input(&p);
        set_weights(&p, TDROP_PACK_AS_USED);
        check_forward(&p);
        check_backward_input(&p);
        check_backward_weights(&p);
    }
    problem_destroy(&p);
}

static tdrop_isa isa_of(void **state) {
    return *(const tdrop_isa *)*state;
}

static void test_edges_equal_the_reference(void **state) {
    for (size_t e = 0; e < COUNT(edges); e++)
        check_case(&edges[e], isa_of(state), e);
}

static void test_random_cases_equal_the_reference(void **state) {
    uint64_t random = 2018;
    for (size_t i = 0; i < RANDOM_CASES; i++) {
        const product_case c = random_case(&random);
        check_case(&c, isa_of(state), random);
    }
}

/* Chains that underflow to -0.0 and end at a bias of -0.0, which counts as 0.0: else the zeros that
 * a tile adds for its longer rows would show in the sign. */
static void test_signed_zeros_equal_the_reference(void **state) {
    for (size_t i = 0; i < 40; i++) {
        const product_case c = {.rows = awkward[i % COUNT(awkward)],
                                .inputs = 9,
                                .outputs = awkward[i * 7 % COUNT(awkward)],
                                .in = KEEP_ANY,
                                .out = i % 2 ? KEEP_ANY : KEEP_DENSE,
                                .activation = (tdrop_activation)(i / 2 % 2),
                                .values = VALUES_TINY,
                                .bias = true,
                                .db = true};
        check_case(&c, isa_of(state), i);
    }
}

/* New weights replace old ones; one packing alone serves its product alone. */
static void test_weights_can_be_set_again(void **state) {
    const product_case c = {.rows = 33, .inputs = 65, .outputs = 17, .in = KEEP_ANY, .bias = true};
    problem p = problem_create(&c, isa_of(state), 5);
    problem other = problem_create(&c, isa_of(state), 6);
    set_stairs(&p.shape);
    assert_int_equal(
        tdrop_linear_set_weights(p.layer, other.w.at, other.w.stride, NULL, 3, NULL, NULL),
        TDROP_OK);
    set_weights(&p, TDROP_PACK_FORWARD);
    check_forward(&p);
    set_weights(&p, TDROP_PACK_BACKWARD);
    check_backward_input(&p);
    problem_destroy(&other);
    problem_destroy(&p);
}

/* The layer copies weights and bias: the caller's are gone when the products run. */
static void test_weights_are_copied(void **state) {
    const product_case c = {.rows = 7, .inputs = 31, .outputs = 33, .out = KEEP_ANY, .bias = true};
    problem p = problem_create(&c, isa_of(state), 7);
    set_weights(&p, TDROP_PACK_FORWARD | TDROP_PACK_BACKWARD);
    guarded_refill(&p.w.buffer);
    guarded_refill(&p.bias.buffer);
    check_forward(&p);
    check_backward_input(&p);
    problem_destroy(&p);
}

/* --- Against double --- */

/* max |got - want| <= 1e-5 max |want|, over what is kept */
static void assert_near(const matrix *got, const double *want) {
    double largest = 0, worst = 0;
    for (size_t i = 0; i < got->rows; i++)
        for (size_t j = 0; j < matrix_kept(got, i); j++) {
            const double w = want[i * got->columns + j];
            largest = fmax(largest, fabs(w));
            worst = fmax(worst, fabs((double)got->at[i * got->stride + j] - w));
        }
    assert_true(largest > 0);
    if (!(worst <= 1e-5 * largest)) fail_msg("off by %g where the largest is %g", worst, largest);
}

/* The references stand for the products here; that they are equal is tested above. */
static void test_products_are_near_to_double(void **state) {
    enum { N = 300 };
    static double y[N * N], dx[N * N], dw[N * N], db[N];
    for (unsigned tails = 0; tails < 4; tails++) {
        const product_case c = {.rows = N,
                                .inputs = N,
                                .outputs = N,
                                .in = tails & 1 ? KEEP_ANY : KEEP_DENSE,
                                .out = tails & 2 ? KEEP_ANY : KEEP_DENSE,
                                .bias = true,
                                .db = true};
        check_case(&c, isa_of(state), tails);
        problem p = problem_create(&c, isa_of(state), tails);
        reference_forward_double(&p.shape, of(&p.x), of(&p.w), bias_of(&p), y);
        reference_backward_input_double(&p.shape, of(&p.dy), of(&p.w), dx);
        reference_backward_weights_double(&p.shape, of(&p.dy), of(&p.x), dw, db);
        assert_near(&p.y, y);
        assert_near(&p.dx, dx);
        assert_near(&p.dw, dw);
        assert_near(&p.db, db);
        problem_destroy(&p);
    }
}

/* --- Dense, and cut --- */

static matrix plain_matrix(size_t rows, size_t columns) {
    return matrix_create(rows, columns, columns, NULL, GUARDED_MARK);
}

static void *spare(const tdrop_linear *layer, size_t rows, size_t *size) {
    *size = tdrop_linear_workspace(layer, rows, 1);
    void *memory = malloc(*size + 1);
    assert_non_null(memory);
    return memory;
}

/* y of a fresh layer with the first shape->inputs columns and shape->outputs rows of w. */
static matrix forward_of(tdrop_isa isa, const reference_shape *shape, const matrix *x,
                         const matrix *w, const float *bias) {
    tdrop_linear *layer = NULL;
    size_t size = 0;
    matrix y = plain_matrix(shape->rows, shape->outputs);
    assert_int_equal(tdrop_linear_create(&layer, shape->inputs, shape->outputs,
                                         &(tdrop_linear_options){.isa = isa}),
                     TDROP_OK);
    void *memory = spare(layer, shape->rows, &size);
    set_stairs(shape);
    assert_int_equal(
        tdrop_linear_set_weights(layer, w->at, w->stride, bias, TDROP_PACK_FORWARD, NULL, NULL),
        TDROP_OK);
    assert_int_equal(tdrop_linear_forward(layer, shared.stairs, x->at, x->stride, y.at, y.stride,
                                          memory, size, NULL),
                     TDROP_OK);
    free(memory);
    tdrop_linear_destroy(layer);
    return y;
}

static matrix backward_of(tdrop_isa isa, const reference_shape *shape, const matrix *dy,
                          const matrix *w) {
    tdrop_linear *layer = NULL;
    size_t size = 0;
    matrix dx = plain_matrix(shape->rows, shape->inputs);
    assert_int_equal(tdrop_linear_create(&layer, shape->inputs, shape->outputs,
                                         &(tdrop_linear_options){.isa = isa}),
                     TDROP_OK);
    void *memory = spare(layer, shape->rows, &size);
    set_stairs(shape);
    assert_int_equal(
        tdrop_linear_set_weights(layer, w->at, w->stride, NULL, TDROP_PACK_BACKWARD, NULL, NULL),
        TDROP_OK);
    assert_int_equal(tdrop_linear_backward_input(layer, shared.stairs, dy->at, dy->stride, NULL,
                                                 dx.at, dx.stride, memory, size, NULL),
                     TDROP_OK);
    free(memory);
    tdrop_linear_destroy(layer);
    return dx;
}

/* Both have the same rows; the columns of the narrower one are compared. */
static void assert_same_columns(matrix a, matrix b) {
    const size_t columns = a.columns < b.columns ? a.columns : b.columns;
    for (size_t i = 0; i < a.rows; i++)
        assert_memory_equal(a.at + i * a.stride, b.at + i * b.stride, columns * sizeof(float));
    matrix_destroy(&a);
    matrix_destroy(&b);
}

static const size_t cut_sizes[][3] = {{1, 1, 1}, {7, 17, 33}, {65, 130, 64}, {100, 64, 130}};

static void test_keeping_all_is_dense(void **state) {
    const tdrop_isa isa = isa_of(state);
    for (size_t s = 0; s < COUNT(cut_sizes); s++) {
        const size_t *z = cut_sizes[s];
        const product_case c = {.rows = z[0], .inputs = z[1], .outputs = z[2]};
        problem p = problem_create(&c, isa, s);
        const reference_shape dense = p.shape;
        const reference_shape all = {z[0], z[1], z[2], p.keeps, p.keeps + z[0]};
        assert_same_columns(forward_of(isa, &dense, &p.x, &p.w, p.bias.at),
                            forward_of(isa, &all, &p.x, &p.w, p.bias.at));
        assert_same_columns(backward_of(isa, &dense, &p.dy, &p.w),
                            backward_of(isa, &all, &p.dy, &p.w));
        problem_destroy(&p);
    }
}

static const int32_t *constant(int32_t *keep, size_t rows, size_t k) {
    for (size_t i = 0; i < rows; i++)
        keep[i] = (int32_t)k;
    return keep;
}

/* Cut to k inputs, to k outputs: the same bits as the whole layer that keeps k. */
static void check_cut(tdrop_isa isa, const problem *p, size_t inputs, size_t outputs) {
    static int32_t keep_in[MAX_ROWS], keep_out[MAX_ROWS];
    const size_t rows = p->c.rows;
    const reference_shape kept = {rows, p->c.inputs, p->c.outputs, constant(keep_in, rows, inputs),
                                  constant(keep_out, rows, outputs)};
    const reference_shape cut = {rows, inputs, outputs, NULL, NULL};
    const reference_shape cut_in = {rows, inputs, p->c.outputs, NULL, NULL};
    const reference_shape kept_in = {rows, p->c.inputs, p->c.outputs, keep_in, NULL};
    assert_same_columns(forward_of(isa, &cut, &p->x, &p->w, p->bias.at),
                        forward_of(isa, &kept, &p->x, &p->w, p->bias.at));
    assert_same_columns(forward_of(isa, &cut_in, &p->x, &p->w, p->bias.at),
                        forward_of(isa, &kept_in, &p->x, &p->w, p->bias.at));
    assert_same_columns(backward_of(isa, &cut, &p->dy, &p->w),
                        backward_of(isa, &kept, &p->dy, &p->w));
}

static void test_a_cut_layer_equals_the_whole_one(void **state) {
    const tdrop_isa isa = isa_of(state);
    for (size_t s = 0; s < COUNT(cut_sizes); s++) {
        const size_t *z = cut_sizes[s];
        const product_case c = {.rows = z[0], .inputs = z[1], .outputs = z[2]};
        problem p = problem_create(&c, isa, s);
        for (size_t k = 1; k <= z[1]; k += 1 + k / 4)
            check_cut(isa, &p, k, 1 + (k * 5) % z[2]);
        problem_destroy(&p);
    }
}

/* --- NaN and infinity --- */

static void assert_other_rows_same(matrix before, matrix after, size_t row, const int32_t *keep) {
    for (size_t i = 0; i < before.rows; i++)
        if (i != row)
            assert_memory_equal(before.at + i * before.stride, after.at + i * after.stride,
                                (keep != NULL ? (size_t)keep[i] : before.columns) * sizeof(float));
    matrix_destroy(&before);
    matrix_destroy(&after);
}

/* What is not finite in a row stays in that row. */
static void test_not_finite_stays_in_its_row(void **state) {
    static const float values[] = {NAN, INFINITY, -INFINITY};
    const tdrop_isa isa = isa_of(state);
    const product_case c = {
        .rows = 33, .inputs = 17, .outputs = 65, .in = KEEP_ANY, .out = KEEP_ANY};
    for (size_t v = 0; v < COUNT(values); v++)
        for (size_t row = 0; row < c.rows; row++) {
            problem p = problem_create(&c, isa, v);
            const reference_shape *s = &p.shape;
            matrix y = forward_of(isa, s, &p.x, &p.w, NULL);
            matrix dx = backward_of(isa, s, &p.dy, &p.w);
            if (s->keep_in[row] > 0) p.x.at[row * p.x.stride] = values[v];
            if (s->keep_out[row] > 0) p.dy.at[row * p.dy.stride] = values[v];
            assert_other_rows_same(y, forward_of(isa, s, &p.x, &p.w, NULL), row, s->keep_out);
            assert_other_rows_same(dx, backward_of(isa, s, &p.dy, &p.w), row, s->keep_in);
            problem_destroy(&p);
        }
}

static void test_relu_of_nan_is_nan(void **state) {
    enum { ROWS = 9, INPUTS = 5, OUTPUTS = 70 };
    static float x[ROWS * INPUTS], w[OUTPUTS * INPUTS], y[ROWS * OUTPUTS];
    const tdrop_linear_options options = {.isa = isa_of(state),
                                          .activation = TDROP_ACTIVATION_RELU};
    tdrop_linear *layer = NULL;
    const tdrop_status status = tdrop_linear_create(&layer, INPUTS, OUTPUTS, &options);
    if (status == TDROP_ERROR_ISA) skip();
    size_t size = 0;
    void *memory = spare(layer, ROWS, &size);
    for (size_t i = 0; i < COUNT(w); i++)
        w[i] = i % 2 ? 1 : -1;
    for (size_t i = 0; i < COUNT(x); i++)
        x[i] = i / INPUTS % 2 ? NAN : 1;
    set_stairs(&(reference_shape){ROWS, INPUTS, OUTPUTS, NULL, NULL});
    assert_int_equal(
        tdrop_linear_set_weights(layer, w, INPUTS, NULL, TDROP_PACK_FORWARD, NULL, NULL), TDROP_OK);
    assert_int_equal(
        tdrop_linear_forward(layer, shared.stairs, x, INPUTS, y, OUTPUTS, memory, size, NULL),
        TDROP_OK);
    for (size_t i = 0; i < COUNT(y); i++)
        if (i / OUTPUTS % 2)
            assert_true(isnan(y[i]));
        else
            assert_true(y[i] >= 0 && y[i] <= INPUTS);
    free(memory);
    tdrop_linear_destroy(layer);
}

/* --- Refusals --- */

static void test_create_refusals(void **state) {
    (void)state;
    char mark;
    tdrop_linear *const untouched = (void *)&mark;
    tdrop_linear *layer = untouched;
    const size_t large = (size_t)1 << 31;
    const tdrop_linear_options reserved[] = {{.reserved = {1, 0}}, {.reserved = {0, 1}}};
    assert_int_equal(tdrop_linear_create(NULL, 1, 1, NULL), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_linear_create(&layer, 0, 1, NULL), TDROP_ERROR_SIZE);
    assert_int_equal(tdrop_linear_create(&layer, 1, 0, NULL), TDROP_ERROR_SIZE);
    assert_int_equal(tdrop_linear_create(&layer, large, 1, NULL), TDROP_ERROR_SIZE);
    assert_int_equal(tdrop_linear_create(&layer, 1, large, NULL), TDROP_ERROR_SIZE);
    assert_int_equal(tdrop_linear_create(&layer, SIZE_MAX, SIZE_MAX, NULL), TDROP_ERROR_SIZE);
    assert_int_equal(tdrop_linear_create(&layer, 1, 1, &reserved[0]), TDROP_ERROR_RESERVED);
    assert_int_equal(tdrop_linear_create(&layer, 1, 1, &reserved[1]), TDROP_ERROR_RESERVED);
    assert_ptr_equal(layer, untouched);
    tdrop_linear_destroy(NULL);
}

enum { ROWS = 6, INPUTS = 5, OUTPUTS = 4 };

/* The arguments of the three products, right as they stand; a refusal spoils one. */
typedef struct arguments {
    tdrop_linear *layer;
    tdrop_staircase *stairs;
    const float *x, *dy;
    float *y, *dx, *dw;
    size_t in_stride, out_stride, x_stride, dy_stride;
    void *workspace;
    size_t size;
} arguments;

static float inputs_of_all[ROWS * 8], result[ROWS * 8];

static arguments right_arguments(void) {
    static unsigned char memory[1 << 20];
    static const float w[OUTPUTS * INPUTS];
    arguments a = {.x = inputs_of_all,
                   .dy = inputs_of_all,
                   .y = result,
                   .dx = result,
                   .dw = result,
                   .in_stride = INPUTS,
                   .out_stride = OUTPUTS,
                   .x_stride = INPUTS,
                   .dy_stride = OUTPUTS,
                   .workspace = memory};
    assert_int_equal(tdrop_linear_create(&a.layer, INPUTS, OUTPUTS, NULL), TDROP_OK);
    assert_int_equal(tdrop_linear_set_weights(a.layer, w, INPUTS, NULL, 3, NULL, NULL), TDROP_OK);
    assert_int_equal(tdrop_staircase_create(&a.stairs, ROWS), TDROP_OK);
    assert_int_equal(tdrop_staircase_set(a.stairs, ROWS, INPUTS, NULL, OUTPUTS, NULL), TDROP_OK);
    a.size = tdrop_linear_workspace(a.layer, ROWS, 1);
    assert_true(a.size <= sizeof memory);
    return a;
}

static void release(const arguments *a) {
    tdrop_linear_destroy(a->layer);
    tdrop_staircase_destroy(a->stairs);
}

static tdrop_status call_forward(const arguments *a) {
    return tdrop_linear_forward(a->layer, a->stairs, a->x, a->x_stride, a->y, a->out_stride,
                                a->workspace, a->size, NULL);
}

static tdrop_status call_backward_input(const arguments *a) {
    return tdrop_linear_backward_input(a->layer, a->stairs, a->dy, a->dy_stride, NULL, a->dx,
                                       a->in_stride, a->workspace, a->size, NULL);
}

static tdrop_status call_backward_weights(const arguments *a) {
    return tdrop_linear_backward_weights(a->layer, a->stairs, a->dy, a->dy_stride, a->x,
                                         a->x_stride, a->dw, a->in_stride, NULL, a->workspace,
                                         a->size, NULL);
}

static tdrop_status (*const calls[])(const arguments *) = {call_forward, call_backward_input,
                                                           call_backward_weights};

/* Which of the three products a spoilt argument belongs to. */
enum { FORWARD = 1, INPUT = 2, WEIGHTS = 4, ANY = 7 };

/* Calls the products in `which`: each refuses, and writes nothing. */
static void assert_refused(const arguments *a, unsigned which, tdrop_status want) {
    memset(result, GUARDED_MARK, sizeof result);
    for (size_t c = 0; c < COUNT(calls); c++)
        if (which >> c & 1) assert_int_equal(calls[c](a), want);
    for (size_t b = 0; b < sizeof result; b++)
        assert_int_equal(((const unsigned char *)result)[b], GUARDED_MARK);
}

static void test_null_is_refused(void **state) {
    (void)state;
    const arguments right = right_arguments();
    arguments a = right;
    a.layer = NULL;
    assert_refused(&a, ANY, TDROP_ERROR_NULL);
    a = right, a.stairs = NULL;
    assert_refused(&a, ANY, TDROP_ERROR_NULL);
    a = right, a.x = NULL;
    assert_refused(&a, FORWARD | WEIGHTS, TDROP_ERROR_NULL);
    a = right, a.dy = NULL;
    assert_refused(&a, INPUT | WEIGHTS, TDROP_ERROR_NULL);
    a = right, a.y = NULL, a.dx = NULL, a.dw = NULL;
    assert_refused(&a, ANY, TDROP_ERROR_NULL);
    release(&right);
}

static void test_short_strides_are_refused(void **state) {
    (void)state;
    const arguments right = right_arguments();
    arguments a = right;
    a.x_stride = INPUTS - 1;
    assert_refused(&a, FORWARD | WEIGHTS, TDROP_ERROR_SIZE);
    a = right, a.dy_stride = OUTPUTS - 1;
    assert_refused(&a, INPUT | WEIGHTS, TDROP_ERROR_SIZE);
    a = right, a.out_stride = OUTPUTS - 1;
    assert_refused(&a, FORWARD, TDROP_ERROR_SIZE);
    a = right, a.in_stride = INPUTS - 1;
    assert_refused(&a, INPUT | WEIGHTS, TDROP_ERROR_SIZE);
    release(&right);
}

static void test_stairs_of_another_layer_are_refused(void **state) {
    (void)state;
    const arguments a = right_arguments();
    assert_int_equal(tdrop_staircase_set(a.stairs, ROWS, INPUTS + 1, NULL, OUTPUTS, NULL),
                     TDROP_OK);
    assert_refused(&a, ANY, TDROP_ERROR_SIZE);
    assert_int_equal(tdrop_staircase_set(a.stairs, ROWS, INPUTS, NULL, OUTPUTS - 1, NULL),
                     TDROP_OK);
    assert_refused(&a, ANY, TDROP_ERROR_SIZE);
    release(&a);
}

static void test_a_small_workspace_is_refused(void **state) {
    (void)state;
    arguments a = right_arguments();
    for (size_t c = 0; c < COUNT(calls); c++)
        assert_int_equal(calls[c](&a), TDROP_OK);
    a.size--;
    assert_refused(&a, ANY, TDROP_ERROR_WORKSPACE);
    a.size = 0;
    assert_refused(&a, ANY, TDROP_ERROR_WORKSPACE);
    a.size = SIZE_MAX, a.workspace = NULL;
    assert_refused(&a, ANY, TDROP_ERROR_NULL);
    release(&a);
}

static void run_never(void *context, size_t tasks, void (*task)(void *, size_t, unsigned),
                      void *arg) {
    (void)context, (void)tasks, (void)task, (void)arg;
    fail_msg("%s", "a loop without workers was run");
}

/* A loop without a function or without workers is the caller's thread, and takes its workspace. */
static void test_an_empty_loop_is_the_callers_thread(void **state) {
    const tdrop_parallel loops[] = {{.run = NULL}, {.run = run_never}, {.workers = 3}};
    (void)state;
    const arguments a = right_arguments();
    assert_int_equal(tdrop_linear_workspace(a.layer, ROWS, 0), a.size);
    for (size_t i = 0; i < COUNT(loops); i++) {
        assert_int_equal(tdrop_linear_set_weights(a.layer, a.x, INPUTS, NULL, 3, NULL, &loops[i]),
                         TDROP_OK);
        assert_int_equal(tdrop_linear_forward(a.layer, a.stairs, a.x, a.x_stride, a.y, a.out_stride,
                                              a.workspace, a.size, &loops[i]),
                         TDROP_OK);
        assert_int_equal(tdrop_linear_forward(a.layer, a.stairs, a.x, a.x_stride, a.y, a.out_stride,
                                              a.workspace, a.size - 1, &loops[i]),
                         TDROP_ERROR_WORKSPACE);
    }
    release(&a);
}

static void test_workspace_grows_with_rows_and_workers(void **state) {
    (void)state;
    const arguments a = right_arguments();
    size_t last = 0;
    for (size_t rows = 0; rows < 300; rows += 13) {
        const size_t size = tdrop_linear_workspace(a.layer, rows, 2);
        assert_true(size >= last);
        assert_true(size >= tdrop_linear_workspace(a.layer, rows, 1));
        last = size;
    }
    release(&a);
}

static void test_order_is_kept(void **state) {
    (void)state;
    static const float w[OUTPUTS * INPUTS];
    arguments a = right_arguments();
    tdrop_linear *const right_layer = a.layer;
    tdrop_staircase *const right_stairs = a.stairs;
    assert_int_equal(tdrop_staircase_create(&a.stairs, ROWS), TDROP_OK);
    assert_refused(&a, ANY, TDROP_ERROR_ORDER);
    tdrop_staircase_destroy(a.stairs);
    a.stairs = right_stairs;

    assert_int_equal(tdrop_linear_create(&a.layer, INPUTS, OUTPUTS, NULL), TDROP_OK);
    assert_refused(&a, FORWARD | INPUT, TDROP_ERROR_ORDER);
    assert_int_equal(call_backward_weights(&a), TDROP_OK); /* it needs no weights */
    assert_int_equal(
        tdrop_linear_set_weights(a.layer, w, INPUTS, NULL, TDROP_PACK_FORWARD, NULL, NULL),
        TDROP_OK);
    assert_refused(&a, INPUT, TDROP_ERROR_ORDER);
    assert_int_equal(call_forward(&a), TDROP_OK);
    tdrop_linear_destroy(a.layer);

    assert_int_equal(tdrop_linear_create(&a.layer, INPUTS, OUTPUTS, NULL), TDROP_OK);
    assert_int_equal(
        tdrop_linear_set_weights(a.layer, w, INPUTS, NULL, TDROP_PACK_BACKWARD, NULL, NULL),
        TDROP_OK);
    assert_refused(&a, FORWARD, TDROP_ERROR_ORDER);
    assert_int_equal(call_backward_input(&a), TDROP_OK);
    tdrop_linear_destroy(a.layer);
    a.layer = right_layer;
    release(&a);
}

/* What was packed for one staircase does not serve one that keeps more, on either side. */
static void test_packed_for_another_staircase(void **state) {
    (void)state;
    static const float w[OUTPUTS * INPUTS];
    const arguments a = right_arguments();
    int32_t few_in[ROWS], few_out[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        few_in[i] = INPUTS - 1;
        few_out[i] = OUTPUTS - 1;
    }
    for (int side = 0; side < 2; side++) {
        const int32_t *in = side ? NULL : few_in, *out = side ? few_out : NULL;
        assert_int_equal(tdrop_staircase_set(a.stairs, ROWS, INPUTS, in, OUTPUTS, out), TDROP_OK);
        assert_int_equal(tdrop_linear_set_weights(a.layer, w, INPUTS, NULL, 3, a.stairs, NULL),
                         TDROP_OK);
        assert_int_equal(call_forward(&a), TDROP_OK);
        assert_int_equal(tdrop_staircase_set(a.stairs, ROWS, INPUTS, NULL, OUTPUTS, NULL),
                         TDROP_OK);
        assert_refused(&a, FORWARD | INPUT, TDROP_ERROR_ORDER);
        assert_int_equal(call_backward_weights(&a), TDROP_OK);
    }
    release(&a);
}

/* Weights that are packed as used serve any staircase, whichever they were set with. */
static void test_packed_as_used_for_any_staircase(void **state) {
    (void)state;
    static const float w[OUTPUTS * INPUTS];
    const arguments a = right_arguments();
    const int32_t none[ROWS] = {0};
    assert_int_equal(tdrop_staircase_set(a.stairs, ROWS, INPUTS, none, OUTPUTS, none), TDROP_OK);
    assert_int_equal(
        tdrop_linear_set_weights(a.layer, w, INPUTS, NULL, TDROP_PACK_AS_USED, a.stairs, NULL),
        TDROP_OK);
    for (size_t c = 0; c < COUNT(calls); c++)
        assert_int_equal(calls[c](&a), TDROP_OK);
    assert_int_equal(tdrop_staircase_set(a.stairs, ROWS, INPUTS, NULL, OUTPUTS, NULL), TDROP_OK);
    for (size_t c = 0; c < COUNT(calls); c++)
        assert_int_equal(calls[c](&a), TDROP_OK);
    release(&a);
}

static void test_set_weights_refusals(void **state) {
    (void)state;
    static const float w[OUTPUTS * INPUTS];
    static const unsigned packings[] = {0, 1 | 4, 2 | 4, 1 | 2 | 4, 8, 0x80000001u};
    const arguments a = right_arguments();
    assert_int_equal(tdrop_linear_set_weights(NULL, w, INPUTS, NULL, 1, NULL, NULL),
                     TDROP_ERROR_NULL);
    assert_int_equal(tdrop_linear_set_weights(a.layer, NULL, INPUTS, NULL, 1, NULL, NULL),
                     TDROP_ERROR_NULL);
    assert_int_equal(tdrop_linear_set_weights(a.layer, w, INPUTS - 1, NULL, 1, NULL, NULL),
                     TDROP_ERROR_SIZE);
    for (size_t i = 0; i < COUNT(packings); i++)
        assert_int_equal(
            tdrop_linear_set_weights(a.layer, w, INPUTS, NULL, packings[i], NULL, NULL),
            TDROP_ERROR_SIZE);
    tdrop_staircase *stairs = NULL;
    assert_int_equal(tdrop_staircase_create(&stairs, ROWS), TDROP_OK);
    assert_int_equal(tdrop_linear_set_weights(a.layer, w, INPUTS, NULL, 1, stairs, NULL),
                     TDROP_ERROR_ORDER);
    assert_int_equal(tdrop_staircase_set(stairs, ROWS, INPUTS + 1, NULL, OUTPUTS, NULL), TDROP_OK);
    assert_int_equal(tdrop_linear_set_weights(a.layer, w, INPUTS, NULL, 1, stairs, NULL),
                     TDROP_ERROR_SIZE);
    tdrop_staircase_destroy(stairs);
    release(&a);
}

/* --- All of it --- */

static tdrop_isa isas[] = {TDROP_ISA_C, TDROP_ISA_AVX2, TDROP_ISA_AVX512};

#define ON_EACH_ISA(test)                                                                          \
    {#test " on c", test, NULL, NULL, &isas[0]}, {#test " on avx2", test, NULL, NULL, &isas[1]}, { \
#test " on avx512", test, NULL, NULL, &isas[2]                                             \
    }

int main(void) {
    const struct CMUnitTest tests[] = {
        ON_EACH_ISA(test_edges_equal_the_reference),
        ON_EACH_ISA(test_random_cases_equal_the_reference),
        ON_EACH_ISA(test_signed_zeros_equal_the_reference),
        ON_EACH_ISA(test_weights_can_be_set_again),
        ON_EACH_ISA(test_weights_are_copied),
        ON_EACH_ISA(test_products_are_near_to_double),
        ON_EACH_ISA(test_keeping_all_is_dense),
        ON_EACH_ISA(test_a_cut_layer_equals_the_whole_one),
        ON_EACH_ISA(test_not_finite_stays_in_its_row),
        ON_EACH_ISA(test_relu_of_nan_is_nan),
        cmocka_unit_test(test_create_refusals),
        cmocka_unit_test(test_null_is_refused),
        cmocka_unit_test(test_short_strides_are_refused),
        cmocka_unit_test(test_stairs_of_another_layer_are_refused),
        cmocka_unit_test(test_a_small_workspace_is_refused),
        cmocka_unit_test(test_an_empty_loop_is_the_callers_thread),
        cmocka_unit_test(test_workspace_grows_with_rows_and_workers),
        cmocka_unit_test(test_order_is_kept),
        cmocka_unit_test(test_packed_for_another_staircase),
        cmocka_unit_test(test_packed_as_used_for_any_staircase),
        cmocka_unit_test(test_set_weights_refusals),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
