/* SPDX-License-Identifier: MIT */
#include "compute.h"

#include "message.h"

const char *compute_isa_choice(int number) {
    return tdrop_isa_name((tdrop_isa)number);
}

int compute_open(compute *c, const compute_settings *settings) {
    *c = (compute){0};
    const tdrop_status status = tdrop_pool_create(&c->pool, (unsigned)settings->threads);
    if (status != TDROP_OK) {
        message_error("option --threads: %s: give fewer threads", tdrop_status_text(status));
        return 0;
    }
    c->parallel = tdrop_pool_parallel(c->pool);
    c->use = (tdrop_use_options){.isa = (tdrop_isa)settings->isa, .parallel = &c->parallel};
    return 1;
}

void compute_close(compute *c) {
    tdrop_pool_destroy(c->pool);
    *c = (compute){0};
}
