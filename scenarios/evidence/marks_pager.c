/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who was told what: PagerDuty's log entries and webhooks, Alertmanager's webhooks, alerts of its API, its own log as JSON.
 * Sources: PagerDuty's REST API v2 (log entries) and webhooks v2 and v3; Alertmanager's webhook payload, version 4.
 */
#include "marks_json.h"

#include <stdio.h>
#include <string.h>

#include "sim/clock.h"

static const struct node *child(const struct node *map, const char *a, const char *b)
{
    const struct node *outer = rs_node_get(map, a);
    return b ? rs_node_get(outer, b) : outer;
}

static void format_is(struct marks_reading *m, const char *words)
{
    m->e->source[m->source].format = words;
}

/* ---- PagerDuty ---- */

/*
 * What an entry means. An incident is triggered when the message has come to PagerDuty, which is behind the alert's firing by
 * Alertmanager's waits: it is a notification, like each that PagerDuty sends on.
 */
static const struct {
    const char *log_entry, *webhook, *event;
} meanings[] = {
    {"trigger_log_entry", "incident.triggered", "notified"},
    {"notify_log_entry", NULL, "notified"},
    {"acknowledge_log_entry", "incident.acknowledged", "acknowledged"},
    {"escalate_log_entry", "incident.escalated", "escalated"},
    {"resolve_log_entry", "incident.resolved", "resolved"},
    {"annotate_log_entry", "incident.annotated", "note"},
    {NULL, "incident.status_update_published", "communicated"},
};

static const char *meaning(const char *type)
{
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        if ((meanings[i].log_entry && strcmp(type, meanings[i].log_entry) == 0) ||
            (meanings[i].webhook && strcmp(type, meanings[i].webhook) == 0)) {
            return meanings[i].event;
        }
    }
    return "note"; /* assigned, snoozed, merged, ...: kept in its own words */
}

static const char *first_word(const char *a, const char *b)
{
    return a ? a : b;
}

static int read_log_entry(struct marks_reading *m, const struct node *entry)
{
    const struct node *incident = rs_node_get(entry, "incident");
    const char *title =
        first_word(rs_json_word(incident, "title"), rs_json_word(incident, "summary"));
    const char *detail = rs_json_word(child(entry, "event_details", NULL), "description");
    const char *alert = rs_marks_alert(m, title);
    alert = alert ? alert : rs_marks_alert(m, detail);
    const char *words = rs_json_word(child(entry, "channel", NULL), "summary");
    words = strcmp(rs_json_word(entry, "type"), "annotate_log_entry") == 0 && words
                ? words
                : rs_json_word(entry, "summary");
    struct mark_draft d = {.event = meaning(rs_json_word(entry, "type")),
                           .actor = rs_json_word(rs_node_get(entry, "agent"), "summary"),
                           .subject = first_word(alert, title),
                           .note = words};
    format_is(m, "PagerDuty log entries");
    return rs_marks_entry(m, &d, rs_json_word(entry, "created_at"), entry->at);
}

static int read_webhook(struct marks_reading *m, const struct node *event)
{
    const struct node *data = rs_node_get(event, "data");
    const struct node *incident = rs_node_get(data, "incident");
    const char *title = first_word(rs_json_word(data, "title"), rs_json_word(incident, "summary"));
    const char *alert = rs_marks_alert(m, title);
    const char *words = first_word(rs_json_word(data, "content"), rs_json_word(data, "message"));
    struct mark_draft d = {.event = meaning(rs_json_word(event, "event_type")),
                           .actor = rs_json_word(rs_node_get(event, "agent"), "summary"),
                           .subject = first_word(alert, title),
                           .note = first_word(words, rs_json_word(event, "event_type"))};
    format_is(m, "PagerDuty webhooks");
    return rs_marks_entry(m, &d, rs_json_word(event, "occurred_at"), event->at);
}

static int read_entries(struct marks_reading *m, const struct node *list)
{
    int status = 0;
    for (int i = 0; i < list->n; i++) {
        const struct node *one = list->item[i];
        const char *type = rs_json_word(one, "type");
        status |= type && strstr(type, "_log_entry")
                      ? read_log_entry(m, one)
                      : rs_marks_reject(m, one->at, "it is no log entry of PagerDuty");
    }
    m->e->source[m->source].n_line += list->n > 0 ? (uint64_t)list->n - 1 : 0;
    return status;
}

/* ---- Alertmanager ---- */

