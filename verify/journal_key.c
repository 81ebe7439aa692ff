/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose histories a journal holds: the key as rows of meta, its check sum, and what differs between two. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "journal_file.h"
#include "models/scenario.h"

enum kind { TEXT, COUNT, SWITCH };

static const struct row {
    const char *name;
    enum kind kind;
    size_t offset; /* in struct journal_key */
} rows[] = {
    {"scenario_file", TEXT, offsetof(struct journal_key, scenario_file)},
    {"scenario_sha256", TEXT, offsetof(struct journal_key, scenario_sha256)},
    {"rollsim_version", TEXT, offsetof(struct journal_key, rollsim_version)},
    {"seed", COUNT, offsetof(struct journal_key, seed)},
    {"n_budget", COUNT, offsetof(struct journal_key, n_budget)},
    {"all_replicas", SWITCH, offsetof(struct journal_key, all_replicas)},
    {"gsl_samplers", SWITCH, offsetof(struct journal_key, gsl_samplers)},
    {"claims", TEXT, offsetof(struct journal_key, claims)},
    {"traffic", TEXT, offsetof(struct journal_key, traffic)},
    {"shard", COUNT, offsetof(struct journal_key, shard)},
    {"n_shard", COUNT, offsetof(struct journal_key, n_shard)},
};
enum { N_ROW = sizeof rows / sizeof rows[0] };

uint64_t rs_journal_share(const struct journal_key *key)
{
    return key->n_budget > key->shard ? (key->n_budget - key->shard - 1) / key->n_shard + 1 : 0;
}

static const char *copy(struct arena *arena, const char *text)
{
    return rs_arena_strdup(arena, text ? text : "");
}

void rs_journal_take_key(struct journal *j,
                         const struct journal_key *key,
                         const struct scenario *sc)
{
    j->key = *key;
    for (int i = 0; i < N_ROW; i++) {
        const char **text = (const char **)(void *)((char *)&j->key + rows[i].offset);
        if (rows[i].kind == TEXT)
            *text = copy(j->arena, *text);
    }
    j->n_source = sc->n_input;
    j->source = RS_ARENA_ARRAY(j->arena, struct journal_source, sc->n_input);
    for (int i = 0; i < sc->n_input; i++)
        j->source[i] = (struct journal_source){copy(j->arena, sc->input[i].path),
                                               copy(j->arena, sc->input[i].sha256)};
}

/* ---- as rows --------------------------------------------------------------------------------------------------------- */

static const char *value_text(char buf[32], const struct journal_key *key, const struct row *row)
{
    const char *at = (const char *)key + row->offset;
    switch (row->kind) {
    case TEXT: return *(const char *const *)(const void *)at;
    case COUNT: snprintf(buf, 32, "%" PRIu64, *(const uint64_t *)(const void *)at); return buf;
    case SWITCH: return *(const bool *)at ? "1" : "0";
    }
    return "";
}

static void weigh(XXH64_state_t *sum, const char *text)
{
    XXH64_update(sum, text, strlen(text) + 1);
}

/* XXH64 over every text with its end, in the order of the rows: neither a changed value nor a moved border goes unseen. */
static void check_sum(char out[17], const struct journal *j)
{
    char buf[32];
    XXH64_state_t *sum = XXH64_createState();
    XXH64_reset(sum, 0);
    for (int i = 0; i < N_ROW; i++)
        weigh(sum, value_text(buf, &j->key, &rows[i]));
    weigh(sum, j->overwrite ? "1" : "0");
    for (int i = 0; i < j->n_source; i++) {
        weigh(sum, j->source[i].path);
        weigh(sum, j->source[i].sha256);
    }
    snprintf(out, 17, "%016" PRIx64, (uint64_t)XXH64_digest(sum));
    XXH64_freeState(sum);
}

