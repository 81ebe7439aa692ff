/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "internal.h"

/* Each scrape has so many blocks of a lane for itself; far more than any interval needs. */
#define LANE_SHIFT 20

struct stream rs_system_stream(const struct system *sys, uint64_t hash)
{
    struct stream s = rs_stream_open_branching(sys->seed, sys->replica, hash, sys->branch);
    s.gsl = sys->gsl_samplers;
    return s;
}

void rs_lane_open(struct lane *lane, const struct system *sys, uint64_t hash)
{
    lane->stream = rs_system_stream(sys, hash);
    lane->k = UINT64_MAX;
}

struct stream *rs_lane_at(struct lane *lane, uint64_t k)
{
    if (lane->k != k) {
        rs_stream_seek(&lane->stream, k << LANE_SHIFT);
        lane->k = k;
    }
    return &lane->stream;
}

/* Scrapes without a mark before the next marked one: geometric, by inversion. */
static uint64_t gap(struct marks *m)
{
    if (m->p >= 1.0)
        return 0;
    double n = floor(log(rs_stream_uniform_pos(&m->stream)) / log1p(-m->p));
    return n < 1e18 ? (uint64_t)n : (uint64_t)1e18;
}

void rs_marks_open(struct marks *m, struct stream stream, double p)
{
    m->stream = stream;
    m->p = p;
    m->next = p > 0.0 ? gap(m) : UINT64_MAX;
}

bool rs_marks_search(struct marks *m, uint64_t k)
{
    while (m->next < k)
        m->next += 1 + gap(m);
    return m->next == k;
}
