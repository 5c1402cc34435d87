/* SPDX-License-Identifier: MIT
 *
 * Whole models and the data they learn from: read a file, fit an ordered network, look at its
 * scree curve, cut it to a width, save it, use it. The manual of libtaildropout_model, which
 * stands on libtaildropout (taildropout.h: its words, rules and contract of bits hold here too).
 *
 * ERRORS. Functions that can fail for reasons a person has to read about take a tdrop_error,
 * which may be NULL: on failure it says in one line what is wrong, where, and what to do.
 *
 * EXAMPLE: fit, look, cut, save.
 *
 *     tdrop_data *data = NULL;
 *     tdrop_model *model = NULL, *small = NULL;
 *     tdrop_error error;
 *     if (tdrop_data_read(&data, "table.npy", NULL, &error) ||
 *         tdrop_fit(&model, data, NULL, NULL, &error) ||
 *         tdrop_model_prune(&small, model, 8, &error) ||
 *         tdrop_model_save(small, "small.safetensors", 0, &error))
 *         fprintf(stderr, "%s\n", error.message);
 *     tdrop_model_destroy(small);
 *     tdrop_model_destroy(model);
 *     tdrop_data_destroy(data);
 */
#ifndef TAILDROPOUT_MODEL_H
#define TAILDROPOUT_MODEL_H

#include "taildropout.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What went wrong: the status that was returned and one line without a line end. */
typedef struct tdrop_error {
    tdrop_status status;
    char message[1024];
} tdrop_error;

/* ---------------------------------------------------------------------------------------------
 * Data: a table, one row for each sample. Its cells are numbers; a column of categories holds the
 * numbers of its levels. Columns may have names, and rows ids.
 */

typedef struct tdrop_data tdrop_data;

/* Which part of a data set that comes in two parts; a file has one part only and ignores it. */
typedef enum tdrop_part { TDROP_PART_TRAIN = 0, TDROP_PART_TEST = 1 } tdrop_part;

/* What is done about cells in which nothing stands: in a .csv file empty, NA, NaN or null in any
 * case, in other files NaN. */
typedef enum tdrop_missing {
    TDROP_MISSING_ERROR = 0, /* they are refused */
    TDROP_MISSING_MEAN = 1,  /* the mean of the column's training rows stands in for them */
    TDROP_MISSING_MASK = 2   /* the same, and an autoencoder's loss leaves them out */
} tdrop_missing;

/* "error", "mean" or "mask". Errors: NULL, FORMAT. The name of any other number is NULL. */
TDROP_API tdrop_status tdrop_missing_parse(const char *name, tdrop_missing *missing);
TDROP_API const char *tdrop_missing_name(tdrop_missing missing);

/* Whether the first record of a .csv file is a header. AUTO: found out, see tdrop_data_read. */
typedef enum tdrop_header { TDROP_HEADER_AUTO = 0, TDROP_HEADER_YES, TDROP_HEADER_NO } tdrop_header;

/* How to read. Zero means the default, written behind each field. A column is called by its name
 * or, in a table without names, by its number, counted from 1. */
typedef struct tdrop_data_read_options {
    tdrop_part part;            /* TRAIN */
    const char *const *columns; /* [column_count] only these; NULL: all */
    size_t column_count;        /* counts are not read where their list is NULL */
    const char *const *drop; /* [drop_count] all but these; NULL: none */
    size_t drop_count;
    int named_only;        /* nonzero: `columns` is about tables with names; others are read whole */
    const char *const *targets; /* [target_count] kept whatever `columns` and `drop` say, those that
                                 * are there; NULL: none */
    size_t target_count;
    const char *id;        /* .csv: this column says what the rows are called; NULL: none does */
    char delimiter;        /* .csv: between fields; 0: found out, one of , ; and tab */
    tdrop_missing missing; /* ERROR; otherwise missing cells are let in and counted */
    const char *groups;    /* this column tells which rows are of one group: it is kept, if it is there,
                            * as those of `targets` are, may be that of ids too, and may hold any
                            * number of different texts; NULL: none does */
    tdrop_header header;   /* .csv: whether its first record is one */
    uint64_t reserved[4];
} tdrop_data_read_options;

/* Reads a table from a file, told by its content: .npy (versions 1 to 3, C and Fortran order, both
 * endians, bool, integers of 1 to 8 bytes, floats of 2, 4 and 8), .npz ("file.npz:name", or the file
 * alone where it holds one array), IDX as MNIST uses it, .csv, and each of them in gzip; .fvecs and
 * .fbin, which have no mark, are told by the name's ending. A shape [N, a, b, ...] becomes N rows of a*b*... columns and is
 * remembered; [N] is one column. `source` is a path, "-" for standard input, or "fashion-mnist" for
 * that data set from Debian's package dataset-fashion-mnist (60,000 rows to train, 10,000 to test)
 * and "fashion-mnist:labels" for its labels; write "./fashion-mnist" for a file of that name.
 * Elements of one byte and unsigned stay bytes, of 4-byte float or less stay float, the rest are
 * double. No number may be infinite or, since rows are handed out as floats, 2^128 or more; the
 * message names the first that is, or is missing.
 *
 * A .csv file is text in UTF-8, one record a line, fields as RFC 4180 has them: in quotes they may
 * hold delimiters, line ends and, doubled, quotes. Empty lines are skipped. The first record is a
 * header where one of its fields is text above a number; if others in it are numbers, it has to be
 * said whether it is one. Otherwise it is a header unless one of its fields is a number, or two are
 * the same, or (in a file without any number) one of them occurs again below. No two columns may
 * have the same name. A column whose first cell that is not missing is a number
 * is one of numbers; otherwise it is one of categories. Numbers are rounded to the nearest double,
 * have a decimal point whatever the locale, and may be in quotes.
 *
 * options may be NULL. Errors: NULL, RESERVED, FILE, FORMAT, SIZE (no such option), MISSING,
 * LEVELS (more than 10,000, but of groups), DATA (infinite, no rows, no columns, no column of that
 * name, text where numbers were before, a column in which everything is missing), OVERFLOW, MEMORY. */
