/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <jansson.h>

#include "cli.h"
#include "scenario_args.h"
#include "scenarios/load.h"
#include "sim/clock.h"
#include "verify/rule_check.h"

/* What the scenario holds, for the word that it is well-formed. */
struct holding {
    const char *what, *plural;
    int n;
};
#define N_HOLDING 8

static void count(struct holding out[N_HOLDING], const struct scenario *sc)
{
    const struct holding all[N_HOLDING] = {
        {"service", "services", sc->n_service},
        {"flag", "flags", sc->n_flag},
        {"fault", "faults", sc->n_fault},
        {"stage", "stages", sc->response.n_stage},
        {"procedure", "procedures", sc->response.n_procedure},
        {"role", "roles", sc->response.n_role},
        {"rule file", "rule files", sc->monitoring.n_rule_file},
        {"claim", "claims", sc->n_claim},
    };
    for (int i = 0; i < N_HOLDING; i++) {
        out[i] = all[i];
    }
}

/* Calls fn for what Prometheus' and Alertmanager's files hold and rollsim passes over, file by file. */
static void
each_note(const struct scenario *sc, void (*fn)(void *ctx, const struct note *note), void *ctx)
{
    const struct monitoring *m = &sc->monitoring;
    for (int i = 0; i < m->n_rule_file; i++) {
        for (int j = 0; j < m->rule_file[i]->n_note; j++) {
            fn(ctx, &m->rule_file[i]->note[j]);
        }
    }
    for (int i = 0; m->alertmanager && i < m->alertmanager->n_note; i++) {
        fn(ctx, &m->alertmanager->note[i]);
    }
    const struct am_config *am = m->alertmanager;
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

static void print_note(void *ctx, const struct note *note)
{
    (void)ctx;
    printf("%s:%d:%d: note: %s\n", note->at.file, note->at.line, note->at.col, note->text);
}

/* What the closer look at the rules would find; its notes of what is ignored stand here already. */
static struct rule_check *look_at_rules(const struct scenario *sc)
{
    static const char *const ignored[] = {"ignored-here"};
    const struct monitoring *m = &sc->monitoring;
    const struct rule_check_spec spec = {
        .n_file = m->n_rule_file,
        .file = (const struct rule_file *const *)m->rule_file,
        .am = m->alertmanager,
        .interval_ms = m->evaluation_interval_ns / RS_NS_PER_MS,
        .lookback_ms = m->lookback_ns / RS_NS_PER_MS,
        .n_ignore = 1,
        .ignore = ignored,
    };
    return rs_rule_check_run(&spec);
}

static void point_at_rules(const struct scenario *sc)
{
    const struct monitoring *m = &sc->monitoring;
    if (m->n_rule_file == 0) {
        return;
    }
    struct rule_check *found = look_at_rules(sc);
    int n_note = found->n_finding - found->n_warning;
    if (found->n_finding > 0) {
        printf("%d warning%s and %d note%s on the rules: rollsim rules check", found->n_warning,
               found->n_warning == 1 ? "" : "s", n_note, n_note == 1 ? "" : "s");
        for (int i = 0; i < m->n_rule_file; i++) {
            printf(" %s", m->rule_file[i]->file);
        }
        printf("%s%s\n", m->alertmanager ? " " : "", m->alertmanager ? m->alertmanager->file : "");
    }
    rs_rule_check_free(found);
}

static void print_text(const char *file, const struct scenario *sc)
{
    struct holding holding[N_HOLDING];
    count(holding, sc);
    printf("%s: scenario is well-formed:", file);
    for (int i = 0; i < N_HOLDING; i++) {
        const struct holding *h = &holding[i];
        printf("%s %d %s", i ? "," : "", h->n, h->n == 1 ? h->what : h->plural);
    }
    putchar('\n');
    each_note(sc, print_note, NULL);
    point_at_rules(sc);
}

static json_t *errors_json(const struct err_list *errors)
{
    json_t *list = json_array();
    for (size_t i = 0; i < errors->n; i++) {
        const struct err *e = &errors->item[i];
        json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:s}", "file", e->file, "line",
                                              e->line, "column", e->col, "text", e->text));
    }
    return list;
}

