/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Defects of gates, triggers and alerts: what they read, of what, how long, against which limit. */
#include <stddef.h>

#include "mutants.h"

#define Y THE_RUNBOOK
#define A THE_ALERTS

#define STAGE_1_RATIO                                                                              \
    "            sum(rate(http_requests_total{job=\"dashboard\",path=\"prisma\",code=~\"5..\"}[30m]))\n" \
    "              / sum(rate(http_requests_total{job=\"dashboard\",path=\"prisma\"}[30m])) > 0.005\n"
#define STAGE_1_GUARD                                                                              \
    "              and sum(increase(http_requests_total{job=\"dashboard\",path=\"prisma\"}[30m])) > 1000\n"
#define STAGE_3_RATIO                                                                              \
    "            sum(increase(http_requests_total{job=\"portal\",path=\"prisma\",code=~\"5..\"}[24h]))\n" \
    "              / sum(increase(http_requests_total{job=\"portal\",path=\"prisma\"}[24h])) < 0.01\n"
#define AT_DASHBOARD "- name: dashboard-errors"
#define AT_STAGE_1 "- name: stage-1-errors"
#define AT_RATE "- name: stage-3-error-rate"
#define AT_LATENCY "- name: stage-3-latency"
#define AT_FALLBACK "- name: stage-4-fallback-secret"

