/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rollsim check for people. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../report_words.h"
#include "../text_table.h"
#include "check_words.h"
#include "models/judge.h"
#include "sim/arena.h"

#define INDENT 4

static const char *plural(int n)
{
    return n == 1 ? "" : "s";
}

static int at_least_60(int width)
{
    return width < 60 ? 60 : width;
}

static enum text_style severity_style(enum severity s)
{
    return s == RS_SEVERITY_ERROR ? RS_STYLE_BAD : RS_STYLE_OPEN;
}

/* ---- what the scenario holds ----------------------------------------------------------------------------------------- */

void rs_check_holds(struct check_holding out[RS_N_HOLDING], const struct scenario *sc)
{
    const struct check_holding all[RS_N_HOLDING] = {
        {"service", "services", sc->n_service},
        {"flag", "flags", sc->n_flag},
        {"fault", "faults", sc->n_fault},
        {"stage", "stages", sc->response.n_stage},
        {"procedure", "procedures", sc->response.n_procedure},
        {"role", "roles", sc->response.n_role},
        {"rule file", "rule files", sc->monitoring.n_rule_file},
        {"claim", "claims", sc->n_claim},
    };
    memcpy(out, all, sizeof all);
}

static void print_holds(FILE *to, const struct check_report *r, int width)
{
    struct check_holding holding[RS_N_HOLDING];
    char text[512];
    int n = snprintf(text, sizeof text, "%.200s: scenario is well-formed:", r->file);
    rs_check_holds(holding, r->scenario);
    for (int i = 0; i < RS_N_HOLDING; i++) {
        const struct check_holding *h = &holding[i];
        n += snprintf(text + n, sizeof text - (size_t)n, "%s %d %s", i ? "," : "", h->n,
                      h->n == 1 ? h->one : h->many);
    }
    rs_text_wrap_on(to, text, 0, 0, width);
}

/* ---- notes ----------------------------------------------------------------------------------------------------------- */

void rs_check_each_note(const struct scenario *sc,
                        void (*fn)(void *ctx, const struct note *note),
                        void *ctx)
{
    const struct monitoring *m = &sc->monitoring;
    for (int i = 0; i < m->n_rule_file; i++) {
        for (int j = 0; j < m->rule_file[i]->n_note; j++)
            fn(ctx, &m->rule_file[i]->note[j]);
    }
    const struct response *r = &sc->response;
    for (int i = 0; i < r->n_judge; i++) {
        for (int j = 0; j < r->judge[i].n_note; j++)
            fn(ctx, &r->judge[i].note[j]);
    }
    const struct am_config *am = m->alertmanager;
    for (int i = 0; am && i < am->n_note; i++)
        fn(ctx, &am->note[i]);
    for (int i = 0; am && i < am->n_receiver; i++) {
        if (am->receiver[i].n_integration == 0) {
            const struct note note = {am->receiver[i].at,
                                      "without integrations: a channel of a scenario is told "
                                      "through it all the same"};
            fn(ctx, &note);
            return; /* one word for all of them */
        }
    }
}

struct page {
    FILE *to;
    int width;
    bool colour;
};

/* "file:line:col: severity: text", which the lines below continue. */
static void print_placed(const struct page *p,
                         struct mark at,
                         enum text_style style,
                         const char *severity,
                         const char *text)
{
    char place[400];
    if (at.line > 0)
        snprintf(place, sizeof place, "%s:%d:%d: ", at.file, at.line, at.col);
    else
        snprintf(place, sizeof place, "%s: ", at.file ? at.file : "rollsim");
    rs_text_tame(p->to, place);
    rs_text_styled(p->to, style, p->colour, severity);
    fputc(':', p->to);
    rs_text_wrap_on(p->to, text, rs_text_width(place) + rs_text_width(severity) + 1, INDENT,
                    p->width);
}

static void print_note(void *ctx, const struct note *note)
{
    print_placed(ctx, note->at, RS_STYLE_DIM, "note", note->text);
}

static void print_pointer(FILE *to, const struct check_report *r)
{
    const struct monitoring *m = &r->scenario->monitoring;
    if (!r->rules || r->rules->n_finding == 0)
        return;
    int n_warning = r->rules->n_warning, n_note = r->rules->n_finding - n_warning;
    fprintf(to, /* not wrapped: the command is there to be copied */
            "%d warning%s and %d note%s on the rules: rollsim rules check", n_warning,
            plural(n_warning), n_note, plural(n_note));
    for (int i = 0; i < m->n_rule_file; i++)
        fprintf(to, " %s", m->rule_file[i]->file);
    fprintf(to, "%s%s\n", m->alertmanager ? " " : "", m->alertmanager ? m->alertmanager->file : "");
}

/* ---- findings -------------------------------------------------------------------------------------------------------- */

static bool ends_in(const char *text, const char *ending)
{
    size_t n = strlen(text), m = strlen(ending);
    return n > m && strcmp(text + n - m, ending) == 0;
}

