/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "recording.h"
#include "sim/arena.h"
#include "sim/clock.h"

/* A unit alone ("ms") or a duration ("10ms"), as seconds; NULL: *out_s stays. 0 or -1. */
static int read_unit(double *out_s, const char *option, const char *text, struct err *err)
{
    static const char *const alone[] = {"s", "ms", "us", "ns", "m", "h"};
    char word[48];
    int64_t ns = 0;
    snprintf(word, sizeof word, "%s", text ? text : "");
    for (size_t i = 0; text && i < sizeof alone / sizeof alone[0]; i++) {
        if (strcmp(text, alone[i]) == 0) {
            snprintf(word, sizeof word, "1%s", text);
        }
    }
    if (!text) {
        return 0;
    }
    if (strlen(text) >= sizeof word || rs_duration_parse(&ns, word) != 0 || ns <= 0) {
        return rs_err_set(err, RS_E_USAGE,
                          "%s must be a unit like ms or a duration like 10ms, got '%s'", option,
                          text);
    }
    *out_s = rs_s_from_ns(ns);
    return 0;
}

/* "5%" or "0.05", 0..1. 0 or -1. */
static int read_share(double *out, const char *text, struct err *err)
{
    char *end = NULL;
    double x = (*text >= '0' && *text <= '9') || *text == '.' ? strtod(text, &end) : -1.0;
    if (end && strcmp(end, "%") == 0) {
        x /= 100.0;
        end++;
    }
    if (!end || *end || !(x >= 0.0 && x <= 1.0)) {
        return rs_err_set(err, RS_E_USAGE,
                          "--reject must be a share in 0..1 or 0%%..100%%, got '%s'", text);
    }
    *out = x > 0.0 ? x : -1.0; /* the reader's word for none */
    return 0;
}

static int read_options(struct describe_options *out, const struct cli_args *args, struct err *err)
{
    *out = (struct describe_options){
        .format = args->format,
        .form = {.log_format = args->log_format,
                 .time = args->time,
                 .latency = args->latency,
                 .status = args->status,
                 .route = args->route,
                 .time_is_end = args->time_is_end,
                 .window_ns = args->window.ns},
        .count_every_ns = args->every.ns,
    };
    if (args->log_format && args->format && strcmp(args->format, "log-format") != 0) {
        return rs_err_set(err, RS_E_USAGE,
                          "--log-format goes with no other --format than log-format, got '%s'",
                          args->format);
    }
    if ((args->window.given && args->window.ns == 0) ||
        (args->every.given && args->every.ns == 0)) {
        return rs_err_set(err, RS_E_USAGE, "--%s must be above 0s",
                          args->window.given && args->window.ns == 0 ? "window" : "every");
    }
    if (read_unit(&out->form.time_unit_s, "--unit", args->unit, err) != 0 ||
        read_unit(&out->form.latency_unit_s, "--latency-unit", args->latency_unit, err) != 0 ||
        (args->reject && read_share(&out->form.reject_max, args->reject, err) != 0)) {
        return -1;
    }
    return 0;
}

/* Says what was asked for of one file. 0, or -1 with err. */
static int tell(const struct cli_args *args,
                const struct recording_facts *f,
                const struct series_choice *choice,
                struct err *err)
{
    char path[4096];
    if (!args->json) {
        rs_recording_print(stdout, f, choice, rs_term_line_width(stdout));
    }
    if (args->plots) {
        if (rs_recording_draw_picture(path, sizeof path, args->plots, "svg", f, choice, err) != 0) {
            return -1;
        }
        if (!args->json) {
            printf("picture: %s\n", path);
        }
    }
    return 0;
}

/* Series of which --select picks none are a mistake of the words. */
static int
check_choice(const struct recording_facts *f, const struct series_choice *choice, struct err *err)
{
    for (int i = 0; f->series && i < f->series->n_fact; i++) {
        if (rs_series_chosen(choice, f->series->set, &f->series->fact[i])) {
            return 0;
        }
    }
    return !f->series ? 0
                      : rs_err_set(err, RS_E_USAGE, "--select takes none of the %d series of %s",
                                   f->series->n_fact, f->file);
}

