/* SPDX-License-Identifier: MIT */
#include "loss_text.h"

#include "command.h"
#include "message.h"
#include "number.h"
#include "suggest.h"

#include <string.h>

enum { NAME_SIZE = 32 };

static int wrong_usage(int *exit_code) {
    *exit_code = EXIT_USAGE;
    return 0;
}

static int unknown_name(const char *name, int *exit_code) {
    suggestion search = {.wrong = name};
    const char *known;
    for (int i = 0; (known = tdrop_loss_kind_name((tdrop_loss_kind)i)); i++)
        suggestion_offer(&search, known);
    if (search.nearest)
        message_error("option --loss: no loss '%s'; did you mean '%s'?", name, search.nearest);
    else
        message_error("option --loss: no loss '%s'; one of squared, huber[:DELTA], binary, cosine, "
                      "cross-entropy",
                      name);
    return wrong_usage(exit_code);
}

int loss_text_read(const char *text, tdrop_loss_kind *kind, double *delta, int *exit_code) {
    char name[NAME_SIZE];
    if (!text) return 1;
    const size_t length = strcspn(text, ":");
    const char *rest = text[length] ? text + length + 1 : NULL;
    snprintf(name, sizeof name, "%.*s", (int)(length < NAME_SIZE ? length : NAME_SIZE), text);
    if (tdrop_loss_kind_parse(name, kind)) return unknown_name(name, exit_code);
    if (!rest) return 1;
    if (*kind != TDROP_LOSS_HUBER) {
        message_error("option --loss: nothing can stand behind '%s'", name);
        return wrong_usage(exit_code);
    }
    if (number_parse_real(rest, delta) && *delta > 0) return 1;
    message_error("option --loss: huber takes a number above 0 behind a colon, as huber:1");
    return wrong_usage(exit_code);
}

void loss_text_write_line(FILE *out, tdrop_loss_kind kind, tdrop_task task, double delta) {
    const int classify = task == TDROP_TASK_CLASSIFY;
    if (kind == (classify ? TDROP_LOSS_CROSS_ENTROPY : TDROP_LOSS_SQUARED)) return;
    fprintf(out, "loss          %s", tdrop_loss_kind_name(kind));
    if (kind == TDROP_LOSS_HUBER) fprintf(out, ", delta %s", number_plain(delta).text);
    fputc('\n', out);
}
