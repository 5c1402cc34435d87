/* SPDX-License-Identifier: MIT
 * What the program says on standard error: always one line that begins with its name, an error in a
 * text followed by the text and a caret. */
#ifndef TDROP_CLI_MESSAGE_H
#define TDROP_CLI_MESSAGE_H

#include "taildropout_model.h"

/* Writes "taildropout: " and the formatted line, which says what is wrong, where, and what to do.
 * Control characters, which a file name may hold, come out as '?'. */
__attribute__((format(printf, 1, 2))) void message_error(const char *format, ...);

/* The same for something that is worth knowing but not wrong. */
__attribute__((format(printf, 1, 2))) void message_note(const char *format, ...);

/* From now on notes are not said. */
void message_be_quiet(void);

/* Says that an output was written, what it is, and nothing when that is standard output. */
__attribute__((format(printf, 2, 3))) void message_wrote(const char *path, const char *format, ...);

/* Says why a library call failed. Returns 0, so that a check reads: return message_library(...). */
int message_library(tdrop_status status, const tdrop_error *error);

/* The same with what the program has to say beyond it, behind the line; NULL: nothing. */
int message_library_and(tdrop_status status, const tdrop_error *error, const char *more);

/* Shows a text that the error above is about, and a caret under character `place`. */
void message_caret(const char *text, size_t place);

/* Says that memory ran out. Returns 0. */
int message_memory(void);

#endif
