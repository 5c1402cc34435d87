/* SPDX-License-Identifier: MIT
 * From data and options to a model: options resolved, rows split, scaling learnt, network trained,
 * validation curve measured. */
#include "base/error.h"
#include "base/memory.h"
#include "base/sizes.h"
#include "model/fit_options.h"
#include "model/held_out.h"
#include "model/model.h"
#include "model/pca.h"
#include "model/pca_start.h"
#include "model/scree.h"
#include "model/train.h"

#include <string.h>

/* Everything that a fit holds until it is done. */
typedef struct fit_state {
    const tdrop_data *data;
    tdrop_fit_options options; /* resolved */
    bool batch_shrunk;
    char *default_arch;
    tdrop_split_kind split_kind;
    tdrop_split split;
    tdrop_arch arch;
    tdrop_encoding encoding;
    tdrop_encoder encoder, valid_encoder; /* the second of options.valid, where that is given */
    tdrop_classes classes;                /* of a classifier, with the class of every row */
    const char *lone_class;               /* of which there is one row */
    tdrop_encoding regression;            /* its targets, which `targets` holds for every row */
    float *targets, *valid_targets;       /* the second of options.valid */
    size_t unseen;                        /* levels of options.valid */
    char unseen_levels[400];
    tdrop_law *laws[TDROP_MOST_TAILS];
    tdrop_fit_terms terms;
    tdrop_trainer trainer;
} fit_state;

static void clear(fit_state *fit) {
    tdrop_trainer_clear(&fit->trainer);
    for (size_t t = 0; t < TDROP_MOST_TAILS; t++)
        tdrop_law_destroy(fit->laws[t]);
    tdrop_classes_clear(&fit->classes);
    tdrop_encoding_clear(&fit->regression);
    tdrop_free(fit->targets);
    tdrop_free(fit->valid_targets);
    tdrop_encoder_clear(&fit->encoder);
    tdrop_encoder_clear(&fit->valid_encoder);
    tdrop_encoding_clear(&fit->encoding);
    tdrop_arch_clear(&fit->arch);
    tdrop_split_clear(&fit->split);
    tdrop_free(fit->default_arch);
}

/* Ten times through the data, or more often through a small table, whose epochs have few steps; so
 * many times as long as the effort says. */
static uint32_t default_epochs(uint32_t effort, size_t rows, size_t batch) {
    enum { LEAST_EPOCHS = 10, LEAST_STEPS = 4000, MOST_FOR_STEPS = 400 };
    static const uint32_t times[] = {1, 1, 3, 12};
    const size_t for_steps = tdrop_divide_up(LEAST_STEPS, tdrop_divide_up(rows, batch));
    return (uint32_t)tdrop_least(tdrop_most(for_steps, LEAST_EPOCHS), MOST_FOR_STEPS) *
           times[effort];
}

static size_t default_features(size_t columns) {
    return tdrop_least(tdrop_most(columns / 2, 1), 64);
}

/* The first class that one row alone has, or NULL. */
static tdrop_status find_lone_class(fit_state *fit, size_t rows, tdrop_error *error) {
    size_t *count = tdrop_alloc_zero(fit->classes.count, sizeof *count);
    if (!count) return tdrop_fail_memory(error, "labels");
    for (size_t i = 0; i < rows; i++)
        count[(size_t)fit->targets[i]]++;
    for (size_t c = 0; c < fit->classes.count && !fit->lone_class; c++)
        if (count[c] == 1) fit->lone_class = fit->classes.name[c];
    tdrop_free(count);
    return TDROP_OK;
}

static tdrop_status find_classes(fit_state *fit, const tdrop_data *target, tdrop_error *error) {
    fit->targets = tdrop_alloc(target->info.rows, sizeof *fit->targets);
    if (!fit->targets) return tdrop_fail_memory(error, "labels");
    tdrop_status status = tdrop_classes_find(&fit->classes, target, error);
    if (!status) status = tdrop_classes_index(&fit->classes, target, fit->targets, error);
    return status ? status : find_lone_class(fit, target->info.rows, error);
}

