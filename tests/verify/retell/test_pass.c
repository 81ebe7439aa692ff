/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One pass over a recording for many settings gives, for each of them, what the whole backtest gives: random rules with random
 * settings over random series, the same firings to the millisecond.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "models/recorded.h"
#include "retell/pass.h"
#include "sim/arena.h"
#include "sim/clock.h"
#include "verify/backtest.h"

enum { N_WORLD = 60, N_SITE = 3, N_VARIANT = 10, N_SAMPLE = 160, STEP_MS = 30000 };

/* A small generator of our own: what is drawn must never change with the streams of the simulator. Knuth, MMIX. */
struct dice {
    uint64_t state;
};

static int roll(struct dice *d, int n)
{
    d->state = d->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int)((d->state >> 33) % (uint64_t)n);
}

static void add_series(struct recorded *set, const char *name, const char *instance, struct dice *d)
{
    const struct label label[] = {{"__name__", name}, {"instance", instance}};
    int series = rs_recorded_series(set, rs_labels_intern(set->labels, 2, label));
    double v = 0.0;
    bool counts = strcmp(name, "requests_total") == 0;
    for (int i = 0; i < N_SAMPLE; i++) {
        v = counts ? v + roll(d, 20) : roll(d, 21) / 20.0; /* values that thresholds touch */
        int fate = roll(d, 40);
        if (fate == 0) {
            i += roll(d, 15); /* a gap */
        } else if (fate == 1) {
            rs_recorded_add(set, series, (int64_t)i * STEP_MS, rs_tsdb_stale());
        } else {
            rs_recorded_add(set, series, (int64_t)i * STEP_MS, v);
        }
    }
}

static const struct promql *parse(struct arena *arena, const char *text)
{
    struct err err = {0};
    const struct promql_text source = {.text = text, .at = {"test", 1, 1}};
    const struct promql *q = rs_promql_parse(arena, &source, &err);
    ck_assert_msg(q != NULL, "%s: %s", text, err.text);
    return q;
}

/* Shapes of alert expressions; %f is a threshold, %d a range in seconds. Some have no left side that could be shared. */
static const struct {
    const char *text;
    bool has_range;
    double scale;
} shapes[] = {
    {"level > %.6f", false, 1.0},
    {"(level < %.6f)", false, 1.0},
    {"avg_over_time(level[%ds]) >= %.6f", true, 1.0},
    {"rate(requests_total[%ds]) != (%.6f * 2)", true, 0.5},
    {"mean:level <= %.6f", false, 1.0},
    {"max by (instance) (level) > scalar(mean:level) + %.6f", false, 0.4},
    {"{__name__=\"level\"} > %.6f or {__name__=\"share\"} > 0.9", false, 1.0},
    {"level > %.6f and on (instance) share > 0.3", false, 1.0},
    {"level > bool %.6f", false, 1.0},
    {"level / on () group_left () share > %.6f", false, 1.0}, /* fails: several on the right side */
    {"sum(rate(requests_total[%ds])) > %.6f", true, 1.0},
};

static struct rule random_alert(struct arena *arena,
                                int shape,
                                const char *name,
                                int n_label,
                                const struct label *label,
                                struct dice *d)
{
    static const int for_s[] = {0, 0, 30, 60, 90, 300}, keep_s[] = {0, 0, 0, 60, 240};
    static const int range_s[] = {60, 120, 300};
    char text[256];
    double limit = roll(d, 21) / 20.0 * shapes[shape].scale;
    if (shapes[shape].has_range) {
        snprintf(text, sizeof(text), shapes[shape].text, range_s[roll(d, 3)], limit);
    } else {
        snprintf(text, sizeof(text), shapes[shape].text, limit);
    }
    const char *kept = rs_arena_strdup(arena, text);
    return (struct rule){.alert = name,
                         .expr = parse(arena, kept),
                         .expr_text = kept,
                         .for_ns = for_s[roll(d, 6)] * RS_NS_PER_S,
                         .keep_firing_for_ns = keep_s[roll(d, 5)] * RS_NS_PER_S,
                         .n_label = n_label,
                         .label = label};
}

