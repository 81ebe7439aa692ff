/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The figures of an entry of the evidence log: clocks, what if, what was learnt. */
#include "note_parts.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report_words.h"
#include "sim/clock.h"

/* ---- what happened ----------------------------------------------------------------------------------------------------- */

/* The last three cells of a row: at, within, how. */
static void put_when(const struct retro_note *n, const struct retro_instant *at)
{
    char time[40], within[100];
    bool is_told = rs_retro_is_told(at);
    rs_retro_note_cell(n->to, is_told
                                  ? rs_retro_time_words(time, sizeof time, n->r, rs_retro_shown(at))
                              : at->never ? "never"
                                          : "-");
    rs_retro_note_cell(n->to, is_told ? rs_retro_interval(within, sizeof within, n->r, at) : "");
    rs_retro_note_cell(n->to, rs_retro_how_name(at->how));
}

static void put_stages(const struct retro_note *n)
{
    const struct retro_rebuilt *b = &n->r->rebuilt;
    const struct scenario *sc = n->r->evidence->scenario;
    if (!sc || !b->stage || sc->response.n_stage == 0)
        return;
    fputs("| stage | ref | entered | within | how |\n|---|---|---|---|---|\n", n->to);
    for (int i = 0; i < sc->response.n_stage; i++) {
        fputs("|", n->to);
        rs_retro_note_cell(n->to, sc->response.stage[i].name);
        rs_retro_note_cell(n->to, sc->response.stage[i].ref);
        put_when(n, &b->stage[i]);
        fputc('\n', n->to);
    }
    fputc('\n', n->to);
}

static void put_flags(const struct retro_note *n)
{
    const struct retro_rebuilt *b = &n->r->rebuilt;
    if (b->n_flag_step == 0)
        return;
    fputs("| flag | set | at | within | how |\n|---|---|---|---|---|\n", n->to);
    for (int i = 0; i < b->n_flag_step; i++) {
        const struct retro_flag_step *s = &b->flag_step[i];
        fputs("|", n->to);
        rs_retro_note_cell(n->to, rs_retro_flag_name(n->r, s->flag));
        rs_retro_note_cell(n->to, !s->on ? "off"
                                  : s->percent < 100.0
                                      ? rs_arena_printf(n->arena, "on for %.3g%%", s->percent)
                                      : "on");
        put_when(n, &s->at);
        fputc('\n', n->to);
    }
    fputc('\n', n->to);
}

/* What was held, halted or resumed. */
static void put_pauses(const struct retro_note *n)
{
    int n_pause = 0;
    for (int i = 0; i < n->r->evidence->n_mark; i++) {
        const char *text = rs_retro_pause_words(n->arena, n->r, i);
        if (!text)
            continue;
        if (n_pause++ == 0)
            fputs("| pause | at | within | how |\n|---|---|---|---|\n", n->to);
        const struct retro_instant at = rs_retro_mark_at(n->r, i);
        fputs("|", n->to);
        rs_retro_note_cell(n->to, text);
        put_when(n, &at);
        fputc('\n', n->to);
    }
    if (n_pause > 0)
        fputc('\n', n->to);
}

static void put_instant(const struct retro_note *n, int i, const struct retro_instant *at)
{
    char time[40], within[100];
    bool is_told = rs_retro_is_told(at);
    if (!is_told && !at->never)
        return;
    fputs("|", n->to);
    rs_retro_note_cell(n->to, rs_retro_instant_name(i));
    rs_retro_note_cell(n->to, is_told
                                  ? rs_retro_time_words(time, sizeof time, n->r, rs_retro_shown(at))
                                  : "never");
    rs_retro_note_cell(n->to, is_told ? rs_retro_interval(within, sizeof within, n->r, at) : "");
    rs_retro_note_cell(n->to, rs_retro_how_name(at->how));
    rs_retro_note_cell(n->to, at->why);
    fputc('\n', n->to);
}

static void
put_change(const struct retro_note *n, int signal, const struct retro_change *c, const char *word)
{
    if (!c->found || signal < 0 || signal >= n->r->rebuilt.n_signal)
        return;
    fputs("- ", n->to);
    rs_retro_note_put(n->to, rs_arena_printf(n->arena, "%s: %s.", word,
                                             rs_retro_change_words(n->arena, n->r, signal, c)));
    fputc('\n', n->to);
}

