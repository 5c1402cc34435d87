/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "command.h"
#include "help.h"
#include "message.h"
#include "number.h"
#include "suggest.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { MOST_OPTIONS = 64, SHOWN_SIZE = 64, LONG_CODE = 256 };

const option_row options_everywhere[] = {
    {.name = "help", .letter = 'h', .help = "show this and exit"},
    {.name = "help-all", .help = "show what all options do and exit"},
    {.name = "version", .help = "show the version and exit"},
    {0},
};

/* Row number `index` of the subcommand's own options and then of those everywhere. */
static const option_row *option_at(const subcommand *command, size_t index) {
    for (const option_row *row = command->options; row->help; row++)
        if (index-- == 0) return row;
    for (const option_row *row = options_everywhere; row->help; row++)
        if (index-- == 0) return row;
    return NULL;
}

const char *option_shown(const option_row *row, char *buffer) {
    if (row->letter)
        snprintf(buffer, SHOWN_SIZE, "-%c", row->letter);
    else
        snprintf(buffer, SHOWN_SIZE, "--%s", row->name);
    return buffer;
}

/* ---------------------------------------------------------------------------------------------
 * Values. Each taker reads `text` into `field` or says what was expected and returns 0.
 */

static int refuse(const option_row *row, const char *text, const char *expected) {
    char shown[SHOWN_SIZE];
    message_error("option %s: '%s' will not do: give %s", option_shown(row, shown), text, expected);
    return 0;
}

static int take_flag(const option_row *row, const char *text, void *field) {
    (void)row, (void)text;
    *(int *)field = 1;
    return 1;
}

static int take_text(const option_row *row, const char *text, void *field) {
    if (!*text) return refuse(row, text, "something that is not empty");
    *(const char **)field = text;
    return 1;
}

static int take_count(const option_row *row, const char *text, void *field) {
    const uint64_t most = row->most ? row->most : UINT64_MAX;
    uint64_t value;
    if (number_parse_count(text, &value) && value >= row->least && value <= most) {
        *(uint64_t *)field = value;
        return 1;
    }
    char expected[96];
    snprintf(expected, sizeof expected, "a whole number from %llu to %llu",
             (unsigned long long)row->least, (unsigned long long)most);
    return refuse(row, text, expected);
}

static int real_fits(const option_row *row, double value) {
    if (row->closed && (value == row->low || value == row->high)) return 1;
    return value > row->low && (row->high == 0 || value < row->high);
}

static int take_real(const option_row *row, const char *text, void *field) {
    double value = -1;
    const int none = row->none && strcmp(text, row->none) == 0;
    if (none || (number_parse_real(text, &value) && real_fits(row, value))) {
        *(double *)field = value;
        return 1;
    }
    char expected[96];
    int length;
    if (row->high == 0)
        length = snprintf(expected, sizeof expected, "a number above %g", row->low);
    else
        length = snprintf(expected, sizeof expected,
                          row->closed ? "a number from %g to %g" : "a number above %g and below %g",
                          row->low, row->high);
    if (row->none)
        snprintf(expected + length, sizeof expected - (size_t)length, ", or %s", row->none);
    return refuse(row, text, expected);
}

static int take_choice(const option_row *row, const char *text, void *field) {
    char expected[128] = "";
    for (int i = 0; row->choice(i); i++) {
        if (strcmp(text, row->choice(i)) == 0) {
            *(int *)field = i;
            return 1;
        }
        const size_t used = strlen(expected);
        const char *between = !i ? "" : row->choice(i + 1) ? ", " : " or ";
        snprintf(expected + used, sizeof expected - used, "%s%s", between, row->choice(i));
    }
    return refuse(row, text, expected);
}

static int take_rule(const option_row *row, const char *text, void *field) {
    width_rule *rule = field;
    if (tdrop_rule_parse(text, &rule->rule) != TDROP_OK)
        return refuse(row, text, "a whole number, auto, within=X%, knee or 1se");
    rule->text = text;
    return 1;
}

static int take_duration(const option_row *row, const char *text, void *field) {
    if (number_parse_duration(text, field)) return 1;
    return refuse(row, text, "a time as 30s, 10m or 2h");
}

static int take_interval(const option_row *row, const char *text, void *field) {
    interval *every = field;
    *every = (interval){0};
    char digits[24];
    const size_t length = strspn(text, "0123456789");
    snprintf(digits, sizeof digits, "%.*s", (int)length, text);
    if (length < sizeof digits && strcmp(text + length, "steps") == 0 &&
        number_parse_count(digits, &every->steps) && every->steps)
        return 1;
    if (number_parse_duration(text, &every->seconds)) return 1;
    return refuse(row, text, "a time as 30s or 10m, or a number of steps as 500steps");
}

static int (*const takers[])(const option_row *, const char *, void *) = {
    [OPTION_FLAG] = take_flag,         [OPTION_TEXT] = take_text,
    [OPTION_COUNT] = take_count,       [OPTION_REAL] = take_real,
    [OPTION_CHOICE] = take_choice,     [OPTION_RULE] = take_rule,
    [OPTION_DURATION] = take_duration, [OPTION_INTERVAL] = take_interval,
};

/* ---------------------------------------------------------------------------------------------
 * Parsing
 */

/* The table in the form that getopt_long wants. A long option's code is LONG_CODE + its row. */
typedef struct getopt_form {
    struct option longs[MOST_OPTIONS + 1];
    char letters[2 * MOST_OPTIONS + 2];
} getopt_form;

