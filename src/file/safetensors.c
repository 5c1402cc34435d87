/* SPDX-License-Identifier: MIT */
#include "file/safetensors.h"

#include "base/byte_order.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/sizes.h"
#include "base/utf8.h"
#include "file/atomic_file.h"

#include <cjson/cJSON.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { LENGTH_SIZE = 8, DATA_ALIGNMENT = 8, MAX_HEADER = 100000000, DIGITS = 8 };

static const char metadata_key[] = "__metadata__";
static const char checksum_key[] = "checksum";

/* How the checksum looks in a header of ours, up to its digits. Within a JSON string each quote has
 * a backslash before it, and keys have none (is_plain): so no value can look like this. */
static const char checksum_mark[] = "\"checksum\":\"";
static const char zero_digits[] = "00000000";

/* ---------------------------------------------------------------------------------------------
 * What both directions need
 */

/* Names and keys: printable ASCII without quotes and backslashes, so that they can stand in
 * messages and look the same in JSON. */
static bool is_plain(const char *name) {
    for (const char *c = name; *c != '\0'; c++)
        if (*c < ' ' || *c > '~' || *c == '"' || *c == '\\') return false;
    return *name != '\0';
}

static int compare_strings(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whether two children of a JSON object have the same key, by sorting: a hostile file may hold
 * millions. *repeated is set to false or true; false is returned when memory ran out. */
static bool find_repeated_key(const cJSON *object, bool *repeated) {
    size_t count = (size_t)cJSON_GetArraySize(object), i = 0;
    const char **keys = tdrop_alloc(count, sizeof *keys);
    if (!keys) return false;
    const cJSON *child;
    cJSON_ArrayForEach(child, object) keys[i++] = child->string;
    qsort(keys, count, sizeof *keys, compare_strings);
    *repeated = false;
    for (i = 1; i < count; i++)
        if (strcmp(keys[i - 1], keys[i]) == 0) *repeated = true;
    tdrop_free(keys);
    return true;
}

static tdrop_status check_keys(const cJSON *object, const char *name, tdrop_error *error) {
    bool repeated = false;
    if (!find_repeated_key(object, &repeated)) return tdrop_fail_memory(error, name);
    if (repeated)
        return tdrop_fail(error, TDROP_ERROR_FORMAT, "%s: a name stands twice in the header", name);
    const cJSON *child;
    cJSON_ArrayForEach(child, object) {
        if (!is_plain(child->string))
            return tdrop_fail(error, TDROP_ERROR_FORMAT,
                              "%s: a name in the header is empty or not plain ASCII", name);
    }
    return TDROP_OK;
}

/* From `from` on, where the digits of the checksum begin; 0 when there is no mark. */
static size_t next_digits(const unsigned char *bytes, size_t from, size_t end) {
    const size_t mark = sizeof checksum_mark - 1;
    for (size_t i = from; i + mark + DIGITS < end; i++)
        if (bytes[i] == '"' && memcmp(bytes + i, checksum_mark, mark) == 0) return i + mark;
    return 0;
}

/* Where in the file the digits of the checksum begin; 0 unless there is exactly one such place. */
static size_t find_digits(const unsigned char *bytes, size_t header_end) {
    size_t at = next_digits(bytes, LENGTH_SIZE, header_end);
    bool unique = at != 0 && next_digits(bytes, at, header_end) == 0;
    return unique && bytes[at + DIGITS] == '"' ? at : 0;
}

static void write_digits(unsigned char *digits, uint32_t crc) {
    char text[DIGITS + 1];
    snprintf(text, sizeof text, "%08lx", (unsigned long)crc);
    memcpy(digits, text, DIGITS);
}

/* *bytes: the size of the tensor's numbers; false when that cannot be addressed. */
static bool tensor_bytes(const tdrop_tensor *tensor, size_t *bytes) {
    *bytes = sizeof(float);
    for (int d = 0; d < tensor->dims; d++)
        if (!tdrop_multiply(*bytes, tensor->shape[d], bytes)) return false;
    return true;
}

/* ---------------------------------------------------------------------------------------------
 * Writing: the header
 */

/* Everything before the numbers, the checksum still zeros. */
typedef struct header {
    unsigned char *bytes;
    size_t size;
    size_t digits;    /* where the checksum stands */
    size_t data_size; /* of what follows */
} header;

/* A copy of a value in which every byte that is not UTF-8 is '?': a file name of another encoding
 * must not keep a model from being saved. */
static char *copy_as_utf8(const char *value) {
    char *copy = tdrop_copy_string(value);
    if (!copy) return NULL;
    size_t size = strlen(value), length = 0;
    for (size_t i = 0; i < size; i += length) {
        length = tdrop_utf8_length(value + i, size - i);
        if (length != 0) continue;
        copy[i] = '?';
        length = 1;
    }
    return copy;
}

static bool add_texts(cJSON *root, const tdrop_safetensors *document) {
    cJSON *object = cJSON_AddObjectToObject(root, metadata_key);
    if (!object || !cJSON_AddStringToObject(object, checksum_key, zero_digits)) return false;
    for (size_t i = 0; i < document->text_count; i++) {
        char *value = copy_as_utf8(document->texts[i].value);
        bool added = value && cJSON_AddStringToObject(object, document->texts[i].key, value);
        tdrop_free(value);
        if (!added) return false;
    }
    return true;
}

/* Adds the entry of a tensor. As text: cJSON writes large numbers with an exponent. */
static bool add_tensor(cJSON *root, const tdrop_tensor *tensor, size_t begin, size_t end) {
    char text[320];
    size_t used = (size_t)snprintf(text, sizeof text, "{\"dtype\":\"F32\",\"shape\":[");
    for (int d = 0; d < tensor->dims; d++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, d ? ",%zu" : "%zu", tensor->shape[d]);
    snprintf(text + used, sizeof text - used, "],\"data_offsets\":[%zu,%zu]}", begin, end);
    return cJSON_AddRawToObject(root, tensor->name, text) != NULL;
}

/* *data_size: bytes of all tensors. */
static tdrop_status add_tensors(cJSON *root, const tdrop_safetensors *document, const char *name,
                                size_t *data_size, tdrop_error *error) {
    size_t end = 0;
    for (size_t i = 0; i < document->tensor_count; i++) {
        const tdrop_tensor *tensor = &document->tensors[i];
        if (tensor->dims < 0 || tensor->dims > TDROP_TENSOR_DIMS)
            return tdrop_fail(error, TDROP_ERROR_FORMAT, "%s: tensor '%s' has %d dimensions", name,
                              tensor->name, tensor->dims);
        size_t begin = end, bytes = 0;
        if (!tensor_bytes(tensor, &bytes) || bytes > SIZE_MAX - begin)
            return tdrop_fail(error, TDROP_ERROR_OVERFLOW,
                              "%s: tensor '%s' is beyond what this machine can address", name,
                              tensor->name);
        end = begin + bytes;
        if (!add_tensor(root, tensor, begin, end)) return tdrop_fail_memory(error, name);
    }
    *data_size = end;
    return TDROP_OK;
}

/* Length, JSON and padding in one piece. */
static tdrop_status frame_header(header *h, const char *json, const char *name,
                                 tdrop_error *error) {
    size_t length = strlen(json);
    size_t padded = tdrop_round_up(length, DATA_ALIGNMENT);
    if (padded > MAX_HEADER || h->data_size > SIZE_MAX - LENGTH_SIZE - padded)
        return tdrop_fail(error, TDROP_ERROR_OVERFLOW, "%s: more than a safetensors file can hold",
                          name);
    h->size = LENGTH_SIZE + padded;
    h->bytes = tdrop_alloc(h->size, 1);
    if (!h->bytes) return tdrop_fail_memory(error, name);
    tdrop_write_little(h->bytes, LENGTH_SIZE, padded);
    memcpy(h->bytes + LENGTH_SIZE, json, length);
    memset(h->bytes + LENGTH_SIZE + length, ' ', padded - length);
    h->digits = find_digits(h->bytes, h->size);
    if (h->digits != 0) return TDROP_OK;
    tdrop_free(h->bytes);
    return tdrop_fail(error, TDROP_ERROR_FORMAT, "%s: the checksum has no place of its own", name);
}

/* Makes the header of a document in *h, whose bytes the caller frees. */
static tdrop_status make_header(header *h, const tdrop_safetensors *document, const char *name,
                                tdrop_error *error) {
    cJSON *root = cJSON_CreateObject();
    char *json = NULL;
    tdrop_status status = TDROP_OK;
    if (!root || !add_texts(root, document)) status = tdrop_fail_memory(error, name);
    if (!status) status = add_tensors(root, document, name, &h->data_size, error);
    if (!status) status = check_keys(root, name, error);
    if (!status) status = check_keys(root->child, name, error); /* the texts */
    if (!status) {
        json = cJSON_PrintUnformatted(root);
        status = json ? frame_header(h, json, name, error) : tdrop_fail_memory(error, name);
    }
    cJSON_free(json);
    cJSON_Delete(root);
    return status;
}

/* ---------------------------------------------------------------------------------------------
 * Writing: the bytes, once into the checksum and once into the file
 */

typedef tdrop_status sink(void *context, const void *bytes, size_t size, tdrop_error *error);

static tdrop_status sink_to_crc(void *context, const void *bytes, size_t size, tdrop_error *error) {
    (void)error;
    uint32_t *crc = context;
    *crc = (uint32_t)crc32_z(*crc, bytes, size);
    return TDROP_OK;
}

static tdrop_status sink_to_file(void *context, const void *bytes, size_t size,
                                 tdrop_error *error) {
    return tdrop_atomic_write(context, bytes, size, error);
}

/* Numbers, lowest byte first on every machine. */
static tdrop_status emit_floats(const float *values, size_t count, sink *put, void *context,
                                tdrop_error *error) {
    enum { CHUNK = 4096 };
    unsigned char bytes[CHUNK * sizeof(float)];
    for (size_t done = 0; done < count; done += CHUNK) {
        size_t n = tdrop_least(count - done, CHUNK);
        tdrop_copy_little(bytes, values + done, n, sizeof *values);
        tdrop_status status = put(context, bytes, n * sizeof(float), error);
        if (status) return status;
    }
    return TDROP_OK;
}

static tdrop_status emit(const header *h, const tdrop_safetensors *document, sink *put,
                         void *context, tdrop_error *error) {
    tdrop_status status = put(context, h->bytes, h->size, error);
    for (size_t i = 0; !status && i < document->tensor_count; i++) {
        size_t bytes = 0;
        tensor_bytes(&document->tensors[i], &bytes); /* make_header saw that it fits */
        status = emit_floats(document->tensors[i].data, bytes / sizeof(float), put, context, error);
    }
    return status;
}

static tdrop_status write_file(header *h, const tdrop_safetensors *document, const char *path,
                               int overwrite, tdrop_error *error) {
    uint32_t crc = 0;
    emit(h, document, sink_to_crc, &crc, error);
    write_digits(h->bytes + h->digits, crc);
    tdrop_atomic_file *file = NULL;
    tdrop_status status = tdrop_atomic_begin(&file, path, overwrite, error);
    if (status) return status;
    status = emit(h, document, sink_to_file, file, error);
    if (!status) return tdrop_atomic_commit(file, error);
    tdrop_atomic_abort(file);
    return status;
}

tdrop_status tdrop_safetensors_write(const tdrop_safetensors *document, const char *path,
                                     int overwrite, tdrop_error *error) {
    if (!document || !path)
        return tdrop_fail(error, TDROP_ERROR_NULL, "the document or its path is NULL");
    header h = {0};
    tdrop_status status = make_header(&h, document, path, error);
    if (status) return status;
    status = write_file(&h, document, path, overwrite, error);
    tdrop_free(h.bytes);
    return status;
}

tdrop_status tdrop_safetensors_size(const tdrop_safetensors *document, size_t *bytes,
                                    tdrop_error *error) {
    if (!document || !bytes)
        return tdrop_fail(error, TDROP_ERROR_NULL, "the document or the size is NULL");
    header h = {0};
    tdrop_status status = make_header(&h, document, "model", error);
    if (status) return status;
    *bytes = h.size + h.data_size;
    tdrop_free(h.bytes);
    return TDROP_OK;
}

/* ---------------------------------------------------------------------------------------------
 * Reading: the header
 */

struct tdrop_safetensors_owned {
    cJSON *json; /* holds all strings */
    tdrop_tensor *tensors;
    tdrop_text *texts;
    float *values;
};

/* A file that is being read. */
typedef struct parser {
    const char *name;
    const unsigned char *bytes;
    size_t size, header_end;
    tdrop_error *error;
} parser;

static tdrop_status damaged(const parser *p, const char *how) {
    return tdrop_fail(p->error, TDROP_ERROR_FORMAT,
                      "%s: the file is damaged or not from taildropout: %s", p->name, how);
}

static tdrop_status find_header(parser *p) {
    if (p->size < LENGTH_SIZE) return damaged(p, "it is shorter than 8 bytes");
    const uint64_t length = tdrop_read_little(p->bytes, LENGTH_SIZE);
    if (length > MAX_HEADER) return damaged(p, "its header claims more than 100 MB");
    if (length > p->size - LENGTH_SIZE) return damaged(p, "it ends within its header");
    p->header_end = LENGTH_SIZE + (size_t)length;
    return TDROP_OK;
}

static tdrop_status check_checksum(const parser *p) {
    size_t at = find_digits(p->bytes, p->header_end), rest = at + DIGITS;
    if (at == 0) return damaged(p, "it has no checksum");
    uLong crc = crc32_z(0, p->bytes, at);
    crc = crc32_z(crc, (const unsigned char *)zero_digits, DIGITS);
    crc = crc32_z(crc, p->bytes + rest, p->size - rest);
    unsigned char digits[DIGITS];
    write_digits(digits, (uint32_t)crc);
    return memcmp(digits, p->bytes + at, DIGITS) == 0 ? TDROP_OK
                                                      : damaged(p, "its checksum is wrong");
}

/* Whether the header is text that JSON allows: UTF-8 without control characters, beginning with
 * '{', and without an escaped NUL, at which C would end a string. */
static bool is_json_text(const unsigned char *text, size_t size) {
    static const char escaped_nul[] = "u0000";
    if (size == 0 || text[0] != '{') return false;
    for (size_t i = 0, length = 0; i < size; i += length) {
        length = tdrop_utf8_length((const char *)text + i, size - i);
        if (length == 0 || text[i] < ' ') return false;
        if (text[i] != '\\') continue;
        length = 2; /* the character behind a backslash begins no escape of its own */
        if (size - i >= sizeof escaped_nul &&
            memcmp(text + i + 1, escaped_nul, sizeof escaped_nul - 1) == 0)
            return false;
    }
    return true;
}

/* *json: the parsed header, an object. */
static tdrop_status parse_header(const parser *p, cJSON **json) {
    size_t length = p->header_end - LENGTH_SIZE;
    if (!is_json_text(p->bytes + LENGTH_SIZE, length))
        return damaged(p, "its header is not JSON in UTF-8");
    char *text = tdrop_alloc(length + 1, 1);
    if (!text) return tdrop_fail_memory(p->error, p->name);
    memcpy(text, p->bytes + LENGTH_SIZE, length);
    text[length] = '\0';
    enum { NOTHING_AFTER = 1 };
    *json = cJSON_ParseWithOpts(text, NULL, NOTHING_AFTER);
    tdrop_free(text);
    if (!*json) return damaged(p, "its header is no JSON (or memory ran out: cJSON cannot tell)");
    return TDROP_OK;
}

/* ---------------------------------------------------------------------------------------------
 * Reading: the entries
 */

/* A whole number that a double holds exactly. */
static bool read_size(const cJSON *item, size_t *size) {
    const double largest = 9007199254740992.0; /* 2^53 */
    if (!cJSON_IsNumber(item)) return false;
    double value = item->valuedouble;
    if (!(value >= 0 && value <= largest) || value > (double)SIZE_MAX) return false;
    *size = (size_t)value;
    return (double)*size == value;
}

/* An array of whole numbers; false unless there are at most `most`. */
static bool read_sizes(const cJSON *array, size_t *sizes, int most, int *count) {
    if (!cJSON_IsArray(array)) return false;
    *count = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, array) {
        if (*count == most || !read_size(item, &sizes[*count])) return false;
        (*count)++;
    }
    return true;
}

