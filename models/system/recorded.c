/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Paths whose errors and latency were recorded over time. The recording is a step function; where one step ends and the next
 * brings something else, all that was drawn ahead of it is drawn up to that instant under the old law, then the law changes.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "internal.h"
#include "sim/clock.h"

/* ---- the law of a step ---- */

static const struct path *path_of(const struct recorded_law *l)
{
    return &l->site->service->path[l->path];
}

/* One quantile, or the mean: the path's own latency is stretched so that it has it. */
static void stretch(struct recorded_law *l, double told_s)
{
    const struct dist *own = &path_of(l)->latency;
    double q = l->recording->quantile[0];
    double is = isnan(q) ? rs_dist_mean(own) : rs_dist_quantile(own, q);
    l->factor = is > 0.0 ? told_s / is : 1.0;
}

/*
 * Several: straight lines between them, from 0 up; above the highest one the last line goes on. Each point of the
 * distribution lies above the one before it, if only by a rounding, so that equal quantiles are a step.
 */
static void through(struct recorded_law *l, const float *told)
{
    const struct path_recording *r = l->recording;
    int n = 0;
    l->x[n] = l->p[n] = 0.0;
    n++;
    for (int i = 0; i < r->n_quantile; i++) {
        double x = fmax((double)told[i], nextafter(l->x[n - 1], INFINITY));
        l->x[n] = x;
        l->p[n++] = r->quantile[i];
    }
    if (l->p[n - 1] < 1.0) {
        double slope = (l->x[n - 1] - l->x[n - 2]) / (l->p[n - 1] - l->p[n - 2]);
        double last = l->x[n - 1] + (1.0 - l->p[n - 1]) * slope;
        l->x[n] = fmax(last, nextafter(l->x[n - 1], INFINITY));
        l->p[n++] = 1.0;
    }
    l->latency = (struct dist){.kind = RS_DIST_EMPIRICAL,
                               .n = n,
                               .x = l->x,
                               .p = l->p,
                               .cap_s = path_of(l)->latency.cap_s};
}

static void obey(struct recorded_law *l)
{
    const struct path_recording *r = l->recording;
    const struct path *own = path_of(l);
    struct site *site = l->site;
    int step = (int)(l->n_step % r->n);
    double ratio = r->error_ratio ? (double)r->error_ratio[step] : (double)NAN;
    const float *told =
        r->n_quantile > 0 ? &r->latency_s[(size_t)step * (size_t)r->n_quantile] : NULL;
    site->errors[l->path] = &own->errors;
    site->latency[l->path] = &own->latency;
    l->factor = 1.0;
    if (!isnan(ratio)) {
        l->errors = (struct error_mix){.n = 1, .code = {r->code}, .ratio = {ratio}};
        site->errors[l->path] = &l->errors;
    }
    if (told && !isnan(told[0]) && r->n_quantile == 1) {
        stretch(l, (double)told[0]);
    } else if (told && !isnan(told[0])) {
        through(l, told);
        site->latency[l->path] = &l->latency;
    }
}

/* What was made of the old law is of no use any more. */
static void forget(const struct system *sys, struct site *site, int path)
{
    site->law_made = false;
    free(site->first_quantile[path]);
    site->first_quantile[path] = NULL;
    for (int c = 0; c < site->n_class; c++) {
        struct law *law = &site->law[c];
        bool second =
            law->path >= 0 && law->fallback && site->service->path[law->path].fallback == path;
        if (law->path == path || second)
            rs_law_forget(sys, law);
    }
}

/* ---- going on ---- */

static bool same(float a, float b)
{
    return a == b || (isnan(a) && isnan(b));
}

static bool same_step(const struct path_recording *r, int a, int b)
{
    if (r->error_ratio && !same(r->error_ratio[a], r->error_ratio[b]))
        return false;
    for (int i = 0; i < r->n_quantile; i++) {
        if (!same(r->latency_s[(size_t)a * (size_t)r->n_quantile + (size_t)i],
                  r->latency_s[(size_t)b * (size_t)r->n_quantile + (size_t)i]))
            return false;
    }
    return true;
}

