/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Series as the evaluator sees them: consistent with each other, whatever is read and when. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "../sim/sim_check.h"
#include "fixture.h"

static struct fixture f;

static const char *const codes[] = {"200", "500", "503"};
static const char *const les[] = {"0.05", "0.1", "0.2", "0.5", "1", "2.5", "+Inf"};

enum { A_SERIES = 3, B_SERIES = 7 };
struct series_set {
    int code[A_SERIES], le[B_SERIES], count, sum, up;
};

static struct series_set declare(int service, int instance, double span_a, double span_b)
{
    struct series_set s;
    const char *hist = "http_request_duration_seconds_bucket";
    for (int i = 0; i < A_SERIES; i++)
        s.code[i] =
            fixture_series(&f, "http_requests_total", service, instance, "code", codes[i], span_a);
    for (int i = 0; i < B_SERIES; i++)
        s.le[i] = fixture_series(&f, hist, service, instance, "le", les[i], span_b);
    s.count = fixture_series(&f, "http_request_duration_seconds_count", service, instance, NULL,
                             NULL, span_b);
    s.sum = -1;
    s.up = fixture_series(&f, "up", service, instance, NULL, NULL, span_a);
    return s;
}

/* Sums cannot be dealt out to scrapes afterwards: whoever reads them makes the histogram be drawn scrape by scrape. */
static void declare_sum(struct series_set *s, int service, int instance, double span)
{
    const char *sum = "http_request_duration_seconds_sum";
    s->sum = fixture_series(&f, sum, service, instance, NULL, NULL, span);
}

static double value_at(int series, int64_t t_ms)
{
    const struct sample *s = rs_tsdb_last(f.db, series, t_ms);
    return s && s->t_ms == t_ms ? s->v : NAN;
}

static int window(int series, double from_s, double to_s, struct sample *out /* [1000] */)
{
    const struct sample *run[2];
    int n[2];
    rs_tsdb_window(f.db, series, fixture_ms(from_s), fixture_ms(to_s), false, run, n);
    int n_all = 0;
    for (int r = 0; r < 2; r++) {
        for (int i = 0; i < n[r]; i++)
            out[n_all++] = run[r][i];
    }
    return n_all;
}

START_TEST(names_are_prometheus_names)
{
    fixture_init(&f);
    fixture_start(&f);
    ck_assert(fixture_series(&f, "http_requests_total", PORTAL, 2, "code", "503", 1.0) >= 0);
    ck_assert(fixture_series(&f, "http_request_duration_seconds_bucket", DASH, 1, "le", "0.05",
                             1.0) >= 0);
    ck_assert(fixture_series(&f, "http_request_duration_seconds_bucket", DASH, 1, "le", "1", 1.0) >=
              0);
    ck_assert(fixture_series(&f, "up", DASH, 0, NULL, NULL, 1.0) >= 0);
    ck_assert_int_eq(fixture_series(&f, "up", DASH, 2, NULL, NULL, 1.0), -1);
    fixture_clear(&f);
}
END_TEST

/* Ways of reading: group A every a seconds, B every b, observing every o (0 = never). */
static const struct {
    const char *what;
    double a, b, o;
} pattern[] = {
    {"both at every scrape", 30, 30, 0},
    {"the histogram seldom", 30, 3000, 0},
    {"the counters only through the histogram", 0, 600, 0},
    {"only at the end", 0, 0, 0},
    {"seldom, and observed in between", 4000, 1000, 77},
    {"at the end, and observed all along", 30, 0, 5},
    {"right after an observation", 30, 0, 600},
    {"at every third scrape, observed in between", 30, 90, 40},
};

static void run_pattern(const struct series_set *s, int p, double until)
{
    struct observation o;
    for (double t = 1.0; t <= until; t += 1.0) {
        bool a = pattern[p].a > 0 && fmod(t, pattern[p].a) == 0;
        bool b = pattern[p].b > 0 && fmod(t, pattern[p].b) == 0;
        bool look = pattern[p].o > 0 && fmod(t, pattern[p].o) == 0;
        if (!(a || b || look || t == until))
            continue;
        fixture_run(&f, t);
        if (look)
            rs_system_observe(f.sys, DASH, &o);
        if (a || t == until)
            fixture_read(&f, s->code[0]);
        if (b || t == until)
            fixture_read(&f, s->le[2]);
    }
}

