/* SPDX-License-Identifier: MIT
 * Architectures: their grammar, their tensors, their first values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "model/arch.h"
#include "models.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As for an autoencoder: as many outputs as inputs. */
static tdrop_arch parse(const char *text, size_t columns, bool written_out) {
    tdrop_arch arch = {0};
    tdrop_error error = {0};
    if (tdrop_arch_parse(&arch, text, columns, columns, written_out, &error))
        fail_msg("%s", error.message);
    return arch;
}

/* ---- the default ---- */

/* What arch.h says of it, by another way. */
static size_t default_width(size_t columns, size_t features) {
    size_t by_columns = 0, by_features = 1;
    for (size_t power = 1; power < columns && power <= 512; power *= 2)
        by_columns = power;
    while (by_features < features)
        by_features *= 2;
    by_features *= 8;
    return by_columns > by_features ? by_columns : by_features;
}

static void the_default_is_as_documented(void **state) {
    (void)state;
    static const size_t columns[] = {1,  2,   3,   4,   5,   8,   9,   16,  17,   30,   63,  64,
                                     65, 100, 256, 257, 511, 512, 513, 784, 1024, 1025, 3072};
    static const size_t features[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 31, 32, 33, 64, 65, 100, 1000};
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        for (size_t f = 0; f < sizeof features / sizeof *features; f++) {
            size_t width = default_width(columns[c], features[f]);
            const bool ordered = f % 2;
            char expected[128];
            snprintf(expected, sizeof expected, "%zu-%zu-[%zu]-%zu%s-%zu", width, width / 2,
                     features[f], width / 2, ordered ? "-widthbias" : "", width);
            char *text = tdrop_arch_default_text(columns[c], features[f], ordered);
            assert_string_equal(text, expected);
            tdrop_arch arch = parse(text, columns[c], false);
            assert_int_equal(arch.features, features[f]);
            tdrop_arch_clear(&arch);
            tdrop_free(text);
        }
    char *text = tdrop_arch_default_text(784, 64, false);
    assert_string_equal(text, "512-256-[64]-256-512");
    tdrop_free(text);
}

/* ---- the grammar ---- */

static const struct {
    const char *text;
    size_t columns;
    const char *written_out;
    size_t features, tail, layers;
} good[] = {
    {"512-256-[64]-256-512", 784, "784-512-relu-256-relu-64-tail-256-relu-512-relu-784", 64, 5, 11},
    {"[4]", 10, "10-4-tail-10", 4, 1, 3},
    {"[1]", 1, "1-1-tail-1", 1, 1, 3},
    {"4-tail", 10, "10-4-tail-10", 4, 1, 3},
    {"8-4-tail-8", 10, "10-8-relu-4-tail-8-relu-10", 4, 3, 7},
    {"8-[4]", 10, "10-8-relu-4-tail-10", 4, 3, 5},
    {"[4]-8-widthbias-6", 10, "10-4-tail-8-widthbias-relu-6-relu-10", 4, 1, 8},
    {"[4]-8-widthbias-relu-6", 10, "10-4-tail-8-widthbias-relu-6-10", 4, 1, 7},
    {"[4]-8", 10, "10-4-tail-8-relu-10", 4, 1, 5},
    {"8-relu-[4]-8", 10, "10-8-relu-4-tail-8-10", 4, 3, 6},
    {"8-[4]-8-relu", 10, "10-8-4-tail-8-relu-10", 4, 2, 6},
    {"4-relu-tail", 10, "10-4-relu-tail-10", 4, 2, 4},
    {"[4]-relu", 10, "10-4-tail-relu-10", 4, 1, 4},
    {"4-relu-tail-relu", 10, "10-4-relu-tail-relu-10", 4, 2, 5},
    {"relu-[4]", 10, "10-relu-4-tail-10", 4, 2, 4},
    {"9-relu-relu-[4]-9-relu-relu", 10, "10-9-relu-relu-4-tail-9-relu-relu-10", 4, 4, 9},
    {"9-gelu-[4]-sigmoid-9-tanh", 10, "10-9-gelu-4-tail-sigmoid-9-tanh-10", 4, 3, 8},
    {"dropout:0.50-9-[4]-dropout:0-9-dropout:0.123456789", 10,
     "10-dropout:0.5-9-relu-4-tail-dropout:0-9-relu-dropout:0.123456789-10", 4, 4, 10},
    {"9-dropout:0.1-[4]-dropout:0.0", 10, "10-9-relu-dropout:0.1-4-tail-dropout:0-10", 4, 4, 7},
    {"9-layer-norm-[4]-8-layer-norm", 10, "10-9-relu-layer-norm-4-tail-8-relu-layer-norm-10", 4, 4,
     9},
    {"9-batch-norm-[4]-batch-norm-8-batch-norm", 10,
     "10-9-batch-norm-relu-4-tail-batch-norm-8-batch-norm-relu-10", 4, 4, 10},
    {"4-batch-norm-tail-8-widthbias-batch-norm-7", 10,
     "10-4-batch-norm-tail-8-widthbias-batch-norm-relu-7-relu-10", 4, 2, 10},
    {"batch-norm-[4]-8-relu-batch-norm", 10, "10-batch-norm-4-tail-8-relu-batch-norm-10", 4, 2, 7},
    {"[999999]", 2, "2-999999-tail-2", 999999, 1, 3},
};

