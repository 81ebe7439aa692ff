/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Is it clear what number is held against the threshold? A time without a quantile, an average that hides what is slow, a
 * quantile that the histogram cannot tell, a rate or a count where a share is meant; and words that say another number than
 * the expression does.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "says.h"
#include "sim/arena.h"
#include "watch.h"

struct text {
    struct mark at;
    const char *ref, *about, *says;
    const struct promql *expr;
};

/* Comparisons of a condition with what they read. */
#define ITEMS_MAX 48
struct item {
    const struct comparison *c;
    struct signal signal; /* the first; n = 0 where it reads nothing */
};
struct items {
    int n;
    struct item item[ITEMS_MAX];
};

static void read_items(struct check *c, const struct promql *q, struct items *out)
{
    struct promql_condition cond = rs_check_condition(c->arena, c->sc, q);
    out->n = 0;
    for (int t = 0; t < cond.n_term; t++) {
        for (int i = 0; i < cond.term[t].n && out->n < ITEMS_MAX; i++) {
            struct item *it = &out->item[out->n++];
            struct signal *s;
            int n;
            *it = (struct item){.c = &cond.term[t].comparison[i]};
            rs_signal_read(c->arena, c->sc, it->c, &s, &n);
            if (n > 0)
                it->signal = s[0];
        }
    }
}

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-6 * fmax(fabs(a), fabs(b));
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = text ? strlen(text) : 0, m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* ---- ambiguous statistics ---- */

static void add_ambiguous(struct check *c,
                          const struct text *t,
                          const struct item *it,
                          const char *what,
                          const char *mend)
{
    struct finding *f = rs_check_add(c, "ambiguous-statistic", t->at, t->ref, t->about, "%s", what);
    if (t->says)
        rs_check_words(c, f, "says", "%s", t->says);
    if (it) {
        rs_check_words(c, f, "condition", "%s", it->c->text);
        if (!isnan(it->c->limit))
            rs_check_number(f, "limit", it->c->limit);
        if (it->c->kind == RS_MEASURE_QUANTILE)
            rs_check_number(f, "quantile", it->c->q);
    }
    rs_check_mend(c, f, "%s", mend);
}

static const struct item *first_of(const struct items *all, enum measure_kind kind)
{
    for (int i = 0; i < all->n; i++) {
        if (all->item[i].c->kind == kind)
            return &all->item[i];
    }
    return NULL;
}

static bool speaks_of_latency(const char *says)
{
    static const char *const words[] = {
        "latency",        "latencies", "slow", "slower", "response time",
        "response times", "duration",  "took", "takes",  "answers",
        "answer",         "delay",     NULL};
    return rs_says_any(says, words);
}

/* A time that is compared with, though it is not said which one: of all answers, of 95 in 100, in the mean. */
static bool names_no_statistic(const struct text *t)
{
    struct said_number n[RS_SAID_MAX];
    int found = t->says ? rs_said_numbers(t->says, n) : 0;
    for (int i = 0; i < found; i++) {
        if (n[i].unit == RS_SAID_SECONDS && n[i].compared && speaks_of_latency(t->says))
            return !rs_says_statistic(t->says);
    }
    return false;
}

/* The bucket inside of which the limit lies: there all values are alike. False: it lies at a bound, or past all. */
static bool inside_bucket(const struct check *c, const struct item *it, double *low, double *high)
{
    for (int i = 0; i < it->signal.n && it->c->kind == RS_MEASURE_QUANTILE; i++) {
        const struct service *sv = &c->sc->service[it->signal.reads[i].service];
        *low = 0.0;
        for (int b = 0; b < sv->n_bucket; b++) {
            *high = sv->bucket_s[b];
            if (near(it->c->limit, *high))
                break;
            if (it->c->limit < *high)
                return true;
            *low = *high;
        }
    }
    return false;
}

static bool check_quantile_words(struct check *c, const struct text *t, const struct items *all)
{
    double said = t->says ? rs_says_quantile(t->says) : NAN;
    for (int i = 0; i < all->n; i++) {
        const struct item *it = &all->item[i];
        double low, high;
        if (it->c->kind == RS_MEASURE_QUANTILE && !isnan(said) && !near(said, it->c->q)) {
            add_ambiguous(
                c, t, it,
                rs_arena_printf(
                    c->arena,
                    "the words speak of the %g quantile, the expression takes the %g quantile",
                    said, it->c->q),
                "let both name the same quantile");
            return true;
        }
        if (inside_bucket(c, it, &low, &high)) {
            add_ambiguous(c, t, it,
                          rs_arena_printf(c->arena,
                                          "the histogram has no bucket that ends at %gs: between "
                                          "%gs and %gs the quantile is "
                                          "interpolated, not measured",
                                          it->c->limit, low, high),
                          "give the histogram a bucket that ends at the limit, or take a limit "
                          "where one ends");
            struct finding *f = &c->item[c->n - 1];
            rs_check_number(f, "bucket_from_s", low);
            rs_check_number(f, "bucket_to_s", high);
            return true;
        }
    }
    return false;
}

