/* SPDX-License-Identifier: MIT
 * taildropout fit: data in, an ordered model out. */
#include "checkpoints.h"
#include "choice.h"
#include "command.h"
#include "compute.h"
#include "curve_table.h"
#include "curve_text.h"
#include "fit_log.h"
#include "fit_text.h"
#include "inputs.h"
#include "interrupt.h"
#include "law_text.h"
#include "loss_text.h"
#include "message.h"
#include "model_name.h"
#include "number.h"
#include "output_file.h"
#include "progress.h"
#include "report_html.h"
#include "report_json.h"
#include "shell_word.h"
#include "target_scores.h"
#include "task_choice.h"
#include "term_option.h"
#include "verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Longer architectures are not shown again under an error. */
enum { MOST_ARCH_SHOWN = 200 };

/* Rows of the table of files, the last of zeros. */
enum { MOST_FILES = 13 };

typedef struct fit_settings {
    const char *data, *model, *arch, *json, *html, *law, *loss;
    uint64_t features, k_min, effort, epochs, batch, patience, seed, split_seed;
    uint64_t warm_up;
    double weight_decay, momentum, clip_norm;
    double p; /* below 0: not given */
    double balance, learning_rate, average;
    const char *valid; /* as given */
    const char *valid_target;
    double valid_share; /* 0: not given */
    int task;           /* 0: not given */
    int schedule, optimizer, scale, missing, independent, no_center, start, keep_last, force;
    table_settings table;
    compute_settings compute;
    checkpoint_settings checkpoint;
    const char *init, *log;
    double time_limit; /* seconds; 0: not given */
    int quiet, verbose;
} fit_settings;

/* The tasks, behind one that is not to be written: none given. */
static const char *task_named(int number) {
    return number == 0 ? "auto" : tdrop_task_name((tdrop_task)(number - 1));
}

static const char *schedule_choice(int number) {
    return tdrop_schedule_name((tdrop_schedule)number);
}

static const char *loss_choice(int number) {
    return tdrop_loss_kind_name((tdrop_loss_kind)number);
}

static const char *start_choice(int number) {
    return tdrop_start_name((tdrop_start)number);
}

static const char *optimizer_choice(int number) {
    return tdrop_optimizer_kind_name((tdrop_optimizer_kind)number);
}

static const char *missing_choice(int number) {
    return tdrop_missing_name((tdrop_missing)number);
}

static const char *scale_choice(int number) {
    return tdrop_scale_name((tdrop_scale)number);
}

#define AT(member) .field = offsetof(fit_settings, member)

static const operand_row operands[] = {{"DATA", offsetof(fit_settings, data), OPERAND_HELP_DATA},
                                       {0}};

