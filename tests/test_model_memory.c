/* SPDX-License-Identifier: MIT
 * Every allocation fails once in turn: what was asked for fails with MEMORY, says so, leaves its
 * result alone and gives back all that it had. And what a file says of itself is not believed
 * before it has been seen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data/csv.h"
#include "file/safetensors.h"
#include "models.h"
#include "scratch.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------------------------------------
 * The library's memory, with our own allocator below it. This program compiles base/memory.c
 * itself, so the one in the archive is never linked. zlib keeps to malloc; so does cJSON
 * until its own test.
 */

static size_t asked;     /* allocations since the last reset */
static size_t fail_from; /* the first that fails, counted from 1; 0: none */
static size_t fail_to;   /* the last that fails */
static size_t live;      /* allocations not given back yet */
static size_t largest;   /* bytes */

static void *counted_alloc(size_t alignment, size_t size) {
    asked++;
    if (size > largest) largest = size;
    if (fail_from && asked >= fail_from && asked <= fail_to) return NULL;
    void *memory = aligned_alloc(alignment, size);
    if (memory) {
        live++;
        memset(memory, 0xA5, size); /* nobody may count on zeros */
    }
    return memory;
}

static void counted_free(void *memory) {
    live -= memory != NULL;
    free(memory);
}

#define aligned_alloc counted_alloc
#define free          counted_free
#include "base/memory.c"
#undef aligned_alloc
#undef free

/* ---------------------------------------------------------------------------------------------
 * What is tried
 */

enum { ROWS = 24, COLUMNS = 3, FEATURES = 2 };
enum { FILES = 4 }; /* in the folder */

/* Made before anything fails. */
static tdrop_data *data, *labels, *mixed, *words;
static tdrop_model *model, *classifier, *mixed_model;

static const tdrop_fit_options options = {
    .arch = "4-[2]-4-relu", .epochs = 2, .batch = 8, .clip_norm = 1};

/* Numbers, a category, gaps, and a column of text to tell. */
static tdrop_data *mixed_table(void) {
    static const char text[] = "a,b,c,d\n1,x,2,p\n,x,3,q\n2,y,,p\n3,,1,q\n2,x,2,p\n1,y,1,q\n";
    const tdrop_data_read_options read = {.missing = TDROP_MISSING_MASK};
    tdrop_data *made = NULL;
    if (tdrop_csv_parse(&made, "csv", (const unsigned char *)text, sizeof text - 1, &read, NULL))
        abort();
    return made;
}

static const tdrop_fit_options mixed_options = {
    .arch = "4-[2]-4", .epochs = 1, .batch = 2, .missing = TDROP_MISSING_MASK};

static int set_up(void **state) {
    int result = scratch_enter(state);
    data = models_table(ROWS, COLUMNS, 2, 0.1, 1);
    model = models_fit(data, &options);
    models_save(model, "model");
    tdrop_fit_options with = options;
    with.checkpoint.path = "checkpoint";
    tdrop_model_destroy(models_fit(data, &with));
    labels = models_labels(data);
    static const double weights[] = {0.0, 1.0, 2.0};
    const tdrop_fit_options classify = {
        .task = TDROP_TASK_CLASSIFY,
        .target = labels,
        .arch = "4-[2]",
        .epochs = 1,
        .law = {TDROP_LAW_TABLE, .weights = weights, .weight_count = 3}};
    classifier = models_fit(data, &classify);
    models_save(classifier, "classifier");
    mixed_model = models_fit(mixed = mixed_table(), &mixed_options);
    models_save(mixed_model, "mixed");
    if (tdrop_data_take_column(mixed, "d", &words, NULL)) abort();
    return result;
}

static int tear_down(void **state) {
    tdrop_model_destroy(mixed_model);
    tdrop_data_destroy(words);
    tdrop_data_destroy(mixed);
    tdrop_model_destroy(classifier);
    tdrop_model_destroy(model);
    tdrop_data_destroy(labels);
    tdrop_data_destroy(data);
    return scratch_leave(state);
}

