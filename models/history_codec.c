/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Histories as bytes. Numbers are LEB128 varints of 7 bits, the low ones first; signed ones are folded (0, -1, 1, -2, ...), as
 * in Protocol Buffers. Instants of an episode are differences from the one before; so are the counts and latencies of a
 * trajectory, which stand column by column. A latency is a float of few steps from its neighbour: what is coded is the
 * difference of the two bit patterns as integers, exact and short. The last eight bytes are XXH64 of the rest, so that
 * damage is seen even where it would make another history.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "detector.h"
#include "models/history.h"
#include "models/scenario.h"
#include "sim/arena.h"
#include "sim/clock.h"

enum { FORMAT = 1, CHECK_BYTES = 8, VARINT_BYTES_MAX = 10 };

/* ---- writing --------------------------------------------------------------------------------------------------------- */

static void room(struct bytes *out, size_t n_more)
{
    if (out->cap - out->n >= n_more)
        return;
    size_t cap = out->cap ? 2 * out->cap : 1024;
    while (cap - out->n < n_more)
        cap *= 2;
    out->p = rs_xrealloc(out->p, cap);
    out->cap = cap;
}

static void put_count(struct bytes *out, uint64_t v)
{
    room(out, VARINT_BYTES_MAX);
    unsigned char *p = out->p + out->n;
    while (v >= 0x80) {
        *p++ = (unsigned char)(v | 0x80);
        v >>= 7;
    }
    *p++ = (unsigned char)v;
    out->n = (size_t)(p - out->p);
}

static uint64_t fold(uint64_t difference)
{
    return (difference << 1) ^ (0 - (difference >> 63));
}

static uint64_t unfold(uint64_t folded)
{
    return (folded >> 1) ^ (0 - (folded & 1));
}

/* v - before, modulo 2^64: any two values. */
static void put_step(struct bytes *out, uint64_t before, uint64_t v)
{
    put_count(out, fold(v - before));
}

/* RS_NEVER, the largest, becomes 0, and small times stay small. */
static void put_time(struct bytes *out, int64_t t)
{
    put_count(out, fold((uint64_t)t) + 2);
}

/* -1 for none. */
static void put_id(struct bytes *out, int id)
{
    put_count(out, (uint64_t)(id + 1));
}

static void put_fixed(struct bytes *out, uint64_t v)
{
    room(out, 8);
    for (int i = 0; i < 8; i++)
        out->p[out->n++] = (unsigned char)(v >> (8 * i));
}

