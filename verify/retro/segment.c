/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "retro/segment.h"

#include <math.h>
#include <stdlib.h>

#include "retro/noise.h"
#include "sim/arena.h"

enum { MOST_BLOCKS = 2048 };

struct block {
    int64_t lo_ns, hi_ns;
    double n, k, kk;
};

struct line {
    enum retro_signal_kind kind;
    int n;
    struct block *sum; /* [n + 1] of the first i blocks; times of block i - 1 */
    struct block *block;
    double variance; /* VALUE: of one block around its level */
    double weight;
    int shortest; /* blocks of a segment */
    double each;  /* points of a block */
};

static double noise_of(const struct line *line)
{
    double *step = rs_xcalloc((size_t)line->n + 1, sizeof(*step));
    for (int i = 0; i + 1 < line->n; i++)
        step[i] = fabs(line->block[i + 1].k - line->block[i].k);
    double variance = rs_noise_of_steps(step, (size_t)line->n - 1);
    free(step);
    return fmax(variance, 1e-300);
}

static void block_up(struct line *line, const struct retro_signal *s)
{
    size_t each = (s->n + MOST_BLOCKS - 1) / MOST_BLOCKS;
    line->kind = s->kind;
    line->n = (int)((s->n + each - 1) / each);
    line->block = rs_xcalloc((size_t)line->n, sizeof(*line->block));
    line->sum = rs_xcalloc((size_t)line->n + 1, sizeof(*line->sum));
    for (int i = 0; i < line->n; i++) {
        struct block *b = &line->block[i];
        b->lo_ns = INT64_MAX;
        for (size_t j = (size_t)i * each; j < s->n && j < ((size_t)i + 1) * each; j++) {
            const struct retro_point *p = &s->point[j];
            double k = s->kind == RS_SIGNAL_VALUE ? p->y : p->k;
            b->n += s->kind == RS_SIGNAL_VALUE ? 1.0 : p->n;
            b->k += k;
            b->lo_ns = p->lo_ns < b->lo_ns ? p->lo_ns : b->lo_ns;
            b->hi_ns = p->hi_ns;
        }
        /* Of values each block counts as one, by its mean: so the noise is that between blocks. */
        if (s->kind == RS_SIGNAL_VALUE)
            *b = (struct block){b->lo_ns, b->hi_ns, 1.0, b->k / b->n, 0.0};
        line->sum[i + 1].n = line->sum[i].n + b->n;
        line->sum[i + 1].k = line->sum[i].k + b->k;
        line->sum[i + 1].kk = line->sum[i].kk + b->k * b->k;
    }
    line->each = (double)each;
    line->weight = 1.0;
    line->shortest = s->kind == RS_SIGNAL_VALUE ? 2 : 1; /* one value is no level */
    line->variance = s->kind == RS_SIGNAL_VALUE ? noise_of(line) : 1.0;
}

static double times_log(double x, double of)
{
    return x > 0.0 ? x * log(of) : 0.0;
}

/* Of the blocks from, ..., until - 1. */
static double cost(const struct line *line, int from, int until)
{
    double n = line->sum[until].n - line->sum[from].n, k = line->sum[until].k - line->sum[from].k;
    if (!(n > 0.0))
        return 0.0;
    if (line->kind == RS_SIGNAL_VALUE) {
        double kk = line->sum[until].kk - line->sum[from].kk;
        return line->weight * fmax(kk - k * k / n, 0.0) / line->variance;
    }
    if (line->kind == RS_SIGNAL_COUNT)
        return -2.0 * line->weight * (times_log(k, k / n) - k);
    return -2.0 * line->weight * (times_log(k, k / n) + times_log(n - k, (n - k) / n));
}

struct partial {
    double cost;
    int before; /* start of the last segment */
};

/* cut[] receives the starts of all segments but the first, rising; returns how many. */
static int pelt(const struct line *line, double penalty, int *cut /* [n] */)
{
    struct partial *best = rs_xcalloc((size_t)line->n + 1, sizeof(*best));
    int *start = rs_xcalloc((size_t)line->n + 1, sizeof(*start)), n_start = 0;
    best[0].cost = -penalty;
    for (int t = 1; t <= line->n; t++) {
        best[t] = (struct partial){INFINITY, 0};
        if (t >= line->shortest)
            start[n_start++] = t - line->shortest;
        for (int i = 0; i < n_start; i++) {
            double whole = best[start[i]].cost + cost(line, start[i], t) + penalty;
            if (whole < best[t].cost)
                best[t] = (struct partial){whole, start[i]};
        }
        int kept = 0;
        for (int i = 0; i < n_start; i++) {
            if (best[start[i]].cost + cost(line, start[i], t) <= best[t].cost)
                start[kept++] = start[i];
        }
        n_start = kept;
    }
    int n = 0;
    for (int t = best[line->n].before; t > 0; t = best[t].before)
        cut[n++] = t;
    for (int i = 0; i < n / 2; i++) {
        int other = cut[n - 1 - i];
        cut[n - 1 - i] = cut[i];
        cut[i] = other;
    }
    free(start);
    free(best);
    return n;
}

