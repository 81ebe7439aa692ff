/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Searches of whole scenarios whose laws are known: a count gate and a run-length gate in closed form, and the SRE workbook's burn rates. Every
 * interval must hold the truth, and the front the true one; at 95 % one search in twenty may fail that, so seeds are fixed.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "scenarios/load.h"
#include "scenarios/tune.h"
#include "sim/arena.h"
#include "verify/tune_search.h"

#define MAX_OBJECTIVE 3

struct searched {
    struct scenario *today;
    struct tune_texts *texts;
    struct tune_result r;
};

static void search(struct searched *s, const char *path)
{
    struct err_list errors;
    struct err err = {0};
    rs_err_list_init(&errors);
    s->today = rs_scenario_load(path, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(s->today);
    s->texts = rs_tune_texts_new(s->today, path, NULL, 0);
    struct tune_source src = rs_tune_source(s->texts);
    const struct tune_search_options opt = {.seed = 3, .n_job = 1};
    int rc = rs_tune_search(&src, &opt, &s->r, &err);
    ck_assert_msg(rc == 0, "%s", err.text);
    ck_assert(s->r.n_unsaved == 0 && (uint64_t)s->r.n_point == s->r.n_space);
    rs_err_list_clear(&errors);
}

static void clear(struct searched *s)
{
    rs_tune_result_clear(&s->r);
    rs_tune_texts_free(s->texts);
    rs_scenario_free(s->today);
}

static double value_of(const struct searched *s, const struct tune_point *p, int param)
{
    const struct tune_param *q = &s->r.plan->param[param];
    return q->value[p->value[param]].number;
}

/* What a setting comes to: between the two, since phases are drawn. */
typedef void (*exact)(const struct searched *s,
                      const struct tune_point *p,
                      double *low,
                      double *high);

/* ---- a count of a Poisson stream ------------------------------------------------------------------------------------- */

/* A window of w holds w / 30s scrapes, and one interval less. */
static void
count_gate(const struct searched *s, const struct tune_point *p, double *low, double *high)
{
    double minutes = value_of(s, p, 1) / 60e9 - 0.5;
    unsigned most = (unsigned)floor(value_of(s, p, 0));
    low[0] = high[0] = gsl_cdf_poisson_P(most, 0.3 * minutes);
    low[1] = high[1] = gsl_cdf_poisson_Q(most, 0.1 * minutes);
}

/* ---- failures in a row ----------------------------------------------------------------------------------------------- */

/* P(no run of k in n looks): Feller I (3rd ed.), XIII.7, by recursion. */
static double no_run(int k, int n, double p)
{
    double row[16] = {1.0}, sum = 1.0;
    for (int i = 0; i <= n; i++) {
        sum = 0.0;
        for (int j = 0; j < k; j++)
            sum += row[j];
        for (int j = k; j > 0; j--)
            row[j] = row[j - 1] * p;
        row[0] = sum * (1.0 - p);
    }
    return sum;
}

/* An hour holds 59 to 61 evaluations; the first comes within a minute. The first look of the watch reads what was counted before it. */
static void
run_gate(const struct searched *s, const struct tune_point *p, double *low, double *high)
{
    int k = (int)value_of(s, p, 0);
    double healthy = -expm1(-0.4 * 0.5), broken = -expm1(-2.0 * 0.5), sum = 0.0;
    low[0] = 1.0 - no_run(k, 59, healthy);
    high[0] = 1.0 - no_run(k, 61, healthy);
    for (int n = 1; n < 60; n++)
        sum += 60.0 * no_run(k, n, broken);
    low[1] = sum - 60.0;
    high[1] = fmin(sum + 120.0, 3600.0);
}

/* ---- burn rates ------------------------------------------------------------------------------------------------------ */

/*
 * Errors of the ratio e are seen after window * limit / e, a scrape earlier (a window of w sees w less one scrape) or a scrape and an evaluation
 * later; never, if e is not above the limit. A blip of two minutes is seen by windows in which it is more than the limit.
 */
static void
burn_rate(const struct searched *s, const struct tune_point *p, double *low, double *high)
{
    const double step_s = 300.0, ends_s = 39.0 * 3600.0;
    double limit = value_of(s, p, 0), window_s = value_of(s, p, 1) / 1e9;
    double fast_s = window_s * limit / 0.1, slow_s = window_s * limit / 0.002;
    low[0] = fmax(fast_s * (1.0 - step_s / window_s) - 1.0, 0.0);
    high[0] = fast_s + 2.0 * step_s;
    low[1] = high[1] = !(limit < 0.002) || slow_s > ends_s;
    low[2] = high[2] = 120.0 / window_s > limit;
}

/* ---- judgement ------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *file;
    exact exact;
    int n_objective;
    double range[MAX_OBJECTIVE];
} rows[] = {
    {"count-gate", count_gate, 2, {1, 1}},
    {"run-gate", run_gate, 2, {1, 3600}},
    {"burn-rate", burn_rate, 3, {7200, 1, 1}},
};

/* What the replicas behind a point cannot see: an advantage in a share of so many histories (docs/tune-method.md). */
static double unseen(const struct searched *s, const struct tune_point *p, int n_objective)
{
    double pairs = (double)s->r.n_point * (s->r.n_point - 1) * n_objective, n = INFINITY;
    for (int o = 0; o < n_objective; o++)
        n = fmin(n, (double)p->objective[o].n);
    return -log((1.0 - s->r.plan->confidence) / 3.0 / pairs) / n;
}

/* Has b, wherever in its bounds it is, nothing that a has not, by more than `blur`? */
static bool
is_no_loss(const double *a_high, const double *b_low, const double *range, int n, double blur)
{
    for (int o = 0; o < n; o++) {
        if (a_high[o] > b_low[o] + blur * range[o])
            return false;
    }
    return true;
}

/* Is a by far better than b in whatever they are not alike in, and in something? No search should leave b beside it. */
static bool is_plainly_better(const double *a_high, const double *b_low, const double *range, int n)
{
    bool far = false;
    for (int o = 0; o < n; o++) {
        if (a_high[o] == b_low[o])
            continue;
        if (!(a_high[o] + 0.15 * range[o] < b_low[o]))
            return false;
        far = true;
    }
    return far;
}

START_TEST(test_known_scenario)
{
    struct searched s;
    char path[512];
    int n = rows[_i].n_objective, n_front = 0;
    snprintf(path, sizeof path, "%s/%s.yaml", DATA_DIR, rows[_i].file);
    search(&s, path);
    for (int i = 0; i < s.r.n_point; i++) {
        const struct tune_point *p = &s.r.point[i];
        double low[MAX_OBJECTIVE], high[MAX_OBJECTIVE], a[MAX_OBJECTIVE], b[MAX_OBJECTIVE];
        rows[_i].exact(&s, p, low, high);
        for (int o = 0; o < n; o++)
            ck_assert_msg(high[o] >= p->objective[o].low - 1e-9 &&
                              low[o] <= p->objective[o].high + 1e-9,
                          "%s: objective %d of %d is %g..%g, told %g..%g", rows[_i].file, o, i,
                          low[o], high[o], p->objective[o].low, p->objective[o].high);
        n_front += p->state == RS_POINT_FRONT;
        if (p->state != RS_POINT_FRONT) { /* whoever beat it is no loss, up to what could be seen */
            ck_assert_int_eq(p->state, RS_POINT_DOMINATED);
            rows[_i].exact(&s, &s.r.point[p->beaten_by], a, b);
            ck_assert_msg(is_no_loss(a, high, rows[_i].range, n, unseen(&s, p, n)),
                          "%s: %d was dropped for %d", rows[_i].file, i, p->beaten_by);
        }
        for (int k = 0; k < s.r.n_point && p->state == RS_POINT_FRONT; k++) {
            rows[_i].exact(&s, &s.r.point[k], a, b);
            ck_assert_msg(!is_plainly_better(b, low, rows[_i].range, n), "%s: %d is left beside %d",
                          rows[_i].file, i, k);
        }
    }
    ck_assert(n_front > 1 && n_front < s.r.n_point);
    ck_assert_uint_lt(s.r.n_history, s.r.n_asked + 1);
    clear(&s);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("tune gates");
    TCase *tc = tcase_create("tune gates");
    tcase_add_loop_test(tc, test_known_scenario, 0, (int)(sizeof rows / sizeof rows[0]));
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
