/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recordings as scenarios name them: which requests, which part, at which pace; series as rates; laws and distributions. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "changed.h"
#include "models/system.h"
#include "models/traffic.h"

/* Ten requests, one every 10 s from 10:00:00 on; route, status and latency told; the third and fourth have changed places. */
static const char web_log[] = "time,route,status,latency_ms\n"
                              "2025-01-06T10:00:00Z,/api/a,200,100\n"
                              "2025-01-06T10:00:10Z,/web,200,200\n"
                              "2025-01-06T10:00:30Z,/web,404,400\n"
                              "2025-01-06T10:00:20Z,/api/b,500,300\n"
                              "2025-01-06T10:00:40Z,/api/a,503,500\n"
                              "2025-01-06T10:00:50Z,/web,200,600\n"
                              "2025-01-06T10:01:00Z,/api/a,200,700\n"
                              "2025-01-06T10:01:10Z,/web,302,800\n"
                              "2025-01-06T10:01:20Z,/api/c/d,200,900\n"
                              "2025-01-06T10:01:30Z,/web,200,1000\n";

static struct scenario *driven(const char *kind, const char *path, const char *keys)
{
    char profile[1024];
    snprintf(profile, sizeof profile, "{%s: {file: %s%s%s}}", kind, path, *keys ? ", " : "", keys);
    return scenario_with_profile(profile);
}

/* ---- request by request ---- */

static const struct {
    const char *keys;
    int n;
    double at_s[10];
    int ms[10]; /* of the latency, which names the request */
    double period_s;
} logs[] = {
    {"",
     10,
     {5, 15, 25, 35, 45, 55, 65, 75, 85, 95},
     {100, 200, 300, 400, 500, 600, 700, 800, 900, 1000},
     100},
    {"loop: off",
     10,
     {5, 15, 25, 35, 45, 55, 65, 75, 85, 95},
     {100, 200, 300, 400, 500, 600, 700, 800, 900, 1000},
     0},
    {"route: /api/*", 5, {5, 25, 45, 65, 85}, {100, 300, 500, 700, 900}, 100},
    {"route: [/api/?, /web]",
     9,
     {5, 15, 25, 35, 45, 55, 65, 75, 95},
     {100, 200, 300, 400, 500, 600, 700, 800, 1000},
     100},
    {"status: 5xx", 2, {25, 45}, {300, 500}, 100},
    {"status: [404, 300-399], route: /web", 2, {35, 75}, {400, 800}, 100},
    {"skip: 30s", 7, {5, 15, 25, 35, 45, 55, 65}, {400, 500, 600, 700, 800, 900, 1000}, 70},
    {"skip: 30s, cut: 20s", 2, {5, 15}, {400, 500}, 20},
    {"from: 2025-01-06T10:00:30Z, until: 2025-01-06T10:00:55Z",
     3,
     {0, 10, 20},
     {400, 500, 600},
     25},
    {"from: 2025-01-06T09:59:00Z, cut: 75s", 2, {60, 70}, {100, 200}, 75},
    {"speed: 2",
     10,
     {2.5, 7.5, 12.5, 17.5, 22.5, 27.5, 32.5, 37.5, 42.5, 47.5},
     {100, 200, 300, 400, 500, 600, 700, 800, 900, 1000},
     50},
    {"speed: 0.5, cut: 20s, skip: 10s", 2, {10, 30}, {200, 300}, 40},
};

START_TEST(test_requests)
{
    const char *path = written_file("web.csv", web_log);
    struct scenario *sc = driven("requests", path, logs[_i].keys);
    const struct profile *p = &sc->traffic[0].profile;
    unlink(path);
    ck_assert_int_eq(p->kind, RS_PROFILE_LOG);
    ck_assert_msg(p->n == logs[_i].n, "%s: %d requests", logs[_i].keys, p->n);
    for (int i = 0; i < p->n; i++) {
        ck_assert_msg(fabs(p->at_s[i] - logs[_i].at_s[i]) < 1e-6, "%s: request %d at %g",
                      logs[_i].keys, i, p->at_s[i]);
        ck_assert_msg(fabs((double)p->latency_s[i] * 1000 - logs[_i].ms[i]) < 1e-3,
                      "%s: request %d took %g", logs[_i].keys, i, (double)p->latency_s[i]);
    }
    ck_assert_double_eq_tol(p->period_s, logs[_i].period_s, 1e-6);
    rs_scenario_free(sc);
}
END_TEST

