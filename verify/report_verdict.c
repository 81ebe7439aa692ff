/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal's first page: outcomes and verdicts. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report_parts.h"
#include "report_words.h"
#include "words.h"

static int within_limits(int width)
{
    return width < 60 ? 60 : width > 200 ? 200 : width;
}

/* ---- outcomes -------------------------------------------------------------------------------------------------------- */

static void count_cell(struct text_table *t, uint64_t n, enum text_style style)
{
    rs_text_table_cell(t, n ? style : RS_STYLE_DIM, n ? "%" PRIu64 : "·", n);
}

void rs_run_print_outcomes(FILE *to, const struct run_result *r, int width, bool colour)
{
    struct text_column column[RS_OUTCOME_N + 2] = {{"fault", .narrowest = 12},
                                                   {"replicas", .right = true}};
    bool shown[RS_OUTCOME_N];
    int n_column = 2;
    for (int o = 0; o < RS_OUTCOME_N; o++) {
        shown[o] = r->outcome[o] > 0;
        if (shown[o])
            column[n_column++] =
                (struct text_column){rs_outcome_name((enum outcome)o), .right = true};
    }
    struct text_table *t = rs_text_table_new(n_column, column);
    for (int fault = -1; fault < r->scenario->n_fault; fault++) {
        const uint64_t *count = &r->outcome_by_fault[(fault + 1) * RS_OUTCOME_N];
        uint64_t n = 0;
        for (int o = 0; o < RS_OUTCOME_N; o++)
            n += count[o];
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s",
                           fault < 0 ? "(none)" : r->scenario->fault[fault].name);
        count_cell(t, n, RS_STYLE_PLAIN);
        for (int o = 0; o < RS_OUTCOME_N; o++) {
            if (shown[o])
                count_cell(t, count[o], o == RS_OUTCOME_MISSED ? RS_STYLE_BAD : RS_STYLE_PLAIN);
        }
    }
    rs_text_styled(to, RS_STYLE_BOLD, colour, "What became of the rollout");
    fputc('\n', to);
    rs_text_table_print(t, to, 2, within_limits(width), colour);
    if (r->n_no_fault > 0)
        fprintf(to, "  Rolled back with no fault present: %" PRIu64 " of %" PRIu64 " replicas.\n",
                r->n_false_rollback, r->n_no_fault);
    rs_text_table_free(t);
}

/* ---- the table ------------------------------------------------------------------------------------------------------- */

static void verdict_row(struct text_table *t, const struct verdict *v)
{
    const struct claim *c = v->claim;
    char a[160];
    rs_text_table_cell(t, rs_verdict_style(v->kind), "%s %s%s", rs_verdict_sign(v->kind),
                       rs_verdict_name(v->kind), v->placeholder ? "*" : "");
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", c->name);
    rs_text_table_cell(t, RS_STYLE_DIM, "%s", c->ref ? c->ref : "");
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", rs_found_human(a, sizeof a, v));
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", rs_wanted_human(a, sizeof a, c));
    if (!v->has_witness)
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", "");
    else if (isnan(v->worst))
        rs_text_table_cell(t, RS_STYLE_PLAIN, "#%" PRIu64, v->witness);
    else if (v->engine == RS_ENGINE_SPLITTING) /* its number alone repeats nothing */
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", rs_quantity_human(a, sizeof a, c, v->worst));
    else
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s #%" PRIu64,
                           rs_quantity_human(a, sizeof a, c, v->worst), v->witness);
}

static void print_table(FILE *to, const struct run_result *r, int width, bool colour)
{
    static const struct text_column column[] = {
        {"verdict"},
        {"claim", .narrowest = 14},
        {"ref", .narrowest = 4},
        {"estimate [interval]"},
        {"wanted", .right = true},
        {"worst #replica", .right = true, .optional = true},
    };
    struct text_table *t = rs_text_table_new((int)(sizeof column / sizeof column[0]), column);
    for (int i = 0; i < r->n_verdict; i++)
        verdict_row(t, &r->verdict[i]);
    rs_text_table_print(t, to, 2, width, colour);
    rs_text_table_free(t);
}

