/* SPDX-License-Identifier: MIT
 * A main for fuzz targets where there is no libFuzzer: fuzz_X FILE... runs the inputs in files,
 * fuzz_X --random COUNT [SEED] so many random ones. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { MOST_RANDOM = 256 };

/* splitmix64 (Steele et al. 2014) */
static uint64_t next_random(uint64_t *state) {
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* Each input in memory of just its size, so that a sanitizer sees who reads beyond. */
static void run_random(unsigned long count, uint64_t seed) {
    uint64_t state = seed;
    for (unsigned long i = 0; i < count; i++) {
        const size_t size = next_random(&state) % (MOST_RANDOM + 1);
        uint8_t *bytes = malloc(size ? size : 1);
        if (!bytes) abort();
        for (size_t j = 0; j < size; j++)
            bytes[j] = (uint8_t)(next_random(&state) >> 56);
        LLVMFuzzerTestOneInput(bytes, size);
        free(bytes);
    }
}

static int run_file(const char *name) {
    FILE *file = fopen(name, "rb");
    if (!file || fseek(file, 0, SEEK_END)) {
        perror(name);
        return 1;
    }
    const long size = ftell(file);
    uint8_t *bytes = malloc(size > 0 ? (size_t)size : 1);
    rewind(file);
    const int bad = size < 0 || !bytes || fread(bytes, 1, (size_t)size, file) != (size_t)size;
    if (bad)
        perror(name);
    else
        LLVMFuzzerTestOneInput(bytes, (size_t)size);
    free(bytes);
    fclose(file);
    return bad;
}

int main(int argc, char **argv) {
    int bad = 0;
    if (argc > 2 && !strcmp(argv[1], "--random")) {
        run_random(strtoul(argv[2], NULL, 10), argc > 3 ? strtoull(argv[3], NULL, 10) : 0);
        return 0;
    }
    for (int i = 1; i < argc; i++)
        bad |= run_file(argv[i]);
    return bad;
}
