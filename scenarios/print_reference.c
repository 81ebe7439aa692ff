/* SPDX-License-Identifier: GPL-3.0-or-later */
/* docs/scenario-reference.md from the key tables. */
#include <math.h>
#include <string.h>

#include "section_list.h"

static const char head[] = "# Scenario reference\n"
                           "\n"
                           "Printed from the key tables of `scenarios/`; do not edit. "
                           "`scenarios/prisma/prisma.yaml` is the same language by example.\n"
                           "Every map takes the keys of its table and no others; a mistake is told "
                           "as `file:line:column`, all of them in one go.\n"
                           "Order in the file is free: a name may be used before it is defined. "
                           "YAML anchors, aliases and `<<` work.\n"
                           "\n"
                           "## Values\n"
                           "\n"
                           "| type | written as |\n"
                           "|---|---|\n"
                           "| duration | as Prometheus writes it: `90s`, `1h30m`, `200ms`; units y "
                           "w d h m s ms, falling; a fraction with one "
                           "unit (`1.5s`); `0` |\n"
                           "| ratio | `0.5%` or `0.005` |\n"
                           "| percent | `25` or `25%` |\n"
                           "| rate | `0.6/m`, `2/s`, `30/h`, `100/d`, or a number per second |\n"
                           "| timestamp | RFC 3339: `2025-09-29T09:00:00Z` |\n"
                           "| time of day | `\"14:00\"` in quotes, UTC |\n"
                           "| switch | `on`, `off`, `true`, `false`, `yes`, `no` |\n"
                           "| name | letters, digits and `. _ - /`, at most 100 |\n"
                           "| PromQL | an expression, best in a block scalar; refused by name "
                           "where it is not supported |\n"
                           "| errors | a map of status codes 400..599 to ratios that sum to at "
                           "most 1: `{500: 0.04%, 503: 0.01%}`; or `{recording: {file: ...}}` "
                           "with the keys of [recorded errors](#recorded-errors) |\n"
                           "| conditions | a list of flags; `\"!FLAG\"` means off |\n"
                           "\n";

static const char tail[] =
    "## Rule files\n"
    "\n"
    "Prometheus' own, as it is, or PrometheusRule manifests of the operator; labels and "
    "annotations "
    "of alerts are Go templates. What is read, noted and refused, and when groups run: "
    "[Rule files](rule-files.md).\n"
    "\n"
    "## Alertmanager file\n"
    "\n"
    "Alertmanager's own, as it is: routes with matchers in both forms, grouping, waits and time "
    "intervals; receivers (only `send_resolved` of their integrations counts); inhibit_rules; "
    "time_intervals. What is passed over (credentials, templates, addresses) is noted. What each "
    "release does, and what is refused: [Alertmanager](alertmanager.md).\n"
    "\n"
    "## Recorded traffic\n"
    "\n"
    "A rate series is a text file with one count a line (`every` says for how long, 1s without "
    "it), or a CSV file with a "
    "header whose first column is a time (seconds, `YYYY-MM-DD HH:MM:SS` in UTC, or RFC 3339) and "
    "another one a count; the "
    "step is the smallest difference of two times, and what lies between two steps is zero. A "
    "request log has one request's "
    "time a line, or is an access log (Common, Combined, or as `log_format` says), JSON lines, "
    "CSV, "
    "JTL or k6; it may be unordered. Both may be packed with gzip or zstd; blank lines and lines "
    "that begin with "
    "`#` are passed over. Limits: 5,000,000 values, 20,000,000 requests, 4094 characters a line of "
    "counts, 64 KiB a line of a request log. More: [Recorded traffic](recordings.md).\n";