static void add_note(void *ctx, const struct note *note)
{
    json_array_append_new(ctx,
                          json_pack("{s:s, s:i, s:i, s:s}", "file", note->at.file, "line",
                                    note->at.line, "column", note->at.col, "text", note->text));
}

static void print_json(const char *file, const struct scenario *sc, const struct err_list *errors)
{
    json_t *root = json_pack("{s:s, s:b}", "file", file, "well_formed", sc != NULL);
    if (sc) {
        struct holding holding[N_HOLDING];
        count(holding, sc);
        json_t *holds = json_object();
        for (int i = 0; i < N_HOLDING; i++) {
            json_object_set_new(holds, holding[i].plural, json_integer(holding[i].n));
        }
        json_object_set_new(root, "name", json_string(sc->name));
        json_object_set_new(root, "sha256", json_string(sc->sha256));
        json_object_set_new(root, "holds", holds);
        json_t *notes = json_array();
        each_note(sc, add_note, notes);
        json_object_set_new(root, "notes", notes);
        if (sc->monitoring.n_rule_file > 0) {
            struct rule_check *found = look_at_rules(sc);
            json_object_set_new(root, "rules",
                                json_pack("{s:i, s:i}", "warnings", found->n_warning, "notes",
                                          found->n_finding - found->n_warning));
            rs_rule_check_free(found);
        }
    }
    json_object_set_new(root, "errors", errors_json(errors));
    json_dumpf(root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(root);
}

static int check_file(const struct cli_args *args)
{
    const char *file = args->operand[0];
    struct err_list errors;
    rs_err_list_init(&errors);
    struct err record = {0};
    struct scenario *sc = NULL;
    if (rs_args_no_record(file, &record)) {
        rs_err_list_push(&errors, &record);
    } else {
        sc = rs_scenario_load(file, &errors);
    }
    rs_err_list_sort(&errors);
    if (args->json) {
        print_json(file, sc, &errors);
    } else if (sc) {
        print_text(file, sc);
    } else {
        rs_err_list_print(&errors, stderr);
    }
    int status = sc ? RS_EXIT_HOLDS : RS_EXIT_USAGE;
    rs_scenario_free(sc);
    rs_err_list_clear(&errors);
    return status;
}

static int run_check(const struct cli_args *args)
{
    if (args->print_reference) {
        rs_scenario_print_reference(stdout);
        return RS_EXIT_HOLDS;
    }
    if (args->print_schema) {
        rs_scenario_print_schema(stdout);
        return RS_EXIT_HOLDS;
    }
    if (args->n_operand == 0) {
        fputs("rollsim: error: rollsim check wants SCENARIO\n", stderr);
        return RS_EXIT_USAGE;
    }
    return check_file(args);
}

static const struct option_row options[] = {
    RS_ROW_JSON,
    RS_SWITCH(0, print_reference, "print-reference", "print the reference of all keys and stop"),
    RS_SWITCH(0, print_schema, "print-schema", "print the JSON Schema for editors and stop"),
    RS_ROW_HELP,
};

const struct cmd cmd_check = {
    .name = "check",
    .args = "SCENARIO",
    .summary = "read a scenario and tell every mistake in it",
    .about = "Reads the scenario and every file that it names. All mistakes are told in one go, "
             "each with\n"
             "file:line:column; the exit status is then 2. Notes tell what its rule files and its\n"
             "Alertmanager file hold that has no effect here.",
    .examples = "  rollsim check scenarios/prisma/prisma.yaml\n"
                "  rollsim check scenarios/prisma/prisma.yaml --json\n"
                "  rollsim check --print-schema > scenario.schema.json\n",
    .n_operand_min = 0,
    .n_operand_max = 1,
    .n_option = sizeof options / sizeof options[0],
    .option = options,
    .run = run_check,
};
