/* SPDX-License-Identifier: MIT
 * taildropout, the program: finds the subcommand and hands over to it. */
#include "command.h"
#include "help.h"
#include "interrupt.h"
#include "message.h"
#include "suggest.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

const subcommand *const subcommands[] = {
    &command_fit,
    &command_scree,
    &command_prune,
    &command_encode,
    &command_decode,
    &command_predict,
    &command_evaluate,
    &command_info,
    &command_help,
    &command_completion,
    NULL,
};

const subcommand *subcommand_find(const char *name) {
    suggestion search = {.wrong = name};
    for (const subcommand *const *c = subcommands; *c; c++) {
        if (strcmp((*c)->name, name) == 0) return *c;
        suggestion_offer(&search, (*c)->name);
    }
    suggestion_offer(&search, "--help");
    suggestion_offer(&search, "--version");
    const char *kind = name[0] == '-' ? "option" : "subcommand";
    if (search.nearest)
        message_error("unknown %s %s: did you mean %s?", kind, name, search.nearest);
    else
        message_error("unknown %s %s: see taildropout --help", kind, name);
    return NULL;
}

static int is_one_of(const char *word, const char *a, const char *b) {
    return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

static int dispatch(int argc, char **argv) {
    if (argc < 2) {
        message_error("no subcommand: usage: taildropout SUBCOMMAND ARGUMENT...; "
                      "see taildropout --help");
        return EXIT_USAGE;
    }
    if (is_one_of(argv[1], "--help", "-h")) {
        help_program(subcommands);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        help_version();
        return EXIT_DONE;
    }
    const subcommand *found = subcommand_find(argv[1]);
    return found ? found->run(argc - 1, argv + 1) : EXIT_USAGE;
}

int main(int argc, char **argv) {
    /* only the character set: numbers are read and written with a point everywhere */
    setlocale(LC_CTYPE, "");
    interrupt_end();
    const int exit_code = dispatch(argc, argv);
    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        if (exit_code == EXIT_DONE)
            message_error("standard output: cannot be written: %s",
                          errno ? strerror(errno) : "an earlier write failed");
        return exit_code == EXIT_DONE ? EXIT_FAILED : exit_code;
    }
    return exit_code;
}
