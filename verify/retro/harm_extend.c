/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The recording as it would have gone on under the fault, for rules and gates that had not spoken yet when the real rollback
 * came. From where the fault was gone, each code's series rises by the share of its instance's requests that the code had
 * under the fault, each bucket likewise, and each counter by the rate that it had; traffic is as recorded.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "retro/alarm.h"
#include "sim/clock.h"
#include "sim/draw.h"

enum family {
    FAMILY_NONE,
    FAMILY_REQUESTS,
    FAMILY_BUCKET,
    FAMILY_COUNT,
    FAMILY_SUM,
    FAMILY_COUNTER
};

struct line { /* a series of the service */
    int series;
    enum family family;
    double before, during; /* share of the total, or rate per second, of all alike */
    int group; /* lines with the same labels but for the code, or le; totals are theirs */
};

struct extending {
    const struct harm *h;
    const struct recorded *data;
    const struct service *sv;
    int64_t from_ms, before_ms[2], during_ms[2];
    int n;
    struct line *line; /* [n] */
};

static const char *label(const struct extending *x, int series, const char *name)
{
    const char *text = rs_labels_get(x->data->labels, x->data->series[series].labels, name);
    return text ? text : "";
}

static bool is_called(const char *name, const char *metric, const char *suffix)
{
    size_t n = metric ? strlen(metric) : 0;
    return metric && strncmp(name, metric, n) == 0 && strcmp(name + n, suffix) == 0;
}

static enum family family_of(const struct extending *x, int series)
{
    const char *name = label(x, series, "__name__");
    if (strcmp(label(x, series, "job"), x->sv->name) != 0)
        return FAMILY_NONE;
    if (is_called(name, x->sv->requests_metric, ""))
        return FAMILY_REQUESTS;
    if (is_called(name, x->sv->latency_metric, "_bucket"))
        return FAMILY_BUCKET;
    if (is_called(name, x->sv->latency_metric, "_count"))
        return FAMILY_COUNT;
    if (is_called(name, x->sv->latency_metric, "_sum"))
        return FAMILY_SUM;
    for (int i = 0; i < x->sv->n_counter; i++) {
        if (strcmp(name, x->sv->counter[i].metric) == 0)
            return FAMILY_COUNTER;
    }
    return FAMILY_NONE;
}

/* ---- what it was ---- */

static double value_at(const struct recorded_series *s, int64_t t_ms)
{
    size_t lo = 0, hi = s->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (s->sample[mid].t_ms <= t_ms)
            lo = mid + 1;
        else
            hi = mid;
    }
    while (lo > 0 && isnan(s->sample[lo - 1].v))
        lo--;
    return lo > 0 ? s->sample[lo - 1].v : 0.0;
}

/* Between two instants; a process that began anew in between is left out. */
static double rise(const struct extending *x, int series, const int64_t span_ms[2])
{
    const struct recorded_series *s = &x->data->series[series];
    double by = value_at(s, span_ms[1]) - value_at(s, span_ms[0]);
    return by > 0.0 ? by : 0.0;
}

/* The family whose rises make the total that a line has its share of. */
static enum family total_of(enum family f)
{
    return f == FAMILY_REQUESTS ? FAMILY_REQUESTS : FAMILY_COUNT;
}

static bool same_kind(const struct extending *x, const struct line *a, const struct line *b)
{
    static const char *const key[] = {"__name__", "code", "le", "path"};
    if (a->family != b->family)
        return false;
    for (int i = 0; i < 4; i++) {
        if (strcmp(label(x, a->series, key[i]), label(x, b->series, key[i])) != 0)
            return false;
    }
    return true;
}

static double share(const struct extending *x, const struct line *l, const int64_t span_ms[2])
{
    double mine = 0.0, all = 0.0, n_line = 0.0;
    for (int i = 0; i < x->n; i++) {
        const struct line *other = &x->line[i];
        bool alike = same_kind(x, l, other);
        mine += alike ? rise(x, other->series, span_ms) : 0.0;
        n_line += alike;
        if (l->family != FAMILY_COUNTER && other->family == total_of(l->family))
            all += rise(x, other->series, span_ms);
    }
    if (l->family == FAMILY_COUNTER)
        all = n_line * (double)(span_ms[1] - span_ms[0]) / 1e3;
    return all > 0.0 ? mine / all : NAN;
}

/* Lines of one instance and path are of one group. */
static void find_group(struct extending *x, int i)
{
    x->line[i].group = i;
    for (int k = 0; k < i; k++) {
        if (strcmp(label(x, x->line[i].series, "instance"),
                   label(x, x->line[k].series, "instance")) == 0) {
            x->line[i].group = x->line[k].group;
            return;
        }
    }
}

static void find_lines(struct extending *x)
{
    x->line = rs_xcalloc((size_t)x->data->n_series + 1, sizeof(*x->line));
    for (int i = 0; i < x->data->n_series; i++) {
        enum family f = family_of(x, i);
        if (f == FAMILY_NONE)
            continue;
        x->line[x->n] = (struct line){.series = i, .family = f};
        find_group(x, x->n++);
    }
    for (int i = 0; i < x->n; i++) {
        x->line[i].before = share(x, &x->line[i], x->before_ms);
        x->line[i].during = share(x, &x->line[i], x->during_ms);
    }
}