/* clang-format off */
const struct mutant rs_mutants_of_conditions[] = {
    /* ---- metrics ---- */
    {"an alert on a job that does not expose the counter", A, "increase(vault_errors_total[5m])", "increase(vault_errors_total{job=\"vault\"}[5m])",
     "metric-missing", A, "vault_errors_total{job=\"vault\"}", "trigger-unwatched"},
    {"an alert on a path that the service does not have", A, "sum by (le) (rate(http_request_duration_seconds_bucket{job=\"portal\",path=\"prisma\"}", "sum by (le) (rate(http_request_duration_seconds_bucket{job=\"portal\",path=\"prizma\"}",
     "metric-missing", A, "path=\"prizma\"", "trigger-unwatched part-over-budget"},
    {"a gate on a counter of another service", Y, "increase(settings_secret_fallback_total[5m])", "increase(settings_secret_fallback_total{job=\"portal\"}[5m])",
     "metric-missing", Y, "settings_secret_fallback_total{job", NULL},
    {"a gate on a job that does not exist", Y, "audit_log_ingested_total{job=\"dashboard\"}", "audit_log_ingested_total{job=\"dashboards\"}",
     "metric-missing", Y, "{job=\"dashboards\"}", "metric-unread"},
    {"a gate on a status code that never comes", Y, STAGE_1_RATIO,
     "            sum(rate(http_requests_total{job=\"dashboard\",path=\"prisma\",code=\"418\"}[30m]))\n"
     "              / sum(rate(http_requests_total{job=\"dashboard\",path=\"prisma\"}[30m])) > 0.005\n",
     "metric-missing", Y, "code=\"418\"", NULL},
    {"a trigger on a label that counters do not have", Y, "trigger: sum(increase(vault_errors_total[5m])) > 0", "trigger: sum(increase(vault_errors_total{path=\"secure\"}[5m])) > 0",
     "metric-missing", Y, "vault_errors_total{path", "trigger-unwatched"},
    {"a gate that wants more evaluations in a row than its watch has", Y, "          when: continuous\n          then: rollback\n          procedure: dashboard-errors\n", "          when: continuous\n          in_a_row: 61\n          then: rollback\n          procedure: dashboard-errors\n",
     "trigger-unwatched", Y, "- name: stage-1-errors", "too-little-traffic"},
    {"a service that does not tell its paths apart", Y, "      by_path: on   # mended: gates and alerts read what a flag exposes, not the service in which a canary drowns\n      buckets: [50ms, 100ms, 200ms, 300ms", "      buckets: [50ms, 100ms, 200ms, 300ms",
     "metric-missing", Y, "sum(increase(http_requests_total{job=\"portal\",path=\"prisma\",code=~\"5..\"}[24h]))", "trigger-unwatched metric-unread"},
    {"a gate on an alert that no rule makes", Y, "alertname=\"OrchestratorRollbacks\"", "alertname=\"OrchestratorRollback\"",
     "metric-missing", Y, "fail_if: ALERTS{", NULL},
    {"a listed metric that nothing exposes", Y, "{metric: vault_errors_total, says", "{metric: vault_error_count, says",
     "metric-missing", Y, "{metric: vault_error_count", NULL},
    {"a listed metric that nothing reads", Y, "require: sum(rate(audit_log_ingested_total{job=\"dashboard\"}[10m])) > 0", "require: sum(rate(http_requests_total{job=\"dashboard\"}[10m])) > 0",
     "metric-unread", Y, "{metric: audit_log_ingested_total", NULL},

    /* ---- triggers and their alerts ---- */
    {"a trigger whose alert reads something else", A,
     "          sum(rate(http_requests_total{job=\"dashboard\",path=\"prisma\",code=~\"5..\"}[30m]))\n            / sum(rate(http_requests_total{job=\"dashboard\",path=\"prisma\"}[30m])) > 0.01\n            and sum(increase(http_requests_total{job=\"dashboard\",path=\"prisma\"}[30m])) > 300\n",
     "          sum(rate(audit_log_ingested_total{job=\"dashboard\"}[30m])) < 0.1\n",
     "trigger-unwatched", Y, AT_DASHBOARD, NULL},
    {"a trigger of two parts, one of which no alert sees", A,
     "expr: histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{job=\"portal\",path=\"prisma\"}[10m]))) > 2", "expr: sum(rate(http_requests_total{job=\"portal\"}[10m])) < 0.1",
     "trigger-unwatched", Y, "- name: portal-outage", "part-over-budget"},
    {"failures of one path over requests of the other", A, "/ sum(rate(http_requests_total{job=\"dashboard\",path=\"prisma\"}[30m])) > 0.01\n", "/ sum(rate(http_requests_total{job=\"dashboard\",path=\"legacy\"}[30m])) > 0.01\n",
     "ratio-without-denominator", A, "- alert: DashboardErrors", "trigger-unwatched"},
    {"an alert that leads nowhere", A, "      - alert: SecretProviderFallback\n", "      - alert: SettingsGone\n        expr: sum(rate(http_requests_total{job=\"settings\"}[1h])) < 0.001\n        labels: {severity: warning}\n      - alert: SecretProviderFallback\n",
     "trigger-unwatched", A, "- alert: SettingsGone", NULL},
    {"an alert that allows twice what its trigger does", A, "path=\"prisma\"}[30m])) > 0.01\n", "path=\"prisma\"}[30m])) > 0.02\n",
     "alert-laxer", A, "- alert: DashboardErrors", NULL},
    {"an alert that allows more than its trigger", A, "path=\"prisma\"}[10m])) > 0.02\n", "path=\"prisma\"}[10m])) > 0.05\n",
     "alert-laxer", A, "- alert: PortalErrors", NULL},
    {"an alert on a slower answer than its trigger", A, "[10m]))) > 2\n", "[10m]))) > 5\n",
     "alert-laxer", A, "- alert: PortalLatency", NULL},
    {"an alert on the median where the trigger has the tail", A, "expr: histogram_quantile(0.95,", "expr: histogram_quantile(0.5,",
     "alert-laxer", A, "- alert: PortalLatency", NULL},
    {"an alert that needs six where the trigger needs one", A, "sum(increase(vault_errors_total[5m])) > 0", "sum(increase(vault_errors_total[5m])) > 5",
     "alert-laxer", A, "- alert: VaultErrors", NULL},
    {"an alert that needs five mismatches", A, "and sum(increase(settlement_audit_mismatch_total[10m])) > 0", "and sum(increase(settlement_audit_mismatch_total[10m])) > 4",
     "alert-laxer", A, "- alert: SettlementInconsistency", NULL},
    {"an alert that waits ten minutes", A, "        expr: sum(increase(vault_errors_total[5m])) > 0\n", "        expr: sum(increase(vault_errors_total[5m])) > 0\n        for: 10m\n",
     "alert-later", A, "- alert: VaultErrors", "part-over-budget"},
    {"an alert that waits five minutes", A, "path=\"prisma\"}[10m]))) > 2\n", "path=\"prisma\"}[10m]))) > 2\n        for: 5m\n",
     "alert-later", A, "- alert: PortalLatency", "part-over-budget"},
    {"an alert with a window twelve times as long", A,
     "          sum(rate(http_requests_total{job=\"portal\",path=\"prisma\",code=~\"5..\"}[10m]))\n            / sum(rate(http_requests_total{job=\"portal\",path=\"prisma\"}[10m])) > 0.02\n",
     "          sum(rate(http_requests_total{job=\"portal\",path=\"prisma\",code=~\"5..\"}[2h]))\n            / sum(rate(http_requests_total{job=\"portal\",path=\"prisma\"}[2h])) > 0.02\n",
     "alert-later", A, "- alert: PortalErrors", NULL},

    /* ---- values for which nothing, or two things, are said ---- */
    {"a stage that is held on what nothing rolls back", Y, "      on_hold: {look_again: 15m, at_most: 2h, then: rollback, procedure: portal-outage}   # mended: see Stage 0\n", "",
     "grey-zone", Y, AT_RATE, "halt-without-resume"},
    {"a halt where an alert says roll back", Y, "          when: continuous   # mended: at every evaluation, by the pipeline\n          then: rollback\n          procedure: secret-provider-failure\n", "          when: continuous\n          then: halt\n",
     "contradiction", Y, AT_FALLBACK, "halt-without-resume"},
    {"a gate that promotes what the trigger rolls back", Y, "      watched: [dashboard-errors]\n",
     "        - name: stage-1-go\n"
     "          fail_if: |\n"
     "            sum(rate(http_requests_total{job=\"dashboard\",path=\"prisma\",code=~\"5..\"}[30m]))\n"
     "              / sum(rate(http_requests_total{job=\"dashboard\",path=\"prisma\"}[30m])) > 0.002\n"
     "          when: looks\n"
     "          then: promote\n"
     "      watched: [dashboard-errors]\n",
     "contradiction", Y, "- name: stage-1-go", NULL},
    {"a gate that lets pass what the trigger rolls back", Y, STAGE_3_RATIO,
     "            sum(increase(http_requests_total{job=\"portal\",path=\"prisma\",code=~\"5..\"}[24h]))\n"
     "              / sum(increase(http_requests_total{job=\"portal\",path=\"prisma\"}[24h])) < 0.05\n",
     "contradiction", Y, AT_RATE, NULL},
    {"a gate that goes on when an alert calls for a rollback", Y, "alertstate=\"firing\"}\n          when: end\n          then: hold\n", "alertstate=\"firing\"}\n          when: end\n          then: promote\n",
     "contradiction", Y, "- name: stage-2-no-critical-errors", NULL},
    {"a trigger that needs more than its words", Y, "        sum(increase(financial_orchestrator_rollback_total[10m])) > 0\n", "        sum(increase(financial_orchestrator_rollback_total[10m])) > 3\n",
     "contradiction", Y, "- name: settlement-inconsistency\n      title", NULL},

    /* ---- how many requests it takes ---- */
    {"a smoke test that allows no failure in fifty", Y, "requests: 50, max_failures: 2", "requests: 50, max_failures: 0",
     "cries-wolf", Y, "- {check: Portal smoke tests", NULL},
    {"a limit at the base ratio", Y, "path=\"prisma\"}[30m])) > 0.005\n", "path=\"prisma\"}[30m])) > 0.0006\n",
     "cries-wolf", Y, AT_STAGE_1, "contradiction too-little-traffic"},
    {"an alert on the first rollback alone", A, "[10m])) >= 4\n", "[10m])) >= 1\n",
     "cries-wolf", A, "- alert: OrchestratorRollbacks", NULL},
    {"a tenth of the agents made a thousandth of a percent", Y, "cohort: agents, percent: 10,", "cohort: agents, percent: 0.01,",
     "too-little-traffic", Y, AT_RATE, "cries-wolf"},
    {"a gate that asks for more requests than come", Y, "[30m])) > 1000\n", "[30m])) > 20000\n",
     "too-little-traffic", Y, AT_STAGE_1, NULL},
    {"admins who hardly ever come", Y, "{service: dashboard, cohort: admins, profile: {diurnal: {mean_per_s: 0.8,", "{service: dashboard, cohort: admins, profile: {diurnal: {mean_per_s: 0.02,",
     "too-little-traffic", Y, AT_STAGE_1, NULL},
    {"a gate that decides on the first requests", Y, STAGE_1_GUARD, "",
     "cries-wolf", Y, AT_STAGE_1, NULL},
    {"a gate that asks for ten requests only", Y, "[30m])) > 1000\n", "[30m])) > 10\n",
     "cries-wolf", Y, AT_STAGE_1, NULL},
    {"an alert that decides on the first requests", A, "            and sum(increase(http_requests_total{job=\"dashboard\",path=\"prisma\"}[30m])) > 300\n", "",
     "cries-wolf", A, "- alert: DashboardErrors", NULL},
    {"a gate that a healthy service cannot pass", Y, "sum(rate(audit_log_ingested_total{job=\"dashboard\"}[10m])) > 0", "sum(rate(audit_log_ingested_total{job=\"dashboard\"}[10m])) > 34",
     "cries-wolf", Y, "- name: stage-0-audit-log", NULL},
    {"a gate that trips when all is well", Y, "[30m])) > 0.005\n", "[30m])) < 0.005\n",
     "cries-wolf", Y, AT_STAGE_1, "contradiction grey-zone"},
    {"a gate that trips on nothing", Y, "fail_if: sum(increase(settings_secret_fallback_total[5m])) > 0", "fail_if: sum(increase(settings_secret_fallback_total[5m])) >= 0",
     "cries-wolf", Y, AT_FALLBACK, NULL},
    {"a watch too short for the requests that its gate asks for", Y, "      watch: 30m\n      look_every: 5m\n", "      watch: 10m\n      look_every: 5m\n",
     "too-little-traffic", Y, AT_STAGE_1, NULL},
    {"a smoke test that passes whatever is wrong", Y, "requests: 30, max_failures: 1", "requests: 30, max_failures: 30",
     "too-little-traffic", Y, "- {check: Dashboard smoke tests", NULL},

    /* ---- averages that hide ---- */
    {"a gate on the whole dashboard", Y, STAGE_1_RATIO,
     "            sum(rate(http_requests_total{job=\"dashboard\",code=~\"5..\"}[30m]))\n"
     "              / sum(rate(http_requests_total{job=\"dashboard\"}[30m])) > 0.005\n",
     "dilution", Y, AT_STAGE_1, NULL},
    {"a gate on the whole portal", Y, STAGE_3_RATIO,
     "            sum(increase(http_requests_total{job=\"portal\",code=~\"5..\"}[24h]))\n"
     "              / sum(increase(http_requests_total{job=\"portal\"}[24h])) < 0.01\n",
     "dilution", Y, AT_RATE, NULL},
    {"a gate on the latency of the whole portal", Y, "_bucket{job=\"portal\",path=\"prisma\"}[1h]", "_bucket{job=\"portal\"}[1h]",
     "dilution", Y, AT_LATENCY, NULL},
    {"a gate on the path that the stage leaves alone", Y, STAGE_1_RATIO,
     "            sum(rate(http_requests_total{job=\"dashboard\",path=\"legacy\",code=~\"5..\"}[30m]))\n"
     "              / sum(rate(http_requests_total{job=\"dashboard\",path=\"legacy\"}[30m])) > 0.005\n",
     "dilution", Y, AT_STAGE_1, NULL},
    {"a latency limit that the histogram cannot show", Y, "_bucket{job=\"portal\",path=\"prisma\"}[10m]))) > 2\n", "_bucket{job=\"portal\",path=\"prisma\"}[10m]))) > 20\n",
     "outage-hidden", Y, "- name: portal-outage", "contradiction"},
    {"a gate with nothing beside the average of a day", Y,
     "            sum(rate(http_requests_total{job=\"portal\",path=\"prisma\",code=~\"5..\"}[10m]))\n              / sum(rate(http_requests_total{job=\"portal\",path=\"prisma\"}[10m])) > 0.02\n              and sum(increase(http_requests_total{job=\"portal\",path=\"prisma\"}[10m])) > 300\n",
     "            histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{job=\"portal\",path=\"prisma\"}[10m]))) > 2\n",
     "outage-hidden", Y, AT_RATE, "contradiction"},
    {"a trigger on the average of a day", Y,
     "        sum(rate(http_requests_total{job=\"dashboard\",path=\"prisma\",code=~\"5..\"}[30m]))\n          / sum(rate(http_requests_total{job=\"dashboard\",path=\"prisma\"}[30m])) > 0.01\n",
     "        sum(rate(http_requests_total{job=\"dashboard\",path=\"prisma\",code=~\"5..\"}[1d]))\n          / sum(rate(http_requests_total{job=\"dashboard\",path=\"prisma\"}[1d])) > 0.01\n",
     "outage-hidden", Y, "- name: dashboard-errors", NULL},

    /* ---- words ---- */
    {"a latency without a quantile", Y, "\"verify that the 95th percentile of the Prisma path's latency is < 200ms\"", "\"verify API latency < 200ms\"",
     "ambiguous-statistic", Y, AT_LATENCY, NULL},
    {"a trigger's latency without a quantile", Y, "or their 95th percentile of latency > 2s\"", "or latency > 2s\"",
     "ambiguous-statistic", Y, "- name: portal-outage", NULL},
    {"a percentage of nothing", Y, "if more than 0.5% of the Prisma path's requests fail with 5xx, revert", "if errors >0.5%, revert",
     "ratio-without-denominator", Y, AT_STAGE_1, NULL},
    {"a trigger's percentage of nothing", Y, "(>1% 5xx of the Prisma path's requests over 30 minutes)", "(>1% 5xx)",
     "ratio-without-denominator", Y, AT_DASHBOARD, NULL},
    {"a rate against a share", Y, STAGE_1_RATIO, "            sum(rate(http_requests_total{job=\"dashboard\",path=\"prisma\",code=~\"5..\"}[30m])) > 0.005\n",
     "ratio-without-denominator", Y, AT_STAGE_1, "dilution"},
    {"a count against a share", Y, STAGE_3_RATIO, "            sum(increase(http_requests_total{job=\"portal\",path=\"prisma\",code=~\"5..\"}[24h])) < 0.01\n",
     "ratio-without-denominator", Y, AT_RATE, "cries-wolf grey-zone"},
    {0},
};
/* clang-format on */
