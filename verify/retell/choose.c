/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "choose.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct candidate new_candidate(const struct ledger *l)
{
    const struct retell *d = l->retell;
    return (struct candidate){.value = RS_ARENA_ARRAY(l->arena, uint16_t, d->plan->n_param),
                              .tally = rs_tally_new(l->arena, l),
                              .aim = RS_ARENA_ARRAY(l->arena, double, d->n_aim)};
}

struct choice rs_choice_new(const struct ledger *l, const struct retell_options *opt)
{
    struct choice c = {.ledger = l,
                       .opt = opt,
                       .today = new_candidate(l),
                       .best = new_candidate(l),
                       .hand = new_candidate(l)};
    for (int m = 0; m < RS_RETELL_MEASURE_N; m++) {
        c.least[m] = INFINITY;
    }
    return c;
}

/* Of words the place in the list, of everything else the number. */
static double value_of(const struct tune_param *p, int value)
{
    double number = p->value[value].number;
    return p->type == RS_TUNE_WORD || isnan(number) ? value : number;
}

static void weigh(const struct choice *c, struct candidate *x)
{
    const struct retell *d = c->ledger->retell;
    x->score = rs_tally_score(c->ledger, &x->tally, RS_RETELL_CHOOSE);
    for (int i = 0; i < d->n_aim; i++) {
        const struct retell_aim *aim = &d->aim[i];
        if (aim->param < 0) {
            x->aim[i] = rs_score_measure(&x->score, aim->measure);
        } else {
            double v = value_of(&d->plan->param[aim->param], x->value[aim->param]);
            x->aim[i] = aim->high ? -v : v;
        }
    }
    x->n_changed = x->n_away = 0;
    for (int i = 0; i < d->plan->n_param; i++) {
        int away = abs((int)x->value[i] - d->plan->param[i].today);
        x->n_changed += away > 0;
        x->n_away += away;
    }
}

static bool keeps_limits(const struct choice *c, const struct candidate *x)
{
    for (int m = 0; m < RS_RETELL_MEASURE_N; m++) {
        double most = c->ledger->retell->at_most[m];
        if (!isinf(most) && !(rs_score_measure(&x->score, (enum retell_measure)m) <= most)) {
            return false;
        }
    }
    return true;
}

/* -1: a is better in an aim, 1: b is, 0: they are alike. */
static int
compare_aims(const struct choice *c, const struct candidate *a, const struct candidate *b)
{
    for (int i = 0; i < c->ledger->retell->n_aim; i++) {
        if (a->aim[i] != b->aim[i]) {
            return a->aim[i] < b->aim[i] ? -1 : 1;
        }
    }
    return 0;
}

static bool is_nearer(const struct choice *c, const struct candidate *a, const struct candidate *b)
{
    if (a->n_changed != b->n_changed) {
        return a->n_changed < b->n_changed;
    }
    if (a->n_away != b->n_away) {
        return a->n_away < b->n_away;
    }
    for (int i = 0; i < c->ledger->retell->plan->n_param; i++) {
        if (a->value[i] != b->value[i]) {
            return a->value[i] < b->value[i];
        }
    }
    return false;
}

static void copy(const struct choice *c, struct candidate *to, const struct candidate *from)
{
    const struct retell *d = c->ledger->retell;
    memcpy(to->value, from->value, sizeof(*to->value) * (size_t)d->plan->n_param);
    memcpy(to->aim, from->aim, sizeof(*to->aim) * (size_t)d->n_aim);
    memcpy(to->tally.caught, from->tally.caught, sizeof(*to->tally.caught) * (size_t)d->n_incident);
    memcpy(to->tally.n_false, from->tally.n_false, sizeof(to->tally.n_false));
    to->score = from->score;
    to->n_changed = from->n_changed;
    to->n_away = from->n_away;
}

static struct retell_outcome outcome_of(const struct choice *c, const struct candidate *x)
{
    struct retell_outcome o = {.value = x->value, .caught = x->tally.caught};
    for (int p = 0; p < RS_RETELL_PART_N; p++) {
        o.part[p] = rs_tally_score(c->ledger, &x->tally, p);
    }
    return o;
}

void rs_choice_offer(struct choice *c, const uint16_t *value, const struct tally *t)
{
    const struct retell *d = c->ledger->retell;
    struct candidate *x = &c->hand;
    memcpy(x->value, value, sizeof(*value) * (size_t)d->plan->n_param);
    memcpy(x->tally.caught, t->caught, sizeof(*t->caught) * (size_t)d->n_incident);
    memcpy(x->tally.n_false, t->n_false, sizeof(t->n_false));
    weigh(c, x);
    c->n_setting++;
    for (int m = 0; m < RS_RETELL_MEASURE_N; m++) {
        c->least[m] = fmin(c->least[m], rs_score_measure(&x->score, (enum retell_measure)m));
    }
    if (x->n_changed == 0) {
        copy(c, &c->today, x);
    }
    if (c->opt->told) {
        const struct retell_outcome o = outcome_of(c, x);
        c->opt->told(c->opt->told_ctx, &o);
    }
    if (!keeps_limits(c, x)) {
        return;
    }
    c->n_within++;
    int aims = c->has_best ? compare_aims(c, x, &c->best) : -1;
    c->n_tied = aims < 0 ? 1 : c->n_tied + (aims == 0);
    if (aims < 0 || (aims == 0 && is_nearer(c, x, &c->best))) {
        copy(c, &c->best, x);
        c->has_best = true;
    }
}

/* Rules of a world live as long as it; today's files hold the same names for good. */
static const char *lasting(const struct backtest_spec *spec, const char *alert)
{
    for (int f = 0; f < spec->n_file; f++) {
        for (int g = 0; g < spec->file[f]->n_group; g++) {
            const struct rule_group *group = &spec->file[f]->group[g];
            for (int i = 0; i < group->n_rule; i++) {
                if (group->rule[i].alert && strcmp(group->rule[i].alert, alert) == 0) {
                    return group->rule[i].alert;
                }
            }
        }
    }
    return NULL;
}

static void keep(const struct choice *c, struct candidate *x)
{
    for (int i = 0; i < c->ledger->retell->n_incident; i++) {
        struct retell_catch *caught = &x->tally.caught[i];
        if (caught->alert) {
            caught->alert = lasting(&c->ledger->retell->spec, caught->alert);
        }
    }
}

void rs_choice_keep(struct choice *c)
{
    keep(c, &c->today);
    keep(c, &c->best);
}

void rs_choice_told(const struct choice *c, struct retell_result *out)
{
    out->today = outcome_of(c, &c->today);
    out->has_chosen = c->has_best;
    if (c->has_best) {
        out->chosen = outcome_of(c, &c->best);
    }
    memcpy(out->least, c->least, sizeof(out->least));
    out->n_setting = c->n_setting;
    out->n_within = c->n_within;
    out->n_tied = c->n_tied;
}
