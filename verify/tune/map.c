/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where a fault would still be detected if it were smaller or larger, or the traffic thinner or denser, with today's setting and
 * with the chosen one. The grid is geometric around the scenario's own point, and all its cells see the same draws.
 *
 * Every cell is looked at with FIRST replicas and those whose interval still has 1/2 in it, so that the 50 % contour runs close by,
 * with LAST: at most 7 x 5 cells of each setting, 7,000 short histories and 300 more for each cell at the contour.
 * A cell is looked at twice at most, and its interval holds for whichever look was its last: each has the confidence that lets
 * all looks at all cells of one map hold together (Bonferroni).
 */
#include <assert.h>
#include <math.h>

#include "map_parts.h"
#include "sim/clock.h"

enum { FIRST = 100, LAST = 400, N_LOOK = 2, N_ERRORS = 7, N_TRAFFIC = 5, MAX_CELL = 70 };

/* Powers of 20^(1/3): from a twentieth of the fault's own size to twenty times as much. */
static const double error_factor[N_ERRORS] = {RS_TUNE_MAP_SMALLEST,
                                              0.13572088082974534,
                                              0.36840314986403866,
                                              1,
                                              2.7144176165949063,
                                              7.3680629972807732,
                                              20};
static const double traffic_factor[N_TRAFFIC] = {1.0 / 16, 1.0 / 4, 1, 4, 16};

struct mapping {
    const struct tune_search_options *search;
    const struct tune_plan *plan;
    struct arena *scenes; /* of this map alone */
    struct tune_map *map;
    int64_t within_ns, onset_ns_max;
    const struct scenario *scene[MAX_CELL]; /* of the map's cells */
    struct scene_count count[MAX_CELL];
    int own; /* the cell of today's setting at the scenario's own point */
    uint64_t n_done, n_total;
};

/* ---- what is mapped -------------------------------------------------------------------------------------------------- */

static bool speaks_of(const struct claim *c, int fault)
{
    return c->given == RS_GIVEN_FAULT && c->given_fault == fault;
}

/* A fault without an error ratio has none that could be scaled. */
static bool is_mapped(const struct tune_plan *plan, const struct scenario *sc, int fault)
{
    bool asked = false;
    for (int i = 0; i < plan->n_objective; i++)
        asked |= speaks_of(&plan->objective[i].of, fault);
    for (int i = 0; i < plan->n_keep; i++)
        asked |= speaks_of(&sc->claim[plan->keep[i]], fault);
    return asked && rs_tune_map_ratio(&sc->fault[fault]) > 0;
}

static bool is_detection(const struct claim *c, int fault)
{
    return (speaks_of(c, fault) || c->given == RS_GIVEN_ANY_FAULT) && c->of == RS_Q_LEG &&
           c->from == RS_CLOCK_ONSET && c->to == RS_CLOCK_DETECTED;
}

/* The deadline of the first objective that asks for one; RS_NEVER: none does. */
static int64_t within(const struct tune_plan *plan, const struct scenario *sc, int fault)
{
    for (int i = 0; i < plan->n_objective; i++) {
        const struct tune_objective *o = &plan->objective[i];
        if ((o->stat == RS_STAT_MISS || o->stat == RS_STAT_PROBABILITY) &&
            is_detection(&o->of, fault) && o->of.within < (double)sc->horizon_ns)
            return (int64_t)o->of.within;
    }
    return RS_NEVER;
}

/* ---- the grid -------------------------------------------------------------------------------------------------------- */

/* Rising; those past the largest possible ratio fall together in one, unless it is too near the one before. */
static int error_ratios(double own, double *factor /* [N_ERRORS] */)
{
    int n = 0;
    for (int i = 0; i < N_ERRORS; i++) {
        double f = error_factor[i];
        if (f > 1)
            f = fmin(f, RS_MAP_RATIO_MAX / own);
        if (n == 0 || f > factor[n - 1] * 1.25)
            factor[n++] = f;
    }
    return n;
}

static void add_cells(struct mapping *m, const struct scenario *sc, bool chosen)
{
    struct tune_map *map = m->map;
    double own = rs_tune_map_ratio(&sc->fault[map->fault]), factor[N_ERRORS];
    double per_s = rs_tune_map_traffic(sc, map->fault);
    int n = error_ratios(own, factor);
    for (int y = 0; y < N_TRAFFIC; y++) {
        for (int x = 0; x < n; x++) {
            struct scene_scale scale = {factor[x], traffic_factor[y]};
            if (!chosen && scale.errors == 1 && scale.traffic == 1)
                m->own = map->n_cell;
            m->scene[map->n_cell] = rs_tune_map_scene(m->scenes, sc, map->fault, scale);
            map->cell[map->n_cell++] = (struct tune_cell){.error_ratio = own * scale.errors,
                                                          .traffic = scale.traffic,
                                                          .traffic_per_s = per_s * scale.traffic,
                                                          .chosen = chosen};
        }
    }
}

/* ---- the looks ------------------------------------------------------------------------------------------------------- */

static void tell(struct mapping *m, int i)
{
    struct tune_cell *cell = &m->map->cell[i];
    const struct scene_count *c = &m->count[i];
    double confidence = 1 - (1 - m->plan->confidence) / (m->map->n_cell * N_LOOK);
    cell->n = c->n;
    cell->n_detected = c->n_seen;
    cell->low = rs_clopper_pearson(c->n_seen, c->n, confidence).low;
    cell->high = rs_clopper_pearson(c->n_seen + c->n_unknown, c->n, confidence).high;
}

