/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What other settings would have done: exactly, where the answer is known by hand; and against the simulator, which runs the other
 * setting with the same seed (tests/verify/retro/what_if.yaml).
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/replica.h"
#include "retro/harm.h"
#include "retro/what_if.h"
#include "scenarios/load.h"
#include "scenarios/rules.h"
#include "sim/clock.h"
#include "sim/draw.h"

static const int64_t s_ns = RS_NS_PER_S, min_ns = 60 * RS_NS_PER_S;

#define DATA RS_SOURCE_DIR "/tests/verify/retro/"

/* ---- distinct users -------------------------------------------------------------------------------------------------- */

static const struct {
    const char *title;
    int n_level;
    double users[3], hits[3];
} crowds[] = {
    {"few hits", 1, {500}, {40}},
    {"everybody, many times", 1, {50}, {600}},
    {"one user", 1, {1}, {3}},
    {"an audience that grew", 2, {1000, 100}, {300, 200}},
    {"three audiences", 3, {400, 300, 20}, {100, 500, 40}},
    {"nothing happened", 2, {1000, 10}, {0, 0}},
};

/* The closed form against balls thrown: 4,000 times, means within 4.5 standard errors (two-sided false alarms: 7e-6 a row). */
START_TEST(test_distinct_users)
{
    enum { N_THROW = 4000 };
    double weight = 1.0, hits[3], sum = 0.0, square = 0.0, sd;
    struct harm_crowd c = {.n_cohort = 1, .weight = &weight, .n_level = crowds[_i].n_level};
    double users[3];
    memcpy(users, crowds[_i].users, sizeof(users));
    memcpy(hits, crowds[_i].hits, sizeof(hits));
    c.users = users;
    c.population = users;
    struct stream s = rs_stream_open(5, (uint64_t)_i, rs_stream_hash("balls"));
    bool *met = rs_xcalloc((size_t)users[0], sizeof(*met));
    for (int i = 0; i < N_THROW; i++) {
        double n = 0.0;
        memset(met, 0, (size_t)users[0] * sizeof(*met));
        for (int l = 0; l < c.n_level; l++) {
            for (int k = 0; k < (int)hits[l]; k++) {
                bool *who = &met[rs_stream_below(&s, (uint64_t)users[l])];
                n += !*who;
                *who = true;
            }
        }
        sum += n;
        square += n * n;
    }
    double expected = rs_harm_users(&c, hits, &sd), mean = sum / N_THROW;
    double seen_sd = sqrt(fmax(0.0, square / N_THROW - mean * mean));
    ck_assert_msg(fabs(mean - expected) <= 4.5 * seen_sd / sqrt(N_THROW) + 1e-9,
                  "%s: %g users expected, %g seen", crowds[_i].title, expected, mean);
    /* The sample's deviation is off by 1.1 % itself. */
    ck_assert_msg(fabs(seen_sd - sd) <= 0.05 * seen_sd + 0.02, "%s: deviation %g, seen %g",
                  crowds[_i].title, sd, seen_sd);
    free(met);
}
END_TEST

/* ---- made by hand ---------------------------------------------------------------------------------------------------- */

struct made {
    struct arena *arena;
    struct scenario *sc;
    struct retro_evidence e;
    struct retro r;
    struct retro_offset offset;
    struct retro_source source;
    struct retro_episode episode;
    struct retro_flag_step step[8];
};

static struct retro_instant at(int64_t best_ns, int64_t off_ns)
{
    return (struct retro_instant){.how = RS_HOW_RECORDED,
                                  .lo_ns = best_ns - off_ns,
                                  .best_ns = best_ns,
                                  .hi_ns = best_ns + off_ns,
                                  .confidence = 1.0,
                                  .source = 0,
                                  .mark = -1};
}

static struct retro_change change(int64_t best_ns, int64_t off_ns)
{
    return (struct retro_change){.found = true,
                                 .signal = -1,
                                 .lo_ns = best_ns - off_ns,
                                 .best_ns = best_ns,
                                 .hi_ns = best_ns + off_ns};
}

