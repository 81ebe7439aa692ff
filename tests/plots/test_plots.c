/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a database to files: what is written, what is refused, what is left behind. */
#include <check.h>
#include <dirent.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "make_db.h"
#include "plots/plots.h"
#include "well_formed.h"

static char dir[64], db[128], out[128];

static void make_room(void)
{
    snprintf(dir, sizeof dir, "/tmp/rs-plots-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(db, sizeof db, "%s/run.db", dir);
    snprintf(out, sizeof out, "%s/pictures", dir);
}

static void remove_all(const char *path)
{
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        char name[600];
        snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        if (e->d_name[0] != '.')
            unlink(name);
    }
    if (d)
        closedir(d);
    rmdir(path);
}

static void clear_room(void)
{
    remove_all(out);
    remove_all(dir);
}

/* Files in the output directory, -1 = there is none; *n_part counts the unfinished ones. */
static int count_files(int *n_part)
{
    DIR *d = opendir(out);
    int n = d ? 0 : -1;
    *n_part = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        n += e->d_name[0] != '.';
        *n_part += strstr(e->d_name, ".part") != NULL;
    }
    if (d)
        closedir(d);
    return n;
}

static char *slurp(const char *name, size_t *n)
{
    char path[300];
    snprintf(path, sizeof path, "%s/%s", out, name);
    FILE *f = fopen(path, "rb");
    ck_assert_msg(f, "%s is missing", path);
    ck_assert_int_eq(fseek(f, 0, SEEK_END), 0);
    *n = (size_t)ftell(f);
    rewind(f);
    char *text = calloc(1, *n + 1);
    ck_assert_uint_eq(fread(text, 1, *n, f), *n);
    fclose(f);
    return text;
}

static void count_one(void *ctx, const char *path)
{
    ck_assert_int_eq(access(path, F_OK), 0);
    ++*(int *)ctx;
}

static int plot(const char *format, const char *only, int *n_told, struct err *err)
{
    int n = 0;
    struct plot_options opt = {
        .out_dir = out, .format = format, .only = only, .wrote = count_one, .ctx = &n};
    memset(err, 0, sizeof *err);
    int status = rs_plot_run(db, &opt, err);
    if (n_told)
        *n_told = n;
    return status;
}

static const struct {
    const char *name;
    const char *says[6]; /* texts that must stand in it */
} pictures[] = {
    {"rollout",
     {"The whole rollout, no fault present: error ratio", "errors (% of requests",
      "time since start (d = days, h = hours", "2 % portal-outage", "seed 7", "rollsim 0.1.0"}},
    {"rollout-latency", {"latency p95 (s, log scale)", "0.2 s stage-3-latency", "PORTAL_PRISMA"}},
    {"episode-prisma-read-errors",
     {"prisma-read-errors", "latency (s, log scale)", "time since the fault", "first bad sample"}},
    {"episode-settlement-inconsistency", {"settlement-errors"}},
    {"episode-portal-errors", {"1 % (99 % good) PortalSLA", "completed +"}},
    {"episode-portal-latency", {"2 s portal-outage", "p99"}},
    {"episode-vault-auth-failure", {"service settings"}},
    {"chain-prisma-read-errors", {"detected → completed", "budget: 5m from detection"}},
    {"chain-settlement-inconsistency", {"n + open"}},
    {"chain-portal-errors", {"procedure portal-outage"}},
    {"chain-portal-latency", {"recovered → resolved"}},
    {"chain-vault-auth-failure", {"p95"}},
    {"ecdf",
     {"5 min promise", "95 % DKW band", "never completed", "% within 5m", "rollbacks done (%)"}},
    {"outcomes", {"share of replicas (%)", "rolled back", "no fault", "not begun"}},
};
enum { N_PICTURE = sizeof pictures / sizeof *pictures };

/* Valgrind looks for errors of memory: it gets a picture of each kind, and one as PNG. */
static bool few(void)
{
    return getenv("RS_UNDER_VALGRIND") != NULL;
}

static bool is_drawn(const char *picture, const char *format)
{
    static const char *const kinds[] = {
        "rollout", "rollout-latency", "episode-portal-latency", "chain-portal-errors", "outcomes",
        "ecdf",
    };
    int i = strcmp(format, "png") == 0 ? 5 : 0;
    while (i < 6 && strcmp(picture, kinds[i]) != 0)
        i++;
    return !few() || i < 6;
}

