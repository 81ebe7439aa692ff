/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is the same in all replicas: sites, targets, classes, codes, series, and which flag concerns whom. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"
#include "sim/clock.h"

#define NEW(type, n) RS_ARENA_ARRAY(sys->arena, type, n)

static uint64_t hash_of(const struct system *sys, const char *stem, const char *name)
{
    return rs_stream_hash(rs_arena_printf(sys->arena, "%s%s", stem, name));
}

/* ---- codes ---- */

int rs_site_code_slot(const struct site *site, int code)
{
    for (int i = 0; i < site->n_code; i++) {
        if (site->code[i] == code)
            return i;
    }
    return -1;
}

void rs_site_add_code(struct site *site, int code)
{
    if (rs_site_code_slot(site, code) >= 0)
        return;
    assert(site->n_code < RS_SITE_MAX_CODE);
    site->code[site->n_code++] = code;
}

static void add_codes(struct site *site, const struct error_mix *errors)
{
    for (int i = 0; i < errors->n; i++)
        rs_site_add_code(site, errors->code[i]);
}

/* A path without conditions that nothing in the plan removes always holds. */
static bool removed_by(const struct action *a, int n, int service, int path)
{
    for (int i = 0; i < n; i++) {
        if (a[i].kind == RS_ACT_REMOVE && a[i].service == service && a[i].path == path)
            return true;
    }
    return false;
}

static bool ever_removed(const struct scenario *sc, int service, int path)
{
    const struct response *r = &sc->response;
    bool found = false;
    for (int i = 0; i < r->n_stage; i++) {
        found |= removed_by(r->stage[i].action, r->stage[i].n_action, service, path);
        found |= removed_by(r->stage[i].closing, r->stage[i].n_closing, service, path);
    }
    for (int i = 0; i < r->n_procedure; i++)
        found |= removed_by(r->procedure[i].action, r->procedure[i].n_action, service, path);
    for (int i = 0; i < r->n_side_step; i++)
        found |= removed_by(&r->side_step[i].action, 1, service, path);
    return found;
}

static bool may_lack_path(const struct system *sys, const struct site *site)
{
    for (int p = 0; p < site->service->n_path; p++) {
        if (site->service->path[p].n_when == 0 && !ever_removed(sys->sc, site->index, p))
            return false;
    }
    return true;
}

static void build_codes(struct system *sys, struct site *site)
{
    const struct service *sv = site->service;
    rs_site_add_code(site, 200);
    rs_recorded_codes(sys, site);
    for (int p = 0; p < sv->n_path; p++) {
        add_codes(site, &sv->path[p].errors);
        for (int u = 0; u < sv->path[p].n_uses; u++)
            add_codes(site, &sys->sc->dependency[sv->path[p].uses[u]].errors);
        if (rs_path_refuses(sys->sc, &sv->path[p]))
            rs_site_add_code(site, 503);
        if (rs_path_times_out(&sv->path[p]))
            rs_site_add_code(site, 504);
    }
    for (int i = 0; i < sys->sc->n_fault; i++) {
        const struct fault *f = &sys->sc->fault[i];
        if (rs_fault_touches(sys, f, site->index)) {
            add_codes(site, &f->effect.errors);
            if (f->has_residue && f->service == site->index)
                add_codes(site, &f->residue.errors);
        }
    }
    if (may_lack_path(sys, site))
        rs_site_add_code(site, 503);
    site->slot_503 = rs_site_code_slot(site, 503);
    if (site->slot_503 < 0)
        site->slot_503 = site->n_code; /* no such series, but nothing is lost should it happen */
}

/* ---- classes and the latency grid ---- */

static void build_classes(struct system *sys, struct site *site)
{
    const struct service *sv = site->service;
    int n = 0;
    site->law = NEW(struct law, 2 * sv->n_path + 1);
    site->path_class = NEW(int, sv->n_path);
    for (int p = 0; p < sv->n_path; p++) {
        site->path_class[p] = n;
        site->law[n++] = (struct law){.path = p};
        if (sv->path[p].fallback >= 0)
            site->law[n++] = (struct law){.path = p, .fallback = true};
    }
    site->law[n++] = (struct law){.path = -1};
    site->n_class = n;
    site->n_part = sv->by_path ? sv->n_path + 1 : 1;
    for (int i = 0; sv->by_path && i < n; i++)
        site->law[i].part = site->law[i].path < 0 ? sv->n_path : site->law[i].path;
    site->path_gone = NEW(bool, sv->n_path);
    site->mix = NEW(struct mix, sv->n_path);
    site->beyond = NEW(struct mix, sv->n_path);
    site->first_quantile = NEW(double *, sv->n_path);
}

