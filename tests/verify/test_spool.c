/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What does not fit into a block or a buffer goes to a file, and nobody can tell from what comes back. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "made_up.h"
#include "pick.h"
#include "sim/stream.h"
#include "sorter.h"
#include "spool.h"
#include "tally.h"
#include "verify/claim.h"

struct record {
    uint64_t key, number;
};

static int by_key(const void *a, const void *b)
{
    const struct record *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static bool under_valgrind(void)
{
    return getenv("RS_UNDER_VALGRIND") != NULL;
}

/* ---- spools ---- */

static void check_next(void *ctx, const void *p)
{
    uint64_t *n = ctx;
    const struct record *r = p;
    ck_assert_uint_eq(r->number, *n);
    ck_assert_uint_eq(r->key, *n * *n);
    ++*n;
}

/* Two spools in turn, so that their blocks lie mixed in one file; 255 records of 16 bytes are a block. */
START_TEST(test_spool_gives_back)
{
    static const uint64_t counts[] = {0, 1, 255, 256, 510, 511, 20000};
    struct spill *spill = _i % 2 ? rs_spill_new() : NULL;
    struct spool a, b;
    struct err err = {0};
    uint64_t n = counts[_i / 2], n_a = 0, n_b = 0;
    rs_spool_init(&a, sizeof(struct record), spill);
    rs_spool_init(&b, sizeof(struct record), spill);
    for (uint64_t i = 0; i < n; i++) {
        struct record r = {i * i, i};
        rs_spool_add(&a, &r);
        if (i < n / 2)
            rs_spool_add(&b, &r);
    }
    for (int again = 0; again < 2; again++) {
        n_a = n_b = 0;
        rs_spool_each(&a, check_next, &n_a);
        rs_spool_each(&b, check_next, &n_b);
        ck_assert_uint_eq(n_a, n);
        ck_assert_uint_eq(n_b, n / 2);
    }
    if (spill) {
        ck_assert_int_eq(rs_spill_status(spill, &err), 0);
        ck_assert_uint_eq(rs_spill_end(spill) / 4088,
                          (n ? (n - 1) / 255 : 0) + (n / 2 ? (n / 2 - 1) / 255 : 0));
    }
    rs_spool_clear(&a);
    rs_spool_clear(&b);
    rs_spill_free(spill);
}
END_TEST

/* ---- sorters ---- */

static const struct {
    uint64_t n, n_key;
    bool slow;
} sorts[] = {
    {0, 1},
    {1, 1},
    {4096, 1 << 30},
    {4097, 1 << 30},
    {9000, 3},
    {131072, 1 << 20},
    {131073, 1 << 20},
    {300000, 1 << 30, true},
};

START_TEST(test_sorter_sorts)
{
    uint64_t n = sorts[_i].n;
    if (sorts[_i].slow && under_valgrind())
        return;
    struct spill *spill = rs_spill_new();
    struct record *want = calloc(n + 1, sizeof *want);
    struct sorter *s = rs_sorter_new(sizeof *want, by_key, spill);
    struct stream draws = rs_stream_open(3, n, rs_stream_hash("sorter"));
    rs_spill_append(spill, want, sizeof *want); /* somebody else's, to be left alone */
    rs_sorter_free(s);
    s = rs_sorter_new(sizeof *want, by_key, spill);
    for (uint64_t i = 0; i < n; i++) {
        want[i] = (struct record){rs_stream_below(&draws, sorts[_i].n_key), i};
        rs_sorter_add(s, &want[i]);
    }
    qsort(want, n, sizeof *want, by_key);
    ck_assert_uint_eq(rs_sorter_finish(s), n);
    for (uint64_t i = 0; i < n; i++)
        ck_assert_int_eq(memcmp(rs_sorter_at(s, i), &want[i], sizeof *want), 0);
    for (uint64_t i = 0; n > 0 && i < 500; i++) {
        uint64_t at = rs_stream_below(&draws, n);
        ck_assert_int_eq(memcmp(rs_sorter_at(s, at), &want[at], sizeof *want), 0);
    }
    ck_assert_int_eq(rs_spill_status(spill, NULL), 0);
    rs_sorter_free(s);
    rs_spill_free(spill);
    free(want);
}
END_TEST

/* A folder that is not there: a failure in words, nothing worse. */
START_TEST(test_no_folder)
{
    struct err err = {0};
    struct spool spool;
    setenv("TMPDIR", "/no/such/folder", 1);
    struct spill *spill = rs_spill_new();
    struct sorter *s = rs_sorter_new(sizeof(struct record), by_key, spill);
    rs_spool_init(&spool, sizeof(struct record), spill);
    for (uint64_t i = 0; i < 10000; i++)
        rs_sorter_add(s, &(struct record){i, i});
    rs_sorter_finish(s);
    rs_sorter_at(s, 5000);
    rs_sorter_free(s);
    for (uint64_t i = 0; i < 1000; i++)
        rs_spool_add(&spool, &(struct record){i, i});
    ck_assert_int_eq(rs_spill_status(spill, &err), -1);
    ck_assert_int_eq(err.code, RS_E_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "cannot make a temporary file in /no/such/folder"));
    rs_spool_clear(&spool);
    rs_spill_free(spill);
}
END_TEST