/* Under valgrind: fonts are looked for once, before the tests are forked, not in each anew. */
static void warm_up(void)
{
    struct err err;
    if (few()) {
        make_room();
        make_db(db, MADE_EMPTY);
        ck_assert_msg(plot("svg", "ecdf", NULL, &err) == 0, "%s", err.text);
        clear_room();
    }
}

/* All pictures in one go, or under valgrind those that is_drawn, one by one. Returns their number. */
static int plot_all(const char *format)
{
    struct err err;
    int n = 0, n_told, n_part;
    for (int i = 0; few() && i < N_PICTURE; i++) {
        if (is_drawn(pictures[i].name, format)) {
            ck_assert_msg(plot(format, pictures[i].name, &n_told, &err) == 0, "%s", err.text);
            n += n_told;
        }
    }
    if (!few())
        ck_assert_msg(plot(format, NULL, &n, &err) == 0, "%s", err.text);
    ck_assert_int_eq(count_files(&n_part), n);
    ck_assert_int_eq(n_part, 0);
    return n;
}

START_TEST(test_svg)
{
    make_db(db, MADE_FULL);
    ck_assert_int_eq(plot_all("svg"), few() ? 6 : N_PICTURE);
    for (int i = 0; i < N_PICTURE; i++) {
        char name[96], why[128];
        size_t n;
        if (!is_drawn(pictures[i].name, "svg"))
            continue;
        snprintf(name, sizeof name, "%s.svg", pictures[i].name);
        char *svg = slurp(name, &n);
        ck_assert_msg(well_formed(svg, why, sizeof why), "%s: %s", name, why);
        ck_assert_msg(strlen(svg) == n, "%s has a NUL", name);
        for (int k = 0; k < 6 && pictures[i].says[k]; k++)
            ck_assert_msg(strstr(svg, pictures[i].says[k]), "%s lacks '%s'", name,
                          pictures[i].says[k]);
        free(svg);
    }
}
END_TEST

START_TEST(test_png)
{
    make_db(db, MADE_FULL);
    ck_assert_int_eq(plot_all("png"), few() ? 1 : N_PICTURE);
    for (int i = 0; i < N_PICTURE; i++) {
        char name[96];
        size_t n;
        if (!is_drawn(pictures[i].name, "png"))
            continue;
        snprintf(name, sizeof name, "%s.png", pictures[i].name);
        unsigned char *png = (unsigned char *)slurp(name, &n);
        ck_assert_uint_gt(n, 10000);
        ck_assert_mem_eq(png, "\x89PNG\r\n\x1a\n", 8);
        ck_assert_int_eq(png[18] << 8 | png[19], 1600); /* IHDR: width */
        free(png);
    }
}
END_TEST

/* The same picture alone, and after others, has the same bytes: nothing of the process's past shows. */
START_TEST(test_same_bytes)
{
    struct err err;
    size_t n1, n2;
    int n_told;
    make_db(db, MADE_FULL);
    ck_assert_int_eq(plot("svg", "ecdf", &n_told, &err), 0);
    ck_assert_int_eq(n_told, 1);
    char *alone = slurp("ecdf.svg", &n1);
    ck_assert_int_eq(plot("svg", "outcomes", NULL, &err), 0);
    ck_assert_int_eq(plot("svg", "ecdf", NULL, &err), 0);
    char *later = slurp("ecdf.svg", &n2);
    ck_assert_uint_eq(n1, n2);
    ck_assert_mem_eq(alone, later, n1);
    free(alone);
    free(later);
}
END_TEST

static const enum made_kind thin[] = {MADE_EMPTY, MADE_BARE, MADE_AWKWARD};
static const struct {
    int n;
    const char *picture, *says;
} thin_wants[] = {
    {4, "rollout.svg", "no replica was kept whole: stages and flags are not known"},
    {N_PICTURE, "episode-portal-errors.svg", "no replica in which this fault began was kept"},
    {N_PICTURE, "ecdf.svg", "never detected: no rollback to time"},
};

START_TEST(test_thin_data)
{
    struct err err;
    int n_told;
    size_t n;
    char why[128];
    char only[96];
    snprintf(only, sizeof only, "%s", thin_wants[_i].picture);
    *strrchr(only, '.') = '\0';
    make_db(db, thin[_i]);
    ck_assert_msg(plot("svg", few() ? only : NULL, &n_told, &err) == 0, "%s", err.text);
    ck_assert_int_eq(n_told, few() ? 1 : thin_wants[_i].n);
    char *svg = slurp(thin_wants[_i].picture, &n);
    ck_assert_msg(well_formed(svg, why, sizeof why), "%s", why);
    ck_assert_ptr_nonnull(strstr(svg, thin_wants[_i].says));
    free(svg);
}
END_TEST

