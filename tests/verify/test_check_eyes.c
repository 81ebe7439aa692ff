/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preconditions, eyes, receivers and the time allowed: a runbook without holes, changed in one place at a time. Each row says which
 * finding that must give, at which line; rows without a code are twins that look alike and are no hole.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenarios/load.h"
#include "sim/arena.h"
#include "verify/check.h"

enum { SCENARIO, ALERTS, AM, N_FILE };
static const char *const file_name[N_FILE] = {"scenario.yaml", "alerts.yml", "alertmanager.yml"};

static const char *const codes[] = {
    "open-precondition", "trigger-unwatched",   "metric-unread",
    "metric-missing",    "receiver-unattended", "receiver-slow",
    "over-budget",       "part-over-budget",    "unbounded-rollback"};
#define N_CODE (sizeof codes / sizeof codes[0])

/* In a row: replaced in which file; the code, and a text on the line (of file at_file, as changed) where it must stand. */
struct row {
    int file;
    const char *from, *to;
    const char *code;
    int at_file;
    const char *at;
};

static const struct row rows[] = {
    {SCENARIO, NULL, NULL, NULL, 0, NULL},
    /* preconditions */
    {SCENARIO, "are there, done: true", "are there, done: false", "open-precondition", SCENARIO,
     "are there"},
    /* a trigger that no alert sees */
    {SCENARIO, "      alerts: [WebErrors, WebSlow]\n", "", "trigger-unwatched", SCENARIO,
     "name: web-bad"},
    {SCENARIO, "[WebErrors, WebSlow]", "[WebErrors]", "trigger-unwatched", SCENARIO,
     "name: web-bad"},
    {SCENARIO, "[WebErrors, WebSlow]", "[WebSlow]", "trigger-unwatched", SCENARIO, "name: web-bad"},
    {ALERTS, "seconds_bucket{job=\"web\"}[5m]))) > 1", "seconds_bucket{job=\"web\"}[5m]))) < 1",
     "trigger-unwatched", SCENARIO, "name: web-bad"},
    {ALERTS, "ratio{job=\"web\"} < 0.99", "ratio{job=\"queue\"} < 0.99", "trigger-unwatched",
     SCENARIO, "name: web-bad"},
    {ALERTS, "code!~\"5..\"", "code!=\"500\"", "trigger-unwatched", SCENARIO, "name: web-bad"},
    {ALERTS, "seconds_bucket{job=\"web\"}[5m]))) > 1",
     "seconds_bucket{job=\"web\"}[5m]))) > 1 and sum(increase(queue_lost_total[5m])) > 0",
     "trigger-unwatched", SCENARIO, "name: web-bad"},
    /* seen all the same: another spelling, another window, a part of what must hold together, more services */
    {ALERTS, "job:good:ratio{job=\"web\"} < 0.99",
     "sum(rate(http_requests_total{job=\"web\",code=~\"50[0-9]\"}[10m])) / "
     "sum(rate(http_requests_total{job=\"web\"}[10m])) > 0.01",
     NULL, 0, NULL},
    {ALERTS, "ratio{job=\"web\"} < 0.99", "ratio{job=~\"w.*\"} < 0.99", NULL, 0, NULL},
    {ALERTS, "increase(queue_lost_total[5m])) > 0", "increase(queue_mismatch_total[5m])) > 0", NULL,
     0, NULL},
    {ALERTS,
     "histogram_quantile(0.95, sum by (le) "
     "(rate(http_request_duration_seconds_bucket{job=\"web\"}[5m]))) > 1",
     "sum(rate(http_request_duration_seconds_sum{job=\"web\"}[5m])) / "
     "sum(rate(http_request_duration_seconds_count{job=\"web\"}[5m])) > 1",
     NULL, 0, NULL},
    /* gates that nobody reads */
    {SCENARIO, "      look_every: 5m\n", "", "trigger-unwatched", SCENARIO, "name: reads\n"},
    {SCENARIO, "      look_every: 5m\n", "      look_every: 3h\n", "trigger-unwatched", SCENARIO,
     "name: reads\n"},
    {SCENARIO, "watch: 2h", "watch: 4m", "trigger-unwatched", SCENARIO, "name: reads\n"},
    {SCENARIO, "watch: 2h", "watch: 12h", "trigger-unwatched", SCENARIO, "name: reads-bad"},
    {SCENARIO, "{percent: 100, watch: 1h}", "{percent: 100, watch: 20s}", "trigger-unwatched",
     SCENARIO, "percent: 100,"},
    {SCENARIO, "look_every: 15m\n", "look_every: 30h\n", NULL, 0, NULL},
    /* alerts that lead nowhere, or never to a procedure */
    {ALERTS, "      - alert: QueueLost",
     "      - alert: Other\n        expr: sum(increase(queue_mismatch_total[5m])) > 100\n      - "
     "alert: QueueLost",
     "trigger-unwatched", ALERTS, "Other"},
    {ALERTS, "      - alert: QueueLost",
     "      - alert: Watchdog\n        expr: vector(1)\n      - alert: QueueLost", NULL, 0, NULL},
    {ALERTS, "      - alert: QueueLost",
     "      - alert: Same\n        expr: job:good:ratio{job=\"web\"} < 0.9\n      - alert: "
     "QueueLost",
     NULL, 0, NULL},
    {SCENARIO, "    - name: queue-bad",
     "    - name: never\n      actions: [{purge: cache}]\n    - name: queue-bad",
     "trigger-unwatched", SCENARIO, "name: never"},
    /* metrics */
    {SCENARIO, "- {metric: queue_lost_total}", "- {metric: up}", "metric-unread", SCENARIO,
     "metric: up"},
    {SCENARIO, "- {metric: queue_lost_total}", "- {metric: queue_last_total}", "metric-missing",
     SCENARIO, "queue_last_total"},
    {SCENARIO, " and sum(increase(queue_mismatch_total[5m])) > 0", "", "metric-unread", SCENARIO,
     "name: queue_mismatch_total"},
    {ALERTS, "seconds_bucket{job=\"web\"}[5m]))) > 1", "seconds_bucket{job=\"wep\"}[5m]))) > 1",
     "metric-missing", ALERTS, "wep"},
    {ALERTS, "seconds_bucket{job=\"web\"}[5m]))) > 1", "seconds_bucket{job=\"queue\"}[5m]))) > 1",
     "metric-missing", ALERTS, "seconds_bucket"},
    {ALERTS, "ratio{job=\"web\"} < 0.99", "ratio{job=\"wep\"} < 0.99", "metric-missing", ALERTS,
     "wep"},
    {ALERTS, "ratio{job=\"web\"} < 0.99", "ratio{instance=\"web-0\"} < 0.99", "metric-missing",
     ALERTS, "web-0"},
    {SCENARIO, "code=~\"5..\"}[5m])) / sum(rate(http_requests_total{job=\"web\"}[5m])) > 0.02",
     "code=~\"9..\"}[5m])) / sum(rate(http_requests_total{job=\"web\"}[5m])) > 0.02",
     "metric-missing", SCENARIO, "9.."},
    {SCENARIO, "code=~\"5..\"}[5m])) / sum(rate(http_requests_total{job=\"web\"}[5m])) > 0.02",
     "code=~\"429|5..\"}[5m])) / sum(rate(http_requests_total{job=\"web\"}[5m])) > 0.02", NULL, 0,
     NULL},
    {SCENARIO, "queue_lost_total[24h]", "http_requests_total{code=\"418\"}[24h]", "metric-missing",
     SCENARIO, "418"},
    {SCENARIO, "alertname=\"QueueLost\"", "alertname=\"QueueLast\"", "metric-missing", SCENARIO,
     "QueueLast"},
    {SCENARIO, "alertstate=\"firing\"", "alertstate=\"pending\"", "metric-missing", SCENARIO,
     "pending"},
    {SCENARIO, "ALERTS{alertname=\"QueueLost\",alertstate=\"firing\"}", "ALERTS{severity=\"info\"}",
     NULL, 0, NULL},
    {SCENARIO, "require: sum(increase(queue_lost_total[24h]))",
     "require: sum(increase(queue_lost_total{instance=\"queue-1\"}[24h]))", "metric-missing",
     SCENARIO, "queue-1"},
    /* receivers */
    {AM, "    - receiver: pager", "    - receiver: chat", "receiver-unattended", AM,
     "- receiver: chat"},
    {AM, "  - name: chat\n", "  - name: chat\n  - name: nobody\n", NULL, 0, NULL},
    {ALERTS, "severity: critical}\n      - alert: WebSlow",
     "severity: warning}\n      - alert: WebSlow", "receiver-unattended", ALERTS, "WebErrors"},
    {SCENARIO, "receiver: pager, delivery: 5s", "receiver: pager, delivery: 5s, silent: true",
     "receiver-unattended", SCENARIO, "receiver: pager"},
    {SCENARIO, "{name: pager, receiver: pager, delivery: 5s}", "{name: pager, delivery: 5s}",
     "receiver-unattended", AM, "- receiver: pager"},
    {SCENARIO, "    escalates_to: lead\n    escalates_after: 10m\n", "", "receiver-unattended",
     SCENARIO, "name: on-call"},
    {SCENARIO, "median: 2m, p95: 8m}, cap: 10m", "median: 50m, p95: 55m}, cap: 1h", "receiver-slow",
     SCENARIO, "name: on-call"},
    {AM, "      matchers: ['severity=\"critical\"']",
     "      matchers: ['severity=\"critical\"']\n      mute_time_intervals: [nights]",
     "receiver-unattended", AM, "- receiver: pager"},
    {SCENARIO, "      alerts: [QueueLost]\n", "      alerts: [QueueLost]\n      by: lead\n",
     "receiver-unattended", ALERTS, "QueueLost"},
    {SCENARIO, "- {set: WRITES, to: off}\n",
     "- {set: WRITES, to: off}\n      by: lead\n  automation: [{name: auto, alert: QueueLost, "
     "procedure: queue-bad}]\n",
     "receiver-unattended", ALERTS, "QueueLost"},
    /* before the detection */
    {ALERTS, "ratio{job=\"web\"} < 0.99", "ratio{job=\"web\"} < 0.99\n        for: 45m",
     "part-over-budget", ALERTS, "WebErrors"},
    {ALERTS, "ratio{job=\"web\"} < 0.99", "ratio{job=\"web\"} < 0.99\n        for: 30m", NULL, 0,
     NULL},
    {ALERTS, "increase(queue_lost_total[5m])) > 0",
     "increase(queue_lost_total[5m])) > 0\n        for: 61s", "part-over-budget", ALERTS,
     "QueueLost"},
    {ALERTS, "increase(queue_lost_total[5m])) > 0",
     "increase(queue_lost_total[5m])) > 0\n        for: 60s", NULL, 0, NULL},
    {ALERTS, "(http_request_duration_seconds_bucket{job=\"web\"}[5m]))) > 1",
     "(http_request_duration_seconds_bucket{job=\"web\"}[20h]))) > 1", "part-over-budget", ALERTS,
     "20h"},
    /* the chain from the detection on: the sum, one wait, no end */
    {SCENARIO, "sla: 45m", "sla: 16m", "over-budget", SCENARIO, "name: web-bad"},
    {SCENARIO, "- {set: WRITES, to: off}\n",
     "- {set: WRITES, to: off}\n        - {wait: one, takes: 70s}\n        - {wait: two, takes: "
     "70s}\n",
     "over-budget", SCENARIO, "name: queue-bad"},
    {SCENARIO, "READS, default: off, safe: off, propagation: {polling: {every: 15s}}",
     "READS, default: off, safe: off, propagation: {polling: {every: 1h}}", "part-over-budget",
     SCENARIO, "name: READS"},
    {SCENARIO, "{purge: cache, takes: 10s}",
     "{purge: cache, takes: {lognormal: {median: 10s, p95: 20s}, cap: 1h}}", "part-over-budget",
     SCENARIO, "- {purge: cache, takes"},
    {SCENARIO, "    decide: 1m\n", "    decide: {uniform: {min: 1m, max: 1h}}\n",
     "part-over-budget", SCENARIO, "name: on-call"},
    {SCENARIO, "    act: 20s\n", "    act: {uniform: {min: 1s, max: 1h}}\n", "part-over-budget",
     SCENARIO, "name: on-call"},
    {SCENARIO, "{purge: cache, takes: 10s}", "{purge: cache, takes: {exponential: {mean: 10s}}}",
     "unbounded-rollback", SCENARIO, "- {purge: cache, takes"},
    {SCENARIO, "    decide: 1m\n", "    decide: {exponential: {mean: 1m}}\n", "unbounded-rollback",
     SCENARIO, "name: on-call"},
    {SCENARIO, "    act: 20s\n", "    act: {exponential: {mean: 20s}}\n", "unbounded-rollback",
     SCENARIO, "name: on-call"},
    {SCENARIO, "    act: 20s\n", "    act: 20s\n    error_probability: 1%\n", "unbounded-rollback",
     SCENARIO, "name: on-call"},
    {SCENARIO, "sees: 100%", "sees: 99%", "unbounded-rollback", SCENARIO, "name: on-call"},
    {AM, "group_wait: 30s", "group_wait: 50m", "part-over-budget", AM, "- receiver: pager"},
    {AM, "group_interval: 1m", "group_interval: 50m", NULL, 0, NULL},
};
#define N_ROW ((int)(sizeof rows / sizeof rows[0]))

