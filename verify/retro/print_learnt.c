/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the model should learn: fits beside what was assumed, the check by simulation, the patch. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "print_parts.h"

static const char *value_text(const struct retro_page *p, double x, const char *unit)
{
    char text[64];
    return rs_arena_strdup(p->arena, rs_retro_in_unit(text, sizeof text, x, unit));
}

static const char *measured_text(const struct retro_page *p, const struct retro_parameter *q)
{
    char text[128];
    return rs_arena_strdup(p->arena, rs_retro_range(text, sizeof text,
                                                    (struct retro_range){q->value, q->low, q->high},
                                                    q->unit));
}

static const char *fit_text(const struct retro_page *p, const struct retro_fit *f)
{
    if (!f->test)
        return "not tested";
    return rs_arena_printf(p->arena, "%s, p = %.2g", f->fits ? "yes" : "no", f->p_value);
}

/* A row for the fit, then one for each parameter below it. */
static void fit_rows(const struct retro_page *p, struct text_table *t, const struct retro_fit *f)
{
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", f->name);
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", "");
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", "");
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%" PRIu64, f->n);
    rs_text_table_cell(t, f->fits ? RS_STYLE_PLAIN : RS_STYLE_BAD, "%s", fit_text(p, f));
    for (int k = 0; k < f->n_parameter; k++) {
        const struct retro_parameter *q = &f->parameter[k];
        rs_text_table_cell(t, RS_STYLE_DIM, "  %s", q->name);
        rs_text_table_cell(t, f->placeholder ? RS_STYLE_OPEN : RS_STYLE_PLAIN, "%s%s",
                           value_text(p, q->assumed, q->unit), f->placeholder ? "*" : "");
        rs_text_table_cell(t, RS_STYLE_BOLD, "%s", measured_text(p, q));
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", "");
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", "");
    }
}

static void print_fits(const struct retro_page *p, const struct retro_learnt *l)
{
    static const struct text_column column[] = {{"learnt", .narrowest = 24},
                                                {"assumed", .right = true, .optional = true},
                                                {"measured"},
                                                {"n", .right = true},
                                                {"fits", .optional = true}};
    struct text_table *t = rs_text_table_new((int)(sizeof column / sizeof column[0]), column);
    int n = 0;
    for (int i = 0; i < l->n_fit; i++) {
        if (!l->fit[i].refused) {
            fit_rows(p, t, &l->fit[i]);
            n++;
        }
    }
    if (n > 0)
        rs_retro_page_table(p, t);
    else
        rs_text_table_free(t);
}

/* Fits by the same method and test, told together: "profile likelihood: portal errors, portal latency". */
static bool is_alike(const struct retro_fit *a, const struct retro_fit *b)
{
    return !a->refused && !b->refused &&
           strcmp(a->method ? a->method : "", b->method ? b->method : "") == 0 &&
           strcmp(a->test ? a->test : "", b->test ? b->test : "") == 0;
}

static void print_method(const struct retro_page *p, const struct retro_learnt *l, int i)
{
    const struct retro_fit *f = &l->fit[i];
    const char *names = f->name;
    for (int k = 0; k < i; k++) {
        if (is_alike(&l->fit[k], f))
            return;
    }
    for (int k = i + 1; k < l->n_fit; k++) {
        if (is_alike(f, &l->fit[k]))
            names = rs_arena_printf(p->arena, "%s, %s", names, l->fit[k].name);
    }
    fputs("  ·", p->to);
    rs_text_wrap_on(p->to,
                    rs_arena_printf(p->arena, "%s%s%s: %s", f->method ? f->method : "",
                                    f->method && f->test ? "; " : "", f->test ? f->test : "",
                                    names),
                    3, 4, p->width);
}

static void print_grounds(const struct retro_page *p, const struct retro_learnt *l)
{
    bool placeholder = false;
    for (int i = 0; i < l->n_fit; i++) {
        const struct retro_fit *f = &l->fit[i];
        placeholder = placeholder || (f->placeholder && !f->refused);
        if (!f->refused) {
            print_method(p, l, i);
            continue;
        }
        fputs("  ", p->to);
        rs_text_styled(p->to, RS_STYLE_OPEN, p->colour, "?");
        rs_text_wrap_on(p->to, rs_arena_printf(p->arena, "%s: refused: %s", f->name, f->refused), 3,
                        4, p->width);
    }
    rs_text_wrap(p->to, rs_retro_fit_sources(p->arena, l), 2, p->width);
    if (placeholder)
        rs_text_wrap(p->to, "* a placeholder, replaced by what was measured", 2, p->width);
}

