/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The part for choosing and the part for the figures. */
#include <string.h>

#include "ledger.h"

#define OUT_OF_REACH (INT64_MAX / 4)

/* What an incident has a hand in: from where an alert may catch it to where one may still fire because of it. */
static struct retell_span blamed(const struct retell *d, const struct retell_incident *in)
{
    int64_t late_ms = in->from_ms + d->within_ms + 1, settled_ms = in->until_ms + d->settles_ms;
    return (struct retell_span){in->from_ms - d->before_ms,
                                late_ms > settled_ms ? late_ms : settled_ms};
}

/*
 * Every second incident with what lies around it: halfway to its neighbours. What lies before the first and behind the last
 * belongs to nobody, and each is halved by watched time, the earlier half for those whose number is odd.
 */
static void
every_second(struct ledger *l, const struct spans *watched, struct spans *odd, struct spans *even)
{
    const struct retell *d = l->retell;
    struct spans ends[2] = {{0}, {0}}; /* before the first, behind the last */
    int64_t cut_ms = d->spec.from_ms;
    for (int i = 0; i < d->n_incident; i++) {
        struct retell_span own = blamed(d, &d->incident[i]);
        int64_t from_ms = i == 0 ? own.from_ms : cut_ms, until_ms = own.until_ms;
        if (i + 1 < d->n_incident) {
            int64_t next_ms = blamed(d, &d->incident[i + 1]).from_ms;
            until_ms = next_ms > until_ms ? until_ms + (next_ms - until_ms) / 2 : next_ms;
        }
        until_ms = until_ms > from_ms ? until_ms : from_ms;
        rs_spans_add(l->arena, i % 2 == 0 ? odd : even, from_ms, until_ms);
        cut_ms = until_ms;
        if (i == 0) {
            rs_spans_add(l->arena, &ends[0], d->spec.from_ms, from_ms);
        }
    }
    rs_spans_add(l->arena, &ends[1], cut_ms, d->spec.to_ms + 1);
    for (int i = 0; i < 2; i++) {
        const struct spans seen = rs_spans_and(l->arena, &ends[i], watched);
        if (seen.n > 0) {
            int64_t half_ms = rs_spans_after(&seen, rs_spans_length(&seen) / 2);
            rs_spans_add(l->arena, odd, seen.at[0].from_ms, half_ms);
            rs_spans_add(l->arena, even, half_ms, seen.at[seen.n - 1].until_ms);
        }
    }
    rs_spans_sort(odd);
    rs_spans_sort(even);
}

static struct spans
cut_out(struct ledger *l, const struct retell_part *part, const struct spans *watched)
{
    struct spans out = {0}, other = {0};
    int64_t share_ms = (int64_t)(part->share * (double)rs_spans_length(watched));
    switch (part->how) {
    case RS_RETELL_SPANS:
        for (int i = 0; i < part->n_span; i++) {
            rs_spans_add(l->arena, &out, part->span[i].from_ms, part->span[i].until_ms);
        }
        rs_spans_sort(&out);
        break;
    case RS_RETELL_FIRST:
        if (watched->n > 0) {
            rs_spans_add(l->arena, &out, -OUT_OF_REACH, rs_spans_after(watched, share_ms));
        }
        break;
    case RS_RETELL_ODD: every_second(l, watched, &out, &other); break;
    case RS_RETELL_EVEN: every_second(l, watched, &other, &out); break;
    case RS_RETELL_REST: break;
    }
    return out;
}

static const char *const part_key[RS_RETELL_PART_N] = {"choose_on", "judge_on"};

static int check_part(const struct ledger *l, int p, struct err_list *errors)
{
    const struct retell *d = l->retell;
    struct mark at =
        p == RS_RETELL_CHOOSE || d->judge.how == RS_RETELL_REST ? d->choose.at : d->judge.at;
    if (rs_spans_length(&l->watched[p]) > 0) {
        return 0;
    }
    return rs_err_list_add(errors, RS_E_RANGE, at, "%s \"%s\" there is no sample",
                           p == RS_RETELL_CHOOSE || d->judge.how != RS_RETELL_REST ? "in" : "for",
                           part_key[p]);
}

int rs_ledger_open(struct ledger *out,
                   struct arena *arena,
                   const struct retell *retell,
                   struct err_list *errors)
{
    *out = (struct ledger){.retell = retell,
                           .arena = arena,
                           .part_of = RS_ARENA_ARRAY(arena, int, retell->n_incident)};
    const struct spans watched = rs_spans_watched(arena, &retell->spec);
    struct spans part[RS_RETELL_PART_N], incidents = {0}, whole = {0};
    rs_spans_add(arena, &whole, -OUT_OF_REACH, OUT_OF_REACH);
    part[RS_RETELL_CHOOSE] = cut_out(out, &retell->choose, &watched);
    part[RS_RETELL_JUDGE] = retell->judge.how == RS_RETELL_REST
                                ? rs_spans_minus(arena, &whole, &part[RS_RETELL_CHOOSE])
                                : cut_out(out, &retell->judge, &watched);
    const struct spans both = rs_spans_and(arena, &part[RS_RETELL_CHOOSE], &part[RS_RETELL_JUDGE]);
    if (both.n > 0) {
        return rs_err_list_add(errors, RS_E_RANGE, retell->judge.at,
                               "\"judge_on\" and \"choose_on\" overlap: figures are worth nothing "
                               "where the choice was "
                               "made");
    }
    for (int i = 0; i < retell->n_incident; i++) {
        const struct retell_span own = blamed(retell, &retell->incident[i]);
        rs_spans_add(arena, &incidents, own.from_ms, own.until_ms);
    }
    rs_spans_sort(&incidents);
    int status = 0;
    for (int p = 0; p < RS_RETELL_PART_N; p++) {
        out->watched[p] = rs_spans_and(arena, &part[p], &watched);
        out->quiet[p] = rs_spans_minus(arena, &out->watched[p], &incidents);
        status |= check_part(out, p, errors);
    }
    for (int i = 0; i < retell->n_incident; i++) {
        int64_t from_ms = retell->incident[i].from_ms;
        out->part_of[i] = rs_spans_has(&part[RS_RETELL_CHOOSE], from_ms)  ? RS_RETELL_CHOOSE
                          : rs_spans_has(&part[RS_RETELL_JUDGE], from_ms) ? RS_RETELL_JUDGE
                                                                          : -1;
    }
    return status;
}