static bool check_mean(struct check *c, const struct text *t, const struct items *all)
{
    const struct item *mean = first_of(all, RS_MEASURE_MEAN);
    bool said = t->says && rs_says_mean(t->says);
    if (mean && !said) {
        add_ambiguous(
            c, t, mean,
            "the expression takes the mean of all answers, which hides the slow ones, and the "
            "words do not say mean",
            "take the quantile that is meant (histogram_quantile), or say that it is the mean");
        return true;
    }
    for (int i = 0; i < all->n; i++) {
        const struct item *it = &all->item[i];
        bool sums = it->c->kind == RS_MEASURE_COUNT || it->c->kind == RS_MEASURE_RATE ||
                    it->c->kind == RS_MEASURE_VALUE;
        if (sums && ends_with(it->c->metric, "_sum") && it->signal.n > 0 &&
            it->signal.reads[0].part.what == RS_WHAT_LATENCY) {
            add_ambiguous(c, t, it,
                          "the expression takes the sum of all answers' times: it grows with the "
                          "traffic, not with the time of one",
                          "take a quantile (histogram_quantile), or divide by the count");
            return true;
        }
    }
    return false;
}

static bool check_ambiguous(struct check *c, const struct text *t, const struct items *all)
{
    const struct item *q = first_of(all, RS_MEASURE_QUANTILE);
    if (names_no_statistic(t)) {
        add_ambiguous(c, t, q,
                      q ? rs_arena_printf(c->arena,
                                          "the words name a time, but not of which answers; the "
                                          "expression takes the %g quantile",
                                          q->c->q)
                        : "the words name a time, but not of which answers",
                      "say which statistic is meant: the 95th percentile, the mean, every answer");
        return true;
    }
    return check_mean(c, t, all) || check_quantile_words(c, t, all);
}

/* ---- shares ---- */

static void add_no_denominator(
    struct check *c, const struct text *t, const struct item *it, const char *what, double share)
{
    struct finding *f =
        rs_check_add(c, "ratio-without-denominator", t->at, t->ref, t->about, "%s", what);
    rs_check_words(c, f, "condition", "%s", it->c->text);
    if (t->says)
        rs_check_words(c, f, "says", "%s", t->says);
    rs_check_number(f, "limit", it->c->limit);
    if (!isnan(share))
        rs_check_number(f, "limit_share_at_mean_traffic", share);
    rs_check_mend(c, f, "divide by the rate of all requests of the same service");
}

static bool counts_requests(const struct item *it)
{
    bool counts = it->c->kind == RS_MEASURE_COUNT || it->c->kind == RS_MEASURE_RATE ||
                  it->c->kind == RS_MEASURE_VALUE;
    return counts && it->signal.n > 0 && it->signal.reads[0].part.what == RS_WHAT_REQUESTS;
}

/* Bad answers only: not all that the service counts. */
static bool counts_errors(const struct item *it)
{
    return counts_requests(it) && !(it->signal.reads[0].part.codes & 1u);
}

static bool says_percent(const char *says, double limit, double written)
{
    struct said_number n[RS_SAID_MAX];
    int found = says ? rs_said_numbers(says, n) : 0;
    for (int i = 0; i < found; i++) {
        bool same = near(n[i].value, limit) || near(100.0 * n[i].value, limit) ||
                    near(n[i].value, written) || near(100.0 * n[i].value, written);
        if (n[i].unit == RS_SAID_PERCENT && same)
            return true;
    }
    return false;
}

static double share_at_mean(const struct watch *w, int n, const struct item *it)
{
    struct signal all = it->signal;
    struct signal_reads reads;
    struct watch_load l;
    if (n == 0 || all.n != 1)
        return NAN;
    reads = all.reads[0];
    reads.part.codes = UINT32_MAX;
    all.reads = &reads;
    double window_s = it->c->kind == RS_MEASURE_COUNT ? fmax(all.window_s, 1.0) : 60.0;
    double per = it->c->kind == RS_MEASURE_COUNT ? 1.0 : 60.0;
    return rs_watch_load(&w[0], &all, window_s, NULL, &l) && l.n_mean > 0.0
               ? it->c->limit * per / l.n_mean
               : NAN;
}