static char folder[256];
static char *text[N_FILE];

static char *read_text(const char *path)
{
    char *out = rs_xcalloc(1, 65536);
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_gt(fread(out, 1, 32768, file), 0);
    fclose(file);
    return out;
}

static void replace(char *in, const char *from, const char *to)
{
    char *at = strstr(in, from);
    ck_assert_msg(at, "there is no \"%s\"", from);
    memmove(at + strlen(to), at + strlen(from), strlen(at) - strlen(from) + 1);
    memcpy(at, to, strlen(to));
}

static const char *path_of(int file)
{
    static char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, file_name[file]);
    return path;
}

static void write_files(const struct row *row)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/rollsim-eyes-XXXXXX", tmp ? tmp : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (int i = 0; i < N_FILE; i++) {
        char path[600];
        snprintf(path, sizeof path, "%s/%s", DATA_DIR, file_name[i]);
        text[i] = read_text(path);
        if (row->from && row->file == i)
            replace(text[i], row->from, row->to);
        FILE *to = fopen(path_of(i), "wb");
        ck_assert_ptr_nonnull(to);
        fputs(text[i], to);
        fclose(to);
    }
}

static void remove_files(void)
{
    for (int i = 0; i < N_FILE; i++) {
        unlink(path_of(i));
        free(text[i]);
    }
    rmdir(folder);
}

