/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "shard.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "resume.h"
#include "verify/report.h"

enum { SHARD_MAX = RS_MAX_OPERAND }; /* merge takes that many */

/* "2/3" as 2 and 3. */
static int parse(uint64_t *out_i, uint64_t *out_n, const char *text, struct err *err)
{
    char *end = NULL;
    errno = 0;
    uint64_t i = isdigit((unsigned char)text[0]) ? strtoull(text, &end, 10) : 0, n = 0;
    if (end && *end == '/' && isdigit((unsigned char)end[1])) {
        n = strtoull(end + 1, &end, 10);
    }
    if (errno != 0 || !end || *end != '\0' || i < 1 || i > n || n > SHARD_MAX) {
        return rs_err_set(err, RS_E_USAGE,
                          "--shard must be I/N with 1 <= I <= N <= %d, such as 2/3, got \"%.60s\"",
                          SHARD_MAX, text);
    }
    *out_i = i;
    *out_n = n;
    return 0;
}

int rs_shard_args(struct run_options *opt, const struct cli_args *args, struct err *err)
{
    uint64_t i = 0, n = 0;
    const char *idle = args->plots    ? "--plots"
                       : args->junit  ? "--junit"
                       : args->sarif  ? "--sarif"
                       : args->format ? "--format"
                       : args->json   ? "--json"
                                      : NULL;
    bool is_shard = opt->n_shard > 1 || args->shard;
    if (args->shard) {
        if (parse(&i, &n, args->shard, err)) {
            return -1;
        }
        opt->shard = i - 1;
        opt->n_shard = n;
    }
    if (is_shard && idle) {
        return rs_err_set(
            err, RS_E_USAGE,
            "a shard decides nothing: %s is for rollsim merge, once all shards are there", idle);
    }
    if (args->shard && !opt->db_path) {
        return rs_err_set(err, RS_E_USAGE, "--shard keeps its replicas in a file: name it with -o");
    }
    if (args->shard && opt->n_shard > opt->n_replica) {
        return rs_err_set(err, RS_E_USAGE,
                          "--shard %s: of %" PRIu64 " replicas there cannot be %" PRIu64 " shards",
                          args->shard, opt->n_replica, opt->n_shard);
    }
    return 0;
}

static void
tell_stopped(const struct run_result *r, const struct run_options *opt, const struct cli_args *args)
{
    char word[4200];
    char *words = rs_resume_words(args);
    fprintf(stderr,
            "rollsim: stopped after %" PRIu64 " replicas of shard %" PRIu64 "/%" PRIu64 "\n",
            r->n_replica, opt->shard + 1, opt->n_shard);
    if (r->n_replica > 0) {
        fprintf(stderr, "rollsim: to go on: rollsim verify --resume %s%s\n",
                rs_shell_word(word, sizeof word, opt->db_path), words);
    }
    free(words);
}

int rs_shard_tell(const struct run_result *r,
                  const struct run_options *opt,
                  const struct cli_args *args)
{
    if (r->stopped) {
        tell_stopped(r, opt, args);
        return RS_EXIT_UNDECIDED;
    }
    if (!args->quiet) {
        printf("shard %" PRIu64 " of %" PRIu64 ": %" PRIu64 " of %" PRIu64 " replicas are in %s\n"
               "when all %" PRIu64 " are there, rollsim merge -o RUN.db with their names gives the "
               "verdicts\n",
               opt->shard + 1, opt->n_shard, r->n_replica, opt->n_replica, opt->db_path,
               opt->n_shard);
    }
    return RS_EXIT_HOLDS;
}
