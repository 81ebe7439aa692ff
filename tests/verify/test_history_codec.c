/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Histories travel as bytes: what comes back is what was sent, bit for bit, and what is damaged is refused. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "made_up.h"
#include "scenarios/load.h"
#include "sim/clock.h"
#include "sim/stream.h"

/* ---- the same, bit for bit ---- */

static void same_bits(const void *a, const void *b, size_t n, const char *what)
{
    ck_assert_msg(n == 0 || memcmp(a, b, n) == 0, "%s came out differently", what);
}
#define SAME(field) same_bits(&a->field, &b->field, sizeof a->field, #field)
#define SAME_POINTS(field) same_bits(a->field, b->field, (size_t)a->n * sizeof *a->field, #field)

static void same_trajectory(const struct trajectory *a, const struct trajectory *b)
{
    SAME(service);
    SAME(t0_ns);
    SAME(step_ns);
    SAME(n);
    SAME_POINTS(n_request);
    SAME_POINTS(n_error);
    SAME_POINTS(latency_s_p50);
    SAME_POINTS(latency_s_p95);
    SAME_POINTS(latency_s_p99);
}

static void same_episode(const struct episode *a, const struct episode *b)
{
    SAME(procedure);
    SAME(stage);
    SAME(fault);
    SAME(by);
    SAME(at_ns);
    SAME(gave_up);
    SAME(cut);
    ck_assert_pstr_eq(a->detector, b->detector);
}

static void same_history(const struct history *a, const struct history *b)
{
    SAME(replica);
    SAME(world);
    SAME(fault);
    SAME(fault_started);
    SAME(onset_ns);
    SAME(outcome);
    SAME(stage_reached);
    SAME(n_stage);
    same_bits(a->stage_at_ns, b->stage_at_ns, (size_t)a->n_stage * sizeof *a->stage_at_ns, "stage");
    SAME(ended_ns);
    SAME(n_episode);
    for (int i = 0; i < a->n_episode; i++)
        same_episode(&a->episode[i], &b->episode[i]);
    SAME(false_rollback);
    SAME(n_request);
    SAME(n_error);
    SAME(n_slow);
    SAME(users_hurt);
    SAME(users_hurt_since_onset);
    SAME(n_request_fault);
    SAME(n_error_fault);
    SAME(budget_burned);
    SAME(n_page);
    SAME(n_alert_fired);
    SAME(sim_ns);
    SAME(n_trajectory);
    for (int i = 0; i < a->n_trajectory; i++)
        same_trajectory(&a->trajectory[i], &b->trajectory[i]);
    SAME(has_close);
    if (a->has_close)
        same_trajectory(&a->close, &b->close);
}

/* Out and back: the same history, and the same bytes when it is sent again. */
static void check_round_trip(const struct history *h, const struct scenario *sc)
{
    struct bytes sent = {0}, again = {0};
    struct history back;
    struct err err = {0};
    rs_history_init(&back);
    rs_history_encode(h, &sent);
    ck_assert_msg(rs_history_decode(&back, sc, sent.p, sent.n, &err) == 0, "replica %llu: %s",
                  (unsigned long long)h->replica, err.text);
    same_history(h, &back);
    rs_history_encode(&back, &again);
    ck_assert_uint_eq(sent.n, again.n);
    same_bits(sent.p, again.p, sent.n, "bytes");
    rs_history_clear(&back);
    free(sent.p);
    free(again.p);
}

/* ---- real histories ---- */

struct real_row {
    const char *scenario;
    uint64_t n;
};
static const struct real_row real_rows[] = {
    {"scenarios/prisma/prisma.yaml", 8},         {"scenarios/prisma-mended/prisma-mended.yaml", 6},
    {"tests/loop/scenarios/gates.yaml", 40},     {"tests/loop/scenarios/latency.yaml", 20},
    {"tests/loop/scenarios/unattended.yaml", 5}, {"tests/loop/scenarios/valued.yaml", 3},
};

