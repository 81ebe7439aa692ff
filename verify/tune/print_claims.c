/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Claims: at today's and at the chosen setting, those that no setting can keep, and what the proof came to. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reading.h"
#include "report_parts.h"
#include "report_words.h"
#include "tune/print_parts.h"

#define LEAST_NAME 14 /* signs of a claim's name, so that one can guess the others */

static void heading(FILE *to, bool colour, const char *text)
{
    rs_text_styled(to, RS_STYLE_BOLD, colour, text);
    fputc('\n', to);
}

/* ---- today and chosen -------------------------------------------------------------------------------------------------- */

static void verdict_cell(struct text_table *t, const struct verdict *v, bool wide)
{
    char found[160];
    rs_text_table_cell(t, rs_verdict_style(v->kind), "%s%s%s", rs_verdict_sign(v->kind),
                       wide ? " " : "", wide ? rs_verdict_name(v->kind) : "");
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", rs_found_human(found, sizeof found, v));
}

/* Before the proof: what the search saw, and no verdict. */
static void seen_cell(
    struct text_table *t, const struct tune_result *r, int point, const struct claim *c, int i)
{
    const struct tune_estimate *e = point >= 0 ? r->point[point].claim : NULL;
    char told[128];
    bool has = e && rs_claim_is_statistical(c);
    rs_text_table_cell(t, RS_STYLE_DIM, "%s", "");
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s",
                       has ? rs_claim_estimate_told(told, sizeof told, c, &e[i]) : "");
}

static void claim_row(struct text_table *t, const struct tune_result *r, int i, bool wide)
{
    const struct claim *c = &r->scenario->claim[i];
    bool moves = r->chosen != r->today;
    char wanted[64];
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s",
                       rs_claim_unsaved(r, i)         ? "*"
                       : rs_claim_is_kept(r->plan, i) ? ""
                                                      : "°");
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", c->name);
    rs_text_table_cell(t, RS_STYLE_DIM, "%s", c->ref ? c->ref : "");
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", rs_wanted_human(wanted, sizeof wanted, c));
    if (r->fresh && r->fresh_today) {
        verdict_cell(t, &r->fresh_today->verdict[i], wide);
        if (moves)
            verdict_cell(t, &r->fresh->verdict[i], wide);
        return;
    }
    seen_cell(t, r, r->today, c, i);
    if (moves)
        seen_cell(t, r, r->chosen, c, i);
}

static int found_width(const struct run_result *run, const struct tune_result *r, int point, int i)
{
    char told[160];
    const struct claim *c = &r->scenario->claim[i];
    if (run)
        return rs_text_width(rs_found_human(told, sizeof told, &run->verdict[i]));
    const struct tune_estimate *e = point >= 0 ? r->point[point].claim : NULL;
    return e ? rs_text_width(rs_claim_estimate_told(told, sizeof told, c, &e[i])) : 0;
}

/* Columns that the table takes at least, names cut, numbers whole; with the words of verdicts, or with their signs alone. */
static int row_width(const struct tune_result *r, bool words)
{
    int wanted = 0, today = 0, chosen = 0, word = words ? (int)strlen("? undecided") : 1;
    char text[64];
    for (int i = 0; i < r->scenario->n_claim; i++) {
        const struct claim *c = &r->scenario->claim[i];
        int w = rs_text_width(rs_wanted_human(text, sizeof text, c));
        wanted = w > wanted ? w : wanted;
        w = found_width(r->fresh_today, r, r->today, i);
        today = w > today ? w : today;
        w = found_width(r->fresh, r, r->chosen, i);
        chosen = w > chosen ? w : chosen;
    }
    int n = 2 + 3 + LEAST_NAME + 2 + wanted + 2 + word + 2 + today;
    return r->chosen == r->today ? n : n + 2 + word + 2 + chosen;
}

