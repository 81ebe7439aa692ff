/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a rollout is made of: runs of bad evaluations, counts and ratios at a gate, two samplers in a row, timers, retries. */
#include <math.h>
#include <stdbool.h>

#include "anchor.h"
#include "sim/draw.h"
#include "verify/stats.h"

/* ---- a run of bad evaluations: `for` as a number of them ------------------------------------------------------------------ */

struct run_par {
    int n_eval, n_run;
    double p_bad;
};

struct run {
    struct play *p;
    const struct run_par *par;
    int n_eval, n_bad;
    bool fired;
};

static void evaluate(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct run *r = ctx;
    (void)now_ns, (void)arg;
    r->n_bad = rs_stream_uniform(&r->p->s) < r->par->p_bad ? r->n_bad + 1 : 0;
    r->fired |= r->n_bad >= r->par->n_run;
    if (r->fired || ++r->n_eval == r->par->n_eval)
        rs_kernel_stop(r->p->k);
    else
        anchor_in(r->p, 15.0, "evaluation", evaluate, r);
}

static double run_fires(struct play *p)
{
    struct run r = {p, p->par, 0, 0, false};
    anchor_in(p, 0.0, "evaluation", evaluate, &r);
    anchor_go(p, INFINITY);
    return r.fired;
}

/* By the length of the run so far, evaluation by evaluation. */
static double run_exact(const struct run_par *par)
{
    double at[16] = {1.0}, fired = 0.0;
    for (int i = 0; i < par->n_eval; i++) {
        double next[16] = {0};
        for (int k = 0; k < par->n_run; k++) {
            next[0] += at[k] * (1.0 - par->p_bad);
            if (k + 1 == par->n_run)
                fired += at[k] * par->p_bad;
            else
                next[k + 1] += at[k] * par->p_bad;
        }
        for (int k = 0; k < 16; k++)
            at[k] = next[k];
    }
    return fired;
}

/* ---- a gate on what was counted in a window -------------------------------------------------------------------------------- */

struct count_par {
    double mean, p_bad;
    int n_bad;
    bool fixed; /* so many requests exactly, not that many in the mean */
};

struct count {
    struct play *p;
    const struct count_par *par;
    int n_scrape;
    uint64_t n_bad;
};

enum { N_SCRAPE = 20 };

static void scrape(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct count *c = ctx;
    (void)now_ns, (void)arg;
    uint64_t n = c->par->fixed ? (uint64_t)(c->par->mean / N_SCRAPE)
                               : rs_draw_poisson(&c->p->s, c->par->mean / N_SCRAPE);
    c->n_bad += rs_draw_binomial(&c->p->s, n, c->par->p_bad);
    if (++c->n_scrape < N_SCRAPE)
        anchor_in(c->p, 15.0, "scrape", scrape, c);
}

static double gate_trips(struct play *p)
{
    struct count c = {.p = p, .par = p->par};
    anchor_in(p, 15.0, "scrape", scrape, &c);
    anchor_go(p, INFINITY);
    return c.n_bad >= (uint64_t)c.par->n_bad;
}

static double gate_exact(const struct count_par *par)
{
    double below = 0.0, mean = par->mean * par->p_bad;
    for (int k = 0; k < par->n_bad; k++) {
        double n = par->mean;
        below += par->fixed ? exp(lgamma(n + 1) - lgamma(k + 1.0) - lgamma(n - k + 1) +
                                  k * log(par->p_bad) + (n - k) * log1p(-par->p_bad))
                            : exp(k * log(mean) - mean - lgamma(k + 1.0));
    }
    return 1.0 - below;
}

/* ---- two samplers in a row -------------------------------------------------------------------------------------------------- */

/* An incident at a random instant, seen by the next scrape (every 15 s) and then by the next evaluation (every 60 s). */
struct samplers {
    struct play *p;
    bool begun, scraped, seen;
    double onset, seen_at;
};

static void on_onset(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct samplers *s = ctx;
    (void)now_ns, (void)arg;
    s->begun = true;
}

static void on_scrape(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct samplers *s = ctx;
    (void)now_ns, (void)arg;
    s->scraped = s->begun;
    anchor_in(s->p, 15.0, "scrape", on_scrape, s);
}

