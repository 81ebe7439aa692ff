/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One-at-a-time sensitivity in words. A parameter is moved from where it stands to each end of what was tried, the others stay; the
 * difference is paired over the same histories. Where a unit makes sense ("each minute") it is the whole move's difference divided
 * by the way: the slope between two settings that were looked at, with its interval, and no line fitted through others.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/clock.h"
#include "text_table.h"
#include "tune/print_parts.h"

/* The setting that steps are told around: the chosen one where there is one. */
static bool around_chosen(const struct tune_result *r)
{
    for (int i = 0; i < r->n_step; i++) {
        if (r->step[i].around_chosen)
            return true;
    }
    return false;
}

static int stands_at(const struct tune_result *r, int param, bool chosen)
{
    return r->point[chosen ? r->chosen : r->today].value[param];
}

/* ---- one move ---------------------------------------------------------------------------------------------------------- */

/* "each minute": what a move is divided by. */
struct unit {
    const char *each; /* NULL: the move is told whole */
    double n;         /* units in the move */
};

static struct unit unit_of(const struct tune_param *p, int from, int until)
{
    double way = fabs(p->value[until].number - p->value[from].number);
    if (p->type == RS_TUNE_COUNT)
        return (struct unit){"each", way};
    if (p->type != RS_TUNE_DURATION)
        return (struct unit){NULL, 1.0};
    double s = way / (double)RS_NS_PER_S;
    if (s >= 6.0 * 3600.0)
        return (struct unit){"each hour", s / 3600.0};
    return s >= 60.0 ? (struct unit){"each minute", s / 60.0} : (struct unit){"each second", s};
}

static struct tune_estimate divided(struct tune_estimate e, double n)
{
    return (struct tune_estimate){e.value / n, e.low / n, e.high / n, e.n};
}

/* The objectives that move to that side, with how far. Returns how many. */
static int put_side(FILE *to,
                    struct arena *arena,
                    const struct tune_result *r,
                    const struct tune_step *s,
                    double n,
                    int side)
{
    int found = 0;
    char told[128];
    for (int k = 0; k < r->plan->n_objective; k++) {
        const struct tune_objective *o = &r->plan->objective[k];
        if (rs_tune_difference_side(&s->difference[k]) != side)
            continue;
        struct tune_estimate e = divided(s->difference[k], n);
        fprintf(to, "%s %s %s%s",
                found      ? ","
                : side < 0 ? " buys"
                           : " costs",
                o->name, rs_tune_difference_told(told, sizeof told, o, &e),
                rs_objective_unit_behind(arena, o));
        found++;
    }
    return found;
}

static const char *
sentence(struct arena *arena, const struct tune_result *r, const struct tune_step *s, int from)
{
    const struct tune_param *p = &r->plan->param[s->param];
    const char *text = p->value[s->value].text;
    bool word = p->type == RS_TUNE_WORD;
    struct unit unit = unit_of(p, from, s->value);
    char *heap = NULL;
    size_t n_heap = 0;
    FILE *to = open_memstream(&heap, &n_heap);
    fprintf(to, "%s %s%s%s%s",
            word              ? "as"
            : s->value > from ? "up to"
                              : "down to",
            text, unit.each ? ", " : "", unit.each ? unit.each : "", unit.each ? "" : ":");
    char *buys = NULL;
    size_t n_buys = 0;
    FILE *second = open_memstream(&buys, &n_buys);
    int n_buy = put_side(second, arena, r, s, unit.n, -1);
    fclose(second);
    int n_shown = n_buy;
    fputs(buys, to);
    free(buys);
    char *costs = NULL;
    second = open_memstream(&costs, &n_buys);
    n_shown += put_side(second, arena, r, s, unit.n, 1);
    fclose(second);
    fprintf(to, "%s%s", n_buy > 0 && n_shown > n_buy ? ";" : "", costs);
    free(costs);
    if (n_shown == 0)
        fprintf(to, " changes nothing that shows in %" PRIu64 " paired histories",
                r->plan->n_objective > 0 ? s->difference[0].n : 0);
    else if (n_shown == n_buy)
        fputs("; no cost shows", to);
    else if (n_buy == 0)
        fputs("; nothing is seen to be bought", to);
    fclose(to);
    const char *kept = rs_arena_strdup(arena, heap);
    free(heap);
    return kept;
}

/* ---- one parameter ------------------------------------------------------------------------------------------------------ */

/* The step farthest from `from` to one side, or NULL. */
static const struct tune_step *
farthest(const struct tune_result *r, int param, bool chosen, int from, int side)
{
    const struct tune_step *best = NULL;
    for (int i = 0; i < r->n_step; i++) {
        const struct tune_step *s = &r->step[i];
        if (s->param == param && s->around_chosen == chosen && (s->value - from) * side > 0 &&
            (!best || (s->value - best->value) * side > 0))
            best = s;
    }
    return best;
}

int rs_tune_sentences(const char *out[RS_MAX_SENTENCE],
                      struct arena *arena,
                      const struct tune_result *r,
                      int param)
{
    bool chosen = around_chosen(r);
    int from = stands_at(r, param, chosen), n = 0;
    if (r->plan->param[param].type != RS_TUNE_WORD) {
        for (int side = -1; side <= 1; side += 2) {
            const struct tune_step *s = farthest(r, param, chosen, from, side);
            if (s)
                out[n++] = sentence(arena, r, s, from);
        }
        return n;
    }
    for (int i = 0; i < r->n_step && n < RS_MAX_SENTENCE; i++) {
        const struct tune_step *s = &r->step[i];
        if (s->param == param && s->around_chosen == chosen && s->value != from)
            out[n++] = sentence(arena, r, s, from);
    }
    return n;
}

void rs_tune_print_sensitivity(FILE *to, const struct tune_result *r, int width, bool colour)
{
    if (r->n_step == 0)
        return;
    struct arena *arena = rs_arena_new();
    bool chosen = around_chosen(r);
    rs_text_styled(to, RS_STYLE_BOLD, colour,
                   rs_arena_printf(arena, "What each buys and costs, the others as they are %s",
                                   chosen ? "chosen" : "today"));
    fputc('\n', to);
    for (int i = 0; i < r->plan->n_param; i++) {
        const struct tune_param *p = &r->plan->param[i];
        const char *line[RS_MAX_SENTENCE];
        int n = rs_tune_sentences(line, arena, r, i);
        if (n == 0)
            continue;
        rs_text_wrap(to,
                     rs_arena_printf(arena, "%s (%s), %s %s", p->name, p->what,
                                     chosen ? "chosen" : "today",
                                     p->value[stands_at(r, i, chosen)].text),
                     2, width);
        for (int k = 0; k < n; k++)
            rs_text_wrap(to, line[k], 4, width);
    }
    rs_text_wrap(
        to,
        "buys: less of it, costs: more of it, both with their intervals; an objective that "
        "is not named was not shown to move.",
        2, width);
    fputc('\n', to);
    rs_arena_free(arena);
}