static void print_footnotes(FILE *to, const struct tune_result *r, int width)
{
    bool unsaved = false, free_of = false;
    for (int i = 0; i < r->scenario->n_claim; i++) {
        unsaved = unsaved || rs_claim_unsaved(r, i);
        free_of = free_of || (!rs_claim_unsaved(r, i) && !rs_claim_is_kept(r->plan, i));
    }
    if (unsaved)
        rs_text_wrap(to, "* no setting can keep it, see below", 2, width);
    if (free_of)
        rs_text_wrap(to, "° not among those that a setting must keep", 2, width);
}

void rs_tune_print_claims(FILE *to, const struct tune_result *r, int width, bool colour)
{
    bool moves = r->chosen != r->today, wide = r->fresh && row_width(r, true) <= width;
    const int least = wide || row_width(r, false) <= width ? 0 : 11; /* numbers are cut last */
    const struct text_column column[] = {
        {""},
        {"claim", .narrowest = LEAST_NAME},
        {"ref", .optional = true},
        {"wanted", .right = true},
        {""},
        {moves ? "today" : "today, and chosen", .narrowest = least},
        {""},
        {"chosen", .narrowest = least},
    };
    if (r->scenario->n_claim == 0)
        return;
    struct arena *arena = rs_arena_new();
    struct text_table *t = rs_text_table_new(moves ? 8 : 6, column);
    for (int i = 0; i < r->scenario->n_claim; i++)
        claim_row(t, r, i, wide);
    heading(to, colour,
            r->fresh
                ? rs_arena_printf(
                      arena, "Claims, on replicas that the search did not see (seed %" PRIu64 ")",
                      r->fresh_seed)
                : "Claims, as the search saw them: nothing is proved yet");
    rs_text_table_print(t, to, 2, width, colour);
    rs_text_table_free(t);
    print_footnotes(to, r, width);
    fputc('\n', to);
    rs_arena_free(arena);
}

/* ---- what no setting can save ------------------------------------------------------------------------------------------ */

static const char *obstacle_says(enum tune_obstacle why)
{
    switch (why) {
    case RS_OBSTACLE_PEOPLE: return "people take too long";
    case RS_OBSTACLE_PROPAGATION: return "flags, purges or rotations take too long";
    case RS_OBSTACLE_TRAFFIC: return "the traffic shows too little";
    case RS_OBSTACLE_RUNBOOK: return "the runbook itself";
    case RS_OBSTACLE_MONITORING: return "parts of the monitoring that are not turned";
    case RS_OBSTACLE_N: break;
    }
    return "";
}

static void
print_one_unsaved(FILE *to, struct arena *arena, const struct tune_result *r, int i, int width)
{
    const struct tune_unsaved *u = &r->unsaved[i];
    const struct claim *c = &r->scenario->claim[u->claim];
    char told[128], wanted[64];
    rs_text_wrap(to,
                 rs_arena_printf(arena, "✘ %s%s%s: %s (%s). %s", c->name, c->ref ? ", " : "",
                                 c->ref ? c->ref : "", obstacle_says(u->why),
                                 u->proved ? "proved" : "statistical", u->text ? u->text : ""),
                 2, width);
    if (u->best >= 0 && !isnan(u->near.value))
        rs_text_wrap(to,
                     rs_arena_printf(arena, "Nearest: %s at setting #%d, wanted %s.",
                                     rs_claim_estimate_told(told, sizeof told, c, &u->near),
                                     u->best, rs_wanted_human(wanted, sizeof wanted, c)),
                     4, width);
}

void rs_tune_print_unsaved(FILE *to, const struct tune_result *r, int width, bool colour)
{
    struct arena *arena = rs_arena_new();
    if (r->n_unsaved > 0) {
        heading(to, colour, "What no setting can save");
        for (int i = 0; i < r->n_unsaved; i++)
            print_one_unsaved(to, arena, r, i, width);
        fputc('\n', to);
    }
    rs_arena_free(arena);
}

