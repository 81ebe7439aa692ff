/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flags: propagation, supersession, audiences, requirements, removal of paths. */
#include <math.h>

#include "../sim/sim_check.h"
#include "fixture.h"
#include "models/traffic.h"
#include "sim/stream.h"

static struct fixture f;

static double uniform_15(double x, const void *par)
{
    (void)par;
    return x <= 0 ? 0 : x >= 15 ? 1 : x / 15;
}

/*
 * A change at a fixed instant reaches an instance that polls every 15 s after Uniform(0, 15]: mean 7.5 s, never more than 15.
 * 500 worlds x 2 instances; KS and 4.5 sigma of the mean: false alarm about 1e-4.
 */
START_TEST(polling_delays_are_uniform)
{
    static double delay[1000];
    double sum = 0.0;
    fixture_init(&f);
    fixture_start(&f);
    for (uint64_t w = 0; w < 500; w++) {
        fixture_reset(&f, 0, -1);
        rs_system_reset(f.sys, 1, 0, w, -1, &(struct system_sink){0});
        fixture_run(&f, 1000.0);
        ck_assert(rs_system_flag_settled(f.sys, READS));
        rs_system_set_flag(f.sys, READS, true, -1, 100.0);
        ck_assert(!rs_system_flag_settled(f.sys, READS) && rs_system_flag_on(f.sys, READS));
        double share = 0.0, t = 1000.0;
        for (int i = 0; share < 0.99; t += 0.01) {
            fixture_run(&f, t);
            for (; share < rs_system_flag_exposure(f.sys, READS) - 0.01; share += 0.5)
                delay[2 * w + (uint64_t)i++] = t - 1000.0;
        }
        ck_assert(t - 1000.0 <= 15.02);
        ck_assert(rs_system_flag_settled(f.sys, READS));
    }
    for (int i = 0; i < 1000; i++)
        sum += delay[i];
    ck_assert_msg(fabs(sum / 1000 - 7.5) < 4.5 * 15 / sqrt(12.0 * 1000), "mean %g", sum / 1000);
    ck_assert(kolmogorov_p(delay, 1000, uniform_15, NULL) > 1e-4);
    fixture_clear(&f);
}
END_TEST

/* The phase belongs to the world: all replicas of it see the same delays. */
START_TEST(phases_belong_to_the_world)
{
    int64_t first[2] = {0, 0};
    fixture_init(&f);
    fixture_start(&f);
    for (uint64_t r = 0; r < 5; r++) {
        fixture_reset(&f, r, -1);
        fixture_run(&f, 1.0);
        rs_system_set_flag(f.sys, READS, true, -1, 100.0);
        fixture_run(&f, 20.0);
        ck_assert_int_eq(f.n_effective, 2);
        ck_assert_int_eq(f.n_total, 2);
        for (int i = 0; i < 2; i++) {
            ck_assert(r == 0 || f.effective_at_ns[i] == first[i]);
            first[i] = f.effective_at_ns[i];
        }
    }
    fixture_clear(&f);
}
END_TEST

/* On and off between two polls: the instance never sees the first command; only the newest version is reported. */
START_TEST(a_later_command_supersedes)
{
    fixture_init(&f);
    f.flag[READS].propagation.poll_ns = 3600 * RS_NS_PER_S;
    fixture_start(&f);
    fixture_reset(&f, 0, -1);
    fixture_run(&f, 1.0);
    ck_assert_uint_eq(rs_system_set_flag(f.sys, READS, true, -1, 100.0), 1);
    fixture_run(&f, 1.5);
    ck_assert_uint_eq(rs_system_set_flag(f.sys, READS, false, -1, 0.0), 2);
    for (double t = 2.0; t < 7300.0; t += 50.0) {
        fixture_run(&f, t);
        ck_assert(rs_system_flag_exposure(f.sys, READS) == 0.0);
    }
    ck_assert_int_eq(f.n_effective, 2);
    ck_assert(rs_system_flag_settled(f.sys, READS));
    fixture_clear(&f);
}
END_TEST