static void on_evaluation(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct samplers *s = ctx;
    (void)now_ns, (void)arg;
    if (s->scraped) {
        s->seen_at = anchor_now(s->p);
        rs_kernel_stop(s->p->k);
        return;
    }
    anchor_in(s->p, 60.0, "evaluation", on_evaluation, s);
}

static double seen_in_time(struct play *p)
{
    struct samplers s = {.p = p};
    s.onset = 600.0 + 60.0 * rs_stream_uniform(&p->s);
    anchor_in(p, s.onset, "onset", on_onset, &s);
    anchor_in(p, 15.0 * rs_stream_uniform(&p->s), "scrape", on_scrape, &s);
    anchor_in(p, 60.0 * rs_stream_uniform(&p->s), "evaluation", on_evaluation, &s);
    anchor_go(p, INFINITY);
    return s.seen_at - s.onset <= *(const double *)p->par;
}

/* U(0, 15) + U(0, 60), whatever the phases' draw: areas under the trapezium. */
static double seen_exact(double t)
{
    double over = t >= 60.0 ? (75.0 - t) * (75.0 - t) / 2.0 / 900.0 : 0.0;
    return t >= 60.0 ? 1.0 - over : t >= 15.0 ? (t - 7.5) / 60.0 : t * t / 1800.0;
}

/* ---- timers and retries ------------------------------------------------------------------------------------------------------ */

/* A try every 2 s, each succeeds with probability 1/2. */
struct tries {
    struct play *p;
    bool done;
};

static void try_it(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct tries *t = ctx;
    (void)now_ns, (void)arg;
    t->done = rs_stream_uniform(&t->p->s) < 0.5;
    if (!t->done)
        anchor_in(t->p, 2.0, "try", try_it, t);
}

static double done_in_time(struct play *p)
{
    struct tries t = {p, false};
    anchor_in(p, 2.0, "try", try_it, &t);
    anchor_go(p, *(const double *)p->par);
    return t.done;
}

/*
 * Zero-configuration addressing: an address is in use with probability 1/2; four probes, each of which, or its answer, is lost with
 * 0.1; an answer sends one back to the start after 4 s, else the next probe goes out after 20 s. Error: four probes unanswered.
 */
struct probe {
    struct play *p;
    int n_sent;
    bool error;
};

static void choose(void *ctx, int64_t now_ns, uint64_t arg);

static void unanswered(void *ctx, int64_t now_ns, uint64_t arg);

static void send_probe(struct probe *z)
{
    bool lost = rs_stream_uniform(&z->p->s) < 0.1, answer_lost = rs_stream_uniform(&z->p->s) < 0.1;
    if (lost || answer_lost)
        anchor_in(z->p, 20.0, "unanswered", unanswered, z);
    else
        anchor_in(z->p, 4.0, "answer", choose, z);
}

static void unanswered(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct probe *z = ctx;
    (void)now_ns, (void)arg;
    if (++z->n_sent < 4) {
        send_probe(z);
        return;
    }
    z->error = true;
    rs_kernel_stop(z->p->k);
}

static void choose(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct probe *z = ctx;
    (void)now_ns, (void)arg;
    z->n_sent = 0;
    if (rs_stream_uniform(&z->p->s) < 0.5)
        rs_kernel_stop(z->p->k); /* a free one: no error */
    else
        send_probe(z);
}

static double address_clash(struct play *p)
{
    struct probe z = {.p = p};
    anchor_in(p, 0.0, "choose", choose, &z);
    anchor_go(p, *(const double *)p->par);
    return z.error;
}

/* P(error by t), t a multiple of 4 s: f(t) = 1/2 (q^4 [t >= 80] + sum over answered probes j q^(j-1) (1-q) f(t - 20 (j-1) - 4)). */
static double clash_exact(double t)
{
    const double q = 0.19;
    if (t < 80.0)
        return 0.0;
    if (t > 1e4)
        return 130321.0 / 100130321.0; /* q^4 / 2 / (1 - (1 - q^4) / 2) */
    double f = pow(q, 4);
    for (int j = 0; j < 4; j++)
        f += pow(q, j) * (1.0 - q) * clash_exact(t - 20.0 * j - 4.0);
    return 0.5 * f;
}