/* A status is good below errors_from; the errors that are left are listed. */
START_TEST(test_statuses)
{
    const char *path = written_file("web.csv", web_log);
    struct scenario *sc = driven("requests", path, "");
    const struct profile *p = &sc->traffic[0].profile;
    ck_assert_int_eq(p->n_error_code, 2);
    ck_assert_int_eq(p->error_code[0], 500);
    ck_assert_int_eq(p->error_code[1], 503);
    ck_assert_int_eq(p->status[3], 200); /* a 404 */
    ck_assert_int_eq(p->status[7], 200); /* a 302 */
    rs_scenario_free(sc);
    sc = driven("requests", path, "errors_from: 400");
    p = &sc->traffic[0].profile;
    ck_assert_int_eq(p->n_error_code, 3);
    ck_assert_int_eq(p->status[3], 404);
    ck_assert_int_eq(p->status[7], 200);
    rs_scenario_free(sc);
    unlink(path);
}
END_TEST

/* ---- as rates ---- */

static const char counters[] =
    "# TYPE requests_total counter\n"
    "requests_total{code=\"200\",job=\"a\"} 100 0\n"
    "requests_total{code=\"200\",job=\"a\"} 220 60\n"
    "requests_total{code=\"200\",job=\"a\"} 60 120\n" /* a reset: 60 since */
    "requests_total{code=\"200\",job=\"a\"} 120 180\n"
    "requests_total{code=\"200\",job=\"a\"} 720 780\n" /* after a gap of ten minutes */
    "requests_total{code=\"200\",job=\"a\"} 780 840\n"
    "requests_total{code=\"500\",job=\"a\"} 0 0\n"
    "requests_total{code=\"500\",job=\"a\"} 60 60\n"
    "requests_total{code=\"500\",job=\"a\"} 60 120\n"
    "requests_total{code=\"500\",job=\"a\"} 180 180\n"
    "requests_total{code=\"200\",job=\"b\"} 0 0\n"
    "requests_total{code=\"200\",job=\"b\"} 6000 840\n"
    "# TYPE load gauge\n"
    "load 5 0\n"
    "load 7 60\n"
    "load 3 120\n"
    "# EOF\n";

/* Nothing but its values says that it is a counter. */
static const char risen[] =
    "seen 60 0\nseen 120 60\nseen 240 120\nseen 300 180\nseen 360 240\n# EOF\n";

static const struct {
    const char *text, *keys;
    double at_s[6], rate[6]; /* asked at those times; NaN time ends them */
    double period_s;
} rates[] = {
    {counters,
     "series: 'requests_total{job=\"a\",code=\"200\"}'",
     {30, 90, 150, 300, 800, NAN},
     {2, 1, 1, 0, 1},
     840},
    {counters,
     "series: 'requests_total{job=\"a\"}'",
     {30, 90, 150, 300, 800, NAN},
     {3, 1, 3, 0, 1},
     840},
    {counters, "series: load", {30, 90, 150, NAN}, {5, 7, 3}, 180},
    {"# TYPE seen counter\nseen 0 0\nseen 60 60\nseen 180 120\n# EOF\n",
     "",
     {30, 90, NAN},
     {1, 2},
     120},
    {risen, "", {30, 90, 150, 210, NAN}, {1, 2, 1, 1}, 240},
    {risen, "series: seen, kind: gauge", {30, 90, 150, 210, NAN}, {60, 120, 240, 300}, 300},
    {"# TYPE seen gauge\nseen 1 0\nseen 2 60\nseen 3 120\nseen 4 180\n# EOF\n",
     "",
     {30, 90, 150, 210, NAN},
     {1, 2, 3, 4},
     240},
    {counters, "series: load, every: 1m, loop: off", {30, 90, 150, 200, NAN}, {5, 7, 3, 0}, 0},
    {counters,
     "series: 'requests_total{job=\"a\",code=\"200\"}', speed: 2, skip: 1m",
     {15, 45, 100, NAN},
     {2, 2, 0},
     390},
    {web_log, "every: 20s", {10, 30, 90, NAN}, {0.1, 0.1, 0.1}, 100},
    {web_log,
     "format: csv, every: 20s, route: /api/*, scale: 3",
     {10, 30, 50, NAN},
     {0.15, 0.15, 0.15},
     100},
    {web_log,
     "format: csv, every: 10s, status: 503, from: 2025-01-06T10:00:30Z",
     {5, 15, 25, NAN},
     {0, 0.1, 0},
     70},
    {"t,count\n2025-01-06T10:00:00Z,60\n2025-01-06T10:01:00Z,120\n2025-01-06T10:02:00Z,180\n",
     "from: 2025-01-06T10:01:00Z, speed: 60",
     {0.5, 1.5, 2.5, NAN},
     {120, 180, 120},
     2},
};