/* A result that nobody may touch on failure. */
static char place;

static tdrop_status finish_model(tdrop_status status, tdrop_model *const *made) {
    if (status)
        assert_ptr_equal(*made, &place);
    else
        tdrop_model_destroy(*made);
    return status;
}

static tdrop_status try_table(tdrop_error *error) {
    static const float values[] = {1.0f, 2.0f, 3.0f, 4.0f};
    tdrop_data *made = (void *)&place;
    tdrop_status status = tdrop_data_from_floats(&made, values, 2, 2, 2, error);
    if (status)
        assert_ptr_equal(made, &place);
    else
        tdrop_data_destroy(made);
    return status;
}

static tdrop_status try_csv(tdrop_error *error) {
    static const unsigned char text[] = "i,a,b,c\n1,2,\"x\"\"\",\n\n\n\n2,,y,3\n3,1,x,4\n";
    const tdrop_data_read_options read = {.id = "i", .missing = TDROP_MISSING_MEAN};
    tdrop_data *made = (void *)&place, *taken = (void *)&place;
    tdrop_status status = tdrop_csv_parse(&made, "csv", text, sizeof text - 1, &read, error);
    if (status) {
        assert_ptr_equal(made, &place);
        return status;
    }
    status = tdrop_data_take_column(made, "b", &taken, error);
    if (status)
        assert_ptr_equal(taken, &place);
    else
        tdrop_data_destroy(taken);
    tdrop_data_destroy(made);
    return status;
}

static tdrop_status try_fit(tdrop_error *error) {
    tdrop_model *made = (void *)&place;
    return finish_model(tdrop_fit(&made, data, &options, NULL, error), &made);
}

static tdrop_status try_fit_of_defaults(tdrop_error *error) {
    tdrop_model *made = (void *)&place;
    const tdrop_fit_options defaults = {.epochs = 1, .scale = TDROP_SCALE_MINMAX, .average = -1.0};
    return finish_model(tdrop_fit(&made, data, &defaults, NULL, error), &made);
}

static tdrop_status try_fit_of_classifier(tdrop_error *error) {
    tdrop_model *made = (void *)&place;
    static const double weights[] = {0.0, 1.0, 2.0};
    const tdrop_fit_options classify = {
        .task = TDROP_TASK_CLASSIFY,
        .target = labels,
        .arch = "4-[2]-3-tail",
        .epochs = 1,
        .no_drop = 1,
        .law = {TDROP_LAW_TABLE, .weights = weights, .weight_count = 3}};
    return finish_model(tdrop_fit(&made, data, &classify, NULL, error), &made);
}

/* Held-out rows with gaps, in a table of their own. */
static tdrop_status try_other_table(tdrop_error *error) {
    static const unsigned char text[] = "b,a,c\n1,2,x\n,2,x\n2,9,x\n";
    static const unsigned char beside[] = "a,b\n1,2\n2,5\n3,1\n4,8\n";
    const tdrop_data_read_options read = {.missing = TDROP_MISSING_MASK};
    tdrop_fit_options fit = {.arch = "[2]", .epochs = 1, .missing = TDROP_MISSING_MASK};
    tdrop_data *table = NULL, *other = NULL;
    tdrop_model *made = NULL;
    tdrop_status status = tdrop_csv_parse(&table, "csv", beside, sizeof beside - 1, &read, error);
    if (!status) status = tdrop_csv_parse(&other, "csv", text, sizeof text - 1, &read, error);
    fit.valid = other;
    if (!status) status = tdrop_fit(&made, table, &fit, NULL, error);
    tdrop_model_destroy(made);
    tdrop_data_destroy(other);
    tdrop_data_destroy(table);
    return status;
}

static tdrop_status try_resume(tdrop_error *error) {
    tdrop_model *made = (void *)&place;
    tdrop_fit_options with = options;
    with.checkpoint.resume = "checkpoint";
    return finish_model(tdrop_fit(&made, data, &with, NULL, error), &made);
}