START_TEST(test_real_histories_return)
{
    const struct real_row *row = &real_rows[_i];
    char path[512];
    struct err_list errors;
    struct err err = {0};
    struct history h;
    snprintf(path, sizeof path, "%s/%s", RS_SOURCE_DIR, row->scenario);
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_load(path, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(sc);
    struct simulator *sim = rs_simulator_new(sc, &err);
    uint64_t n = getenv("RS_UNDER_VALGRIND") ? 2 : row->n;
    rs_history_init(&h);
    for (uint64_t i = 0; i < n; i++) {
        /* Every fault and none in turn, so that all episodes and the close grid are seen. */
        struct replica_options opt = {
            .seed = 5, .replica = i, .fault = (int)(i % ((uint64_t)sc->n_fault + 1)) - 1};
        ck_assert_msg(rs_simulator_run(sim, &opt, &h, &err) == 0, "%s", err.text);
        check_round_trip(&h, sc);
    }
    rs_history_clear(&h);
    rs_simulator_free(sim);
    rs_scenario_free(sc);
    rs_err_list_clear(&errors);
}
END_TEST

/* ---- made-up ones ---- */

/* Numbers of every length, the ends of the range among them. */
static uint64_t draw_number(struct stream *s)
{
    static const uint64_t ends[] = {0, 1, 127, 128, UINT32_MAX, INT64_MAX, UINT64_MAX, 1ULL << 63};
    uint64_t u = rs_stream_u64(s);
    return u % 4 == 0 ? ends[u / 4 % 8] : rs_stream_u64(s) >> (u / 4 % 64);
}

static int64_t draw_time(struct stream *s)
{
    uint64_t u = draw_number(s);
    return u % 5 == 0 ? RS_NEVER : (int64_t)u;
}

static int draw_below(struct stream *s, int n)
{
    return (int)(rs_stream_u64(s) % (uint64_t)n);
}

static void draw_float(struct stream *s, float *out)
{
    uint32_t bits = (uint32_t)draw_number(s); /* signed NaNs and the infinities too */
    memcpy(out, &bits, sizeof bits);
}

static void draw_points(struct trajectory *t, struct stream *s, int service, int64_t step_ns, int n)
{
    struct trajectory keep = *t;
    *t = (struct trajectory){.service = service, .step_ns = step_ns, .n = n, .cap = n};
    t->t0_ns = (int64_t)(draw_number(s) >> 20) - (1 << 20);
    t->n_request = realloc(keep.n_request, (size_t)n * sizeof *t->n_request + 1);
    t->n_error = realloc(keep.n_error, (size_t)n * sizeof *t->n_error + 1);
    t->latency_s_p50 = realloc(keep.latency_s_p50, (size_t)n * sizeof(float) + 1);
    t->latency_s_p95 = realloc(keep.latency_s_p95, (size_t)n * sizeof(float) + 1);
    t->latency_s_p99 = realloc(keep.latency_s_p99, (size_t)n * sizeof(float) + 1);
    for (int i = 0; i < n; i++) {
        t->n_request[i] = (uint32_t)draw_number(s);
        t->n_error[i] = (uint32_t)draw_number(s);
        draw_float(s, &t->latency_s_p50[i]);
        draw_float(s, &t->latency_s_p95[i]);
        draw_float(s, &t->latency_s_p99[i]);
    }
}

static void draw_episode(struct history *h, struct stream *s)
{
    static const char *const detectors[] = {"PortalSlow", "reads-ok",        "read-rollback",
                                            "dark",       "portal-rollback", RS_DETECTOR_GIVEN_UP,
                                            NULL};
    struct episode *e = made_up_episode(h, draw_below(s, 3) - 1, draw_below(s, 4) - 1,
                                        (enum detected_by)draw_below(s, 4));
    e->stage = draw_below(s, 3) - 1;
    e->detector = detectors[draw_below(s, 7)];
    e->gave_up = draw_below(s, 2);
    e->cut = draw_below(s, 2);
    for (int i = 0; i < RS_CLOCK_N; i++)
        e->at_ns[i] = draw_time(s);
}

/* Anything that a history of the made-up scenario can hold, likely or not. */
static void draw_history(struct history *h, struct stream *s)
{
    uint64_t bits = draw_number(s);
    made_up_history(h, draw_number(s), draw_below(s, 4) - 1);
    memcpy(&h->budget_burned, &bits, sizeof bits);
    h->world = draw_number(s);
    h->fault_started = draw_below(s, 2);
    h->false_rollback = draw_below(s, 2);
    h->onset_ns = draw_time(s);
    h->outcome = (enum outcome)draw_below(s, RS_OUTCOME_N);
    h->stage_reached = draw_below(s, 3) - 1;
    h->n_stage = draw_below(s, 3);
    h->stage_at_ns = realloc(h->stage_at_ns, 2 * sizeof *h->stage_at_ns);
    for (int i = 0; i < h->n_stage; i++)
        h->stage_at_ns[i] = draw_time(s);
    h->ended_ns = draw_time(s);
    h->n_request = draw_number(s);
    h->n_error = draw_number(s);
    h->n_slow = draw_number(s);
    h->users_hurt = draw_number(s);
    h->users_hurt_since_onset = draw_number(s);
    h->n_request_fault = draw_number(s);
    h->n_error_fault = draw_number(s);
    h->n_page = (uint32_t)draw_number(s);
    h->n_alert_fired = (uint32_t)draw_number(s);
    h->sim_ns = draw_time(s);
    for (int i = draw_below(s, 4); i > 0; i--)
        draw_episode(h, s);
    if (!h->trajectory) {
        h->trajectory = calloc(2, sizeof *h->trajectory);
        h->n_trajectory = 2;
    }
    for (int i = 0; i < 2; i++)
        draw_points(&h->trajectory[i], s, i, draw_below(s, 1000) + 1, draw_below(s, 5));
    h->has_close = draw_below(s, 2);
    draw_points(&h->close, s, draw_below(s, 2), draw_below(s, 1000) + 1, draw_below(s, 5));
}

static struct stream open_stream(uint64_t i)
{
    return rs_stream_open(1, i, rs_stream_hash("made-up histories"));
}

START_TEST(test_made_up_histories_return)
{
    struct scenario *sc = made_up_scenario();
    struct history h;
    int n = getenv("RS_UNDER_VALGRIND") ? 200 : 4000;
    rs_history_init(&h);
    check_round_trip(&h, sc); /* an empty one */
    for (int i = 0; i < n; i++) {
        struct stream s = open_stream((uint64_t)i);
        draw_history(&h, &s);
        check_round_trip(&h, sc);
    }
    rs_history_clear(&h);
    rs_scenario_free(sc);
}
END_TEST

/* A slot is used again and again: nothing of a larger history is left in a smaller one that is decoded over it. */
START_TEST(test_reuse_leaves_nothing)
{
    struct scenario *sc = made_up_scenario();
    struct history h, slot;
    struct bytes b = {0};
    rs_history_init(&h);
    rs_history_init(&slot);
    for (uint64_t i = 0; i < 500; i++) {
        struct stream s = open_stream(i);
        draw_history(&h, &s);
        rs_history_encode(&h, &b);
        ck_assert_int_eq(rs_history_decode(&slot, sc, b.p, b.n, NULL), 0);
        same_history(&h, &slot);
    }
    free(b.p);
    rs_history_clear(&h);
    rs_history_clear(&slot);
    rs_scenario_free(sc);
}
END_TEST

/* ---- damage ---- */

static void check_refused(const struct scenario *sc, const unsigned char *p, size_t n)
{
    /* A copy of the exact size: the sanitizer sees a read past its end. */
    unsigned char *copy = malloc(n ? n : 1);
    struct history h;
    struct err err = {0};
    memcpy(copy, p, n);
    rs_history_init(&h);
    ck_assert_int_eq(rs_history_decode(&h, sc, copy, n, &err), -1);
    ck_assert_int_eq(err.code, RS_E_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "damaged"));
    ck_assert_int_eq(h.n_episode, 0);
    rs_history_clear(&h);
    free(copy);
}

