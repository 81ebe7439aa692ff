/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenario_args.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "scenarios/load.h"

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

struct scenario *rs_args_scenario(const struct cli_args *args)
{
    struct err err = {0};
    if (rs_args_no_record(args->operand[0], &err)) {
        rs_err_print(&err, stderr);
        return NULL;
    }
    struct traffic_override override[RS_MAX_TRAFFIC];
    char *copy[RS_MAX_TRAFFIC];
    for (int i = 0; i < args->n_traffic; i++) {
        copy[i] = cut_override(&override[i], args->traffic[i]);
    }
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc =
        rs_scenario_load_with(args->operand[0], override, args->n_traffic, &errors);
    if (!sc) {
        rs_err_list_sort(&errors);
        rs_err_list_print(&errors, stderr);
    }
    rs_err_list_clear(&errors);
    for (int i = 0; i < args->n_traffic; i++) {
        free(copy[i]);
    }
    return sc;
}

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
