/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Quantiles and fractions of classic buckets. Source: promql/quantile.go (BucketQuantile,
 * BucketFraction) of Prometheus 3.5, and bucketQuantile of 2.42.
 */
#include <assert.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "promql_eval.h"
#include "sim/arena.h"

struct bucket {
    double upper, count;
};

struct place { /* of a bucket: where its count is found in the argument */
    double upper;
    int item;
};

struct histogram { /* the buckets with the same labels but le */
    rs_labels labels;
    rs_labels bare;
    uint64_t pass;
    int n, cap;
    struct place *place;   /* [n] by bound */
    struct bucket *bucket; /* [n] of this evaluation */
};

struct member {    /* what is known of an input label set */
    int histogram; /* -1 = no usable le */
    double upper;
    bool known;
};

struct histograms {
    struct histogram *item; /* [n] */
    int n, cap;
    struct label_map by_labels;
    struct member *member; /* [cap_member] by label set */
    int cap_member;
    int *order; /* [n_order] the histograms of the argument, in the order in which they are met */
    int n_order, cap_order;
    /* Orders and places follow from the labels alone: they hold for n_in items of this shape. */
    uint64_t pass, shape;
    int n_in;
};

static void histograms_free(void *state)
{
    struct histograms *s = state;

    for (int i = 0; i < s->n; i++) {
        free(s->item[i].place);
        free(s->item[i].bucket);
    }
    free(s->item);
    rs_label_map_clear(&s->by_labels);
    free(s->member);
    free(s->order);
    free(s);
}

/* Go's ParseFloat: the whole text, no blanks in front. */
static bool parse_bound(const char *text, double *out)
{
    char *end;

    if (text[0] == '\0' || strchr(" \t\n\v\f\r", text[0]) != NULL) {
        return false;
    }
    *out = strtod(text, &end);
    /* Go wants the binary exponent of hexadecimal numbers written out. */
    return *end == '\0' && (strpbrk(text, "xX") == NULL || strpbrk(text, "pP") != NULL);
}

static int histogram_of(struct promql_eval *e, struct histograms *s, rs_labels set)
{
    const char *le = "le";
    rs_labels labels = rs_labels_remove(e->labels, set, (struct name_list){1, &le});
    int i = rs_label_map_get(&s->by_labels, labels);

    if (i >= 0) {
        return i;
    }
    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 8;
        s->item = rs_xrealloc(s->item, (size_t)s->cap * sizeof *s->item);
    }
    i = s->n++;
    s->item[i] =
        (struct histogram){.labels = labels, .bare = rs_labels_drop_name(e->labels, labels)};
    rs_label_map_put(&s->by_labels, labels, i);
    return i;
}

static const struct member *member_of(struct promql_eval *e, struct histograms *s, rs_labels set)
{
    struct member *m;

    if (set >= s->cap_member) {
        int cap = 2 * set + 32;

        s->member = rs_xrealloc(s->member, (size_t)cap * sizeof *s->member);
        memset(s->member + s->cap_member, 0, (size_t)(cap - s->cap_member) * sizeof *s->member);
        s->cap_member = cap;
    }
    m = &s->member[set];
    if (!m->known) {
        m->known = true;
        m->histogram = -1;
        if (parse_bound(rs_labels_get(e->labels, set, "le"), &m->upper)) {
            m->histogram = histogram_of(e, s, set);
        }
    }
    return m;
}

/*
 * Puts a bucket at its place; buckets mostly come in order already. NaN bounds stay where they
 * fall.
 */
static void place_insert(struct histogram *h, double upper, int item)
{
    int at = h->n;

    if (h->n == h->cap) {
        h->cap = h->cap ? 2 * h->cap : 16;
        h->place = rs_xrealloc(h->place, (size_t)h->cap * sizeof *h->place);
        h->bucket = rs_xrealloc(h->bucket, (size_t)h->cap * sizeof *h->bucket);
    }
    for (; at > 0 && h->place[at - 1].upper > upper; at--) {
        h->place[at] = h->place[at - 1];
    }
    h->place[at] = (struct place){upper, item};
    h->n++;
}

/* Adds up buckets of equal bounds ("0.1" and "0.10"). */
static int coalesce(struct bucket *b, int n)
{
    int k = 0;

    for (int i = 1; i < n; i++) {
        if (b[i].upper == b[k].upper) {
            b[k].count += b[i].count;
        } else {
            b[++k] = b[i];
        }
    }
    return k + 1;
}

static bool almost_equal(double a, double b, double epsilon)
{
    double sum = fabs(a) + fabs(b), diff = fabs(a - b);

    if (a == 0.0 || b == 0.0 || sum < DBL_MIN) {
        return diff < epsilon * DBL_MIN;
    }
    return diff / fmin(sum, DBL_MAX) < epsilon;
}

/*
 * Counts may fall by rounding or by scrapes that fell between: they are lifted to the one before. From 2.49 on also what
 * rises by no more than rounding is made equal.
 */
static void ensure_monotonic(struct bucket *b, int n, bool tolerant)
{
    double before = b[0].count;

    for (int i = 1; i < n; i++) {
        if (b[i].count == before) {
            continue;
        }
        /* Surely far apart, and no need to divide: 4e-12 of the larger is 2e-12 of the sum. */
        if (before > 1e-290 && b[i].count - before > 4e-12 * b[i].count) {
            before = b[i].count;
            continue;
        }
        if ((tolerant && almost_equal(before, b[i].count, 1e-12)) || b[i].count < before) {
            b[i].count = before;
        } else {
            before = b[i].count;
        }
    }
}