struct world {
    struct arena *arena;
    struct recorded *data;
    struct rule rule[2][2 + N_SITE]; /* of each group */
    struct rule_group group[2];
    struct rule_file file;
    struct pass_site site[N_SITE];
    struct rule variant[N_SITE][N_VARIANT];
    const struct rule *pointer[N_SITE][N_VARIANT];
    struct backtest_spec spec;
    const struct rule_file *files[1];
};

static const struct label severity[] = {{"severity", "page"}, {"instance", ""}};

static void make_world(struct world *w, uint64_t seed)
{
    static const char *const instances[] = {"a", "b", "c"};
    static const char *const names[] = {"One", "Two", "Three"};
    struct dice d = {seed * 7919 + 1};
    *w = (struct world){.arena = rs_arena_new(), .data = rs_recorded_new(NULL)};
    for (int i = 0; i < 3; i++) {
        add_series(w->data, "level", instances[i], &d);
        add_series(w->data, "share", instances[i], &d);
        add_series(w->data, "requests_total", instances[i], &d);
    }
    rs_recorded_sort(w->data);
    w->rule[0][0] = (struct rule){
        .record = "mean:level", .expr = parse(w->arena, "avg(level)"), .expr_text = "avg(level)"};
    w->group[0] = (struct rule_group){
        .name = "first", .interval_ns = 60 * RS_NS_PER_S, .n_rule = 1, .rule = w->rule[0]};
    w->group[1] = (struct rule_group){.name = "second",
                                      .interval_ns = 30 * RS_NS_PER_S,
                                      .query_offset_ns = roll(&d, 2) * 600 * RS_NS_PER_S,
                                      .has_query_offset = true,
                                      .rule = w->rule[1]};
    for (int s = 0; s < N_SITE; s++) {
        int g = roll(&d, 2), shape = roll(&d, (int)(sizeof(shapes) / sizeof(shapes[0])));
        int n_label = roll(&d, 3);
        w->site[s] = (struct pass_site){.file = 0,
                                        .group = g,
                                        .rule = w->group[g].n_rule,
                                        .n_variant = N_VARIANT,
                                        .variant = w->pointer[s]};
        for (int v = 0; v < N_VARIANT; v++) {
            w->variant[s][v] = random_alert(w->arena, shape, names[s], n_label, severity, &d);
            w->pointer[s][v] = &w->variant[s][v];
        }
        w->rule[g][w->group[g].n_rule++] = w->variant[s][0];
    }
    w->file = (struct rule_file){.file = "test", .n_group = 2, .group = w->group};
    w->files[0] = &w->file;
    w->spec = (struct backtest_spec){.n_file = 1,
                                     .file = w->files,
                                     .data = w->data,
                                     .from_ms = w->data->first_ms,
                                     .to_ms = w->data->last_ms,
                                     .interval_ms = 60000,
                                     .offset_ms = roll(&d, 3) * 7000,
                                     .lookback_ms = 90000};
}

static void clear_world(struct world *w)
{
    rs_recorded_free(w->data);
    rs_arena_free(w->arena);
}

/* Firings as lines, sorted: what is compared. */
struct lines {
    char **text;
    int n, cap;
};

static void add_line(struct lines *l, const struct world *w, const struct activation *a)
{
    char labels[256], text[512];
    rs_labels_format(labels, (int)sizeof(labels), w->data->labels, a->labels);
    snprintf(text, sizeof(text), "%s %s %lld %lld %lld %lld", a->group->name, labels,
             (long long)a->active_ms, (long long)a->firing_ms, (long long)a->last_ms,
             (long long)a->cleared_ms);
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 64;
        l->text = rs_xrealloc((void *)l->text, sizeof(*l->text) * (size_t)l->cap);
    }
    l->text[l->n++] = rs_xstrdup(text);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort_lines(struct lines *l)
{
    if (l->n > 0) {
        qsort((void *)l->text, (size_t)l->n, sizeof(*l->text), by_text);
    }
}

static void clear_lines(struct lines *l)
{
    for (int i = 0; i < l->n; i++) {
        free(l->text[i]);
    }
    free((void *)l->text);
}

