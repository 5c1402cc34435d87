/* SPDX-License-Identifier: MIT
 * Writing the gallery's pictures: SVG, readable on a light and on a dark page. */
#ifndef GALLERY_SVG_H
#define GALLERY_SVG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Colours with a dash of their own each, so that lines can be told apart without colour. */
typedef enum svg_hue { SVG_BLUE, SVG_ORANGE, SVG_GREEN, SVG_GREY, SVG_PURPLE, SVG_HUES } svg_hue;

typedef enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END } svg_anchor;

typedef struct svg_axis {
    double low, high; /* at the left or lower end, at the other; low may be the larger number */
    double tick;      /* from label to label; a logarithmic axis has one at each power of ten */
    bool logarithmic;
    const char *title;  /* with its unit; NULL for y: none */
    const char *format; /* of labels; NULL: "%g" */
} svg_axis;

/* A plot: where it is, and its axes. x runs to the right, y up. */
typedef struct svg_plot {
    double left, top, width, height;
    svg_axis x, y;
    const char *title;
} svg_plot;

/* Begins a picture; exits when the file cannot be written. `about` is read to those who can't see.
 */
FILE *svg_open(const char *path, int width, int height, const char *title, const char *about);
void svg_close(FILE *file);

/* A line of text; its & < > have to be written as entities. */
__attribute__((format(printf, 5, 6))) void svg_text(FILE *file, double x, double y,
                                                    svg_anchor anchor, const char *format, ...);

/* Frame, grid, labels and titles of a plot. */
void svg_draw_plot(FILE *file, const svg_plot *plot);

/* Places within a plot. */
double svg_x(const svg_plot *plot, double x);
double svg_y(const svg_plot *plot, double y);

/* A line through count points. y beyond the axis is cut off at it. */
void svg_curve(FILE *file, const svg_plot *plot, svg_hue hue, size_t count, const double *x,
               const double *y);

/* Points, and where `spread` is not NULL whiskers from y - spread to y + spread. */
void svg_points(FILE *file, const svg_plot *plot, svg_hue hue, size_t count, const double *x,
                const double *y, const double *spread);

/* Stairs over unit-wide bins: bin i covers x[0] + i * step. Filled lightly. */
void svg_stairs(FILE *file, const svg_plot *plot, svg_hue hue, size_t count, double first,
                double step, const double *y);

/* A mark on the x axis with a dashed line up, and a word beside it. */
void svg_mark(FILE *file, const svg_plot *plot, double x, svg_anchor anchor, const char *word);

/* One entry of a legend: a piece of line and its name. */
void svg_key(FILE *file, double x, double y, svg_hue hue, const char *name);

/* A bitmap of columns x rows levels from 0 to 15, embedded as PNG, stretched to width x height.
 * With `two_tone` there are levels 0 and 1 only, pale and blue; otherwise black to white. */
void svg_bitmap(FILE *file, double x, double y, double width, double height, const uint8_t *levels,
                size_t columns, size_t rows, bool two_tone);

#endif