/* A slow old change must not undo a newer one that overtook it. */
START_TEST(an_overtaken_change_is_ignored)
{
    fixture_init(&f);
    f.flag[MIGRATE].propagation.half_open_ratio = 1.0;
    f.flag[MIGRATE].propagation.half_open_delay = rs_dist_constant(100.0);
    fixture_start(&f);
    fixture_reset(&f, 0, -1);
    rs_system_set_flag(f.sys, MIGRATE, true, -1, 100.0);
    f.flag[MIGRATE].propagation.half_open_ratio = 0.0;
    fixture_run(&f, 10.0);
    rs_system_set_flag(f.sys, MIGRATE, false, -1, 0.0);
    fixture_run(&f, 10.0);
    ck_assert(rs_system_flag_settled(f.sys, MIGRATE));
    fixture_run(&f, 200.0);
    ck_assert(rs_system_flag_exposure(f.sys, MIGRATE) == 0.0);
    ck_assert_int_eq(f.n_effective, 3);
    fixture_clear(&f);
}
END_TEST

/* 10 % half-open streams: 3 instances x 1000 changes, 4.5 sigma of the binomial (7e-6). */
START_TEST(half_open_streams_lag)
{
    fixture_init(&f);
    f.flag[MIGRATE].propagation =
        (struct propagation){.kind = RS_PROPAGATION_STREAMING,
                             .delay = {RS_DIST_UNIFORM, 0.1, 0.3, .cap_s = INFINITY},
                             .half_open_ratio = 0.1,
                             .half_open_delay = {RS_DIST_UNIFORM, 60.0, 90.0, .cap_s = INFINITY}};
    fixture_start(&f);
    int late = 0;
    for (uint64_t r = 0; r < 1000; r++) {
        fixture_reset(&f, r, -1);
        rs_system_set_flag(f.sys, MIGRATE, true, -1, 100.0);
        fixture_run(&f, 100.0);
        ck_assert_int_eq(f.n_effective, 3);
        for (int i = 0; i < 3; i++) {
            double s = rs_s_from_ns(f.effective_at_ns[i]);
            ck_assert((s >= 0.1 && s <= 0.3) || (s >= 60.0 && s <= 90.0));
            late += s > 1.0;
        }
    }
    ck_assert(fabs(late - 300.0) < 4.5 * sqrt(270.0));
    fixture_clear(&f);
}
END_TEST

/* The share of agents that meet the new path is the definite number of users in its buckets. */
START_TEST(a_percentage_is_a_definite_set)
{
    static const double percent[] = {0.0, 0.01, 1.0, 10.0, 33.3, 100.0};
    uint64_t hash = rs_stream_hash("flag/MIGRATE/agents");
    fixture_init(&f);
    f.path[PORTAL][NEW].errors = (struct error_mix){1, {500}, {1.0}};
    f.path[PORTAL][OLD].errors.n = 0;
    fixture_start(&f);
    fixture_reset(&f, 0, -1);
    for (int i = 0; i < N_ROW(percent); i++) {
        rs_system_set_flag(f.sys, MIGRATE, true, AGENTS, percent[i]);
        fixture_run(&f, 1.0 + i);
        double share = (double)rs_bucket_count(hash, 20000, percent[i]) / 20000.0;
        ck_assert(fabs(rs_system_outlook(f.sys, PORTAL, AGENTS, INFINITY).error_ratio - share) <
                  1e-12);
        ck_assert(rs_system_outlook(f.sys, PORTAL, STAFF, INFINITY).error_ratio == 0.0);
        ck_assert(rs_system_flag_percent(f.sys, MIGRATE) == percent[i]);
        ck_assert(fabs(rs_system_flag_exposure(f.sys, MIGRATE) - share) < 1e-12);
    }
    fixture_clear(&f);
}
END_TEST

/* READS requires MIGRATE: both live on dash then, and READS counts as on only where MIGRATE is too. */
START_TEST(requirements_must_be_on_too)
{
    static const int requires[] = {MIGRATE};
    fixture_init(&f);
    f.flag[READS].n_requires = 1;
    f.flag[READS].requires = requires;
    f.path[DASH][NEW].errors = (struct error_mix){1, {500}, {1.0}};
    f.path[DASH][OLD].errors.n = 0;
    fixture_start(&f);
    fixture_reset(&f, 0, -1);
    rs_system_set_flag(f.sys, READS, true, -1, 100.0);
    fixture_run(&f, 20.0);
    ck_assert(rs_system_outlook(f.sys, DASH, STAFF, INFINITY).error_ratio == 0.0);
    ck_assert(rs_system_flag_exposure(f.sys, READS) == 0.0);
    rs_system_set_flag(f.sys, MIGRATE, true, -1, 100.0);
    fixture_run(&f, 21.0);
    ck_assert_int_eq(f.n_total, 5); /* MIGRATE: portal's three and dash's two */
    ck_assert(rs_system_outlook(f.sys, DASH, STAFF, INFINITY).error_ratio == 1.0);
    ck_assert(rs_system_flag_exposure(f.sys, READS) == 1.0);
    fixture_clear(&f);
}
END_TEST

