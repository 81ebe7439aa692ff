/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "responder.h"
#include "sim/arena.h"

static struct source from_hash(uint64_t hash)
{
    return (struct source){.hash = hash};
}

struct source rs_source_new(const char *fmt, ...)
{
    char name[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(name, sizeof name, fmt, ap);
    va_end(ap);
    return from_hash(rs_stream_hash(name));
}

struct stream *rs_source_stream(struct responder *r, struct source *src)
{
    if (src->epoch != r->epoch) {
        src->s = rs_stream_open_branching(r->seed, r->replica, src->hash, r->branch);
        src->s.gsl = r->gsl_samplers;
        src->epoch = r->epoch;
    }
    return &src->s;
}

int64_t rs_source_ns(struct responder *r, struct source *src, const struct dist *d)
{
    double s = rs_dist_draw(d, rs_source_stream(r, src));
    assert(s >= 0.0);
    return rs_ns_from_s(s);
}

bool rs_source_chance(struct responder *r, struct source *src, double p)
{
    return rs_stream_uniform(rs_source_stream(r, src)) < p;
}

struct action_sources *rs_action_sources_new(const char *stem, const char *name, int n)
{
    if (n == 0)
        return NULL;
    struct action_sources *out = rs_xcalloc((size_t)n, sizeof *out);
    for (int i = 0; i < n; i++) {
        uint64_t hash = rs_source_new("action/%s/%s/%d", stem, name, i).hash;
        out[i] = (struct action_sources){
            .time = from_hash(rs_stream_hash_index(hash, 0)),
            .fails = from_hash(rs_stream_hash_index(hash, 1)),
            .slip = from_hash(rs_stream_hash_index(hash, 2)),
            .notice = from_hash(rs_stream_hash_index(hash, 3)),
            .overlooked = from_hash(rs_stream_hash_index(hash, 4)),
            .check = from_hash(rs_stream_hash_index(hash, 5)),
        };
    }
    return out;
}

int64_t rs_time_after(int64_t now_ns, int64_t delay_ns)
{
    assert(delay_ns >= 0);
    return delay_ns >= RS_NEVER - now_ns ? RS_NEVER : now_ns + delay_ns;
}
