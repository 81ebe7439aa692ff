/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose times are learnt from which episodes, and which fits are told only: marks made by hand over the Prisma rollout. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "made_retro.h"
#include "retro/learn.h"

/* ---- who was called ---- */

/* An episode of settlement-inconsistency: detected at 60 s; the others seconds after it. NaN: not noted. */
static const struct {
    const char *what;
    int by_event; /* that is noted with the detection, or -1 */
    const char *subject;
    double width_s, notified_s, acknowledged_s, decided_s;
    const char *acknowledge, *decide; /* what the refusal says; NULL: learnt */
} rows[] = {
    {"an alert", -1, "OrchestratorRollbacks", 0.001, 6, 200, 260, NULL, NULL},
    {"an alert, to the minute", -1, "OrchestratorRollbacks", 60, 0, 120, 180, NULL, NULL},
    {"words of one's own", -1, "rollbacks!", 0.001, 6, 200, 260, NULL, NULL},
    {"a check", RS_EVENT_CHECK_FAILED, "Synthetic payment settlement", 0.001, 0, 0, 50,
     "found by \"Synthetic payment settlement\", and nobody was called", NULL},
    {"a check, told later", RS_EVENT_CHECK_FAILED, "Synthetic payment settlement", 0.001, 6, 200,
     260, "found by \"Synthetic payment settlement\"", NULL},
    {"a gate", RS_EVENT_GATE_FAILED, "stage-2-no-critical-errors", 0.001, 0, 0, 50,
     "found by \"stage-2-no-critical-errors\"", NULL},
    {"a look", -1, "settlement-inconsistency", 0.001, 0, 0, 50,
     "found by \"settlement-inconsistency\"", NULL},
    {"a look at a board", RS_EVENT_LOOKED, NULL, 0.001, 0, 0, 50, "found by \"looked\"", NULL},
    {"told and seen at once", -1, "OrchestratorRollbacks", 0.001, 6, 6, 60,
     "notified and acknowledged were not noted apart", NULL},
    {"decided at once", -1, "OrchestratorRollbacks", 0.001, 6, 200, 200, NULL,
     "acknowledged and decided were not noted apart"},
};

struct taught {
    struct made m;
    struct learning l;
    struct retro *set[1];
};

static void teach(struct taught *t, int row)
{
    const double at_s[] = {0.0, rows[row].notified_s, rows[row].acknowledged_s, rows[row].decided_s,
                           rows[row].decided_s + 20.0};
    static const int mark[] = {RS_CLOCK_DETECTED, RS_CLOCK_NOTIFIED, RS_CLOCK_ACKNOWLEDGED,
                               RS_CLOCK_DECIDED, RS_CLOCK_COMMANDED};
    made_begin(&t->m, true);
    int notes = made_source(&t->m, "notes", RS_SOURCE_TIMELINE, 0.0);
    if (rows[row].by_event >= 0) {
        int k = made_mark(&t->m, notes, rows[row].by_event, 60.0, rows[row].width_s);
        t->m.mark[k].subject = rows[row].subject;
    }
    for (int i = 0; i < 5; i++) {
        int k = made_mark(&t->m, notes, mark[i], 60.0 + at_s[i], rows[row].width_s);
        t->m.mark[k].episode = "settlement-inconsistency";
        t->m.mark[k].subject = i == 0 ? rows[row].subject : NULL;
    }
    made_rebuild(&t->m);
    t->set[0] = t->m.r;
    t->l = (struct learning){.r = t->m.r,
                             .e = &t->m.e,
                             .sc = t->m.e.scenario,
                             .arena = t->m.r->arena,
                             .confidence = 0.95,
                             .n_episode_set = 1,
                             .set = t->set,
                             .fault_index = -1};
    rs_learn_people_fits(&t->l);
    rs_learn_hold_back(&t->l);
}

static void expect(const struct taught *t, const char *key, const char *refused, const char *what)
{
    for (int i = 0; i < t->l.n; i++) {
        const struct retro_fit *f = &t->l.fit[i];
        if (strcmp(f->name, key) != 0)
            continue;
        ck_assert_msg((f->refused != NULL) == (refused != NULL), "%s, %s: %s", what, key,
                      f->refused ? f->refused : "learnt");
        ck_assert_msg(!refused || strstr(f->refused, refused), "%s, %s: %s", what, key, f->refused);
        ck_assert_msg((f->path == NULL) == (refused != NULL), "%s, %s: %s", what, key, f->method);
        return;
    }
    ck_abort_msg("%s: nothing is said of %s", what, key);
}

START_TEST(only_who_was_called_acknowledged)
{
    struct taught t;
    teach(&t, _i);
    ck_assert_int_eq(t.m.r->rebuilt.n_episode, 1);
    expect(&t, "on-call: acknowledge", rows[_i].acknowledge, rows[_i].what);
    expect(&t, "on-call: decide", rows[_i].decide, rows[_i].what);
    expect(&t, "on-call: act", NULL, rows[_i].what);
    made_end(&t.m);
}
END_TEST

/* ---- told, not written ---- */

static const struct {
    double assumed, value, low, high;
    enum dist_kind kind; /* of the assumed law */
    int n;
    const char *says; /* NULL: written */
} held[] = {
    {60, 75, 30, 300, RS_DIST_LOGNORMAL, 1, NULL},
    {60, 75, 1, 999, RS_DIST_LOGNORMAL, 1, NULL},
    {60, 75, 1, 1001, RS_DIST_LOGNORMAL, 1, "spans a factor of 1001"},
    {60, 75, 0, 300, RS_DIST_LOGNORMAL, 1, "nothing bounds"},
    {60, 75, 30, INFINITY, RS_DIST_LOGNORMAL, 9, "nothing bounds"},
    {60, 60.001, 30, 300, RS_DIST_LOGNORMAL, 1, "the scenario says the same"},
    {60, 60.1, 30, 300, RS_DIST_LOGNORMAL, 1, NULL},
    {60, 75, 30, 300, RS_DIST_CONSTANT, 1, "a constant is not made a law"},
    {60, 75, 30, 300, RS_DIST_CONSTANT, 5, NULL},
    {0.01, 0.02, 0, 0.03, RS_DIST_LOGNORMAL, 0, NULL}, /* a ratio: no duration */
};

START_TEST(what_says_too_little_is_told)
{
    struct retro_parameter p = {"median",       "s",          held[_i].assumed,
                                held[_i].value, held[_i].low, held[_i].high};
    struct dist law = {.kind = held[_i].kind};
    struct retro_fit f = {.name = "x",
                          .path = "roles/x/act",
                          .text = "1s",
                          .method = "fitted",
                          .placeholder = true,
                          .n_parameter = 1,
                          .parameter = &p,
                          .n_duration = held[_i].n,
                          .assumed_law = &law};
    struct learning l = {.arena = rs_arena_new(), .n = 1, .fit = &f};
    rs_learn_hold_back(&l);
    ck_assert_msg((f.path != NULL) == (held[_i].says == NULL), "row %d: %s", _i, f.method);
    ck_assert(f.placeholder == (held[_i].says == NULL));
    ck_assert_msg(!held[_i].says || strstr(f.method, held[_i].says), "row %d: %s", _i, f.method);
    rs_arena_free(l.arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("learn people");
    TCase *c = tcase_create("people");
    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, only_who_was_called_acknowledged, 0,
                        (int)(sizeof(rows) / sizeof(rows[0])));
    tcase_add_loop_test(c, what_says_too_little_is_told, 0, (int)(sizeof(held) / sizeof(held[0])));
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
