/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of a retrospective, and what its exit status says. */
#include <assert.h>
#include <string.h>

#include "verify/retro_learn.h"
#include "verify/retro_report.h"

#define N_OF(array) ((int)(sizeof(array) / sizeof(*(array))))

const char *rs_retro_source_kind_name(enum retro_source_kind k)
{
    static const char *const name[RS_SOURCE_KIND_N] = {"metrics", "log", "timeline", "annotations",
                                                       "notifications"};
    assert(k >= 0 && k < RS_SOURCE_KIND_N);
    return name[k];
}

static const char *const event_name[RS_EVENT_N - RS_CLOCK_N] = {
    "changed",      "stage_entered", "stage_left",  "flag_set",     "check_passed",
    "check_failed", "gate_passed",   "gate_failed", "action_done",  "held",
    "halted",       "resumed",       "escalated",   "communicated", "documented",
    "checked_off",  "looked",        "finished",    "note"};

const char *rs_retro_event_name(int event)
{
    assert(event >= 0 && event < RS_EVENT_N);
    return event < RS_CLOCK_N ? rs_clock_name((enum clock_mark)event)
                              : event_name[event - RS_CLOCK_N];
}

int rs_retro_event(const char *name)
{
    for (int i = 0; i < RS_EVENT_N; i++) {
        if (strcmp(name, rs_retro_event_name(i)) == 0)
            return i;
    }
    return -1;
}

const char *rs_retro_how_name(enum retro_how h)
{
    static const char *const name[] = {"unknown", "recorded", "computed", "inferred", "bounded"};
    assert(h >= 0 && (int)h < N_OF(name));
    return name[h];
}

const char *rs_retro_instant_name(int i)
{
    assert(i >= 0 && i < RS_RETRO_INSTANT_N);
    return i == RS_RETRO_CHANGED ? "changed" : rs_clock_name((enum clock_mark)i);
}

const char *rs_retro_sla_name(enum retro_sla s)
{
    static const char *const name[] = {"none", "kept", "broken", "undecidable"};
    assert(s >= 0 && (int)s < N_OF(name));
    return name[s];
}

const char *rs_retro_rule_name(enum retro_rule r)
{
    static const char *const name[RS_CONFORM_N] = {
        "checklist", "order",      "not_before",    "action",   "check",        "watch",
        "gate",      "ramp",       "missed",        "late",     "uncalled",     "procedure",
        "sla",       "escalation", "communication", "document", "post_rollout", "flag"};
    assert(r >= 0 && r < RS_CONFORM_N);
    return name[r];
}

const char *rs_retro_fit_kind_name(enum retro_fit_kind k)
{
    static const char *const name[RS_FIT_KIND_N] = {
        "traffic", "base errors", "latency", "fault size", "fault onset", "people", "propagation"};
    assert(k >= 0 && k < RS_FIT_KIND_N);
    return name[k];
}

int rs_retro_exit_status(const struct retro *r)
{
    int n_broken = r->conformance.n_by_verdict[RS_RETRO_DEVIATES];
    int n_open = r->conformance.n_by_verdict[RS_RETRO_UNDECIDABLE];
    for (int i = 0; i < r->rebuilt.n_episode; i++) {
        n_broken += r->rebuilt.episode[i].sla == RS_SLA_BROKEN;
        n_open += r->rebuilt.episode[i].sla == RS_SLA_UNDECIDABLE;
    }
    return n_broken ? 1 : n_open ? 3 : 0;
}