/* Requests by requests, of one service or of several. */
static bool divides_requests(const struct signal *s)
{
    bool part = false, whole = false;
    for (int i = 0; i < s->n; i++) {
        part = part || s->reads[i].part.what == RS_WHAT_REQUESTS;
        whole = whole || s->reads[i].whole.what == RS_WHAT_REQUESTS;
    }
    return part && whole;
}

static bool check_share(
    struct check *c, const struct watch *w, int n, const struct text *t, const struct items *all)
{
    for (int i = 0; i < all->n; i++) {
        const struct item *it = &all->item[i];
        bool counts = it->c->kind == RS_MEASURE_COUNT || it->c->kind == RS_MEASURE_RATE ||
                      it->c->kind == RS_MEASURE_VALUE;
        bool limit_of_share = it->c->limit > 0.0 && it->c->limit < 1.0;
        bool said =
            counts && it->c->limit > 0.0 && says_percent(t->says, it->c->limit, it->c->written);
        double share = counts_requests(it) ? share_at_mean(w, n, it) : NAN;
        if (said || (counts_errors(it) && it->c->kind == RS_MEASURE_RATE && limit_of_share) ||
            (counts_errors(it) && it->c->kind == RS_MEASURE_COUNT && limit_of_share)) {
            add_no_denominator(
                c, t, it,
                isnan(share)
                    ? rs_arena_printf(
                          c->arena,
                          "a share is meant, but %g is held against a %s: nothing is divided",
                          it->c->limit,
                          it->c->kind == RS_MEASURE_RATE ? "rate per second" : "count")
                    : rs_arena_printf(c->arena,
                                      "%g is held against a %s, which grows with the traffic: at "
                                      "the mean of the first stage it is "
                                      "%.3g %% of the requests",
                                      it->c->limit,
                                      it->c->kind == RS_MEASURE_RATE ? "rate per second" : "count",
                                      100.0 * share),
                share);
            return true;
        }
        bool ratio = it->c->kind == RS_MEASURE_RATIO && divides_requests(&it->signal);
        if (ratio && !it->signal.is_share) {
            add_no_denominator(c, t, it,
                               "what is divided by does not hold what is divided: the ratio is no "
                               "share and can be more than 1",
                               NAN);
            return true;
        }
        if (ratio && it->signal.is_share && !(it->signal.reads[0].whole.codes & 1u)) {
            add_no_denominator(c, t, it,
                               "what is divided by leaves the good answers out: the ratio says "
                               "nothing of all requests",
                               NAN);
            return true;
        }
    }
    return false;
}

/*
 * "If errors > 0.5 %": of what, the words do not say. Of all requests, of those of the new path, of those of an hour? The
 * expression has chosen one; whoever reads the words may mean another.
 */
static bool check_said_share(struct check *c, const struct text *t, const struct items *all)
{
    struct said_number n[RS_SAID_MAX];
    int found = t->says ? rs_said_numbers(t->says, n) : 0;
    const struct item *ratio = first_of(all, RS_MEASURE_RATIO);
    for (int i = 0; i < found && ratio && !rs_says_whole(t->says); i++) {
        if (n[i].unit != RS_SAID_PERCENT || !n[i].compared)
            continue;
        struct finding *f =
            rs_check_add(c, "ratio-without-denominator", t->at, t->ref, t->about,
                         "the words say %g %%, and not of what; only the expression divides",
                         100.0 * n[i].value);
        rs_check_words(c, f, "says", "%s", t->says);
        rs_check_words(c, f, "condition", "%s", ratio->c->text);
        rs_check_number(f, "said_limit", n[i].value);
        rs_check_mend(c, f, "say of what: of all requests of the new path within 30 minutes");
        return true;
    }
    return false;
}

/* ---- words and expression ---- */

/* The numbers of the words that could be this comparison's limit. */
static bool of_kind(enum said_unit unit, const struct comparison *c)
{
    bool share = c->kind == RS_MEASURE_RATIO,
         time = c->kind == RS_MEASURE_QUANTILE || c->kind == RS_MEASURE_MEAN;
    bool count = c->kind == RS_MEASURE_COUNT;
    return unit == RS_SAID_PERCENT ? share : unit == RS_SAID_SECONDS ? time : count;
}

static bool is_limit(const struct said_number *n, const struct item *it)
{
    double limit = it->c->limit;
    return near(n->value, limit) ||
           (it->c->kind == RS_MEASURE_RATIO && near(1.0 - n->value, limit));
}

