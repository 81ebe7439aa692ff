/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the check of rule files says: how late, through which window, whom it reaches, and which findings. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/load.h"
#include "verify/rule_check.h"

#define N_ROW(a) ((int)(sizeof(a) / sizeof((a)[0])))

static struct arena *arena;
static struct rule_check *check;

static void begin(void)
{
    arena = rs_arena_new();
    check = NULL;
}

static void end(void)
{
    rs_rule_check_free(check);
    rs_arena_free(arena);
}

static void run(enum promql_dialect dialect, const char *rules, const char *am)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    const struct rule_file *file =
        rs_rule_file_parse(arena, dialect, "r.yml", rules, strlen(rules), &errors);
    const struct am_config *config =
        am ? rs_am_config_parse(arena, "am.yml", am, strlen(am), &errors) : NULL;
    rs_err_list_print(&errors, stderr);
    ck_assert_uint_eq(errors.n, 0);
    rs_err_list_clear(&errors);
    const struct rule_check_spec spec = {.n_file = 1,
                                         .file = &file,
                                         .am = config,
                                         .interval_ms = 60000,
                                         .scrape_ms = 15000,
                                         .lookback_ms = 300000};
    check = rs_rule_check_run(&spec);
}

/* ---- how late ---- */

#define GROUP(name, every, rules) "- {name: " name ", interval: " every ", rules: [" rules "]}\n"
#define RECORD(name, expr) "{record: " name ", expr: \"" expr "\"}"
#define ALERT(expr, more) "{alert: A, expr: \"" expr "\"" more "}"

static const struct {
    const char *rules;
    int latest_s, window_s;
} late[] = {
    /* a scrape and an evaluation */
    {GROUP("a", "1m", ALERT("x > 1", "")), 75, 0},
    /* `for` is rounded up */
    {GROUP("a", "1m", ALERT("x > 1", ", for: 90s")), 195, 0},
    /* a group that records, a group that reads: both intervals */
    {GROUP("r", "5m", RECORD("a:b", "sum(x)")) GROUP("a", "1m", ALERT("a:b > 1", ", for: 2m")), 495,
     0},
    /* three on the way */
    {GROUP("r", "5m", RECORD("a:b", "sum(x)")) GROUP("s", "2m", RECORD("a:c", "a:b * 2"))
         GROUP("a", "1m", ALERT("a:c > 1", "")),
     495, 0},
    /* in one group and in order they run together; else one interval late */
    {GROUP("a", "1m", RECORD("a:b", "sum(x)") ", " ALERT("a:b > 1", "")), 75, 0},
    {GROUP("a", "1m", ALERT("a:b > 1", "") ", " RECORD("a:b", "sum(x)")), 135, 0},
    /* of several writers the slowest */
    {GROUP("r", "3m", RECORD("a:b", "sum(x)")) GROUP("s", "5m", RECORD("a:b", "sum(y)"))
         GROUP("a", "1m", ALERT("a:b > 1", "")),
     375, 0},
    /* a rule that reads itself, and two that read each other, come to an end */
    {GROUP("a", "1m", RECORD("a:b", "a:b or x") ", " ALERT("a:b > 1", "")), 75, 0},
    {GROUP("r", "1m", RECORD("a:b", "a:c") ", " RECORD("a:c", "a:b or x"))
         GROUP("a", "1m", ALERT("a:b > 1", "")),
     195, 0},
    /* the longest window, with subqueries, through what is recorded; offsets are none */
    {GROUP("a", "1m", ALERT("rate(x[5m]) > 1 and rate(x[1h] offset 1d) > 1", "")), 75, 3600},
    {GROUP("a", "1m", ALERT("max_over_time(rate(x[5m])[30m:1m]) > 1", "")), 75, 2100},
    {GROUP("a", "1m", RECORD("a:b", "rate(x[5m])") ", " ALERT("avg_over_time(a:b[1h]) > 1", "")),
     75, 3900},
    /* an offset of the reader alone waits for the writer's sample */
    {"- {name: a, interval: 1m, query_offset: 30s, rules: [" ALERT("x > 1", "") "]}\n", 105, 0},
};

