/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Simulated rollouts, noted as people and their tools would: clocks off, times rounded and blurred, marks lost, gaps in the
 * recording. What is rebuilt of them is held against what was so. Fixed seeds: a run either passes always or never.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "made_retro.h"
#include "models/replica.h"
#include "retro/rebuild.h"

/* Knuth's MMIX generator: what is drawn here must not change with the streams of the simulator. */
struct dice {
    uint64_t state;
};

static double roll(struct dice *d)
{
    d->state = d->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(d->state >> 11) * 0x1p-53;
}

enum { METRICS, NOTES, PAGER };

/* How the rollout was noted. */
struct noted {
    double lost;       /* probability that a mark is lost */
    double accuracy_s; /* of the notes, which are so far off, either way */
    double offset_s;   /* clocks of notes and pager are up to so far off */
    double minutes;    /* probability that a note is written to the minute */
    double gap_s;      /* the recording stands still for so long somewhere around the rollback */
    bool no_alerts;    /* ALERTS was not recorded */
};

struct score {
    int n[RS_HOW_BOUNDED + 1], n_in[RS_HOW_BOUNDED + 1];
    double width_s[RS_HOW_BOUNDED + 1]; /* sum, of those with two ends */
    int n_open;
};

struct tally {
    struct score instant[RS_RETRO_INSTANT_N];
    int n_rollout, n_episode, n_found, n_extra, n_sla[4], n_wrong, n_contradiction;
    int n_offset, n_offset_in, n_untied;
    bool loud;
};

struct world {
    struct made m;
    struct simulator *sim;
    struct history h;
    struct dice dice;
    const struct noted *how;
    double offset_s[3];
};

static void
write_mark(struct world *w, int source, int event, int64_t at_ns, struct retro_mark says)
{
    if (roll(&w->dice) < w->how->lost)
        return;
    double at_s = (double)at_ns / 1e9 + w->offset_s[source], width_s = 0.001;
    if (source == NOTES) {
        at_s += (2 * roll(&w->dice) - 1) * w->how->accuracy_s;
        width_s = roll(&w->dice) < w->how->minutes ? 60 : 1;
    }
    at_s = floor(at_s / width_s) * width_s;
    struct retro_mark *m = &w->m.mark[made_mark(&w->m, source, event, at_s, width_s)];
    m->subject = says.subject;
    m->episode = says.episode;
    if (event >= RS_EVENT_STAGE_ENTERED) {
        m->stage = says.stage;
        m->flag = says.flag;
        m->on = says.on;
        m->percent = says.percent;
    }
}

static void write_trace(struct world *w)
{
    const struct scenario *sc = w->m.e.scenario;
    int stage = -1;
    for (int i = 0; i < w->h.n_trace; i++) {
        const struct trace_event *e = &w->h.trace[i];
        struct retro_mark says = {.stage = -1, .flag = -1, .percent = NAN};
        if (e->kind == RS_TRACE_STAGE) {
            says.stage = stage = e->a;
            write_mark(w, NOTES, RS_EVENT_STAGE_ENTERED, e->at_ns, says);
        } else if (e->kind == RS_TRACE_FLAG_SET) {
            says.flag = e->a;
            says.on = e->x > 0;
            says.percent = e->x;
            write_mark(w, NOTES, RS_EVENT_FLAG_SET, e->at_ns, says);
        } else if (e->kind == RS_TRACE_ACTION && e->action && e->action->kind == RS_ACT_CHECK) {
            says.stage = stage;
            says.subject = e->action->title;
            if (e->b >= 0)
                says.episode = sc->response.procedure[w->h.episode[e->b].procedure].name;
            write_mark(w, NOTES, e->passed ? RS_EVENT_CHECK_PASSED : RS_EVENT_CHECK_FAILED,
                       e->at_ns, says);
        } else if (e->kind == RS_TRACE_GATE && e->b >= 0) {
            says.stage = e->a;
            says.subject = sc->response.stage[e->a].gate[e->b].name;
            write_mark(w, NOTES, e->passed ? RS_EVENT_GATE_PASSED : RS_EVENT_GATE_FAILED, e->at_ns,
                       says);
        }
    }
}

