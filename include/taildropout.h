/* SPDX-License-Identifier: MIT
 *
 * taildropout: ordered neural networks. This header is the manual of libtaildropout, which needs
 * nothing but libc, libm and pthreads: the laws of k, the draws, the staircase, the three products
 * of a linear layer that skip what was dropped, and the choice of k. Whole models are in
 * taildropout_model.h.
 *
 * THE IDEA. In training, row i of a layer keeps its first keep[i] features and drops the rest,
 * keep[i] drawn at random. So feature 1 has to be the most useful on its own, feature 2 the best
 * addition to it, and so on. The mask of a row is one integer; nothing here is ever a mask matrix.
 * What was dropped is not computed.
 *
 * WORDS
 *   n       features of the layer that has the tail
 *   k       how many leading features are kept, 0 <= k <= n
 *   keep    one k per row, const int32_t *; NULL means that every row keeps everything
 *   p       the share of features dropped on average
 *   u       a number in [0, 1) from which k follows
 *   stride  distance between two rows of a matrix, in elements, at least its columns
 *
 * RULES, unless a function says otherwise
 *   - A function that can fail returns tdrop_status and hands results out through pointers, which
 *     are untouched on failure. Nothing is printed, nothing exits, there is no global state.
 *   - The caller owns every buffer it passes; no pointer is kept beyond the call, except for
 *     weights that are packed as used (tdrop_linear_set_weights). A handle (created and destroyed
 *     by a pair of functions) owns what it holds; destroying NULL is fine.
 *   - A function without a status needs a handle and pointers that are not NULL, unless it says what
 *     it does with NULL.
 *   - Buffers of one call must not overlap.
 *   - Different handles may be used by different threads at once; one handle by one thread at a
 *     time. Functions that take the handle as const may run at once on the same handle.
 *   - Options are plain structs whose zero value is the default: write {0} and set what you need.
 *     Their field `reserved` must be zero, and is checked.
 *
 * BITS. Each output of a product is one chain of fused multiply-adds that starts at zero and runs
 * in increasing order of the inner index (for weight gradients: in the order of the staircase),
 * the bias is added last. So the result is the same, bit for bit, with every instruction set and
 * any number of threads, and a network cut to its first k features computes what the whole one
 * computes at that k. This holds for finite numbers: what is infinite or NaN may spread to rows and
 * weights computed in the same tile that a tail should have kept from it.
 *
 * EXAMPLE: one layer after a tail, forward. (A copy of this is compiled by the tests.)
 *
 *     enum { ROWS = 256, FEATURES = 64, OUTPUTS = 10 };
 *     tdrop_law *law = NULL;
 *     tdrop_staircase *stairs = NULL;
 *     tdrop_linear *layer = NULL;
 *     int32_t keep[ROWS];
 *     tdrop_law_create(&law, FEATURES, &(tdrop_law_options){.p = 0.5});
 *     tdrop_staircase_create(&stairs, ROWS);
 *     tdrop_linear_create(&layer, FEATURES, OUTPUTS, NULL);
 *     tdrop_law_draw(law, &(tdrop_draw){.seed = 1, .step = 7}, ROWS, keep);
 *     tdrop_staircase_set(stairs, ROWS, FEATURES, keep, OUTPUTS, NULL);
 *     tdrop_linear_set_weights(layer, weights, FEATURES, bias, TDROP_PACK_FORWARD, NULL, NULL);
 *     tdrop_linear_forward(layer, stairs, x, FEATURES, y, OUTPUTS, workspace, workspace_size, NULL);
 */
#ifndef TAILDROPOUT_H
#define TAILDROPOUT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TDROP_API __attribute__((visibility("default")))
#else
#define TDROP_API
#endif

/* ---------------------------------------------------------------------------------------------
 * Version and status
 */

#define TDROP_VERSION_MAJOR 0
#define TDROP_VERSION_MINOR 1
#define TDROP_VERSION_PATCH 0

/* The version of the library that is linked, as "0.1.0". Never NULL. */
TDROP_API const char *tdrop_version(void);

