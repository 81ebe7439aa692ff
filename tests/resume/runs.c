/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runs.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "sim/arena.h"

char *runs_folder_new(const char *name)
{
    char *folder = rs_xcalloc(1, 96);
    (void)snprintf(folder, 96, "%s/rollsim-%s-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", name);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    return folder;
}

void runs_folder_empty(const char *folder)
{
    char path[512];
    DIR *dir = opendir(folder);
    ck_assert_ptr_nonnull(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (e->d_name[0] != '.')
            (void)unlink(path);
    }
    closedir(dir);
}

void runs_folder_free(char *folder)
{
    runs_folder_empty(folder);
    ck_assert_int_eq(rmdir(folder), 0);
    free(folder);
}

char *runs_path(char buf[128], const char *folder, const char *ending)
{
    (void)snprintf(buf, 128, "%s/run.db%s", folder, ending);
    return buf;
}

struct file_bytes runs_read(const char *path)
{
    struct stat about;
    FILE *from = fopen(path, "rb");
    ck_assert_msg(from && fstat(fileno(from), &about) == 0, "%s cannot be read", path);
    struct file_bytes out = {.n = (size_t)about.st_size};
    out.p = rs_xcalloc(out.n + 1, 1);
    ck_assert_uint_eq(fread(out.p, 1, out.n, from), out.n);
    fclose(from);
    return out;
}

void runs_write(const char *path, const void *p, size_t n)
{
    FILE *to = fopen(path, "wb");
    ck_assert_ptr_nonnull(to);
    ck_assert_uint_eq(fwrite(p, 1, n, to), n);
    ck_assert_int_eq(fclose(to), 0);
}

bool runs_exists(const char *path)
{
    struct stat about;
    return lstat(path, &about) == 0;
}

bool runs_same(const char *path, struct file_bytes want)
{
    struct file_bytes got = runs_read(path);
    bool same = got.n == want.n && memcmp(got.p, want.p, want.n) == 0;
    free(got.p);
    return same;
}

static int put_row(void *ctx, int n, char **value, char **name)
{
    FILE *to = ctx;
    (void)name;
    for (int i = 0; i < n; i++)
        fprintf(to, "%s|", value[i] ? value[i] : "");
    return 0;
}

char *runs_shard_text(const char *path)
{
    char *text = NULL;
    size_t n;
    sqlite3 *sql = NULL;
    FILE *to = open_memstream(&text, &n);
    ck_assert_int_eq(sqlite3_open_v2(path, &sql, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(sql,
                                  "SELECT * FROM meta; SELECT * FROM source;"
                                  "SELECT replica, hex(history) FROM journal",
                                  put_row, to, NULL),
                     SQLITE_OK);
    sqlite3_close(sql);
    fclose(to);
    return text;
}

struct run_options runs_options(const char *path, uint64_t n, int n_job, int64_t commit_ns)
{
    return (struct run_options){.n_replica = n,
                                .seed = 7,
                                .n_job = n_job,
                                .all_replicas = true,
                                .db_path = path,
                                .commit_ns = commit_ns};
}

struct file_bytes runs_reference(const struct scenario *sc, const char *folder, uint64_t n)
{
    char path[128];
    struct run_options opt = runs_options(runs_path(path, folder, ""), n, 1, 0);
    struct run_result result;
    struct err err = {0};
    ck_assert_msg(rs_run_with(&made_up_engine, sc, &opt, &result, &err) == 0, "%s", err.text);
    rs_run_result_clear(&result);
    struct file_bytes out = runs_read(path);
    (void)unlink(path);
    return out;
}

int runs_go_on(const struct run_engine *engine,
               const struct scenario *sc,
               const struct run_options *opt,
               struct err *err)
{
    struct run_options again = *opt;
    struct run_result result;
    struct err nothing = {0};
    again.resume = rs_journal_resume(opt->db_path, &nothing);
    if (again.resume && rs_journal_is_finished(again.resume)) {
        rs_journal_close(again.resume);
        return 0;
    }
    if (!again.resume && !strstr(nothing.text, "holds nothing yet") &&
        !strstr(nothing.text, "nothing to go on with"))
        return rs_err_set(err, nothing.code, "%s", nothing.text);
    int rc = rs_run_with(engine, sc, &again, &result, err);
    if (rc == 0)
        rs_run_result_clear(&result);
    return rc;
}

/* Knuth's multiplier, the high bits. */
uint64_t runs_below(uint64_t *state, uint64_t n)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*state >> 33) % n;
}

bool runs_long(void)
{
    const char *word = getenv("RS_RESUME_LONG");
    return word && *word;
}
