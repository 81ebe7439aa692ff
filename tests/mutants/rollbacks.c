/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Defects of rollbacks: how long they take, who is told, and whether there is a way back. */
#include <stddef.h>

#include "mutants.h"

#define Y THE_RUNBOOK
#define A THE_ALERTS
#define R THE_ROUTES

#define AUTO(name, alert, procedure)                                                               \
    "    - {name: " name ", alert: " alert ", procedure: " procedure ", delay: {uniform: {min: 1s, max: 10s}}, ref: \"§4\", assumes: [automation]}\n"
#define AT_DASHBOARD "- name: dashboard-errors"
#define AT_SETTLEMENT "- name: settlement-inconsistency\n      title: Settlement inconsistencies detected\n"
#define AT_PORTAL "- name: portal-outage"
#define AT_SECRETS "- name: secret-provider-failure"
#define SECRETS_FLAG "- {set: SETTINGS_SECURE_PROVIDER, to: off"

/* clang-format off */
const struct mutant rs_mutants_of_rollbacks[] = {
    /* ---- time ---- */
    {"a time allowed that the steps do not fit in", Y, "alerts: [VaultErrors, SecretProviderFallback]   # mended: an alert on the trigger itself beside the one that goes to a chat\n      by: on-call\n      sla: 5m\n", "alerts: [VaultErrors, SecretProviderFallback]\n      by: on-call\n      sla: 65s\n",
     "over-budget", Y, AT_SECRETS, NULL},
    {"a health check with ten tries", Y, "takes: 30s, max_attempts: 3,", "takes: 30s, max_attempts: 10,",
     "over-budget", Y, AT_PORTAL, NULL},
    {"a purge that takes nearly all the time", Y, "{purge: cloudflare-cache, takes: {uniform: {min: 1s, max: 10s}},", "{purge: cloudflare-cache, takes: {uniform: {min: 1s, max: 290s}},",
     "over-budget", Y, AT_DASHBOARD, NULL},
    {"a step that may fail for good", Y, "{purge: cloudflare-cache, takes: {uniform: {min: 1s, max: 10s}},", "{purge: cloudflare-cache, takes: {uniform: {min: 20s, max: 40s}}, fails: 1%,",
     "unbounded-rollback", Y, "- {purge: cloudflare-cache", NULL},
    {"a wait of nearly all the time", Y, "{set: LEGACY_SETTLEMENT_FALLBACK, to: on, ref: \"§4 row 2\"}\n        - {wait: Until the last instance has polled, takes: 16s,", "{set: LEGACY_SETTLEMENT_FALLBACK, to: on, ref: \"§4 row 2\"}\n        - {wait: Until the last instance has polled, takes: 285s,",
     "over-budget", Y, AT_SETTLEMENT, NULL},
    {"a purge longer than the time allowed", Y, "{purge: cloudflare-cache, takes: {uniform: {min: 1s, max: 10s}}", "{purge: cloudflare-cache, takes: 6m",
     "part-over-budget", Y, "- {purge: cloudflare-cache", NULL},
    {"a rotation longer than the time allowed", Y, "{uniform: {min: 10s, max: 60s}}", "{uniform: {min: 10s, max: 15m}}",
     "part-over-budget", Y, "- {rotate: fallback-secret", NULL},
    {"a flag that is polled every ten minutes", Y, "  - name: PORTAL_PRISMA\n    ref: \"§1\"\n    default: off\n    safe: off\n    propagation: {polling: {every: 15s,", "  - name: PORTAL_PRISMA\n    ref: \"§1\"\n    default: off\n    safe: off\n    propagation: {polling: {every: 10m,",
     "part-over-budget", Y, "- name: PORTAL_PRISMA", NULL},
    {"dead streams that are found after ten minutes", Y, "half_open_delay: {uniform: {min: 0s, max: 30s}}", "half_open_delay: {uniform: {min: 0s, max: 10m}}",
     "part-over-budget", Y, "- name: SETTINGS_SECURE_PROVIDER", NULL},
    {"automation that waits ten minutes", Y, AUTO("secrets-auto", "VaultErrors", "secret-provider-failure"), "    - {name: secrets-auto, alert: VaultErrors, procedure: secret-provider-failure, delay: 10m, ref: \"§4\", assumes: [automation]}\n",
     "part-over-budget", Y, "- {name: secrets-auto", NULL},
    {"a rotation without an upper end", Y, "{uniform: {min: 10s, max: 60s}}", "{lognormal: {median: 20s, p95: 60s}}",
     "unbounded-rollback", Y, "- {rotate: fallback-secret", NULL},
    {"a stream without an upper end", Y, "delay: {lognormal: {median: 200ms, p99: 2s}, cap: 5s}", "delay: {lognormal: {median: 200ms, p99: 2s}}",
     "unbounded-rollback", Y, "- name: SETTINGS_SECURE_PROVIDER", NULL},
    {"dead streams that may never be found", Y, "half_open_delay: {uniform: {min: 0s, max: 30s}}", "half_open_delay: {exponential: {mean: 10s}}",
     "unbounded-rollback", Y, "- name: SETTINGS_SECURE_PROVIDER", NULL},
    {"automation without an upper end", Y, AUTO("dashboard-auto", "DashboardErrors", "dashboard-errors"), "    - {name: dashboard-auto, alert: DashboardErrors, procedure: dashboard-errors, delay: {exponential: {mean: 5s}}, ref: \"§4\", assumes: [automation]}\n",
     "unbounded-rollback", Y, "- {name: dashboard-auto", NULL},
    {"an alert that waits for people", Y, AUTO("portal-errors-auto", "PortalErrors", "portal-outage"), "",
     "unbounded-rollback", Y, "- name: on-call\n", "part-over-budget"},
    {"a stage that a person watches", Y, "      title: Portal migration\n", "      title: Portal migration\n      by: on-call\n",
     "unbounded-rollback", Y, "- name: on-call\n", "part-over-budget"},

    /* ---- who is told ---- */
    {"people who answer after a quarter of an hour", Y, AUTO("portal-sla-auto", "PortalSLA", "portal-outage"), "",
     "receiver-slow", Y, "- name: on-call\n", "unbounded-rollback part-over-budget",
     "    acknowledge: {lognormal: {median: 2m, p95: 8m}, cap: 30m, placeholder: true}\n", "    acknowledge: {lognormal: {median: 15m, p95: 25m}, cap: 30m, placeholder: true}\n"},
    {"a receiver with no channel behind it", R, "    - receiver: pagerduty-p2\n      matchers: ['severity=\"warning\"']\nreceivers:\n", "    - receiver: nobody\n      matchers: ['severity=\"warning\"']\nreceivers:\n  - name: nobody\n",
     "receiver-unattended", R, "- receiver: nobody", NULL},
    {"a route that sleeps at night", R, "    - receiver: pagerduty-p2\n      matchers: ['severity=\"warning\"']\nreceivers:\n", "    - receiver: pagerduty-p2\n      matchers: ['severity=\"warning\"']\n      active_time_intervals: [office]\ntime_intervals:\n  - name: office\n    time_intervals: [{times: [{start_time: '09:00', end_time: '18:00'}]}]\nreceivers:\n",
     "receiver-unattended", R, "- receiver: pagerduty-p2\n      matchers", NULL},
    {"a pager that nobody carries", Y, "      - {channel: pager-p2, sees: 95%, off_hours: true}\n      - {channel: slack, sees: 60%}\n", "      - {channel: slack, sees: 60%}\n",
     "receiver-unattended", Y, "- {name: pager-p2,", NULL,
     ", {channel: pager-p2, sees: 95%, off_hours: true}]\n", "]\n"},
    {"an alert for people that ends in a chat", Y, AUTO("fallback-auto", "SecretProviderFallback", "secret-provider-failure"), "",
     "receiver-unattended", A, "- alert: SecretProviderFallback", "unbounded-rollback part-over-budget"},

    {"a page that waits ten minutes", R, "group_wait: 5s ", "group_wait: 10m ",
     "part-over-budget", R, "- receiver: pagerduty-p1", NULL},
    {"a page of a live group that waits ten minutes", R, "group_interval: 30s\n", "group_interval: 10m\n",
     "part-over-budget", R, "- receiver: pagerduty-p1", NULL},
    {"a warning that waits ten minutes", R, "  group_wait: 30s\n", "  group_wait: 10m\n",
     "part-over-budget", R, "- receiver: pagerduty-p2\n      matchers", NULL},

    /* ---- the way back ---- */
    {"a purge before the flag is off everywhere", Y, "        - {wait: Until the last instance has polled, takes: 16s, ref: \"§4 row 1\"}\n", "",
     "no-way-back", Y, "- {purge: cloudflare-cache", NULL},
    {"a flag that is polled more rarely than the purge waits", Y, "  - name: PERSISTENCE_PRISMA_READS\n    ref: \"§1\"\n    default: off\n    safe: off\n    propagation: {polling: {every: 15s,", "  - name: PERSISTENCE_PRISMA_READS\n    ref: \"§1\"\n    default: off\n    safe: off\n    propagation: {polling: {every: 2m,",
     "no-way-back", Y, "- {purge: cloudflare-cache", NULL},
    {"a rollback that does not wait for the fallback", Y, "        - {wait: Until the last instance has polled, takes: 16s, ref: \"§4 row 2\"}\n", "",
     "removed-path-taken", Y, "- {set: FINANCIAL_ORCHESTRATOR, to: off", NULL},
    {"a rollback that waits too short for the fallback", Y, "takes: 16s, ref: \"§4 row 2\"", "takes: 5s, ref: \"§4 row 2\"",
     "removed-path-taken", Y, "- {set: FINANCIAL_ORCHESTRATOR, to: off", NULL},
    {"a failed check that rolls something else back", Y, "check_fails: {then: rollback, procedure: dashboard-errors}", "check_fails: {then: rollback, procedure: portal-outage}",
     "no-way-back", Y, "check_fails: {then: rollback, procedure: portal-outage}\n      watch: 30m", NULL},
    {"a hold that rolls something else back", Y, "at_most: 2h, then: rollback, procedure: portal-outage}", "at_most: 2h, then: rollback, procedure: dashboard-errors}",
     "no-way-back", Y, "on_hold: {look_again: 15m", NULL},
    {"a rollback that sets the flag on", Y, "- {set: PERSISTENCE_PRISMA_READS, to: off, ref: \"§4 row 1\"}", "- {set: PERSISTENCE_PRISMA_READS, to: on, ref: \"§4 row 1\"}",
     "no-way-back", Y, AT_DASHBOARD, NULL},
    {"a rollback without its flag", Y, "        - {set: PORTAL_PRISMA, to: off, ref: \"§4 row 3\"}\n", "",
     "no-way-back", Y, AT_PORTAL, NULL},
    {"a rollback through a fallback that is off", Y, "        - {set: LEGACY_SETTLEMENT_FALLBACK, to: on, ref: \"§4 row 2\"}\n", "",
     "no-way-back", Y, AT_SETTLEMENT, "removed-path-taken"},
    {"a flag that no rollback sets back", Y, "        - {set: SETTINGS_SECURE_PROVIDER, to: off, ref: \"§4 row 4\"}\n", "        - {set: PORTAL_PRISMA, to: off, ref: \"§4 row 4\"}\n",
     "no-way-back", Y, AT_SECRETS, NULL},
    {"a rollback that leaves a dependent flag on", Y, "  - name: PORTAL_PRISMA\n", "  - name: PORTAL_PRISMA\n    requires: [PERSISTENCE_PRISMA_READS]\n",
     "dependent-left-on", Y, "- {set: PERSISTENCE_PRISMA_READS, to: off", "too-little-traffic"},
    {"a stage that leaves a dependent flag on", Y, "  - name: FINANCIAL_ORCHESTRATOR\n", "  - name: FINANCIAL_ORCHESTRATOR\n    requires: [LEGACY_SETTLEMENT_FALLBACK]\n",
     "dependent-left-on", Y, "- {set: LEGACY_SETTLEMENT_FALLBACK, to: off", "removed-path-taken"},
    {"a flag that needs one not yet on", Y, "  - name: FINANCIAL_ORCHESTRATOR\n", "  - name: FINANCIAL_ORCHESTRATOR\n    requires: [SETTINGS_SECURE_PROVIDER]\n",
     "dependent-left-on", Y, "- {set: FINANCIAL_ORCHESTRATOR, to: on", "removed-path-taken"},
    {0},
};
/* clang-format on */