static void texts_are_written_out(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        tdrop_arch arch = parse(good[i].text, good[i].columns, false);
        assert_string_equal(arch.text, good[i].written_out);
        assert_int_equal(arch.inputs, good[i].columns);
        assert_int_equal(arch.outputs, good[i].columns);
        assert_int_equal(arch.features, good[i].features);
        assert_int_equal(arch.tail_count, 1);
        assert_int_equal(arch.tails[0].layer, good[i].tail);
        assert_int_equal(arch.tails[0].features, good[i].features);
        assert_int_equal(arch.layer_count, good[i].layers);
        tdrop_arch_clear(&arch);
        tdrop_arch_clear(&arch);
    }
}

static void assert_same_arch(const tdrop_arch *a, const tdrop_arch *b) {
    assert_string_equal(a->text, b->text);
    assert_int_equal(a->layer_count, b->layer_count);
    assert_int_equal(a->tensor_count, b->tensor_count);
    assert_int_equal(a->parameters, b->parameters);
    assert_memory_equal(a->layers, b->layers, a->layer_count * sizeof *a->layers);
    for (size_t t = 0; t < a->tensor_count; t++)
        assert_memory_equal(&a->tensors[t], &b->tensors[t], sizeof *a->tensors);
}

static void what_was_written_out_is_read_back(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        tdrop_arch arch = parse(good[i].text, good[i].columns, false);
        tdrop_arch again = parse(arch.text, good[i].columns, true);
        assert_same_arch(&again, &arch);
        tdrop_arch_clear(&arch);
        tdrop_arch_clear(&again);
    }
}

/* A width is bounded by the tensors it makes, not by layers that have none. */
static void wide_layers_without_tensors_are_fine(void **state) {
    (void)state;
    static const char *const texts[] = {"50000-[2]", "[50000]", "[2]-50000", "relu-[1]"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        tdrop_arch arch = parse(texts[i], i == 3 ? 50000 : 2, false);
        tdrop_arch_clear(&arch);
    }
}

/* ---- what is refused ---- */

static void assert_refused(const char *text, size_t columns, bool written_out,
                           const char *expected) {
    tdrop_arch arch;
    tdrop_error error = {0};
    memset(&arch, 0x5a, sizeof arch);
    const tdrop_arch before = arch;
    models_assert_refused(tdrop_arch_parse(&arch, text, columns, columns, written_out, &error),
                          TDROP_ERROR_ARCH, &error, expected);
    assert_memory_equal(&arch, &before, sizeof arch);
    assert_int_equal(tdrop_arch_parse(&arch, text, columns, columns, written_out, NULL),
                     TDROP_ERROR_ARCH);
}

