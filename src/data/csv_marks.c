/* SPDX-License-Identifier: MIT */
#include "data/csv_marks.h"

#include "base/byte_order.h"

#include <string.h>

enum { GROUP = TDROP_CSV_MARKS_GROUP, WORD = 8 };

/* The first loop is one that compilers turn into vector instructions; the product of eight bytes of
 * 0 or 1 has them beside one another at its top. */
static uint64_t mark_bits(const char *at, char delimiter) {
    unsigned char is_mark[GROUP];
    for (int i = 0; i < GROUP; i++)
        is_mark[i] = (at[i] == delimiter) | (at[i] == '\n') | (at[i] == '\r');
    uint64_t bits = 0;
    for (int i = 0; i < GROUP; i += WORD)
        bits |= (tdrop_load_word(is_mark + i) * 0x0102040810204080u >> 56) << i;
    return bits;
}

/* The group at the end of the text is filled up with bytes that are no marks. */
static uint64_t last_bits(const char *at, size_t size, char delimiter) {
    char group[GROUP] = {0};
    memcpy(group, at, size);
    return mark_bits(group, delimiter) & (((uint64_t)1 << size) - 1);
}

static uint64_t group_bits(const char *at, const char *end, char delimiter) {
    const size_t left = (size_t)(end - at);
    return left < GROUP ? last_bits(at, left, delimiter) : mark_bits(at, delimiter);
}

tdrop_csv_marks tdrop_csv_marks_search(tdrop_csv_marks marks, const char *end, char delimiter) {
    while (!marks.bits && end - marks.group > GROUP) {
        marks.group += GROUP;
        marks.bits = group_bits(marks.group, end, delimiter);
    }
    return marks;
}

tdrop_csv_marks tdrop_csv_marks_seek(tdrop_csv_marks marks, const char *at, const char *end,
                                     char delimiter) {
    if (marks.group && at >= marks.group && at - marks.group < GROUP)
        marks.bits &= UINT64_MAX << (at - marks.group);
    else
        marks = (tdrop_csv_marks){at, group_bits(at, end, delimiter)};
    return marks.bits ? marks : tdrop_csv_marks_search(marks, end, delimiter);
}
