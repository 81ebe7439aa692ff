/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The request engine against closed forms. Each row is run in independent replicas, each of which drops its beginning; the
 * closed form must lie in the t interval of their means, which misses it with probability 1e-4, and the interval must be
 * narrow enough to tell a wrong program from a right one. With 23 intervals a right program fails with probability 0.0023; the
 * seed is fixed.
 */
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "../sim/sim_check.h"
#include "models/traffic.h"
#include "queue_world.h"

#define MISS 1e-4
#define NEVER 1e6
#define NO_LIMIT RS_UNLIMITED

/* ---- closed forms -------------------------------------------------------------------------------------------------------- */

/* Erlang B by its recursion; a = offered load. Source: Gross, Shortle, Thompson, Harris, Fundamentals of Queueing Theory
 * (4th ed., 2008), (3.11). */
static double erlang_b(double a, int c)
{
    double b = 1.0;
    for (int n = 1; n <= c; n++)
        b = a * b / (n + a * b);
    return b;
}

/* P(wait > 0), ibid. (2.36). */
static double erlang_c(double a, int c)
{
    double b = erlang_b(a, c), rho = a / c;
    return b / (1.0 - rho * (1.0 - b));
}

/* M/M/c: mean time in the system, services of mean 1. */
static double mmc_sojourn(double a, int c)
{
    return erlang_c(a, c) / (c - a) + 1.0;
}

/* M/M/c/K: P(an arrival is refused) = P(K there), birth and death in balance. */
static double mmck_refused(double a, int c, int k)
{
    double weight = 1.0, sum = 0.0;
    for (int n = 0; n < k; n++) {
        sum += weight;
        weight *= a / (n + 1 < c ? n + 1 : c);
    }
    return weight / (sum + weight);
}

/* M/G/1: Pollaczek-Khinchine, ibid. (5.11); the service's mean is 1. */
static double pk_sojourn(double lambda, double square)
{
    return lambda * square / (2.0 * (1.0 - lambda)) + 1.0;
}

/*
 * M/M/c, clients leave the line after tau: the wait that is offered has the density f(x) = lambda p_{c-1} exp(-(c - lambda) x)
 * below tau and falls like exp(-c x) above it, since nobody joins who would wait longer (level crossing: Brill & Posner, Oper.
 * Res. 25 (1977) 662-674; the law itself: Barrer, Oper. Res. 5 (1957) 650-656). Services of mean 1.
 *   *left    P(leaves the line)
 *   *late    P(is served, and gives up in service because wait and service exceed tau)
 */
static void reneging(double lambda, int c, double tau, double *left, double *late)
{
    double d = c - lambda, p = 1.0, below = 0.0; /* p: weight of c - 1 */
    for (int n = 0; n < c - 1; n++) {
        below += p;
        p *= lambda / (n + 1);
    }
    below += p;
    double f0 = lambda * p, served = f0 * -expm1(-d * tau) / d;
    double at = f0 * exp(-d * tau), over = at / c;
    double all = below + served + over;
    double in_service = below * exp(-tau);
    /* integral of f(x) exp(-(tau - x)) */
    in_service += f0 * exp(-tau) * expm1((1.0 - d) * tau) / (1.0 - d);
    *left = over / all;
    *late = in_service / all;
}

static double mmc_late(double lambda, int c, double tau)
{
    double left, late;
    reneging(lambda, c, tau, &left, &late);
    return left + late;
}

/*
 * M/M/1, clients leave line and service after tau in all: the work there is at most tau, with density lambda P0
 * exp(-(1 - lambda) x) below (level crossing as above), so P(not done in time) = P0 exp(-(1 - lambda) tau) and P0 = 1 / (1 +
 * lambda (1 - exp(-(1 - lambda) tau)) / (1 - lambda)). The law: Gavish & Schweitzer, Manag. Sci. 23 (1977) 1349-1357.
 */
static double mm1_cancelled(double lambda, double tau)
{
    double d = 1.0 - lambda;
    return exp(-d * tau) / (1.0 - lambda * expm1(-d * tau) / d);
}

