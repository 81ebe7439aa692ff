/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Counts drawn ahead: sixteen scrapes at a time give what one at a time gives, and what was drawn under another state is
 * thrown away. That they have the right law is test_counting's.
 */
#include "../sim/sim_check.h"
#include "fixture.h"
#include "models/promql.h"
#include "sim/arena.h"
#include "system/internal.h" /* of models/ */

static struct fixture f;

static const double day_s[] = {0.0, 400.0, 900.0}, day_per_s[] = {0.02, 30.0, 0.4};

static const struct row {
    const char *what;
    struct profile profile;
} rows[] = {
    {"hardly any", {.kind = RS_PROFILE_CONSTANT, .n = 1, .per_s = (double[]){0.001}, .scale = 1.0}},
    {"some", {.kind = RS_PROFILE_CONSTANT, .n = 1, .per_s = (double[]){2.0}, .scale = 1.0}},
    {"more than the bank holds",
     {.kind = RS_PROFILE_CONSTANT, .n = 1, .per_s = (double[]){500.0}, .scale = 1.0}},
    {"a day",
     {.kind = RS_PROFILE_LINEAR,
      .n = 3,
      .at_s = day_s,
      .per_s = day_per_s,
      .period_s = 1000.0,
      .scale = 3.0}},
    {"a day with bursts",
     {.kind = RS_PROFILE_LINEAR,
      .n = 3,
      .at_s = day_s,
      .per_s = day_per_s,
      .period_s = 1000.0,
      .scale = 1.0,
      .bursts = {4.0, 40.0, 90.0}}},
};

static void start(const struct row *row)
{
    struct bursts none = {.factor = 1.0};
    fixture_init(&f);
    f.traffic[0].profile = row->profile;
    if (f.traffic[0].profile.bursts.mean_on_s <= 0.0)
        f.traffic[0].profile.bursts = none;
    fixture_start(&f);
    fixture_series(&f, "http_requests_total", DASH, 0, "code", "200", 300.0);
    fixture_reset(&f, 3, -1);
}

START_TEST(together_or_one_by_one)
{
    enum { N = 10 * RS_AHEAD };
    double mean[N];
    uint64_t count[N], sum = 0;
    start(&rows[_i]);
    struct target *t = &f.sys->site[DASH].target[0];
    rs_target_requests(f.sys, t, 1, true); /* shares and laws */
    int class = t->active[0];
    for (int k = 0; k < N; k++) {
        rs_ahead_make(f.sys, t, (uint64_t)k + 1, 1);
        mean[k] = t->ahead.mean[class * RS_AHEAD];
        count[k] = t->ahead.count[class * RS_AHEAD];
        sum += count[k];
    }
    for (int k = 0; k < N; k++) {
        int at = rs_ahead_find(f.sys, t, (uint64_t)k + 1);
        ck_assert_int_eq(at, k % RS_AHEAD);
        ck_assert_msg(t->ahead.mean[class * RS_AHEAD + at] == mean[k], "%s: scrape %d",
                      rows[_i].what, k + 1);
        ck_assert_msg(t->ahead.count[class * RS_AHEAD + at] == count[k], "%s: scrape %d",
                      rows[_i].what, k + 1);
    }
    ck_assert(sum > 0);
    fixture_clear(&f);
}
END_TEST

/* Seven tenths of the cohort go over to the other path at 200 s. From then on nobody is counted by the old shares. */
START_TEST(another_state_throws_them_away)
{
    start(&rows[1]);
    struct target *t = &f.sys->site[DASH].target[0];
    int series = fixture_series(&f, "http_requests_total", DASH, 0, "code", "200", 300.0);
    fixture_run(&f, 200.0);
    rs_tsdb_touch(f.db, series, fixture_ms(200.0));
    ck_assert(t->ahead.past > t->next_k);
    int n_before = t->n_active;
    rs_system_set_flag(f.sys, READS, true, STAFF, 70.0);
    fixture_run(&f, 400.0);
    rs_tsdb_touch(f.db, series, fixture_ms(400.0));
    ck_assert_int_eq(n_before, 1);
    ck_assert_int_eq(t->n_active, 2);
    double whole = 0.0, sum = 0.0;
    for (int i = 0; i < t->site->n_traffic; i++)
        whole += t->ahead.traffic[i * RS_AHEAD];
    for (int j = 0; j < 2; j++) {
        double mean = t->ahead.mean[t->active[j] * RS_AHEAD];
        ck_assert_msg(mean > 0.2 * whole && mean < 0.8 * whole, "class %d: %g of %g", t->active[j],
                      mean, whole);
        sum += mean;
    }
    ck_assert_double_eq_tol(sum, whole, 1e-9);
    fixture_clear(&f);
}
END_TEST