static void bad_texts_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *expected;
    } bad[] = {
        {"", "item '' at character 1 "},
        {"-", "item '' at character 1 "},
        {"--", "item '' at character 1 "},
        {"-[4]", "item '' at character 1 "},
        {"8--[4]", "item '' at character 3 "},
        {"8-[4]-", "item '' at character 7 "},
        {"0", "item '0' at character 1 "},
        {"[0]", "item '[0]' at character 1 "},
        {"8-[00]", "item '[00]' at character 3 "},
        {"[]", "item '[]' at character 1 "},
        {"8-[64", "item '[64' at character 3 "},
        {"8-64]-[4]", "item '64]' at character 3 "},
        {"[[4]]", "item '[[4]]' at character 1 "},
        {"[4]]", "item '[4]]' at character 1 "},
        {"[-4]", "item '[' at character 1 "},
        {"abc", "item 'abc' at character 1 "},
        {"8-[4]-Relu", "item 'Relu' at character 7 "},
        {"8-[4]-rel", "item 'rel' at character 7 "},
        {"8-[4]-reluu", "item 'reluu' at character 7 "},
        {"8-dropout-[4]", "item 'dropout' at character 3 "},
        {"8-dropout:-[4]", "item 'dropout:' at character 3 "},
        {"8-dropout:1-[4]", "item 'dropout:1' at character 3 "},
        {"8-dropout:1.0-[4]", "item 'dropout:1.0' at character 3 "},
        {"8-dropout:.5-[4]", "item 'dropout:.5' at character 3 "},
        {"8-dropout:0.-[4]", "item 'dropout:0.' at character 3 "},
        {"8-dropout:0,5-[4]", "item 'dropout:0,5' at character 3 "},
        {"8-dropout:0.5x-[4]", "item 'dropout:0.5x' at character 3 "},
        {"8-dropout:0.1234567890-[4]", "item 'dropout:0.1234567890' at character 3 "},
        {"8-relu:0.5-[4]", "item 'relu:0.5' at character 3 "},
        {"8-:0.5-[4]", "item ':0.5' at character 3 "},
        {"8-[4]-layer-norm-8", "a linear layer before it and one after it, with nothing between"},
        {"4-layer-norm-tail-8", "with nothing between that mixes columns"},
        {"8-layer-[4]", "item 'layer' at character 3 "},
        {"8-layer-norms-[4]", "item 'layer' at character 3 "},
        {"8-layer-norm:0.1-[4]", "item 'layer' at character 3 "},
        {"8-batch-[4]", "item 'batch' at character 3 "},
        {"8-batch-norm:0.1-[4]", "item 'batch' at character 3 "},
        {"batch-norm-tail-8", "a linear layer before it"},
        {"[8]-8-batch-norm-widthbias", "behind a linear layer that comes after a tail"},
        {"8-linear-[4]", "item 'linear' at character 3 "},
        {"8 -[4]", "item '8 ' at character 1 "},
        {"+8-[4]", "item '+8' at character 1 "},
        {"8-[4]-8.5", "item '8.5' at character 7 "},
        {"8-[0x4]", "item '[0x4]' at character 3 "},
        {"8-1234567890-[4]", "item '1234567890' at character 3 "},
        {"8-[1234567890]", "item '[1234567890]' at character 3 "},
        {"8-[18446744073709551617]", "item '[18446744073709551617]' at character 3 "},
        {"8", "0 tails"},
        {"8-relu-8", "0 tails"},
        {"[4]-[4]-[4]-[4]-[4]-[4]-[4]-[4]-[4]", "9 tails"},
        {"[4]-tail", "two tails without a linear layer between"},
        {"8-tail-tail-8", "two tails without"},
        {"8-tail-relu-tail-8", "two tails without"},
        {"8-[4]-tail-[4]", "two tails without"},
        {"tail", "a linear layer before it"},
        {"tail-8", "a linear layer before it"},
        {"relu-tail-8", "a linear layer before it"},
        {"widthbias-[8]", "behind a linear layer that comes after a tail"},
        {"8-widthbias-[8]", "behind a linear layer that comes after a tail"},
        {"[8]-8-relu-widthbias", "behind a linear layer that comes after a tail"},
        {"[8]-8-widthbias-widthbias", "behind a linear layer that comes after a tail"},
        {"[8]-widthbias-8", "a linear layer before it and one after it"},
        {"999999999-[4]", "too large"},
        {"8-[999999999]", "too large"},
        {"50000-50000-[4]", "too large"},
        {"[4]-50000-50000", "too large"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(bad[i].text, 10, false, bad[i].expected);
}

static void errors_have_a_place(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t place;
    } bad[] = {{"", 0},
               {"8--[4]", 2},
               {"8-[4]-rel", 6},
               {"8-8", 3},
               {"8-[4]-tail-8", 6},
               {"tail-[4]", 0},
               {"8-[999999999]", 2},
               {"9-dropout:0.5-8-dropout:2-[4]", 16}};
    tdrop_error error = {0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t place = 999;
        const tdrop_status status = tdrop_arch_check(bad[i].text, &place, &error);
        assert_int_equal(status, TDROP_ERROR_ARCH);
        assert_int_equal(place, bad[i].place);
        assert_int_equal(tdrop_arch_check(bad[i].text, NULL, NULL), TDROP_ERROR_ARCH);
    }
    size_t place = 999;
    assert_int_equal(tdrop_arch_check("8-gelu-[4]-8", &place, &error), TDROP_OK);
    assert_int_equal(place, 999);
    assert_int_equal(tdrop_arch_check(NULL, &place, &error), TDROP_ERROR_NULL);
}

