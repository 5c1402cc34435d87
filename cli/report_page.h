/* SPDX-License-Identifier: MIT
 * The page of a report without its numbers: cli/page/, put together by cli/page/embed.cmake. Where
 * they go stand @REPORT@ and @NUMBERS@, in this order. */
#ifndef TDROP_CLI_REPORT_PAGE_H
#define TDROP_CLI_REPORT_PAGE_H

#include <stddef.h>

extern const char report_page[]; /* ends with a zero that report_page_size does not count */
extern const size_t report_page_size;

#endif