/* P(time in an M/M/1 > tau): exponential. */
static double mm1_over(double lambda, double tau)
{
    return exp(-(1.0 - lambda) * tau);
}

/* Loss system with n attempts and long waits between: the stream of attempts a' = a (1 + B + ... + B^(n-1)), B = B(a'). */
static double retry_load(double a, int c, int n)
{
    double load = a;
    for (int i = 0; i < 200; i++) {
        double b = erlang_b(load, c), sum = 0.0, term = 1.0;
        for (int j = 0; j < n; j++, term *= b)
            sum += term;
        load = a * sum;
    }
    return load;
}

/* ---- what is seen ---------------------------------------------------------------------------------------------------------- */

static double sojourn(struct seen s)
{
    return s.latency_s / (double)s.n;
}

static double refused(struct seen s)
{
    return (double)s.n_503 / (double)s.n;
}

static double timed_out(struct seen s)
{
    return (double)s.n_504 / (double)s.n;
}

/* ---- rows ------------------------------------------------------------------------------------------------------------------ */

static const struct dist lognormal = {
    .kind = RS_DIST_LOGNORMAL, .a = -0.5, .b = 1.0, .cap_s = INFINITY}; /* mean 1, square e */
static const struct dist uniform = {.kind = RS_DIST_UNIFORM, .a = 0.0, .b = 2.0, .cap_s = INFINITY};
static const struct dist constant = {.kind = RS_DIST_CONSTANT, .a = 1.0, .cap_s = INFINITY};

struct row {
    const char *words;
    double rate;
    const struct dist *service; /* NULL: exponential */
    int n_worker, n_place;
    double timeout_s;
    enum abandoned abandoned;
    double (*seen)(struct seen s);
    double span_s; /* of a replica, after a tenth of it */
    double width;  /* the interval's half width is at most this share of the closed form */
};

/* The closed form of each row stands in expected(). */
static const struct row rows[] = {
    {"M/M/1 time in the system", 0.7, NULL, 1, NO_LIMIT, NEVER, 0, sojourn, 8e3, 0.084},
    {"M/M/5 time in the system", 4.0, NULL, 5, NO_LIMIT, NEVER, 0, sojourn, 2e3, 0.07},
    {"M/M/20 time in the system", 18.0, NULL, 20, NO_LIMIT, NEVER, 0, sojourn, 1e3, 0.084},
    {"M/M/3/8 refused", 2.7, NULL, 3, 5, NEVER, 0, refused, 4e3, 0.084},
    {"M/M/1/3 refused", 1.5, NULL, 1, 2, NEVER, 0, refused, 2e3, 0.042},
    {"Erlang B 10 10", 10.0, NULL, 10, 0, NEVER, 0, refused, 1e3, 0.042},
    {"Erlang B 8 10, lognormal services", 8.0, &lognormal, 10, 0, NEVER, 0, refused, 1.5e3, 0.07},
    {"Erlang B 8 10, constant services", 8.0, &constant, 10, 0, NEVER, 0, refused, 1e3, 0.07},
    {"M/G/1 lognormal", 0.6, &lognormal, 1, NO_LIMIT, NEVER, 0, sojourn, 6e3, 0.17},
    {"M/G/1 uniform", 0.7, &uniform, 1, NO_LIMIT, NEVER, 0, sojourn, 3e3, 0.07},
    {"M/D/1", 0.7, &constant, 1, NO_LIMIT, NEVER, 0, sojourn, 3e3, 0.07},
    {"M/M/1 with impatience, in line and in service", 0.9, NULL, 1, NO_LIMIT, 3,
     RS_ABANDONED_DROPPED, timed_out, 3e3, 0.056},
    {"M/M/4 with impatience, overloaded", 5.0, NULL, 4, NO_LIMIT, 2.5, RS_ABANDONED_DROPPED,
     timed_out, 1e3, 0.042},
    {"M/M/1 cancelled", 0.9, NULL, 1, NO_LIMIT, 3, RS_ABANDONED_CANCELLED, timed_out, 3e3, 0.07},
    {"M/M/1 worked off", 0.7, NULL, 1, NO_LIMIT, 4, RS_ABANDONED_WORKED_OFF, timed_out, 3e3, 0.14},
    {"unlimited workers with impatience", 5.0, NULL, NO_LIMIT, NO_LIMIT, 2, RS_ABANDONED_DROPPED,
     timed_out, 1e3, 0.056},
};