static void bad_written_out_texts_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *expected;
    } bad[] = {
        {"", "item ''"},
        {"10", "item ''"},
        {"10-", "item ''"},
        {"10-4-tail", "begin with 10"},
        {"10-4-tail-relu", "begin with 10"},
        {"10-4-tail-10-relu", "begin with 10"},
        {"10-4-tail-9", "begin with 10"},
        {"9-4-tail-10", "begin with 10"},
        {"x-4-tail-10", "begin with 10"},
        {"[10]-4-tail-10", "begin with 10"},
        {"10-tail-10", "a linear layer before it"},
        {"10-4-10", "0 tails"},
        {"10-[4]-tail-10", "two tails without"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_refused(bad[i].text, 10, true, bad[i].expected);
}

/* `count` times the item and a dash, then the end. Free with free(). */
static char *repeat(const char *item, size_t count, const char *end) {
    size_t length = strlen(item) + 1, size = count * length + strlen(end) + 1;
    char *text = malloc(size);
    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        snprintf(text + i * length, size - i * length, "%s-", item);
    snprintf(text + count * length, size - count * length, "%s", end);
    return text;
}

static void too_many_layers_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *item;
        size_t count;
        const char *end;
    } bad[] = {{"8", 300, "[4]"},  {"8", 130, "[4]"},        {"relu", 254, "[4]"},
               {"relu", 254, "4"}, {"12345678", 300, "[4]"}, {"8", 100000, "[4]"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *text = repeat(bad[i].item, bad[i].count, bad[i].end);
        assert_refused(text, 10, false, i == 3 ? "0 tails" : "more than 256 layers");
        free(text);
    }
    char *text = repeat("relu", 253, "[4]");
    tdrop_arch arch = parse(text, 10, false);
    assert_int_equal(arch.layer_count, 256);
    tdrop_arch_clear(&arch);
    free(text);
}

