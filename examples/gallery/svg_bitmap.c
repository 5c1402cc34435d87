/* SPDX-License-Identifier: MIT
 * A bitmap inside an SVG: a PNG with a palette of 2 or 16 entries (ISO/IEC 15948), whose pixels are
 * stored and not compressed (RFC 1951), in base64. Few levels a pixel keep it small enough. */
#include "experiment.h"
#include "svg.h"

#include <stdlib.h>
#include <string.h>

enum { STORED_MOST = 65535 }; /* bytes of a stored block */

typedef struct bytes {
    uint8_t *at;
    size_t count, most;
} bytes;

static void put(bytes *to, const void *from, size_t count) {
    CHECK(to->count + count > to->most);
    memcpy(to->at + to->count, from, count);
    to->count += count;
}

static void put_number(bytes *to, uint32_t number) {
    const uint8_t big_endian[] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
                                  (uint8_t)(number >> 8), (uint8_t)number};
    put(to, big_endian, sizeof big_endian);
}

static uint32_t crc32_of(const uint8_t *data, size_t count) {
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static uint32_t adler32_of(const uint8_t *data, size_t count) {
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < count; i++) {
        a = (a + data[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

static void put_chunk(bytes *png, const char *type, const void *data, size_t count) {
    put_number(png, (uint32_t)count);
    const size_t start = png->count;
    put(png, type, 4);
    put(png, data, count);
    put_number(png, crc32_of(png->at + start, png->count - start));
}

/* Rows of packed pixels, each behind the number of its filter, which is 0: none. */
static void put_rows(bytes *rows, const uint8_t *levels, size_t columns, size_t count, int bits) {
    for (size_t row = 0; row < count; row++) {
        put(rows, "", 1);
        for (size_t i = 0; i < columns; i += (size_t)(8 / bits)) {
            uint8_t packed = 0;
            for (size_t j = 0; j < (size_t)(8 / bits); j++)
                packed = (uint8_t)(packed << bits |
                                   (i + j < columns ? levels[row * columns + i + j] : 0));
            put(rows, &packed, 1);
        }
    }
}

/* A zlib stream of stored blocks. */
static void put_stream(bytes *to, const bytes *rows) {
    put(to, "\x78\x01", 2);
    for (size_t at = 0; at < rows->count; at += STORED_MOST) {
        const size_t left = rows->count - at, count = left < STORED_MOST ? left : STORED_MOST;
        const uint8_t head[] = {count == left, (uint8_t)count, (uint8_t)(count >> 8),
                                (uint8_t)~count, (uint8_t)(~count >> 8)};
        put(to, head, sizeof head);
        put(to, rows->at + at, count);
    }
    put_number(to, adler32_of(rows->at, rows->count));
}

static void put_png(bytes *png, const bytes *stream, size_t columns, size_t rows, bool two_tone) {
    const int bits = two_tone ? 1 : 4;
    uint8_t head[13] = {0,
                        0,
                        (uint8_t)(columns >> 8),
                        (uint8_t)columns,
                        0,
                        0,
                        (uint8_t)(rows >> 8),
                        (uint8_t)rows,
                        (uint8_t)bits,
                        3 /* a palette */};
    uint8_t palette[16 * 3] = {0xdc, 0xe1, 0xe6, 0x09, 0x69, 0xda};
    for (size_t i = 0; !two_tone && i < sizeof palette; i++)
        palette[i] = (uint8_t)(i / 3 * 17);
    put(png, "\x89PNG\r\n\x1a\n", 8);
    put_chunk(png, "IHDR", head, sizeof head);
    put_chunk(png, "PLTE", palette, two_tone ? 6 : sizeof palette);
    put_chunk(png, "IDAT", stream->at, stream->count);
    put_chunk(png, "IEND", "", 0);
}

static void write_base64(FILE *file, const bytes *data) {
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < data->count; i += 3) {
        uint32_t group = 0;
        for (size_t j = i; j < i + 3; j++)
            group = group << 8 | (j < data->count ? data->at[j] : 0);
        fputc(digit[group >> 18], file), fputc(digit[group >> 12 & 63], file);
        fputc(i + 1 < data->count ? digit[group >> 6 & 63] : '=', file);
        fputc(i + 2 < data->count ? digit[group & 63] : '=', file);
    }
}

void svg_bitmap(FILE *file, double x, double y, double width, double height, const uint8_t *levels,
                size_t columns, size_t rows, bool two_tone) {
    const size_t most = rows * (columns + 1) + 4096;
    bytes packed = {experiment_memory(most, 1), 0, most};
    bytes stream = {experiment_memory(2 * most, 1), 0, 2 * most};
    bytes png = {experiment_memory(2 * most, 1), 0, 2 * most};
    put_rows(&packed, levels, columns, rows, two_tone ? 1 : 4);
    put_stream(&stream, &packed);
    put_png(&png, &stream, columns, rows, two_tone);
    fprintf(file,
            "<image x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
            "preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" "
            "href=\"data:image/png;base64,",
            x, y, width, height);
    write_base64(file, &png);
    fprintf(file, "\"/>\n");
    free(packed.at), free(stream.at), free(png.at);
}
