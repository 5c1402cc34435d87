/* SPDX-License-Identifier: MIT
 * Checkpoints: a fit that is stopped anywhere and gone on with ends in the bytes of one that never
 * stopped; nothing else is gone on from; and a fit can begin with the weights of a model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data/bytes.h"
#include "file/safetensors.h"
#include "models.h"
#include "scratch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* In place of libc's: hundreds of checkpoints need not wait for the disk. */
int fsync(int descriptor) {
    (void)descriptor;
    return 0;
}

enum { ROWS = 33, COLUMNS = 5 };

static tdrop_data *data, *labels;

static int set_up(void **state) {
    (void)state;
    data = models_table(ROWS, COLUMNS, 2, 0.1, 1);
    labels = models_labels(data);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    tdrop_data_destroy(labels);
    tdrop_data_destroy(data);
    return 0;
}

/* ---------------------------------------------------------------------------------------------
 * Fits that are watched
 */

/* What an observer does and sees. */
typedef struct watch {
    size_t stop_at; /* step after which `answer` is given; 0: never */
    int answer;
    size_t written, failed, resumed;
    size_t last_step; /* of the last checkpoint that was told of */
    int done;         /* likewise */
    tdrop_error failure;
} watch;

static int on_progress(void *context, const tdrop_fit_progress *now) {
    const watch *w = context;
    return w->stop_at && now->step == w->stop_at ? w->answer : TDROP_FIT_GO_ON;
}

static void on_checkpoint(void *context, const tdrop_fit_checkpoint *told) {
    watch *w = context;
    w->resumed += told->resumed != 0;
    w->failed += told->failure != NULL;
    w->written += !told->resumed && !told->failure;
    w->last_step = told->progress->step;
    w->done = told->done;
    if (told->failure) w->failure = *told->failure;
}

static tdrop_status watched_fit(tdrop_model **model, const tdrop_fit_options *options, watch *w,
                                tdrop_error *error) {
    const tdrop_fit_observer observer = {
        .context = w, .progress = on_progress, .checkpoint = on_checkpoint};
    return tdrop_fit(model, data, options, &observer, error);
}

/* Goes on from `ck` and expects that to be refused. */
static void assert_resume_refused(tdrop_fit_options options, const char *text) {
    tdrop_model *model = NULL;
    tdrop_error error = {TDROP_OK, ""};
    options.checkpoint = (tdrop_checkpoint_options){.resume = "ck"};
    models_assert_refused(tdrop_fit(&model, data, &options, NULL, &error), TDROP_ERROR_FORMAT,
                          &error, text);
    assert_null(model);
}

static void assert_same_model(tdrop_model *model, const unsigned char *bytes, size_t size) {
    size_t found_size;
    unsigned char *found = models_bytes(model, &found_size);
    assert_int_equal(found_size, size);
    assert_memory_equal(found, bytes, size);
    free(found);
    tdrop_model_destroy(model);
}

/* The file of the model that a fit makes which never stops. */
static unsigned char *reference(const tdrop_fit_options *options, size_t *size) {
    tdrop_model *model = models_fit(data, options);
    unsigned char *bytes = models_bytes(model, size);
    tdrop_model_destroy(model);
    return bytes;
}

/* ---------------------------------------------------------------------------------------------
 * Going on
 */

/* 30 training rows, so that 8 a step leave an epoch a shorter last step: 4 steps an epoch. */
enum { STEPS_IN_EPOCH = 4 };

static const double table_weights[] = {1.0, 2.0, 3.0};

