/* SPDX-License-Identifier: MIT
 * Principal components, to compare with and to begin with. */
#ifndef TDROP_MODEL_PCA_H
#define TDROP_MODEL_PCA_H

#include "data/encoding.h"

enum { TDROP_PCA_MOST_COLUMNS = 4096 };

typedef struct tdrop_pca {
    size_t columns, components;
    double *mean;  /* [columns] */
    float *vector; /* [components, columns], largest variance first */
} tdrop_pca;

/* Fits the first `components` (fewer where there are fewer columns) to rows of the data in scaled
 * space, centred on their mean: the covariance in chunks by our own product, its eigenvectors by
 * LAPACK's dsyevr. Errors: SIZE (more than TDROP_PCA_MOST_COLUMNS columns), DATA (a covariance that
 * is not finite), ISA, MEMORY. */
tdrop_status tdrop_pca_fit(tdrop_pca *pca, const tdrop_encoder *encoder, const size_t *rows,
                           size_t row_count, size_t components, const tdrop_use_options *options,
                           tdrop_error *error);

/* The same but for approximate vectors, at right angles, by orthogonal iteration (Golub and Van
 * Loan, Matrix Computations, 7.3.2) from random ones: of any number of columns, and the same bits
 * on every machine, which LAPACK's are not. Where the rows have fewer dimensions than that, pca has
 * fewer components. *flops grows by the operations. Errors: ISA, MEMORY. */
tdrop_status tdrop_pca_approach(tdrop_pca *pca, const tdrop_encoder *encoder, const size_t *rows,
                                size_t row_count, size_t components, uint64_t seed,
                                const tdrop_use_options *options, double *flops);
void tdrop_pca_clear(tdrop_pca *pca);

/* Mean squared error per entry of the first k components on rows of the data, k = 0..n, into
 * loss[n + 1]; more components than there are change nothing any more. Errors: ISA, MEMORY. */
tdrop_status tdrop_pca_loss(const tdrop_pca *pca, const tdrop_encoder *encoder, const size_t *rows,
                            size_t row_count, size_t n, double *loss,
                            const tdrop_use_options *options, tdrop_error *error);

#endif
