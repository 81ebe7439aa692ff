/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a scenario says of Alertmanager reaches the loop: silences, the place in a cluster. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "models/alertmanager.h"
#include "models/replica.h"
#include "scenarios/load.h"
#include "sim/arena.h"
#include "sim/clock.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define SCENARIO RS_SOURCE_DIR "/tests/loop/scenarios/latency.yaml"

static char *read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = rs_xcalloc(1, 1 << 16);

    ck_assert_ptr_nonnull(f);
    ck_assert_uint_gt(fread(text, 1, (1 << 16) - 1, f), 0);
    fclose(f);
    return text;
}

/* The scenario of the latency test with keys added to its monitoring. */
static struct scenario *with_keys(const char *keys)
{
    char *text = read_text(SCENARIO), *more = rs_xcalloc(1, 1 << 17);
    char *at = strstr(text, "\nmonitoring:\n");
    struct err_list errors;

    ck_assert_ptr_nonnull(at);
    at += strlen("\nmonitoring:\n");
    snprintf(more, 1 << 17, "%.*s%s%s", (int)(at - text), text, keys, at);
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_parse(SCENARIO, more, strlen(more), &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(sc);
    rs_err_list_clear(&errors);
    free(text);
    free(more);
    return sc;
}

static const struct {
    const char *keys;
    int notified_s; /* after detection: group_wait 10 s, delivery 1 s, and what the keys do; -1 = never */
} rows[] = {
    {"", 11},
    {"  alertmanager_version: 0.25\n", 11},
    {"  alertmanager_peer: 2\n", 41},
    {"  silences: [{matchers: ['alertname=~\".+\"'], until: 365d}]\n", -1},
    {"  silences: [{matchers: ['alertname=\"other\"'], until: 365d}]\n", 11},
    {"  silences: [{matchers: ['alertname=~\".+\"'], until: 2020-01-01T00:00:00Z,"
     " from: 2019-01-01T00:00:00Z}]\n",
     11},
};

START_TEST(test_notified)
{
    struct scenario *sc = with_keys(rows[_i].keys);
    struct err err = {0};
    struct simulator *sim = rs_simulator_new(sc, &err);
    struct history h;

    rs_history_init(&h);
    for (uint64_t i = 0; i < 5; i++) {
        struct replica_options opt = {.seed = 11, .replica = i, .fault = 0};

        ck_assert_int_eq(rs_simulator_run(sim, &opt, &h, &err), 0);
        ck_assert_int_gt(h.n_alert_fired, 0);
        if (rows[_i].notified_s < 0) {
            ck_assert_int_eq(h.n_page, 0);
            continue;
        }
        ck_assert_int_eq(h.n_episode, 1);
        ck_assert_int_eq(rs_episode_leg(&h.episode[0], RS_CLOCK_DETECTED, RS_CLOCK_NOTIFIED),
                         rows[_i].notified_s * RS_NS_PER_S);
    }
    rs_history_clear(&h);
    rs_simulator_free(sim);
    rs_scenario_free(sc);
}
END_TEST

static const char exported[] =
    "[{\"id\":\"7d8ed0bf\",\"status\":{\"state\":\"active\"},\"updatedAt\":\"2025-01-06T08:00:00."
    "000Z\","
    "\"comment\":\"c\",\"createdBy\":\"me\",\"endsAt\":\"2030-01-06T12:00:00.000Z\",\"matchers\":["
    "{\"isEqual\":true,\"isRegex\":true,\"name\":\"alertname\",\"value\":\".+\"},"
    "{\"isEqual\":false,\"isRegex\":false,\"name\":\"severity\",\"value\":\"none\"}],"
    "\"startsAt\":\"2019-01-06T08:00:00.000Z\"}]\n";

START_TEST(test_exported)
{
    char name[64], keys[160];
    FILE *f;

    snprintf(name, sizeof(name), "/tmp/rollsim-silences-%d.json", (int)getpid());
    f = fopen(name, "wb");
    ck_assert_ptr_nonnull(f);
    fputs(exported, f);
    fclose(f);
    snprintf(keys, sizeof(keys),
             "  silences: [{matchers: [a=b], until: 1h, ref: R}]\n  silences_file: %s\n", name);
    struct scenario *sc = with_keys(keys);
    const struct am_silence *s = sc->monitoring.silence;
    ck_assert_int_eq(sc->monitoring.n_silence, 2);
    ck_assert_str_eq(s[0].ref, "R");
    ck_assert_int_eq(s[0].until_ns, 3600 * RS_NS_PER_S);
    ck_assert_str_eq(s[1].ref, "7d8ed0bf");
    ck_assert_int_eq(s[1].n_matcher, 2);
    ck_assert_int_eq(s[1].matcher[0].op, RS_MATCH_RE);
    ck_assert_int_eq(s[1].matcher[1].op, RS_MATCH_NE);
    ck_assert_int_lt(s[1].from_ns, 0);
    ck_assert_int_gt(s[1].until_ns, 0);
    rs_scenario_free(sc);
    remove(name);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("alert path");
    TCase *tc = tcase_create("alert path");
    SRunner *sr;
    int failed;

    tcase_add_loop_test(tc, test_notified, 0, N(rows));
    tcase_add_test(tc, test_exported);
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
