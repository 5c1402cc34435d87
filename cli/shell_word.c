/* SPDX-License-Identifier: MIT */
#include "shell_word.h"

#include <stdlib.h>
#include <string.h>

void shell_word_write(FILE *out, const char *word) {
    static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "0123456789_./+,:=@%-";
    if (*word && !word[strspn(word, harmless)]) {
        fputs(word, out);
        return;
    }
    fputc('\'', out);
    for (; *word; word++) {
        if (*word == '\'')
            fputs("'\\''", out);
        else
            fputc(*word, out);
    }
    fputc('\'', out);
}

char *shell_command_line(int count, char *const *words) {
    char *line = NULL;
    size_t length;
    FILE *out = open_memstream(&line, &length);
    if (!out) return NULL;
    fputs("taildropout", out);
    for (int i = 0; i < count; i++) {
        fputc(' ', out);
        shell_word_write(out, words[i]);
    }
    if (fclose(out) == 0) return line;
    free(line);
    return NULL;
}
