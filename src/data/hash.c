/* SPDX-License-Identifier: MIT
 * Four lanes take a word of 64 bits each in turn, so that multiplications of four words run beside
 * one another; each step is a bijection of the lane, so a single changed word always shows in its
 * lane. The constants are odd and have about as many ones as zeros. */
#include "data/hash.h"

#include "base/byte_order.h"
#include "base/sizes.h"

#include <string.h>

enum { LANES = 4, WORD = sizeof(uint64_t), BLOCK = LANES * WORD };

static const uint64_t factor[LANES] = {0x9e3779b97f4a7c15u, 0xc2b2ae3d27d4eb4fu,
                                       0x94d049bb133111ebu, 0xd6e8feb86659fd93u};

static uint64_t mix(uint64_t lane, uint64_t word, uint64_t odd) {
    lane = (lane ^ word) * odd;
    return lane ^ lane >> 29;
}

static inline void add_block(tdrop_hash *hash, const unsigned char *bytes) {
    for (size_t l = 0; l < LANES; l++) {
        hash->lane[l] = mix(hash->lane[l], tdrop_load_word(bytes + l * WORD), factor[l]);
    }
}

/* The last block is filled up with zeros, which the count of bytes tells from others. */
static void add_blocks(tdrop_hash *hash, const unsigned char *bytes, size_t size) {
    size_t whole = size - size % BLOCK;
    tdrop_hash of_blocks = *hash; /* in registers: the bytes might be those of *hash */
    for (size_t at = 0; at < whole; at += BLOCK)
        add_block(&of_blocks, bytes + at);
    *hash = of_blocks;
    if (whole == size) return;
    unsigned char rest[BLOCK] = {0};
    memcpy(rest, bytes + whole, size - whole);
    add_block(hash, rest);
}

static void add_count(tdrop_hash *hash, size_t bytes) {
    hash->bytes = mix(hash->bytes, bytes, factor[0]);
}

void tdrop_hash_add(tdrop_hash *hash, const void *numbers, size_t count, size_t size) {
    enum { CHUNK = 512, WIDEST = 8 }; /* a chunk is whole blocks */
    const unsigned char *bytes = numbers;
    unsigned char chunk[CHUNK * WIDEST];
    if (size == 1 || !tdrop_host_is_big_endian()) {
        add_blocks(hash, bytes, count * size);
    } else {
        for (size_t done = 0; done < count; done += CHUNK) {
            size_t n = tdrop_least(count - done, CHUNK);
            tdrop_reverse_bytes(chunk, bytes + done * size, n, size);
            add_blocks(hash, chunk, n * size);
        }
    }
    add_count(hash, count * size);
}

void tdrop_hash_add_text(tdrop_hash *hash, const char *text) {
    static const char none[] = "\xff"; /* nothing that UTF-8 can hold */
    tdrop_hash_add(hash, text ? text : none, strlen(text ? text : none), 1);
}

uint64_t tdrop_hash_value(const tdrop_hash *hash) {
    uint64_t value = mix(hash->bytes, 0, factor[1]);
    for (size_t l = 0; l < LANES; l++)
        value = mix(value, hash->lane[l] ^ hash->lane[l] >> 32, factor[l]);
    return mix(value ^ value >> 32, 0, factor[2]);
}
