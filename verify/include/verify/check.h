/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Static checks of a runbook: the holes that can be seen before anything runs. Every finding has a stable code, a place, the
 * evidence in numbers, and what would mend it. Formulae are exact; nothing is simulated.
 */
#ifndef VERIFY_CHECK_H
#define VERIFY_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "models/scenario.h"

enum severity { RS_SEVERITY_ERROR, RS_SEVERITY_WARNING };
const char *rs_severity_name(enum severity s); /* "error", "warning" */

/* A class of findings. Each has a page docs/findings/<name>.md. */
struct finding_code {
    const char *name; /* "grey-zone"; never changes */
    enum severity severity;
    const char *summary; /* one line, without the particulars */
};
extern const struct finding_code rs_finding_codes[]; /* by name; ends with a NULL name */
/* By name, or NULL. */
const struct finding_code *rs_finding_code(const char *name);

/* One number or word behind a finding. */
struct evidence {
    const char *name; /* "window_s", "p_false_alarm": the unit last */
    const char *text; /* words, or NULL: the number */
    double value;
};

#define RS_MAX_EVIDENCE 12
struct finding {
    const struct finding_code *code;
    struct mark at;    /* file:line:column of what has to be mended */
    const char *ref;   /* place in the source document, or NULL */
    const char *about; /* the element: "stage stage-1", "gate stage-1-errors", "alert PortalSLA" */
    const char *text;  /* what is wrong, with the numbers in words; one line */
    const char *mend;  /* what would close it; one line */
    int n_evidence;
    struct evidence evidence[RS_MAX_EVIDENCE];
};

struct findings { /* owned: rs_findings_free */
    struct arena *arena;
    int n, n_error, n_warning;
    struct finding *item; /* [n] by file, line, column, then code */
};

/*
 * Runs every pass. Never fails: a scenario that was read can be checked; n = 0 where nothing was found. The scenario must live as
 * long as the findings, which point into it.
 */
struct findings *rs_check_run(const struct scenario *sc);
void rs_findings_free(struct findings *f); /* NULL ok */

#endif
