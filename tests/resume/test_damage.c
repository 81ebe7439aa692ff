/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files with bytes changed, lost, or doubled: refused with the reason, or the same result as ever; never another one. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runs.h"
#include "verify/store.h"

enum { N_REPLICA = 30, N_BEFORE_STOP = 22, PAGE = 4096 };

static int
run_until(void *sim, const struct replica_options *opt, struct history *h, struct err *err)
{
    return opt->replica >= N_BEFORE_STOP ? rs_err_set(err, RS_E_STOPPED, "stopped")
                                         : made_up_engine.sim_run(sim, opt, h, err);
}

static void run(const struct run_engine *engine, const struct scenario *sc, const char *path)
{
    struct run_options opt = runs_options(path, N_REPLICA, 1, 0);
    struct run_result result;
    struct err err = {0};
    ck_assert_msg(rs_run_with(engine, sc, &opt, &result, &err) == 0, "%s", err.text);
    rs_run_result_clear(&result);
}

/* ---- kinds of damage -------------------------------------------------------------------------------------------------- */

static void flip_bit(struct file_bytes *f, uint64_t *seed)
{
    f->p[runs_below(seed, f->n)] ^= (unsigned char)(1u << runs_below(seed, 8));
}

static void flip_bytes(struct file_bytes *f, uint64_t *seed)
{
    for (uint64_t n = 1 + runs_below(seed, 20); n > 0; n--)
        f->p[runs_below(seed, f->n)] = (unsigned char)runs_below(seed, 256);
}

static void flip_head(struct file_bytes *f, uint64_t *seed)
{
    f->p[runs_below(seed, 100)] ^= (unsigned char)(1 + runs_below(seed, 255));
}

/* The meta, source and schema pages are the first; what they say must not be believed blindly. */
static void flip_key(struct file_bytes *f, uint64_t *seed)
{
    f->p[runs_below(seed, 5 * PAGE)] ^= (unsigned char)(1u << runs_below(seed, 8));
}

static void cut(struct file_bytes *f, uint64_t *seed)
{
    f->n = runs_below(seed, f->n);
}

static void cut_pages(struct file_bytes *f, uint64_t *seed)
{
    f->n = PAGE * runs_below(seed, f->n / PAGE);
}

static void zero_page(struct file_bytes *f, uint64_t *seed)
{
    memset(f->p + PAGE * runs_below(seed, f->n / PAGE), 0, PAGE);
}

static void garbage_page(struct file_bytes *f, uint64_t *seed)
{
    unsigned char *page = f->p + PAGE * runs_below(seed, f->n / PAGE);
    for (int i = 0; i < PAGE; i++)
        page[i] = (unsigned char)runs_below(seed, 256);
}

/* A write that went astray. */
static void copy_page(struct file_bytes *f, uint64_t *seed)
{
    uint64_t n = f->n / PAGE;
    memmove(f->p + PAGE * runs_below(seed, n), f->p + PAGE * runs_below(seed, n), PAGE);
}

static const struct {
    const char *words;
    void (*damage)(struct file_bytes *f, uint64_t *seed);
} kinds[] = {
    {"a bit", flip_bit},
    {"bytes", flip_bytes},
    {"the head", flip_head},
    {"the key", flip_key},
    {"cut", cut},
    {"cut at a page", cut_pages},
    {"an empty page", zero_page},
    {"a page of garbage", garbage_page},
    {"a page twice", copy_page},
};

static struct file_bytes damaged(struct file_bytes whole, int kind, uint64_t *seed)
{
    struct file_bytes out = {.p = malloc(whole.n), .n = whole.n};
    memcpy(out.p, whole.p, whole.n);
    kinds[kind].damage(&out, seed);
    return out;
}

START_TEST(test_damaged_journal)
{
    struct scenario *sc = made_up_scenario();
    char *folder = runs_folder_new("damage"), path[128], part[128];
    struct file_bytes want = runs_reference(sc, folder, N_REPLICA);
    struct run_engine stops = made_up_engine;
    stops.sim_run = run_until;
    run(&stops, sc, runs_path(path, folder, ""));
    struct file_bytes whole = runs_read(runs_path(part, folder, ".part"));
    uint64_t seed = (uint64_t)_i;
    int n_refused = 0, n_same = 0, n = runs_long() ? 2000 : 40;
    for (int i = 0; i < n; i++) {
        struct file_bytes bad = damaged(whole, _i, &seed);
        struct run_options opt = runs_options(path, N_REPLICA, 1, 0);
        struct err err = {0};
        runs_folder_empty(folder);
        runs_write(part, bad.p, bad.n);
        free(bad.p);
        if (runs_go_on(&made_up_engine, sc, &opt, &err) == 0) {
            n_same++;
            ck_assert_msg(runs_same(path, want), "%s, %d: other bytes", kinds[_i].words, i);
            continue;
        }
        n_refused++;
        ck_assert_msg(err.code == RS_E_USAGE && strstr(err.text, "run.db.part"), "%s, %d: %s",
                      kinds[_i].words, i, err.text);
    }
    printf("%s: %d refused, %d the same\n", kinds[_i].words, n_refused, n_same);
    ck_assert_int_gt(n_refused, 0);
    free(whole.p);
    free(want.p);
    runs_folder_free(folder);
    rs_scenario_free(sc);
}
END_TEST

/* A finished record is told of, or refused. */
START_TEST(test_damaged_record)
{
    struct scenario *sc = made_up_scenario();
    char *folder = runs_folder_new("damage"), path[128];
    struct file_bytes whole = runs_reference(sc, folder, N_REPLICA);
    uint64_t seed = (uint64_t)_i;
    int n_refused = 0, n = runs_long() ? 500 : 20;
    runs_path(path, folder, "");
    for (int i = 0; i < n; i++) {
        struct file_bytes bad = damaged(whole, _i, &seed);
        struct err err = {0};
        runs_write(path, bad.p, bad.n);
        free(bad.p);
        struct journal *j = rs_journal_resume(path, &err);
        ck_assert(j ? rs_journal_is_finished(j) : err.text[0] != '\0');
        n_refused += !j;
        if (j)
            (void)rs_store_verdicts(path, NULL, &err);
        rs_journal_close(j);
    }
    printf("a record, %s: %d of %d refused\n", kinds[_i].words, n_refused, n);
    free(whole.p);
    runs_folder_free(folder);
    rs_scenario_free(sc);
}
END_TEST

int main(void)
{
    const int n_kind = (int)(sizeof kinds / sizeof kinds[0]);
    Suite *s = suite_create("damage");
    TCase *tc = tcase_create("damage");
    tcase_add_loop_test(tc, test_damaged_journal, 0, n_kind);
    tcase_add_loop_test(tc, test_damaged_record, 0, n_kind);
    tcase_set_timeout(tc, 3600);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int n_failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return n_failed != 0;
}