static tdrop_status find_numbers(fit_state *fit, const tdrop_data *target, tdrop_error *error) {
    const size_t columns = target->info.columns;
    const bool shares = tdrop_loss_of(fit->options.loss)->target_is_share;
    const tdrop_scale scale = shares ? TDROP_SCALE_NONE : fit->options.scale;
    tdrop_status status = tdrop_targets_learn(&fit->regression, scale, target, fit->split.train,
                                              fit->split.train_count, error);
    if (status) return status;
    fit->targets = tdrop_alloc(target->info.rows, columns * sizeof *fit->targets);
    if (!fit->targets) return tdrop_fail_memory(error, "targets");
    return tdrop_targets_read(&fit->regression, shares, target, fit->targets, error);
}

/* Whether there is what the task asks for, a row for each of the data. */
static tdrop_status check_target(tdrop_task task, const tdrop_data *data, const tdrop_data *target,
                                 tdrop_error *error) {
    const size_t rows = data->info.rows;
    if (task == TDROP_TASK_AUTOENCODE) return TDROP_OK;
    if (!target)
        return tdrop_fail(error, TDROP_ERROR_NULL, "%s: no %s are given for %s",
                          tdrop_task_name(task), task == TDROP_TASK_CLASSIFY ? "labels" : "targets",
                          data->info.name);
    if (target->info.rows != rows)
        return tdrop_fail(error, TDROP_ERROR_DATA, "%s has %zu rows, but the %s %s have %zu",
                          data->info.name, rows, task == TDROP_TASK_CLASSIFY ? "labels" : "targets",
                          target->info.name, target->info.rows);
    return TDROP_OK;
}

static tdrop_status split_rows(fit_state *fit, tdrop_error *error) {
    const tdrop_fit_options *o = &fit->options;
    tdrop_split_rule rule = {.name = fit->data->info.name,
                             .share = o->valid_share,
                             .seed = o->split_seed,
                             .groups = o->groups};
    if (o->valid) {
        fit->split_kind = TDROP_SPLIT_TABLE;
        return tdrop_split_of_tables(&fit->split, fit->data->info.rows, o->valid->info.rows, error);
    }
    if (o->groups) {
        fit->split_kind = TDROP_SPLIT_GROUPS;
    } else if (o->task == TDROP_TASK_CLASSIFY) {
        fit->split_kind = TDROP_SPLIT_CLASSES;
        rule.class_of = fit->targets;
        rule.classes = fit->classes.count;
    }
    return tdrop_split_make(&fit->split, fit->data->info.rows, &rule, error);
}

static tdrop_status check_valid(const fit_state *fit, tdrop_error *error) {
    const tdrop_data *valid = fit->options.valid, *data = fit->data;
    if (!valid) return TDROP_OK;
    if (valid->info.hash == data->info.hash && valid->info.rows == data->info.rows)
        return tdrop_fail(error, TDROP_ERROR_DATA,
                          "%s: holds what is trained on, so nothing would be held out; give other "
                          "rows",
                          valid->info.name);
    return check_target(fit->options.task, valid, fit->options.valid_target, error);
}

/* The targets of the rows of options.valid. */
static tdrop_status find_valid_targets(fit_state *fit, tdrop_error *error) {
    const tdrop_data *target = fit->options.valid_target;
    const tdrop_task task = fit->options.task;
    if (!fit->options.valid || task == TDROP_TASK_AUTOENCODE) return TDROP_OK;
    const bool shares = tdrop_loss_of(fit->options.loss)->target_is_share;
    const size_t columns = task == TDROP_TASK_CLASSIFY ? 1 : fit->regression.columns;
    fit->valid_targets = tdrop_alloc(target->info.rows, columns * sizeof *fit->valid_targets);
    if (!fit->valid_targets) return tdrop_fail_memory(error, "targets");
    return task == TDROP_TASK_CLASSIFY
               ? tdrop_classes_index(&fit->classes, target, fit->valid_targets, error)
               : tdrop_targets_read(&fit->regression, shares, target, fit->valid_targets, error);
}

