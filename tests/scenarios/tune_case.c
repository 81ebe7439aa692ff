/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tune_case.h"

#include <stdlib.h>
#include <string.h>

#define FOLDER RS_SOURCE_DIR "/tests/golden/good/"
const char tune_case_path[] = FOLDER "minimal.yaml";

static const char objectives[] = "\n  minimise: [{false_rollback: true}]\n";

static void put(char *text, const char *from, const char *to)
{
    char *at = strstr(text, from);
    size_t n_from = strlen(from), n_to = strlen(to);
    if (at) {
        memmove(at + n_to, at + n_from, strlen(at + n_from) + 1);
        memcpy(at, to, n_to);
    }
}

struct scenario *tune_case_load(const struct tune_case *c, struct err_list *errors)
{
    char *text = c->scenario ? rs_xstrdup(c->scenario) : changed_text(NULL, NULL);
    size_t n = strlen(text), room = n + 65536;
    char *whole = rs_xcalloc(room, 1);
    if (c->rules && !c->scenario) { /* of rules that may not be there */
        put(text, "trigger: job:errors:ratio > 0.01", "trigger: http_requests_total > 0.01");
        put(text, "      alerts: [Errors]\n", "");
    }
    if (c->tune) {
        snprintf(whole, room, "%s\ntune:\n%s", text, c->tune);
    } else if (c->parameters) {
        snprintf(whole, room, "%s\ntune:\n  parameters:\n%s%s", text, c->parameters, objectives);
    } else {
        snprintf(whole, room, "%s", text);
    }
    struct text_override o[3] = {{tune_case_path, whole, strlen(whole)}};
    int n_o = 1;
    if (c->rules) {
        o[n_o++] = (struct text_override){FOLDER "rules.yml", c->rules, strlen(c->rules)};
    }
    if (c->am) {
        o[n_o++] = (struct text_override){FOLDER "am.yml", c->am, strlen(c->am)};
    }
    struct scenario *sc = rs_scenario_load_texts(tune_case_path, NULL, 0, o, n_o, errors);
    free(whole);
    free(text);
    return sc;
}

struct scenario *tune_case_loaded(const struct tune_case *c)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc = tune_case_load(c, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(sc);
    rs_err_list_clear(&errors);
    return sc;
}

/* The old text, in which `from` stands once, with `to` in its place. */
void tune_case_expect(const struct tune_plan *plan,
                      const uint16_t *value,
                      const char *from,
                      const char *to)
{
    const struct tune_file *f = &plan->file[0];
    const char *at = strstr(f->text, from);
    ck_assert_msg(at, "\"%s\" is not in the file", from);
    ck_assert_msg(!strstr(at + 1, from), "\"%s\" is twice in the file", from);
    size_t n = 0, room = f->n_text + strlen(to) + 1;
    char *got = rs_tune_file_text(plan, 0, value, &n), *want = rs_xcalloc(room, 1);
    snprintf(want, room, "%.*s%s%s", (int)(at - f->text), f->text, to, at + strlen(from));
    ck_assert_str_eq(got, want);
    ck_assert_uint_eq(n, strlen(want));
    free(got);
    free(want);
}
