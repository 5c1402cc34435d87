/* SPDX-License-Identifier: MIT */
#include "model/fit_options.h"

#include "base/error.h"
#include "model/loss.h"

#include <stdio.h>

static tdrop_status check_options(const tdrop_fit_options *o, tdrop_error *error) {
    for (size_t i = 0; i < sizeof o->reserved / sizeof *o->reserved; i++)
        if (o->reserved[i])
            return tdrop_fail(error, TDROP_ERROR_RESERVED, "a reserved field is not 0");
    if (!tdrop_schedule_name(o->schedule) || !tdrop_scale_name(o->scale) ||
        !tdrop_task_name(o->task) || !tdrop_optimizer_kind_name(o->optimizer) ||
        !tdrop_missing_name(o->missing) || !tdrop_loss_kind_name(o->loss) ||
        !tdrop_start_name(o->start))
        return tdrop_fail(error, TDROP_ERROR_SIZE,
                          "no such schedule, scaling, task, loss, optimizer, start or way to treat "
                          "missing cells");
    if (!(o->learning_rate >= 0.0 && o->learning_rate <= 1e3))
        return tdrop_fail(error, TDROP_ERROR_SIZE, "learning rate %g is outside (0, 1000]",
                          o->learning_rate);
    if (!(o->balance <= 2.0))
        return tdrop_fail(error, TDROP_ERROR_SIZE, "balance %g is above 2", o->balance);
    if (o->effort > 3)
        return tdrop_fail(error, TDROP_ERROR_SIZE, "effort %u is not 1, 2 or 3",
                          (unsigned)o->effort);
    if (!(o->average < 1.0))
        return tdrop_fail(error, TDROP_ERROR_SIZE, "average %g is not below 1", o->average);
    if (!(o->weight_decay <= 1e3))
        return tdrop_fail(error, TDROP_ERROR_SIZE, "weight decay %g is above 1000",
                          o->weight_decay);
    if (!(o->momentum < 1.0))
        return tdrop_fail(error, TDROP_ERROR_SIZE, "momentum %g is not below 1", o->momentum);
    if (!(o->clip_norm >= 0.0))
        return tdrop_fail(error, TDROP_ERROR_SIZE, "length %g to clip gradients to is below 0",
                          o->clip_norm);
    if (!(o->valid_share >= 0.0 && o->valid_share < 1.0))
        return tdrop_fail(error, TDROP_ERROR_SIZE, "held-out share %g is outside (0, 1)",
                          o->valid_share);
    if (o->valid && (o->valid_share != 0.0 || o->groups))
        return tdrop_fail(
            error, TDROP_ERROR_SIZE,
            "a table of held-out rows, and %s, which would choose some: leave one of the "
            "two out",
            o->groups ? "groups" : "a share");
    if (!(o->checkpoint.every_seconds >= 0.0))
        return tdrop_fail(error, TDROP_ERROR_SIZE, "a checkpoint every %g seconds is not possible",
                          o->checkpoint.every_seconds);
    return TDROP_OK;
}

/* "squared, huber and binary" */
static void list_fitting(tdrop_task task, char *text, size_t size) {
    size_t used = 0, left = 0;
    *text = '\0';
    for (tdrop_loss_kind kind = TDROP_LOSS_SQUARED; tdrop_loss_kind_name(kind); kind++)
        left += tdrop_loss_fits(kind, task);
    for (tdrop_loss_kind kind = TDROP_LOSS_SQUARED; left > 0 && used < size; kind++) {
        if (!tdrop_loss_fits(kind, task)) continue;
        left--;
        used += (size_t)snprintf(text + used, size - used, "%s%s", tdrop_loss_kind_name(kind),
                                 left > 1 ? ", "
                                 : left   ? " and "
                                          : "");
    }
}

static tdrop_status settle_delta(tdrop_fit_options *o, tdrop_error *error) {
    if (o->loss != TDROP_LOSS_HUBER && o->huber_delta != 0.0)
        return tdrop_fail(error, TDROP_ERROR_SIZE,
                          "delta = %g is of the loss huber, but this is %s", o->huber_delta,
                          tdrop_loss_kind_name(o->loss));
    if (o->loss != TDROP_LOSS_HUBER) return TDROP_OK;
    if (o->huber_delta == 0.0) o->huber_delta = 1.0;
    if (!(o->huber_delta >= 1e-30 && o->huber_delta <= 1e30)) /* floats hold these */
        return tdrop_fail(error, TDROP_ERROR_SIZE,
                          "delta = %g of the loss huber is outside [1e-30, 1e30]", o->huber_delta);
    return TDROP_OK;
}