/* What the rows should give, where that is not the row itself, and which are held out: that goes by
 * classes, while numbers are learnt from the training rows. */
static tdrop_status find_targets_and_split(fit_state *fit, tdrop_error *error) {
    const tdrop_task task = fit->options.task;
    tdrop_status status = check_target(task, fit->data, fit->options.target, error);
    if (!status) status = check_valid(fit, error);
    if (!status && task == TDROP_TASK_CLASSIFY)
        status = find_classes(fit, fit->options.target, error);
    if (!status) status = split_rows(fit, error);
    if (!status && task == TDROP_TASK_REGRESS)
        status = find_numbers(fit, fit->options.target, error);
    return status ? status : find_valid_targets(fit, error);
}

/* How many outputs the task asks for. */
static size_t count_outputs(const fit_state *fit) {
    switch (fit->options.task) {
    case TDROP_TASK_CLASSIFY:
        return fit->classes.count;
    case TDROP_TASK_REGRESS:
        return fit->regression.inputs;
    default:
        return fit->encoding.inputs;
    }
}

/* Whether the network can begin with the weights of options.init. */
static tdrop_status check_init(const fit_state *fit, tdrop_error *error) {
    const tdrop_model *init = fit->options.init;
    if (!init) return TDROP_OK;
    if (init->info.task != fit->options.task)
        return tdrop_fail(error, TDROP_ERROR_ARCH,
                          "the model to begin with is for the task %s, this fit is for %s",
                          tdrop_task_name(init->info.task), tdrop_task_name(fit->options.task));
    if (strcmp(init->arch.text, fit->arch.text) != 0)
        return tdrop_fail(error, TDROP_ERROR_ARCH,
                          "the model to begin with is %.300s, this fit is %.300s; they have to be "
                          "the same",
                          init->arch.text, fit->arch.text);
    for (size_t i = 0; i < fit->classes.count; i++)
        if (strcmp(init->classes.name[i], fit->classes.name[i]) != 0)
            return tdrop_fail(error, TDROP_ERROR_ARCH,
                              "class %zu of the model to begin with is %s, here it is %s; the "
                              "classes have to be the same",
                              i + 1, init->classes.name[i], fit->classes.name[i]);
    return TDROP_OK;
}

static tdrop_status resolve_arch(fit_state *fit, tdrop_error *error) {
    size_t columns = fit->encoding.inputs;
    size_t outputs = count_outputs(fit);
    size_t features = fit->options.features ? fit->options.features : default_features(columns);
    const char *text = fit->options.arch;
    const tdrop_model *init = fit->options.init;
    if (init && !text && !fit->options.features && init->arch.inputs == columns &&
        init->arch.outputs == outputs)
        return tdrop_arch_with_features(&fit->arch, &init->arch, 0, init->arch.features, error);
    if (!text) {
        if (features > INT32_MAX / 16)
            return tdrop_fail(error, TDROP_ERROR_SIZE, "%zu features are too many; ask for fewer",
                              features);
        text = fit->default_arch =
            tdrop_arch_default_text(columns, features, !fit->options.no_drop);
    }
    if (!text) return tdrop_fail_memory(error, "architecture");
    tdrop_status status = tdrop_arch_parse(&fit->arch, text, columns, outputs, false, error);
    if (status && text == fit->default_arch && status != TDROP_ERROR_MEMORY)
        return tdrop_fail(
            error, TDROP_ERROR_SIZE,
            "%zu features are too many: the network made for them would be too large; "
            "ask for fewer, or give an architecture",
            features);
    if (status) return status;
    if (fit->options.features && fit->options.features != fit->arch.features)
        return tdrop_fail(error, TDROP_ERROR_ARCH,
                          "architecture '%s' has %zu features at its tail, but %zu are asked for; "
                          "give one of the two",
                          text, fit->arch.features, fit->options.features);
    return TDROP_OK;
}

/* The start that AUTO stands for, and whether the network can begin as PCA where that is asked for.
 */
