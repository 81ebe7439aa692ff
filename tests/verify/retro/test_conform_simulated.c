/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rollouts that the simulator carried out as the runbook says: nothing of them deviates, neither of those that are written down whole
 * and exactly nor of those of which one note in seven is lost. What people did not manage is told apart by the truth: a rollback that
 * took too long broke its SLA, and may have come late. Lost notes are drawn from a fixed seed.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "models/replica.h"
#include "scenarios/evidence.h"
#include "scenarios/export.h"
#include "scenarios/load.h"
#include "sim/clock.h"
#include "sim/stream.h"
#include "verify/retro.h"

#define N_OF(array) ((int)(sizeof(array) / sizeof(*(array))))

struct row {
    const char *scenario; /* below the source folder */
    int fault;            /* -1 = none */
    uint64_t replica;
    const char *open; /* ref of a checklist item that the runbook itself has as open, or NULL */
    bool lossy;       /* one line in seven of the timeline is lost */
};

#define SHOP "tests/verify/retro/round-trip/shop.yaml"
#define PRISMA "scenarios/prisma/prisma.yaml"
#define MENDED "scenarios/prisma-mended/prisma-mended.yaml"

static const struct row rows[] = {
#ifdef RS_LONG_FORM
    {PRISMA, -1, 0, "§2.5"},       {PRISMA, 0, 1, "§2.5"},       {PRISMA, 1, 2, "§2.5"},
    {PRISMA, 2, 3, "§2.5"},        {PRISMA, 3, 4, "§2.5"},       {PRISMA, 4, 5, "§2.5"},
    {MENDED, -1, 0, NULL},         {MENDED, 0, 1, NULL},         {MENDED, 1, 2, NULL},
    {MENDED, 2, 3, NULL},          {MENDED, 3, 4, NULL},         {MENDED, 4, 5, NULL},
    {PRISMA, -1, 0, "§2.5", true}, {PRISMA, 2, 3, "§2.5", true}, {MENDED, -1, 0, NULL, true},
    {MENDED, 4, 5, NULL, true},
#else
    {SHOP, -1, 0, NULL},      {SHOP, -1, 1, NULL},      {SHOP, 0, 2, NULL},
    {SHOP, 0, 3, NULL},       {SHOP, 0, 4, NULL},       {SHOP, 1, 5, NULL},
    {SHOP, 1, 6, NULL},       {SHOP, 1, 7, NULL},       {SHOP, -1, 0, NULL, true},
    {SHOP, 0, 2, NULL, true}, {SHOP, 1, 5, NULL, true}, {SHOP, 1, 6, NULL, true},
#endif
};

static char folder[64];

/* The timeline, but for what nobody wrote down. */
static void
write_timeline(FILE *to, const struct row *row, const struct scenario *sc, const struct history *h)
{
    char *text = NULL;
    size_t n = 0;
    FILE *whole = open_memstream(&text, &n);
    struct stream lost = rs_stream_open(1, row->replica, rs_stream_hash("lost notes"));
    rs_export_timeline(whole, sc, h);
    fclose(whole);
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n") + 1;
        bool is_lost =
            row->lossy && strncmp(line, "  - ", 4) == 0 && rs_stream_uniform(&lost) < 1.0 / 7.0;
        if (!is_lost)
            fwrite(line, 1, length, to);
        line += length;
    }
    free(text);
}

static FILE *create(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *to = fopen(path, "w");
    ck_assert_ptr_nonnull(to);
    return to;
}

static void write_files(const struct row *row,
                        const struct scenario *sc,
                        struct simulator *sim,
                        const struct history *h)
{
    struct recorded *samples = rs_simulator_samples(sim);
    FILE *to = create("metrics.om");
    rs_export_metrics(to, samples);
    fclose(to);
    to = create("timeline.yaml");
    write_timeline(to, row, sc, h);
    fclose(to);
    rs_recorded_free(samples);
}