TDROP_API tdrop_status tdrop_data_read(tdrop_data **data, const char *source,
                                       const tdrop_data_read_options *options, tdrop_error *error);

/* Copies a table out of memory: `rows` rows of `columns` floats, row stride `stride`.
 * Errors: NULL, SIZE, MISSING (NaN), DATA, OVERFLOW (rows, columns or the stride), MEMORY. */
TDROP_API tdrop_status tdrop_data_from_floats(tdrop_data **data, const float *values, size_t rows,
                                              size_t columns, size_t stride, tdrop_error *error);

/* Frees a table. NULL is fine. */
TDROP_API void tdrop_data_destroy(tdrop_data *data);

/* What a table holds. The pointers are good as long as the table. */
typedef struct tdrop_data_info {
    const char *name;     /* as given to tdrop_data_read, or "memory" */
    size_t rows;          /* at least 1 */
    size_t columns;       /* at least 1 */
    size_t element_size;  /* 1: unsigned bytes, 4: float, 8: double */
    int item_dims;        /* dims of one row as stored, 0 to 7; 0 for a single number */
    size_t item_shape[7]; /* their product is `columns` */
    uint64_t hash;        /* of shape, type of elements, numbers, names and levels: tells two tables apart */
    size_t missing;       /* cells in which nothing stands */
    int named;            /* nonzero: the columns have names */
    const char *id_name;  /* of the column of ids; NULL when there is none */
} tdrop_data_info;

/* Writes what a table holds into *info. Neither may be NULL. */
TDROP_API void tdrop_data_get_info(const tdrop_data *data, tdrop_data_info *info);

typedef enum tdrop_column_kind {
    TDROP_COLUMN_NUMBER = 0,
    TDROP_COLUMN_CATEGORY = 1
} tdrop_column_kind;

/* A column. The pointers are good as long as what they were asked of. */
typedef struct tdrop_column_info {
    const char *name; /* NULL: the columns have no names */
    tdrop_column_kind kind;
    size_t missing;           /* cells in which nothing stands */
    size_t levels;            /* of categories; else 0 */
    const char *const *level; /* [levels] rising by their bytes; a cell holds a number of these */
} tdrop_column_info;

/* Column `column` (0-based) into *info. Errors: NULL, SIZE (no such column). */
TDROP_API tdrop_status tdrop_data_get_column(const tdrop_data *data, size_t column,
                                             tdrop_column_info *info);

/* What row `row` is called, in UTF-8. NULL: the table has no ids, or no such row. */
TDROP_API const char *tdrop_data_get_id(const tdrop_data *data, size_t row);

/* Whether a table has a column of that name (or number, counted from 1, where it has no names); its
 * place into *column, unless that is NULL. */
TDROP_API int tdrop_data_find_column(const tdrop_data *data, const char *name, size_t *column);

/* Takes columns out of a table and makes *taken a table of its own of them, in the order of their
 * names. On failure the table is as it was. Errors: NULL, SIZE (none asked for), DATA (no such
 * column, one twice, all there are, cells missing, or rows of more than one dimension), MEMORY. */
TDROP_API tdrop_status tdrop_data_take_columns(tdrop_data *data, const char *const *names,
                                               size_t count, tdrop_data **taken,
                                               tdrop_error *error);

/* The same of one column. */
TDROP_API tdrop_status tdrop_data_take_column(tdrop_data *data, const char *name,
                                              tdrop_data **taken, tdrop_error *error);

/* Writes rows first..first+rows-1 as float32 into values[rows, columns], in the table's own units;
 * NaN where nothing stands. Errors: NULL, SIZE (rows beyond the table). */
TDROP_API tdrop_status tdrop_data_get_rows(const tdrop_data *data, size_t first, size_t rows,
                                           float *values);

/* Writes float32 values as a .npy file (version 1.0, C order) by a temporary file and a rename, so
 * that the file is there whole or not at all. `dims` dims of `shape`; path "-" is standard output.
 * overwrite = 0 refuses a file that exists. `values` may be NULL where a dim is 0. Errors: NULL, SIZE
 * (dims outside 0..8), EXISTS, FILE, OVERFLOW, MEMORY. */
TDROP_API tdrop_status tdrop_npy_write(const char *path, const float *values, int dims,
                                       const size_t *shape, int overwrite, tdrop_error *error);

/* How a .csv file is written. Zero means the default, written behind each field. */
typedef struct tdrop_csv_options {
    const tdrop_column_info *columns; /* [columns] names, and levels where a value is the number of
                                       * one; NULL: no header, numbers only */
    const tdrop_data *ids; /* a table of as many rows whose ids stand in front; NULL, or without
                            * ids: none */
    char delimiter;        /* a comma */
    uint64_t reserved[4];
} tdrop_csv_options;

/* Writes values[rows, columns] as text, one row a line, each number by the fewest digits that read
 * back as the same float, NaN as an empty field ("" where a row has no other); whole or not at all,
 * as tdrop_npy_write does. options may be NULL, and so may values without rows or columns.
 * Errors: NULL, RESERVED, SIZE (a value that is no number of a level, a delimiter that cannot be one,
 * ids of another number of rows), DATA (an infinite number, which tdrop_data_read would refuse),
 * EXISTS, FILE, OVERFLOW, MEMORY. */