static tdrop_status bad_tensor(const parser *p, const cJSON *entry, const char *what) {
    return tdrop_fail(p->error, TDROP_ERROR_FORMAT, "%s: tensor '%s' %s", p->name, entry->string,
                      what);
}

/* Reads one tensor, whose numbers must begin *end bytes into the data, and moves *end behind them:
 * so there is neither a hole nor an overlap. */
static tdrop_status read_tensor(const parser *p, const cJSON *entry, tdrop_tensor *tensor,
                                size_t *end) {
    const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(entry, "dtype");
    const cJSON *shape = cJSON_GetObjectItemCaseSensitive(entry, "shape");
    const cJSON *place = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
    if (!cJSON_IsObject(entry) || cJSON_GetArraySize(entry) != 3 || !cJSON_IsString(dtype))
        return bad_tensor(p, entry, "needs dtype, shape and data_offsets, and nothing else");
    if (strcmp(dtype->valuestring, "F32") != 0)
        return tdrop_fail(p->error, TDROP_ERROR_FORMAT,
                          "%s: tensor '%s' has dtype %.16s; only F32 is read", p->name,
                          entry->string, is_plain(dtype->valuestring) ? dtype->valuestring : "?");
    size_t offsets[2], bytes = 0;
    int count = 0;
    tensor->name = entry->string;
    if (!read_sizes(shape, tensor->shape, TDROP_TENSOR_DIMS, &tensor->dims) ||
        !tensor_bytes(tensor, &bytes))
        return bad_tensor(p, entry, "has a shape that cannot be read");
    if (!read_sizes(place, offsets, 2, &count) || count != 2 || offsets[0] > offsets[1])
        return bad_tensor(p, entry, "has data_offsets that cannot be read");
    if (offsets[1] > p->size - p->header_end) return bad_tensor(p, entry, "ends beyond the file");
    if (offsets[0] != *end || offsets[1] - offsets[0] != bytes)
        return bad_tensor(p, entry, "leaves a hole, overlaps another or differs from its shape");
    *end = offsets[1];
    return TDROP_OK;
}