static tdrop_status resolve_start(fit_state *fit, tdrop_error *error) {
    tdrop_fit_options *o = &fit->options;
    const bool suits = tdrop_pca_start_suits(&fit->arch, o->task, o->loss);
    if (o->init && o->start == TDROP_START_PCA)
        return tdrop_fail(error, TDROP_ERROR_ARCH,
                          "a model to begin with, and a start from PCA: leave one of the two out");
    if (o->start == TDROP_START_AUTO)
        o->start = suits && !o->init ? TDROP_START_PCA : TDROP_START_RANDOM;
    if (o->start == TDROP_START_RANDOM || suits) return TDROP_OK;
    return tdrop_fail(
        error, TDROP_ERROR_ARCH,
        "%.300s under the loss %s cannot begin as PCA: that takes an autoencoder with "
        "one tail, no logits, and relu or gelu behind hidden layers at least %zu wide",
        fit->arch.text, tdrop_loss_kind_name(o->loss), 2 * fit->arch.features);
}

static tdrop_status create_law(fit_state *fit, size_t tail, tdrop_error *error) {
    const tdrop_law_options *law = &fit->options.law;
    size_t n = fit->arch.tails[tail].features;
    tdrop_status status = tdrop_law_create(&fit->laws[tail], n, law);
    if (status == TDROP_ERROR_K_MIN && law->k_min > n)
        return tdrop_fail(error, status, "k_min = %u is above the %zu features", law->k_min, n);
    if (status == TDROP_ERROR_K_MIN)
        return tdrop_fail(error, status,
                          "k_min = %u of %zu features leaves at most %g to drop, but p = %g; lower "
                          "one of them",
                          law->k_min, n, 1.0 - (double)law->k_min / (double)n, law->p);
    if (status == TDROP_ERROR_WEIGHTS)
        return tdrop_fail(error, status,
                          "the law's table has %zu weights; %zu are needed for k = 0 to %zu, none "
                          "negative, not all zero",
                          law->weight_count, n + 1, n);
    if (status == TDROP_ERROR_P)
        return tdrop_fail(error, status, "p = %g is outside [0, 1]", law->p);
    if (status == TDROP_ERROR_RATE)
        return tdrop_fail(error, status, "rate %g is outside [0, 1]", law->rate);
    if (status) tdrop_fail(error, status, "law of k: %s", tdrop_status_text(status));
    return status;
}

/* Rows of a table as the network sees them. */
static tdrop_status create_encoder(const fit_state *fit, tdrop_encoder *encoder,
                                   const tdrop_data *data, tdrop_error *error) {
    const tdrop_fit_options *o = &fit->options;
    tdrop_status status = tdrop_encoder_create(encoder, &fit->encoding, data, error);
    if (!status && o->task == TDROP_TASK_AUTOENCODE && tdrop_loss_of(o->loss)->target_is_share)
        status = tdrop_check_shares(encoder, error);
    return status;
}

static tdrop_status encode_data(fit_state *fit, tdrop_error *error) {
    const tdrop_fit_options *o = &fit->options;
    tdrop_status status = tdrop_encoding_learn(&fit->encoding, o->scale, o->missing, fit->data,
                                               fit->split.train, fit->split.train_count, error);
    fit->encoding.unit_rows = o->loss == TDROP_LOSS_COSINE;
    return status ? status : create_encoder(fit, &fit->encoder, fit->data, error);
}

static tdrop_status encode_valid(fit_state *fit, tdrop_error *error) {
    tdrop_status status = create_encoder(fit, &fit->valid_encoder, fit->options.valid, error);
    if (!status)
        tdrop_encoder_unseen(&fit->valid_encoder, &fit->unseen, fit->unseen_levels,
                             sizeof fit->unseen_levels);
    return status;
}

/* What the network is fed with where rows are trained on, and where they are held out. */
static tdrop_feed feed_of_training(const fit_state *fit) {
    return (tdrop_feed){.task = fit->options.task,
                        .encoder = &fit->encoder,
                        .targets = fit->targets,
                        .loss = fit->options.loss,
                        .huber_delta = fit->options.huber_delta};
}

