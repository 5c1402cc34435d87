/* SPDX-License-Identifier: MIT
 * The parts of an HTML report that show rows: samples with what the model makes of them, the first
 * two features of many, and the error of each column. Each adds to the report's JSON and arrays
 * what cli/page/report.js shows; on failure it says why and returns 0. */
#ifndef TDROP_CLI_REPORT_ROWS_H
#define TDROP_CLI_REPORT_ROWS_H

#include "report_cells.h"

/* "samples": {"rows", "image", "label"} and arrays data, shift, unit; then, whichever takes no more
 * than `budget` characters, the decoder ("decoder", arrays codes and its tensors), so that the page
 * can compute, or what it makes of the rows at a dozen k ("stored", array stored). Nothing when
 * neither does. */
int report_samples_add(report_numbers *n, const report_cells *cells, size_t budget);

/* "points": {"rows", "classes"} and arrays points and groups. Nothing when there is one feature. */
int report_points_add(report_numbers *n, const report_cells *cells);

/* "column_errors": {"k", "rows", "columns"}: of an autoencoder of rows that are no images. */
int report_columns_add(report_numbers *n, const report_cells *cells);

#endif