/* Options of many kinds; labels are filled in where the task asks for them. */
static const tdrop_fit_options kinds[] = {
    {.arch = "4-[2]-4", .epochs = 3, .batch = 8},
    {.arch = "4-[2]-4", .epochs = 3, .batch = 8, .average = -1.0, .independent = 1},
    {.arch = "4-[2]-4", .epochs = 3, .batch = 8, .schedule = TDROP_SCHEDULE_CONSTANT, .seed = 7},
    {.arch = "4-[2]", .epochs = 3, .batch = 8, .no_drop = 1, .scale = TDROP_SCALE_MINMAX},
    {.task = TDROP_TASK_CLASSIFY, .arch = "6-[3]-4-tail-3", .epochs = 3, .batch = 8},
    {.arch = "4-[2]",
     .epochs = 6,
     .batch = 8,
     .patience = 1,
     .learning_rate = 0.5,
     .law = {.kind = TDROP_LAW_TABLE, .weights = table_weights, .weight_count = 3}},
    {.arch = "4-gelu-[2]-4-dropout:0.3-tanh",
     .epochs = 3,
     .batch = 8,
     .optimizer = TDROP_OPTIMIZER_ADAMW,
     .weight_decay = 0.1,
     .clip_norm = 0.5,
     .warm_up = 4},
    {.arch = "4-[2]-4", .epochs = 3, .batch = 8, .optimizer = TDROP_OPTIMIZER_SGD, .momentum = 0.5},
    {.arch = "4-[2]-4-widthbias", .epochs = 3, .batch = 8},
    {.arch = "4-batch-norm-[2]-batch-norm-4-batch-norm", .epochs = 3, .batch = 8},
    {.arch = "4-[2]-4", .epochs = 3, .batch = 8, .keep_last = 1},
    {.task = TDROP_TASK_REGRESS, .arch = "6-[3]-4", .epochs = 3, .batch = 8},
};

static tdrop_fit_options kind(size_t number) {
    tdrop_fit_options options = kinds[number];
    if (options.task != TDROP_TASK_AUTOENCODE) options.target = labels;
    return options;
}

/* Stops after every step in turn, and goes on with other threads on another instruction set. */
static void test_a_stop_at_any_step_changes_nothing(void **state) {
    (void)state;
    tdrop_isa isas[MODELS_MOST_ISAS];
    size_t isa_count = models_isas(isas);
    tdrop_pool *pool = NULL;
    assert_int_equal(tdrop_pool_create(&pool, 3), TDROP_OK);
    const tdrop_parallel parallel = tdrop_pool_parallel(pool);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        tdrop_fit_options options = kind(i);
        size_t size, step = 1;
        unsigned char *expected = reference(&options, &size);
        for (;; step++) {
            watch w = {.stop_at = step, .answer = TDROP_FIT_LEAVE};
            tdrop_model *model = NULL;
            tdrop_error error;
            options.checkpoint = (tdrop_checkpoint_options){.path = "ck"};
            options.parallel = NULL;
            options.isa = isas[0];
            tdrop_status status = watched_fit(&model, &options, &w, &error);
            assert_int_equal(w.failed, 0);
            if (!status) { /* there was no such step, or nothing left to do behind it */
                assert_same_model(model, expected, size);
                break;
            }
            assert_int_equal(status, TDROP_ERROR_STOPPED);
            assert_null(model);
            assert_int_equal(w.written, 1);
            assert_int_equal(w.last_step, step);
            assert_false(w.done);
            options.checkpoint = (tdrop_checkpoint_options){.path = "ck", .resume = "ck"};
            options.parallel = &parallel;
            options.isa = isas[step % isa_count];
            w = (watch){.stop_at = 0};
            assert_int_equal(watched_fit(&model, &options, &w, &error), TDROP_OK);
            assert_int_equal(w.resumed, 1);
            assert_true(w.done);
            assert_same_model(model, expected, size);
        }
        assert_true(step >= STEPS_IN_EPOCH);
        free(expected);
    }
    tdrop_pool_destroy(pool);
}

/* One step a run. */
static void test_a_stop_after_each_step_changes_nothing(void **state) {
    (void)state;
    tdrop_fit_options options = kind(0);
    size_t size, runs = 0;
    unsigned char *expected = reference(&options, &size);
    tdrop_model *model = NULL;
    tdrop_status status = TDROP_ERROR_STOPPED;
    while (status == TDROP_ERROR_STOPPED) {
        watch w = {.stop_at = runs + 1, .answer = TDROP_FIT_LEAVE};
        options.checkpoint = (tdrop_checkpoint_options){.path = "ck", .resume = runs ? "ck" : NULL};
        status = watched_fit(&model, &options, &w, NULL);
        runs++;
    }
    assert_int_equal(status, TDROP_OK);
    assert_int_equal(runs, 3 * STEPS_IN_EPOCH);
    assert_same_model(model, expected, size);
    free(expected);
}

