/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal's first page: outcomes and verdicts. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report_words.h"
#include "text_table.h"
#include "verify/report.h"
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

static const char *verdict_sign(enum verdict_kind k)
{
    return rs_verdict_is_good(k) ? "✔" : rs_verdict_is_bad(k) ? "✘" : "?";
}

static enum text_style verdict_style(enum verdict_kind k)
{
    return rs_verdict_is_good(k)  ? RS_STYLE_GOOD
           : rs_verdict_is_bad(k) ? RS_STYLE_BAD
                                  : RS_STYLE_OPEN;
}

static void verdict_row(struct text_table *t, const struct verdict *v)
{
    const struct claim *c = v->claim;
    char a[40], low[40], high[40];
    rs_text_table_cell(t, verdict_style(v->kind), "%s %s%s", verdict_sign(v->kind),
                       rs_verdict_name(v->kind), v->placeholder ? "*" : "");
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", c->name);
    rs_text_table_cell(t, RS_STYLE_DIM, "%s", c->ref ? c->ref : "");
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s [%s, %s]",
                       rs_estimate_human(a, sizeof a, c, v->estimate),
                       rs_estimate_human(low, sizeof low, c, v->interval.low),
                       rs_estimate_human(high, sizeof high, c, v->interval.high));
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s %s", c->at_most ? "≤" : "≥",
                       rs_limit_human(a, sizeof a, c));
    if (!v->has_witness)
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", "");
    else if (isnan(v->worst))
        rs_text_table_cell(t, RS_STYLE_PLAIN, "#%" PRIu64, v->witness);
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

/* ---- what stands behind a verdict -------------------------------------------------------------------------------------- */

#define NOTE_INDENT 4

static void note(FILE *to, int width, const char *text)
{
    rs_text_wrap(to, text, NOTE_INDENT, width);
}

/* How many samples there were, and of which kind. */
static void note_samples(FILE *to, const struct scenario *sc, const struct verdict *v, int width)
{
    const struct claim *c = v->claim;
    char given[128], text[512];
    int n = 0;
    rs_claim_given_text(given, sizeof given, sc, c);
    const char *where = c->given == RS_GIVEN_ALL ? "" : ", given: ";
    const char *what = c->given == RS_GIVEN_ALL ? "" : given;
    if (v->n_applicable == 0) {
        snprintf(text, sizeof text, "No replica could say anything about it%s%s.", where, what);
        note(to, width, text);
        return;
    }
    if (c->kind == RS_CLAIM_PROBABILITY)
        n = snprintf(text, sizeof text, "It happened in %" PRIu64 " of %" PRIu64 " replicas%s%s.",
                     v->n_hit, v->n_applicable, where, what);
    else
        n = snprintf(text, sizeof text, "From %" PRIu64 " replicas%s%s.", v->n_applicable, where,
                     what);
    if (v->n_undecided > 0)
        n += snprintf(text + n, sizeof text - (size_t)n,
                      " %" PRIu64 " ended too early to tell and count against it both ways.",
                      v->n_undecided);
    if (v->n_capped > 0)
        snprintf(text + n, sizeof text - (size_t)n,
                 " %" PRIu64 " lay above the claim's cap and count as the cap.", v->n_capped);
    note(to, width, text);
}

static void note_more(FILE *to, const struct verdict *v, int width)
{
    char text[160];
    if (v->kind != RS_VERDICT_UNDECIDED || v->n_applicable == 0)
        return;
    if (v->n_more > 0)
        snprintf(text, sizeof text,
                 "About %" PRIu64
                 " further replicas would decide it, should they go on like these.",
                 v->n_more);
    else
        snprintf(text, sizeof text, "It stands so near its limit that more replicas hardly help.");
    note(to, width, text);
}

static void note_witness(FILE *to, const struct run_result *r, const struct verdict *v, int width)
{
    char text[512], worst[40], file[4200];
    if (!v->has_witness)
        return;
    if (!isnan(v->worst))
        snprintf(text, sizeof text, "Worst: %s, in replica %" PRIu64 ". See it:",
                 rs_quantity_human(worst, sizeof worst, v->claim, v->worst), v->witness);
    else
        snprintf(text, sizeof text, "First against it: replica %" PRIu64 ". See it:", v->witness);
    note(to, width, text);
    fprintf(to, /* not wrapped: it is there to be copied */
            "%*srollsim rehearse %s --seed %" PRIu64 " --replica %" PRIu64 "\n", NOTE_INDENT + 2,
            "",
            r->scenario->file ? rs_shell_word(file, sizeof file, r->scenario->file) : "SCENARIO",
            r->seed, v->witness);
}

/* The sentences of the claims that hold, a line each: without them an estimate has no meaning. */
static void print_holding(FILE *to, const struct run_result *r, int width)
{
    bool any = false;
    for (int i = 0; i < r->n_verdict; i++) {
        const struct verdict *v = &r->verdict[i];
        char text[1024];
        if (!rs_verdict_is_good(v->kind) || !v->claim->says)
            continue;
        if (!any)
            fputc('\n', to);
        any = true;
        snprintf(text, sizeof text, "%s %s: %s", verdict_sign(v->kind), v->claim->name,
                 v->claim->says);
        rs_text_wrap(to, text, 2, width);
    }
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
        snprintf(head, sizeof head, "  %s %s%s%s", verdict_sign(v->kind), c->name,
                 c->ref ? "  " : "", c->ref ? c->ref : "");
        rs_text_styled(to, verdict_style(v->kind), colour, head);
        fputc('\n', to);
        if (c->says)
            note(to, width, c->says);
        note_samples(to, r->scenario, v, width);
        note_more(to, v, width);
        note_witness(to, r, v, width);
    }
}

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
    rs_text_wrap(to,
                 "A claim holds when its whole interval keeps to what is wanted, is violated when "
                 "none of it does, and is undecided between the two.",
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
    int n[RS_VERDICT_N] = {0};
    char family[24], text[200];
    for (int i = 0; i < r->n_verdict; i++)
        n[r->verdict[i].kind]++;
    snprintf(text, sizeof text,
             "%d hold%s, %d violated, %d undecided; the intervals: %s for all claims together",
             n[RS_VERDICT_HOLDS], n[RS_VERDICT_HOLDS] == 1 ? "s" : "", n[RS_VERDICT_VIOLATED],
             n[RS_VERDICT_UNDECIDED],
             rs_percent_human(family, sizeof family, r->scenario->confidence));
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
    print_holding(to, r, within_limits(width));
    print_notes(to, r, within_limits(width), colour);
}

void rs_run_print_text(FILE *to, const struct run_result *r, int width, bool colour)
{
    const struct scenario *sc = r->scenario;
    rs_text_styled(to, RS_STYLE_BOLD, colour, sc->title ? sc->title : sc->name);
    fprintf(to, "  %" PRIu64 " replicas, seed %" PRIu64 "%s\n\n", r->n_replica, r->seed,
            r->stopped ? ", stopped early" : "");
    rs_run_print_outcomes(to, r, width, colour);
    fputc('\n', to);
    rs_run_print_cards(to, r, width, colour);
    rs_run_print_verdicts(to, r, width, colour);
}