static const char *short_type(enum value_type type)
{
    switch (type) {
    case RS_V_TEXT:
    case RS_V_TEXT_OR_NAME: return "text";
    case RS_V_NAME: return "name";
    case RS_V_METRIC: return "metric name";
    case RS_V_BOOL: return "switch";
    case RS_V_INT:
    case RS_V_COUNT: return "whole number";
    case RS_V_NUMBER: return "number";
    case RS_V_RATIO: return "ratio";
    case RS_V_PERCENT: return "percent";
    case RS_V_RATE: return "rate";
    case RS_V_DURATION:
    case RS_V_SECONDS: return "duration";
    case RS_V_TIME: return "timestamp";
    case RS_V_DAYTIME: return "time of day";
    case RS_V_WEEKDAYS: return "list of mon, tue, wed, thu, fri, sat, sun";
    case RS_V_WORD: return "word";
    case RS_V_DIST: return "duration or [distribution](#distribution)";
    case RS_V_ERRORS: return "errors";
    case RS_V_PROMQL: return "PromQL";
    case RS_V_SECONDS_LIST: return "list of rising durations";
    case RS_V_REF:
    case RS_V_NAMED: return "name of";
    case RS_V_REFS:
    case RS_V_NAMEDS: return "list of names of";
    case RS_V_CONDITIONS: return "conditions";
    case RS_V_ASSUMES: return "list of assumption ids";
    case RS_V_FILE: return "file path";
    case RS_V_LIST: return "list of";
    case RS_V_MAP:
    case RS_V_BOX:
    case RS_V_OWN: break;
    }
    return "";
}

static void print_link(FILE *to, const char *name)
{
    fprintf(to, "[%s](#", name);
    for (; *name; name++) {
        fputc(*name == ' ' ? '-' : *name, to);
    }
    fputc(')', to);
}

static void print_type(FILE *to, const struct key *key)
{
    fputs(key->type == RS_V_OWN ? key->shape : short_type(key->type), to);
    if (key->of) {
        fputs(key->type == RS_V_LIST ? " " : "", to);
        print_link(to, key->of->name);
    } else if (key->names) {
        fprintf(to, " %s", rs_name_kind_words(key->names));
    } else if (key->type == RS_V_WORD) {
        for (int i = 0; key->words[i]; i++) {
            fprintf(to, "%s `%s`", i > 0 ? "," : ":", key->words[i]);
        }
    }
}

static bool is_numeric(enum value_type type)
{
    return type == RS_V_INT || type == RS_V_COUNT || type == RS_V_NUMBER || type == RS_V_RATIO ||
           type == RS_V_PERCENT || type == RS_V_RATE || type == RS_V_DURATION ||
           type == RS_V_SECONDS;
}

/* "check set" as "check or set" */
static void print_with(FILE *to, const char *keys)
{
    for (; *keys; keys++) {
        fputs(*keys == ' ' ? " or " : (char[]){*keys, '\0'}, to);
    }
}

static void print_default(FILE *to, const struct key *key)
{
    if (key->flags & RS_KEY_REQUIRED) {
        fputs("required", to);
    } else if (key->flags & RS_KEY_ONE_OF) {
        fputs("exactly one of these", to);
    } else if (key->flags & RS_KEY_NEED_WITH) {
        fputs("required with ", to);
        print_with(to, key->with);
    } else if (key->def && key->def[0] == '(') {
        fprintf(to, "%.*s", (int)strlen(key->def) - 2, key->def + 1);
    } else if (key->def) {
        fprintf(to, "`%s`", key->def);
    } else {
        fputs(is_numeric(key->type) ? "`0`" : "none", to);
    }
}

static void print_key(FILE *to, const struct key *key)
{
    char range[96] = "";
    if (is_numeric(key->type)) {
        rs_key_range(range, sizeof(range), key);
    }
    fprintf(to, "| `%s` | ", key->name);
    print_type(to, key);
    fprintf(to, " | %s | ", range);
    print_default(to, key);
    fprintf(to, " | %s", key->help);
    if (key->with && !(key->flags & RS_KEY_NEED_WITH)) {
        fputs(" Only with ", to);
        print_with(to, key->with);
        fputs(".", to);
    }
    fputs(" |\n", to);
}

void rs_scenario_print_reference(FILE *to)
{
    struct section_list list = rs_section_list();
    fputs(head, to);
    for (int i = 0; i < list.n; i++) {
        const struct section *s = list.item[i];
        fprintf(to, "## %s\n\n%s\n\n", s->name, s->help);
        if (s->n_key > 0) {
            fputs("| key | type | range | default | meaning |\n|---|---|---|---|---|\n", to);
        }
        for (int k = 0; k < s->n_key; k++) {
            print_key(to, &s->key[k]);
        }
        if (s->also) {
            fputs(s->n_key > 0 ? "\nAnd the keys of " : "The keys of ", to);
            print_link(to, s->also->name);
            fputs(".\n", to);
        }
        fputc('\n', to);
    }
    fputs(tail, to);
}