static tdrop_status try_init(tdrop_error *error) {
    tdrop_model *made = (void *)&place;
    const tdrop_fit_options with = {.init = model, .epochs = 1};
    return finish_model(tdrop_fit(&made, data, &with, NULL, error), &made);
}

static void note_checkpoint(void *context, const tdrop_fit_checkpoint *told) {
    if (told->failure) *(tdrop_error *)context = *told->failure;
}

/* Training goes on without a checkpoint for which there is no memory, and the observer is told. */
static tdrop_status try_checkpoint(tdrop_error *error) {
    tdrop_model *made = (void *)&place;
    tdrop_error told = {TDROP_OK, ""};
    const tdrop_fit_observer observer = {.context = &told, .checkpoint = note_checkpoint};
    tdrop_fit_options with = options;
    with.checkpoint = (tdrop_checkpoint_options){.path = "new", .every_steps = 1};
    tdrop_status status = finish_model(tdrop_fit(&made, data, &with, &observer, error), &made);
    remove("new");
    if (!status && told.status) *error = told;
    return status ? status : told.status;
}

static tdrop_status try_tune(tdrop_error *error) {
    tdrop_model *made = (void *)&place;
    const tdrop_tune_options tune = {.epochs = 1};
    return finish_model(tdrop_model_tune(&made, model, data, &tune, NULL, error), &made);
}

static tdrop_status try_fit_of_columns(tdrop_error *error) {
    tdrop_model *made = (void *)&place;
    tdrop_fit_options classify = mixed_options;
    classify.task = TDROP_TASK_CLASSIFY;
    classify.target = words;
    classify.arch = "4-[2]";
    return finish_model(tdrop_fit(&made, mixed, &classify, NULL, error), &made);
}

/* A regression, measured target by target. */
static tdrop_status try_regression(tdrop_error *error) {
    tdrop_model *made = NULL;
    tdrop_scree scree = {.n = 1234};
    double r2 = -7.0;
    const tdrop_use_options use = {.target = labels};
    tdrop_fit_options with = options;
    with.task = TDROP_TASK_REGRESS;
    with.target = labels;
    with.loss = TDROP_LOSS_HUBER;
    tdrop_status status = tdrop_fit(&made, data, &with, NULL, error);
    if (status) return status;
    status = tdrop_model_scree(&scree, made, data, NULL, &use, error);
    assert_true(!status == (scree.n != 1234));
    if (!status) tdrop_scree_destroy(&scree);
    if (!status) {
        status = tdrop_model_target_r2(&r2, made, data, 1, &use, error);
        assert_true(!status == (r2 != -7.0));
    }
    tdrop_model_destroy(made);
    return status;
}

static tdrop_status try_fit_of_shares(tdrop_error *error) {
    tdrop_model *made = (void *)&place;
    tdrop_fit_options binary = mixed_options;
    binary.loss = TDROP_LOSS_BINARY;
    binary.scale = TDROP_SCALE_AUTO;
    binary.missing = TDROP_MISSING_MASK;
    return finish_model(tdrop_fit(&made, mixed, &binary, NULL, error), &made);
}

static tdrop_status try_load_of_columns(tdrop_error *error) {
    tdrop_model *made = (void *)&place;
    return finish_model(tdrop_model_load(&made, "mixed", error), &made);
}

static tdrop_status try_unseen(tdrop_error *error) {
    static const char text[] = "a,b,c,d\n1,new,2,p\n";
    tdrop_data *made = NULL;
    char shown[32];
    size_t count = 77;
    tdrop_status status =
        tdrop_csv_parse(&made, "csv", (const unsigned char *)text, sizeof text - 1, NULL, error);
    if (status) return status;
    status = tdrop_model_unseen(mixed_model, made, &count, shown, sizeof shown, error);
    assert_true(!status == (count == 1));
    tdrop_data_destroy(made);
    return status;
}