/* The name as words, its unit moved to the number: "window_s", 300 -> "window 5m". */
char *rs_evidence_human(char *buf, size_t n, const struct evidence *e)
{
    char name[64], value[64];
    double x = e->value;
    bool per_s = ends_in(e->name, "_per_s"), seconds = !per_s && ends_in(e->name, "_s");
    bool ratio = strncmp(e->name, "p_", 2) == 0 || ends_in(e->name, "_ratio");
    const char *head = strncmp(e->name, "n_", 2) == 0 ? e->name + 2 : e->name;
    size_t n_name = strlen(head) - (per_s ? 6 : seconds ? 2 : 0);
    snprintf(name, sizeof name, "%.*s", (int)n_name, head);
    for (char *c = name; *c; c++)
        *c = *c == '_' ? ' ' : *c;
    if (e->text)
        snprintf(value, sizeof value, "%s", "");
    else if (seconds)
        rs_seconds_human(value, sizeof value, x);
    else if (ratio && (x == 0.0 || fabs(x) >= 1e-6))
        rs_percent_human(value, sizeof value, x);
    else if (isinf(x))
        snprintf(value, sizeof value, "without end");
    else
        snprintf(value, sizeof value,
                 (x == floor(x) || fabs(x) >= 1000.0) && fabs(x) < 1e15 ? "%.0f%s" : "%.3g%s", x,
                 per_s ? "/s" : "");
    snprintf(buf, n, "%s%s%s", name, e->text ? ": " : " ", e->text ? e->text : value);
    return buf;
}

static void print_labelled(const struct page *p, const char *label, const char *text)
{
    fprintf(p->to, "%*s", INDENT, "");
    rs_text_styled(p->to, RS_STYLE_DIM, p->colour, label);
    rs_text_wrap_on(p->to, text, INDENT + rs_text_width(label), INDENT + 2, p->width);
}

#define LONG_WORDS 40 /* a condition, not a name: it gets a line of its own */

static bool is_long(const struct evidence *e)
{
    return e->text && rs_text_width(e->text) > LONG_WORDS;
}

static void print_evidence(const struct page *p, const struct finding *f)
{
    char *text = NULL, one[1024];
    size_t n;
    bool any = false;
    FILE *to = open_memstream(&text, &n);
    for (int i = 0; i < f->n_evidence; i++) {
        if (is_long(&f->evidence[i]))
            continue;
        fprintf(to, "%s%s", any ? "; " : "", rs_evidence_human(one, sizeof one, &f->evidence[i]));
        any = true;
    }
    fclose(to);
    if (any)
        print_labelled(p, "evidence:", text);
    free(text);
    for (int i = 0; i < f->n_evidence; i++) {
        const struct evidence *e = &f->evidence[i];
        if (!is_long(e))
            continue;
        struct evidence name = {.name = e->name, .text = ""};
        rs_evidence_human(one, sizeof one, &name);
        one[strlen(one) - 1] = '\0'; /* "name: " ends in a space */
        print_labelled(p, one, e->text);
    }
}

static void print_finding(const struct page *p, const struct finding *f)
{
    char *text = NULL, about[300];
    size_t n;
    FILE *to = open_memstream(&text, &n);
    fprintf(to, "%s [%s]", f->text, f->code->name);
    fclose(to);
    enum severity s = f->code->severity;
    print_placed(p, f->at, severity_style(s), rs_severity_name(s), text);
    free(text);
    snprintf(about, sizeof about, "%s%s%s", f->about ? f->about : "",
             f->about && f->ref ? ", " : "", f->ref ? f->ref : "");
    if (*about)
        print_labelled(p, "in:", about);
    print_evidence(p, f);
    print_labelled(p, "mend:", f->mend);
}

static void print_count(FILE *to, const struct findings *f, int width)
{
    char text[256];
    if (f->n == 0)
        snprintf(text, sizeof text, "No holes were found in the runbook.");
    else
        snprintf(text, sizeof text,
                 "%d error%s and %d warning%s in the runbook; rollsim check --explain CODE tells "
                 "more of each (docs/findings/)",
                 f->n_error, plural(f->n_error), f->n_warning, plural(f->n_warning));
    rs_text_wrap_on(to, text, 0, 0, width);
}

void rs_check_print_text(FILE *to, const struct check_report *r, int width, bool colour)
{
    struct page page = {.to = to, .width = at_least_60(width), .colour = colour};
    print_holds(to, r, page.width);
    for (int i = 0; i < r->findings->n; i++) {
        fputc('\n', to);
        print_finding(&page, &r->findings->item[i]);
    }
    if (r->findings->n > 0)
        fputc('\n', to);
    rs_check_each_note(r->scenario, print_note, &page);
    print_pointer(to, r);
    print_count(to, r->findings, page.width);
}

/* ---- codes ----------------------------------------------------------------------------------------------------------- */

void rs_finding_codes_print(FILE *to, int width, bool colour)
{
    static const struct text_column column[] = {{"code"}, {"severity"}, {"what", .narrowest = 20}};
    struct text_table *t = rs_text_table_new(3, column);
    for (const struct finding_code *c = rs_finding_codes; c->name; c++) {
        rs_text_table_cell(t, RS_STYLE_BOLD, "%s", c->name);
        rs_text_table_cell(t, severity_style(c->severity), "%s", rs_severity_name(c->severity));
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", c->summary);
    }
    rs_text_table_print(t, to, 0, at_least_60(width), colour);
    rs_text_table_free(t);
}