static bool is_set(const char *time)
{
    return time && strncmp(time, "0001-", 5) != 0; /* Go's zero time: not yet */
}

/* When it began to fire, and when it was resolved. *out_firing: it still fires. */
static int read_alert(struct marks_reading *m,
                      const struct node *alert,
                      const char *receiver,
                      bool *out_firing)
{
    const char *status = rs_json_word(alert, "status");
    const char *begin = rs_json_word(alert, "startsAt"), *end = rs_json_word(alert, "endsAt");
    struct mark_draft d = {.event = "detected",
                           .actor = receiver,
                           .subject = rs_json_word(rs_node_get(alert, "labels"), "alertname")};
    int done = rs_marks_entry(m, &d, begin, alert->at);
    *out_firing = !status || strcmp(status, "resolved") != 0;
    if (!*out_firing && is_set(end)) {
        d.event = "resolved";
        done |= rs_marks_entry(m, &d, end, alert->at);
    }
    return done;
}

/* When whoever kept the payload received it. */
static const char *received_at(const struct node *object)
{
    static const char *const keys[] = {"receivedAt", "received_at", "@timestamp",
                                       "timestamp",  "ts",          "time"};
    const char *at = NULL;
    for (size_t i = 0; !at && i < sizeof(keys) / sizeof(keys[0]); i++) {
        at = rs_json_word(object, keys[i]);
    }
    return at;
}

static int read_payload(struct marks_reading *m, const struct node *payload, const char *received)
{
    const struct node *alerts = rs_node_get(payload, "alerts");
    const char *receiver = rs_json_word(payload, "receiver"), *told = NULL;
    int status = 0;
    format_is(m, "Alertmanager webhooks");
    for (int i = 0; i < alerts->n; i++) {
        bool firing = false;
        const struct node *one = alerts->item[i];
        if (one->kind != RS_NODE_MAP) {
            status |= rs_marks_reject(m, one->at, "it is no alert");
            continue;
        }
        status |= read_alert(m, one, receiver, &firing);
        struct mark_draft d = {.event = "notified",
                               .actor = receiver,
                               .subject = rs_json_word(rs_node_get(one, "labels"), "alertname")};
        bool again = told && d.subject && strcmp(told, d.subject) == 0;
        if (received && firing && !again) {
            told = d.subject;
            status |= rs_marks_entry(m, &d, received, one->at);
        }
    }
    return status;
}

static const char *get_word(const void *ctx, const char *key)
{
    return rs_json_word(ctx, key);
}

static bool is_list(const struct node *node)
{
    return node && node->kind == RS_NODE_LIST;
}

int rs_marks_notification(struct marks_reading *m, const struct node *object)
{
    static const char *const wraps[] = {"payload", "body", "message"};
    const char *type = rs_json_word(object, "type");
    const struct node *entries = rs_node_get(object, "log_entries");
    const struct node *event = rs_node_get(object, "event"),
                      *list = rs_node_get(object, "messages");
    int status = 0;
    bool firing = false;
    if (is_list(entries)) {
        return read_entries(m, entries);
    }
    if (type && strstr(type, "_log_entry")) {
        return read_log_entry(m, object);
    }
    if (event && rs_json_word(event, "event_type")) {
        return read_webhook(m, event);
    }
    for (int i = 0; is_list(list) && i < list->n; i++) {
        entries = rs_node_get(list->item[i], "log_entries");
        status |= is_list(entries) ? read_entries(m, entries)
                                   : rs_marks_reject(m, list->item[i]->at, "it has no log entries");
    }
    if (is_list(list)) {
        return status;
    }
    if (is_list(rs_node_get(object, "alerts"))) {
        return read_payload(m, object, received_at(object));
    }
    for (size_t i = 0; i < sizeof(wraps) / sizeof(wraps[0]); i++) {
        const struct node *inner = rs_node_get(object, wraps[i]);
        if (is_list(rs_node_get(inner, "alerts"))) {
            return read_payload(m, inner, received_at(object));
        }
    }
    if (rs_node_get(object, "startsAt") && rs_node_get(object, "labels")) {
        format_is(m, "Alertmanager alerts");
        return read_alert(m, object, NULL, &firing);
    }
    if (rs_json_word(object, "msg")) {
        return rs_marks_am_line(m, &(struct am_line){get_word, object}, object->at);
    }
    return rs_marks_reject(m, object->at, "it is neither PagerDuty's nor Alertmanager's");
}