static void write_episode(struct world *w, const struct episode *e)
{
    static const int noted[] = {RS_CLOCK_DETECTED, RS_CLOCK_ACKNOWLEDGED, RS_CLOCK_DECIDED,
                                RS_CLOCK_EFFECTIVE, RS_CLOCK_COMPLETED};
    static const int paged[] = {RS_CLOCK_NOTIFIED, RS_CLOCK_ACKNOWLEDGED, RS_CLOCK_RESOLVED};
    const struct procedure *p = &w->m.e.scenario->response.procedure[e->procedure];
    for (size_t i = 0; i < sizeof(noted) / sizeof(noted[0]); i++) {
        struct retro_mark says = {.episode = p->name,
                                  .subject = noted[i] == RS_CLOCK_DETECTED ? e->detector : NULL};
        if (e->at_ns[noted[i]] != RS_NEVER)
            write_mark(w, NOTES, noted[i], e->at_ns[noted[i]], says);
    }
    for (size_t i = 0; e->by == RS_BY_ALERT && i < sizeof(paged) / sizeof(paged[0]); i++) {
        if (e->at_ns[paged[i]] != RS_NEVER)
            write_mark(w, PAGER, paged[i], e->at_ns[paged[i]],
                       (struct retro_mark){.subject = e->detector});
    }
}

/* The samples, but for those that are lost. */
static void write_metrics(struct world *w)
{
    struct recorded *all = rs_simulator_samples(w->sim);
    struct recorded *kept = rs_recorded_new(all->labels);
    int64_t from_ms = INT64_MAX, until_ms = INT64_MAX;
    if (w->how->gap_s > 0 && w->h.n_episode > 0) {
        const struct episode *e = &w->h.episode[0];
        double at_s = (double)e->at_ns[RS_CLOCK_DETECTED] / 1e9 + 1800 * (roll(&w->dice) - 0.5);
        from_ms = made_zero_ns / RS_NS_PER_MS + (int64_t)(at_s * 1000);
        until_ms = from_ms + (int64_t)(w->how->gap_s * 1000);
    }
    for (int i = 0; i < all->n_series; i++) {
        const struct recorded_series *s = &all->series[i];
        const char *name = rs_labels_get(all->labels, s->labels, "__name__");
        if (w->how->no_alerts && strncmp(name, "ALERTS", 6) == 0)
            continue;
        int k = rs_recorded_series(kept, s->labels);
        for (size_t j = 0; j < s->n; j++) {
            int64_t t = s->sample[j].t_ms;
            bool stale = rs_tsdb_is_stale(s->sample[j].v); /* OpenMetrics writes none */
            if (!stale && (t < from_ms || t >= until_ms))
                rs_recorded_add(kept, k, t, s->sample[j].v);
        }
    }
    rs_recorded_free(all);
    rs_recorded_free(w->m.e.data);
    w->m.e.data = kept;
    w->m.source_of = rs_xcalloc((size_t)kept->n_series + 1, sizeof(int));
}

/* ---- held against what was so ---- */

static const struct retro_episode *find(const struct retro_rebuilt *t, int procedure)
{
    for (int i = 0; i < t->n_episode; i++) {
        if (t->episode[i].procedure == procedure)
            return &t->episode[i];
    }
    return NULL;
}

static void hold_instants(struct tally *t,
                          const struct world *w,
                          const struct episode *was,
                          const struct retro_episode *e)
{
    for (int i = 0; i < RS_CLOCK_N; i++) {
        const struct retro_instant *at = &e->at[i];
        if (was->at_ns[i] == RS_NEVER || !rs_instant_known(at))
            continue;
        int64_t true_ns = made_zero_ns + was->at_ns[i];
        bool in = true_ns >= at->lo_ns && true_ns <= at->hi_ns;
        struct score *s = &t->instant[i];
        s->n[at->how]++;
        s->n_in[at->how] += in;
        if (at->lo_ns != INT64_MIN && at->hi_ns != RS_NEVER)
            s->width_s[at->how] += (double)(at->hi_ns - at->lo_ns) / 1e9;
        else
            s->n_open++;
        if (!in && t->loud)
            printf("  rollout %d %s %s: %s %.3f..%.3f, was %.3f (%s)\n", (int)w->h.replica, e->name,
                   rs_retro_instant_name(i), rs_retro_how_name(at->how), made_s(at->lo_ns),
                   made_s(at->hi_ns), made_s(true_ns), at->why);
    }
}