/* At each scrape of the last ten minutes: all codes, the +Inf bucket and _count are one number; buckets only rise. */
START_TEST(codes_and_buckets_agree)
{
    fixture_init(&f);
    f.flag[READS].initially_on = true;
    fixture_start(&f);
    struct series_set s = declare(DASH, 0, 600.0, 900.0);
    int p = _i / 2;
    if (_i % 2)
        declare_sum(&s, DASH, 0, 900.0);
    for (uint64_t r = 0; r < 2; r++) {
        fixture_reset(&f, r, 0); /* the fault starts at 60 s and makes flushes */
        run_pattern(&s, p, 9000.0);
        struct sample up[1000];
        fixture_read(&f, s.up);
        int n = window(s.up, 8400.0, 9000.0, up);
        ck_assert_int_eq(n, 20);
        for (int i = 0; i < n; i++) {
            int64_t t = up[i].t_ms;
            double all = value_at(s.code[0], t) + value_at(s.code[1], t) + value_at(s.code[2], t);
            ck_assert_msg(all == value_at(s.count, t), "%s: %g %g", pattern[p].what, all,
                          value_at(s.count, t));
            ck_assert(all == value_at(s.le[6], t));
            for (int b = 1; b < B_SERIES; b++)
                ck_assert(value_at(s.le[b], t) >= value_at(s.le[b - 1], t));
            double mean = s.sum >= 0 ? value_at(s.sum, t) / all : 0.1;
            ck_assert(mean > 0.08 && mean < 0.16);
        }
    }
    fixture_clear(&f);
}
END_TEST

/* Two-sample Kolmogorov-Smirnov, asymptotic p-value. Sorts both. */
static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double two_sample_p(double *x, double *y, int n)
{
    qsort(x, (size_t)n, sizeof *x, compare);
    qsort(y, (size_t)n, sizeof *y, compare);
    double d = 0.0, p = 0.0;
    for (int i = 0, j = 0; i < n && j < n;) {
        double at = x[i] < y[j] ? x[i] : y[j];
        while (i < n && x[i] <= at)
            i++;
        while (j < n && y[j] <= at)
            j++;
        d = fmax(d, fabs((double)(i - j) / n));
    }
    double lambda = d * sqrt(n / 2.0);
    for (int k = 1; k < 50; k++)
        p += 2.0 * (k % 2 ? 1 : -1) * exp(-2.0 * k * k * lambda * lambda);
    return lambda < 0.3 ? 1.0 : p;
}

enum { N_SAMPLE = 300 };
struct law_sample {
    double total[N_SAMPLE], errors[N_SAMPLE], step[N_SAMPLE], fast[N_SAMPLE];
};

static void sample_law(struct law_sample *out, int p, uint64_t first)
{
    struct series_set s = declare(DASH, 1, 120.0, 120.0);
    for (int r = 0; r < n_or_few(N_SAMPLE); r++) {
        fixture_reset(&f, first + (uint64_t)r, 0);
        run_pattern(&s, p, 3000.0);
        struct sample w[1000];
        int n = window(s.code[0], 2850.0, 3000.0, w);
        out->total[r] = w[n - 1].v;
        out->step[r] = w[n - 1].v - w[n - 2].v;
        out->errors[r] = value_at(s.code[1], w[n - 1].t_ms);
        out->fast[r] = value_at(s.le[2], w[n - 1].t_ms) - value_at(s.le[2], w[n - 2].t_ms);
    }
}

/* Read at every scrape, or in another pattern (other replicas): same law of four numbers. False alarm 4 tests x 2.5e-5. */
START_TEST(the_pattern_of_reading_does_not_change_the_law)
{
    static struct law_sample a, b;
    fixture_init(&f);
    f.flag[READS].initially_on = true;
    f.fault[0].effect.errors.ratio[0] = 0.05;
    fixture_start(&f);
    sample_law(&a, 0, 0);
    sample_law(&b, _i, 1000);
    ck_assert(two_sample_p(a.total, b.total, n_or_few(N_SAMPLE)) > 2.5e-5);
    ck_assert(two_sample_p(a.errors, b.errors, n_or_few(N_SAMPLE)) > 2.5e-5);
    ck_assert(two_sample_p(a.step, b.step, n_or_few(N_SAMPLE)) > 2.5e-5);
    ck_assert(two_sample_p(a.fast, b.fast, n_or_few(N_SAMPLE)) > 2.5e-5);
    fixture_clear(&f);
}
END_TEST