/* Replicas [from, until) of those cells. 0; 1 stopped; -1. */
static int
look(struct mapping *m, uint64_t from, uint64_t until, int n, const int *cell, struct err *err)
{
    const struct scenario *scene[MAX_CELL];
    struct scene_count *count[MAX_CELL];
    for (int i = 0; i < n; i++) {
        scene[i] = m->scene[cell[i]];
        count[i] = &m->count[cell[i]];
    }
    int64_t guess_ns = m->onset_ns_max;
    struct scene_job job = {.search = m->search,
                            .fault = m->map->fault,
                            .within_ns = m->within_ns,
                            .onset_guess_ns = guess_ns > 0 ? guess_ns : RS_NEVER,
                            .from = from,
                            .until = until,
                            .n_scene = n,
                            .scene = scene,
                            .count = count,
                            .onset_ns_max = &m->onset_ns_max,
                            .n_done_before = m->n_done,
                            .n_total = m->n_total};
    int status = n > 0 && until > from ? rs_tune_map_run(&job, err) : 0;
    m->n_done += (uint64_t)n * (until - from);
    for (int i = 0; i < n; i++)
        tell(m, cell[i]);
    return status;
}

/* The scenario's own point goes first: it shows when the fault begins, and so how long the others' histories need to be. */
static int first_look(struct mapping *m, uint64_t until, struct err *err)
{
    int cell[MAX_CELL], n = 0;
    for (int i = 0; i < m->map->n_cell; i++) {
        if (i != m->own)
            cell[n++] = i;
    }
    m->n_total = until * (uint64_t)m->map->n_cell;
    int status = look(m, 0, until, 1, &m->own, err);
    return status ? status : look(m, 0, until, n, cell, err);
}

static int last_look(struct mapping *m, uint64_t from, uint64_t until, struct err *err)
{
    int cell[MAX_CELL], n = 0;
    for (int i = 0; i < m->map->n_cell; i++) {
        const struct tune_cell *c = &m->map->cell[i];
        if (c->n > 0 && c->low < 0.5 && c->high > 0.5)
            cell[n++] = i;
    }
    m->n_total += (until - from) * (uint64_t)n;
    return look(m, from, until, n, cell, err);
}

static uint64_t at_most(uint64_t n, uint64_t limit)
{
    return n < limit ? n : limit;
}

static int fill(struct mapping *m, struct err *err)
{
    uint64_t first = at_most(FIRST, m->plan->replicas), last = at_most(LAST, m->plan->replicas);
    int status = first_look(m, first, err);
    return status ? status : last_look(m, first, last, err);
}

/* chosen NULL: there is none but today's. */
static int map_fault(struct mapping *m,
                     struct arena *arena,
                     const struct scenario *today,
                     const struct scenario *chosen,
                     struct err *err)
{
    m->within_ns = within(m->plan, today, m->map->fault);
    m->map->within_s = rs_s_from_ns(m->within_ns == RS_NEVER ? today->horizon_ns : m->within_ns);
    m->map->cell = RS_ARENA_ARRAY(arena, struct tune_cell, MAX_CELL);
    m->scenes = rs_arena_new();
    add_cells(m, today, false);
    if (chosen)
        add_cells(m, chosen, true);
    int status = fill(m, err);
    rs_arena_free(m->scenes);
    return status;
}

/* ---- all of them ----------------------------------------------------------------------------------------------------- */

static int map_all(const struct tune_search_options *opt,
                   struct tune_result *result,
                   const struct scenario *chosen,
                   struct err *err)
{
    const struct scenario *today = result->scenario;
    result->n_map = 0;
    result->map = RS_ARENA_ARRAY(result->arena, struct tune_map, today->n_fault);
    for (int i = 0; i < today->n_fault; i++) {
        if (!is_mapped(result->plan, today, i))
            continue;
        struct tune_map *map = &result->map[result->n_map];
        map->fault = i;
        struct mapping m = {.search = opt, .plan = result->plan, .map = map};
        int status = map_fault(&m, result->arena, today, chosen, err);
        if (status < 0)
            return rs_err_context(err, "the detection map of %s", today->fault[i].name);
        if (status > 0) { /* half a map is none */
            result->stopped = true;
            return 0;
        }
        result->n_map++;
    }
    return 0;
}

int rs_tune_map(const struct tune_source *src,
                const struct tune_search_options *opt,
                struct tune_result *result,
                struct err *err)
{
    struct scenario *made = NULL;
    const struct scenario *chosen = NULL;
    if (result->chosen >= 0 && result->chosen != result->today) {
        struct err_list errors;
        rs_err_list_init(&errors);
        made = src->scenario(src->ctx, result->point[result->chosen].value, &errors);
        if (!made && errors.n > 0 && err && err->code == RS_E_NONE)
            *err = errors.item[0];
        rs_err_list_clear(&errors);
        if (!made)
            return rs_err_set(err, RS_E_INTERNAL, "the chosen setting makes no scenario");
        chosen = made;
    }
    int status = map_all(opt, result, chosen, err);
    rs_scenario_free(made);
    return status;
}
