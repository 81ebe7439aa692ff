/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What other settings would have done: a table for each episode, and the alerts that would have fired. */
#include <math.h>
#include <string.h>

#include "print_parts.h"
#include "sim/clock.h"

#define MAX_ALARM 20 /* on a terminal; the record has them all */

/* ---- outcomes ---------------------------------------------------------------------------------------------------------- */

static const struct retro_outcome *outcome_of(const struct retro_counterfactual *c, int episode)
{
    for (int i = 0; i < c->n_outcome; i++) {
        if (c->outcome[i].episode == episode)
            return &c->outcome[i];
    }
    return NULL;
}

static void instant_cell(const struct retro_page *p,
                         struct text_table *t,
                         enum text_style style,
                         const struct retro_instant *at)
{
    char time[40];
    rs_text_table_cell(t, style, "%s",
                       rs_retro_is_told(at)
                           ? rs_retro_time_of_day(time, sizeof time, p->r, rs_retro_shown(at))
                       : at->never ? "never"
                                   : "-");
}

static void
band_cell(struct text_table *t, enum text_style style, const struct retro_band *b, bool percent)
{
    char text[128];
    rs_text_table_cell(t, style, "%s",
                       isnan(b->best) ? "" : rs_retro_band(text, sizeof text, b, percent));
}

static void print_table(const struct retro_page *p, int episode)
{
    static const struct text_column column[] = {{"what if", .narrowest = 8},
                                                {"detected"},
                                                {"commanded", .optional = true},
                                                {"completed"},
                                                {"failed requests"},
                                                {"users hurt", .optional = true},
                                                {"budget", .optional = true},
                                                {"spared", .optional = true}};
    struct text_table *t = rs_text_table_new((int)(sizeof column / sizeof column[0]), column);
    int n = 0;
    for (int i = 0; i < p->r->n_counterfactual; i++) {
        const struct retro_counterfactual *c = &p->r->counterfactual[i];
        const struct retro_outcome *o = outcome_of(c, episode);
        enum text_style style = c->happened ? RS_STYLE_BOLD : RS_STYLE_PLAIN;
        if (!o || o->refused)
            continue;
        n++;
        rs_text_table_cell(t, style, "%s", c->name);
        instant_cell(p, t, style, &o->detected);
        instant_cell(p, t, style, &o->commanded);
        instant_cell(p, t, style, &o->completed);
        band_cell(t, style, &o->errors, false);
        band_cell(t, style, &o->users_hurt, false);
        band_cell(t, style, &o->budget, true);
        if (c->happened)
            rs_text_table_cell(t, style, "%s", "");
        else
            band_cell(t, style, &o->errors_saved, false);
    }
    if (n > 0)
        rs_retro_page_table(p, t);
    else
        rs_text_table_free(t);
}

/* What is told of an outcome: why it was refused, or what it rests on; NULL = nothing of that kind. */
static const char *told_of(const struct retro_outcome *o, bool refused)
{
    if (!o || (o->refused != NULL) != refused)
        return NULL;
    return refused ? o->refused : o->rests_on;
}

/* Was that text told of a question before this one? */
static bool
was_told(const struct retro_page *p, int episode, int before, bool refused, const char *text)
{
    for (int i = 0; i < before; i++) {
        const char *of = told_of(outcome_of(&p->r->counterfactual[i], episode), refused);
        if (of && strcmp(of, text) == 0)
            return true;
    }
    return false;
}

/* The questions, from the i-th on, that are answered by that text: "tighter, automation". In the page's arena. */
static const char *
names_of(const struct retro_page *p, int episode, int i, bool refused, const char *text)
{
    const char *names = p->r->counterfactual[i].name;
    for (i++; i < p->r->n_counterfactual; i++) {
        const char *of = told_of(outcome_of(&p->r->counterfactual[i], episode), refused);
        if (of && strcmp(of, text) == 0)
            names = rs_arena_printf(p->arena, "%s, %s", names, p->r->counterfactual[i].name);
    }
    return names;
}

/* The next clause of a text that says what a row rests on, up to "; "; NULL at its end. In the page's arena. */
static const char *next_clause(const struct retro_page *p, const char **text)
{
    if (!**text)
        return NULL;
    const char *end = strstr(*text, "; ");
    size_t n = end ? (size_t)(end - *text) : strlen(*text);
    const char *clause = rs_arena_strndup(p->arena, *text, n);
    *text += n + (end ? 2 : 0);
    return clause;
}