static double bucket_quantile(double q, struct bucket *b, int n, bool tolerant)
{
    double observations, rank, start, count, before;
    int i = 0;

    if (isnan(q)) {
        return (double)NAN;
    }
    if (q < 0.0 || q > 1.0) {
        return q < 0.0 ? -(double)INFINITY : (double)INFINITY;
    }
    if (!(b[n - 1].upper == (double)INFINITY)) {
        return (double)NAN;
    }
    n = coalesce(b, n);
    ensure_monotonic(b, n, tolerant);
    observations = b[n - 1].count;
    if (n < 2 || observations == 0.0) {
        return (double)NAN;
    }
    rank = q * observations;
    while (i < n - 1 && !(b[i].count >= rank)) {
        i++;
    }
    if (i == n - 1) {
        return b[n - 2].upper;
    }
    if (i == 0 && b[0].upper <= 0.0) {
        return b[0].upper;
    }
    start = i > 0 ? b[i - 1].upper : 0.0;
    before = i > 0 ? b[i - 1].count : 0.0;
    count = b[i].count - before;
    return start + (b[i].upper - start) * ((rank - before) / count);
}

static void find_places(struct promql_eval *e, struct histograms *s, const struct cell *arg)
{
    s->pass++;
    s->n_order = 0;
    for (int i = 0; i < arg->n; i++) {
        const struct member *m = member_of(e, s, arg->item[i].labels);
        struct histogram *h;

        if (m->histogram < 0) {
            continue;
        }
        h = &s->item[m->histogram];
        if (h->pass != s->pass) {
            h->pass = s->pass;
            h->n = 0;
            if (s->n_order == s->cap_order) {
                s->cap_order = s->cap_order ? 2 * s->cap_order : 8;
                s->order = rs_xrealloc(s->order, (size_t)s->cap_order * sizeof *s->order);
            }
            s->order[s->n_order++] = m->histogram;
        }
        place_insert(h, m->upper, i);
    }
    s->shape = arg->shape;
    s->n_in = arg->n;
}

static void collect(struct promql_eval *e, struct histograms *s, const struct cell *arg)
{
    if (s->pass == 0 || s->shape != arg->shape || s->n_in != arg->n) {
        find_places(e, s, arg);
    }
    for (int i = 0; i < s->n_order; i++) {
        struct histogram *h = &s->item[s->order[i]];

        for (int k = 0; k < h->n; k++) {
            h->bucket[k] = (struct bucket){h->place[k].upper, arg->item[h->place[k].item].v};
        }
    }
}

/*
 * How many observations lie below v, at most all of them: linear within a bucket. The lowest bucket has no lower end, so
 * what falls inside it is NaN.
 */
static double rank_of(double v, const struct bucket *b, int n)
{
    double rank = 0.0, lower = -(double)INFINITY;

    for (int i = 0; i < n; i++) {
        if (lower >= v) {
            return rank > b[n - 1].count ? b[n - 1].count : rank;
        }
        if (b[i].upper > v) {
            rank = rank + (b[i].count - rank) * (v - lower) / (b[i].upper - lower);
            return rank > b[n - 1].count ? b[n - 1].count : rank;
        }
        rank = b[i].count;
        lower = b[i].upper;
    }
    return b[n - 1].count;
}

static double bucket_fraction(double low, double high, struct bucket *b, int n)
{
    double count;

    if (!(b[n - 1].upper == (double)INFINITY)) {
        return (double)NAN;
    }
    n = coalesce(b, n);
    count = b[n - 1].count;
    if (count == 0.0 || isnan(low) || isnan(high)) {
        return (double)NAN;
    }
    if (low >= high) {
        return 0.0;
    }
    return (rank_of(high, b, n) - rank_of(low, b, n)) / count;
}

/* The histograms of the last argument, collected; NULL on an error. */
static struct histograms *histograms_of(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    struct cell *arg = c->arg[c->n_arg - 1];
    struct histograms *s = c->state;

    if (s == NULL) {
        s = c->state = rs_xcalloc(1, sizeof *s);
        c->state_free = histograms_free;
    }
    for (int i = 0; i < c->n_arg; i++) {
        if (c->arg[i]->eval(e, c->arg[i], t_ms) < 0) {
            return NULL;
        }
    }
    collect(e, s, arg);
    c->n = 0;
    return s;
}

int rs_call_histogram_quantile(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    struct histograms *s = histograms_of(e, c, t_ms);
    bool tolerant = e->q->dialect != RS_PROMQL_2_42;

    for (int i = 0; s != NULL && i < s->n_order; i++) {
        struct histogram *h = &s->item[s->order[i]];

        rs_cell_push(c, h->bare, bucket_quantile(c->arg[0]->item[0].v, h->bucket, h->n, tolerant));
    }
    return s == NULL ? -1 : rs_eval_unique(e, c);
}

int rs_call_histogram_fraction(struct promql_eval *e, struct cell *c, int64_t t_ms)
{
    struct histograms *s = histograms_of(e, c, t_ms);

    for (int i = 0; s != NULL && i < s->n_order; i++) {
        struct histogram *h = &s->item[s->order[i]];

        rs_cell_push(c, h->bare,
                     bucket_fraction(c->arg[0]->item[0].v, c->arg[1]->item[0].v, h->bucket, h->n));
    }
    return s == NULL ? -1 : rs_eval_unique(e, c);
}
