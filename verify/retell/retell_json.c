/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For machines. */
#include <math.h>

#include <jansson.h>

#include "retell_words.h"
#include "sim/clock.h"

static json_t *number(double v)
{
    return isfinite(v) ? json_real(v) : json_null();
}

/* RFC 3339 for dates, else a number of seconds; null for what did not happen. */
static json_t *time_json(int64_t t_ms)
{
    char text[40];
    if (t_ms == RS_NEVER) {
        return json_null();
    }
    return rs_recorded_is_absolute(t_ms) ? json_string(rs_backtest_time(text, sizeof(text), t_ms))
                                         : json_real((double)t_ms / 1000.0);
}

static json_t *score_json(const struct retell_score *s)
{
    return json_pack(
        "{s:I, s:I, s:[o, o], s:o, s:o, s:o, s:o, s:I, s:o, s:[o, o]}", "incidents",
        (json_int_t)s->n_incident, "caught", (json_int_t)s->n_caught, "caught_interval",
        number(s->caught.low), number(s->caught.high), "mean_minutes", number(s->mean_minutes),
        "median_minutes", number(s->median_minutes), "least_minutes", number(s->least_minutes),
        "most_minutes", number(s->most_minutes), "false_alarms", (json_int_t)s->n_false,
        "false_alarms_per_day", number(s->false_per_day), "false_alarms_per_day_interval",
        number(s->false_rate.low), number(s->false_rate.high));
}

static json_t *setting_json(const struct retell_result *r, const uint16_t *value)
{
    const struct tune_plan *plan = r->retell->plan;
    json_t *object = json_object();
    for (int i = 0; i < plan->n_param; i++) {
        json_object_set_new(object, plan->param[i].name,
                            json_string(plan->param[i].value[value[i]].text));
    }
    return object;
}

static json_t *outcome_json(const struct retell_result *r, const struct retell_outcome *o)
{
    return json_pack("{s:o, s:o, s:o}", "setting", setting_json(r, o->value), "choose_on",
                     score_json(&o->part[RS_RETELL_CHOOSE]), "figures",
                     score_json(&o->part[RS_RETELL_JUDGE]));
}

static json_t *labels_json(const struct retell_result *r, rs_labels set)
{
    const struct label_table *table = r->retell->spec.data->labels;
    json_t *object = json_object();
    for (int i = 0; i < rs_labels_count(table, set); i++) {
        struct label label = rs_labels_at(table, set, i);
        json_object_set_new(object, label.name, json_string(label.value));
    }
    return object;
}

static json_t *catch_json(const struct retell_result *r, const struct retell_catch *c)
{
    if (c->at_ms == RS_NEVER) {
        return json_null();
    }
    return json_pack("{s:o, s:s, s:o}", "at", time_json(c->at_ms), "alert", c->alert, "labels",
                     labels_json(r, c->labels));
}

static json_t *incidents_json(const struct retell_result *r)
{
    static const char *const part[] = {"choose_on", "figures"};
    json_t *list = json_array();
    for (int i = 0; i < r->retell->n_incident; i++) {
        const struct retell_incident *in = &r->retell->incident[i];
        json_array_append_new(
            list, json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "name", in->name, "from",
                            time_json(in->from_ms), "until", time_json(in->until_ms), "part",
                            r->part_of[i] < 0 ? json_null() : json_string(part[r->part_of[i]]),
                            "today", catch_json(r, &r->today.caught[i]), "chosen",
                            r->has_chosen ? catch_json(r, &r->chosen.caught[i]) : json_null()));
    }
    return list;
}

static json_t *notes_json(const struct retell_result *r)
{
    const char *note[RS_RETELL_NOTES];
    int n = rs_retell_notes(r, note);
    json_t *list = json_array();
    for (int i = 0; i < n; i++) {
        json_array_append_new(list, json_string(note[i]));
    }
    return list;
}

void rs_retell_print_json(FILE *to,
                          const struct retell_result *r,
                          const char *diff,
                          int exit_status)
{
    const struct retell *d = r->retell;
    json_t *root = json_pack(
        "{s:s, s:s, s:o, s:o, s:I, s:I, s:I, s:I, s:[o, o], s:[o, o], s:f, s:o, s:o, s:o, s:I, "
        "s:I, "
        "s:f, s:o}",
        "recording", d->name, "file", d->file, "from", time_json(d->spec.from_ms), "to",
        time_json(d->spec.to_ms), "settings", (json_int_t)r->n_setting, "within_limits",
        (json_int_t)r->n_within, "equally_good", (json_int_t)r->n_tied, "runs",
        (json_int_t)r->n_run, "watched_days", number(r->watched_days[0]),
        number(r->watched_days[1]), "fault_free_days", number(r->quiet_days[0]),
        number(r->quiet_days[1]), "confidence", d->confidence, "today", outcome_json(r, &r->today),
        "chosen", r->has_chosen ? outcome_json(r, &r->chosen) : json_null(), "incidents",
        incidents_json(r), "only_today", (json_int_t)r->n_only_today, "only_chosen",
        (json_int_t)r->n_only_chosen, "p_differ", r->has_chosen ? r->p_differ : 1.0, "notes",
        notes_json(r));
    json_object_set_new(root, "rollsim_version", json_string(RS_VERSION));
    json_object_set_new(root, "diff", json_string(diff));
    json_object_set_new(root, "exit_status", json_integer(exit_status));
    json_dumpf(root, to, JSON_INDENT(2) | JSON_SORT_KEYS);
    fputc('\n', to);
    json_decref(root);
}
