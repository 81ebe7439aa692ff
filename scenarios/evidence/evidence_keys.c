/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The language of documents that say `retro: 1`. */
#include "evidence_keys.h"

#include <string.h>

#include "sim/clock.h"

#define SOURCE(type) offsetof(struct type, source)
#define METRICS(field) offsetof(struct metrics_draft, field)
#define LOG(field) offsetof(struct log_draft, field)
#define FORM(field) (LOG(form) + offsetof(struct requests_form, field))
#define TIMELINE(field) offsetof(struct timeline_source_draft, field)
#define EPISODES(field) offsetof(struct episodes_draft, field)
#define MARKS(field) offsetof(struct marks_source_draft, field)
#define SIGNAL(field)                                                                              \
    (offsetof(struct signal_draft, spec) + offsetof(struct retro_signal_spec, field))
#define IF(field) (offsetof(struct what_if_draft, what_if) + offsetof(struct retro_what_if, field))
#define MONITORING(field) offsetof(struct retro_monitoring_draft, field)
#define DRAFT(field) offsetof(struct retro_draft, field)

/* ---- what all sources have ---- */

#define SOURCE_KEYS(base)                                                                          \
    {"name", RS_V_TEXT, .at = (base) + offsetof(struct source_draft, name),                        \
     .help = "What it is called; else its file's name."},                                          \
        {"offset", RS_V_OWN, .shape = "duration, may be negative", .def = "(estimated)",           \
         .help = "Its clock less the clock of reference: 2s is two seconds ahead, -1h an hour "    \
                 "behind."},                                                                       \
    {                                                                                              \
        "accuracy", RS_V_DURATION, .max = 86400,                                                   \
                                   .at = (base) + offsetof(struct source_draft, accuracy_ns),      \
                                   .help = "So far off what it writes may be, either way."         \
    }
#define FILE_KEY(base, words)                                                                      \
    {                                                                                              \
        "file", RS_V_FILE, RS_KEY_REQUIRED, .at = (base) + offsetof(struct source_draft, file),    \
                                            .help = (words)                                        \
    }

/* "2s", "-1h", "+90s" */
static void read_offset(struct reader *r, const struct node *map, struct source_draft *d)
{
    const struct node *offset = rs_node_get(map, "offset");
    const int64_t most_ns = 30 * 86400 * RS_NS_PER_S;
    char seen[64];
    d->map = map;
    d->at = map->at;
    if (!offset) {
        return;
    }
    const char *text = offset->kind == RS_NODE_SCALAR ? offset->text : "";
    bool minus = text[0] == '-';
    if (rs_duration_parse(&d->offset_ns, text + (minus || text[0] == '+')) != 0 ||
        d->offset_ns > most_ns) {
        rs_err_list_add(r->errors, RS_E_TYPE, offset->at,
                        "\"offset\" must be a duration like 2s or -1h, at most 30d, got %s",
                        rs_node_describe(seen, sizeof(seen), offset));
        return;
    }
    d->offset_ns = minus ? -d->offset_ns : d->offset_ns;
}

/* ---- metrics, logs ---- */

/* Labels that a series has already by what it is. */
static void refuse_labels(
    struct reader *r, const struct node *labels, const char *const *taken, int n, const char *why)
{
    for (int i = 0; labels && labels->kind == RS_NODE_MAP && i < n; i++) {
        const struct pair *pair = rs_node_pair(labels, taken[i]);
        if (pair) {
            rs_err_list_add(r->errors, RS_E_KEY, pair->at, "\"labels\" cannot set \"%s\": %s",
                            pair->key, why);
        }
    }
}

static const char *const metrics_taken[] = {"__name__"};
static const char *const log_taken[] = {"__name__", "code", "le"};

static void finish_metrics(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct metrics_draft *d = draft;
    (void)out;
    d->source.file = d->data.file;
    refuse_labels(r, d->data.labels, metrics_taken, 1,
                  "all series would be called so; \"rename\" names series");
    read_offset(r, map, &d->source);
}