static const option_row options[] = {
    {.name = "output",
     .letter = 'o',
     .type = OPTION_TEXT,
     .value = "MODEL",
     AT(model),
     .help = "file for the model (default: called as DATA, here)"},
    {.name = "target",
     .type = OPTION_TEXT,
     .value = "A,B,...|FILE",
     AT(table.target),
     .help = "what to predict, a column of DATA or else a file: labels, as numbers or text, make a "
             "classifier, other numbers and several columns a regression"},
    {.name = "task",
     .type = OPTION_CHOICE,
     .value = "TASK",
     AT(task),
     .choice = task_named,
     .help = "what to fit (default auto: as the target asks, autoencode without one)"},
    OPTION_ROWS_TABLE(fit_settings),
    {.name = "missing",
     .type = OPTION_CHOICE,
     .value = "HOW",
     AT(missing),
     .choice = missing_choice,
     .help = "cells in which nothing stands (empty, NA, NaN, null): error (default); mean, of the "
             "column; mask, the same, and the loss leaves them out"},
    {.name = "loss",
     .type = OPTION_TEXT,
     .value = "NAME",
     AT(loss),
     .choice = loss_choice,
     .help = "what is minimised (default auto, by the task): squared, huber[:DELTA] (1) or, of "
             "numbers in [0, 1], binary; of an autoencoder also cosine, of directions; of a "
             "classifier cross-entropy"},
    {.name = "arch",
     .type = OPTION_TEXT,
     .value = "SPEC",
     AT(arch),
     .help = "architecture between input and output, as 512-256-[64]-256-512; the width in "
             "brackets is n, the number of ordered features (default: made from --features)"},
    {.name = "features",
     .type = OPTION_COUNT,
     .value = "N",
     AT(features),
     .least = 1,
     .most = INT32_MAX,
     .help = "ordered features, n (default: the smaller of 64 and half the columns)"},
    {.name = "law",
     .type = OPTION_TEXT,
     .value = "NAME[:RATE|:FILE]",
     AT(law),
     .help = "how k is drawn in training: mixed[:SHARE] (default; 0.15 of the rows keep all), "
             "exponential, original, geometric:RATE, uniform, log-uniform, pow2 or table:FILE "
             "(n + 1 weights)"},
    {.name = "k-min",
     .type = OPTION_COUNT,
     .value = "K",
     AT(k_min),
     .most = INT32_MAX,
     .help = "never keep fewer than K features in training (default 0)"},
    {.name = "p",
     .type = OPTION_REAL,
     .value = "P",
     AT(p),
     .low = 0,
     .high = 1,
     .closed = 1,
     .help =
         "share of the features dropped on average, under the laws exponential (the law when only "
         "P is given) and original (default 0.5); with 0 nothing is dropped and nothing is "
         "ordered"},
    {.name = "independent",
     AT(independent),
     .help = "draw k for each row on its own (default: evenly spread over the batch)"},
    {.name = "balance",
     .type = OPTION_REAL,
     .value = "POWER",
     AT(balance),
     .low = 0,
     .high = 2,
     .none = "none",
     .help = "divide each row's loss by the running loss at its k to this power, or none (default "
             "0.6); with 1 every width has the same say"},
    {.name = "effort",
     .type = OPTION_COUNT,
     .value = "1|2|3",
     AT(effort),
     .least = 1,
     .most = 3,
     .help = "how long to train: 1 (default), 2 three times, 3 twelve times as long"},
    {.name = "epochs",
     .type = OPTION_COUNT,
     .value = "N",
     AT(epochs),
     .least = 1,
     .most = 1000000000,
     .help = "times through the data (default 10, of a small table as many as 4,000 steps take, at "
             "most 400; times 3 or 12 with more --effort)"},
    {.name = "batch",
     .type = OPTION_COUNT,
     .value = "N",
     AT(batch),
     .least = 1,
     .most = INT32_MAX,
     .help = "rows in a step (default 64)"},
    {.name = "lr",
     .type = OPTION_REAL,
     .value = "X",
     AT(learning_rate),
     .help = "highest learning rate (default 0.0015)"},
    {.name = "schedule",
     .type = OPTION_CHOICE,
     .value = "NAME",
     AT(schedule),
     .choice = schedule_choice,
     .help = "course of the learning rate (default one-cycle)"},
    {.name = "average",
     .type = OPTION_REAL,
     .value = "DECAY",
     AT(average),
     .low = 0,
     .high = 1,
     .none = "none",
     .help = "decay of the running average of the weights, or none (default 0.995)"},
    {.name = "optimizer",
     .type = OPTION_CHOICE,
     .value = "NAME",
     AT(optimizer),
     .choice = optimizer_choice,
     .help = "how steps follow from gradients (default auto: nadam, of a classifier adam)"},
    {.name = "weight-decay",
     .type = OPTION_REAL,
     .value = "X",
     AT(weight_decay),
     .low = 0,
     .high = 1000,
     .none = "none",
     .help = "of adamw: share by which each step shrinks the weights, times the rate, or none "
             "(default 0.01)"},
    {.name = "momentum",
     .type = OPTION_REAL,
     .value = "X",
     AT(momentum),
     .low = 0,
     .high = 1,
     .none = "none",
     .help = "of sgd: share of the last step that goes on, or none (default 0.9)"},
    {.name = "clip",
     .type = OPTION_REAL,
     .value = "LENGTH",
     AT(clip_norm),
     .help = "shorten a longer gradient to this length (default: none)"},
    {.name = "warm-up",
     .type = OPTION_COUNT,
     .value = "STEPS",
     AT(warm_up),
     .help = "steps over which the learning rate rises to the first of its course (default 0)"},
    {.name = "no-center",
     AT(no_center),
     .help = "do not train as though the inputs had mean 0, which is faster where they are far "
             "from it"},
    {.name = "start",
     .type = OPTION_CHOICE,
     .value = "NAME",
     AT(start),
     .choice = start_choice,
     .help = "first weights: random ones, or such that the network is PCA, from which it gets "
             "further, at large k above all (default auto: pca where the network allows it)"},
    {.name = "keep-last",
     AT(keep_last),
     .help = "keep the weights of the last epoch (default: of the epoch with the lowest held-out "
             "loss)"},
    {.name = "patience",
     .type = OPTION_COUNT,
     .value = "N",
     AT(patience),
     .most = UINT32_MAX,
     .help = "stop after N epochs without a better held-out loss (default 0: never)"},
    {.name = "seed",
     .type = OPTION_COUNT,
     .value = "S",
     AT(seed),
     .help = "of the first weights, the order of the rows and k (default 0); the same seed gives "
             "the same model"},
    {.name = "split-seed",
     .type = OPTION_COUNT,
     .value = "S",
     AT(split_seed),
     .help = "of the choice of held-out rows (default 0)"},
    OPTION_ROW_GROUP(fit_settings,
                     "column of DATA whose rows with the same cell are never parted: all "
                     "held out or all trained on"),
    {.name = "valid",
     .type = OPTION_TEXT,
     .value = "SHARE|FILE",
     AT(valid),
     .help = "share of the rows held out, of a classifier that of each label's rows (default "
             "0.1); or a table of held-out rows, with the columns of DATA, which is then all "
             "trained on"},
    {.name = "valid-target",
     .type = OPTION_TEXT,
     .value = "A,B,...|FILE",
     AT(valid_target),
     .help = "what --target is, of the table of --valid (default: its columns of the same names)"},
    {.name = "scale",
     .type = OPTION_CHOICE,
     .value = "HOW",
     AT(scale),
     .choice = scale_choice,
     .help = "scaling of the data, learnt from the training rows (default auto: bytes by 255, "
             "other numbers by their standard deviation)"},
    OPTION_ROWS_COMPUTE(fit_settings),
    {.name = "init",
     .type = OPTION_TEXT,
     .value = "FILE",
     AT(init),
     .help = "begin with the weights of this model, and its architecture"},
    {.name = "checkpoint",
     .type = OPTION_TEXT,
     .value = "FILE",
     AT(checkpoint.path),
     .help = "keep in FILE what it takes to go on after a stop"},
    {.name = "every",
     .type = OPTION_INTERVAL,
     .value = "30s|500steps",
     AT(checkpoint.every),
     .help = "how often a checkpoint is written (default 30s)"},
    {.name = "resume",
     .type = OPTION_TEXT,
     .value = "FILE",
     AT(checkpoint.resume),
     .help = "go on from such a file; may be that of --checkpoint"},
    {.name = "time-limit",
     .type = OPTION_DURATION,
     .value = "TIME",
     AT(time_limit),
     .help = "stop after this time, as 30m, and keep the best model so far"},
    {.name = "log",
     .type = OPTION_TEXT,
     .value = "FILE",
     AT(log),
     .help = "write a line of JSON for each epoch"},
    {.name = "quiet", AT(quiet), .help = "say only what is wrong"},
    {.name = "verbose", AT(verbose), .help = "say a line for each epoch and each checkpoint"},
    {.name = "json",
     .type = OPTION_TEXT,
     .value = "FILE",
     AT(json),
     .help = "write what the training came to as JSON; - for standard output"},
    {.name = "html",
     .type = OPTION_TEXT,
     .value = "FILE",
     AT(html),
     .help = "write a report as one page for a browser: the curve, and held-out rows with a slider "
             "for k"},
    {.name = "force", AT(force), .help = "overwrite outputs that exist"},
    {0},
};

