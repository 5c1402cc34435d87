/* SPDX-License-Identifier: MIT */
#include "report_numbers.h"

#include <stdlib.h>
#include <string.h>

void report_numbers_begin(report_numbers *n, report_json *json) {
    *n = (report_numbers){.json = json, .list = report_json_array(json, "arrays")};
}

/* Room for `size` more bytes at a multiple of 4, as typed arrays want it; NULL when there is none.
 */
static unsigned char *add_bytes(report_numbers *n, size_t size) {
    const size_t first = (n->used + 3) / 4 * 4;
    if (first + size > n->room) {
        const size_t room = 2 * n->room > first + size ? 2 * n->room : first + size;
        unsigned char *grown = realloc(n->bytes, room);
        if (!grown) return NULL;
        n->bytes = grown;
        n->room = room;
    }
    memset(n->bytes + n->used, 0, first - n->used);
    n->used = first + size;
    return n->bytes + first;
}

/* Lists an array and returns the room for it; NULL when memory ran out, which is noted. */
static unsigned char *add_array(report_numbers *n, const char *name, const char *type,
                                size_t element, size_t count) {
    unsigned char *bytes = n->json->failed ? NULL : add_bytes(n, element * count);
    cJSON *entry = bytes ? report_json_element(n->json, n->list) : NULL;
    n->json->failed |= !entry;
    if (!entry) return NULL;
    report_json_text(n->json, entry, "name", name);
    report_json_text(n->json, entry, "type", type);
    report_json_count(n->json, entry, "first", n->used - element * count);
    report_json_count(n->json, entry, "count", count);
    return bytes;
}

static void put_float(unsigned char *bytes, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(bits >> 8 * i);
}

void report_numbers_floats(report_numbers *n, const char *name, const float *values, size_t count) {
    unsigned char *bytes = add_array(n, name, "f32", 4, count);
    for (size_t i = 0; bytes && i < count; i++)
        put_float(bytes + 4 * i, values[i]);
}

void report_numbers_doubles(report_numbers *n, const char *name, const double *values,
                            size_t count) {
    unsigned char *bytes = add_array(n, name, "f32", 4, count);
    for (size_t i = 0; bytes && i < count; i++)
        put_float(bytes + 4 * i, (float)values[i]);
}

void report_numbers_words(report_numbers *n, const char *name, const uint16_t *values,
                          size_t count) {
    unsigned char *bytes = add_array(n, name, "u16", 2, count);
    for (size_t i = 0; bytes && i < count; i++) {
        bytes[2 * i] = (unsigned char)values[i];
        bytes[2 * i + 1] = (unsigned char)(values[i] >> 8);
    }
}

void report_numbers_write(const report_numbers *n, FILE *out) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n->used; i += 3) {
        const size_t left = n->used - i;
        unsigned long bits = (unsigned long)n->bytes[i] << 16;
        if (left > 1) bits |= (unsigned long)n->bytes[i + 1] << 8;
        if (left > 2) bits |= n->bytes[i + 2];
        const char four[4] = {digits[bits >> 18], digits[bits >> 12 & 63],
                              left > 1 ? digits[bits >> 6 & 63] : '=',
                              left > 2 ? digits[bits & 63] : '='};
        fwrite(four, 1, sizeof four, out);
    }
}

size_t report_numbers_size(size_t bytes) {
    return (bytes + 2) / 3 * 4;
}

void report_numbers_clear(report_numbers *n) {
    free(n->bytes);
    *n = (report_numbers){0};
}
