/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Canary judges that cannot say in time what they are there for: limits times intervals, held against the watch. */
#include <math.h>

#include "check.h"
#include "models/judge.h"
#include "sim/clock.h"

/* The longest that one run of the judge is at work in the stage; INFINITY where a step of the ramp has no upper end. */
static double at_work_s(const struct scenario *sc, const struct judge *j, const struct stage *st)
{
    double step_s = st->by >= 0 ? rs_dist_sup(&sc->response.role[st->by].act) : 0.0;
    double sum = rs_s_from_ns(st->watch_ns), longest = sum;
    for (int i = 0; i < st->n_ramp; i++) {
        double watch_s = rs_s_from_ns(st->ramp[i].watch_ns);
        sum += step_s + watch_s;
        longest = fmax(longest, watch_s);
    }
    return j->restarts ? longest : sum;
}

static const char *words(struct check *c, double s)
{
    char text[40];
    return rs_arena_strdup(c->arena, rs_duration_format(text, sizeof text, rs_ns_from_s(s)));
}

static void tell_never(struct check *c, const struct judge *j)
{
    struct finding *f =
        rs_check_add(c, "judge-late", j->at, j->ref, rs_arena_printf(c->arena, "judge %s", j->name),
                     "whatever it measures, it never fails: its limits are never "
                     "passed");
    rs_check_number(f, "at_work_s", 0.0);
    rs_check_mend(c, f, "lower the limit, or measure more often than it says");
}

static void tell_late(
    struct check *c, const struct judge *j, const struct stage *st, double need_s, double have_s)
{
    struct finding *f = rs_check_add(
        c, "judge-late", j->at, j->ref, rs_arena_printf(c->arena, "judge %s", j->name),
        "when everything fails it says so %s after it began, and in %s it is at work for %s",
        words(c, need_s), st->name, words(c, have_s));
    rs_check_number(f, "earliest_verdict_s", need_s);
    rs_check_number(f, "at_work_s", have_s);
    rs_check_words(c, f, "stage", "%s", st->name);
    rs_check_mend(c, f, "lower its limit or its interval, or watch the stage for longer than %s",
                  words(c, need_s));
}

/* A judge on trial is held against its watch as well: it is tried out for what it would say. */
void rs_check_judges(struct check *c)
{
    const struct response *plan = &c->sc->response;
    for (int i = 0; i < plan->n_judge; i++) {
        const struct judge *j = &plan->judge[i];
        int64_t soonest_ns = rs_judge_soonest_ns(j);
        if (soonest_ns == RS_NEVER) {
            tell_never(c, j);
            continue;
        }
        for (int k = 0; k < j->n_stage; k++) {
            const struct stage *st = &plan->stage[j->stage[k]];
            double have_s = at_work_s(c->sc, j, st), need_s = rs_s_from_ns(soonest_ns);
            if (need_s > have_s)
                tell_late(c, j, st, need_s, have_s);
        }
    }
}
