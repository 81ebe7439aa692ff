/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"
#include "models/scenario.h"
#include "sim/arena.h"
#include "verify_run.h"

/* The shards of one run, each at its place. */
struct shards {
    uint64_t n;
    struct journal **journal; /* [n] owned; NULL = not seen yet */
    const char **file;        /* [n] */
};

/* Is this the scenario that they were run with, and the rollsim? */
static int check_scenario(const struct shards *s, const struct scenario *sc, struct err *err)
{
    struct journal_key key = *rs_journal_key(s->journal[0]);
    key.scenario_sha256 = sc->sha256;
    key.rollsim_version = ROLLSIM_VERSION;
    return rs_journal_matches(s->journal[0], &key, sc, err);
}

static int read_shard(
    void *ctx, const struct scenario *sc, uint64_t replica, struct history *out, struct err *err)
{
    struct shards *s = ctx;
    uint64_t i = replica % s->n;
    if (replica == 0 && check_scenario(s, sc, err)) {
        return -1;
    }
    int got = rs_journal_read(s->journal[i], sc, replica, out, err);
    if (got == 0) {
        return rs_err_set(err, RS_E_USAGE, "%s is damaged: replica %" PRIu64 " is not in it",
                          s->file[i], replica);
    }
    return got;
}

/* ---- are they all there? --------------------------------------------------------------------------------------------- */

static int too_many_shards(const char *file, const struct journal_key *key, struct err *err)
{
    return rs_err_set(err, RS_E_USAGE,
                      "%s is a whole run, no shard: there is nothing to merge it with (%" PRIu64
                      " replicas, seed %" PRIu64 ")",
                      file, key->n_budget, key->seed);
}

/* Puts one at its place. Takes j. */
static int place(struct shards *s, struct journal *j, const char *file, struct err *err)
{
    const struct journal_key *key = rs_journal_key(j);
    int status = 0;
    if (key->n_shard <= 1) {
        status = too_many_shards(file, key, err);
    } else if (!s->journal) {
        s->n = key->n_shard;
        s->journal = rs_xcalloc(s->n, sizeof(struct journal *));
        s->file = rs_xcalloc(s->n, sizeof(char *));
    } else {
        uint64_t first = 0;
        while (!s->journal[first]) {
            first++;
        }
        status = rs_journal_matches(j, rs_journal_key(s->journal[first]), NULL, err);
        if (status) {
            rs_err_context(err, "%s and %s are of two runs", s->file[first], file);
        }
    }
    if (status == 0 && s->journal[key->shard]) {
        status = rs_err_set(err, RS_E_USAGE, "%s and %s are both shard %" PRIu64 "/%" PRIu64,
                            s->file[key->shard], file, key->shard + 1, key->n_shard);
    }
    if (status) {
        rs_journal_close(j);
        return -1;
    }
    s->journal[key->shard] = j;
    s->file[key->shard] = file;
    return 0;
}

/* What to type for the one that is missing, or that and how many more. */
static int check_complete(const struct shards *s, struct err *err)
{
    uint64_t n_missing = 0, first = 0;
    const struct journal_key *key = NULL;
    for (uint64_t i = s->n; i-- > 0;) {
        if (s->journal[i]) {
            key = rs_journal_key(s->journal[i]);
        } else {
            n_missing++;
            first = i;
        }
    }
    if (n_missing == 0) {
        return 0;
    }
    char others[64] = "";
    if (n_missing > 1) {
        snprintf(others, sizeof others, " and %" PRIu64 " more", n_missing - 1);
    }
    bool more_words = key->claims[0] || key->traffic[0];
    return rs_err_set(
        err, RS_E_USAGE,
        "shard %" PRIu64 "/%" PRIu64 "%s is missing: rollsim verify %.100s --replicas "
        "%" PRIu64 " --seed %" PRIu64 "%s%s --shard %" PRIu64 "/%" PRIu64 " -o FILE makes it",
        first + 1, s->n, others, key->scenario_file, key->n_budget, key->seed,
        key->all_replicas ? " --all" : "",
        more_words ? " and the others' --claim and --traffic" : "", first + 1, s->n);
}

