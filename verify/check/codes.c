/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every class of findings. A code never changes its name or its meaning; docs/findings/ has a page of each. */
#include "verify/check.h"

#include <string.h>

#include "check/pages.h"
#include "verify/check_report.h"

/* clang-format off */
const struct finding_code rs_finding_codes[] = {
    {"alert-later", RS_SEVERITY_WARNING, "an alert sees trouble later than the trigger that it serves"},
    {"alert-laxer", RS_SEVERITY_WARNING, "an alert allows more than the trigger that it serves"},
    {"ambiguous-statistic", RS_SEVERITY_WARNING, "a threshold without saying of what statistic"},
    {"contradiction", RS_SEVERITY_ERROR, "two rules give different orders for the same values"},
    {"cries-wolf", RS_SEVERITY_WARNING, "a gate trips too often although nothing is wrong"},
    {"dead-end", RS_SEVERITY_ERROR, "a state from which nothing leads on"},
    {"dependent-left-on", RS_SEVERITY_ERROR, "a flag is on while one that it requires is off"},
    {"dilution", RS_SEVERITY_WARNING, "a gate reads a whole service of which only a part is exposed"},
    {"endless-circle", RS_SEVERITY_WARNING, "a stage can be paused and resumed without end"},
    {"grey-zone", RS_SEVERITY_WARNING, "values for which the runbook says nothing"},
    {"halt-without-resume", RS_SEVERITY_WARNING, "a halt with no rule to go on or to give up"},
    {"irreversible-early", RS_SEVERITY_ERROR, "a step that cannot be undone comes before its condition was seen to hold"},
    {"judge-late", RS_SEVERITY_WARNING, "a canary judge cannot find a release bad before its stage is over"},
    {"metric-missing", RS_SEVERITY_ERROR, "a condition on a metric that nothing exposes"},
    {"metric-unread", RS_SEVERITY_WARNING, "a metric that is to be watched and that nothing reads"},
    {"no-way-back", RS_SEVERITY_ERROR, "a state from which no rollback leads to the safe values"},
    {"open-precondition", RS_SEVERITY_WARNING, "a precondition is not met, and the rollout can start all the same"},
    {"outage-hidden", RS_SEVERITY_WARNING, "a long average lets a total outage pass"},
    {"over-budget", RS_SEVERITY_ERROR, "a rollback takes longer than its time allowed, at worst"},
    {"part-over-budget", RS_SEVERITY_ERROR, "one wait alone is longer than the time allowed"},
    {"ratio-without-denominator", RS_SEVERITY_WARNING, "a rate or a count is held against a share"},
    {"receiver-slow", RS_SEVERITY_WARNING, "an alert reaches people too late for the time allowed"},
    {"receiver-unattended", RS_SEVERITY_ERROR, "an alert reaches nobody who must look"},
    {"removed-path-taken", RS_SEVERITY_ERROR, "a state in which the path chosen does not exist any more"},
    {"states-unsearched", RS_SEVERITY_WARNING, "the rollout can come to more states than were searched"},
    {"too-little-traffic", RS_SEVERITY_WARNING, "too few requests to see what the gate looks for"},
    {"trigger-unwatched", RS_SEVERITY_ERROR, "a trigger that no alert and no watcher observes"},
    {"unbounded-rollback", RS_SEVERITY_ERROR, "a rollback with a wait that has no upper end"},
    {"unbounded-stage", RS_SEVERITY_ERROR, "a stage with no exit or no duration"},
    {0},
};
/* clang-format on */

const char *rs_finding_page(const char *code)
{
    for (const struct finding_page *p = rs_finding_pages; p->code; p++) {
        if (strcmp(p->code, code) == 0)
            return p->text;
    }
    return NULL;
}
