/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of the trace: one line for people, no time in it. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#include "responder.h"

#define LINE 400

const char *rs_role_words(const struct responder *r, int role)
{
    if (role < 0)
        return "Automation";
    const struct role *who = &r->plan->role[role];
    return who->title ? who->title : who->name;
}

const char *rs_procedure_words(const struct responder *r, int procedure)
{
    const struct procedure *proc = &r->plan->procedure[procedure];
    return proc->title ? proc->title : proc->name;
}

void rs_trace_say(struct responder *r, enum trace_kind kind, int a, int b, const char *fmt, ...)
{
    if (!r->trace)
        return;
    char line[LINE];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    rs_history_trace(r->out, rs_kernel_now(r->k), kind, a, b, 0.0, "%s", line);
}

/* "stage-1" with its title is told as "Stage 1: ..." */
void rs_trace_stage(struct responder *r, int stage)
{
    if (!r->trace)
        return;
    const struct stage *st = &r->plan->stage[stage];
    char name[80];
    snprintf(name, sizeof name, "%s", st->name);
    for (char *c = name; *c; c++) {
        if (*c == '-' || *c == '_')
            *c = ' ';
    }
    name[0] = (char)toupper((unsigned char)name[0]);
    if (st->title)
        rs_trace_say(r, RS_TRACE_STAGE, stage, -1, "%s: %s", name, st->title);
    else
        rs_trace_say(r, RS_TRACE_STAGE, stage, -1, "%s", name);
}

static void flag_words(char *out, size_t n, const struct responder *r, const struct action *a)
{
    const char *flag = r->sc->flag[a->flag].name;
    const char *whom = a->cohort < 0 ? "everybody" : r->sc->cohort[a->cohort].name;
    if (!a->on)
        snprintf(out, n, "sets %s off", flag);
    else if (a->cohort < 0 && a->percent >= 100.0)
        snprintf(out, n, "sets %s on for everybody", flag);
    else
        snprintf(out, n, "sets %s on for %g%% of %s", flag, a->percent, whom);
}

static void with_title(char *out, size_t n, const char *verb, const char *thing, const char *title)
{
    if (title)
        snprintf(out, n, "%s %s: %s", verb, thing, title);
    else
        snprintf(out, n, "%s %s", verb, thing);
}

/* What somebody does, in the present tense. */
static void action_words(char *out, size_t n, const struct responder *r, const struct action *a)
{
    const struct scenario *sc = r->sc;
    switch (a->kind) {
    case RS_ACT_SET_FLAG: flag_words(out, n, r, a); return;
    case RS_ACT_PURGE: snprintf(out, n, "purges %s", sc->component[a->component].name); return;
    case RS_ACT_ROTATE: snprintf(out, n, "rotates %s", sc->component[a->component].name); return;
    case RS_ACT_CHECK: with_title(out, n, "checks", sc->service[a->service].name, a->title); return;
    case RS_ACT_REMOVE:
        snprintf(out, n, "removes the path %s of %s", sc->service[a->service].path[a->path].name,
                 sc->service[a->service].name);
        return;
    case RS_ACT_NOTIFY:
        with_title(out, n, "writes on",
                   a->channel < 0 ? "no channel" : sc->monitoring.channel[a->channel].name,
                   a->title);
        return;
    case RS_ACT_DOCUMENT:
        snprintf(out, n, "has done: %s", a->title ? a->title : "a document");
        return;
    case RS_ACT_WAIT:
        snprintf(out, n, "has waited%s%s", a->title ? ": " : "", a->title ? a->title : "");
        return;
    }
}

static enum trace_kind kind_of(const struct task *t)
{
    return t->side ? RS_TRACE_SIDE : RS_TRACE_ACTION;
}

static int episode_of(const struct task *t)
{
    return t->rollback ? t->rollback->episode : -1;
}

/* What the line that was said last is about, for those who read no words. */
static void about(struct responder *r, const struct action *a, bool passed)
{
    struct trace_event *last = &r->out->trace[r->out->n_trace - 1];
    last->action = a;
    last->passed = passed;
}

void rs_trace_done(struct responder *r, const struct task *t, const struct action *a)
{
    if (!r->trace)
        return;
    char what[LINE];
    action_words(what, sizeof what, r, a);
    rs_trace_say(r, kind_of(t), t->doer, episode_of(t), "%s %s", rs_role_words(r, t->doer), what);
    about(r, a, true);
}

void rs_trace_passed(struct responder *r)
{
    if (r->trace)
        about(r, NULL, true);
}

void rs_trace_check(struct responder *r,
                    const struct task *t,
                    const struct action *a,
                    uint64_t n_failed)
{
    if (!r->trace)
        return;
    char what[LINE];
    action_words(what, sizeof what, r, a);
    rs_trace_say(r, kind_of(t), t->doer, episode_of(t), "%s %s: %s, %llu of %llu failed",
                 rs_role_words(r, t->doer), what, n_failed <= a->max_failures ? "passed" : "FAILED",
                 (unsigned long long)n_failed, (unsigned long long)a->n_request);
    about(r, a, n_failed <= a->max_failures);
}

void rs_trace_hitch(struct responder *r,
                    const struct task *t,
                    const struct action *a,
                    const char *what)
{
    if (!r->trace)
        return;
    char action[LINE];
    action_words(action, sizeof action, r, a);
    rs_trace_say(r, RS_TRACE_PERSON, t->doer, episode_of(t), "%s %s: %s", rs_role_words(r, t->doer),
                 what, action);
}