/* A fit while it runs. */
typedef struct fit_job {
    fit_settings settings;
    const char *command; /* as it was typed */
    compute compute;
    tdrop_loss_kind loss;
    double huber_delta; /* 0: the default */
    tdrop_law_options law;
    double *law_weights;
    tdrop_data *data;
    tdrop_data *target;               /* of a classifier or a regression */
    tdrop_data *valid, *valid_target; /* of --valid FILE; NULL: none */
    tdrop_data *groups;               /* of the rows; NULL: none */
    char *model_name;                 /* when none was given */
    tdrop_model *init;                /* to begin with; NULL: none */
    task_choice choice;
    tdrop_model *model;
    FILE *report;
    char *go_on; /* the command that goes on from the checkpoint; NULL: not asked yet */
    progress progress;
    checkpoints checkpoints;
    fit_log log;
    const char *stopped; /* what stopped it, NULL: nothing */
    uint32_t epochs_done, epochs;
    double seconds; /* of the training alone */
} fit_job;

static tdrop_fit_options fit_options_of(const fit_job *job) {
    const fit_settings *s = &job->settings;
    return (tdrop_fit_options){
        .task = job->choice.task,
        .target = job->target,
        .groups = job->groups,
        .loss = job->loss,
        .huber_delta = job->huber_delta,
        .arch = s->arch,
        .features = s->features,
        .law = job->law,
        .no_drop = s->p == 0,
        .independent = s->independent,
        .balance = s->balance,
        .effort = (uint32_t)s->effort,
        .epochs = (uint32_t)s->epochs,
        .batch = s->batch,
        .learning_rate = s->learning_rate,
        .schedule = (tdrop_schedule)s->schedule,
        .average = s->average,
        .optimizer = (tdrop_optimizer_kind)s->optimizer,
        .weight_decay = s->weight_decay,
        .momentum = s->momentum,
        .clip_norm = s->clip_norm,
        .warm_up = s->warm_up,
        .no_center = s->no_center,
        .start = (tdrop_start)s->start,
        .keep_last = s->keep_last,
        .patience = (uint32_t)s->patience,
        .seed = s->seed,
        .valid_share = s->valid_share,
        .valid = job->valid,
        .valid_target = job->valid_target,
        .split_seed = s->split_seed,
        .scale = (tdrop_scale)s->scale,
        .missing = (tdrop_missing)s->missing,
        .isa = (tdrop_isa)s->compute.isa,
        .parallel = &job->compute.parallel,
        .init = job->init,
        .checkpoint = checkpoints_options(&s->checkpoint),
    };
}

