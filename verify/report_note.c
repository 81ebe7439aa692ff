/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands behind a verdict: samples, phases, legs, a trace, a witness. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report_parts.h"
#include "report_words.h"
#include "words.h"

#define INDENT 4

const char *rs_verdict_sign(enum verdict_kind k)
{
    return rs_verdict_is_good(k) ? "✔" : rs_verdict_is_bad(k) ? "✘" : "?";
}

enum text_style rs_verdict_style(enum verdict_kind k)
{
    return rs_verdict_is_good(k)  ? RS_STYLE_GOOD
           : rs_verdict_is_bad(k) ? RS_STYLE_BAD
                                  : RS_STYLE_OPEN;
}

static char *states_human(char *buf, size_t n, const struct verdict *v)
{
    if (v->kind == RS_VERDICT_VIOLATED)
        snprintf(buf, n, v->n_step == 1 ? "in %d step" : "in %d steps", v->n_step);
    else
        snprintf(buf, n, "%" PRIu64 " states%s", v->n_state,
                 v->reason == RS_OPEN_TRUNCATED ? ", cut off" : "");
    return buf;
}

char *rs_found_human(char *buf, size_t n, const struct verdict *v)
{
    const struct claim *c = v->claim;
    char a[40], low[40], high[40];
    if (!rs_claim_has_quantity(c))
        return states_human(buf, n, v);
    if (c->kind != RS_CLAIM_BOUND)
        snprintf(buf, n, "%s [%s, %s]", rs_estimate_human(a, sizeof a, c, v->estimate),
                 rs_estimate_human(low, sizeof low, c, v->interval.low),
                 rs_estimate_human(high, sizeof high, c, v->interval.high));
    else if (isinf(v->worst_phase_high_s))
        snprintf(buf, n, "no upper end");
    else
        snprintf(buf, n, "at worst %s", rs_seconds_human(a, sizeof a, v->worst_phase_high_s));
    return buf;
}

const char *rs_verdict_line(struct arena *arena, const struct verdict *v)
{
    char found[160], wanted[64];
    return rs_arena_printf(arena, "%s%s %s: %s, wanted %s", v->claim->name,
                           v->kind == RS_VERDICT_HOLDS ? "" : " is", rs_verdict_name(v->kind),
                           rs_found_human(found, sizeof found, v),
                           rs_wanted_human(wanted, sizeof wanted, v->claim));
}

/* ---- lines ----------------------------------------------------------------------------------------------------------- */

