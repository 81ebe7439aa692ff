/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Users hurt: bounds, occupancy, and only those who were exposed. */
#include <math.h>

#include "../sim/sim_check.h"
#include "fixture.h"
#include "models/traffic.h"
#include "sim/stream.h"

static struct fixture f;

/* Never more than hurtful answers, never more than users; never less than in one service alone; never falls. */
START_TEST(bounds)
{
    fixture_init(&f);
    f.rate[2] = 2.0; /* staff calls the portal too, so that services share users */
    f.traffic[2] = f.traffic[1];
    f.traffic[2].cohort = STAFF;
    f.traffic[2].profile.per_s = &f.rate[2];
    f.sc.n_traffic = 3;
    f.path[DASH][OLD].errors.ratio[0] = 0.05;
    fixture_start(&f);
    if (_i)
        fixture_series(&f, "http_request_duration_seconds_count", PORTAL, 0, NULL, NULL, 300.0);
    for (uint64_t r = 0; r < 3; r++) {
        uint64_t last = 0;
        fixture_reset(&f, r, 1);
        rs_system_set_flag(f.sys, MIGRATE, true, AGENTS, 25.0);
        for (double t = 100.0; t < 5000.0; t += 700.0) {
            struct observation o[2];
            fixture_run(&f, t);
            rs_system_observe(f.sys, DASH, &o[0]);
            rs_system_observe(f.sys, PORTAL, &o[1]);
            uint64_t dash = rs_system_users_hurt_by(f.sys, DASH),
                     portal = rs_system_users_hurt_by(f.sys, PORTAL);
            uint64_t all = rs_system_users_hurt(f.sys);
            ck_assert(all >= last && all >= dash && all >= portal && all <= dash + portal);
            ck_assert(dash <= 500 && portal <= 20500);
            ck_assert(dash <= o[0].n_error + o[0].n_slow && portal <= o[1].n_error + o[1].n_slow);
            ck_assert(dash > 0);
            last = all;
        }
        ck_assert(last > 1000);
    }
    fixture_clear(&f);
}
END_TEST

/*
 * k errors over m users hurt m (1 - (1 - 1/m)^k) of them on average; given the count of each replica the mean residual of 200
 * replicas is near 0: variance below m e^-k/m, 4.5 sigma.
 */
START_TEST(occupancy)
{
    double residual = 0.0, variance = 0.0, m = 500.0;
    fixture_init(&f);
    f.service[DASH].slow_s = INFINITY;
    f.path[DASH][OLD].errors.ratio[0] = 0.1;
    fixture_start(&f);
    for (uint64_t r = 0; r < 200; r++) {
        struct observation o;
        fixture_reset(&f, r, -1);
        fixture_run(&f, 1000.0);
        rs_system_observe(f.sys, DASH, &o);
        double k = (double)o.n_error, left = pow(1 - 1 / m, k);
        residual += (double)rs_system_users_hurt_by(f.sys, DASH) - m * (1 - left);
        /* exact variance of the number of empty boxes */
        variance += m * (m - 1) * pow(1 - 2 / m, k) + m * left - m * m * left * left;
    }
    ck_assert_msg(fabs(residual) < 4.5 * sqrt(variance), "%g, sigma %g", residual, sqrt(variance));
    fixture_clear(&f);
}
END_TEST

/*
 * Everybody on one path fails, nobody on the other: the hurt are those who take it, all of them in the end and no others.
 * Row 0: the new path, 3 % exposed. Row 1: the old one, 97 % exposed.
 */
START_TEST(only_the_exposed_are_hurt)
{
    uint64_t hash = rs_stream_hash("flag/MIGRATE/agents"),
             exposed = rs_bucket_count(hash, 20000, _i ? 97.0 : 3.0);
    fixture_init(&f);
    f.service[PORTAL].slow_s = INFINITY;
    f.path[PORTAL][_i ? OLD : NEW].errors = (struct error_mix){1, {500}, {1.0}};
    f.path[PORTAL][_i ? NEW : OLD].errors.n = 0;
    fixture_start(&f);
    fixture_reset(&f, 0, -1);
    rs_system_set_flag(f.sys, MIGRATE, true, AGENTS, _i ? 97.0 : 3.0);
    fixture_run(&f, 100.0);
    uint64_t some = rs_system_users_hurt_by(f.sys, PORTAL);
    ck_assert(some > 20 && some < 150);
    fixture_run(&f, 20000.0);
    ck_assert_uint_eq(rs_system_users_hurt_by(f.sys, PORTAL), _i ? 20000 - exposed : exposed);
    fixture_clear(&f);
}
END_TEST

/* A slow answer hurts as an error does; an error that is slow too hurts once. */
START_TEST(slow_answers_hurt)
{
    fixture_init(&f);
    f.cohort[AGENTS].population = 100000000;
    f.service[PORTAL].slow_s = 0.1;
    f.path[PORTAL][OLD].errors.ratio[0] = 0.5;
    fixture_start(&f);
    if (_i)
        fixture_series(&f, "http_request_duration_seconds_count", PORTAL, 0, NULL, NULL, 300.0);
    fixture_reset(&f, 0, -1);
    fixture_run(&f, 1000.0);
    struct observation o;
    rs_system_observe(f.sys, PORTAL, &o);
    double slow = 1 - rs_dist_cdf(&f.path[PORTAL][OLD].latency, 0.1), n = (double)o.n_request;
    double hurt = (double)rs_system_users_hurt_by(f.sys, PORTAL), p = 1 - 0.5 * (1 - slow);
    /* so many users that hardly anybody is hit twice: expected collisions n^2 / 2m = 4.5 */
    ck_assert_msg(fabs(hurt - p * n) < 4.5 * sqrt(p * (1 - p) * n) + 10, "%g of %g", hurt, p * n);
    fixture_clear(&f);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, bounds, 0, 2);
    tcase_add_test(tc, occupancy);
    tcase_add_loop_test(tc, only_the_exposed_are_hurt, 0, 2);
    tcase_add_loop_test(tc, slow_answers_hurt, 0, 2);
}

int main(void)
{
    return run_suite("hurt", add_tests);
}