static void simulate(const struct row *row, struct history *h)
{
    struct err_list errors;
    struct err err = {0};
    char path[512];
    rs_err_list_init(&errors);
    snprintf(path, sizeof path, "%s/%s", RS_SOURCE_DIR, row->scenario);
    struct scenario *sc = rs_scenario_load(path, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(sc);
    struct simulator *sim = rs_simulator_new(sc, &err);
    ck_assert_ptr_nonnull(sim);
    rs_simulator_keep_samples(sim);
    struct replica_options opt = {
        .seed = 1, .replica = row->replica, .fault = row->fault, .trace = true};
    ck_assert_int_eq(rs_simulator_run(sim, &opt, h, &err), 0);
    write_files(row, sc, sim, h);
    rs_simulator_free(sim);
    rs_err_list_clear(&errors);
    rs_scenario_free(sc);
}

static struct retro_evidence *load(const struct row *row)
{
    struct err_list errors;
    char path[512], metrics[128], timeline[128];
    rs_err_list_init(&errors);
    snprintf(path, sizeof path, "%s/%s", RS_SOURCE_DIR, row->scenario);
    snprintf(metrics, sizeof metrics, "%s/metrics.om", folder);
    snprintf(timeline, sizeof timeline, "%s/timeline.yaml", folder);
    const struct evidence_file more[] = {{RS_SOURCE_METRICS, metrics, NULL},
                                         {RS_SOURCE_TIMELINE, timeline, NULL}};
    struct retro_evidence *e = rs_evidence_load(path, more, N_OF(more), NULL, 0, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(e);
    rs_err_list_clear(&errors);
    return e;
}

/* The retrospective as far as conformance; what comes after it takes longer and changes nothing of it. */
static struct retro *judge(const struct retro_evidence *e)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct arena *arena = rs_arena_new();
    struct retro *r = rs_arena_alloc(arena, sizeof(*r));
    r->arena = arena;
    r->evidence = e;
    r->rebuilt.offset = RS_ARENA_ARRAY(arena, struct retro_offset, e->n_source);
    ck_assert_int_eq(rs_retro_align_series(r, &errors), 0);
    ck_assert_int_eq(rs_retro_see(r, &errors), 0);
    ck_assert_int_eq(rs_retro_rebuild(r, &errors), 0);
    ck_assert_int_eq(rs_retro_conform(r, &errors), 0);
    rs_err_list_clear(&errors);
    return r;
}

static bool
is_excused(const struct row *row, const struct history *h, const struct retro_finding *f)
{
    if (f->rule == RS_CONFORM_CHECKLIST)
        return row->open && f->ref && strcmp(f->ref, row->open) == 0;
    if (f->rule != RS_CONFORM_SLA && f->rule != RS_CONFORM_LATE)
        return false;
    for (int i = 0; i < h->n_episode; i++) {
        int64_t leg_ns = rs_episode_leg(&h->episode[i], RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED);
        if (leg_ns > 300 * RS_NS_PER_S)
            return true;
    }
    return false;
}

START_TEST(test_nothing_deviates)
{
    const struct row *row = &rows[_i];
    struct history h;
    rs_history_init(&h);
    snprintf(folder, sizeof folder, "conform-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    simulate(row, &h);
    struct retro_evidence *e = load(row);
    struct retro *r = judge(e);
    int n[3] = {0};
    for (int i = 0; i < r->conformance.n_finding; i++) {
        const struct retro_finding *f = &r->conformance.finding[i];
        if (getenv("CONFORM_TELL"))
            fprintf(stderr, "%s %d %s %s: %s\n", row->scenario, row->fault,
                    rs_retro_rule_name(f->rule),
                    &"conforms\0   deviates\0   undecidable"[12 * f->verdict], f -> text);
        n[f->verdict]++;
        ck_assert_msg(f->verdict != RS_RETRO_DEVIATES || is_excused(row, &h, f),
                      "%s, fault %d, replica %d, %s: %s deviates: %s", row->scenario, row->fault,
                      (int)row->replica, rs_outcome_name(h.outcome), rs_retro_rule_name(f->rule),
                      f->text);
    }
    printf("%s%s, fault %d, %s: %d conform, %d deviate, %d undecidable\n", row->scenario,
           row->lossy ? ", with notes lost" : "", row->fault, rs_outcome_name(h.outcome), n[0],
           n[1], n[2]);
    ck_assert_int_gt(n[RS_RETRO_CONFORMS], 3);
    rs_retro_free(r);
    rs_evidence_close(e);
    rs_history_clear(&h);
    char path[128];
    snprintf(path, sizeof path, "%s/metrics.om", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/timeline.yaml", folder);
    unlink(path);
    rmdir(folder);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("conform, simulated");
    TCase *tc = tcase_create("simulated");
    tcase_set_timeout(tc, 900);
    tcase_add_loop_test(tc, test_nothing_deviates, 0, N_OF(rows));
    suite_add_tcase(s, tc);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
