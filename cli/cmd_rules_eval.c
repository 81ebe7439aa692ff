/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "rules_args.h"
#include "scenarios/rules.h"
#include "scenarios/series.h"
#include "sim/clock.h"
#include "verify/backtest.h"

/* What a run holds; freed in one place. */
struct work {
    const struct cli_args *args;
    struct arena *arena;
    struct err_list errors;
    struct recorded *data;
    struct backtest_spec spec;
    enum promql_dialect dialect;
};

static void read_alertmanager(struct work *w)
{
    const struct cli_args *args = w->args;
    struct rules_loaded loaded;
    if (args->silences) {
        rs_silences_load(&w->spec.silence, &w->spec.n_silence, w->arena, args->silences,
                         &w->errors);
    }
    if (rs_rules_load_as(&loaded, w->arena, w->dialect, w->spec.am_version, args->alertmanager,
                         &w->errors) == 0 &&
        !loaded.am) {
        rs_err_list_add(&w->errors, RS_E_USAGE, (struct mark){args->alertmanager, 0, 0},
                        "a rule file goes with --rules, not with --alertmanager");
    }
    w->spec.am = loaded.am;
}

static void read_rules(struct work *w)
{
    const struct cli_args *args = w->args;
    int n = 0;
    const char *const *path = rs_args_files(w->arena, &args->rules, &n, &w->errors);
    const struct rule_file **file = RS_ARENA_ARRAY(w->arena, const struct rule_file *, n);
    for (int i = 0; i < n; i++) {
        struct rules_loaded loaded;
        if (rs_rules_load(&loaded, w->arena, w->dialect, path[i], &w->errors) != 0) {
            continue;
        }
        if (!loaded.file) {
            rs_err_list_add(&w->errors, RS_E_USAGE, (struct mark){path[i], 0, 0},
                            "an Alertmanager file goes with --alertmanager, not with --rules");
            continue;
        }
        file[i] = args->rules_path ? rs_rule_file_moved(w->arena, loaded.file, args->rules_path)
                                   : loaded.file;
    }
    w->spec.file = file;
    w->spec.n_file = n;
    if (args->alertmanager) {
        read_alertmanager(w);
    }
}

static void read_queries(struct work *w)
{
    const struct list_arg *list = &w->args->query;
    struct backtest_query *query = RS_ARENA_ARRAY(w->arena, struct backtest_query, list->n);
    for (int i = 0; i < list->n; i++) {
        struct err err = {0};
        const struct promql_text text = {
            .text = list->item[i], .at = {"--query", 1, 1}, .dialect = w->dialect};
        query[i] = (struct backtest_query){list->item[i], rs_promql_parse(w->arena, &text, &err)};
        if (!query[i].expr) {
            rs_err_list_push(&w->errors, &err);
        } else if (rs_promql_type(query[i].expr) > RS_PQL_VECTOR) {
            rs_err_list_add(&w->errors, RS_E_TYPE, text.at,
                            "a query over time must give an instant vector or a scalar, this is a "
                            "range vector or a text");
        }
    }
    w->spec.query = query;
    w->spec.n_query = list->n;
}

static void read_labels(struct work *w)
{
    const struct list_arg *list = &w->args->external_label;
    struct label *label = RS_ARENA_ARRAY(w->arena, struct label, list->n);
    for (int i = 0; i < list->n; i++) {
        const char *equals = strchr(list->item[i], '=');
        const char *name =
            equals ? rs_arena_strndup(w->arena, list->item[i], (size_t)(equals - list->item[i]))
                   : "";
        if (!rs_series_is_label(name)) {
            struct err err = {0};
            rs_err_set(&err, RS_E_USAGE, "--external-label must be NAME=VALUE, got '%s'",
                       list->item[i]);
            rs_err_list_push(&w->errors, &err);
            continue;
        }
        label[i] = (struct label){name, equals + 1};
        for (int k = 0; k < i; k++) {
            if (label[k].name && strcmp(label[k].name, name) == 0) {
                struct err err = {0};
                rs_err_set(&err, RS_E_USAGE, "--external-label %s is given twice", name);
                rs_err_list_push(&w->errors, &err);
            }
        }
    }
    w->spec.external = label;
    w->spec.n_external = list->n;
}

/* "x{a="b"} at 60", where the first sample was that a note is about. */
static const char *place_words(const struct work *w, const struct recorded_place *place)
{
    char time[40];
    char *series = rs_backtest_series(w->data->labels, place->labels);
    const char *words = rs_arena_printf(w->arena, "%s at %s", series,
                                        rs_backtest_time(time, sizeof(time), place->t_ms));
    free(series);
    return words;
}