static double expected(int i)
{
    switch (i) {
    case 0: return mmc_sojourn(0.7, 1);
    case 1: return mmc_sojourn(4.0, 5);
    case 2: return mmc_sojourn(18.0, 20);
    case 3: return mmck_refused(2.7, 3, 8);
    case 4: return mmck_refused(1.5, 1, 3);
    case 5: return erlang_b(10.0, 10);
    case 6:
    case 7: return erlang_b(8.0, 10); /* insensitive: Sevastyanov, Theory Probab. Appl. 2 (1957) */
    case 8: return pk_sojourn(0.6, exp(1.0));
    case 9: return pk_sojourn(0.7, 4.0 / 3.0);
    case 10: return pk_sojourn(0.7, 1.0);
    case 11: return mmc_late(0.9, 1, 3.0);
    case 12: return mmc_late(5.0, 4, 2.5);
    case 13: return mm1_cancelled(0.9, 3.0);
    case 14: return mm1_over(0.7, 4.0);
    case 15: return exp(-2.0);
    }
    return NAN;
}

/* ---- intervals ------------------------------------------------------------------------------------------------------------- */

#define N_REPLICA 40

struct mean {
    int n;
    double sum, square;
};

static void add(struct mean *m, double x)
{
    m->n++;
    m->sum += x;
    m->square += x * x;
}

static void must_hold(const struct mean *m, double value, double width, const char *words)
{
    double mean = m->sum / m->n, var = (m->square - m->sum * mean) / (m->n - 1);
    double half = gsl_cdf_tdist_Qinv(MISS / 2.0, m->n - 1) * sqrt(var / m->n);
    ck_assert_msg(fabs(mean - value) <= half, "%s: %.6g +- %.2g, closed form %.6g", words, mean,
                  half, value);
    ck_assert_msg(half <= width, "%s: the interval %.6g +- %.2g says too little, at most +- %.2g",
                  words, mean, half, width);
}

static struct seen since(struct seen now, struct seen before)
{
    return (struct seen){now.n_ok - before.n_ok,   now.n_500 - before.n_500,
                         now.n_503 - before.n_503, now.n_504 - before.n_504,
                         now.n - before.n,         now.latency_s - before.latency_s};
}

/* One replica: what is seen after a tenth of it. */
static struct seen play(struct world *w, uint64_t replica, double span_s)
{
    world_reset(w, replica, false);
    world_run(w, 0.1 * span_s);
    struct seen before = world_seen(w);
    world_run(w, 1.1 * span_s);
    return since(world_seen(w), before);
}

START_TEST(test_law)
{
    const struct row *r = &rows[_i];
    struct world w;
    struct mean m = {0};
    world_init(&w);
    w.rate = r->rate;
    if (r->service)
        w.path[0].latency = *r->service;
    w.path[0].capacity = world_capacity(r->n_worker, r->n_place, r->timeout_s);
    w.path[0].capacity.abandoned = r->abandoned;
    world_start(&w);
    for (uint64_t i = 0; i < N_REPLICA; i++)
        add(&m, r->seen(play(&w, i, r->span_s)));
    must_hold(&m, expected(_i), r->width * expected(_i), r->words);
    world_clear(&w);
}
END_TEST

