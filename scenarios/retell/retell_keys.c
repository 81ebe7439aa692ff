/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The language of retold recordings as tables. */
#include "../tune/tune_read.h"
#include "retell_read.h"

#define DATA(field) offsetof(struct data_draft, field)
#define INCIDENT(field) offsetof(struct incident_draft, field)
#define SPAN(field) offsetof(struct span_draft, field)
#define PART(field) offsetof(struct part_draft, field)
#define CAUGHT(field) offsetof(struct caught_draft, field)
#define MONITORING(field) offsetof(struct retell_monitoring, field)
#define DRAFT(field) offsetof(struct retell_draft, field)
#define OUT(field) (offsetof(struct retell_draft, out) + offsetof(struct retell, field))
#define MOST(measure) (offsetof(struct limits_draft, most) + sizeof(double) * (measure))

/* ---- what the rules see ---- */

static const struct key monitoring_keys[] = {
    {"rules", RS_V_OWN, RS_KEY_REQUIRED, .shape = "list of files",
     .help = "Prometheus rule files as they are; groups that name no interval take the one here."},
    {"prometheus", RS_V_WORD, .def = "3", .at = MONITORING(dialect),
     .words = rs_promql_dialect_names, .help = "Whose PromQL: the release from which on it holds."},
    {"evaluation_interval", RS_V_DURATION, RS_KEY_POSITIVE, .max = 31536000, .def = "1m",
     .at = MONITORING(interval_ns), .help = "Of groups that name none."},
    {"evaluation_offset", RS_V_DURATION, .max = 31536000, .at = MONITORING(offset_ns),
     .help = "Groups are evaluated so long after whole multiples of their interval."},
    {"query_offset", RS_V_DURATION, .max = 31536000, .at = MONITORING(query_offset_ns),
     .help = "Of groups that name none: rules see the past of so long ago."},
    {"lookback", RS_V_DURATION, RS_KEY_POSITIVE, .max = 31536000, .def = "5m",
     .at = MONITORING(lookback_ns), .help = "So long a sample counts as the newest."},
};
static const struct section monitoring_section = {
    "retold monitoring", "The rules, and how they are evaluated.", monitoring_keys,
    RS_N_KEY(monitoring_keys), .size = sizeof(struct retell_monitoring)};

static void finish_data(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct data_draft *d = draft;
    (void)r, (void)out;
    d->map = map;
    d->zero = rs_node_get(map, "zero");
    d->rename = rs_node_get(map, "rename");
    d->labels = rs_node_get(map, "labels");
    d->keep = rs_node_get(map, "keep");
    d->drop = rs_node_get(map, "drop");
}

static const struct key data_keys[] = {
    {"file", RS_V_FILE, RS_KEY_REQUIRED, .at = DATA(file),
     .help = "Recorded series in any form that `rollsim rules eval --data` reads, packed or not."},
    {"metric", RS_V_METRIC, .at = DATA(metric), .help = "Name of series that have none."},
    {"table", RS_V_BOOL, .def = "off", .at = DATA(table),
     .help = "Read it loosely: headings are any words, columns of words are labels of the numbers "
             "beside them."},
    {"time", RS_V_TEXT, .with = "table", .at = DATA(time), .help = "The column of the time."},
    {"heading", RS_V_TEXT, .with = "metric", .at = DATA(heading),
     .help = "What is written as a series' name becomes this label, and its name is `metric`."},
    {"zero", RS_V_OWN, .shape = "time",
     .help = "The instant that is time 0 in the file; without it times are what they are."},
    {"rename", RS_V_OWN, .shape = "map of metrics",
     .help = "From the name in the file to the name that the rules use."},
    {"keep", RS_V_OWN, .shape = "map of labels",
     .help = "Only series with this value of the label, or one of a list of values."},
    {"drop", RS_V_OWN, .shape = "list of labels", .help = "Labels that are taken away."},
    {"labels", RS_V_OWN, .shape = "map of labels", .help = "Labels that are added."},
};
const struct section rs_section_retell_data = {"retold data",
                                               "One file of recorded series.",
                                               data_keys,
                                               RS_N_KEY(data_keys),
                                               .size = sizeof(struct data_draft),
                                               .has_mark = true,
                                               .mark_at = DATA(at),
                                               .finish = finish_data};

/* ---- what happened ---- */

