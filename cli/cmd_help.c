/* SPDX-License-Identifier: MIT
 * taildropout help: the subcommands, or the options of one. */
#include "command.h"
#include "help.h"

typedef struct help_settings {
    const char *name; /* NULL: not given */
} help_settings;

static const operand_row operands[] = {
    {"SUBCOMMAND", offsetof(help_settings, name), "the one to describe (default: name them all)"},
    {0}};

static const option_row options[] = {{0}};

static int run(int argc, char **argv) {
    help_settings s = {0};
    int exit_code;
    if (!options_parse(&command_help, argc, argv, &s, &exit_code)) return exit_code;
    const subcommand *found = s.name ? subcommand_find(s.name) : NULL;
    if (s.name && !found) return EXIT_USAGE;
    if (found)
        help_command(found, 0);
    else
        help_program(subcommands);
    return EXIT_DONE;
}

const subcommand command_help = {
    .name = "help",
    .summary = "Show the subcommands, or the options of one.",
    .example = "help fit",
    .operands = operands,
    .last_optional = 1,
    .options = options,
    .run = run,
};
