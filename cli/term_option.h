/* SPDX-License-Identifier: MIT
 * The options of fit behind the terms of a checkpoint. */
#ifndef TDROP_CLI_TERM_OPTION_H
#define TDROP_CLI_TERM_OPTION_H

#include "taildropout_model.h"

/* Says why a fit failed. The library calls what differs from a checkpoint by the fields of
 * tdrop_fit_options; here it is called by the option that was typed. Returns 0. */
int term_option_message(tdrop_status status, const tdrop_error *error);

#endif
