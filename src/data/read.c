/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "base/memory.h"
#include "data/csv.h"
#include "data/idx.h"
#include "data/npy.h"
#include "data/npz.h"
#include "data/select.h"
#include "data/stream.h"
#include "data/vectors.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Every format that is read; another one is another row. One without a mark of its own is told by
 * the ending of the name, which goes before all marks. */
typedef struct format_reader {
    const char *format, *ending;
    bool (*matches)(const unsigned char *bytes, size_t size);
    tdrop_status (*parse)(tdrop_data **data, const char *name, const unsigned char *bytes,
                          size_t size, const tdrop_data_read_options *options, tdrop_error *error);
} format_reader;

static const format_reader readers[] = {
    {".npy", NULL, tdrop_npy_matches, tdrop_npy_parse},
    {"IDX", NULL, tdrop_idx_matches, tdrop_idx_parse},
    {".fvecs", ".fvecs", NULL, tdrop_fvecs_parse},
    {".fbin", ".fbin", NULL, tdrop_fbin_parse},
    {".csv", NULL, tdrop_csv_matches, tdrop_csv_parse}, /* any text: the last to be asked */
};
enum { READERS = sizeof readers / sizeof *readers, LOOK = 1 << 12 };

static tdrop_status unknown_format(const char *name, tdrop_error *error) {
    char formats[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < READERS && used < sizeof formats; i++)
        used += (size_t)snprintf(formats + used, sizeof formats - used, "%s%s", i ? ", " : "",
                                 readers[i].format);
    return tdrop_fail(error, TDROP_ERROR_FORMAT,
                      "%s: not a format that is read: %s, .npz, each as it is or in gzip", name,
                      formats);
}

/* Whether a name ends so, before a ".gz" that it may have. */
static bool ends_with(const char *name, const char *ending) {
    size_t length = strlen(name), end = strlen(ending);
    if (length > 3 && strcmp(name + length - 3, ".gz") == 0) length -= 3;
    return length >= end && memcmp(name + length - end, ending, end) == 0;
}

/* The reader for a file of that name that begins with these bytes; NULL: there is none. */
static const format_reader *find_reader(const char *name, const tdrop_bytes *bytes) {
    for (size_t i = 0; i < READERS; i++)
        if (readers[i].ending && ends_with(name, readers[i].ending)) return &readers[i];
    for (size_t i = 0; i < READERS; i++)
        if (readers[i].matches && readers[i].matches(bytes->data, bytes->size)) return &readers[i];
    return NULL;
}

static tdrop_status parse(tdrop_data **data, const char *name, const tdrop_bytes *bytes,
                          const tdrop_data_read_options *options, tdrop_error *error) {
    const format_reader *reader = bytes->size ? find_reader(name, bytes) : NULL;
    if (bytes->size == 0) return tdrop_fail(error, TDROP_ERROR_FORMAT, "%s: is empty", name);
    if (!reader) return unknown_format(name, error);
    return reader->parse(data, name, bytes->data, bytes->size, options, error);
}

/* A data set that Debian packages; its name stands for its files. */
static const struct {
    const char *name, *package, *files[2]; /* by tdrop_part */
} data_sets[] = {
    {"fashion-mnist",
     "dataset-fashion-mnist",
     {"/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz",
      "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"}},
    {"fashion-mnist:labels",
     "dataset-fashion-mnist",
     {"/usr/share/datasets/fashion-mnist/train-labels-idx1-ubyte.gz",
      "/usr/share/datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz"}},
};

/* *path: the file that `source` stands for; a path stands for itself. */
static tdrop_status find_path(const char **path, const char *source, tdrop_part part,
                              tdrop_error *error) {
    *path = source;
    for (size_t i = 0; i < sizeof data_sets / sizeof *data_sets; i++) {
        if (strcmp(data_sets[i].name, source) != 0) continue;
        *path = data_sets[i].files[part == TDROP_PART_TEST];
        if (access(*path, F_OK) != 0)
            return tdrop_fail(error, TDROP_ERROR_FILE,
                              "%s: the data set is not installed: apt install %s", source,
                              data_sets[i].package);
    }
    return TDROP_OK;
}

/* "file.npz:name" is an array in an archive, unless there is a file of that name; NULL: none is
 * named. */
static const char *find_array(const char *path) {
    const char *colon = strrchr(path, ':');
    if (!colon || access(path, F_OK) == 0) return NULL;
    size_t length = (size_t)(colon - path);
    return length >= 4 && memcmp(colon - 4, ".npz", 4) == 0 ? colon + 1 : NULL;
}

/* Text is read as it comes, everything else as a whole. `name` is the whole name, with that of the
 * array, if there is one. */
static tdrop_status read_stream(tdrop_data **data, const char *name, tdrop_stream *stream,
                                const char *array, const tdrop_data_read_options *options,
                                tdrop_error *error) {
    tdrop_bytes bytes = {0};
    tdrop_status status = tdrop_stream_read_into(stream, &bytes, LOOK, error);
    const bool archive = array || tdrop_npz_matches(bytes.data, bytes.size);
    const format_reader *reader = find_reader(name, &bytes);
    if (!status && !archive && reader && reader->parse == tdrop_csv_parse) {
        status = tdrop_csv_read(data, name, &bytes, stream, TDROP_CSV_WINDOW, options, error);
    } else {
        if (!status) status = tdrop_stream_read_into(stream, &bytes, SIZE_MAX, error);
        if (!status && archive) status = tdrop_npz_extract(&bytes, stream->name, array, error);
        if (!status) status = parse(data, name, &bytes, options, error);
    }
    tdrop_bytes_release(&bytes);
    return status;
}

/* Whether a list, which may be NULL, has names alone. */
static bool are_names(const char *const *list, size_t count) {
    for (size_t i = 0; list && i < count; i++)
        if (!list[i]) return false;
    return true;
}

static tdrop_status check_options(const tdrop_data_read_options *options, tdrop_error *error) {
    for (size_t i = 0; i < sizeof options->reserved / sizeof *options->reserved; i++)
        if (options->reserved[i])
            return tdrop_fail(error, TDROP_ERROR_RESERVED, "a reserved field is not 0");
    if (!tdrop_missing_name(options->missing))
        return tdrop_fail(error, TDROP_ERROR_SIZE, "no such way to treat missing cells");
    if (!are_names(options->columns, options->column_count) ||
        !are_names(options->drop, options->drop_count) ||
        !are_names(options->targets, options->target_count))
        return tdrop_fail(error, TDROP_ERROR_NULL, "columns to read: a name is NULL");
    return TDROP_OK;
}

tdrop_status tdrop_data_read(tdrop_data **data, const char *source,
                             const tdrop_data_read_options *options, tdrop_error *error) {
    if (!data || !source)
        return tdrop_fail(error, TDROP_ERROR_NULL, "tdrop_data_read: a pointer is NULL");
    const char *path = NULL;
    options = tdrop_read_options(options);
    tdrop_status status = check_options(options, error);
    if (!status) status = find_path(&path, source, options->part, error);
    if (status) return status;
    const char *array = find_array(path);
    char *archive = array ? tdrop_copy_string(path) : NULL;
    if (array && !archive) return tdrop_fail_memory(error, source);
    if (array) archive[array - path - 1] = '\0';
    tdrop_stream stream;
    status = tdrop_stream_open(&stream, archive ? archive : path, true, error);
    if (!status) {
        status = read_stream(data, source, &stream, array, options, error);
        tdrop_stream_close(&stream);
    }
    tdrop_free(archive);
    return status;
}
