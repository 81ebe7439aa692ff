/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers over strata and differences of two settings: values by hand, and intervals that cover what is known. */
#include "tune/estimate.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "sim/arena.h"
#include "sim/stream.h"
#include "tune/estimate_parts.h"
#include "tune/pair.h"

#define ROWS(x) (int)(sizeof(x) / sizeof(x)[0])

static const double nothing = NAN, cut = -(double)INFINITY, never = (double)INFINITY;
static const int one[] = {0}, both[] = {0, 1};
static const double whole[] = {1}, parts[] = {.75, .25};
static const struct level tell = {.025, 1};

static struct number number(enum number_kind kind, bool two)
{
    return (struct number){.kind = kind,
                           .claim = -1,
                           .scale = 1,
                           .q = .5,
                           .per_ns = 1,
                           .of = {.cap = 10},
                           .n_stratum = two ? 2 : 1,
                           .stratum = two ? both : one,
                           .weight = two ? parts : whole};
}

static void
put(struct store *s, int stratum, uint32_t setting, uint64_t replica, double x, double time)
{
    const double row[2] = {x, time};
    rs_store_put(s, stratum, replica, 1, &setting, row);
}

static struct store *store(int n_setting)
{
    struct store *s = rs_store_new(2, 2, 0);
    for (int i = 0; i < n_setting; i++)
        rs_store_add_setting(s);
    return s;
}

/* ---- values ---------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *words;
    enum number_kind kind;
    bool two;
    double a[4], b[4]; /* of the strata */
    double value;
    double n;
} values[] = {
    {"a share", RS_NUMBER_SHARE, false, {1, 0, 0, 1}, {0}, .5, 4},
    {"a share of those that it speaks of", RS_NUMBER_SHARE, false, {1, NAN, NAN, 0}, {0}, .5, 2},
    {"what was cut is left out", RS_NUMBER_SHARE, false, {1, -INFINITY, 1, 0}, {0}, 2. / 3, 3},
    {"strata are weighted", RS_NUMBER_SHARE, true, {1, 1, 1, 1}, {0, 0, 0, 0}, .75, 8},
    {"by what they speak of",
     RS_NUMBER_SHARE,
     true,
     {1, NAN, NAN, NAN},
     {0, 0, 0, 0},
     .75 / 1.75,
     5},
    {"a mean in the cap's unit",
     RS_NUMBER_BOUNDED,
     false,
     {5, 50, 0, 0},
     {0},
     .5 * .5 + .25 - .125,
     4},
    {"a mean", RS_NUMBER_FREE, false, {5, 50, 0, 1}, {0}, 14, 4},
    {"one that never ends", RS_NUMBER_FREE, false, {5, INFINITY, 0, 1}, {0}, INFINITY, 4},
    {"a quantile", RS_NUMBER_QUANTILE, false, {3, 9, 7, 1}, {0}, 3, 4},
    {"never among them",
     RS_NUMBER_QUANTILE,
     false,
     {INFINITY, 9, INFINITY, INFINITY},
     {0},
     INFINITY,
     4},
    {"of two strata", RS_NUMBER_QUANTILE, true, {4, 4, 4, 8}, {1, 1, 1, 1}, 4, 8},
};

START_TEST(test_values)
{
    struct number n = number(values[_i].kind, values[_i].two);
    struct store *s = store(1);
    for (uint64_t r = 0; r < 4; r++) {
        put(s, 0, 0, r, values[_i].a[r], 1);
        put(s, 1, 0, r, values[_i].b[r], 1);
    }
    struct tune_estimate e = rs_estimate(s, &n, 0, tell);
    ck_assert_msg(e.value == values[_i].value || fabs(e.value - values[_i].value) < 1e-12, "%s: %g",
                  values[_i].words, e.value);
    ck_assert_msg((double)e.n == values[_i].n, "%s: %d", values[_i].words, (int)e.n);
    ck_assert(e.low <= e.value && e.high >= e.value);
    rs_store_free(s);
}
END_TEST

