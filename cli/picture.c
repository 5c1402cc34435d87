/* SPDX-License-Identifier: MIT */
#include "picture.h"

#include "held_out.h"
#include "image_form.h"
#include "message.h"
#include "output_file.h"
#include "picture_font.h"

#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGES = 10, GAP = 6, MARGIN = 16, INK = 0x33, LETTER_SCALE = 2, LABEL_LETTERS = 5 };
enum { TILE_AIM = 84, MOST_SCALE = 8 }; /* an image is enlarged to about TILE_AIM pixels */

static const size_t most_pixels = (size_t)1 << 26;

int picture_can_be_made(const tdrop_model_info *model, const tdrop_data_info *data) {
    image_form form;
    if (model->task != TDROP_TASK_AUTOENCODE) {
        message_error("option --png: only an autoencoder makes images: leave out --png");
        return 0;
    }
    if (model->loss == TDROP_LOSS_COSINE) {
        message_error("option --png: under the loss cosine only directions come back, no images: "
                      "leave out --png");
        return 0;
    }
    if (image_form_of(data, &form)) return 1;
    message_error("option --png: the rows of %s are no images: give data of shape [rows, height, "
                  "width], or leave out --png",
                  data->name);
    return 0;
}

/* The picture being made: a grid of tiles, the images across, one row for the data and one for each
 * k down. */
typedef struct picture {
    const inputs *in;
    image_form form;
    size_t *rows, images; /* which rows of the data */
    size_t scale, tiles_down;
    size_t left, tile_height, tile_width; /* of the first tile; of a tile with its gap */
    size_t height, width;
    float *values;         /* [images, columns] */
    float low, high;       /* values that come out black and white */
    unsigned char *pixels; /* [height, width, 3] */
} picture;

/* The k after this one: 1, 2, 4, ..., n, then 0. */
static size_t next_k(size_t k, size_t n) {
    if (k >= n) return 0;
    return 2 * k < n ? 2 * k : n;
}

static int lay_out(picture *p) {
    const size_t longer = p->form.height > p->form.width ? p->form.height : p->form.width;
    const size_t n = p->in->model_info.features;
    p->scale = TILE_AIM / longer;
    if (p->scale < 1) p->scale = 1;
    if (p->scale > MOST_SCALE) p->scale = MOST_SCALE;
    p->tiles_down = 1;
    for (size_t k = 1; k; k = next_k(k, n))
        p->tiles_down++;
    p->left = MARGIN + LABEL_LETTERS * (GLYPH_WIDTH + 1) * LETTER_SCALE + GAP;
    if (longer < most_pixels) {
        p->tile_height = p->form.height * p->scale + GAP;
        p->tile_width = p->form.width * p->scale + GAP;
        p->height = 2 * MARGIN + p->tiles_down * p->tile_height;
        p->width = p->left + p->images * p->tile_width + MARGIN - GAP;
    }
    if (p->height && p->height <= most_pixels / p->width) return 1;
    message_error("option --png: images of %zu x %zu are too large to show: leave out --png",
                  p->form.height, p->form.width);
    return 0;
}

/* Bytes are shown as they are; of other data, the images' own darkest and lightest span the range.
 */
static void set_range(picture *p) {
    p->low = 0, p->high = 255;
    if (p->in->data_info.element_size == 1) return;
    p->low = p->high = p->values[0];
    for (size_t i = 1; i < p->images * p->in->data_info.columns; i++) {
        if (p->values[i] < p->low) p->low = p->values[i];
        if (p->values[i] > p->high) p->high = p->values[i];
    }
    if (!(p->high > p->low)) p->high = p->low + 1;
}

static unsigned char shade(const picture *p, float value) {
    const float place = 255 * (value - p->low) / (p->high - p->low);
    if (!(place > 0)) return 0;
    return place < 255 ? (unsigned char)(place + 0.5f) : 255;
}

static void fill(picture *p, size_t y, size_t x, size_t size, const unsigned char colour[3]) {
    for (size_t i = 0; i < size; i++)
        for (size_t j = 0; j < size; j++)
            memcpy(p->pixels + ((y + i) * p->width + x + j) * 3, colour, 3);
}

/* The top of a row of tiles; the data stand a little apart from what the model makes of them. */
static size_t tile_top(const picture *p, size_t down) {
    return MARGIN + down * p->tile_height + (down ? GAP : 0);
}