static tdrop_feed feed_of_validation(const fit_state *fit) {
    tdrop_feed feed = feed_of_training(fit);
    if (!fit->options.valid) return feed;
    feed.encoder = &fit->valid_encoder;
    feed.targets = fit->valid_targets;
    return feed;
}

/* All that comes before training. */
static tdrop_status prepare(fit_state *fit, tdrop_error *error) {
    tdrop_fit_options *o = &fit->options;
    tdrop_status status = tdrop_fit_options_resolve(o, fit->data->info.element_size, error);
    if (!status) status = find_targets_and_split(fit, error);
    if (!status) status = encode_data(fit, error);
    if (!status && o->valid) status = encode_valid(fit, error);
    if (!status) status = resolve_arch(fit, error);
    if (!status) status = check_init(fit, error);
    if (!status) status = resolve_start(fit, error);
    for (size_t t = 0; t < fit->arch.tail_count && !status; t++)
        status = create_law(fit, t, error);
    if (status) return status;
    o->arch = fit->arch.text;
    o->features = fit->arch.features;
    o->scale = fit->encoding.scaling.kind;
    fit->batch_shrunk = o->batch > fit->split.train_count;
    if (fit->batch_shrunk) o->batch = fit->split.train_count;
    if (!o->epochs) o->epochs = default_epochs(o->effort, fit->split.train_count, o->batch);
    const tdrop_feed feed = feed_of_training(fit), valid_feed = feed_of_validation(fit);
    status = tdrop_trainer_create(&fit->trainer, o, &fit->arch, &feed, &valid_feed, &fit->split,
                                  (const tdrop_law *const *)fit->laws, error);
    if (status) return status;
    tdrop_fit_terms_make(&fit->terms, o, fit->data);
    fit->trainer.terms = &fit->terms;
    return tdrop_trainer_resume(&fit->trainer, error);
}

static void tell_settings(const fit_state *fit, const tdrop_fit_observer *observer) {
    if (!observer || !observer->settings) return;
    tdrop_fit_settings settings = {.options = fit->options,
                                   .arch = fit->arch.text,
                                   .classes = fit->classes.count,
                                   .split = fit->split_kind,
                                   .rows_train = fit->split.train_count,
                                   .rows_valid = fit->split.valid_count,
                                   .columns = fit->data->info.columns,
                                   .inputs = fit->encoding.inputs,
                                   .features = fit->arch.features,
                                   .parameters = fit->arch.parameters,
                                   .steps = fit->trainer.progress.steps,
                                   .constant_columns = fit->encoding.scaling.constant_columns,
                                   .batch_shrunk = fit->batch_shrunk,
                                   .lone_class = fit->lone_class,
                                   .unseen = fit->unseen,
                                   .unseen_levels = fit->unseen_levels};
    observer->settings(observer->context, &settings);
}

static void tell_resumed(const fit_state *fit, const tdrop_fit_observer *observer) {
    const char *path = fit->options.checkpoint.resume;
    if (!path || !observer || !observer->checkpoint) return;
    const tdrop_fit_checkpoint told = {.path = path,
                                       .resumed = true,
                                       .progress = &fit->trainer.progress,
                                       .done = tdrop_trainer_is_done(&fit->trainer)};
    observer->checkpoint(observer->context, &told);
}

static tdrop_status measure_curve(const fit_state *fit, tdrop_model *model, tdrop_error *error) {
    const tdrop_split *split = &fit->split;
    tdrop_use_options use = {.isa = fit->options.isa, .parallel = fit->options.parallel};
    size_t n = model->arch.features;
    tdrop_pca pca;
    tdrop_curve curve;
    const tdrop_feed feed = feed_of_validation(fit);
    tdrop_sample sample = {feed.encoder, split->valid, split->valid_count, feed.targets};
    bool with_pca = fit->options.task == TDROP_TASK_AUTOENCODE &&
                    fit->options.loss == TDROP_LOSS_SQUARED &&
                    fit->encoding.inputs <= TDROP_PCA_MOST_COLUMNS;
    if (tdrop_curve_create(&curve, n, with_pca, model->info.metric != NULL))
        return tdrop_fail_memory(error, "curve");
    tdrop_model_set_curve(model, &curve, split->valid_count);
    tdrop_status status = tdrop_scree_measure(model, &sample, 0, 0, n, &curve, &use, error);
    if (status || !with_pca) return status;
    status = tdrop_pca_fit(&pca, &fit->encoder, split->train, split->train_count, n, &use, error);
    if (status) return status;
    status = tdrop_pca_loss(&pca, feed.encoder, split->valid, split->valid_count, n, curve.pca,
                            &use, error);
    tdrop_pca_clear(&pca);
    return status;
}

