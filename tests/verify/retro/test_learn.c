/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Learning from a rollout whose model is known: a scenario is simulated with another one's numbers in it, and what is learnt must
 * bring the assumed numbers to the true ones; the patch must be legal, touch nothing else, and say where its numbers come from.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "evidence/patch.h"
#include "models/replica.h"
#include "retro/learn.h"
#include "scenarios/evidence.h"
#include "scenarios/export.h"
#include "scenarios/load.h"
#include "scenarios/tune.h"
#include "sim/clock.h"
#include "verify/retro_learn.h"

static const char shop[] = DATA_DIR "/shop.yaml";
static const char prisma[] = DATA_DIR "/../../../../scenarios/prisma/prisma.yaml";

static struct scenario *loaded(const char *path)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_load(path, &errors);
    rs_err_list_print(&errors, stderr);
    rs_err_list_clear(&errors);
    ck_assert_ptr_nonnull(sc);
    return sc;
}

/* ---- a patch ---- */

static const struct {
    const char *path, *text;
    const char *line; /* that stands in what comes out; NULL: refused */
} put[] = {
    {"traffic[1]/profile/constant/per_s", "31", "profile: {constant: {per_s: 31}}"},
    {"services/shop/paths/old/errors", "{500: 0.2%}",
     "      - name: old\n        errors: {500: 0.2%}\n"},
    {"roles/on-call/decide", "{lognormal: {median: 9s, p95: 20s}}",
     "    decide: {lognormal: {median: 9s, p95: 20s}}\n"},
    {"faults/basket-errors/effect/errors/500", "7%", "effect: {errors: {500: 7%}}"},
    {"faults/basket-errors/effect/latency", "{factor: 2}",
     "effect: {errors: {500: 12%}, latency: {factor: 2}}"},
    {"roles/on-call/notice", "{constant: 3s}", "    notice: {constant: 3s}\n"},
    {"flags/BASKET/propagation/polling/every", "12s", "polling: {every: 12s, delay:"},
    {"roles/nobody/act", "1s", NULL},
    {"roles/on-call/act", "{lognormal: {median: 9s, p95: 2s}}", NULL}, /* no legal scenario */
    {"services/shop/paths/old/errors/500/more", "1", NULL},
    {"roles/on-call/act", "]", NULL},
};

START_TEST(a_text_is_put_in_its_place)
{
    struct scenario *sc = loaded(shop), *after = NULL;
    struct err_list errors;
    char *text = NULL, *diff = NULL;
    rs_err_list_init(&errors);
    int status =
        rs_evidence_patch(sc, 1, &put[_i].path, &put[_i].text, NULL, &after, &text, &diff, &errors);
    if (!put[_i].line) {
        ck_assert_int_eq(status, -1);
        ck_assert_uint_gt(errors.n, 0);
        ck_assert_ptr_null(after);
    } else {
        rs_err_list_print(&errors, stderr);
        ck_assert_int_eq(status, 0);
        ck_assert_msg(strstr(text, put[_i].line) != NULL, "%s", diff);
        ck_assert_ptr_nonnull(after);
        /* Nothing else: as long as before, but for the texts. */
        size_t n_diff = 0;
        for (const char *p = diff; (p = strstr(p, "\n-")); p++)
            n_diff++;
        ck_assert_uint_le(n_diff, 1);
    }
    rs_scenario_free(after);
    rs_scenario_free(sc);
    free(text);
    free(diff);
    rs_err_list_clear(&errors);
}
END_TEST

