/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the model should learn: fits beside what was assumed, the check by simulation, the patch. */
#include <inttypes.h>
#include <math.h>

#include "print_parts.h"

static const char *value_text(const struct retro_page *p, double x, const char *unit)
{
    char text[64];
    return rs_arena_strdup(p->arena, rs_retro_in_unit(text, sizeof text, x, unit));
}

/* "84s [55s, 131s]" */
static const char *measured_text(const struct retro_page *p, const struct retro_parameter *q)
{
    const char *best = value_text(p, q->value, q->unit);
    if (isnan(q->low) && isnan(q->high))
        return best;
    return rs_arena_printf(p->arena, "%s [%s, %s]", best, value_text(p, q->low, q->unit),
                           isinf(q->high) ? "no end" : value_text(p, q->high, q->unit));
}

static const char *fit_text(const struct retro_page *p, const struct retro_fit *f)
{
    if (!f->test)
        return "not tested";
    return rs_arena_printf(p->arena, "%s, p = %.2g", f->fits ? "yes" : "no", f->p_value);
}

static void print_fits(const struct retro_page *p, const struct retro_learnt *l)
{
    static const struct text_column column[] = {{"learnt", .narrowest = 14},
                                                {"", .narrowest = 6},
                                                {"assumed", .right = true},
                                                {"measured"},
                                                {"n", .right = true},
                                                {"fits", .optional = true},
                                                {"written to", .narrowest = 14, .optional = true}};
    struct text_table *t = rs_text_table_new((int)(sizeof column / sizeof column[0]), column);
    int n = 0;
    for (int i = 0; i < l->n_fit; i++) {
        const struct retro_fit *f = &l->fit[i];
        for (int k = 0; !f->refused && k < f->n_parameter; k++) {
            const struct retro_parameter *q = &f->parameter[k];
            bool first = k == 0;
            n++;
            rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", first ? f->name : "");
            rs_text_table_cell(t, RS_STYLE_DIM, "%s", q->name);
            rs_text_table_cell(t, f->placeholder ? RS_STYLE_OPEN : RS_STYLE_PLAIN, "%s%s",
                               value_text(p, q->assumed, q->unit), f->placeholder ? "*" : "");
            rs_text_table_cell(t, RS_STYLE_BOLD, "%s", measured_text(p, q));
            if (first)
                rs_text_table_cell(t, RS_STYLE_PLAIN, "%" PRIu64, f->n);
            else
                rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", "");
            rs_text_table_cell(t, f->fits ? RS_STYLE_PLAIN : RS_STYLE_BAD, "%s",
                               first ? fit_text(p, f) : "");
            rs_text_table_cell(t, RS_STYLE_DIM, "%s",
                               !first               ? ""
                               : f->path && f->text ? f->path
                                                    : "nowhere");
        }
    }
    if (n > 0)
        rs_text_table_print(t, p->to, 2, p->width, p->colour);
    rs_text_table_free(t);
}

static void print_grounds(const struct retro_page *p, const struct retro_learnt *l)
{
    bool placeholder = false;
    for (int i = 0; i < l->n_fit; i++) {
        const struct retro_fit *f = &l->fit[i];
        placeholder = placeholder || (f->placeholder && !f->refused);
        if (f->refused) {
            fputs("  ", p->to);
            rs_text_styled(p->to, RS_STYLE_OPEN, p->colour, "?");
            rs_text_wrap_on(p->to,
                            rs_arena_printf(p->arena, "%s: refused: %s", f->name, f->refused), 3, 4,
                            p->width);
        } else {
            rs_text_wrap(p->to,
                         rs_arena_printf(p->arena, "%s: %s%s%s%s%s.", f->name,
                                         f->method ? f->method : "", f->source ? ", from " : "",
                                         f->source ? f->source : "", f->test ? "; " : "",
                                         f->test ? f->test : ""),
                         2, p->width);
        }
    }
    if (placeholder)
        rs_text_wrap(p->to, "* a placeholder, replaced by what was measured", 2, p->width);
}

static void print_predicted(const struct retro_page *p, const struct retro_learnt *l)
{
    static const struct text_column column[] = {
        {"quantity", .narrowest = 14}, {"episode", .narrowest = 8, .optional = true},
        {"seen", .right = true},       {"95% of replicas"},
        {"median", .right = true},     {"p", .right = true},
        {"n", .right = true}};
    if (l->predict_refused)
        rs_text_wrap(p->to,
                     rs_arena_printf(p->arena, "No check by simulation: %s.", l->predict_refused),
                     2, p->width);
    if (l->n_predicted == 0)
        return;
    struct text_table *t = rs_text_table_new((int)(sizeof column / sizeof column[0]), column);
    for (int i = 0; i < l->n_predicted; i++) {
        const struct retro_predicted *q = &l->predicted[i];
        const char *episode = rs_retro_episode_name(p->r, q->episode);
        bool is_out = q->seen < q->low || q->seen > q->high;
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", q->name);
        rs_text_table_cell(t, RS_STYLE_DIM, "%s", episode ? episode : "");
        rs_text_table_cell(t, is_out ? RS_STYLE_BAD : RS_STYLE_PLAIN, "%s%s", is_out ? "✘ " : "",
                           value_text(p, q->seen, q->unit));
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s–%s", value_text(p, q->low, q->unit),
                           value_text(p, q->high, q->unit));
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", value_text(p, q->median, q->unit));
        if (isnan(q->p_value))
            rs_text_table_cell(t, RS_STYLE_PLAIN, "-");
        else
            rs_text_table_cell(t, RS_STYLE_PLAIN, "%.2g", q->p_value);
        rs_text_table_cell(t, RS_STYLE_DIM, "%" PRIu64, q->n);
    }
    rs_retro_page_heading(
        p,
        rs_arena_printf(p->arena, "Does the fitted scenario produce what was seen?%s%s%s",
                        l->fault ? " (fault " : "", l->fault ? l->fault : "", l->fault ? ")" : ""));
    rs_text_table_print(t, p->to, 2, p->width, p->colour);
    rs_text_table_free(t);
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