static void build_grid(struct system *sys, struct site *site)
{
    const struct service *sv = site->service;
    bool placed = !isfinite(sv->slow_s);
    site->grid = NEW(double, sv->n_bucket + 1);
    for (int i = 0; i < sv->n_bucket; i++) {
        if (!placed && sv->slow_s <= sv->bucket_s[i]) {
            placed = true;
            if (sv->slow_s < sv->bucket_s[i])
                site->grid[site->n_grid++] = sv->slow_s;
        }
        site->grid[site->n_grid++] = sv->bucket_s[i];
    }
    if (!placed)
        site->grid[site->n_grid++] = sv->slow_s;
    site->cell_bucket = NEW(int, site->n_grid + 1);
    site->slow_from = site->n_grid + 1;
    for (int i = site->n_grid; i >= 0; i--) {
        int bucket = 0;
        while (i < site->n_grid && bucket < sv->n_bucket && sv->bucket_s[bucket] < site->grid[i])
            bucket++;
        site->cell_bucket[i] = i < site->n_grid ? bucket : sv->n_bucket;
        if (isfinite(sv->slow_s) && (i == site->n_grid || site->grid[i] > sv->slow_s))
            site->slow_from = i;
    }
    site->bucket = NEW(uint64_t, sv->n_bucket + 1);
}

static void build_splits(struct system *sys, struct site *site, struct law *law, int tries)
{
    int n = RS_SPLIT_FAULT + sys->sc->n_fault;
    law->split[tries] = NEW(struct split, n);
    for (int i = 0; i < n; i++) {
        struct split *s = &law->split[tries][i];
        s->order = NEW(int, site->n_grid + 1);
        s->given = NEW(double, site->n_grid + 1);
        s->p = NEW(double, site->n_grid + 1);
    }
}

static void build_laws(struct system *sys, struct site *site)
{
    for (int c = 0; c < site->n_class; c++) {
        struct law *law = &site->law[c];
        law->cell = NEW(struct cell, site->n_code + 2);
        for (int i = 0; i < 2; i++)
            build_splits(sys, site, law, i);
    }
}

/* ---- flags ---- */

static void mark_flag(const struct scenario *sc, bool *marked, int flag, int depth)
{
    assert(depth <= sc->n_flag); /* requirements do not go in circles */
    marked[flag] = true;
    for (int i = 0; i < sc->flag[flag].n_requires; i++)
        mark_flag(sc, marked, sc->flag[flag].requires[i], depth + 1);
}

static void build_site_flags(struct system *sys, struct site *site)
{
    const struct service *sv = site->service;
    bool *marked = NEW(bool, sys->sc->n_flag);
    for (int p = 0; p < sv->n_path; p++) {
        for (int i = 0; i < sv->path[p].n_when; i++)
            mark_flag(sys->sc, marked, sv->path[p].when[i].flag, 0);
        for (int i = 0; i < sv->path[p].n_fallback_when; i++)
            mark_flag(sys->sc, marked, sv->path[p].fallback_when[i].flag, 0);
    }
    site->flag = NEW(int, sys->sc->n_flag);
    for (int f = 0; f < sys->sc->n_flag; f++) {
        if (marked[f])
            site->flag[site->n_flag++] = f;
    }
}

static bool site_has_flag(const struct site *site, int flag)
{
    for (int i = 0; i < site->n_flag; i++) {
        if (site->flag[i] == flag)
            return true;
    }
    return false;
}