static void test_checkpoints_come_when_they_are_due(void **state) {
    (void)state;
    tdrop_fit_options options = kind(0);
    tdrop_model *model = NULL;
    static const struct {
        double seconds;
        uint64_t steps;
        size_t written;
    } ways[] = {{0.0, 1, 12}, {0.0, 5, 3}, {0.0, 12, 1}, {1e-9, 0, 12}, {1e6, 4, 3}, {0.0, 0, 1}};
    for (size_t i = 0; i < COUNT(ways); i++) {
        watch w = {.stop_at = 0};
        options.checkpoint = (tdrop_checkpoint_options){
            .path = "ck", .every_seconds = ways[i].seconds, .every_steps = ways[i].steps};
        assert_int_equal(watched_fit(&model, &options, &w, NULL), TDROP_OK);
        tdrop_model_destroy(model);
        assert_int_equal(w.written, ways[i].written);
        assert_int_equal(w.last_step, 12);
        assert_true(w.done);
    }
}

/* A fit that is done is not trained again, and its checkpoint is left alone. */
static void test_a_done_fit_makes_its_model_again(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        tdrop_fit_options options = kind(i);
        options.checkpoint.path = "ck";
        size_t size;
        unsigned char *expected = reference(&options, &size);
        tdrop_model *model = NULL;
        watch w = {.stop_at = 1, .answer = TDROP_FIT_LEAVE};
        options.checkpoint.resume = "ck";
        assert_int_equal(watched_fit(&model, &options, &w, NULL), TDROP_OK);
        assert_int_equal(w.resumed, 1);
        assert_int_equal(w.written, 0);
        assert_true(w.done);
        assert_same_model(model, expected, size);
        options.checkpoint.path = "copy"; /* another file gets one */
        assert_int_equal(watched_fit(&model, &options, &w, NULL), TDROP_OK);
        assert_int_equal(w.written, 1);
        tdrop_model_destroy(model);
        free(expected);
    }
}

/* STOP gives the best model so far and a checkpoint from which nothing of the stop is seen. */
static void test_stop_gives_model_and_checkpoint(void **state) {
    (void)state;
    for (size_t step = 1; step <= 2 * STEPS_IN_EPOCH; step++) {
        tdrop_fit_options options = kind(0);
        size_t size;
        unsigned char *expected = reference(&options, &size);
        tdrop_model *model = NULL;
        watch w = {.stop_at = step, .answer = TDROP_FIT_STOP};
        options.checkpoint.path = "ck";
        assert_int_equal(watched_fit(&model, &options, &w, NULL), TDROP_OK);
        assert_int_equal(w.written, 1);
        assert_int_equal(models_info(model).epochs, (step + 3) / STEPS_IN_EPOCH);
        tdrop_model_destroy(model);
        options.checkpoint.resume = "ck";
        w = (watch){.stop_at = 0};
        assert_int_equal(watched_fit(&model, &options, &w, NULL), TDROP_OK);
        assert_same_model(model, expected, size);
        free(expected);
    }
}

/* ---------------------------------------------------------------------------------------------
 * Checkpoints that cannot be written
 */

/* The folder of the checkpoint is there at some steps and not at others. */
typedef struct moving_folder {
    watch seen;
    size_t away_from, back_from; /* steps */
} moving_folder;

static int move_folder(void *context, const tdrop_fit_progress *now) {
    const moving_folder *m = context;
    if (now->step == m->away_from) assert_int_equal(rename("folder", "away"), 0);
    if (now->step == m->back_from) assert_int_equal(rename("away", "folder"), 0);
    return TDROP_FIT_GO_ON;
}

static void test_training_goes_on_without_checkpoints(void **state) {
    (void)state;
    tdrop_fit_options options = kind(0);
    size_t size;
    unsigned char *expected = reference(&options, &size);
    tdrop_model *model = NULL;
    moving_folder m = {.away_from = 3, .back_from = 6};
    const tdrop_fit_observer observer = {
        .context = &m, .progress = move_folder, .checkpoint = on_checkpoint};
    assert_int_equal(mkdir("folder", 0700), 0);
    options.checkpoint = (tdrop_checkpoint_options){.path = "folder/ck", .every_steps = 1};
    assert_int_equal(tdrop_fit(&model, data, &options, &observer, NULL), TDROP_OK);
    assert_int_equal(m.seen.failed, 3);
    assert_int_equal(m.seen.written, 9);
    assert_non_null(strstr(m.seen.failure.message, "folder/ck: "));
    assert_same_model(model, expected, size);
    free(expected);
}

