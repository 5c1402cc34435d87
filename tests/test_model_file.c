/* SPDX-License-Identifier: MIT
 * Model files: what was saved comes back, and nothing else is taken for a model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "data/table.h"
#include "file/safetensors.h"
#include "models.h"
#include "scratch.h"

#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---------------------------------------------------------------------------------------------
 * Models to save
 */

/* A table of [rows, 2, 3] or, with dims = 1, of single numbers. */
static tdrop_data *shaped_table(tdrop_element element, size_t rows, int dims, const char *name) {
    const size_t shape[] = {rows, 2, 3};
    size_t columns = dims == 1 ? 1 : 6;
    tdrop_data *flat = element == TDROP_ELEMENT_U8 ? models_byte_table(rows, columns, 2, 1)
                                                   : models_table(rows, columns, 2, 0.1, 1);
    tdrop_data *data = NULL;
    assert_int_equal(tdrop_table_create(&data, name, element, dims, shape, NULL), TDROP_OK);
    memcpy(data->values, flat->values, rows * columns * element);
    assert_int_equal(tdrop_table_finish(data, NULL), TDROP_OK);
    tdrop_data_destroy(flat);
    return data;
}

/* 3-2-tail-3, standard scaling: a file of less than 2 kB. */
static tdrop_model *small_model(void) {
    tdrop_data *data = models_table(30, 3, 2, 0.1, 1);
    const tdrop_fit_options options = {.arch = "[2]", .epochs = 2};
    tdrop_model *model = models_fit(data, &options);
    tdrop_data_destroy(data);
    return model;
}

/* The file of the small model, made once. */
static unsigned char *small_bytes;
static size_t small_size;

static int save_small_model(void **state) {
    int failed = scratch_enter(state);
    tdrop_model *model = small_model();
    small_bytes = models_bytes(model, &small_size);
    tdrop_model_destroy(model);
    return scratch_leave(state) || failed;
}

static int forget_small_model(void **state) {
    (void)state;
    free(small_bytes);
    return 0;
}

/* ---------------------------------------------------------------------------------------------
 * There and back
 */

static void assert_same_info(const tdrop_model_info *a, const tdrop_model_info *b) {
    assert_string_equal(a->arch, b->arch);
    assert_int_equal(a->columns, b->columns);
    assert_int_equal(a->features, b->features);
    assert_int_equal(a->parameters, b->parameters);
    assert_int_equal(a->item_dims, b->item_dims);
    assert_memory_equal(a->item_shape, b->item_shape, sizeof a->item_shape);
    assert_int_equal(a->law.kind, b->law.kind);
    assert_true(a->law.p == b->law.p && a->law.rate == b->law.rate);
    assert_int_equal(a->law.k_min, b->law.k_min);
    assert_int_equal(a->law.weight_count, b->law.weight_count);
    if (a->law.weight_count)
        assert_memory_equal(a->law.weights, b->law.weights, a->law.weight_count * sizeof(double));
    assert_int_equal(a->task, b->task);
    assert_int_equal(a->classes, b->classes);
    assert_int_equal(a->outputs, b->outputs);
    for (size_t i = 0; i < a->classes; i++)
        assert_string_equal(a->class_name[i], b->class_name[i]);
    assert_true(a->flops == b->flops && a->valid_share == b->valid_share);
    assert_true(a->seed == b->seed && a->split_seed == b->split_seed);
    assert_int_equal(a->split, b->split);
    assert_true(a->split_hash == b->split_hash);
    assert_int_equal(a->scale, b->scale);
    assert_string_equal(a->unit, b->unit);
    assert_string_equal(a->data_name, b->data_name);
    assert_true(a->data_hash == b->data_hash);
    assert_int_equal(a->data_rows, b->data_rows);
    assert_int_equal(a->epochs, b->epochs);
    assert_int_equal(a->pruned_from, b->pruned_from);
    assert_int_equal(a->valid_rows, b->valid_rows);
    size_t curve = (a->features + 1) * sizeof(double);
    assert_memory_equal(a->valid_loss, b->valid_loss, curve);
    assert_memory_equal(a->valid_se, b->valid_se, curve);
    assert_int_equal(!a->valid_pca, !b->valid_pca);
    if (a->valid_pca) assert_memory_equal(a->valid_pca, b->valid_pca, curve);
    assert_int_equal(!a->valid_metric, !b->valid_metric);
    if (a->valid_metric) assert_memory_equal(a->valid_metric, b->valid_metric, curve);
}

static void assert_same_outputs(const tdrop_model *a, const tdrop_model *b,
                                const tdrop_data *data) {
    size_t rows = models_data_info(data).rows, count = rows * models_info(a).outputs;
    for (size_t k = 0; k <= models_info(a).features; k++) {
        float *x = models_predict(a, data, 0, rows, k, NULL);
        float *y = models_predict(b, data, 0, rows, k, NULL);
        assert_memory_equal(x, y, count * sizeof *x);
        free(x);
        free(y);
    }
}

static void assert_comes_back(const tdrop_model *model, const tdrop_data *data,
                              const tdrop_data *labels) {
    const tdrop_use_options use = {.target = labels};
    models_save(model, "model");
    tdrop_model *again = models_load("model");
    const tdrop_model_info info = models_info(model), other = models_info(again);
    assert_same_info(&info, &other);
    assert_same_outputs(model, again, data);
    assert_true(models_same_file(model, again));
    size_t count = 0, again_count = 1;
    assert_int_equal(tdrop_model_held_out(model, data, &use, &count, NULL), TDROP_OK);
    assert_int_equal(tdrop_model_held_out(again, data, &use, &again_count, NULL), TDROP_OK);
    assert_int_equal(count, again_count);
    tdrop_model_destroy(again);
}

