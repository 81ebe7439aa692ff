/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Defects of the checklist and of the stages: preconditions, holds, ends, and what cannot be undone. */
#include <stddef.h>

#include "mutants.h"

#define Y THE_RUNBOOK

/* clang-format off */
const struct mutant rs_mutants_of_stages[] = {
    {"migrations that are not applied", Y, "{text: Database migrations applied in staging and production standbys, done: true,", "{text: Database migrations applied in staging and production standbys, done: false,",
     "open-precondition", Y, "- {text: Database migrations", NULL},
    {"credentials that are not verified", Y, "fallback secrets rotated, done: true,", "fallback secrets rotated, done: false,",
     "open-precondition", Y, "- {text: Vault/KMS credentials verified", NULL},
    {"an engineer who is not briefed", Y, "before the Stage 0 toggle\", done: true,", "before the Stage 0 toggle\", done: false,",
     "open-precondition", Y, "- {text: \"On-call engineer briefed", NULL},

    /* ---- holds and ends ---- */
    {"a hold of stage 0 with no rule to go on", Y, "      on_hold: {look_again: 10m, at_most: 4h, then: halt}   # mended: a hold had no rule to go on or to give up\n", "",
     "halt-without-resume", Y, "- name: stage-0-audit-log", "grey-zone"},
    {"a hold of stage 2 with no rule to go on", Y, "      on_hold: {look_again: 10m, at_most: 2h, then: rollback, procedure: settlement-inconsistency}   # mended: see Stage 0\n", "",
     "halt-without-resume", Y, "- name: stage-2-no-critical-errors", NULL},
    {"a failed settings update that halts", Y, "      check_fails: {then: rollback, procedure: secret-provider-failure}\n", "      check_fails: {then: halt}\n",
     "halt-without-resume", Y, "check_fails: {then: halt}", NULL},
    {"a failed smoke test with no rule", Y, "      check_fails: {then: rollback, procedure: dashboard-errors}\n", "",
     "halt-without-resume", Y, "- {check: Dashboard smoke tests", NULL},
    {"a hold of stage 2 without end", Y, "on_hold: {look_again: 10m, at_most: 2h, then: rollback, procedure: settlement-inconsistency}", "on_hold: {look_again: 10m}",
     "endless-circle", Y, "on_hold: {look_again: 10m}", NULL},
    {"a hold of stage 3 without end", Y, "on_hold: {look_again: 15m, at_most: 2h, then: rollback, procedure: portal-outage}", "on_hold: {look_again: 15m}",
     "endless-circle", Y, "on_hold: {look_again: 15m}", NULL},
    {"a hold of stage 0 without end", Y, "on_hold: {look_again: 10m, at_most: 4h, then: halt}", "on_hold: {look_again: 1h}",
     "endless-circle", Y, "on_hold: {look_again: 1h}", NULL},
    {"a stage that is not watched", Y, "      watch: 30m\n      look_every: 5m\n", "      watch: 0s\n      look_every: 5m\n",
     "unbounded-stage", Y, "- name: stage-1\n", "too-little-traffic trigger-unwatched"},
    {"another stage that is not watched", Y, "      watch: 1h\n      look_every: 5m\n", "      watch: 0s\n      look_every: 5m\n",
     "unbounded-stage", Y, "- name: stage-4\n", "no-way-back irreversible-early trigger-unwatched"},
    {"a flag that can never be set", Y, "{set: PORTAL_PRISMA, to: on, cohort: agents, percent: 10,", "{set: PORTAL_PRISMA, to: on, cohort: agents, percent: 10, fails: 100%,",
     "dead-end", Y, "- {set: PORTAL_PRISMA, to: on", "no-way-back"},
    {"a rollback that can never be done", Y, "{set: SETTINGS_SECURE_PROVIDER, to: off, ref", "{set: SETTINGS_SECURE_PROVIDER, to: off, fails: 100%, ref",
     "dead-end", Y, "- {set: SETTINGS_SECURE_PROVIDER, to: off", "no-way-back unbounded-rollback"},

    /* ---- what cannot be undone ---- */
    {"a removal without a watch", Y, "      watch: 24h\n      look_every: 5m\n", "      watch: 0s\n      look_every: 5m\n",
     "irreversible-early", Y, "- {remove: legacy, service: dashboard", "no-way-back unbounded-stage"},
    {"a removal with nobody watching", Y, "      look_every: 5m\n      watched: [dashboard-errors, settlement-inconsistency, portal-outage, secret-provider-failure]\n", "",
     "irreversible-early", Y, "- {remove: legacy, service: dashboard", "no-way-back"},
    {"a removal whose service is not watched", Y, "watched: [dashboard-errors, settlement-inconsistency, portal-outage, secret-provider-failure]", "watched: [dashboard-errors, settlement-inconsistency, secret-provider-failure]",
     "irreversible-early", Y, "- {remove: legacy, service: portal", "no-way-back"},
    {"a removal in the stage that enables", Y, "- {set: LEGACY_SETTLEMENT_FALLBACK, to: off, ref: \"§3 Stage 2\"}", "- {remove: legacy, service: settlement, ref: \"§3 Stage 2\"}",
     "removed-path-taken", Y, "- {remove: legacy, service: settlement, ref: \"§3 Stage 2\"}", NULL},
    {"the path that everybody is on is removed", Y, "- {remove: legacy, service: portal, ref: \"§3 Stage 5\"}", "- {remove: prisma, service: portal, ref: \"§3 Stage 5\"}",
     "removed-path-taken", Y, "- {remove: prisma, service: portal", NULL},
    {"the path that the staff is on is removed", Y, "        - {set: PERSISTENCE_PRISMA_READS, to: on, ref: \"§3 Stage 5\"}\n", "        - {document: Announce the clean-up, takes: 1m, ref: \"§3 Stage 5\"}\n",
     "removed-path-taken", Y, "- {remove: legacy, service: dashboard", NULL},
    {"neither path of the settlement", Y, "- {set: LEGACY_SETTLEMENT_FALLBACK, to: off, ref: \"§3 Stage 2\"}", "- {set: FINANCIAL_ORCHESTRATOR, to: off, ref: \"§3 Stage 2\"}\n        - {set: LEGACY_SETTLEMENT_FALLBACK, to: off, ref: \"§3 Stage 2\"}",
     "removed-path-taken", Y, "- {set: LEGACY_SETTLEMENT_FALLBACK, to: off", NULL},
    {0},
};
/* clang-format on */
