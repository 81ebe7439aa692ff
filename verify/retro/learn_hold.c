/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which of the fits are told only, and not written into the scenario. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "learn.h"

static const double widest = 1000.0; /* high over low, of a duration */
enum { ENOUGH = 5 };

/* As it would be written. */
static bool is_same(double a, double b)
{
    char one[48], other[48];
    snprintf(one, sizeof(one), "%.4g", a);
    snprintf(other, sizeof(other), "%.4g", b);
    return strcmp(one, other) == 0;
}

static const char *too_wide(struct learning *l, const struct retro_fit *f)
{
    for (int i = 0; i < f->n_parameter && f->n_duration > 0; i++) {
        const struct retro_parameter *p = &f->parameter[i];
        if (!(p->low > 0.0) || isinf(p->high))
            return rs_arena_printf(l->arena, "nothing bounds its %s", p->name);
        if (p->high > widest * p->low)
            return rs_arena_printf(l->arena, "the interval of its %s spans a factor of %.0f",
                                   p->name, p->high / p->low);
    }
    return NULL;
}

static const char *why_held(struct learning *l, const struct retro_fit *f)
{
    bool is_new = f->n_parameter == 0;
    for (int i = 0; i < f->n_parameter; i++)
        is_new = is_new || !is_same(f->parameter[i].value, f->parameter[i].assumed);
    if (!is_new)
        return "the scenario says the same";
    if (f->assumed_law && f->assumed_law->kind == RS_DIST_CONSTANT && f->n_duration < ENOUGH)
        return rs_arena_printf(l->arena, "a constant is not made a law by fewer than %d durations",
                               ENOUGH);
    return too_wide(l, f);
}

void rs_learn_hold_back(struct learning *l)
{
    for (int i = 0; i < l->n; i++) {
        struct retro_fit *f = &l->fit[i];
        const char *why = f->path && f->text && !f->refused ? why_held(l, f) : NULL;
        if (!why)
            continue;
        f->method = rs_arena_printf(l->arena, "%s; told and not written: %s",
                                    f->method ? f->method : "", why);
        f->path = NULL;
        f->placeholder = false;
    }
}
