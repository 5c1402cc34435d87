#include "bench.h"
bool bench_plot(const char *path) {
    (void)path;
    return false;
}
