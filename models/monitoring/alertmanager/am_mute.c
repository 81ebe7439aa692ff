/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Source: inhibit/inhibit.go, silence/silence.go and notify/mute.go of Alertmanager 0.33. */
#include "am_private.h"
#include "sim/clock.h"

static const struct side *side_of(const struct am_alerts *a, int known, int rule)
{
    return &a->side[known * a->tree.n_inhibit + rule];
}

/*
 * Since 0.30 a class of sources is judged by one of them: the first, until one is told that ends no sooner. When that one
 * resolves, the class mutes nothing before another source is told again, even where that one has been firing all along.
 */
void rs_am_source_told(struct am_alerts *a, int known)
{
    for (int i = 0; i < a->tree.n_inhibit; i++) {
        const struct side *s = side_of(a, known, i);
        int *first = &a->representative[s->class];

        if (s->source &&
            (*first < 0 || rs_am_is_resolved(&a->known[*first], a->known[known].ends_ns))) {
            *first = known;
        }
    }
}

/*
 * "An alert that matches both sides cannot be inhibited by one for which the same is true", itself included.
 */
static bool inhibits(const struct am_alerts *a, int rule, int source, int target, int64_t now_ns)
{
    bool both = side_of(a, source, rule)->target && side_of(a, target, rule)->source;

    return !both && a->known[source].told && !rs_am_is_resolved(&a->known[source], now_ns);
}

/* Index of a source that inhibits the target by this rule, -1 = none. */
static int any_source(const struct am_alerts *a, int rule, int target, int64_t now_ns)
{
    int class = side_of(a, target, rule)->class;

    for (int i = 0; i < a->n; i++) {
        const struct side *s = side_of(a, i, rule);

        if (s->source && s->class == class && inhibits(a, rule, i, target, now_ns)) {
            return i;
        }
    }
    return -1;
}

/* Index of a source that inhibits the target, -1 = none. */
static int source_of(const struct am_alerts *a, int target, int64_t now_ns)
{
    for (int rule = 0; rule < a->tree.n_inhibit; rule++) {
        const struct side *s = side_of(a, target, rule);
        int one = a->representative[s->class];

        if (!s->target) {
            continue;
        }
        if (a->settings->version < RS_AM_0_33) {
            one = any_source(a, rule, target, now_ns);
        } else if (one >= 0 && !inhibits(a, rule, one, target, now_ns)) {
            one = -1;
        }
        if (one >= 0) {
            return one;
        }
    }
    return -1;
}

static const struct am_silence *silence_of(const struct am_alerts *a, int known, int64_t now_ns)
{
    const bool *fits = &a->silenced[known * a->tree.n_silence];

    for (int i = 0; i < a->tree.n_silence; i++) {
        const struct am_silence *s = &a->settings->silence[i];

        if (fits[i] && s->from_ns <= now_ns && now_ns < s->until_ns) {
            return s;
        }
    }
    return NULL;
}

enum am_hold rs_am_mute(const struct am_alerts *a, int known, int64_t now_ns, struct am_held *held)
{
    int source = source_of(a, known, now_ns);

    if (source >= 0) {
        held->source = a->known[source].labels;
        return RS_HOLD_INHIBITED;
    }
    held->silence = silence_of(a, known, now_ns);
    return held->silence != NULL ? RS_HOLD_SILENCED : RS_HOLD_NONE;
}

static bool any_holds(const struct am_time_interval *const *interval, int n, int64_t unix_s)
{
    for (int i = 0; i < n; i++) {
        if (rs_am_interval_holds(interval[i], unix_s)) {
            return true;
        }
    }
    return false;
}

bool rs_am_route_is_muted(const struct am_route *route, int64_t unix_ns)
{
    int64_t unix_s = unix_ns / RS_NS_PER_S - (unix_ns % RS_NS_PER_S < 0);

    return (route->n_active > 0 && !any_holds(route->active, route->n_active, unix_s)) ||
           any_holds(route->mute, route->n_mute, unix_s);
}
