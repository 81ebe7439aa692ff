/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For people: a terminal, and a page to paste into a review. */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "retell_words.h"
#include "sim/clock.h"
#include "text_table.h"

enum { N_ROW = 5 };

static const char *const row_words[N_ROW] = {"incidents caught", "share of such incidents",
                                             "time to detect, median (range)", "false alarms",
                                             "false alarms per day"};

static char *row_text(char *buf, size_t n, int row, const struct retell_score *s, double quiet_days)
{
    switch (row) {
    case 0: return rs_retell_caught(buf, n, s);
    case 1: return rs_retell_share(buf, n, s);
    case 2: return rs_retell_times(buf, n, s);
    case 3: return rs_retell_false(buf, n, s, quiet_days);
    default: return rs_retell_rate(buf, n, s);
    }
}

/* ---- a terminal ---- */

static void print_heading(FILE *to, const struct retell_result *r)
{
    const struct retell *d = r->retell;
    char from[40], until[40], within[32];
    if (d->title) {
        rs_text_tame(to, d->title);
        fputc('\n', to);
    }
    fprintf(to, "recording  %s (%s)\n", d->name, d->file);
    for (int f = 0; f < d->spec.n_file; f++) {
        fprintf(to, "%s %s\n", f == 0 ? "rules     " : "          ", d->spec.file[f]->file);
    }
    fprintf(to, "data       %d series, %" PRIu64 " samples, %s to %s\n", d->spec.data->n_series,
            d->spec.data->n_sample, rs_backtest_time(from, sizeof(from), d->spec.from_ms),
            rs_backtest_time(until, sizeof(until), d->spec.to_ms));
    fprintf(to, "incidents  %d; caught by an alert that begins to fire within %s\n", d->n_incident,
            rs_duration_format(within, sizeof(within), d->within_ms * RS_NS_PER_MS));
    fprintf(to, "settings   %" PRIu64 ", in %" PRIu64 " run%s over the recording\n\n", r->n_setting,
            r->n_run, r->n_run == 1 ? "" : "s");
}

static void print_setting(FILE *to, const struct retell_result *r, int width, bool colour)
{
    static const struct text_column column[] = {{"parameter", .narrowest = 20},
                                                {"what it is", .narrowest = 16, .optional = true},
                                                {"today"},
                                                {"chosen"}};
    const struct tune_plan *plan = r->retell->plan;
    struct text_table *t = rs_text_table_new(4, column);
    for (int i = 0; i < plan->n_param; i++) {
        const struct tune_param *p = &plan->param[i];
        int chosen = r->has_chosen ? r->chosen.value[i] : p->today;
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", p->name);
        rs_text_table_cell(t, RS_STYLE_DIM, "%s", p->what);
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", p->value[p->today].text);
        rs_text_table_cell(t, chosen != p->today ? RS_STYLE_BOLD : RS_STYLE_DIM, "%s",
                           r->has_chosen ? p->value[chosen].text : "-");
    }
    fputs("Settings\n", to);
    rs_text_table_print(t, to, 2, width, colour);
    rs_text_table_free(t);
    fputc('\n', to);
}

static void print_scores(FILE *to, const struct retell_result *r, int part, int width, bool colour)
{
    static const struct text_column column[] = {{"", .narrowest = 0}, {"today"}, {"chosen"}};
    const struct retell_outcome *of[] = {&r->today, &r->chosen};
    struct text_table *t = rs_text_table_new(3, column);
    char buf[128];
    for (int row = 0; row < N_ROW; row++) {
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", row_words[row]);
        for (int k = 0; k < 2; k++) {
            bool there = k == 0 || r->has_chosen;
            rs_text_table_cell(
                t, RS_STYLE_PLAIN, "%s",
                there ? row_text(buf, sizeof(buf), row, &of[k]->part[part], r->quiet_days[part])
                      : "-");
        }
    }
    fputs(part == RS_RETELL_CHOOSE ? "On the part for choosing\n" : "Figures, on the other part\n",
          to);
    rs_text_table_print(t, to, 2, width, colour);
    rs_text_table_free(t);
    fputc('\n', to);
}

