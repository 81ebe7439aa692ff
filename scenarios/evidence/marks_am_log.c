/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Alertmanager's own log, as logfmt or JSON. A message that went out is told at level debug the first time and at info after a
 * repetition ("Notify success"); one that did not at warn and error. The group's alerts stand beside it: up to release 0.28 each
 * with its state, "[A[a3a4121][active] B[7b22ce9][resolved]]", later as counts, "A: 1, B: 2"; before 0.24 only the group's labels.
 */
#include "marks_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 1 << 20, PAIRS_MAX = 64, NAMES_MAX = 64 };

/* ---- which alerts ---- */

struct am_names {
    int n;
    struct {
        char name[128];
        bool resolved;
    } item[NAMES_MAX];
    int n_left; /* more than that */
};

static void add_name(struct am_names *to, const char *name, size_t n, bool resolved)
{
    n = n < sizeof(to->item[0].name) ? n : sizeof(to->item[0].name) - 1;
    for (int i = 0; i < to->n; i++) {
        if (strlen(to->item[i].name) == n && memcmp(to->item[i].name, name, n) == 0 &&
            to->item[i].resolved == resolved) {
            return;
        }
    }
    if (n == 0) {
        return;
    }
    if (to->n == NAMES_MAX) {
        to->n_left++;
        return;
    }
    memcpy(to->item[to->n].name, name, n);
    to->item[to->n].name[n] = '\0';
    to->item[to->n++].resolved = resolved;
}

/* "[A[a3a4121][active] B[7b22ce9][resolved]]" */
static void read_states(struct am_names *to, const char *p)
{
    while (*p) {
        p += strspn(p, "[] ");
        size_t n = strcspn(p, "[ ");
        const char *end = p + n;
        const char *state = *end == '[' ? strchr(end, ']') : NULL;
        bool resolved = state && strncmp(state, "][resolved]", 11) == 0;
        if (state) {
            add_name(to, p, n, resolved);
        }
        const char *next = state && state[1] == '[' ? strchr(state + 1, ']') : state;
        p = next ? next + 1 : end + strcspn(end, " ");
    }
}

/* "A: 1, B: 2" */
static void read_counts(struct am_names *to, const char *p)
{
    while (*p) {
        p += strspn(p, ", ");
        size_t n = strcspn(p, ":,");
        add_name(to, p, n, false);
        p += n + strcspn(p + n, ",");
    }
}

/* {}:{alertname="A", job="x"} */
static void read_group(struct am_names *to, const char *group)
{
    const char *p = strstr(group, "alertname=\"");
    const char *end = p ? strchr(p + 11, '"') : NULL;
    if (end) {
        add_name(to, p + 11, (size_t)(end - p) - 11, false);
    }
}

int rs_marks_am_line(struct marks_reading *m, const struct am_line *line, struct mark here)
{
    const char *msg = line->get(line->ctx, "msg"), *at = line->get(line->ctx, "ts");
    const char *alerts = line->get(line->ctx, "alerts"), *group = line->get(line->ctx, "aggrGroup");
    bool success = msg && strcmp(msg, "Notify success") == 0;
    bool failed = msg && (strncmp(msg, "Notify ", 7) == 0 || strstr(msg, "notify")) &&
                  line->get(line->ctx, "err");
    m->e->source[m->source].format = "Alertmanager's log";
    at = at ? at : line->get(line->ctx, "time");
    if (!success && !failed) {
        m->n_passed++;
        return 0;
    }
    struct am_names names = {0};
    if (alerts && alerts[0] == '[') {
        read_states(&names, alerts);
    } else if (alerts) {
        read_counts(&names, alerts);
    }
    if (names.n == 0 && group) {
        read_group(&names, group);
    }
    if (names.n == 0) {
        add_name(&names, group ? group : "?", strlen(group ? group : "?"), false);
    }
    int status = 0;
    for (int i = 0; i < names.n; i++) {
        const char *words = failed                   ? line->get(line->ctx, "err")
                            : names.item[i].resolved ? "told that it is resolved"
                                                     : line->get(line->ctx, "integration");
        struct mark_draft d = {.event = success && !names.item[i].resolved ? "notified" : "note",
                               .actor = line->get(line->ctx, "receiver"),
                               .subject = names.item[i].name,
                               .note = words};
        status |= rs_marks_entry(m, &d, at, here);
    }
    if (names.n_left > 0) {
        rs_evidence_note(m->e, here, "%d alerts more are named than the %d that are taken",
                         names.n_left, NAMES_MAX);
    }
    return status;
}

/* ---- logfmt ---- */

struct pairs {
    int n;
    char *key[PAIRS_MAX], *value[PAIRS_MAX];
};

static const char *get_pair(const void *ctx, const char *key)
{
    const struct pairs *p = ctx;
    for (int i = 0; i < p->n; i++) {
        if (strcmp(p->key[i], key) == 0) {
            return p->value[i];
        }
    }
    return NULL;
}

/* A value in quotes, \" and the like in it; written over itself. Returns what follows, or NULL where it has no end. */
static char *unquote(char *p)
{
    char *to = p;
    for (char *from = p + 1; *from; from++) {
        if (*from == '"') {
            *to = '\0';
            return from + 1;
        }
        if (*from == '\\' && from[1]) {
            from++;
            *to++ = (char)(*from == 'n' ? '\n' : *from == 't' ? '\t' : *from);
        } else {
            *to++ = *from;
        }
    }
    return NULL;
}

/* key=value key="value"; words between are passed over. -1: a quote is not closed. */
static int cut(char *p, struct pairs *out)
{
    out->n = 0;
    while (*p) {
        p += strspn(p, " \t");
        char *key = p;
        p += strcspn(p, "= \t\"");
        if (*p != '=') {
            p += *p == '"' ? 1 : strcspn(p, " \t");
            continue;
        }
        *p++ = '\0';
        char *value = p;
        bool quoted = *p == '"';
        p = quoted ? unquote(p) : p + strcspn(p, " \t");
        if (!p) {
            return -1;
        }
        if (!quoted && *p) {
            *p++ = '\0';
        }
        if (out->n < PAIRS_MAX) {
            out->key[out->n] = key;
            out->value[out->n++] = value;
        }
    }
    return 0;
}

int rs_marks_read_am_log(struct marks_reading *m, struct text_source *from)
{
    struct pairs pairs;
    int status = 0;
    m->lenient = true;
    for (;;) {
        size_t n = 0;
        bool too_long = false;
        struct mark here = {m->r->file, from->line, 1};
        char *text = rs_source_line(from, LINE_MAX_BYTES, &n, &too_long);
        if (too_long) {
            return rs_err_list_add(m->r->errors, RS_E_SYNTAX, here,
                                   "the line is longer than %d bytes", LINE_MAX_BYTES);
        }
        if (!text) {
            return status;
        }
        if (text[strspn(text, " \t")] == '\0') {
            continue;
        }
        m->e->source[m->source].n_line++;
        if (cut(text, &pairs) != 0) {
            rs_marks_reject(m, here, "a quote on it does not end: is the line cut?");
        } else if (!get_pair(&pairs, "msg")) {
            rs_marks_reject(m, here, "it has no msg=: it is no line of Alertmanager's log");
        } else {
            status |= rs_marks_am_line(m, &(struct am_line){get_pair, &pairs}, here);
        }
    }
}
