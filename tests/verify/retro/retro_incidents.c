/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Twenty incidents that were told in public, read as timelines: each episode's legs are those that the table gives in minutes, and
 * the tables of docs/retro-incidents.md are what comes out. RS_UPDATE=1 writes them anew. Skipped where the file is absent.
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "retro/fit.h"
#include "scenarios/evidence.h"
#include "sim/clock.h"
#include "verify/retro_learn.h"

#define TABLE RS_SOURCE_DIR "/../shared/data/incidents/incidents_open.csv"
#define PAGE RS_SOURCE_DIR "/docs/retro-incidents.md"

static struct retro_evidence *evidence;
static struct retro *retro;

static void begin(void)
{
    struct err_list errors;
    struct retro_options opt = {.learn = true, .n_jobs = 1};
    rs_err_list_init(&errors);
    evidence = rs_evidence_load(DATA_DIR "/incidents.yaml", NULL, 0, NULL, 0, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(evidence);
    ck_assert_int_eq(rs_retro_run(&retro, evidence, &opt, &errors), 0);
    rs_err_list_clear(&errors);
}

static void end(void)
{
    rs_retro_free(retro);
    rs_evidence_close(evidence);
}

/* ---- the table's own minutes ---- */

static const struct {
    const char *name;
    double onset_detected, detected_commanded, commanded_completed,
        onset_recovered; /* min; NaN = not told */
    enum retro_sla sla;
} told[] = {
    {"cf-2019-07-02", 3, 22, 2, 27, RS_SLA_BROKEN},
    {"cf-2022-10-25", NAN, NAN, 61, 564, RS_SLA_BROKEN} /* the rollback alone took an hour */,
    {"cf-2025-07-14", 9, 19, 34, 62, RS_SLA_BROKEN},
    {"cf-2025-12-05", 3, 21, 1, 25, RS_SLA_BROKEN},
    {"goog-2017-04-05", 9, NAN, NAN, 22, RS_SLA_BROKEN},
    {"goog-2025-06-12", 2, 23, 15, 40, RS_SLA_BROKEN},
    {"se-2014-08-25", 0, 1, 5, 6, RS_SLA_BROKEN} /* 5 to 7 minutes */,
    {"stripe-2019-07-10a", 1, 24, 2, 27, RS_SLA_BROKEN},
    {"circleci-2021-11-08", 0, NAN, NAN, 53, RS_SLA_UNDECIDABLE},
    {"openai-2024-12-11", NAN, NAN, NAN, 262, RS_SLA_UNDECIDABLE},
    {"posthog-2025-09-29", NAN, NAN, NAN, 108, RS_SLA_UNDECIDABLE},
    {"wm-2013-11-04", 29, NAN, NAN, 62, RS_SLA_BROKEN},
    {"wm-2015-10-14", 2, 5, 0, NAN, RS_SLA_UNDECIDABLE},
    {"wm-2017-02-22", 40, 35, 5, 80, RS_SLA_BROKEN},
    {"wm-2018-07-10a", 7, NAN, NAN, 30, RS_SLA_BROKEN},
    {"wm-2019-02-11", 0, 7, NAN, NAN, RS_SLA_BROKEN},
    {"wm-2019-12-04", 0, NAN, NAN, 8, RS_SLA_BROKEN},
    {"wm-2020-02-06", 0, 6, 0, 7, RS_SLA_BROKEN},
};

static const struct retro_episode *episode(const char *name)
{
    for (int i = 0; i < retro->rebuilt.n_episode; i++) {
        if (strcmp(retro->rebuilt.episode[i].name, name) == 0)
            return &retro->rebuilt.episode[i];
    }
    return NULL;
}

static void expect_leg(const struct retro_episode *e, int from, int to, double minutes)
{
    int64_t lo = 0, best = 0, hi = 0;
    bool recorded = e->at[from].how == RS_HOW_RECORDED && e->at[to].how == RS_HOW_RECORDED;
    ck_assert_msg(recorded == !isnan(minutes), "%s: %s to %s", e->name, rs_retro_instant_name(from),
                  rs_retro_instant_name(to));
    if (!recorded)
        return;
    ck_assert(rs_retro_leg(e, from, to, &lo, &best, &hi));
    ck_assert_msg(rs_s_from_ns(lo) <= 60.0 * minutes && 60.0 * minutes <= rs_s_from_ns(hi),
                  "%s: %s to %s: %g min is not in %g .. %g s", e->name, rs_retro_instant_name(from),
                  rs_retro_instant_name(to), minutes, rs_s_from_ns(lo), rs_s_from_ns(hi));
}

START_TEST(legs_are_those_of_the_table)
{
    const struct retro_episode *e = episode(told[_i].name);
    ck_assert_ptr_nonnull(e);
    expect_leg(e, RS_CLOCK_ONSET, RS_CLOCK_DETECTED, told[_i].onset_detected);
    expect_leg(e, RS_CLOCK_DETECTED, RS_CLOCK_COMMANDED, told[_i].detected_commanded);
    expect_leg(e, RS_CLOCK_COMMANDED, RS_CLOCK_COMPLETED, told[_i].commanded_completed);
    expect_leg(e, RS_CLOCK_ONSET, RS_CLOCK_RECOVERED, told[_i].onset_recovered);
    ck_assert_msg(e->sla == told[_i].sla, "%s: %s (%s)", e->name, rs_retro_sla_name(e->sla),
                  e->sla_why ? e->sla_why : "");
}
END_TEST

START_TEST(all_episodes_are_there)
{
    ck_assert_int_eq(retro->rebuilt.n_episode, 20);
}
END_TEST

/* ---- the page ---- */

static void print_leg(FILE *to, const struct retro_episode *e, int from, int until)
{
    int64_t lo = 0, best = 0, hi = 0;
    bool recorded = e->at[from].how == RS_HOW_RECORDED && e->at[until].how == RS_HOW_RECORDED &&
                    rs_retro_leg(e, from, until, &lo, &best, &hi);
    if (!recorded)
        fprintf(to, " |");
    else
        fprintf(to, " %.0f..%.0f |", rs_s_from_ns(lo) / 60.0, rs_s_from_ns(hi) / 60.0);
}

static void print_episodes(FILE *to)
{
    fprintf(to, "| incident | change to onset | onset to detected | detected to rollback | "
                "rollback | detected "
                "to done | onset to recovered | 5 minutes |\n| --- | --- | --- | --- | --- | --- | "
                "--- | --- |\n");
    for (int i = 0; i < retro->rebuilt.n_episode; i++) {
        const struct retro_episode *e = &retro->rebuilt.episode[i];
        fprintf(to, "| %s |", e->name);
        print_leg(to, e, RS_RETRO_CHANGED, RS_CLOCK_ONSET);
        print_leg(to, e, RS_CLOCK_ONSET, RS_CLOCK_DETECTED);
        print_leg(to, e, RS_CLOCK_DETECTED, RS_CLOCK_COMMANDED);
        print_leg(to, e, RS_CLOCK_COMMANDED, RS_CLOCK_COMPLETED);
        print_leg(to, e, RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED);
        print_leg(to, e, RS_CLOCK_ONSET, RS_CLOCK_RECOVERED);
        fprintf(to, " %s |\n", rs_retro_sla_name(e->sla));
    }
}

static void print_value(FILE *to, const struct retro_parameter *p)
{
    fprintf(to, " %.3g (%.3g..%.3g) |", p->value / 60.0, p->low / 60.0, p->high / 60.0);
}

static void print_fits(FILE *to)
{
    fprintf(to, "| leg | n | law and AIC | median, min | p95, min | goodness of fit, p |\n"
                "| --- | --- | --- | --- | --- | --- |\n");
    for (int i = 0; i < retro->learnt->n_fit; i++) {
        const struct retro_fit *f = &retro->learnt->fit[i];
        const char *aic = f->method ? strstr(f->method, "AIC ") : NULL;
        if (f->refused || f->n_parameter < 2 || !aic)
            continue;
        fprintf(to, "| %s | %d | %s |", f->name + strlen("response: "), f->n_duration, aic + 4);
        print_value(to, &f->parameter[0]);
        print_value(to, &f->parameter[1]);
        fprintf(to, " %.2g |\n", f->p_value);
    }
}

static char *printed(void (*print)(FILE *to))
{
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    print(to);
    fclose(to);
    return text;
}

static char *read_page(void)
{
    FILE *from = fopen(PAGE, "rb");
    char *text = calloc(1 << 16, 1);
    ck_assert_ptr_nonnull(from);
    ck_assert_uint_lt(fread(text, 1, 1 << 16, from), 1 << 16);
    fclose(from);
    return text;
}

/* Tables stand between these lines. */
static const struct {
    const char *begin, *end;
    void (*print)(FILE *to);
} table[] = {{"<!-- episodes -->\n", "<!-- /episodes -->\n", print_episodes},
             {"<!-- fits -->\n", "<!-- /fits -->\n", print_fits}};

START_TEST(the_page_says_what_comes_out)
{
    char *page = read_page(), *text = printed(table[_i].print);
    char *from = strstr(page, table[_i].begin), *until = strstr(page, table[_i].end);
    ck_assert_msg(from && until, "%s has no place for the table", PAGE);
    from += strlen(table[_i].begin);
    bool same = (size_t)(until - from) == strlen(text) && strncmp(from, text, strlen(text)) == 0;
    if (!same && getenv("RS_UPDATE")) {
        FILE *to = fopen(PAGE, "wb");
        fprintf(to, "%.*s%s%s", (int)(from - page), page, text, until);
        fclose(to);
        same = true;
    }
    ck_assert_msg(same, "the page does not say:\n%s", text);
    free(page);
    free(text);
}
END_TEST

int main(void)
{
    if (access(TABLE, R_OK) != 0) {
        printf("%s is not there: skipped\n", TABLE);
        return 77;
    }
    Suite *suite = suite_create("incidents");
    TCase *tc = tcase_create("incidents");
    tcase_set_timeout(tc, 120);
    tcase_add_unchecked_fixture(tc, begin, end);
    tcase_add_test(tc, all_episodes_are_there);
    tcase_add_loop_test(tc, legs_are_those_of_the_table, 0, (int)(sizeof(told) / sizeof(told[0])));
    tcase_add_loop_test(tc, the_page_says_what_comes_out, 0, 2);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    if (getenv("RS_UPDATE"))
        srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
