/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "make_retro.h"

#include <math.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { N_STAGE = 6, N_FLAG = 3, N_SET = 4, N_MARK = 12 };

const char *const past_fixture_name[RETRO_N] = {"full", "one", "many", "empty", "bare", "awkward"};

struct maker {
    sqlite3 *db;
    enum past_fixture kind;
    int n_episode, n_service;
    double zero, length, step; /* seconds */
    const char *end;           /* of names */
    uint64_t state;
};

__attribute__((format(printf, 2, 3))) static void run(struct maker *m, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *sql = sqlite3_vmprintf(fmt, ap);
    va_end(ap);
    if (sqlite3_exec(m->db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        fprintf(stderr, "make_retro: %s: %s\n", sqlite3_errmsg(m->db), sql);
        abort();
    }
    sqlite3_free(sql);
}

/* SplitMix64, as in make_search. */
static double uniform(struct maker *m)
{
    uint64_t z = (m->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return ((double)((z ^ (z >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

/* ---- episodes -------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *how;
    double after, back, forth; /* seconds after the onset; how far it may be to either side */
} marks[N_MARK] = {
    {"changed", "recorded", -95, 0.5, 0.5},     {"onset", "inferred", 0, 22, 14},
    {"first_bad_sample", "computed", 12, 0, 0}, {"pending", "computed", 60, 15, 15},
    {"detected", "computed", 180, 15, 15},      {"notified", "recorded", 194, 1, 1},
    {"acknowledged", "recorded", 260, 0, 1},    {"decided", "recorded", 340, 30, 30},
    {"commanded", "recorded", 390, 0, 1},       {"effective", "inferred", 417, 9, 12},
    {"completed", "bounded", 440, 20, 60},      {"recovered", "computed", 610, 15, 15},
};

static double onset(const struct maker *m, int episode)
{
    return m->zero + m->length * (episode + 0.7) / (m->n_episode + 0.6);
}

/* Later ones take longer, so that all verdicts occur. */
static double slowness(int episode)
{
    return 0.8 + 0.35 * (episode % 4);
}

static double at(const struct maker *m, int episode, int mark)
{
    return onset(m, episode) + marks[mark].after * (marks[mark].after > 0 ? slowness(episode) : 1);
}

static const char *verdict(int episode)
{
    return episode % 4 == 0 ? "kept" : episode % 4 == 1 ? "undecidable" : "broken";
}

static void put_marks(struct maker *m, int i)
{
    bool awkward = m->kind == RETRO_AWKWARD;
    for (int k = 0; k < N_MARK; k++) {
        double t = at(m, i, k);
        if (awkward && k >= 9 && i == 0)
            run(m,
                "INSERT INTO instant VALUES (%d, %d, '%s', 'unknown', %d, NULL, NULL, NULL, "
                "NULL, 'nothing bears on it')",
                i + 1, k, marks[k].name, k == 11);
        else if (awkward && (k == 1 || k == 10))
            run(m,
                "INSERT INTO instant VALUES (%d, %d, '%s', 'bounded', 0, NULL, %.3f, NULL, 1, "
                "'by the order of the clock alone')",
                i + 1, k, marks[k].name, t);
        else
            run(m,
                "INSERT INTO instant VALUES (%d, %d, '%s', '%s', 0, %.3f, %.3f, %.3f, 1, "
                "'timeline.yaml:%d')",
                i + 1, k, marks[k].name, marks[k].how, t - marks[k].back, t, t + marks[k].forth,
                12 + k);
    }
}

static void put_episode(struct maker *m, int i)
{
    bool bare = m->kind == RETRO_BARE;
    char signal[16] = "NULL", number[16] = "";
    if (i > 0)
        snprintf(number, sizeof number, " %d", i + 1);
    if (!bare)
        snprintf(signal, sizeof signal, "%d", 10 + 2 * (i % m->n_service));
    const char *why =
        m->kind == RETRO_AWKWARD
            ? "completed may have been anywhere between the command and the recovery, "
              "which is 4m 10s, and detected within one evaluation of 30s"
            : "detected is known to 30s, completed to 1m 20s";
    run(m,
        "INSERT INTO episode VALUES (%d, 'portal-outage%s%s', 'portal-outage%s', 'Phase 4, step "
        "%d', 'stage-%d', 'portal-%d%s', 'PortalSLA%s', %s, 300, '%s', '%s')",
        i + 1, number, m->end, m->end, i, i % N_STAGE, i % m->n_service, m->end, m->end, signal,
        verdict(i), why);
    put_marks(m, i);
    double from = at(m, i, 4), until = at(m, i, 10);
    run(m, "INSERT INTO leg VALUES (%d, 0, 'detected', 'completed', %.3f, %.3f, %.3f)", i + 1,
        until - 20 - from - 15, until - from, until + 60 - from + 15);
}

/* ---- signals --------------------------------------------------------------------------------------------------------- */

/* How much of the fault there is at an instant in the service's signals. */
static double fault_at(const struct maker *m, int service, double t)
{
    for (int i = 0; i < m->n_episode; i++) {
        if (i % m->n_service == service && t >= onset(m, i) && t < at(m, i, 9))
            return 1;
    }
    return 0;
}

static void put_point(struct maker *m, int signal, double t, double n, double k)
{
    double level = k / n, half = 1.96 * sqrt(level * (1 - level) / n + 1 / (n * n));
    run(m, "INSERT INTO point VALUES (%d, %.1f, %.1f, %.0f, %.0f, %.9g, %.9g, %.9g)", signal, t,
        t + m->step, n, k, level, fmax(0, level - half), fmin(1, level + half));
}

static void put_service(struct maker *m, int i)
{
    const char *word[2] = {"errors", "slow"};
    for (int kind = 0; kind < 2; kind++) {
        int signal = 10 + 2 * i + kind;
        run(m, "INSERT INTO signal VALUES (%d, 'portal-%d%s %s', 'ratio', 'ratio', 'portal-%d%s')",
            signal, i, m->end, word[kind], i, m->end);
        for (double t = m->zero; t < m->zero + m->length; t += m->step) {
            double day = 0.6 + 0.4 * sin(t / 86400 * 6.283),
                   n = floor(900 * day * (0.9 + 0.2 * uniform(m)));
            double base = kind == 0 ? 0.002 : 0.03, bad = kind == 0 ? 0.2 : 0.35;
            double part = fault_at(m, i, t + m->step / 2);
            /* The scraper was away for a while. */
            if (t - m->zero > 0.42 * m->length && t - m->zero < 0.45 * m->length)
                continue;
            put_point(m, signal, t, n, floor(n * (base + bad * part) * (0.7 + 0.6 * uniform(m))));
        }
    }
}

static void put_changes(struct maker *m)
{
    int n = 0;
    for (int i = 0; i < m->n_episode; i++) {
        int signal = 10 + 2 * (i % m->n_service);
        double up = onset(m, i), down = at(m, i, 9);
        run(m,
            "INSERT INTO change VALUES (%d, %d, %.1f, %.1f, %.1f, 0.002, 0.2, 0.17, 0.23, 0, 40)",
            ++n, signal, up - 20, up + 3, up + 14);
        run(m,
            "INSERT INTO change VALUES (%d, %d, %.1f, %.1f, %.1f, 0.2, 0.002, 0.001, 0.004, 0, 33)",
            ++n, signal, down - 9, down, down + 12);
    }
}

static void put_others(struct maker *m)
{
    run(m, "INSERT INTO signal VALUES (1, 'settlement mismatches%s', '1/s', 'count', NULL)",
        m->end);
    run(m, "INSERT INTO signal VALUES (2, 'checkout latency, p95%s', 's', 'value', NULL)", m->end);
    for (double t = m->zero; t < m->zero + m->length; t += 4 * m->step) {
        double bad = fault_at(m, 0, t), level = 0.01 * uniform(m) + 0.4 * bad;
        run(m, "INSERT INTO point VALUES (1, %.1f, %.1f, %.0f, %.6g, %.6g, NULL, NULL)", t,
            t + 4 * m->step, 4 * m->step, 4 * m->step * level, level);
        run(m, "INSERT INTO point VALUES (2, %.1f, %.1f, NULL, NULL, %.6g, NULL, NULL)", t,
            t + 4 * m->step, 0.2 + 0.1 * uniform(m) + 9 * bad);
    }
}

/* ---- stages, flags, known faults ------------------------------------------------------------------------------------- */

static void put_plan(struct maker *m)
{
    for (int i = 0; i < N_STAGE; i++) {
        double t = m->zero + m->length * (i + 0.2) / (N_STAGE + 0.5);
        if (m->kind == RETRO_AWKWARD && i == 4)
            run(m,
                "INSERT INTO stage VALUES (%d, 'stage-%d%s', 'Stage', NULL, 'unknown', NULL, "
                "NULL, NULL)",
                i, i, m->end);
        else
            run(m,
                "INSERT INTO stage VALUES (%d, 'stage-%d%s', 'Stage %d', 'Phase %d', 'recorded', "
                "%.1f, %.1f, %.1f)",
                i, i, m->end, i, i, t - 60, t, t + (i == 2 ? 2400 : 60));
        if (i > 0 && i - 1 < N_FLAG)
            run(m,
                "INSERT INTO flag_step VALUES (%d, 'PORTAL_PRISMA_%d%s', 'on', %s, 'recorded', "
                "%.1f, %.1f, %.1f)",
                100 + i, i - 1, m->end,
                i == 1   ? "5"
                : i == 2 ? "50"
                         : "NULL",
                t, t + 20, t + 40);
    }
    for (int i = 0; i < m->n_episode; i++)
        run(m,
            "INSERT INTO flag_step VALUES (%d, 'PORTAL_PRISMA_0%s', '%s', %s, 'recorded', %.1f, "
            "%.1f, %.1f)",
            200 + i, m->end, i % 2 ? "on" : "off", i % 2 ? "20" : "NULL", at(m, i, 8),
            at(m, i, 8) + 0.5, at(m, i, 8) + 1);
}

static void put_known(struct maker *m)
{
    for (int i = 0; i < m->n_episode; i++) {
        double t = onset(m, i), error = i % 5 == 4 ? 140 : 3 - 0.9 * i;
        if (i % 6 == 5)
            run(m,
                "INSERT INTO known VALUES (%d, 'fault %d: cpu contention in portal-%d%s', %.1f, "
                "%.1f, NULL, NULL)",
                i, i, i % m->n_service, m->end, t, t + 180);
        else
            run(m,
                "INSERT INTO known VALUES (%d, 'fault %d: cpu contention in portal-%d%s', %.1f, "
                "%.1f, %d, %.3f)",
                i, i, i % m->n_service, m->end, t, t + 180, 2 * i + 1, error);
    }
}

/* ---- what if --------------------------------------------------------------------------------------------------------- */

static void put_alarms(struct maker *m, int set)
{
    static const char *const alert[2] = {"PortalSLA", "PortalErrorBudgetBurn"};
    int n = 0;
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < m->n_episode; i++) {
            double pending = onset(m, i) + 60 + 30 * k - 12 * set,
                   firing = pending + 120 - 20 * set;
            run(m,
                "INSERT INTO alarm VALUES (%d, %d, %d, '%s%s', 'service=\"portal-%d\"', %.1f, "
                "%.1f, %.1f)",
                set, n++, i + 1, alert[k], m->end, i % m->n_service, pending, firing, firing + 14);
        }
        if (set == 2 && k == 0)
            run(m, "INSERT INTO alarm VALUES (%d, %d, NULL, '%s%s', '', NULL, %.1f, NULL)", set,
                n++, alert[k], m->end, m->zero + 0.62 * m->length);
    }
}

static void put_questions(struct maker *m)
{
    static const struct {
        const char *name, *kind;
        double errors; /* of the real ones */
    } sets[N_SET + 1] = {{"as it happened", "rules", 1},
                         {"shipped rules", "rules", 0.97},
                         {"tighter", "rules", 0.4},
                         {"automation 5s", "automation", 0.45},
                         {"no rollback for 24h", "no_rollback", 130}};
    for (int k = 0; k <= N_SET; k++) {
        run(m, "INSERT INTO counterfactual VALUES (%d, '%s%s', '%s', %d)", k, sets[k].name,
            k ? m->end : "", sets[k].kind, k == 0);
        if (k < 3)
            put_alarms(m, k);
        for (int i = 0; i < m->n_episode; i++) {
            double errors = sets[k].errors * (900 + 400 * (i % 3)), users = errors / 7;
            double done = onset(m, i) + 440 * slowness(i) * fmin(1, sets[k].errors);
            if (k == 4 && i % 3 == 1)
                run(m,
                    "INSERT INTO outcome (counterfactual, episode, refused) VALUES (%d, %d, "
                    "'the series of portal-%d%s end 4m after the rollback: the faulty path was "
                    "not seen for long enough to be fitted')",
                    k, i + 1, i % m->n_service, m->end);
            else
                run(m,
                    "INSERT INTO outcome (counterfactual, episode, detected, commanded, "
                    "completed, completed_low, completed_high, errors_low, errors, errors_high, "
                    "users_hurt_low, users_hurt, users_hurt_high) VALUES (%d, %d, %s, %.1f, "
                    "%.1f, %.1f, %.1f, %.1f, %.1f, %.1f, %s)",
                    k, i + 1, k == 4 ? "NULL" : "0", done - 60, done, done - 25, done + 50,
                    0.8 * errors, errors, 1.3 * errors, "NULL, NULL, NULL");
            if (m->kind != RETRO_ONE)
                run(m,
                    "UPDATE outcome SET users_hurt = %.1f, users_hurt_low = %.1f, "
                    "users_hurt_high = %.1f WHERE refused IS NULL AND counterfactual = %d AND "
                    "episode = %d",
                    users, 0.7 * users, 1.5 * users, k, i + 1);
            run(m, "UPDATE outcome SET detected = %.1f WHERE detected = 0",
                onset(m, i) + 180 - 40 * k);
            run(m, "UPDATE outcome SET detected = NULL, commanded = NULL, completed = NULL, "
                   "completed_low = NULL, completed_high = NULL WHERE counterfactual = 4");
        }
    }
}

/* ---- fits ------------------------------------------------------------------------------------------------------------ */

static double log_normal(double x, double median, double sigma)
{
    return 0.5 * erfc(-log(x / median) / sigma / sqrt(2));
}

static void put_fit(struct maker *m, int i, const char *name, double median, int n)
{
    double sigma = 0.7, assumed = 1.6 * median;
    bool refused = m->kind == RETRO_AWKWARD && i == 2;
    run(m,
        "INSERT INTO fit VALUES (%d, 'people', '%s%s', 'roles/on-call/%s', NULL, 'maximum "
        "likelihood, interval-censored lognormal', 'timeline.yaml', %s, 1, %d, "
        "'Kolmogorov and Smirnov''s test', 0.1, %s, %d)",
        i, name, m->end, name,
        refused ? "'two of the times are the same mark, read twice'" : "NULL", n,
        i == 1 ? "0.004" : "0.41", i != 1);
    run(m, "INSERT INTO fit_parameter VALUES (%d, 0, 'median', 's', %.1f, %.1f, %.1f, %.1f)", i,
        assumed, median, 0.8 * median, 1.3 * median);
    run(m, "INSERT INTO fit_parameter VALUES (%d, 1, 'sigma', '', NULL, 0.7, 0.55, 0.92)", i);
    for (int k = 0; k < n; k++) {
        double u = (k + uniform(m)) / n, z = log(u / (1 - u)) / 1.7, x = median * exp(sigma * z);
        double half = i == 0 ? 30 : 0.5;
        if (k == n - 1)
            run(m, "INSERT INTO fit_duration VALUES (%d, %d, %.2f, %.2f, NULL, 'x')", i, k, x, x);
        else
            run(m, "INSERT INTO fit_duration VALUES (%d, %d, %.2f, %.2f, %.2f, 'x')", i, k,
                fmax(0, x - half), x, x + half);
    }
    for (int k = 0; k < 200 && !refused; k++) {
        double x = median * exp(sigma * (k - 100) / 30.0);
        run(m, "INSERT INTO fit_curve VALUES (%d, %.4f, %.6f, %.6f)", i, x,
            log_normal(x, median, sigma), log_normal(x, assumed, 0.5));
    }
}

/* ---- the whole ------------------------------------------------------------------------------------------------------- */

static char *read_schema(void)
{
    FILE *f = fopen(RS_SOURCE_DIR "/verify/retro.sql", "rb");
    char *text = calloc(1, 1 << 16);
    if (!f || !text || fread(text, 1, (1 << 16) - 1, f) == 0)
        abort();
    fclose(f);
    return text;
}

static void fill(struct maker *m)
{
    bool bare = m->kind == RETRO_BARE;
    run(m,
        "INSERT INTO meta VALUES ('name', 'prisma-2025-10%s'), ('rollsim_version', '0.1.0'), "
        "('confidence', '0.95'), ('reference', 'prometheus%s'), ('dated', '%d')",
        m->end, m->end, !bare);
    run(m,
        "INSERT INTO source (source, name, kind, file, n_line, n_taken, n_rejected, n_duplicate, "
        "n_out_of_order, clock) VALUES (0, 'prometheus', 'metrics', 'm.om', 1, 1, 0, 0, 0, "
        "'reference'), (1, 'notes', 'timeline', 't.yaml', 1, 1, 0, 0, 0, 'estimated')");
    if (!bare) {
        run(m, "INSERT INTO meta VALUES ('scenario_name', 'prisma%s')", m->end);
        for (int i = 0; i < m->n_service; i++)
            put_service(m, i);
        put_others(m);
        put_changes(m);
        put_plan(m);
        put_known(m);
        put_questions(m);
        put_fit(m, 0, "on-call acknowledges", 75, m->kind == RETRO_MANY ? 80 : 24);
        put_fit(m, 1, "on-call decides", 40, 9);
        if (m->kind != RETRO_ONE)
            put_fit(m, 2, "PORTAL_PRISMA spreads", 12, 30);
    }
    for (int i = 0; i < m->n_episode; i++)
        put_episode(m, i);
}

void make_retro(const char *path, enum past_fixture kind)
{
    static const int n_episode[RETRO_N] = {3, 1, 20, 0, 30, 3},
                     n_service[RETRO_N] = {3, 1, 8, 0, 1, 3};
    struct maker m = {.kind = kind,
                      .n_episode = n_episode[kind],
                      .n_service = n_service[kind],
                      .zero = kind == RETRO_BARE ? 0 : 1759838400, /* 2025-10-07 12:00 */
                      .length = kind == RETRO_ONE    ? 4 * 3600
                                : kind == RETRO_FULL ? 86400
                                                     : 3 * 86400,
                      .end = kind == RETRO_AWKWARD ? "-of-some-length-#1-<&>" : "",
                      .state = 7};
    m.step = fmax(120, m.length / 400);
    unlink(path);
    if (sqlite3_open(path, &m.db) != SQLITE_OK)
        abort();
    char *schema = read_schema();
    run(&m, "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY");
    if (sqlite3_exec(m.db, schema, NULL, NULL, NULL) != SQLITE_OK)
        abort();
    free(schema);
    run(&m, "BEGIN");
    if (kind != RETRO_EMPTY)
        fill(&m);
    run(&m, "COMMIT");
    sqlite3_close(m.db);
}
