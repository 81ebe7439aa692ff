/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What other settings would have done, for machines. */
#include "json_parts.h"

static json_t *band(const struct retro_band *b)
{
    json_t *o = json_object();
    rs_json_set(o, "low", rs_json_real(b->low));
    rs_json_set(o, "best", rs_json_real(b->best));
    rs_json_set(o, "high", rs_json_real(b->high));
    return o;
}

static json_t *instant(const struct retro *r, const struct retro_instant *at)
{
    json_t *o = json_object();
    rs_json_set(o, "how", rs_json_text(rs_retro_how_name(at->how)));
    rs_json_set(o, "never", json_boolean(at->never));
    rs_retro_json_instant(o, r, at);
    return o;
}

static json_t *outcome_row(const struct retro *r, const struct retro_outcome *o)
{
    json_t *row = json_object();
    rs_json_set(row, "episode", rs_retro_json_index(o->episode));
    rs_json_set(row, "refused", rs_json_text(o->refused));
    rs_json_set(row, "detected", instant(r, &o->detected));
    rs_json_set(row, "commanded", instant(r, &o->commanded));
    rs_json_set(row, "completed", instant(r, &o->completed));
    rs_json_set(row, "errors", band(&o->errors));
    rs_json_set(row, "users_hurt", band(&o->users_hurt));
    rs_json_set(row, "budget", band(&o->budget));
    rs_json_set(row, "errors_saved", band(&o->errors_saved));
    rs_json_set(row, "rests_on", rs_json_text(o->rests_on));
    return row;
}

static json_t *alarm_row(const struct retro_alarm *a)
{
    json_t *row = json_object();
    rs_json_set(row, "episode", rs_retro_json_index(a->episode));
    rs_json_set(row, "alert", rs_json_text(a->alert));
    rs_json_set(row, "labels", rs_json_text(a->labels ? a->labels : ""));
    rs_json_set(row, "pending", rs_retro_json_time(a->pending_ns));
    rs_json_set(row, "firing", rs_retro_json_time(a->firing_ns));
    rs_json_set(row, "notified", rs_retro_json_time(a->notified_ns));
    return row;
}

void rs_retro_json_what_if(json_t *root, const struct retro *r)
{
    json_t *rows = json_array();
    for (int i = 0; i < r->n_counterfactual; i++) {
        const struct retro_counterfactual *c = &r->counterfactual[i];
        json_t *row = json_object(), *alarms = json_array(), *outcomes = json_array();
        for (int k = 0; k < c->n_alarm; k++)
            rs_json_add(alarms, alarm_row(&c->alarm[k]));
        for (int k = 0; k < c->n_outcome; k++)
            rs_json_add(outcomes, outcome_row(r, &c->outcome[k]));
        rs_json_set(row, "name", rs_json_text(c->name));
        rs_json_set(row, "kind",
                    rs_json_text(c->happened ? "happened" : rs_retro_what_if_name(c->kind)));
        rs_json_set(row, "happened", json_boolean(c->happened));
        rs_json_set(row, "alarm", alarms);
        rs_json_set(row, "outcome", outcomes);
        rs_json_add(rows, row);
    }
    rs_json_set(root, "counterfactual", rows);
}
