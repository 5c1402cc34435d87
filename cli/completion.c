/* SPDX-License-Identifier: MIT */
#include "completion.h"

#include "help.h"
#include "message.h"

#include <stdio.h>
#include <string.h>

/* The rows of a subcommand, then those of every subcommand. */
typedef void write_row(const char *command, const option_row *row);

static void for_each_option(const subcommand *command, write_row *write) {
    for (const option_row *row = command->options; row->help; row++)
        write(command->name, row);
    for (const option_row *row = options_everywhere; row->help; row++)
        write(command->name, row);
}

/* Words after an option that knows some, between blanks. */
static void write_choices(const option_row *row) {
    for (int i = 0; row->choice(i); i++)
        printf("%s%s", i ? " " : "", row->choice(i));
}

/* Only texts may be names of files; how a value is called tells which are. */
static int is_file(const option_row *row) {
    return row->type == OPTION_TEXT && strcmp(row->value, "SPEC") != 0;
}

/* ---------------------------------------------------------------------------------------------
 * bash: the words that may come next. Where there are none, names of files are offered.
 */

static void bash_words(const char *command, const option_row *row) {
    (void)command;
    if (row->letter) printf(" -%c", row->letter);
    if (row->name) printf(" --%s", row->name);
}

/* "command:--option|command:-o)" */
static void bash_pattern(const char *command, const option_row *row) {
    fputs("    ", stdout);
    if (row->name) printf("%s:--%s", command, row->name);
    if (row->name && row->letter) putchar('|');
    if (row->letter) printf("%s:-%c", command, row->letter);
    fputs(") ", stdout);
}

static void bash_value(const char *command, const option_row *row) {
    if (row->type == OPTION_FLAG) return;
    bash_pattern(command, row);
    if (row->choice) {
        fputs("words='", stdout);
        write_choices(row);
        fputs("' ;;\n", stdout);
    } else {
        printf("%s ;;\n", is_file(row) ? "return" : "compopt +o default; return");
    }
}

static void write_bash(const subcommand *const *commands) {
    fputs("# bash completion for taildropout, written by: taildropout completion bash\n"
          "_taildropout() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} words=\n"
          "    COMPREPLY=()\n"
          "    # bash takes --option=value for three words\n"
          "    if [[ $word == '=' ]]; then\n"
          "        word=\n"
          "    elif [[ $before == '=' ]]; then\n"
          "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
          "    fi\n"
          "    if [[ $COMP_CWORD -eq 1 ]]; then\n"
          "        words='",
          stdout);
    for (const subcommand *const *c = commands; *c; c++)
        printf("%s ", (*c)->name);
    fputs("--help --version'\n"
          "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
          "        return\n"
          "    fi\n"
          "    case ${COMP_WORDS[1]}:$before in\n",
          stdout);
    for (const subcommand *const *c = commands; *c; c++)
        for_each_option(*c, bash_value);
    fputs("    esac\n"
          "    [[ -n $words ]] || case ${COMP_WORDS[1]}:$word in\n",
          stdout);
    for (const subcommand *const *c = commands; *c; c++) {
        printf("    %s:-*) words='", (*c)->name);
        for_each_option(*c, bash_words);
        fputs("' ;;\n", stdout);
    }
    fputs("    help:*) words='", stdout);
    for (const subcommand *const *c = commands; *c; c++)
        printf("%s ", (*c)->name);
    fputs("' ;;\n"
          "    completion:*) words='bash zsh' ;;\n"
          "    esac\n"
          "    [[ -z $words ]] || mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
          "}\n"
          "complete -o default -F _taildropout taildropout\n",
          stdout);
}

/* ---------------------------------------------------------------------------------------------
 * zsh: a table for _arguments
 */

/* Text within '...[text]...': brackets and colons mean something to zsh, quotes to its parser. */
static void zsh_text(const char *text) {
    for (; *text; text++) {
        if (*text == '\'') {
            fputs("'\\''", stdout);
            continue;
        }
        if (strchr("[]:\\", *text)) putchar('\\');
        putchar(*text);
    }
}

/* "[help]:VALUE:action" */
static void zsh_rest(const option_row *row) {
    putchar('[');
    zsh_text(row->help);
    putchar(']');
    if (row->type == OPTION_FLAG) return;
    putchar(':');
    zsh_text(row->value);
    putchar(':');
    if (row->choice) {
        putchar('(');
        write_choices(row);
        putchar(')');
    } else if (is_file(row)) {
        fputs("_files", stdout);
    }
}

static void zsh_option(const char *command, const option_row *row) {
    (void)command;
    char letter[] = {'-', row->letter, '\0'};
    for (int form = 0; form < 2; form++) {
        if (form ? !row->letter : !row->name) continue;
        fputs(" \\\n            '", stdout);
        if (row->letter && row->name) printf("(-%c --%s)", row->letter, row->name);
        printf("%s%s", form ? "" : "--", form ? letter : row->name);
        if (row->type != OPTION_FLAG && !form) putchar('=');
        zsh_rest(row);
        putchar('\'');
    }
}

/* What an operand may be: a file, but of two subcommands. */
static const char *zsh_action(const subcommand *command) {
    if (command == &command_help) return "{_describe subcommand commands}";
    return command == &command_completion ? "(bash zsh)" : "_files";
}

static void zsh_command(const subcommand *command) {
    printf("    %s)\n        _arguments", command->name);
    for_each_option(command, zsh_option);
    int number = 1;
    for (const operand_row *row = command->operands; row->name; row++)
        printf(" \\\n            '%d:%s%s:%s'", number++, help_is_optional(command, row) ? ":" : "",
               row->name, zsh_action(command));
    fputs("\n        ;;\n", stdout);
}

static void write_zsh(const subcommand *const *commands) {
    fputs("#compdef taildropout\n"
          "# zsh completion for taildropout, written by: taildropout completion zsh\n"
          "_taildropout() {\n"
          "    local -a commands=(\n",
          stdout);
    for (const subcommand *const *c = commands; *c; c++) {
        printf("        '%s:", (*c)->name);
        zsh_text((*c)->summary);
        fputs("'\n", stdout);
    }
    fputs("    )\n"
          "    if ((CURRENT == 2)); then\n"
          "        _describe subcommand commands\n"
          "        return\n"
          "    fi\n"
          "    shift words\n"
          "    ((CURRENT--))\n"
          "    case $words[1] in\n",
          stdout);
    for (; *commands; commands++)
        zsh_command(*commands);
    fputs("    esac\n"
          "}\n"
          "_taildropout \"$@\"\n",
          stdout);
}

/* ---------------------------------------------------------------------------------------------
 * The shells
 */

int completion_write(const subcommand *const *commands, const char *shell) {
    static const struct {
        const char *name;
        void (*write)(const subcommand *const *commands);
    } shells[] = {{"bash", write_bash}, {"zsh", write_zsh}};
    for (size_t i = 0; shell && i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(shell, shells[i].name) != 0) continue;
        shells[i].write(commands);
        return EXIT_DONE;
    }
    message_error("completion: give a shell: bash or zsh");
    return EXIT_USAGE;
}