/* A rate is a quotient of means: 2 + 4 events in 3 + 1 units of time. */
START_TEST(test_rate)
{
    struct number n = number(RS_NUMBER_RATE, false);
    struct store *s = store(1);
    n.at = 0;
    put(s, 0, 0, 0, 2, 3);
    put(s, 0, 0, 1, 4, 1);
    ck_assert_double_eq_tol(rs_estimate_value(s, &n, 0), 1.5, 1e-12);
    rs_store_free(s);
}
END_TEST

/* Nothing seen is not nothing known: no interval of zeros is a point, of any kind. */
START_TEST(test_zeros)
{
    static const enum number_kind kinds[] = {RS_NUMBER_SHARE, RS_NUMBER_BOUNDED, RS_NUMBER_FREE,
                                             RS_NUMBER_RATE};
    struct number n = number(kinds[_i], false);
    struct store *s = store(2);
    for (uint64_t r = 0; r < 100; r++) {
        put(s, 0, 0, r, 0, 1);
        put(s, 0, 1, r, r == 50 ? 1 : 0, 1);
    }
    struct tune_estimate e = rs_estimate(s, &n, 0, tell);
    ck_assert(e.value == 0 && e.low == 0);
    ck_assert_double_gt(e.high, .03); /* three in a hundred at least: 1 - 0.025^(1/100) */
    struct tune_estimate d = rs_pair_difference(s, &n, (struct pair){0, 1}, tell);
    ck_assert_double_lt(d.low, -.01);
    ck_assert_double_gt(d.high, .01);
    rs_store_free(s);
}
END_TEST

/* What was cut short may be anything: both ends know. */
START_TEST(test_cut)
{
    struct number n = number(RS_NUMBER_SHARE, false), q = number(RS_NUMBER_QUANTILE, false);
    struct store *s = store(1);
    for (uint64_t r = 0; r < 1000; r++)
        put(s, 0, 0, r, r % 2 ? cut : r % 4 ? 1 : 0, 1);
    struct tune_estimate e = rs_estimate(s, &n, 0, tell);
    ck_assert(e.low < .25 && e.low > .2 && e.high > .75 && e.high < .8);
    e = rs_estimate(s, &q, 0, tell);
    ck_assert(e.low == 0 && e.high == never);
    rs_store_free(s);
}
END_TEST

/* ---- coverage -------------------------------------------------------------------------------------------------------- */

/* Two strata with values in 0..10, or none; the truth is computed from the law. */
struct law {
    double p[2]; /* P(1) in the strata, else 0 */
    double speaks[2];
};

static double draw(struct stream *s, const struct law *law, int stratum, enum number_kind kind)
{
    bool speaks = rs_stream_uniform(s) < law->speaks[stratum];
    bool hit = rs_stream_uniform(s) < law->p[stratum];
    double rest = rs_stream_uniform(s);
    if (!speaks)
        return nothing;
    if (kind == RS_NUMBER_QUANTILE)
        return (hit ? 5 : 0) + 5 * rest;
    if (kind == RS_NUMBER_SHARE)
        return hit;
    return hit ? 10 * rest : 0;
}

static double truth(const struct law *law, const struct number *n)
{
    double num = 0, den = 0;
    for (int i = 0; i < n->n_stratum; i++) {
        double w = n->weight[i] * law->speaks[i];
        num += w * law->p[i];
        den += w;
    }
    double p = num / den;
    if (n->kind == RS_NUMBER_QUANTILE) /* the median of a mixture of two uniform laws */
        return p > .5 ? 5 + 5 * (p - .5) / p : 5 * .5 / (1 - p);
    return n->kind == RS_NUMBER_SHARE ? p : 5 * p;
}