static void getopt_form_fill(getopt_form *form, const subcommand *command) {
    char *letter = form->letters;
    size_t longs = 0;
    *letter++ = ':'; /* so that a missing value can be told from an unknown option */
    const option_row *row;
    for (size_t i = 0; (row = option_at(command, i)) && i < MOST_OPTIONS; i++) {
        const int valued = row->type != OPTION_FLAG;
        if (row->name)
            form->longs[longs++] = (struct option){
                row->name, valued ? required_argument : no_argument, NULL, LONG_CODE + (int)i};
        if (row->letter) *letter++ = row->letter;
        if (row->letter && valued) *letter++ = ':';
    }
    form->longs[longs] = (struct option){0};
    *letter = '\0';
}

static const option_row *option_of_code(const subcommand *command, int code) {
    if (code >= LONG_CODE) return option_at(command, (size_t)(code - LONG_CODE));
    const option_row *row;
    for (size_t i = 0; (row = option_at(command, i)); i++)
        if (row->letter && row->letter == code) return row;
    return NULL;
}

/* The two options that an abbreviation could mean; returns how many there are, at most 2. */
static int options_beginning(const subcommand *command, const char *word, const char *found[2]) {
    const option_row *row;
    int count = 0;
    for (size_t i = 0; (row = option_at(command, i)) && count < 2; i++)
        if (row->name && strncmp(row->name, word, strlen(word)) == 0) found[count++] = row->name;
    return count;
}

static void refuse_unknown(const subcommand *command, const char *typed) {
    char word[SHOWN_SIZE];
    snprintf(word, sizeof word, "%s", typed + 2); /* beyond the dashes */
    word[strcspn(word, "=")] = '\0';
    suggestion search = {.wrong = word};
    const option_row *row;
    for (size_t i = 0; (row = option_at(command, i)); i++)
        if (row->name) suggestion_offer(&search, row->name);
    const char *found[2];
    if (options_beginning(command, word, found) == 2)
        message_error("option --%s of %s: it could be --%s or --%s: write it out", word,
                      command->name, found[0], found[1]);
    else if (search.nearest)
        message_error("unknown option --%s of %s: did you mean --%s?", word, command->name,
                      search.nearest);
    else
        message_error("unknown option --%s of %s: see taildropout %s --help", word, command->name,
                      command->name);
}

/* Says what getopt_long did not like; `code` is what it returned. */
static int refuse_option(const subcommand *command, int code, const char *typed) {
    const option_row *row = option_of_code(command, optopt);
    char shown[SHOWN_SIZE];
    if (code == ':' && row)
        message_error("option %s of %s: its value is missing: give %s", option_shown(row, shown),
                      command->name, row->value);
    else if (row)
        message_error("option %s of %s: it takes no value: leave out what follows the =",
                      option_shown(row, shown), command->name);
    else if (optopt)
        message_error("unknown option -%c of %s: see taildropout %s --help", optopt, command->name,
                      command->name);
    else
        refuse_unknown(command, typed);
    return 0;
}

static void usage_missing(const subcommand *command, const char *what) {
    char usage[256];
    message_error("%s: %s is missing: usage: %s; see taildropout %s --help", command->name, what,
                  help_usage(command, usage, sizeof usage), command->name);
}

/* Nonzero when every required option was given; all of these are texts or rules, whose first
 * member is a pointer to the text. */
static int required_given(const subcommand *command, const char *settings) {
    char shown[SHOWN_SIZE], what[2 * SHOWN_SIZE];
    for (const option_row *row = command->options; row->help; row++) {
        if (!row->required || *(const char *const *)(const void *)(settings + row->field)) continue;
        snprintf(what, sizeof what, "%s %s", option_shown(row, shown), row->value);
        usage_missing(command, what);
        return 0;
    }
    return 1;
}

static int take_operands(const subcommand *command, int argc, char **argv, char *settings) {
    int next = optind;
    for (const operand_row *row = command->operands; row->name; row++) {
        if (next == argc && help_is_optional(command, row)) return 1;
        if (next == argc) {
            usage_missing(command, row->name);
            return 0;
        }
        *(const char **)(void *)(settings + row->field) = argv[next++];
    }
    if (next == argc) return 1;
    char usage[256];
    message_error("%s: argument '%s' is one too many: usage: %s", command->name, argv[next],
                  help_usage(command, usage, sizeof usage));
    return 0;
}

/* Help and version end the program well. Returns nonzero when the row was one of these. */
static int answer(const subcommand *command, const option_row *row) {
    if (row == &options_everywhere[0]) return help_command(command, 0), 1;
    if (row == &options_everywhere[1]) return help_command(command, 1), 1;
    if (row == &options_everywhere[2]) return help_version(), 1;
    return 0;
}

int options_parse(const subcommand *command, int argc, char **argv, void *settings,
                  int *exit_code) {
    getopt_form form;
    getopt_form_fill(&form, command);
    *exit_code = EXIT_USAGE;
    opterr = 0;
    int code;
    while ((code = getopt_long(argc, argv, form.letters, form.longs, NULL)) != -1) {
        const option_row *row = code == '?' || code == ':' ? NULL : option_of_code(command, code);
        if (!row) return refuse_option(command, code, argv[optind - 1]);
        if (answer(command, row)) {
            *exit_code = EXIT_DONE;
            return 0;
        }
        if (!takers[row->type](row, optarg, (char *)settings + row->field)) return 0;
    }
    return take_operands(command, argc, argv, settings) && required_given(command, settings);
}
