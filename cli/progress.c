/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include "message.h"
#include "number.h"
#include "terminal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LINE_SIZE = 512 };

void progress_begin(progress *p, uint32_t epochs, progress_manner manner) {
    *p = (progress){.epochs = epochs,
                    .manner = manner,
                    .live = manner == PROGRESS_USUAL && terminal_live(stderr)};
}

double progress_rows_per_second(const tdrop_fit_progress *now) {
    return now->seconds > 0 ? (double)now->rows / now->seconds : NAN;
}

static number_text rows_per_second(const tdrop_fit_progress *now) {
    return number_compact(progress_rows_per_second(now));
}

double progress_seconds_left(const tdrop_fit_progress *now) {
    if (now->step == 0) return NAN;
    return now->seconds * (double)(now->steps - now->step) / (double)now->step;
}

/* Draws `width` cells of which `share` are done. */
static void write_bar(char *out, int width, double share) {
    const char *done = terminal_utf8() ? "━" : "#", *open = terminal_utf8() ? "─" : ".";
    *out = '\0';
    for (int i = 0; i < width; i++)
        strcat(out, i + 0.5 < share * width ? done : open);
}

/* Columns are padded, so that the bar before them keeps its width. */
static void show_bar(progress *p, const tdrop_fit_progress *now) {
    char text[LINE_SIZE], bar[LINE_SIZE] = "";
    const double share = now->steps ? (double)now->step / (double)now->steps : 1;
    const int length =
        snprintf(text, sizeof text, "epoch %u/%u  %5s rows/s  loss %-8s  held out %-8s  %s left",
                 (unsigned)now->epoch + 1, (unsigned)p->epochs, rows_per_second(now).text,
                 number_short(now->train_loss).text, number_short(now->valid_loss).text,
                 number_clock(progress_seconds_left(now)).text);
    const int columns = terminal_columns(stderr) - 2;
    int width = columns - length;
    if (width > 24) width = 24;
    if (width >= 4) write_bar(bar, width, share);
    fprintf(stderr, "\r%s %.*s\x1b[K", bar, columns - (width >= 4 ? width : 0), text);
}

static void show_line(progress *p, const tdrop_fit_progress *now) {
    fprintf(stderr, "epoch %u/%u: loss %s, held out %s, %s rows/s, %s left\n",
            (unsigned)now->epoch + 1, (unsigned)p->epochs, number_short(now->train_loss).text,
            number_short(now->valid_loss).text, rows_per_second(now).text,
            number_clock(progress_seconds_left(now)).text);
}

void progress_show(progress *p, const tdrop_fit_progress *now) {
    /* a bar ten times a second; a line at the end of an epoch, where these are short once in two
     * seconds, and always for the first and the last */
    const double pause = p->manner == PROGRESS_EVERY_EPOCH ? 0 : p->live ? 0.1 : 2;
    const int last = now->step == now->steps;
    if (p->manner == PROGRESS_SILENT) return;
    if (!p->live && !now->epoch_ended) return;
    if (p->shown && !last && now->seconds - p->shown_at < pause) return;
    p->shown = 1;
    p->shown_at = now->seconds;
    (p->live ? show_bar : show_line)(p, now);
}

void progress_end(progress *p) {
    if (!p->live || !p->shown) return;
    fputs("\r\x1b[K", stderr);
    p->shown = 0;
}

void progress_note_stopped(const progress *p, const char *by, uint32_t epoch, const char *model,
                           const char *go_on) {
    message_note("stopped by %s in epoch %u of %u: the best model so far is saved in %s%s%s", by,
                 (unsigned)epoch, (unsigned)p->epochs, model, go_on ? "; to go on: " : "",
                 go_on ? go_on : "");
}