static bool has_clause(const struct retro_page *p, const char *text, const char *wanted)
{
    for (const char *clause = next_clause(p, &text); clause; clause = next_clause(p, &text)) {
        if (strcmp(clause, wanted) == 0)
            return true;
    }
    return false;
}

/* The answered questions whose rows rest on that clause: "tighter, automation", "all" of them where it is more than one. */
static const char *
names_resting_on(const struct retro_page *p, int episode, const char *clause, bool *first_is, int i)
{
    const char *names = "";
    int n = 0, n_answered = 0;
    *first_is = true;
    for (int k = 0; k < p->r->n_counterfactual; k++) {
        const char *of = told_of(outcome_of(&p->r->counterfactual[k], episode), false);
        n_answered += of != NULL;
        if (!of || !has_clause(p, of, clause))
            continue;
        *first_is = *first_is && k >= i;
        names = rs_arena_printf(p->arena, "%s%s%s", names, n++ ? ", " : "",
                                p->r->counterfactual[k].name);
    }
    return n > 1 && n == n_answered ? "all" : names;
}

static void
print_ground(const struct retro_page *p, bool refused, const char *names, const char *text)
{
    fputs("  ", p->to);
    rs_text_styled(p->to, refused ? RS_STYLE_OPEN : RS_STYLE_PLAIN, p->colour, refused ? "?" : "·");
    rs_text_wrap_on(p->to,
                    rs_arena_printf(p->arena, "%s: %s%s", names, refused ? "refused: " : "", text),
                    3, 4, p->width);
}

/* What the rows rest on: each clause once, with the questions that it is of; clauses of the same questions on one line. */
static void print_rests(const struct retro_page *p, int episode, int i, const char *text)
{
    const char *line = NULL, *of = NULL, *rest = text;
    for (const char *clause = next_clause(p, &rest); clause; clause = next_clause(p, &rest)) {
        bool first_is = true;
        const char *names = names_resting_on(p, episode, clause, &first_is, i);
        if (!first_is) /* an earlier question said it */
            continue;
        if (line && strcmp(of, names) == 0) {
            line = rs_arena_printf(p->arena, "%s; %s", line, clause);
            continue;
        }
        if (line)
            print_ground(p, false, of, line);
        line = clause;
        of = names;
    }
    if (line)
        print_ground(p, false, of, line);
}

/* Does a row's detection come from rules over the recording, beside one that was noted? Then they differ, and it is said why. */
static void print_detections(const struct retro_page *p, int episode)
{
    bool happened = false, rules = false;
    for (int i = 0; i < p->r->n_counterfactual; i++) {
        const struct retro_counterfactual *c = &p->r->counterfactual[i];
        const struct retro_outcome *o = outcome_of(c, episode);
        bool told = o && !o->refused && rs_retro_is_told(&o->detected);
        happened = happened || (told && c->happened);
        rules = rules || (told && c->kind == RS_IF_RULES && !c->happened);
    }
    if (happened && rules)
        print_ground(
            p, false, "detected",
            "as it happened: as noted or rebuilt; rules: at an evaluation of the "
            "recording, so up to one evaluation interval off the same alert as noted; "
            "automation: the middle of many draws from within the first one's uncertainty");
}

static void print_grounds(const struct retro_page *p, int episode)
{
    print_detections(p, episode);
    for (int i = 0; i < p->r->n_counterfactual; i++) {
        const struct retro_outcome *o = outcome_of(&p->r->counterfactual[i], episode);
        bool refused = o && o->refused;
        const char *text = told_of(o, refused);
        if (text && !refused)
            print_rests(p, episode, i, text);
        else if (text && !was_told(p, episode, i, refused, text))
            print_ground(p, true, names_of(p, episode, i, refused, text), text);
    }
}

/* ---- alerts ------------------------------------------------------------------------------------------------------------ */

/* The time, without its date where that of `day_ns` stands beside it. */
static void time_cell(const struct retro_page *p, struct text_table *t, int64_t ns, int64_t day_ns)
{
    char time[40];
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s",
                       ns == RS_NEVER ? "-"
                                      : rs_retro_time_after(time, sizeof time, p->r, ns, day_ns));
}

