/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A retrospective, part after part. */
#include "verify/retro.h"

#include "verify/retro_learn.h"

static bool is_cancelled(const struct retro_options *opt)
{
    return opt->cancel && atomic_load(opt->cancel);
}

/* 0, 1 cancelled, -1. */
static int run_parts(struct retro *r, const struct retro_options *opt, struct err_list *errors)
{
    if (rs_retro_align_series(r, errors) != 0 || rs_retro_see(r, errors) != 0)
        return -1;
    if (is_cancelled(opt))
        return 1;
    if (rs_retro_rebuild(r, errors) != 0 || rs_retro_conform(r, errors) != 0)
        return -1;
    if (is_cancelled(opt))
        return 1;
    if (rs_retro_what_if(r, opt, errors) != 0)
        return -1;
    if (is_cancelled(opt))
        return 1;
    int status = opt->learn ? rs_retro_learn(r, opt, errors) : 0;
    return status == 0 && is_cancelled(opt) ? 1 : status;
}

int rs_retro_run(struct retro **out,
                 const struct retro_evidence *e,
                 const struct retro_options *opt,
                 struct err_list *errors)
{
    *out = NULL;
    struct arena *arena = rs_arena_new();
    struct retro *r = rs_arena_alloc(arena, sizeof(*r));
    r->arena = arena;
    r->evidence = e;
    r->rebuilt.offset = RS_ARENA_ARRAY(arena, struct retro_offset, e->n_source);
    struct retro_options with = *opt;
    with.seed = opt->seed ? opt->seed : 7;
    with.replicas = opt->replicas ? opt->replicas : 200;
    with.n_jobs = opt->n_jobs > 0 ? opt->n_jobs : 1;
    int status = run_parts(r, &with, errors);
    if (status != 0) {
        rs_retro_free(r);
        return status;
    }
    *out = r;
    return 0;
}

void rs_retro_free(struct retro *r)
{
    if (!r)
        return;
    rs_retro_seen_clear(&r->seen);
    rs_arena_free(r->arena);
}

void rs_retro_mark_instant(const struct retro *r, int mark, int64_t *lo_ns, int64_t *hi_ns)
{
    const struct retro_mark *m = &r->evidence->mark[mark];
    const struct retro_offset *o = &r->rebuilt.offset[m->source];
    int64_t accuracy_ns = r->evidence->source[m->source].accuracy_ns;
    *lo_ns = m->written_lo_ns - accuracy_ns - o->hi_ns;
    *hi_ns = m->written_hi_ns + accuracy_ns - o->lo_ns;
}