static const struct key metrics_keys[] = {SOURCE_KEYS(SOURCE(metrics_draft))};
static const struct section metrics_section = {"recorded metrics",
                                               "One file of recorded series, with the clock of its "
                                               "own.",
                                               metrics_keys,
                                               RS_N_KEY(metrics_keys),
                                               .size = sizeof(struct metrics_draft),
                                               .also = &rs_section_retell_data,
                                               .also_at = METRICS(data),
                                               .finish = finish_metrics};

static const char *const unit_words[] = {"auto", "s", "ms", "us", "ns", NULL};
static const double unit_s[] = {0.0, 1.0, 1e-3, 1e-6, 1e-9};
static const char *const format_words[] = {"auto", "common", "combined", "log_format", "json",
                                           "csv",  "jtl",    "k6",       "times",      NULL};

struct log_words { /* what the table reads as words */
    int format, unit, latency_unit;
};
struct log_table {
    struct log_draft log;
    struct log_words words;
};
#define WORDS(field) (offsetof(struct log_table, words) + offsetof(struct log_words, field))

static void finish_log(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct log_table *t = draft;
    struct log_draft *d = out;
    t->log.form.format = (enum requests_format)t->words.format;
    t->log.form.time_unit_s = unit_s[t->words.unit];
    t->log.form.latency_unit_s = unit_s[t->words.latency_unit];
    /* Of the reader, 0 means its own choice and less than that none. */
    t->log.form.reject_max = t->log.form.reject_max > 0.0 ? t->log.form.reject_max : -1.0;
    t->log.labels = rs_node_get(map, "labels");
    if (t->log.every_ns % RS_NS_PER_MS != 0) {
        rs_err_list_add(r->errors, RS_E_RANGE, rs_retell_at(map, "every"),
                        "\"every\" must be whole milliseconds");
    }
    (void)rs_retell_labels_check(r, t->log.labels);
    refuse_labels(r, t->log.labels, log_taken, 3, "what is counted out of a log has its own");
    read_offset(r, map, &t->log.source);
    *d = t->log;
}

static const struct key log_keys[] = {
    FILE_KEY(SOURCE(log_draft),
             "An access log, or the log of a load test; may be packed with gzip or zstd."),
    SOURCE_KEYS(SOURCE(log_draft)),
    {"service", RS_V_TEXT, .at = LOG(service),
     .help = "Whose requests they are; without it the label job tells, or the only service is."},
    {"every", RS_V_DURATION, RS_KEY_POSITIVE, .max = 86400, .at = LOG(every_ns),
     .def = "(the service's scrape interval, else 15s)", .help = "Distance of the samples."},
    {"labels", RS_V_OWN, .shape = "map of labels",
     .help = "Labels that are added. Without them `job` is the service, `instance` the source."},
    {"format", RS_V_WORD, .def = "auto", .at = WORDS(format), .words = format_words,
     .help = "How requests are written, as of [recorded traffic](recordings.md)."},
    {"log_format", RS_V_TEXT, .at = FORM(log_format),
     .help = "nginx's log_format, as it stands in its configuration."},
    {"column", RS_V_TEXT, .def = "(the usual names)", .at = FORM(time),
     .help = "Column of the times in CSV, field in JSON."},
    {"unit", RS_V_WORD, .def = "auto", .at = WORDS(unit), .words = unit_words,
     .help = "Unit of times that are plain numbers."},
    {"latency_column", RS_V_TEXT, .def = "(the usual names)", .at = FORM(latency),
     .help = "Column or field of the latencies."},
    {"latency_unit", RS_V_WORD, .def = "auto", .at = WORDS(latency_unit), .words = unit_words,
     .help = "Unit of the latencies."},
    {"status_column", RS_V_TEXT, .def = "(the usual names)", .at = FORM(status),
     .help = "Column or field of the statuses."},
    {"time_is_end", RS_V_BOOL, .def = "off", .at = FORM(time_is_end),
     .help = "The times are those at which requests ended."},
    {"order_within", RS_V_DURATION, RS_KEY_POSITIVE, .max = 86400, .def = "1m",
     .at = FORM(window_ns), .help = "Lines are put in order of arrival inside this."},
    {"reject", RS_V_RATIO, .def = "5%", .at = FORM(reject_max),
     .help = "Share of lines that may be unreadable before the file is refused."},
};
static const struct section log_section = {"log",
                                           "An access log, counted into the counters that its "
                                           "service exposes.",
                                           log_keys,
                                           RS_N_KEY(log_keys),
                                           .size = sizeof(struct log_draft),
                                           .draft_size = sizeof(struct log_table),
                                           .finish = finish_log};