static void build_flag(struct system *sys, int flag)
{
    struct flag_state *f = &sys->flag[flag];
    int n_cohort = sys->sc->n_cohort;
    f->flag = &sys->sc->flag[flag];
    f->stream_hash = hash_of(sys, "flag/", f->flag->name);
    f->phase_hash = hash_of(sys, "phase/poll/", f->flag->name);
    f->inst = NEW(struct flag_inst, sys->n_target + 1);
    for (int i = 0; i < sys->n_target; i++) {
        struct target *t = sys->target[i];
        if (!site_has_flag(t->site, flag))
            continue;
        t->flag_inst[flag] = f->n_inst;
        f->inst[f->n_inst++] = (struct flag_inst){.target = t};
    }
    if (f->n_inst == 0)
        f->n_inst = 1; /* nobody uses it; one instance that stands for itself */
    f->bucket_hash = NEW(uint64_t, n_cohort);
    f->bucket_upto = NEW(uint32_t *, n_cohort);
    f->by_bucket = NEW(uint32_t *, n_cohort);
    for (int c = 0; c < n_cohort; c++) {
        const char *who =
            rs_arena_printf(sys->arena, "%s/%s", f->flag->name, sys->sc->cohort[c].name);
        f->bucket_hash[c] = hash_of(sys, "flag/", who);
    }
}

/* ---- targets ---- */

static void build_target(struct system *sys, struct site *site, int instance)
{
    struct target *t = &site->target[instance];
    int n_kind = site->n_class * RS_KIND_N, n_counter = site->service->n_counter;
    *t = (struct target){.site = site, .instance = instance};
    sys->target[sys->n_target++] = t;
    t->flag_inst = NEW(int, sys->sc->n_flag);
    for (int f = 0; f < sys->sc->n_flag; f++)
        t->flag_inst[f] = -1;
    t->share = NEW(double, sys->sc->n_cohort * site->n_class);
    t->path_used = NEW(bool, site->service->n_path);
    t->active = NEW(int, site->n_class);
    t->cursor = NEW(struct cursor, site->n_traffic);
    t->weight = NEW(double, site->n_traffic);
    t->ahead.lane = NEW(struct main_lane, site->n_class);
    t->ahead.cursor = NEW(struct cursor, site->n_traffic);
    t->ahead.traffic = NEW(double, RS_AHEAD * site->n_traffic);
    t->ahead.mean = NEW(double, RS_AHEAD * site->n_class);
    t->ahead.count = NEW(uint64_t, RS_AHEAD * site->n_class);
    t->rare = NEW(struct rare_clock, site->n_class);
    t->divide = NEW(struct divide, sys->sc->n_cohort);
    t->count = NEW(uint64_t, site->n_part * (site->n_code + 1));
    t->served = NEW(uint64_t, site->n_class);
    t->served_fallback = NEW(uint64_t, site->n_class);
    t->counter = NEW(uint64_t, n_counter);
    t->counter_read = NEW(bool, n_counter);
    t->counted = NEW(uint64_t, n_counter);
    t->counter_lane = NEW(struct lane, n_counter);
    t->extra_lane = NEW(struct lane, n_counter);
    t->pending = NEW(uint64_t, n_kind);
    t->lump = NEW(uint64_t, n_kind);
    t->cell = NEW(uint64_t, site->n_grid + 1);
    t->shown = NEW(uint64_t, site->n_part * (site->n_grid + 1));
    t->carry = NEW(uint64_t, site->n_part * (site->n_grid + 1));
    t->le = NEW(uint64_t, site->n_part * (site->service->n_bucket + 1));
    t->latency_sum = NEW(double, site->n_part);
    t->sum_series = NEW(int, site->n_part);
    t->a.want = NEW(struct tsdb_count, site->n_part * site->n_code + n_counter);
    t->b.want = NEW(struct tsdb_count, site->n_part * (site->service->n_bucket + 2));
}

/* A bound as Prometheus writes it: the shortest text that reads back as the same number. */
static const char *bound_text(struct system *sys, double bound)
{
    char text[40];
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, bound);
        double back = 0.0;
        if (sscanf(text, "%lf", &back) == 1 && back == bound)
            break;
    }
    return rs_arena_strdup(sys->arena, text);
}