START_TEST(test_late)
{
    char text[2048];
    snprintf(text, sizeof(text), "groups:\n%s", late[_i].rules);
    run(RS_PROMQL_3, text, NULL);
    const struct checked_alert *a = &check->alert[0];
    ck_assert_msg(a->latest_ms == late[_i].latest_s * 1000, "row %d: %d s late", _i,
                  (int)(a->latest_ms / 1000));
    ck_assert_msg(a->window_ms == late[_i].window_s * 1000, "row %d: a window of %d s", _i,
                  (int)(a->window_ms / 1000));
}
END_TEST

/* ---- findings ---- */

static const struct {
    const char *rules, *code, *part; /* code NULL: none */
    enum promql_dialect dialect;
    enum rule_severity severity;
} finds[] = {
    {GROUP("r", "5m", RECORD("a:b", "sum(x)")) GROUP("a", "1m", ALERT("a:b > 1", "")),
     "record-gaps", "recorded every 5m, and the lookback is 5m", RS_PROMQL_3, RS_RULE_WARNING},
    /* 2.x still sees a sample as old as the lookback */
    {GROUP("r", "5m", RECORD("a:b", "sum(x)")) GROUP("a", "1m", ALERT("a:b > 1", "")),
     "reads-other-group", "a:b of group r (line 2)", RS_PROMQL_2_53, RS_RULE_NOTE},
    {GROUP("a", "5m", ALERT("a:b > 1", "") ", " RECORD("a:b", "sum(x)")), "reads-before-written",
     "it sees nothing", RS_PROMQL_3, RS_RULE_WARNING},
    {GROUP("a", "5m", ALERT("a:b > 1", "") ", " RECORD("a:b", "sum(x)")), "reads-before-written",
     "it sees the value of 5m ago", RS_PROMQL_2_42, RS_RULE_WARNING},
    {GROUP("r", "1m", RECORD("a:b", "sum(x)") ", " RECORD("a:c", "sum(y)"))
         GROUP("a", "1m", ALERT("a:b + a:c + a:b > 1", "")),
     "reads-other-group", "and 1 more of other groups", RS_PROMQL_3, RS_RULE_NOTE},
    {GROUP("a",
           "1m",
           RECORD("a:b", "sum by (code) (x{code=~'2..'})") ", " RECORD(
               "a:b", "sum by (code) (x{code=~'4..|5..'})")),
     "duplicate-rule", "keep the series apart", RS_PROMQL_3, RS_RULE_NOTE},
    {GROUP("a",
           "1m",
           RECORD("a:b", "sum by (code) (x{code=~'5..'})") ", " RECORD(
               "a:b", "sum by (code) (x{code=~'4..|5..'})")),
     "duplicate-rule", "may write the same", RS_PROMQL_3, RS_RULE_WARNING},
    {GROUP(
         "a", "1m", RECORD("a:b", "sum(x{code=~'2..'})") ", " RECORD("a:b", "sum(x{code=~'5..'})")),
     "duplicate-rule", "may write the same", RS_PROMQL_3, RS_RULE_WARNING},
    {GROUP("a", "1m", ALERT("x > 1", ", for: 1m, labels: {v: '{{ $value }}'}")),
     "label-follows-value", "\"for\" starts anew, the old one resolves; put it", RS_PROMQL_3,
     RS_RULE_WARNING},
    {GROUP("a", "1m", ALERT("x > 1", ", labels: {severity: '{{ $value }}'}")),
     "label-follows-value", "new alert: the old one resolves; write two rules", RS_PROMQL_3,
     RS_RULE_WARNING},
};

START_TEST(test_finding)
{
    char text[2048];
    snprintf(text, sizeof(text), "groups:\n%s", finds[_i].rules);
    run(finds[_i].dialect, text, NULL);
    ck_assert_int_ge(check->n_finding, 1);
    const struct rule_finding *f = &check->finding[0];
    ck_assert_str_eq(f->code, finds[_i].code);
    ck_assert_int_eq(f->severity, finds[_i].severity);
    ck_assert_msg(strstr(f->text, finds[_i].part) != NULL, "row %d: %s", _i, f->text);
}
END_TEST

/* ---- routing ---- */

