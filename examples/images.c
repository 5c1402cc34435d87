/* SPDX-License-Identifier: MIT
 *
 * Images: with batch dim 0 and dropout dim 1, an array [N, C, H, W] gets one k for each image,
 * which holds over all its pixels. Writes a moving picture of which channels each image keeps from
 * step to step, or a still of one step.
 *
 *     cc images.c $(pkg-config --cflags --libs taildropout) -o images
 *     ./images images.svg
 *     ./images step3.svg 3
 */
#include <stdio.h>
#include <stdlib.h>
#include <taildropout.h>

enum { N = 8, C = 24, H = 4, W = 4, STEPS = 12 };
enum { CELL = 20, PITCH = 24, LEFT = 92, TOP = 64, WIDTH = LEFT + C * PITCH + 24 };
enum { HEIGHT = TOP + N * PITCH + 44 };

#define CHECK(call) ((call) ? (fprintf(stderr, "failed: %s\n", #call), exit(1)) : (void)0)

static float images[N][C][H][W];
static int kept[STEPS][N]; /* channels of each image that were not zeroed */

/* An image's channels up to the first that is zero in all its pixels. */
static int count_kept(float (*image)[H][W]) {
    int channels = 0;
    while (channels < C) {
        float sum = 0;
        for (int pixel = 0; pixel < H * W; pixel++)
            sum += image[channels][pixel / W][pixel % W];
        if (sum == 0) break;
        channels++;
    }
    return channels;
}

static void run_steps(void) {
    const size_t shape[] = {N, C, H, W};
    const tdrop_view view = tdrop_view_of(images, sizeof(float), 4, shape);
    const tdrop_layer_options options = {
        .dims = {.given = 1, .batch_count = 1, .batch = {0}, .dropout = 1}, .seed = 5};
    tdrop_layer *layer = NULL;
    CHECK(tdrop_layer_create(&layer, &(tdrop_law_options){.p = 0.5}, &options));
    for (int step = 0; step < STEPS; step++) {
        for (int i = 0; i < N * C * H * W; i++)
            (&images[0][0][0][0])[i] = 1;
        CHECK(tdrop_layer_forward(layer, &view, &view));
        for (int i = 0; i < N; i++)
            kept[step][i] = count_kept(images[i]);
    }
    tdrop_layer_destroy(layer);
}

static const char *color(int step, int image, int channel) {
    return channel < kept[step][image] ? "#0f6e84" : "#e3e6e8";
}

/* What is shown: one step, or with still < 0 each in its turn. */
static void write_states(FILE *file, int still, int image, int channel) {
    fprintf(file, " fill=\"%s\">", color(still < 0 ? 0 : still, image, channel));
    if (still < 0) {
        fprintf(file, "<animate attributeName=\"fill\" dur=\"%ds\" calcMode=\"discrete\" ", STEPS);
        fprintf(file, "repeatCount=\"indefinite\" values=\"");
        for (int step = 0; step < STEPS; step++)
            fprintf(file, "%s%s", step ? ";" : "", color(step, image, channel));
        fprintf(file, "\"/>");
    }
    fprintf(file, "</rect>\n");
}

static void write_titles(FILE *file, int still) {
    fprintf(file,
            "<text x=\"%d\" y=\"24\" font-size=\"15\">Channels that each image keeps: ", LEFT);
    fprintf(file, "one k an image, held over all its pixels</text>\n");
    for (int step = 0; step < STEPS; step++) {
        if (still >= 0 && still != step) continue;
        fprintf(file, "<text x=\"%d\" y=\"46\"%s>step %d", LEFT,
                still < 0 && step ? " visibility=\"hidden\"" : "", step);
        if (still < 0) {
            fprintf(file, "<animate attributeName=\"visibility\" dur=\"%ds\" ", STEPS);
            fprintf(file, "calcMode=\"discrete\" repeatCount=\"indefinite\" values=\"");
            for (int i = 0; i < STEPS; i++)
                fprintf(file, "%s%s", i ? ";" : "", i == step ? "visible" : "hidden");
            fprintf(file, "\"/>");
        }
        fprintf(file, "</text>\n");
    }
    for (int channel = 0; channel < C; channel = channel ? channel + 4 : 3)
        fprintf(file, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%d</text>\n",
                LEFT + channel * PITCH + CELL / 2, TOP + N * PITCH + 14, channel + 1);
    fprintf(file, "<text x=\"%d\" y=\"%d\">channel</text>\n", LEFT, TOP + N * PITCH + 32);
}

static void write_svg(FILE *file, int still) {
    fprintf(file, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" ", WIDTH,
            HEIGHT);
    fprintf(file, "font-family=\"sans-serif\" font-size=\"12\" fill=\"#333\">\n");
    fprintf(file, "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n", WIDTH, HEIGHT);
    write_titles(file, still);
    for (int image = 0; image < N; image++) {
        const int y = TOP + image * PITCH;
        fprintf(file, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">image %d</text>\n", LEFT - 10,
                y + 14, image + 1);
        for (int channel = 0; channel < C; channel++) {
            fprintf(file, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"3\"",
                    LEFT + channel * PITCH, y, CELL, CELL);
            write_states(file, still, image, channel);
        }
    }
    fprintf(file, "</svg>\n");
}

int main(int argc, char **argv) {
    const int still = argc > 2 ? atoi(argv[2]) : -1;
    if (argc < 2 || still >= STEPS) {
        fprintf(stderr, "usage: images OUT.svg [STEP]   (a step below %d)\n", STEPS);
        return 2;
    }
    run_steps();
    FILE *file = fopen(argv[1], "w");
    CHECK(file == NULL);
    write_svg(file, still);
    CHECK(fclose(file));
    return 0;
}