/* The check sum put right again. */
static void seal(unsigned char *p, size_t n)
{
    uint64_t sum = XXH64(p, n - 8, 0);
    for (int i = 0; i < 8; i++)
        p[n - 8 + (size_t)i] = (unsigned char)(sum >> (8 * i));
}

static struct bytes one_made_up(struct scenario *sc, uint64_t replica)
{
    struct bytes b = {0};
    struct history h;
    void *sim = made_up_engine.sim_new(sc, NULL);
    struct replica_options opt = {.seed = 7, .replica = replica, .fault = -2};
    rs_history_init(&h);
    made_up_engine.sim_run(sim, &opt, &h, NULL);
    rs_history_encode(&h, &b);
    rs_history_clear(&h);
    made_up_engine.sim_free(sim);
    return b;
}

/* Every length but the right one, every bit turned over. */
START_TEST(test_damage_is_refused)
{
    struct scenario *sc = made_up_scenario();
    struct bytes b = one_made_up(sc, 3);
    size_t step = getenv("RS_UNDER_VALGRIND") ? 37 : 1;
    for (size_t n = 0; n < b.n; n += step)
        check_refused(sc, b.p, n);
    for (size_t bit = 0; bit < 8 * b.n; bit += step) {
        b.p[bit / 8] ^= (unsigned char)(1U << bit % 8);
        check_refused(sc, b.p, b.n);
        b.p[bit / 8] ^= (unsigned char)(1U << bit % 8);
    }
    free(b.p);
    rs_scenario_free(sc);
}
END_TEST