#define RECEIVERS                                                                                  \
    "time_intervals: [{name: work, time_intervals: [{weekdays: ['monday:friday']}]}]\n"            \
    "receivers: [{name: none}, {name: all, webhook_configs: [{url: x}]}, "                         \
    "{name: a, webhook_configs: [{url: x}]}, {name: b, webhook_configs: [{url: x}]}, "             \
    "{name: c, webhook_configs: [{url: x}]}]\n"
#define ROUTES(list) "route: {receiver: all, routes: [" list "]}\n" RECEIVERS
#define TO(name, matcher) "{receiver: " name ", matchers: ['" matcher "']}"
#define ALSO(name, matcher) "{receiver: " name ", matchers: ['" matcher "'], continue: true}"

/* Of alert A with severity page. */
static const struct {
    const char *am, *reaches, *finding; /* NULL: none of routing */
} routes[] = {
    {ROUTES(TO("a", "severity=page")), "a", NULL},
    {ROUTES(TO("a", "severity=info")), "all", "no-route"},
    {ROUTES(TO("a", "team=x")), "all; or a if team", NULL},
    /* taken for sure before the question comes up */
    {ROUTES(TO("b", "alertname=A") ", " TO("a", "team=x")), "b", NULL},
    {ROUTES(ALSO("b", "alertname=A") ", " TO("a", "team=x")), "b; also a if team", NULL},
    {ROUTES(TO("a", "team=x") ", " TO("b", "severity=page")), "b; or a if team", NULL},
    {ROUTES(ALSO("a", "team=x") ", " TO("b", "severity=page")), "b; also a if team", NULL},
    /* `continue` lets the rest go on, but the root is no longer asked */
    {ROUTES(ALSO("a", "team=x")), "all; or a if team", NULL},
    {ROUTES(TO("a", "team=x") ", " TO("b", "team=y") ", " TO("c", "zone=z")),
     "all; or a, b if team; or c if zone", NULL},
    {ROUTES(TO("a", "team=x") ", " TO("all", "zone=z")), "all; or a if team", NULL},
    {ROUTES("{receiver: a, matchers: ['severity=page'], routes: [" TO("b", "team=x") "]}"),
     "a; or b if team", NULL},
    {ROUTES("{receiver: a, matchers: ['zone=z'], routes: [" TO("b", "team=x") "]}"),
     "all; or a if zone; or b if team, zone", NULL},
    {ROUTES("{receiver: a, matchers: ['severity=page'], active_time_intervals: [work]}"),
     "a (work)", NULL},
    {ROUTES("{receiver: a, matchers: ['severity=page'], mute_time_intervals: [work]}"),
     "a (not work)", NULL},
    {ROUTES(TO("none", "severity=page")), "none (nobody)", NULL},
    {ROUTES(TO("a", "severty=page")), "all; or a if severty", "unknown-label"},
};

static const char page_rule[] =
    "groups: [{name: g, rules: [{alert: A, expr: x > 1, labels: {severity: page}}]}]\n";

static bool is_of_routing(const char *code)
{
    return strcmp(code, "no-route") == 0 || strcmp(code, "no-severity") == 0 ||
           strcmp(code, "unknown-label") == 0;
}

START_TEST(test_route)
{
    run(RS_PROMQL_3, page_rule, routes[_i].am);
    const char *seen = NULL;
    ck_assert_str_eq(check->alert[0].reaches, routes[_i].reaches);
    /* The name alone, for machines. */
    const char *name = check->alert[0].receiver[0];
    ck_assert_int_eq(strcspn(routes[_i].reaches, " ;,"), strlen(name));
    for (int i = 0; i < check->n_finding; i++) {
        seen = is_of_routing(check->finding[i].code) ? check->finding[i].code : seen;
    }
    ck_assert_msg(!seen == !routes[_i].finding && (!seen || !strcmp(seen, routes[_i].finding)),
                  "row %d: %s", _i, seen ? seen : "nothing");
}
END_TEST

/* Random trees: what an alert with all its labels reaches is never more than the preview says, and the preview is no more. */
static unsigned draw(unsigned *state, unsigned n)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 16) % n;
}

