/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which procedure of the runbook a mark, an alert or a flag speaks of. */
#include <string.h>
#include <strings.h>

#include "retro/rebuild.h"

const struct action *rs_procedure_command(const struct procedure *p)
{
    for (int i = 0; i < p->n_action; i++) {
        if (p->action[i].kind == RS_ACT_SET_FLAG && p->action[i].blocking)
            return &p->action[i];
    }
    return NULL;
}

int rs_alert_procedure(const struct scenario *sc, const char *alert)
{
    for (int p = 0; sc && p < sc->response.n_procedure; p++) {
        for (int i = 0; i < sc->response.procedure[p].n_alert; i++) {
            if (strcmp(sc->response.procedure[p].alert[i], alert) == 0)
                return p;
        }
    }
    return -1;
}

/* A procedure's name, or a name made of it ("portal-outage 2"). */
static int named_procedure(const struct scenario *sc, const char *word)
{
    for (int p = 0; word && p < sc->response.n_procedure; p++) {
        const struct procedure *proc = &sc->response.procedure[p];
        size_t n = strlen(proc->name);
        if ((proc->title && strcasecmp(word, proc->title) == 0) ||
            (strncasecmp(word, proc->name, n) == 0 && (word[n] == '\0' || word[n] == ' '))) {
            return p;
        }
    }
    return -1;
}

/* A check or a gate that failed and orders a rollback. */
static int ordered_procedure(const struct scenario *sc, const struct retro_mark *m)
{
    for (int i = 0; i < sc->response.n_stage; i++) {
        const struct stage *st = &sc->response.stage[i];
        if (m->stage >= 0 && m->stage != i)
            continue;
        if (m->event == RS_EVENT_CHECK_FAILED && m->stage == i &&
            st->check_then == RS_THEN_ROLLBACK)
            return st->check_procedure;
        for (int g = 0; m->event == RS_EVENT_GATE_FAILED && m->subject && g < st->n_gate; g++) {
            if (st->gate[g].then == RS_THEN_ROLLBACK &&
                strcasecmp(st->gate[g].name, m->subject) == 0)
                return st->gate[g].procedure;
        }
    }
    return -1;
}

int rs_commanding_procedure(const struct scenario *sc, int flag, bool on)
{
    int found = -1;
    for (int p = 0; p < sc->response.n_procedure; p++) {
        const struct action *a = rs_procedure_command(&sc->response.procedure[p]);
        if (!a || a->flag != flag || a->on != on)
            continue;
        if (found >= 0)
            return -1;
        found = p;
    }
    return found;
}

int rs_mark_procedure(const struct retro *r, const struct retro_mark *m)
{
    const struct scenario *sc = r->evidence->scenario;
    if (!sc)
        return -1;
    int p = m->subject ? rs_alert_procedure(sc, m->subject) : -1;
    if (p < 0)
        p = named_procedure(sc, m->subject);
    if (p < 0)
        p = named_procedure(sc, m->episode);
    if (p < 0 && (m->event == RS_EVENT_CHECK_FAILED || m->event == RS_EVENT_GATE_FAILED))
        p = ordered_procedure(sc, m);
    if (p < 0 && m->event == RS_CLOCK_COMMANDED && m->flag >= 0)
        p = rs_commanding_procedure(sc, m->flag, m->on);
    return p;
}
