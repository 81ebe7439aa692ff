/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "conform_case.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/load.h"
#include "sim/clock.h"

#define MIN_NS (60 * RS_NS_PER_S)
#define N_OF(array) ((int)(sizeof(array) / sizeof(*(array))))
static const int64_t zero_ns = INT64_C(1736154000) * RS_NS_PER_S; /* 2025-01-06T09:00:00Z */

enum { DARK, READS_STAGE, WRITES_STAGE, CLEANUP };
enum { READS, WRITES, FALLBACK };
enum { NONE = -1 };

/* A line of a timeline: tag, minute, what. Tags of capital letters are there only where a row asks for them. */
struct line {
    char tag;
    double minute;
    int event;
    const char *subject;
    int stage, flag;
    bool on;
    double percent;
};

#define ENTERED(tag, minute, stage)                                                                \
    {                                                                                              \
        tag, minute, RS_EVENT_STAGE_ENTERED, NULL, stage, NONE, false, NAN                         \
    }
#define FLAG(tag, minute, flag, on, percent)                                                       \
    {                                                                                              \
        tag, minute, RS_EVENT_FLAG_SET, NULL, NONE, flag, on, percent                              \
    }
#define DONE(tag, minute, event, subject)                                                          \
    {                                                                                              \
        tag, minute, event, subject, NONE, NONE, false, NAN                                        \
    }

/* clang-format off */
static const struct line completed[] = {
    DONE('a', -10, RS_EVENT_CHECKED_OFF, "everybody briefed"),
    DONE('X', -9, RS_EVENT_CHECKED_OFF, "Migrations applied"),
    ENTERED('b', 0, DARK),
    DONE('c', 1, RS_EVENT_COMMUNICATED, "Stage transition"),
    DONE('d', 9, RS_EVENT_DOCUMENTED, "Deploy code with all flags off"),
    DONE('1', 10, RS_EVENT_DOCUMENTED, "restore rehearsed"),
    DONE('2', 11, RS_EVENT_DOCUMENTED, "other deployments frozen"),
    DONE('3', 12, RS_EVENT_DOCUMENTED, "named the deputy"),
    DONE('4', 13, RS_EVENT_DOCUMENTED, "dashboards open"),
    DONE('5', 13.5, RS_EVENT_DOCUMENTED, "caches warmed"),
    DONE('e', 14, RS_EVENT_DOCUMENTED, "telemetry validated"),
    ENTERED('f', 53, READS_STAGE),
    FLAG('g', 53.5, READS, true, 100),
    DONE('h', 56, RS_EVENT_CHECK_PASSED, "Smoke tests"),
    DONE('i', 57, RS_EVENT_COMMUNICATED, "stage transition: reads"),
    ENTERED('j', 121, WRITES_STAGE),
    FLAG('k', 121.5, WRITES, true, 10),
    DONE('l', 122, RS_EVENT_COMMUNICATED, "Stage transition"),
    DONE('m', 185, RS_EVENT_COMMUNICATED, "daily summary"),
    FLAG('n', 182, WRITES, true, 50),
    FLAG('o', 212.5, WRITES, true, 100),
    FLAG('p', 243, FALLBACK, false, 0),
    ENTERED('q', 244, CLEANUP),
    DONE('r', 245, RS_EVENT_COMMUNICATED, "Stage transition"),
    DONE('s', 246, RS_EVENT_ACTION_DONE, "removed the old path of web"),
    DONE('t', 247, RS_EVENT_FINISHED, NULL),
    DONE('u', 290, RS_EVENT_DOCUMENTED, "Archive metrics"),
    DONE('z', 600, RS_EVENT_NOTE, "the end of the log"),
    DONE('F', 56, RS_EVENT_CHECK_FAILED, "Smoke tests"),
    ENTERED('T', 100, READS_STAGE),
    DONE('L', 65, RS_EVENT_LOOKED, NULL),
    DONE('M', 75, RS_EVENT_LOOKED, NULL),
    FLAG('G', 100, READS, true, 50),
    DONE('H', 186, RS_EVENT_HELD, NULL),
    DONE('J', 190, RS_EVENT_RESUMED, NULL),
    DONE('P', 182, RS_EVENT_GATE_PASSED, "writes-fast"),
    DONE('R', 212, RS_EVENT_GATE_PASSED, "writes-fast"),
    DONE('S', 242.9, RS_EVENT_GATE_PASSED, "writes-fast"),
    DONE('Q', 182, RS_EVENT_GATE_FAILED, "writes-fast"),
};
/* clang-format on */