static void print_incidents(FILE *to, const struct retell_result *r, int width, bool colour)
{
    static const struct text_column column[] = {{"incident", .narrowest = 16},
                                                {"begins"},
                                                {"part"},
                                                {"today", .narrowest = 16},
                                                {"chosen", .narrowest = 16}};
    const struct retell *d = r->retell;
    struct text_table *t = rs_text_table_new(5, column);
    char buf[192];
    for (int i = 0; i < d->n_incident; i++) {
        const struct retell_incident *in = &d->incident[i];
        bool today = r->today.caught[i].at_ms != RS_NEVER;
        bool chosen = r->has_chosen && r->chosen.caught[i].at_ms != RS_NEVER;
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", in->name);
        rs_text_table_cell(t, RS_STYLE_DIM, "%s", rs_backtest_time(buf, 40, in->from_ms));
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s",
                           r->part_of[i] < 0 ? "neither" : rs_retell_part_words[r->part_of[i]]);
        rs_text_table_cell(t, today ? RS_STYLE_PLAIN : RS_STYLE_BAD, "%s",
                           rs_retell_when(buf, sizeof(buf), in, &r->today.caught[i]));
        rs_text_table_cell(
            t, chosen || !r->has_chosen ? RS_STYLE_PLAIN : RS_STYLE_BAD, "%s",
            r->has_chosen ? rs_retell_when(buf, sizeof(buf), in, &r->chosen.caught[i]) : "-");
    }
    fputs("When which alert caught it, after the beginning\n", to);
    rs_text_table_print(t, to, 2, width, colour);
    rs_text_table_free(t);
    fputc('\n', to);
}

void rs_retell_print(FILE *to, const struct retell_result *r, int width, bool colour)
{
    const char *note[RS_RETELL_NOTES];
    int n = rs_retell_notes(r, note), wrap = width > 0 ? width : 120;
    width = width > 0 ? width : INT_MAX; /* of tables */
    print_heading(to, r);
    print_setting(to, r, width, colour);
    for (int p = 0; p < RS_RETELL_PART_N; p++) {
        print_scores(to, r, p, width, colour);
    }
    print_incidents(to, r, width, colour);
    for (int i = 0; i < n; i++) {
        rs_text_wrap(to, note[i], 0, wrap);
    }
}

/* ---- Markdown ---- */

/* A cell must not end its row. */
static void put_cell(FILE *to, const char *text)
{
    fputs(" ", to);
    for (; *text; text++) {
        fputs(*text == '|' ? "\\|" : *text == '\n' ? " " : (char[]){*text, '\0'}, to);
    }
    fputs(" |", to);
}

static void mark_settings(FILE *to, const struct retell_result *r)
{
    const struct tune_plan *plan = r->retell->plan;
    fputs("| parameter | today | chosen |\n|---|---|---|\n", to);
    for (int i = 0; i < plan->n_param; i++) {
        const struct tune_param *p = &plan->param[i];
        fputs("|", to);
        put_cell(to, p->what);
        put_cell(to, p->value[p->today].text);
        put_cell(to, r->has_chosen ? p->value[r->chosen.value[i]].text : "-");
        fputc('\n', to);
    }
    fputc('\n', to);
}

static void mark_scores(FILE *to, const struct retell_result *r)
{
    const struct retell_outcome *of[] = {&r->today, &r->chosen};
    char buf[128];
    fputs("| | today, choose on | chosen, choose on | today, figures | chosen, figures "
          "|\n|---|---|---|---|---|\n",
          to);
    for (int row = 0; row < N_ROW; row++) {
        fputs("|", to);
        put_cell(to, row_words[row]);
        for (int p = 0; p < RS_RETELL_PART_N; p++) {
            for (int k = 0; k < 2; k++) {
                bool there = k == 0 || r->has_chosen;
                put_cell(to,
                         there ? row_text(buf, sizeof(buf), row, &of[k]->part[p], r->quiet_days[p])
                               : "-");
            }
        }
        fputc('\n', to);
    }
    fputc('\n', to);
}

static void mark_incidents(FILE *to, const struct retell_result *r)
{
    const struct retell *d = r->retell;
    char buf[192];
    fputs("| incident | begins | part | today | chosen |\n|---|---|---|---|---|\n", to);
    for (int i = 0; i < d->n_incident; i++) {
        fputs("|", to);
        put_cell(to, d->incident[i].name);
        put_cell(to, rs_backtest_time(buf, 40, d->incident[i].from_ms));
        put_cell(to, r->part_of[i] < 0 ? "neither" : rs_retell_part_words[r->part_of[i]]);
        put_cell(to, rs_retell_when(buf, sizeof(buf), &d->incident[i], &r->today.caught[i]));
        put_cell(to, r->has_chosen
                         ? rs_retell_when(buf, sizeof(buf), &d->incident[i], &r->chosen.caught[i])
                         : "-");
        fputc('\n', to);
    }
    fputc('\n', to);
}

void rs_retell_print_markdown(FILE *to, const struct retell_result *r)
{
    const char *note[RS_RETELL_NOTES];
    int n = rs_retell_notes(r, note);
    fprintf(to, "## %s\n\n", r->retell->title ? r->retell->title : r->retell->name);
    fprintf(to,
            "%" PRIu64 " settings of the rules were run over the recording; the setting was chosen "
            "on one part, the figures are of the other.\n\n",
            r->n_setting);
    mark_settings(to, r);
    mark_scores(to, r);
    for (int i = 0; i < n; i++) {
        fprintf(to, "- %s\n", note[i]);
    }
    fputs("\nWhen which alert caught what, after its beginning:\n\n", to);
    mark_incidents(to, r);
}