/* The scaling of what an autoencoder gives back. */
static tdrop_status settle_scale(tdrop_fit_options *o, size_t element_size, tdrop_error *error) {
    if (o->task != TDROP_TASK_AUTOENCODE) return TDROP_OK;
    if (o->loss == TDROP_LOSS_COSINE && o->scale == TDROP_SCALE_AUTO) o->scale = TDROP_SCALE_NONE;
    if (o->loss == TDROP_LOSS_BINARY && o->scale == TDROP_SCALE_AUTO)
        o->scale = element_size == 1 ? TDROP_SCALE_BYTE : TDROP_SCALE_MINMAX;
    if (tdrop_loss_takes_scale(o->loss, o->scale)) return TDROP_OK;
    if (o->loss == TDROP_LOSS_COSINE)
        return tdrop_fail(error, TDROP_ERROR_SIZE,
                          "the loss cosine is about rows as they are, but the scaling is %s; take "
                          "none",
                          tdrop_scale_name(o->scale));
    return tdrop_fail(error, TDROP_ERROR_SIZE,
                      "the loss binary is of numbers in [0, 1], but the scaling is standard; "
                      "take none, for data that are, or minmax");
}

/* Loss and delta, and the scaling where the loss decides it. */
static tdrop_status settle_loss(tdrop_fit_options *options, size_t element_size,
                                tdrop_error *error) {
    options->loss = tdrop_loss_resolve(options->loss, options->task);
    if (!tdrop_loss_fits(options->loss, options->task)) {
        char fitting[96];
        list_fitting(options->task, fitting, sizeof fitting);
        return tdrop_fail(
            error, TDROP_ERROR_SIZE, "the loss %s is not one for the task %s, which takes %s",
            tdrop_loss_kind_name(options->loss), tdrop_task_name(options->task), fitting);
    }
    tdrop_status status = settle_delta(options, error);
    return status ? status : settle_scale(options, element_size, error);
}

/* The law, and what it alone has a use for. docs/quality.md says where the values come from. */
static void fill_law_defaults(tdrop_fit_options *o) {
    if (o->no_drop) {
        o->law = (tdrop_law_options){.kind = TDROP_LAW_EXPONENTIAL};
        o->balance = -1.0;
    } else if (o->law.kind == TDROP_LAW_EXPONENTIAL && o->law.p == 0.0) {
        o->law.kind = TDROP_LAW_MIXED;
        o->law.rate = 0.15;
    } else if (o->law.kind == TDROP_LAW_ORIGINAL && o->law.p == 0.0) {
        o->law.p = 0.5;
    }
    if (o->balance == 0.0) o->balance = 0.6;
    if (o->balance < 0.0) o->balance = -1.0;
}

/* Fills in what does not depend on the data. */
static void fill_defaults(tdrop_fit_options *o) {
    fill_law_defaults(o);
    if (!o->batch) o->batch = 64;
    if (o->learning_rate == 0.0) o->learning_rate = 1.5e-3;
    if (o->optimizer == TDROP_OPTIMIZER_AUTO)
        o->optimizer =
            o->task == TDROP_TASK_CLASSIFY ? TDROP_OPTIMIZER_ADAM : TDROP_OPTIMIZER_NADAM;
    if (o->average == 0.0) o->average = 0.995;
    if (o->average < 0.0) o->average = -1.0;
    if (o->weight_decay == 0.0) o->weight_decay = 0.01;
    if (o->momentum == 0.0) o->momentum = 0.9;
    if (o->valid_share == 0.0 && !o->valid) o->valid_share = 0.1;
    if (o->isa == TDROP_ISA_AUTO) o->isa = tdrop_isa_best();
    if (o->checkpoint.every_seconds == 0.0 && !o->checkpoint.every_steps)
        o->checkpoint.every_seconds = 30.0;
}

tdrop_status tdrop_fit_options_resolve(tdrop_fit_options *options, size_t element_size,
                                       tdrop_error *error) {
    tdrop_status status = check_options(options, error);
    if (!status) status = settle_loss(options, element_size, error);
    if (!status) fill_defaults(options);
    return status;
}
