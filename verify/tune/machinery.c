/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machinery.h"

static void *
engine_new(const struct tune_source *src, const struct tune_engine_options *opt, struct err *err)
{
    return rs_tune_engine_new(src, opt, err);
}

static void engine_free(void *engine)
{
    rs_tune_engine_free(engine);
}

static int
ask(void *engine, const struct tune_ask *a, rs_tune_told told, void *told_ctx, struct err *err)
{
    return rs_tune_ask(engine, a, told, told_ctx, err);
}

static struct tune_cost cost(const void *engine)
{
    return rs_tune_engine_cost(engine);
}

static const struct tune_machinery machinery = {
    .engine_new = engine_new,
    .engine_free = engine_free,
    .ask = ask,
    .cost = cost,
};

int rs_tune_search(const struct tune_source *src,
                   const struct tune_search_options *opt,
                   struct tune_result *out,
                   struct err *err)
{
    return rs_tune_search_with(&machinery, src, opt, out, err);
}