/* From the moment that the branch word is another one, the counts are others too, however many were there already. */
START_TEST(another_branch_throws_them_away)
{
    uint64_t branch = 0, kept[RS_AHEAD];
    int n_same = 0;
    start(&rows[1]);
    rs_system_branch(f.sys, &branch);
    fixture_reset(&f, 3, -1);
    struct target *t = &f.sys->site[DASH].target[0];
    rs_target_requests(f.sys, t, 1, true);
    const uint64_t *count = t->ahead.count + t->active[0] * RS_AHEAD;
    (void)rs_ahead_find(f.sys, t, 1);
    for (int i = 0; i < RS_AHEAD; i++)
        kept[i] = count[i];
    branch = 77;
    ck_assert_int_eq(rs_ahead_find(f.sys, t, 1), 0);
    for (int i = 0; i < RS_AHEAD; i++)
        n_same += kept[i] == count[i];
    ck_assert_msg(n_same < RS_AHEAD / 2, "%d counts are the same", n_same);
    fixture_clear(&f);
}
END_TEST

/* ---- promises ---- */

enum { N_LOOK = 1500 };

/* Whether a condition over the fallbacks holds, every 30 s of a replica. A flag takes the path away for some minutes. */
static int watch_fallbacks(bool plain, uint64_t replica, bool *out)
{
    struct promql_text text = {
        "sum(increase(mismatch_total[10m])) > 1", {"test", 1, 1}, 0, RS_PROMQL_3};
    struct promql_options opt = rs_promql_options_default();
    struct arena *arena = rs_arena_new();
    int n_true = 0;
    fixture_init(&f);
    struct path *path = &f.path[DASH][NEW];
    path->errors = (struct error_mix){1, {500}, {0.0007}};
    path->fallback = OLD;
    path->fallback_counter = 1;
    f.counter[DASH][1].base_per_s = f.counter[PORTAL][1].base_per_s = 0.0;
    f.sc.horizon_ns = 50000 * RS_NS_PER_S;
    fixture_start(&f);
    opt.plain = plain;
    struct promql_eval *e = rs_promql_eval_new(rs_promql_parse(arena, &text, NULL), f.db, opt);
    fixture_reset(&f, replica, -1);
    rs_system_set_flag(f.sys, READS, true, -1, 100.0);
    for (int i = 0; i < N_LOOK; i++) {
        if (i == 500 || i == 540)
            rs_system_set_flag(f.sys, READS, i == 540, -1, 100.0);
        fixture_run(&f, 30.0 * (i + 1));
        out[i] = rs_promql_true(e, fixture_ms(30.0 * (i + 1)));
        n_true += out[i];
    }
    rs_promql_eval_free(e);
    rs_arena_free(arena);
    fixture_clear(&f);
    return n_true;
}

/* What waits because it was promised to stand still gives what it gives when it is drawn scrape by scrape. */
START_TEST(a_promise_hides_nothing)
{
    bool seen[N_LOOK], hidden[N_LOOK];
    int n_true = watch_fallbacks(true, (uint64_t)_i, seen);
    ck_assert_int_eq(watch_fallbacks(false, (uint64_t)_i, hidden), n_true);
    for (int i = 0; i < N_LOOK; i++)
        ck_assert_msg(seen[i] == hidden[i], "look %d", i);
    ck_assert(n_true > 0 && n_true < N_LOOK);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, together_or_one_by_one, 0, N_ROW(rows));
    tcase_add_test(tc, another_state_throws_them_away);
    tcase_add_test(tc, another_branch_throws_them_away);
    tcase_add_loop_test(tc, a_promise_hides_nothing, 0, 4);
}

int main(void)
{
    return run_suite("ahead", add_tests);
}
