/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Alertmanager files. */
#include <string.h>

#include "changed.h"
#include "sim/arena.h"
#include "sim/clock.h"

static struct arena *arena;
static struct err_list errors;

static const struct am_config *parse(const char *text)
{
    arena = rs_arena_new();
    rs_err_list_init(&errors);
    return rs_am_config_parse(arena, "am.yml", text, strlen(text), &errors);
}

static void finish(void)
{
    rs_err_list_clear(&errors);
    rs_arena_free(arena);
}

static const char whole[] =
    "global: {resolve_timeout: 5m, smtp_from: a@b.c, http_config: {follow_redirects: true}}\n"
    "templates: ['/etc/*.tmpl']\n"
    "time_intervals: [{name: nights}]\n"
    "route:\n"
    "  receiver: default\n"
    "  group_by: ['...']\n"
    "  group_interval: 2m\n"
    "  routes:\n"
    "  - match: {severity: page}\n"
    "    match_re: {team: 'a|b'}\n"
    "    matchers: ['{env=~\"prod.*\", zone!=\"x,y\"}', \"a != b\", 'c !~ \"d\\\\\\\\.e\"']\n"
    "    continue: true\n"
    "    group_by: [alertname, job]\n"
    "    group_wait: 0s\n"
    "    routes:\n"
    "    - receiver: mail\n"
    "      repeat_interval: 1h\n"
    "receivers:\n"
    "- name: default\n"
    "- name: mail\n"
    "  email_configs: [{to: x@y.z}]\n"
    "- name: both\n"
    "  slack_configs: [{channel: '#a'}]\n"
    "  webhook_configs: [{url: 'http://a/'}]\n"
    "- name: quiet\n"
    "  webhook_configs: [{url: 'http://a/', send_resolved: false}]\n"
    "inhibit_rules:\n"
    "- source_matchers: [severity=critical]\n"
    "  target_match: {severity: warning}\n"
    "  equal: [alertname]\n";

START_TEST(test_whole)
{
    const struct am_config *am = parse(whole);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(am);
    ck_assert(am->root.group_by_all);
    ck_assert_int_eq(am->root.group_wait_ns, 30 * RS_NS_PER_S);
    ck_assert_int_eq(am->root.group_interval_ns, 120 * RS_NS_PER_S);
    ck_assert_int_eq(am->root.repeat_interval_ns, 4 * 3600 * RS_NS_PER_S);
    const struct am_route *child = &am->root.child[0];
    ck_assert_str_eq(child->receiver, "default"); /* inherited */
    ck_assert(child->go_on);
    ck_assert(!child->group_by_all);
    ck_assert_int_eq(child->n_group_by, 2);
    ck_assert_int_eq(child->group_wait_ns, 0);
    ck_assert_int_eq(child->group_interval_ns, 120 * RS_NS_PER_S);
    const struct am_route *leaf = &child->child[0];
    ck_assert(!leaf->go_on);
    ck_assert_int_eq(leaf->n_matcher, 0);
    ck_assert_int_eq(leaf->n_group_by, 2);
    ck_assert_int_eq(leaf->repeat_interval_ns, 3600 * RS_NS_PER_S);
    ck_assert_int_eq(am->n_inhibit, 1);
    ck_assert_str_eq(am->inhibit[0].source[0].value, "critical");
    ck_assert_str_eq(am->inhibit[0].target[0].value, "warning");
    ck_assert_str_eq(am->inhibit[0].equal[0], "alertname");
    const bool resolved[] = {true, false, true, false};
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(am->receiver[i].send_resolved, resolved[i]);
    }
    finish();
}
END_TEST

static const struct {
    const char *name, *value;
    enum match_op op;
} matchers[] = {
    {"severity", "page", RS_MATCH_EQ}, {"team", "a|b", RS_MATCH_RE}, {"env", "prod.*", RS_MATCH_RE},
    {"zone", "x,y", RS_MATCH_NE},      {"a", "b", RS_MATCH_NE},      {"c", "d\\\\.e", RS_MATCH_NRE},
};