static void finish_incident(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct incident_draft *d = draft;
    (void)out;
    d->map = map;
    d->where = rs_node_get(map, "where");
    if (d->where && d->where->kind != RS_NODE_MAP) {
        char seen[64];
        rs_err_list_add(r->errors, RS_E_TYPE, d->where->at,
                        "\"where\" must be a map of columns to values, got %s",
                        rs_node_describe(seen, sizeof(seen), d->where));
    }
}

static const struct key incident_keys[] = {
    {"name", RS_V_TEXT, .at = INCIDENT(name),
     .help = "What it is called; of a file the column that says so."},
    {"from", RS_V_TEXT, RS_KEY_REQUIRED, .at = INCIDENT(from),
     .help = "When it began: a date, seconds, or a duration from the first sample (where the data "
             "have no dates: from their 0); of a file the column that says so."},
    {"until", RS_V_TEXT, RS_KEY_ONE_OF, .at = INCIDENT(until), .help = "Likewise, when it ended."},
    {"lasts", RS_V_DURATION, RS_KEY_ONE_OF | RS_KEY_POSITIVE, .max = 31536000,
     .at = INCIDENT(lasts_ns), .help = "Instead: how long it, or each of the file, was there."},
    {"file", RS_V_FILE, .at = INCIDENT(file),
     .help = "A CSV file with a heading: an incident on each line."},
    {"where", RS_V_OWN, .with = "file", .shape = "map of columns",
     .help = "Only lines with this value in the column, or one of a list of values."},
};
const struct section rs_section_retell_incident = {"retold incident",
                                                   "A fault at known times, or a file of them.",
                                                   incident_keys,
                                                   RS_N_KEY(incident_keys),
                                                   .size = sizeof(struct incident_draft),
                                                   .has_mark = true,
                                                   .mark_at = INCIDENT(at),
                                                   .finish = finish_incident};

static const struct key caught_keys[] = {
    {"within", RS_V_DURATION, RS_KEY_REQUIRED | RS_KEY_POSITIVE, .max = 31536000,
     .at = CAUGHT(within_ns),
     .help = "An alert that begins to fire so long after the beginning, at most, has caught it."},
    {"before", RS_V_DURATION, .max = 31536000, .at = CAUGHT(before_ns),
     .help = "So much earlier it still counts: the noted beginning may be late."},
    {"settles", RS_V_DURATION, .max = 31536000, .at = CAUGHT(settles_ns),
     .help = "Until so long after the end no alert is false: the system calms down."},
};
static const struct section caught_section = {
    "catch", "When an incident is caught, and when an alert is no false alarm.", caught_keys,
    RS_N_KEY(caught_keys), .size = sizeof(struct caught_draft)};

/* ---- parts ---- */

static void finish_span(struct reader *r, const struct node *map, void *draft, void *out)
{
    (void)r, (void)out;
    ((struct span_draft *)draft)->map = map;
}

static const struct key span_keys[] = {
    {"from", RS_V_TEXT, .at = SPAN(from), .help = "First instant; else the first sample."},
    {"until", RS_V_TEXT, .at = SPAN(until), .help = "End; else the last sample."},
};
static const struct section span_section = {
    "time span",         "A part of the recording.",        span_keys,
    RS_N_KEY(span_keys), .size = sizeof(struct span_draft), .finish = finish_span};

static void finish_part(struct reader *r, const struct node *map, void *draft, void *out)
{
    (void)r, (void)out;
    ((struct part_draft *)draft)->map = map;
}

static const char *const odd_even[] = {"odd", "even", NULL};

static const struct key part_keys[] = {
    {"spans", RS_V_LIST, RS_KEY_ONE_OF | RS_KEY_SOME, .at = PART(span), .n_at = PART(n_span),
     .of = &span_section, .help = "These spans."},
    {"first", RS_V_RATIO, RS_KEY_ONE_OF | RS_KEY_POSITIVE, .max = 0.99, .at = PART(first),
     .help = "So large a share of the time in which there are samples, from the beginning."},
    {"incidents", RS_V_WORD, RS_KEY_ONE_OF, .at = PART(incidents), .words = odd_even,
     .help = "Every second incident with what lies around it, halfway to its neighbours. The time "
             "before the first and behind the last is halved, the earlier half for the odd ones."},
};
static const struct section part_section = {
    "retold part",       "Which part of the recording is meant.", part_keys,
    RS_N_KEY(part_keys), .size = sizeof(struct part_draft),       .finish = finish_part};