static tdrop_status try_load_of_classifier(tdrop_error *error) {
    tdrop_model *made = (void *)&place;
    return finish_model(tdrop_model_load(&made, "classifier", error), &made);
}

static tdrop_status try_prune_of_classifier(tdrop_error *error) {
    tdrop_model *made = (void *)&place;
    return finish_model(tdrop_model_prune(&made, classifier, 1, error), &made);
}

static tdrop_status try_scree_of_classifier(tdrop_error *error) {
    tdrop_scree scree = {.n = 1234};
    const tdrop_use_options use = {.target = labels};
    tdrop_status status = tdrop_model_scree(&scree, classifier, data, NULL, &use, error);
    assert_true(!status == (scree.n != 1234));
    if (!status) tdrop_scree_destroy(&scree);
    return status;
}

static tdrop_status try_load(tdrop_error *error) {
    tdrop_model *made = (void *)&place;
    return finish_model(tdrop_model_load(&made, "model", error), &made);
}

static tdrop_status try_prune(tdrop_error *error) {
    tdrop_model *made = (void *)&place;
    return finish_model(tdrop_model_prune(&made, model, 1, error), &made);
}

static tdrop_status try_save(tdrop_error *error) {
    tdrop_status status = tdrop_model_save(model, "saved", 1, error);
    assert_int_equal(scratch_count(), status ? FILES : FILES + 1); /* no half of another */
    if (!status) remove("saved");
    return status;
}

static tdrop_status try_scree(tdrop_error *error) {
    tdrop_scree scree = {.n = 1234, .loss = (void *)&place};
    tdrop_status status = tdrop_model_scree(&scree, model, data, data, NULL, error);
    if (status)
        assert_true(scree.n == 1234 && (void *)scree.loss == &place && !scree.se && !scree.pca);
    else
        tdrop_scree_destroy(&scree);
    return status;
}

static tdrop_status try_evaluate(tdrop_error *error) {
    tdrop_measure measure = {.rows = 77};
    tdrop_status status = tdrop_model_evaluate(&measure, model, data, 1, NULL, error);
    assert_true(!status == (measure.rows != 77));
    return status;
}

static tdrop_status try_encode(tdrop_error *error) {
    float codes[ROWS * FEATURES];
    return tdrop_model_encode(model, data, 0, ROWS, FEATURES, codes, NULL, error);
}

static tdrop_status try_decode(tdrop_error *error) {
    float codes[ROWS * FEATURES] = {0.0f}, values[ROWS * COLUMNS];
    return tdrop_model_decode(model, codes, ROWS, FEATURES, values, NULL, error);
}

static tdrop_status try_predict(tdrop_error *error) {
    float values[ROWS * COLUMNS];
    return tdrop_model_predict(model, data, 0, ROWS, FEATURES, values, NULL, error);
}

static tdrop_status try_check_gradients(tdrop_error *error) {
    double worst = -1.0;
    tdrop_status status = tdrop_check_gradients("4-[2]-relu", COLUMNS, 3, TDROP_LOSS_HUBER, 0,
                                                TDROP_ISA_AUTO, &worst, error);
    assert_true(!status == (worst >= 0.0));
    return status;
}

static tdrop_status without_message(tdrop_status status, tdrop_error *error) {
    error->status = status;
    snprintf(error->message, sizeof error->message, "memory ran out");
    return status;
}

static tdrop_status try_file_size(tdrop_error *error) {
    size_t bytes = 77;
    tdrop_status status = tdrop_model_file_size(model, 1, &bytes);
    assert_true(!status == (bytes != 77));
    return without_message(status, error);
}

static tdrop_status try_held_out(tdrop_error *error) {
    size_t count = 77, rows[ROWS];
    tdrop_status status = tdrop_model_held_out(model, data, NULL, &count, rows);
    assert_true(!status == (count != 77));
    return without_message(status, error);
}