/* What a call came to. The numbers are fixed; gaps leave room. */
typedef enum tdrop_status {
    TDROP_OK = 0,
    /* the call */
    TDROP_ERROR_NULL = 1,      /* a pointer that is required is NULL */
    TDROP_ERROR_RESERVED = 2,  /* a reserved field is not zero */
    TDROP_ERROR_SIZE = 3,      /* a size or stride does not fit the others */
    TDROP_ERROR_OVERFLOW = 4,  /* a size in bytes does not fit size_t */
    TDROP_ERROR_WORKSPACE = 5, /* the workspace is smaller than asked for */
    TDROP_ERROR_ORDER = 6,     /* a handle was used before it was given what it needs */
    TDROP_ERROR_ELEMENT = 7,   /* the size of an element is not 1, 2, 4 or 8 bytes */
    TDROP_ERROR_SHAPE = 8,     /* two views that should have one shape do not, or dims are not 1..8 */
    TDROP_ERROR_ALIAS = 9,     /* views overlap without being the same */
    /* laws and k */
    TDROP_ERROR_P = 10,     /* p is outside [0, 1] or NaN */
    TDROP_ERROR_K = 11,     /* k is below 0 or above n */
    TDROP_ERROR_K_MIN = 12, /* k_min is outside [0, n], or leaves no law with the mean that p asks */
    TDROP_ERROR_LAW = 13,   /* no law of that name or number */
    TDROP_ERROR_RULE = 14,  /* a rule for choosing k that cannot be read */
    TDROP_ERROR_RATE = 15,  /* the rate of a law is outside [0, 1] or NaN */
    TDROP_ERROR_WEIGHTS = 16, /* a table of weights that is not n + 1 long, negative, all zero or
                               * not finite */
    /* dims of a layer */
    TDROP_ERROR_DIM = 20,         /* a dim that the view does not have */
    TDROP_ERROR_DIM_REPEATED = 21, /* a batch dim is named twice */
    TDROP_ERROR_DIM_OVERLAP = 22, /* the dropout dim is a batch dim too, and k has to be drawn */
    /* the machine */
    TDROP_ERROR_MEMORY = 30, /* memory ran out */
    TDROP_ERROR_THREAD = 31, /* a thread could not be started */
    TDROP_ERROR_ISA = 32,    /* this processor lacks the instruction set that was asked for */
    /* files and data (taildropout_model.h) */
    TDROP_ERROR_FILE = 50,   /* a file cannot be opened, read or written */
    TDROP_ERROR_FORMAT = 51, /* a file is not what it should be */
    TDROP_ERROR_DATA = 52,   /* the data cannot be used: NaN, no rows, another width */
    TDROP_ERROR_EXISTS = 53, /* the output exists already */
    TDROP_ERROR_ARCH = 54,   /* an architecture that cannot be built */
    TDROP_ERROR_STOPPED = 55, /* the observer of a fit had it stopped */
    TDROP_ERROR_MISSING = 56, /* nothing stands in a cell of the data, where that is refused */
    TDROP_ERROR_LEVELS = 57   /* a column of categories has too many levels: likely an id */
} tdrop_status;

/* The name of a status, as "TDROP_ERROR_P"; "unknown status" for any other number. */
TDROP_API const char *tdrop_status_name(tdrop_status status);

/* What a status means, one line of English without a full stop. Never NULL. */
TDROP_API const char *tdrop_status_text(tdrop_status status);

/* ---------------------------------------------------------------------------------------------
 * Processors and threads
 */

/* Instruction sets with kernels of their own. All give the same bits. */
typedef enum tdrop_isa {
    TDROP_ISA_AUTO = 0, /* the fastest that processor and operating system support */
    TDROP_ISA_C = 1,    /* plain C with fmaf: the reference, slow without hardware FMA */
    TDROP_ISA_AVX2 = 2, /* AVX2 and FMA */
    TDROP_ISA_AVX512 = 3, /* AVX-512 F, BW, DQ and VL */
    TDROP_ISA_NEON = 4    /* NEON of AArch64 */
} tdrop_isa;

/* The best instruction set here, never TDROP_ISA_AUTO. */
TDROP_API tdrop_isa tdrop_isa_best(void);

/* "c", "avx2", "avx512", "neon" or "auto"; NULL for any other number. */
TDROP_API const char *tdrop_isa_name(tdrop_isa isa);

/* A loop over tasks that may run at once, as the library wants it done. Fill one in to use threads
 * of your own; where a function takes one, NULL means the caller's own thread, and so does one
 * whose `run` is NULL or whose `workers` is 0, as in {0}.
 *
 * run() calls task(arg, index, worker) once for each index in 0..tasks-1, in any order, and
 * returns when all have returned. worker is below `workers`, and no two tasks that run at the same
 * time share it. Results never depend on the order or on the number of workers. */
typedef struct tdrop_parallel {
    void *context;
    unsigned workers;
    void (*run)(void *context, size_t tasks,
                void (*task)(void *arg, size_t index, unsigned worker), void *arg);
} tdrop_parallel;

/* A pool of threads behind a tdrop_parallel. */
typedef struct tdrop_pool tdrop_pool;

/* Workers of a pool, at most. */
enum { TDROP_MOST_THREADS = 1024 };

