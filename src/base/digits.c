/* SPDX-License-Identifier: MIT */
#include "base/digits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool tdrop_digits_read(const char *text, int base, uint64_t most, uint64_t *value) {
    const size_t digits = strspn(text, base == 16 ? "0123456789abcdef" : "0123456789");
    if (text[digits] != '\0' || (base == 16 ? digits != 16 : digits == 0)) return false;
    errno = 0;
    const uint64_t number = strtoull(text, NULL, base);
    if (errno != 0 || number > most) return false;
    *value = number;
    return true;
}