static void models_come_back(void **state) {
    (void)state;
    static const double weights[] = {0.0, 0.1, 1e-300, 1.0 / 3.0, 7.0};
    static const struct {
        tdrop_element element;
        int dims;
        tdrop_fit_options options;
    } ways[] = {
        {TDROP_ELEMENT_F32, 3, {.arch = "7-[4]-7-[5]", .law = {.kind = TDROP_LAW_UNIFORM}}},
        {TDROP_ELEMENT_F32, 3, {.arch = "[4]", .law = {TDROP_LAW_GEOMETRIC, .rate = 0.1}}},
        {TDROP_ELEMENT_F32,
         3,
         {.arch = "[4]", .law = {TDROP_LAW_TABLE, .weights = weights, .weight_count = 5}}},
        {TDROP_ELEMENT_F32, 3, {.arch = "7-[4]-7-widthbias"}},
        {TDROP_ELEMENT_F32, 3, {.arch = "7-batch-norm-4-batch-norm-tail-7-batch-norm"}},
        {TDROP_ELEMENT_F32, 3, {.arch = "7-[4]-7", .seed = UINT64_MAX, .split_seed = 1}},
        {TDROP_ELEMENT_F32,
         3,
         {.arch = "4-relu-tail-relu-relu", .law = {.p = 1.0 / 3.0, .k_min = 1}}},
        {TDROP_ELEMENT_F32, 3, {.arch = "[4]", .scale = TDROP_SCALE_MINMAX, .no_drop = 1}},
        {TDROP_ELEMENT_F32, 3, {.arch = "[4]", .scale = TDROP_SCALE_NONE, .valid_share = 0.77}},
        {TDROP_ELEMENT_U8, 3, {.arch = "relu-[4]", .split_seed = (1ull << 63) + 1}},
        {TDROP_ELEMENT_F32, 1, {.law = {.kind = TDROP_LAW_ORIGINAL}, .features = 3}},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        tdrop_data *data = shaped_table(ways[i].element, 40, ways[i].dims, "a/b/table.npy");
        tdrop_fit_options options = ways[i].options;
        options.epochs = 2;
        tdrop_model *model = models_fit(data, &options);
        tdrop_model_info info = models_info(model);
        assert_int_equal(info.item_dims, ways[i].dims - 1);
        assert_string_equal(info.data_name, "table.npy");
        assert_true(info.seed == options.seed && info.split_seed == options.split_seed);
        assert_comes_back(model, data, NULL);
        for (size_t k = 1; k <= info.features; k++) {
            tdrop_model *pruned = models_prune(model, k);
            assert_comes_back(pruned, data, NULL);
            tdrop_model_destroy(pruned);
        }
        tdrop_model_destroy(model);
        tdrop_data_destroy(data);
    }
}

/* Whatever a file was called, its model can be saved and read. */
static void odd_names_come_back(void **state) {
    (void)state;
    static const struct {
        const char *name, *expected;
    } names[] = {
        {"x", "x"},
        {"a/\"b\\c\"", "\"b\\c\""},
        {"caf\xc3\xa9.npy", "caf\xc3\xa9.npy"},
        {"a/", ""},
        {"a\nb\x1b[2J", NULL},
        {"\xff\xfe", NULL},
        {"{\"p\":1}", "{\"p\":1}"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        tdrop_data *data = shaped_table(TDROP_ELEMENT_F32, 10, 1, names[i].name);
        const tdrop_fit_options options = {.arch = "[1]", .epochs = 1};
        tdrop_model *model = models_fit(data, &options);
        models_save(model, "model");
        tdrop_model *again = models_load("model");
        if (names[i].expected) assert_string_equal(models_info(again).data_name, names[i].expected);
        tdrop_model_destroy(again);
        tdrop_model_destroy(model);
        tdrop_data_destroy(data);
    }
}

/* The host program may have set a locale that writes 0,5 for a half. */
static void the_locale_does_not_matter(void **state) {
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
    tdrop_model *model = small_model();
    size_t size = 0, other_size = 0, found = 0;
    unsigned char *bytes = models_bytes(model, &size);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!setlocale(LC_ALL, names[i])) continue;
        found++;
        tdrop_model *again = NULL;
        tdrop_status saved = tdrop_model_save(model, "model", 1, NULL);
        tdrop_status loaded = tdrop_model_load(&again, "model", NULL);
        setlocale(LC_ALL, "C");
        tdrop_model_destroy(again);
        assert_int_equal(saved, TDROP_OK);
        assert_int_equal(loaded, TDROP_OK);
        unsigned char *other = scratch_read("model", &other_size);
        assert_int_equal(other_size, size);
        assert_memory_equal(other, bytes, size);
        free(other);
    }
    free(bytes);
    tdrop_model_destroy(model);
    if (found > 0) return;
    print_message("no locale with a decimal comma is installed here\n");
    skip();
}

