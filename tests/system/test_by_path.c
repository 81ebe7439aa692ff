/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Series that tell the paths apart: the parts add up, scrape by scrape, to what one series shows without them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../sim/sim_check.h"
#include "fixture.h"

static struct fixture f;

#define SPAN 900.0
#define UNTIL 6000.0
#define METRIC "http_requests_total"
#define HISTOGRAM "http_request_duration_seconds"

enum { N_CODE = 3, N_LE = 7, COUNT = N_CODE + N_LE, SUM, N_SERIES };
static const struct {
    const char *metric, *label, *value;
} series[N_SERIES] = {
    {METRIC, "code", "200"},
    {METRIC, "code", "500"},
    {METRIC, "code", "503"},
    {HISTOGRAM "_bucket", "le", "0.05"},
    {HISTOGRAM "_bucket", "le", "0.1"},
    {HISTOGRAM "_bucket", "le", "0.2"},
    {HISTOGRAM "_bucket", "le", "0.5"},
    {HISTOGRAM "_bucket", "le", "1"},
    {HISTOGRAM "_bucket", "le", "2.5"},
    {HISTOGRAM "_bucket", "le", "+Inf"},
    {HISTOGRAM "_count", NULL, NULL},
    {HISTOGRAM "_sum", NULL, NULL},
};

/* Number of dash-1's series, -1 = not declared; path NULL: without that label. */
static int find(int which, const char *path)
{
    struct label label[5] = {
        {"__name__", series[which].metric}, {"job", "dash"}, {"instance", "dash-1"}};
    int n = 3;
    if (series[which].label)
        label[n++] = (struct label){series[which].label, series[which].value};
    if (path)
        label[n++] = (struct label){"path", path};
    int before = rs_tsdb_count(f.db);
    int at = rs_tsdb_series(f.db, rs_labels_intern(f.labels, n, label));
    if (at >= before)
        return -1;
    rs_tsdb_retain(f.db, at, (int64_t)(SPAN * 1000.0));
    return at;
}

/* Ways of reading: every so many seconds, 0 = only at the end; and observing in between. */
static const struct {
    const char *what;
    double read_s, observe_s;
    bool with_sum;
} ways[] = {
    {"at every scrape", 30, 0, true},
    {"seldom", 3000, 0, false},
    {"only at the end", 0, 0, false},
    {"only at the end, with the sum", 0, 0, true},
    {"seldom, and observed in between", 1000, 77, false},
};

#define MAX_SAMPLE 64
struct shown {
    int n[N_SERIES];
    struct sample at[N_SERIES][MAX_SAMPLE];
};

static void take(struct shown *out, int which, int number)
{
    const struct sample *run[2];
    int n[2];
    rs_tsdb_window(f.db, number, fixture_ms(UNTIL - SPAN + 1), fixture_ms(UNTIL), false, run, n);
    out->n[which] = 0;
    for (int r = 0; r < 2; r++) {
        for (int i = 0; i < n[r]; i++)
            out->at[which][out->n[which]++] = run[r][i];
    }
}

/* One history: half of the staff gets the new path at 2000 s, and the fault on it follows. */
static void play(int way, const char *const *path, int n_path, struct shown *out /* [n_path] */)
{
    fixture_init(&f);
    f.service[DASH].by_path = path[0] != NULL;
    fixture_start(&f);
    int number[3][N_SERIES];
    for (int p = 0; p < n_path; p++) {
        for (int i = 0; i < N_SERIES; i++) {
            number[p][i] = i == SUM && !ways[way].with_sum ? -1 : find(i, path[p]);
            ck_assert(number[p][i] >= 0 || i == SUM);
        }
    }
    fixture_reset(&f, 3, 0);
    struct observation o;
    for (double t = 1.0; t <= UNTIL; t += 1.0) {
        fixture_run(&f, t);
        if (t == 2000.0)
            rs_system_set_flag(f.sys, READS, true, STAFF, 50.0);
        if (ways[way].observe_s > 0 && fmod(t, ways[way].observe_s) == 0)
            rs_system_observe(f.sys, DASH, &o);
        if (t != UNTIL && (ways[way].read_s <= 0 || fmod(t, ways[way].read_s) != 0))
            continue;
        for (int p = 0; p < n_path; p++) {
            fixture_read(&f, number[p][0]);
            fixture_read(&f, number[p][COUNT]);
        }
    }
    for (int p = 0; p < n_path; p++) {
        memset(&out[p], 0, sizeof out[p]);
        for (int i = 0; i < N_SERIES; i++) {
            if (number[p][i] >= 0)
                take(&out[p], i, number[p][i]);
        }
    }
    fixture_clear(&f);
}

START_TEST(the_parts_add_up)
{
    static struct shown whole[1], part[2];
    static const char *const none[] = {NULL}, *const both[] = {"new", "old"};
    play(_i, none, 1, whole);
    play(_i, both, 2, part);
    for (int i = 0; i < N_SERIES; i++) {
        int n = i == SUM && !ways[_i].with_sum ? 0 : 30;
        ck_assert_int_eq(whole[0].n[i], n);
        ck_assert_int_eq(part[0].n[i], n);
        for (int k = 0; k < n; k++) {
            double w = whole[0].at[i][k].v, sum = part[0].at[i][k].v + part[1].at[i][k].v;
            ck_assert_msg(fabs(w - sum) <= (i == SUM ? 1e-9 * w : 0), "%s: series %d: %g, not %g",
                          ways[_i].what, i, sum, w);
        }
    }
    for (int p = 0; p < 2; p++) {
        for (int k = 0; k < 30; k++) {
            double all = part[p].at[COUNT][k].v, codes = 0.0;
            for (int c = 0; c < N_CODE; c++)
                codes += part[p].at[c][k].v;
            ck_assert(all > 0 && codes == all && part[p].at[COUNT - 1][k].v == all);
        }
    }
}
END_TEST

START_TEST(the_fault_is_on_one_part)
{
    static struct shown part[2];
    static const char *const both[] = {"new", "old"};
    play(0, both, 2, part);
    double share[2];
    for (int p = 0; p < 2; p++) {
        const struct sample *all = part[p].at[COUNT], *bad = part[p].at[1];
        share[p] = (bad[29].v - bad[0].v) / (all[29].v - all[0].v);
    }
    ck_assert_msg(share[0] > 5 * share[1], "errors: %g of the new path, %g of the old one",
                  share[0], share[1]);
}
END_TEST

/* Requests that no path takes have series of their own, where that can happen. */
START_TEST(no_path_is_a_part)
{
    for (int lacks = 0; lacks < 2; lacks++) {
        fixture_init(&f);
        f.service[DASH].by_path = true;
        static const struct condition off = {.flag = READS, .on = false};
        f.path[DASH][OLD].n_when = lacks;
        f.path[DASH][OLD].when = &off;
        fixture_start(&f);
        ck_assert_int_eq(find(2, "none") >= 0, lacks);
        ck_assert_int_eq(find(COUNT, "none") >= 0, lacks);
        ck_assert_int_eq(find(COUNT, NULL), -1);
        fixture_clear(&f);
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, the_parts_add_up, 0, N_ROW(ways));
    tcase_add_test(tc, the_fault_is_on_one_part);
    tcase_add_test(tc, no_path_is_a_part);
}

int main(void)
{
    return run_suite("by path", add_tests);
}
