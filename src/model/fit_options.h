/* SPDX-License-Identifier: MIT
 * What a fit is asked for: whether it is possible, and what stands for what was left open. */
#ifndef TDROP_MODEL_FIT_OPTIONS_H
#define TDROP_MODEL_FIT_OPTIONS_H

#include "taildropout_model.h"

/* Fills in all that does not depend on the data, of which `element_size` alone is asked: bytes of a
 * number. Errors: RESERVED, SIZE (out of range, or options that do not fit the task or one
 * another). */
tdrop_status tdrop_fit_options_resolve(tdrop_fit_options *options, size_t element_size,
                                       tdrop_error *error);

#endif
