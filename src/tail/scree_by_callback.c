/* SPDX-License-Identifier: MIT
 * A scree curve by asking for the loss at each k. */
#include "taildropout.h"

tdrop_status tdrop_scree_by_callback(size_t n, tdrop_loss_at loss_at, void *context, double *loss,
                                     double *se) {
    if (!loss_at || !loss) return TDROP_ERROR_NULL;
    if (n > INT32_MAX) return TDROP_ERROR_SIZE;
    for (size_t k = 0; k <= n; k++) {
        double loss_here = 0.0, se_here = 0.0;
        tdrop_status status = loss_at(context, (int32_t)k, &loss_here, &se_here);
        if (status) return status;
        loss[k] = loss_here;
        if (se) se[k] = se_here;
    }
    return TDROP_OK;
}