/* All entries but __metadata__ are tensors. */
static tdrop_status read_tensors(const parser *p, tdrop_safetensors *document) {
    struct tdrop_safetensors_owned *owned = document->owned;
    size_t most = (size_t)cJSON_GetArraySize(owned->json), end = 0;
    owned->tensors = tdrop_alloc_zero(most, sizeof *owned->tensors);
    if (!owned->tensors) return tdrop_fail_memory(p->error, p->name);
    document->tensors = owned->tensors;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, owned->json) {
        if (strcmp(entry->string, metadata_key) == 0) continue;
        tdrop_status status =
            read_tensor(p, entry, &owned->tensors[document->tensor_count++], &end);
        if (status) return status;
    }
    return end == p->size - p->header_end ? TDROP_OK
                                          : damaged(p, "bytes are left over behind the tensors");
}

/* Reads the numbers of all tensors, which read_tensors found to stand one after the other. */
static tdrop_status read_data(const parser *p, tdrop_safetensors *document) {
    struct tdrop_safetensors_owned *owned = document->owned;
    size_t count = (p->size - p->header_end) / sizeof(float), at = 0;
    owned->values = tdrop_alloc(count, sizeof *owned->values);
    if (!owned->values) return tdrop_fail_memory(p->error, p->name);
    tdrop_copy_little(owned->values, p->bytes + p->header_end, count, sizeof *owned->values);
    for (size_t i = 0; i < document->tensor_count; i++) {
        size_t bytes = 0;
        tensor_bytes(&owned->tensors[i], &bytes); /* read_tensor saw that it fits */
        owned->tensors[i].data = owned->values + at;
        at += bytes / sizeof(float);
    }
    return TDROP_OK;
}

