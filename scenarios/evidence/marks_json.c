/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON: an array, objects one after the other, or an object a line; and what Grafana's annotations say. */
#include "marks_json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../text/json_node.h"
#include "sim/clock.h"

enum { LINE_MAX_BYTES = 1 << 20 };

const char *rs_json_word(const struct node *map, const char *key)
{
    const struct node *node = rs_node_get(map, key);
    bool is_word = node && node->kind == RS_NODE_SCALAR && !rs_node_is_null(node);
    return is_word && node->text[0] ? node->text : NULL;
}

int rs_marks_reject(struct marks_reading *m, struct mark at, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    if (m->e->source[m->source].n_rejected++ == 0) {
        m->rejected_at = at;
        vsnprintf(m->rejected, sizeof(m->rejected), fmt, args);
    }
    va_end(args);
    return 0;
}

int rs_marks_entry(struct marks_reading *m, struct mark_draft *d, const char *at, struct mark here)
{
    struct when when;
    const struct when_zone none = {0};
    char why[160];
    d->here = d->at_at = d->event_at = d->stage_at = d->flag_at = d->on_at = d->percent_at = here;
    d->at = at ? at : "";
    if (!at) {
        return rs_marks_reject(m, here, "it has no time");
    }
    if (rs_when_read(&when, at, &none, RS_WHEN_NO_DAY, why, sizeof(why)) != 0) {
        return rs_marks_reject(m, here, "\"%.40s\" %s", at, why);
    }
    return rs_marks_add_at(m, d, when);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Does the word stand in the text, with no letter beside it? */
static bool names(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = strstr(text, word); p && n > 0; p = strstr(p + 1, word)) {
        if ((p == text || !is_letter(p[-1])) && !is_letter(p[n])) {
            return true;
        }
    }
    return false;
}

const char *rs_marks_alert(const struct marks_reading *m, const char *text)
{
    const char *best = NULL;
    for (int f = 0; text && f < m->e->n_rule_file; f++) {
        const struct rule_file *file = m->e->rule_file[f];
        for (int g = 0; g < file->n_group; g++) {
            for (int i = 0; i < file->group[g].n_rule; i++) {
                const char *alert = file->group[g].rule[i].alert;
                if (alert && names(text, alert) && (!best || strlen(alert) > strlen(best))) {
                    best = alert;
                }
            }
        }
    }
    return best;
}

/* ---- Grafana ---- */

/* A stage or a flag of the scenario by that name? */
static void take_name(const struct marks_reading *m, const char *tag, struct mark_draft *d)
{
    const struct scenario *sc = m->e->scenario;
    for (int i = 0; sc && i < sc->response.n_stage; i++) {
        d->stage = strcmp(sc->response.stage[i].name, tag) == 0 ? tag : d->stage;
    }
    for (int i = 0; sc && i < sc->n_flag; i++) {
        d->flag = strcmp(sc->flag[i].name, tag) == 0 ? tag : d->flag;
    }
}

/* "stage:stage-1", "percent=10" */
static bool take_pair(struct marks_reading *m, const char *tag, struct mark_draft *d)
{
    const struct {
        const char *key;
        const char **to;
    } pairs[] = {{"event", &d->event},     {"stage", &d->stage},     {"flag", &d->flag},
                 {"on", &d->on},           {"percent", &d->percent}, {"subject", &d->subject},
                 {"episode", &d->episode}, {"actor", &d->actor}};
    size_t n = strcspn(tag, ":=");
    for (size_t i = 0; tag[n] && i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (strncmp(tag, pairs[i].key, n) == 0 && pairs[i].key[n] == '\0' && tag[n + 1]) {
            *pairs[i].to = tag + n + 1 + strspn(tag + n + 1, " ");
            return true;
        }
    }
    (void)m;
    return false;
}

static void take_tag(struct marks_reading *m, const char *tag, struct mark_draft *d)
{
    const struct node *meant = rs_node_get(m->how->tags, tag);
    take_name(m, tag, d);
    if (meant) {
        d->event = meant->text;
    } else if (!take_pair(m, tag, d) && (rs_retro_event(tag) >= 0 || strcmp(tag, "firing") == 0)) {
        d->event = tag;
    }
}

/* An annotation that Grafana's own alerting made. */
static const char *event_of_state(const char *state)
{
    static const struct {
        const char *state, *event;
    } states[] = {{"alerting", "detected"}, {"Alerting", "detected"}, {"pending", "pending"},
                  {"Pending", "pending"},   {"ok", "resolved"},       {"OK", "resolved"},
                  {"normal", "resolved"},   {"Normal", "resolved"},   {"Resolved", "resolved"}};
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (strncmp(state, states[i].state, strlen(states[i].state)) == 0) {
            return states[i].event;
        }
    }
    return NULL;
}

/* Events whose words are their subject. */
static bool has_subject(const char *event)
{
    static const char *const events[] = {
        "check_passed", "check_failed", "gate_passed", "gate_failed", "action_done",
        "communicated", "documented",   "checked_off", "held",        "halted"};
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        if (strcmp(events[i], event) == 0) {
            return true;
        }
    }
    return false;
}