static void note(FILE *to, int width, const char *text)
{
    rs_text_wrap(to, text, INDENT, width);
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
    if (v->engine == RS_ENGINE_SPLITTING)
        n = snprintf(text, sizeof text,
                     "By importance splitting, from %" PRIu64
                     " trials%s%s; the interval is right for many repetitions only.",
                     v->n_applicable, where, what);
    else if (rs_verdict_counts_hits(v))
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

/* The best and the worst world of a bound, and what history it takes at least. */
static void note_phases(FILE *to, const struct verdict *v, int width)
{
    char low[40], best[40], worst[40], text[320];
    if (isnan(v->worst_phase_high_s))
        return;
    rs_seconds_human(low, sizeof low, fmin(v->best_phase_low_s, v->worst_phase_low_s));
    rs_seconds_human(best, sizeof best, v->best_phase_high_s);
    rs_seconds_human(worst, sizeof worst, v->worst_phase_high_s);
    if (isinf(v->worst_phase_high_s))
        snprintf(text, sizeof text, "It takes %s at least, and a wait in it has no upper end.",
                 low);
    else
        snprintf(text, sizeof text,
                 "It takes %s at least; at most %s where the phases fall best, %s where they fall "
                 "worst.",
                 low, best, worst);
    note(to, width, text);
}

static void note_margin(FILE *to, const struct verdict *v, int width)
{
    char room[40], text[128];
    if (!isfinite(v->margin_s) || v->kind == RS_VERDICT_UNBOUNDED)
        return;
    rs_seconds_human(room, sizeof room, fabs(v->margin_s));
    const char *who = v->claim->kind == RS_CLAIM_BOUND ? "It" : "By the estimate it";
    if (v->margin_s < 0)
        snprintf(text, sizeof text, "%s is over its time by %s.", who, room);
    else
        snprintf(text, sizeof text, "%s keeps to its time, with %s to spare.", who, room);
    note(to, width, text);
}

const char *rs_verdict_aside(struct arena *arena, const struct verdict *v)
{
    char room[40], most[40], best[40];
    if (!rs_claim_has_quantity(v->claim))
        return rs_arena_printf(arena, "all %" PRIu64 " reachable states were seen", v->n_state);
    if (v->claim->kind == RS_CLAIM_BOUND)
        return rs_arena_printf(arena,
                               "at most %s where the phases fall best, %s where they fall worst, "
                               "%s to spare",
                               rs_seconds_human(best, sizeof best, v->best_phase_high_s),
                               rs_seconds_human(most, sizeof most, v->worst_phase_high_s),
                               rs_seconds_human(room, sizeof room, v->margin_s));
    return "";
}

/* ---- steps ----------------------------------------------------------------------------------------------------------- */

/* "§4 row 2, line 120", or another file by its name. Returns buf. */
static char *
place_human(char *buf, size_t n, const struct scenario *sc, const struct verdict_step *s)
{
    bool placed = s->at.file && s->at.line > 0;
    bool same = placed && sc->file && strcmp(s->at.file, sc->file) == 0;
    int at = snprintf(buf, n, "%s%s", s->ref ? s->ref : "", s->ref && placed ? ", " : "");
    if (same)
        snprintf(buf + at, n - (size_t)at, "line %d", s->at.line);
    else if (placed)
        snprintf(buf + at, n - (size_t)at, "%s:%d", s->at.file, s->at.line);
    return buf;
}

/* Text and where it stands: "set PORTAL off (§4 row 3, line 482)". In the arena. */
static const char *
step_text(struct arena *arena, const struct scenario *sc, const struct verdict_step *s)
{
    char place[400];
    place_human(place, sizeof place, sc, s);
    return rs_arena_printf(arena, *place ? "%s (%s)" : "%s%s", s->text, place);
}

#define TIME_WIDTH 8

/* Times first, the words behind them as long as they are: why a leg has no end is what is wanted. */
static void print_legs(FILE *to,
                       struct arena *arena,
                       const struct scenario *sc,
                       const struct verdict *v,
                       int width,
                       bool colour)
{
    const int at = INDENT + TIME_WIDTH + 2 + TIME_WIDTH;
    fprintf(to, "%*s", INDENT, "");
    rs_text_styled(to, RS_STYLE_DIM, colour, "at least   at most  leg");
    fputc('\n', to);
    for (int i = 0; i < v->n_step; i++) {
        const struct verdict_step *s = &v->step[i];
        char low[40], high[40];
        bool endless = isinf(s->high_s);
        snprintf(high, sizeof high, "%*s", TIME_WIDTH, "no end");
        if (!endless) {
            char time[32];
            snprintf(high, sizeof high, "%*s", TIME_WIDTH,
                     rs_seconds_human(time, sizeof time, s->high_s));
        }
        fprintf(to, "%*s%*s  ", INDENT, "", TIME_WIDTH,
                rs_seconds_human(low, sizeof low, s->low_s));
        rs_text_styled(to, endless ? RS_STYLE_BAD : RS_STYLE_PLAIN, colour, high);
        fputc(' ', to);
        rs_text_wrap_on(to, step_text(arena, sc, s), at + 1, at + 2, width);
    }
}

static void print_trace(
    FILE *to, struct arena *arena, const struct scenario *sc, const struct verdict *v, int width)
{
    note(to, width, "The shortest way there:");
    for (int i = 0; i < v->n_step; i++) {
        const struct verdict_step *s = &v->step[i];
        const char *number = rs_arena_printf(arena, "%*s%2d.", INDENT, "", i + 1);
        fputs(number, to);
        rs_text_wrap_on(to, step_text(arena, sc, s), rs_text_width(number), INDENT + 4, width);
    }
}

static void note_witness(
    FILE *to, struct arena *arena, const struct run_result *r, const struct verdict *v, int width)
{
    char text[512], worst[40];
    if (!v->has_witness)
        return;
    if (!isnan(v->worst))
        snprintf(text, sizeof text, "Worst: %s, in replica %" PRIu64 ". See it:",
                 rs_quantity_human(worst, sizeof worst, v->claim, v->worst), v->witness);
    else
        snprintf(text, sizeof text, "First against it: replica %" PRIu64 ". See it:", v->witness);
    note(to, width, text);
    fprintf(to, "%*s%s\n", INDENT + 2, "", rs_witness_command(arena, r, v)); /* to be copied */
}

void rs_verdict_print_note(
    FILE *to, const struct run_result *r, const struct verdict *v, int width, bool colour)
{
    const struct claim *c = v->claim;
    struct arena *arena = rs_arena_new();
    note(to, width, c->says ? c->says : rs_claim_reading(arena, r->scenario, c));
    if (rs_claim_is_statistical(c))
        note_samples(to, r->scenario, v, width);
    if (c->kind == RS_CLAIM_BOUND)
        note_phases(to, v, width);
    note_margin(to, v, width);
    bool is_told = v->reason == RS_OPEN_NOT_APPLICABLE && rs_claim_is_statistical(c);
    if (v->kind == RS_VERDICT_UNDECIDED && v->reason != RS_OPEN_NONE && !is_told)
        note(to, width, rs_open_reason_text(arena, v));
    if (v->n_step > 0 && c->kind == RS_CLAIM_BOUND)
        print_legs(to, arena, r->scenario, v, width, colour);
    else if (v->n_step > 0)
        print_trace(to, arena, r->scenario, v, width);
    note_witness(to, arena, r, v, width);
    rs_arena_free(arena);
}
