/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was turned, and the Pareto front as a table: as many columns side by side as there is room for, the others below. */
#include <math.h>
#include <stdlib.h>

#include "report_words.h"
#include "text_table.h"
#include "tune/print_parts.h"

#define MAX_ROW 20   /* of the front on a terminal; the record has them all */
#define MAX_PANEL 14 /* columns side by side */
#define HEAD_NARROWEST 20

static void heading(FILE *to, bool colour, const char *text)
{
    rs_text_styled(to, RS_STYLE_BOLD, colour, text);
    fputc('\n', to);
}

/* ---- parameters -------------------------------------------------------------------------------------------------------- */

/* "0s 1m 2m", or the ends of many: "0s ... 10m (21)". */
static const char *values_text(struct arena *arena, const struct tune_param *p)
{
    if (p->n_value > 6)
        return rs_arena_printf(arena, "%s … %s (%d)", p->value[0].text,
                               p->value[p->n_value - 1].text, p->n_value);
    const char *text = p->value[0].text;
    for (int i = 1; i < p->n_value; i++)
        text = rs_arena_printf(arena, "%s %s", text, p->value[i].text);
    return text;
}

void rs_tune_print_parameters(FILE *to, const struct tune_result *r, int width, bool colour)
{
    static const struct text_column column[] = {
        {"parameter", .narrowest = 12}, {"what", .narrowest = 12},  {"ref", .optional = true},
        {"today", .narrowest = 8},      {"chosen", .narrowest = 8}, {"tried", .narrowest = 12},
    };
    struct arena *arena = rs_arena_new();
    struct text_table *t = rs_text_table_new((int)(sizeof column / sizeof column[0]), column);
    for (int i = 0; i < r->plan->n_param; i++) {
        const struct tune_param *p = &r->plan->param[i];
        int chosen = r->chosen < 0 ? -1 : r->point[r->chosen].value[i];
        bool moves = chosen >= 0 && chosen != p->today;
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", p->name);
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", p->what);
        rs_text_table_cell(t, RS_STYLE_DIM, "%s", p->ref ? p->ref : "");
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", p->value[p->today].text);
        rs_text_table_cell(t, moves ? RS_STYLE_BOLD : RS_STYLE_PLAIN, "%s%s", moves ? "→ " : "",
                           chosen < 0 ? ""
                           : moves    ? p->value[chosen].text
                                      : "=");
        rs_text_table_cell(t, RS_STYLE_DIM, "%s", values_text(arena, p));
    }
    heading(to, colour, "What was turned");
    rs_text_table_print(t, to, 2, width, colour);
    fputc('\n', to);
    rs_text_table_free(t);
    rs_arena_free(arena);
}

/* ---- the rows of the front --------------------------------------------------------------------------------------------- */

static double key_of(const struct tune_result *r, int point)
{
    const struct tune_estimate *e = r->point[point].objective;
    return e && r->plan->n_objective > 0 && !isnan(e[0].value) ? e[0].value : (double)INFINITY;
}

/* By the first objective, then by number; insertion, for there are few that move. */
static void sort_rows(const struct tune_result *r, int *point, int n)
{
    for (int i = 1; i < n; i++) {
        int p = point[i], k = i;
        for (; k > 0 && key_of(r, point[k - 1]) > key_of(r, p); k--)
            point[k] = point[k - 1];
        point[k] = p;
    }
}

static bool is_marked(const struct tune_result *r, int point)
{
    return point == r->today || point == r->chosen;
}

/*
 * Leaves `cap` rows: the marked ones, and of the others as many as there is room for: cut along the first objective into parts of
 * like number, the one of each part that most replicas speak of.
 */
static int thin(const struct tune_result *r, int *point, int n, int cap)
{
    int n_marked = 0, out = 0, seen = 0, best = -1;
    for (int i = 0; i < n; i++)
        n_marked += is_marked(r, point[i]);
    int room = cap - n_marked, n_other = n - n_marked;
    for (int i = 0; i < n; i++) {
        int p = point[i];
        if (is_marked(r, p)) {
            point[out++] = p;
            continue;
        }
        best = best < 0 || r->point[p].n_replica > r->point[best].n_replica ? p : best;
        bool ends = (seen + 1) * room / n_other > seen * room / n_other;
        seen++;
        if (ends) {
            point[out++] = best;
            best = -1;
        }
    }
    sort_rows(r, point, out); /* a marked one may lie behind the one that its part chose */
    return out;
}