static void hold_sla(struct tally *t,
                     const struct world *w,
                     const struct episode *was,
                     const struct retro_episode *e)
{
    int64_t leg_ns = rs_episode_leg(was, RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED);
    enum retro_sla truth = leg_ns < 0 || leg_ns > e->sla_ns ? RS_SLA_BROKEN : RS_SLA_KEPT;
    t->n_sla[e->sla]++;
    if (e->sla != truth && e->sla != RS_SLA_UNDECIDABLE) {
        t->n_wrong++;
        if (t->loud)
            printf("  rollout %d %s: %s (%s), but %.3f s\n", (int)w->h.replica, e->name,
                   rs_retro_sla_name(e->sla), e->sla_why, (double)leg_ns / 1e9);
    }
}

static void hold(struct tally *t, const struct world *w)
{
    const struct retro_rebuilt *r = &w->m.r->rebuilt;
    t->n_rollout++;
    t->n_contradiction += r->n_contradiction;
    for (int i = 0; i < r->n_contradiction && t->loud; i++)
        printf("  rollout %d: %s\n", (int)w->h.replica, r->contradiction[i].text);
    bool untied = false;
    for (int i = NOTES; i <= PAGER; i++) {
        if (r->offset[i].how != RS_CLOCK_ESTIMATED) {
            untied = untied || w->offset_s[i] != 0;
            continue;
        }
        int64_t true_ns = rs_ns_from_s(w->offset_s[i]);
        bool in = true_ns >= r->offset[i].lo_ns && true_ns <= r->offset[i].hi_ns;
        t->n_offset++;
        t->n_offset_in += in;
        if (!in && t->loud)
            printf("  rollout %d: clock %d %.3f, %.3f..%.3f %s\n", (int)w->h.replica, i,
                   w->offset_s[i], (double)r->offset[i].lo_ns / 1e9,
                   (double)r->offset[i].hi_ns / 1e9, r->offset[i].why);
    }
    if (untied) { /* a clock that is off, and nothing that tells: taken as right, and said */
        t->n_untied++;
        return;
    }
    t->n_extra += r->n_episode;
    for (int i = 0; i < w->h.n_episode; i++) {
        const struct episode *was = &w->h.episode[i];
        const struct retro_episode *e = find(r, was->procedure);
        t->n_episode++;
        if (!e)
            continue;
        t->n_found++;
        t->n_extra--;
        hold_instants(t, w, was, e);
        hold_sla(t, w, was, e);
    }
}

static void tell(const struct tally *t)
{
    printf("%d rollouts, %d episodes: %d found, %d more; %d contradictions; clocks %d of %d "
           "within, %d untied\n",
           t->n_rollout, t->n_episode, t->n_found, t->n_extra, t->n_contradiction, t->n_offset_in,
           t->n_offset, t->n_untied);
    printf("SLA: %d kept, %d broken, %d undecidable, %d of them wrong\n", t->n_sla[RS_SLA_KEPT],
           t->n_sla[RS_SLA_BROKEN], t->n_sla[RS_SLA_UNDECIDABLE], t->n_wrong);
    for (int i = 0; i < RS_CLOCK_N; i++) {
        for (int how = RS_HOW_RECORDED; how <= RS_HOW_BOUNDED; how++) {
            const struct score *s = &t->instant[i];
            if (s->n[how] > 0)
                printf("%18s %-9s %4d, within %4d, mean width %8.1f s\n", rs_retro_instant_name(i),
                       rs_retro_how_name((enum retro_how)how), s->n[how], s->n_in[how],
                       s->width_s[how] / s->n[how]);
        }
    }
}

