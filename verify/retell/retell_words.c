/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "retell_words.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report_words.h"
#include "sim/arena.h"
#include "sim/clock.h"

const char *const rs_retell_part_words[RS_RETELL_PART_N] = {"choose on", "figures"};

char *rs_retell_caught(char *buf, size_t n, const struct retell_score *s)
{
    snprintf(buf, n, "%" PRIu64 " of %" PRIu64, s->n_caught, s->n_incident);
    return buf;
}

char *rs_retell_share(char *buf, size_t n, const struct retell_score *s)
{
    if (s->n_incident == 0) {
        snprintf(buf, n, "-");
    } else {
        snprintf(buf, n, "%.0f%% [%.0f%%, %.0f%%]",
                 100.0 * (double)s->n_caught / (double)s->n_incident, 100.0 * s->caught.low,
                 100.0 * s->caught.high);
    }
    return buf;
}

char *rs_retell_times(char *buf, size_t n, const struct retell_score *s)
{
    char median[32], least[32], most[32];
    if (s->n_caught == 0) {
        snprintf(buf, n, "-");
    } else {
        snprintf(buf, n, "%s (%s to %s)",
                 rs_seconds_human(median, sizeof(median), 60.0 * s->median_minutes),
                 rs_seconds_human(least, sizeof(least), 60.0 * s->least_minutes),
                 rs_seconds_human(most, sizeof(most), 60.0 * s->most_minutes));
    }
    return buf;
}

/* Three digits will do: it is a count over a span. */
static char *number(char *buf, size_t n, double v)
{
    if (isinf(v) || isnan(v)) {
        snprintf(buf, n, "-");
    } else if (v >= 100.0) {
        snprintf(buf, n, "%.0f", v);
    } else {
        snprintf(buf, n, "%.2g", v);
    }
    return buf;
}

char *rs_retell_false(char *buf, size_t n, const struct retell_score *s, double quiet_days)
{
    if (quiet_days > 0.0) {
        snprintf(buf, n, "%" PRIu64 " in %.3g days", s->n_false, quiet_days);
    } else {
        snprintf(buf, n, "-");
    }
    return buf;
}

char *rs_retell_rate(char *buf, size_t n, const struct retell_score *s)
{
    char rate[24], low[24], high[24];
    if (isnan(s->false_per_day)) {
        snprintf(buf, n, "-");
    } else {
        snprintf(buf, n, "%s [%s, %s]", number(rate, sizeof(rate), s->false_per_day),
                 number(low, sizeof(low), s->false_rate.low),
                 number(high, sizeof(high), s->false_rate.high));
    }
    return buf;
}

char *
rs_retell_when(char *buf, size_t n, const struct retell_incident *in, const struct retell_catch *c)
{
    char time[32];
    if (c->at_ms == RS_NEVER) {
        snprintf(buf, n, "-");
    } else {
        double s = (double)(c->at_ms - in->from_ms) / 1000.0;
        snprintf(buf, n, "%s%s, %s", s < 0.0 ? "-" : "",
                 rs_seconds_human(time, sizeof(time), fabs(s)), c->alert);
    }
    return buf;
}

bool rs_retell_unchanged(const struct retell_result *r)
{
    return r->has_chosen &&
           memcmp(r->chosen.value, r->today.value,
                  sizeof(*r->chosen.value) * (size_t)r->retell->plan->n_param) == 0;
}

/* ---- sentences ---- */

struct notes {
    const struct retell_result *r;
    const char **out;
    int n;
};

#define NOTE(notes, ...)                                                                           \
    ((notes)->out[(notes)->n++] = rs_arena_printf((notes)->r->arena, __VA_ARGS__))

/* The measure with a value of it: "missed 2". */
static void note_limits(struct notes *to)
{
    const struct retell *d = to->r->retell;
    bool alone = false;
    for (int m = 0; m < RS_RETELL_MEASURE_N; m++) {
        if (to->r->least[m] > d->at_most[m]) {
            char least[32];
            snprintf(least, sizeof(least), "%.3g", to->r->least[m]);
            NOTE(to, "%s: at most %.3g is wanted, and no setting comes below %s.",
                 rs_retell_measure_names[m], d->at_most[m],
                 isinf(to->r->least[m]) ? "infinity (nothing was caught)" : least);
            alone = true;
        }
    }
    if (!alone) {
        NOTE(to, "Each limit can be kept by itself, and no setting keeps all of them at once.");
    }
}

