/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verify --resume: what a run was begun with is put where the command line would have put it. */
#ifndef CLI_RESUME_H
#define CLI_RESUME_H

#include "options.h"
#include "verify/journal.h"

struct resume {              /* caller's storage: open / close */
    struct journal *journal; /* NULL when nothing is to be resumed; the run takes it */
    uint64_t n_before;       /* histories in it */
    uint64_t shard, n_shard; /* as the run was begun */
    /* Histories to be merged, as struct run_options takes them; NULL: none. */
    int (*read)(void *ctx,
                const struct scenario *sc,
                uint64_t replica,
                struct history *out,
                struct err *err);
    void *read_ctx;
    char *path, *texts; /* owned: what args names */
    struct cli_args
        args; /* those of the run; where the user gave one, that, for the run to compare */
};

/*
 * Opens the journal that --resume names and fills args; without --resume args is a copy. 0, or -1: it cannot go on, or an option
 * beside it has no meaning. Close it in any case.
 */
int rs_resume_open(struct resume *out, const struct cli_args *args, struct err *err);
void rs_resume_close(struct resume *r);
/*
 * The same for a run that is to be merged from its shards, of which j is one, borrowed: its options with those of args beside them.
 * The caller sets read.
 */
int rs_resume_merged(struct resume *out,
                     const struct cli_args *args,
                     const struct journal *j,
                     struct err *err);

/* Is that run over already? */
bool rs_resume_is_finished(const struct resume *r);
/* Tells what a finished run came to, unless quiet, and draws what --plots asks for. Returns an exit status, or -1 with err filled. */
int rs_resume_tell_finished(const struct resume *r, bool quiet, struct err *err);

/* " --plots DIR ..." as given: what is to be said again to go on. For free(). */
char *rs_resume_words(const struct cli_args *args);
/* " --all --claim NAME ..." as given: what is to be said beside replicas and seed to begin anew. For free(). */
char *rs_resume_anew_words(const struct cli_args *args);

#endif