/* Strings of __metadata__, "checksum" left out: it must be there, or what check_checksum found was
 * something else. */
static tdrop_status read_texts(const parser *p, tdrop_safetensors *document) {
    struct tdrop_safetensors_owned *owned = document->owned;
    const cJSON *object = cJSON_GetObjectItemCaseSensitive(owned->json, metadata_key);
    if (!cJSON_IsObject(object) || !cJSON_GetObjectItemCaseSensitive(object, checksum_key))
        return damaged(p, "it has no checksum");
    tdrop_status status = check_keys(object, p->name, p->error);
    if (status) return status;
    owned->texts = tdrop_alloc_zero((size_t)cJSON_GetArraySize(object), sizeof *owned->texts);
    if (!owned->texts) return tdrop_fail_memory(p->error, p->name);
    document->texts = owned->texts;
    const cJSON *entry;
    cJSON_ArrayForEach(entry, object) {
        if (!cJSON_IsString(entry)) return damaged(p, "__metadata__ holds more than strings");
        if (strcmp(entry->string, checksum_key) == 0) continue;
        owned->texts[document->text_count++] = (tdrop_text){entry->string, entry->valuestring};
    }
    return TDROP_OK;
}

tdrop_status tdrop_safetensors_parse(tdrop_safetensors *document, const char *name,
                                     const unsigned char *bytes, size_t size, tdrop_error *error) {
    if (!document || !name || !bytes)
        return tdrop_fail(error, TDROP_ERROR_NULL, "the document, its name or its bytes are NULL");
    parser p = {.name = name, .bytes = bytes, .size = size, .error = error};
    tdrop_status status = find_header(&p);
    if (!status) status = check_checksum(&p);
    if (status) return status;
    tdrop_safetensors made = {.owned = tdrop_alloc_zero(1, sizeof *made.owned)};
    if (!made.owned) return tdrop_fail_memory(error, name);
    status = parse_header(&p, &made.owned->json);
    if (!status) status = check_keys(made.owned->json, name, error);
    if (!status) status = read_texts(&p, &made);
    if (!status) status = read_tensors(&p, &made);
    if (!status) status = read_data(&p, &made);
    if (status)
        tdrop_safetensors_release(&made);
    else
        *document = made;
    return status;
}

void tdrop_safetensors_release(tdrop_safetensors *document) {
    struct tdrop_safetensors_owned *owned = document->owned;
    if (owned) {
        cJSON_Delete(owned->json);
        tdrop_free(owned->tensors);
        tdrop_free(owned->texts);
        tdrop_free(owned->values);
        tdrop_free(owned);
    }
    *document = (tdrop_safetensors){0};
}

/* ---------------------------------------------------------------------------------------------
 * Looking up
 */

const tdrop_tensor *tdrop_safetensors_tensor(const tdrop_safetensors *document, const char *name) {
    for (size_t i = 0; i < document->tensor_count; i++)
        if (strcmp(document->tensors[i].name, name) == 0) return &document->tensors[i];
    return NULL;
}

const char *tdrop_safetensors_text(const tdrop_safetensors *document, const char *key) {
    for (size_t i = 0; i < document->text_count; i++)
        if (strcmp(document->texts[i].key, key) == 0) return document->texts[i].value;
    return NULL;
}
