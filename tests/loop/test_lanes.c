/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One history for many settings, against what each setting gives by itself: bit by bit, for random lanes, every lane. Where lanes
 * part the replica is run again with each answer in turn.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lanes_cases.h"
#include "models/lanes.h"
#include "scenarios/load.h"
#include "sim/arena.h"
#include "sim/clock.h"
#include "sim/stream.h"

/* test_lanes_full.c is this with more lanes and replicas. */
#ifndef N_LANE
#define N_LANE 12
#define N_REPLICA 2
#endif

enum { MAX_LANE = 40, MAX_DEPTH = 400 };

/* ---- a scenario with one way in it ------------------------------------------------------------ */

static struct scenario *load(const char *name)
{
    char path[512];
    struct err_list errors;
    rs_err_list_init(&errors);
    snprintf(path, sizeof path, "%s/%s", RS_SOURCE_DIR, name);
    struct scenario *sc = rs_scenario_load(path, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(sc);
    rs_err_list_clear(&errors);
    return sc;
}

static const struct promql *parse(struct arena *arena, const struct way *way)
{
    struct err err = {0};
    const struct promql *q =
        rs_promql_parse(arena, &(struct promql_text){.text = way->expr, .at = {"x", 1, 1}}, &err);
    ck_assert_msg(q != NULL, "%s: %s", way->expr, err.text);
    return q;
}

/* The scenario's structs are read-only for all but us. */
static void *unlocked(const void *p)
{
    union {
        const void *from;
        void *to;
    } u = {.from = p};
    return u.to;
}

static void find_rule(const struct scenario *sc, const char *alert, struct lane_site *s)
{
    for (int f = 0; f < sc->monitoring.n_rule_file; f++) {
        for (int g = 0; g < sc->monitoring.rule_file[f]->n_group; g++) {
            const struct rule_group *group = &sc->monitoring.rule_file[f]->group[g];
            for (int r = 0; r < group->n_rule; r++) {
                if (group->rule[r].alert && strcmp(group->rule[r].alert, alert) == 0)
                    *s = (struct lane_site){
                        .kind = RS_LANE_RULE, .file = f, .group = g, .rule = r, .n_variant = 1};
            }
        }
    }
    ck_assert_msg(s->n_variant == 1, "no alert %s", alert);
}

static const struct promql **find_condition(const struct scenario *sc, const char *name)
{
    const struct response *plan = &sc->response;
    for (int i = 0; i < plan->n_procedure; i++) {
        if (strcmp(plan->procedure[i].name, name) == 0)
            return unlocked(&plan->procedure[i].trigger);
    }
    for (int i = 0; i < plan->n_stage; i++) {
        for (int j = 0; j < plan->stage[i].n_gate; j++) {
            if (strcmp(plan->stage[i].gate[j].name, name) == 0)
                return unlocked(&plan->stage[i].gate[j].expr);
        }
    }
    ck_abort_msg("no condition %s", name);
    return NULL;
}

static struct rule *rule_at(const struct scenario *sc, const struct lane_site *s)
{
    return unlocked(&sc->monitoring.rule_file[s->file]->group[s->group].rule[s->rule]);
}

static struct rule with_way(struct scenario *sc, const struct rule *rule, const struct way *way)
{
    struct rule r = *rule;
    r.expr = parse(sc->arena, way);
    r.expr_text = way->expr;
    r.for_ns = way->for_s * RS_NS_PER_S;
    r.keep_firing_for_ns = way->keep_s * RS_NS_PER_S;
    return r;
}

/* A plan with all ways of all sites, in the scenario's arena. */
static struct lane_plan plan_of(struct scenario *sc, const struct varied *v)
{
    struct lane_site *site = RS_ARENA_ARRAY(sc->arena, struct lane_site, MAX_SITE);
    int n = 0;
    for (; n < MAX_SITE && v->site[n].way[0].expr; n++) {
        const struct turned *t = &v->site[n];
        const struct rule **rule = RS_ARENA_ARRAY(sc->arena, const struct rule *, MAX_VARIANT);
        const struct promql **expr = RS_ARENA_ARRAY(sc->arena, const struct promql *, MAX_VARIANT);
        int k = 0;
        if (t->alert)
            find_rule(sc, t->alert, &site[n]);
        else
            site[n] = (struct lane_site){.kind = RS_LANE_CONDITION,
                                         .expr = *find_condition(sc, t->condition)};
        for (; k < MAX_VARIANT && t->way[k].expr; k++) {
            struct rule *r = RS_ARENA_ARRAY(sc->arena, struct rule, 1);
            if (t->alert)
                *r = with_way(sc, rule_at(sc, &site[n]), &t->way[k]);
            rule[k] = r;
            expr[k] = t->alert ? r->expr : parse(sc->arena, &t->way[k]);
        }
        site[n].n_variant = k;
        site[n].rule_variant = rule;
        site[n].expr_variant = expr;
    }
    return (struct lane_plan){.n_site = n, .site = site, .pending = v->pending};
}

/* The scenario in which a lane's rules and conditions stand. */
static struct scenario *scenario_of(const struct varied *v, const uint16_t *variant)
{
    struct scenario *sc = load(v->file);
    for (int i = 0; i < MAX_SITE && v->site[i].way[0].expr; i++) {
        const struct way *way = &v->site[i].way[variant[i]];
        struct lane_site at = {0};
        if (v->site[i].alert) {
            find_rule(sc, v->site[i].alert, &at);
            struct rule *rule = rule_at(sc, &at);
            *rule = with_way(sc, rule, way);
        } else {
            *find_condition(sc, v->site[i].condition) = parse(sc->arena, way);
        }
    }
    return sc;
}

/* ---- running with all answers ---------------------------------------------------------------- */

struct answers { /* to the questions of one run, in their order */
    int answer[MAX_DEPTH], n_class[MAX_DEPTH];
    int n, at;              /* questions of the last run; of this one so far */
    const uint32_t *before; /* the lanes that were together at the last question, for looking */
    int64_t now_ns;
};

static int part(void *ctx, int64_t now_ns, int n_class, const uint32_t *lane, const uint32_t *end)
{
    struct answers *a = ctx;
    ck_assert_int_lt(a->at, MAX_DEPTH);
    ck_assert_int_ge(n_class, 2);
    ck_assert_int_ge(now_ns, a->now_ns);
    a->now_ns = now_ns;
    for (int k = 0; k < n_class; k++) {
        uint32_t begin = k > 0 ? end[k - 1] : 0;
        ck_assert_uint_gt(end[k], begin);
        for (uint32_t i = begin + 1; i < end[k]; i++)
            ck_assert_uint_gt(lane[i], lane[i - 1]);
        if (k > 0)
            ck_assert_uint_gt(lane[begin], lane[k > 1 ? end[k - 2] : 0]);
    }
    if (a->at == a->n) {
        a->answer[a->n] = 0;
        a->n++;
    }
    a->n_class[a->at] = n_class;
    return a->answer[a->at++];
}

/* The next answers, the last question turning fastest; false when all have been given. */
static bool next_answers(struct answers *a)
{
    a->n = a->at;
    while (a->n > 0 && a->answer[a->n - 1] + 1 == a->n_class[a->n - 1])
        a->n--;
    if (a->n > 0)
        a->answer[a->n - 1]++;
    a->at = 0;
    a->now_ns = 0;
    return a->n > 0;
}

static void encode(struct history *h, bool pending, struct bytes *out)
{
    for (int i = 0; i < h->n_episode && !pending; i++)
        h->episode[i].at_ns[RS_CLOCK_PENDING] = RS_NEVER;
    rs_history_encode(h, out);
}

struct trial {
    const struct varied *v;
    struct scenario *sc;
    struct lane_plan plan;
    struct simulator *sim;
    uint32_t n_lane;
    uint16_t variant[MAX_LANE * MAX_SITE];
    struct scenario *own[MAX_LANE];
    struct simulator *alone[MAX_LANE];
    struct history h, want;
    struct bytes got_bytes, want_bytes;
    int n_history;
};

static void compare_lane(struct trial *t, uint32_t lane, const struct replica_options *opt)
{
    struct err err = {0};
    ck_assert_int_eq(rs_simulator_run(t->alone[lane], opt, &t->want, &err), 0);
    encode(&t->want, t->v->pending, &t->want_bytes);
    ck_assert_msg(t->got_bytes.n == t->want_bytes.n &&
                      memcmp(t->got_bytes.p, t->want_bytes.p, t->got_bytes.n) == 0,
                  "%s: replica %d, fault %d, lane %u is another history: %u alerts, %d episodes, "
                  "end %lld, outcome %d; by itself %u, %d, %lld, %d",
                  t->v->words, (int)opt->replica, opt->fault, lane, t->h.n_alert_fired,
                  t->h.n_episode, (long long)t->h.sim_ns, (int)t->h.outcome, t->want.n_alert_fired,
                  t->want.n_episode, (long long)t->want.sim_ns, (int)t->want.outcome);
}

/* Every lane is the history of exactly one sequence of answers, and it is its own. */
static void run_all(struct trial *t, const struct replica_options *opt)
{
    struct answers a = {.n = 0};
    bool seen[MAX_LANE] = {false};
    do {
        const struct lanes_options lanes = {
            .n_lane = t->n_lane, .variant = t->variant, .part = part, .part_ctx = &a};
        const uint32_t *lane;
        uint32_t n;
        struct err err = {0};
        ck_assert_msg(rs_simulator_run_lanes(t->sim, opt, &lanes, &t->h, &lane, &n, &err) == 0,
                      "%s: %s", t->v->words, err.text);
        encode(&t->h, t->v->pending, &t->got_bytes);
        t->n_history++;
        for (uint32_t i = 0; i < n; i++) {
            ck_assert(!seen[lane[i]]);
            seen[lane[i]] = true;
            compare_lane(t, lane[i], opt);
        }
    } while (next_answers(&a));
    for (uint32_t i = 0; i < t->n_lane; i++)
        ck_assert(seen[i]);
}

static void trial_init(struct trial *t, const struct varied *v, uint32_t n_lane, uint64_t seed)
{
    struct stream s = rs_stream_open(seed, 0, rs_stream_hash("lanes"));
    struct err err = {0};
    *t = (struct trial){.v = v, .sc = load(v->file), .n_lane = n_lane};
    t->plan = plan_of(t->sc, v);
    t->sim = rs_simulator_new_lanes(t->sc, &t->plan, &err);
    ck_assert_msg(t->sim != NULL, "%s", err.text);
    rs_history_init(&t->h);
    rs_history_init(&t->want);
    for (uint32_t i = 0; i < n_lane; i++) {
        uint16_t *variant = &t->variant[i * (uint32_t)t->plan.n_site];
        for (int k = 0; k < t->plan.n_site; k++)
            variant[k] = (uint16_t)rs_stream_below(&s, (uint64_t)t->plan.site[k].n_variant);
        t->own[i] = scenario_of(v, variant);
        t->alone[i] = rs_simulator_new(t->own[i], &err);
        ck_assert_ptr_nonnull(t->alone[i]);
    }
}

static void trial_clear(struct trial *t)
{
    for (uint32_t i = 0; i < t->n_lane; i++) {
        rs_simulator_free(t->alone[i]);
        rs_scenario_free(t->own[i]);
    }
    rs_simulator_free(t->sim);
    rs_scenario_free(t->sc);
    rs_history_clear(&t->h);
    rs_history_clear(&t->want);
    free(t->got_bytes.p);
    free(t->want_bytes.p);
}

/* Valgrind looks for errors of memory, which show in few replicas. */
static bool few(void)
{
    return getenv("RS_UNDER_VALGRIND") != NULL;
}

START_TEST(test_lanes_are_their_own_histories)
{
    static struct trial t;
    uint64_t n_replica = few() ? 1 : N_REPLICA;
    int n_run = 0;
    trial_init(&t, &cases[_i], few() ? 6 : N_LANE, (uint64_t)_i + 1);
    for (int fault = few() ? 0 : -1; fault < t.sc->n_fault || fault < 0; fault++) {
        for (uint64_t r = 0; r < n_replica; r++, n_run++) {
            struct replica_options opt = {.seed = 21, .replica = r, .fault = fault};
            run_all(&t, &opt);
        }
        if (few())
            break;
    }
    ck_assert_msg(few() || t.n_history > n_run, "%s: no lanes ever parted", t.v->words);
    trial_clear(&t);
}
END_TEST

/* What lanes cost: one evaluator for each left side, and none for a variant that differs in `for` only. */
START_TEST(test_one_lane_is_a_run)
{
    static struct trial t;
    trial_init(&t, &cases[2], 1, 5);
    for (uint64_t r = 0; r < (few() ? 1u : 10u); r++) {
        struct replica_options opt = {.seed = 3, .replica = r, .fault = -2};
        run_all(&t, &opt);
    }
    ck_assert_int_eq(t.n_history, few() ? 1 : 10); /* nothing to part from */
    trial_clear(&t);
}
END_TEST

static const struct {
    const char *words, *file, *alert, *condition, *expr;
    bool can;
} sharing[] = {
    {"a rule that nobody reads", "tests/loop/scenarios/latency.yaml", "Errors", NULL,
     "http_requests_total > 1", true},
    {"a variant reads ALERTS_FOR_STATE", "tests/loop/scenarios/latency.yaml", "Errors", NULL,
     "ALERTS_FOR_STATE > 1", false},
    {"a gate does, of this alert", "tests/loop/scenarios/lanes.yaml", "Noisy", "both",
     "ALERTS_FOR_STATE{alertname=\"Noisy\"}", false},
    {"of another", "tests/loop/scenarios/lanes.yaml", "Noisy", "both",
     "ALERTS_FOR_STATE{alertname=\"Noisier\"}", true},
    {"of any", "tests/loop/scenarios/lanes.yaml", "Noisy", "both",
     "count({__name__=~\"ALERTS.*\"}) > 4", false},
};

START_TEST(test_can_share)
{
    struct scenario *sc = load(sharing[_i].file);
    struct lane_site site = {0};
    const struct way way = {sharing[_i].expr, 0, 0};
    find_rule(sc, sharing[_i].alert, &site);
    struct rule variant = *rule_at(sc, &site);
    const struct rule *variants[] = {&variant};
    if (sharing[_i].condition)
        *find_condition(sc, sharing[_i].condition) = parse(sc->arena, &way);
    else
        variant.expr = parse(sc->arena, &way);
    site.rule_variant = variants;
    ck_assert_msg(rs_lanes_can_share(sc, &site) == sharing[_i].can, "%s", sharing[_i].words);
    rs_scenario_free(sc);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lanes");
    TCase *tc = tcase_create("lanes");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, test_lanes_are_their_own_histories, 0,
                        (int)(sizeof cases / sizeof *cases));
    tcase_add_test(tc, test_one_lane_is_a_run);
    tcase_add_loop_test(tc, test_can_share, 0, (int)(sizeof sharing / sizeof *sharing));
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
