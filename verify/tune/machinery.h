/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a search needs from the engine behind it, as a table, so that tests can search over made-up histories. */
#ifndef VERIFY_TUNE_MACHINERY_H
#define VERIFY_TUNE_MACHINERY_H

#include "verify/tune_search.h"

struct tune_machinery {
    void *(*engine_new)(const struct tune_source *src,
                        const struct tune_engine_options *opt,
                        struct err *err);
    void (*engine_free)(void *engine); /* NULL ok */
    int (*ask)(void *engine,
               const struct tune_ask *ask,
               rs_tune_told told,
               void *told_ctx,
               struct err *err);
    struct tune_cost (*cost)(const void *engine);
};

/* rs_tune_search over the machinery given; rs_tune_search itself is this with rollsim's own. */
int rs_tune_search_with(const struct tune_machinery *machinery,
                        const struct tune_source *src,
                        const struct tune_search_options *opt,
                        struct tune_result *out,
                        struct err *err);

#endif
