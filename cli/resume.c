/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "resume.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "sim/arena.h"
#include "verify/report.h"
#include "verify/store.h"

/* ---- what it was begun with ------------------------------------------------------------------------------------------ */

/* Keeps a text of the journal beyond the journal; returns where it is kept. */
static char *keep(struct resume *r, size_t *at, const char *text)
{
    size_t n = strlen(text) + 1;
    char *out = memcpy(r->texts + *at, text, n);
    *at += n;
    return out;
}

/* Cuts lines apart in place. The number of them, or -1: more than cap. */
static int cut_lines(const char **out, int cap, char *lines)
{
    int n = 0;
    for (char *p = lines; *p; n++) {
        char *end = p + strcspn(p, "\n");
        if (n == cap) {
            return -1;
        }
        out[n] = p;
        p = *end ? end + 1 : end;
        *end = '\0';
    }
    return n;
}

static int too_many(const struct resume *r, struct err *err)
{
    return rs_err_set(err, RS_E_USAGE, "%s.part is damaged: too many claims or recordings",
                      r->path);
}

/* Relative to where the run was begun, which need not be here. */
static int find_scenario(const struct resume *r, const char *file, struct err *err)
{
    if (access(file, R_OK) == 0) {
        return 0;
    }
    if (!r->journal) {
        return rs_err_set(
            err, RS_E_USAGE,
            "the shards are of %s, which cannot be read from here: %s; --scenario FILE "
            "tells where it is now",
            file, strerror(errno));
    }
    return rs_err_set(err, RS_E_USAGE,
                      "%s.part is of %s, which cannot be read from here: %s; rollsim verify "
                      "SCENARIO --resume tells where it is now",
                      r->path, file, strerror(errno));
}

/* What decides the histories, and what is decided by them. */
static int fill_from_key(struct resume *r, const struct journal_key *key, struct err *err)
{
    struct cli_args *args = &r->args;
    size_t at = 0;
    r->texts =
        rs_xcalloc(strlen(key->scenario_file) + strlen(key->claims) + strlen(key->traffic) + 3, 1);
    if (args->n_operand == 0) {
        args->operand[args->n_operand++] = keep(r, &at, key->scenario_file);
        if (find_scenario(r, args->operand[0], err)) {
            return -1;
        }
    }
    if (args->claim.n == 0) {
        args->claim.n = cut_lines(args->claim.item, RS_MAX_LIST, keep(r, &at, key->claims));
    }
    if (args->n_traffic == 0) {
        args->n_traffic = cut_lines(args->traffic, RS_MAX_TRAFFIC, keep(r, &at, key->traffic));
    }
    if (args->claim.n < 0 || args->n_traffic < 0) {
        return too_many(r, err);
    }
    if (!args->seed.given) {
        args->seed = (struct count_arg){true, key->seed};
    }
    if (!args->replicas.given) {
        args->replicas = (struct count_arg){true, key->n_budget};
    }
    args->all = args->all || key->all_replicas;
    if (!args->samplers) {
        args->samplers = key->gsl_samplers ? "gsl" : NULL;
    }
    return 0;
}

static int fill_args(struct resume *r, struct err *err)
{
    const struct journal_key *key = rs_journal_key(r->journal);
    if (fill_from_key(r, key, err)) {
        return -1;
    }
    r->args.output = r->path;
    r->args.force = rs_journal_overwrites(r->journal);
    r->shard = key->shard;
    r->n_shard = key->n_shard;
    r->n_before = rs_journal_count(r->journal);
    return 0;
}

/* The record's name, also when its .part was named. */
static char *record_name(const char *path)
{
    char *name = rs_xstrdup(path);
    size_t n = strlen(name), n_part = strlen(".part");
    if (n > n_part && strcmp(name + n - n_part, ".part") == 0) {
        name[n - n_part] = '\0';
    }
    return name;
}