/* Makes a pool of `threads` workers, the calling thread included; 0 means one for each processor
 * that this process may use, or as many as a pool may have. In a child made by fork() the pool runs
 * tasks on the calling thread. Errors: NULL, MEMORY, THREAD (also of more than TDROP_MOST_THREADS). */
TDROP_API tdrop_status tdrop_pool_create(tdrop_pool **pool, unsigned threads);

/* The pool as a parallel loop; valid as long as the pool. One thread at a time may run it. Of NULL:
 * {0}, the caller's own thread. */
TDROP_API tdrop_parallel tdrop_pool_parallel(tdrop_pool *pool);

/* Stops the threads and frees the pool. NULL is fine. */
TDROP_API void tdrop_pool_destroy(tdrop_pool *pool);

/* A loop over ranges, as other libraries offer one: it calls body(from, to, arg), from threads of
 * its own if it likes, for ranges that together make up begin..end-1 and have about `grain` numbers
 * each, and returns 0 when all have returned; anything else says that it has called none.
 * torch_parallel_for of PyTorch 2.10 and later is one. */
typedef int32_t tdrop_range_loop(int64_t begin, int64_t end, int64_t grain,
                                 void (*body)(int64_t from, int64_t to, void *arg), void *arg);

/* A tdrop_parallel on the threads of such a loop, so that a host program with threads of its own
 * need not have ours as well. Filled in by the caller. */
typedef struct tdrop_ranges {
    tdrop_range_loop *loop;
    unsigned workers; /* 0, or no loop: the caller's own thread */
} tdrop_ranges;

/* The ranges as a parallel loop; good as long as *ranges stays where it is. Several threads may run
 * it at once where that holds for the loop. Of NULL: {0}, the caller's own thread. */
TDROP_API tdrop_parallel tdrop_ranges_parallel(tdrop_ranges *ranges);

/* ---------------------------------------------------------------------------------------------
 * Random numbers without state
 */

/* What a draw is for. Draws for different purposes never meet. */
typedef enum tdrop_purpose {
    TDROP_PURPOSE_KEEP = 0,    /* k of each row in training */
    TDROP_PURPOSE_SHUFFLE = 1, /* order of the rows in an epoch */
    TDROP_PURPOSE_INIT = 2,    /* first values of the weights */
    TDROP_PURPOSE_SPLIT = 3,   /* which rows are held out */
    TDROP_PURPOSE_VALID = 4,   /* k of each row in validation */
    TDROP_PURPOSE_DROPOUT = 5, /* what ordinary dropout drops in training */
    TDROP_PURPOSE_USER = 1024  /* from here to 2^30 - 1 yours */
} tdrop_purpose;

/* Where a number stands: which stream, and which number of it. Nothing else decides a draw, so
 * neither threads, ranks nor a resumed run can change one. */
typedef struct tdrop_draw {
    uint64_t seed;
    uint32_t step;    /* the step or epoch */
    uint32_t first;   /* index of the first row within the step's global order */
    uint32_t layer;   /* which layer of the network */
    uint32_t purpose; /* a tdrop_purpose */
    /* Stratified draws: of the `batch` rows 0..batch-1 of this step, each has its own of the
     * `batch` equal parts of [0, 1), in random order. The law of each row is the same as without,
     * the work of a step is nearly constant. 0: independent draws. Rows beyond batch-1 begin
     * another batch. */
    uint32_t batch;
    uint32_t reserved;
} tdrop_draw;

/* Writes u[i] in [0, 1), 53 bits each, for rows first..first+rows-1.
 * Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) with
 * key = seed and counter = (step, row, layer, purpose).
 * Errors: NULL, RESERVED, SIZE (a purpose of 2^30 or more), OVERFLOW (first + rows beyond 2^32). */
TDROP_API tdrop_status tdrop_uniform(const tdrop_draw *draw, size_t rows, double *u);

/* Where index i goes under a random permutation of 0..count-1 chosen by seed, step, layer and
 * purpose of the draw; found for one i alone, without a table. A Feistel network over the next
 * power of four, walked until the result is below count (Black and Rogaway, "Ciphers with arbitrary
 * finite domains", CT-RSA 2002), then shifted. i must be below count; otherwise i comes back. */
TDROP_API uint64_t tdrop_permute(const tdrop_draw *draw, uint64_t count, uint64_t i);

/* ---------------------------------------------------------------------------------------------
 * The laws of k
 */

