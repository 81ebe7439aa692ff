/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "detector.h"

#include <string.h>

#include "models/history.h"
#include "models/judge.h"
#include "models/rules.h"
#include "models/scenario.h"

struct word { /* not terminated */
    const char *p;
    size_t n;
};

/* Keeps `found` or takes the name if it is the word. */
static const char *match(const char *found, const char *name, struct word w)
{
    if (found || !name || strlen(name) != w.n || memcmp(name, w.p, w.n) != 0)
        return found;
    return name;
}

static const char *match_actions(const char *found, const struct action *a, int n, struct word w)
{
    for (int i = 0; i < n; i++)
        found = match(found, a[i].title, w);
    return found;
}

static const char *match_rules(const char *found, const struct monitoring *m, struct word w)
{
    for (int f = 0; f < m->n_rule_file; f++) {
        for (int g = 0; g < m->rule_file[f]->n_group; g++) {
            const struct rule_group *group = &m->rule_file[f]->group[g];
            for (int i = 0; i < group->n_rule; i++)
                found = match(found, group->rule[i].alert, w);
        }
    }
    return found;
}

const char *rs_detector_find(const struct scenario *sc, const char *text, size_t n)
{
    const struct word w = {text, n};
    const struct response *r = &sc->response;
    const char *found = match(NULL, RS_DETECTOR_GIVEN_UP, w);
    for (int i = 0; i < r->n_procedure; i++) {
        for (int k = 0; k < r->procedure[i].n_alert; k++)
            found = match(found, r->procedure[i].alert[k], w);
        found = match(found, r->procedure[i].name, w);
    }
    for (int i = 0; i < r->n_automation; i++)
        found = match(found, r->automation[i].alert, w);
    for (int i = 0; i < r->n_judge; i++)
        found = match(found, r->judge[i].name, w);
    for (int i = 0; i < r->n_stage; i++) {
        const struct stage *st = &r->stage[i];
        for (int k = 0; k < st->n_gate; k++)
            found = match(found, st->gate[k].name, w);
        found = match(found, st->name, w);
        found = match_actions(found, st->action, st->n_action, w);
        found = match_actions(found, st->closing, st->n_closing, w);
    }
    return match_rules(found, &sc->monitoring, w);
}