static int run_recording(const struct cli_args *args)
{
    struct err err = {0};
    struct describe_options opt;
    const struct series_choice choice = {args->select.n, args->select.item};
    if (read_options(&opt, args, &err) != 0) {
        rs_err_print(&err, stderr);
        return RS_EXIT_USAGE;
    }
    struct recording_facts *f = rs_xcalloc((size_t)args->n_operand, sizeof *f);
    struct err_list errors;
    int n_told = 0, status = RS_EXIT_HOLDS;
    rs_err_list_init(&errors);
    for (int i = 0; i < args->n_operand; i++) {
        struct recording_facts *one = &f[n_told];
        struct err trouble = {0};
        bool described = rs_recording_describe(one, args->operand[i], &opt, &errors) == 0;
        if (described && !args->json && n_told > 0) {
            putchar('\n');
        }
        if (!described) {
            status = RS_EXIT_USAGE;
            rs_recording_facts_clear(one);
            continue;
        }
        if (check_choice(one, &choice, &trouble) != 0 || tell(args, one, &choice, &trouble) != 0) {
            rs_err_list_push(&errors, &trouble);
            status = rs_err_exit_status(&trouble);
        }
        n_told++;
        if (!args->json) { /* one at a time: memory does not add up */
            rs_recording_facts_clear(one);
        }
    }
    if (args->json && errors.n == 0) {
        rs_recordings_print_json(stdout, f, n_told, &choice);
    }
    rs_err_list_print(&errors, stderr);
    rs_err_list_clear(&errors);
    for (int i = 0; i < n_told; i++) {
        rs_recording_facts_clear(&f[i]);
    }
    free(f);
    return status;
}

static const struct option_row options[] = {
    RS_TEXT(0,
            format,
            "format",
            "FORMAT",
            "common, combined, log-format, json, csv, jtl, k6, times or series (found out)"),
    RS_TEXT(0, log_format, "log-format", "WORDS", "a log_format as nginx' configuration has it"),
    RS_TEXT(0, time, "time", "NAME", "field or column of the time (the usual names)"),
    RS_TEXT(0, latency, "latency", "NAME", "... of how long the request took"),
    RS_TEXT(0, status, "status", "NAME", "... of the status"),
    RS_TEXT(0, route, "route", "NAME", "... of the route"),
    RS_TEXT(0,
            unit,
            "unit",
            "UNIT",
            "of times that are plain numbers: s, ms, us, ns, 10ms (by their size)"),
    RS_TEXT(0,
            latency_unit,
            "latency-unit",
            "UNIT",
            "of latencies (the end of their name or the format tells it, else s)"),
    RS_SWITCH(
        0, time_is_end, "end", "times are those of the end; arrivals are earlier by the latency"),
    RS_DURATION_ABOVE_0(every, "every", 31536000, "step of counts, one a line (1s)"),
    RS_DURATION_ABOVE_0(window, "window", 31536000, "lines are put in order inside this (1m)"),
    RS_TEXT(
        0, reject, "reject", "SHARE", "lines that may be wrong before the file is refused (5%)"),
    RS_LIST(select, "select", "PATTERN", "tell of these series only; may be repeated"),
    RS_TEXT(0, plots, "plots", "DIR", "draw a picture of each file into this folder"),
    RS_ROW_JSON,
    RS_ROW_HELP,
};

const struct cmd cmd_recording = {
    .name = "recording",
    .args = "FILE...",
    .summary = "describe recorded requests or series",
    .about =
        "Reads access logs, results of load tests, JSON lines, tables, OpenMetrics and answers of "
        "Prometheus, plain,\n"
        "gzip or zstd, and says what they hold: span, rate, status mix, latency, gaps, counters "
        "that "
        "began anew, stale\n"
        "markers, lines that were rejected and lines that were put in order. FILE - is standard "
        "input. Requests take the\n"
        "same memory however many they are.\n"
        "\n"
        "Latency quantiles of all are told to 0.4 %, those of a row to 12 %. PATTERN is a shell's, "
        "held against a series'\n"
        "name and its whole text. The formats: man rollsim-recording.",
    .examples =
        "  rollsim recording access.log.gz\n"
        "  rollsim recording access.log --log-format '$remote_addr [$time_local] \"$request\" "
        "$status "
        "$request_time'\n"
        "  rollsim recording requests.jsonl --time ts --latency took_ms --status http.code\n"
        "  rollsim recording results.jtl --plots pictures\n"
        "  rollsim recording metrics.om.gz --select 'http_requests_total*' --json\n"
        "  zcat access.log.*.gz | rollsim recording - --window 10m\n",
    .n_operand_min = 1,
    .n_operand_max = RS_MAX_OPERAND,
    .n_option = sizeof options / sizeof options[0],
    .option = options,
    .run = run_recording,
};