static void write_routes(char *to, size_t size, unsigned *state, int depth)
{
    static const char *const matchers[] = {"severity=page", "severity=info", "team=x",
                                           "team=y",        "team!=x",       "zone=z",
                                           "zone=~z|w",     "alertname=A"};
    size_t used = strlen(to);
    used += (size_t)snprintf(to + used, size - used, "[");
    for (unsigned i = 0, n = 1 + draw(state, 3); i < n; i++) {
        used = strlen(to);
        used += (size_t)snprintf(to + used, size - used, "%s{receiver: %c, matchers: ['%s'",
                                 i ? ", " : "", "abc"[draw(state, 3)], matchers[draw(state, 8)]);
        if (draw(state, 4) == 0) {
            used += (size_t)snprintf(to + used, size - used, ", '%s'", matchers[draw(state, 8)]);
        }
        used += (size_t)snprintf(to + used, size - used, "]%s",
                                 draw(state, 3) == 0 ? ", continue: true" : "");
        if (depth < 2 && draw(state, 2) == 0) {
            snprintf(to + used, size - used, ", routes: ");
            write_routes(to, size, state, depth + 1);
        }
        used = strlen(to);
        snprintf(to + used, size - used, "}");
    }
    used = strlen(to);
    snprintf(to + used, size - used, "]");
}

enum { OF_ALL = 8 }; /* receivers as bits: a b c all */

static unsigned bit_of(const char *receiver)
{
    return receiver[1] ? OF_ALL : 1u << (receiver[0] - 'a');
}

static void add_bit(void *ctx, const struct am_route *route)
{
    *(unsigned *)ctx |= bit_of(route->receiver);
}

static unsigned bits_of(int n, const char *const *receiver)
{
    unsigned bits = 0;
    for (int i = 0; i < n; i++) {
        bits |= bit_of(receiver[i]);
    }
    return bits;
}

START_TEST(test_random)
{
    static const char *const teams[] = {"", "x", "y", "q"}, *const zones[] = {"", "z", "w", "q"};
    unsigned state = (unsigned)_i * 7919u + 1;
    char text[8192] = "route:\n  receiver: all\n  routes: ";
    write_routes(text, sizeof(text), &state, 0);
    strcat(text, "\n" RECEIVERS);
    run(RS_PROMQL_3, page_rule, text);
    const struct checked_alert *a = &check->alert[0];
    unsigned sure = bits_of(a->n_receiver, a->receiver), also = 0, instead = 0, met = 0;
    for (int i = 0; i < a->n_maybe; i++) {
        unsigned bits = bits_of(a->maybe[i].n_receiver, a->maybe[i].receiver);
        *(a->maybe[i].instead ? &instead : &also) |= bits;
    }
    const struct am_config *config = rs_am_config_parse(arena, "am.yml", text, strlen(text), NULL);
    struct label_table *table = rs_label_table_new();
    struct am_settings settings = rs_am_settings_default();
    struct alertmanager *am = rs_am_new(config, &settings, table);
    for (int i = 0; i < 16; i++) {
        const struct label label[] = {{"alertname", "A"},
                                      {"severity", "page"},
                                      {"team", teams[i % 4]},
                                      {"zone", zones[i / 4]}};
        unsigned bits = 0;
        rs_am_routes_of(am, rs_labels_intern(table, 4, label), add_bit, &bits);
        met |= bits;
        ck_assert_msg((bits & ~(sure | also | instead)) == 0, "%s\n%s with %s, %s: %x", text,
                      a->reaches, label[2].value, label[3].value, bits);
        ck_assert_msg(instead || (sure & ~bits) == 0, "%s\n%s with %s, %s: %x", text, a->reaches,
                      label[2].value, label[3].value, bits);
    }
    ck_assert_msg(a->n_maybe > 0 || met == sure, "%s\n%s: %x", text, a->reaches, met);
    rs_am_free(am);
    rs_label_table_free(table);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("check of rule files");
    TCase *tc = tcase_create("check");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_loop_test(tc, test_late, 0, N_ROW(late));
    tcase_add_loop_test(tc, test_finding, 0, N_ROW(finds));
    tcase_add_loop_test(tc, test_route, 0, N_ROW(routes));
    tcase_add_loop_test(tc, test_random, 0, 300);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}