/* Has another rule been held against this one already? */
static bool told_at(const struct check *c, struct mark at)
{
    for (int i = 0; i < c->n; i++) {
        const struct finding *f = &c->item[i];
        if (f->code == rs_finding_code("contradiction") && f->at.line == at.line &&
            f->at.file == at.file)
            return true;
    }
    return false;
}

/* A number that is compared with, of a kind that the expression has, which the expression does not have. */
static void check_numbers(struct check *c, const struct text *t, const struct items *all)
{
    struct said_number n[RS_SAID_MAX];
    int found = t->says ? rs_said_numbers(t->says, n) : 0;
    for (int i = 0; i < all->n; i++) {
        const struct item *it = &all->item[i];
        const struct said_number *other = NULL;
        bool same = false;
        for (int k = 0; k < found; k++) {
            if (!n[k].compared || !of_kind(n[k].unit, it->c) || isnan(it->c->limit))
                continue;
            same = same || is_limit(&n[k], it);
            other = &n[k];
        }
        if (same || !other || told_at(c, t->at))
            continue;
        struct finding *f = rs_check_add(
            c, "contradiction", t->at, t->ref, t->about,
            "the words say %g, the expression %g: what lies between is judged in two ways",
            other->unit == RS_SAID_PERCENT ? 100.0 * other->value : other->value,
            other->unit == RS_SAID_PERCENT ? 100.0 * it->c->limit : it->c->limit);
        rs_check_number(f, "said_limit", other->value);
        rs_check_number(f, "limit", it->c->limit);
        rs_check_words(c, f, "says", "%s", t->says);
        rs_check_words(c, f, "condition", "%s", it->c->text);
        rs_check_mend(c, f, "let the words and the expression name the same number");
        return;
    }
}

/* "Non-zero" is one event. */
static void check_nonzero(struct check *c, const struct text *t, const struct items *all)
{
    static const char *const words[] = {"non-zero", "nonzero", "non zero", "at least one", NULL};
    for (int i = 0; i < all->n && t->says && rs_says_any(t->says, words); i++) {
        const struct item *it = &all->item[i];
        if (it->c->kind != RS_MEASURE_COUNT || it->signal.n == 0 || !it->signal.above ||
            rs_signal_is_guard(&it->signal) || rs_signal_events(&it->signal) <= 1.0)
            continue;
        struct finding *f = rs_check_add(
            c, "contradiction", t->at, t->ref, t->about,
            "the words say that one event is enough, the expression needs %g: what lies between is "
            "judged in two ways",
            rs_signal_events(&it->signal));
        rs_check_number(f, "said_events", 1.0);
        rs_check_number(f, "events", rs_signal_events(&it->signal));
        rs_check_words(c, f, "says", "%s", t->says);
        rs_check_words(c, f, "condition", "%s", it->c->text);
        rs_check_mend(c, f, "let the words and the expression name the same number");
        return;
    }
}

static void check_text(struct check *c, const struct watch *w, int n, const struct text *t)
{
    struct items *all = rs_arena_alloc(c->arena, sizeof *all);
    read_items(c, t->expr, all);
    check_ambiguous(c, t, all);
    if (!check_share(c, w, n, t, all)) {
        check_said_share(c, t, all);
        check_numbers(c, t, all);
        check_nonzero(c, t, all);
    }
}

void rs_check_statistic(struct check *c)
{
    const struct response *plan = &c->sc->response;
    int n;
    const struct watch *w = rs_watches(c->arena, c->sc, &n);
    for (int s = 0; s < plan->n_stage; s++) {
        for (int g = 0; g < plan->stage[s].n_gate; g++) {
            const struct gate *gate = &plan->stage[s].gate[g];
            const struct text t = {gate->at, gate->ref,
                                   rs_arena_printf(c->arena, "gate %s", gate->name), gate->says,
                                   gate->expr};
            check_text(c, w, n, &t);
        }
    }
    for (int p = 0; p < plan->n_procedure; p++) {
        const struct procedure *proc = &plan->procedure[p];
        const struct text t = {proc->at, proc->ref,
                               rs_arena_printf(c->arena, "procedure %s", proc->name), proc->says,
                               proc->trigger};
        if (proc->trigger)
            check_text(c, w, n, &t);
        for (int i = 0; i < proc->n_alert; i++) {
            const struct rule *r = rs_check_alert(c->sc, proc->alert[i]);
            const struct text a = {r ? r->at : proc->at, proc->ref,
                                   rs_arena_printf(c->arena, "alert %s", proc->alert[i]), NULL,
                                   r ? r->expr : NULL};
            if (r)
                check_text(c, w, n, &a);
        }
    }
}