static void describe(const fit_state *fit, tdrop_model_info *info) {
    const tdrop_data_info *data = &fit->data->info;
    const tdrop_fit_options *o = &fit->options;
    const tdrop_fit_progress *progress = &fit->trainer.progress;
    info->item_dims = data->item_dims;
    memcpy(info->item_shape, data->item_shape, sizeof info->item_shape);
    info->seed = o->seed;
    info->data_hash = data->hash;
    info->data_rows = data->rows;
    info->valid_share = o->valid_share;
    info->split_seed = o->split_seed;
    info->split = fit->split_kind;
    if (fit->split_kind == TDROP_SPLIT_CLASSES)
        info->split_hash = tdrop_hash_classes(fit->targets, data->rows);
    if (fit->split_kind == TDROP_SPLIT_GROUPS) info->split_hash = fit->split.groups_hash;
    if (fit->split_kind == TDROP_SPLIT_TABLE) info->split_hash = o->valid->info.hash;
    info->epochs = progress->epoch + 1;
    info->flops = fit->trainer.flops;
}

/* By the name of their column or, where it has none, of their table. */
static tdrop_status name_groups(const fit_state *fit, tdrop_model *model) {
    const tdrop_data *groups = fit->options.groups;
    tdrop_column_info column;
    if (!groups) return TDROP_OK;
    tdrop_status status = tdrop_data_get_column(groups, 0, &column);
    return status ? status
                  : tdrop_model_name_groups(model, column.name ? column.name : groups->info.name);
}

/* The trained network as a model of its own. */
static tdrop_status make_model(fit_state *fit, tdrop_model **model, tdrop_error *error) {
    tdrop_model *made;
    tdrop_status status =
        tdrop_model_create(&made, &fit->arch, fit->arch.features, &fit->encoding, error);
    if (status) return status;
    memcpy(made->parameters, fit->trainer.best, made->arch.parameters * sizeof(float));
    describe(fit, &made->info);
    if (tdrop_model_name_data(made, fit->data->info.name) || name_groups(fit, made) ||
        (fit->options.valid && tdrop_model_name_valid(made, fit->options.valid->info.name)) ||
        tdrop_model_set_law(made, &fit->options.law) ||
        (fit->classes.count && tdrop_model_set_classes(made, &fit->classes)) ||
        (fit->regression.columns && tdrop_model_set_targets(made, &fit->regression)))
        status = tdrop_fail_memory(error, "model");
    if (!status) {
        tdrop_model_set_loss(made, fit->options.loss, fit->options.huber_delta);
        status = measure_curve(fit, made, error);
    }
    if (status)
        tdrop_model_destroy(made);
    else
        *model = made;
    return status;
}

tdrop_status tdrop_fit(tdrop_model **model, const tdrop_data *data,
                       const tdrop_fit_options *options, const tdrop_fit_observer *observer,
                       tdrop_error *error) {
    if (!model || !data) return tdrop_fail(error, TDROP_ERROR_NULL, "fit: no data or result");
    fit_state fit = {.data = data};
    if (options) fit.options = *options;
    tdrop_status status = prepare(&fit, error);
    if (!status) {
        tell_settings(&fit, observer);
        tell_resumed(&fit, observer);
        status = tdrop_trainer_run(&fit.trainer, observer, error);
    }
    if (!status) status = make_model(&fit, model, error);
    clear(&fit);
    return status;
}
