/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One series: a ring of samples, and what lets a window of it be judged without being walked. The
 * samples are numbered; numbers rise for the life of the series and never come back, not even when
 * it is emptied, so whoever remembers a number can tell whether the sample is still there.
 *
 * Beside the ring stand the numbers of the rare events (stale markers, counter resets) and, for
 * those who ask, a tally per sample: running totals, of which two tell of all samples between.
 */
#ifndef MONITORING_SERIES_H
#define MONITORING_SERIES_H

#include <stdbool.h>
#include <stdint.h>

#include "models/tsdb.h"

/* A value below the one before it: a counter has lost what it had. */
struct drop {
    uint64_t at;    /* number of the sample after the fall */
    double before;  /* the value lost */
    int64_t lost;   /* running total of the whole `before`, this one included */
    uint64_t size;  /* and of their absolute values */
    uint64_t n_odd; /* `before` so far that are no whole numbers of moderate size */
};

struct drops { /* a ring; entry number i is drop[i & (cap - 1)] */
    struct drop *drop;
    uint64_t begin, end;
    uint32_t cap;
};

struct stales { /* numbers of stale markers, likewise */
    uint64_t *at;
    uint64_t begin, end;
    uint32_t cap;
};

/* Running totals up to and including a sample; stale markers add nothing. */
struct tally {
    int64_t sum;       /* of the whole values */
    uint64_t size;     /* of their absolute values */
    uint32_t n_change; /* values unlike the one before, NaN being like NaN */
    uint32_t n_odd;    /* values that are no whole numbers of moderate size */
};

/* Bits of series.more: what an append or a look must do besides. */
enum { RS_SERIES_LAZY = 1, RS_SERIES_TALLY = 2 };

struct series {
    /* What every append and every window looks at: one cache line. */
    _Alignas(64) struct sample *ring; /* sample number i is ring[i & (cap - 1)] */
    uint64_t begin, end;              /* numbers of the oldest sample and of the next one */
    int64_t last_ms;                  /* of the newest sample; INT64_MIN = none yet */
    double last;                      /* the newest value that is no stale marker; NaN = none yet */
    uint64_t stale_end;               /* past the newest stale marker; <= begin if none is left */
    uint64_t drop_end;                /* past the newest drop, likewise */
    uint32_t cap;                     /* of the ring: a power of two, or 0 */
    uint32_t more;                    /* RS_SERIES_... */

    struct tally *tally;     /* [cap], or NULL: nobody has asked */
    rs_tsdb_fill fill;       /* NULL = eager */
    rs_tsdb_promise promise; /* of fill_ctx and fill_arg; NULL = none is given */
    int64_t filled_ms;       /* its fill has run up to here */
    void *fill_ctx;
    uint64_t fill_arg;
    int64_t span_ms; /* how far back it must reach */
    uint64_t cut_at; /* numbers from here on stand for other samples since they were last taken */
    uint32_t n_cut;  /* back, which has happened so often */
    rs_labels labels;
    struct drops drops;
    struct stales stales;
};

/* Zeroed memory becomes an empty series; free gives its buffers back, empty keeps them. */
void rs_series_init(struct series *s, rs_labels labels);
void rs_series_free(struct series *s);
void rs_series_empty(struct series *s);
/* Keeps tallies from now on, of the samples that it holds too. */
void rs_series_keep_tally(struct series *s);
/* Takes back all samples at or after t_ms. */
void rs_series_cut(struct series *s, int64_t t_ms);

static inline const struct sample *rs_series_sample(const struct series *s, uint64_t i)
{
    return &s->ring[i & (s->cap - 1)];
}

static inline const struct tally *rs_series_tally(const struct series *s, uint64_t i)
{
    return &s->tally[i & (s->cap - 1)];
}

static inline bool rs_stale_bits(double v)
{
    union {
        double d;
        uint64_t u;
    } x = {.d = v};

    return x.u == UINT64_C(0x7ff0000000000002);
}

/*
 * Parts of an append at t_ms. A full ring loses the samples that no look-back can reach any more,
 * or it grows; what is out of the ordinary about a value is noted.
 */
void rs_series_make_room(struct series *s, int64_t t_ms);
void rs_series_note(struct series *s, double v);

/* False if the time does not rise: then nothing happens. */
static inline bool rs_series_append(struct series *s, int64_t t_ms, double v)
{
    bool stale = rs_stale_bits(v);

    if (t_ms <= s->last_ms) {
        return false;
    }
    if (s->end - s->begin == s->cap) {
        rs_series_make_room(s, t_ms);
    }
    s->ring[s->end & (s->cap - 1)] = (struct sample){t_ms, v};
    if (stale || v < s->last || (s->more & RS_SERIES_TALLY)) {
        rs_series_note(s, v);
    }
    s->last = stale ? s->last : v;
    s->last_ms = t_ms;
    s->end++;
    return true;
}

/* More memory for `n` series; the new ones are zeroed. They stand on cache lines of their own. */
struct series *rs_series_grow(struct series *old, int n_old, int n);

/* The same as rs_series_after by bisection, for hints that are far off. */
uint64_t rs_series_search(const struct series *s, int64_t lo_ms, uint64_t hint);

/*
 * Number of the first sample with t > lo_ms, looked for from a hint (any number); `end` if none.
 * Windows mostly move on by a sample or two, so a few steps from the last answer find the next.
 */
static inline uint64_t rs_series_after(const struct series *s, int64_t lo_ms, uint64_t hint)
{
    if (hint < s->begin || hint > s->end ||
        (hint > s->begin && rs_series_sample(s, hint - 1)->t_ms > lo_ms)) {
        return rs_series_search(s, lo_ms, hint);
    }
    for (int step = 0; step < 4; step++, hint++) {
        if (hint == s->end || rs_series_sample(s, hint)->t_ms > lo_ms) {
            return hint;
        }
    }
    return rs_series_search(s, lo_ms, hint);
}

/* Stale markers among the samples [from, to). */
uint64_t rs_series_stales(const struct series *s, uint64_t from, uint64_t to);

/* The drops at samples (from, to): numbers [*first, returned) of s->drops. Of from itself, none. */
uint64_t rs_series_drops(const struct series *s, uint64_t from, uint64_t to, uint64_t *first);

/* Whole numbers of at most this size are tallied: 2^23 of them do not overflow 64 bits. */
#define RS_WHOLE_MAX 0x1p40
/* Up to here every sum of whole numbers is exact, whatever its order. */
#define RS_EXACT_MAX (UINT64_C(1) << 53)

static inline bool rs_is_whole(double v)
{
    return v >= -RS_WHOLE_MAX && v <= RS_WHOLE_MAX && (double)(int64_t)v == v;
}

#endif