/* ---- timelines ---- */

static const struct node *map_of(struct reader *r, const struct node *map, const char *key)
{
    const struct node *node = rs_node_get(map, key);
    char seen[64];
    if (node && node->kind != RS_NODE_MAP) {
        rs_err_list_add(r->errors, RS_E_TYPE, node->at, "\"%s\" must be a map to events, got %s",
                        key, rs_node_describe(seen, sizeof(seen), node));
        return NULL;
    }
    return node;
}

/* The values must be events. */
static void check_events(struct reader *r, const struct node *map)
{
    for (int i = 0; map && i < map->n; i++) {
        const struct node *value = map->pair[i].value;
        char seen[64];
        if (value->kind != RS_NODE_SCALAR) {
            rs_err_list_add(r->errors, RS_E_TYPE, value->at, "an event is expected here, got %s",
                            rs_node_describe(seen, sizeof(seen), value));
        } else {
            (void)rs_marks_event(r, value->text, value->at);
        }
    }
}

static void finish_episodes(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct episodes_draft *d = draft;
    (void)out;
    d->columns = map_of(r, map, "columns");
    check_events(r, d->columns);
}

static const struct key episodes_keys[] = {
    {"name", RS_V_TEXT, RS_KEY_REQUIRED, .at = EPISODES(name),
     .help = "The column that says what an episode is called."},
    {"date", RS_V_TEXT, .at = EPISODES(date),
     .help = "The column with the day of times of day; \"d+\" before or behind a time is the next "
             "one."},
    {"columns", RS_V_OWN, RS_KEY_REQUIRED, .shape = "map of columns to events",
     .help = "Which column holds which [event](retro-evidence.md#events); an empty field: it is "
             "not known."},
    {"note", RS_V_TEXT, .at = EPISODES(note), .help = "A column with people's own words."},
};
static const struct section episodes_section = {"episode table",
                                                "A CSV file with an episode a line and an instant "
                                                "a column.",
                                                episodes_keys,
                                                RS_N_KEY(episodes_keys),
                                                .size = sizeof(struct episodes_draft),
                                                .has_mark = true,
                                                .mark_at = EPISODES(at),
                                                .finish = finish_episodes};

static void finish_timeline(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct timeline_source_draft *d = draft;
    (void)out;
    d->events = rs_node_get(map, "events");
    d->is_wide = rs_node_get(map, "episodes") != NULL;
    read_offset(r, map, &d->source);
}

static const struct key timeline_keys[] = {
    {"file", RS_V_FILE, RS_KEY_ONE_OF,
     .at = SOURCE(timeline_source_draft) + offsetof(struct source_draft, file),
     .help = "A [timeline](#timeline), or CSV with the keys of its events as heading."},
    {"events", RS_V_OWN, RS_KEY_ONE_OF, .of = &rs_section_timeline_event, .shape = "list of ",
     .help = "Instead of a file."},
    SOURCE_KEYS(SOURCE(timeline_source_draft)),
    {"zone", RS_V_TEXT, .at = TIMELINE(zone),
     .help = "Whose clock shows the times that name no zone: Europe/Berlin, UTC, +02:00."},
    {"episodes", RS_V_MAP, .with = "file", .at = TIMELINE(episodes), .of = &episodes_section,
     .help = "The file is CSV with an episode a line."},
};
static const struct section timeline_section = {"noted timeline",
                                                "What people wrote down.",
                                                timeline_keys,
                                                RS_N_KEY(timeline_keys),
                                                .size = sizeof(struct timeline_source_draft),
                                                .finish = finish_timeline};