static const struct {
    const char *words;
    enum number_kind kind;
    bool two, sure;
    struct law law;
} laws[] = {
    {"share", RS_NUMBER_SHARE, false, true, {{.3}, {1}}},
    {"share of some", RS_NUMBER_SHARE, false, false, {{.1}, {.4}}},
    {"share of two", RS_NUMBER_SHARE, true, true, {{.1, .8}, {1, 1}}},
    {"share of some of two", RS_NUMBER_SHARE, true, false, {{.1, .8}, {.5, .9}}},
    {"mean", RS_NUMBER_BOUNDED, false, true, {{.3}, {1}}},
    {"mean of some of two", RS_NUMBER_BOUNDED, true, false, {{.3, .9}, {.5, .9}}},
    {"free mean", RS_NUMBER_FREE, false, true, {{.3}, {1}}},
    {"free mean of some of two", RS_NUMBER_FREE, true, false, {{.3, .9}, {.5, .9}}},
    {"quantile", RS_NUMBER_QUANTILE, false, true, {{.3}, {1}}},
    {"quantile of two", RS_NUMBER_QUANTILE, true, true, {{.3, .9}, {1, 1}}},
    {"quantile of some of two", RS_NUMBER_QUANTILE, true, false, {{.3, .9}, {.5, .9}}},
};

START_TEST(test_coverage)
{
    struct number n = number(laws[_i].kind, laws[_i].two);
    double x = truth(&laws[_i].law, &n), width = 0;
    n.sure = laws[_i].sure;
    n.scale = n.kind == RS_NUMBER_BOUNDED ? 10 : 1;
    /* At 5 % more than 35 of 300 are wrong, or 13 of 60 (quantiles of two strata are slow), with a probability below 1e-5. */
    enum { N_REPLICA = 150 };
    bool slow = n.kind == RS_NUMBER_QUANTILE && n.n_stratum > 1;
    int n_wrong = 0, n_try = slow ? 60 : 300, most_wrong = slow ? 13 : 35;
    for (uint64_t t = 0; t < (uint64_t)n_try; t++) {
        struct store *s = store(1);
        struct stream draws = rs_stream_open(t, (uint64_t)_i, rs_stream_hash("coverage"));
        for (uint64_t r = 0; r < N_REPLICA; r++) {
            for (int i = 0; i < 2; i++)
                put(s, i, 0, r, draw(&draws, &laws[_i].law, i, n.kind), 1);
        }
        struct tune_estimate e = rs_estimate(s, &n, 0, tell);
        n_wrong += x < e.low || x > e.high;
        width += (e.high - e.low) / n_try;
        ck_assert(e.low <= e.value && e.value <= e.high);
        rs_store_free(s);
    }
    ck_assert_msg(n_wrong <= most_wrong, "%s: %d of %d are wrong", laws[_i].words, n_wrong, n_try);
    ck_assert_msg(width < (n.kind == RS_NUMBER_SHARE ? .55 : 5.5), "%s: %g wide", laws[_i].words,
                  width);
}
END_TEST

/* ---- pairs ----------------------------------------------------------------------------------------------------------- */

