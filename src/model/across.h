/* SPDX-License-Identifier: MIT
 * What model/columns.h does, and the loss behind it, for the networks that end with the layer that
 * reads the tail, as classifiers do that are nothing but a tail and what names the class.
 *
 * Between two widths such a row has a dozen multiply-adds and as many exponentials, less than what
 * it costs to go from pass to pass. So rows stand side by side, one in each lane, and a task takes
 * its rows through many widths. The same bits come out. */
#ifndef TDROP_MODEL_ACROSS_H
#define TDROP_MODEL_ACROSS_H

#include "model/columns.h"
#include "model/loss.h"

/* Whether the network ends that way, and its loss can be had side by side. */
bool tdrop_across_fits(const tdrop_columns *columns, const tdrop_loss_op *loss);

/* Goes on to last_k, from a k below first_k or the start; results [last_k - first_k + 1, rows of
 * the batch] are those of the rows at each k from first_k on. The targets are those of the batch.
 */
void tdrop_across_advance(tdrop_columns *columns, const tdrop_loss_op *loss, const float *targets,
                          size_t first_k, size_t last_k, tdrop_row_result *results);

#endif
