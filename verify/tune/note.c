/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A rationale for a review, in Markdown: what changes, what it brings and costs, what it cannot save, how to repeat it. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report_parts.h"
#include "report_words.h"
#include "tune/print_parts.h"

/* Text between the bars of a table, or in a line: signs that Markdown would take for its own are escaped. */
static void put(FILE *to, const char *text)
{
    for (; *text; text++) {
        if (strchr("|*_`<>", *text))
            fputc('\\', to);
        fputc(*text == '\n' ? ' ' : *text, to);
    }
}

static void put_cell(FILE *to, const char *text)
{
    fputs(" ", to);
    put(to, text ? text : "");
    fputs(" |", to);
}

/* ---- what changes ------------------------------------------------------------------------------------------------------ */

static void put_changes(FILE *to, const struct tune_result *r)
{
    const uint16_t *value = r->point[r->chosen].value;
    fputs("| parameter | what | today | chosen |\n|---|---|---|---|\n", to);
    for (int i = 0; i < r->plan->n_param; i++) {
        const struct tune_param *p = &r->plan->param[i];
        if (value[i] == p->today)
            continue;
        fputs("|", to);
        put_cell(to, p->name);
        put_cell(to, p->what);
        put_cell(to, p->value[p->today].text);
        put_cell(to, p->value[value[i]].text);
        fputs("\n", to);
    }
    fputs("\n", to);
}

/* Where a file lies on this machine is nobody's business: below the scenario's folder, else by its last name. */
static const char *shown_path(const char *path, const char *scenario)
{
    if (path[0] != '/')
        return path;
    const char *slash = strrchr(scenario, '/');
    size_t n = slash ? (size_t)(slash - scenario) + 1 : 0;
    if (n > 0 && strncmp(path, scenario, n) == 0)
        return path + n;
    return strrchr(path, '/') + 1;
}

static void put_diff(FILE *to, const char *diff, const char *scenario)
{
    fputs("```diff\n", to);
    while (*diff) {
        size_t n = strcspn(diff, "\n");
        bool head = strncmp(diff, "--- /", 5) == 0 || strncmp(diff, "+++ /", 5) == 0;
        if (head) {
            char path[4200];
            snprintf(path, sizeof path, "%.*s", (int)(n - 4), diff + 4);
            fprintf(to, "%.4s%s\n", diff, shown_path(path, scenario));
        } else {
            fprintf(to, "%.*s\n", (int)n, diff);
        }
        diff += n + (diff[n] == '\n');
    }
    fputs("```\n\n", to);
}

/* ---- what it brings and costs ------------------------------------------------------------------------------------------ */

static void put_objectives(FILE *to, struct arena *arena, const struct tune_result *r)
{
    const struct tune_estimate *today = r->point[r->today].objective,
                               *chosen = r->point[r->chosen].objective;
    char told[128], percent[32];
    if (!today || !chosen)
        return;
    fprintf(to, "| to be small | today | chosen | shown to be |\n|---|---|---|---|\n");
    for (int i = 0; i < r->plan->n_objective; i++) {
        const struct tune_objective *o = &r->plan->objective[i];
        int side = rs_tune_estimate_side(&chosen[i], &today[i]);
        fputs("|", to);
        put_cell(to, rs_objective_head(arena, o));
        put_cell(to, rs_tune_estimate_told(told, sizeof told, o, &today[i]));
        put_cell(to, rs_tune_estimate_told(told, sizeof told, o, &chosen[i]));
        put_cell(to, r->chosen == r->today ? ""
                     : side < 0            ? "less"
                     : side > 0            ? "**more**"
                                           : "neither");
        fputs("\n", to);
    }
    fprintf(to,
            "\nThe intervals hold together at %s; from %" PRIu64
            " histories each, the same for both.\n\n",
            rs_percent_human(percent, sizeof percent, r->plan->confidence), chosen[0].n);
}

static void put_verdict(FILE *to, const struct verdict *v)
{
    char found[160], cell[256];
    snprintf(cell, sizeof cell, "%s %s: %s", rs_verdict_sign(v->kind), rs_verdict_name(v->kind),
             rs_found_human(found, sizeof found, v));
    put_cell(to, cell);
}

