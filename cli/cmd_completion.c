/* SPDX-License-Identifier: MIT
 * taildropout completion: what a shell has to know. */
#include "command.h"
#include "completion.h"

typedef struct completion_settings {
    const char *shell;
} completion_settings;

static const operand_row operands[] = {
    {"bash|zsh", offsetof(completion_settings, shell), "the shell"}, {0}};

static const option_row options[] = {{0}};

static int run(int argc, char **argv) {
    completion_settings s = {0};
    int exit_code;
    if (!options_parse(&command_completion, argc, argv, &s, &exit_code)) return exit_code;
    return completion_write(subcommands, s.shell);
}

const subcommand command_completion = {
    .name = "completion",
    .summary = "Write what a shell needs to complete command lines.",
    .about = "It is installed where both look for it.",
    .example = "completion bash >completion.bash",
    .operands = operands,
    .options = options,
    .run = run,
};
