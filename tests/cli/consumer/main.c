/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loads a scenario through the installed headers and libraries, and names the plotting library so that it is linked. */
#include <stdio.h>

#include <models/replica.h>
#include <plots/plots.h>
#include <scenarios/load.h>
#include <verify/run.h>

int main(int argc, char **argv)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc = argc > 1 ? rs_scenario_load(argv[1], &errors) : NULL;
    if (!sc) {
        rs_err_list_print(&errors, stderr);
        rs_err_list_clear(&errors);
        return 1;
    }
    struct err err = {0};
    struct plot_options nothing = {.out_dir = ".", .format = "svg"};
    int drawn = rs_plot_run("no-such.db", &nothing, &err);
    struct run_options few = {.n_replica = 2, .seed = 1, .n_job = 1};
    struct run_result result;
    struct err run_err = {0};
    int ran = rs_run(sc, &few, &result, &run_err);
    if (ran == 0) {
        rs_run_result_clear(&result);
    }
    printf("%s: %d services\n", sc->name, sc->n_service);
    rs_scenario_free(sc);
    rs_err_list_clear(&errors);
    return drawn == -1 && ran == 0 ? 0 : 1;
}