static void put_claims(FILE *to, const struct tune_result *r)
{
    char wanted[64];
    if (!r->fresh || !r->fresh_today || r->scenario->n_claim == 0)
        return;
    fputs("| claim | ref | wanted | today | chosen |\n|---|---|---|---|---|\n", to);
    for (int i = 0; i < r->scenario->n_claim; i++) {
        const struct claim *c = &r->scenario->claim[i];
        fputs("|", to);
        put_cell(to, c->name);
        put_cell(to, c->ref);
        put_cell(to, rs_wanted_human(wanted, sizeof wanted, c));
        put_verdict(to, &r->fresh_today->verdict[i]);
        put_verdict(to, &r->fresh->verdict[i]);
        fputs("\n", to);
    }
    fputs("\n", to);
}

static void put_sensitivity(FILE *to, struct arena *arena, const struct tune_result *r)
{
    if (r->n_step == 0)
        return;
    fputs("### What moving one of them further would buy and cost\n\n", to);
    for (int i = 0; i < r->plan->n_param; i++) {
        const char *line[RS_MAX_SENTENCE];
        int n = rs_tune_sentences(line, arena, r, i);
        for (int k = 0; k < n; k++) {
            fputs(k ? "" : "- ", to);
            if (k == 0)
                put(to, r->plan->param[i].name);
            fputs(k ? "; " : " ", to);
            put(to, line[k]);
        }
        fputs(n ? ".\n" : "", to);
    }
    fputs("\n", to);
}

static void put_unsaved(FILE *to, struct arena *arena, const struct tune_result *r)
{
    char told[128], wanted[64];
    if (r->n_unsaved == 0)
        return;
    fputs("### What no setting can save\n\n", to);
    for (int i = 0; i < r->n_unsaved; i++) {
        const struct tune_unsaved *u = &r->unsaved[i];
        const struct claim *c = &r->scenario->claim[u->claim];
        fputs("- ", to);
        put(to, rs_arena_printf(arena, "%s%s%s (%s): %s", c->name, c->ref ? ", " : "",
                                c->ref ? c->ref : "", rs_tune_obstacle_name(u->why),
                                u->text ? u->text : ""));
        if (u->best >= 0 && !isnan(u->near.value))
            put(to, rs_arena_printf(arena, " Nearest: %s, wanted %s.",
                                    rs_claim_estimate_told(told, sizeof told, c, &u->near),
                                    rs_wanted_human(wanted, sizeof wanted, c)));
        fputs("\n", to);
    }
    fputs("\n", to);
}

/* ---- the whole --------------------------------------------------------------------------------------------------------- */

static void put_head(FILE *to, struct arena *arena, const struct tune_result *r)
{
    int n = rs_tune_n_changed(r);
    fputs("<!-- made by rollsim tune -->\n## ", to); /* by its first sign it is known as a report */
    put(to, r->scenario->title ? r->scenario->title : r->scenario->name);
    fputs(": alerts tuned\n\n", to);
    if (r->stopped)
        fputs("**Cut short: this is what was found so far.**\n\n", to);
    if (r->chosen < 0)
        fputs("No setting was chosen. ", to);
    else if (n == 0)
        fputs("Today's setting stays: no other is to be preferred. ", to);
    else
        fprintf(to, "%d of %d parameters change. ", n, r->plan->n_param);
    put(to, rs_arena_printf(arena, "Looked at: %s.%s%s", rs_tune_scope(arena, r),
                            r->chosen_why ? " " : "", r->chosen_why ? r->chosen_why : ""));
    fputs("\n\n", to);
}

int rs_tune_print_markdown(FILE *to, const struct tune_result *r, const struct tune_words *words)
{
    struct arena *arena = rs_arena_new();
    put_head(to, arena, r);
    if (rs_tune_n_changed(r) > 0) {
        put_changes(to, r);
        put_diff(to, words->diff, r->scenario->file);
    }
    if (r->chosen >= 0) {
        fputs("### What it brings, and what it costs\n\n", to);
        put_objectives(to, arena, r);
        put_claims(to, r);
    }
    put(to, rs_tune_proof_text(arena, r));
    fputs("\n\n", to);
    put_sensitivity(to, arena, r);
    put_unsaved(to, arena, r);
    fprintf(to, "### To repeat it\n\n    %s\n", rs_tune_command(arena, r, words, true));
    const char *proof = rs_tune_proof_command(arena, r, words, true);
    if (proof)
        fprintf(to, "\nThe proof alone, with the change in place:\n\n    %s\n", proof);
    rs_arena_free(arena);
    return ferror(to) ? -1 : 0;
}