/* Each linear layer is small, but the biases by width are not, and their sum would wrap around. */
static void too_many_numbers_are_refused(void **state) {
    (void)state;
    const size_t each = (size_t)1000000000 * 999999999, fit = SIZE_MAX / sizeof(float) / each;
    for (size_t more = 0; more < 3; more++) {
        char *rest = repeat("1-999999999-widthbias", fit + 9 * more, "1");
        char *text = repeat("[999999999]", 1, rest);
        if (more) {
            assert_refused(text, 1, false, "too large");
        } else {
            tdrop_arch arch = parse(text, 1, false);
            assert_true(arch.parameters >= fit * each);
            tdrop_arch_clear(&arch);
        }
        free(text);
        free(rest);
    }
}

/* However long the text, the message still says what is wrong with it. */
static void long_texts_do_not_hide_the_reason(void **state) {
    (void)state;
    char *text = repeat("123456", 200, "oops");
    assert_refused(text, 10, false, "'oops' at character 1401 ");
    free(text);
    char *item = repeat("", 2000, "");
    memset(item, 'x', 2000);
    assert_refused(item, 10, false, "at character 1 ");
    free(item);
}

static void messages_are_one_line(void **state) {
    (void)state;
    assert_refused("8-\n-[4]", 10, false, "at character 3 ");
    assert_refused("8-\x1b[2J-[4]", 10, false, "at character 3 ");
}

/* ---- tensors ---- */

/* The tensors of 10-8-relu-4-tail-8-relu-10, found by torch.nn.Sequential(Linear(10, 8), ReLU(),
 * Linear(8, 4), TailDropout()) as `encoder` and Sequential(Linear(4, 8), ReLU(), Linear(8, 10)) as
 * `decoder`. */
static const tdrop_parameter expected_tensors[] = {
    {"encoder.0.weight", 2, {8, 10}, 0, 80, 10, NULL},
    {"encoder.0.bias", 1, {8, 0}, 80, 8, 10, NULL},
    {"encoder.2.weight", 2, {4, 8}, 88, 32, 8, NULL},
    {"encoder.2.bias", 1, {4, 0}, 120, 4, 8, NULL},
    {"decoder.0.weight", 2, {8, 4}, 124, 32, 4, NULL},
    {"decoder.0.bias", 1, {8, 0}, 156, 8, 4, NULL},
    {"decoder.2.weight", 2, {10, 8}, 164, 80, 8, NULL},
    {"decoder.2.bias", 1, {10, 0}, 244, 10, 8, NULL},
};

static void assert_tensors(const tdrop_arch *arch, const tdrop_parameter *expected, size_t count) {
    assert_int_equal(arch->tensor_count, count);
    for (size_t t = 0; t < count; t++) {
        const tdrop_parameter *tensor = &arch->tensors[t];
        assert_string_equal(tensor->name, expected[t].name);
        assert_int_equal(tensor->dims, expected[t].dims);
        for (int d = 0; d < tensor->dims; d++)
            assert_int_equal(tensor->shape[d], expected[t].shape[d]);
        assert_int_equal(tensor->offset, expected[t].offset);
        assert_int_equal(tensor->count, expected[t].count);
        assert_int_equal(tensor->fan_in, expected[t].fan_in);
    }
}

static void tensors_are_named_as_torch_names_them(void **state) {
    (void)state;
    tdrop_arch arch = parse("8-[4]-8", 10, false);
    assert_tensors(&arch, expected_tensors, 8);
    assert_int_equal(arch.parameters, 254);
    assert_string_equal(arch.layers[3].part, "encoder");
    assert_int_equal(arch.layers[3].index, 3);
    assert_string_equal(arch.layers[4].part, "decoder");
    assert_int_equal(arch.layers[4].index, 0);
    assert_int_equal(arch.layers[4].first_tensor, 4);
    tdrop_arch_clear(&arch);
}

/* With relus around the tail the numbers of the layers move, the tensors' order does not. */
static void relus_move_the_names(void **state) {
    (void)state;
    static const tdrop_parameter expected[] = {
        {"encoder.1.weight", 2, {4, 3}, 0, 12, 3, NULL},
        {"encoder.1.bias", 1, {4, 0}, 12, 4, 3, NULL},
        {"decoder.1.weight", 2, {3, 4}, 16, 12, 4, NULL},
        {"decoder.1.bias", 1, {3, 0}, 28, 3, 4, NULL},
    };
    tdrop_arch arch = parse("relu-4-relu-tail-relu", 3, false);
    assert_tensors(&arch, expected, 4);
    tdrop_arch_clear(&arch);
}