/* ---- what stands behind them ----------------------------------------------------------------------------------------- */

/* The sentences of the claims that are proved or hold, a line each: without them an estimate has no meaning. */
static void print_good(FILE *to, const struct run_result *r, int width)
{
    bool any = false;
    struct arena *arena = rs_arena_new();
    for (int i = 0; i < r->n_verdict; i++) {
        const struct verdict *v = &r->verdict[i];
        if (!rs_verdict_is_good(v->kind))
            continue;
        if (!any)
            fputc('\n', to);
        any = true;
        const char *aside = rs_verdict_aside(arena, v), *says = v->claim->says;
        rs_text_wrap(to,
                     rs_arena_printf(arena, "%s %s: %s%s%s%s", rs_verdict_sign(v->kind),
                                     v->claim->name,
                                     says ? says : rs_claim_reading(arena, r->scenario, v->claim),
                                     *aside ? " (" : "", aside, *aside ? ")" : ""),
                     2, width);
    }
    rs_arena_free(arena);
}

static void print_notes(FILE *to, const struct run_result *r, int width, bool colour)
{
    for (int i = 0; i < r->n_verdict; i++) {
        const struct verdict *v = &r->verdict[i];
        const struct claim *c = v->claim;
        char head[200];
        if (rs_verdict_is_good(v->kind))
            continue;
        fputc('\n', to);
        snprintf(head, sizeof head, "  %s %s%s%s", rs_verdict_sign(v->kind), c->name,
                 c->ref ? "  " : "", c->ref ? c->ref : "");
        rs_text_styled(to, rs_verdict_style(v->kind), colour, head);
        fputc('\n', to);
        rs_verdict_print_note(to, r, v, width, colour);
    }
}

/* Which kinds of claims there are, as bits of enum claim_kind. */
static unsigned kinds(const struct run_result *r)
{
    unsigned bits = 0;
    for (int i = 0; i < r->n_verdict; i++)
        bits |= 1U << r->verdict[i].claim->kind;
    return bits;
}

#define STATISTICAL                                                                                \
    (1U << RS_CLAIM_PROBABILITY | 1U << RS_CLAIM_QUANTILE | 1U << RS_CLAIM_EXPECTATION)
#define OF_STATES (1U << RS_CLAIM_ALWAYS | 1U << RS_CLAIM_NEVER)

/* What the columns of the table mean. */
static void print_legend(FILE *to, const struct run_result *r, int width)
{
    bool witness = false, never = false;
    for (int i = 0; i < r->n_verdict; i++) {
        const struct verdict *v = &r->verdict[i];
        witness = witness || v->has_witness;
        never = never || (v->has_witness && isinf(v->worst)) || isinf(v->interval.high) ||
                isinf(v->estimate);
    }
    if (kinds(r) & STATISTICAL)
        rs_text_wrap(to,
                     "A claim holds when its whole interval keeps to what is wanted, is violated "
                     "when none of it does, and is undecided between the two.",
                     2, width);
    if (kinds(r) & 1U << RS_CLAIM_BOUND)
        rs_text_wrap(to,
                     "at worst: worked out over every phase and every draw, nothing is left to "
                     "chance; proved and refuted say whether it keeps to what is wanted.",
                     2, width);
    if (kinds(r) & OF_STATES)
        rs_text_wrap(to,
                     "states, steps: every state that the rollout can come to was looked at, or "
                     "so many steps lead to one that breaks the claim.",
                     2, width);
    if (witness)
        rs_text_wrap(to,
                     "worst #replica: the worst value, or the first history against the claim, and "
                     "its number for rollsim rehearse.",
                     2, width);
    if (never)
        rs_text_wrap(to,
                     "never: it did not come to an end; as the end of an interval: that cannot be "
                     "ruled out.",
                     2, width);
}