/* ---- refused ---------------------------------------------------------------------------------------------------------- */

static void change(const char *sql)
{
    sqlite3 *handle = NULL;
    ck_assert_int_eq(sqlite3_open(db, &handle), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(handle);
}

static void no_file(void)
{
}

static void empty_file(void)
{
    FILE *f = fopen(db, "wb");
    fclose(f);
}

static void text_file(void)
{
    FILE *f = fopen(db, "wb");
    for (int i = 0; i < 1000; i++)
        fputs("rollsim: 1\n", f);
    fclose(f);
}

static void a_directory(void)
{
    ck_assert_int_eq(mkdir(db, 0777), 0);
}

static void other_application(void)
{
    change("CREATE TABLE meta (key, value); PRAGMA user_version = 1");
}

static void newer_schema(void)
{
    make_db(db, MADE_BARE);
    change("PRAGMA user_version = 99");
}

static void table_missing(void)
{
    make_db(db, MADE_BARE);
    change("DROP TABLE threshold");
}

/* The pages of the tables are gone, the header still says that it is ours. */
static void cut_short(void)
{
    make_db(db, MADE_BARE);
    ck_assert_int_eq(truncate(db, 8192), 0);
}

static void good(void)
{
    make_db(db, MADE_BARE);
}

static const struct {
    const char *what;
    void (*make)(void);
    const char *format, *only, *says;
    enum rs_errc code;
} refused[] = {
    {"no file", no_file, "svg", NULL, "No such file", RS_E_IO},
    {"an empty file", empty_file, "svg", NULL, "is not a run database of rollsim", RS_E_IO},
    {"a text file", text_file, "svg", NULL, "is not a run database of rollsim", RS_E_IO},
    {"a directory", a_directory, "svg", NULL, "run.db", RS_E_IO},
    {"another program's database", other_application, "svg", NULL, "is not a run database",
     RS_E_IO},
    {"another version", newer_schema, "svg", NULL,
     "has schema version 99, this rollsim reads versions 1 to 3", RS_E_UNSUPPORTED},
    {"a table missing", table_missing, "svg", NULL, "no such table: threshold", RS_E_USAGE},
    {"cut short", cut_short, "svg", NULL, "database", RS_E_IO},
    {"a format", good, "bmp", NULL, "must be svg or png, got 'bmp'", RS_E_USAGE},
    {"a picture", good, "svg", "ecfd", "did you mean 'ecdf'?", RS_E_USAGE},
    {"a strange picture", good, "svg", "completely-else", "has no picture 'completely-else'",
     RS_E_USAGE},
    {"a strange picture, the others", good, "svg", "completely-else",
     "it has rollout, rollout-latency, episode-FAULT, chain-FAULT, ecdf, outcomes; FAULT is one of",
     RS_E_USAGE},
};

START_TEST(test_refused)
{
    struct err err;
    int n_part, n_told;
    refused[_i].make();
    ck_assert_msg(plot(refused[_i].format, refused[_i].only, &n_told, &err) == -1, "%s",
                  refused[_i].what);
    ck_assert_msg(strstr(err.text, refused[_i].says), "%s: %s", refused[_i].what, err.text);
    ck_assert_int_eq(err.code, refused[_i].code);
    ck_assert_int_eq(n_told, 0);
    ck_assert_int_eq(count_files(&n_part), -1);
    rmdir(db); /* the row with a directory */
}
END_TEST

/* What is drawn is in the tables that were there from the start. */
START_TEST(test_first_version_is_drawn)
{
    struct err err;
    int n_told;
    make_db(db, MADE_BARE);
    change(
        "DROP VIEW findings; DROP VIEW steps; DROP VIEW verdicts; DROP TABLE verdict; DROP TABLE "
        "verdict_step; DROP TABLE verdict_premise; DROP TABLE finding; DROP TABLE evidence; "
        "PRAGMA user_version = 1");
    ck_assert_msg(plot("svg", NULL, &n_told, &err) == 0, "%s", err.text);
    ck_assert_int_gt(n_told, 0);
}
END_TEST

/* A table that breaks while drawing: nothing half-made stays, and what was whole before is untouched. */
START_TEST(test_broken_while_drawing)
{
    struct err err;
    int n_part;
    make_db(db, MADE_BARE);
    change("DROP TABLE trajectory");
    ck_assert_int_eq(plot("svg", NULL, NULL, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "no such table: trajectory"));
    ck_assert_int_eq(count_files(&n_part), 0);
    ck_assert_int_eq(n_part, 0);
}
END_TEST

START_TEST(test_directory_is_a_file)
{
    struct err err;
    make_db(db, MADE_EMPTY);
    FILE *f = fopen(out, "wb");
    fclose(f);
    ck_assert_int_eq(plot("svg", NULL, NULL, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "pictures"));
    ck_assert_int_eq(err.code, RS_E_IO);
    unlink(out);
}
END_TEST

/* A full disk, played by a limit on the size of files: the driver says nothing, so the file itself must be looked at. */
START_TEST(test_full_disk)
{
    struct err err;
    struct rlimit all, few;
    int n_part;
    make_db(db, MADE_EMPTY);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &all), 0);
    few = all;
    few.rlim_cur = 4096;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &few), 0);
    int status = plot(_i ? "png" : "svg", "ecdf", NULL, &err);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &all), 0);
    ck_assert_int_eq(status, -1);
    ck_assert_msg(strstr(err.text, "the disk may be full"), "%s", err.text);
    ck_assert_int_eq(count_files(&n_part), 0);
}
END_TEST

