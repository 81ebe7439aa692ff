/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Items of the checklist that are not done, although nothing keeps the first stage from being entered. */
#include "check.h"
#include "sim/clock.h"

/* The first stage that can begin before the scenario ends, or NULL. A checklist bars none: it is read by people. */
static const struct stage *first_open(const struct scenario *sc)
{
    for (int i = 0; i < sc->response.n_stage; i++) {
        if (sc->response.stage[i].not_before_ns < sc->horizon_ns)
            return &sc->response.stage[i];
    }
    return NULL;
}

static int flags_exposed(const struct scenario *sc)
{
    int n = 0;
    for (int i = 0; i < sc->response.n_stage; i++) {
        const struct stage *st = &sc->response.stage[i];
        for (int k = 0; k < st->n_action + st->n_closing; k++) {
            const struct action *a =
                k < st->n_action ? &st->action[k] : &st->closing[k - st->n_action];
            n += a->kind == RS_ACT_SET_FLAG && a->on != sc->flag[a->flag].safe_on;
        }
    }
    return n;
}

void rs_check_preconditions(struct check *c)
{
    const struct response *plan = &c->sc->response;
    const struct stage *first = first_open(c->sc);
    for (int i = 0; i < plan->n_checklist && first; i++) {
        const struct checklist_item *item = &plan->checklist[i];
        char clock[40];
        if (item->done)
            continue;
        struct finding *f =
            rs_check_add(c, "open-precondition", item->at, item->ref, "checklist",
                         "\"%s\" is not done, and stage %s can be entered all the same", item->text,
                         first->name);
        rs_check_words(c, f, "first_stage", "%s", first->name);
        rs_check_words(
            c, f, "first_stage_at", "%s",
            rs_time_format(clock, sizeof clock, c->sc->starts_at_unix_ns + first->not_before_ns));
        rs_check_number(f, "n_item", plan->n_checklist);
        rs_check_number(f, "n_flag_set_later", flags_exposed(c->sc));
        rs_check_mend(c, f, "do it before stage %s begins, and set `done: true`", first->name);
    }
}