static void the_size_is_known_beforehand(void **state) {
    (void)state;
    tdrop_data *data = shaped_table(TDROP_ELEMENT_F32, 40, 3, "table");
    const tdrop_fit_options options = {.arch = "9-[12]-9", .epochs = 1};
    tdrop_model *model = models_fit(data, &options);
    size_t size = 0, bytes = 1, before = 0;
    for (size_t k = 1; k <= 12; k++) {
        tdrop_model *pruned = models_prune(model, k);
        free(models_bytes(pruned, &size));
        assert_int_equal(tdrop_model_file_size(model, k, &bytes), TDROP_OK);
        assert_int_equal(bytes, size);
        assert_true(size > before); /* each feature cut makes the file smaller */
        before = size;
        tdrop_model_destroy(pruned);
    }
    free(models_bytes(model, &size));
    assert_int_equal(bytes, size);
    assert_int_equal(tdrop_model_file_size(model, 0, &bytes), TDROP_ERROR_K);
    assert_int_equal(tdrop_model_file_size(model, 13, &bytes), TDROP_ERROR_K);
    assert_int_equal(tdrop_model_file_size(NULL, 1, &bytes), TDROP_ERROR_NULL);
    assert_int_equal(tdrop_model_file_size(model, 1, NULL), TDROP_ERROR_NULL);
    assert_int_equal(bytes, size);
    tdrop_model_destroy(model);
    tdrop_data_destroy(data);
}

/* ---------------------------------------------------------------------------------------------
 * Saving that fails
 */

static void assert_save_refused(const tdrop_model *model, const char *path, int overwrite,
                                tdrop_status expected, const char *text) {
    tdrop_error error = {0};
    models_assert_refused(tdrop_model_save(model, path, overwrite, &error), expected, &error, text);
}

static void assert_content(const char *path, const char *expected) {
    size_t size = 0;
    unsigned char *bytes = scratch_read(path, &size);
    assert_int_equal(size, strlen(expected));
    assert_memory_equal(bytes, expected, size);
    free(bytes);
}

static void saving_leaves_what_it_cannot_replace(void **state) {
    (void)state;
    tdrop_model *model = small_model();
    scratch_write("there", "before", 6);
    assert_save_refused(model, "there", 0, TDROP_ERROR_EXISTS, "there: exists already");
    assert_content("there", "before");
    assert_save_refused(model, "/dev/full", 1, TDROP_ERROR_FILE, "/dev/full: ");
    assert_save_refused(model, "nowhere/model", 1, TDROP_ERROR_FILE, "nowhere");
    assert_save_refused(model, ".", 1, TDROP_ERROR_FILE, "");
    assert_save_refused(model, "", 1, TDROP_ERROR_FILE, "");
    assert_save_refused(model, NULL, 1, TDROP_ERROR_NULL, "");
    assert_save_refused(NULL, "there", 1, TDROP_ERROR_NULL, "");
    assert_content("there", "before");
    assert_int_equal(scratch_count(), 1);
    tdrop_model_destroy(model);
}

/* A disk that is full after half a kilobyte. */
static void a_full_disk_leaves_the_old_file(void **state) {
    (void)state;
    tdrop_model *model = small_model();
    scratch_write("there", "before", 6);
    struct rlimit old, limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    limit = (struct rlimit){512, old.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    tdrop_error error = {0};
    tdrop_status there = tdrop_model_save(model, "there", 1, NULL);
    tdrop_status new = tdrop_model_save(model, "new", 0, &error);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, handler);
    assert_int_equal(there, TDROP_ERROR_FILE);
    models_assert_refused(new, TDROP_ERROR_FILE, &error, "new: ");
    assert_content("there", "before");
    assert_int_equal(scratch_count(), 1);
    tdrop_model_destroy(model);
}

/* ---------------------------------------------------------------------------------------------
 * Files that are no models
 */

static void assert_load_refused(const char *path, tdrop_status expected, const char *text) {
    char place;
    tdrop_model *model = (void *)&place;
    tdrop_error error = {0};
    models_assert_refused(tdrop_model_load(&model, path, &error), expected, &error, text);
    assert_ptr_equal(model, &place);
    if (*path && !strstr(error.message, path)) fail_msg("%s is not named: %s", path, error.message);
}

static void what_is_no_model_is_refused(void **state) {
    (void)state;
    static const float one[] = {1.0f};
    const tdrop_tensor tensor = {"w", 1, {1}, one};
    const tdrop_safetensors stranger = {.tensors = &tensor, .tensor_count = 1};
    assert_load_refused("missing", TDROP_ERROR_FILE, "No such file");
    assert_int_equal(mkdir("folder", 0700), 0);
    assert_load_refused("folder", TDROP_ERROR_FILE, "irectory");
    scratch_write("empty", "", 0);
    assert_load_refused("empty", TDROP_ERROR_FORMAT, "");
    scratch_write("text", "This is no model, but a text.", 29);
    assert_load_refused("text", TDROP_ERROR_FORMAT, "");
    assert_int_equal(tdrop_safetensors_write(&stranger, "stranger", 0, NULL), TDROP_OK);
    assert_load_refused("stranger", TDROP_ERROR_FORMAT, "not a model of taildropout");
    assert_load_refused("/dev/null", TDROP_ERROR_FORMAT, "");
    tdrop_model *model = NULL;
    tdrop_error error = {0};
    models_assert_refused(tdrop_model_load(NULL, "text", &error), TDROP_ERROR_NULL, &error, "");
    models_assert_refused(tdrop_model_load(&model, NULL, &error), TDROP_ERROR_NULL, &error, "");
    assert_null(model);
}

