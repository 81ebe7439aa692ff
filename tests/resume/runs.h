/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs over made-up histories that are cut short, for tests of what is left of them. */
#ifndef TESTS_RESUME_RUNS_H
#define TESTS_RESUME_RUNS_H

#include "made_up.h"
#include "verify/journal.h"

struct file_bytes { /* p is owned: free */
    unsigned char *p;
    size_t n;
};

/* A folder of its own, in memory where the machine has such: what is synced a thousand times needs no disk here. For free(). */
char *runs_folder_new(const char *name);
/* Removes it with the files in it, frees the name. */
void runs_folder_free(char *folder);
/* Removes the files in it. */
void runs_folder_empty(const char *folder);
/* FOLDER/run.db ENDING in a buffer. Returns buf. */
char *runs_path(char buf[128], const char *folder, const char *ending);

struct file_bytes runs_read(const char *path); /* fails the test when it cannot */
void runs_write(const char *path, const void *p, size_t n);
bool runs_same(const char *path, struct file_bytes want);
bool runs_exists(const char *path);
/* The rows of a shard's journal as text, whatever transactions they came in; for free(). */
char *runs_shard_text(const char *path);

/* Of n replicas, to FOLDER/run.db, all of them; commit_ns as run_options has it. */
struct run_options runs_options(const char *path, uint64_t n, int n_job, int64_t commit_ns);

/* The whole run in one go, as the bytes of its record: what every other must come to. */
struct file_bytes runs_reference(const struct scenario *sc, const char *folder, uint64_t n);

/*
 * Goes on with the run at opt->db_path, or begins anew when nothing is there that could be gone on with, as a person would who reads
 * what is said. Returns what rs_run_with does.
 */
int runs_go_on(const struct run_engine *engine,
               const struct scenario *sc,
               const struct run_options *opt,
               struct err *err);

/* A number below n of a small generator that the test seeds. */
uint64_t runs_below(uint64_t *state, uint64_t n);

/* Long forms of these tests: RS_RESUME_LONG is set. */
bool runs_long(void);

#endif