/* ---------------------------------------------------------------------------------------------
 * While training
 */

static void on_settings(void *context, const tdrop_fit_settings *settings) {
    fit_job *job = context;
    const fit_settings *s = &job->settings;
    const fit_text text = {.out = job->report,
                           .data = job->data,
                           .target = job->target,
                           .choice = &job->choice,
                           .source = s->data,
                           .valid = s->valid,
                           .groups = s->table.groups,
                           .threads = job->compute.parallel.workers};
    fit_text_write(&text, settings);
    fit_text_note(&text, settings);
    job->epochs = settings->options.epochs;
    progress_begin(&job->progress, job->epochs,
                   s->quiet     ? PROGRESS_SILENT
                   : s->verbose ? PROGRESS_EVERY_EPOCH
                                : PROGRESS_USUAL);
    if (!settings->options.checkpoint.resume) fit_log_open(&job->log, s->log, 0);
}

static void on_checkpoint(void *context, const tdrop_fit_checkpoint *told) {
    fit_job *job = context;
    progress_end(&job->progress); /* what is said now begins a line of its own */
    checkpoints_note(&job->checkpoints, told, job->epochs);
    if (!told->resumed) return;
    job->epochs_done = job->checkpoints.resumed_epochs;
    job->seconds = job->checkpoints.resumed_seconds;
    fit_log_open(&job->log, job->settings.log, job->epochs_done);
}

/* A signal asks for an end at once, which is worth most where a checkpoint keeps the work; the time
 * limit asks for a model. */
static int answer_to(fit_job *job, const tdrop_fit_progress *now) {
    const double limit = job->settings.time_limit;
    job->stopped = interrupt_came();
    if (job->stopped) return TDROP_FIT_LEAVE;
    if (limit <= 0 || now->seconds - job->checkpoints.resumed_seconds < limit)
        return TDROP_FIT_GO_ON;
    job->stopped = "--time-limit";
    return TDROP_FIT_STOP;
}

static int on_progress(void *context, const tdrop_fit_progress *now) {
    fit_job *job = context;
    progress_show(&job->progress, now);
    job->seconds = now->seconds;
    if (now->epoch_ended) {
        job->epochs_done = now->epoch + 1;
        fit_log_write(&job->log, now, job->epochs);
    }
    return now->step == now->steps ? TDROP_FIT_GO_ON : answer_to(job, now);
}

/* ---------------------------------------------------------------------------------------------
 * What is said afterwards
 */

/* Whether outputs are written over those there are. */
static int replaces(const fit_settings *s) {
    return s->force || s->checkpoint.resume;
}

static int write_json(const fit_job *job, const curve *c, const tdrop_model_info *info) {
    report_json r;
    report_json_begin(&r);
    report_json_number(&r, NULL, "flops", info->flops);
    report_json_number(&r, NULL, "seconds", job->seconds);
    report_json_count(&r, NULL, "epochs", info->epochs);
    report_json_count(&r, NULL, "parameters", info->parameters);
    report_json_curve(&r, c);
    target_scores_json_curve(&r, job->model, c);
    return report_json_write(&r, job->settings.json, replaces(&job->settings));
}

