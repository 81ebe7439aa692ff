/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "make_db.h"

#include <math.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Sizes of the made-up run. */
enum {
    N_REPLICA = 600,
    N_FAULT = 5,
    N_SERVICE = 4,
    N_FLAG = 5,
    N_STAGE = 6,
    WHOLE_STEP = 600,
    CLOSE_STEP = 30
};
enum { N_WHOLE = 330, N_CLOSE = 140, SLA_S = 300 };

struct maker {
    sqlite3 *db;
    enum made_kind kind;
    int coarse; /* of the grids' points, every so manieth is made */
    uint64_t state;
};

static void check(struct maker *m, int rc)
{
    if (rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW)
        return;
    fprintf(stderr, "make_db: %s\n", sqlite3_errmsg(m->db));
    abort();
}

__attribute__((format(printf, 2, 3))) static void run(struct maker *m, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *sql = sqlite3_vmprintf(fmt, ap);
    va_end(ap);
    check(m, sqlite3_exec(m->db, sql, NULL, NULL, NULL));
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

static double normal(struct maker *m)
{
    double u = uniform(m), v = uniform(m);
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

static double lognormal(struct maker *m, double median, double sigma)
{
    return median * exp(sigma * normal(m));
}

static int poisson(struct maker *m, double mean)
{
    if (mean > 30)
        return (int)fmax(0, round(mean + sqrt(mean) * normal(m)));
    double p = exp(-mean), u = uniform(m), sum = p;
    int k = 0;
    while (u > sum && k < 200)
        sum += p *= mean / ++k;
    return k;
}

static const struct {
    const char *name, *title;
    int service, flag, stage;
    double ratio, latency_factor, detect_median_s, detect_sigma, miss;
} faults[N_FAULT] = {
    {"prisma-read-errors", "Reads through the Prisma layer fail", 0, 0, 1, 0.08, 1, 260, 0.4, 0.05},
    {"settlement-inconsistency", "Settlements are rolled back", 1, 1, 2, 0.01, 1, 420, 0.3, 0.02},
    {"portal-errors", "The portal answers with 5xx", 2, 3, 3, 0.02, 1, 1100, 0.35, 0.04},
    {"portal-latency", "Portal queries grow slow", 2, 3, 3, 0, 30, 2400, 0.5, 0.35},
    {"vault-auth-failure", "No authentication to Vault", 3, 4, 4, 0.25, 1, 75, 0.5, 0.1},
};
static const struct {
    const char *name;
    double per_s, ratio, p50, p99;
} services[N_SERVICE] = {
    {"dashboard", 3.2, 0.0005, 0.080, 0.4},
    {"settlement", 1.5, 0.0002, 0.180, 1.0},
    {"portal", 30, 0.0012, 0.060, 0.3},
    {"settings", 0.2, 0.0003, 0.040, 0.2},
};
static const char *const flags[N_FLAG] = {"PERSISTENCE_PRISMA_READS", "FINANCIAL_ORCHESTRATOR",
                                          "LEGACY_SETTLEMENT_FALLBACK", "PORTAL_PRISMA",
                                          "SETTINGS_SECURE_PROVIDER"};
/* Seconds at which the stages begin and the rollout ends. */
static const double stage_at[N_STAGE + 1] = {0, 3600, 10800, 86400, 185400, 189600, 190200};

static void put_names(struct maker *m)
{
    static const char *const procedures[N_FAULT] = {"dashboard-errors", "settlement-inconsistency",
                                                    "portal-outage", "portal-outage-slow",
                                                    "secret-provider-failure"};
    bool awkward = m->kind == MADE_AWKWARD;
    for (int i = 0; i < N_STAGE; i++)
        run(m, "INSERT INTO stage VALUES (%d, 'stage-%d', 'Stage %d', NULL, 3600)", i, i, i);
    for (int i = 0; i < N_FLAG; i++)
        run(m, "INSERT INTO flag VALUES (%d, '%s%s', NULL, %d)", i, flags[i],
            awkward ? "_AND_SOMETHING_MORE#1" : "", i == 2);
    for (int i = 0; i < N_SERVICE; i++)
        run(m, "INSERT INTO service VALUES (%d, '%s', NULL, 5, 0.995)", i, services[i].name);
    for (int i = 0; i < N_FAULT; i++) {
        run(m, "INSERT INTO fault VALUES (%d, '%s%s', '%s', NULL, 0.1, %d)", i, faults[i].name,
            awkward ? "-of-the-second-kind<&>#-and-longer" : "", faults[i].title,
            faults[i].service);
        run(m, "INSERT INTO procedure VALUES (%d, '%s', NULL, NULL, %d, NULL)", i, procedures[i],
            SLA_S);
    }
}

static void put_thresholds(struct maker *m)
{
    static const struct {
        const char *name, *source, *unit;
        int service;
        double value;
    } rows[] = {
        {"stage-1-error-rate", "gate", "ratio", 0, 0.005},
        {"dashboard-errors", "trigger", "ratio", 0, 0.01},
        {"dashboard-p95", "gate", "seconds", 0, 0.5},
        {"settlement-errors", "alert", "ratio", 1, 0.005},
        {"stage-3-error-rate", "gate", "ratio", 2, 0.01},
        {"portal-outage", "trigger", "ratio", 2, 0.02},
        {"PortalSLA", "alert", "ratio", 2, 0.99},
        {"stage-3-latency", "gate", "seconds", 2, 0.2},
        {"portal-outage", "trigger", "seconds", 2, 2},
        {"OrchestratorRollbacks", "alert", "number", 1, 3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        run(m, "INSERT INTO threshold VALUES ('%s', '%s', %d, 'made up', %.17g, '%s', NULL)",
            rows[i].name, rows[i].source, rows[i].service, rows[i].value, rows[i].unit);
}

static void put_meta(struct maker *m)
{
    static const char *const rows[][2] = {
        {"scenario_name", "prisma"},
        {"scenario_title", "Prisma persistence rollout"},
        {"rollsim_version", "0.1.0"},
        {"starts_at", "2025-09-29T09:00:00Z"},
        {"seed", "7"},
        {"n_replica", "600"},
        {"confidence", "0.95"},
        {"trajectory_step_s", "600"},
        {"horizon_s", "259200"},
        {"stopped_early", "0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        run(m, "INSERT INTO meta VALUES ('%s', '%s')", rows[i][0], rows[i][1]);
}

/* One rollback: marks in the order of the schema's columns; NAN = did not happen. */
enum { N_MARK = 14, DETECTED = 3, COMMANDED = 7, EFFECTIVE = 10, COMPLETED = 11, RECOVERED = 12 };

static void make_marks(struct maker *m, double *at, int fault, double onset)
{
    double detect = lognormal(m, faults[fault].detect_median_s, faults[fault].detect_sigma);
    at[0] = onset;
    at[1] = onset + 30 * uniform(m);
    at[2] = fault == 0 ? NAN : onset + 0.6 * detect;
    at[3] = onset + fmax(40, detect);
    at[4] = at[3] + lognormal(m, 6, 0.5);
    at[5] = at[4] + lognormal(m, 110, 0.8);
    at[6] = at[5] + lognormal(m, 50, 0.8);
    at[7] = at[6] + lognormal(m, 20, 0.5);
    at[8] = at[7] + 7 * (0.5 + uniform(m));
    at[9] = at[8] + 5 * uniform(m);
    at[10] = at[9] + 3 * uniform(m);
    at[11] = at[10] + (fault == 4 ? lognormal(m, 90, 0.5) : fault == 2 ? 30 : 1.5);
    at[12] = at[11] + lognormal(m, 200, 0.4);
    at[13] = at[12] + lognormal(m, fault == 2 ? 1500 : 300, 0.3);
}

static void
put_episode(struct maker *m, int replica, int fault, const double *at, bool open, bool cut)
{
    char values[640];
    int n = 0;
    for (int i = 0; i < N_MARK; i++) {
        bool happened = !isnan(at[i]) && !(open && i >= EFFECTIVE);
        n += snprintf(values + n, sizeof values - (size_t)n, happened ? "%.3f, " : "NULL, ", at[i]);
    }
    run(m, "INSERT INTO episode VALUES (%d, 0, %d, %d, %d, 'alert', 'AlertOf%d', %s%d, %d)",
        replica, fault, faults[fault].stage, fault, fault, values, open && !cut, cut);
}

static void
put_trace(struct maker *m, int replica, int *seq, double at, const char *kind, int a, double x)
{
    run(m, "INSERT INTO trace VALUES (%d, %d, %.3f, '%s', %d, 0, %.6f, '')", replica, (*seq)++, at,
        kind, a, x);
}

/* Exposure climbs or falls over some instances, a few seconds apart. */
static void
put_flag(struct maker *m, int replica, int *seq, double at, int flag, double from, double to)
{
    for (int i = 1; i <= 4; i++)
        put_trace(m, replica, seq, at + 3.5 * i, "flag_at", flag, from + (to - from) * i / 4);
}

static void put_history(struct maker *m, int replica, int fault, const double *marks)
{
    int seq = 0;
    double stop = fault >= 0 && !isnan(marks[COMMANDED]) ? marks[COMMANDED] : 1e9;
    for (int i = 0; i < N_STAGE && stage_at[i] < stop; i++)
        put_trace(m, replica, &seq, stage_at[i], "stage", i, 0);
    static const struct {
        double at, from, to;
        int flag;
    } sets[] = {{3660, 0, 1, 0},     {10860, 0, 1, 1},       {86000, 1, 0, 2},
                {86460, 0, 0.1, 3},  {173400, 0.1, 0.25, 3}, {177000, 0.25, 0.5, 3},
                {180600, 0.5, 1, 3}, {185460, 0, 1, 4}};
    for (size_t i = 0; i < sizeof sets / sizeof *sets && sets[i].at < stop; i++)
        put_flag(m, replica, &seq, sets[i].at, sets[i].flag, sets[i].from, sets[i].to);
    if (stop < 1e9)
        put_flag(m, replica, &seq, stop, faults[fault].flag, fault == 2 || fault == 3 ? 0.1 : 1, 0);
}

/* Errors and latency of a service at t, with the fault live between onset and effective. */
static double ratio_at(int service, int fault, double t, double onset, double end)
{
    double ratio = services[service].ratio;
    if (fault >= 0 && faults[fault].service == service && t >= onset && t < end)
        ratio += faults[fault].ratio;
    return ratio;
}

static double
latency_at(struct maker *m, int service, int fault, double t, double onset, double end, double z)
{
    double sigma = log(services[service].p99 / services[service].p50) / 2.326;
    double factor = 1;
    if (fault >= 0 && faults[fault].service == service && t >= onset && t < end)
        factor = 1 + (faults[fault].latency_factor - 1) * fmin(1, (t - onset) / 1200) *
                         (z > 1 ? 1 : 0.1);
    return services[service].p50 * exp(sigma * z) * factor * exp(0.03 * normal(m));
}

static double rate_at(int service, double t)
{
    return services[service].per_s * (0.65 + 0.35 * sin(6.2831853 * (t - 3600) / 86400));
}

static void put_track(struct maker *m,
                      int replica,
                      const char *grid,
                      int service,
                      int fault,
                      double t0,
                      int step,
                      int n,
                      double onset,
                      double end)
{
    step *= m->coarse;
    for (int i = 0; i < n / m->coarse; i++) {
        double t = t0 + i * step, mid = t + step / 2.0;
        int requests = poisson(m, rate_at(service, mid) * step);
        int errors = poisson(m, requests * ratio_at(service, fault, mid, onset, end));
        double q[3] = {0, 1.645, 2.326};
        for (int k = 0; k < 3; k++)
            q[k] = latency_at(m, service, fault, mid, onset, end, q[k]);
        run(m,
            "INSERT INTO trajectory VALUES (%d, '%s', %d, %d, %.3f, %d, %d, %d, %.6f, %.6f, %.6f)",
            replica, grid, service, i, t, step, requests, errors, q[0], q[1], q[2]);
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void put_band(struct maker *m,
                     int fault,
                     int service,
                     const char *grid,
                     const char *metric,
                     int i,
                     double t,
                     double *v,
                     int n)
{
    qsort(v, (size_t)n, sizeof *v, by_value);
    run(m,
        "INSERT INTO band VALUES (%d, %d, '%s', '%s', %d, %.3f, %d, %.6f, %.6f, %.6f, %.6f, %.6f)",
        fault, service, grid, metric, i, t, n, v[n / 20], v[n / 4], v[n / 2], v[3 * n / 4],
        v[n - 1 - n / 20]);
}

/* Bands from 40 made-up replicas at each point. */
static void
put_bands(struct maker *m, int fault, int service, const char *grid, double t0, int step, int n)
{
    enum { N = 40 };
    static const char *const metric[] = {"latency_p50_s", "latency_p95_s", "latency_p99_s"};
    static const double z[] = {0, 1.645, 2.326};
    double v[4][N], end[N];
    for (int k = 0; k < N; k++)
        end[k] = fault < 0 ? 0 : lognormal(m, faults[fault].detect_median_s + 220, 0.4);
    step *= m->coarse;
    for (int i = 0; i < n / m->coarse; i++) {
        double t = t0 + i * step, mid = t + step / 2.0, day = fault < 0 ? mid : 40000;
        for (int k = 0; k < N; k++) {
            int requests = poisson(m, rate_at(service, day) * step);
            v[3][k] = requests ? poisson(m, requests * ratio_at(service, fault, mid, 0, end[k])) /
                                     (double)requests
                               : 0;
            for (int j = 0; j < 3; j++)
                v[j][k] = latency_at(m, service, fault, mid, 0, end[k], z[j]);
        }
        put_band(m, fault, service, grid, "error_ratio", i, t, v[3], N);
        for (int j = 0; j < 3; j++)
            put_band(m, fault, service, grid, metric[j], i, t, v[j], N);
    }
}

static void put_kept(
    struct maker *m, int replica, int fault, const char *why, const double *marks, double onset)
{
    run(m, "INSERT OR IGNORE INTO chosen VALUES (%d, %s, '%s')", replica,
        fault < 0 ? "NULL" : (const char[][2]){"0", "1", "2", "3", "4"}[fault], why);
    double end = fault >= 0 && !isnan(marks[EFFECTIVE]) ? marks[EFFECTIVE] : 1e9;
    put_history(m, replica, fault, marks);
    for (int s = 0; s < N_SERVICE; s++)
        put_track(m, replica, "whole", s, fault, 0, WHOLE_STEP, N_WHOLE, onset, end);
    if (fault >= 0)
        put_track(m, replica, "close", faults[fault].service, fault, onset - 300, CLOSE_STEP,
                  N_CLOSE, onset, end);
}

/* The card's numbers from the legs of all episodes of a fault. */
static void put_card(struct maker *m, int fault)
{
    static const char *const mark[N_MARK] = {
        "onset",        "first_bad_sample", "pending",   "detected",      "notified",
        "acknowledged", "decided",          "commanded", "effective_p50", "effective_p95",
        "effective",    "completed",        "recovered", "resolved"};
    for (int leg = 0; leg < N_MARK; leg++) {
        const char *from = leg < N_MARK - 1 ? mark[leg] : "detected";
        const char *to = leg < N_MARK - 1 ? mark[leg + 1] : "completed";
        if (fault == 0 && (leg == 1 || leg == 2)) { /* no alert, so nothing was pending */
            if (leg == 2)
                continue;
            to = "detected";
        }
        run(m,
            "WITH x AS (SELECT %s - %s AS s, row_number() OVER (ORDER BY %s - %s) AS i, count(*) "
            "OVER () "
            "AS n FROM episode WHERE fault = %d AND %s IS NOT NULL AND %s IS NOT NULL) INSERT INTO "
            "card "
            "SELECT %d, %d, %d, '%s', '%s', count(*), (SELECT count(*) FROM episode WHERE fault = "
            "%d AND "
            "%s IS NOT NULL AND %s IS NULL), max(s) FILTER (WHERE i <= (n + 1) / 2), max(s) FILTER "
            "(WHERE "
            "i <= 0.95 * n), max(s) FILTER (WHERE i <= 0.99 * n), max(s), NULL, NULL, NULL FROM x",
            to, from, to, from, fault, to, from, fault, fault, leg, from, to, fault, from, to);
    }
    run(m,
        "INSERT INTO card_summary SELECT %d, %d, (SELECT count(*) FROM replica WHERE fault = %d "
        "AND "
        "fault_started), count(*), (SELECT count(*) FROM replica WHERE fault = %d AND outcome = "
        "'missed'), "
        "%d, coalesce(sum(completed - detected <= %d), 0), 0.4, 0.6 FROM episode WHERE fault = %d",
        fault, fault, fault, fault, SLA_S, SLA_S, fault);
}

static const char *outcome_of(struct maker *m, int fault, bool missed, bool open)
{
    double u = uniform(m);
    if (fault < 0)
        return u < 0.93 ? "completed" : u < 0.96 ? "held" : u < 0.985 ? "rolled-back" : "halted";
    if (missed)
        return u < 0.6 ? "missed" : u < 0.8 ? "held" : "running";
    return open ? "halted" : "rolled-back";
}

static void put_replica(struct maker *m, int replica)
{
    double marks[N_MARK], u = uniform(m);
    int fault = u < 0.5 ? (int)(u * 10) : -1;
    int stage = fault < 0 ? 5 : faults[fault].stage;
    bool started = fault >= 0 && uniform(m) > 0.03;
    bool all_missed = m->kind == MADE_AWKWARD && fault == 3;
    bool missed = fault >= 0 && (all_missed || uniform(m) < faults[fault].miss);
    bool open = uniform(m) < 0.04, cut = uniform(m) < 0.3;
    double onset = fault < 0 ? NAN : stage_at[stage] + 60 - 1200 * log(uniform(m));
    for (int i = 0; i < N_MARK; i++)
        marks[i] = NAN;
    if (started && !missed)
        make_marks(m, marks, fault, onset);
    char fault_text[8] = "NULL", onset_text[32] = "NULL";
    if (fault >= 0)
        snprintf(fault_text, sizeof fault_text, "%d", fault);
    if (started)
        snprintf(onset_text, sizeof onset_text, "%.3f", onset);
    double ended = isnan(marks[COMPLETED]) ? stage_at[N_STAGE] : marks[COMPLETED];
    run(m,
        "INSERT INTO replica (replica, world, fault, fault_started, onset_s, outcome, "
        "stage_reached, ended_s, sim_s, n_episode, false_rollback, n_request, n_error, n_slow, "
        "users_hurt, budget_burned, n_page, n_alert_fired) VALUES (%d, %d, %s, %d, %s, '%s', %d, "
        "%.3f, %.3f, %d, 0, 1000000, "
        "1000, 5000, "
        "12, 0.1, 2, 1)",
        replica, replica % 100, fault_text, started, onset_text,
        outcome_of(m, started ? fault : -1, missed, open), stage, ended, ended + 2700,
        started && !missed);
    if (m->kind == MADE_BARE)
        return;
    if (started && !missed)
        put_episode(m, replica, fault, marks, open, cut);
    static const char *const why[] = {"first", "median"};
    for (int k = 0; k < 2 && (fault < 0 || started); k++) {
        sqlite3_stmt *q = NULL;
        check(m, sqlite3_prepare_v2(
                     m->db, "SELECT count(*) FROM chosen WHERE coalesce(fault, -1) = ? AND why = ?",
                     -1, &q, NULL));
        sqlite3_bind_int(q, 1, fault);
        sqlite3_bind_text(q, 2, why[k], -1, SQLITE_STATIC);
        check(m, sqlite3_step(q));
        int n = sqlite3_column_int(q, 0);
        sqlite3_finalize(q);
        /* A median that rolled back in fair time, if one comes by. */
        bool fits = k == 0 || fault < 0 || all_missed || (!missed && !open);
        if (n == 0 && fits) {
            put_kept(m, replica, fault, why[k], marks, onset);
            break;
        }
    }
}

static char *read_schema(void)
{
    FILE *f = fopen(RS_SOURCE_DIR "/verify/schema.sql", "rb");
    if (!f)
        abort();
    char *text = calloc(1, 1 << 16);
    if (!text || fread(text, 1, (1 << 16) - 1, f) == 0)
        abort();
    fclose(f);
    return text;
}

void make_db_anew(const char *path, enum made_kind kind)
{
    /* Valgrind looks for errors of memory: a tenth of the points is enough for it. */
    int coarse = getenv("RS_UNDER_VALGRIND") != NULL ? 10 : 1;
    struct maker m = {.kind = kind, .coarse = coarse, .state = 7};
    unlink(path);
    check(&m, sqlite3_open(path, &m.db));
    char *schema = read_schema();
    run(&m, "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY");
    check(&m, sqlite3_exec(m.db, schema, NULL, NULL, NULL));
    free(schema);
    run(&m, "BEGIN");
    if (kind != MADE_EMPTY) {
        put_meta(&m);
        put_names(&m);
        put_thresholds(&m);
        for (int i = 0; i < N_REPLICA; i++)
            put_replica(&m, i);
    }
    if (kind == MADE_FULL || kind == MADE_AWKWARD) {
        for (int s = 0; s < N_SERVICE; s++)
            put_bands(&m, -1, s, "whole", 0, WHOLE_STEP, N_WHOLE);
        for (int f = 0; f < N_FAULT; f++) {
            put_bands(&m, f, faults[f].service, "close", -300, CLOSE_STEP, N_CLOSE);
            put_card(&m, f);
        }
    }
    run(&m, "COMMIT");
    sqlite3_close(m.db);
}