static bool listed_before(const struct run_result *r, int i)
{
    for (int j = 0; j < i; j++) {
        if (r->verdict[j].placeholder &&
            strcmp(r->verdict[j].placeholder, r->verdict[i].placeholder) == 0)
            return true;
    }
    return false;
}

static void print_placeholders(FILE *to, const struct run_result *r, int width)
{
    char text[1024];
    size_t at = 0;
    for (int i = 0; i < r->n_verdict; i++) {
        if (!r->verdict[i].placeholder || listed_before(r, i) || at >= sizeof text)
            continue;
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s",
                               at ? ", " : "* rests on a placeholder that is yours to fill in: ",
                               r->verdict[i].placeholder);
    }
    if (at > 0)
        rs_text_wrap(to, text, 2, width);
}

static void print_tally(FILE *to, const struct run_result *r, int width)
{
    static const char *const many[RS_VERDICT_N] = {"proved",  "hold",      "violated",
                                                   "refuted", "unbounded", "undecided"};
    int n[RS_VERDICT_N] = {0}, n_family = rs_family_size(r->scenario), at = 0;
    char family[24], text[256];
    for (int i = 0; i < r->n_verdict; i++)
        n[r->verdict[i].kind]++;
    for (int k = 0; k < RS_VERDICT_N; k++) {
        if (n[k] > 0)
            at += snprintf(text + at, sizeof text - (size_t)at, "%s%d %s", at ? ", " : "", n[k],
                           k == RS_VERDICT_HOLDS && n[k] == 1 ? "holds" : many[k]);
    }
    rs_percent_human(family, sizeof family, r->scenario->confidence);
    if (n_family == 1)
        snprintf(text + at, sizeof text - (size_t)at, "; %s for the statistical one", family);
    else if (n_family > 1)
        snprintf(text + at, sizeof text - (size_t)at, "; %s for all %d statistical ones together",
                 family, n_family);
    rs_text_wrap(to, text, 2, width);
    if (r->n_left_out == 0)
        return;
    snprintf(text, sizeof text, "%d more claim%s of the scenario %s not asked for%s.",
             r->n_left_out, r->n_left_out == 1 ? "" : "s", r->n_left_out == 1 ? "was" : "were",
             n_family > 0 ? "; the confidence is shared among these alone" : "");
    rs_text_wrap(to, text, 2, width);
}

void rs_run_print_verdicts(FILE *to, const struct run_result *r, int width, bool colour)
{
    if (r->n_verdict == 0) {
        fputs("The scenario makes no claims.\n", to);
        return;
    }
    rs_text_styled(to, RS_STYLE_BOLD, colour, "Verdicts");
    fputc('\n', to);
    print_table(to, r, within_limits(width), colour);
    print_placeholders(to, r, within_limits(width));
    print_tally(to, r, within_limits(width));
    print_legend(to, r, within_limits(width));
    print_good(to, r, within_limits(width));
    print_notes(to, r, within_limits(width), colour);
}

/* How many replicas there were, and why no more. */
static void print_size(FILE *to, const struct run_result *r)
{
    if (r->n_replica == 0 && r->n_verdict > 0 && rs_family_size(r->scenario) == 0)
        fprintf(to, "  no replica was needed");
    else
        fprintf(to, "  %" PRIu64 " replicas", r->n_replica);
    if (r->enough)
        fprintf(to, " of at most %" PRIu64 ": then every claim was decided", r->n_budget);
    fprintf(to, ", seed %" PRIu64 "%s\n\n", r->seed, r->stopped ? ", stopped early" : "");
}

void rs_run_print_text(FILE *to, const struct run_result *r, int width, bool colour)
{
    const struct scenario *sc = r->scenario;
    rs_text_styled(to, RS_STYLE_BOLD, colour, sc->title ? sc->title : sc->name);
    print_size(to, r);
    if (r->n_replica > 0) {
        rs_run_print_outcomes(to, r, width, colour);
        fputc('\n', to);
        rs_run_print_cards(to, r, width, colour);
    }
    rs_run_print_verdicts(to, r, width, colour);
}