/* Arrivals see what time sees (Wolff, Oper. Res. 30 (1982) 223-231): the share refused is the share of time that all is full. */
START_TEST(test_pasta)
{
    struct world w;
    struct mean m = {0};
    world_init(&w);
    w.rate = 2.7;
    w.path[0].capacity = world_capacity(3, 2, NEVER);
    world_start(&w);
    const struct station *st = &w.sys->queue->door[0].station;
    for (uint64_t i = 0; i < N_REPLICA; i++) {
        int n_full = 0;
        world_reset(&w, i, false);
        for (int t = 1; t <= 4000; t++) {
            world_run(&w, t * 0.5);
            n_full += st->n_busy == 3 && st->n_wait == 2;
        }
        add(&m, refused(world_seen(&w)) - n_full / 4000.0);
    }
    must_hold(&m, 0.0, 0.012, "refused less full");
    world_clear(&w);
}
END_TEST

/* Two pools one after the other: what leaves an M/M/c is Poisson again (Burke, Oper. Res. 4 (1956) 699-704). */
START_TEST(test_tandem)
{
    static const int uses[] = {0, 1};
    struct world w;
    struct mean m = {0};
    double value = mmc_sojourn(1.4, 2) + mmc_sojourn(1.4, 3);
    world_init(&w);
    w.rate = 1.4;
    w.path[0].latency = rs_dist_constant(0.0);
    w.path[0].uses = uses;
    w.path[0].n_uses = 2;
    w.dependency[0].capacity = world_capacity(2, NO_LIMIT, NEVER);
    w.dependency[1].capacity = world_capacity(3, NO_LIMIT, NEVER);
    world_start(&w);
    for (uint64_t i = 0; i < N_REPLICA; i++)
        add(&m, sojourn(play(&w, i, 2000.0)));
    must_hold(&m, value, 0.06 * value, "tandem");
    world_clear(&w);
}
END_TEST

/* One pool for four instances: an M/M/c of all their calls together. */
START_TEST(test_shared_pool)
{
    static const int uses[] = {0};
    struct world w;
    struct mean m = {0};
    double value = mmc_sojourn(4.0, 5);
    world_init(&w);
    w.rate = 4.0;
    w.service.n_instance = 4;
    w.path[0].latency = rs_dist_constant(0.0);
    w.path[0].uses = uses;
    w.path[0].n_uses = 1;
    w.dependency[0].capacity = world_capacity(5, NO_LIMIT, NEVER);
    world_start(&w);
    for (uint64_t i = 0; i < N_REPLICA; i++)
        add(&m, sojourn(play(&w, i, 2000.0)));
    must_hold(&m, value, 0.07 * value, "shared pool");
    world_clear(&w);
}
END_TEST

/*
 * Retries after long waits are a Poisson stream of their own in the limit (Cohen, Philips Telecomm. Rev. 18 (1957) 49-100):
 * refusals are Erlang's B at the load that feeds itself. The waits here are 60 services long; what is left of the dependence
 * stays below half a per cent of the share (seen with 200 services), so half a per cent is added to the interval.
 */
START_TEST(test_retries)
{
    struct world w;
    struct mean m = {0};
    double load = retry_load(8.0, 10, 4), value = erlang_b(load, 10);
    world_init(&w);
    w.rate = 8.0;
    w.path[0].capacity = world_capacity(10, 0, NEVER);
    w.traffic.retries = (struct retries){
        .n_attempt = 4,
        .on = RS_RETRY_REFUSED,
        .backoff = {.kind = RS_DIST_UNIFORM, .a = 20.0, .b = 100.0, .cap_s = INFINITY},
        .factor = 1.0,
        .at_most_s = INFINITY,
        .budget = INFINITY};
    world_start(&w);
    for (uint64_t i = 0; i < N_REPLICA; i++)
        add(&m, refused(play(&w, i, 4000.0)));
    double mean = m.sum / m.n, off = mean - value, slack = 0.005 * value;
    m.sum -= m.n * fmax(-slack, fmin(off, slack)); /* the nearest point of the slack */
    m.square = m.square - 2.0 * fmax(-slack, fmin(off, slack)) * mean * m.n +
               m.n * pow(fmax(-slack, fmin(off, slack)), 2.0);
    must_hold(&m, value, 0.04 * value, "retries");
    world_clear(&w);
}
END_TEST

