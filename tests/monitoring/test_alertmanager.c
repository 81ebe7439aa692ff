/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Alertmanager's timing, post by post. Section 6 of the notes; measured there on the real program.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/alertmanager.h"
#include "series_text.h"
#include "sim/clock.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define S RS_NS_PER_S
#define LATER 1000000 /* an end far away */

struct post {
    int t_s;
    const char *alert;
    int starts_s, ends_s;
};

#define A "{alertname=\"A\"}"
#define A1 "{alertname=\"A\",i=\"1\"}"
#define A2 "{alertname=\"A\",i=\"2\"}"
#define B "{alertname=\"B\"}"
#define PAGE "{alertname=\"Down\",severity=\"page\",job=\"j\"}"
#define TICKET "{alertname=\"Slow\",severity=\"ticket\",job=\"j\"}"
#define OTHER "{alertname=\"Slow\",severity=\"ticket\",job=\"k\"}"

static const char *const by_name[] = {"alertname"};
static const struct am_matcher is_page[] = {{"severity", "page", RS_MATCH_EQ}};
static const struct am_matcher is_ticket[] = {{"severity", "ticket", RS_MATCH_EQ}};
static const struct am_matcher is_any[] = {{"severity", ".+", RS_MATCH_RE}};
static const struct am_matcher is_b[] = {{"alertname", "B|C", RS_MATCH_RE}};
static const struct am_matcher not_a[] = {{"alertname", "A", RS_MATCH_NE}};
static const char *const equal_job[] = {"job"};

static const struct am_inhibit page_over_ticket[] = {
    {1, 1, 1, is_page, is_ticket, equal_job},
};
static const struct am_inhibit any_over_any[] = {
    {1, 1, 1, is_any, is_any, equal_job},
};

/* group_wait 30 s, group_interval 300 s */
#define ROUTE(to, repeat_s)                                                                        \
    .receiver = (to), .n_group_by = 1, .group_by = by_name, .group_wait_ns = 30 * S,               \
    .group_interval_ns = 300 * S, .repeat_interval_ns = (repeat_s)*S

static const struct am_receiver receivers[] = {{"team", true}, {"quiet", false}, {"b", true}};

static const struct am_route children[] = {
    {ROUTE("b", 14400), .n_matcher = 1, .matcher = is_b, .go_on = true},
    {ROUTE("quiet", 14400), .n_matcher = 1, .matcher = not_a},
    {ROUTE("never", 14400), .n_matcher = 1, .matcher = not_a},
};

enum setting { PLAIN, QUIET, REPEAT_780, REPEAT_600, INHIBIT, INHIBIT_SELF, TREE, ALL };

static struct am_config config_of(enum setting setting)
{
    struct am_config c = {.root = {ROUTE("team", 14400)}, .n_receiver = 3, .receiver = receivers};

    switch (setting) {
    case PLAIN: break;
    case QUIET: c.root.receiver = "quiet"; break;
    case REPEAT_780: c.root.repeat_interval_ns = 780 * S; break;
    case REPEAT_600: c.root.repeat_interval_ns = 600 * S; break;
    case INHIBIT:
        c.n_inhibit = 1;
        c.inhibit = page_over_ticket;
        break;
    case INHIBIT_SELF:
        c.n_inhibit = 1;
        c.inhibit = any_over_any;
        break;
    case TREE:
        c.root.n_child = 3;
        c.root.child = children;
        break;
    case ALL: c.root.group_by_all = true; break;
    }
    return c;
}