/* ---- rows --------------------------------------------------------------------------------------------------------------------- */

static const struct run_par runs[] = {{60, 3, .05}, {60, 5, .1}, {240, 3, .02}, {1440, 2, .001}};
static const struct count_par counts[] = {{3000, .001, 10, false},
                                          {600, .01, 15, false},
                                          {12000, .002, 40, false},
                                          {500, .01, 11, true},
                                          {100, .01, 3, true}};
static const double times[] = {45, 60, 70, 74}, timers[] = {2, 4, 6},
                    horizons[] = {100, 152, 200, 1e5};

static const struct anchor rows[] = {
    {"run 60 3 .05", .00687280617944, 0, 100, run_fires, &runs[0]},
    {"run 60 5 .1", 5.04896286146e-4, 0, 100, run_fires, &runs[1]},
    {"run 240 3 .02", .00186439069961, 0, 40, run_fires, &runs[2]},
    {"run 1440 2 .001", .00143653278489, 0, 20, run_fires, &runs[3]},
    {"count 3000 .001 10", .00110248813012, 0, 200, gate_trips, &counts[0]},
    {"count 600 .01 15", .00140035383336, 0, 200, gate_trips, &counts[1]},
    {"count 12000 .002 40", .00173429355823, 0, 200, gate_trips, &counts[2]},
    {"ratio 500 .01 11", .0132435670998, 0, 200, gate_trips, &counts[3]},
    {"ratio 100 .01 3", .0793732022522, 0, 200, gate_trips, &counts[4]},
    {"two samplers 45", .625, 0, 100, seen_in_time, &times[0]},
    {"two samplers 60", .875, 0, 100, seen_in_time, &times[1]},
    {"two samplers 70", .9861111111, 0, 100, seen_in_time, &times[2]},
    {"two samplers 74", .9994444444, 0, 100, seen_in_time, &times[3]},
    {"timer 2", 1.0 / 2, 0, 500, done_in_time, &timers[0]},
    {"timer 4", 3.0 / 4, 0, 500, done_in_time, &timers[1]},
    {"timer 6", 7.0 / 8, 0, 500, done_in_time, &timers[2]},
    /* The last one is the limit. */
    {"address clash by 100", 0, 0, 1000, address_clash, &horizons[0]},
    {"address clash by 152", 0, 0, 1000, address_clash, &horizons[1]},
    {"address clash by 200", 0, 0, 1000, address_clash, &horizons[2]},
    {"address clash ever", 130321.0 / 100130321.0, 0, 1000, address_clash, &horizons[3]},
};

START_TEST(test_gate)
{
    struct anchor a = rows[_i];
    if (a.run == address_clash)
        a.exact = clash_exact(*(const double *)a.par);
    anchor_check(&a);
}
END_TEST

/* The reference values again, from their recursions. */
START_TEST(test_exact_values)
{
    for (int i = 0; i < ANCHOR_N(rows); i++) {
        double exact = rows[i].exact;
        if (rows[i].run == run_fires)
            exact = run_exact(rows[i].par);
        if (rows[i].run == gate_trips)
            exact = gate_exact(rows[i].par);
        if (rows[i].run == seen_in_time)
            exact = seen_exact(*(const double *)rows[i].par);
        ck_assert_msg(fabs(exact - rows[i].exact) <= 1e-9 * (1e-3 + rows[i].exact) + 1e-10,
                      "%s: %.12g, not %.12g", rows[i].name, exact, rows[i].exact);
    }
    /* The sum over all attempts, once more: what is missing after 1000 s are 30 attempts and more. */
    ck_assert_double_eq_tol(clash_exact(100.0 - 4.0 * 5), 0.5 * pow(0.19, 4), 1e-15);
    ck_assert_double_eq_tol(clash_exact(240.0), 130321.0 / 100130321.0, 1e-5);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_gate, 0, ANCHOR_N(rows));
    tcase_add_test(tc, test_exact_values);
}

int main(void)
{
    return anchor_main("anchor_gates", add_tests);
}