TDROP_API tdrop_status tdrop_csv_write(const char *path, const float *values, size_t rows,
                                       size_t columns, const tdrop_csv_options *options,
                                       int overwrite, tdrop_error *error);

/* ---------------------------------------------------------------------------------------------
 * Models
 */

typedef struct tdrop_model tdrop_model;

/* What a model is for. */
typedef enum tdrop_task {
    TDROP_TASK_AUTOENCODE = 0, /* give back the row itself */
    TDROP_TASK_CLASSIFY = 1,   /* tell which class the row is of */
    TDROP_TASK_REGRESS = 2     /* tell other numbers that belong to the row */
} tdrop_task;

/* "autoencode", "classify" or "regress". Errors: NULL, FORMAT. The name of any other number is NULL. */
TDROP_API tdrop_status tdrop_task_parse(const char *name, tdrop_task *task);
TDROP_API const char *tdrop_task_name(tdrop_task task);

/* How values are scaled before the network sees them, and back again after it. */
typedef enum tdrop_scale {
    TDROP_SCALE_AUTO = 0,     /* bytes: divided by 255; everything else: STANDARD */
    TDROP_SCALE_NONE = 1,     /* as they are */
    TDROP_SCALE_STANDARD = 2, /* per column: minus the mean, by the standard deviation */
    TDROP_SCALE_MINMAX = 3,   /* per column: to [0, 1] */
    TDROP_SCALE_BYTE = 4      /* divided by 255 */
} tdrop_scale;

/* "auto", "none", "standard", "minmax" or "byte". Errors: NULL, FORMAT. */
TDROP_API tdrop_status tdrop_scale_parse(const char *name, tdrop_scale *scale);
TDROP_API const char *tdrop_scale_name(tdrop_scale scale);

/* What is minimised, d being an output minus its target, each in the scaled space. */
typedef enum tdrop_loss_kind {
    TDROP_LOSS_AUTO = 0,    /* of a classifier CROSS_ENTROPY, of others SQUARED */
    TDROP_LOSS_SQUARED = 1, /* the mean of d^2 over the entries of a row */
    TDROP_LOSS_HUBER = 2,   /* the mean of d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2):
                             * Huber, Ann. Math. Statist. 35, 1964, as torch's HuberLoss */
    TDROP_LOSS_BINARY = 3,  /* the mean of log(1 + e^y) - y t, the cross-entropy in nats between a
                             * target t in [0, 1] and the probability 1 / (1 + e^-y) of an output y */
    TDROP_LOSS_COSINE = 4,  /* 1 - the cosine of the angle between output and row; an output shorter
                             * than 0.01 counts as that long. A row of zeros has loss 1, whatever the
                             * output, and no gradient */
    TDROP_LOSS_CROSS_ENTROPY = 5 /* softmax cross-entropy in nats */
} tdrop_loss_kind;

/* LOSSES AND TASKS. An autoencoder takes SQUARED, HUBER, BINARY and COSINE, a regression the first
 * three, a classifier CROSS_ENTROPY.
 *
 * BINARY: an autoencoder's numbers are shares under SCALE_NONE (all of them in [0, 1], which is
 * checked), BYTE or MINMAX, for which AUTO stands; what lies outside of the training rows' range is
 * counted as 0 or 1. A regression's targets are shares, checked and not scaled. What comes out of
 * decode and predict are probabilities, in the data's units. The loss at its best is the entropy of
 * the targets, which is 0 only where these are 0 or 1.
 *
 * COSINE: SCALE_NONE, for which AUTO stands. Rows go in divided by their length, and what comes out
 * of decode and predict has length 1: lengths are lost, directions are kept. A row of zeros goes in
 * as it is.
 *
 * MISSING_MASK: what is missing has no part in any of them; under COSINE the angle is that of the
 * entries that are there. PCA stands beside SQUARED only, since that is what it minimises. */

/* "auto", "squared", "huber", "binary", "cosine" or "cross-entropy". Errors: NULL, FORMAT. */
TDROP_API tdrop_status tdrop_loss_kind_parse(const char *name, tdrop_loss_kind *kind);
TDROP_API const char *tdrop_loss_kind_name(tdrop_loss_kind kind);

typedef enum tdrop_schedule {
    TDROP_SCHEDULE_ONE_CYCLE = 0, /* up over the first 3/10 of the steps, down to almost 0, both
                                   * along a cosine (Smith and Topin, arXiv:1708.07120) */
    TDROP_SCHEDULE_CONSTANT = 1,
    TDROP_SCHEDULE_COSINE = 2 /* down from the highest to 0 along half a cosine */
} tdrop_schedule;

/* "one-cycle", "constant" or "cosine". Errors: NULL, FORMAT. The name of any other number is NULL. */
TDROP_API tdrop_status tdrop_schedule_parse(const char *name, tdrop_schedule *schedule);
TDROP_API const char *tdrop_schedule_name(tdrop_schedule schedule);

typedef enum tdrop_optimizer_kind {
    TDROP_OPTIMIZER_AUTO = 0,  /* NADAM, but of classifiers ADAM */
    TDROP_OPTIMIZER_NADAM = 1, /* Adam with Nesterov's momentum (Dozat, 2016): a step goes along 0.9
                                * of the mean gradient and 0.1 of the newest; beta 0.9 and 0.99 */
    TDROP_OPTIMIZER_ADAM = 2,  /* Kingma and Ba, arXiv:1412.6980; beta 0.9 and 0.999 */
    TDROP_OPTIMIZER_ADAMW = 3, /* the same, and each step shrinks the weights (not the biases) by
                                * rate x weight_decay: Loshchilov and Hutter, arXiv:1711.05101 */
    TDROP_OPTIMIZER_SGD = 4    /* stochastic gradient descent with momentum, as torch's SGD */
} tdrop_optimizer_kind;