/* Bursts and a broken line: as many calls as the integral says, over replicas. */
START_TEST(test_calls)
{
    static const double at_s[] = {0, 200, 600}, per_s[] = {1, 5, 0.5};
    struct world w;
    struct mean m = {0};
    world_init(&w);
    w.path[0].latency = rs_dist_constant(0.0);
    w.traffic.profile = (struct profile){.kind = _i == 1 ? RS_PROFILE_RECORDED : RS_PROFILE_LINEAR,
                                         .n = 3,
                                         .at_s = at_s,
                                         .per_s = per_s,
                                         .period_s = 1000.0,
                                         .scale = 2.0,
                                         .bursts = {.factor = 1.0}};
    double whole =
        2.0 * (_i == 1 ? 200 * 1 + 400 * 5 + 400 * 0.5 : 200 * 3 + 400 * 2.75 + 400 * 0.75);
    double past = 2.0 * (_i == 1 ? 200 * 1 + 100 * 5 : 200 * 3 + 100 * (5 - 0.5 * 100 * 4.5 / 400));
    if (_i == 2) { /* on for a third of the time, three times the rate */
        w.traffic.profile.bursts = (struct bursts){3.0, 5.0, 10.0};
        whole *= 5.0 / 3.0;
        past *= 5.0 / 3.0;
    }
    world_start(&w);
    for (uint64_t i = 0; i < N_REPLICA; i++) {
        world_reset(&w, i, false);
        world_run(&w, 2300.0);
        add(&m, (double)world_seen(&w).n);
    }
    must_hold(&m, 2.0 * whole + past, 0.045 * whole * 2.0, "calls");
    world_clear(&w);
}
END_TEST

/* Where in the period they come: counts in bins of 25 s against the integral of the rate; false alarms 1e-4 each. */
START_TEST(test_when_they_call)
{
    enum { N_BIN = 80 };
    static const double at_s[] = {100, 200, 600}, per_s[] = {0, 5, 0.5};
    uint64_t n[N_BIN] = {0};
    double expected[N_BIN];
    struct world w;
    world_init(&w);
    w.path[0].latency = rs_dist_constant(0.0);
    struct profile *p = &w.traffic.profile;
    *p = (struct profile){.kind = _i ? RS_PROFILE_RECORDED : RS_PROFILE_LINEAR,
                          .n = 3,
                          .at_s = at_s,
                          .per_s = per_s,
                          .period_s = 1000.0,
                          .scale = 0.02, /* a slope matters where few come */
                          .bursts = {.factor = 1.0}};
    world_start(&w);
    for (uint64_t i = 0; i < 30 * N_REPLICA; i++) {
        uint64_t before = 0;
        world_reset(&w, i, false);
        for (int b = 0; b < N_BIN; b++) {
            world_run(&w, 25.0 * (b + 1));
            uint64_t now = world_seen(&w).n;
            n[b] += now - before;
            before = now;
        }
    }
    uint64_t all = 0;
    for (int b = 0; b < N_BIN; b++)
        all += n[b];
    double whole = rs_profile_integral(p, 0.0, 25.0 * N_BIN);
    for (int b = 0; b < N_BIN; b++) /* given how many came, they are spread like the rate */
        expected[b] = (double)all * rs_profile_integral(p, 25.0 * b, 25.0 * (b + 1)) / whole;
    ck_assert_double_gt(chi_square_p(n, expected, N_BIN, 10.0), 1e-4);
    world_clear(&w);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_law, 0, N_ROW(rows));
    tcase_add_test(tc, test_pasta);
    tcase_add_test(tc, test_tandem);
    tcase_add_test(tc, test_shared_pool);
    tcase_add_test(tc, test_retries);
    tcase_add_loop_test(tc, test_calls, 0, 3);
    tcase_add_loop_test(tc, test_when_they_call, 0, 2);
}

int main(void)
{
    return run_suite("queue_laws", add_tests);
}
