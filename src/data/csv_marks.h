/* SPDX-License-Identifier: MIT
 * Where fields may end: the places of delimiters and line ends, found many bytes at a time and
 * ahead of the reading, so that a number need not be read before one knows where the next begins.
 * What stands in quotes is not told from the rest. */
#ifndef TDROP_DATA_CSV_MARKS_H
#define TDROP_DATA_CSV_MARKS_H

#include <stddef.h>
#include <stdint.h>

enum { TDROP_CSV_MARKS_GROUP = 64 };

/* Where looking for them has come to; {0} before the first, and when the text is another. */
typedef struct tdrop_csv_marks {
    const char *group; /* these bytes; NULL: none yet */
    uint64_t bits;     /* bit i: byte i of the group is a mark; those that have been passed are 0 */
} tdrop_csv_marks;

/* Goes to the first mark from `at` on; without bits where there is none. In turn with rising `at`.
 */
tdrop_csv_marks tdrop_csv_marks_seek(tdrop_csv_marks marks, const char *at, const char *end,
                                     char delimiter);

/* Goes on to the first mark behind the group. */
tdrop_csv_marks tdrop_csv_marks_search(tdrop_csv_marks marks, const char *end, char delimiter);

/* Goes from a mark to the next one. */
static inline tdrop_csv_marks tdrop_csv_marks_next(tdrop_csv_marks marks, const char *end,
                                                   char delimiter) {
    marks.bits &= marks.bits - 1;
    return marks.bits ? marks : tdrop_csv_marks_search(marks, end, delimiter);
}

/* Where the mark is; `end` when there is none. */
static inline const char *tdrop_csv_marks_place(tdrop_csv_marks marks, const char *end) {
    return marks.bits ? marks.group + __builtin_ctzll(marks.bits) : end;
}

#endif
