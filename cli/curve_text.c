/* SPDX-License-Identifier: MIT */
#include "curve_text.h"

#include "axis.h"
#include "number.h"
#include "terminal.h"

#include <math.h>
#include <string.h>

enum { COLUMNS = 56, MOST_ROWS = 14, LABEL = 9, MOST_WIDE = 2, MOST_HIGH = 4 };

/* How the plot looks in a character set. A cell is `wide` x `high` dots. */
typedef struct plot_look {
    int wide, high;
    const char *side, *tick, *corner, *floor, *mark, *model, *pca;
} plot_look;

static const plot_look ascii = {1, 1, "|", "+", "+", "-", "^", "*", "o"};
static const plot_look braille = {2, 4, "│", "┤", "└", "─", "▲", "⠤⠤", "⠄⠄"};

enum { SERIES_NONE, SERIES_PCA, SERIES_MODEL };
static const char *const series_colour[] = {"\x1b[0m", "\x1b[33m", "\x1b[36m"};

/* The drawing: the series of each dot, row 0 on top. */
typedef struct text_canvas {
    const plot_look *look;
    int colour;
    int rows; /* of cells */
    unsigned char dot[MOST_ROWS * MOST_HIGH][COLUMNS * MOST_WIDE];
} text_canvas;

/* Where the curve is on the axis at a real k, on the straight line between two whole ones. */
static double place_at(const axis *y, const double *values, size_t n, double k) {
    const size_t left = (size_t)k;
    if (left >= n) return axis_place(y, values[n]);
    const double from = axis_place(y, values[left]), to = axis_place(y, values[left + 1]);
    return from + (k - (double)left) * (to - from);
}

/* The row of `rows` that a place falls into; -1 when it is not finite. */
static int row_of(double place, int rows) {
    if (!isfinite(place)) return -1;
    return (int)lround((1 - fmin(fmax(place, 0), 1)) * (rows - 1));
}

static void draw(text_canvas *canvas, const axis *y, const double *values, size_t n, int series) {
    const int columns = COLUMNS * canvas->look->wide, rows = canvas->rows * canvas->look->high;
    int before = -1;
    for (int x = 0; x < columns; x++) {
        const int row = row_of(place_at(y, values, n, (double)n * x / (columns - 1)), rows);
        if (row < 0 || (series == SERIES_PCA && x % 3)) continue;
        canvas->dot[row][x] = (unsigned char)series;
        /* the line has no holes where it is steep; PCA stays dotted */
        const int step = before < row ? 1 : -1;
        for (int r = before; series == SERIES_MODEL && before >= 0 && r != row; r += step)
            canvas->dot[r][x] = SERIES_MODEL;
        before = row;
    }
}

/* U+2800 plus one bit for each dot: 1 2 3 7 down the left side, 4 5 6 8 down the right. */
static void write_braille(FILE *out, unsigned bits) {
    fprintf(out, "%c%c%c", 0xe2, (int)(0xa0 | bits >> 6), (int)(0x80 | (bits & 0x3f)));
}

/* Writes a cell after one of series `before`, and returns its own series. */
static int write_cell(FILE *out, const text_canvas *canvas, int row, int column, int before) {
    static const unsigned char bit[MOST_HIGH][MOST_WIDE] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    const plot_look *look = canvas->look;
    unsigned bits = 0;
    int series = SERIES_NONE;
    for (int i = 0; i < look->high; i++)
        for (int j = 0; j < look->wide; j++) {
            const int found = canvas->dot[row * look->high + i][column * look->wide + j];
            if (found) bits |= bit[i][j];
            if (found > series) series = found;
        }
    if (canvas->colour && series != before) fputs(series_colour[series], out);
    if (!series)
        fputc(' ', out);
    else if (look->high > 1)
        write_braille(out, bits);
    else
        fputs(series == SERIES_MODEL ? look->model : look->pca, out);
    return series;
}

/* Labels of the rows of cells that a tick falls into. Of two in one row the lower one stays. */
static void label_rows(const axis *y, int rows, number_text label[MOST_ROWS]) {
    memset(label, 0, MOST_ROWS * sizeof *label);
    for (size_t i = 0; i < y->ticks; i++)
        label[row_of(axis_place(y, y->tick[i]), rows)] = number_plain(y->tick[i]);
}