static void alarm_row(const struct retro_page *p,
                      struct text_table *t,
                      const struct retro_counterfactual *c,
                      const struct retro_alarm *a)
{
    const char *episode = rs_retro_episode_name(p->r, a->episode);
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", c->name);
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", a->alert);
    rs_text_table_cell(t, RS_STYLE_DIM, "%s", a->labels ? a->labels : "");
    time_cell(p, t, a->firing_ns, INT64_MIN);
    time_cell(p, t, a->notified_ns, a->firing_ns);
    time_cell(p, t, a->pending_ns, a->firing_ns);
    rs_text_table_cell(t, episode ? RS_STYLE_PLAIN : RS_STYLE_OPEN, "%s",
                       episode ? episode : "in none");
}

static void print_alarms(const struct retro_page *p)
{
    static const struct text_column column[] = {{"what if", .narrowest = 13},
                                                {"alert", .narrowest = 16},
                                                {"labels", .narrowest = 12, .optional = true},
                                                {"firing"},
                                                {"notified"},
                                                {"pending since", .optional = true},
                                                {"episode", .narrowest = 8, .optional = true}};
    struct text_table *t = rs_text_table_new((int)(sizeof column / sizeof column[0]), column);
    int n = 0;
    for (int i = 0; i < p->r->n_counterfactual; i++) {
        const struct retro_counterfactual *c = &p->r->counterfactual[i];
        for (int k = 0; k < c->n_alarm; k++) {
            if (n++ < MAX_ALARM)
                alarm_row(p, t, c, &c->alarm[k]);
        }
    }
    if (n > 0) {
        rs_retro_page_heading(p, "Alerts");
        rs_retro_page_table(p, t);
    } else {
        rs_text_table_free(t);
    }
    if (n > MAX_ALARM)
        rs_text_wrap(p->to,
                     rs_arena_printf(p->arena, "%d more are in the record (-o) and in --json.",
                                     n - MAX_ALARM),
                     2, p->width);
    if (n > 0)
        fputc('\n', p->to);
}

/* ---- what nothing can be said of --------------------------------------------------------------------------------------- */

/* Why every question of an episode was refused, if it was for one reason; NULL = something was answered, or reasons differ. */
static const char *wholly_refused(const struct retro *r, int episode)
{
    const char *why = NULL;
    for (int i = 0; i < r->n_counterfactual; i++) {
        const struct retro_outcome *o = outcome_of(&r->counterfactual[i], episode);
        if (!o)
            continue;
        if (!o->refused || (why && strcmp(why, o->refused) != 0))
            return NULL;
        why = o->refused;
    }
    return why;
}

/* The episodes of which nothing can be said for the same reason, in one sentence, at the first of them. */
static void print_refused(const struct retro_page *p, int episode, const char *why)
{
    const char *names = NULL;
    int n = 0;
    for (int i = 0; i < p->r->rebuilt.n_episode; i++) {
        const char *of = wholly_refused(p->r, i);
        if (!of || strcmp(of, why) != 0)
            continue;
        if (i < episode)
            return;
        names = rs_arena_printf(p->arena, "%s%s%s", names ? names : "", names ? ", " : "",
                                p->r->rebuilt.episode[i].name);
        n++;
    }
    bool all = n == p->r->rebuilt.n_episode && n > 1;
    fputs("  ", p->to);
    rs_text_styled(p->to, RS_STYLE_OPEN, p->colour, "?");
    rs_text_wrap_on(p->to,
                    all ? rs_arena_printf(p->arena, "all %d episodes: refused: %s", n, why)
                        : rs_arena_printf(p->arena, "%s: refused: %s", names, why),
                    3, 4, p->width);
}

void rs_retro_print_what_if(const struct retro_page *p)
{
    int n_refused = 0;
    for (int i = 0; p->r->n_counterfactual > 0 && i < p->r->rebuilt.n_episode; i++) {
        if (wholly_refused(p->r, i)) {
            n_refused++;
            continue;
        }
        rs_retro_page_heading(
            p, rs_arena_printf(p->arena, "What if: %s", p->r->rebuilt.episode[i].name));
        print_table(p, i);
        print_grounds(p, i);
        fputc('\n', p->to);
    }
    if (n_refused > 0)
        rs_retro_page_heading(p, "What if: not to be said");
    for (int i = 0; n_refused > 0 && i < p->r->rebuilt.n_episode; i++) {
        const char *why = wholly_refused(p->r, i);
        if (why)
            print_refused(p, i, why);
    }
    if (n_refused > 0)
        fputc('\n', p->to);
    print_alarms(p);
}