static const struct am_row {
    const char *what;
    enum setting setting;
    struct post post[6];
    int until_s;
    const char *log; /* "time receiver firing/resolved; ..." */
} rows[] = {
    {"a new group waits group_wait", PLAIN, {{0, A, 0, LATER}}, 1000, "30 team 1/0;"},
    {"one that joins waits for the next tick",
     PLAIN,
     {{0, A1, 0, LATER}, {40, A2, 40, LATER}},
     1000,
     "30 team 1/0; 330 team 2/0;"},
    {"one that joins within group_wait comes along",
     PLAIN,
     {{0, A1, 0, LATER}, {20, A2, 20, LATER}},
     1000,
     "30 team 2/0;"},
    {"other names are other groups",
     PLAIN,
     {{0, A, 0, LATER}, {10, B, 10, LATER}},
     1000,
     "30 team 1/0; 40 team 1/0;"},
    {"resolved within group_wait: nothing is sent",
     PLAIN,
     {{0, A, 0, LATER}, {20, A, 0, 20}},
     5000,
     ""},
    {"resolved later: told at the tick",
     PLAIN,
     {{0, A, 0, LATER}, {100, A, 0, 100}},
     5000,
     "30 team 1/0; 330 team 0/1;"},
    {"one of two resolved",
     PLAIN,
     {{0, A1, 0, LATER}, {0, A2, 0, LATER}, {100, A2, 0, 100}},
     1000,
     "30 team 2/0; 330 team 1/1;"},
    {"resolved and fired again between ticks is not seen",
     PLAIN,
     {{0, A, 0, LATER}, {100, A, 0, 100}, {200, A, 200, LATER}},
     1000,
     "30 team 1/0;"},
    {"fired and resolved between ticks is not told",
     PLAIN,
     {{0, A1, 0, LATER}, {40, A2, 40, LATER}, {100, A2, 40, 100}},
     600,
     "30 team 1/0; 330 team 1/1;"},
    {"fired again after the all-clear: a new group with its wait",
     PLAIN,
     {{0, A, 0, LATER}, {100, A, 0, 100}, {400, A, 400, LATER}},
     1000,
     "30 team 1/0; 330 team 0/1; 430 team 1/0;"},
    {"the all-clear is told once, however often Prometheus repeats it",
     PLAIN,
     {{0, A, 0, LATER}, {100, A, 0, 100}, {400, A, 0, 100}},
     1000,
     "30 team 1/0; 330 team 0/1;"},
    {"an alert that has waited already opens its group at once",
     PLAIN,
     {{100, A, 60, LATER}},
     300,
     "100 team 1/0;"},
    {"but not exactly at group_wait", PLAIN, {{100, A, 70, LATER}}, 300, "130 team 1/0;"},
    {"an old alert does not hurry a young group",
     PLAIN,
     {{100, A1, 100, LATER}, {110, A2, 0, LATER}},
     300,
     "130 team 2/0;"},
    {"Prometheus falls silent: resolved by its end",
     PLAIN,
     {{0, A, 0, 240}},
     1000,
     "30 team 1/0; 330 team 0/1;"},
    {"resends move the end",
     PLAIN,
     {{0, A, 0, 240}, {75, A, 0, 315}, {150, A, 0, 390}},
     1000,
     "30 team 1/0; 630 team 0/1;"},
    {"repeated at the first tick after repeat_interval",
     REPEAT_780,
     {{0, A, 0, LATER}},
     2000,
     "30 team 1/0; 930 team 1/0; 1830 team 1/0;"},
    {"a tick at exactly repeat_interval is too early",
     REPEAT_600,
     {{0, A, 0, LATER}},
     1000,
     "30 team 1/0; 930 team 1/0;"},
    {"without send_resolved the all-clear is silent, but logged",
     QUIET,
     {{0, A, 0, LATER}, {100, A, 0, 100}, {400, A, 400, LATER}},
     1000,
     "30 quiet 1/0; 430 quiet 1/0;"},
    {"without send_resolved a part that resolves is no news",
     QUIET,
     {{0, A1, 0, LATER}, {0, A2, 0, LATER}, {100, A2, 0, 100}},
     1000,
     "30 quiet 2/0;"},
    {"inhibited while the source fires, notified at the next tick",
     INHIBIT,
     {{0, PAGE, 0, LATER}, {0, TICKET, 0, LATER}, {400, PAGE, 0, 400}},
     1000,
     "30 team 1/0; 630 team 0/1; 630 team 1/0;"},
    {"only where the equal labels agree",
     INHIBIT,
     {{0, PAGE, 0, LATER}, {0, OTHER, 0, LATER}},
     300,
     "30 team 1/0; 30 team 1/0;"},
    {"not before the source is there",
     INHIBIT,
     {{0, TICKET, 0, LATER}, {100, PAGE, 100, LATER}},
     300,
     "30 team 1/0; 130 team 1/0;"},
    {"an alert that is both sides is not inhibited by such",
     INHIBIT_SELF,
     {{0, PAGE, 0, LATER}, {0, TICKET, 0, LATER}},
     300,
     "30 team 1/0; 30 team 1/0;"},
    {"routes: continue, then the first that matches",
     TREE,
     {{0, B, 0, LATER}},
     300,
     "30 b 1/0; 30 quiet 1/0;"},
    {"routes: no child, then the parent", TREE, {{0, A, 0, LATER}}, 300, "30 team 1/0;"},
    {"group_by '...'",
     ALL,
     {{0, A1, 0, LATER}, {0, A2, 0, LATER}},
     300,
     "30 team 1/0; 30 team 1/0;"},
};

struct log {
    char text[1000];
    struct label_table *labels;
    struct alertmanager *am;
};

static void note(void *ctx, int64_t now_ns, const struct am_notification *n)
{
    struct log *log = ctx;
    size_t used = strlen(log->text);

    (void)snprintf(log->text + used, sizeof log->text - used, "%s%d %s %d/%d;", used > 0 ? " " : "",
                   (int)(now_ns / S), n->receiver, n->n_firing, n->n_resolved);
    for (int i = 1; i < n->n_firing; i++) {
        ck_assert_int_lt(rs_labels_compare(log->labels, n->firing[i - 1], n->firing[i]), 0);
    }
}

static void run_until(struct log *log, int64_t until_ns)
{
    for (int64_t next; (next = rs_am_next(log->am)) <= until_ns;) {
        rs_am_tick(log->am, next, note, log);
        ck_assert_int_gt(rs_am_next(log->am), next); /* time goes on */
    }
}

START_TEST(notifies)
{
    const struct am_row *row = &rows[_i];
    struct am_config config = config_of(row->setting);
    struct am_settings settings = rs_am_settings_default();
    struct log log = {.labels = rs_label_table_new()};

    log.am = rs_am_new(&config, &settings, log.labels);
    for (int replica = 0; replica < 2; replica++) {
        log.text[0] = '\0';
        for (int i = 0; i < N(row->post) && row->post[i].alert != NULL; i++) {
            const struct post *p = &row->post[i];

            run_until(&log, p->t_s * S - 1);
            rs_am_post(log.am, p->t_s * S, series_labels(log.labels, p->alert), p->starts_s * S,
                       p->ends_s * S);
        }
        run_until(&log, row->until_s * S);
        ck_assert_msg(strcmp(log.text, row->log) == 0, "%s: %s, expected %s", row->what, log.text,
                      row->log);
        rs_am_reset(log.am);
        ck_assert_int_eq(rs_am_next(log.am), RS_NEVER);
    }
    rs_am_free(log.am);
    rs_label_table_free(log.labels);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("alertmanager");
    TCase *tc = tcase_create("alertmanager");
    SRunner *sr;
    int failed;

    tcase_add_loop_test(tc, notifies, 0, N(rows));
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