static void finish_annotations(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct marks_source_draft *d = draft;
    (void)out;
    d->tags = map_of(r, map, "tags");
    check_events(r, d->tags);
    read_offset(r, map, &d->source);
}

static const struct key annotations_keys[] = {
    FILE_KEY(SOURCE(marks_source_draft), "Grafana's annotations, as its API gives them (JSON)."),
    SOURCE_KEYS(SOURCE(marks_source_draft)),
    {"tags", RS_V_OWN, .shape = "map of tags to events",
     .help = "What a tag means, beside [those that are known](retro-evidence.md#grafana)."},
};
static const struct section annotations_section = {"annotations",
                                                   "Grafana's annotations.",
                                                   annotations_keys,
                                                   RS_N_KEY(annotations_keys),
                                                   .size = sizeof(struct marks_source_draft),
                                                   .finish = finish_annotations};

static void finish_notifications(struct reader *r, const struct node *map, void *draft, void *out)
{
    (void)out;
    read_offset(r, map, &((struct marks_source_draft *)draft)->source);
}

static const struct key notifications_keys[] = {
    FILE_KEY(SOURCE(marks_source_draft),
             "PagerDuty's log entries or webhooks, Alertmanager's webhooks (an object a line), or "
             "Alertmanager's own log."),
    SOURCE_KEYS(SOURCE(marks_source_draft)),
};
static const struct section notifications_section = {"notifications",
                                                     "Who was told what.",
                                                     notifications_keys,
                                                     RS_N_KEY(notifications_keys),
                                                     .size = sizeof(struct marks_source_draft),
                                                     .finish = finish_notifications};

/* ---- questions ---- */

static const struct key ratio_keys[] = {
    {"events", RS_V_PROMQL, RS_KEY_REQUIRED, .at = SIGNAL(events), .n_at = SIGNAL(events_text),
     .help = "A selector: the counters of the bad ones."},
    {"total", RS_V_PROMQL, RS_KEY_REQUIRED, .at = SIGNAL(total), .n_at = SIGNAL(total_text),
     .help = "A selector: the counters of all."},
};
static const struct section ratio_section = {"recorded ratio", "Events of a total.", ratio_keys,
                                             RS_N_KEY(ratio_keys),
                                             .size = sizeof(struct signal_draft)};

static void finish_signal(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct signal_draft *d = draft;
    (void)r, (void)out;
    d->map = map;
    d->has_ratio = rs_node_get(map, "ratio") != NULL;
}

/* In the order of enum retro_direction. */
static const char *const bad_words[] = {"either", "up", "down", NULL};