/* Labels that are known of the data show in the report, though nothing was learnt from them. */
static int read_labels(const fit_job *job, tdrop_data **labels) {
    const char *source = inputs_target_of(NULL, job->settings.data);
    return job->target || job->valid || !source ||
           inputs_read_data(labels, source, TDROP_PART_TRAIN);
}

static int write_html(const fit_job *job, const curve *c, const tdrop_model_info *info) {
    tdrop_data *labels = NULL;
    if (!read_labels(job, &labels)) return 0;
    const report_source source = {.command_name = "fit",
                                  .command = job->command,
                                  .seconds = job->seconds,
                                  .curve = c,
                                  .model = job->model,
                                  .info = info,
                                  .data = job->valid ? job->valid : job->data,
                                  .labels = job->valid    ? job->valid_target
                                            : job->target ? job->target
                                                          : labels,
                                  .use = &job->compute.use};
    const int done = report_html_write(job->settings.html, replaces(&job->settings), &source);
    tdrop_data_destroy(labels);
    return done;
}

static int write_report(const fit_job *job, curve *c, const tdrop_model_info *info) {
    if (!choice_auto(&c->chosen, info, job->settings.model)) return 0;
    curve_table_short(job->report, c, job->model);
    fputc('\n', job->report);
    curve_text_write(job->report, c);
    fputc('\n', job->report);
    const size_t k = c->chosen.k;
    if (c->targets) target_scores_write(job->report, job->model, c->target_r2 + k * c->targets, k);
    verdict_write(job->report, c, job->settings.model);
    return (!job->settings.json || write_json(job, c, info)) &&
           (!job->settings.html || write_html(job, c, info));
}

/* The curve in the model is of all targets together: each on its own is measured here. */
static int report(const fit_job *job) {
    tdrop_model_info info;
    tdrop_scree each = {0};
    tdrop_model_get_info(job->model, &info);
    curve c = curve_of_validation(&info);
    if (!target_scores_measure(&each, job->model, job->valid ? job->valid : job->data,
                               &job->compute.use))
        return 0;
    c.targets = each.targets;
    c.target_r2 = each.target_r2;
    const int done = write_report(job, &c, &info);
    tdrop_scree_destroy(&each);
    return done;
}

/* ---------------------------------------------------------------------------------------------
 * The work
 */

/* The laws that read p. */
static int law_reads_p(const fit_settings *s) {
    static const tdrop_law_kind readers[] = {TDROP_LAW_EXPONENTIAL, TDROP_LAW_ORIGINAL};
    if (s->p < 0 || !s->law) return 1;
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (strcmp(s->law, tdrop_law_kind_name(readers[i])) == 0) return 1;
    message_error("option --p: it is of --law exponential and original, but this is %s: leave it "
                  "out",
                  s->law);
    return 0;
}

static int effort_decides(const fit_settings *s) {
    if (!s->effort || !s->epochs) return 1;
    message_error(
        "options --effort and --epochs: each says how long to train: give one of the two");
    return 0;
}

/* Whether what was said about the steps is of the optimizer that makes them. */
static int optimizer_reads(const fit_settings *s) {
    const int decay = s->weight_decay != 0 && s->optimizer != TDROP_OPTIMIZER_ADAMW;
    const int momentum = s->momentum != 0 && s->optimizer != TDROP_OPTIMIZER_SGD;
    if (!decay && !momentum) return 1;
    message_error("option --%s: it is of --optimizer %s, but this is %s: leave it out",
                  decay ? "weight-decay" : "momentum", decay ? "adamw" : "sgd",
                  optimizer_choice(s->optimizer));
    return 0;
}

static int check_arch(const char *arch) {
    tdrop_error error = {TDROP_OK, ""};
    size_t place = 0;
    if (!arch) return 1;
    const tdrop_status status = tdrop_arch_check(arch, &place, &error);
    if (status == TDROP_OK) return 1;
    message_library(status, &error);
    if (status == TDROP_ERROR_ARCH && strlen(arch) <= MOST_ARCH_SHOWN) message_caret(arch, place);
    return 0;
}

/* A number is a share, anything else the name of a table, with which nothing else decides which
 * rows are held out. */
