/* SPDX-License-Identifier: MIT
 * All that decides the result of a fit, as names and texts: two fits with the same terms end in the
 * same bytes. A checkpoint carries them, and is gone on from under the same terms only. */
#ifndef TDROP_MODEL_FIT_TERMS_H
#define TDROP_MODEL_FIT_TERMS_H

#include "file/safetensors.h"
#include "taildropout_model.h"

enum { TDROP_MOST_TERMS = 48, TDROP_TERM_TEXT = 64 };

typedef struct tdrop_fit_terms {
    size_t count;
    tdrop_text term[TDROP_MOST_TERMS];
    char text[TDROP_MOST_TERMS][TDROP_TERM_TEXT]; /* where the values of most terms stand */
} tdrop_fit_terms;

/* The terms of a fit with these options, which are resolved: no defaults left, the architecture
 * written out. The strings of the options have to stay, and *terms may not be moved. */
void tdrop_fit_terms_make(tdrop_fit_terms *terms, const tdrop_fit_options *options,
                          const tdrop_data *data);

/* Whether a document carries these terms. Errors: FORMAT; the message names the first that is
 * another. */
tdrop_status tdrop_fit_terms_compare(const tdrop_fit_terms *terms,
                                     const tdrop_safetensors *document, const char *path,
                                     tdrop_error *error);

#endif
