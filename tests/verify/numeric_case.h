/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base.yaml and alerts.yml of numeric/ with something changed in them, and what the check says. A fixture: numeric_begin and
 * numeric_end around each test.
 */
#ifndef TESTS_VERIFY_NUMERIC_CASE_H
#define TESTS_VERIFY_NUMERIC_CASE_H

#include "verify/check.h"

#define N_ROW(a) ((int)(sizeof(a) / sizeof((a)[0])))

struct change {
    const char *find, *with;
};

struct numeric_case {
    struct scenario *sc;
    struct findings *found;
    char *yaml, *alerts; /* texts as changed */
};
extern struct numeric_case numeric;

void numeric_begin(void);
void numeric_end(void);
/* The first place of `find` becomes `with`; the test fails if there is none. Takes the text. */
char *numeric_changed(char *text, const struct change *c);
int numeric_line_of(const char *text, const char *words);
/* Loads what the texts have become and checks it. */
void numeric_run(void);
/* Is it of one of the numeric classes? */
bool numeric_is_ours(const struct finding *f);
/* Those findings in words; the caller frees it. */
char *numeric_listed(void);

/* Texts that stand in the files, or could. */
#define CANARY                                                                                     \
    "fail_if: sum(rate(http_requests_total{path=\"new\",code=~\"5..\"}[5m])) / "                   \
    "sum(rate(http_requests_total{path=\"new\"}[5m])) > 0.02"
#define ALERT_ERRORS "expr: job:api_errors:ratio_rate5m{job=\"api\",path=\"new\"} > 0.02"
#define ERRORS(window)                                                                             \
    "sum(rate(http_requests_total{job=\"api\",path=\"new\",code=~\"5..\"}[" window                 \
    "])) / sum(rate(http_requests_total{job=\"api\",path=\"new\"}[" window "]))"
#define WHOLE(window)                                                                              \
    "sum(rate(http_requests_total{job=\"api\",code=~\"5..\"}[" window                              \
    "])) / sum(rate(http_requests_total{job=\"api\"}[" window "]))"
#define GOOD(window)                                                                               \
    "sum(rate(http_requests_total{job=\"api\",path=\"new\",code!~\"5..\"}[" window                 \
    "])) / sum(rate(http_requests_total{job=\"api\",path=\"new\"}[" window "]))"
#define SLOW(q, limit)                                                                             \
    "histogram_quantile(" q                                                                        \
    ", sum by (le) (rate(http_request_duration_seconds_bucket{job=\"api\",path=\"new\"}[5m]))) "   \
    "> " limit
#define NEW_SLOW                                                                                   \
    "histogram_quantile(0.95, sum by (le) "                                                        \
    "(rate(http_request_duration_seconds_bucket{path=\"new\"}[5m]))) < 1"

#endif