/* ---- several tails ---- */

static void tails_may_be_several(void **state) {
    (void)state;
    tdrop_arch arch = {0};
    assert_int_equal(tdrop_arch_parse(&arch, "16-[8]-16-relu-5-relu-tail", 10, 3, false, NULL),
                     TDROP_OK);
    assert_string_equal(arch.text, "10-16-8-tail-16-relu-5-relu-tail-3");
    assert_int_equal(arch.tail_count, 2);
    assert_int_equal(arch.tails[0].layer, 2);
    assert_int_equal(arch.tails[0].features, 8);
    assert_int_equal(arch.tails[1].layer, 7);
    assert_int_equal(arch.tails[1].features, 5);
    assert_int_equal(arch.features, 8);
    assert_int_equal(arch.inputs, 10);
    assert_int_equal(arch.outputs, 3);
    assert_string_equal(arch.tensors[2].name, "encoder.1.weight");
    assert_string_equal(arch.tensors[4].name, "decoder.0.weight");
    assert_string_equal(arch.tensors[6].name, "decoder.2.weight");
    assert_string_equal(arch.tensors[8].name, "decoder.5.weight");
    tdrop_arch again = {0};
    assert_int_equal(tdrop_arch_parse(&again, arch.text, 10, 3, true, NULL), TDROP_OK);
    assert_same_arch(&again, &arch);
    assert_memory_equal(again.tails, arch.tails, sizeof arch.tails);
    assert_int_equal(tdrop_arch_parse(&again, arch.text, 10, 4, true, NULL), TDROP_ERROR_ARCH);
    assert_int_equal(tdrop_arch_parse(&again, arch.text, 3, 10, true, NULL), TDROP_ERROR_ARCH);
    tdrop_arch_clear(&again);
    tdrop_arch_clear(&arch);
}

static void eight_tails_are_enough(void **state) {
    (void)state;
    tdrop_arch arch = parse("[1]-[2]-[3]-[4]-[5]-[6]-[7]-[8]", 10, false);
    assert_int_equal(arch.tail_count, 8);
    for (size_t t = 0; t < 8; t++) {
        tdrop_arch cut = {0};
        assert_int_equal(tdrop_arch_with_features(&cut, &arch, t, 1, NULL), TDROP_OK);
        for (size_t other = 0; other < 8; other++)
            assert_int_equal(cut.tails[other].features, other == t ? 1 : other + 1);
        tdrop_arch_clear(&cut);
    }
    tdrop_arch_clear(&arch);
}

/* ---- other widths at the tail ---- */

static void features_can_be_cut(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t k;
        const char *expected;
    } cuts[] = {
        {"8-[4]-8", 1, "10-8-relu-1-tail-8-relu-10"},
        {"8-[4]-8", 4, "10-8-relu-4-tail-8-relu-10"},
        {"[4]", 3, "10-3-tail-10"},
        {"4-relu-tail-relu", 2, "10-2-relu-tail-relu-10"},
        {"4-4-relu-relu-tail-4", 3, "10-4-3-relu-relu-tail-4-10"},
        {"relu-[4]", 2, "10-relu-2-tail-10"},
    };
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        tdrop_arch arch = parse(cuts[i].text, 10, false), cut = {0};
        assert_int_equal(tdrop_arch_with_features(&cut, &arch, 0, cuts[i].k, NULL), TDROP_OK);
        assert_string_equal(cut.text, cuts[i].expected);
        assert_int_equal(cut.features, cuts[i].k);
        tdrop_arch direct = parse(cuts[i].expected, 10, true);
        assert_same_arch(&cut, &direct);
        tdrop_arch_clear(&arch);
        tdrop_arch_clear(&cut);
        tdrop_arch_clear(&direct);
    }
}