/* A statement with texts for its first places, run to its end. */
static int put(struct journal *j, const char *text, const char *a, const char *b, struct err *err)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(j->sql, text, -1, &st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(st, 1, a, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(st, 2, b, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    int failed = rc == SQLITE_DONE ? 0 : rs_journal_sql_error(j, err);
    sqlite3_finalize(st);
    return failed;
}

int rs_journal_put_key(struct journal *j, struct err *err)
{
    static const char meta[] = "INSERT INTO meta VALUES (?, ?)";
    char buf[32];
    int rc = 0;
    for (int i = 0; rc == 0 && i < N_ROW; i++)
        rc = put(j, meta, rows[i].name, value_text(buf, &j->key, &rows[i]), err);
    for (int i = 0; rc == 0 && i < j->n_source; i++)
        rc = put(j, "INSERT INTO source (path, sha256) VALUES (?, ?)", j->source[i].path,
                 j->source[i].sha256, err);
    check_sum(buf, j);
    if (rc != 0 || put(j, meta, "overwrites", j->overwrite ? "1" : "0", err) != 0)
        return -1;
    return put(j, meta, "state", j->key.merge ? "merging" : "running", err) != 0
               ? -1
               : put(j, meta, "check", buf, err);
}

/* The value of a row of meta in the arena; NULL = there is no such row. */
static const char *get(struct journal *j, const char *name)
{
    sqlite3_stmt *st = NULL;
    const char *out = NULL;
    if (sqlite3_prepare_v2(j->sql, "SELECT value FROM meta WHERE key = ?", -1, &st, NULL) ==
            SQLITE_OK &&
        sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW)
        out = copy(j->arena, (const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
    return out;
}

/* 0, or -1: no value of this kind. */
static int take_value(struct journal_key *key, const struct row *row, const char *text)
{
    char *at = (char *)key + row->offset, *end = NULL;
    if (!text)
        return -1;
    switch (row->kind) {
    case TEXT: *(const char **)(void *)at = text; return 0;
    case COUNT:
        errno = 0;
        *(uint64_t *)(void *)at = strtoull(text, &end, 10);
        return *text && !*end && errno == 0 ? 0 : -1;
    case SWITCH:
        *(bool *)at = text[0] == '1';
        return strcmp(text, "0") == 0 || strcmp(text, "1") == 0 ? 0 : -1;
    }
    return -1;
}

static void get_sources(struct journal *j)
{
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(j->sql, "SELECT path, sha256 FROM source ORDER BY source", -1, &st,
                           NULL) != SQLITE_OK)
        return; /* records of older versions have none */
    while (sqlite3_step(st) == SQLITE_ROW) {
        struct journal_source *old = j->source;
        j->source = RS_ARENA_ARRAY(j->arena, struct journal_source, j->n_source + 1);
        if (old)
            memcpy(j->source, old, (size_t)j->n_source * sizeof *old);
        j->source[j->n_source++] =
            (struct journal_source){copy(j->arena, (const char *)sqlite3_column_text(st, 0)),
                                    copy(j->arena, (const char *)sqlite3_column_text(st, 1))};
    }
    sqlite3_finalize(st);
}

/* A record's meta tells some of the key, and has no check sum. */
static void get_record_key(struct journal *j)
{
    for (int i = 0; i < N_ROW; i++)
        (void)take_value(&j->key, &rows[i], get(j, rows[i].name));
}

static bool is_state(const char *text)
{
    return strcmp(text, "running") == 0 || strcmp(text, "merging") == 0 ||
           strcmp(text, "finished") == 0;
}

int rs_journal_get_key(struct journal *j, struct err *err)
{
    j->key = (struct journal_key){
        .scenario_sha256 = "", .scenario_file = "", .rollsim_version = "", .n_shard = 1};
    j->key.claims = j->key.traffic = "";
    get_sources(j);
    const char *state = get(j, "state"), *check = get(j, "check");
    if (!state && j->finished) {
        get_record_key(j);
        return 0;
    }
    bool fine = state && check && is_state(state);
    for (int i = 0; fine && i < N_ROW; i++)
        fine = take_value(&j->key, &rows[i], get(j, rows[i].name)) == 0;
    const char *overwrites = get(j, "overwrites");
    fine = fine && overwrites && j->key.n_shard >= 1 && j->key.shard < j->key.n_shard;
    if (fine) {
        char want[17];
        j->overwrite = strcmp(overwrites, "1") == 0;
        j->finished = strcmp(state, "finished") == 0;
        j->key.merge = strcmp(state, "merging") == 0;
        check_sum(want, j);
        fine = strcmp(want, check) == 0;
    }
    return fine ? 0
                : rs_err_set(err, RS_E_USAGE, "%s is damaged: what it is of cannot be read",
                             j->file);
}

/* ---- what differs ---------------------------------------------------------------------------------------------------- */

static const struct journal_source *find_source(const struct journal *j, const char *path)
{
    for (int i = 0; i < j->n_source; i++) {
        if (strcmp(j->source[i].path, path) == 0)
            return &j->source[i];
    }
    return NULL;
}

/* Another scenario, with the first file in which it shows: the last name of its path tells most. */
static int other_scenario(const struct journal *j,
                          const struct journal_key *key,
                          const struct scenario *sc,
                          struct err *err)
{
    for (int i = 0; sc && i < sc->n_input; i++) {
        const struct journal_source *was = find_source(j, sc->input[i].path);
        if (was && strcmp(was->sha256, sc->input[i].sha256) != 0)
            return rs_err_set(err, RS_E_USAGE,
                              "%s is of another scenario: %s has changed (sha256 %.12s, was %.12s)",
                              j->file, sc->input[i].path, sc->input[i].sha256, was->sha256);
    }
    return rs_err_set(err, RS_E_USAGE, "%s is of another scenario (sha256 %.12s, this is %.12s)",
                      j->file, j->key.scenario_sha256, key->scenario_sha256);
}

/* "portal" of "portal=FILE": the file's content is in the scenario's check sum, whatever its name. */
static bool same_services(const char *a, const char *b)
{
    while (*a && *b) {
        size_t n = strcspn(a, "=\n"), m = strcspn(b, "=\n");
        if (n != m || memcmp(a, b, n) != 0)
            return false;
        a += strcspn(a, "\n");
        b += strcspn(b, "\n");
        a += *a == '\n';
        b += *b == '\n';
    }
    return !*a && !*b;
}

/* Lines as a list for people. */
static const char *listed(char *buf, size_t n, const char *lines, const char *none)
{
    snprintf(buf, n, "%s", *lines ? lines : none);
    for (char *p = buf; *p; p++) {
        if (*p == '\n')
            *p = ' ';
    }
    return buf;
}

static int other_count(
    const struct journal *j, const char *what, uint64_t have, uint64_t want, struct err *err)
{
    return rs_err_set(err, RS_E_USAGE, "%s is of a run with %s %" PRIu64 ", not %" PRIu64, j->file,
                      what, have, want);
}

int rs_journal_matches(const struct journal *j,
                       const struct journal_key *key,
                       const struct scenario *sc,
                       struct err *err)
{
    const struct journal_key *have = &j->key;
    char a[96], b[96];
    if (strcmp(have->rollsim_version, key->rollsim_version) != 0)
        return rs_err_set(err, RS_E_USAGE, "%s was written by rollsim %s, this is %s", j->file,
                          have->rollsim_version, key->rollsim_version);
    if (strcmp(have->scenario_sha256, key->scenario_sha256) != 0)
        return other_scenario(j, key, sc, err);
    if (have->seed != key->seed)
        return other_count(j, "seed", have->seed, key->seed, err);
    if (have->n_budget != key->n_budget)
        return other_count(j, "--replicas", have->n_budget, key->n_budget, err);
    if (have->n_shard != key->n_shard)
        return other_count(j, "a number of shards of", have->n_shard, key->n_shard, err);
    if (have->all_replicas != key->all_replicas)
        return rs_err_set(err, RS_E_USAGE, "%s is of a run %s --all", j->file,
                          have->all_replicas ? "with" : "without");
    if (have->gsl_samplers != key->gsl_samplers)
        return rs_err_set(err, RS_E_USAGE, "%s is of a run with %s samplers", j->file,
                          have->gsl_samplers ? "GSL's" : "rollsim's own");
    if (strcmp(have->claims, key->claims ? key->claims : "") != 0)
        return rs_err_set(err, RS_E_USAGE, "%s is of a run with other claims: %s, not %s", j->file,
                          listed(a, sizeof a, have->claims, "all"),
                          listed(b, sizeof b, key->claims ? key->claims : "", "all"));
    if (!same_services(have->traffic, key->traffic ? key->traffic : ""))
        return rs_err_set(err, RS_E_USAGE, "%s is of a run with other --traffic: %s, not %s",
                          j->file, listed(a, sizeof a, have->traffic, "none"),
                          listed(b, sizeof b, key->traffic ? key->traffic : "", "none"));
    return 0;
}
