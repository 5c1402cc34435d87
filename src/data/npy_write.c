/* SPDX-License-Identifier: MIT */
#include "base/byte_order.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/array.h"
#include "file/atomic_file.h"

#include <stdio.h>
#include <string.h>

enum { PREFIX_SIZE = 10, HEADER_SIZE = 320, HEADER_ALIGNMENT = 64 };

static const char prefix[] = "\x93NUMPY\x01"; /* the end of the string is the minor version, 0 */

static tdrop_status check_shape(const char *path, int dims, const size_t *shape, size_t *bytes,
                                tdrop_error *error) {
    if (dims < 0 || dims > TDROP_ARRAY_DIMS)
        return tdrop_fail(error, TDROP_ERROR_SIZE, "%s: %d dimensions; 0 to %d can be written",
                          path, dims, TDROP_ARRAY_DIMS);
    *bytes = sizeof(float);
    for (int d = 0; d < dims; d++)
        if (!tdrop_multiply(*bytes, shape[d], bytes))
            return tdrop_fail(error, TDROP_ERROR_OVERFLOW,
                              "%s: an array larger than this machine can address", path);
    return TDROP_OK;
}

/* Fills in the header and returns its size: version 1.0, padded with spaces so that the numbers
 * begin at a multiple of 64. Eight dimensions of 20 digits fit. */
static size_t make_header(char header[HEADER_SIZE], int dims, const size_t *shape) {
    size_t used = PREFIX_SIZE;
    used += (size_t)snprintf(header + used, HEADER_SIZE - used,
                             "{'descr': '%cf4', 'fortran_order': False, 'shape': (",
                             tdrop_host_is_big_endian() ? '>' : '<');
    for (int d = 0; d < dims; d++)
        used += (size_t)snprintf(header + used, HEADER_SIZE - used, d ? ", %zu" : "%zu", shape[d]);
    used += (size_t)snprintf(header + used, HEADER_SIZE - used, dims == 1 ? ",), }" : "), }");
    size_t size = (used / HEADER_ALIGNMENT + 1) * HEADER_ALIGNMENT;
    memset(header + used, ' ', size - used);
    header[size - 1] = '\n';
    memcpy(header, prefix, sizeof prefix);
    tdrop_write_little((unsigned char *)header + PREFIX_SIZE - 2, 2, size - PREFIX_SIZE);
    return size;
}

static tdrop_status fail_null(tdrop_error *error) {
    return tdrop_fail(error, TDROP_ERROR_NULL, "tdrop_npy_write: a pointer is NULL");
}

tdrop_status tdrop_npy_write(const char *path, const float *values, int dims, const size_t *shape,
                             int overwrite, tdrop_error *error) {
    size_t bytes = 0;
    if (!path || (!shape && dims != 0)) return fail_null(error);
    tdrop_status status = check_shape(path, dims, shape, &bytes, error);
    if (!status && !values && bytes) status = fail_null(error);
    if (status) return status;
    tdrop_atomic_file *file = NULL;
    status = tdrop_atomic_begin(&file, path, overwrite, error);
    if (status) return status;
    char header[HEADER_SIZE];
    size_t header_size = make_header(header, dims, shape);
    status = tdrop_atomic_write(file, header, header_size, error);
    if (!status) status = tdrop_atomic_write(file, values, bytes, error);
    if (!status) return tdrop_atomic_commit(file, error);
    tdrop_atomic_abort(file);
    return status;
}