static int read_valid_option(fit_settings *s) {
    const int is_share = !s->valid || number_parse_real(s->valid, &s->valid_share);
    if (s->valid_target && (is_share || !s->table.target)) {
        message_error("option --valid-target: it is the target of the table of --valid FILE, as "
                      "--target is of DATA: give both, or leave it out");
        return 0;
    }
    if (!s->valid) return 1;
    if (is_share) {
        if (s->valid_share > 0 && s->valid_share < 1) return 1;
        message_error(
            "option --valid: '%s' will not do: give a number above 0 and below 1, or a file",
            s->valid);
        return 0;
    }
    if (!s->table.groups) return 1;
    message_error(
        "options --group and --valid %s: the rows of that table are the held-out ones, so "
        "groups decide nothing: leave out --group (and name its column in --drop)",
        s->valid);
    return 0;
}

static int settings_agree(fit_settings *s, int *exit_code) {
    if (s->table.target && s->task - 1 == TDROP_TASK_AUTOENCODE) {
        message_error("options --target and --task autoencode: an autoencoder has no target: leave "
                      "one of the two out");
        *exit_code = EXIT_USAGE;
        return 0;
    }
    if (!optimizer_reads(s) || !law_reads_p(s) || !effort_decides(s) || !check_arch(s->arch) ||
        !read_valid_option(s)) {
        *exit_code = EXIT_USAGE;
        return 0;
    }
    if (s->quiet && s->verbose) {
        message_error("options --quiet and --verbose: give one of the two");
        *exit_code = EXIT_USAGE;
        return 0;
    }
    if (!s->arch || !s->features) return 1;
    message_error("options --arch and --features: the width in brackets is the number of features "
                  "already: give one of the two");
    *exit_code = EXIT_USAGE;
    return 0;
}

/* The table of a law, where there is one. */
static const char *law_file(const char *law) {
    static const char start[] = "table:";
    return law && strncmp(law, start, sizeof start - 1) == 0 ? law + sizeof start - 1 : NULL;
}

/* All files of a fit. One that goes on, or is given again, finds its own: the model, of which
 * may_replace_model makes sure, reports, which are written after it and so only stand where it
 * does, and the log. */
static void list_files(const fit_settings *s, output_wish wishes[MOST_FILES]) {
    const checkpoint_settings *checkpoint = &s->checkpoint;
    const int goes_on = checkpoint->resume ? OUTPUT_MAY_EXIST : 0;
    const int reported = access(s->model, F_OK) == 0 ? goes_on : 0;
    const output_wish files[MOST_FILES] = {
        {"DATA", inputs_file_of(s->data), OUTPUT_SPARES},
        {"--target", inputs_file_of(s->table.target), OUTPUT_SPARES},
        {"--valid", s->valid_share > 0 ? NULL : s->valid, OUTPUT_SPARES},
        {"--valid-target", s->valid_target, OUTPUT_SPARES},
        {"--law", law_file(s->law), OUTPUT_SPARES},
        {"--init", s->init, OUTPUT_SPARES},
        {"--resume", checkpoints_is_pair(checkpoint) ? NULL : checkpoint->resume, OUTPUT_SPARES},
        {"-o", s->model, OUTPUT_ONLY_FILE | goes_on},
        {"--json", s->json, reported},
        {"--html", s->html, reported},
        {"--checkpoint", checkpoint->path, OUTPUT_ONLY_FILE | goes_on},
        {"--log", s->log, goes_on},
    };
    memcpy(wishes, files, sizeof files);
}

/* Looks at them before the work; `wishes` becomes what output_beside wants to know. */
static int files_agree(fit_settings *s, output_wish wishes[MOST_FILES], int *exit_code) {
    if (!checkpoints_agree(&s->checkpoint, s->force, exit_code)) return 0;
    list_files(s, wishes);
    return output_check(wishes, s->force, exit_code);
}

/* A fit that goes on may replace the model that it made before, which is told by what the file says
 * of data and seed; any other file stays, as always, unless --force is given. */
static int may_replace_model(const fit_job *job) {
    const fit_settings *s = &job->settings;
    struct stat status;
    if (!s->checkpoint.resume || s->force || stat(s->model, &status) != 0 ||
        !S_ISREG(status.st_mode))
        return 1;
    tdrop_model *older = NULL;
    tdrop_model_info info = {0};
    tdrop_data_info data;
    tdrop_data_get_info(job->data, &data);
    if (tdrop_model_load(&older, s->model, NULL) == TDROP_OK) tdrop_model_get_info(older, &info);
    const int same =
        older && info.data_hash == data.hash && info.seed == s->seed && info.pruned_from == 0;
    tdrop_model_destroy(older);
    if (same) return 1;
    message_error("%s: exists already, and is no model of this fit: give --force to overwrite it, "
                  "or another name",
                  s->model);
    return 0;
}

