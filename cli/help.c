/* SPDX-License-Identifier: MIT */
#include "help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 79, INDENT = 26 };

/* Text that is broken between words so that no line is longer than WIDTH. */
typedef struct wrapping {
    int at, indent;  /* where the line ends so far, and where further lines begin */
    const char *gap; /* before the next word of the line */
} wrapping;

static void write_word(wrapping *w, const char *word, int length) {
    if (*w->gap && w->at + 1 + length > WIDTH) {
        printf("\n%*s", w->indent, "");
        w->at = w->indent;
        w->gap = "";
    }
    printf("%s%.*s", w->gap, length, word);
    w->at += (int)strlen(w->gap) + length;
    w->gap = " ";
}

static void write_wrapped(const char *text, int at, int indent) {
    wrapping w = {at, indent, ""};
    while (*text) {
        const int length = (int)strcspn(text, " \n");
        write_word(&w, text, length);
        text += length;
        if (*text == '\n') {
            printf("\n%*s", text[1] ? indent : 0, "");
            w = (wrapping){indent, indent, ""};
        }
        text += *text != '\0';
    }
    putchar('\n');
}

int help_is_optional(const subcommand *command, const operand_row *row) {
    return command->last_optional && !row[1].name;
}

const char *help_usage(const subcommand *command, char *buffer, size_t size) {
    size_t used = (size_t)snprintf(buffer, size, "taildropout %s", command->name);
    for (const operand_row *row = command->operands; row->name && used < size; row++)
        used += (size_t)snprintf(buffer + used, size - used,
                                 help_is_optional(command, row) ? " [%s]" : " %s", row->name);
    for (const option_row *row = command->options; row->help && used < size; row++) {
        if (!row->required) continue;
        char shown[64];
        used += (size_t)snprintf(buffer + used, size - used, " %s %s", option_shown(row, shown),
                                 row->value);
    }
    if (used < size) snprintf(buffer + used, size - used, " [OPTION]...");
    return buffer;
}

/* What the help of an option says, with the names a choice may have behind it; to be freed, NULL
 * when memory ran out. */
static char *text_of(const option_row *row) {
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (!out) return NULL;
    fputs(row->help, out);
    for (int i = 0; row->type == OPTION_CHOICE && row->choice(i); i++)
        fprintf(out, "%s%s", i ? ", " : ": ", row->choice(i));
    if (fclose(out) == 0) return text;
    free(text);
    return NULL;
}

static void write_option(const option_row *row) {
    char form[64], *text = text_of(row);
    int length = 0;
    if (row->letter)
        length = snprintf(form, sizeof form, "  -%c%s", row->letter, row->name ? ", " : "");
    else
        length = snprintf(form, sizeof form, "      ");
    if (row->name)
        length += snprintf(form + length, sizeof form - (size_t)length, "--%s", row->name);
    if (row->value)
        length += snprintf(form + length, sizeof form - (size_t)length, " %s", row->value);
    if (length > INDENT - 2) {
        printf("%s\n", form);
        form[0] = '\0';
    }
    printf("%-*s", INDENT, form);
    write_wrapped(text ? text : row->help, INDENT, INDENT);
    free(text);
}

/* Whether the list, names between blanks, has this one. */
static int has_name(const char *list, const char *name) {
    const size_t length = name ? strlen(name) : 0;
    while (length && list) {
        const size_t word = strcspn(list, " ");
        if (word == length && strncmp(list, name, length) == 0) return 1;
        list = list[word] ? list + word + 1 : NULL;
    }
    return 0;
}

static void write_options(const subcommand *command, int common) {
    for (const option_row *row = command->options; row->help; row++)
        if (has_name(command->common, row->name) == common) write_option(row);
}

/* The options that are not common, by their names. */
static void name_options(const subcommand *command) {
    wrapping w = {2, 2, ""};
    printf("Further options, described by taildropout %s --help-all:\n  ", command->name);
    for (const option_row *row = command->options; row->help; row++) {
        if (!row->name || has_name(command->common, row->name)) continue;
        char word[64];
        const int length = snprintf(word, sizeof word, "--%s", row->name);
        write_word(&w, word, length);
    }
    putchar('\n');
}

static void write_everywhere(const subcommand *command) {
    for (const option_row *row = options_everywhere; row->help; row++)
        if (command->common || strcmp(row->name, "help-all") != 0) write_option(row);
}

void help_command(const subcommand *command, int all) {
    char usage[256];
    printf("usage: %s\n\n", help_usage(command, usage, sizeof usage));
    write_wrapped(command->summary, 0, 0);
    if (command->about) write_wrapped(command->about, 0, 0);
    putchar('\n');
    for (const operand_row *row = command->operands; row->name; row++) {
        printf("  %-*s", INDENT - 2, row->name);
        write_wrapped(row->help, INDENT, INDENT);
    }
    putchar('\n');
    if (command->common) write_options(command, 1);
    if (command->common && all) putchar('\n');
    if (!command->common || all) write_options(command, 0);
    write_everywhere(command);
    if (command->common && !all) {
        putchar('\n');
        name_options(command);
    }
    printf("\nexample: taildropout %s\n", command->example);
}

void help_program(const subcommand *const *commands) {
    printf("usage: taildropout SUBCOMMAND ARGUMENT... [OPTION]...\n\n"
           "Ordered neural networks: train once, keep any width.\n\n");
    for (; *commands; commands++) {
        printf("  %-12s", (*commands)->name);
        write_wrapped((*commands)->summary, 14, 14);
    }
    printf("\nTo see what a subcommand takes: taildropout SUBCOMMAND --help\n"
           "To begin: taildropout fit data.npy -o model.safetensors\n"
           "Exit status: 0 done, 1 failed, 2 wrong usage.\n");
}

void help_version(void) {
    printf("taildropout %s\n", tdrop_version());
}