static void put_episode(const struct retro_note *n, const struct retro_episode *e)
{
    const char *stage = rs_retro_stage_name(n->r, e->stage);
    const char *by = e->alert ? e->alert : e->detector;
    fputs("#### ", n->to);
    rs_retro_note_put(n->to, rs_arena_printf(n->arena, "%s%s%s%s%s", e->name, stage ? ", in " : "",
                                             stage ? stage : "", by ? ", detected by " : "",
                                             by ? by : ""));
    fputs("\n\n", n->to);
    put_change(n, e->signal, &e->up, "Seen");
    put_change(n, e->signal, &e->down, "Gone");
    if (e->signal < 0 || (!e->up.found && !e->down.found))
        fprintf(n->to, "%s\n", rs_retro_unseen_words(n->r));
    fputs("\n| instant | at | within | how | rests on |\n|---|---|---|---|---|\n", n->to);
    for (int place = 0; place < RS_RETRO_INSTANT_N; place++) {
        int i = rs_retro_instant_at(place);
        put_instant(n, i, &e->at[i]);
    }
    fputc('\n', n->to);
}

void rs_retro_note_episodes(const struct retro_note *n)
{
    const struct retro_rebuilt *b = &n->r->rebuilt;
    if (b->n_episode == 0 && !(n->r->evidence->scenario && b->stage))
        return;
    fputs("### What happened\n\n", n->to);
    put_stages(n);
    put_flags(n);
    put_pauses(n);
    for (int i = 0; i < b->n_episode; i++)
        put_episode(n, &b->episode[i]);
}

/* ---- what if ----------------------------------------------------------------------------------------------------------- */

static void put_band(const struct retro_note *n, const struct retro_band *b, bool percent)
{
    char text[128];
    rs_retro_note_cell(n->to, isnan(b->best) ? "" : rs_retro_band(text, sizeof text, b, percent));
}

static void put_outcome(const struct retro_note *n,
                        const struct retro_counterfactual *c,
                        const struct retro_outcome *o)
{
    char time[40];
    fputs("|", n->to);
    rs_retro_note_cell(n->to, c->name);
    rs_retro_note_cell(n->to, rs_retro_episode_name(n->r, o->episode));
    rs_retro_note_cell(
        n->to, rs_retro_is_told(&o->completed)
                   ? rs_retro_time_of_day(time, sizeof time, n->r, rs_retro_shown(&o->completed))
               : o->completed.never ? "never"
                                    : "-");
    put_band(n, &o->errors, false);
    put_band(n, &o->users_hurt, false);
    put_band(n, &o->budget, true);
    fputc('\n', n->to);
}

/* Was it refused with that reason for any question of the episode? */
static bool is_refused(const struct retro *r, int episode, const char *why)
{
    for (int i = 0; i < r->n_counterfactual; i++) {
        const struct retro_counterfactual *c = &r->counterfactual[i];
        for (int k = 0; k < c->n_outcome; k++) {
            const struct retro_outcome *o = &c->outcome[k];
            if (o->episode == episode && o->refused && strcmp(o->refused, why) == 0)
                return true;
        }
    }
    return false;
}

/* One reason, with the episodes that it is told of. */
static void put_refusal(const struct retro_note *n, const char *why)
{
    const char *names = "";
    for (int i = 0; i < n->r->rebuilt.n_episode; i++) {
        if (is_refused(n->r, i, why))
            names = rs_arena_printf(n->arena, "%s%s%s", names, *names ? ", " : "",
                                    n->r->rebuilt.episode[i].name);
    }
    fputs("- ", n->to);
    rs_retro_note_put(n->to, rs_arena_printf(n->arena, "Not to be said of %s: %s.", names, why));
    fputc('\n', n->to);
}

static void put_refusals(const struct retro_note *n)
{
    const struct retro *r = n->r;
    int n_told = 0;
    const char **told =
        RS_ARENA_ARRAY(n->arena, const char *, r->n_counterfactual * r->rebuilt.n_episode + 1);
    for (int i = 0; i < r->n_counterfactual; i++) {
        for (int k = 0; k < r->counterfactual[i].n_outcome; k++) {
            const char *why = r->counterfactual[i].outcome[k].refused;
            bool is_new = why != NULL;
            for (int t = 0; is_new && t < n_told; t++)
                is_new = strcmp(told[t], why) != 0;
            if (!is_new)
                continue;
            told[n_told++] = why;
            put_refusal(n, why);
        }
    }
    if (n_told > 0)
        fputc('\n', n->to);
}

void rs_retro_note_what_if(const struct retro_note *n)
{
    const struct retro *r = n->r;
    int n_row = 0;
    if (r->n_counterfactual == 0 || r->rebuilt.n_episode == 0)
        return;
    fputs("### What would have been\n\n", n->to);
    for (int i = 0; i < r->n_counterfactual; i++) {
        const struct retro_counterfactual *c = &r->counterfactual[i];
        for (int k = 0; k < c->n_outcome; k++) {
            if (c->outcome[k].refused)
                continue;
            if (n_row++ == 0)
                fputs("| what if | episode | completed | failed requests | users hurt | budget "
                      "|\n|---|---|---|---|---|---|\n",
                      n->to);
            put_outcome(n, c, &c->outcome[k]);
        }
    }
    if (n_row > 0)
        fputc('\n', n->to);
    put_refusals(n);
}