/* Two partial flags in one condition are independent. */
START_TEST(partial_flags_multiply)
{
    static const struct condition both[] = {{READS, true}, {MIGRATE, false}};
    fixture_init(&f);
    f.path[PORTAL][NEW].n_when = 2;
    f.path[PORTAL][NEW].when = both;
    f.path[PORTAL][NEW].errors = (struct error_mix){1, {500}, {1.0}};
    f.path[PORTAL][OLD].errors.n = 0;
    fixture_start(&f);
    fixture_reset(&f, 0, -1);
    rs_system_set_flag(f.sys, READS, true, AGENTS, 20.0);
    rs_system_set_flag(f.sys, MIGRATE, true, AGENTS, 30.0);
    fixture_run(&f, 20.0);
    double a = (double)rs_bucket_count(rs_stream_hash("flag/READS/agents"), 20000, 20.0) / 2e4;
    double b = (double)rs_bucket_count(rs_stream_hash("flag/MIGRATE/agents"), 20000, 30.0) / 2e4;
    double ratio = rs_system_outlook(f.sys, PORTAL, AGENTS, INFINITY).error_ratio;
    ck_assert(fabs(ratio - a * (1 - b)) < 1e-12);
    fixture_clear(&f);
}
END_TEST

/* A flag that no path asks for still propagates, to one instance that stands for itself. */
START_TEST(an_unused_flag_settles)
{
    fixture_init(&f);
    f.path[DASH][NEW].n_when = 0;
    fixture_start(&f);
    fixture_reset(&f, 0, -1);
    rs_system_set_flag(f.sys, READS, true, -1, 100.0);
    fixture_run(&f, 16.0);
    ck_assert(rs_system_flag_settled(f.sys, READS) && f.n_effective == 1 && f.n_total == 1);
    ck_assert(rs_system_flag_exposure(f.sys, READS) == 1.0);
    fixture_clear(&f);
}
END_TEST

/* No path holds: 503 for everybody. When one path is removed the other is taken whatever the flag says. */
START_TEST(paths_can_be_missing_or_removed)
{
    static const struct condition off = {MIGRATE, false},
                                  never[] = {{MIGRATE, false}, {MIGRATE, true}};
    fixture_init(&f);
    f.path[PORTAL][OLD].n_when = 1;
    f.path[PORTAL][OLD].when = &off;
    f.path[PORTAL][NEW].n_when = 2;
    f.path[PORTAL][NEW].when = never;
    fixture_start(&f);
    fixture_series(&f, "http_requests_total", PORTAL, 0, "code", "200", 60.0);
    int refused = fixture_series(&f, "http_requests_total", PORTAL, 0, "code", "503", 60.0);
    fixture_reset(&f, 0, -1);
    rs_system_set_flag(f.sys, MIGRATE, true, -1, 100.0);
    fixture_run(&f, 600.0);
    ck_assert(fixture_read(&f, refused)->v > 5000); /* 10/s */
    ck_assert(rs_system_outlook(f.sys, PORTAL, AGENTS, INFINITY).error_ratio == 1.0);
    rs_system_remove_path(f.sys, PORTAL, NEW);
    ck_assert(!rs_system_path_exists(f.sys, PORTAL, NEW) &&
              rs_system_path_exists(f.sys, PORTAL, OLD));
    ck_assert(fabs(rs_system_outlook(f.sys, PORTAL, AGENTS, INFINITY).error_ratio - 0.001) < 1e-12);
    rs_system_remove_path(f.sys, PORTAL, OLD);
    ck_assert(rs_system_outlook(f.sys, PORTAL, AGENTS, INFINITY).error_ratio == 1.0);
    fixture_clear(&f);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_test(tc, polling_delays_are_uniform);
    tcase_add_test(tc, phases_belong_to_the_world);
    tcase_add_test(tc, a_later_command_supersedes);
    tcase_add_test(tc, an_overtaken_change_is_ignored);
    tcase_add_test(tc, half_open_streams_lag);
    tcase_add_test(tc, a_percentage_is_a_definite_set);
    tcase_add_test(tc, requirements_must_be_on_too);
    tcase_add_test(tc, partial_flags_multiply);
    tcase_add_test(tc, an_unused_flag_settles);
    tcase_add_test(tc, paths_can_be_missing_or_removed);
}

int main(void)
{
    return run_suite("flags", add_tests);
}