/* The quantity's name has the unit already where that is no time and no share. */
static const char *bare_text(const struct retro_page *p, double x, const char *unit)
{
    bool own = strcmp(unit, "ratio") == 0 || strcmp(unit, "s") == 0;
    return value_text(p, x, own ? unit : "");
}

/* A number that lies outside of an end it is rounded to would seem to lie on it: then all three have more digits. */
static const char *end_text(const struct retro_page *p, const struct retro_predicted *q, double x)
{
    double end = q->seen < q->low ? q->low : q->high;
    bool is_out = q->seen < q->low || q->seen > q->high,
         is_alike = strcmp(bare_text(p, q->seen, q->unit), bare_text(p, end, q->unit)) == 0;
    if (!is_out || !is_alike || !isfinite(x))
        return bare_text(p, x, q->unit);
    if (strcmp(q->unit, "ratio") == 0)
        return rs_arena_printf(p->arena, "%.5g%%", 100.0 * x);
    return rs_arena_printf(p->arena, strcmp(q->unit, "s") == 0 ? "%.6gs" : "%.6g", x);
}

static void
predicted_row(const struct retro_page *p, struct text_table *t, const struct retro_predicted *q)
{
    /* Of one episode there is no need to say which. */
    const char *episode =
        p->r->rebuilt.n_episode > 1 ? rs_retro_episode_name(p->r, q->episode) : NULL;
    bool is_out = q->seen < q->low || q->seen > q->high,
         has_unit = *q->unit && strcmp(bare_text(p, 1, q->unit), value_text(p, 1, q->unit)) != 0 &&
                    !strstr(q->name, q->unit);
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s%s%s", q->name, has_unit ? ", " : "",
                       has_unit ? q->unit : "");
    rs_text_table_cell(t, RS_STYLE_DIM, "%s", episode ? episode : "");
    rs_text_table_cell(t, is_out ? RS_STYLE_BAD : RS_STYLE_PLAIN, "%s%s", is_out ? "✘ " : "",
                       end_text(p, q, q->seen));
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s–%s", end_text(p, q, q->low), end_text(p, q, q->high));
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", bare_text(p, q->median, q->unit));
    if (isnan(q->p_value))
        rs_text_table_cell(t, RS_STYLE_PLAIN, "-");
    else
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%.2g", q->p_value);
    rs_text_table_cell(t, RS_STYLE_DIM, "%" PRIu64, q->n);
}

static void print_predicted(const struct retro_page *p, const struct retro_learnt *l)
{
    static const struct text_column column[] = {{"quantity", .narrowest = 16},
                                                {"episode", .narrowest = 12, .optional = true},
                                                {"seen", .right = true},
                                                {"95% of replicas"},
                                                {"median", .right = true, .optional = true},
                                                {"p", .right = true},
                                                {"n", .right = true}};
    if (l->predict_refused)
        rs_text_wrap(p->to,
                     rs_arena_printf(p->arena, "No check by simulation: %s.", l->predict_refused),
                     2, p->width);
    if (l->n_predicted == 0)
        return;
    struct text_table *t = rs_text_table_new((int)(sizeof column / sizeof column[0]), column);
    for (int i = 0; i < l->n_predicted; i++)
        predicted_row(p, t, &l->predicted[i]);
    rs_retro_page_heading(
        p,
        rs_arena_printf(p->arena, "Does the fitted scenario produce what was seen?%s%s%s",
                        l->fault ? " (fault " : "", l->fault ? l->fault : "", l->fault ? ")" : ""));
    rs_retro_page_table(p, t);
    rs_text_wrap(p->to, "n: replicas in which it came to that, of all that were simulated", 2,
                 p->width);
}

void rs_retro_print_learnt(const struct retro_page *p)
{
    const struct retro_learnt *l = p->r->learnt;
    if (!l)
        return;
    rs_retro_page_heading(p, "What was learnt");
    print_fits(p, l);
    print_grounds(p, l);
    fputc('\n', p->to);
    print_predicted(p, l);
    if (l->predict_refused || l->n_predicted > 0)
        fputc('\n', p->to);
    if (!l->diff)
        return;
    if (*l->diff) {
        rs_retro_page_heading(p, "The patch (--write puts it into the scenario)");
        fprintf(p->to, "%s\n", l->diff);
    } else {
        rs_text_wrap(p->to, "Nothing is to be written into the scenario.", 0, p->width);
        fputc('\n', p->to);
    }
}
