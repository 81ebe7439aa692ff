/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "known.h"

#include <check.h>
#include <math.h>

#include <gsl/gsl_cdf.h>

#include "sim/arena.h"
#include "sim/clock.h"
#include "sim/draw.h"

static const struct fault broken[] = {{.name = "broken", .probability = 0.5}};

static void set_up(struct known *k, const int *n_value, const int *today)
{
    toy_init(&k->toy, 2, n_value, today);
    k->toy.today.n_fault = 1;
    k->toy.today.fault = broken;
    k->toy.plan.n_objective = KNOWN_N_OBJECTIVE;
    k->toy.plan.objective = k->objective;
}

void known_clear(struct known *k)
{
    toy_clear(&k->toy);
}

/* ---- the count of a Poisson stream ----------------------------------------------------------------------------------- */

enum { N_UNIT = 24 };
static const int window[] = {1, 2, 3, 4, 6, 12};
static const double good_rate = 0.4, bad_rate = 1.5;

static void poisson_replica(
    const uint16_t *value, uint64_t seed, int fault, uint64_t replica, struct history *h)
{
    struct stream s = rs_stream_open(seed, replica, rs_stream_hash("toy/poisson"));
    uint64_t count = 0, k = value[1] + UINT64_C(1);
    int64_t tripped_ns = RS_NEVER;
    for (int u = 1; u <= N_UNIT; u++) {
        count += rs_draw_poisson(&s, fault < 0 ? good_rate : bad_rate);
        if (u % window[value[0]] != 0)
            continue;
        if (count >= k && tripped_ns == RS_NEVER)
            tripped_ns = u * TOY_MIN_NS;
        count = 0;
    }
    h->sim_ns = N_UNIT * TOY_MIN_NS;
    h->false_rollback = fault < 0 && tripped_ns != RS_NEVER;
    if (fault >= 0)
        toy_detected(h, tripped_ns);
}

static void poisson_exact(const uint16_t *value, double *out)
{
    int w = window[value[0]];
    unsigned k = value[1] + 1U;
    out[0] = pow(gsl_cdf_poisson_P(k - 1, bad_rate * w), N_UNIT / w);
    out[1] = 1.0 - pow(gsl_cdf_poisson_P(k - 1, good_rate * w), N_UNIT / w);
}

void known_poisson(struct known *k)
{
    *k = (struct known){.exact = poisson_exact, .range = {1, 1}};
    set_up(k, (const int[]){6, 12}, (const int[]){0, 2});
    k->toy.replica = poisson_replica;
    k->objective[0] = toy_miss(0, N_UNIT * TOY_MIN_NS);
    k->objective[1] = toy_false_rollback();
}

/* ---- failures in a row ----------------------------------------------------------------------------------------------- */

enum { N_MINUTE = 60 };
static const int rhythm[] = {1, 2, 3, 5, 6};
static const double fails_well = 0.05, fails_ill = 0.45;

static void
run_replica(const uint16_t *value, uint64_t seed, int fault, uint64_t replica, struct history *h)
{
    struct stream s = rs_stream_open(seed, replica, rs_stream_hash("toy/run-length"));
    int in_a_row = 0, k = value[1] + 1;
    int64_t tripped_ns = RS_NEVER;
    for (int m = 1; m <= N_MINUTE; m++) {
        bool failed = rs_stream_uniform(&s) < (fault < 0 ? fails_well : fails_ill);
        if (m % rhythm[value[0]] != 0)
            continue;
        in_a_row = failed ? in_a_row + 1 : 0;
        if (in_a_row == k && tripped_ns == RS_NEVER)
            tripped_ns = m * TOY_MIN_NS;
    }
    h->sim_ns = N_MINUTE * TOY_MIN_NS;
    h->false_rollback = fault < 0 && tripped_ns != RS_NEVER;
    if (fault >= 0)
        toy_detected(h, tripped_ns);
}

/*
 * P(no run of k failures in the first n looks), n = 0..n_look: by the number of failures that stand in a row now. Feller, An Introduction
 * to Probability Theory and Its Applications I (3rd ed. 1968), XIII.7, by recursion.
 */
static void no_run(int k, int n_look, double p, double *out)
{
    double row[16] = {1.0};
    for (int n = 0; n <= n_look; n++) {
        double sum = 0.0;
        for (int j = 0; j < k; j++)
            sum += row[j];
        out[n] = sum;
        for (int j = k; j > 0; j--)
            row[j] = row[j - 1] * p;
        row[0] = sum * (1.0 - p);
    }
}

static void run_exact(const uint16_t *value, double *out)
{
    int every = rhythm[value[0]], k = value[1] + 1, n_look = N_MINUTE / every;
    double left[N_MINUTE + 1];
    no_run(k, n_look, fails_well, left);
    out[0] = 1.0 - left[n_look];
    no_run(k, n_look, fails_ill, left);
    out[1] = 0.0;
    for (int n = 0; n < n_look; n++) /* it lasts on past look n with that probability */
        out[1] += 60.0 * every * left[n];
    out[1] += 60.0 * (N_MINUTE - n_look * every) * left[n_look];
}