/* Damage with a right check sum, as nobody but an enemy makes it: refused, or a history that is sent as these very bytes. */
START_TEST(test_sealed_damage_is_harmless)
{
    struct scenario *sc = made_up_scenario();
    struct bytes b = one_made_up(sc, 1), again = {0};
    struct stream s = open_stream(0);
    int n = getenv("RS_UNDER_VALGRIND") ? 200 : 5000, n_taken = 0;
    unsigned char *p = malloc(b.n);
    for (int i = 0; i < n; i++) {
        struct history h;
        size_t len = i % 3 ? b.n : 8 + (size_t)draw_below(&s, (int)b.n - 8);
        memcpy(p, b.p, len);
        for (int k = draw_below(&s, 3); k >= 0; k--)
            p[draw_below(&s, (int)len)] = (unsigned char)rs_stream_u64(&s);
        seal(p, len);
        rs_history_init(&h);
        if (rs_history_decode(&h, sc, p, len, NULL) == 0) {
            n_taken++;
            rs_history_encode(&h, &again);
            ck_assert_uint_eq(again.n, len);
            same_bits(again.p, p, len, "bytes");
        }
        rs_history_clear(&h);
    }
    ck_assert_int_gt(n_taken, 0);
    free(p);
    free(b.p);
    free(again.p);
    rs_scenario_free(sc);
}
END_TEST

/* What is whole, but of another scenario: a fault, a service, a detector that this one has not. */
START_TEST(test_another_scenario_is_refused)
{
    struct scenario *sc = made_up_scenario(), other = *sc;
    struct bytes b = {0};
    struct history h;
    rs_history_init(&h);
    made_up_history(&h, 1, 2);
    rs_history_encode(&h, &b);
    other.n_fault = 2;
    check_refused(&other, b.p, b.n);
    other = *sc;
    made_up_episode(&h, 1, 0, RS_BY_ALERT)->detector = "NoSuchAlert";
    rs_history_encode(&h, &b);
    check_refused(sc, b.p, b.n);
    h.episode[0].detector = "PortalSlow";
    rs_history_encode(&h, &b);
    other.response.n_procedure = 1;
    check_refused(&other, b.p, b.n);
    other = *sc;
    other.monitoring.n_rule_file = 0;
    check_refused(&other, b.p, b.n);
    free(b.p);
    rs_history_clear(&h);
    rs_scenario_free(sc);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("history_codec");
    TCase *tc = tcase_create("bytes");
    tcase_add_loop_test(tc, test_real_histories_return, 0,
                        (int)(sizeof real_rows / sizeof real_rows[0]));
    tcase_add_test(tc, test_made_up_histories_return);
    tcase_add_test(tc, test_reuse_leaves_nothing);
    tcase_add_test(tc, test_damage_is_refused);
    tcase_add_test(tc, test_sealed_damage_is_harmless);
    tcase_add_test(tc, test_another_scenario_is_refused);
    suite_add_tcase(s, tc);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
