/* SPDX-License-Identifier: MIT
 * passes_agree: the plain passes, as the compiler made vectors of them here, give the bits that
 * they give everywhere. Needs kernels/pass_c.c alone. Exits 0 when they do. */
#include "pass_hash.h"

#include <inttypes.h>
#include <stdio.h>

int main(void) {
    const uint64_t hash = pass_hash(&tdrop_pass_c);
    printf("passes: %016" PRIx64 "\n", hash);
    return hash != PASS_HASH_EXPECTED;
}
