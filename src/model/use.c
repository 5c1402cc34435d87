/* SPDX-License-Identifier: MIT
 * Using a model: encode, decode and predict. */
#include "base/error.h"
#include "base/sizes.h"
#include "model/model.h"
#include "model/runner.h"

#include <string.h>

/* What a pass over rows does with each batch. */
typedef struct use_pass {
    const tdrop_model *model;
    tdrop_runner runner;
    tdrop_encoder encoder; /* of the data; not there when codes are decoded */
    size_t k;
    const float *codes; /* decode: [rows, k] */
    float *out;         /* [rows, width] */
    size_t from_edge, to_edge;
} use_pass;

static tdrop_status check_use(const tdrop_model *model, const tdrop_data *data, size_t first,
                              size_t rows, size_t k, tdrop_error *error) {
    if (k > model->arch.features)
        return tdrop_fail(error, TDROP_ERROR_K, "k = %zu, but this model has %zu features", k,
                          model->arch.features);
    if (!data) return TDROP_OK;
    if (first > data->info.rows || rows > data->info.rows - first)
        return tdrop_fail(error, TDROP_ERROR_SIZE,
                          "%s: %zu rows behind the first %zu, but it has %zu", data->info.name,
                          rows, first, data->info.rows);
    return TDROP_OK;
}

static tdrop_status create_runner(use_pass *use, const tdrop_data *data,
                                  const tdrop_use_options *options, tdrop_error *error) {
    tdrop_use_options resolved;
    tdrop_status status = tdrop_use_resolve(options, &resolved, error);
    if (status) return status;
    tdrop_net_options net = {
        .max_rows = TDROP_USE_BATCH, .isa = resolved.isa, .parallel = resolved.parallel};
    if (data) status = tdrop_encoder_create(&use->encoder, &use->model->encoding, data, error);
    if (status) return status;
    tdrop_feed feed = tdrop_model_feed(use->model, data ? &use->encoder : NULL, NULL);
    status = tdrop_runner_create(&use->runner, &use->model->arch, &feed, &net, error);
    if (!status && tdrop_net_set_parameters(use->runner.net, use->model->parameters, false)) {
        tdrop_runner_clear(&use->runner);
        status = tdrop_fail_memory(error, "network");
    }
    if (status) tdrop_encoder_clear(&use->encoder);
    return status;
}

/* Copies the first `width` of `stride` columns. */
static void copy_columns(size_t rows, size_t width, const float *from, size_t from_stride,
                         float *to, size_t to_stride) {
    for (size_t i = 0; width > 0 && i < rows; i++) /* k = 0 needs no buffer of codes */
        memcpy(to + i * to_stride, from + i * from_stride, width * sizeof *to);
}

/* A batch as the user wants it: codes, rows in the data's units, or probabilities. */
static void write_rows(use_pass *use, size_t first, size_t count) {
    const tdrop_net *net = use->runner.net;
    const tdrop_edge *from = &net->edges[use->to_edge];
    bool codes = use->to_edge == net->tail_edge[0];
    size_t width = codes ? use->k : use->model->info.outputs;
    float *to = use->out + first * width;
    if (!codes) tdrop_runner_finish(&use->runner, count);
    if (codes || use->model->info.task == TDROP_TASK_CLASSIFY)
        copy_columns(count, width, from->values, from->width, to, width);
    else
        tdrop_encoding_undo(tdrop_model_output(use->model), count, from->values, from->width, to);
}

static tdrop_status use_batch(use_pass *use, size_t first, size_t done, size_t count) {
    tdrop_net *net = use->runner.net;
    const tdrop_edge *from = &net->edges[use->from_edge];
    if (use->codes)
        copy_columns(count, use->k, use->codes + done * use->k, use->k, from->values, from->width);
    else
        tdrop_runner_load(&use->runner, NULL, first + done, count);
    tdrop_status status = tdrop_runner_begin_at(&use->runner, count, 0, use->k);
    if (status) return status;
    tdrop_net_forward(net, use->from_edge, use->to_edge);
    write_rows(use, done, count);
    return TDROP_OK;
}

/* All rows, batch by batch. Frees the runner and the encoder. */
static tdrop_status use_rows(use_pass *use, size_t first, size_t rows, tdrop_error *error) {
    tdrop_status status = TDROP_OK;
    for (size_t done = 0, count; done < rows && !status; done += count) {
        count = tdrop_least(rows - done, TDROP_USE_BATCH);
        status = use_batch(use, first, done, count);
    }
    tdrop_runner_clear(&use->runner);
    tdrop_encoder_clear(&use->encoder);
    return status ? tdrop_fail_memory(error, "network") : TDROP_OK;
}

tdrop_status tdrop_model_encode(const tdrop_model *model, const tdrop_data *data, size_t first,
                                size_t rows, size_t k, float *codes,
                                const tdrop_use_options *options, tdrop_error *error) {
    if (!model || !data || (!codes && rows && k))
        return tdrop_fail(error, TDROP_ERROR_NULL, "encode: no model, data or output");
    use_pass use = {.model = model, .k = k, .out = codes};
    tdrop_status status = check_use(model, data, first, rows, k, error);
    if (!status) status = create_runner(&use, data, options, error);
    if (status) return status;
    use.to_edge = use.runner.net->tail_edge[0];
    return use_rows(&use, first, rows, error);
}

tdrop_status tdrop_model_decode(const tdrop_model *model, const float *codes, size_t rows, size_t k,
                                float *values, const tdrop_use_options *options,
                                tdrop_error *error) {
    static const float no_codes[1];
    if (!model || (!codes && rows && k) || (!values && rows))
        return tdrop_fail(error, TDROP_ERROR_NULL, "decode: no model, codes or output");
    use_pass use = {.model = model, .k = k, .codes = codes ? codes : no_codes, .out = values};
    tdrop_status status = check_use(model, NULL, 0, rows, k, error);
    if (!status) status = create_runner(&use, NULL, options, error);
    if (status) return status;
    use.from_edge = use.runner.net->tail_edge[0];
    use.to_edge = use.runner.net->step_count;
    return use_rows(&use, 0, rows, error);
}

tdrop_status tdrop_model_predict(const tdrop_model *model, const tdrop_data *data, size_t first,
                                 size_t rows, size_t k, float *values,
                                 const tdrop_use_options *options, tdrop_error *error) {
    if (!model || !data || (!values && rows))
        return tdrop_fail(error, TDROP_ERROR_NULL, "predict: no model, data or output");
    use_pass use = {.model = model, .k = k, .out = values};
    tdrop_status status = check_use(model, data, first, rows, k, error);
    if (!status) status = create_runner(&use, data, options, error);
    if (status) return status;
    use.to_edge = use.runner.net->step_count;
    return use_rows(&use, first, rows, error);
}

tdrop_status tdrop_model_unseen(const tdrop_model *model, const tdrop_data *data, size_t *count,
                                char *text, size_t size, tdrop_error *error) {
    tdrop_encoder encoder;
    if (!model || !data || !count || (!text && size))
        return tdrop_fail(error, TDROP_ERROR_NULL, "unseen levels: a pointer is NULL");
    tdrop_status status = tdrop_encoder_create(&encoder, &model->encoding, data, error);
    if (status) return status;
    tdrop_encoder_unseen(&encoder, count, text, size);
    tdrop_encoder_clear(&encoder);
    return TDROP_OK;
}