/* "auto", "nadam", "adam", "adamw" or "sgd". Errors: NULL, FORMAT. */
TDROP_API tdrop_status tdrop_optimizer_kind_parse(const char *name, tdrop_optimizer_kind *kind);
TDROP_API const char *tdrop_optimizer_kind_name(tdrop_optimizer_kind kind);

/* The weights that training begins with. */
typedef enum tdrop_start {
    TDROP_START_AUTO = 0,   /* PCA where the network can begin so, else RANDOM */
    TDROP_START_RANDOM = 1, /* uniform in +-1/sqrt(inputs), as torch.nn.Linear */
    TDROP_START_PCA = 2     /* the network is PCA at every k: for an autoencoder of linear layers with
                             * one tail, with relu or gelu, whose hidden layers are at least 2 n
                             * wide, under any loss but BINARY */
} tdrop_start;

/* "auto", "random" or "pca". Errors: NULL, FORMAT. */
TDROP_API tdrop_status tdrop_start_parse(const char *name, tdrop_start *start);
TDROP_API const char *tdrop_start_name(tdrop_start start);

/* How rows are held out. */
typedef enum tdrop_split_kind {
    TDROP_SPLIT_ROWS = 0,    /* a share of all rows */
    TDROP_SPLIT_CLASSES = 1, /* the same share (rounded, at least 1, at most all but 1) of the rows of
                              * each class; a class of one row is trained on */
    TDROP_SPLIT_GROUPS = 2,  /* whole groups, until the share of the rows is nearest */
    TDROP_SPLIT_TABLE = 3    /* all rows of another table; those of the data are all trained on */
} tdrop_split_kind;

/* "rows", "classes", "groups" or "table". Errors: NULL, FORMAT. The name of any other number is NULL. */
TDROP_API tdrop_status tdrop_split_kind_parse(const char *name, tdrop_split_kind *kind);
TDROP_API const char *tdrop_split_kind_name(tdrop_split_kind kind);

/* Checkpoints: all that a fit cut short needs to go on and end in the same bits as one that never
 * stopped, on any number of threads and any instruction set. A checkpoint is written like a model,
 * whole or not at all, when its time has come, when the observer stops the fit and when training is
 * done; one that cannot be written is told to the observer, and training goes on. */
typedef struct tdrop_checkpoint_options {
    const char *path;     /* the file to write, an older one is replaced; NULL: none */
    double every_seconds; /* so long after the last one; 0: no such time, but see every_steps */
    uint64_t every_steps; /* so many steps after the last one; when both are 0: every 30 seconds */
    const char *resume;   /* the checkpoint to go on from, may be the same file; NULL: begin anew.
                           * One of a fit that was done makes its model again */
} tdrop_checkpoint_options;

/* How to fit. Zero means the default, written behind each field. */
typedef struct tdrop_fit_options {
    tdrop_task task;          /* AUTOENCODE */
    const tdrop_data *target; /* CLASSIFY: the labels, one number or text for each row. REGRESS: the
                               * numbers, one column or several. Its rows are those of the data */
    const tdrop_data *groups; /* one column, numbers or text, whose rows are those of the data: rows
                               * with the same cell are all held out or all trained on; NULL: each
                               * row stands for itself */
    tdrop_loss_kind loss;     /* AUTO */
    double huber_delta;       /* of HUBER, above 0; default 1 */
    const char *arch;         /* architecture (grammar below); NULL: made from `features` */
    size_t features;          /* n; default the smaller of 64 and half the columns, at least 1 */
    tdrop_law_options law;    /* MIXED with rate = 0.15, which is also what EXPONENTIAL with p = 0
                               * stands for; ORIGINAL with p = 0 has p = 0.5 */
    int no_drop;              /* nonzero: nothing is dropped and nothing is ordered */
    int independent;      /* nonzero: k of each row on its own; default stratified in the batch */
    double balance;       /* each row's loss counts 1 / (running loss at its k)^balance, so that
                           * narrow widths, whose loss is largest, do not own the gradient; at
                           * most 2, 1: what is minimised is the mean of ratios; default 0.6,
                           * negative: all alike */
    uint32_t effort;      /* 1 (default), 2 or 3: how many epochs, if `epochs` does not say */
    uint32_t epochs;      /* 10, but of a small table as many as 4000 steps take, at most 400; with
                           * effort 2 three times, with effort 3 twelve times as many */
    size_t batch;         /* rows in a step; 64, or all training rows where there are fewer */
    double learning_rate; /* the highest of the schedule; 0.0015 */
    tdrop_schedule schedule;
    double average;      /* decay of the weights' running average per step, in (0, 1);
                          * default 0.995; negative: no average */
    tdrop_optimizer_kind optimizer;
    double weight_decay; /* of ADAMW, at most 1000; default 0.01; negative: none */
    double momentum;     /* of SGD, below 1; default 0.9; negative: none */
    double clip_norm;    /* a longer gradient (all of it) is shortened to this; 0: none is */
    uint64_t warm_up;    /* so many steps the rate rises in a line to the first of the schedule,
                          * which has the others; 0 */
    int no_center;       /* nonzero: do not train as though the inputs had mean 0. It is the same
                          * kind of model either way, and values far from 0 are learnt faster */
    tdrop_start start;   /* of the first weights, where there is no `init` */
    int keep_last;       /* nonzero: the weights after the last step, rather than those of the
                          * epoch with the lowest validation loss */
    uint32_t patience;   /* stop after so many epochs without a better validation loss; 0: never */
    uint64_t seed;       /* 0 */
    double valid_share;  /* share of rows held out, in (0, 1); default 0.1. Of a classifier, unless
                          * there are groups, each class gives it */
    uint64_t split_seed; /* 0; which rows are held out depends on it, the share, the number of rows
                          * and their groups or else classes alone */
    const tdrop_data *valid; /* a table with the columns of the data (by name where both have names,
                              * else by place), whose rows are the held-out ones: all rows of the
                              * data are trained on, and share and seed decide nothing. NULL: none */
    const tdrop_data *valid_target; /* what `target` is of the data, of the rows of `valid` */
    tdrop_scale scale;
    tdrop_missing missing; /* what is done about missing cells; ERROR */
    tdrop_isa isa;
    const tdrop_parallel *parallel; /* NULL: the caller's thread */
    const tdrop_model *init; /* begin with the weights of this model, which has the same architecture
                              * and, of a classifier, the same classes; without arch and features
                              * the architecture is taken from it. NULL: `start` says. Scaling is
                              * learnt from the data all the same */
    tdrop_checkpoint_options checkpoint;
    uint64_t reserved[4];
} tdrop_fit_options;

