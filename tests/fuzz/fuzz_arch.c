/* SPDX-License-Identifier: MIT
 * Architecture texts: whatever is written, it is refused with one line and a place in the text, or
 * it makes an architecture that its own written-out text makes again, also when it is cut. An even
 * first byte has the others taken for items, so that many texts are good; an odd one for
 * characters. */
#include "model/arch.h"
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const items[] = {"1",           "8",
                                    "[4]",         "[1]",
                                    "tail",        "relu",
                                    "gelu",        "sigmoid",
                                    "tanh",        "dropout",
                                    "[",           "dropout:0",
                                    "dropout:0.5", "dropout:0.123456789",
                                    "dropout:1.5", "",
                                    "0",           "999999999",
                                    "[70000]",     "layer-norm",
                                    "batch-norm",  "widthbias"};
enum { ITEMS = sizeof items / sizeof *items, MOST_ITEM = 24 };

static char *text_of(const uint8_t *bytes, size_t size) {
    char *text = malloc(size * MOST_ITEM + 1), *end = text;
    REQUIRE(text);
    for (size_t i = 1; i < size && bytes[0] % 2 == 0; i++)
        end += snprintf(end, MOST_ITEM, "%s%s", i > 1 ? "-" : "", items[bytes[i] % ITEMS]);
    for (size_t i = 1; i < size && bytes[0] % 2 == 1; i++)
        if (bytes[i]) *end++ = (char)bytes[i];
    *end = '\0';
    return text;
}

static void check_sizes(const tdrop_arch *arch) {
    size_t parameters = 0;
    for (size_t t = 0; t < arch->tensor_count; t++) {
        REQUIRE(arch->tensors[t].offset == parameters);
        parameters += arch->tensors[t].count;
    }
    REQUIRE(parameters == arch->parameters);
    REQUIRE(arch->tail_count >= 1 && arch->tail_count <= TDROP_MOST_TAILS);
    REQUIRE(arch->features == arch->tails[0].features && arch->features >= 1);
    for (size_t i = 1; i < arch->layer_count; i++)
        REQUIRE(arch->layers[i].inputs == arch->layers[i - 1].outputs);
}

/* Its own text gives it again. */
static void check_text(const tdrop_arch *arch) {
    tdrop_arch again;
    REQUIRE(tdrop_arch_parse(&again, arch->text, arch->inputs, arch->outputs, true, NULL) ==
            TDROP_OK);
    REQUIRE(!strcmp(again.text, arch->text) && again.parameters == arch->parameters);
    tdrop_arch_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (size == 0) return 0;
    char *text = text_of(bytes, size);
    tdrop_arch arch, cut;
    tdrop_error error = {0};
    size_t place = 0;
    if (tdrop_arch_check(text, &place, &error))
        REQUIRE(place <= strlen(text) && error.message[0] && !strchr(error.message, '\n'));
    if (tdrop_arch_parse(&arch, text, 10, 3, bytes[0] % 4 > 1, &error) == TDROP_OK) {
        check_sizes(&arch);
        check_text(&arch);
        for (size_t tail = 0; tail < arch.tail_count; tail++) {
            REQUIRE(tdrop_arch_with_features(&cut, &arch, tail, 1, &error) == TDROP_OK);
            check_sizes(&cut);
            check_text(&cut);
            tdrop_arch_clear(&cut);
        }
        tdrop_arch_clear(&arch);
    }
    free(text);
    return 0;
}