static void every_other_length_is_refused(void **state) {
    (void)state;
    for (size_t cut = 0; cut < small_size; cut++) {
        scratch_write("cut", small_bytes, cut);
        assert_load_refused("cut", TDROP_ERROR_FORMAT, "");
    }
    unsigned char *longer = calloc(small_size + 8, 1);
    memcpy(longer, small_bytes, small_size);
    for (size_t more = 1; more <= 8; more++) {
        scratch_write("longer", longer, small_size + more);
        assert_load_refused("longer", TDROP_ERROR_FORMAT, "");
    }
    free(longer);
}

static void every_changed_byte_is_refused(void **state) {
    (void)state;
    static const unsigned char patterns[] = {0x01, 0x20, 0x80};
    for (size_t at = 0; at < small_size; at++)
        for (size_t p = 0; p < sizeof patterns; p++) {
            small_bytes[at] ^= patterns[p];
            scratch_write("changed", small_bytes, small_size);
            small_bytes[at] ^= patterns[p]; /* the test may end here */
            assert_load_refused("changed", TDROP_ERROR_FORMAT, "");
        }
    scratch_write("whole", small_bytes, small_size);
    tdrop_model_destroy(models_load("whole"));
}

/* ---------------------------------------------------------------------------------------------
 * Forged files: the checksum is right, and something else is not
 */

enum { MOST_TEXTS = 16, MOST_TENSORS = 8 };

/* A document to be changed, and what it was read from. */
typedef struct forgery {
    tdrop_safetensors parsed, document;
    tdrop_text texts[MOST_TEXTS];
    tdrop_tensor tensors[MOST_TENSORS];
} forgery;

static void forge_begin(forgery *f) {
    *f = (forgery){0};
    assert_int_equal(tdrop_safetensors_parse(&f->parsed, "scratch", small_bytes, small_size, NULL),
                     TDROP_OK);
    assert_true(f->parsed.text_count < MOST_TEXTS && f->parsed.tensor_count < MOST_TENSORS);
    memcpy(f->texts, f->parsed.texts, f->parsed.text_count * sizeof *f->texts);
    memcpy(f->tensors, f->parsed.tensors, f->parsed.tensor_count * sizeof *f->tensors);
    f->document = (tdrop_safetensors){.tensors = f->tensors,
                                      .tensor_count = f->parsed.tensor_count,
                                      .texts = f->texts,
                                      .text_count = f->parsed.text_count};
}

static void forge_end(forgery *f) {
    tdrop_safetensors_release(&f->parsed);
}

/* Gives a key another value, adds it, or, with NULL, takes it away. */
static void forge_text(forgery *f, const char *key, const char *value) {
    size_t i = 0;
    while (i < f->document.text_count && strcmp(f->texts[i].key, key) != 0)
        i++;
    if (i == f->document.text_count) f->document.text_count++;
    f->texts[i] = (tdrop_text){key, value};
    if (!value) f->texts[i] = f->texts[--f->document.text_count];
}

static void forge_write(const forgery *f) {
    tdrop_error error = {0};
    if (tdrop_safetensors_write(&f->document, "forged", 1, &error)) fail_msg("%s", error.message);
}

static void assert_forgery_refused(const char *key, const char *value, const char *text) {
    forgery f;
    char place;
    tdrop_model *model = (void *)&place;
    tdrop_error error = {0};
    forge_begin(&f);
    forge_text(&f, key, value);
    forge_write(&f);
    if (tdrop_model_load(&model, "forged", &error) == TDROP_OK)
        fail_msg("taken: %s = %s", key, value ? value : "nothing");
    assert_load_refused("forged", TDROP_ERROR_FORMAT, text);
    forge_end(&f);
}

static void what_is_not_changed_is_a_model(void **state) {
    (void)state;
    forgery f;
    forge_begin(&f);
    forge_text(&f, "a key of the future", "whatever");
    forge_write(&f);
    tdrop_model *model = models_load("forged"), *expected = small_model();
    assert_true(models_same_file(model, expected));
    tdrop_model_destroy(expected);
    tdrop_model_destroy(model);
    forge_end(&f);
}

static void every_key_is_needed(void **state) {
    (void)state;
    static const char *const keys[] = {"architecture", "law",  "seed", "training",
                                       "scaling",      "data", "split"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        assert_forgery_refused(keys[i], NULL, i ? keys[i] : "rchitecture");
        assert_forgery_refused(keys[i], "", i ? keys[i] : "rchitecture");
    }
    assert_forgery_refused("format_version", NULL, "not a model of taildropout");
    assert_forgery_refused("task", NULL, "task");
    assert_forgery_refused("task", "regress", "targets"); /* which it does not have */
}

#define SHIFT "\"shift\":[0,0,0]"
#define UNIT  "\"unit\":[1,1,1]"
#define HASH  "\"name\":\"x\",\"hash\":\"0123456789abcdef\""
#define LAW   "{" NAME ",\"p\":0.5,\"rate\":0,\"k_min\":0}"
#define NAME  "\"name\":\"exponential\""
#define TABLE "{\"name\":\"table\",\"p\":0,\"rate\":0,\"k_min\":0"
#define CURVE "\"loss\":[3,2,1],\"se\":[0,0,0]"