/* clang-format off */
static const struct line rolled_back[] = {
    DONE('a', -10, RS_EVENT_CHECKED_OFF, "everybody briefed"),
    ENTERED('b', 0, DARK),
    DONE('c', 1, RS_EVENT_COMMUNICATED, "Stage transition"),
    DONE('d', 9, RS_EVENT_DOCUMENTED, "Deploy code with all flags off"),
    DONE('1', 10, RS_EVENT_DOCUMENTED, "restore rehearsed"),
    DONE('2', 11, RS_EVENT_DOCUMENTED, "other deployments frozen"),
    DONE('3', 12, RS_EVENT_DOCUMENTED, "named the deputy"),
    DONE('4', 13, RS_EVENT_DOCUMENTED, "dashboards open"),
    DONE('5', 13.5, RS_EVENT_DOCUMENTED, "caches warmed"),
    DONE('e', 14, RS_EVENT_DOCUMENTED, "telemetry validated"),
    ENTERED('f', 53, READS_STAGE),
    FLAG('g', 53.5, READS, true, 100),
    DONE('h', 56, RS_EVENT_CHECK_PASSED, "Smoke tests"),
    DONE('i', 57, RS_EVENT_COMMUNICATED, "Stage transition"),
    DONE('j', 70, RS_CLOCK_DETECTED, "WebBad"),
    DONE('k', 70.2, RS_CLOCK_NOTIFIED, NULL),
    DONE('l', 71, RS_CLOCK_ACKNOWLEDGED, NULL),
    DONE('m', 72, RS_CLOCK_DECIDED, NULL),
    FLAG('n', 73, READS, false, 0),
    DONE('o', 74, RS_EVENT_ACTION_DONE, "purged the cache"),
    DONE('p', 74.2, RS_CLOCK_COMPLETED, NULL),
    DONE('q', 76, RS_EVENT_COMMUNICATED, "Web rolled back"),
    DONE('r', 82, RS_EVENT_DOCUMENTED, "Incident entry"),
    DONE('s', 86, RS_EVENT_DOCUMENTED, "timeline and resolution"),
    DONE('z', 600, RS_EVENT_NOTE, "the end of the log"),
    DONE('E', 80.5, RS_EVENT_ESCALATED, "lead"),
    DONE('F', 60, RS_EVENT_CHECK_FAILED, "Smoke tests"),
};
/* clang-format on */

/* ---- a retrospective by hand ---- */

static struct made {
    struct scenario *sc;
    struct retro_evidence e;
    struct retro_source source;
    struct retro *r;
    struct arena *arena;
    struct retro_contradiction odds;
} made;

static const char *change_of(const struct conform_row *row, char sign, char tag)
{
    for (const char *p = row->change; *p; p++) {
        if ((p == row->change || p[-1] == ' ') &&
            (sign == '@' ? p[0] == tag && p[1] == '@' : p[0] == sign && p[1] == tag))
            return p + 2;
    }
    return NULL;
}

static void add_line(const struct conform_row *row, const struct line *l)
{
    bool extra = l->tag >= 'A' && l->tag <= 'Z';
    if (extra ? !change_of(row, '+', l->tag) : change_of(row, '-', l->tag) != NULL)
        return;
    const char *moved = change_of(row, '@', l->tag);
    double minute = moved ? strtod(moved, NULL) : l->minute;
    int64_t at_ns = zero_ns + (int64_t)llround(minute * 60.0) * RS_NS_PER_S;
    if (l->tag == row->doubt)
        made.odds = (struct retro_contradiction){
            .text = "it was told otherwise", .mark_a = -1, .mark_b = made.e.n_mark, .episode = 0};
    made.e.mark[made.e.n_mark++] = (struct retro_mark){.event = l->event,
                                                       .written_lo_ns = at_ns,
                                                       .written_hi_ns = at_ns + RS_NS_PER_S,
                                                       .subject = l->subject,
                                                       .stage = l->stage,
                                                       .flag = l->flag,
                                                       .on = l->on,
                                                       .percent = l->percent};
}

static double level_at(const struct conform_row *row, const char *metric, double minute)
{
    for (int i = 0; i < N_OF(row->level); i++) {
        const struct level *l = &row->level[i];
        if (l->metric && strcmp(l->metric, metric) == 0 && minute >= l->from && minute < l->until)
            return l->level;
    }
    return 0.0;
}

/* "*" takes all series away. */
static bool is_gap(const struct conform_row *row, double minute)
{
    for (int i = 0; i < N_OF(row->level); i++) {
        const struct level *l = &row->level[i];
        if (l->metric && strcmp(l->metric, "*") == 0 && minute >= l->from && minute < l->until)
            return true;
    }
    return false;
}

static void record(const struct conform_row *row)
{
    static const char *const metric[] = {"bad", "slow", "lost"};
    made.e.data = rs_recorded_new(NULL);
    for (int i = 0; i < N_OF(metric); i++) {
        struct label l = {"__name__", metric[i]};
        int series = rs_recorded_series(made.e.data, rs_labels_intern(made.e.data->labels, 1, &l));
        for (int s = 0; s <= 300 * 60; s += 15) {
            if (!is_gap(row, s / 60.0))
                rs_recorded_add(made.e.data, series, zero_ns / RS_NS_PER_MS + s * 1000 + 7,
                                level_at(row, metric[i], s / 60.0));
        }
    }
    rs_recorded_sort(made.e.data);
}

