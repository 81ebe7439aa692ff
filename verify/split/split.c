/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "verify/split.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "beta.h"
#include "sim/arena.h"
#include "sim/replicate.h"
#include "sim/stream.h"
#include "split_word.h"

/* What one macro-replication leaves. */
struct macro {
    double low, high; /* the product, with cut trials as misses and as hits */
    uint64_t n_trial, n_void, n_cut;
    uint64_t tried[RS_SPLIT_LEVEL_MAX], reached[RS_SPLIT_LEVEL_MAX];
    bool starved;
    unsigned char *from,
        *to;       /* [effort * state_size] owned: entrance states, and those of the next level */
    size_t *order; /* [effort] owned */
};

struct splitting_run {
    const struct split_model *model;
    const struct split_plan *plan;
    struct split_result *out;
    double *low, *high; /* [n_macro] in their order */
    uint64_t n_done;
    uint64_t tried[RS_SPLIT_LEVEL_MAX], reached[RS_SPLIT_LEVEL_MAX];
};

uint64_t rs_split_word(uint64_t seed, uint64_t macro, int level, uint64_t index)
{
    uint64_t h = rs_stream_hash_index(rs_stream_hash("splitting"), seed);
    h = rs_stream_hash_index(rs_stream_hash_index(h, macro), (uint64_t)level);
    h = rs_stream_hash_index(h, index);
    return h != 0 ? h : 1;
}