/* b's value in each replica; a's is 1 less in every tenth, unless the row says otherwise. */
START_TEST(test_pairs)
{
    static const struct {
        const char *words;
        enum number_kind kind;
        int every,
            back; /* a is ahead in every so many replicas, behind in every so many; 0: never */
        bool better, never_worse;
    } rows[] = {
        {"ahead in a tenth", RS_NUMBER_SHARE, 10, 0, true, true},
        {"the same", RS_NUMBER_SHARE, 0, 0, false, true},
        {"ahead in a few", RS_NUMBER_SHARE, 200, 0, false, true},
        {"ahead in a fifth, behind in some", RS_NUMBER_SHARE, 5, 31, true, false},
        {"ahead as often as behind", RS_NUMBER_SHARE, 4, 4, false, false},
        {"a free mean", RS_NUMBER_FREE, 10, 0, true, true},
        {"a free mean, differing in too few for a normal law", RS_NUMBER_FREE, 40, 0, false, true},
        {"a capped mean", RS_NUMBER_BOUNDED, 4, 0, true, true},
        {"a rate", RS_NUMBER_RATE, 10, 0, true, true},
        {"a median that does not move", RS_NUMBER_QUANTILE, 10, 0, false, true},
        {"a median that does", RS_NUMBER_QUANTILE, 1, 0, true, true},
    };
    struct number n = number(rows[_i].kind, false);
    struct store *s = store(2);
    n.of.cap = 2;
    for (uint64_t r = 0; r < 800; r++) {
        bool ahead = rows[_i].every && r % (uint64_t)rows[_i].every == 0;
        bool behind = rows[_i].back && r % (uint64_t)rows[_i].back == 1;
        put(s, 0, 0, r, behind ? 1 : ahead ? 0 : .5 * (r % 2), 1);
        put(s, 0, 1, r, behind ? 0 : ahead ? 1 : .5 * (r % 2), 1);
    }
    struct level level = {1e-4, 1};
    struct pair_says a = rs_pair_look(s, &n, (struct pair){0, 1}, level),
                     b = rs_pair_look(s, &n, (struct pair){1, 0}, level);
    ck_assert_msg(a.a_better == rows[_i].better && a.never_worse == rows[_i].never_worse,
                  "%s: %d %d", rows[_i].words, a.a_better, a.never_worse);
    ck_assert(!b.a_better && a.n_replica == 800);
    rs_store_free(s);
}
END_TEST

/* What was cut short counts against whatever is to be shown: ahead in a third of all is nothing if the rest may be behind. */
START_TEST(test_cut_pairs)
{
    struct number n = number(RS_NUMBER_SHARE, false);
    struct store *s = store(2);
    for (uint64_t r = 0; r < 600; r++) {
        put(s, 0, 0, r, r % 3 == 0 ? 0 : r % 3 == 1 ? cut : 1, 1);
        put(s, 0, 1, r, r % 3 == 0 ? 1 : r % 3 == 1 ? 0 : 1, 1);
    }
    struct pair_says says = rs_pair_look(s, &n, (struct pair){0, 1}, tell);
    ck_assert(!says.a_better && !says.never_worse);
    struct tune_estimate d = rs_pair_difference(s, &n, (struct pair){0, 1}, tell);
    ck_assert(d.low < -.33 && d.high > 0);
    rs_store_free(s);
}
END_TEST

/* Two settings one of which the number does not speak of in some histories: no pairs, but intervals apart. */
START_TEST(test_mixed)
{
    struct number n = number(RS_NUMBER_SHARE, false);
    struct store *s = store(3);
    for (uint64_t r = 0; r < 400; r++) {
        put(s, 0, 0, r, r % 10 == 0 ? nothing : 0, 1);
        put(s, 0, 1, r, r % 10 == 1 ? nothing : r % 2 ? 1 : 0, 1);
        put(s, 0, 2, r, r % 10 == 2 ? nothing : r % 100 == 0, 1);
    }
    struct pair_says far = rs_pair_look(s, &n, (struct pair){0, 1}, tell),
                     near = rs_pair_look(s, &n, (struct pair){0, 2}, tell);
    ck_assert(far.a_better && !far.never_worse && !near.a_better && !near.never_worse);
    struct tune_estimate d = rs_pair_difference(s, &n, (struct pair){0, 1}, tell);
    ck_assert(d.low < d.value && d.value < d.high && d.high < 0);
    rs_store_free(s);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("estimate");
    TCase *tc = tcase_create("estimate");
    bool few = getenv("RS_UNDER_VALGRIND") != NULL;
    tcase_add_loop_test(tc, test_values, 0, ROWS(values));
    tcase_add_test(tc, test_rate);
    tcase_add_loop_test(tc, test_zeros, 0, 4);
    tcase_add_test(tc, test_cut);
    tcase_add_loop_test(tc, test_coverage, 0, few ? 1 : ROWS(laws));
    tcase_add_loop_test(tc, test_pairs, 0, 11);
    tcase_add_test(tc, test_cut_pairs);
    tcase_add_test(tc, test_mixed);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