/* INPUTS. A column of numbers is one input of the network, scaled. A column of categories has one
 * for each level: 1 for the level of the row, 0 for the others; a level that was not there at the
 * fit has none, so all are 0. What is missing goes in as the mean of the input over the training
 * rows (of a level: its share). An autoencoder gives its inputs back, a category as its most likely
 * level; its loss counts each input, those of missing cells only under MISSING_MEAN. */

/* ARCHITECTURES are written from the input to the output, items joined by '-':
 *
 *     arch := item ('-' item)*
 *     item := WIDTH          a linear layer with so many outputs
 *           | '[' WIDTH ']'  the code: a linear layer and the tail behind it
 *           | 'relu'         max(0, v)
 *           | 'gelu'         v Phi(v), Phi being the share of the normal distribution below v: the
 *                            exact one, torch's approximate='none'
 *           | 'sigmoid'      1 / (1 + e^-v)
 *           | 'tanh'
 *           | 'widthbias'    behind a linear layer that comes after a tail: a bias for each k
 *                            of 0..n, by what the row keeps there, learnt from zeros
 *           | 'tail'         the layer that drops
 *           | 'layer-norm'   each row minus its mean, over the root of its variance + 1e-5, then
 *                            scaled and shifted by column (weight, bias), as torch's LayerNorm
 *           | 'batch-norm'   each column minus its mean, over the root of its variance + 1e-5, then
 *                            scaled and shifted (weight, bias), as torch's BatchNorm1d: in training
 *                            by the rows of the batch that keep the column, in use by running
 *                            averages of momentum 0.1 (running_mean, running_var)
 *           | 'dropout:' P   ordinary dropout: in training each number is zero with probability P
 *                            (0, or 0. and 1 to 9 digits), else divided by 1 - P; in use nothing
 *                            happens
 *
 * Input and output widths come from the data (outputs of a classifier: one a class, of a regression:
 * one a target): a last linear layer to the output is added. Where no activation is named, a relu
 * stands behind every linear layer (and its widthbias and batch-norm) but the code and the output. So
 * "512-256-[64]-256-512" for 784 columns is 784-512-256-64-256-512-784. There are 1 to 8 tails, with
 * a linear layer before, between and after them. Activations, dropout and batch-norms may come
 * between: what a tail dropped before one stays dropped behind it, also where sigmoid(0) is not 0. A
 * layer-norm may not, since it mixes columns; behind a linear layer it normalises each row as it is
 * at its own k, so a cut model equals the whole one bit for bit. Each tail draws k on its own in
 * training; n, k and the code are those of the first, and the others keep everything when the model
 * is used. */

/* Whether a text is an architecture, as far as that can be said without data. On failure *place,
 * unless it is NULL, is the character (0-based) at which the item stands that the error is about.
 * Errors: NULL, ARCH, MEMORY. */
TDROP_API tdrop_status tdrop_arch_check(const char *arch, size_t *place, tdrop_error *error);

/* What fitting will do, resolved. Strings are good until the observer returns. */
typedef struct tdrop_fit_settings {
    tdrop_fit_options options; /* every default filled in */
    const char *arch;          /* written out with input and output: "784-512-relu-...-784" */
    size_t classes;            /* of a classifier, else 0 */
    tdrop_split_kind split;
    size_t rows_train, rows_valid, columns;
    size_t inputs;           /* of the network: columns, and one more for each level but the first */
    size_t features;         /* n */
    size_t parameters;       /* numbers in the model */
    size_t steps;            /* in all epochs */
    size_t constant_columns; /* columns of one value only; scaled by 1 */
    int batch_shrunk;        /* nonzero: fewer rows than the batch asked for */
    const char *lone_class;  /* a class of which there is one row; NULL: none */
    size_t unseen;           /* levels of options.valid that the data do not have: coded as none */
    const char *unseen_levels; /* "column: level, column: level", as many as there is room for */
} tdrop_fit_settings;

/* Where fitting stands. */
typedef struct tdrop_fit_progress {
    size_t step, steps;
    uint32_t epoch;    /* 0-based */
    int epoch_ended;   /* nonzero: valid_loss and best are of this moment */
    uint64_t rows;     /* rows trained on so far */
    double seconds;    /* of training so far, before a checkpoint included */
    double train_loss; /* running mean, scaled space */
    double valid_loss; /* of the last epoch that ended; NaN before */
    double best_loss;  /* lowest so far; NaN before */
} tdrop_fit_progress;