static void print_notes(const struct work *w, const struct err_list *notes)
{
    const struct recorded_report *report = &w->data->report;
    for (size_t i = 0; i < notes->n; i++) {
        const struct err *note = &notes->item[i];
        fprintf(stderr, "%s:%d:%d: note: %s\n", note->file, note->line, note->col, note->text);
    }
    if (report->n_out_of_order > 0) {
        fprintf(stderr,
                "rollsim: note: %" PRIu64
                " samples were out of order and have been put in place, the "
                "first: %s\n",
                report->n_out_of_order, place_words(w, &report->out_of_order));
    }
    if (report->n_same_time > 0) {
        fprintf(stderr,
                "rollsim: note: %" PRIu64
                " samples had the time of an earlier one of their series and are left out (%" PRIu64
                " with another value), the first: %s\n",
                report->n_same_time, report->n_differing, place_words(w, &report->same_time));
    }
}

static void read_data(struct work *w)
{
    const struct cli_args *args = w->args;
    struct err_list notes;
    rs_err_list_init(&notes);
    const struct series_options opt = {.metric = args->metric, .notes = &notes};
    int n = 0;
    const char *const *path = rs_args_files(w->arena, &args->data, &n, &w->errors);
    for (int i = 0; i < n; i++) {
        rs_series_read(w->data, path[i], &opt, NULL, &w->errors);
    }
    rs_recorded_sort(w->data);
    if (w->errors.n == 0 && w->data->n_sample == 0) {
        rs_err_list_add(&w->errors, RS_E_RANGE, (struct mark){args->data.item[0], 0, 0},
                        "the data holds no samples");
    }
    if (w->errors.n == 0 && !args->quiet) {
        print_notes(w, &notes);
    }
    rs_err_list_clear(&notes);
}

/*
 * One end of the time that is looked at; *out_ms is the data's own, and stays where none is given. A duration counts from the
 * first sample of data that have dates, and from 0 in others; a negative one counts back from the last sample.
 */
static int read_time(
    const struct work *w, int64_t *out_ms, const char *option, const char *text, struct err *err)
{
    const struct recorded *data = w->data;
    bool dated = rs_recorded_is_absolute(data->first_ms), relative = false;
    int64_t ms = 0;
    if (!text) {
        return 0;
    }
    int status = rs_series_time(&ms, &relative, text);
    if (status == 0 && relative) {
        ms += ms < 0 || text[0] == '-' ? data->last_ms : dated ? data->first_ms : 0;
        status = rs_series_time_fits(ms) ? 0 : RS_SERIES_FAR;
    }
    if (status == RS_SERIES_FAR) {
        return rs_err_set(err, RS_E_USAGE, "--%s is " RS_SERIES_RANGE ", got '%s'", option, text);
    }
    if (status != 0) {
        return rs_err_set(err, RS_E_USAGE,
                          "--%s must be a date, RFC 3339, seconds, or a duration from the first "
                          "(-1h: before the last) sample, got '%s'",
                          option, text);
    }
    if (!relative && dated && !rs_recorded_is_absolute(ms)) {
        return rs_err_set(err, RS_E_USAGE,
                          "--%s %s is in the year 1970 or near it, and the data have dates: give "
                          "one, or a duration from the first sample, like %ss",
                          option, text, text);
    }
    *out_ms = ms;
    return 0;
}

static int read_version(enum am_version *out, const struct cli_args *args, struct err *err)
{
    *out = rs_am_settings_default().version;
    if (!args->alertmanager && (args->alertmanager_version || args->silences)) {
        return rs_err_set(err, RS_E_USAGE, "--%s needs --alertmanager FILE",
                          args->silences ? "silences" : "alertmanager-version");
    }
    for (int v = 0; args->alertmanager_version && rs_am_version_names[v]; v++) {
        if (strcmp(args->alertmanager_version, rs_am_version_names[v]) == 0) {
            *out = (enum am_version)v;
            return 0;
        }
    }
    return !args->alertmanager_version
               ? 0
               : rs_err_set(
                     err, RS_E_USAGE,
                     "--alertmanager-version must be 0.25 (up to 0.27), 0.28 (up to 0.32) or "
                     "0.33, got '%s'",
                     args->alertmanager_version);
}

enum { STEPS_MAX = 100000000 };

