/* SPDX-License-Identifier: MIT
 * What a model file says of itself beside its tensors: strings, most of them JSON, under the
 * __metadata__ of safetensors. docs/format.md tells it to others. */
#ifndef TDROP_MODEL_MODEL_KEYS_H
#define TDROP_MODEL_MODEL_KEYS_H

#define TDROP_MODEL_VERSION "1"

/* In the order of the file. */
enum {
    TDROP_MODEL_KEY_VERSION, /* by which a model is told from a checkpoint */
    TDROP_MODEL_KEY_TASK,
    TDROP_MODEL_KEY_LOSS,
    TDROP_MODEL_KEY_CLASSES,
    TDROP_MODEL_KEY_TARGETS,
    TDROP_MODEL_KEY_ARCH,
    TDROP_MODEL_KEY_LAW,
    TDROP_MODEL_KEY_SEED,
    TDROP_MODEL_KEY_TRAINING,
    TDROP_MODEL_KEY_COLUMNS,
    TDROP_MODEL_KEY_SCALING,
    TDROP_MODEL_KEY_DATA,
    TDROP_MODEL_KEY_SPLIT,
    TDROP_MODEL_KEY_VALIDATION,
    TDROP_MODEL_KEY_PRUNED_FROM,
    TDROP_MODEL_KEYS
};

extern const char *const tdrop_model_keys[TDROP_MODEL_KEYS];

#endif