/* What an observer may answer. Either way a checkpoint is written first, where one was asked for.
 * Any other nonzero answer is STOP. */
enum {
    TDROP_FIT_GO_ON = 0,
    TDROP_FIT_STOP = 1, /* the fit keeps the best weights so far and ends well */
    TDROP_FIT_LEAVE = 2 /* the fit ends with STOPPED and without a model. The same as STOP when the
                         * checkpoint could not be written, or none was asked for: so nothing is
                         * lost */
};

/* What became of a checkpoint. */
typedef struct tdrop_fit_checkpoint {
    const char *path;
    int resumed;                        /* nonzero: it was read, and the fit goes on from it */
    const tdrop_error *failure;         /* why it could not be written; NULL: it was */
    const tdrop_fit_progress *progress; /* where the fit stands in it */
    int done;                           /* nonzero: training is done in it */
} tdrop_fit_checkpoint;

/* Called while fitting, on the calling thread; each may be NULL. `progress` is called after every
 * step and answers whether to go on. `checkpoint` is called when a fit goes on from one, and
 * whenever one was written or could not be. */
typedef struct tdrop_fit_observer {
    void *context;
    void (*settings)(void *context, const tdrop_fit_settings *settings);
    int (*progress)(void *context, const tdrop_fit_progress *progress);
    void (*checkpoint)(void *context, const tdrop_fit_checkpoint *checkpoint);
} tdrop_fit_observer;

/* Fits an ordered network to the training rows of the data. A regression's targets are scaled to
 * standard deviations over the training rows (under SCALE_NONE, and for the loss BINARY, they stay
 * as they are).
 * options and observer may be NULL. When nothing can be held out (a single row, a single group), or
 * `valid` does not fit the data or is the same table: DATA; `valid` and groups or a share: SIZE. A
 * checkpoint is gone on from only when all that decides the result is what it was: library version,
 * data, labels, architecture and options (not threads, instruction set and how often checkpoints are
 * written); otherwise FORMAT, and the message names the first thing that differs.
 * Errors: NULL, RESERVED, P, RATE, WEIGHTS, K_MIN, LAW, ARCH, SIZE (a number out of its range), DATA,
 * FILE and FORMAT (the checkpoint to go on from), STOPPED (see TDROP_FIT_LEAVE), ISA, MEMORY. */
TDROP_API tdrop_status tdrop_fit(tdrop_model **model, const tdrop_data *data,
                                 const tdrop_fit_options *options,
                                 const tdrop_fit_observer *observer, tdrop_error *error);

/* Reads a model. Every tensor must be there with the shape that the architecture asks for, and the
 * checksum must hold. Errors: NULL, FILE, FORMAT, MEMORY. */
TDROP_API tdrop_status tdrop_model_load(tdrop_model **model, const char *path, tdrop_error *error);

/* Writes a model as safetensors by a temporary file, fsync, rename and fsync of the folder: the
 * file is there whole or not at all. overwrite = 0 refuses a file that exists.
 * Errors: NULL, EXISTS, FILE, OVERFLOW, MEMORY. */
TDROP_API tdrop_status tdrop_model_save(const tdrop_model *model, const char *path, int overwrite,
                                        tdrop_error *error);

/* Frees a model. NULL is fine. */
TDROP_API void tdrop_model_destroy(tdrop_model *model);

/* What a model is and how it was made. The pointers are good as long as the model. */
typedef struct tdrop_model_info {
    tdrop_task task;
    size_t classes;                /* of a classifier, else 0 */
    const char *const *class_name; /* [classes] */
    tdrop_loss_kind loss;          /* never AUTO */
    double huber_delta;            /* of HUBER, else 0 */
    const char *metric;            /* "accuracy" of a classifier, "r2" of a regression, else NULL */
    const char *arch;              /* as in tdrop_fit_settings */
    size_t columns;                /* width of the data */
    size_t inputs;                 /* of the network: columns, categories counting their levels */
    int named;                     /* nonzero: the columns have names (tdrop_model_get_column) */
    size_t outputs;                /* width of a prediction: columns, or classes */
    size_t features;               /* n */
    size_t parameters;
    int item_dims;
    size_t item_shape[7];  /* shape of one row of the data */
    tdrop_law_options law; /* p = 0 when nothing was dropped */
    uint64_t seed;
    tdrop_scale scale;
    tdrop_missing missing;
    const char *unit;      /* of the loss, as "mean squared error, pixels / 255" */
    const char *data_name; /* what it was fitted to: the last part of a path, or a name */
    uint64_t data_hash;
    size_t data_rows; /* of that data, held-out rows included */
    tdrop_split_kind split;
    double valid_share;
    uint64_t split_seed;
    uint64_t split_hash; /* CLASSES: of the class of every row, which tells labels from others;
                          * GROUPS: of the group of every row, 0 in files without it;
                          * TABLE: of that table; else 0 */
    const char *valid_name; /* TABLE: the last part of that table's name; else NULL */
    const char *groups; /* the column whose groups were held out whole; NULL when rows were */
    uint32_t epochs;    /* that were trained */
    uint32_t tuned;     /* of these, in tdrop_model_tune; 0: it is as it was cut, or not cut */
    size_t pruned_from; /* n of the model it was cut from, 0 if it was not */
    double flops;       /* operations of the training, a multiply-add counts two */
    const double *valid_loss;   /* the validation curve: n + 1 numbers as those below, at k = 0..n;
                                 * NULL when there is none */
    const double *valid_se;     /* their standard errors; NULL likewise */
    const double *valid_pca;    /* NULL when there is none; LAPACK's bits, not ours */
    const double *valid_metric; /* NULL when there is none */
    size_t valid_rows;
} tdrop_model_info;