static const struct {
    const char *key, *value;
} bad_texts[] = {
    {"format_version", "2"},
    {"format_version", "01"},
    {"format_version", ""},
    {"task", "regression"},
    {"task", "Autoencode"},
    {"architecture", "[2]"},
    {"architecture", "3"},
    {"architecture", "3-2-3"},
    {"architecture", "3-tail-3"},
    {"architecture", "3-2-tail-4"},
    {"architecture", "4-2-tail-3"},
    {"architecture", "4-2-tail-4"},
    {"architecture", "3-1-tail-3"},
    {"architecture", "3-3-tail-3"},
    {"architecture", "3-2-relu-tail-2-3"},
    {"architecture", "3-2-tail-3-relu"},
    {"architecture", "3-2-tail-3 "},
    {"architecture", " 3-2-tail-3"},
    {"architecture", "+3-2-tail-3"},
    {"architecture", "03-2-tail-3x"},
    {"architecture", "3-2-tail-3\n"},
    {"architecture", "-2-tail-3"},
    {"architecture", "-2-tail-3-relu"},
    {"architecture", "x-2-tail-3-relu"},
    {"architecture", "relu-tail-relu"},
    {"architecture", "0-2-tail-0"},
    {"architecture", "999999999-2-tail-999999999"},
    {"architecture", "46000-46000-tail-46000"},
    {"architecture", "3-999999999-tail-3"},
    {"architecture", "99999999999999999999-2-tail-3"},
    {"loss", "huber"}, /* of an autoencoder whose scaling is standard */
    {"loss", "{}"},
    {"loss", "{\"name\":\"auto\"}"},
    {"loss", "{\"name\":\"hinge\"}"},
    {"loss", "{\"name\":\"cross-entropy\"}"},
    {"loss", "{\"name\":\"binary\"}"},
    {"loss", "{\"name\":\"cosine\"}"},
    {"loss", "{\"name\":\"huber\"}"},
    {"loss", "{\"name\":\"huber\",\"delta\":0}"},
    {"loss", "{\"name\":\"huber\",\"delta\":1e999}"},
    {"law", "exponential"},
    {"law", "[]"},
    {"law", "{}"},
    {"law", "{\"name\":\"unlawful\",\"rate\":0,\"p\":0.5,\"k_min\":0}"},
    {"law", "{\"name\":1,\"rate\":0,\"p\":0.5,\"k_min\":0}"},
    {"law", "{" NAME ",\"rate\":0,\"p\":1.5,\"k_min\":0}"},
    {"law", "{" NAME ",\"rate\":0,\"p\":-0.5,\"k_min\":0}"},
    {"law", "{" NAME ",\"rate\":0,\"p\":\"0.5\",\"k_min\":0}"},
    {"law", "{" NAME ",\"rate\":0,\"p\":null,\"k_min\":0}"},
    {"law", "{" NAME ",\"rate\":0,\"p\":1e999,\"k_min\":0}"},
    {"law", "{" NAME ",\"rate\":0,\"k_min\":0}"},
    {"law", "{" NAME ",\"rate\":0,\"p\":0.5}"},
    {"law", "{" NAME ",\"rate\":0,\"p\":0.5,\"k_min\":-1}"},
    {"law", "{" NAME ",\"rate\":0,\"p\":0.5,\"k_min\":0.5}"},
    {"law", "{" NAME ",\"rate\":0,\"p\":0.5,\"k_min\":4294967296}"},
    {"law", "{" NAME ",\"p\":0.5,\"k_min\":0}"},
    {"law", "{" NAME ",\"p\":0.5,\"rate\":1.5,\"k_min\":0}"},
    {"law", "{" NAME ",\"p\":0,\"rate\":0,\"k_min\":3}"},   /* above n = 2 */
    {"law", "{" NAME ",\"p\":0.6,\"rate\":0,\"k_min\":1}"}, /* p above 1 - k_min / n */
    {"law", "{\"name\":\"uniform\",\"p\":0,\"rate\":0,\"k_min\":5}"},
    {"law", "{\"name\":\"table\",\"p\":0,\"rate\":0,\"k_min\":2,\"weights\":[1,2,0]}"},
    {"law", TABLE ",\"weights\":[1e308,1e308,1e308]}"},
    {"law", TABLE "}"},
    {"law", TABLE ",\"weights\":5}"},
    {"law", TABLE ",\"weights\":[1,\"2\",3]}"},
    {"law", TABLE ",\"weights\":[1,2,1e999]}"},
    {"law", TABLE ",\"weights\":[1,-2,3]}"},
    {"law", TABLE ",\"weights\":[1,2]}"}, /* n + 1 = 3 at least */
    {"law", LAW "x"},
    {"law", LAW LAW},
    {"seed", "-1"},
    {"seed", "1x"},
    {"seed", " 1"},
    {"seed", "0x1"},
    {"seed", "1.0"},
    {"seed", "18446744073709551616"},
    {"seed", "99999999999999999999"},
    {"seed", "100000000000000000000"},
    {"training", "{\"epochs\":1}"},
    {"training", "{\"flops\":1}"},
    {"training", "{\"epochs\":-1,\"flops\":1}"},
    {"training", "{\"epochs\":1.5,\"flops\":1}"},
    {"training", "{\"epochs\":4294967296,\"flops\":1}"},
    {"training", "{\"epochs\":1,\"flops\":-1}"},
    {"training", "{\"epochs\":1,\"flops\":1e999}"},
    {"training", "{\"epochs\":1,\"flops\":\"1\"}"},
    {"scaling", "{\"kind\":\"auto\"}"},
    {"scaling", "{\"kind\":\"none at all\"}"},
    {"scaling", "{\"kind\":1}"},
    {"scaling", "{" SHIFT "," UNIT "}"},
    {"scaling", "{\"kind\":\"standard\"}"},
    {"scaling", "{\"kind\":\"standard\"," SHIFT "}"},
    {"scaling", "{\"kind\":\"standard\"," UNIT "}"},
    {"scaling", "{\"kind\":\"minmax\"," UNIT "}"},
    {"scaling", "{\"kind\":\"standard\",\"shift\":[0,0]," UNIT "}"},
    {"scaling", "{\"kind\":\"standard\",\"shift\":[0,0,0,0]," UNIT "}"},
    {"scaling", "{\"kind\":\"standard\",\"shift\":0," UNIT "}"},
    {"scaling", "{\"kind\":\"standard\",\"shift\":{\"a\":0,\"b\":0,\"c\":0}," UNIT "}"},
    {"scaling", "{\"kind\":\"standard\",\"shift\":[0,null,0]," UNIT "}"},
    {"scaling", "{\"kind\":\"standard\",\"shift\":[0,1e999,0]," UNIT "}"},
    {"scaling", "{\"kind\":\"standard\"," SHIFT ",\"unit\":[1,0,1]}"},
    {"scaling", "{\"kind\":\"standard\"," SHIFT ",\"unit\":[1,-1,1]}"},
    {"scaling", "{\"kind\":\"standard\"," SHIFT ",\"unit\":[1,\"1\",1]}"},
    {"scaling", "{\"kind\":\"standard\"," SHIFT ",\"unit\":[1,1e-320,1]}"}, /* 1 / unit: infinite */
    {"data", "{\"hash\":\"0\",\"rows\":30,\"item_shape\":[3]}"},
    {"data", "{\"name\":5,\"hash\":\"0\",\"rows\":30,\"item_shape\":[3]}"},
    {"data", "{\"name\":\"x\",\"rows\":30,\"item_shape\":[3]}"},
    {"data", "{\"name\":\"x\",\"hash\":5,\"rows\":30,\"item_shape\":[3]}"},
    {"data", "{\"name\":\"x\",\"hash\":\"\",\"rows\":30,\"item_shape\":[3]}"},
    {"data", "{\"name\":\"x\",\"hash\":\"0123456789abcdeg\",\"rows\":30,\"item_shape\":[3]}"},
    {"data", "{\"name\":\"x\",\"hash\":\"0123456789abcdef0\",\"rows\":30,\"item_shape\":[3]}"},
    {"data", "{" HASH ",\"item_shape\":[3]}"},
    {"data", "{" HASH ",\"rows\":-1,\"item_shape\":[3]}"},
    {"data", "{" HASH ",\"rows\":1,\"item_shape\":[3]}"}, /* none to hold out */
    {"data", "{" HASH ",\"rows\":2.5,\"item_shape\":[3]}"},
    {"data", "{" HASH ",\"rows\":1e300,\"item_shape\":[3]}"},
    {"data", "{" HASH ",\"rows\":30}"},
    {"data", "{" HASH ",\"rows\":30,\"item_shape\":3}"},
    {"data", "{" HASH ",\"rows\":30,\"item_shape\":[]}"},
    {"data", "{" HASH ",\"rows\":30,\"item_shape\":[2]}"},
    {"data", "{" HASH ",\"rows\":30,\"item_shape\":[3,0]}"},
    {"data", "{" HASH ",\"rows\":30,\"item_shape\":[-3,-1]}"},
    {"data", "{" HASH ",\"rows\":30,\"item_shape\":[1.5,2]}"},
    {"data", "{" HASH ",\"rows\":30,\"item_shape\":[\"3\"]}"},
    {"data", "{" HASH ",\"rows\":30,\"item_shape\":[1,1,1,1,1,1,1,3]}"},
    {"data", "{" HASH ",\"rows\":30,\"item_shape\":[2147483647,2147483647,2147483647,3]}"},
    {"split", "{\"seed\":\"0\"}"},
    {"split", "{\"valid_share\":0.1}"},
    {"split", "{\"valid_share\":-0.1,\"seed\":\"0\"}"},
    {"split", "{\"valid_share\":1.1,\"seed\":\"0\"}"},
    {"split", "{\"valid_share\":\"0.1\",\"seed\":\"0\"}"},
    {"split", "{\"valid_share\":0.1,\"seed\":0}"},
    {"split", "{\"valid_share\":0.1,\"seed\":\"\"}"},
    {"split", "{\"valid_share\":0.1,\"seed\":\"18446744073709551616\"}"},
    {"validation", ""},
    {"validation", "{}"},
    {"validation", "{" CURVE "}"},
    {"validation", "{\"rows\":-1," CURVE "}"},
    {"validation", "{\"rows\":3.5," CURVE "}"},
    {"validation", "{\"rows\":1e300," CURVE "}"},
    {"validation", "{\"rows\":3,\"se\":[0,0,0]}"},
    {"validation", "{\"rows\":3,\"loss\":[3,2,1]}"},
    {"validation", "{\"rows\":3,\"loss\":[3,2],\"se\":[0,0,0]}"},
    {"validation", "{\"rows\":3,\"loss\":[3,2,1,0],\"se\":[0,0,0]}"},
    {"validation", "{\"rows\":3,\"loss\":[3,2,\"1\"],\"se\":[0,0,0]}"},
    {"validation", "{\"rows\":3,\"loss\":[3,2,null],\"se\":[0,0,0]}"},
    {"validation", "{\"rows\":3,\"loss\":[3,2,1e999],\"se\":[0,0,0]}"},
    {"validation", "{\"rows\":3,\"loss\":[3,2,[1]],\"se\":[0,0,0]}"},
    {"validation", "{\"rows\":3," CURVE ",\"pca\":[3,2]}"},
    {"validation", "{\"rows\":3," CURVE ",\"pca\":null}"},
    {"pruned_from", ""},
    {"pruned_from", "-3"},
    {"pruned_from", "3.0"},
    {"pruned_from", "many"},
    {"pruned_from", "2"}, /* not cut at all: n is 2 */
    {"pruned_from", "1"},
    {"pruned_from", "99999999999999999999"},
};

