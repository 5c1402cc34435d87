/* SPDX-License-Identifier: MIT */
#include "fit_log.h"

#include "message.h"
#include "number.h"
#include "output_file.h"
#include "progress.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How each line begins; what follows is the number of the epoch, counted from 1. */
static const char line_start[] = "{\"epoch\":";

/* Whether a line of an older log is whole and of one of the first `epochs` epochs. */
static int stays(const char *line, uint32_t epochs) {
    const size_t length = strlen(line);
    if (strncmp(line, line_start, sizeof line_start - 1) != 0) return 0;
    if (length < 2 || strcmp(line + length - 2, "}\n") != 0) return 0;
    const unsigned long epoch = strtoul(line + sizeof line_start - 1, NULL, 10);
    return epoch >= 1 && epoch <= epochs;
}

/* Copies what stays, line by line. Lines of ours are short; of a longer one no piece will stay. */
static void copy_lines(FILE *from, FILE *to, uint32_t epochs) {
    char line[1024];
    while (fgets(line, sizeof line, from))
        if (stays(line, epochs)) fputs(line, to);
}

/* Puts a log in place that has what stays of an older one, if there is one. */
static int renew(const char *path, uint32_t epochs) {
    output_file file;
    FILE *older = epochs ? fopen(path, "r") : NULL;
    const int opened = output_open(&file, path, 1);
    if (opened && older) copy_lines(older, file.stream, epochs);
    if (older) fclose(older);
    return opened && output_close(&file);
}

void fit_log_open(fit_log *log, const char *path, uint32_t epochs) {
    *log = (fit_log){.path = path};
    if (!path) return;
    if (strcmp(path, "-") == 0) {
        log->stream = stdout;
        return;
    }
    log->failed = !renew(path, epochs);
    if (log->failed) return;
    log->stream = fopen(path, "a");
    if (log->stream) return;
    log->failed = 1;
    message_error("%s: cannot be written: %s", path, strerror(errno));
}

static void write_number(FILE *out, const char *name, double value) {
    fprintf(out, ",\"%s\":%s", name, isfinite(value) ? number_exact(value).text : "null");
}

void fit_log_write(fit_log *log, const tdrop_fit_progress *now, uint32_t epochs) {
    FILE *out = log->stream;
    if (!out) return;
    fprintf(out, "%s%u,\"epochs\":%u,\"step\":%zu,\"steps\":%zu", line_start,
            (unsigned)now->epoch + 1, (unsigned)epochs, now->step, now->steps);
    write_number(out, "rows_per_second", progress_rows_per_second(now));
    write_number(out, "loss", now->train_loss);
    write_number(out, "valid_loss", now->valid_loss);
    write_number(out, "best_loss", now->best_loss);
    write_number(out, "seconds", now->seconds);
    write_number(out, "seconds_left", progress_seconds_left(now));
    fputs("}\n", out);
    if ((fflush(out) == 0 && !ferror(out)) || log->failed) return;
    log->failed = 1;
    message_error("%s: cannot be written: %s: training goes on without its lines", log->path,
                  strerror(errno));
}

int fit_log_close(fit_log *log) {
    if (log->stream && log->stream != stdout && fclose(log->stream) != 0 && !log->failed) {
        message_error("%s: cannot be written: %s", log->path, strerror(errno));
        log->failed = 1;
    }
    log->stream = NULL;
    return !log->failed;
}