/* Writes what a model is into *info. Neither may be NULL. */
TDROP_API void tdrop_model_get_info(const tdrop_model *model, tdrop_model_info *info);

/* A target of a regression, 0-based, into *info: its name, unless it has none. Errors: NULL, SIZE
 * (no such target). */
TDROP_API tdrop_status tdrop_model_get_target(const tdrop_model *model, size_t target,
                                              tdrop_column_info *info);

/* A column that the model was made from, 0-based, into *info: name, kind and levels. Errors: NULL,
 * SIZE (no such column). */
TDROP_API tdrop_status tdrop_model_get_column(const tdrop_model *model, size_t column,
                                              tdrop_column_info *info);

/* Levels of the data's categories that were not there when the model was made; they are coded as
 * none. Writes how many into *count and as many as fit into text[size], ended by a zero:
 * "column: level, column: level". The columns of the data are found by name, where both have names,
 * otherwise by place. Errors: NULL, DATA (columns that do not fit the model), MEMORY. */
TDROP_API tdrop_status tdrop_model_unseen(const tdrop_model *model, const tdrop_data *data,
                                          size_t *count, char *text, size_t size,
                                          tdrop_error *error);

/* Size in bytes of the file of this model when cut to k. Errors: NULL, K, MEMORY. */
TDROP_API tdrop_status tdrop_model_file_size(const tdrop_model *model, size_t k, size_t *bytes);

/* One layer of a model, from the input: for showing it. */
typedef struct tdrop_layer_info {
    const char *part; /* "encoder" or "decoder" */
    size_t index;     /* within that part, as in the file's tensor names */
    const char *op;   /* "linear", or as the grammar has it: "relu", "tail", ... */
    size_t inputs, outputs;
    size_t parameters;
    size_t multiply_adds; /* of one row */
} tdrop_layer_info;

/* How many layers; layer i (0-based) into *info. Errors: NULL, SIZE (no such layer). */
TDROP_API size_t tdrop_model_layers(const tdrop_model *model);
TDROP_API tdrop_status tdrop_model_get_layer(const tdrop_model *model, size_t i,
                                             tdrop_layer_info *info);

/* One tensor of a model, as it stands in the file: `values` has as many numbers as the product of
 * shape, the last dim fastest. The pointers are good as long as the model. */
typedef struct tdrop_tensor_info {
    const char *name; /* "decoder.0.weight": part, index and what it is, as torch.nn names it */
    int dims;         /* 1 or 2 */
    size_t shape[2];  /* a weight is [outputs, inputs], a bias [outputs] */
    const float *values;
} tdrop_tensor_info;

/* How many tensors; tensor i (0-based, those of each layer together, from the input) into *tensor.
 * Errors: NULL, SIZE (no such tensor). */
TDROP_API size_t tdrop_model_tensors(const tdrop_model *model);
TDROP_API tdrop_status tdrop_model_get_tensor(const tdrop_model *model, size_t i,
                                              tdrop_tensor_info *tensor);

/* What the network sees at input j: (value - shift[j]) / unit[j]. An autoencoder gives back the
 * same scaled numbers. Points both to `inputs` numbers that are good as long as the model.
 * Errors: NULL. */
TDROP_API tdrop_status tdrop_model_get_scaling(const tdrop_model *model, const double **shift,
                                               const double **unit);

/* How a model is used; may be NULL. */
typedef struct tdrop_use_options {
    const tdrop_data *target; /* scree and evaluate of a classifier: the labels of the data, of a
                               * regression: the numbers */
    const tdrop_data *groups; /* of the data that a model with info.groups was fitted to: that column */
    tdrop_isa isa;
    const tdrop_parallel *parallel;
    uint64_t reserved[2];
} tdrop_use_options;

/* Which rows of the data were not trained on: when these are the data that the model was fitted to
 * (same hash), its held-out rows in rising order; of any other data, all rows. Of the options groups
 * and, under SPLIT_CLASSES, target alone are read: those of the fit. Under SPLIT_TABLE there are none
 * among the data that the model was fitted to, and all rows are given of these, too, although they
 * were trained on. Writes how many into *count and, unless rows is NULL, their numbers into
 * rows[*count]. Errors: NULL, RESERVED, DATA (groups or classes decided, and are not given or do not
 * fit), MEMORY. */
TDROP_API tdrop_status tdrop_model_held_out(const tdrop_model *model, const tdrop_data *data,
                                            const tdrop_use_options *options, size_t *count,
                                            size_t *rows);

/* A scree curve; free it with tdrop_scree_destroy. */
typedef struct tdrop_scree {
    size_t n;       /* features */
    size_t rows;    /* rows measured */
    double *loss;   /* [n + 1] mean over rows at k = 0..n */
    double *se;     /* [n + 1] standard error of that mean */
    double *pca;    /* [n + 1] loss of the first k principal components, or NULL */
    double *metric; /* [n + 1] of a classifier: accuracy; of a regression: R squared of all targets
                     * together (see R SQUARED); else NULL */
    size_t targets; /* of a regression; else 0 */
    double *target_r2; /* [n + 1, targets] R squared of each target; NULL where there are none */
} tdrop_scree;