/* A series of the target, with up to two labels more; a label without a name is left out. */
static int declare(struct system *sys,
                   struct target *t,
                   const char *metric,
                   const char *suffix,
                   const struct label more[2],
                   bool histogram)
{
    const char *job = t->site->service->name;
    struct label label[5] = {
        {"__name__", rs_arena_printf(sys->arena, "%s%s", metric, suffix)},
        {"job", job},
        {"instance", rs_arena_printf(sys->arena, "%s-%d", job, t->instance)},
    };
    int n = 3;
    for (int i = 0; more && i < 2; i++) {
        if (more[i].name)
            label[n++] = more[i];
    }
    int series = rs_tsdb_series(sys->db, rs_labels_intern(rs_tsdb_labels(sys->db), n, label));
    uint64_t number = 0;
    while (sys->target[number] != t)
        number++;
    rs_tsdb_set_fill(sys->db, series, rs_target_fill, sys, number * 2 + histogram);
    return series;
}

/* The label that tells the part from the others; no name: there is only one. */
static struct label part_label(const struct service *sv, int part)
{
    if (!sv->by_path)
        return (struct label){0};
    return (struct label){"path", part < sv->n_path ? sv->path[part].name : "none"};
}

/* Requests of no path have a series only where that can happen. */
static bool part_exists(struct system *sys, const struct site *site, int part)
{
    return !site->service->by_path || part < site->service->n_path || may_lack_path(sys, site);
}

static void build_histogram(struct system *sys, struct target *t, int part, int *series)
{
    const struct service *sv = t->site->service;
    bool exposed = sv->latency_metric && part_exists(sys, t->site, part);
    struct label more[2] = {part_label(sv, part)};
    for (int i = 0; i <= sv->n_bucket; i++) {
        more[1] =
            (struct label){"le", i < sv->n_bucket ? bound_text(sys, sv->bucket_s[i]) : "+Inf"};
        *series++ = exposed ? declare(sys, t, sv->latency_metric, "_bucket", more, true) : -1;
    }
    more[1] = (struct label){0};
    *series++ = exposed ? declare(sys, t, sv->latency_metric, "_count", more, true) : -1;
    t->sum_series[part] = exposed ? declare(sys, t, sv->latency_metric, "_sum", more, true) : -1;
}

/* series: of each part codes; counters; of each part buckets with +Inf, count; sum and up have their own places. -1 = not
 * exposed. */
static void build_series(struct system *sys, struct target *t)
{
    const struct site *site = t->site;
    const struct service *sv = site->service;
    int n = 0;
    t->series = NEW(int, site->n_part *(site->n_code + sv->n_bucket + 2) + sv->n_counter);
    t->up_series = declare(sys, t, "up", "", NULL, false);
    for (int p = 0; p < site->n_part; p++) {
        bool exposed = sv->requests_metric && part_exists(sys, site, p);
        for (int i = 0; i < site->n_code; i++) {
            struct label more[2] = {part_label(sv, p),
                                    {"code", rs_arena_printf(sys->arena, "%d", site->code[i])}};
            t->series[n++] = exposed ? declare(sys, t, sv->requests_metric, "", more, false) : -1;
        }
    }
    for (int i = 0; i < sv->n_counter; i++) {
        t->series[n] = declare(sys, t, sv->counter[i].metric, "", NULL, false);
        rs_tsdb_set_promise(sys->db, t->series[n++], rs_target_promise);
    }
    for (int p = 0; p < site->n_part; p++) {
        build_histogram(sys, t, p, t->series + n);
        n += sv->n_bucket + 2;
    }
}

/* ---- the whole ---- */

static void build_hashes(struct system *sys, struct site *site)
{
    const char *name = site->service->name;
    site->requests_hash = hash_of(sys, "scrape/", name);
    site->rare_hash = hash_of(sys, "scrape/rare/", name);
    site->latency_hash = hash_of(sys, "latency/", name);
    site->phase_hash = hash_of(sys, "phase/scrape/", name);
    site->lost_hash = hash_of(sys, "loss/", name);
    site->late_hash = hash_of(sys, "late/", name);
    site->hurt_hash = hash_of(sys, "hurt/", name);
    site->apart_hash = hash_of(sys, "latency/apart/", name);
    site->together_hash = hash_of(sys, "latency/together/", name);
    site->pool_hash = hash_of(sys, "latency/pool/", name);
    site->counter_hash = NEW(uint64_t, site->service->n_counter);
    for (int i = 0; i < site->service->n_counter; i++) {
        const char *which =
            rs_arena_printf(sys->arena, "%s/%s", name, site->service->counter[i].metric);
        site->counter_hash[i] = hash_of(sys, "counter/", which);
    }
}

