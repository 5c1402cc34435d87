/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"

#include <stdint.h>

size_t tdrop_utf8_length(const char *text, size_t size) {
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *byte = (const unsigned char *)text;
    if (byte[0] < 0x80) return byte[0] != 0;
    const size_t length = byte[0] >= 0xf0 ? 4 : byte[0] >= 0xe0 ? 3 : 2;
    if (byte[0] < 0xc0 || byte[0] > 0xf7 || length > size) return 0;
    uint32_t code = byte[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((byte[i] & 0xc0) != 0x80) return 0;
        code = code << 6 | (byte[i] & 0x3fu);
    }
    const bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < smallest[length] || code > 0x10ffff || surrogate ? 0 : length;
}

bool tdrop_utf8_is_valid(const char *text, size_t size) {
    for (size_t at = 0, length; at < size; at += length)
        if (!(length = tdrop_utf8_length(text + at, size - at))) return false;
    return true;
}