START_TEST(test_rates)
{
    const char *path = written_file("rates.txt", rates[_i].text);
    struct scenario *sc = driven("recorded", path, rates[_i].keys);
    const struct profile *p = &sc->traffic[0].profile;
    unlink(path);
    ck_assert_int_eq(p->kind, RS_PROFILE_RECORDED);
    for (int i = 0; !isnan(rates[_i].at_s[i]); i++) {
        double rate = rs_profile_rate(p, rates[_i].at_s[i]);
        ck_assert_msg(fabs(rate - rates[_i].rate[i]) < 1e-9, "%s: %g at %g s", rates[_i].keys, rate,
                      rates[_i].at_s[i]);
    }
    ck_assert_double_eq_tol(p->period_s, rates[_i].period_s, 1e-6);
    rs_scenario_free(sc);
}
END_TEST

/* ---- distributions and mixes ---- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Exponential latencies with a quarter of them at exactly 3 s: the distribution is as near to them as it says, everywhere. */
START_TEST(test_latency_distribution)
{
    enum { N = 4000 };
    static double v[N];
    static char text[N * 24 + 64];
    size_t n = (size_t)snprintf(text, sizeof text, "time,latency\n");
    struct stream s = rs_stream_open(5, 0, 0);
    for (int i = 0; i < N; i++) {
        double x = -log(rs_stream_uniform_pos(&s));
        v[i] = (double)(float)(i % 4 == 0 ? 3.0 : floor(x * 1e4) * 1e-4);
        n += (size_t)snprintf(text + n, sizeof text - n, "%d,%.4f\n", i, v[i]);
    }
    char to[400];
    const char *path = written_file("latency.csv", text);
    snprintf(to, sizeof to, "latency: {recording: {file: %s}, cap: 20s}", path);
    struct scenario *sc = changed_scenario("latency: {gamma: {shape: 2, scale: 40ms}}", to);
    unlink(path);
    const struct dist *d = &sc->service[0].path[1].latency;
    qsort(v, N, sizeof *v, compare);
    for (int i = 0; i < N; i++) {
        int upto = i + 1;
        while (upto < N && v[upto] == v[i])
            upto++;
        double got = rs_dist_cdf(d, v[i] * (1.0 + 1e-7)), want = (double)upto / N;
        double off = want > 0.999 ? 0.00001 + 1.0 / N : 0.001 + 1.0 / N;
        ck_assert_msg(fabs(got - want) <= off, "%g s: %g, not %g", v[i], got, want);
    }
    ck_assert_double_eq_tol(rs_dist_quantile(d, 0.9), v[(int)(0.9 * N)], 1e-2);
    ck_assert_double_eq(d->cap_s, 20.0);
    rs_scenario_free(sc);
}
END_TEST

START_TEST(test_error_mix)
{
    char to[400];
    const char *path = written_file("web.csv", web_log);
    snprintf(to, sizeof to, "{name: old, errors: {recording: {file: %s, errors_from: 404}}", path);
    struct scenario *sc = changed_scenario("{name: old, errors: {500: 0.1%}", to);
    unlink(path);
    const struct error_mix *m = &sc->service[0].path[1].errors;
    const int code[] = {404, 500, 503};
    ck_assert_int_eq(m->n, 3);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(m->code[i], code[i]);
        ck_assert_double_eq_tol(m->ratio[i], 0.1, 1e-12);
    }
    rs_scenario_free(sc);
}
END_TEST

/* ---- laws over time ---- */

static const char slo[] = "time,ok (%),p50_ms,p99_ms\n"
                          "2025-01-06T09:00:00Z,100,10,90\n"
                          "2025-01-06T09:01:00Z,60,20,\n"
                          "2025-01-06T09:02:00Z,,30,10\n" /* quantiles that fall do not */
                          "2025-01-06T09:05:00Z,50,0,80\n";

static struct scenario *ruled(const char *text, const char *keys)
{
    char to[800];
    const char *path = written_file("law.csv", text);
    snprintf(to, sizeof to, "latency: {gamma: {shape: 2, scale: 40ms}}, recorded: {file: %s, %s}",
             path, keys);
    struct scenario *sc = changed_scenario("latency: {gamma: {shape: 2, scale: 40ms}}", to);
    unlink(path);
    return sc;
}

static void
check_law(const struct path_recording *r, int n, const double *at_s, const double *ratio)
{
    ck_assert_int_eq(r->n, n);
    for (int i = 0; i < n; i++) {
        ck_assert_double_eq_tol(r->at_s[i], at_s[i], 1e-9);
        ck_assert_msg(isnan(ratio[i]) ? isnan(r->error_ratio[i])
                                      : fabs((double)r->error_ratio[i] - ratio[i]) < 1e-6,
                      "step %d: %g", i, (double)r->error_ratio[i]);
    }
}

