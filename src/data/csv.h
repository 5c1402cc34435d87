/* SPDX-License-Identifier: MIT
 * Tables of numbers and categories as text: .csv, as RFC 4180 has it and as it is found. */
#ifndef TDROP_DATA_CSV_H
#define TDROP_DATA_CSV_H

#include "data/stream.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether these bytes may be text: no zero byte and no strange control character at the beginning.
 * To be asked after all formats that tell more of themselves. */
bool tdrop_csv_matches(const unsigned char *bytes, size_t size);

/* Makes a table of a whole file; `name` is for messages and for the table, which the caller owns.
 * Errors: FORMAT, DATA, SIZE, OVERFLOW, MEMORY. */
tdrop_status tdrop_csv_parse(tdrop_data **data, const char *name, const unsigned char *bytes,
                             size_t size, const tdrop_data_read_options *options,
                             tdrop_error *error);

/* The same of these bytes, which are taken away, and what a stream brings behind them, of which not
 * much more than `window` bytes are in memory at a time: as many as the longest record takes; a
 * file of nothing but text under a header is kept, since the header may turn out to be a row.
 * Errors: also those of streams. */
enum { TDROP_CSV_WINDOW = 1 << 18 };
tdrop_status tdrop_csv_read(tdrop_data **data, const char *name, tdrop_bytes *begin,
                            tdrop_stream *stream, size_t window,
                            const tdrop_data_read_options *options, tdrop_error *error);

#endif
