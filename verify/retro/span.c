/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "retro/rebuild.h"

int64_t rs_span_shift(int64_t t_ns, int64_t d_ns)
{
    if (t_ns == INT64_MIN || t_ns == RS_NEVER)
        return t_ns;
    if (d_ns == INT64_MIN || d_ns == RS_NEVER)
        return d_ns;
    if (d_ns > 0 && t_ns > RS_NEVER - d_ns)
        return RS_NEVER;
    if (d_ns < 0 && t_ns < INT64_MIN - d_ns)
        return INT64_MIN;
    return t_ns + d_ns;
}

struct span rs_span_meet(struct span a, struct span b)
{
    return (struct span){a.lo_ns > b.lo_ns ? a.lo_ns : b.lo_ns,
                         a.hi_ns < b.hi_ns ? a.hi_ns : b.hi_ns};
}

bool rs_span_empty(struct span s)
{
    return s.lo_ns > s.hi_ns;
}

bool rs_span_within(struct span s, int64_t t_ns)
{
    return t_ns >= s.lo_ns && t_ns <= s.hi_ns;
}

int64_t rs_span_apart(struct span a, struct span b)
{
    if (a.lo_ns > b.hi_ns)
        return a.lo_ns - b.hi_ns;
    return b.lo_ns > a.hi_ns ? b.lo_ns - a.hi_ns : 0;
}

int64_t rs_span_best(struct span s)
{
    if (s.lo_ns == INT64_MIN)
        return s.hi_ns == RS_NEVER ? 0 : s.hi_ns;
    return s.hi_ns == RS_NEVER ? s.lo_ns : s.lo_ns + (s.hi_ns - s.lo_ns) / 2;
}

const char *rs_retro_time(struct arena *arena, int64_t t_ns)
{
    char buf[64];
    int64_t ms = t_ns / RS_NS_PER_MS;
    if (t_ns % RS_NS_PER_MS < 0)
        ms--;
    return rs_arena_strdup(arena, rs_backtest_time(buf, sizeof(buf), ms));
}

const char *rs_retro_span(struct arena *arena, struct span s)
{
    const char *lo = s.lo_ns == INT64_MIN ? NULL : rs_retro_time(arena, s.lo_ns);
    const char *hi = s.hi_ns == RS_NEVER ? NULL : rs_retro_time(arena, s.hi_ns);
    if (!lo && !hi)
        return "any time";
    if (!lo)
        return rs_arena_printf(arena, "by %s", hi);
    if (!hi)
        return rs_arena_printf(arena, "from %s on", lo);
    if (s.hi_ns - s.lo_ns < RS_NS_PER_MS)
        return lo;
    return rs_arena_printf(arena, "%s to %s", lo, hi);
}

void rs_rebuild_contradict(
    struct rebuild *b, int mark_a, int mark_b, int episode, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    b->told = rs_arena_vprintf(b->arena, fmt, args);
    va_end(args);
    b->n_told++;
    if (b->n_contradiction == RS_REBUILD_CONTRADICTIONS)
        return;
    if (b->n_contradiction == b->cap_contradiction) {
        b->cap_contradiction = b->cap_contradiction ? 2 * b->cap_contradiction : 16;
        b->contradiction =
            rs_xrealloc(b->contradiction, sizeof(*b->contradiction) * (size_t)b->cap_contradiction);
    }
    b->contradiction[b->n_contradiction++] =
        (struct retro_contradiction){b->told, mark_a, mark_b, episode};
}
