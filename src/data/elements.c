/* SPDX-License-Identifier: MIT */
#include "data/elements.h"

#include "base/byte_order.h"
#include "base/sizes.h"

#include <stdint.h>
#include <string.h>

/* A half float: 1 sign bit, 5 of exponent (bias 15), 10 of fraction; a float holds each exactly. */
static float half_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t exponent = half >> 10 & 0x1fu, fraction = half & 0x3ffu;
    if (exponent == 0) {
        float subnormal = (float)fraction * 0x1p-24f;
        return sign ? -subnormal : subnormal;
    }
    uint32_t float_exponent = exponent == 0x1f ? 0xff : exponent + (127 - 15);
    uint32_t bits = sign | float_exponent << 23 | fraction << 13;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* One plain loop for each type, numbers in this machine's byte order. */
#define DEFINE_CONVERT(name, stored, kept, expression)                                             \
    static void name(const unsigned char *in, size_t count, void *out, size_t stride) {            \
        kept *to = out;                                                                            \
        for (size_t i = 0; i < count; i++) {                                                       \
            stored x;                                                                              \
            memcpy(&x, in + i * sizeof x, sizeof x);                                               \
            to[i * stride] = (kept)(expression);                                                   \
        }                                                                                          \
    }

DEFINE_CONVERT(convert_bool, uint8_t, float, x != 0)
DEFINE_CONVERT(convert_u8, uint8_t, uint8_t, x)
DEFINE_CONVERT(convert_i8, int8_t, float, x)
DEFINE_CONVERT(convert_u16, uint16_t, float, x)
DEFINE_CONVERT(convert_i16, int16_t, float, x)
DEFINE_CONVERT(convert_u32, uint32_t, double, x)
DEFINE_CONVERT(convert_i32, int32_t, double, x)
DEFINE_CONVERT(convert_u64, uint64_t, double, x)
DEFINE_CONVERT(convert_i64, int64_t, double, x)
DEFINE_CONVERT(convert_f16, uint16_t, float, half_to_float(x))
DEFINE_CONVERT(convert_f32, float, float, x)
DEFINE_CONVERT(convert_f64, double, double, x)

typedef struct number_row {
    size_t size;
    tdrop_element element;
    void (*convert)(const unsigned char *in, size_t count, void *out, size_t stride);
} number_row;

static const number_row number_rows[] = {
    [TDROP_NUMBER_BOOL] = {1, TDROP_ELEMENT_F32, convert_bool},
    [TDROP_NUMBER_U8] = {1, TDROP_ELEMENT_U8, convert_u8},
    [TDROP_NUMBER_I8] = {1, TDROP_ELEMENT_F32, convert_i8},
    [TDROP_NUMBER_U16] = {2, TDROP_ELEMENT_F32, convert_u16},
    [TDROP_NUMBER_I16] = {2, TDROP_ELEMENT_F32, convert_i16},
    [TDROP_NUMBER_U32] = {4, TDROP_ELEMENT_F64, convert_u32},
    [TDROP_NUMBER_I32] = {4, TDROP_ELEMENT_F64, convert_i32},
    [TDROP_NUMBER_U64] = {8, TDROP_ELEMENT_F64, convert_u64},
    [TDROP_NUMBER_I64] = {8, TDROP_ELEMENT_F64, convert_i64},
    [TDROP_NUMBER_F16] = {2, TDROP_ELEMENT_F32, convert_f16},
    [TDROP_NUMBER_F32] = {4, TDROP_ELEMENT_F32, convert_f32},
    [TDROP_NUMBER_F64] = {8, TDROP_ELEMENT_F64, convert_f64},
};

size_t tdrop_number_size(tdrop_number number) {
    return number_rows[number].size;
}

tdrop_element tdrop_number_element(tdrop_number number) {
    return number_rows[number].element;
}

void tdrop_numbers_convert(tdrop_number number, bool big_endian, const unsigned char *in,
                           size_t count, void *out, size_t stride) {
    enum { CHUNK = 512, WIDEST = 8 };
    const number_row *row = &number_rows[number];
    if (row->size == 1 || big_endian == tdrop_host_is_big_endian()) {
        row->convert(in, count, out, stride);
        return;
    }
    unsigned char chunk[CHUNK * WIDEST];
    unsigned char *to = out;
    for (size_t done = 0; done < count; done += CHUNK) {
        size_t n = tdrop_least(count - done, CHUNK);
        tdrop_reverse_bytes(chunk, in + done * row->size, n, row->size);
        row->convert(chunk, n, to + done * stride * row->element, stride);
    }
}