static uint64_t bits_of_double(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static uint32_t bits_of_float(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static void put_text(struct bytes *out, const char *text)
{
    size_t n = text ? strlen(text) : 0;
    put_count(out, text ? n + 1 : 0);
    room(out, n);
    if (n > 0)
        memcpy(out->p + out->n, text, n);
    out->n += n;
}

static void put_episode(struct bytes *out, const struct episode *e)
{
    uint64_t known = 0, last = 0;
    put_id(out, e->procedure);
    put_id(out, e->stage);
    put_id(out, e->fault);
    put_count(out, (uint64_t)e->by << 2 | (uint64_t)e->gave_up << 1 | (uint64_t)e->cut);
    put_text(out, e->detector);
    for (int i = 0; i < RS_CLOCK_N; i++)
        known |= (uint64_t)(e->at_ns[i] != RS_NEVER) << i;
    put_count(out, known);
    for (int i = 0; i < RS_CLOCK_N; i++) {
        if (e->at_ns[i] == RS_NEVER)
            continue;
        put_step(out, last, (uint64_t)e->at_ns[i]);
        last = (uint64_t)e->at_ns[i];
    }
}

static void put_counts(struct bytes *out, const uint32_t *v, int n)
{
    uint64_t last = 0;
    for (int i = 0; i < n; i++) {
        put_step(out, last, v[i]);
        last = v[i];
    }
}

static void put_floats(struct bytes *out, const float *v, int n)
{
    uint64_t last = 0;
    for (int i = 0; i < n; i++) {
        uint64_t bits = bits_of_float(v[i]);
        put_step(out, last, bits);
        last = bits;
    }
}

static void put_trajectory(struct bytes *out, const struct trajectory *t)
{
    put_id(out, t->service);
    put_time(out, t->t0_ns);
    put_time(out, t->step_ns);
    put_count(out, (uint64_t)t->n);
    put_counts(out, t->n_request, t->n);
    put_counts(out, t->n_error, t->n);
    put_floats(out, t->latency_s_p50, t->n);
    put_floats(out, t->latency_s_p95, t->n);
    put_floats(out, t->latency_s_p99, t->n);
}

static void put_totals(struct bytes *out, const struct history *h)
{
    put_count(out, h->n_request);
    put_count(out, h->n_error);
    put_count(out, h->n_slow);
    put_count(out, h->users_hurt);
    put_count(out, h->users_hurt_since_onset);
    put_count(out, h->n_request_fault);
    put_count(out, h->n_error_fault);
    put_fixed(out, bits_of_double(h->budget_burned));
    put_count(out, h->n_page);
    put_count(out, h->n_alert_fired);
    put_time(out, h->sim_ns);
}

void rs_history_encode(const struct history *h, struct bytes *out)
{
    out->n = 0;
    put_count(out, FORMAT);
    put_count(out, h->replica);
    put_count(out, h->world);
    put_id(out, h->fault);
    put_count(out, (uint64_t)h->outcome << 3 | (uint64_t)h->fault_started << 2 |
                       (uint64_t)h->false_rollback << 1 | (uint64_t)h->has_close);
    put_time(out, h->onset_ns);
    put_id(out, h->stage_reached);
    put_count(out, (uint64_t)h->n_stage);
    for (int i = 0; i < h->n_stage; i++)
        put_time(out, h->stage_at_ns[i]);
    put_time(out, h->ended_ns);
    put_totals(out, h);
    put_count(out, (uint64_t)h->n_episode);
    for (int i = 0; i < h->n_episode; i++)
        put_episode(out, &h->episode[i]);
    put_count(out, (uint64_t)h->n_trajectory);
    for (int i = 0; i < h->n_trajectory; i++)
        put_trajectory(out, &h->trajectory[i]);
    if (h->has_close)
        put_trajectory(out, &h->close);
    put_fixed(out, XXH64(out->p, out->n, 0));
}

/* ---- reading --------------------------------------------------------------------------------------------------------- */

/* Bytes yet to be read. Past the end, or past what may be, it is bad and gives zeros. */
struct source {
    const unsigned char *p, *end;
    bool bad;
};

static uint64_t get_count(struct source *s)
{
    uint64_t v = 0;
    for (int shift = 0; shift < 64 && s->p < s->end; shift += 7) {
        uint64_t byte = *s->p++;
        uint64_t part = byte & 0x7f;
        if (shift == 63 && part > 1)
            break;
        v |= part << shift;
        if (byte < 0x80) {
            s->bad |=
                byte == 0 && shift > 0; /* a longer spelling than need be: encode writes none */
            return v;
        }
    }
    s->bad = true;
    return 0;
}

static uint64_t get_step(struct source *s, uint64_t before)
{
    return before + unfold(get_count(s));
}

static int64_t get_time(struct source *s)
{
    return (int64_t)unfold(get_count(s) - 2);
}

/* 0 .. n - 1; what is not is bad, and 0. */
static int get_below(struct source *s, int n)
{
    uint64_t v = get_count(s);
    bool fits = v < (uint64_t)n;
    s->bad |= !fits;
    return fits ? (int)v : 0;
}

/* -1 .. n - 1. */
static int get_id(struct source *s, int n)
{
    return get_below(s, n + 1) - 1;
}

/* A number of things of which each takes at least so many bytes: no more than what is left can hold, so that damage asks for no memory. */
static int get_number(struct source *s, size_t least_bytes)
{
    uint64_t v = get_count(s);
    bool fits = v <= (uint64_t)(s->end - s->p) / least_bytes && v <= INT32_MAX;
    s->bad |= !fits;
    return fits ? (int)v : 0;
}

static uint64_t get_fixed(struct source *s)
{
    uint64_t v = 0;
    if (s->end - s->p < 8) {
        s->bad = true;
        return 0;
    }
    for (int i = 0; i < 8; i++)
        v |= (uint64_t)*s->p++ << (8 * i);
    return v;
}

static const char *get_detector(struct source *s, const struct scenario *sc)
{
    int n = get_number(s, 1) - 1;
    if (n < 0 || s->bad)
        return NULL;
    if (n > s->end - s->p) {
        s->bad = true;
        return NULL;
    }
    const char *name = rs_detector_find(sc, (const char *)s->p, (size_t)n);
    s->p += n;
    s->bad |= !name;
    return name;
}

/* ---- the parts ---- */

static void get_episode(struct source *s, const struct scenario *sc, struct episode *e)
{
    e->procedure = get_id(s, sc->response.n_procedure);
    e->stage = get_id(s, sc->response.n_stage);
    e->fault = get_id(s, sc->n_fault);
    int flags = get_below(s, (RS_BY_CHECK + 1) << 2);
    e->by = (enum detected_by)(flags >> 2);
    e->gave_up = flags >> 1 & 1;
    e->cut = flags & 1;
    e->detector = get_detector(s, sc);
    int known = get_below(s, 1 << RS_CLOCK_N);
    uint64_t last = 0;
    for (int i = 0; i < RS_CLOCK_N; i++) {
        if (known >> i & 1)
            e->at_ns[i] = (int64_t)(last = get_step(s, last));
        s->bad |= (known >> i & 1) && e->at_ns[i] == RS_NEVER;
    }
}

/* Memory for n points. */
static void grow(struct trajectory *t, int n)
{
    if (n <= t->cap)
        return;
    size_t count = (size_t)n;
    t->cap = n;
    t->n_request = rs_xrealloc(t->n_request, count * sizeof *t->n_request);
    t->n_error = rs_xrealloc(t->n_error, count * sizeof *t->n_error);
    t->latency_s_p50 = rs_xrealloc(t->latency_s_p50, count * sizeof *t->latency_s_p50);
    t->latency_s_p95 = rs_xrealloc(t->latency_s_p95, count * sizeof *t->latency_s_p95);
    t->latency_s_p99 = rs_xrealloc(t->latency_s_p99, count * sizeof *t->latency_s_p99);
}

static void get_counts(struct source *s, uint32_t *v, int n)
{
    uint64_t last = 0;
    for (int i = 0; i < n; i++) {
        last = get_step(s, last);
        s->bad |= last > UINT32_MAX;
        v[i] = (uint32_t)last;
    }
}

static void get_floats(struct source *s, float *v, int n)
{
    uint64_t last = 0;
    for (int i = 0; i < n; i++) {
        last = get_step(s, last);
        s->bad |= last > UINT32_MAX;
        uint32_t bits = (uint32_t)last;
        memcpy(&v[i], &bits, sizeof bits);
    }
}

/* Whether the grid's last instant is one that the clock can show. */
static bool grid_fits(const struct trajectory *t)
{
    int64_t span, end;
    return t->step_ns > 0 && !__builtin_mul_overflow(t->step_ns, t->n, &span) &&
           !__builtin_add_overflow(t->t0_ns, span, &end);
}

static void get_trajectory(struct source *s, const struct scenario *sc, struct trajectory *t)
{
    t->service = get_below(s, sc->n_service + 1) - 1;
    t->t0_ns = get_time(s);
    t->step_ns = get_time(s);
    int n = get_number(s, 5);
    if (s->bad)
        return;
    grow(t, n);
    t->n = n;
    s->bad |= n > 0 && (t->service < 0 || !grid_fits(t));
    get_counts(s, t->n_request, n);
    get_counts(s, t->n_error, n);
    get_floats(s, t->latency_s_p50, n);
    get_floats(s, t->latency_s_p95, n);
    get_floats(s, t->latency_s_p99, n);
}

static void get_totals(struct source *s, struct history *h)
{
    h->n_request = get_count(s);
    h->n_error = get_count(s);
    h->n_slow = get_count(s);
    h->users_hurt = get_count(s);
    h->users_hurt_since_onset = get_count(s);
    h->n_request_fault = get_count(s);
    h->n_error_fault = get_count(s);
    uint64_t bits = get_fixed(s);
    memcpy(&h->budget_burned, &bits, sizeof bits);
    uint64_t n_page = get_count(s), n_alert = get_count(s);
    s->bad |= n_page > UINT32_MAX || n_alert > UINT32_MAX;
    h->n_page = (uint32_t)n_page;
    h->n_alert_fired = (uint32_t)n_alert;
    h->sim_ns = get_time(s);
}

static void get_stages(struct source *s, const struct scenario *sc, struct history *h)
{
    int n = get_below(s, sc->response.n_stage + 1);
    if (n != h->n_stage || !h->stage_at_ns)
        h->stage_at_ns = rs_xrealloc(h->stage_at_ns, ((size_t)n + 1) * sizeof *h->stage_at_ns);
    h->n_stage = n;
    for (int i = 0; i < n; i++)
        h->stage_at_ns[i] = get_time(s);
}

static void get_trajectories(struct source *s, const struct scenario *sc, struct history *h)
{
    int n = get_below(s, sc->n_service + 1);
    if (n > h->n_trajectory) {
        size_t had = (size_t)h->n_trajectory;
        h->trajectory = rs_xrealloc(h->trajectory, (size_t)n * sizeof *h->trajectory);
        memset(h->trajectory + had, 0, ((size_t)n - had) * sizeof *h->trajectory);
        h->n_trajectory = n;
    }
    for (int i = 0; i < n && !s->bad; i++)
        get_trajectory(s, sc, &h->trajectory[i]);
    if (h->has_close && !s->bad)
        get_trajectory(s, sc, &h->close);
}

static void get_history(struct source *s, const struct scenario *sc, struct history *h)
{
    s->bad |= get_count(s) != FORMAT;
    h->replica = get_count(s);
    h->world = get_count(s);
    h->fault = get_id(s, sc->n_fault);
    int flags = get_below(s, RS_OUTCOME_N << 3);
    h->outcome = (enum outcome)(flags >> 3);
    h->fault_started = flags >> 2 & 1;
    h->false_rollback = flags >> 1 & 1;
    h->has_close = flags & 1;
    h->onset_ns = get_time(s);
    h->stage_reached = get_id(s, sc->response.n_stage);
    get_stages(s, sc, h);
    h->ended_ns = get_time(s);
    get_totals(s, h);
    int n_episode = get_number(s, 6);
    for (int i = 0; i < n_episode && !s->bad; i++)
        get_episode(s, sc, rs_history_episode(h));
    if (!s->bad)
        get_trajectories(s, sc, h);
}

int rs_history_decode(
    struct history *h, const struct scenario *sc, const void *p, size_t n, struct err *err)
{
    const unsigned char *bytes = p;
    rs_history_reset(h);
    if (n >= CHECK_BYTES) {
        struct source check = {.p = bytes + n - CHECK_BYTES, .end = bytes + n};
        struct source s = {.p = bytes, .end = bytes + n - CHECK_BYTES};
        if (get_fixed(&check) == XXH64(bytes, n - CHECK_BYTES, 0)) {
            get_history(&s, sc, h);
            if (!s.bad && s.p == s.end)
                return 0;
        }
    }
    rs_history_reset(h);
    return rs_err_set(err, RS_E_IO, "a history is damaged");
}