struct front_rows rs_tune_front_rows(struct arena *arena, const struct tune_result *r, int cap)
{
    struct front_rows rows = {.point = RS_ARENA_ARRAY(arena, int, r->n_point + 1)};
    for (int i = 0; i < r->n_point; i++) {
        bool front = r->point[i].state == RS_POINT_FRONT;
        rows.n_front += front;
        if (front || is_marked(r, i))
            rows.point[rows.n++] = i;
    }
    sort_rows(r, rows.point, rows.n);
    if (rows.n > cap) {
        int n = thin(r, rows.point, rows.n, cap);
        rows.n_hidden = rows.n - n;
        rows.n = n;
    }
    return rows;
}

/* ---- panels ------------------------------------------------------------------------------------------------------------ */

struct panel_column {
    const char *head;
    const char **cell; /* [rows] */
    int width;
};

static void measure(struct panel_column *c, int n_row)
{
    int head = rs_text_width(c->head);
    for (int i = 0; i < n_row; i++) {
        int w = rs_text_width(c->cell[i]);
        c->width = w > c->width ? w : c->width;
    }
    int least = c->width > HEAD_NARROWEST ? c->width : HEAD_NARROWEST;
    c->width = head > c->width ? (head < least ? head : least) : c->width;
}

/* Parameters that are not the same in every row, then the objectives. */
static int make_columns(struct panel_column *out,
                        struct arena *arena,
                        const struct tune_result *r,
                        const struct front_rows *rows)
{
    int n = 0;
    char told[128];
    for (int i = 0; i < r->plan->n_param; i++) {
        const struct tune_param *p = &r->plan->param[i];
        struct panel_column c = {p->name, RS_ARENA_ARRAY(arena, const char *, rows->n), 0};
        bool varies = false;
        for (int k = 0; k < rows->n; k++) {
            const uint16_t *value = r->point[rows->point[k]].value;
            varies = varies || value[i] != r->point[rows->point[0]].value[i];
            c.cell[k] = p->value[value[i]].text;
        }
        if (varies)
            out[n++] = c;
    }
    for (int i = 0; i < r->plan->n_objective; i++) {
        const struct tune_objective *o = &r->plan->objective[i];
        struct panel_column c = {rs_objective_head(arena, o),
                                 RS_ARENA_ARRAY(arena, const char *, rows->n), 0};
        for (int k = 0; k < rows->n; k++) {
            const struct tune_estimate *e = r->point[rows->point[k]].objective;
            c.cell[k] =
                e ? rs_arena_strdup(arena, rs_tune_estimate_told(told, sizeof told, o, &e[i]))
                  : "-";
        }
        out[n++] = c;
    }
    for (int i = 0; i < n; i++)
        measure(&out[i], rows->n);
    return n;
}

static const char *row_name(struct arena *arena, const struct tune_result *r, int point)
{
    const char *mark = rs_point_mark(r, point);
    enum tune_state state = r->point[point].state;
    return rs_arena_printf(arena, "#%d%s%s%s%s%s", point, *mark ? " " : "", mark,
                           state == RS_POINT_FRONT ? "" : " (",
                           state == RS_POINT_FRONT ? "" : rs_tune_state_name(state),
                           state == RS_POINT_FRONT ? "" : ")");
}

static enum text_style row_style(const struct tune_result *r, int point)
{
    return point == r->chosen ? RS_STYLE_GOOD : point == r->today ? RS_STYLE_BOLD : RS_STYLE_PLAIN;
}