typedef enum tdrop_law_kind {
    /* P(k >= j) = r^j with r in (0, 1] such that the mean dropped share is p:
     * (1/n) sum_{j=1..n} r^j = 1 - p. Exact for every n. */
    TDROP_LAW_EXPONENTIAL = 0,
    /* P(k >= j) = exp(-j / (a n)) with a - a exp(-1/a) = 1 - p: Martinsson's TailDropout (2018),
     * solved as if features were continuous, so the mean is off by up to 5 points at small n. */
    TDROP_LAW_ORIGINAL = 1,
    /* P(k >= j) = (1 - rate)^(j - 1), k >= 1: nested dropout (Rippel et al., arXiv:1402.0915); what
     * would lie beyond n falls on n. A k_min starts the row of chances there instead of at 1. */
    TDROP_LAW_GEOMETRIC = 2,
    /* Every k from 0 to n alike. */
    TDROP_LAW_UNIFORM = 3,
    /* P(k) proportional to 1/k, and P(0) = P(1): every octave of k alike. */
    TDROP_LAW_LOG_UNIFORM = 4,
    /* 1, 2, 4, ... and n, each alike. */
    TDROP_LAW_POW2 = 5,
    /* P(k) proportional to weights[k], k = 0..n. */
    TDROP_LAW_TABLE = 6,
    /* A share `rate` of the rows keeps all n; of the others P(k) is proportional to 1/(k + 0.4),
     * and P(0) = P(1)/5. Serves every octave, and n itself: what docs/quality.md found to lose
     * least against a network for each width. */
    TDROP_LAW_MIXED = 7
} tdrop_law_kind;

/* p is read by EXPONENTIAL and ORIGINAL, rate by GEOMETRIC and MIXED, weights by TABLE. With p = 0 everything
 * is kept, with p = 1 nothing. */
typedef struct tdrop_law_options {
    tdrop_law_kind kind;
    uint32_t k_min; /* no k below this: the law given that k >= k_min. 0: as the law says.
                     * EXPONENTIAL still drops p on average, so p <= 1 - k_min/n. */
    double p;       /* mean dropped share, in [0, 1], whether the law reads it or not; 0: nothing is
                     * dropped */
    double rate;    /* GEOMETRIC: chance to stop at each feature, MIXED: share of the rows that keep
                     * all, in [0, 1] */
    const double *weights; /* [weight_count], weight_count = n + 1: finite, not negative, not all 0
                            * from k_min on; no table is WEIGHTS. Read while the law is made. */
    size_t weight_count;
    uint64_t reserved;
} tdrop_law_options;

/* A law for one n: probabilities, mean and sampler, all from one table of P(k >= j). */
typedef struct tdrop_law tdrop_law;

/* Makes the law of k in 0..n. The table is built with + - * / alone, so it is the same on every
 * processor. Work and memory are O(n). Errors: NULL, RESERVED, SIZE (n = 0 or above 2^31 - 1),
 * P, K_MIN, LAW, RATE, WEIGHTS, MEMORY. */
TDROP_API tdrop_status tdrop_law_create(tdrop_law **law, size_t n, const tdrop_law_options *options);

/* Frees a law. NULL is fine. */
TDROP_API void tdrop_law_destroy(tdrop_law *law);

/* n of the law. */
TDROP_API size_t tdrop_law_features(const tdrop_law *law);

/* Writes P(k = j) for j = 0..n into probability[n + 1]. They add up to 1 within rounding. */
TDROP_API void tdrop_law_probabilities(const tdrop_law *law, double *probability);

/* The mean of k, in [0, n]. */
TDROP_API double tdrop_law_mean(const tdrop_law *law);

/* The k that belongs to u in [0, 1): the number of j with P(k >= j) > u. */
TDROP_API int32_t tdrop_law_keep(const tdrop_law *law, double u);

/* Draws keep[rows]: tdrop_uniform, then tdrop_law_keep of each. Errors: as tdrop_uniform. */
TDROP_API tdrop_status tdrop_law_draw(const tdrop_law *law, const tdrop_draw *draw, size_t rows,
                                      int32_t *keep);

/* The law that a name stands for: "exponential", "original", "geometric", "uniform",
 * "log-uniform", "pow2", "table" or "mixed". Errors: NULL, LAW. */
TDROP_API tdrop_status tdrop_law_kind_parse(const char *name, tdrop_law_kind *kind);

/* The name of a law; NULL for any other number. */
TDROP_API const char *tdrop_law_kind_name(tdrop_law_kind kind);