static void build_site(struct system *sys, int index)
{
    struct site *site = &sys->site[index];
    const struct service *sv = &sys->sc->service[index];
    assert(sv->n_instance > 0 && sv->scrape_interval_ns >= RS_NS_PER_MS);
    *site = (struct site){.service = sv, .index = index};
    site->traffic = NEW(int, sys->sc->n_traffic);
    for (int i = 0; i < sys->sc->n_traffic; i++) {
        if (sys->sc->traffic[i].service == index)
            site->traffic[site->n_traffic++] = i;
    }
    build_codes(sys, site);
    build_classes(sys, site);
    build_grid(sys, site);
    build_laws(sys, site);
    build_hashes(sys, site);
    build_site_flags(sys, site);
    site->hurt_bits = NEW(uint64_t *, sys->sc->n_cohort);
    site->target = NEW(struct target, sv->n_instance);
    for (int i = 0; i < sv->n_instance; i++)
        build_target(sys, site, i);
}

static void build_meter(struct system *sys, int index)
{
    struct meter *m = &sys->meter[index];
    const struct traffic *tr = &sys->sc->traffic[index];
    int nth =
        0; /* among the elements of the same service and cohort, so that others do not rename the stream */
    for (int i = 0; i < index; i++)
        nth +=
            sys->sc->traffic[i].service == tr->service && sys->sc->traffic[i].cohort == tr->cohort;
    const char *name = rs_arena_printf(sys->arena, "%s/%s/%d", sys->sc->service[tr->service].name,
                                       sys->sc->cohort[tr->cohort].name, nth);
    m->traffic = tr;
    rs_intensity_init(&m->intensity, &tr->profile);
    rs_burst_init(&m->burst, &tr->profile.bursts);
    m->bursty = tr->profile.kind != RS_PROFILE_LOG && tr->profile.bursts.mean_on_s > 0.0 &&
                tr->profile.bursts.mean_off_s > 0.0 && tr->profile.bursts.factor != 1.0;
    m->burst_hash = hash_of(sys, "bursts/", name);
    m->log_hash = hash_of(sys, "log/", name);
    m->per_instance = 1.0 / sys->sc->service[tr->service].n_instance;
}

void rs_system_build(struct system *sys)
{
    const struct scenario *sc = sys->sc;
    int n_target = 0, most = 0, most_grid = 0;
    for (int i = 0; i < sc->n_service; i++)
        n_target += sc->service[i].n_instance;
    sys->target = NEW(struct target *, n_target);
    sys->site = NEW(struct site, sc->n_service);
    sys->flag = NEW(struct flag_state, sc->n_flag);
    sys->meter = NEW(struct meter, sc->n_traffic);
    sys->fault_hash = NEW(struct fault_hash, sc->n_fault);
    sys->hurt_bits = NEW(uint64_t *, sc->n_cohort);
    sys->raw = NEW(bool, sc->n_flag);
    sys->raw_p = NEW(double, sc->n_flag);
    sys->mean = NEW(double, sc->n_traffic);
    for (int i = 0; i < sc->n_service; i++) {
        build_site(sys, i);
        int n = sys->site[i].n_class * RS_KIND_N;
        most = n > most ? n : most;
        most_grid = sys->site[i].n_grid > most_grid ? sys->site[i].n_grid : most_grid;
    }
    rs_recorded_build(sys);
    sys->pool_n = NEW(uint64_t, most);
    sys->grid_n = NEW(uint64_t, most_grid + 1);
    sys->grid_p = NEW(double, most_grid + 1);
    for (int i = 0; i < sys->n_target; i++)
        build_series(sys, sys->target[i]);
    for (int i = 0; i < sc->n_flag; i++)
        build_flag(sys, i);
    for (int i = 0; i < sc->n_traffic; i++)
        build_meter(sys, i);
    for (int i = 0; i < sc->n_fault; i++) {
        const char *name = sc->fault[i].name;
        sys->fault_hash[i] = (struct fault_hash){.onset = hash_of(sys, "fault/onset/", name),
                                                 .shape = hash_of(sys, "fault/shape/", name),
                                                 .cause = hash_of(sys, "fault/cause/", name),
                                                 .counter = hash_of(sys, "fault/counter/", name)};
    }
    rs_queue_build(sys);
}