/* The key is named; what is wrong with the architecture is told in its own words. */
static void every_value_is_checked(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof bad_texts / sizeof *bad_texts; i++) {
        const char *key = bad_texts[i].key;
        const char *text = strcmp(key, "architecture") == 0     ? ""
                           : strcmp(key, "format_version") == 0 ? "version"
                                                                : key;
        assert_forgery_refused(key, bad_texts[i].value, text);
    }
}

/* A classifier of 3 classes. */
static void forge_classifier(forgery *f, const char *classes) {
    forge_begin(f);
    forge_text(f, "task", "classify");
    forge_text(f, "classes", classes);
    forge_text(f, "validation", NULL);
    forge_write(f);
}

static void classes_are_checked(void **state) {
    (void)state;
    static const char *const bad[] = {
        NULL,
        "",
        "[]",
        "{}",
        "{\"labels\":[1,2]}",
        "{\"labels\":[1,2,3,4]}",
        "{\"labels\":[1,3,2]}",
        "{\"labels\":[1,2,2]}",
        "{\"labels\":[1,2,\"3\"]}",
        "{\"labels\":[1,2,null]}",
        "{\"labels\":[1,2,1e999]}",
    };
    forgery f;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        forge_classifier(&f, bad[i]);
        assert_load_refused("forged", TDROP_ERROR_FORMAT, "classes");
        forge_end(&f);
    }
    forge_classifier(&f, "{\"labels\":[-1,2.5,1e300]}");
    tdrop_model *model = models_load("forged");
    assert_string_equal(models_info(model).class_name[1], "2.5");
    tdrop_model_destroy(model);
    forge_text(&f, "validation", "{\"rows\":3," CURVE "}");
    forge_write(&f);
    assert_load_refused("forged", TDROP_ERROR_FORMAT, "validation"); /* no accuracy */
    forge_end(&f);
}

