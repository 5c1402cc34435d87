/* SPDX-License-Identifier: MIT
 * The options of a subcommand, written once: parsing, --help and what else wants to know them all
 * walk the same table. */
#ifndef TDROP_CLI_OPTIONS_H
#define TDROP_CLI_OPTIONS_H

#include "taildropout_model.h"

#include <stddef.h>
#include <stdint.h>

/* What stands behind an option, and the type of the field that it fills. */
typedef enum option_type {
    OPTION_FLAG,     /* nothing; int */
    OPTION_TEXT,     /* anything; const char * */
    OPTION_COUNT,    /* a whole number from `least` to `most`; uint64_t */
    OPTION_REAL,     /* a number above `low` and below `high`; double */
    OPTION_CHOICE,   /* one of choice(0), choice(1), ... until NULL; int, its number */
    OPTION_RULE,     /* a width or a rule that chooses one; width_rule */
    OPTION_DURATION, /* a time as 30s, 10m or 2h; double, seconds */
    OPTION_INTERVAL  /* a time, or a number of steps as 500steps; interval */
} option_type;

/* How often: one of the two is above 0. */
typedef struct interval {
    double seconds;
    uint64_t steps;
} interval;

/* A rule for k as it was written and as it was understood. text is NULL when none was given. */
typedef struct width_rule {
    const char *text;
    tdrop_rule rule;
} width_rule;

/* One option. The table of a subcommand ends with a row of zeros. */
typedef struct option_row {
    const char *name; /* of the long form, without dashes; NULL when there is none */
    char letter;      /* of the short form; 0 when there is none */
    int required;     /* nonzero: cannot be left out */
    option_type type;
    const char *value;    /* how the help calls what stands behind it; NULL for flags */
    size_t field;         /* offset in the settings of the subcommand */
    uint64_t least, most; /* COUNT; most 0: no limit */
    double low, high;     /* REAL; high 0: no limit */
    int closed;           /* REAL; nonzero: low and high themselves will do too */
    const char *none;     /* REAL; a word that stands for -1; may be NULL */
    const char *(*choice)(int number); /* CHOICE; of TEXT words that shells complete, or NULL */
    const char *help;                  /* what it does, and the default */
} option_row;

/* One argument that is not an option; all are required, unless the subcommand says that the last
 * may be left out. Ends with a row of zeros. */
typedef struct operand_row {
    const char *name;
    size_t field; /* offset of a const char * in the settings */
    const char *help;
} operand_row;

struct subcommand;

/* Fills `settings` from the command line. Returns nonzero to go on; 0 when the program is to end
 * with *exit_code, because help was asked for and given or the usage was wrong and said to be. */
int options_parse(const struct subcommand *command, int argc, char **argv, void *settings,
                  int *exit_code);

/* The options that every subcommand has, --help and --version; their fields mean nothing. */
extern const option_row options_everywhere[];

/* How an option is called in messages: "-o" or "--epochs". `buffer` holds 64 characters. */
const char *option_shown(const option_row *row, char *buffer);

#endif