void known_run_length(struct known *k)
{
    *k = (struct known){.exact = run_exact, .range = {1, 3600}};
    set_up(k, (const int[]){5, 6}, (const int[]){0, 2});
    k->toy.replica = run_replica;
    k->objective[0] = toy_false_rollback();
    k->objective[1] = toy_time(RS_STAT_MEAN, 0, 0.0, (double)(N_MINUTE * TOY_MIN_NS));
}

/* ---- judgement ------------------------------------------------------------------------------------------------------- */

static bool is_dominated(const double *a, const double *b)
{
    return b[0] <= a[0] && b[1] <= a[1] && (b[0] < a[0] || b[1] < a[1]);
}

/* What n replicas cannot see, with the level that a search has for each pair: an advantage in so many histories at most. */
static double unseen(const struct tune_result *r, const struct tune_point *p)
{
    double n_pair = (double)r->n_point * (r->n_point - 1);
    double level = (1.0 - r->plan->confidence) / 3.0 / (n_pair * KNOWN_N_OBJECTIVE);
    uint64_t n = p->objective[0].n < p->objective[1].n ? p->objective[0].n : p->objective[1].n;
    return -log(level) / (double)n;
}

/* Was a setting of the true front dropped for one that is worse by more than was to be seen? A row of them adds up. */
static bool is_lost(const struct known *k, const struct tune_result *r, const struct tune_point *p)
{
    double mine[KNOWN_N_OBJECTIVE], other[KNOWN_N_OBJECTIVE];
    if (p->state == RS_POINT_FRONT)
        return false;
    ck_assert_int_eq(p->state, RS_POINT_DOMINATED);
    k->exact(p->value, mine);
    k->exact(r->point[p->beaten_by].value, other);
    for (int o = 0; o < KNOWN_N_OBJECTIVE; o++) {
        if (other[o] > mine[o] + k->range[o] * unseen(r, p))
            return true;
    }
    return false;
}

static bool is_in(const struct tune_estimate *e, double x)
{
    /* The exact values are sums of a thousand products. */
    return x >= e->low - 1e-9 && x <= e->high + 1e-9;
}

static void judge_steps(const struct known *k, const struct tune_result *r, struct known_faults *f)
{
    double moved[KNOWN_N_OBJECTIVE], from[KNOWN_N_OBJECTIVE];
    for (int s = 0; s < r->n_step; s++) {
        const struct tune_step *step = &r->step[s];
        const struct tune_point *centre = &r->point[step->around_chosen ? r->chosen : r->today];
        uint16_t value[2] = {centre->value[0], centre->value[1]};
        value[step->param] = (uint16_t)step->value;
        k->exact(value, moved);
        k->exact(centre->value, from);
        for (int o = 0; o < KNOWN_N_OBJECTIVE; o++) {
            f->n_interval += 2;
            f->n_missed += !is_in(&step->objective[o], moved[o]);
            f->n_missed += !is_in(&step->difference[o], moved[o] - from[o]);
        }
    }
}

static void judge(const struct known *k, const struct tune_result *r, struct known_faults *f)
{
    double best = (double)INFINITY;
    for (int i = 0; i < r->n_point; i++) {
        const struct tune_point *p = &r->point[i];
        double mine[KNOWN_N_OBJECTIVE], other[KNOWN_N_OBJECTIVE];
        bool on_front = true;
        k->exact(p->value, mine);
        best = fmin(best, mine[0]);
        for (int j = 0; j < r->n_point; j++) {
            k->exact(r->point[j].value, other);
            on_front = on_front && !is_dominated(mine, other);
        }
        for (int o = 0; o < KNOWN_N_OBJECTIVE; o++) {
            f->n_interval++;
            f->n_missed += !is_in(&p->objective[o], mine[o]);
        }
        f->n_front += p->state == RS_POINT_FRONT;
        f->n_true_front += on_front;
        f->n_strict += on_front && p->state == RS_POINT_FRONT;
        f->n_lost += on_front && is_lost(k, r, p);
    }
    double mine[KNOWN_N_OBJECTIVE];
    k->exact(r->point[r->chosen].value, mine);
    f->n_worse = mine[0] > best + 2.0 * unseen(r, &r->point[r->chosen]) * k->range[0] &&
                 mine[0] > r->point[r->chosen].objective[0].high;
}

struct known_faults known_search(struct known *k, uint64_t seed)
{
    struct known_faults f = {0};
    struct tune_result r;
    toy_search(&k->toy, seed, &r);
    judge(k, &r, &f);
    judge_steps(k, &r, &f);
    rs_arena_free(r.arena);
    return f;
}
