/* SPDX-License-Identifier: MIT
 * safetensors: named float32 tensors and strings in one file.
 *
 *     8 bytes       length of the header, lowest byte first
 *     the header    JSON, padded with spaces so that the numbers begin at a multiple of 8
 *     the numbers   float32, lowest byte first, tensor after tensor without a gap
 *
 * Ours carries one thing more, which other readers take for a string like any other: under
 * "checksum" in __metadata__ the CRC-32 of the whole file as 8 lower-case hex digits, taken with
 * these digits as zeros. A file without it, or with a wrong one, is not read. The same document
 * always gives the same bytes. */
#ifndef TDROP_FILE_SAFETENSORS_H
#define TDROP_FILE_SAFETENSORS_H

#include "taildropout_model.h"

#include <stddef.h>

enum { TDROP_TENSOR_DIMS = 8 };

typedef struct tdrop_tensor {
    const char *name; /* printable ASCII without quotes and backslashes, unique */
    int dims;
    size_t shape[TDROP_TENSOR_DIMS];
    const float *data; /* [shape], the last index fastest; may be NULL when it has no numbers */
} tdrop_tensor;

typedef struct tdrop_text {
    const char *key;   /* as a tensor's name; "checksum" is taken */
    const char *value; /* UTF-8; a byte that is not becomes '?' when written */
} tdrop_text;

/* A document. One that is written is the caller's, with whatever arrays; one that was parsed owns
 * its arrays, strings and numbers through `owned`. */
typedef struct tdrop_safetensors {
    const tdrop_tensor *tensors; /* in the order of the file */
    size_t tensor_count;
    const tdrop_text *texts; /* in the order of the file, without "checksum" */
    size_t text_count;
    struct tdrop_safetensors_owned *owned; /* NULL in a document of the caller's */
} tdrop_safetensors;

/* Writes a document through file/atomic_file.h.
 * Errors: NULL, EXISTS, FILE, FORMAT (a name that cannot be written), OVERFLOW, MEMORY. */
tdrop_status tdrop_safetensors_write(const tdrop_safetensors *document, const char *path,
                                     int overwrite, tdrop_error *error);

/* How many bytes tdrop_safetensors_write would write. The numbers are not looked at: `data` may be
 * NULL. Errors: NULL, FORMAT, OVERFLOW, MEMORY. */
tdrop_status tdrop_safetensors_size(const tdrop_safetensors *document, size_t *bytes,
                                    tdrop_error *error);

/* Reads a document out of the bytes of a whole file, which may be freed afterwards; `name` is for
 * messages. Release it with tdrop_safetensors_release. Every byte is checked: by the checksum, and,
 * since that can be forged, one by one: lengths, offsets, types, names.
 * Errors: NULL, FORMAT, MEMORY. */
tdrop_status tdrop_safetensors_parse(tdrop_safetensors *document, const char *name,
                                     const unsigned char *bytes, size_t size, tdrop_error *error);

/* Frees what tdrop_safetensors_parse gave and leaves {0}; {0} is fine. */
void tdrop_safetensors_release(tdrop_safetensors *document);

/* The tensor of that name, or the value under that key; NULL when there is none. */
const tdrop_tensor *tdrop_safetensors_tensor(const tdrop_safetensors *document, const char *name);
const char *tdrop_safetensors_text(const tdrop_safetensors *document, const char *key);

#endif