START_TEST(test_matchers)
{
    const struct am_config *am = parse(whole);
    ck_assert_int_eq(am->root.child[0].n_matcher, N_ROW(matchers));
    const struct am_matcher *m = &am->root.child[0].matcher[_i];
    ck_assert_str_eq(m->name, matchers[_i].name);
    ck_assert_str_eq(m->value, matchers[_i].value);
    ck_assert_int_eq(m->op, matchers[_i].op);
    finish();
}
END_TEST

static const struct {
    const char *text, *value, *note; /* note: a part of what is noted, NULL: nothing is */
} forms[] = {
    {"a=\"b\"", "b", NULL},
    {"a=\"b\\tc\"", "b\\tc", "otherwise"}, /* the newer form sees a tab */
    {"a=b c", "b c", "refuses it"},
    {"{\"a\"=\"b\\tc\"}", "b\tc", NULL}, /* the classic form cannot read it */
    {"a-b=\"\\u00e4\\x41\"", "\303\244A", NULL},
};

/* Where the two grammars differ the classic one counts, and that is noted. */
START_TEST(test_forms)
{
    char text[256];
    snprintf(text, sizeof(text),
             "route: {receiver: r, routes: [{matchers: ['%s']}]}\n"
             "receivers: [{name: r, webhook_configs: [{url: x}]}]\n",
             forms[_i].text);
    const struct am_config *am = parse(text);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(am);
    ck_assert_str_eq(am->root.child[0].matcher[0].value, forms[_i].value);
    ck_assert_int_eq(am->n_note, forms[_i].note ? 2 : 1); /* one tells of the integration */
    if (forms[_i].note) {
        ck_assert_ptr_nonnull(strstr(am->note[0].text, forms[_i].note));
        ck_assert_int_eq(am->note[0].at.line, 1);
    }
    finish();
}
END_TEST

static const char noted[] = "global: {smtp_from: a@b.c}\n"
                            "templates: ['*.tmpl']\n"
                            "tracing: {endpoint: 'a:1'}\n"
                            "route: {receiver: a, repeat_interval: 1m}\n"
                            "receivers:\n"
                            "- {name: a, webhook_configs: [{url: x}], email_configs: [{to: y}]}\n"
                            "- {name: b}\n"
                            "time_intervals: [{name: t, time_intervals: [{location: Local}]}]\n";

static const struct {
    int line;
    const char *text;
} notes[] = {
    {1, "only resolve_timeout"},
    {2, "templates are not read"},
    {3, "tracing is not read"},
    {4, "shorter than \"group_interval\""},
    {6, "with and without send_resolved"},
    {6, "1 receiver hold is ignored: email_configs, webhook_configs"},
    {7, "1 receiver has no integrations"},
    {8, "taken as UTC"},
};

START_TEST(test_notes)
{
    const struct am_config *am = parse(noted);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(am);
    ck_assert_int_eq(am->n_note, N_ROW(notes));
    for (int i = 0; i < N_ROW(notes); i++) {
        ck_assert_int_eq(am->note[i].at.line, notes[i].line);
        ck_assert_msg(strstr(am->note[i].text, notes[i].text) != NULL, "%s", am->note[i].text);
    }
    finish();
}
END_TEST

static const char *const bad_matchers[] = {"severity",     "=page",           "severity==\"a\"b",
                                           "severity=\"a", "a=\"b\" c=\"d\"", "a b=c"};

START_TEST(test_bad_matcher)
{
    char text[256];
    snprintf(text, sizeof(text),
             "route: {receiver: r, routes: [{matchers: ['%s']}]}\nreceivers: [{name: r}]\n",
             bad_matchers[_i]);
    ck_assert_msg(!parse(text), "%s was taken", bad_matchers[_i]);
    ck_assert_uint_eq(errors.n, 1);
    finish();
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, test_whole);
    tcase_add_loop_test(tc, test_matchers, 0, N_ROW(matchers));
    tcase_add_loop_test(tc, test_forms, 0, N_ROW(forms));
    tcase_add_test(tc, test_notes);
    tcase_add_loop_test(tc, test_bad_matcher, 0, N_ROW(bad_matchers));
}

int main(void)
{
    return run_tests("am_file", add);
}