/* The model to begin with. */
static int read_init(fit_job *job) {
    tdrop_error error = {TDROP_OK, ""};
    if (!job->settings.init) return 1;
    const tdrop_status status = tdrop_model_load(&job->init, job->settings.init, &error);
    return status == TDROP_OK ? 1 : message_library(status, &error);
}

/* Where the report goes: nowhere when the fit is to be quiet. */
static int open_report(fit_job *job, const output_wish *wishes) {
    job->report = job->settings.quiet ? fopen("/dev/null", "w") : output_beside(wishes);
    if (job->report) return 1;
    message_error("/dev/null: cannot be opened: leave out --quiet");
    return 0;
}

/* The labels, where the options ask for some, and the task. */
static int read_target(fit_job *job) {
    const fit_settings *s = &job->settings;
    const int classify = s->task - 1 == TDROP_TASK_CLASSIFY;
    const int regress = s->task - 1 == TDROP_TASK_REGRESS;
    const char *target = classify ? inputs_target_of(s->table.target, s->data) : s->table.target;
    if ((classify || regress) && !target) {
        message_error("option --task %s: give the %s of %s by --target",
                      classify ? "classify" : "regress", classify ? "labels" : "targets", s->data);
        return 0;
    }
    if (target && !inputs_read_target(&job->target, job->data, target, TDROP_PART_TRAIN)) return 0;
    task_choose(&job->choice, s->task - 1, job->target);
    return 1;
}

static int read_groups(fit_job *job) {
    tdrop_error error = {TDROP_OK, ""};
    const char *column = job->settings.table.groups;
    if (!column) return 1;
    const tdrop_status status = tdrop_data_take_column(job->data, column, &job->groups, &error);
    return status == TDROP_OK ? 1 : message_library(status, &error);
}

/* The target of the table of --valid: columns of it that are called as those of DATA, unless told
 * otherwise, for a file belongs to the rows of one table only. */
static int read_valid_target(fit_job *job) {
    const fit_settings *s = &job->settings;
    if (!job->target || job->choice.task == TDROP_TASK_AUTOENCODE) return 1;
    if (s->valid_target)
        return inputs_read_target(&job->valid_target, job->valid, s->valid_target,
                                  TDROP_PART_TRAIN);
    if (s->table.target && inputs_has_target(job->valid, s->table.target))
        return inputs_read_target(&job->valid_target, job->valid, s->table.target,
                                  TDROP_PART_TRAIN);
    message_error("options --target and --valid %s: %s is no column of that table, so its own "
                  "targets are needed: give the file that holds them by --valid-target",
                  s->valid, s->table.target ? s->table.target : "the target of DATA");
    return 0;
}

static int read_valid(fit_job *job) {
    const fit_settings *s = &job->settings;
    table_settings table = s->table;
    if (!s->valid || s->valid_share > 0) return 1;
    if (s->valid_target) table.target = s->valid_target;
    return table_read_like(&job->valid, s->valid, &table, (tdrop_missing)s->missing, job->data) &&
           read_valid_target(job);
}

/* What to say behind "to go on: ". */
static const char *command_to_go_on(fit_job *job) {
    enum { LONGEST = 1400 }; /* a message is one line of limited length */
    job->go_on = checkpoints_command(&job->settings.checkpoint, job->command);
    return job->go_on && strlen(job->go_on) <= LONGEST
               ? job->go_on
               : "the same command with --resume and the checkpoint";
}

static int train(fit_job *job) {
    const tdrop_fit_options fit_options = fit_options_of(job);
    const tdrop_fit_observer observer = {job, on_settings, on_progress, on_checkpoint};
    tdrop_error error = {TDROP_OK, ""};
    interrupt_catch();
    const tdrop_status status = tdrop_fit(&job->model, job->data, &fit_options, &observer, &error);
    progress_end(&job->progress);
    if (status == TDROP_ERROR_STOPPED)
        message_error("stopped by %s after %u of %u epochs: no model is written yet; to go on: %s",
                      job->stopped, (unsigned)job->epochs_done, (unsigned)job->epochs,
                      command_to_go_on(job));
    else if (status != TDROP_OK)
        term_option_message(status, &error);
    return status == TDROP_OK;
}

