/* SPDX-License-Identifier: MIT */
#include "suggest.h"

#include <string.h>

enum { LONGEST = 32 };

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Letters to insert, delete, replace or swap with their neighbour, to turn a into b: the table of
 * optimal string alignment, of which three rows are alive at a time. */
static size_t edit_distance(const char *a, const char *b) {
    size_t rows[3][LONGEST + 1];
    const size_t length = strlen(b);
    for (size_t j = 0; j <= length; j++)
        rows[0][j] = j;
    size_t i = 0;
    for (; a[i]; i++) {
        const size_t *above = rows[i % 3], *above_that = rows[(i + 2) % 3];
        size_t *row = rows[(i + 1) % 3];
        row[0] = i + 1;
        for (size_t j = 0; j < length; j++) {
            row[j + 1] = smaller(smaller(row[j], above[j + 1]) + 1, above[j] + (a[i] != b[j]));
            if (i && j && a[i] == b[j - 1] && a[i - 1] == b[j])
                row[j + 1] = smaller(row[j + 1], above_that[j - 1] + 1);
        }
    }
    return rows[i % 3][length];
}

void suggestion_offer(suggestion *search, const char *word) {
    const size_t length = strlen(search->wrong);
    if (length > LONGEST || strlen(word) > LONGEST) return;
    const size_t distance = edit_distance(search->wrong, word);
    /* a third of the letters may be wrong; a word that is merely as long is no help */
    if (distance > (length + 2) / 3 || distance >= strlen(word)) return;
    if (search->nearest && distance >= search->distance) return;
    search->nearest = word;
    search->distance = distance;
}