/* ---- what was learnt --------------------------------------------------------------------------------------------------- */

static const char *value_text(const struct retro_note *n, double x, const char *unit)
{
    char text[64];
    return rs_arena_strdup(n->arena, rs_retro_in_unit(text, sizeof text, x, unit));
}

static void put_fit(const struct retro_note *n, const struct retro_fit *f)
{
    char measured[128];
    for (int k = 0; k < f->n_parameter; k++) {
        const struct retro_parameter *p = &f->parameter[k];
        const char *unit = p->unit;
        fputs("|", n->to);
        rs_retro_note_cell(n->to, rs_arena_printf(n->arena, "%s, %s", f->name, p->name));
        rs_retro_note_cell(n->to, rs_arena_printf(n->arena, "%s%s", value_text(n, p->assumed, unit),
                                                  f->placeholder ? " (a placeholder)" : ""));
        rs_retro_note_cell(n->to,
                           rs_retro_range(measured, sizeof measured,
                                          (struct retro_range){p->value, p->low, p->high}, unit));
        fprintf(n->to, " %" PRIu64 " |", f->n);
        rs_retro_note_cell(n->to, !f->test ? ""
                                           : rs_arena_printf(n->arena, "%s, p = %.2g",
                                                             f->fits ? "yes" : "no", f->p_value));
        fputc('\n', n->to);
    }
}

static void put_predicted(const struct retro_note *n, const struct retro_learnt *l)
{
    if (l->predict_refused) {
        fputs("There is no check by simulation: ", n->to);
        rs_retro_note_put(n->to, l->predict_refused);
        fputs(".\n\n", n->to);
    }
    if (l->n_predicted == 0)
        return;
    fputs("Does the fitted scenario produce what was seen?\n\n| quantity | seen | 95% of replicas "
          "|\n|---|---|---|\n",
          n->to);
    for (int i = 0; i < l->n_predicted; i++) {
        const struct retro_predicted *p = &l->predicted[i];
        const char *of = rs_retro_episode_name(n->r, p->episode);
        bool is_out = p->seen < p->low || p->seen > p->high;
        fputs("|", n->to);
        rs_retro_note_cell(
            n->to, rs_arena_printf(n->arena, "%s%s%s", p->name, of ? ", " : "", of ? of : ""));
        rs_retro_note_cell(n->to, rs_arena_printf(n->arena, "%s%s", value_text(n, p->seen, p->unit),
                                                  is_out ? ": it does not" : ""));
        rs_retro_note_cell(n->to,
                           rs_arena_printf(n->arena, "%s to %s", value_text(n, p->low, p->unit),
                                           value_text(n, p->high, p->unit)));
        fputc('\n', n->to);
    }
    fputc('\n', n->to);
}

/* As tune tells it: the heads of a diff with the file's own name, for where it lies here is nobody's business. */
static void put_diff(FILE *to, const char *diff)
{
    fputs("```diff\n", to);
    while (*diff) {
        size_t length = strcspn(diff, "\n");
        bool head = strncmp(diff, "--- /", 5) == 0 || strncmp(diff, "+++ /", 5) == 0;
        size_t from = 0;
        for (size_t i = 4; head && i < length; i++)
            from = diff[i] == '/' ? i + 1 : from;
        fprintf(to, "%.*s%.*s\n", head ? 4 : 0, diff, (int)(length - from), diff + from);
        diff += length + (diff[length] == '\n');
    }
    fputs("```\n\n", to);
}

void rs_retro_note_learnt(const struct retro_note *n)
{
    const struct retro_learnt *l = n->r->learnt;
    if (!l)
        return;
    fputs("### What was learnt\n\n", n->to);
    rs_retro_note_put(n->to, rs_retro_fit_sources(n->arena, l));
    fputs("\n\n| what | assumed | measured | of | fits |\n|---|---|---|---|---|\n", n->to);
    for (int i = 0; i < l->n_fit; i++) {
        if (!l->fit[i].refused)
            put_fit(n, &l->fit[i]);
    }
    fputc('\n', n->to);
    for (int i = 0; i < l->n_fit; i++) {
        if (!l->fit[i].refused)
            continue;
        fputs("- ", n->to);
        rs_retro_note_put(n->to, rs_arena_printf(n->arena, "%s cannot be learnt: %s.",
                                                 l->fit[i].name, l->fit[i].refused));
        fputs("\n\n", n->to);
    }
    put_predicted(n, l);
    if (l->diff && *l->diff) {
        fputs("The scenario, changed so:\n\n", n->to);
        put_diff(n->to, l->diff);
    }
}