/* The last cell of a row that is not empty, plus one: no blanks at the ends of lines. */
static int row_length(const text_canvas *canvas, int row) {
    const plot_look *look = canvas->look;
    for (int x = COLUMNS * look->wide; x-- > 0;)
        for (int i = 0; i < look->high; i++)
            if (canvas->dot[row * look->high + i][x]) return x / look->wide + 1;
    return 0;
}

static void write_rows(FILE *out, const text_canvas *canvas, const axis *y) {
    number_text label[MOST_ROWS];
    label_rows(y, canvas->rows, label);
    for (int row = 0; row < canvas->rows; row++) {
        const int length = row_length(canvas, row);
        fprintf(out, "%*s %s", LABEL, label[row].text,
                label[row].text[0] ? canvas->look->tick : canvas->look->side);
        int series = SERIES_NONE;
        for (int column = 0; column < length; column++)
            series = write_cell(out, canvas, row, column, series);
        if (canvas->colour && series) fputs(series_colour[SERIES_NONE], out);
        fputc('\n', out);
    }
}

/* Puts text into a line of COLUMNS characters, its middle at `at` as far as there is room. Returns
 * where it starts. */
static int place_text(char *line, const char *text, int at) {
    const int length = (int)strlen(text);
    int start = at - length / 2;
    if (start < 0) start = 0;
    if (start > COLUMNS - length) start = COLUMNS - length;
    memcpy(line + start, text, (size_t)length);
    return start;
}

/* Below the floor: 0 and n at the ends, and the chosen k, before which an end gives way. */
static void write_floor_labels(FILE *out, const curve *c, int mark) {
    char line[COLUMNS + 1], chosen[32], last[32];
    memset(line, ' ', COLUMNS);
    snprintf(chosen, sizeof chosen, "k = %zu", c->chosen.k);
    snprintf(last, sizeof last, "%zu", c->n);
    const int start = place_text(line, chosen, mark);
    const int end = start + (int)strlen(chosen);
    if (start > 1) line[0] = '0';
    if (end < COLUMNS - (int)strlen(last)) place_text(line, last, COLUMNS);
    int length = COLUMNS;
    while (line[length - 1] == ' ')
        length--;
    fprintf(out, "%*s  %.*s\n", LABEL, "", length, line);
}

static void write_floor(FILE *out, const plot_look *look, const curve *c) {
    const int mark = (int)lround((double)c->chosen.k / (double)c->n * (COLUMNS - 1));
    fprintf(out, "%*s %s", LABEL, "", look->corner);
    for (int i = 0; i < COLUMNS; i++)
        fputs(i == mark ? look->mark : look->floor, out);
    fputc('\n', out);
    write_floor_labels(out, c, mark);
}

static void write_key(FILE *out, const text_canvas *canvas, const curve *c, const axis *y) {
    const char *off = canvas->colour ? series_colour[SERIES_NONE] : "";
    const plot_look *look = canvas->look;
    fprintf(out, "%*s  %s%s%s this model", LABEL, "",
            canvas->colour ? series_colour[SERIES_MODEL] : "", look->model, off);
    if (c->pca)
        fprintf(out, "   %s%s%s PCA", canvas->colour ? series_colour[SERIES_PCA] : "", look->pca,
                off);
    fprintf(out, "   %s chosen%s\n", look->mark, y->logarithmic ? "   (logarithmic)" : "");
}

/* About ten rows of cells, so many that ticks at equal distances fall on rows at equal distances.
 */
static int rows_for(const axis *y) {
    const int steps = (int)y->ticks - 1;
    if (y->logarithmic || steps < 1 || steps >= MOST_ROWS) return 11;
    return steps * (steps < 4 ? 9 / steps : 2) + 1;
}

void curve_text_write(FILE *out, const curve *c) {
    text_canvas canvas = {.look = terminal_utf8() ? &braille : &ascii,
                          .colour = terminal_colour(out)};
    axis y;
    axis_of_loss(&y, c);
    canvas.rows = rows_for(&y);
    if (c->pca) draw(&canvas, &y, c->pca, c->n, SERIES_PCA);
    draw(&canvas, &y, c->loss, c->n, SERIES_MODEL);
    write_rows(out, &canvas, &y);
    write_floor(out, canvas.look, c);
    write_key(out, &canvas, c, &y);
}