/* Increments between scrapes read after a jump are Poisson still: dispersion of 300 x 3 increments, false alarm 1e-4. */
START_TEST(increments_are_poisson)
{
    fixture_init(&f);
    fixture_start(&f);
    struct series_set s = declare(DASH, 0, 120.0, 0.0);
    double sum = 0.0, square = 0.0, n = 0.0;
    for (uint64_t r = 0; r < (uint64_t)n_or_few(300); r++) {
        struct sample w[1000];
        fixture_reset(&f, r, -1);
        fixture_run(&f, 5000.0);
        fixture_read(&f, s.code[0]);
        int k = window(s.code[0], 4880.0, 5000.0, w);
        ck_assert_int_eq(k, 4);
        for (int i = 1; i < k; i++) {
            double x = w[i].v - w[i - 1].v;
            sum += x;
            square += x * x;
            n++;
        }
    }
    double mean = sum / n, index = square - sum * sum / n;
    double p = gsl_cdf_chisq_Q(index / mean, n - 1);
    ck_assert(fabs(mean - 60.0 * 0.999) < 4.5 * sqrt(60.0 / n));
    ck_assert_msg(p > 5e-5 && p < 1 - 5e-5, "dispersion %g", index / mean / (n - 1));
    fixture_clear(&f);
}
END_TEST

/* ---- lost and late scrapes ---- */

/* 10 % lost: `up` says so, the target's series end with one stale marker, and nothing of the counts is lost. */
START_TEST(a_lost_scrape_leaves_a_stale_marker)
{
    fixture_init(&f);
    f.sc.horizon_ns = 6000 * RS_NS_PER_S;
    f.service[DASH].scrape_loss = 0.1;
    fixture_start(&f);
    struct series_set s = declare(DASH, 0, 6000.0, 6000.0);
    fixture_reset(&f, 0, -1);
    fixture_run(&f, 6000.0);
    fixture_read(&f, s.up);
    fixture_read(&f, s.le[0]);
    struct sample up[1000];
    int n = window(s.up, -1.0, 6000.0, up), lost = 0;
    double last = 0.0;
    bool was_up = false;
    ck_assert_int_eq(n, 200);
    for (int i = 0; i < n; i++) {
        double v = value_at(s.code[0], up[i].t_ms), h = value_at(s.count, up[i].t_ms);
        lost += up[i].v == 0.0;
        ck_assert(up[i].v == 1.0 || up[i].v == 0.0);
        if (up[i].v == 1.0)
            ck_assert(v > last && h > last);
        else if (was_up)
            ck_assert(rs_tsdb_is_stale(v) && rs_tsdb_is_stale(h));
        else
            ck_assert(isnan(v) && !rs_tsdb_is_stale(v)); /* no sample at all */
        last = up[i].v == 1.0 ? v : last;
        was_up = up[i].v == 1.0;
    }
    ck_assert(lost > 5 && lost < 40); /* 20 expected, 3.5 sigma below and 4.7 above */
    ck_assert(last > 200 * 60 - 1000);
    fixture_clear(&f);
}
END_TEST

/*
 * All scrapes late by 10 s: nothing newer than 10 s is seen, order and values stay. Some late by 45 s, longer than the
 * interval: those after a late one wait for it.
 */
START_TEST(a_late_scrape_is_seen_later)
{
    fixture_init(&f);
    f.service[DASH].scrape_late = _i ? 0.3 : 1.0;
    f.service[DASH].scrape_late_ns = (_i == 2 ? 45 : 10) * RS_NS_PER_S;
    fixture_start(&f);
    struct series_set s = declare(DASH, 0, 3000.0, 3000.0);
    int hidden = 0;
    struct sample w[1000];
    fixture_reset(&f, 0, -1);
    for (double t = 1.0; t <= 3000.0; t += 1.0) {
        fixture_run(&f, t);
        const struct sample *a = fixture_read(&f, s.code[0]), *b = fixture_read(&f, s.le[6]);
        int64_t due =
            rs_tsdb_last(f.db, s.up, INT64_MAX) ? rs_tsdb_last(f.db, s.up, INT64_MAX)->t_ms : 0;
        if (_i == 0 && a)
            ck_assert(a->t_ms <= fixture_ms(t - 10.0));
        ck_assert((a == NULL) == (b == NULL) && (!a || (a->t_ms == b->t_ms && a->t_ms == due)));
        hidden += a && a->t_ms < fixture_ms(t - 30.0);
    }
    static const int least[] = {900, 150, 600}, most[] = {1100, 500, 1600};
    ck_assert_msg(hidden > least[_i] && hidden < most[_i], "%d", hidden);
    int n = window(s.code[0], -1.0, 3000.0, w);
    ck_assert(n >= (_i == 2 ? 98 : 99) && n <= 100); /* the last ones may still be on their way */
    for (int i = 1; i < n; i++)
        ck_assert(w[i].t_ms == w[i - 1].t_ms + 30000 && w[i].v >= w[i - 1].v);
    fixture_clear(&f);
}
END_TEST