START_TEST(test_law_of_columns)
{
    struct scenario *sc =
        ruled(slo, "success: ok (%), code: 502, loop: off, latency: {p50: p50_ms, p99: p99_ms}");
    const struct path_recording *r = sc->service[0].path[1].recorded;
    /* The row at 2 min ends a minute later, that at 5 min too. */
    check_law(r, 6, (const double[]){0, 60, 120, 180, 300, 360},
              (const double[]){0, 0.4, NAN, NAN, 0.5, NAN});
    ck_assert_int_eq(r->code, 502);
    ck_assert_int_eq(r->n_quantile, 2);
    ck_assert_double_eq(r->quantile[1], 0.99);
    ck_assert_float_eq_tol(r->latency_s[1], 0.09f, 1e-6f);
    ck_assert(isnan(r->latency_s[2])); /* one of them is missing */
    ck_assert_float_eq_tol(r->latency_s[5], 0.03f, 1e-6f);
    ck_assert_double_eq(r->period_s, 0.0);
    rs_scenario_free(sc);
    sc = ruled(
        slo,
        "success: ok (%), from: 2025-01-06T09:00:30Z, until: 2025-01-06T09:05:30Z, speed: 2, zero: "
        "nothing, latency: {p50: p50_ms}");
    r = sc->service[0].path[1].recorded;
    check_law(r, 5, (const double[]){0, 15, 45, 75, 135}, (const double[]){0, 0.4, NAN, NAN, 0.5});
    ck_assert(isnan(r->latency_s[4]));
    ck_assert_double_eq(r->period_s, 150.0);
    rs_scenario_free(sc);
}
END_TEST

/* A ratio of two counters; where nothing came, nothing is told. */
START_TEST(test_law_of_series)
{
    struct scenario *sc =
        ruled(counters,
              "format: series, loop: off, errors: 'requests_total{code=\"500\",job=\"a\"}', of: "
              "'requests_total{job=\"a\"}'");
    const struct path_recording *r = sc->service[0].path[1].recorded;
    check_law(r, 6, (const double[]){0, 60, 120, 180, 780, 840},
              (const double[]){1.0 / 3, 0, 2.0 / 3, NAN, NAN, NAN});
    rs_scenario_free(sc);
}
END_TEST

/* The variant that replays is the same runbook under other traffic. */
START_TEST(test_prisma_replay)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *plain =
        rs_scenario_load(RS_SOURCE_DIR "/scenarios/prisma/prisma.yaml", &errors);
    struct scenario *replay =
        rs_scenario_load(RS_SOURCE_DIR "/scenarios/prisma/prisma-replay.yaml", &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert(plain && replay);
    ck_assert_int_eq(plain->n_claim, replay->n_claim);
    ck_assert_int_eq(plain->n_fault, replay->n_fault);
    ck_assert_int_eq(plain->response.n_stage, replay->response.n_stage);
    ck_assert_int_eq(plain->response.n_procedure, replay->response.n_procedure);
    for (int i = 0; i < replay->n_service; i++) {
        const struct service *s = &replay->service[i];
        ck_assert_str_eq(plain->service[i].name, s->name);
        ck_assert(s->path[1].as_recorded == (strcmp(s->name, "portal") != 0));
    }
    /* 647 and 93 requests in 165 s, by an independent count of the log. */
    ck_assert_int_eq(replay->traffic[0].profile.n, 647);
    ck_assert_int_eq(replay->traffic[4].profile.n, 93);
    ck_assert_double_eq(replay->traffic[0].profile.period_s, 165.0);
    ck_assert_int_eq(replay->traffic[0].profile.n_error_code, 0);
    ck_assert_double_eq_tol(rs_profile_integral(&replay->traffic[3].profile, 0, 86400.0) / 86400.0,
                            30.0, 0.05);
    rs_scenario_free(plain);
    rs_scenario_free(replay);
    rs_err_list_clear(&errors);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, test_requests, 0, N_ROW(logs));
    tcase_add_test(tc, test_statuses);
    tcase_add_loop_test(tc, test_rates, 0, N_ROW(rates));
    tcase_add_test(tc, test_latency_distribution);
    tcase_add_test(tc, test_error_mix);
    tcase_add_test(tc, test_law_of_columns);
    tcase_add_test(tc, test_law_of_series);
    tcase_add_test(tc, test_prisma_replay);
}

int main(void)
{
    return run_tests("recording keys", add);
}