/* What happened is told as it was: a fault that never began, and rollbacks that were begun and not completed. */
static const struct {
    const char *sql, *picture, *says, *not ;
} told[] = {
    {"DELETE FROM card WHERE fault = 3; DELETE FROM card_summary WHERE fault = 3;"
     "DELETE FROM episode WHERE fault = 3;"
     "DELETE FROM replica WHERE fault = 3 AND replica <> (SELECT min(replica) FROM replica WHERE "
     "fault = 3);"
     "UPDATE replica SET fault_started = 0, onset_s = NULL, n_episode = 0 WHERE fault = 3",
     "chain-portal-latency", "the fault never began in 1 replica", "nobody rolled back"},
    {"DELETE FROM episode WHERE fault = 3;"
     "UPDATE replica SET fault_started = 0, onset_s = NULL, n_episode = 0 WHERE fault = 3",
     "ecdf", "the fault never began in ", "never detected"},
    {"DELETE FROM card WHERE fault = 3; DELETE FROM card_summary WHERE fault = 3;"
     "DELETE FROM episode WHERE fault = 3",
     "chain-portal-latency", "nobody rolled back", "never began"},
    {"UPDATE card_summary SET n_episode = 172, n_missed = 0 WHERE fault = 3;"
     "UPDATE card SET n = 107, n_open = 65 WHERE fault = 3 AND from_mark = 'detected' AND to_mark "
     "= 'completed'",
     "chain-portal-latency", "172 rollbacks begun, 107 completed", "not rolled back"},
    {"UPDATE card_summary SET n_episode = 172, n_missed = 4 WHERE fault = 3;"
     "UPDATE card SET n = 172, n_open = 0 WHERE fault = 3 AND from_mark = 'detected' AND to_mark = "
     "'completed'",
     "chain-portal-latency", "4 not rolled back", "begun"},
};

START_TEST(test_told_as_it_was)
{
    struct err err;
    char name[96];
    size_t n;
    make_db(db, MADE_FULL);
    change(told[_i].sql);
    ck_assert_msg(plot("svg", told[_i].picture, NULL, &err) == 0, "%s", err.text);
    snprintf(name, sizeof name, "%s.svg", told[_i].picture);
    char *svg = slurp(name, &n);
    ck_assert_msg(strstr(svg, told[_i].says) != NULL, "it lacks '%s'", told[_i].says);
    ck_assert_msg(strstr(svg, told[_i].not ) == NULL, "it has '%s'", told[_i].not );
    free(svg);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("plots");
    TCase *tc = tcase_create("files");
    tcase_add_unchecked_fixture(tc, make_db_prepare, make_db_forget);
    tcase_add_unchecked_fixture(tc, warm_up, NULL);
    tcase_add_checked_fixture(tc, make_room, clear_room);
    tcase_add_test(tc, test_svg);
    tcase_add_test(tc, test_png);
    tcase_add_test(tc, test_same_bytes);
    tcase_add_loop_test(tc, test_thin_data, 0, sizeof thin / sizeof *thin);
    tcase_add_loop_test(tc, test_refused, 0, sizeof refused / sizeof *refused);
    tcase_add_test(tc, test_first_version_is_drawn);
    tcase_add_test(tc, test_broken_while_drawing);
    tcase_add_test(tc, test_directory_is_a_file);
    tcase_add_loop_test(tc, test_full_disk, 0, 2);
    tcase_add_loop_test(tc, test_told_as_it_was, 0, sizeof told / sizeof *told);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed ? 1 : 0;
}