static const struct {
    const char *name;
    tdrop_status (*run)(tdrop_error *error);
    size_t least; /* allocations that there are surely; fewer: the test fails nothing */
} attempts[] = {
    {"table", try_table, 3},
    {"csv", try_csv, 20},
    {"fit", try_fit, 30},
    {"fit of defaults", try_fit_of_defaults, 30},
    {"fit of a classifier", try_fit_of_classifier, 30},
    {"held-out rows of another table", try_other_table, 40},
    {"going on from a checkpoint", try_resume, 30},
    {"beginning with a model", try_init, 30},
    {"checkpoints", try_checkpoint, 40},
    {"tune", try_tune, 30},
    {"fit of columns", try_fit_of_columns, 40},
    {"regression", try_regression, 60},
    {"fit of shares", try_fit_of_shares, 40},
    {"load of columns", try_load_of_columns, 15},
    {"unseen levels", try_unseen, 15},
    {"load of a classifier", try_load_of_classifier, 10},
    {"prune of a classifier", try_prune_of_classifier, 5},
    {"scree of a classifier", try_scree_of_classifier, 10},
    {"load", try_load, 10},
    {"prune", try_prune, 5},
    {"save", try_save, 1},
    {"scree", try_scree, 20},
    {"evaluate", try_evaluate, 10},
    {"encode", try_encode, 10},
    {"decode", try_decode, 10},
    {"predict", try_predict, 10},
    {"check of gradients", try_check_gradients, 10},
    {"file size", try_file_size, 5},
    {"held out", try_held_out, 1},
};

/* One run of which allocation `from` to `to` fail; false when it did not get so far. */
static int fails(size_t attempt, size_t from, size_t to) {
    tdrop_error error = {0};
    size_t live_before = live;
    asked = 0;
    fail_from = from;
    fail_to = to;
    tdrop_status status = attempts[attempt].run(&error);
    fail_from = 0;
    if (live != live_before)
        fail_msg("%s, allocation %zu: %zu are left", attempts[attempt].name, from,
                 live - live_before);
    if (asked < from) {
        assert_int_equal(status, TDROP_OK);
        assert_true(from > attempts[attempt].least);
        return 0;
    }
    if (status != TDROP_ERROR_MEMORY || error.status != TDROP_ERROR_MEMORY ||
        !strstr(error.message, "memory ran out"))
        fail_msg("%s, allocation %zu: %s: %s", attempts[attempt].name, from,
                 tdrop_status_name(status), error.message);
    return 1;
}

static void each_allocation_may_fail(void **state) {
    (void)state;
    for (size_t a = 0; a < sizeof attempts / sizeof *attempts; a++)
        for (size_t at = 1; fails(a, at, at); at++)
            ;
}

static void all_allocations_may_fail_from_one_on(void **state) {
    (void)state;
    for (size_t a = 0; a < sizeof attempts / sizeof *attempts; a++)
        for (size_t at = 1; fails(a, at, SIZE_MAX); at++)
            ;
}

/* cJSON's own allocations, one after the other: a file is written whole or not at all, and what
 * could not be read is no model. */
static void *counted_malloc(size_t size) {
    asked++;
    return asked == fail_from ? NULL : malloc(size);
}

static void assert_saved_whole(tdrop_status status) {
    if (status) {
        assert_int_equal(status, TDROP_ERROR_MEMORY);
        assert_int_equal(scratch_count(), FILES);
        return;
    }
    size_t size = 0, expected_size = 0;
    unsigned char *bytes = scratch_read("saved", &size);
    unsigned char *expected = scratch_read("model", &expected_size);
    remove("saved");
    assert_int_equal(size, expected_size);
    assert_memory_equal(bytes, expected, size);
    free(bytes);
    free(expected);
}

