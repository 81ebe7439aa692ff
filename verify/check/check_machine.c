/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rollsim check for machines: JSON and SARIF. */
#include <math.h>
#include <stdlib.h>

#include "../machine.h"
#include "../sarif.h"
#include "check_words.h"

/* A number that has no end is told as a word: JSON has none for it, and null would be "not known". */
static json_t *evidence_value(const struct evidence *e)
{
    if (e->text)
        return rs_json_text(e->text);
    return isinf(e->value) ? rs_json_text("infinite") : rs_json_real(e->value);
}

static json_t *evidence_object(const struct finding *f)
{
    json_t *all = json_object();
    for (int i = 0; i < f->n_evidence; i++)
        rs_json_set(all, f->evidence[i].name, evidence_value(&f->evidence[i]));
    return all;
}

static json_t *finding_row(const struct finding *f)
{
    json_t *row = json_object();
    rs_json_set(row, "code", rs_json_text(f->code->name));
    rs_json_set(row, "severity", rs_json_text(rs_severity_name(f->code->severity)));
    rs_json_set(row, "file", rs_json_text(f->at.file));
    rs_json_set(row, "line", json_integer(f->at.line));
    rs_json_set(row, "column", json_integer(f->at.col));
    rs_json_set(row, "ref", rs_json_text(f->ref));
    rs_json_set(row, "about", rs_json_text(f->about));
    rs_json_set(row, "text", rs_json_text(f->text));
    rs_json_set(row, "evidence", evidence_object(f));
    rs_json_set(row, "mend", rs_json_text(f->mend));
    return row;
}

static void add_note(void *ctx, const struct note *note)
{
    json_t *row = json_object();
    rs_json_set(row, "file", rs_json_text(note->at.file));
    rs_json_set(row, "line", json_integer(note->at.line));
    rs_json_set(row, "column", json_integer(note->at.col));
    rs_json_set(row, "text", rs_json_text(note->text));
    rs_json_add(ctx, row);
}

static json_t *rule_counts(const struct rule_check *rules)
{
    json_t *counts = json_object();
    rs_json_set(counts, "warnings", json_integer(rules->n_warning));
    rs_json_set(counts, "notes", json_integer(rules->n_finding - rules->n_warning));
    return counts;
}

static void set_scenario(json_t *root, const struct check_report *r)
{
    struct check_holding holding[RS_N_HOLDING];
    json_t *holds = json_object(), *notes = json_array(), *findings = json_array();
    rs_check_holds(holding, r->scenario);
    for (int i = 0; i < RS_N_HOLDING; i++)
        rs_json_set(holds, holding[i].many, json_integer(holding[i].n));
    rs_check_each_note(r->scenario, add_note, notes);
    for (int i = 0; i < r->findings->n; i++)
        rs_json_add(findings, finding_row(&r->findings->item[i]));
    rs_json_set(root, "name", rs_json_text(r->scenario->name));
    rs_json_set(root, "sha256", rs_json_text(r->scenario->sha256));
    rs_json_set(root, "holds", holds);
    rs_json_set(root, "notes", notes);
    rs_json_set(root, "findings", findings);
    rs_json_set(root, "n_error", json_integer(r->findings->n_error));
    rs_json_set(root, "n_warning", json_integer(r->findings->n_warning));
    if (r->rules)
        rs_json_set(root, "rules", rule_counts(r->rules));
}

int rs_check_print_json(FILE *to, const struct check_report *r)
{
    json_t *root = json_object();
    rs_json_set(root, "rollsim_version", rs_json_text(RS_VERSION));
    rs_json_set(root, "file", rs_json_text(r->file));
    rs_json_set(root, "well_formed", json_boolean(r->scenario != NULL));
    rs_json_set(root, "exit_status", json_integer(r->exit_status));
    rs_json_set(root, "errors", rs_json_errors(r->errors));
    if (r->scenario)
        set_scenario(root, r);
    return rs_json_print(to, root);
}

/* ---- SARIF ----------------------------------------------------------------------------------------------------------- */

static enum sarif_level level_of(enum severity s)
{
    return s == RS_SEVERITY_ERROR ? RS_SARIF_ERROR : RS_SARIF_WARNING;
}

/* Mending may move the line; the code and the element stay, and readers match yesterday's result by them. */
static void set_fingerprint(json_t *result, const struct finding *f)
{
    json_t *prints = json_object();
    rs_json_set(prints, "codeAndElement/v1",
                rs_json_printf("%s %s", f->code->name, f->about ? f->about : ""));
    rs_json_set(result, "partialFingerprints", prints);
}

static void add_result(struct sarif *s, const struct finding *f)
{
    enum sarif_level level = level_of(f->code->severity);
    int rule =
        rs_sarif_rule(s, f->code->name, level, f->code->summary, rs_finding_page(f->code->name));
    json_t *message = rs_json_printf("%s%s%s%s. Mend: %s.", f->text, f->ref ? " (" : "",
                                     f->ref ? f->ref : "", f->ref ? ")" : "", f->mend);
    json_t *result = rs_sarif_result(s, rule, level, f->at, message);
    json_t *property = json_object();
    rs_json_set(property, "about", rs_json_text(f->about));
    rs_json_set(property, "evidence", evidence_object(f));
    rs_json_set(property, "mend", rs_json_text(f->mend));
    rs_json_set(property, "ref", rs_json_text(f->ref));
    rs_json_set(result, "properties", property);
    set_fingerprint(result, f);
}

int rs_check_print_sarif(FILE *to, const struct check_report *r)
{
    struct sarif s;
    json_t *property = json_object();
    rs_sarif_init(&s);
    rs_sarif_errors(&s, r->errors);
    for (int i = 0; r->findings && i < r->findings->n; i++)
        add_result(&s, &r->findings->item[i]);
    if (r->scenario) {
        rs_json_set(property, "scenario", rs_json_text(r->scenario->name));
        rs_json_set(property, "sha256", rs_json_text(r->scenario->sha256));
    }
    return rs_sarif_print(to, &s, r->scenario != NULL, r->exit_status, property);
}
