/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenario_args.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "scenarios/load.h"
#include "verify/claim.h"
#include "verify/report.h"

/* "SERVICE=FILE" or "SERVICE/COHORT=FILE", cut in a copy that the caller frees. The option parser has seen the '='. */
static char *cut_override(struct traffic_override *out, const char *text)
{
    char *copy = rs_xstrdup(text);
    char *equals = strchr(copy, '=');
    assert(equals);
    *equals = '\0';
    char *slash = strchr(copy, '/');
    if (slash) {
        *slash = '\0';
    }
    *out = (struct traffic_override){
        .service = copy, .cohort = slash ? slash + 1 : NULL, .file = equals + 1};
    return copy;
}

void rs_args_overrides(struct traffic_override *out, char **out_copy, const struct cli_args *args)
{
    for (int i = 0; i < args->n_traffic; i++) {
        out_copy[i] = cut_override(&out[i], args->traffic[i]);
    }
}

void rs_args_overrides_free(char **copy, const struct cli_args *args)
{
    for (int i = 0; i < args->n_traffic; i++) {
        free(copy[i]);
    }
}

int rs_args_no_record(const char *file, struct err *err)
{
    static const char head[16] = "SQLite format 3"; /* sqlite.org/fileformat.html, 1.3.1 */
    char got[sizeof head] = {0};
    struct stat about;
    if (stat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
        return 0;
    }
    FILE *from = fopen(file, "rb");
    if (!from) {
        return 0;
    }
    size_t n = fread(got, 1, sizeof got, from);
    fclose(from);
    if (n < sizeof got || memcmp(got, head, sizeof got) != 0) {
        return 0;
    }
    return rs_err_set(err, RS_E_USAGE, "%s: this is a record of a run; rollsim plot reads it",
                      file);
}

struct scenario *rs_args_scenario_load(const struct cli_args *args, struct err_list *errors)
{
    struct err err = {0};
    if (rs_args_no_record(args->operand[0], &err)) {
        rs_err_list_push(errors, &err);
        return NULL;
    }
    struct traffic_override override[RS_MAX_TRAFFIC];
    char *copy[RS_MAX_TRAFFIC];
    rs_args_overrides(override, copy, args);
    struct scenario *sc =
        rs_scenario_load_with(args->operand[0], override, args->n_traffic, errors);
    rs_err_list_sort(errors);
    rs_args_overrides_free(copy, args);
    return sc;
}

struct scenario *rs_args_scenario(const struct cli_args *args)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc = rs_args_scenario_load(args, &errors);
    if (!sc) {
        rs_err_list_print(&errors, stderr);
    }
    rs_err_list_clear(&errors);
    return sc;
}

/* ---- claims ---------------------------------------------------------------------------------------------------------- */

static int find_claim(const struct scenario *sc, const char *name)
{
    for (int i = 0; i < sc->n_claim; i++) {
        if (strcmp(sc->claim[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

static int unknown_claim(const struct scenario *sc, const char *word, struct err *err)
{
    const char **names = rs_xcalloc((size_t)sc->n_claim + 1, sizeof *names);
    for (int i = 0; i < sc->n_claim; i++) {
        names[i] = sc->claim[i].name;
    }
    const char *near = rs_near_name(word, names, (size_t)sc->n_claim);
    int failed = near ? rs_err_set(err, RS_E_USAGE, "%s has no claim '%s' (did you mean '%s'?)",
                                   sc->file, word, near)
                      : rs_err_set(err, RS_E_USAGE, "%s has no claim '%s'", sc->file, word);
    free(names);
    return failed;
}

int rs_args_claims(struct scenario *out,
                   struct claim **out_claim,
                   const struct cli_args *args,
                   const struct scenario *sc,
                   struct err *err)
{
    *out = *sc;
    *out_claim = NULL;
    if (args->claim.n == 0) {
        return 0;
    }
    for (int i = 0; i < args->claim.n; i++) {
        if (find_claim(sc, args->claim.item[i]) < 0) {
            return unknown_claim(sc, args->claim.item[i], err);
        }
    }
    struct claim *claim = *out_claim = rs_xcalloc((size_t)sc->n_claim, sizeof *claim);
    out->n_claim = 0;
    for (int i = 0; i < sc->n_claim; i++) { /* in the scenario's order, each once */
        for (int k = 0; k < args->claim.n; k++) {
            if (strcmp(sc->claim[i].name, args->claim.item[k]) == 0) {
                claim[out->n_claim++] = sc->claim[i];
                break;
            }
        }
    }
    out->claim = claim;
    return 0;
}

int rs_args_samplers(bool *out_gsl, const struct cli_args *args, struct err *err)
{
    const char *word = args->samplers ? args->samplers : "own";
    *out_gsl = strcmp(word, "gsl") == 0;
    return *out_gsl || strcmp(word, "own") == 0
               ? 0
               : rs_err_set(err, RS_E_USAGE, "--samplers must be own or gsl, got \"%s\"", word);
}

char *rs_args_replay_words(const struct cli_args *args)
{
    char *text = NULL, word[4200];
    size_t n;
    if (args->n_traffic == 0 && !args->samplers) {
        return NULL;
    }
    FILE *to = open_memstream(&text, &n);
    if (args->samplers) {
        fprintf(to, " --samplers %s", args->samplers);
    }
    for (int i = 0; i < args->n_traffic; i++) {
        fprintf(to, " --traffic %s", rs_shell_word(word, sizeof word, args->traffic[i]));
    }
    fclose(to);
    return text;
}

char *rs_args_traffic_lines(const struct cli_args *args)
{
    char *text = NULL;
    size_t n;
    if (args->n_traffic == 0) {
        return NULL;
    }
    FILE *to = open_memstream(&text, &n);
    for (int i = 0; i < args->n_traffic; i++) {
        fprintf(to, "%s%s", i ? "\n" : "", args->traffic[i]);
    }
    fclose(to);
    return text;
}

/* ---- faults ---------------------------------------------------------------------------------------------------------- */

int rs_args_fault(int *out, const struct cli_args *args, const struct scenario *sc, struct err *err)
{
    if (!args->fault) {
        *out = -2;
        return 0;
    }
    if (strcmp(args->fault, "none") == 0) {
        *out = -1;
        return 0;
    }
    *out = rs_scenario_fault(sc, args->fault);
    if (*out >= 0) {
        return 0;
    }
    size_t n = (size_t)sc->n_fault + 1;
    const char **names = rs_xcalloc(n, sizeof *names);
    for (int i = 0; i < sc->n_fault; i++) {
        names[i] = sc->fault[i].name;
    }
    names[n - 1] = "none";
    const char *near = rs_near_name(args->fault, names, n);
    int failed = near ? rs_err_set(err, RS_E_USAGE, "%s has no fault '%s' (did you mean '%s'?)",
                                   sc->file, args->fault, near)
                      : rs_err_set(err, RS_E_USAGE, "%s has no fault '%s'", sc->file, args->fault);
    free(names);
    return failed;
}