static void note_choice(struct notes *to)
{
    const struct retell_result *r = to->r;
    if (!r->has_chosen) {
        NOTE(to,
             "None of the %" PRIu64
             " settings keeps the limits on the part for choosing: nothing is chosen.",
             r->n_setting);
        note_limits(to);
        return;
    }
    if (rs_retell_unchanged(r)) {
        NOTE(to,
             "Today's setting is the best of the %" PRIu64
             " on the part for choosing: tuning has nothing to offer here.",
             r->n_setting);
    }
    if (r->n_tied > 1) {
        NOTE(to,
             "%" PRIu64 " settings are equally good on the part for choosing; the one nearest to "
             "today's is taken. The recording does not tell them apart.",
             r->n_tied);
    }
    if (r->chosen.part[RS_RETELL_CHOOSE].n_incident == 0) {
        NOTE(to, "No incident lies in the part for choosing: nothing was learnt there of what is "
                 "caught and how soon.");
    }
}

static void note_differences(struct notes *to)
{
    const struct retell_result *r = to->r;
    const struct retell_score *today = &r->today.part[RS_RETELL_JUDGE];
    const struct retell_score *chosen = &r->chosen.part[RS_RETELL_JUDGE];
    if (rs_retell_unchanged(r) || today->n_incident == 0) {
        return;
    }
    if (r->n_only_today + r->n_only_chosen == 0) {
        NOTE(to, "Of the %" PRIu64 " incidents of the figures both settings caught the same ones.",
             today->n_incident);
        return;
    }
    NOTE(to,
         "Of the %" PRIu64 " incidents of the figures the chosen setting alone caught %" PRIu64
         ", today's alone %" PRIu64
         ": chance makes as much of a difference with probability %.2g%s.",
         today->n_incident, r->n_only_chosen, r->n_only_today, r->p_differ,
         r->p_differ > 0.05                   ? ", so it is not shown to be one"
         : chosen->n_caught > today->n_caught ? ""
                                              : "; the chosen setting is the worse one");
}

static void note_size(struct notes *to)
{
    const struct retell_result *r = to->r;
    const struct retell_score *s = &(r->has_chosen ? r->chosen : r->today).part[RS_RETELL_JUDGE];
    if (s->n_incident == 0) {
        NOTE(to, "No incident lies in the part for the figures: they are of false alarms alone.");
    } else if (s->n_incident < 5) {
        NOTE(to,
             "%" PRIu64
             " incident%s too few to tell a share from: the figures are of what happened "
             "then, and of little else.",
             s->n_incident, s->n_incident == 1 ? " is" : "s are");
    }
    if (r->quiet_days[RS_RETELL_JUDGE] <= 0.0) {
        NOTE(to,
             "The part for the figures has no fault-free time: of false alarms nothing is known.");
    } else if (s->n_false == 0) {
        char high[24];
        NOTE(to, "No false alarm in %.3g fault-free days does not rule out %s a day (%.0f%%).",
             r->quiet_days[RS_RETELL_JUDGE], number(high, sizeof(high), s->false_rate.high),
             100.0 * r->retell->confidence);
    }
    int n_out = 0;
    for (int i = 0; i < r->retell->n_incident; i++) {
        n_out += r->part_of[i] < 0;
    }
    if (n_out > 0) {
        NOTE(to, "%d of the %d incidents lie in neither part and are not counted.", n_out,
             r->retell->n_incident);
    }
}

int rs_retell_notes(const struct retell_result *r, const char *out[])
{
    struct notes to = {r, out, 0};
    note_choice(&to);
    if (r->has_chosen) {
        note_differences(&to);
    }
    note_size(&to);
    if (r->why_not) {
        NOTE(&to, "Each setting was run by itself: %s.", r->why_not);
    }
    return to.n;
}