static int line_of(const char *in, const char *what)
{
    const char *at = strstr(in, what);
    ck_assert_msg(at, "there is no \"%s\"", what);
    int line = 1;
    for (const char *c = in; c < at; c++)
        line += *c == '\n';
    return line;
}

static bool ours(const struct finding *f)
{
    for (size_t i = 0; i < N_CODE; i++) {
        if (strcmp(f->code->name, codes[i]) == 0)
            return true;
    }
    return false;
}

static void print(const struct finding *f)
{
    printf("  %s:%d: %s [%s] %s\n", f->at.file, f->at.line, f->about, f->code->name, f->text);
}

static bool is_in(const struct finding *f, int file)
{
    size_t n = strlen(f->at.file), k = strlen(file_name[file]);
    return n >= k && strcmp(f->at.file + n - k, file_name[file]) == 0;
}

START_TEST(test_rows)
{
    const struct row *row = &rows[_i];
    write_files(row);
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_load(path_of(SCENARIO), &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_msg(sc, "row %d", _i);
    struct findings *found = rs_check_run(sc);
    int n = 0, n_right = 0;
    for (int i = 0; i < found->n; i++) {
        const struct finding *f = &found->item[i];
        if (!ours(f))
            continue;
        n++;
        print(f);
        fflush(stdout);
        n_right += row->code && strcmp(f->code->name, row->code) == 0 && is_in(f, row->at_file) &&
                   f->at.line == line_of(text[row->at_file], row->at);
    }
    ck_assert_msg(n == (row->code != NULL) && n_right == n,
                  "row %d: \"%s\" gives %d findings, %d of them right", _i,
                  row->to ? row->to : "nothing changed", n, n_right);
    rs_findings_free(found);
    rs_scenario_free(sc);
    rs_err_list_clear(&errors);
    remove_files();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eyes");
    TCase *tc = tcase_create("rows");
    tcase_add_loop_test(tc, test_rows, 0, N_ROW);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
