/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What test_lanes varies: rules and conditions of scenarios, and the ways in which they are written. */
#ifndef LOOP_LANES_CASES_H
#define LOOP_LANES_CASES_H

#include <stdbool.h>
#include <stdint.h>

enum { MAX_SITE = 6, MAX_VARIANT = 8 };

struct way { /* NULL ends a list */
    const char *expr;
    int64_t for_s, keep_s;
};

struct turned {
    const char *alert;     /* a rule's alert, or */
    const char *condition; /* a gate's or a procedure's name (its trigger) */
    struct way way[MAX_VARIANT];
};

struct varied {
    const char *words, *file;
    bool pending;
    struct turned site[MAX_SITE];
};

#define SLA(range)                                                                                 \
    "sum(rate(http_requests_total{job=\"portal\",code!~\"5..\"}[" range "])) / "                   \
    "sum(rate(http_requests_total{job=\"portal\"}[" range "]))"
#define READ_ERRORS(range)                                                                         \
    "sum(rate(http_requests_total{job=\"dashboard\",code=~\"5..\"}[" range "])) / "                \
    "sum(rate(http_requests_total{job=\"dashboard\"}[" range "]))"
#define NOISE(range) "sum by (instance) (increase(http_requests_total{code=\"500\"}[" range "]))"