static int read_settings(struct work *w, struct err *err)
{
    const struct cli_args *args = w->args;
    struct backtest_spec *spec = &w->spec;
    spec->interval_ms = rs_args_ms(&args->evaluation_interval, 60000);
    spec->lookback_ms = rs_args_ms(&args->lookback, 300000);
    spec->query_offset_ms = rs_args_ms(&args->query_offset, 0);
    spec->resend_delay_ms = rs_args_ms(&args->resend_delay, 60000);
    if (read_version(&spec->am_version, args, err) != 0) {
        return -1;
    }
    const char *offsets = args->group_offsets ? args->group_offsets : "zero";
    if (strcmp(offsets, "hashed") == 0 || strcmp(offsets, "hashed-slices") == 0) {
        spec->hashed = true;
        spec->encoding = offsets[6] ? RS_ENCODING_SLICES : RS_ENCODING_STRINGS;
    } else if (strcmp(offsets, "zero") != 0) {
        return rs_err_set(err, RS_E_USAGE,
                          "--group-offsets must be zero, hashed or hashed-slices, got '%s'",
                          offsets);
    }
    if (spec->hashed && !args->rules_path) {
        return rs_err_set(
            err, RS_E_USAGE,
            "--group-offsets %s needs --rules-path: the offset is made of the path where "
            "the server loads the file",
            offsets);
    }
    if (args->metric && !rs_series_is_metric(args->metric)) {
        return rs_err_set(err, RS_E_USAGE, "--metric must be a metric name, got '%s'",
                          args->metric);
    }
    if (args->n_operand > 0) {
        return rs_err_set(
            err, RS_E_USAGE,
            "unexpected argument '%s': give --rules once for each file, or a pattern in "
            "quotes, as in --rules 'rules/*.yml'",
            args->operand[0]);
    }
    if (args->rules.n == 0 && args->query.n == 0) {
        return rs_err_set(err, RS_E_USAGE, "rollsim rules eval needs --rules FILE or --query EXPR");
    }
    if (args->data.n == 0) {
        return rs_err_set(err, RS_E_USAGE, "rollsim rules eval needs --data FILE");
    }
    if (args->csv && args->json) {
        return rs_err_set(err, RS_E_USAGE,
                          "--csv and --json are two forms of one output: give one");
    }
    if (args->alertmanager && (args->csv || args->query.n > 0)) {
        return rs_err_set(err, RS_E_USAGE,
                          "%s prints no notifications: leave --alertmanager out, or %s",
                          args->csv ? "--csv" : "--query", args->csv ? "give --json" : "--query");
    }
    return 0;
}

static int read_times(struct work *w, struct err *err)
{
    struct backtest_spec *spec = &w->spec;
    spec->from_ms = w->data->first_ms;
    spec->to_ms = w->data->last_ms;
    if (read_time(w, &spec->from_ms, "from", w->args->from, err) != 0 ||
        read_time(w, &spec->to_ms, "to", w->args->to, err) != 0) {
        return -1;
    }
    if (spec->from_ms > spec->to_ms) {
        char from[40], to[40];
        bool data_from = !w->args->from, data_to = !w->args->to;
        return rs_err_set(
            err, RS_E_USAGE, "%s, %s, is after %s, %s", data_from ? "the first sample" : "--from",
            rs_backtest_time(from, sizeof(from), spec->from_ms),
            data_to ? "the last sample" : "--to", rs_backtest_time(to, sizeof(to), spec->to_ms));
    }
    if ((spec->to_ms - spec->from_ms) / spec->interval_ms > STEPS_MAX) {
        return rs_err_set(
            err, RS_E_USAGE,
            "more than %d evaluations lie between --from and --to; are the times of the "
            "data in one unit?",
            STEPS_MAX);
    }
    return 0;
}

static int print_result(const struct work *w, const struct backtest *b)
{
    const struct cli_args *args = w->args;
    const struct backtest_spec *spec = &w->spec;
    int status = RS_EXIT_HOLDS;
    for (int i = 0; i < b->n_answer; i++) {
        if (b->answer_err_ms[i] != RS_NEVER) {
            struct err err = b->answer_err[i];
            rs_err_context(&err, "--query %.80s", spec->query[i].text);
            rs_err_print(&err, stderr);
            status = RS_EXIT_USAGE;
        }
    }
    if (args->query.n > 0 && args->csv) {
        rs_backtest_print_answers_csv(stdout, b, spec);
    } else if (args->query.n > 0) {
        rs_backtest_print_answers_json(stdout, b, spec);
    } else if (args->csv) {
        rs_backtest_print_csv(stdout, b);
    } else if (args->json) {
        rs_backtest_print_json(stdout, b, spec);
    } else {
        bool terminal = isatty(fileno(stdout));
        rs_backtest_print(stdout, b, spec, terminal ? rs_term_width(stdout) : 0,
                          rs_term_has_colour(stdout));
    }
    if (!args->quiet && (args->csv || args->query.n > 0)) { /* else it stands in the output */
        rs_backtest_print_notes(stderr, "rollsim: note: ", b, spec);
    }
    return status;
}