static struct retro_instant instant_of(int mark)
{
    struct retro_instant i = {.how = RS_HOW_RECORDED, .confidence = 1.0, .mark = mark, .source = 0};
    rs_retro_mark_instant(made.r, mark, &i.lo_ns, &i.hi_ns);
    i.best_ns = i.lo_ns + (i.hi_ns - i.lo_ns) / 2;
    return i;
}

static void judge_sla(struct retro_episode *e)
{
    const struct retro_instant *from = &e->at[RS_CLOCK_DETECTED], *to = &e->at[RS_CLOCK_COMPLETED];
    e->sla_ns = 5 * MIN_NS;
    e->sla_why = "by hand";
    e->sla = from->how == RS_HOW_UNKNOWN            ? RS_SLA_UNDECIDABLE
             : to->hi_ns - from->lo_ns <= e->sla_ns ? RS_SLA_KEPT
             : to->lo_ns - from->hi_ns > e->sla_ns  ? RS_SLA_BROKEN
                                                    : RS_SLA_UNDECIDABLE;
}

static void rebuild(bool back, bool doubt)
{
    struct retro_rebuilt *t = &made.r->rebuilt;
    const struct retro_evidence *e = &made.e;
    t->stage = RS_ARENA_ARRAY(made.r->arena, struct retro_instant, made.sc->response.n_stage);
    t->flag_step = RS_ARENA_ARRAY(made.r->arena, struct retro_flag_step, e->n_mark);
    struct retro_episode *ep = RS_ARENA_ARRAY(made.r->arena, struct retro_episode, 1);
    *ep = (struct retro_episode){
        .name = "web-bad", .procedure = 0, .stage = READS_STAGE, .had_rollback = true};
    for (int i = 0; i < e->n_mark; i++) {
        const struct retro_mark *m = &e->mark[i];
        if (m->event == RS_EVENT_STAGE_ENTERED && t->stage[m->stage].how == RS_HOW_UNKNOWN)
            t->stage[m->stage] = instant_of(i);
        if (m->event == RS_EVENT_FINISHED)
            t->finished = instant_of(i);
        if (m->event == RS_EVENT_FLAG_SET) {
            t->flag_step[t->n_flag_step++] =
                (struct retro_flag_step){m->flag, m->on, m->percent, instant_of(i)};
            if (back && !m->on)
                ep->at[RS_CLOCK_COMMANDED] = instant_of(i);
        }
        if (m->event < RS_CLOCK_N)
            ep->at[m->event] = instant_of(i);
        if (m->event == RS_CLOCK_DETECTED)
            ep->alert = m->subject;
    }
    judge_sla(ep);
    t->episode = ep;
    t->n_episode = back;
    t->contradiction = &made.odds;
    t->n_contradiction = doubt;
}

struct retro *conform_case(const struct conform_row *row)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    const struct line *line = row->back ? rolled_back : completed;
    int n_line = row->back ? N_OF(rolled_back) : N_OF(completed);
    made.sc = rs_scenario_load(RS_SOURCE_DIR "/tests/verify/retro/conform.yaml", &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert(made.sc != NULL);
    made.arena = rs_arena_new();
    made.source = (struct retro_source){.name = "notes",
                                        .kind = RS_SOURCE_TIMELINE,
                                        .accuracy_ns = row->accuracy_s * RS_NS_PER_S,
                                        .first_ns = RS_NEVER,
                                        .last_ns = RS_NEVER};
    made.e = (struct retro_evidence){
        .arena = made.arena,
        .scenario = made.sc,
        .n_source = 1,
        .source = &made.source,
        .mark = RS_ARENA_ARRAY(made.arena, struct retro_mark, n_line),
        .n_rule_file = made.sc->monitoring.n_rule_file,
        .rule_file = (const struct rule_file *const *)made.sc->monitoring.rule_file,
        .evaluation_interval_ns = 30 * RS_NS_PER_S,
        .lookback_ns = 5 * MIN_NS,
        .confidence = 0.95};
    for (int i = 0; i < n_line; i++)
        add_line(row, &line[i]);
    record(row);
    struct arena *arena = rs_arena_new();
    made.r = rs_arena_alloc(arena, sizeof(*made.r));
    made.r->arena = arena;
    made.r->evidence = &made.e;
    made.r->rebuilt.offset = RS_ARENA_ARRAY(arena, struct retro_offset, 1);
    ck_assert_int_eq(rs_retro_see(made.r, &errors), 0);
    rebuild(row->back, row->doubt != 0);
    ck_assert_int_eq(rs_retro_conform(made.r, &errors), 0);
    rs_err_list_clear(&errors);
    return made.r;
}

void conform_case_end(void)
{
    rs_retro_free(made.r);
    rs_recorded_free(made.e.data);
    rs_scenario_free(made.sc);
    rs_arena_free(made.arena);
}