/* ---------------------------------------------------------------------------------------------
 * The layer
 *
 * Keeps the first k features of each sample and zeroes the rest: y = x where the index along the
 * dropout dim is below k, +0.0 elsewhere, whatever stood there, NaN and -0.0 included. Nothing is
 * scaled, neither in training nor in evaluation.
 *
 *     tdrop_layer *layer = NULL;
 *     tdrop_layer_create(&layer, &(tdrop_law_options){.p = 0.5}, NULL);
 *     tdrop_view x = tdrop_view_of(values, sizeof(float), 2, (size_t[]){rows, features});
 *     tdrop_layer_forward(layer, &x, &x);       // draws k for each row, zeroes its tail
 *     tdrop_layer_backward(layer, &dy, &dy);    // the gradient: the same rows, the same k
 *     tdrop_layer_eval(layer);                  // from here on the identity
 *     tdrop_layer_set_k(layer, 10);             // until the next train() or eval(): keep 10
 */

enum { TDROP_MOST_DIMS = 8 };

/* An n-dimensional array somewhere in memory. Its elements are moved and never computed with, so
 * any type of 1, 2, 4 or 8 bytes will do. */
typedef struct tdrop_view {
    void *data;                        /* element [0, 0, ...]; NULL only for a view without elements */
    size_t element_size;               /* 1, 2, 4 or 8 bytes */
    int dims;                          /* 1..8 */
    size_t shape[TDROP_MOST_DIMS];     /* 0 is fine: nothing is done */
    ptrdiff_t stride[TDROP_MOST_DIMS]; /* in elements, may be negative; elements must not overlap */
} tdrop_view;

/* A view of an array in C order: the last dim is contiguous. `dims` beyond 8 are cut off, and the
 * view is refused where it is used. */
TDROP_API tdrop_view tdrop_view_of(void *data, size_t element_size, int dims, const size_t *shape);

/* Which dims a sample is told by, and which dim is cut. One k belongs to each index over the batch
 * dims and holds over all other dims. For [N, C, H, W], batch dim 0 and dropout dim 1 give images
 * one mask over all their pixels; for [T, B, F], batch dims 0 and 1 with dropout dim 2 draw anew at
 * every step, and batch dim 1 alone holds k over time. Negative dims count from the end. */
typedef struct tdrop_dims {
    int given;          /* 0: the default, batch dim 0 and dropout dim -1; the rest is not read */
    int batch_count;    /* 0..8; 0: one k for the whole view */
    int batch[TDROP_MOST_DIMS];
    int dropout;
} tdrop_dims;

/* How many k such a view takes: the product of its batch dims' sizes.
 * Errors: NULL, ELEMENT, SHAPE, DIM, DIM_REPEATED, OVERFLOW. */
TDROP_API tdrop_status tdrop_keep_count(const tdrop_view *view, const tdrop_dims *dims,
                                        size_t *count);

/* y = x with the tails zeroed. keep[tdrop_keep_count] runs over the batch dims in C order, in the
 * order in which the view has them; NULL with `same_k` >= 0 keeps that many everywhere. x and y are
 * the same view (then only tails are written), or the stretches of memory from their first to their
 * last element do not meet. O(elements written); nothing is allocated. Samples are shared among the
 * threads of `parallel` where there are enough bytes; NULL is the caller's thread.
 * Errors: NULL, ELEMENT, SHAPE, OVERFLOW, ALIAS, DIM, DIM_REPEATED, DIM_OVERLAP (only with keep),
 * K. */
TDROP_API tdrop_status tdrop_apply(const tdrop_view *x, const tdrop_view *y, const tdrop_dims *dims,
                                   const int32_t *keep, int32_t same_k,
                                   const tdrop_parallel *parallel);

/* k from numbers that somebody else drew, by a table that somebody else made: keep[i] is how many
 * of table[n], which never falls, are below u[i]. With table[j] = 1 - P(k >= j + 1) that is the k
 * of u[i]. The comparison is that of the type (element_size 4: float, 8: double), so keep agrees
 * with a mask `table[j] < u[i]` to the last bit; a u that is NaN gives 0. keep may not meet table
 * or u.
 * Errors: NULL, SIZE (n = 0 or above 2^31 - 1), ELEMENT. */
TDROP_API tdrop_status tdrop_keep_by_table(const void *table, size_t n, const void *u, size_t count,
                                           size_t element_size, int32_t *keep);

/* The layer: a law, dims, a mode, and the k that were drawn last. */
typedef struct tdrop_layer tdrop_layer;

typedef struct tdrop_layer_options {
    tdrop_dims dims;
    uint64_t seed;
    uint32_t layer;      /* tells this layer's draws from those of others with the same seed */
    int stratified;      /* nonzero: the rows of a call share the range of u evenly among them */
    const tdrop_parallel *parallel; /* as in tdrop_apply; kept as long as the layer */
    uint64_t reserved;
} tdrop_layer_options;

/* Makes a layer, in training mode; options may be NULL. The table of a TABLE law is copied, and
 * refused at once if it is not in order, since it tells its n.
 * Errors: NULL, RESERVED, P, RATE, LAW, WEIGHTS, K_MIN, SIZE, MEMORY. */
