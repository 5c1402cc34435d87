/* SPDX-License-Identifier: MIT
 * Files of the safetensors format: whatever the bytes, reading ends well or with a reason, and what
 * was read can be written and read again as the same. Where a header has a place for a checksum,
 * the right one is put there, so that what lies behind it is reached, the JSON of models included.
 */
#include "file/safetensors.h"
#include "taildropout_model.h"
#include "target.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { LENGTH_SIZE = 8, DIGITS = 8 };
static const char mark[] = "\"checksum\":\"";

/* The length of the header, as far as there are bytes. */
static size_t header_end(const uint8_t *bytes, size_t size) {
    uint64_t length = 0;
    if (size < LENGTH_SIZE) return size;
    for (int i = LENGTH_SIZE; i-- > 0;)
        length = length << 8 | bytes[i];
    return length > size - LENGTH_SIZE ? size : LENGTH_SIZE + (size_t)length;
}

/* Puts the right checksum where the first one stands. */
static void set_checksum(uint8_t *bytes, size_t size) {
    size_t end = header_end(bytes, size), at = LENGTH_SIZE;
    while (at + sizeof mark - 1 + DIGITS <= end && memcmp(bytes + at, mark, sizeof mark - 1) != 0)
        at++;
    if (at + sizeof mark - 1 + DIGITS > end) return;
    uint8_t *digits = bytes + at + sizeof mark - 1;
    char text[DIGITS + 1];
    memset(digits, '0', DIGITS);
    snprintf(text, sizeof text, "%08lx", crc32_z(0, bytes, size));
    memcpy(digits, text, DIGITS);
}

static void check_error(tdrop_status status, const tdrop_error *error) {
    REQUIRE(error->status == status);
    REQUIRE(error->message[0] != '\0');
    for (const char *c = error->message; *c; c++)
        REQUIRE((unsigned char)*c >= ' ' && *c != 0x7f);
}

static bool same_tensor(const tdrop_tensor *a, const tdrop_tensor *b) {
    size_t count = 1;
    if (strcmp(a->name, b->name) != 0 || a->dims != b->dims) return false;
    for (int d = 0; d < a->dims; d++) {
        if (a->shape[d] != b->shape[d]) return false;
        count *= a->shape[d];
    }
    return count == 0 || memcmp(a->data, b->data, count * sizeof(float)) == 0;
}

/* Reads a file; *size of its bytes, which are to be freed. */
static uint8_t *bytes_of(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    REQUIRE(file && fseek(file, 0, SEEK_END) == 0);
    *size = (size_t)ftell(file);
    uint8_t *bytes = malloc(*size + 1);
    rewind(file);
    REQUIRE(bytes && fread(bytes, 1, *size, file) == *size);
    fclose(file);
    return bytes;
}

/* What was read is written, and read again. */
static void check_round_trip(const tdrop_safetensors *document, const char *path) {
    tdrop_safetensors again;
    tdrop_error error = {TDROP_OK, ""};
    size_t size;
    tdrop_status status = tdrop_safetensors_write(document, path, 1, &error);
    REQUIRE(status == TDROP_OK);
    uint8_t *bytes = bytes_of(path, &size);
    status = tdrop_safetensors_parse(&again, "again", bytes, size, &error);
    REQUIRE(status == TDROP_OK);
    REQUIRE(again.tensor_count == document->tensor_count);
    REQUIRE(again.text_count == document->text_count);
    for (size_t i = 0; i < again.tensor_count; i++)
        REQUIRE(same_tensor(&again.tensors[i], &document->tensors[i]));
    for (size_t i = 0; i < again.text_count; i++) {
        REQUIRE(strcmp(again.texts[i].key, document->texts[i].key) == 0);
        REQUIRE(strcmp(again.texts[i].value, document->texts[i].value) == 0);
    }
    tdrop_safetensors_release(&again);
    free(bytes);
}

/* The file that is written is taken for a model. */
static void check_model(const char *path) {
    tdrop_model *model = NULL;
    tdrop_error error = {TDROP_OK, ""};
    tdrop_status status = tdrop_model_load(&model, path, &error);
    if (status)
        check_error(status, &error);
    else
        REQUIRE(tdrop_model_save(model, path, 1, &error) == TDROP_OK);
    tdrop_model_destroy(model);
}

/* The file that is written is taken for a checkpoint of a fit, which begins as the one in the
 * corpus did. */
static void check_checkpoint(const char *path) {
    static const float values[8][2] = {{0}, {1, 2}, {2, 5}, {4, 4}, {3, 1}, {6, 2}, {1, 7}, {5, 5}};
    const tdrop_fit_options options = {
        .arch = "[1]", .epochs = 2, .batch = 4, .checkpoint = {.resume = path}};
    tdrop_data *data = NULL;
    tdrop_model *model = NULL;
    tdrop_error error = {TDROP_OK, ""};
    REQUIRE(tdrop_data_from_floats(&data, values[0], 8, 2, 2, &error) == TDROP_OK);
    tdrop_status status = tdrop_fit(&model, data, &options, NULL, &error);
    if (status) check_error(status, &error);
    tdrop_model_destroy(model);
    tdrop_data_destroy(data);
}

static char path[64];

static void remove_file(void) {
    remove(path);
}

/* A file in memory, where there is a place for one: the disk would be slow. */
static void choose_path(void) {
    if (path[0]) return;
    const char *folder = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(path, sizeof path, "%s/taildropout-fuzz-%ld", folder, (long)getpid());
    atexit(remove_file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    tdrop_safetensors document = {0};
    tdrop_error error = {TDROP_OK, ""};
    uint8_t *copy = malloc(size ? size : 1);
    REQUIRE(copy);
    if (size) memcpy(copy, bytes, size);
    set_checksum(copy, size);
    tdrop_status status = tdrop_safetensors_parse(&document, "fuzzed", copy, size, &error);
    free(copy);
    if (status) {
        check_error(status, &error);
        REQUIRE(!document.owned && !document.tensors);
        return 0;
    }
    choose_path();
    check_round_trip(&document, path);
    if (tdrop_safetensors_text(&document, "checkpoint_version"))
        check_checkpoint(path);
    else
        check_model(path);
    tdrop_safetensors_release(&document);
    return 0;
}
