/* SPDX-License-Identifier: MIT
 * What an HTML report is made from. */
#ifndef TDROP_CLI_REPORT_SOURCE_H
#define TDROP_CLI_REPORT_SOURCE_H

#include "curve.h"

typedef struct report_source {
    const char *command_name; /* "fit" */
    const char *command;      /* the whole command line */
    double seconds;           /* that the training took; negative when not known */
    const curve *curve;
    const tdrop_model *model;
    const tdrop_model_info *info;
    const tdrop_data *data;   /* its held-out rows are shown */
    const tdrop_data *labels; /* one number for each row of the data; NULL when there are none */
    const tdrop_use_options *use;
} report_source;

#endif
