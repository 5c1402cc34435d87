/* SPDX-License-Identifier: MIT
 * A report as one page that opens from disk: curve, rows, and what was run. */
#ifndef TDROP_CLI_REPORT_HTML_H
#define TDROP_CLI_REPORT_HTML_H

#include "report_source.h"

/* Writes the page, at most 4,000,000 bytes unless n is in the tens of thousands. Path "-" is
 * standard output. On failure says why and returns 0. */
int report_html_write(const char *path, int force, const report_source *source);

#endif
