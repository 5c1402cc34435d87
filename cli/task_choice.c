/* SPDX-License-Identifier: MIT */
#include "task_choice.h"

#include "message.h"

#include <math.h>
#include <stdio.h>

/* What a column of targets looks like. */
typedef struct target_look {
    int text, fractions;
    size_t values;  /* different ones; more than MOST_VALUES are not counted */
    float fraction; /* the first number that is not whole */
} target_look;

enum { MOST_VALUES = 100 };

static void look_at_number(target_look *look, float seen[MOST_VALUES], float value) {
    if (value != floorf(value) && !look->fractions) {
        look->fractions = 1;
        look->fraction = value;
    }
    size_t at = 0;
    while (at < look->values && at < MOST_VALUES && seen[at] != value)
        at++;
    if (at < look->values) return;
    if (at < MOST_VALUES) seen[at] = value;
    look->values = at + 1;
}

static target_look look_at(const tdrop_data *target) {
    target_look look = {0};
    tdrop_data_info info;
    tdrop_column_info column;
    float seen[MOST_VALUES], value;
    tdrop_data_get_info(target, &info);
    look.text = tdrop_data_get_column(target, 0, &column) == TDROP_OK &&
                column.kind == TDROP_COLUMN_CATEGORY;
    for (size_t row = 0; row < info.rows && info.columns == 1 && look.values <= MOST_VALUES; row++)
        if (tdrop_data_get_rows(target, row, 1, &value) == TDROP_OK)
            look_at_number(&look, seen, value);
    return look;
}

void task_choose(task_choice *choice, int asked, const tdrop_data *target) {
    tdrop_data_info info = {.name = ""};
    if (target) tdrop_data_get_info(target, &info);
    if (asked >= 0) {
        snprintf(choice->why, sizeof choice->why, "as asked");
        choice->task = (tdrop_task)asked;
        return;
    }
    if (!target) {
        snprintf(choice->why, sizeof choice->why, "there is no target");
        choice->task = TDROP_TASK_AUTOENCODE;
        return;
    }
    const target_look look = look_at(target);
    if (look.text) {
        snprintf(choice->why, sizeof choice->why, "the target is text");
        choice->task = TDROP_TASK_CLASSIFY;
        return;
    }
    if (info.columns == 1 && !look.fractions && look.values <= MOST_VALUES) {
        snprintf(choice->why, sizeof choice->why, "the target is a few whole numbers");
        choice->task = TDROP_TASK_CLASSIFY;
        return;
    }
    if (info.columns > 1)
        snprintf(choice->why, sizeof choice->why, "the target has %zu columns of numbers",
                 info.columns);
    else if (look.fractions)
        snprintf(choice->why, sizeof choice->why, "the target is numbers such as %g",
                 (double)look.fraction);
    else
        snprintf(choice->why, sizeof choice->why, "the target is more than %d numbers",
                 MOST_VALUES);
    choice->task = TDROP_TASK_REGRESS;
}
