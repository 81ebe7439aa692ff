/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small recordings whose outcomes are told by looking at them, and the small statistics. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "retell/ledger.h"
#include "scenarios/retell.h"
#include "sim/clock.h"

#define FOLDER RS_SOURCE_DIR "/tests/retell/"

static struct retell *load(const char *file)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct retell *d = rs_retell_load(file, &errors, NULL);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(d);
    rs_err_list_clear(&errors);
    return d;
}

static struct retell_result *run(const struct retell *d, const struct retell_options *opt)
{
    struct err_list errors;
    struct retell_result *r = NULL;
    rs_err_list_init(&errors);
    ck_assert_int_eq(rs_retell_run(&r, d, opt, &errors), 0);
    rs_err_list_clear(&errors);
    return r;
}

/* ---- outcomes that can be seen ---- */

static const struct {
    const char *name;
    int64_t today_s, chosen_s; /* when it was caught; -1: it was not */
    int part;
} caught[] = {
    {"large", 1260, 1200, RS_RETELL_JUDGE},
    {"small", -1, 3000, RS_RETELL_CHOOSE},
    {"huge", 4860, 4800, RS_RETELL_JUDGE},
    {"medium", -1, 6600, RS_RETELL_CHOOSE},
};

static int64_t seconds(const struct retell_catch *c)
{
    return c->at_ms == RS_NEVER ? -1 : c->at_ms / 1000;
}

START_TEST(test_small)
{
    const struct retell_options opt = {0};
    struct retell *d = load(FOLDER "small.yaml");
    struct retell_result *r = run(d, &opt);
    ck_assert_int_eq(d->n_incident, 4);
    for (int i = 0; i < 4; i++) {
        ck_assert_str_eq(d->incident[i].name, caught[i].name);
        ck_assert_int_eq(seconds(&r->today.caught[i]), caught[i].today_s);
        ck_assert_int_eq(seconds(&r->chosen.caught[i]), caught[i].chosen_s);
        ck_assert_int_eq(r->part_of[i], caught[i].part);
    }
    ck_assert_uint_eq(r->n_setting, 12);
    ck_assert_uint_eq(r->n_tied, 1);
    ck_assert_uint_eq(r->n_run, 1);
    ck_assert_str_eq(d->plan->param[0].value[r->chosen.value[0]].text, "0.035");
    ck_assert_str_eq(d->plan->param[1].value[r->chosen.value[1]].text, "0s");
    /* The blip at 5m lies in the earlier half of what is before the first incident, which goes to the odd ones. */
    ck_assert_uint_eq(r->today.part[RS_RETELL_JUDGE].n_false, 0);
    ck_assert_uint_eq(r->chosen.part[RS_RETELL_JUDGE].n_false, 1);
    ck_assert_uint_eq(r->chosen.part[RS_RETELL_CHOOSE].n_false, 0);
    ck_assert_double_eq(r->today.part[RS_RETELL_JUDGE].median_minutes, 1.0);
    ck_assert_uint_eq(r->n_only_chosen + r->n_only_today, 0);
    /* Two hours and the last sample's instant; four times five minutes in which an alert may still catch. */
    ck_assert_double_eq_tol(r->quiet_days[0] + r->quiet_days[1], (7200.001 - 4 * 300.001) / 86400.0,
                            1e-12);
    ck_assert_double_eq_tol(r->watched_days[0] + r->watched_days[1], 7200.001 / 86400.0, 1e-12);
    rs_retell_free(r);
    rs_retell_close(d);
}
END_TEST

/* ---- shared and by itself ---- */

struct told {
    char **line;
    int n, cap, n_incident, n_param;
};