static const struct key signal_keys[] = {
    {"name", RS_V_TEXT, RS_KEY_REQUIRED, .at = SIGNAL(name), .help = "What it is called."},
    {"ratio", RS_V_MAP, RS_KEY_ONE_OF, .of = &ratio_section, .help = "Events of a total."},
    {"count", RS_V_PROMQL, RS_KEY_ONE_OF, .at = SIGNAL(events), .n_at = SIGNAL(events_text),
     .help = "A selector: counters of events, at a rate over time."},
    {"value", RS_V_PROMQL, RS_KEY_ONE_OF, .at = SIGNAL(value), .n_at = SIGNAL(value_text),
     .help = "PromQL whose value is looked at; one signal for each series that it gives."},
    {"every", RS_V_DURATION, RS_KEY_POSITIVE, .max = 86400, .with = "value", .at = SIGNAL(every_ns),
     .def = "(the distance of the samples)", .help = "How often the value is looked at."},
    {"unit", RS_V_TEXT, .with = "value", .at = SIGNAL(unit), .help = "Of the value."},
    {"bad", RS_V_WORD, .def = "up", .at = SIGNAL(bad), .words = bad_words,
     .help = "Which way a change hurts."},
};
static const struct section signal_section = {"signal",
                                              "What shows a fault, beside what a scenario's "
                                              "services show by themselves.",
                                              signal_keys,
                                              RS_N_KEY(signal_keys),
                                              .size = sizeof(struct signal_draft),
                                              .has_mark = true,
                                              .mark_at = SIGNAL(at),
                                              .finish = finish_signal};

static void finish_what_if(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct what_if_draft *d = draft;
    (void)out;
    d->map = map;
    if (d->what_if.look_every_ns % RS_NS_PER_MS != 0) {
        rs_err_list_add(r->errors, RS_E_RANGE, rs_retell_at(map, "look_every"),
                        "\"look_every\" must be whole milliseconds");
    }
    d->what_if.kind = rs_node_get(map, "rules")        ? RS_IF_RULES
                      : rs_node_get(map, "gate")       ? RS_IF_GATE
                      : rs_node_get(map, "automation") ? RS_IF_AUTOMATION
                                                       : RS_IF_NO_ROLLBACK;
}

static const struct key what_if_keys[] = {
    {"name", RS_V_TEXT, RS_KEY_REQUIRED, .at = IF(name), .help = "What the question is called."},
    {"rules", RS_V_OWN, RS_KEY_ONE_OF, .shape = "list of files",
     .help = "Which alerts would have fired when, with these rule files."},
    {"alertmanager", RS_V_FILE, .with = "rules", .at = offsetof(struct what_if_draft, alertmanager),
     .help = "And who would have been told, with this file."},
    {"gate", RS_V_PROMQL, RS_KEY_ONE_OF, .at = IF(gate), .n_at = IF(gate_text),
     .help = "With this condition read at looks: true orders a rollback."},
    {"look_every", RS_V_DURATION, RS_KEY_POSITIVE, .max = 86400, .with = "gate", .def = "5m",
     .at = IF(look_every_ns), .help = "How often it is read."},
    {"procedure", RS_V_TEXT, .with = "gate", .at = offsetof(struct what_if_draft, procedure),
     .def = "(the episode's)", .help = "Which rollback it orders."},
    {"automation", RS_V_DURATION, RS_KEY_ONE_OF, .at = IF(delay_ns),
     .help = "With a machine that acts so long after detection."},
    {"no_rollback", RS_V_DURATION, RS_KEY_ONE_OF | RS_KEY_POSITIVE, .at = IF(until_ns),
     .help = "With nobody who acts, until so long after the onset."},
};
static const struct section what_if_section = {"what-if",
                                               "A question: what would other settings have done? "
                                               "Automation and no rollback are asked in any case.",
                                               what_if_keys,
                                               RS_N_KEY(what_if_keys),
                                               .size = sizeof(struct what_if_draft),
                                               .has_mark = true,
                                               .mark_at = IF(at),
                                               .finish = finish_what_if};

/* ---- the whole ---- */