static void draw_image(picture *p, size_t down, size_t across, const float *values) {
    const image_form *f = &p->form;
    const size_t plane = f->channels_first ? f->height * f->width : 1;
    const size_t step = f->channels_first ? 1 : f->channels;
    for (size_t i = 0; i < f->height; i++)
        for (size_t j = 0; j < f->width; j++) {
            const float *value = values + (i * f->width + j) * step;
            unsigned char colour[3];
            for (size_t c = 0; c < 3; c++)
                colour[c] = shade(p, value[f->channels == 3 ? c * plane : 0]);
            fill(p, tile_top(p, down) + i * p->scale,
                 p->left + across * p->tile_width + j * p->scale, p->scale, colour);
        }
}

/* The label of a row of tiles, right before its middle. */
static void draw_label(picture *p, size_t down, const char *text) {
    static const unsigned char ink[3] = {INK, INK, INK};
    const size_t advance = (GLYPH_WIDTH + 1) * LETTER_SCALE;
    const size_t middle = tile_top(p, down) + (p->tile_height - GAP) / 2;
    const size_t half = GLYPH_HEIGHT * LETTER_SCALE / 2;
    if (strlen(text) > LABEL_LETTERS || middle < half) return;
    size_t x = p->left - GAP - strlen(text) * advance;
    for (; *text; text++, x += advance) {
        const char *dots = picture_font_glyph(*text);
        for (size_t i = 0; dots && i < GLYPH_HEIGHT * GLYPH_WIDTH; i++)
            if (dots[i] == '#')
                fill(p, middle - half + i / GLYPH_WIDTH * LETTER_SCALE,
                     x + i % GLYPH_WIDTH * LETTER_SCALE, LETTER_SCALE, ink);
    }
}

static int draw_data(picture *p) {
    const size_t columns = p->in->data_info.columns;
    for (size_t i = 0; i < p->images; i++) {
        const tdrop_status status =
            tdrop_data_get_rows(p->in->data, p->rows[i], 1, p->values + i * columns);
        if (status != TDROP_OK) return message_library(status, NULL);
    }
    set_range(p);
    for (size_t i = 0; i < p->images; i++)
        draw_image(p, 0, i, p->values + i * columns);
    draw_label(p, 0, "input");
    return 1;
}

static int draw_reconstructions(picture *p) {
    const size_t n = p->in->model_info.features;
    size_t down = 1;
    for (size_t k = 1; k; k = next_k(k, n), down++) {
        for (size_t i = 0; i < p->images; i++) {
            tdrop_error error = {TDROP_OK, ""};
            const tdrop_status status =
                tdrop_model_predict(p->in->model, p->in->data, p->rows[i], 1, k, p->values,
                                    &p->in->compute.use, &error);
            if (status != TDROP_OK) return message_library(status, &error);
            draw_image(p, down, i, p->values);
        }
        char label[32];
        snprintf(label, sizeof label, "k=%zu", k);
        draw_label(p, down, label);
    }
    return 1;
}

static int draw(picture *p) {
    p->values = inputs_floats(p->images, p->in->data_info.columns);
    p->pixels = malloc(p->height * p->width * 3);
    if (!p->values) return 0;
    if (!p->pixels) return message_memory();
    memset(p->pixels, 0xff, p->height * p->width * 3);
    return draw_data(p) && draw_reconstructions(p);
}

static int save(const picture *p, const char *path, int force) {
    output_file file;
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)p->width,
                       .height = (png_uint_32)p->height,
                       .format = PNG_FORMAT_RGB};
    if (!output_open(&file, path, force)) return 0;
    if (png_image_write_to_stdio(&image, file.stream, 0, p->pixels, 0, NULL))
        return output_close(&file);
    message_error("%s: cannot be written: %s", path, image.message);
    output_abandon(&file);
    return 0;
}

int picture_write(const char *path, int force, const inputs *in) {
    picture p = {.in = in};
    if (!picture_can_be_made(&in->model_info, &in->data_info)) return 0;
    image_form_of(&in->data_info, &p.form);
    const int done =
        held_out_spread(in->model, in->data, &in->compute.use, IMAGES, &p.rows, &p.images) &&
        lay_out(&p) && draw(&p) && save(&p, path, force);
    free(p.rows);
    free(p.values);
    free(p.pixels);
    return done;
}