/* ---- what it would have been ---- */

/* Requests of the line's instance from where the fault ended up to t. */
static double total_rise(const struct extending *x, const struct line *l, int64_t t_ms)
{
    const int64_t span_ms[2] = {x->from_ms, t_ms};
    double sum = 0.0;
    for (int i = 0; i < x->n; i++) {
        if (x->line[i].group == l->group && x->line[i].family == total_of(l->family))
            sum += rise(x, x->line[i].series, span_ms);
    }
    return sum;
}

static void extend_line(const struct extending *x,
                        const struct line *l,
                        double size,
                        struct recorded_series *to)
{
    double base = isnan(l->before) ? 0.0 : l->before;
    double rate = fmax(0.0, base + size * (l->during - base)), last = value_at(to, x->from_ms);
    double from = last;
    if (isnan(l->during) || l->family == FAMILY_SUM || l->family == FAMILY_COUNT)
        return;
    for (size_t i = 0; i < to->n; i++) {
        struct sample *s = &to->sample[i];
        if (s->t_ms <= x->from_ms || isnan(s->v))
            continue;
        double by = l->family == FAMILY_COUNTER ? (double)(s->t_ms - x->from_ms) / 1e3
                                                : total_rise(x, l, s->t_ms);
        last = fmax(last, from + rate * by);
        s->v = last;
    }
}

static struct recorded *copy_of(const struct recorded *from)
{
    struct recorded *to = rs_recorded_new(from->labels);
    for (int i = 0; i < from->n_series; i++) {
        int k = rs_recorded_series(to, from->series[i].labels);
        to->series[k].type = from->series[i].type;
        for (size_t j = 0; j < from->series[i].n; j++)
            rs_recorded_add(to, k, from->series[i].sample[j].t_ms, from->series[i].sample[j].v);
    }
    rs_recorded_sort(to);
    return to;
}

/* The fault's window at its level: the harm's own, before the command. */
static bool find_spans(struct extending *x, const char **why)
{
    const struct harm *h = x->h;
    const struct harm_flow *f = &h->kind[RS_HARM_ERRORS].flow;
    const struct retro_episode *e = h->e;
    int64_t on = h->onset.hi_ns != RS_NEVER ? h->onset.hi_ns : h->onset.best_ns;
    if (e->up.found)
        on = e->up.hi_ns > on ? e->up.hi_ns : on;
    int64_t off = e->at[RS_CLOCK_COMMANDED].best_ns;
    int64_t gone = e->down.found ? e->down.best_ns : off;
    int64_t before = (h->onset.lo_ns != INT64_MIN ? h->onset.lo_ns : h->onset.best_ns) - f->step_ns;
    x->during_ms[0] = (on + f->step_ns) / RS_NS_PER_MS;
    x->during_ms[1] = off / RS_NS_PER_MS;
    x->before_ms[0] = f->from_ns / RS_NS_PER_MS;
    x->before_ms[1] = before / RS_NS_PER_MS;
    x->from_ms = (gone > off ? gone : off) / RS_NS_PER_MS;
    if (x->during_ms[1] - x->during_ms[0] < 2 * f->step_ns / RS_NS_PER_MS) {
        *why = "the fault did not last long enough to tell how it would have gone on";
        return false;
    }
    return true;
}

struct recorded *rs_harm_extend(const struct harm *h, double size, const char **why)
{
    const struct scenario *sc = h->r->evidence->scenario;
    if (h->refused || !h->rolled_back || !sc || h->e->service < 0) {
        *why = "without a service of a scenario there is nothing to let go on";
        return NULL;
    }
    struct extending x = {.h = h, .data = h->r->seen.data, .sv = &sc->service[h->e->service]};
    if (!find_spans(&x, why))
        return NULL;
    find_lines(&x);
    struct recorded *to = copy_of(x.data);
    for (int i = 0; i < x.n; i++) {
        int k = rs_recorded_series(to, x.data->series[x.line[i].series].labels);
        extend_line(&x, &x.line[i], size, &to->series[k]);
    }
    free(x.line);
    return to;
}

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

struct harm_size rs_harm_size(const struct harm *h, uint64_t seed)
{
    enum { N_WORLD = 400 };
    const struct harm_rate *slow = &h->kind[RS_HARM_SLOW].level;
    struct harm_size out = {.kind = RS_HARM_ERRORS, .low = 1.0, .high = 1.0};
    double level[N_WORLD], tail = (1.0 - h->r->evidence->confidence) / 2.0;
    if (h->kind[RS_HARM_SLOW].given && slow->shape > h->kind[RS_HARM_ERRORS].level.shape)
        out.kind = RS_HARM_SLOW;
    for (int i = 0; i < N_WORLD; i++) {
        struct harm_world w;
        rs_harm_world(h, seed, (uint64_t)i, &w);
        level[i] = w.level[out.kind];
        out.mean += level[i] / N_WORLD;
    }
    if (!(out.mean > 0.0))
        return out;
    qsort(level, N_WORLD, sizeof(*level), by_value);
    out.low = rs_quantile_sorted(level, N_WORLD, tail) / out.mean;
    out.high = rs_quantile_sorted(level, N_WORLD, 1.0 - tail) / out.mean;
    return out;
}