static int eval(struct work *w)
{
    struct err err = {0};
    if (rs_args_dialect(&w->dialect, w->args, &err) != 0 || rs_args_interval(w->args, &err) != 0 ||
        read_settings(w, &err) != 0) {
        rs_err_print(&err, stderr);
        return RS_EXIT_USAGE;
    }
    read_rules(w);
    read_queries(w);
    read_labels(w);
    read_data(w);
    if (w->errors.n > 0) {
        rs_err_list_sort(&w->errors);
        rs_err_list_print(&w->errors, stderr);
        return RS_EXIT_USAGE;
    }
    if (read_times(w, &err) != 0) {
        rs_err_print(&err, stderr);
        return RS_EXIT_USAGE;
    }
    struct backtest *b = rs_backtest_run(&w->spec);
    int status = print_result(w, b);
    rs_backtest_free(b);
    return status;
}

static int run_rules_eval(const struct cli_args *args)
{
    struct work w = {.args = args};
    w.arena = rs_arena_new();
    w.data = rs_recorded_new(NULL);
    w.spec.data = w.data;
    rs_err_list_init(&w.errors);
    int status = eval(&w);
    rs_err_list_clear(&w.errors);
    rs_recorded_free(w.data);
    rs_arena_free(w.arena);
    return status;
}

static const struct option_row options[] = {
    RS_LIST(rules, "rules", "FILE", "rule file, manifest, or 'pattern' of them; may be repeated"),
    RS_LIST(data, "data", "FILE", "recorded series, \"-\" for standard input; may be repeated"),
    RS_LIST(query, "query", "EXPR", "print this expression at every evaluation instead"),
    RS_TEXT(0, alertmanager, "alertmanager", "FILE", "tell what Alertmanager would have sent, too"),
    RS_TEXT(0,
            alertmanager_version,
            "alertmanager-version",
            "V",
            "which release: 0.25, 0.28 or 0.33 (0.33)"),
    RS_TEXT(0, silences, "silences", "FILE", "what `amtool silence query -o json` printed"),
    RS_ROW_PROMETHEUS,
    RS_TEXT(0,
            from,
            "from",
            "TIME",
            "first evaluation not before this time (first sample); -1h: before the last"),
    RS_TEXT(0, to, "to", "TIME", "no evaluation after this time (last sample)"),
    RS_DURATION_ABOVE_0(evaluation_interval,
                        "evaluation-interval",
                        31536000,
                        "of groups that name no interval, and of --query (1m)"),
    RS_DURATION_ABOVE_0(
        lookback, "lookback", 31536000, "how long a sample counts as the newest (5m)"),
    RS_DURATION(query_offset, "query-offset", 0, 31536000, "of groups that name none (0s)"),
    RS_DURATION(resend_delay,
                "resend-delay",
                0,
                31536000,
                "of alerts that keep firing, to Alertmanager (1m)"),
    RS_TEXT(0,
            group_offsets,
            "group-offsets",
            "HOW",
            "zero, hashed, or hashed-slices (up to 2.43, Debian's 2.53) (zero)"),
    RS_TEXT(0, rules_path, "rules-path", "DIR", "folder where the server loads the rule files"),
    RS_LIST(external_label, "external-label", "K=V", "global.external_labels; may be repeated"),
    RS_TEXT(0, metric, "metric", "NAME", "name of series that have none"),
    RS_SWITCH(0, csv, "csv", "print CSV on stdout"),
    RS_ROW_JSON,
    RS_SWITCH('q', quiet, "quiet", "no notes on stderr"),
    RS_ROW_HELP,
};

const struct cmd cmd_rules_eval = {
    .name = "rules eval",
    .args = "--rules FILE --data FILE",
    .summary = "when would which alert have fired on recorded series",
    .about =
        "Runs rule files over recorded series: OpenMetrics or Prometheus text with timestamps, "
        "query_range\n"
        "JSON, or CSV, packed with gzip or not; the format is told by the text. Prints when each "
        "alert was\n"
        "pending, fired and cleared.",
    .examples =
        "  promtool tsdb dump-openmetrics data/ | rollsim rules eval --rules rules.yml --data -\n"
        "  rollsim rules eval --rules rules.yml --data history.om.gz --alertmanager am.yml\n"
        "  rollsim rules eval --data history.om.gz --query 'sum by (job) (rate(x[5m]))' --csv\n",
    .n_operand_min = 0,
    .n_operand_max = RS_MAX_OPERAND, /* refused with better words than those of all commands */
    .n_option = sizeof options / sizeof options[0],
    .option = options,
    .run = run_rules_eval,
};