int rs_resume_open(struct resume *out, const struct cli_args *args, struct err *err)
{
    *out = (struct resume){.args = *args, .n_shard = 1};
    if (!args->resume) {
        return 0;
    }
    if (args->output) {
        return rs_err_set(err, RS_E_USAGE,
                          "--resume goes on with a record, and --output begins another");
    }
    if (args->force) {
        return rs_err_set(err, RS_E_USAGE, "--resume goes on with a run, and --force begins anew");
    }
    if (args->shard) {
        return rs_err_set(err, RS_E_USAGE,
                          "--resume knows which shard it goes on with: leave --shard out");
    }
    out->path = record_name(args->resume);
    out->journal = rs_journal_resume(out->path, err);
    if (!out->journal) {
        return -1;
    }
    return rs_journal_is_finished(out->journal) ? 0 : fill_args(out, err);
}

int rs_resume_merged(struct resume *out,
                     const struct cli_args *args,
                     const struct journal *j,
                     struct err *err)
{
    *out = (struct resume){.args = *args, .n_shard = 1};
    out->path = rs_xstrdup(args->output);
    out->args.n_operand = 0;
    if (args->scenario) {
        out->args.operand[out->args.n_operand++] = args->scenario;
    }
    return fill_from_key(out, rs_journal_key(j), err);
}

void rs_resume_close(struct resume *r)
{
    rs_journal_close(r->journal);
    free(r->path);
    free(r->texts);
    *r = (struct resume){0};
}

/* ---- over already ---------------------------------------------------------------------------------------------------- */

bool rs_resume_is_finished(const struct resume *r)
{
    return r->journal && rs_journal_is_finished(r->journal);
}

int rs_resume_tell_finished(const struct resume *r, bool quiet, struct err *err)
{
    const struct journal_key *key = rs_journal_key(r->journal);
    char word[4200];
    rs_shell_word(word, sizeof word, r->path);
    if (key->n_shard > 1) {
        if (!quiet) {
            printf("%s is finished: it is shard %" PRIu64 " of %" PRIu64
                   "; rollsim merge makes a record of them all\n",
                   r->path, key->shard + 1, key->n_shard);
        }
        return RS_EXIT_HOLDS;
    }
    if (!quiet) {
        printf("%s is finished: there is nothing to go on with\n", r->path);
    }
    int status = rs_store_verdicts(r->path, quiet ? NULL : stdout, err);
    if (!quiet && status >= 0) {
        printf("rollsim plot %s draws it; sqlite3 -box %s 'select * from verdicts' tells more\n",
               word, word);
    }
    return status;
}

/* ---- what to say to go on -------------------------------------------------------------------------------------------- */

static void put_word(FILE *to, const char *option, const char *value)
{
    char word[4200];
    if (value) {
        fprintf(to, " %s %s", option, rs_shell_word(word, sizeof word, value));
    }
}

/* Where it goes, and in what form. */
static void put_reports(FILE *to, const struct cli_args *args)
{
    put_word(to, "--plots", args->plots);
    put_word(to, "--format", args->format);
    put_word(to, "--junit", args->junit);
    put_word(to, "--sarif", args->sarif);
    fputs(args->json ? " --json" : "", to);
    fputs(args->quiet ? " --quiet" : "", to);
}

char *rs_resume_words(const struct cli_args *args)
{
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    put_reports(to, args);
    fclose(to);
    return text;
}

char *rs_resume_anew_words(const struct cli_args *args)
{
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    fputs(args->all ? " --all" : "", to);
    for (int i = 0; i < args->claim.n; i++) {
        put_word(to, "--claim", args->claim.item[i]);
    }
    put_word(to, "--samplers", args->samplers);
    for (int i = 0; i < args->n_traffic; i++) {
        put_word(to, "--traffic", args->traffic[i]);
    }
    put_word(to, "-o", args->output);
    fputs(args->force ? " --force" : "", to);
    put_reports(to, args);
    fclose(to);
    return text;
}
