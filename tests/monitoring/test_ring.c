/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a series remembers beside its ring, against a plain list of all samples. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "monitoring/store/series.h"
#include "sim/arena.h"
#include "sim/stream.h"

enum { N_MAX = 1500, SPAN_MS = 3000 };

struct history {
    struct series *s;
    struct sample all[N_MAX];
    uint64_t number[N_MAX];
    int n;
};

static void append(struct history *h, int64_t t_ms, double v)
{
    h->number[h->n] = h->s->end;
    h->all[h->n++] = (struct sample){t_ms, v};
    ck_assert(rs_series_append(h->s, t_ms, v));
    ck_assert(!rs_series_append(h->s, t_ms, v));
}

static double random_value(struct stream *r)
{
    switch (rs_stream_below(r, 12)) {
    case 0: return rs_tsdb_stale();
    case 1: return (double)NAN;
    case 2: return rs_stream_uniform(r);
    default: return (double)rs_stream_below(r, 20) - 5.0;
    }
}

/* All samples later than lo_ms: counts, drops and totals by walking, and by what is remembered. */
static void check_window(const struct history *h, int64_t lo_ms)
{
    uint64_t from = rs_series_after(h->s, lo_ms, 0), first, n_drop;
    int at = h->n, n_stale = 0, drops = 0, changes = 0, odd = 0;
    int misplaced = 0;
    double before = 0.0, lost = 0.0;
    int64_t sum = 0;
    bool any = false;

    while (at > 0 && h->all[at - 1].t_ms > lo_ms) {
        at--;
    }
    ck_assert_uint_eq(from, at < h->n ? h->number[at] : h->s->end);
    while (at < h->n && rs_tsdb_is_stale(h->all[at].v)) {
        at++;
        from++;
    }
    for (int i = at; i < h->n; i++) {
        double v = h->all[i].v;

        misplaced += rs_series_sample(h->s, h->number[i])->t_ms != h->all[i].t_ms;
        if (rs_tsdb_is_stale(v)) {
            n_stale++;
            continue;
        }
        drops += any && v < before;
        lost += any && v < before ? before : 0.0;
        changes += any && v != before && !(isnan(v) && isnan(before));
        odd += any && !rs_is_whole(v);
        sum += any && rs_is_whole(v) ? (int64_t)v : 0;
        before = v;
        any = true;
    }
    ck_assert_int_eq(misplaced, 0);
    ck_assert_uint_eq(rs_series_stales(h->s, from, h->s->end), (uint64_t)n_stale);
    if (!any) {
        return;
    }
    n_drop = rs_series_drops(h->s, from, h->s->end, &first) - first;
    ck_assert_uint_eq(n_drop, (uint64_t)drops);
    for (uint64_t i = first; i < first + n_drop; i++) {
        lost -= h->s->drops.drop[i & (h->s->drops.cap - 1)].before;
    }
    ck_assert_double_lt(fabs(lost), 1e-9);
    ck_assert_int_eq(rs_series_tally(h->s, h->s->end - 1)->sum - rs_series_tally(h->s, from)->sum,
                     sum);
    ck_assert_uint_eq(rs_series_tally(h->s, h->s->end - 1)->n_change -
                          rs_series_tally(h->s, from)->n_change,
                      (unsigned)changes);
    ck_assert_uint_eq(rs_series_tally(h->s, h->s->end - 1)->n_odd -
                          rs_series_tally(h->s, from)->n_odd,
                      (unsigned)odd);
}

START_TEST(what_is_remembered_is_true)
{
    struct stream r = rs_stream_open((uint64_t)_i, 0, 0);
    static struct history h;
    int64_t t_ms = 0;

    h = (struct history){.s = rs_series_grow(NULL, 0, 1)};
    rs_series_init(h.s, 0);
    h.s->span_ms = SPAN_MS;
    for (int k = 0; k < N_MAX; k++) {
        t_ms += 10 + (int64_t)rs_stream_below(&r, 3) * 10;
        append(&h, t_ms, random_value(&r));
        if (k == 50) {
            rs_series_keep_tally(h.s);
        }
        if (k < 50) {
            continue;
        }
        check_window(&h, t_ms - (int64_t)rs_stream_below(&r, SPAN_MS));
        if (rs_stream_below(&r, 40) == 0) {
            int64_t cut_ms = t_ms - (int64_t)rs_stream_below(&r, 300);

            rs_series_cut(h.s, cut_ms);
            while (h.n > 0 && h.all[h.n - 1].t_ms >= cut_ms) {
                h.n--;
            }
            check_window(&h, t_ms - SPAN_MS + 300);
        }
        if (rs_stream_below(&r, 1000) == 0) {
            rs_series_empty(h.s);
            h.n = 0;
            check_window(&h, 0);
            ck_assert(isnan(h.s->last));
        }
    }
    rs_series_free(h.s);
    free(h.s);
}
END_TEST

/* However long it runs and whatever comes, it holds what the span needs and no more. */
START_TEST(memory_stays_flat)
{
    struct series *s = rs_series_grow(NULL, 0, 1);

    rs_series_init(s, 0);
    s->span_ms = SPAN_MS;
    for (int k = 0; k < 20000; k++) {
        (void)rs_series_append(s, 10 * k, k % 3 == 0 ? rs_tsdb_stale() : k % 3);
    }
    ck_assert_uint_eq(s->cap, 512); /* 301 samples lie within the span */
    ck_assert_uint_le(s->drops.cap, 512);
    ck_assert_uint_le(s->stales.cap, 512);
    rs_series_free(s);
    free(s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ring");
    TCase *tc = tcase_create("ring");
    SRunner *sr;
    int failed;

    tcase_add_loop_test(tc, what_is_remembered_is_true, 0, 4);
    tcase_add_test(tc, memory_stays_flat);
    suite_add_tcase(suite, tc);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
