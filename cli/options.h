/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options as rows of a table per command: usage, help and parsing are made from the same row. getopt_long is under it. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/err.h"

struct ranks; /* sim/ranks.h */

#define RS_MAX_OPERAND 1024
#define RS_MAX_TRAFFIC 64
#define RS_MAX_LIST 256

/* A whole number that may have been left out. */
struct count_arg {
    bool given;
    uint64_t value;
};

/* A duration that may have been left out. */
struct duration_arg {
    bool given;
    int64_t ns;
};

/* The values of an option that may be repeated. */
struct list_arg {
    int n;
    const char *item[RS_MAX_LIST];
};

/* Every option of every command; a command reads those that it lists. Texts are borrowed from argv; NULL = not given. */
struct cli_args {
    int n_operand;
    const char *operand[RS_MAX_OPERAND];
    bool help, json, quiet, force, print_reference, print_schema, csv, lint_fatal, list, all,
        time_is_end, diff, write, learn;
    const char *output, *plots, *format, *only, *fault, *branch, *samplers, *export_to, *fail_on,
        *explain, *sarif, *resume, *markdown;
    const char *prometheus, *from, *to, *group_offsets, *rules_path, *alertmanager,
        *alertmanager_version, *silences, *metric, *junit, *shard, *scenario, *run;
    const char *log_format, *time, *latency, *status, *route, *unit, *latency_unit, *reject;
    struct duration_arg evaluation_interval, lookback, scrape_interval, query_offset, resend_delay,
        every, window;
    struct list_arg rules, data, query, external_label, ignore, claim, select;
    struct list_arg metrics, log, timeline, annotations, notifications;
    struct count_arg replica, replicas, seed, jobs;
    struct ranks *ranks; /* set by main: the processes of a cluster, or NULL */
    int n_traffic;
    const char *traffic[RS_MAX_TRAFFIC]; /* "SERVICE=FILE" */
};

enum option_kind {
    RS_OPTION_SWITCH,   /* bool */
    RS_OPTION_TEXT,     /* const char * */
    RS_OPTION_COUNT,    /* struct count_arg, min..max */
    RS_OPTION_DURATION, /* struct duration_arg; min and max in seconds */
    RS_OPTION_LIST,     /* struct list_arg */
    RS_OPTION_TRAFFIC   /* added to traffic[] */
};

struct option_row {
    char letter; /* 0 = long name only */
    enum option_kind kind;
    const char *name;
    const char *arg; /* word for the argument in the usage text; NULL for switches */
    const char *help;
    size_t offset; /* of the field in struct cli_args */
    uint64_t min,
        max; /* COUNT; DURATION: in seconds, min itself is legal, unless it is 0 and `positive` */
    bool positive;
};

/* Rows: letter (0 = none), field of struct cli_args, long name, word for the argument, bounds, help. */
#define RS_SWITCH(letter_, field_, name_, help_)                                                   \
    {                                                                                              \
        .letter = (letter_), .kind = RS_OPTION_SWITCH, .name = (name_), .help = (help_),           \
        .offset = offsetof(struct cli_args, field_)                                                \
    }
#define RS_TEXT(letter_, field_, name_, arg_, help_)                                               \
    {                                                                                              \
        .letter = (letter_), .kind = RS_OPTION_TEXT, .name = (name_), .arg = (arg_),               \
        .help = (help_), .offset = offsetof(struct cli_args, field_)                               \
    }
#define RS_COUNT(letter_, field_, name_, min_, max_, help_)                                        \
    {                                                                                              \
        .letter = (letter_), .kind = RS_OPTION_COUNT, .name = (name_), .arg = "N",                 \
        .help = (help_), .offset = offsetof(struct cli_args, field_), .min = (min_), .max = (max_) \
    }
#define RS_LIST(field_, name_, arg_, help_)                                                        \
    {                                                                                              \
        .kind = RS_OPTION_LIST, .name = (name_), .arg = (arg_), .help = (help_),                   \
        .offset = offsetof(struct cli_args, field_)                                                \
    }
#define RS_DURATION(field_, name_, min_, max_, help_)                                              \
    {                                                                                              \
        .kind = RS_OPTION_DURATION, .name = (name_), .arg = "TIME", .help = (help_),               \
        .offset = offsetof(struct cli_args, field_), .min = (min_), .max = (max_)                  \
    }

/* One that must not be 0. */
#define RS_DURATION_ABOVE_0(field_, name_, max_, help_)                                            \
    {                                                                                              \
        .kind = RS_OPTION_DURATION, .name = (name_), .arg = "TIME", .help = (help_),               \
        .offset = offsetof(struct cli_args, field_), .max = (max_), .positive = true               \
    }

/* Rows that several commands have, spelled once. */
#define RS_ROW_HELP RS_SWITCH('h', help, "help", "this text")
#define RS_ROW_JSON RS_SWITCH(0, json, "json", "print JSON for machines on stdout")
#define RS_ROW_JSON_FORMAT RS_SWITCH(0, json, "json", "the same as --format json")
/* How verdicts are told: of the commands that end with them. */
#define RS_ROWS_VERDICTS                                                                           \
    RS_TEXT(0, format, "format", "FORMAT", "text, json, junit or sarif (text)"),                   \
        RS_ROW_JSON_FORMAT,                                                                        \
        RS_TEXT(0, junit, "junit", "FILE", "write JUnit's XML to this file, too"),                 \
        RS_TEXT(0, sarif, "sarif", "FILE", "write SARIF 2.1.0 to this file, too"),                 \
        RS_SWITCH('q', quiet, "quiet", "no table and no progress: the exit status only"),          \
        RS_ROW_HELP
#define RS_ROW_SEED                                                                                \
    RS_COUNT(0, seed, "seed", 0, UINT64_MAX, "seed of every random stream (the scenario's)")
#define RS_ROW_SAMPLERS                                                                            \
    RS_TEXT(0, samplers, "samplers", "WHOSE",                                                      \
            "own, or gsl: the GNU Scientific Library's, for reference (own)")
#define RS_ROW_PROMETHEUS                                                                          \
    RS_TEXT(0, prometheus, "prometheus", "D",                                                      \
            "whose PromQL: 2.42 (up to 2.50), 2.53 (up to 2.55) or 3 (3)")
#define RS_ROW_TRAFFIC                                                                             \
    {                                                                                              \
        .kind = RS_OPTION_TRAFFIC, .name = "traffic", .arg = "SERVICE=FILE",                       \
        .help = "drive a service by a recorded rate series; may be repeated"                       \
    }

struct cmd;

/*
 * Reads the words after the command's name.
 *   argv[0]  the command's name; argc counts it
 * Returns 0 or -1 with the mistake told in err (RS_E_USAGE), a near name included. With --help seen, operands are not
 * counted. Uses getopt_long, so it may be called once at a time only.
 */
int rs_options_parse(
    struct cli_args *out, const struct cmd *cmd, int argc, char **argv, struct err *err);

#endif