static void finish_limits(struct reader *r, const struct node *map, void *draft, void *out)
{
    (void)r, (void)out;
    ((struct limits_draft *)draft)->map = map;
}

static const struct key limit_keys[] = {
    {"missed", RS_V_NUMBER, .max = 1e9, .at = MOST(RS_RETELL_MISSED),
     .help = "Incidents that no alert caught."},
    {"mean_minutes", RS_V_NUMBER, .max = 1e9, .at = MOST(RS_RETELL_MEAN_MINUTES),
     .help = "From the beginning to the first alert, of those that were caught."},
    {"median_minutes", RS_V_NUMBER, .max = 1e9, .at = MOST(RS_RETELL_MEDIAN_MINUTES),
     .help = "Likewise."},
    {"false_alarms_per_day", RS_V_NUMBER, .max = 1e9, .at = MOST(RS_RETELL_FALSE_PER_DAY),
     .help = "Alerts that began to fire in fault-free time, for each day of it."},
};
static const struct section limits_section = {
    "retold limit",
    "What a setting must keep to, on the part for choosing.",
    limit_keys,
    RS_N_KEY(limit_keys),
    .size = sizeof(struct limits_draft),
    .finish = finish_limits};

/* ---- the whole ---- */

static void finish_retell(struct reader *r, const struct node *map, void *draft, void *out)
{
    (void)r, (void)out;
    ((struct retell_draft *)draft)->minimise = rs_node_get(map, "minimise");
}

static const struct key retell_keys[] = {
    {"retell", RS_V_OWN, RS_KEY_REQUIRED, .shape = "1", .help = "Version of the language."},
    {"name", RS_V_NAME, RS_KEY_REQUIRED, .at = OUT(name), .help = "Name."},
    {"title", RS_V_TEXT, .at = OUT(title), .help = "One line for people."},
    {"monitoring", RS_V_MAP, RS_KEY_REQUIRED, .at = DRAFT(monitoring), .of = &monitoring_section,
     .help = "The rules, and how they are evaluated."},
    {"data", RS_V_LIST, RS_KEY_REQUIRED | RS_KEY_SOME, .at = DRAFT(data), .n_at = DRAFT(n_data),
     .of = &rs_section_retell_data, .help = "What was recorded."},
    {"incidents", RS_V_LIST, RS_KEY_REQUIRED | RS_KEY_SOME, .at = DRAFT(incident),
     .n_at = DRAFT(n_incident), .of = &rs_section_retell_incident,
     .help = "What went wrong, and when."},
    {"caught", RS_V_MAP, RS_KEY_REQUIRED, .at = DRAFT(caught), .of = &caught_section,
     .help = "When an incident is caught."},
    {"alerts", RS_V_NAMEDS, RS_KEY_SOME, .at = OUT(alert), .n_at = OUT(n_alert),
     .names = RS_NAME_ALERT, .help = "Alerts that count; without it all of the rule files."},
    {"choose_on", RS_V_MAP, RS_KEY_REQUIRED, .at = DRAFT(choose), .of = &part_section,
     .help = "The part on which the setting is chosen."},
    {"judge_on", RS_V_MAP, .at = DRAFT(judge), .of = &part_section,
     .help = "The part that gives the figures; without it all the rest."},
    {"parameters", RS_V_LIST, RS_KEY_REQUIRED | RS_KEY_SOME, .at = DRAFT(param),
     .n_at = DRAFT(n_param), .of = &rs_section_tuned_parameter,
     .help = "What may be turned: paths below rules/."},
    {"minimise", RS_V_OWN, RS_KEY_REQUIRED, .shape = "list of measures",
     .help =
         "missed, mean_minutes, median_minutes, false_alarms_per_day, or of a parameter {lowest: "
         "NAME} or {highest: NAME}. The first one decides, the next ones where it is equal; then "
         "the setting that is nearest to today's is taken."},
    {"at_most", RS_V_MAP, .at = DRAFT(most), .of = &limits_section,
     .help = "Limits that the setting must keep to."},
    {"confidence", RS_V_RATIO, .min = 0.5, .max = 0.999999, .def = "95%", .at = OUT(confidence),
     .help = "Of each interval by itself."},
};
const struct section rs_section_retell = {"retold recording",
                                          "A file that says `retell: 1`: rules tuned on recorded "
                                          "series with known faults ([how](retell.md)).",
                                          retell_keys,
                                          RS_N_KEY(retell_keys),
                                          .size = sizeof(struct retell_draft),
                                          .finish = finish_retell};
