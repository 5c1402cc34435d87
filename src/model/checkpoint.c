/* SPDX-License-Identifier: MIT */
#include "model/checkpoint.h"

#include "base/digits.h"
#include "base/error.h"
#include "data/bytes.h"
#include "model/model_keys.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define CHECKPOINT_VERSION "1"

/* ---------------------------------------------------------------------------------------------
 * The numbers that are not tensors
 */

/* Counts are written in decimal digits, reals as the 16 hex digits of their bits: a loss may be
 * NaN, and each bit counts. */
typedef enum state_type { STATE_U32, STATE_SIZE, STATE_REAL } state_type;

typedef struct state_row {
    const char *key;
    state_type type;
    size_t field; /* offset in tdrop_trainer */
} state_row;

static const state_row state_rows[] = {
    {"step", STATE_SIZE, offsetof(tdrop_trainer, progress.step)},
    {"since_best", STATE_U32, offsetof(tdrop_trainer, since_best)},
    {"seconds", STATE_REAL, offsetof(tdrop_trainer, progress.seconds)},
    {"train_loss", STATE_REAL, offsetof(tdrop_trainer, progress.train_loss)},
    {"valid_loss", STATE_REAL, offsetof(tdrop_trainer, progress.valid_loss)},
    {"best_loss", STATE_REAL, offsetof(tdrop_trainer, progress.best_loss)},
    {"flops", STATE_REAL, offsetof(tdrop_trainer, flops)},
    {"optimizer_steps", STATE_SIZE, offsetof(tdrop_trainer, optimizer.steps)},
    {"optimizer_power1", STATE_REAL, offsetof(tdrop_trainer, optimizer.power1)},
    {"optimizer_power2", STATE_REAL, offsetof(tdrop_trainer, optimizer.power2)},
};
enum { STATES = sizeof state_rows / sizeof *state_rows, STATE_TEXT = 24, MOST_VECTORS = 16 };

static void write_state(const tdrop_trainer *t, const state_row *row, char *text) {
    const char *field = (const char *)t + row->field;
    uint64_t bits;
    uint32_t word;
    size_t size;
    switch (row->type) {
    case STATE_U32:
        memcpy(&word, field, sizeof word);
        snprintf(text, STATE_TEXT, "%" PRIu32, word);
        break;
    case STATE_SIZE:
        memcpy(&size, field, sizeof size);
        snprintf(text, STATE_TEXT, "%zu", size);
        break;
    case STATE_REAL:
        memcpy(&bits, field, sizeof bits);
        snprintf(text, STATE_TEXT, "%016" PRIx64, bits);
        break;
    }
}

static bool read_state(tdrop_trainer *t, const state_row *row, const char *text) {
    char *field = (char *)t + row->field;
    static const uint64_t most[] = {
        [STATE_U32] = UINT32_MAX, [STATE_SIZE] = SIZE_MAX, [STATE_REAL] = UINT64_MAX};
    uint64_t value;
    if (!text ||
        !tdrop_digits_read(text, row->type == STATE_REAL ? 16 : 10, most[row->type], &value))
        return false;
    uint32_t word = (uint32_t)value;
    size_t size = (size_t)value;
    if (row->type == STATE_U32)
        memcpy(field, &word, sizeof word);
    else if (row->type == STATE_SIZE)
        memcpy(field, &size, sizeof size);
    else
        memcpy(field, &value, sizeof value);
    return true;
}

/* ---------------------------------------------------------------------------------------------
 * The tensors: the best weights, every vector of the optimizer but the gradient, which the next
 * step makes anew, and the running loss at each width
 */

typedef struct vector {
    char name[32];
    size_t count;
    float *values;
} vector;

static size_t list_vectors(const tdrop_trainer *t, vector list[MOST_VECTORS]) {
    const tdrop_optimizer *o = &t->optimizer;
    size_t count = 1;
    list[0] = (vector){"best", o->count, t->best};
    for (size_t v = 0; v < o->vectors && count + 1 < MOST_VECTORS; v++) {
        float *values = o->block + v * o->count;
        if (values == o->gradient) continue;
        list[count].count = o->count;
        list[count].values = values;
        snprintf(list[count++].name, sizeof list->name, "optimizer.%zu", v);
    }
    if (t->weights.loss) /* and how many rows it follows, behind it */
        list[count++] = (vector){"width_losses", 2 * t->weights.widths, t->weights.loss};
    return count;
}

/* ---------------------------------------------------------------------------------------------
 * Writing
 */

