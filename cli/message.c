/* SPDX-License-Identifier: MIT */
#include "message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LINE_SIZE = 2048 };

static int quiet; /* notes are not said */

static void say(const char *prefix, const char *format, va_list args) {
    char line[2 * LINE_SIZE];
    snprintf(line, LINE_SIZE, "%s", prefix);
    vsnprintf(line + strlen(line), LINE_SIZE, format, args);
    for (char *c = line; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
    fflush(stdout); /* so that the two streams read in order on a terminal */
    fprintf(stderr, "taildropout: %s\n", line);
}

void message_error(const char *format, ...) {
    va_list args;
    va_start(args, format);
    say("", format, args);
    va_end(args);
}

void message_be_quiet(void) {
    quiet = 1;
}

void message_note(const char *format, ...) {
    va_list args;
    if (quiet) return;
    va_start(args, format);
    say("note: ", format, args);
    va_end(args);
}

void message_wrote(const char *path, const char *format, ...) {
    char prefix[LINE_SIZE];
    if (strcmp(path, "-") == 0) return;
    snprintf(prefix, sizeof prefix, "wrote %s: ", path);
    va_list args;
    va_start(args, format);
    say(prefix, format, args);
    va_end(args);
}

int message_library_and(tdrop_status status, const tdrop_error *error, const char *more) {
    const int told = error && error->message[0];
    message_error("%s%s", told ? error->message : tdrop_status_text(status), more ? more : "");
    return 0;
}

int message_library(tdrop_status status, const tdrop_error *error) {
    return message_library_and(status, error, NULL);
}

void message_caret(const char *text, size_t place) {
    fputs("  ", stderr);
    for (const char *c = text; *c; c++)
        fputc((unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c, stderr);
    fprintf(stderr, "\n  %*s^\n", (int)place, "");
}

int message_memory(void) {
    message_error("memory ran out: close other programs or use a smaller table");
    return 0;
}