/* Nothing is lost where leaving would lose it. */
static void test_leaving_without_checkpoint_gives_a_model(void **state) {
    (void)state;
    static const char *const paths[] = {NULL, "no/such/folder"};
    for (size_t i = 0; i < COUNT(paths); i++) {
        tdrop_fit_options options = kind(0);
        tdrop_model *model = NULL;
        watch w = {.stop_at = 2, .answer = TDROP_FIT_LEAVE};
        options.checkpoint.path = paths[i];
        assert_int_equal(watched_fit(&model, &options, &w, NULL), TDROP_OK);
        assert_int_equal(models_info(model).epochs, 1);
        assert_int_equal(w.failed, i);
        tdrop_model_destroy(model);
    }
}

/* ---------------------------------------------------------------------------------------------
 * What is not gone on from
 */

/* Writes the checkpoint of kind 0 after 5 of 12 steps. */
static void write_checkpoint(void) {
    tdrop_fit_options options = kind(0);
    tdrop_model *model = NULL;
    watch w = {.stop_at = 5, .answer = TDROP_FIT_LEAVE};
    options.checkpoint.path = "ck";
    assert_int_equal(watched_fit(&model, &options, &w, NULL), TDROP_ERROR_STOPPED);
}

#define CHANGED(text, member, value)                                                               \
    do {                                                                                           \
        tdrop_fit_options options = kind(0);                                                       \
        options.member = value;                                                                    \
        assert_resume_refused(options, text);                                                      \
    } while (0)

static void test_other_options_are_refused(void **state) {
    (void)state;
    write_checkpoint();
    CHANGED("its epochs is 3, here it is 4", epochs, 4);
    CHANGED("its batch is 8, here it is 9", batch, 9);
    CHANGED("its learning_rate is 0.0015, here it is 0.0021", learning_rate, 0.0021);
    CHANGED("its loss is squared, here it is huber", loss, TDROP_LOSS_HUBER);
    CHANGED("its schedule is one-cycle, here it is constant", schedule, TDROP_SCHEDULE_CONSTANT);
    CHANGED("its average is 0.995, here it is -1", average, -1.0);
    CHANGED("its patience is 0, here it is 2", patience, 2);
    CHANGED("its optimizer is nadam, here it is sgd", optimizer, TDROP_OPTIMIZER_SGD);
    CHANGED("its clip_norm is 0, here it is 2", clip_norm, 2.0);
    CHANGED("its warm_up is 0, here it is 3", warm_up, 3);
    CHANGED("its seed is 0, here it is 18446744073709551615", seed, UINT64_MAX);
    CHANGED("its split_seed is 0, here it is 1", split_seed, 1);
    CHANGED("its valid_share is 0.1, here it is 0.2", valid_share, 0.2);
    CHANGED("its scale is standard, here it is minmax", scale, TDROP_SCALE_MINMAX);
    CHANGED("its no_drop is 0, here it is 1", no_drop, 1);
    CHANGED("its independent is 0, here it is 1", independent, 1);
    CHANGED("its law is mixed, here it is uniform", law.kind, TDROP_LAW_UNIFORM);
    CHANGED("its law is mixed, here it is exponential", law.p, 0.25);
    CHANGED("its law_rate is 0.15, here it is 0.25", law,
            ((tdrop_law_options){.kind = TDROP_LAW_MIXED, .rate = 0.25}));
    CHANGED("its k_min is 0, here it is 1", law.k_min, 1);
    CHANGED("its architecture is 5-4-relu-2-tail-4-relu-5, here it is 5-4-relu-3-tail-4-relu-5",
            arch, "4-[3]-4");
    tdrop_fit_options options = kind(0);
    options.task = TDROP_TASK_CLASSIFY;
    options.target = labels;
    assert_resume_refused(options, "its target is none");
}