static int open_shards(struct shards *s, const struct cli_args *args, struct err *err)
{
    for (int i = 0; i < args->n_operand; i++) {
        struct journal *j = rs_journal_open(args->operand[i], err);
        if (!j || place(s, j, args->operand[i], err)) {
            return -1;
        }
    }
    return check_complete(s, err);
}

static void close_shards(struct shards *s)
{
    for (uint64_t i = 0; i < s->n; i++) {
        rs_journal_close(s->journal[i]);
    }
    free(s->journal);
    free(s->file);
}

/* ---- what is written must not be what is read -------------------------------------------------------------------------- */

static bool is_same_file(const char *a, const char *b)
{
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

/* The record, or a file that is kept beside it while it is made, is one of the shards by whatever name: it would be lost. */
static int check_output(const struct cli_args *args, struct err *err)
{
    static const char *const endings[] = {"", ".part", ".part-journal", ".new"};
    int status = 0;
    for (size_t i = 0; status == 0 && i < sizeof endings / sizeof endings[0]; i++) {
        size_t n = strlen(args->output) + strlen(endings[i]) + 1;
        char *name = rs_xcalloc(n, 1);
        snprintf(name, n, "%s%s", args->output, endings[i]);
        for (int k = 0; status == 0 && k < args->n_operand; k++) {
            if (is_same_file(name, args->operand[k])) {
                status = rs_err_set(err, RS_E_USAGE,
                                    "-o %s would write over the shard %s: name another file",
                                    args->output, args->operand[k]);
            }
        }
        free(name);
    }
    return status;
}

/* ---- merging --------------------------------------------------------------------------------------------------------- */

static int run_shards(struct shards *s,
                      const struct cli_args *args,
                      int format,
                      struct err_list *errors,
                      struct err *err)
{
    struct resume from;
    if (rs_resume_merged(&from, args, s->journal[0], err)) {
        rs_resume_close(&from);
        return -1;
    }
    from.read = read_shard;
    from.read_ctx = s;
    int status = rs_verify_run(&from, format, errors, err);
    rs_resume_close(&from);
    return status;
}

static int run_merge(const struct cli_args *args)
{
    int format, refused = rs_verify_reports(&format, args);
    if (refused) {
        return refused;
    }
    struct err err = {0};
    struct err_list errors;
    struct shards s = {0};
    rs_err_list_init(&errors);
    int status = -1;
    if (!args->output) {
        rs_err_set(&err, RS_E_USAGE, "-o RUN.db names the record to be made");
    } else if (check_output(args, &err) == 0 && open_shards(&s, args, &err) == 0) {
        status = run_shards(&s, args, format, &errors, &err);
    }
    if (status < 0) {
        rs_err_list_push(&errors, &err);
        status = rs_err_exit_status(&err);
    }
    if (errors.n > 0) {
        status = rs_verify_fail(args, format, &errors, status);
    }
    close_shards(&s);
    rs_err_list_clear(&errors);
    return status;
}

static const struct option_row options[] = {
    RS_TEXT('o', output, "output", "RUN.db", "record the run in this SQLite file"),
    RS_TEXT(0, scenario, "scenario", "FILE", "where the scenario is now, if it has moved"),
    RS_TEXT(0, plots, "plots", "DIR", "draw the pictures too"),
    RS_SWITCH('f', force, "force", "replace an existing record"),
    RS_ROWS_VERDICTS,
};

const struct cmd cmd_merge = {
    .name = "merge",
    .args = "SHARD...",
    .summary = "make one run of the shards that verify --shard left",
    .about =
        "Takes the histories of all shards in the order of the replicas, decides every claim and "
        "writes the record, with\n"
        "the same bits as one run of rollsim verify. A run that is not to go through all replicas "
        "(--all) stops where that\n"
        "one would have stopped. All shards must be there and finished, of one scenario, seed and "
        "version.\n"
        "\n"
        "Exit status: as rollsim verify.",
    .examples = "  rollsim verify prisma.yaml --shard 1/3 -o part-1.db   (on three machines: 1/3, "
                "2/3, 3/3)\n"
                "  rollsim merge -o prisma.db part-1.db part-2.db part-3.db\n",
    .n_operand_min = 1,
    .n_operand_max = RS_MAX_OPERAND,
    .n_option = sizeof options / sizeof options[0],
    .option = options,
    .run = run_merge,
};