/* ---- the books that rest on them ---- */

/* What the books say of so many made-up histories, once from memory and once from a file. */
struct books {
    struct spill *spill;
    struct card_book *card;
    struct pick_book *pick;
    struct tally tally[8];
};

static void open_books(struct books *b, const struct scenario *sc, struct spill *spill)
{
    b->spill = spill;
    b->card = rs_card_book_new(sc, spill);
    b->pick = rs_pick_book_new(sc, spill);
    ck_assert_int_le(sc->n_claim, 8);
    for (int i = 0; i < sc->n_claim; i++) {
        rs_tally_init(&b->tally[i], &sc->claim[i], 0.01);
        rs_tally_spill(&b->tally[i], spill);
    }
}

static void add_history(struct books *b, const struct scenario *sc, const struct history *h)
{
    rs_card_book_add(b->card, h);
    rs_pick_book_add(b->pick, h);
    for (int i = 0; i < sc->n_claim; i++)
        rs_tally_add(&b->tally[i], sc, h);
}

static void close_books(struct books *b, const struct scenario *sc)
{
    rs_card_book_free(b->card);
    rs_pick_book_free(b->pick);
    for (int i = 0; i < sc->n_claim; i++)
        rs_tally_clear(&b->tally[i]);
    rs_spill_free(b->spill);
}

static void compare_cards(struct books *a, struct books *b)
{
    int n_a, n_b;
    struct card *x = rs_card_book_rows(a->card, true, &n_a);
    struct card *y = rs_card_book_rows(b->card, true, &n_b);
    ck_assert_int_gt(n_a, 2);
    ck_assert_int_eq(n_a, n_b);
    for (int i = 0; i < n_a; i++) {
        ck_assert_int_eq(x[i].n_leg, y[i].n_leg);
        ck_assert_uint_eq(x[i].n_within, y[i].n_within);
        for (int k = 0; k < x[i].n_leg; k++) {
            ck_assert_uint_eq(x[i].leg[k].n, y[i].leg[k].n);
            ck_assert_uint_eq(x[i].leg[k].worst_replica, y[i].leg[k].worst_replica);
            ck_assert_int_eq(memcmp(&x[i].leg[k].s_p50, &y[i].leg[k].s_p50, 6 * sizeof(double)), 0);
        }
    }
    free(x);
    free(y);
}

static void
compare_verdicts(struct books *a, struct books *b, const struct scenario *sc, uint64_t n)
{
    struct verdict v[8];
    struct run_result result = {.n_verdict = sc->n_claim, .verdict = v};
    for (int i = 0; i < sc->n_claim; i++) {
        struct verdict w = rs_tally_decide(&b->tally[i], n);
        v[i] = rs_tally_decide(&a->tally[i], n);
        ck_assert_int_eq(memcmp(&v[i].estimate, &w.estimate, sizeof w.estimate), 0);
        ck_assert_int_eq(memcmp(&v[i].interval, &w.interval, sizeof w.interval), 0);
        ck_assert_int_eq(memcmp(&v[i].margin_s, &w.margin_s, sizeof w.margin_s), 0);
    }
    int n_a, n_b;
    const struct pick *p = rs_pick_book_choose(a->pick, &result, &n_a);
    const struct pick *q = rs_pick_book_choose(b->pick, &result, &n_b);
    ck_assert_int_gt(n_a, 6);
    ck_assert_int_eq(n_a, n_b);
    for (int i = 0; i < n_a; i++) {
        ck_assert_uint_eq(p[i].replica, q[i].replica);
        ck_assert_str_eq(p[i].why, q[i].why);
        ck_assert_int_eq(p[i].rollback_ns, q[i].rollback_ns);
    }
}

START_TEST(test_books_do_not_care)
{
    struct scenario *sc = made_up_scenario();
    struct books memory, file;
    struct err err = {0};
    void *sim = made_up_engine.sim_new(sc, NULL);
    struct history h;
    uint64_t n = under_valgrind() ? 1000 : 8000;
    open_books(&memory, sc, NULL);
    open_books(&file, sc, rs_spill_new());
    rs_history_init(&h);
    for (uint64_t i = 0; i < n; i++) {
        struct replica_options opt = {.seed = 2, .replica = i, .fault = -2};
        made_up_engine.sim_run(sim, &opt, &h, NULL);
        add_history(&memory, sc, &h);
        add_history(&file, sc, &h);
    }
    compare_cards(&memory, &file);
    compare_verdicts(&memory, &file, sc, n);
    ck_assert_msg(rs_spill_status(file.spill, &err) == 0, "%s", err.text);
    ck_assert_uint_gt(rs_spill_end(file.spill), n * 8);
    rs_history_clear(&h);
    made_up_engine.sim_free(sim);
    close_books(&memory, sc);
    close_books(&file, sc);
    rs_scenario_free(sc);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("spool");
    TCase *tc = tcase_create("spool");
    tcase_add_loop_test(tc, test_spool_gives_back, 0, 14);
    tcase_add_loop_test(tc, test_sorter_sorts, 0, (int)(sizeof sorts / sizeof sorts[0]));
    tcase_add_test(tc, test_no_folder);
    tcase_add_test(tc, test_books_do_not_care);
    suite_add_tcase(s, tc);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