static void test_another_table_of_weights_is_refused(void **state) {
    (void)state;
    static const double others[] = {1.0, 2.0, 4.0};
    tdrop_fit_options options = kind(5);
    options.checkpoint.path = "ck";
    tdrop_model_destroy(models_fit(data, &options));
    options.law.weights = others;
    assert_resume_refused(options, "its law_weights is checksum");
}

static void test_other_data_are_refused(void **state) {
    (void)state;
    write_checkpoint();
    float values[ROWS * COLUMNS];
    assert_int_equal(tdrop_data_get_rows(data, 0, ROWS, values), TDROP_OK);
    values[77] = nextafterf(values[77], 9.0f);
    tdrop_data *real = data;
    data = models_table_of(values, ROWS, COLUMNS);
    assert_resume_refused(kind(0), "its data is 33 rows, hash");
    tdrop_data_destroy(data);
    data = real;
}

static void test_models_and_checkpoints_are_told_apart(void **state) {
    (void)state;
    tdrop_error error = {TDROP_OK, ""};
    tdrop_model *model = NULL;
    write_checkpoint();
    models_assert_refused(tdrop_model_load(&model, "ck", &error), TDROP_ERROR_FORMAT, &error,
                          "ck: a checkpoint of a fit, not a model");
    model = models_fit(data, &kinds[0]);
    assert_int_equal(tdrop_model_save(model, "ck", 1, NULL), TDROP_OK);
    tdrop_model_destroy(model);
    assert_resume_refused(kind(0), "ck: a model, not a checkpoint");
    assert_int_equal(tdrop_safetensors_write(&(tdrop_safetensors){0}, "ck", 1, NULL), TDROP_OK);
    assert_resume_refused(kind(0), "not a checkpoint of taildropout");
}

static void test_a_missing_checkpoint_is_refused(void **state) {
    (void)state;
    tdrop_fit_options options = kind(0);
    tdrop_model *model = NULL;
    tdrop_error error = {TDROP_OK, ""};
    options.checkpoint.resume = "ck";
    models_assert_refused(tdrop_fit(&model, data, &options, NULL, &error), TDROP_ERROR_FILE, &error,
                          "ck: ");
}

/* Each byte of a checkpoint changed, and each length. */
static void test_damaged_checkpoints_are_refused(void **state) {
    (void)state;
    write_checkpoint();
    size_t size;
    unsigned char *bytes = scratch_read("ck", &size);
    const tdrop_fit_options options = kind(0);
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= (unsigned char)(1u << i % 8);
        scratch_write("ck", bytes, size);
        assert_resume_refused(options, "ck: ");
        bytes[i] ^= (unsigned char)(1u << i % 8);
    }
    for (size_t length = 0; length < size; length++) {
        scratch_write("ck", bytes, length);
        assert_resume_refused(options, "ck: ");
    }
    free(bytes);
}

/* ---------------------------------------------------------------------------------------------
 * Forged checkpoints: the checksum is right, what it covers is not
 */

/* The good one, to be changed. */
typedef struct forgery {
    tdrop_safetensors from, document;
    tdrop_text texts[64];
    tdrop_tensor tensors[16];
} forgery;

static void forge(forgery *f) {
    tdrop_bytes bytes;
    assert_int_equal(tdrop_bytes_read(&bytes, "good", NULL), TDROP_OK);
    assert_int_equal(tdrop_safetensors_parse(&f->from, "good", bytes.data, bytes.size, NULL),
                     TDROP_OK);
    tdrop_bytes_release(&bytes);
    assert_true(f->from.text_count <= COUNT(f->texts) && f->from.tensor_count < COUNT(f->tensors));
    memcpy(f->texts, f->from.texts, f->from.text_count * sizeof *f->texts);
    memcpy(f->tensors, f->from.tensors, f->from.tensor_count * sizeof *f->tensors);
    f->document = f->from;
    f->document.texts = f->texts;
    f->document.tensors = f->tensors;
    f->document.owned = NULL;
}

static void assert_forgery_refused(forgery *f, const char *text) {
    assert_int_equal(tdrop_safetensors_write(&f->document, "ck", 1, NULL), TDROP_OK);
    tdrop_safetensors_release(&f->from);
    assert_resume_refused(kind(0), text);
}