static const struct varied cases[] = {
    {"Prisma's alerts: thresholds, ranges, for",
     "scenarios/prisma/prisma.yaml",
     false,
     {{"PortalSLA",
       NULL,
       {{SLA("30m") " < 0.99", 0, 0},
        {SLA("30m") " < 0.995", 0, 0},
        {SLA("10m") " < 0.99", 60, 0},
        {SLA("10m") " < 0.99", 180, 0},
        {"0.998 > " SLA("5m"), 0, 0},
        {SLA("5m") " < 0.9975", 120, 300}}},
      {"OrchestratorRollbacks",
       NULL,
       {{"sum(increase(financial_orchestrator_rollback_total[10m])) > 3", 0, 0},
        {"sum(increase(financial_orchestrator_rollback_total[10m])) > 0", 0, 0},
        {"sum(increase(financial_orchestrator_rollback_total[10m])) > 0", 60, 0},
        {"sum(increase(financial_orchestrator_rollback_total[5m])) >= 1", 0, 0}}}}},
    {"Prisma's alerts and conditions",
     "scenarios/prisma/prisma.yaml",
     true,
     {{"OrchestratorRollbacks",
       NULL,
       {{"sum(increase(financial_orchestrator_rollback_total[10m])) > 2", 0, 0},
        {"sum(increase(financial_orchestrator_rollback_total[10m])) > 1", 90, 0}}},
      {NULL,
       "stage-1-errors",
       {{READ_ERRORS("5m") " > 0.005", 0, 0},
        {READ_ERRORS("5m") " > 0.001", 0, 0},
        {READ_ERRORS("10m") " > 0.003", 0, 0},
        {READ_ERRORS("10m") " > 0.004", 0, 0}}},
      {NULL,
       "dashboard-errors",
       {{READ_ERRORS("5m") " > 0.01", 0, 0}, {READ_ERRORS("5m") " > 0.001", 0, 0}}}}},
    {"alerts that come and go, and what reads them",
     "tests/loop/scenarios/lanes.yaml",
     false,
     {{"Noisy",
       NULL,
       {{NOISE("1m") " > 2", 0, 0},
        {NOISE("1m") " > 2", 30, 0},
        {NOISE("1m") " > 2", 0, 60},
        {NOISE("1m") " > 3", 0, 0},
        {NOISE("2m") " > 4", 15, 45},
        {NOISE("1m") " != 4", 30, 0},
        {NOISE("1m") " == 3", 0, 0}}},
      {"Noisier",
       NULL,
       {{"sum by (job) (rate(http_requests_total{code=\"500\"}[2m])) > 0.06", 0, 0},
        {"sum by (job) (rate(http_requests_total{code=\"500\"}[2m])) > 0.08", 30, 0},
        {"sum by (job) (rate(http_requests_total{code=\"500\"}[1m])) > -0.09", 300, 0}}},
      {NULL,
       "quiet-enough",
       {{"sum(rate(http_requests_total{code=\"500\"}[5m])) < 0.09", 0, 0},
        {"sum(rate(http_requests_total{code=\"500\"}[5m])) < 0.04", 0, 0}}},
      {NULL,
       "too-loud",
       {{"sum(rate(http_requests_total{code=\"500\"}[5m])) / sum(rate(http_requests_total[5m])) > "
         "0.03",
         0, 0},
        {"sum(rate(http_requests_total{code=\"500\"}[3m])) / sum(rate(http_requests_total[3m])) > "
         "0.03",
         0, 0}}}}},
    {"the same, pending alerts looked at",
     "tests/loop/scenarios/lanes.yaml",
     true,
     {{"Noisy",
       NULL,
       {{NOISE("1m") " > 2", 45, 0}, {NOISE("1m") " > 3", 45, 0}, {NOISE("1m") " > 2", 90, 0}}},
      {"Noisier",
       NULL,
       {{"sum by (job) (rate(http_requests_total{code=\"500\"}[2m])) > 0.06", 45, 0},
        {"sum by (job) (rate(http_requests_total{code=\"500\"}[2m])) > 0.07", 45, 0}}}}},
    {"pending alerts that a gate reads",
     "tests/loop/scenarios/lanes.yaml",
     false,
     {{"Noisier",
       NULL,
       {{"sum by (job) (rate(http_requests_total{code=\"500\"}[2m])) > 0.06", 45, 0},
        {"sum by (job) (rate(http_requests_total{code=\"500\"}[2m])) > 0.07", 600, 0},
        {"sum by (job) (rate(http_requests_total{code=\"500\"}[2m])) > 0.05", 600, 0}}},
      {NULL,
       "both",
       {{"ALERTS{alertname=\"Noisier\",alertstate=\"pending\"}", 0, 0},
        {"count(ALERTS{alertname=~\"Nois.*\"}) > 1", 0, 0}}}}},
    {"a rule with a limit and labels of its own",
     "tests/loop/scenarios/latency.yaml",
     true,
     {{"Errors",
       NULL,
       {{"http_requests_total{code=\"500\"} > 0", 90, 0},
        {"http_requests_total{code=\"500\"} > 1000", 0, 0},
        {"http_requests_total > 1000", 0, 0},
        {"label_replace(http_requests_total, \"code\", \"500\", \"\", \"\") > 60000", 0, 0},
        {"label_replace(http_requests_total, \"code\", \"500\", \"\", \"\") > 12100", 0, 0}}}}},
    {"gates at the end", /* numbers and what is no comparison with one */
     "tests/loop/scenarios/gates.yaml",
     false,
     {{NULL,
       "ten-errors",
       {{"sum(http_requests_total{code=\"500\"}) >= 3", 0, 0},
        {"sum(http_requests_total{code=\"500\"}) >= 5", 0, 0},
        {"4 <= sum(http_requests_total{code=\"500\"})", 0, 0},
        {"scalar(sum(http_requests_total{code=\"500\"})) > bool 2", 0, 0},
        {"sum(http_requests_total{code=\"500\"}) > bool 2", 0, 0},
        {"scalar(sum(http_requests_total{code=\"500\"})) - 3", 0, 0}}}}},
    {"labels that are values",
     "tests/loop/scenarios/valued.yaml",
     false,
     {{"Errors",
       NULL,
       {{"sum(increase(http_requests_total{code=\"500\"}[1m])) > 1190", 0, 0},
        {"sum(increase(http_requests_total{code=\"500\"}[1m])) > 1190", 30, 0},
        {"sum(increase(http_requests_total{code=\"500\"}[1m])) > 1210", 0, 0}}}}},
};

#endif