static void note(void *ctx, const struct retell_outcome *o)
{
    struct told *t = ctx;
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    for (int i = 0; i < t->n_param; i++) {
        fprintf(to, "%d ", o->value[i]);
    }
    for (int i = 0; i < t->n_incident; i++) {
        fprintf(to, "%lld %s ", (long long)o->caught[i].at_ms,
                o->caught[i].alert ? o->caught[i].alert : "-");
    }
    for (int p = 0; p < RS_RETELL_PART_N; p++) {
        fprintf(to, "%d %.17g ", (int)o->part[p].n_false, o->part[p].mean_minutes);
    }
    fclose(to);
    if (t->n == t->cap) {
        t->cap = t->cap ? 2 * t->cap : 64;
        t->line = rs_xrealloc((void *)t->line, sizeof(*t->line) * (size_t)t->cap);
    }
    t->line[t->n++] = text;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static struct told all_of(const struct retell *d, bool plain, uint64_t *n_run)
{
    struct told t = {.n_incident = d->n_incident, .n_param = d->plan->n_param};
    const struct retell_options opt = {.plain = plain, .told = note, .told_ctx = &t};
    struct retell_result *r = run(d, &opt);
    *n_run = r->n_run;
    ck_assert_uint_eq(r->n_setting, (uint64_t)t.n);
    rs_retell_free(r);
    qsort((void *)t.line, (size_t)t.n, sizeof(*t.line), by_text);
    return t;
}

static const struct {
    const char *file;
    uint64_t n_run, n_setting;
} documents[] = {{FOLDER "small.yaml", 1, 12}, {FOLDER "small-worlds.yaml", 3, 108}};

START_TEST(test_shared_is_plain)
{
    struct retell *d = load(documents[_i].file);
    uint64_t n_run = 0, n_plain = 0;
    struct told shared = all_of(d, false, &n_run), plain = all_of(d, true, &n_plain);
    ck_assert_uint_eq(n_run, documents[_i].n_run);
    ck_assert_uint_eq(n_plain, documents[_i].n_setting);
    ck_assert_int_eq(shared.n, plain.n);
    for (int i = 0; i < plain.n; i++) {
        ck_assert_str_eq(shared.line[i], plain.line[i]);
        ck_assert(i == 0 || strcmp(plain.line[i], plain.line[i - 1]) != 0);
        free(shared.line[i]);
    }
    for (int i = 0; i < plain.n; i++) {
        free(plain.line[i]);
    }
    free((void *)shared.line);
    free((void *)plain.line);
    rs_retell_close(d);
}
END_TEST

/* ---- memory ---- */

/* How often rule files are read, and how often into the arena of the run: that of the first time, for the world. */
struct reads {
    rs_retell_rules rules;
    void *rules_ctx;
    const struct arena *run;
    int n, n_kept;
};

static const struct rule_file *const *
count_reads(void *ctx, struct arena *arena, const uint16_t *value, struct err_list *errors)
{
    struct reads *reads = ctx;
    if (reads->n == 0) {
        reads->run = arena;
    }
    reads->n++;
    reads->n_kept += arena == reads->run;
    return reads->rules(reads->rules_ctx, arena, value, errors);
}

/*
 * Of each setting all rule files are read, and only its rule is kept: with a folder of alerts, files kept by each of some thousand
 * settings filled a machine. One run: twelve settings of High, one of HighLong.
 */
START_TEST(test_files_are_not_kept)
{
    const struct retell_options opt = {0};
    struct retell *d = load(FOLDER "small.yaml");
    struct reads reads = {.rules = d->rules, .rules_ctx = d->rules_ctx};
    d->rules = count_reads;
    d->rules_ctx = &reads;
    struct retell_result *r = run(d, &opt);
    ck_assert_uint_eq(r->n_run, 1);
    ck_assert_int_ge(reads.n, 13);
    ck_assert_int_eq(reads.n_kept, 1);
    rs_retell_free(r);
    rs_retell_close(d);
}
END_TEST

/* ---- small statistics ---- */

/* Count, confidence and ends, the latter by bisection over plainly summed terms in another language. */
static const struct {
    uint64_t n;
    double confidence, low, high;
} poissons[] = {
    {0, 0.95, 0.0, 3.688879},           {1, 0.95, 0.025318, 5.571643},
    {5, 0.95, 1.623486, 11.668332},     {10, 0.99, 3.716922, 21.397827},
    {100, 0.95, 81.363991, 121.626794},
};

START_TEST(test_poisson)
{
    struct interval got = rs_poisson_interval(poissons[_i].n, poissons[_i].confidence);
    ck_assert_double_eq_tol(got.low, poissons[_i].low, 2e-5);
    ck_assert_double_eq_tol(got.high, poissons[_i].high, 2e-5);
}
END_TEST

/* 2 * sum of C(n, i) / 2^n. */
static const struct {
    uint64_t a, b;
    double p;
} signs[] = {{0, 0, 1.0},     {1, 0, 1.0},      {6, 1, 0.125},        {5, 5, 1.0},
             {0, 6, 0.03125}, {2, 8, 0.109375}, {0, 20, 1.0 / 524288}};

START_TEST(test_signs)
{
    ck_assert_double_eq_tol(rs_sign_test(signs[_i].a, signs[_i].b), signs[_i].p, 1e-9);
    ck_assert_double_eq(rs_sign_test(signs[_i].b, signs[_i].a),
                        rs_sign_test(signs[_i].a, signs[_i].b));
}
END_TEST

int main(void)
{
    Suite *s = suite_create("retell");
    TCase *tc = tcase_create("retell");
    tcase_add_test(tc, test_small);
    tcase_add_loop_test(tc, test_shared_is_plain, 0, 2);
    tcase_add_test(tc, test_files_are_not_kept);
    tcase_add_loop_test(tc, test_poisson, 0, (int)(sizeof(poissons) / sizeof(poissons[0])));
    tcase_add_loop_test(tc, test_signs, 0, (int)(sizeof(signs) / sizeof(signs[0])));
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
