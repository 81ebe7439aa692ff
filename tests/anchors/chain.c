/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "chain.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

enum { STATE_MAX = 1 << 13, TABLE = 1 << 15 };

struct chain {
    const struct chain_model *model;
    int n;
    uint64_t state[STATE_MAX];
    int place[TABLE]; /* by hash: index + 1, 0 = free */
    int n_move[STATE_MAX];
    int to[STATE_MAX][CHAIN_MOVE_MAX];
    double rate[STATE_MAX][CHAIN_MOVE_MAX], out_rate[STATE_MAX];
    bool hit[STATE_MAX];
};

static int find(struct chain *c, uint64_t state)
{
    uint64_t at = (state * UINT64_C(0x9E3779B97F4A7C15)) >> 49;
    while (c->place[at] != 0 && c->state[c->place[at] - 1] != state)
        at = (at + 1) % TABLE;
    if (c->place[at] == 0) {
        assert(c->n < STATE_MAX);
        c->state[c->n] = state;
        c->hit[c->n] = c->model->hit && c->model->hit(state);
        c->place[at] = ++c->n;
    }
    return c->place[at] - 1;
}

struct chain *chain_new(const struct chain_model *m)
{
    struct chain *c = rs_xcalloc(1, sizeof *c);
    struct move move[CHAIN_MOVE_MAX];
    c->model = m;
    find(c, m->start);
    for (int i = 0; i < c->n; i++) {
        int n = c->hit[i] ? 0 : m->moves(c->state[i], move);
        assert(n <= CHAIN_MOVE_MAX);
        for (int j = 0; j < n; j++) {
            if (move[j].to == c->state[i])
                continue;
            int k = c->n_move[i]++;
            c->to[i][k] = find(c, move[j].to);
            c->rate[i][k] = move[j].rate;
            c->out_rate[i] += move[j].rate;
        }
    }
    return c;
}

void chain_free(struct chain *c)
{
    free(c);
}

int chain_n(const struct chain *c)
{
    return c->n;
}

uint64_t chain_state(const struct chain *c, int i)
{
    return c->state[i];
}

/* One step of the uniformised chain. */
static void step(const struct chain *c, double rate, const double *p, double *q)
{
    for (int i = 0; i < c->n; i++)
        q[i] = p[i] * (1.0 - c->out_rate[i] / rate);
    for (int i = 0; i < c->n; i++) {
        for (int j = 0; j < c->n_move[i]; j++)
            q[c->to[i][j]] += p[i] * c->rate[i][j] / rate;
    }
}

double chain_hit_by(const struct chain *c, double t, double *out)
{
    double rate = 0.0, hit = 0.0, seen = 0.0;
    double *p = rs_xcalloc((size_t)c->n, sizeof *p), *q = rs_xcalloc((size_t)c->n, sizeof *q);
    double *sum = rs_xcalloc((size_t)c->n, sizeof *sum);
    for (int i = 0; i < c->n; i++)
        rate = fmax(rate, c->out_rate[i]);
    p[0] = 1.0;
    for (int k = 0; k < 5000000 && (seen < 1.0 - 1e-14 || k < rate * t); k++) {
        double weight = exp(k * log(rate * t) - rate * t - lgamma(k + 1.0));
        seen += weight;
        for (int i = 0; i < c->n; i++)
            sum[i] += weight * p[i];
        /* Far beyond the mean what is missing is rounding. */
        if (k > rate * t + 12.0 * sqrt(rate * t) + 40.0)
            break;
        step(c, rate, p, q);
        double *swap = p;
        p = q;
        q = swap;
    }
    for (int i = 0; i < c->n; i++) {
        hit += c->hit[i] ? sum[i] : 0.0;
        if (out)
            out[i] = sum[i];
    }
    free(p);
    free(q);
    free(sum);
    return hit;
}

double chain_hit_ever(const struct chain *c)
{
    double *h = rs_xcalloc((size_t)c->n, sizeof *h), change = 1.0;
    for (int i = 0; i < c->n; i++)
        h[i] = c->hit[i];
    for (int sweep = 0; sweep < 200000 && change > 1e-15; sweep++) {
        change = 0.0;
        for (int i = c->n - 1; i >= 0; i--) {
            double next = 0.0;
            for (int j = 0; j < c->n_move[i]; j++)
                next += c->rate[i][j] / c->out_rate[i] * h[c->to[i][j]];
            if (c->n_move[i] == 0)
                continue;
            change = fmax(change, next > 0.0 ? fabs(next - h[i]) / next : 0.0);
            h[i] = next;
        }
    }
    double first = h[0];
    free(h);
    return first;
}

double chain_share(const struct chain *c, bool (*in)(uint64_t state))
{
    double *p = rs_xcalloc((size_t)c->n, sizeof *p), *q = rs_xcalloc((size_t)c->n, sizeof *q);
    double rate = 0.0, change = 1.0, share = 0.0;
    for (int i = 0; i < c->n; i++)
        rate = fmax(rate, 1.1 * c->out_rate[i]);
    p[0] = 1.0;
    for (int k = 0; k < 1000000 && change > 1e-15; k++) {
        step(c, rate, p, q);
        change = 0.0;
        for (int i = 0; i < c->n; i++)
            change = fmax(change, fabs(q[i] - p[i]));
        double *swap = p;
        p = q;
        q = swap;
    }
    for (int i = 0; i < c->n; i++)
        share += in(c->state[i]) ? p[i] : 0.0;
    free(p);
    free(q);
    return share;
}