/* ---- common random numbers ---- */

static int steps(int series, double *out)
{
    struct sample w[1000];
    int n = window(series, 5650.0, 6000.0, w);
    for (int i = 1; i < n; i++)
        out[i - 1] = w[i].v - w[i - 1].v;
    return n - 1;
}

/* Increments from scrape to scrape, read all along or once at the end: the totals differ, the increments are the same. */
START_TEST(a_scrape_draws_the_same_whatever_was_read_before)
{
    fixture_init(&f);
    fixture_start(&f);
    struct series_set s = declare(DASH, 0, 400.0, 400.0);
    double step[2][4][20], total[2];
    for (int pass = 0; pass < 2; pass++) {
        fixture_reset(&f, 0, -1);
        run_pattern(&s, pass == 0 ? 0 : 3, 6000.0);
        ck_assert_int_ge(steps(s.code[0], step[pass][0]), 10);
        steps(s.code[1], step[pass][1]);
        steps(s.le[1], step[pass][2]);
        steps(s.le[3], step[pass][3]);
        total[pass] = rs_tsdb_last(f.db, s.code[0], INT64_MAX)->v;
    }
    ck_assert(total[0] != total[1]);
    for (int i = 0; i < 4; i++)
        ck_assert(memcmp(step[0][i], step[1][i], sizeof step[0][i][0] * 10) == 0);
    fixture_clear(&f);
}
END_TEST

static int dump(int service, struct sample *out)
{
    struct series_set s = declare(service, 0, 3600.0, 3600.0);
    fixture_read(&f, s.code[0]);
    fixture_read(&f, s.le[0]);
    int n = 0;
    for (int i = 0; i < A_SERIES; i++)
        n += s.code[i] >= 0 ? window(s.code[i], -1.0, 3600.0, out + n) : 0;
    for (int i = 0; i < B_SERIES; i++)
        n += window(s.le[i], -1.0, 3600.0, out + n);
    return n;
}

/* Each row tunes one part; dash's samples stay the same bit for bit. */
static const char *const tuned[] = {"nothing",
                                    "the portal fault's size",
                                    "the portal's traffic",
                                    "another counter",
                                    "the portal's scrape loss",
                                    "one more instance of the portal",
                                    "who reads the portal"};

static int tuned_dump(int row, struct sample *out)
{
    fixture_init(&f);
    f.flag[READS].initially_on = true;
    f.flag[MIGRATE].initially_on = true;
    f.service[DASH].scrape_loss = 0.01;
    if (row == 1)
        f.fault[1].effect.errors.ratio[0] = 0.9;
    if (row == 2)
        f.rate[1] = 90.0;
    if (row == 3)
        f.counter[DASH][0].base_per_request = 0.1;
    if (row == 4)
        f.service[PORTAL].scrape_loss = 0.5;
    if (row == 5)
        f.service[PORTAL].n_instance = 4;
    fixture_start(&f);
    declare(DASH, 0, 3600.0, 3600.0);
    if (row == 6)
        declare(PORTAL, 0, 300.0, 300.0);
    fixture_reset(&f, 5, 1);
    fixture_run(&f, 3600.0);
    int n = dump(DASH, out);
    fixture_clear(&f);
    return n;
}

START_TEST(parts_do_not_move_each_others_draws)
{
    static struct sample before[3000], after[3000];
    int n = tuned_dump(0, before);
    ck_assert(n > 1000);
    ck_assert_msg(tuned_dump(_i, after) == n &&
                      memcmp(before, after, sizeof *before * (size_t)n) == 0,
                  "%s moved dash", tuned[_i]);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, names_are_prometheus_names);
    tcase_add_loop_test(tc, codes_and_buckets_agree, 0, 2 * N_ROW(pattern));
    tcase_add_loop_test(tc, the_pattern_of_reading_does_not_change_the_law, 1, N_ROW(pattern));
    tcase_add_test(tc, increments_are_poisson);
    tcase_add_test(tc, a_lost_scrape_leaves_a_stale_marker);
    tcase_add_loop_test(tc, a_late_scrape_is_seen_later, 0, 3);
    tcase_add_test(tc, a_scrape_draws_the_same_whatever_was_read_before);
    tcase_add_loop_test(tc, parts_do_not_move_each_others_draws, 0, N_ROW(tuned));
}

int main(void)
{
    return run_suite("scrape", add_tests);
}
