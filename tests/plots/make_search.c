/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "make_search.h"

#include <math.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "verify/stats.h"

enum { N_PARAM = 6, MAX_VALUE = 6, N_OBJECTIVE = 5, N_REPLICA = 2000 };

const char *const made_search_name[SEARCH_N] = {"four", "three", "two",    "five",
                                                "one",  "empty", "awkward"};

struct maker {
    sqlite3 *db;
    enum made_search kind;
    int n_param, n_objective;
    uint64_t state;
};

__attribute__((format(printf, 2, 3))) static void run(struct maker *m, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *sql = sqlite3_vmprintf(fmt, ap);
    va_end(ap);
    if (sqlite3_exec(m->db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        fprintf(stderr, "make_search: %s: %s\n", sqlite3_errmsg(m->db), sql);
        abort();
    }
    sqlite3_free(sql);
}

/* SplitMix64: this program needs no better one, and no library. */
static double uniform(struct maker *m)
{
    uint64_t z = (m->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return ((double)((z ^ (z >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

static const struct {
    const char *name, *what, *type;
    int today, chosen, n;
    struct {
        const char *text;
        double number; /* NaN: a word */
    } value[MAX_VALUE];
} params[N_PARAM] = {
    {"portal-threshold",
     "threshold of alert PortalSLA",
     "ratio",
     3,
     2,
     5,
     {{"0.95", 0.95}, {"0.97", 0.97}, {"0.98", 0.98}, {"0.99", 0.99}, {"0.995", 0.995}}},
    {"portal-range",
     "ranges of alert PortalSLA",
     "duration",
     4,
     1,
     5,
     {{"2m", 120}, {"5m", 300}, {"10m", 600}, {"20m", 1200}, {"30m", 1800}}},
    {"portal-for",
     "for of alert PortalSLA",
     "duration",
     0,
     2,
     6,
     {{"0s", 0}, {"30s", 30}, {"1m", 60}, {"2m", 120}, {"4m", 240}, {"8m", 480}}},
    {"group-wait",
     "group_wait of the root route",
     "duration",
     2,
     0,
     3,
     {{"0s", 0}, {"10s", 10}, {"30s", 30}}},
    {"look-every",
     "how often stage-3 is looked at",
     "duration",
     2,
     2,
     4,
     {{"1m", 60}, {"5m", 300}, {"15m", 900}, {"1h", 3600}}},
    {"propagation",
     "how PORTAL_PRISMA spreads",
     "word",
     1,
     1,
     2,
     {{"streaming", NAN}, {"polling", NAN}}},
};

static const struct {
    const char *name, *stat, *unit;
} objectives[N_OBJECTIVE] = {
    {"miss portal-errors within 30m", "miss", ""},
    {"alerts per week, no fault", "rate", "alerts/w"},
    {"95 % of onset to completed, portal-errors", "quantile", "s"},
    {"mean users hurt since onset, portal-errors", "mean", "users"},
    {"false rollback", "probability", ""},
};

/* What a setting really comes to. */
static double truth(const double *v, int objective)
{
    double margin = (v[0] - 0.90) / 0.1, window = v[1], wait = v[2];
    double noise = exp(-window / 900.0) + 0.02;
    double miss = 0.5 * exp(-7 * margin * noise) * (1 + wait / 300) * exp(-window / 4000);
    double alarms = 30 * exp(-9 * (1 - margin)) * noise * exp(-wait / 60) + (margin > 0.8) * 0.2;
    double detect = window * (1.1 - margin) + wait + v[3] + 60;
    switch (objective) {
    case 0: return fmin(1, miss < 0.002 ? 0 : miss);
    case 1: return alarms < 0.002 ? 0 : alarms;
    case 2: return miss > 0.3 ? INFINITY : detect + 400 + v[4] / 10;
    case 3: return 3 + detect / 40 + 100 * miss;
    default: return fmin(1, alarms / 100);
    }
}

struct told {
    double value, low, high;
};

static struct told tell(struct maker *m, double truth, int objective, double n)
{
    if (!isfinite(truth))
        return (struct told){INFINITY, 1200, INFINITY};
    if (objective == 0 || objective == 4) {
        uint64_t hit = (uint64_t)lround(truth * n);
        struct interval i = rs_clopper_pearson(hit, (uint64_t)n, 0.9999);
        return (struct told){(double)hit / n, i.low, i.high};
    }
    double half =
        (objective == 1 ? 4 * sqrt(truth + 0.01) / 10 : 0.08 * truth) * (0.8 + 0.4 * uniform(m));
    return (struct told){truth, fmax(0, truth - half), truth + half};
}

/* A number as SQL. */
static const char *real(char *buf, size_t n, double v)
{
    snprintf(buf, n, isinf(v) ? "9e999" : isnan(v) ? "NULL" : "%.9g", v);
    return buf;
}

static void put_told(struct maker *m, const char *head, struct told t, const char *tail)
{
    char a[32], b[32], c[32];
    run(m, "INSERT INTO %s, %s, %s, %s%s)", head, real(a, 32, t.value), real(b, 32, t.low),
        real(c, 32, t.high), tail);
}

static void put_meta(struct maker *m)
{
    const char *end = m->kind == SEARCH_AWKWARD ? "-of-some-length-#1-<&>" : "";
    run(m,
        "INSERT INTO meta VALUES ('scenario_name', 'prisma%s'), ('rollsim_version', '0.1.0'), "
        "('seed', '7'), ('method', 'grid'), ('confidence', '0.95'), ('n_space', '10800'), "
        "('stopped', '%d')",
        end, m->kind == SEARCH_ONE);
    for (int i = 0; i < m->n_param; i++) {
        run(m, "INSERT INTO parameter VALUES (%d, '%s%s', 'rules/x', '%s%s', NULL, '%s', %d)", i,
            params[i].name, end, params[i].what, end, params[i].type, params[i].today);
        for (int k = 0; k < params[i].n; k++) {
            char number[32];
            run(m, "INSERT INTO value VALUES (%d, %d, '%s', %s)", i, k, params[i].value[k].text,
                real(number, 32, params[i].value[k].number));
        }
    }
    for (int i = 0; i < m->n_objective; i++)
        run(m, "INSERT INTO objective VALUES (%d, '%s%s', NULL, NULL, '%s', '%s')", i,
            objectives[i].name, end, objectives[i].stat, objectives[i].unit);
}

static void numbers(const int *value, double *v)
{
    for (int i = 0; i < N_PARAM; i++)
        v[i] = params[i].value[value[i]].number;
}

static double truth_of(const struct maker *m, const int *value, int objective)
{
    double v[N_PARAM];
    numbers(value, v);
    return m->kind == SEARCH_AWKWARD && objective == 2 ? 600 : truth(v, objective);
}

enum { N_POINT = 320 };
struct points {
    int n;
    int value[N_POINT][N_PARAM];
    double truth[N_POINT][N_OBJECTIVE];
};

static bool is_beaten(const struct maker *m, const struct points *p, int point)
{
    for (int k = 0; k < p->n; k++) {
        bool better = true;
        for (int o = 0; better && o < m->n_objective; o++)
            better = p->truth[k][o] < 0.97 * p->truth[point][o];
        if (better)
            return true;
    }
    return false;
}

static void choose_points(struct maker *m, struct points *p)
{
    /* Valgrind looks for errors of memory: a few points are enough for it. */
    int n = getenv("RS_UNDER_VALGRIND") ? 30 : N_POINT;
    p->n = m->kind == SEARCH_ONE ? 5 : n;
    for (int i = 0; i < p->n; i++) {
        for (int k = 0; k < N_PARAM; k++) {
            bool today = i == 0 || k >= m->n_param;
            bool bolder = i == 1 && k == 0 && m->kind == SEARCH_THREE;
            p->value[i][k] = today    ? params[k].today
                             : bolder ? 1
                             : i == 1 ? params[k].chosen
                                      : (int)(uniform(m) * params[k].n);
        }
        for (int o = 0; o < N_OBJECTIVE; o++)
            p->truth[i][o] = truth_of(m, p->value[i], o);
    }
}

static const char *state_of(const struct maker *m, const struct points *p, int i, bool chosen)
{
    if (m->kind == SEARCH_FOUR && i % 40 == 39)
        return "illegal";
    if (m->kind != SEARCH_TWO && i > 1 && p->truth[i][0] > 0.25)
        return "excluded";
    return !chosen && is_beaten(m, p, i) ? "dominated" : "front";
}

static void put_points(struct maker *m)
{
    struct points p;
    choose_points(m, &p);
    for (int i = 0; i < p.n; i++) {
        bool chosen = m->kind != SEARCH_ONE && i == (m->kind == SEARCH_FIVE ? 0 : 1);
        const char *state = state_of(m, &p, i, chosen);
        int n = strcmp(state, "front") == 0 || i == 0 ? N_REPLICA : 300;
        run(m, "INSERT INTO point VALUES (%d, '%s', %d, %d, NULL, NULL, NULL, %d)", i, state,
            i == 0, chosen, n);
        for (int k = 0; k < m->n_param; k++)
            run(m, "INSERT INTO setting VALUES (%d, %d, %d)", i, k, p.value[i][k]);
        for (int o = 0; o < m->n_objective && strcmp(state, "illegal") != 0; o++) {
            char head[64];
            snprintf(head, sizeof head, "estimate VALUES (%d, %d", i, o);
            put_told(m, head, tell(m, p.truth[i][o], o, n), ", 300");
        }
    }
}

static void put_steps(struct maker *m, bool around_chosen)
{
    int value[N_PARAM];
    for (int i = 0; i < m->n_param; i++) {
        for (int k = 0; k < params[i].n; k++) {
            for (int j = 0; j < N_PARAM; j++)
                value[j] = around_chosen ? params[j].chosen : params[j].today;
            value[i] = k;
            for (int o = 0; o < m->n_objective; o++) {
                char head[96];
                snprintf(head, sizeof head, "sensitivity VALUES ('%s', %d, %d, %d",
                         around_chosen ? "chosen" : "today", i, k, o);
                put_told(m, head, tell(m, truth_of(m, value, o), o, N_REPLICA),
                         ", NULL, NULL, NULL, 300");
            }
        }
    }
}

static void put_map(struct maker *m, const char *fault, double own, bool chosen)
{
    bool few = m->kind == SEARCH_AWKWARD;
    for (int y = 0; y < 5; y++) {
        for (int x = 0; x < 7 && own * pow(20, (x - 4) / 3.0) < 0.99; x++) {
            double ratio = fmin(0.99, own * pow(20, (x - 3) / 3.0)), traffic = pow(4, y - 2);
            double bad = ratio * traffic * (chosen ? 400 : 150);
            double p = 1 / (1 + exp(-1.5 * (log(bad) - 1))) * (ratio > (chosen ? 0.004 : 0.01));
            uint64_t n = few                    ? (uint64_t)(x == 2 ? 0 : 5 + 20 * y)
                         : fabs(p - 0.5) < 0.15 ? 400
                                                : 100;
            uint64_t hit =
                (uint64_t)lround(fmin(1, fmax(0, p + 0.05 * (uniform(m) - 0.5))) * (double)n);
            struct interval i = rs_clopper_pearson(hit, n, 0.9996);
            run(m,
                "INSERT INTO map VALUES ('%s%s', '%s', %.9g, %.9g, %.9g, 1800, %d, %d, %.9g, %.9g)",
                fault, few ? "-of-the-second-kind<&>#-and-longer" : "", chosen ? "chosen" : "today",
                ratio, traffic, 30 * traffic, (int)n, (int)hit, i.low, i.high);
        }
    }
}

static char *read_schema(void)
{
    FILE *f = fopen(RS_SOURCE_DIR "/verify/tune.sql", "rb");
    char *text = calloc(1, 1 << 16);
    if (!f || !text || fread(text, 1, (1 << 16) - 1, f) == 0)
        abort();
    fclose(f);
    return text;
}

static void fill(struct maker *m)
{
    put_meta(m);
    put_points(m);
    put_steps(m, false);
    if (m->kind == SEARCH_ONE)
        return;
    if (m->kind != SEARCH_FIVE)
        put_steps(m, true);
    put_map(m, "portal-errors", 0.2, false);
    if (m->kind != SEARCH_FIVE)
        put_map(m, "portal-errors", 0.2, true);
    if (m->kind == SEARCH_TWO)
        return;
    put_map(m, "settlement-inconsistency", 0.01, false);
    put_map(m, "settlement-inconsistency", 0.01, true);
}

void make_search(const char *path, enum made_search kind)
{
    static const int n_objective[SEARCH_N] = {4, 3, 2, 5, 1, 0, 4};
    struct maker m = {.kind = kind,
                      .n_param = kind == SEARCH_ONE ? 1 : N_PARAM,
                      .n_objective = n_objective[kind],
                      .state = 7};
    unlink(path);
    if (sqlite3_open(path, &m.db) != SQLITE_OK)
        abort();
    char *schema = read_schema();
    run(&m, "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY");
    if (sqlite3_exec(m.db, schema, NULL, NULL, NULL) != SQLITE_OK)
        abort();
    free(schema);
    run(&m, "BEGIN");
    if (kind != SEARCH_EMPTY)
        fill(&m);
    run(&m, "COMMIT");
    sqlite3_close(m.db);
}
