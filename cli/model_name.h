/* SPDX-License-Identifier: MIT
 * What a model is called when nobody says it. */
#ifndef TDROP_CLI_MODEL_NAME_H
#define TDROP_CLI_MODEL_NAME_H

/* A file of this folder, called as the data without their endings: "houses.safetensors" of
 * "data/houses.csv.gz" or "data/houses.npz:x", "model.safetensors" of standard input. To be freed;
 * when memory ran out says so and returns NULL. */
char *model_name_of(const char *source);

#endif