static void rollout(struct tally *t, const struct noted *how, uint64_t replica)
{
    struct world w = {.how = how, .dice = {replica * 7919 + 17}};
    struct err err = {0};
    made_begin(&w.m, true);
    const struct scenario *sc = w.m.e.scenario;
    struct replica_options opt = {.seed = 7,
                                  .replica = replica,
                                  .fault = (int)(replica % (uint64_t)sc->n_fault),
                                  .trace = true};
    made_source(&w.m, "prometheus", RS_SOURCE_METRICS, 0);
    made_source(&w.m, "notes", RS_SOURCE_TIMELINE, how->accuracy_s);
    made_source(&w.m, "pager", RS_SOURCE_NOTIFICATIONS, 0);
    w.offset_s[NOTES] = (2 * roll(&w.dice) - 1) * how->offset_s;
    w.offset_s[PAGER] = (2 * roll(&w.dice) - 1) * how->offset_s;
    w.sim = rs_simulator_new(sc, &err);
    ck_assert_msg(w.sim != NULL, "%s", err.text);
    rs_simulator_keep_samples(w.sim);
    rs_history_init(&w.h);
    ck_assert_msg(rs_simulator_run(w.sim, &opt, &w.h, &err) == 0, "%s", err.text);
    write_metrics(&w);
    write_trace(&w);
    for (int i = 0; i < w.h.n_episode; i++)
        write_episode(&w, &w.h.episode[i]);
    made_rebuild(&w.m);
    hold(t, &w);
    rs_history_clear(&w.h);
    /* The samples' labels are the simulator's, and the simulator is of the scenario. */
    rs_retro_free(w.m.r);
    rs_recorded_free(w.m.e.data);
    w.m.r = NULL;
    w.m.e.data = NULL;
    rs_simulator_free(w.sim);
    made_end(&w.m);
}

static const struct {
    const char *what;
    struct noted how;
    int n;           /* rollouts */
    int min_decided; /* SLA verdicts that are kept or broken, at least */
} rows[] = {
    {"all noted, to the second", {0, 0, 0, 0, 0, false}, 10, 7},
    {"a quarter lost, clocks off by up to 20 s", {0.25, 5, 20, 0.2, 0, false}, 10, 1},
    {"no ALERTS, and a gap", {0.25, 5, 20, 0.2, 240, true}, 10, 1},
};

/* P(at most k of n) if each holds at rate p: a sum of few terms. */
static double at_most(int k, int n, double p)
{
    double sum = 0, term = pow(1 - p, n);
    for (int i = 0; i <= k; i++) {
        sum += term;
        term *= (double)(n - i) / (i + 1) * p / (1 - p);
    }
    return sum;
}

/*
 * What rests on marks, rules and order holds always, and no SLA verdict is wrong; what is inferred holds at 95 %: fewer hits than
 * come once in 1e5 at that rate are a failure.
 */
START_TEST(test_truth)
{
    struct tally t = {.loud = true};
    for (int i = 0; i < rows[_i].n; i++)
        rollout(&t, &rows[_i].how, (uint64_t)i);
    tell(&t);
    ck_assert_int_eq(t.n_found, t.n_episode);
    ck_assert_int_eq(t.n_extra, 0);
    ck_assert_int_eq(t.n_wrong, 0);
    ck_assert_int_eq(t.n_offset_in, t.n_offset);
    ck_assert_int_ge(t.n_sla[RS_SLA_KEPT] + t.n_sla[RS_SLA_BROKEN], rows[_i].min_decided);
    for (int i = 0; i < RS_CLOCK_N; i++) {
        const struct score *s = &t.instant[i];
        for (int how = RS_HOW_RECORDED; how <= RS_HOW_BOUNDED; how++) {
            bool holds = how == RS_HOW_INFERRED ? at_most(s->n_in[how], s->n[how], 0.95) > 1e-5
                                                : s->n_in[how] == s->n[how];
            ck_assert_msg(holds, "%s: %s, %s: %d of %d", rows[_i].what, rs_retro_instant_name(i),
                          rs_retro_how_name((enum retro_how)how), s->n_in[how], s->n[how]);
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("truth");
    TCase *tc = tcase_create("truth");
    tcase_set_timeout(tc, 600);
    tcase_add_loop_test(tc, test_truth, 0, (int)(sizeof(rows) / sizeof(rows[0])));
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