TDROP_API tdrop_status tdrop_layer_create(tdrop_layer **layer, const tdrop_law_options *law,
                                          const tdrop_layer_options *options);

/* Frees a layer. NULL is fine. */
TDROP_API void tdrop_layer_destroy(tdrop_layer *layer);

/* Training mode: forward draws. Evaluation mode: forward is the identity. Every call of either
 * clears a k that was set, whether the mode changes or not. */
TDROP_API void tdrop_layer_train(tdrop_layer *layer);
TDROP_API void tdrop_layer_eval(tdrop_layer *layer);

/* Keeps the first k features of everything from here on, in either mode, until the next call of
 * tdrop_layer_train or tdrop_layer_eval. Errors: NULL, K (k < 0; a k above n is refused when the
 * layer is used). */
TDROP_API tdrop_status tdrop_layer_set_k(tdrop_layer *layer, int32_t k);

/* Where the next draw stands. A layer counts by itself: each forward call that draws is a step, its
 * first sample is row 0. (Calls that draw nothing are none: evaluation, a k that is set, p = 0 or
 * 1, a view without elements.) A loop that resumes, or that cuts a batch among threads or machines, says
 * so here: the step, the position of the call's first sample within it, and how many samples the
 * whole step has (stratified draws divide the range of u among those; 0: as many as the call).
 * The next call that draws uses it, and the layer counts on from there. */
TDROP_API void tdrop_layer_set_position(tdrop_layer *layer, uint32_t step, uint32_t first,
                                        uint32_t batch);

/* y = layer(x). x and y are the same view or do not overlap.
 * Errors: NULL, ELEMENT, SHAPE, OVERFLOW, ALIAS, DIM, DIM_REPEATED, DIM_OVERLAP (drawing only), K,
 * K_MIN, P and WEIGHTS (a law that does not fit this n), MEMORY. */
TDROP_API tdrop_status tdrop_layer_forward(tdrop_layer *layer, const tdrop_view *x,
                                           const tdrop_view *y);

/* dx = the gradient at x, given dy at y: the map of the last forward call, with its keeps. Errors: as
 * tdrop_layer_forward, ORDER (no forward call yet), SHAPE (not the shape of that call). */
TDROP_API tdrop_status tdrop_layer_backward(const tdrop_layer *layer, const tdrop_view *dy,
                                            const tdrop_view *dx);

/* The keeps of the last forward call, *count of them (count may be NULL); good until the next call.
 * NULL and 0 when that call drew none: the identity, a k that was set, p = 1. */
TDROP_API const int32_t *tdrop_layer_keep(const tdrop_layer *layer, size_t *count);

/* ---------------------------------------------------------------------------------------------
 * The staircase
 */

/* The rows of one step, sorted by what they keep, so that what is kept has the outline of a
 * staircase and a product can walk below it. Prepared once a step, shared by the three products of
 * a layer. The caller never sees the sorted order: rows are gathered from, and results land in,
 * their own places. */
typedef struct tdrop_staircase tdrop_staircase;

/* Makes a staircase for up to max_rows rows. Errors: NULL, SIZE (above 2^31 - 1), MEMORY. */
TDROP_API tdrop_status tdrop_staircase_create(tdrop_staircase **stairs, size_t max_rows);

/* Frees a staircase. NULL is fine. */
TDROP_API void tdrop_staircase_destroy(tdrop_staircase *stairs);

/* Sorts the rows for a layer with `inputs` inputs and `outputs` outputs: keep_in[rows] is the tail
 * of its input (0..inputs), keep_out[rows] the tail that its output feeds (0..outputs); either or
 * both may be NULL. O(rows + inputs + outputs), allocates only when inputs or outputs grow.
 * Errors: NULL, SIZE (rows above max_rows, inputs or outputs above 2^31 - 1), K, MEMORY. */
TDROP_API tdrop_status tdrop_staircase_set(tdrop_staircase *stairs, size_t rows, size_t inputs,
                                           const int32_t *keep_in, size_t outputs,
                                           const int32_t *keep_out);

/* Multiply-adds of one product below the staircase: sum over rows of keep_in * keep_out. */
TDROP_API double tdrop_staircase_work(const tdrop_staircase *stairs);

/* ---------------------------------------------------------------------------------------------
 * The three products of a linear layer
 *
 * y = x W^T + b with x [rows, inputs], W [outputs, inputs], b [outputs], y [rows, outputs], all
 * float32. For row i, x beyond keep_in[i] and y (or dy) beyond keep_out[i] are neither read nor
 * written. Multiply-adds beyond the tails are skipped.
 */