static const struct key monitoring_keys[] = {
    {"rules", RS_V_OWN, .shape = "list of files",
     .help = "Prometheus rule files that were in force."},
    {"alertmanager", RS_V_OWN, .shape = "file path", .help = "Alertmanager's file that was."},
    {"prometheus", RS_V_WORD, .at = MONITORING(dialect), .words = rs_promql_dialect_names,
     .def = "(the scenario's, else 3)",
     .help = "Whose PromQL: the release from which on it holds."},
    {"evaluation_interval", RS_V_DURATION, RS_KEY_POSITIVE, .max = 86400,
     .at = MONITORING(interval_ns), .def = "(the scenario's, else 1m)",
     .help = "Of groups that name none, and of the runbook's conditions."},
    {"lookback", RS_V_DURATION, RS_KEY_POSITIVE, .max = 86400, .at = MONITORING(lookback_ns),
     .def = "(the scenario's, else 5m)", .help = "So long a sample counts as the newest."},
};
static const struct section monitoring_section = {
    "recorded monitoring",
    "The rules that were in force, and how they were evaluated; what is not said is the "
    "scenario's.",
    monitoring_keys, RS_N_KEY(monitoring_keys), .size = sizeof(struct retro_monitoring_draft)};

static const struct key retro_keys[] = {
    {"retro", RS_V_OWN, RS_KEY_REQUIRED, .shape = "1", .help = "Version of the language."},
    {"name", RS_V_NAME, RS_KEY_REQUIRED, .at = DRAFT(name), .help = "Name."},
    {"title", RS_V_TEXT, .at = DRAFT(title), .help = "One line for people."},
    {"scenario", RS_V_FILE, .at = DRAFT(scenario),
     .help = "The scenario whose runbook was followed; without it nothing is held against a "
             "runbook, and nothing is learnt."},
    {"sla", RS_V_DURATION, RS_KEY_POSITIVE, .at = DRAFT(sla_ns), .def = "(never)",
     .help = "From detection to completion, of rollbacks whose procedure names none."},
    {"confidence", RS_V_RATIO, .min = 0.5, .max = 0.999999, .def = "95%", .at = DRAFT(confidence),
     .help = "Of each interval by itself."},
    {"clock", RS_V_TEXT, .at = DRAFT(clock), .def = "(the first metrics, else the first source)",
     .help = "The source whose clock is the clock of reference."},
    {"monitoring", RS_V_MAP, .at = DRAFT(monitoring), .of = &monitoring_section,
     .help = "The rules that were in force, where they were not the scenario's."},
    {"metrics", RS_V_LIST, .at = DRAFT(metrics), .n_at = DRAFT(n_metrics), .of = &metrics_section,
     .help = "What was scraped."},
    {"logs", RS_V_LIST, .at = DRAFT(log), .n_at = DRAFT(n_log), .of = &log_section,
     .help = "What servers wrote, request by request."},
    {"timelines", RS_V_LIST, .at = DRAFT(timeline), .n_at = DRAFT(n_timeline),
     .of = &timeline_section, .help = "What people wrote down."},
    {"annotations", RS_V_LIST, .at = DRAFT(annotations), .n_at = DRAFT(n_annotations),
     .of = &annotations_section, .help = "What was marked in Grafana."},
    {"notifications", RS_V_LIST, .at = DRAFT(notifications), .n_at = DRAFT(n_notifications),
     .of = &notifications_section, .help = "Who was told what."},
    {"signals", RS_V_LIST, .at = DRAFT(signal), .n_at = DRAFT(n_signal), .of = &signal_section,
     .help = "What shows a fault."},
    {"known", RS_V_LIST, .at = DRAFT(known), .n_at = DRAFT(n_known),
     .of = &rs_section_retell_incident,
     .help = "Faults that were injected, to measure what is found."},
    {"what_if", RS_V_LIST, .at = DRAFT(what_if), .n_at = DRAFT(n_what_if), .of = &what_if_section,
     .help = "What other settings would have done."},
    {"learn_from", RS_V_OWN, .shape = "list of files",
     .help = "Documents of earlier rollouts: people's times and propagation are learnt from them "
             "too. What they themselves learn from is not read."},
};
const struct section rs_section_retro = {"retrospective",
                                         "A file that says `retro: 1`: what was recorded of a "
                                         "rollout ([how](retro-evidence.md)).",
                                         retro_keys, RS_N_KEY(retro_keys),
                                         .size = sizeof(struct retro_draft)};