/* R SQUARED of target j over the rows measured: 1 - sum of (output - target)^2 / sum of
 * (target - mean)^2, the mean being that of these rows; 0 where they are all alike. Of all targets
 * together both sums run over the targets too, each in its scaled space: the mean of the targets'
 * R squared, weighed by their variance there. In standard deviations of the training rows that
 * variance is near 1, and all count about alike; under SCALE_NONE those of large numbers count
 * most. */

/* Measures the loss at every k on the held-out rows of `data` (see tdrop_model_held_out). Where the
 * loss is SQUARED, PCA is fitted to the training rows, centred on their mean, in the same scaled space: of `train`, the
 * data that the model was fitted to; NULL, or other data, leaves `pca` NULL, and so do more than
 * 4096 columns. Errors: NULL, RESERVED, DATA (another width; labels missing, of another number of
 * rows or unknown; groups that are not those of the fit; numbers too large for PCA), ISA, MEMORY. */
TDROP_API tdrop_status tdrop_model_scree(tdrop_scree *scree, const tdrop_model *model,
                                         const tdrop_data *data, const tdrop_data *train,
                                         const tdrop_use_options *options, tdrop_error *error);

/* Frees what a curve points to and makes it zero. NULL is fine, and so is a curve that is zero. */
TDROP_API void tdrop_scree_destroy(tdrop_scree *scree);

/* The model cut to its first k features: rows of the layer before the tail and columns of the
 * layer after it are sliced away. Codes and reconstructions equal those of the whole model at that
 * k bit for bit. Errors: NULL, K (k = 0 or above n), MEMORY. */
TDROP_API tdrop_status tdrop_model_prune(tdrop_model **pruned, const tdrop_model *model, size_t k,
                                         tdrop_error *error);

/* How to tune. */
typedef struct tdrop_tune_options {
    uint32_t epochs; /* at least 1 */
    uint64_t seed;
    double learning_rate;  /* the highest; 0: that of a fit */
    tdrop_use_options use; /* target of a classifier or a regression, groups: those of the fit */
    uint64_t reserved[2];
} tdrop_tune_options;

/* Trains a model, cut or not, on the data it was fitted to for all its n features: nothing is dropped,
 * so widths below n get worse. The rows that were held out stay so, and the epoch that serves them
 * best is kept, with the curve measured anew; where none is better than the model as it is, the
 * result is the model as it is (info.tuned tells). Epochs and operations add up. The same seed gives
 * the same bits. Errors: NULL, RESERVED, SIZE (no epochs), DATA (other data than those of the fit, or
 * its held-out rows are another table's), and those of tdrop_fit. */
TDROP_API tdrop_status tdrop_model_tune(tdrop_model **tuned, const tdrop_model *model,
                                        const tdrop_data *data, const tdrop_tune_options *options,
                                        const tdrop_fit_observer *observer, tdrop_error *error);

/* The first k features of rows first..first+rows-1 of the data, into codes[rows, k].
 * Errors: NULL, RESERVED, K, SIZE (rows beyond the table), DATA (another width), ISA, MEMORY. */
TDROP_API tdrop_status tdrop_model_encode(const tdrop_model *model, const tdrop_data *data,
                                          size_t first, size_t rows, size_t k, float *codes,
                                          const tdrop_use_options *options, tdrop_error *error);

/* What codes[rows, k] stand for, into values[rows, outputs]: rows in the data's own units (under
 * the loss COSINE of length 1), or the probabilities of the classes.
 * Errors: as tdrop_model_encode. */
TDROP_API tdrop_status tdrop_model_decode(const tdrop_model *model, const float *codes, size_t rows,
                                          size_t k, float *values, const tdrop_use_options *options,
                                          tdrop_error *error);

/* Encode and decode with k features. Errors: as tdrop_model_encode. */
TDROP_API tdrop_status tdrop_model_predict(const tdrop_model *model, const tdrop_data *data,
                                           size_t first, size_t rows, size_t k, float *values,
                                           const tdrop_use_options *options, tdrop_error *error);

/* What is measured on rows. */
typedef struct tdrop_measure {
    size_t rows;
    double loss, se; /* mean, and its standard error */
    double metric;   /* accuracy of a classifier, R squared of a regression; else 0 */
} tdrop_measure;

/* Measures with k features on the held-out rows. Errors: as tdrop_model_scree, K. */
TDROP_API tdrop_status tdrop_model_evaluate(tdrop_measure *measure, const tdrop_model *model,
                                            const tdrop_data *data, size_t k,
                                            const tdrop_use_options *options, tdrop_error *error);

/* R squared of each target of a regression with k features on the held-out rows, into r2[outputs].
 * Errors: as tdrop_model_evaluate, DATA (the model is no regression). */
TDROP_API tdrop_status tdrop_model_target_r2(double *r2, const tdrop_model *model,
                                             const tdrop_data *data, size_t k,
                                             const tdrop_use_options *options, tdrop_error *error);

/* Compares the gradients of a network with numeric ones: builds `arch` (grammar above) for so many
 * columns, draws weights, `rows` rows and a k for each from the seed, and compares every gradient
 * of a parameter with the central difference of the loss (AUTO: SQUARED; HUBER with delta = 0.5),
 * computed plainly in double. *worst is the
 * largest difference, as a share of the largest gradient. Where a relu's kink lies within the
 * difference's reach the numbers cannot agree; such parameters are left out.
 * Errors: NULL, ARCH, SIZE (no rows, columns or such loss), ISA, MEMORY. */
TDROP_API tdrop_status tdrop_check_gradients(const char *arch, size_t columns, size_t rows,
                                             tdrop_loss_kind loss, uint64_t seed, tdrop_isa isa,
                                             double *worst, tdrop_error *error);

#ifdef __cplusplus
}
#endif

#endif