/* A linear layer made ready: its size, its kernels, its weights packed for them. */
typedef struct tdrop_linear tdrop_linear;

typedef enum tdrop_activation {
    TDROP_ACTIVATION_NONE = 0,
    TDROP_ACTIVATION_RELU = 1 /* max(0, v); NaN stays NaN */
} tdrop_activation;

typedef struct tdrop_linear_options {
    tdrop_isa isa;               /* AUTO: the fastest here */
    tdrop_activation activation; /* applied to y after the bias */
    uint64_t reserved[2];
} tdrop_linear_options;

/* Makes a layer; options may be NULL. The packed copies of W are allocated on first use.
 * Errors: NULL, RESERVED, SIZE (a size is 0 or above 2^31 - 1, or no such activation), ISA, OVERFLOW,
 * MEMORY. */
TDROP_API tdrop_status tdrop_linear_create(tdrop_linear **layer, size_t inputs, size_t outputs,
                                           const tdrop_linear_options *options);

/* Frees a layer. NULL is fine. */
TDROP_API void tdrop_linear_destroy(tdrop_linear *layer);

/* How the weights are packed: once and for all, for each of the two products that read them, or
 * AS_USED, by every product for itself. The first pays where weights serve several products, as in
 * use; the second in training, where W changes with each step: no packed copy of W goes to memory
 * and back. The results are the same bits. */
enum { TDROP_PACK_FORWARD = 1, TDROP_PACK_BACKWARD = 2, TDROP_PACK_AS_USED = 4 };

/* Packs W (outputs rows of `inputs` floats, stride w_stride) and copies the bias (outputs floats,
 * NULL for none). To be called whenever the weights have changed. `packings` is FORWARD, BACKWARD,
 * both, or AS_USED alone, with which nothing is packed here: the layer keeps the pointer, and W has
 * to stay as it is until the last product that reads it. With a staircase no more is packed than
 * products below it read: then it has to be called for each staircase (one that keeps more is
 * refused with ORDER by the product), and costs less where much is dropped. NULL packs all; AS_USED
 * packs what is read in any case.
 * Errors: NULL, SIZE (w_stride < inputs; `packings` is none of these; a staircase set for another
 * layer's sizes), ORDER (staircase not set), OVERFLOW, MEMORY. */
TDROP_API tdrop_status tdrop_linear_set_weights(tdrop_linear *layer, const float *w,
                                                size_t w_stride, const float *bias,
                                                unsigned packings, const tdrop_staircase *stairs,
                                                const tdrop_parallel *parallel);

/* Bytes of workspace for any of the three products at up to `rows` rows with `workers` workers; 0
 * workers are the caller's own thread, as 1. Any alignment of the workspace will do. */
TDROP_API size_t tdrop_linear_workspace(const tdrop_linear *layer, size_t rows, unsigned workers);

/* y[i, o] = activation(bias[o] + sum over j < keep_in[i] of x[i, j] W[o, j]), o < keep_out[i].
 * With keep_in[i] = 0 that is the activation of the bias.
 * Errors, for all three products: NULL, SIZE (a stride below its columns; a staircase set for
 * another layer's sizes), ORDER (weights not set, or not packed for this product; staircase not
 * set), WORKSPACE. */
TDROP_API tdrop_status tdrop_linear_forward(const tdrop_linear *layer,
                                            const tdrop_staircase *stairs, const float *x,
                                            size_t x_stride, float *y, size_t y_stride,
                                            void *workspace, size_t workspace_size,
                                            const tdrop_parallel *parallel);

/* dx[i, j] = sum over o < keep_out[i] of dy[i, o] W[o, j], j < keep_in[i]. dy is the gradient of
 * the loss before the activation. Where `gate` is given (same shape and stride as dx, and it may
 * be dx itself) dx[i, j] is 0 unless gate[i, j] > 0: the gradient of the relu that made x. */
TDROP_API tdrop_status tdrop_linear_backward_input(const tdrop_linear *layer,
                                                   const tdrop_staircase *stairs, const float *dy,
                                                   size_t dy_stride, const float *gate, float *dx,
                                                   size_t dx_stride, void *workspace,
                                                   size_t workspace_size,
                                                   const tdrop_parallel *parallel);

/* dw[o, j] = sum of dy[i, o] x[i, j] and db[o] = sum of dy[i, o] over the rows with
 * keep_out[i] > o and (for dw) keep_in[i] > j, in the order of the staircase. dw [outputs, inputs]
 * and db [outputs] are written whole, zeros where no row feeds them; db may be NULL. */
