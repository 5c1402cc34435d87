/* SPDX-License-Identifier: MIT
 * Which task a fit is: as asked, or decided by the target. */
#ifndef TDROP_CLI_TASK_CHOICE_H
#define TDROP_CLI_TASK_CHOICE_H

#include "taildropout_model.h"

typedef struct task_choice {
    tdrop_task task;
    char why[256];
} task_choice;

/* `asked` is the task that was asked for, below 0 for none; `target` the labels or numbers, NULL
 * for none. */
void task_choose(task_choice *choice, int asked, const tdrop_data *target);

#endif