/* Fisher and Yates: entrance states in a random order, of which the first get one trial more than the last. */
static void shuffle(size_t *order, uint64_t n, uint64_t word)
{
    struct stream s = rs_stream_open(word, 0, rs_stream_hash("splitting/order"));
    for (uint64_t i = 0; i < n; i++) {
        uint64_t j = rs_stream_below(&s, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
}

/*
 * One level: effort trials that count. n_from = 0: from the start, where void trials are drawn again. The trials kept are
 * those of a rejection, so their law is that of a trial under the condition.
 */
static int run_level(const struct splitting_run *r,
                     void *worker,
                     struct macro *m,
                     uint64_t macro,
                     int level,
                     const atomic_bool *cancel,
                     struct err *err)
{
    const struct split_plan *plan = r->plan;
    size_t size = r->model->state_size;
    uint64_t n_from = level == 0 ? 0 : m->reached[level - 1];
    uint64_t n_draw_max = level == 0 ? plan->effort * RS_SPLIT_VOID_MAX : plan->effort;
    shuffle(m->order, n_from, rs_split_word(plan->seed, macro, level, UINT64_MAX));
    for (uint64_t i = 0; m->tried[level] < plan->effort; i++) {
        if (i == n_draw_max) {
            m->starved = true;
            return 0;
        }
        struct split_trial t = {
            .from = level == 0 ? NULL : m->from + m->order[i % n_from] * size,
            .target = plan->level[level],
            .seed = plan->seed,
            .word = rs_split_word(plan->seed, macro, level, i),
            .cancel = cancel,
        };
        enum split_end end = RS_SPLIT_DEAD;
        double high;
        if (r->model->run(r->model->ctx, worker, &t, &end, m->to + m->reached[level] * size, &high,
                          err) != 0)
            return -1;
        assert(end != RS_SPLIT_VOID || level == 0);
        m->n_trial++;
        m->n_void += end == RS_SPLIT_VOID;
        m->n_cut += end == RS_SPLIT_CUT;
        m->tried[level] += end != RS_SPLIT_VOID;
        m->reached[level] += end == RS_SPLIT_REACHED;
    }
    return 0;
}

static int run_macro(
    void *ctx, void *worker, uint64_t macro, void *slot, const atomic_bool *cancel, struct err *err)
{
    const struct splitting_run *r = ctx;
    struct macro *m = slot;
    struct macro fresh = {.low = 1.0, .from = m->from, .to = m->to, .order = m->order};
    *m = fresh;
    for (int k = 0; k < r->plan->n_level && m->low > 0.0; k++) {
        uint64_t n_cut_before = m->n_cut;
        if (run_level(r, worker, m, macro, k, cancel, err) != 0)
            return -1;
        if (m->starved) {
            m->low = 0.0;
            m->high = 1.0; /* nothing is known */
            return 0;
        }
        double n = (double)m->tried[k];
        /* The part that was cut here could have gone on all the way. */
        m->high += m->low * (double)(m->n_cut - n_cut_before) / n;
        m->low *= (double)m->reached[k] / n;
        unsigned char *reached = m->to;
        m->to = m->from;
        m->from = reached;
    }
    m->high += m->low;
    return 0;
}

static int reduce(void *ctx, uint64_t macro, void *slot, struct err *err)
{
    struct splitting_run *r = ctx;
    struct split_result *out = r->out;
    const struct macro *m = slot;
    (void)err;
    r->low[macro] = m->low;
    r->high[macro] = m->high;
    r->n_done++;
    out->n_trial += m->n_trial;
    out->n_void += m->n_void;
    out->n_cut += m->n_cut;
    out->n_starved += m->starved;
    out->n_extinct += !(m->low > 0.0);
    for (int k = 0; k < r->plan->n_level; k++) {
        r->tried[k] += m->tried[k];
        r->reached[k] += m->reached[k];
    }
    if (m->low > 0.0 && !out->has_witness) {
        out->has_witness = true;
        if (out->witness)
            memcpy(out->witness, m->from, r->model->state_size);
    }
    return 0;
}

static bool tick(void *ctx, uint64_t n_done, uint64_t n_total)
{
    const struct splitting_run *r = ctx;
    return r->plan->tick && r->plan->tick(r->plan->tick_ctx, n_done, n_total);
}

static void *worker_new(void *ctx, struct err *err)
{
    const struct splitting_run *r = ctx;
    return r->model->worker_new(r->model->ctx, err);
}

static void worker_free(void *ctx, void *worker)
{
    const struct splitting_run *r = ctx;
    r->model->worker_free(r->model->ctx, worker);
}

static void *slot_new(void *ctx)
{
    const struct splitting_run *r = ctx;
    struct macro *m = rs_xcalloc(1, sizeof *m);
    /* One more than effort: a trial's state is written before it is known to count. */
    m->from = rs_xcalloc(r->plan->effort + 1, r->model->state_size);
    m->to = rs_xcalloc(r->plan->effort + 1, r->model->state_size);
    m->order = rs_xcalloc(r->plan->effort, sizeof *m->order);
    return m;
}

static void slot_free(void *ctx, void *slot)
{
    struct macro *m = slot;
    (void)ctx;
    free(m->from);
    free(m->to);
    free(m->order);
    free(m);
}

/* P(|T| > t) for Student's t with nu degrees of freedom: I_x(nu/2, 1/2) at x = nu / (nu + t^2). DLMF 8.17. */
static double two_tails(double t, double nu)
{
    double whole = nu + t * t;
    return rs_beta_tails(0.5 * nu, 0.5, nu / whole, t * t / whole).lower;
}

/* The t that |T| exceeds with probability alpha: bisection on the logarithm of t. */
static double student_quantile(double alpha, double nu)
{
    double low = -40.0,
           high = 300.0; /* t = exp(...); the tails of one degree of freedom are 2 / (pi t) */
    for (int i = 0; i < 200; i++) {
        double middle = 0.5 * (low + high);
        /* NaN counts as a tail that is too heavy: the interval gets wider, never narrower. */
        if (two_tails(exp(middle), nu) <= alpha)
            high = middle;
        else
            low = middle;
    }
    return exp(high);
}

static double mean_of(const double *x, uint64_t n)
{
    double sum = 0.0;
    for (uint64_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

/*
 * Half-width of the interval for the mean of x[n]. Where Student's t means nothing, because few values make up the mean or
 * because values that are all alike show no spread, Hoeffding's bound for values in [0, 1] (JASA 58 (1963), theorem 2) takes its
 * place: sound and wide.
 */
static double half_width(const double *x, uint64_t n, double confidence, bool thin)
{
    double mean = mean_of(x, n), squares = 0.0;
    for (uint64_t i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    double alpha = 1.0 - confidence;
    if (thin || !(squares > 0.0))
        return sqrt(log(2.0 / alpha) / (2.0 * (double)n));
    double sd = sqrt(squares / (double)(n - 1));
    return student_quantile(alpha, (double)(n - 1)) * sd / sqrt((double)n);
}

/* See split_result.thin. Of two or three values one is always a large part, and Student's t knows it. */
static bool is_thin(const struct splitting_run *r)
{
    uint64_t n = r->n_done;
    double sum = 0.0, largest = 0.0;
    for (uint64_t i = 0; i < n; i++) {
        sum += r->low[i];
        largest = fmax(largest, r->low[i]);
    }
    return 2 * r->out->n_extinct > n || largest > fmax(0.5, 2.0 / (double)n) * sum;
}

static void conclude(struct splitting_run *r)
{
    struct split_result *out = r->out;
    uint64_t n = out->n_macro = r->n_done;
    double confidence = r->plan->confidence;
    out->thin = n < r->plan->n_macro || is_thin(r);
    if (n == 0) {
        out->estimate = NAN;
        out->interval = (struct interval){0.0, 1.0};
        return;
    }
    out->estimate = mean_of(r->low, n);
    out->interval = (struct interval){
        .low = fmax(out->estimate - half_width(r->low, n, confidence, out->thin), 0.0),
        .high = fmin(mean_of(r->high, n) + half_width(r->high, n, confidence, out->thin), 1.0),
    };
    for (int k = 0; k < r->plan->n_level; k++)
        out->ratio[k] = r->tried[k] > 0 ? (double)r->reached[k] / (double)r->tried[k] : NAN;
}

int rs_split_run(const struct split_model *model,
                 const struct split_plan *plan,
                 struct split_result *out,
                 struct err *err)
{
    assert(plan->n_level >= 1 && plan->n_level <= RS_SPLIT_LEVEL_MAX && plan->effort >= 2 &&
           plan->n_macro >= 2 && model->state_size > 0);
    for (int k = 1; k < plan->n_level; k++)
        assert(plan->level[k] > plan->level[k - 1]);
    *out = (struct split_result){.witness = out->witness};
    struct splitting_run r = {.model = model, .plan = plan, .out = out};
    r.low = rs_xcalloc(plan->n_macro, sizeof *r.low);
    r.high = rs_xcalloc(plan->n_macro, sizeof *r.high);
    struct replicate_job job = {
        .n = plan->n_macro,
        .n_thread = plan->n_job,
        .ctx = &r,
        .worker_new = worker_new,
        .worker_free = worker_free,
        .slot_new = slot_new,
        .slot_free = slot_free,
        .run = run_macro,
        .reduce = reduce,
        .tick = tick,
        .cancel = plan->cancel,
    };
    int rc = rs_replicate(&job, NULL, err);
    if (rc == 0)
        conclude(&r);
    free(r.low);
    free(r.high);
    return rc;
}
