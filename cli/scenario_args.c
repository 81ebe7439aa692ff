/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenario_args.h"

#include <stdlib.h>
#include <string.h>

#include "scenarios/load.h"

struct scenario *rs_args_scenario(const struct cli_args *args)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_load(args->operand[0], &errors);
    if (!sc) {
        rs_err_list_sort(&errors);
        rs_err_list_print(&errors, stderr);
    }
    rs_err_list_clear(&errors);
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