struct told {
    const struct world *w;
    struct lines lines[N_SITE][N_VARIANT];
};

static void note(void *ctx, int site, int variant, const struct activation *a)
{
    struct told *t = ctx;
    add_line(&t->lines[site][variant], t->w, a);
}

static void by_backtest(struct world *w, int site, int variant, struct lines *out)
{
    const struct pass_site *s = &w->site[site];
    struct rule kept = w->rule[s->group][s->rule];
    w->rule[s->group][s->rule] = w->variant[site][variant];
    struct backtest *b = rs_backtest_run(&w->spec);
    for (int i = 0; i < b->n_activation; i++) {
        if (strcmp(b->activation[i].rule->alert, kept.alert) == 0) {
            add_line(out, w, &b->activation[i]);
        }
    }
    rs_backtest_free(b);
    w->rule[s->group][s->rule] = kept;
    sort_lines(out);
}

static uint64_t n_compared;

static void compare_world(uint64_t seed)
{
    struct world w;
    struct told told = {.w = &w};
    make_world(&w, seed);
    ck_assert_int_eq(rs_pass_run(&w.spec, N_SITE, w.site, note, &told, NULL), 0);
    for (int s = 0; s < N_SITE; s++) {
        for (int v = 0; v < N_VARIANT; v++) {
            struct lines want = {0}, *got = &told.lines[s][v];
            sort_lines(got);
            by_backtest(&w, s, v, &want);
            ck_assert_msg(got->n == want.n, "world %d, %s: %d firings, the backtest has %d",
                          (int)seed, w.variant[s][v].expr_text, got->n, want.n);
            for (int i = 0; i < want.n; i++) {
                ck_assert_msg(strcmp(got->text[i], want.text[i]) == 0,
                              "world %d, %s for %ds keep %ds:\n%s\nthe backtest has\n%s", (int)seed,
                              w.variant[s][v].expr_text,
                              (int)(w.variant[s][v].for_ns / RS_NS_PER_S),
                              (int)(w.variant[s][v].keep_firing_for_ns / RS_NS_PER_S), got->text[i],
                              want.text[i]);
            }
            n_compared += (uint64_t)want.n;
            clear_lines(&want);
            clear_lines(got);
        }
    }
    clear_world(&w);
}

START_TEST(test_same_as_backtest)
{
    n_compared = 0;
    for (uint64_t i = 0; i < N_WORLD / 6; i++) {
        compare_world((uint64_t)_i * (N_WORLD / 6) + i);
    }
    ck_assert_uint_gt(n_compared, 1000); /* there was something to compare */
}
END_TEST

static bool all_count(void *ctx, const char *alert)
{
    (void)ctx, (void)alert;
    return true;
}

static const struct {
    const char *what, *expr;
    int limit;
    const char *why;
} refusals[] = {
    {"plain", "level > 1", 0, NULL},
    {"reads alerts", "count(ALERTS) > 1", 0, "alert A: an expression reads ALERTS"},
    {"by pattern", "{job=\"x\"} > 1", 0,
     "alert A: an expression selects metrics by a pattern, which may be alerts"},
    {"a limit", "level > 1", 3, "alert A: its group has a limit"},
};

START_TEST(test_refusals)
{
    struct arena *arena = rs_arena_new();
    struct rule rule = {.alert = "A", .expr = parse(arena, refusals[_i].expr)};
    struct rule_group group = {
        .name = "g", .limit = refusals[_i].limit, .n_rule = 1, .rule = &rule};
    struct rule_file file = {.file = "test", .n_group = 1, .group = &group};
    const struct rule_file *files[] = {&file};
    const struct backtest_spec spec = {.n_file = 1, .file = files};
    const char *why = rs_pass_refuses(arena, &spec, all_count, NULL);
    ck_assert_pstr_eq(why, refusals[_i].why);
    rs_arena_free(arena);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("pass");
    TCase *tc = tcase_create("pass");
    tcase_add_loop_test(tc, test_same_as_backtest, 0, 6);
    tcase_add_loop_test(tc, test_refusals, 0, (int)(sizeof(refusals) / sizeof(refusals[0])));
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