static void test_forged_texts_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *key, *value, *message; /* value NULL: the key is missing */
    } cases[] = {
        {"checkpoint_version", "2", "version 2"},
        {"checkpoint_version", NULL, "not a checkpoint"},
        {"library_version", "0.0.9", "its library_version is 0.0.9"},
        {"epochs", NULL, "its epochs is missing"},
        {"step", "13", "its 'step'"},
        {"step", "-1", "its 'step'"},
        {"step", "", "its 'step'"},
        {"step", "5x", "its 'step'"},
        {"step", "99999999999999999999", "its 'step'"},
        {"since_best", "4294967296", "its 'since_best'"},
        {"since_best", NULL, "its 'since_best'"},
        {"seconds", "7ff0000000000000", "its 'seconds'"},
        {"seconds", "bff0000000000000", "its 'seconds'"},
        {"flops", "7ff8000000000000", "its 'flops'"},
        {"train_loss", "3ff", "its 'train_loss'"},
        {"train_loss", "3FF0000000000000", "its 'train_loss'"},
        {"optimizer_steps", " 5", "its 'optimizer_steps'"},
    };
    write_checkpoint();
    assert_int_equal(rename("ck", "good"), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        forgery f;
        forge(&f);
        size_t at = 0;
        while (strcmp(f.texts[at].key, cases[i].key) != 0)
            at++;
        if (cases[i].value)
            f.texts[at].value = cases[i].value;
        else
            f.texts[at] = f.texts[--f.document.text_count];
        assert_forgery_refused(&f, cases[i].message);
    }
}

static void test_forged_tensors_are_refused(void **state) {
    (void)state;
    static const float bad[] = {1.0f, NAN, INFINITY};
    float *values = calloc(1000, sizeof *values);
    assert_non_null(values);
    write_checkpoint();
    assert_int_equal(rename("ck", "good"), 0);
    for (int way = 0; way < 5; way++) {
        forgery f;
        forge(&f);
        size_t last = f.document.tensor_count - 1, count = f.tensors[last].shape[0];
        const char *message = f.tensors[last].name;
        f.tensors[last].data = values;
        if (way < 2) values[count - 1] = bad[1 + way]; /* not finite */
        if (way == 2) f.tensors[last].shape[0] = count + 1;
        if (way == 3) f.document.tensor_count--;
        if (way == 4) { /* one too many */
            values[count - 1] = 0.0f;
            f.tensors[f.document.tensor_count++] =
                (tdrop_tensor){.name = "more", .dims = 1, .shape = {1}, .data = bad};
            message = "its 'tensors'";
        }
        char name[64];
        snprintf(name, sizeof name, "%s", message); /* it goes with the document */
        assert_forgery_refused(&f, name);
    }
    free(values);
}

/* ---------------------------------------------------------------------------------------------
 * Beginning with a model
 */

/* With a rate that moves nothing, what comes out is what went in. */
static const tdrop_fit_options still = {
    .arch = "4-[2]-4", .epochs = 1, .learning_rate = 1e-30, .average = -1.0};

static void test_a_fit_begins_with_the_weights_of_a_model(void **state) {
    (void)state;
    tdrop_model *first = models_fit(data, &kinds[0]);
    tdrop_fit_options options = still;
    options.init = first;
    for (int from_model = 0; from_model < 2; from_model++) {
        if (from_model) options.arch = NULL; /* then it is the model's */
        tdrop_model *second = models_fit(data, &options);
        assert_string_equal(models_info(second).arch, models_info(first).arch);
        float *a = models_predict(first, data, 0, ROWS, 2, NULL);
        float *b = models_predict(second, data, 0, ROWS, 2, NULL);
        assert_memory_equal(a, b, ROWS * COLUMNS * sizeof *a);
        free(a);
        free(b);
        tdrop_model_destroy(second);
    }
    tdrop_model *other = models_fit(data, &still);
    assert_false(models_same_file(first, other));
    tdrop_model_destroy(other);
    tdrop_model_destroy(first);
}