TDROP_API tdrop_status tdrop_linear_backward_weights(const tdrop_linear *layer,
                                                     const tdrop_staircase *stairs,
                                                     const float *dy, size_t dy_stride,
                                                     const float *x, size_t x_stride, float *dw,
                                                     size_t dw_stride, float *db, void *workspace,
                                                     size_t workspace_size,
                                                     const tdrop_parallel *parallel);

/* ---------------------------------------------------------------------------------------------
 * Choosing k from a scree curve
 */

typedef enum tdrop_rule_kind {
    TDROP_RULE_WITHIN = 0, /* smallest k that reaches 1 - share of the loss reduction, from k = 0,
                            * of the best k */
    TDROP_RULE_KNEE = 1,   /* farthest below the line from k = 0 to the best k, both axes scaled to
                            * [0, 1] (Satopaa et al., "Finding a 'kneedle' in a haystack", 2011) */
    TDROP_RULE_1SE = 2,    /* smallest k whose loss is within one standard error of the best k's
                            * (Breiman et al., CART, 1984) */
    TDROP_RULE_K = 3,      /* a number given */
    TDROP_RULE_AUTO = 4    /* see below */
} tdrop_rule_kind;

/* The rule AUTO is WITHIN this share, unless the curve has a cliff before. A k is at a cliff if

       loss(k) <= 0.9 loss(best) + 0.1 loss(0)
       (loss(k) - loss(j)) / (j - k) <= (loss(k - 1) - loss(k)) / 10    for each j = k + 1..best

 * so if it reaches 90 % of the best gain, and no stretch of features behind it gains a tenth of what
 * feature k does, on average of the stretch. The smallest such k is chosen. Where noise is large,
 * features behind the last one that the data have go on to take off a little each, in sum more than
 * 2 %; only their size beside that of the last feature gives them away.
 *
 * The ratio of neighbouring gains as a count of factors: Ahn & Horenstein, "Eigenvalue ratio test for
 * the number of factors", Econometrica 81 (2013); Lam & Yao, "Factor modeling for high-dimensional
 * time series", Annals of Statistics 40 (2012). They take the k of the largest ratio. Most curves have
 * no cliff and fall smoothly, where that would be a matter of chance: hence the bounds. Stretches stand
 * for the single next gain, which may be small by accident. */
#define TDROP_AUTO_SHARE 0.02

typedef struct tdrop_rule {
    tdrop_rule_kind kind;
    double share; /* WITHIN: in [0, 1); 0.02 for within=2% */
    int32_t k;    /* K */
} tdrop_rule;

/* Reads a rule: a number, "auto", "within=X%", "knee" or "1se". Errors: NULL, RULE. */
TDROP_API tdrop_status tdrop_rule_parse(const char *text, tdrop_rule *rule);

/* Chooses k from loss[n + 1], the held-out loss at k = 0..n, and se[n + 1], its standard errors
 * (NULL unless the rule is 1SE). A number (rule K) is not looked for in a curve: loss may be NULL,
 * too. Errors: NULL, K (a number above n), RULE (an unknown kind, a share outside [0, 1), or a loss
 * or standard error that is not finite). */
TDROP_API tdrop_status tdrop_choose_k(const tdrop_rule *rule, size_t n, const double *loss,
                                      const double *se, int32_t *k);

/* The loss at k; a nonzero status ends the scree and is what it returns. */
typedef tdrop_status (*tdrop_loss_at)(void *context, int32_t k, double *loss, double *se);

/* Fills loss[n + 1] and se[n + 1] by asking for every k = 0..n in turn; se may be NULL, and is 0
 * where loss_at does not set it. When loss_at fails, what came before it stays filled in.
 * Errors: NULL, SIZE (n above 2^31 - 1), and what loss_at returns. */
TDROP_API tdrop_status tdrop_scree_by_callback(size_t n, tdrop_loss_at loss_at, void *context,
                                               double *loss, double *se);

/* ---------------------------------------------------------------------------------------------
 * Pruning plain buffers
 */

/* Copies the leading rows x columns block of a matrix: to[i, j] = from[i, j]. Cutting a network to
 * k features takes the first k rows of W and k elements of b of the layer before the tail, and the
 * first k columns of W of the layer after it. `to` may be `from` (to close the gaps between rows,
 * to_stride <= from_stride), and must not overlap it otherwise. Elements of any size.
 * Errors: NULL, SIZE (a stride below the columns; in place a to_stride above from_stride),
 * OVERFLOW. */
TDROP_API tdrop_status tdrop_slice(const void *from, size_t from_stride, void *to, size_t to_stride,
                                   size_t rows, size_t columns, size_t element_size);

#ifdef __cplusplus
}
#endif

#endif