/* ---- the proof --------------------------------------------------------------------------------------------------------- */

struct proof_tally {
    int n_kept, n_good, n_bad, n_open; /* of the claims that are to be kept and can be */
    int n_proved;                      /* of the good ones, without a sample */
    uint64_t n_more;                   /* replicas that would decide the last one; 0 = cannot say */
    const char *bad, *open;            /* their names, in the arena */
};

static const char *joined(struct arena *arena, const char *list, const char *name)
{
    return list ? rs_arena_printf(arena, "%s, %s", list, name) : name;
}

static struct proof_tally tally_of(struct arena *arena, const struct tune_result *r)
{
    struct proof_tally t = {0};
    for (int i = 0; i < r->fresh->n_verdict; i++) {
        const struct verdict *v = &r->fresh->verdict[i];
        if (!rs_claim_is_kept(r->plan, i) || rs_claim_unsaved(r, i))
            continue;
        t.n_kept++;
        if (rs_verdict_is_good(v->kind)) {
            t.n_good++;
            t.n_proved += v->kind == RS_VERDICT_PROVED;
        } else if (rs_verdict_is_bad(v->kind)) {
            t.n_bad++;
            t.bad = joined(arena, t.bad, v->claim->name);
        } else {
            t.n_open++;
            t.open = joined(arena, t.open, v->claim->name);
            t.n_more = v->n_more > t.n_more ? v->n_more : t.n_more;
        }
    }
    return t;
}

static const char *outcome_text(struct arena *arena, const struct proof_tally *t)
{
    if (t->n_kept == 0)
        return "There is no claim that it must keep and can.";
    if (t->n_bad > 0)
        return rs_arena_printf(arena, "There it does not keep %s.", t->bad);
    if (t->n_open == 0)
        return rs_arena_printf(
            arena, "It keeps %s that it must keep and can%s.",
            t->n_kept == 1   ? "the one claim"
            : t->n_kept == 2 ? "both claims"
                             : rs_arena_printf(arena, "all %d claims", t->n_kept),
            t->n_proved == 0           ? ""
            : t->n_proved == t->n_good ? ", by proof"
                                       : rs_arena_printf(arena, ", %d by proof", t->n_proved));
    const char *more =
        t->n_more > 0
            ? rs_arena_printf(arena, " About %" PRIu64 " further replicas would tell.", t->n_more)
            : "";
    return rs_arena_printf(arena,
                           "It keeps %d of the %d claims that it must keep and can; not decided: "
                           "%s.%s",
                           t->n_good, t->n_kept, t->open, more);
}

const char *rs_tune_proof_text(struct arena *arena, const struct tune_result *r)
{
    char family[32];
    if (r->chosen < 0)
        return "No setting was chosen, so there is nothing to prove.";
    if (!r->fresh)
        return "The chosen setting was not decided on fresh replicas: what the search saw of it is "
               "flattered by the search.";
    struct proof_tally t = tally_of(arena, r);
    int n = rs_family_size(r->scenario);
    rs_percent_human(family, sizeof family, r->scenario->confidence);
    return rs_arena_printf(
        arena,
        "The chosen setting was decided anew, as rollsim verify decides, on %" PRIu64
        " replicas of seed %" PRIu64 " that the search did not see%s. %s%s",
        r->fresh->n_replica, r->fresh_seed, r->fresh->stopped ? ", and cut short there" : "",
        outcome_text(arena, &t),
        n > 0 ? rs_arena_printf(arena,
                                " Guarantee of what is not proved: %s for all %d statistical "
                                "claims together.",
                                family, n)
              : "");
}

void rs_tune_print_proof(FILE *to, const struct tune_result *r, int width, bool colour)
{
    struct arena *arena = rs_arena_new();
    heading(to, colour, "Proof");
    rs_text_wrap(to, rs_tune_proof_text(arena, r), 2, width);
    fputc('\n', to);
    rs_arena_free(arena);
}