static void say_stopped(fit_job *job) {
    const fit_settings *s = &job->settings;
    const int go_on = s->checkpoint.path && !job->checkpoints.failing;
    tdrop_model_info info; /* counts the epoch that was cut short, too */
    tdrop_model_get_info(job->model, &info);
    progress_note_stopped(&job->progress, job->stopped, info.epochs, s->model,
                          go_on ? command_to_go_on(job) : NULL);
}

static int save(fit_job *job) {
    const fit_settings *s = &job->settings;
    tdrop_error error = {TDROP_OK, ""};
    const tdrop_status status = tdrop_model_save(job->model, s->model, replaces(s), &error);
    if (status != TDROP_OK) return message_library(status, &error);
    if (!job->stopped) job->stopped = interrupt_came();
    if (job->stopped) say_stopped(job);
    interrupt_release();
    return 1;
}

/* The threads, and what the trained model is measured with. */
static int open_compute(fit_job *job) {
    if (!compute_open(&job->compute, &job->settings.compute)) return 0;
    job->compute.use.groups = job->groups;
    job->compute.use.target = job->valid ? job->valid_target : job->target;
    return 1;
}

/* Everything between reading the options and giving back the memory. A log or checkpoint that could
 * not be written has not kept the model from being made, but the exit code tells. */
static int work(fit_job *job) {
    const fit_settings *s = &job->settings;
    const int fitted = table_read(&job->data, s->data, TDROP_PART_TRAIN, &s->table,
                                  (tdrop_missing)s->missing, NULL) &&
                       read_groups(job) && read_target(job) && read_valid(job) && read_init(job) &&
                       may_replace_model(job) && open_compute(job) && train(job);
    const int told = fitted && save(job) && report(job);
    const int logged = fit_log_close(&job->log);
    return (!fitted || checkpoints_end(&job->checkpoints, &s->checkpoint)) && logged && told;
}

static void release(fit_job *job) {
    if (job->settings.quiet && job->report) fclose(job->report);
    compute_close(&job->compute);
    tdrop_model_destroy(job->model);
    tdrop_model_destroy(job->init);
    tdrop_data_destroy(job->data);
    tdrop_data_destroy(job->target);
    tdrop_data_destroy(job->valid);
    tdrop_data_destroy(job->valid_target);
    tdrop_data_destroy(job->groups);
    free(job->law_weights);
    free(job->model_name);
    free(job->go_on);
}

static int name_model(fit_job *job) {
    if (job->settings.model) return 1;
    job->settings.model = job->model_name = model_name_of(job->settings.data);
    return job->model_name != NULL;
}

static int run_as(const char *command, int argc, char **argv) {
    fit_job job = {.settings = {.p = -1, .table.of_fit = 1}, .command = command};
    fit_settings *s = &job.settings;
    int exit_code;
    if (!options_parse(&command_fit, argc, argv, s, &exit_code)) return exit_code;
    if (s->quiet) message_be_quiet();
    if (!name_model(&job)) return EXIT_FAILED;
    output_wish wishes[MOST_FILES];
    job.checkpoints.verbose = s->verbose;
    job.law = (tdrop_law_options){.p = s->p > 0 ? s->p : 0, .k_min = (uint32_t)s->k_min};
    int done = 0;
    if (settings_agree(s, &exit_code) && files_agree(s, wishes, &exit_code) &&
        loss_text_read(s->loss, &job.loss, &job.huber_delta, &exit_code) &&
        law_text_read(s->law, &job.law, &job.law_weights, &exit_code)) {
        exit_code = EXIT_FAILED;
        done = open_report(&job, wishes) && work(&job);
    }
    release(&job);
    return done ? EXIT_DONE : exit_code;
}

static int run(int argc, char **argv) {
    char *command = shell_command_line(argc, argv);
    if (!command) return message_memory(), EXIT_FAILED;
    const int exit_code = run_as(command, argc, argv);
    free(command);
    return exit_code;
}

const subcommand command_fit = {
    .name = "fit",
    .summary =
        "Train an ordered autoencoder, classifier or regression: its first features matter most.",
    .about =
        "A share of the rows is held out. At the end stands a table of the loss on these at "
        "k = 0, 1, 2, 4, ..., n features, with PCA beside it and the size of the model when "
        "cut to k. Ctrl-C stops early and keeps the best model so far; with --checkpoint it keeps "
        "the checkpoint instead, and the command to go on is said.",
    .example = "fit data.npy -o model.safetensors",
    .operands = operands,
    .options = options,
    .common = "output target task missing features effort seed checkpoint resume html force",
    .run = run,
};