tdrop_status tdrop_checkpoint_write(const tdrop_trainer *trainer, const char *path,
                                    tdrop_error *error) {
    const tdrop_fit_terms *terms = trainer->terms;
    char state[STATES][STATE_TEXT];
    tdrop_text texts[1 + STATES + TDROP_MOST_TERMS] = {
        {TDROP_CHECKPOINT_VERSION_KEY, CHECKPOINT_VERSION}};
    vector vectors[MOST_VECTORS];
    tdrop_tensor tensors[MOST_VECTORS];
    tdrop_safetensors document = {.tensors = tensors,
                                  .tensor_count = list_vectors(trainer, vectors),
                                  .texts = texts,
                                  .text_count = 1};
    for (size_t i = 0; i < document.tensor_count; i++)
        tensors[i] = (tdrop_tensor){.name = vectors[i].name,
                                    .dims = 1,
                                    .shape = {vectors[i].count},
                                    .data = vectors[i].values};
    memcpy(texts + 1, terms->term, terms->count * sizeof *texts);
    document.text_count += terms->count;
    for (size_t i = 0; i < STATES; i++) {
        write_state(trainer, &state_rows[i], state[i]);
        texts[document.text_count++] = (tdrop_text){state_rows[i].key, state[i]};
    }
    return tdrop_safetensors_write(&document, path, 1, error);
}

/* ---------------------------------------------------------------------------------------------
 * Reading
 */

static tdrop_status check_version(const tdrop_safetensors *document, const char *path,
                                  tdrop_error *error) {
    const char *version = tdrop_safetensors_text(document, TDROP_CHECKPOINT_VERSION_KEY);
    if (!version && tdrop_safetensors_text(document, tdrop_model_keys[TDROP_MODEL_KEY_VERSION]))
        return tdrop_fail(error, TDROP_ERROR_FORMAT,
                          "%s: a model, not a checkpoint: a fit can begin with its weights, but "
                          "not go on from it",
                          path);
    if (!version)
        return tdrop_fail(error, TDROP_ERROR_FORMAT,
                          "%s: a safetensors file, but not a checkpoint of taildropout", path);
    if (strcmp(version, CHECKPOINT_VERSION) != 0)
        return tdrop_fail(error, TDROP_ERROR_FORMAT,
                          "%s: a checkpoint of version %.20s; this program (%s) reads "
                          "version " CHECKPOINT_VERSION,
                          path, version, tdrop_version());
    return TDROP_OK;
}

static tdrop_status wrong_value(const char *path, const char *key, tdrop_error *error) {
    return tdrop_fail(error, TDROP_ERROR_FORMAT, "%s: its '%s' is missing or not what it should be",
                      path, key);
}

static tdrop_status read_states(tdrop_trainer *t, const tdrop_safetensors *document,
                                const char *path, tdrop_error *error) {
    for (size_t i = 0; i < STATES; i++) {
        const state_row *row = &state_rows[i];
        if (!read_state(t, row, tdrop_safetensors_text(document, row->key)))
            return wrong_value(path, row->key, error);
    }
    if (t->progress.step > t->progress.steps) return wrong_value(path, "step", error);
    if (!(t->progress.seconds >= 0.0 && isfinite(t->progress.seconds)))
        return wrong_value(path, "seconds", error);
    if (!(t->flops >= 0.0 && isfinite(t->flops))) return wrong_value(path, "flops", error);
    return TDROP_OK;
}

/* Whether the file has this vector, of finite numbers. */
static bool has_vector(const tdrop_safetensors *document, const char *name, size_t count) {
    const tdrop_tensor *found = tdrop_safetensors_tensor(document, name);
    if (!found || found->dims != 1 || found->shape[0] != count) return false;
    for (size_t i = 0; i < count; i++)
        if (!isfinite(found->data[i])) return false;
    return true;
}

static tdrop_status read_vectors(const tdrop_trainer *t, const tdrop_safetensors *document,
                                 const char *path, tdrop_error *error) {
    vector vectors[MOST_VECTORS];
    size_t count = list_vectors(t, vectors);
    for (size_t i = 0; i < count; i++)
        if (!has_vector(document, vectors[i].name, vectors[i].count))
            return wrong_value(path, vectors[i].name, error);
    if (document->tensor_count != count) return wrong_value(path, "tensors", error);
    for (size_t i = 0; i < count; i++)
        memcpy(vectors[i].values, tdrop_safetensors_tensor(document, vectors[i].name)->data,
               vectors[i].count * sizeof(float));
    return TDROP_OK;
}

static tdrop_status take_over(tdrop_trainer *trainer, const tdrop_safetensors *document,
                              const char *path, tdrop_error *error) {
    tdrop_trainer made = *trainer; /* its vectors are the same */
    tdrop_status status = check_version(document, path, error);
    if (!status) status = tdrop_fit_terms_compare(trainer->terms, document, path, error);
    if (!status) status = read_states(&made, document, path, error);
    if (!status) status = read_vectors(&made, document, path, error);
    if (!status) *trainer = made;
    return status;
}

tdrop_status tdrop_checkpoint_read(tdrop_trainer *trainer, const char *path, tdrop_error *error) {
    tdrop_bytes bytes;
    tdrop_safetensors document;
    tdrop_status status = tdrop_bytes_read(&bytes, path, error);
    if (status) return status;
    status = tdrop_safetensors_parse(&document, path, bytes.data, bytes.size, error);
    tdrop_bytes_release(&bytes);
    if (status) return status;
    status = take_over(trainer, &document, path, error);
    tdrop_safetensors_release(&document);
    return status;
}