static void allocations_of_json_may_fail(void **state) {
    (void)state;
    cJSON_Hooks hooks = {counted_malloc, free};
    size_t before = live;
    fail_to = 0; /* our own do not fail */
    for (size_t at = 1, reached = 1; reached; at++) {
        tdrop_model *made = (void *)&place;
        cJSON_InitHooks(&hooks);
        asked = 0, fail_from = at;
        tdrop_status saved = tdrop_model_save(model, "saved", 1, NULL);
        reached = asked >= at;
        asked = 0, fail_from = at;
        tdrop_status loaded = tdrop_model_load(&made, "model", NULL);
        reached |= asked >= at;
        fail_from = 0;
        cJSON_InitHooks(NULL);
        assert_saved_whole(saved);
        assert_true(!loaded || loaded == TDROP_ERROR_MEMORY || loaded == TDROP_ERROR_FORMAT);
        finish_model(loaded, &made);
        assert_int_equal(live, before);
        if (!reached) assert_true(at > 50);
    }
}

/* An observer that stops, or training that diverges, leaves nothing behind either. */
static int stop(void *context, const tdrop_fit_progress *progress) {
    (void)context;
    return progress->step == 2;
}

static void early_ends_leak_nothing(void **state) {
    (void)state;
    static const tdrop_fit_options bad[] = {{.arch = "2-["},
                                            {.law = {.k_min = 9}},
                                            {.isa = (tdrop_isa)99},
                                            {.features = 5, .arch = "[2]"}};
    const tdrop_fit_observer observer = {.progress = stop};
    size_t before = live;
    tdrop_model *made = NULL;
    assert_int_equal(tdrop_fit(&made, data, &options, &observer, NULL), TDROP_OK);
    tdrop_model_destroy(made);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_not_equal(tdrop_fit(&made, data, &bad[i], NULL, NULL), TDROP_OK);
    assert_int_equal(live, before);
}

/* ---------------------------------------------------------------------------------------------
 * Claims
 */

static void write_with_architecture(const char *architecture) {
    size_t size = 0;
    unsigned char *bytes = scratch_read("model", &size);
    tdrop_safetensors parsed, changed;
    tdrop_text texts[16];
    assert_int_equal(tdrop_safetensors_parse(&parsed, "model", bytes, size, NULL), TDROP_OK);
    assert_true(parsed.text_count <= 16);
    for (size_t i = 0; i < parsed.text_count; i++) {
        texts[i] = parsed.texts[i];
        if (strcmp(texts[i].key, "architecture") == 0) texts[i].value = architecture;
    }
    changed = parsed;
    changed.texts = texts;
    assert_int_equal(tdrop_safetensors_write(&changed, "changed", 1, NULL), TDROP_OK);
    tdrop_safetensors_release(&parsed);
    free(bytes);
}

/* Gigabytes that a file of two kilobytes speaks of are not asked for. */
static void a_file_that_claims_much_gets_little(void **state) {
    (void)state;
    static const char *const architectures[] = {
        "46000-46000-tail-46000",
        "3-600000000-relu-2-tail-4-relu-3",
        "3-4-relu-600000000-tail-4-relu-3",
        "600000000-4-relu-2-tail-4-relu-600000000",
        "3-46000-46000-46000-46000-46000-46000-46000-46000-tail-3",
    };
    for (size_t i = 0; i < sizeof architectures / sizeof *architectures; i++) {
        tdrop_model *made = (void *)&place;
        write_with_architecture(architectures[i]);
        size_t before = live;
        largest = 0;
        assert_int_equal(tdrop_model_load(&made, "changed", NULL), TDROP_ERROR_FORMAT);
        assert_true(largest < 1 << 20);
        assert_int_equal(live, before);
        assert_ptr_equal(made, &place);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(all_allocations_may_fail_from_one_on),
        cmocka_unit_test(allocations_of_json_may_fail),
        cmocka_unit_test(early_ends_leak_nothing),
        cmocka_unit_test(a_file_that_claims_much_gets_little),
    };
    return cmocka_run_group_tests_name("model_memory", tests, set_up, tear_down);
}
