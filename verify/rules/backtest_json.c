/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "backtest_words.h"
#include "sim/clock.h"

static json_t *labels_json(const struct label_table *table, rs_labels set)
{
    json_t *object = json_object();
    for (int i = 0; i < rs_labels_count(table, set); i++) {
        struct label label = rs_labels_at(table, set, i);
        json_object_set_new(object, label.name, json_string(label.value));
    }
    return object;
}

/* RFC 3339 for dates, else a number of seconds; null for what did not happen. */
static json_t *time_json(int64_t t_ms)
{
    char text[40];
    if (t_ms == RS_NEVER) {
        return json_null();
    }
    if (rs_recorded_is_absolute(t_ms)) {
        return json_string(rs_backtest_time(text, sizeof(text), t_ms));
    }
    return t_ms % 1000 == 0 ? json_integer(t_ms / 1000) : json_real((double)t_ms / 1000.0);
}

static json_t *seconds_json(int64_t ms)
{
    return ms % 1000 == 0 ? json_integer(ms / 1000) : json_real((double)ms / 1000.0);
}

static json_t *activations_json(const struct backtest *b)
{
    json_t *list = json_array();
    for (int i = 0; i < b->n_activation; i++) {
        const struct activation *a = &b->activation[i];
        json_array_append_new(
            list,
            json_pack("{s:s, s:s, s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "alert", a->rule->alert,
                      "group", a->group->name, "file", a->rule->at.file, "line", a->rule->at.line,
                      "labels", labels_json(b->labels, a->labels), "active_from",
                      time_json(a->active_ms), "firing_from", time_json(a->firing_ms),
                      "last_active", time_json(a->last_ms), "cleared_at", time_json(a->cleared_ms),
                      "firing_s", seconds_json(rs_activation_firing_ms(a))));
    }
    return list;
}

/* The labels of a rule, as they are written. */
static json_t *fixed_json(const struct rule *rule)
{
    json_t *object = json_object();
    for (int i = 0; i < rule->n_label; i++) {
        json_object_set_new(object, rule->label[i].name, json_string(rule->label[i].value));
    }
    return object;
}

static json_t *missing_json(const struct backtest *b, const struct rule *rule)
{
    json_t *list = json_array();
    for (int i = 0; i < b->n_selector; i++) {
        const struct backtest_selector *s = &b->selector[i];
        if (s->rule == rule && !s->found && !s->may_be_missing) {
            json_array_append_new(list, json_string(s->text));
        }
    }
    return list;
}

static json_t *gaps_json(const struct backtest *b)
{
    json_t *list = json_array();
    for (int i = 0; i < b->n_gap; i++) {
        const struct rule *writer = b->gap[i].writer, *reader = b->gap[i].reader;
        json_array_append_new(list, json_pack("{s:s, s:i, s:s, s:s, s:i}", "file", writer->at.file,
                                              "line", writer->at.line, "record", writer->record,
                                              "first_reader",
                                              reader->alert ? reader->alert : reader->record,
                                              "readers", b->gap[i].n_reader));
    }
    return list;
}

static json_t *totals_json(const struct backtest *b, const struct backtest_spec *spec)
{
    json_t *list = json_array();
    int n = 0;
    struct backtest_total *total = rs_backtest_totals(b, spec, &n);
    for (int i = 0; i < n; i++) {
        const struct backtest_total *t = &total[i];
        json_array_append_new(
            list,
            json_pack("{s:s, s:s, s:s, s:i, s:o, s:i, s:i, s:o, s:o, s:o, s:o, s:i, s:o}", "alert",
                      t->rule->alert, "group", t->group->name, "file", t->rule->at.file, "line",
                      t->rule->at.line, "labels", fixed_json(t->rule), "active", t->n_active,
                      "fired", t->n_fired, "pending_s", seconds_json(t->pending_ms), "firing_s",
                      seconds_json(t->firing_ms), "longest_firing_s", seconds_json(t->longest_ms),
                      "first_firing", time_json(t->first_firing_ms), "selectors", t->n_selector,
                      "without_series", missing_json(b, t->rule)));
    }
    free(total);
    return list;
}

static json_t *failures_json(const struct backtest *b)
{
    json_t *list = json_array();
    for (int i = 0; i < b->n_failure; i++) {
        const struct backtest_failure *f = &b->failure[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:i, s:s, s:s, s:o, s:I, s:s}", "file",
                                        f->rule->at.file, "line", f->rule->at.line, "rule",
                                        f->rule->alert ? f->rule->alert : f->rule->record, "group",
                                        f->group->name, "first", time_json(f->first_ms), "times",
                                        (json_int_t)f->n, "text", f->text));
    }
    return list;
}