int rs_marks_grafana(struct marks_reading *m, const struct node *object)
{
    const struct node *tags = rs_node_get(object, "tags");
    const char *state = rs_json_word(object, "newState"), *at = rs_json_word(object, "time");
    const char *end = rs_json_word(object, "timeEnd"), *login = rs_json_word(object, "login");
    struct mark_draft d = {.note = rs_json_word(object, "text"), .actor = login};
    for (int i = 0; tags && tags->kind == RS_NODE_LIST && i < tags->n; i++) {
        if (tags->item[i]->kind == RS_NODE_SCALAR) {
            take_tag(m, tags->item[i]->text, &d);
        }
    }
    if (!d.event && state) {
        d.event = event_of_state(state);
        d.subject = d.event ? rs_json_word(object, "alertName") : d.subject;
        d.subject = d.event && !d.subject ? rs_marks_alert(m, d.note) : d.subject;
    }
    if (d.event && rs_retro_event(d.event) < 0 && strcmp(d.event, "firing") != 0) {
        rs_evidence_note(m->e, object->at, "a tag names the event \"%.60s\", which is none",
                         d.event);
        d.event = NULL;
    }
    d.event = d.event ? d.event : "note";
    d.subject = !d.subject && has_subject(d.event) ? d.note : d.subject;
    int status = rs_marks_entry(m, &d, at, object->at);
    bool ends = at && end && strcmp(at, end) != 0 && strcmp(end, "0") != 0;
    const char *then = strcmp(d.event, "stage_entered") == 0 ? "stage_left"
                       : strcmp(d.event, "detected") == 0 || strcmp(d.event, "firing") == 0
                           ? "resolved"
                           : NULL;
    if (ends && then) {
        d.event = then;
        status |= rs_marks_entry(m, &d, end, object->at);
    } else if (ends) {
        rs_evidence_note(m->e, object->at,
                         "the annotation has an end: only of stages and alerts it counts");
    }
    return status;
}

/* ---- objects, in any of three forms ---- */

static int take(struct marks_reading *m, const struct node *one)
{
    m->e->source[m->source].n_line++;
    if (one->kind != RS_NODE_MAP) {
        return rs_marks_reject(m, one->at, "it is no object");
    }
    bool grafana = m->e->source[m->source].kind == RS_SOURCE_ANNOTATIONS;
    return grafana ? rs_marks_grafana(m, one) : rs_marks_notification(m, one);
}

/* The value that comes next, by itself: its memory is given back. */
static int read_value(struct marks_reading *m, struct json_text *j)
{
    struct arena *own = rs_arena_new();
    const struct node *one = rs_json_node(own, j);
    int status = one ? take(m, one) : -1;
    rs_arena_free(own);
    return status;
}

static int read_values(struct marks_reading *m, struct text_source *from)
{
    struct json_text j;
    int status = 0;
    rs_json_init(&j, from, m->r->errors);
    while (!j.failed && rs_json_next(&j) != RS_JSON_END) {
        if (rs_json_next(&j) != RS_JSON_ARRAY) {
            status |= read_value(m, &j);
            continue;
        }
        bool first = true;
        status |= rs_json_open(&j, '[');
        while (!j.failed && rs_json_element(&j, ']', &first)) {
            status |= read_value(m, &j);
        }
    }
    status = j.failed ? -1 : status;
    rs_json_clear(&j);
    return status;
}

/* One line as JSON; one that is not is rejected, for the others are good. */
static int read_line(struct marks_reading *m, const char *text, size_t n, int line)
{
    struct text_source from;
    struct json_text j;
    struct err_list errors;
    struct arena *own = rs_arena_new();
    int status = 0;
    rs_err_list_init(&errors);
    rs_source_from_memory(&from, m->r->file, text, n);
    from.line = line;
    rs_json_init(&j, &from, &errors);
    const struct node *one = rs_json_node(own, &j);
    if (one && rs_json_next(&j) != RS_JSON_END) {
        rs_json_refuse(&j, "not JSON: more text follows");
    }
    if (one && !j.failed) {
        status = take(m, one);
    } else {
        const struct err *e = errors.item;
        m->e->source[m->source].n_line++;
        rs_marks_reject(m, (struct mark){m->r->file, line, errors.n ? e->col : 1}, "%s",
                        errors.n ? e->text : "not JSON");
    }
    rs_json_clear(&j);
    rs_source_close(&from);
    rs_err_list_clear(&errors);
    rs_arena_free(own);
    return status;
}

static int read_lines(struct marks_reading *m, struct text_source *from)
{
    int status = 0;
    for (;;) {
        size_t n = 0;
        bool too_long = false;
        int line = from->line;
        const char *text = rs_source_line(from, LINE_MAX_BYTES, &n, &too_long);
        if (too_long) {
            return rs_err_list_add(m->r->errors, RS_E_SYNTAX, (struct mark){m->r->file, line, 1},
                                   "the line is longer than %d bytes", LINE_MAX_BYTES);
        }
        if (!text) {
            return status;
        }
        if (strspn(text, " \t") < n) {
            status |= read_line(m, text, n, line);
        }
    }
}

/* Is the first line an object by itself? */
static bool has_object_lines(struct text_source *from)
{
    const char *text = NULL;
    size_t n = rs_source_peek(from, LINE_MAX_BYTES, &text);
    const char *end = n > 0 ? memchr(text, '\n', n) : NULL;
    struct text_source line;
    struct json_text j;
    struct err_list errors;
    n = end ? (size_t)(end - text) : n;
    if (n == 0 || text[strspn(text, " \t")] != '{') {
        return false;
    }
    rs_err_list_init(&errors);
    rs_source_from_memory(&line, "", text, n);
    rs_json_init(&j, &line, &errors);
    bool whole = rs_json_skip(&j) == 0 && rs_json_next(&j) == RS_JSON_END && !j.failed;
    rs_json_clear(&j);
    rs_source_close(&line);
    rs_err_list_clear(&errors);
    return whole;
}

int rs_marks_read_json(struct marks_reading *m, struct text_source *from)
{
    m->lenient = true;
    return has_object_lines(from) ? read_lines(m, from) : read_values(m, from);
}