START_TEST(an_assumption_on_which_nothing_rests_is_measured)
{
    static const char *const path[] = {"roles/on-call/acknowledge", "roles/on-call/decide",
                                       "traffic[1]/profile/constant/per_s"};
    static const char *const text[] = {"{constant: 1m}", "{constant: 30s}", "31"};
    struct scenario *sc = loaded(shop), *after = NULL;
    char *whole = NULL;
    struct err_list errors;
    rs_err_list_init(&errors);
    int status = rs_evidence_patch(sc, 3, path, text, "a \"rollout\": notes.yaml", &after, &whole,
                                   NULL, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_int_eq(status, 0);
    /* `act` is still guessed, and so is what `rate` says of the services' errors. */
    ck_assert_int_eq(after->n_assumption, 3);
    ck_assert_str_eq(after->assumption[0].source, "guessed");
    ck_assert(after->assumption[0].placeholder);
    ck_assert_str_eq(after->assumption[1].source, "guessed");
    ck_assert_str_eq(after->assumption[2].id, "measured");
    ck_assert_str_eq(after->assumption[2].source, "a \"rollout\": notes.yaml");
    ck_assert_str_eq(after->assumption[2].text,
                     "Measured in the rollout a \"rollout\"; see the values' own sources.");
    ck_assert_ptr_nonnull(strstr(whole, "assumes: [guess, measured]"));
    ck_assert_ptr_nonnull(strstr(whole, "assumes: [rate, measured]"));
    rs_scenario_free(after);
    free(whole);
    /* With the last one of them written, too, nothing rests on `guess` any more. */
    static const char *const all[] = {"roles/on-call/acknowledge", "roles/on-call/decide",
                                      "roles/on-call/act", "roles/on-call/attends"};
    static const char *const with[] = {"{constant: 1m}", "{constant: 30s}", "{constant: 9s}",
                                       "[{channel: pager, sees: 99%, off_hours: true}]"};
    status = rs_evidence_patch(sc, 4, all, with, "a rollout", &after, &whole, NULL, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(after->n_assumption, 2);
    ck_assert_str_eq(after->assumption[0].source, "a rollout");
    ck_assert(!after->assumption[0].placeholder);
    rs_scenario_free(after);
    rs_scenario_free(sc);
    free(whole);
    rs_err_list_clear(&errors);
}
END_TEST

/* `purge` is assumed by an action that has no number: whatever is measured beside it is not what it says. */
START_TEST(an_assumption_without_numbers_stays)
{
    static const char *const path[] = {"traffic[1]/profile/diurnal/mean_per_s",
                                       "roles/on-call/acknowledge"};
    static const char *const text[] = {"0.9", "{constant: 1m}"};
    struct scenario *sc = loaded(prisma), *after = NULL;
    struct err_list errors;
    rs_err_list_init(&errors);
    int status = rs_evidence_patch(sc, 2, path, text, "a rollout", &after, NULL, NULL, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(after->n_assumption, sc->n_assumption + 1);
    for (int i = 0; i < sc->n_assumption; i++) {
        ck_assert_str_eq(after->assumption[i].id, sc->assumption[i].id);
        ck_assert_msg(strcmp(after->assumption[i].source, sc->assumption[i].source) == 0, "%s: %s",
                      after->assumption[i].id, after->assumption[i].source);
    }
    rs_scenario_free(after);
    rs_scenario_free(sc);
    rs_err_list_clear(&errors);
}
END_TEST

/* ---- a code of which nothing was seen ---- */

static const struct {
    double assumed, value, high, written;
    const char *says; /* "" = nothing */
} unseen[] = {
    {0.0001, 0.0, 0.0003, 0.0001, "; nothing was seen of 503, and its assumed ratio, within"},
    {0.0003, 0.0, 0.0003, 0.0003, "; nothing was seen of 503, and its assumed ratio, within"},
    {0.01, 0.0, 0.0003, 0.0003, "; nothing was seen of 503, and the interval's upper end"},
    {0.01, 0.002, 0.003, 0.002, ""},
    {0.0, 0.0, 0.0003, 0.0, ""},
    {NAN, 0.0, 0.0003, 0.0, ""}};

START_TEST(an_unseen_code_is_not_written_as_nothing)
{
    struct learning l = {.arena = rs_arena_new()};
    struct fit_value v = {unseen[_i].value, 0.0, unseen[_i].high};
    const char *says = rs_learn_unseen(&l, 503, unseen[_i].assumed, &v);
    ck_assert(v.value == unseen[_i].written);
    ck_assert(v.low == 0.0 && v.high == unseen[_i].high);
    ck_assert_msg(strncmp(says, unseen[_i].says, strlen(unseen[_i].says)) == 0, "%s", says);
    ck_assert(*unseen[_i].says != '\0' || *says == '\0');
    rs_arena_free(l.arena);
}
END_TEST

/* ---- a rollout ---- */

/* What is simulated: the shop with these numbers. */
static const struct {
    const char *path, *text;
} truth[] = {{"traffic[1]/profile/constant/per_s", "34"},
             {"services/shop/paths/old/errors", "{500: 0.5%, 503: 0.05%}"},
             {"services/shop/paths/old/latency", "{lognormal: {median: 110ms, p99: 600ms}}"},
             {"services/shop/paths/new/latency", "{lognormal: {median: 120ms, p99: 650ms}}"},
             {"faults/basket-errors/effect/errors", "{500: 20%}"},
             {"roles/on-call/acknowledge", "{lognormal: {median: 3m, p95: 6m}, cap: 20m}"}};
enum { N_TRUTH = (int)(sizeof(truth) / sizeof(truth[0])) };

static char folder[] = "/tmp/rollsim-learn-XXXXXX";
static struct retro_evidence *evidence;
static struct retro *retro;

static FILE *opened(const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *to = fopen(path, "wb");
    ck_assert_ptr_nonnull(to);
    return to;
}

static void simulate(const struct scenario *sc)
{
    struct history h;
    struct err err = {0};
    struct simulator *sim = rs_simulator_new(sc, &err);
    const struct replica_options how = {.seed = 5, .replica = 3, .fault = 0, .trace = true};
    rs_history_init(&h);
    rs_simulator_keep_samples(sim);
    ck_assert_int_eq(rs_simulator_run(sim, &how, &h, &err), 0);
    ck_assert_int_eq(h.n_episode, 1);
    struct recorded *samples = rs_simulator_samples(sim);
    FILE *to = opened("metrics.om");
    rs_export_metrics(to, samples);
    fclose(to);
    to = opened("timeline.yaml");
    rs_export_timeline(to, sc, &h);
    fclose(to);
    to = opened("retro.yaml");
    fprintf(to,
            "retro: 1\nname: shop-2026-03\nscenario: %s\nmetrics: [{file: metrics.om}]\n"
            "timelines: [{file: timeline.yaml, accuracy: 1s, offset: 0s}]\n",
            shop);
    fclose(to);
    rs_recorded_free(samples);
    rs_history_clear(&h);
    rs_simulator_free(sim);
}

static void run_retro(int n_jobs)
{
    char path[128];
    struct err_list errors;
    const struct retro_options opt = {.learn = true, .replicas = 60, .n_jobs = n_jobs};
    snprintf(path, sizeof(path), "%s/retro.yaml", folder);
    rs_err_list_init(&errors);
    evidence = rs_evidence_load(path, NULL, 0, NULL, 0, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(evidence);
    int status = rs_retro_run(&retro, evidence, &opt, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_int_eq(status, 0);
    rs_err_list_clear(&errors);
}

static void begin(void)
{
    const char *path[N_TRUTH], *text[N_TRUTH];
    struct scenario *sc = loaded(shop), *other = NULL;
    for (int i = 0; i < N_TRUTH; i++) {
        path[i] = truth[i].path;
        text[i] = truth[i].text;
    }
    ck_assert_int_eq(rs_evidence_patch(sc, N_TRUTH, path, text, NULL, &other, NULL, NULL, NULL), 0);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    simulate(other);
    rs_scenario_free(other);
    rs_scenario_free(sc);
    run_retro(1);
}

static void end(void)
{
    static const char *const name[] = {"metrics.om", "timeline.yaml", "retro.yaml"};
    char path[128];
    rs_retro_free(retro);
    rs_evidence_close(evidence);
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, name[i]);
        unlink(path);
    }
    rmdir(folder);
}

static const struct retro_fit *fit(const char *name)
{
    for (int i = 0; i < retro->learnt->n_fit; i++) {
        if (strcmp(retro->learnt->fit[i].name, name) == 0)
            return &retro->learnt->fit[i];
    }
    ck_abort_msg("%s was not fitted", name);
    return NULL;
}

static const struct retro_parameter *parameter(const struct retro_fit *f, const char *name)
{
    ck_assert_msg(!f->refused, "%s: %s", f->name, f->refused);
    for (int i = 0; i < f->n_parameter; i++) {
        if (strcmp(f->parameter[i].name, name) == 0)
            return &f->parameter[i];
    }
    ck_abort_msg("%s has no %s", f->name, name);
    return NULL;
}

/* The interval is one of 95 %: here it is widened by as much again on both sides, which 1 in 1e4 misses. */
static const struct {
    const char *fit, *parameter;
    double truth;
} learnt[] = {
    {"shop traffic of buyers", "mean rate", 34.0}, {"shop errors on old", "500", 0.005},
    {"shop errors on old", "503", 0.0005},         {"shop latency on old", "median", 0.110},
    {"shop latency on old", "p99", 0.600},         {"basket-errors: errors", "500", 0.20}};

static void told(void)
{
    for (int i = 0; i < retro->learnt->n_fit; i++) {
        const struct retro_fit *f = &retro->learnt->fit[i];
        fprintf(stderr, "%s | %s | %s | %s\n", f->name, f->path ? f->path : "-",
                f->text ? f->text : "-",
                f->refused  ? f->refused
                : f->method ? f->method
                            : "");
        for (int k = 0; k < f->n_parameter; k++)
            fprintf(stderr, "    %s %g: %g (%g..%g) %s\n", f->parameter[k].name,
                    f->parameter[k].assumed, f->parameter[k].value, f->parameter[k].low,
                    f->parameter[k].high, f->parameter[k].unit);
        if (f->test)
            fprintf(stderr, "    %s: %g, p %g\n", f->test, f->statistic, f->p_value);
    }
    for (int i = 0; i < retro->learnt->n_predicted; i++) {
        const struct retro_predicted *p = &retro->learnt->predicted[i];
        fprintf(stderr, "%s: %g, 95 %% of %d: %g..%g..%g, p %g\n", p->name, p->seen, (int)p->n,
                p->low, p->median, p->high, p->p_value);
    }
    fputs(retro->learnt->diff, stderr);
}

START_TEST(true_numbers_are_learnt)
{
    if (getenv("RS_TEST_TELL"))
        told();
    for (size_t i = 0; i < sizeof(learnt) / sizeof(learnt[0]); i++) {
        const struct retro_fit *f = fit(learnt[i].fit);
        const struct retro_parameter *p = parameter(f, learnt[i].parameter);
        double low = p->value - 2.0 * (p->value - p->low),
               high = p->value + 2.0 * (p->high - p->value);
        ck_assert_msg(low <= learnt[i].truth && learnt[i].truth <= high,
                      "%s, %s: %g is not in %g .. %g", learnt[i].fit, learnt[i].parameter,
                      learnt[i].truth, low, high);
        ck_assert_msg(p->low > p->assumed || p->assumed > p->high,
                      "%s, %s: the assumption still holds", learnt[i].fit, learnt[i].parameter);
        ck_assert_ptr_nonnull(f->path);
        ck_assert_ptr_nonnull(f->text);
    }
    ck_assert_str_eq(retro->learnt->fault, "basket-errors");
    /* One acknowledgement moves the assumption, and no further than it may. */
    const struct retro_fit *ack = fit("on-call: acknowledge");
    const struct retro_parameter *median = parameter(ack, "median");
    double seen = ack->duration[0].best_s;
    ck_assert_int_eq(ack->n_duration, 1);
    ck_assert(ack->placeholder);
    ck_assert((median->assumed < median->value) == (median->assumed < seen));
    ck_assert_double_lt(fabs(log(median->value / median->assumed)),
                        fabs(log(seen / median->assumed)));
}
END_TEST

/* One toggle that took as long as assumed: no reason to write another number. */
START_TEST(a_toggle_that_agrees_is_told_and_not_written)
{
    const struct retro_fit *f = fit("BASKET reaches the last instance");
    const struct retro_parameter *p = parameter(f, "factor");
    ck_assert_int_lt(f->n, 5);
    ck_assert(p->low <= 1.0 && 1.0 <= p->high);
    ck_assert_ptr_null(f->path);
    ck_assert_ptr_nonnull(strstr(f->method, "told and not written"));
    ck_assert_ptr_null(strstr(retro->learnt->diff, "polling"));
}
END_TEST

START_TEST(the_patch_is_a_legal_scenario)
{
    const struct retro_learnt *l = retro->learnt;
    struct err_list errors;
    rs_err_list_init(&errors);
    ck_assert_ptr_nonnull(l->patched);
    ck_assert_ptr_nonnull(strstr(l->diff, "+++ "));
    ck_assert_ptr_nonnull(strstr(l->patched, "shop-2026-03"));
    const struct text_override with = {shop, l->patched, strlen(l->patched)};
    struct scenario *sc = rs_scenario_load_texts(shop, NULL, 0, &with, 1, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(sc);
    ck_assert_double_gt(sc->traffic[0].profile.per_s[0], 33.0);
    ck_assert(!sc->response.role[0].acknowledge.placeholder);
    ck_assert_ptr_nonnull(strstr(sc->response.role[0].acknowledge.source, "shop-2026-03"));
    rs_scenario_free(sc);
    ck_assert_ptr_null(strstr(l->patched, "per_s: 25}"));
    rs_err_list_clear(&errors);
}
END_TEST

/* The fitted scenario gives what was seen: each within 95 % of its histories, one of eight may be outside. */
START_TEST(the_fitted_scenario_gives_what_was_seen)
{
    const struct retro_learnt *l = retro->learnt;
    int n_out = 0;
    ck_assert_ptr_null(l->predict_refused);
    ck_assert_int_ge(l->n_predicted, 4);
    for (int i = 0; i < l->n_predicted; i++)
        n_out += l->predicted[i].seen < l->predicted[i].low ||
                 l->predicted[i].seen > l->predicted[i].high;
    ck_assert_int_le(n_out, 1);
}
END_TEST

START_TEST(jobs_change_nothing)
{
    struct retro_predicted one[16];
    int n = retro->learnt->n_predicted;
    ck_assert_int_le(n, 16);
    memcpy(one, retro->learnt->predicted, sizeof(*one) * (size_t)n);
    for (int i = 0; i < n; i++)
        one[i].name = one[i].unit = NULL;
    rs_retro_free(retro);
    rs_evidence_close(evidence);
    run_retro(3);
    ck_assert_int_eq(retro->learnt->n_predicted, n);
    for (int i = 0; i < n; i++) {
        ck_assert(retro->learnt->predicted[i].median == one[i].median);
        ck_assert(retro->learnt->predicted[i].low == one[i].low);
        ck_assert(retro->learnt->predicted[i].p_value == one[i].p_value);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("learn");
    TCase *patch = tcase_create("patch"), *rollout = tcase_create("rollout");
    tcase_set_timeout(patch, 60);
    tcase_set_timeout(rollout, 300);
    tcase_add_loop_test(patch, a_text_is_put_in_its_place, 0, (int)(sizeof(put) / sizeof(put[0])));
    tcase_add_test(patch, an_assumption_on_which_nothing_rests_is_measured);
    tcase_add_test(patch, an_assumption_without_numbers_stays);
    tcase_add_loop_test(patch, an_unseen_code_is_not_written_as_nothing, 0,
                        (int)(sizeof(unseen) / sizeof(unseen[0])));
    tcase_add_unchecked_fixture(rollout, begin, end);
    tcase_add_test(rollout, a_toggle_that_agrees_is_told_and_not_written);
    tcase_add_test(rollout, true_numbers_are_learnt);
    tcase_add_test(rollout, the_patch_is_a_legal_scenario);
    tcase_add_test(rollout, the_fitted_scenario_gives_what_was_seen);
    tcase_add_test(rollout, jobs_change_nothing);
    suite_add_tcase(suite, patch);
    suite_add_tcase(suite, rollout);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