/* ---- first values ---- */

static float *first_values(const tdrop_arch *arch, uint64_t seed) {
    float *values = malloc(arch->parameters * sizeof *values);
    assert_non_null(values);
    tdrop_arch_init(arch, seed, values);
    return values;
}

static void first_values_fill_their_bounds(void **state) {
    (void)state;
    tdrop_arch arch = parse("100-[50]-3", 64, false);
    float *values = first_values(&arch, 5);
    for (size_t t = 0; t < arch.tensor_count; t++) {
        const tdrop_parameter *tensor = &arch.tensors[t];
        double bound = 1.0 / sqrt((double)tensor->fan_in), low = 0.0, high = 0.0, sum = 0.0;
        for (size_t i = 0; i < tensor->count; i++) {
            double value = (double)values[tensor->offset + i];
            low = value < low ? value : low;
            high = value > high ? value : high;
            sum += value;
        }
        assert_true(low >= -(double)(float)bound && high <= (double)(float)bound);
        if (tensor->count < 1000) continue;
        assert_true(low < -0.99 * bound && high > 0.99 * bound);
        /* the mean of uniform numbers, within 5 standard errors */
        assert_true(fabs(sum) < 5.0 * bound * sqrt((double)tensor->count / 3.0));
    }
    free(values);
    tdrop_arch_clear(&arch);
}

static size_t count_same(size_t count, const float *a, const float *b) {
    size_t same = 0;
    for (size_t i = 0; i < count; i++)
        same += a[i] == b[i];
    return same;
}

static void seeds_decide_first_values(void **state) {
    (void)state;
    static const uint64_t seeds[] = {0, 1, 2, 1ull << 32, 1ull << 63, UINT64_MAX};
    enum { SEEDS = sizeof seeds / sizeof *seeds };
    tdrop_arch arch = parse("16-[4]-16", 16, false);
    float *values[SEEDS];
    for (size_t s = 0; s < SEEDS; s++) {
        values[s] = first_values(&arch, seeds[s]);
        float *again = first_values(&arch, seeds[s]);
        assert_memory_equal(again, values[s], arch.parameters * sizeof *again);
        free(again);
        for (size_t other = 0; other < s; other++)
            assert_true(count_same(arch.parameters, values[s], values[other]) < 3);
    }
    /* nor do two tensors of one shape begin alike: encoder.0.weight and decoder.2.weight */
    assert_int_equal(arch.tensors[0].count, arch.tensors[6].count);
    assert_true(count_same(arch.tensors[0].count, values[0] + arch.tensors[0].offset,
                           values[0] + arch.tensors[6].offset) < 3);
    for (size_t s = 0; s < SEEDS; s++)
        free(values[s]);
    tdrop_arch_clear(&arch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_is_as_documented),
        cmocka_unit_test(texts_are_written_out),
        cmocka_unit_test(what_was_written_out_is_read_back),
        cmocka_unit_test(wide_layers_without_tensors_are_fine),
        cmocka_unit_test(bad_texts_are_refused),
        cmocka_unit_test(errors_have_a_place),
        cmocka_unit_test(bad_written_out_texts_are_refused),
        cmocka_unit_test(too_many_layers_are_refused),
        cmocka_unit_test(too_many_numbers_are_refused),
        cmocka_unit_test(long_texts_do_not_hide_the_reason),
        cmocka_unit_test(messages_are_one_line),
        cmocka_unit_test(tensors_are_named_as_torch_names_them),
        cmocka_unit_test(relus_move_the_names),
        cmocka_unit_test(tails_may_be_several),
        cmocka_unit_test(eight_tails_are_enough),
        cmocka_unit_test(features_can_be_cut),
        cmocka_unit_test(first_values_fill_their_bounds),
        cmocka_unit_test(seeds_decide_first_values),
    };
    return cmocka_run_group_tests_name("model_arch", tests, NULL, NULL);
}