static int64_t step_ns(const struct path_recording *r, int64_t n_step)
{
    return rs_ns_from_s(r->at_s[n_step % r->n] + (double)(n_step / r->n) * r->period_s);
}

/* The next step that brings something else; -1 = none does. */
static int64_t next_change(const struct recorded_law *l)
{
    const struct path_recording *r = l->recording;
    int64_t past = r->period_s > 0.0 ? l->n_step + r->n : r->n;
    for (int64_t i = l->n_step + 1; i < past; i++) {
        if (!same_step(r, (int)(l->n_step % r->n), (int)(i % r->n)))
            return i;
    }
    return -1;
}

static void on_step(void *ctx, int64_t now_ns, uint64_t arg);

static void wait_for_next(struct system *sys, int index)
{
    const struct recorded_law *l = &sys->recorded.law[index];
    int64_t next = next_change(l);
    int64_t at_ns = next >= 0 ? step_ns(l->recording, next) : RS_NEVER;
    if (at_ns < sys->sc->horizon_ns)
        rs_kernel_at(sys->kernel, at_ns, "recorded law", on_step, sys, (uint64_t)index);
}

static void on_step(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct system *sys = ctx;
    struct recorded_law *l = &sys->recorded.law[arg];
    (void)now_ns;
    rs_site_flush(sys, l->site);
    l->n_step = next_change(l);
    assert(l->n_step > 0);
    obey(l);
    forget(sys, l->site, l->path);
    rs_queue_refresh(sys);
    wait_for_next(sys, (int)arg);
}

void rs_recorded_reset(struct system *sys)
{
    for (int i = 0; i < sys->recorded.n; i++) {
        struct recorded_law *l = &sys->recorded.law[i];
        l->n_step = 0;
        obey(l);
        forget(sys, l->site, l->path);
        wait_for_next(sys, i);
    }
}

double rs_recorded_factor(const struct site *site, int path)
{
    const struct recorded_law *l = site->recorded ? site->recorded[path] : NULL;
    return l ? l->factor : 1.0;
}

/* ---- once ---- */

void rs_recorded_codes(const struct system *sys, struct site *site)
{
    bool repeats = false;
    for (int p = 0; p < site->service->n_path; p++) {
        const struct path_recording *r = site->service->path[p].recorded;
        repeats |= site->service->path[p].as_recorded;
        if (r && r->error_ratio)
            rs_site_add_code(site, r->code);
    }
    for (int i = 0; repeats && i < site->n_traffic; i++) {
        const struct profile *p = &sys->sc->traffic[site->traffic[i]].profile;
        for (int c = 0; c < p->n_error_code; c++)
            rs_site_add_code(site, p->error_code[c]);
    }
}

static void build_site(struct system *sys, struct site *site)
{
    int n_path = site->service->n_path;
    for (int p = 0; p < n_path; p++) {
        const struct path *path = &site->service->path[p];
        site->errors[p] = &path->errors;
        site->latency[p] = &path->latency;
        if (!path->recorded)
            continue;
        assert(path->recorded->n > 0 && path->recorded->at_s[0] == 0.0);
        struct recorded_law *l = &sys->recorded.law[sys->recorded.n++];
        *l = (struct recorded_law){
            .site = site, .path = p, .recording = path->recorded, .factor = 1.0};
        site->recorded[p] = l;
    }
}

void rs_recorded_build(struct system *sys)
{
    int n = 0;
    for (int i = 0; i < sys->sc->n_service; i++) {
        for (int p = 0; p < sys->sc->service[i].n_path; p++)
            n += sys->sc->service[i].path[p].recorded != NULL;
    }
    sys->recorded.law = RS_ARENA_ARRAY(sys->arena, struct recorded_law, n);
    for (int i = 0; i < sys->sc->n_service; i++) {
        struct site *site = &sys->site[i];
        int n_path = site->service->n_path;
        site->errors = RS_ARENA_ARRAY(sys->arena, const struct error_mix *, n_path);
        site->latency = RS_ARENA_ARRAY(sys->arena, const struct dist *, n_path);
        site->recorded = RS_ARENA_ARRAY(sys->arena, struct recorded_law *, n_path);
        build_site(sys, site);
    }
}