/* The scenario's text with another base ratio, and one text put for another, everywhere. */
static struct scenario *load_with(double base, const char *from, const char *to)
{
    static char text[8192];
    char out[8192 + 256];
    struct err_list errors;
    FILE *file = fopen(DATA "what_if.yaml", "r");
    ck_assert_ptr_nonnull(file);
    size_t n = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[n] = '\0';
    size_t at_char = 0;
    for (const char *c = text; *c;) {
        bool is_base = strncmp(c, "0.2%", 4) == 0;
        bool is_from = from && strncmp(c, from, strlen(from)) == 0;
        ck_assert_uint_lt(at_char + 256, sizeof(out));
        if (is_base)
            at_char += (size_t)snprintf(out + at_char, sizeof(out) - at_char, "%g", base);
        else if (is_from)
            at_char += (size_t)snprintf(out + at_char, sizeof(out) - at_char, "%s", to);
        else
            out[at_char++] = *c;
        c += is_base ? 4 : is_from ? (long)strlen(from) : 1;
    }
    out[at_char] = '\0';
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_parse(DATA "what_if.yaml", out, strlen(out), &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(sc);
    rs_err_list_clear(&errors);
    return sc;
}

static int series(struct made *m, const char *code)
{
    const struct label label[] = {
        {"__name__", "http_requests_total"}, {"code", code}, {"instance", "web-0"}, {"job", "web"}};
    return rs_recorded_series(m->e.data, rs_labels_intern(m->e.data->labels, 4, label));
}

static void made_init(struct made *m, struct scenario *sc)
{
    *m = (struct made){.arena = rs_arena_new(), .sc = sc};
    m->source = (struct retro_source){.name = "metrics", .kind = RS_SOURCE_METRICS};
    m->e = (struct retro_evidence){.arena = m->arena,
                                   .name = "made",
                                   .scenario = sc,
                                   .n_source = 1,
                                   .source = &m->source,
                                   .data = rs_recorded_new(NULL),
                                   .n_rule_file = sc->monitoring.n_rule_file,
                                   .rule_file =
                                       (const struct rule_file *const *)sc->monitoring.rule_file,
                                   .alertmanager = sc->monitoring.alertmanager,
                                   .evaluation_interval_ns = sc->monitoring.evaluation_interval_ns,
                                   .lookback_ns = sc->monitoring.lookback_ns,
                                   .confidence = 0.95};
    m->r = (struct retro){.arena = m->arena, .evidence = &m->e};
    m->r.rebuilt.offset = &m->offset;
    m->r.rebuilt.n_episode = 1;
    m->r.rebuilt.episode = &m->episode;
    m->r.rebuilt.flag_step = m->step;
    m->episode = (struct retro_episode){.name = "back",
                                        .procedure = 0,
                                        .stage = 0,
                                        .service = 0,
                                        .alert = "Errors",
                                        .had_rollback = true,
                                        .signal = -1};
}

static void made_clear(struct made *m)
{
    rs_retro_seen_clear(&m->r.seen);
    rs_recorded_free(m->e.data);
    rs_arena_free(m->arena);
    rs_scenario_free(m->sc);
}

static void ask(struct made *m)
{
    const struct retro_options opt = {.seed = 7, .replicas = 200, .n_jobs = 1};
    rs_recorded_sort(m->e.data);
    ck_assert_int_eq(rs_retro_see(&m->r, NULL), 0);
    ck_assert_int_eq(rs_retro_what_if(&m->r, &opt, NULL), 0);
}

static const struct retro_outcome *outcome(const struct made *m, const char *name)
{
    for (int i = 0; i < m->r.n_counterfactual; i++) {
        if (strcmp(m->r.counterfactual[i].name, name) == 0)
            return &m->r.counterfactual[i].outcome[0];
    }
    ck_abort_msg("no %s", name);
    return NULL;
}

/*
 * Ten requests a second for two hours. From 60:00 on half of them fail, until the rollback that is commanded at 70:00 and works at once.
 * Nothing fails otherwise, and all instants are known to the nanosecond.
 */
static void by_hand(struct made *m)
{
    made_init(m, load_with(0.002, "{polling: {every: 15s}}", "{streaming: {delay: {constant: 0s}}}"));
    int64_t zero = m->sc->starts_at_unix_ns;
    double good = 0.0, bad = 0.0;
    int ok = series(m, "200"), error = series(m, "500");
    for (int i = 0; i <= 480; i++) {
        bool fails = i > 240 && i <= 280;
        good += i == 0 ? 0.0 : fails ? 75.0 : 150.0;
        bad += fails ? 75.0 : 0.0;
        rs_recorded_add(m->e.data, ok, (zero + i * 15 * s_ns) / RS_NS_PER_MS, good);
        rs_recorded_add(m->e.data, error, (zero + i * 15 * s_ns) / RS_NS_PER_MS, bad);
    }
    struct retro_episode *e = &m->episode;
    e->at[RS_CLOCK_ONSET] = at(zero + 60 * min_ns, 0);
    e->at[RS_CLOCK_DETECTED] = at(zero + 64 * min_ns, 0);
    e->at[RS_CLOCK_COMMANDED] = at(zero + 70 * min_ns, 0);
    e->at[RS_CLOCK_EFFECTIVE] = at(zero + 70 * min_ns, 0);
    e->at[RS_CLOCK_COMPLETED] = at(zero + 71 * min_ns, 0);
    e->up = change(zero + 60 * min_ns, 0);
    e->down = change(zero + 70 * min_ns, 0);
    m->step[0] = (struct retro_flag_step){
        .flag = 0, .on = true, .percent = 100.0, .at = at(zero + 30 * min_ns, 0)};
    m->step[1] = (struct retro_flag_step){
        .flag = 0, .on = false, .percent = 0.0, .at = at(zero + 70 * min_ns, 0)};
    m->r.rebuilt.n_flag_step = 2;
}

START_TEST(test_by_hand)
{
    struct made m;
    by_hand(&m);
    const struct retro_what_if what_if[] = {
        {.name = "bot", .kind = RS_IF_AUTOMATION, .delay_ns = 0},
        {.name = "twice", .kind = RS_IF_NO_ROLLBACK, .until_ns = 20 * min_ns},
        {.name = "at once", .kind = RS_IF_NO_ROLLBACK, .until_ns = 4 * min_ns},
    };
    m.e.n_what_if = 3;
    m.e.what_if = what_if;
    ask(&m);
    ck_assert_int_eq(m.r.n_counterfactual, 5);
    const struct retro_outcome *o = &m.r.counterfactual[0].outcome[0];
    ck_assert(m.r.counterfactual[0].happened);
    ck_assert_msg(!o->refused, "%s", o->refused);
    /* 40 intervals of 75 failures, all of them the fault's up to what a base of 0 in 36,000 leaves open. */
    ck_assert_double_eq_tol(o->errors.best, 3000.0, 1.0);
    ck_assert_double_ge(o->errors.low, 2995.0);
    ck_assert_double_eq_tol(o->errors.high, 3000.0, 1e-9);
    ck_assert_double_eq_tol(o->errors_saved.best, 0.0, 1e-9);
    ck_assert_double_eq_tol(o->budget.best, 3000.0 / (72000.0 * 0.01), 0.01);
    ck_assert_double_eq_tol(o->users_hurt.best, 3000.0 * (1.0 - exp(-1.0)),
                            8.0); /* one failure a user on the average */
    /* Commanded at 64:00: four minutes of failures. */
    o = outcome(&m, "bot");
    ck_assert_double_eq_tol(o->errors.best, 1200.0, 1.0);
    ck_assert_double_eq_tol(o->errors_saved.best, 1800.0, 1.0);
    ck_assert_int_eq(o->completed.best_ns, m.sc->starts_at_unix_ns + 65 * min_ns);
    /* Never: 3,000 that were seen, and as many again, Poisson under a level known from about 2,800: sd of sqrt(3000 + 3000^2/2800). */
    o = outcome(&m, "twice");
    ck_assert_double_eq_tol(o->errors.best, 6000.0, 12.0);
    double half = (o->errors.high - o->errors.low) / 2.0;
    ck_assert_msg(half > 1.7 * 79.0 && half < 2.3 * 79.0, "half a band of %g", half);
    ck_assert(o->commanded.never);
    o = outcome(&m, "at once");
    ck_assert_double_eq_tol(o->errors.best, 1200.0, 1.0);
    made_clear(&m);
}
END_TEST

/* The shipped rule fires when 2 min are above 2 %: by hand, by the first evaluation with 2 % in its window, and 2 minutes later. */
START_TEST(test_alarms)
{
    struct made m;
    by_hand(&m);
    ask(&m);
    const struct retro_counterfactual *cf = &m.r.counterfactual[1];
    int64_t zero = m.sc->starts_at_unix_ns;
    ck_assert_str_eq(cf->name, "shipped rules");
    ck_assert_int_eq(cf->n_alarm, 1);
    ck_assert_int_eq(cf->alarm[0].episode, 0);
    ck_assert_str_eq(cf->alarm[0].alert, "Errors");
    ck_assert_int_eq(cf->alarm[0].pending_ns, zero + 60 * min_ns + 15 * s_ns);
    ck_assert_int_eq(cf->alarm[0].firing_ns, zero + 62 * min_ns + 15 * s_ns);
    ck_assert_int_eq(cf->alarm[0].notified_ns, zero + 62 * min_ns + 25 * s_ns);
    /* People took six minutes from detection to command. */
    /* The phase of a server's evaluations is not known: 15 s either way. */
    ck_assert_double_eq_tol(rs_s_from_ns(cf->outcome[0].commanded.best_ns - zero), 68 * 60 + 15, 1.0);
    ck_assert_double_eq_tol(rs_s_from_ns(cf->outcome[0].commanded.lo_ns - zero), 68 * 60 + 3, 1.5);
    ck_assert_double_eq_tol(cf->outcome[0].errors.best, 3000.0 * 495.0 / 600.0, 5.0);
    made_clear(&m);
}
END_TEST

/* The same alarm where the fault is somewhere else: nobody's. */
START_TEST(test_false_alarm)
{
    struct made m;
    by_hand(&m);
    struct retro_episode *e = &m.episode;
    int64_t zero = m.sc->starts_at_unix_ns;
    e->at[RS_CLOCK_ONSET] = at(zero + 100 * min_ns, 0);
    e->at[RS_CLOCK_DETECTED] = at(zero + 101 * min_ns, 0);
    e->at[RS_CLOCK_COMMANDED] = at(zero + 102 * min_ns, 0);
    e->at[RS_CLOCK_COMPLETED] = e->at[RS_CLOCK_EFFECTIVE] = e->at[RS_CLOCK_COMMANDED];
    e->up.found = e->down.found = false;
    ask(&m);
    ck_assert_int_eq(m.r.counterfactual[1].n_alarm, 1);
    ck_assert_int_eq(m.r.counterfactual[1].alarm[0].episode, -1);
    /* Nothing fails then. */
    ck_assert_double_eq_tol(m.r.counterfactual[0].outcome[0].errors.best, 0.0, 1.0);
    made_clear(&m);
}
END_TEST

static void no_series(struct made *m)
{
    rs_recorded_free(m->e.data);
    m->e.data = rs_recorded_new(NULL);
}

static void no_fault(struct made *m)
{
    m->episode.at[RS_CLOCK_ONSET].how = RS_HOW_UNKNOWN;
    m->episode.up.found = false;
}

static void unknown_command(struct made *m)
{
    m->episode.at[RS_CLOCK_COMMANDED].how = RS_HOW_UNKNOWN;
}

static void undetected(struct made *m)
{
    m->episode.at[RS_CLOCK_DETECTED].how = RS_HOW_UNKNOWN;
    m->episode.procedure = -1;
}

static void no_rules(struct made *m)
{
    m->e.n_rule_file = 0;
}

static void long_ago(struct made *m)
{
    m->episode.at[RS_CLOCK_ONSET] = at(m->sc->starts_at_unix_ns - 60 * min_ns, 0);
}

static const struct {
    const char *title;
    void (*spoil)(struct made *m);
    const char *cf, *why;
} refusals[] = {
    {"no series", no_series, "as it happened", "no series counts the requests of web"},
    {"no fault", no_fault, "no rollback", "no fault is seen"},
    {"command unknown", unknown_command, "automation", "when it was commanded is not known"},
    {"detection unknown", undetected, "automation", "when it was detected is not known"},
    {"no rules", no_rules, "shipped rules", "there are no rules"},
    {"not recorded", long_ago, "no rollback", "requests were not recorded at that time"},
};

START_TEST(test_refusals)
{
    struct made m;
    by_hand(&m);
    refusals[_i].spoil(&m);
    ask(&m);
    const struct retro_outcome *o = outcome(&m, refusals[_i].cf);
    ck_assert_msg(o->refused && strstr(o->refused, refusals[_i].why), "%s: %s", refusals[_i].title,
                  o->refused ? o->refused : "answered");
    ck_assert(isnan(o->errors.best));
    made_clear(&m);
}
END_TEST

#ifndef WHAT_IF_LONG
#define WHAT_IF_LONG 0
#endif

/* ---- against the simulator ------------------------------------------------------------------------------------------- */

/* Runs replica r; errors and users from the onset on. */
static void simulate(const struct scenario *sc, uint64_t replica, struct history *h)
{
    struct err err = {0};
    struct simulator *sim = rs_simulator_new(sc, &err);
    ck_assert_msg(sim, "%s", err.text);
    const struct replica_options opt = {.seed = 11, .replica = replica, .fault = 0, .trace = true};
    ck_assert_msg(rs_simulator_run(sim, &opt, h, &err) == 0, "%s", err.text);
    rs_simulator_free(sim);
}

/* What was recorded of a history: counters every 15 s, and its instants to the second. */
static void record(struct made *m, const struct history *h)
{
    int64_t zero = m->sc->starts_at_unix_ns;
    const struct trajectory *t = &h->trajectory[0];
    double good = 0.0, bad = 0.0;
    int ok = series(m, "200"), error = series(m, "500");
    rs_recorded_add(m->e.data, ok, zero / RS_NS_PER_MS, 0.0);
    rs_recorded_add(m->e.data, error, zero / RS_NS_PER_MS, 0.0);
    for (int i = 0; i < t->n; i++) {
        good += (double)(t->n_request[i] - t->n_error[i]);
        bad += (double)t->n_error[i];
        int64_t t_ms = (zero + (i + 1) * t->step_ns) / RS_NS_PER_MS;
        rs_recorded_add(m->e.data, ok, t_ms, good);
        rs_recorded_add(m->e.data, error, t_ms, bad);
    }
    struct retro_episode *e = &m->episode;
    const struct episode *true_one = &h->episode[0];
    for (int i = 0; i < RS_CLOCK_N; i++) {
        if (true_one->at_ns[i] != RS_NEVER)
            e->at[i] = at(zero + true_one->at_ns[i], s_ns);
    }
    e->at[RS_CLOCK_ONSET] = at(zero + h->onset_ns, 10 * s_ns);
    e->up = change(zero + h->onset_ns, 10 * s_ns);
    e->down = change(zero + true_one->at_ns[RS_CLOCK_EFFECTIVE], 15 * s_ns);
    for (int i = 0; i < h->n_trace && m->r.rebuilt.n_flag_step < 8; i++) {
        const struct trace_event *x = &h->trace[i];
        if (x->kind == RS_TRACE_FLAG_SET)
            m->step[m->r.rebuilt.n_flag_step++] = (struct retro_flag_step){
                .flag = x->a, .on = x->x > 0.0, .percent = x->x, .at = at(zero + x->at_ns, s_ns)};
    }
}

static const struct {
    const char *name, *from, *to; /* the scenario in which the other setting is in force */
    struct retro_what_if ask;
    const char *rules;
} settings[] = {
    {"as it happened", "name: what-if\n", "name: what-if\n", {0}, NULL},
    {"bot",
     "  procedures:",
     "  automation: [{name: bot, alert: Errors, procedure: back, delay: {constant: 5s}}]\n  "
     "procedures:",
     {.name = "bot", .kind = RS_IF_AUTOMATION, .delay_ns = 5000000000},
     NULL},
    {"to the end",
     "sees: 100%",
     "sees: 0%",
     {.name = "to the end", .kind = RS_IF_NO_ROLLBACK},
     NULL},
    {"late",
     "what_if_rules.yml",
     "what_if_late.yml",
     {.name = "late", .kind = RS_IF_RULES},
     DATA "what_if_late.yml"},
};
enum { N_SETTING = 4, N_SHORT = 40, N_LONG = 400 };

struct coverage {
    int n, n_errors, n_users, n_answered;
    double users_off, errors_off; /* sums of (truth - best) / truth */
};

static bool within(double x, struct retro_band b)
{
    return x >= b.low - 0.5 && x <= b.high + 0.5;
}

/* Failures from the onset until the fault was over (or to the end), less what the base gives on the average. */
static double caused(const struct history *h, double base)
{
    const struct trajectory *t = &h->trajectory[0];
    int64_t end = h->n_episode ? h->episode[0].at_ns[RS_CLOCK_EFFECTIVE] : RS_NEVER;
    double sum = 0.0;
    for (int i = 0; i < t->n; i++) {
        if ((i + 1) * t->step_ns > h->onset_ns && i * t->step_ns < end)
            sum += (double)t->n_error[i] - base * (double)t->n_request[i];
    }
    return sum;
}

/* One history: what is said of the other settings from its evidence alone, and what they do. */
static void cover(double base, uint64_t replica, struct coverage *c /* [N_SETTING] */)
{
    struct history h, other;
    struct made m;
    rs_history_init(&h);
    rs_history_init(&other);
    made_init(&m, load_with(base, NULL, NULL));
    simulate(m.sc, replica, &h);
    ck_assert_int_eq(h.n_episode, 1);
    record(&m, &h);
    struct retro_what_if ask_for[N_SETTING];
    const struct rule_file *file = NULL;
    for (int i = 1; i < N_SETTING; i++) {
        struct rules_loaded loaded;
        ask_for[i - 1] = settings[i].ask;
        ask_for[i - 1].until_ns = m.sc->horizon_ns - h.onset_ns;
        if (!settings[i].rules)
            continue;
        ck_assert_int_eq(rs_rules_load(&loaded, m.arena, RS_PROMQL_2_42, settings[i].rules, NULL),
                         0);
        file = loaded.file;
        ask_for[i - 1].n_file = 1;
        ask_for[i - 1].file = &file;
    }
    m.e.n_what_if = N_SETTING - 1;
    m.e.what_if = ask_for;
    ask(&m);
    for (int i = 0; i < N_SETTING; i++) {
        const struct retro_outcome *o = outcome(&m, settings[i].name);
        struct scenario *sc = load_with(base, settings[i].from, settings[i].to);
        rs_history_reset(&other);
        simulate(sc, replica, &other);
        ck_assert_msg(!o->refused, "%s: %s", settings[i].name, o->refused);
        double errors = caused(&other, base);
        c[i].n++;
        c[i].n_errors += within(errors, o->errors);
        c[i].errors_off += (errors - o->errors.best) / errors;
        double users = (double)other.users_hurt_since_onset;
        c[i].n_users += within(users, o->users_hurt);
        c[i].users_off += (users - o->users_hurt.best) / users;
        rs_scenario_free(sc);
    }
    made_clear(&m);
    rs_history_clear(&h);
    rs_history_clear(&other);
}

static const double bases[] = {0.0, 0.002};

START_TEST(test_coverage)
{
    struct coverage c[N_SETTING] = {{0}};
    double base = bases[_i];
    int n = WHAT_IF_LONG ? N_LONG : getenv("RS_UNDER_VALGRIND") ? 2 : N_SHORT;
    for (int i = 0; i < n; i++)
        cover(base, (uint64_t)i, c);
    for (int i = 0; i < N_SETTING; i++) {
        printf("base %g, %-16s errors %d of %d, mean off %+.2f %%; users %d, %+.2f %%\n", base, settings[i].name, c[i].n_errors, c[i].n,
               100.0 * c[i].errors_off / n, c[i].n_users, 100.0 * c[i].users_off / n);
    }
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("what_if");
    TCase *tc = tcase_create("what_if");
    tcase_set_timeout(tc, 280.0);
    tcase_add_loop_test(tc, test_distinct_users, 0, (int)(sizeof(crowds) / sizeof(crowds[0])));
    tcase_add_test(tc, test_by_hand);
    tcase_add_test(tc, test_alarms);
    tcase_add_test(tc, test_false_alarm);
    tcase_add_loop_test(tc, test_refusals, 0, (int)(sizeof(refusals) / sizeof(refusals[0])));
    tcase_add_loop_test(tc, test_coverage, 0, (int)(sizeof(bases) / sizeof(bases[0])));
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    SRunner *runner = srunner_create(suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
