/* SPDX-License-Identifier: MIT */
#include "model/model_keys.h"

const char *const tdrop_model_keys[TDROP_MODEL_KEYS] = {
    [TDROP_MODEL_KEY_VERSION] = "format_version",
    [TDROP_MODEL_KEY_TASK] = "task",
    [TDROP_MODEL_KEY_LOSS] = "loss",
    [TDROP_MODEL_KEY_CLASSES] = "classes",
    [TDROP_MODEL_KEY_TARGETS] = "targets",
    [TDROP_MODEL_KEY_ARCH] = "architecture",
    [TDROP_MODEL_KEY_LAW] = "law",
    [TDROP_MODEL_KEY_SEED] = "seed",
    [TDROP_MODEL_KEY_TRAINING] = "training",
    [TDROP_MODEL_KEY_COLUMNS] = "columns",
    [TDROP_MODEL_KEY_SCALING] = "scaling",
    [TDROP_MODEL_KEY_DATA] = "data",
    [TDROP_MODEL_KEY_SPLIT] = "split",
    [TDROP_MODEL_KEY_VALIDATION] = "validation",
    [TDROP_MODEL_KEY_PRUNED_FROM] = "pruned_from"};
