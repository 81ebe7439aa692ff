/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "cli.h"
#include "export.h"
#include "models/replica.h"
#include "scenario_args.h"
#include "timeline.h"
#include "verify/split.h"

/*
 * Where a history of verify's importance splitting took another way: nanoseconds, a colon, the word in hexadecimal digits; more after
 * commas, by time. Returns how many, or -1.
 */
static int read_branches(struct replica_branch *out, const char *text, struct err *err)
{
    int n = 0;
    for (const char *p = text; text && n < RS_SPLIT_LEVEL_MAX; n++) {
        char *end;
        errno = 0;
        long long after_ns = isdigit((unsigned char)*p) ? strtoll(p, &end, 10) : -1;
        if (after_ns < 0 || errno || *end != ':' || !isxdigit((unsigned char)end[1])) {
            break;
        }
        uint64_t word = strtoull(end + 1, &end, 16);
        if (errno || word == 0 || (n > 0 && after_ns < out[n - 1].after_ns)) {
            break;
        }
        out[n] = (struct replica_branch){after_ns, word};
        if (*end == '\0') {
            return n + 1;
        }
        if (*end != ',') {
            break;
        }
        p = end + 1;
    }
    return text ? rs_err_set(err, RS_E_USAGE,
                             "--branch must be as verify prints it, NANOSECONDS:WORD by time with "
                             "commas between, got \"%s\"",
                             text)
                : 0;
}

static int tell(const struct scenario *sc, const struct cli_args *args, int fault, struct err *err)
{
    struct told_run run = {.file = args->operand[0],
                           .seed = args->seed.given ? args->seed.value : sc->default_seed,
                           .replica = args->replica.value,
                           .fault = args->fault,
                           .branch = args->branch,
                           .samplers = args->samplers,
                           .n_traffic = args->n_traffic,
                           .traffic = args->traffic};
    struct replica_branch branch[RS_SPLIT_LEVEL_MAX];
    int n_branch = read_branches(branch, args->branch, err);
    if (n_branch < 0) {
        return -1;
    }
    struct replica_options opt = {.seed = run.seed,
                                  .replica = run.replica,
                                  .fault = fault,
                                  .trace = true,
                                  .n_branch = n_branch,
                                  .branch = branch};
    if (rs_args_samplers(&opt.gsl_samplers, args, err) < 0) {
        return -1;
    }
    struct simulator *sim = rs_simulator_new(sc, err);
    if (!sim) {
        return -1;
    }
    struct history h;
    rs_history_init(&h);
    if (args->export_to)
        rs_simulator_keep_samples(sim);
    int failed = rs_simulator_run(sim, &opt, &h, err);
    if (!failed && args->export_to)
        failed = rs_export_write(args->export_to, sc, sim, &h, &run, err);
    if (!failed && args->json) {
        rs_timeline_print_json(sc, &h, &run, stdout);
    } else if (!failed) {
        rs_timeline_print(sc, &h, &run, rs_term_has_colour(stdout), stdout);
    }
    rs_history_clear(&h);
    rs_simulator_free(sim);
    return failed;
}

static int run_rehearse(const struct cli_args *args)
{
    struct scenario *sc = rs_args_scenario(args);
    if (!sc) {
        return RS_EXIT_USAGE;
    }
    struct err err = {0};
    int fault;
    int status = RS_EXIT_HOLDS;
    if (rs_args_fault(&fault, args, sc, &err) || tell(sc, args, fault, &err)) {
        rs_err_print(&err, stderr);
        status = rs_err_exit_status(&err);
    }
    rs_scenario_free(sc);
    return status;
}

static const struct option_row options[] = {
    RS_TEXT(
        0, fault, "fault", "NAME", "this fault is present for sure; none: no fault (by chance)"),
    RS_COUNT(0, replica, "replica", 0, UINT64_MAX, "number of the history (0)"),
    RS_TEXT(0, branch, "branch", "LIST", "where splitting took another way, as verify prints it"),
    RS_TEXT(0,
            export_to,
            "export",
            "DIR",
            "write what a server would have recorded and people noted, for rollsim retro"),
    RS_ROW_SEED,
    RS_ROW_SAMPLERS,
    RS_ROW_TRAFFIC,
    RS_ROW_JSON,
    RS_ROW_HELP,
};

const struct cmd cmd_rehearse = {
    .name = "rehearse",
    .args = "SCENARIO",
    .summary = "tell one history minute by minute",
    .about =
        "Runs one history of the scenario and tells it: the stages, the flags, the fault, "
        "alerts, people, and\n"
        "the clock of every rollback with its legs. The same seed and replica tell the same "
        "history, and the\n"
        "replicas are those of rollsim verify: a witness that verify names can be told here.\n"
        "With --export every scrape is drawn and kept, which makes another history of the same\n"
        "distribution: DIR gets metrics.om (OpenMetrics), timeline.yaml and truth.json.",
    .examples = "  rollsim rehearse scenarios/prisma/prisma.yaml --fault prisma-read-errors\n"
                "  rollsim rehearse scenarios/prisma/prisma.yaml --fault none --replica 3\n"
                "  rollsim rehearse scenarios/prisma/prisma.yaml --replica 17 --seed 7 --json\n"
                "  rollsim rehearse scenarios/prisma/prisma.yaml --fault portal-errors --export "
                "evidence\n",
    .n_operand_min = 1,
    .n_operand_max = 1,
    .n_option = sizeof options / sizeof options[0],
    .option = options,
    .run = run_rehearse,
};