static void classifiers_come_back(void **state) {
    (void)state;
    tdrop_data *data = models_table(60, 6, 3, 0.1, 1), *labels = models_labels(data);
    const tdrop_fit_options options = {
        .task = TDROP_TASK_CLASSIFY, .target = labels, .arch = "7-[4]-7-[5]", .epochs = 2};
    tdrop_model *model = models_fit(data, &options), *pruned = models_prune(model, 2);
    assert_int_equal(models_info(model).classes, 3);
    assert_comes_back(model, data, labels);
    assert_comes_back(pruned, data, labels);
    tdrop_model_destroy(pruned);
    tdrop_model_destroy(model);
    tdrop_data_destroy(labels);
    tdrop_data_destroy(data);
}

/* Hostile texts of great length or depth. */
static void long_values_are_refused(void **state) {
    (void)state;
    enum { LENGTH = 200000 };
    static char text[LENGTH + 1];
    static const char *const keys[] = {"architecture", "law", "seed", "validation", "task"};
    static const char fillers[] = {'[', '-', '9', '8', '{'};
    for (size_t i = 0; i < sizeof fillers; i++) {
        memset(text, fillers[i], LENGTH);
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            assert_forgery_refused(keys[k], text, "");
    }
}

static void the_curve_may_be_missing(void **state) {
    (void)state;
    forgery f;
    forge_begin(&f);
    forge_text(&f, "validation", NULL);
    forge_write(&f);
    tdrop_model *model = models_load("forged"), *pruned = models_prune(model, 1);
    tdrop_model_info info = models_info(model), cut = models_info(pruned);
    assert_true(!info.valid_loss && !info.valid_se && !info.valid_pca && info.valid_rows == 0);
    assert_true(!cut.valid_loss && !cut.valid_se && !cut.valid_pca && cut.pruned_from == 2);
    models_save(pruned, "pruned");
    tdrop_model *again = models_load("pruned");
    assert_true(models_same_file(pruned, again));
    size_t bytes = 0;
    assert_int_equal(tdrop_model_file_size(model, 2, &bytes), TDROP_OK);
    tdrop_model_destroy(again);
    tdrop_model_destroy(pruned);
    tdrop_model_destroy(model);
    forge_end(&f);
}