static void test_a_resumed_fit_began_with_the_same_model(void **state) {
    (void)state;
    tdrop_model *first = models_fit(data, &kinds[0]), *model = NULL;
    tdrop_fit_options options = kind(1);
    options.init = first;
    size_t size;
    unsigned char *expected = reference(&options, &size);
    watch w = {.stop_at = 5, .answer = TDROP_FIT_LEAVE};
    options.checkpoint.path = "ck";
    assert_int_equal(watched_fit(&model, &options, &w, NULL), TDROP_ERROR_STOPPED);
    options.init = NULL;
    assert_resume_refused(options, "its init is checksum");
    options.init = first;
    options.checkpoint = (tdrop_checkpoint_options){.resume = "ck"};
    assert_int_equal(tdrop_fit(&model, data, &options, NULL, NULL), TDROP_OK);
    assert_same_model(model, expected, size);
    free(expected);
    tdrop_model_destroy(first);
}

static void assert_init_refused(const tdrop_fit_options *options, const char *text) {
    tdrop_model *model = NULL;
    tdrop_error error = {TDROP_OK, ""};
    models_assert_refused(tdrop_fit(&model, data, options, NULL, &error), TDROP_ERROR_ARCH, &error,
                          text);
}

static void test_another_model_to_begin_with_is_refused(void **state) {
    (void)state;
    tdrop_fit_options classify = kind(4), options = still;
    tdrop_model *autoencoder = models_fit(data, &kinds[0]);
    tdrop_model *classifier = models_fit(data, &classify);
    options.init = autoencoder;
    options.arch = "4-[2]-3";
    assert_init_refused(&options, "5-4-relu-2-tail-4-relu-5, this fit is 5-4-relu-2-tail-3-relu-5");
    options.init = classifier;
    assert_init_refused(&options, "for the task classify, this fit is for autoencode");
    float values[ROWS];
    assert_int_equal(tdrop_data_get_rows(labels, 0, ROWS, values), TDROP_OK);
    for (size_t i = 0; i < ROWS; i++)
        if (values[i] == 7.0f) values[i] = 8.0f;
    tdrop_data *others = models_table_of(values, ROWS, 1);
    classify.init = classifier;
    classify.target = others;
    assert_init_refused(&classify, "class 3 of the model to begin with is 7, here it is 8");
    tdrop_data_destroy(others);
    tdrop_model_destroy(classifier);
    tdrop_model_destroy(autoencoder);
}

static void test_times_that_are_none_are_refused(void **state) {
    (void)state;
    static const double times[] = {-1.0, NAN};
    for (size_t i = 0; i < COUNT(times); i++) {
        tdrop_fit_options options = kind(0);
        tdrop_model *model = NULL;
        tdrop_error error = {TDROP_OK, ""};
        options.checkpoint.every_seconds = times[i];
        models_assert_refused(tdrop_fit(&model, data, &options, NULL, &error), TDROP_ERROR_SIZE,
                              &error, "seconds");
    }
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_a_stop_at_any_step_changes_nothing),
        IN_SCRATCH(test_a_stop_after_each_step_changes_nothing),
        IN_SCRATCH(test_checkpoints_come_when_they_are_due),
        IN_SCRATCH(test_a_done_fit_makes_its_model_again),
        IN_SCRATCH(test_stop_gives_model_and_checkpoint),
        IN_SCRATCH(test_training_goes_on_without_checkpoints),
        IN_SCRATCH(test_leaving_without_checkpoint_gives_a_model),
        IN_SCRATCH(test_other_options_are_refused),
        IN_SCRATCH(test_another_table_of_weights_is_refused),
        IN_SCRATCH(test_other_data_are_refused),
        IN_SCRATCH(test_models_and_checkpoints_are_told_apart),
        IN_SCRATCH(test_a_missing_checkpoint_is_refused),
        IN_SCRATCH(test_damaged_checkpoints_are_refused),
        IN_SCRATCH(test_forged_texts_are_refused),
        IN_SCRATCH(test_forged_tensors_are_refused),
        IN_SCRATCH(test_a_fit_begins_with_the_weights_of_a_model),
        IN_SCRATCH(test_a_resumed_fit_began_with_the_same_model),
        IN_SCRATCH(test_another_model_to_begin_with_is_refused),
        IN_SCRATCH(test_times_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