static json_t *notices_json(const struct backtest *b)
{
    json_t *list = json_array();
    for (int i = 0; i < b->n_notice; i++) {
        const struct backtest_notice *n = &b->notice[i];
        json_t *firing = json_array(), *resolved = json_array();
        for (int k = 0; k < n->n_firing + n->n_resolved; k++) {
            json_array_append_new(k < n->n_firing ? firing : resolved,
                                  labels_json(b->labels, n->alert[k]));
        }
        json_array_append_new(list,
                              json_pack("{s:o, s:s, s:b, s:I, s:o, s:o, s:o}", "at",
                                        time_json(n->at_ns / RS_NS_PER_MS), "receiver", n->receiver,
                                        "nobody", n->nobody, "group", (json_int_t)n->group,
                                        "group_labels", labels_json(b->labels, n->group_labels),
                                        "firing", firing, "resolved", resolved));
    }
    return list;
}

static json_t *held_json(const struct backtest *b)
{
    static const char *const why[] = {[RS_HOLD_INTERVAL] = "time interval",
                                      [RS_HOLD_INHIBITED] = "inhibited",
                                      [RS_HOLD_SILENCED] = "silence"};
    json_t *list = json_array();
    for (int i = 0; i < b->n_held; i++) {
        const struct backtest_held *h = &b->held[i];
        json_t *one = json_pack(
            "{s:s, s:o, s:o, s:s, s:o, s:o, s:I}", "receiver", h->route->receiver, "group_labels",
            labels_json(b->labels, h->group_labels), "alert", labels_json(b->labels, h->alert),
            "why", why[h->why], "first", time_json(h->first_ns / RS_NS_PER_MS), "last",
            time_json(h->last_ns / RS_NS_PER_MS), "flushes", (json_int_t)h->n);
        if (h->why == RS_HOLD_INHIBITED) {
            json_object_set_new(one, "by", labels_json(b->labels, h->source));
        } else if (h->why == RS_HOLD_SILENCED && h->silence->ref) {
            json_object_set_new(one, "by", json_string(h->silence->ref));
        }
        json_array_append_new(list, one);
    }
    return list;
}

void rs_backtest_print_json(FILE *to, const struct backtest *b, const struct backtest_spec *spec)
{
    json_t *root = json_pack(
        "{s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o}", "from", time_json(b->from_ms),
        "to", time_json(b->to_ms), "interval_s", seconds_json(b->interval_ms), "series",
        (json_int_t)spec->data->n_series, "samples", (json_int_t)spec->data->n_sample,
        "evaluations", (json_int_t)b->n_evaluation, "series_left_out", (json_int_t)b->n_left_out,
        "activations", activations_json(b), "alerts", totals_json(b, spec), "failures",
        failures_json(b), "gaps", gaps_json(b));
    if (spec->am) {
        json_object_set_new(root, "notifications", notices_json(b));
        json_object_set_new(root, "held_back", held_json(b));
    }
    json_dumpf(root, to, JSON_INDENT(2));
    fputc('\n', to);
    json_decref(root);
}

/* ---- answers: written by hand, since an answer can be larger than a tree of it should be ---- */

static void put_json_text(FILE *to, const char *text)
{
    json_t *s = json_string(text);
    json_dumpf(s, to, JSON_ENCODE_ANY);
    json_decref(s);
}

static void put_seconds(FILE *to, int64_t ms)
{
    char text[40];
    int64_t whole = ms / 1000, part = ms % 1000;
    int n = snprintf(text, sizeof(text), "%s%" PRId64, ms < 0 && whole == 0 ? "-" : "", whole);
    if (part != 0) {
        n += snprintf(text + n, sizeof(text) - (size_t)n, ".%03d", abs((int)part));
        while (text[n - 1] == '0') {
            text[--n] = '\0';
        }
    }
    fputs(text, to);
}

static void put_series(FILE *to, const struct backtest *b, const struct recorded_series *s)
{
    fputs("{\"metric\":", to);
    json_t *labels = labels_json(b->labels, s->labels);
    json_dumpf(labels, to, JSON_COMPACT);
    json_decref(labels);
    fputs(",\"values\":[", to);
    for (size_t k = 0; k < s->n; k++) {
        fputs(k ? ",[" : "[", to);
        put_seconds(to, s->sample[k].t_ms);
        fputs(",\"", to);
        rs_backtest_put_value(to, s->sample[k].v);
        fputs("\"]", to);
    }
    fputs("]}", to);
}

void rs_backtest_print_answers_json(FILE *to,
                                    const struct backtest *b,
                                    const struct backtest_spec *spec)
{
    for (int q = 0; q < b->n_answer; q++) {
        fputs("{\"query\":", to);
        put_json_text(to, spec->query[q].text);
        fputs(",\"start\":", to);
        put_seconds(to, b->from_ms);
        fputs(",\"end\":", to);
        put_seconds(to, b->to_ms);
        fputs(",\"step\":", to);
        put_seconds(to, b->interval_ms);
        fputs(",\"data\":{\"resultType\":\"matrix\",\"result\":[", to);
        for (int i = 0; i < b->answer[q]->n_series; i++) {
            fputs(i ? "," : "", to);
            put_series(to, b, &b->answer[q]->series[i]);
        }
        fputs("]}}\n", to);
    }
}