static void tensors_have_to_fit_the_architecture(void **state) {
    (void)state;
    static const float more[16] = {0};
    static const struct {
        size_t at;
        tdrop_tensor tensor;
        const char *text;
    } bad[] = {
        {0, {"encoder.0.weight", 2, {3, 2}, more}, "tensor encoder.0.weight"},
        {0, {"encoder.0.weight", 1, {6}, more}, "tensor encoder.0.weight"},
        {0, {"encoder.0.weight", 3, {2, 3, 1}, more}, "tensor encoder.0.weight"},
        {0, {"encoder.0.weight", 2, {2, 4}, more}, "tensor encoder.0.weight"},
        {0, {"encoder.0.weight", 2, {0, 3}, more}, "tensor encoder.0.weight"},
        {0, {"encoder.1.weight", 2, {2, 3}, more}, "tensor encoder.0.weight"},
        {1, {"encoder.0.bias", 1, {3}, more}, "tensor encoder.0.bias"},
        {1, {"encoder.0.bias", 0, {0}, more}, "tensor encoder.0.bias"},
        {3, {"decoder.0.bias", 2, {3, 1}, more}, "tensor decoder.0.bias"},
        {4, {"more", 1, {1}, more}, "it holds 5 tensors"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        forgery f;
        forge_begin(&f);
        f.tensors[bad[i].at] = bad[i].tensor;
        if (bad[i].at == 4) f.document.tensor_count++;
        forge_write(&f);
        assert_load_refused("forged", TDROP_ERROR_FORMAT, bad[i].text);
        forge_end(&f);
    }
    forgery f;
    forge_begin(&f);
    f.document.tensor_count = 3;
    forge_write(&f);
    assert_load_refused("forged", TDROP_ERROR_FORMAT, "it holds 3 tensors");
    f.document.tensor_count = 0;
    forge_write(&f);
    assert_load_refused("forged", TDROP_ERROR_FORMAT, "it holds 0 tensors");
    forge_end(&f);
}

/* As many outputs as columns: everybody who asks for a prediction gives room for so many. */
static void an_autoencoder_gives_what_it_takes(void **state) {
    (void)state;
    static const float more[8] = {0};
    forgery f;
    forge_begin(&f);
    forge_text(&f, "architecture", "3-2-tail-4");
    f.tensors[2] = (tdrop_tensor){"decoder.0.weight", 2, {4, 2}, more};
    f.tensors[3] = (tdrop_tensor){"decoder.0.bias", 1, {4}, more};
    forge_write(&f);
    assert_load_refused("forged", TDROP_ERROR_FORMAT, "architecture");
    forge_end(&f);
}

/* Their order in the file is nobody's business. */
static void tensors_may_stand_in_any_order(void **state) {
    (void)state;
    forgery f;
    forge_begin(&f);
    for (size_t i = 0; i < 4; i++)
        f.tensors[i] = f.parsed.tensors[3 - i];
    forge_write(&f);
    tdrop_model *model = models_load("forged"), *expected = small_model();
    assert_true(models_same_file(model, expected));
    tdrop_model_destroy(expected);
    tdrop_model_destroy(model);
    forge_end(&f);
}

static void weights_have_to_be_finite(void **state) {
    (void)state;
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 3; i++) {
        forgery f;
        float numbers[6] = {0.0f};
        forge_begin(&f);
        numbers[5] = bad[i];
        f.tensors[2].data = numbers;
        forge_write(&f);
        assert_load_refused("forged", TDROP_ERROR_FORMAT, "not finite");
        forge_end(&f);
    }
}

static void variances_are_not_negative(void **state) {
    (void)state;
    static const float ones[2] = {1.0f, 1.0f}, negative[2] = {1.0f, -1e-6f};
    static const char *const names[] = {"weight", "bias", "running_mean", "running_var"};
    for (int bad = 0; bad < 2; bad++) {
        forgery f;
        char name[4][32];
        forge_begin(&f);
        forge_text(&f, "architecture", "3-2-batch-norm-tail-3");
        for (size_t t = 0; t < 4; t++) {
            snprintf(name[t], sizeof name[t], "encoder.1.%s", names[t]);
            f.tensors[f.document.tensor_count++] =
                (tdrop_tensor){name[t], 1, {2}, bad && t == 3 ? negative : ones};
        }
        forge_write(&f);
        if (bad)
            assert_load_refused("forged", TDROP_ERROR_FORMAT, "a variance in its tensor encoder.1");
        else
            tdrop_model_destroy(models_load("forged"));
        forge_end(&f);
    }
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_enter, scratch_leave)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(models_come_back),
        IN_SCRATCH(odd_names_come_back),
        IN_SCRATCH(the_locale_does_not_matter),
        IN_SCRATCH(the_size_is_known_beforehand),
        IN_SCRATCH(saving_leaves_what_it_cannot_replace),
        IN_SCRATCH(a_full_disk_leaves_the_old_file),
        IN_SCRATCH(what_is_no_model_is_refused),
        IN_SCRATCH(every_other_length_is_refused),
        IN_SCRATCH(every_changed_byte_is_refused),
        IN_SCRATCH(what_is_not_changed_is_a_model),
        IN_SCRATCH(every_key_is_needed),
        IN_SCRATCH(every_value_is_checked),
        IN_SCRATCH(classes_are_checked),
        IN_SCRATCH(classifiers_come_back),
        IN_SCRATCH(long_values_are_refused),
        IN_SCRATCH(the_curve_may_be_missing),
        IN_SCRATCH(tensors_have_to_fit_the_architecture),
        IN_SCRATCH(an_autoencoder_gives_what_it_takes),
        IN_SCRATCH(tensors_may_stand_in_any_order),
        IN_SCRATCH(weights_have_to_be_finite),
        IN_SCRATCH(variances_are_not_negative),
    };
    return cmocka_run_group_tests_name("model_file", tests, save_small_model, forget_small_model);
}