static void print_panel(FILE *to,
                        struct arena *arena,
                        const struct tune_result *r,
                        const struct front_rows *rows,
                        const struct panel_column *c,
                        int n,
                        int width,
                        bool colour)
{
    struct text_column column[MAX_PANEL + 1] = {{"setting"}};
    for (int i = 0; i < n; i++)
        column[i + 1] = (struct text_column){c[i].head, .narrowest = c[i].width};
    struct text_table *t = rs_text_table_new(n + 1, column);
    for (int k = 0; k < rows->n; k++) {
        enum text_style style = row_style(r, rows->point[k]);
        rs_text_table_cell(t, style, "%s", row_name(arena, r, rows->point[k]));
        for (int i = 0; i < n; i++)
            rs_text_table_cell(t, style, "%s", c[i].cell[k]);
    }
    rs_text_table_print(t, to, 2, width, colour);
    rs_text_table_free(t);
}

/* How the settings fared that were looked at, and by which claim most were excluded. */
static void print_states(FILE *to, struct arena *arena, const struct tune_result *r, int width)
{
    int n[RS_POINT_STATE_N] = {0}, most = -1;
    int *broken = RS_ARENA_ARRAY(arena, int, r->scenario->n_claim + 1);
    for (int i = 0; i < r->n_point; i++) {
        const struct tune_point *p = &r->point[i];
        n[p->state]++;
        if (p->state == RS_POINT_EXCLUDED && p->breaks >= 0) {
            broken[p->breaks]++;
            most = most < 0 || broken[p->breaks] > broken[most] ? p->breaks : most;
        }
    }
    const char *text = rs_arena_printf(arena, "Of %d looked at", r->n_point);
    if (n[RS_POINT_DOMINATED] > 0)
        text = rs_arena_printf(arena, "%s, %d %s worse in everything than another", text,
                               n[RS_POINT_DOMINATED], n[RS_POINT_DOMINATED] > 1 ? "are" : "is");
    if (n[RS_POINT_EXCLUDED] > 0)
        text = rs_arena_printf(
            arena, "%s, %d break%s a claim that another keeps%s%s%s", text, n[RS_POINT_EXCLUDED],
            n[RS_POINT_EXCLUDED] > 1 ? "" : "s", most >= 0 ? " (mostly " : "",
            most >= 0 ? r->scenario->claim[most].name : "", most >= 0 ? ")" : "");
    if (n[RS_POINT_ILLEGAL] > 0)
        text = rs_arena_printf(arena, "%s, %d make%s no legal scenario", text, n[RS_POINT_ILLEGAL],
                               n[RS_POINT_ILLEGAL] > 1 ? "" : "s");
    if (r->n_point > n[RS_POINT_FRONT])
        rs_text_wrap(to, rs_arena_printf(arena, "%s.", text), 2, width);
}

void rs_tune_print_front(FILE *to, const struct tune_result *r, int width, bool colour)
{
    struct arena *arena = rs_arena_new();
    struct front_rows rows = rs_tune_front_rows(arena, r, MAX_ROW);
    struct panel_column *c =
        RS_ARENA_ARRAY(arena, struct panel_column, r->plan->n_param + r->plan->n_objective + 1);
    int n = make_columns(c, arena, r, &rows), first = 0, room = width - 2;
    char percent[32];
    for (int k = 0; k < rows.n; k++) {
        int w = rs_text_width(row_name(arena, r, rows.point[k]));
        first = w > first ? w : first;
    }
    heading(to, colour,
            rows.n_front == 1 ? "The front: one setting"
                              : rs_arena_printf(arena, "The front: %d settings", rows.n_front));
    for (int from = 0, until; from < n; from = until) {
        int used = first;
        for (until = from; until < n && until - from < MAX_PANEL; until++) {
            used += 2 + c[until].width;
            if (used > room && until > from)
                break;
        }
        if (from > 0)
            fputc('\n', to);
        print_panel(to, arena, r, &rows, c + from, until - from, width, colour);
    }
    if (rows.n_hidden > 0)
        rs_text_wrap(to,
                     rs_arena_printf(arena, "%d more lie between these; the record (-o) has them.",
                                     rows.n_hidden),
                     2, width);
    print_states(to, arena, r, width);
    rs_text_wrap(to,
                 rs_arena_printf(arena,
                                 "No setting was shown to be better in everything than one of the "
                                 "front. All intervals hold together at %s.",
                                 rs_percent_human(percent, sizeof percent, r->plan->confidence)),
                 2, width);
    fputc('\n', to);
    rs_arena_free(arena);
}