static struct block level_of(const struct line *line, const int *cut, int n_cut, int i)
{
    int from = i ? cut[i - 1] : 0, until = i < n_cut ? cut[i] : line->n;
    return (struct block){.lo_ns = from,
                          .hi_ns = until,
                          .n = line->sum[until].n - line->sum[from].n,
                          .k = line->sum[until].k - line->sum[from].k};
}

/* What one observation is worth, by the residuals around the levels that were found: as rs_post_worth, over all segments. */
static double worth_of_counts(const struct line *line, const int *cut, int n_cut)
{
    double x2 = 0.0, variance = 0.0, freedom = 0.0;
    for (int i = 0; i <= n_cut; i++) {
        struct block all = level_of(line, cut, n_cut, i);
        double level = all.n > 0.0 ? all.k / all.n : 0.0;
        for (int64_t j = all.lo_ns; j < all.hi_ns; j++) {
            const struct block *b = &line->block[j];
            double off = b->k - b->n * level, v = b->n * level;
            v *= line->kind == RS_SIGNAL_RATIO ? 1.0 - level : 1.0;
            if (v > 0.0) {
                x2 += off * off / v;
                variance += 2.0 + 1.0 / v;
                freedom += 1.0;
            }
        }
        freedom -= 1.0;
    }
    double dispersion = freedom > 6.0 ? x2 / freedom : 1.0;
    return dispersion > 1.0 + 3.0 * sqrt(variance) / freedom ? 1.0 / dispersion : 1.0;
}

/* How much the signal's own noise counts beside that of a window. */
static const double most_freedom = 50.0;

/*
 * Values: the noise around the levels may be more than that between neighbours, and neighbours may follow each other. Both by the
 * bulk of the residuals: a few that are far off, as in a fault, say nothing of the rest.
 */
static double
worth_of_values(const struct line *line, const int *cut, int n_cut, struct post_noise *noise)
{
    double *off = rs_xcalloc((size_t)line->n + 1, sizeof(*off)),
           *size = rs_xcalloc((size_t)line->n + 1, sizeof(*size));
    double together = 0.0, alone = 0.0, before = 0.0, squares = 0.0;
    for (int i = 0; i <= n_cut; i++) {
        struct block all = level_of(line, cut, n_cut, i);
        for (int64_t j = all.lo_ns; j < all.hi_ns; j++) {
            off[j] = line->block[j].k - all.k / all.n;
            size[j] = fabs(off[j]);
            squares += off[j] * off[j];
        }
    }
    double sd = rs_noise_robust_sd(size, (size_t)line->n),
           most = 3.0 * fmax(sd, sqrt(line->variance));
    for (int j = 0; j < line->n; j++) {
        double x = fmax(-most, fmin(most, off[j]));
        together += x * before;
        alone += x * x;
        before = x;
    }
    free(size);
    free(off);
    double r = alone > 0.0 ? together / alone : 0.0;
    double spread = fmin(line->variance / fmax(sd * sd, 1e-300), 1.0);
    double free_ones = (double)(line->n - 2 * n_cut - 1);
    noise->whole = true;
    noise->worth = r < 2.0 / sqrt((double)line->n) ? 1.0 : (1.0 - r) / (1.0 + r);
    noise->variance = fmax(squares / fmax(free_ones, 1.0), line->variance) * line->each;
    noise->freedom = fmax(fmin(free_ones * noise->worth, most_freedom), 0.0);
    return spread * noise->worth;
}

static double
look_at_noise(const struct line *line, const int *cut, int n_cut, struct post_noise *noise)
{
    if (line->kind == RS_SIGNAL_VALUE)
        return worth_of_values(line, cut, n_cut, noise);
    *noise = (struct post_noise){.worth = worth_of_counts(line, cut, n_cut)};
    return noise->worth;
}

struct segments rs_segments(const struct retro_signal *s)
{
    struct segments out = {.noise = {.worth = 1.0}};
    struct line line;
    if (s->n < 3)
        return out;
    block_up(&line, s);
    int *cut = rs_xcalloc((size_t)line.n + 1, sizeof(*cut));
    /* Schwarz's: a level and a place for each. It may well be too many; the odds of each are looked at afterwards. */
    double penalty = 2.0 * log((double)line.n);
    int n = pelt(&line, penalty, cut);
    line.weight = look_at_noise(&line, cut, n, &out.noise);
    if (line.weight < 1.0) {
        n = pelt(&line, penalty, cut);
        look_at_noise(&line, cut, n, &out.noise);
    }
    out.at_ns = rs_xcalloc((size_t)n + 1, sizeof(*out.at_ns));
    for (int i = 0; i < n; i++)
        out.at_ns[out.n_cut++] = line.block[cut[i] - 1].hi_ns;
    free(cut);
    free(line.sum);
    free(line.block);
    return out;
}
