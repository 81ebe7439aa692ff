/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Marks out of other people's JSON: keys that are not known are theirs, and passed over. */
#ifndef SCENARIOS_EVIDENCE_MARKS_JSON_H
#define SCENARIOS_EVIDENCE_MARKS_JSON_H

#include "evidence_read.h"

/* The scalar under a key; NULL where there is none, or null, or "". */
const char *rs_json_word(const struct node *map, const char *key);
/* Counts an entry that cannot be taken; the first one's place and reason are kept. Returns 0: it goes on. */
int rs_marks_reject(struct marks_reading *m, struct mark at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A time of an entry, and the draft added; one that cannot be read is a rejected entry. 0, or -1 with errors. */
int rs_marks_entry(struct marks_reading *m, struct mark_draft *d, const char *at, struct mark here);
/* The alert of the rules that the text names, the longest one; NULL: none. */
const char *rs_marks_alert(const struct marks_reading *m, const char *text);

/* Each reads one object; 0, or -1 with errors. */
int rs_marks_grafana(struct marks_reading *m, const struct node *object);      /* marks_json.c */
int rs_marks_notification(struct marks_reading *m, const struct node *object); /* marks_pager.c */

/* marks_am_log.c: what one line of Alertmanager's log says. get: value of a key, or NULL. */
struct am_line {
    const char *(*get)(const void *ctx, const char *key);
    const void *ctx;
};
int rs_marks_am_line(struct marks_reading *m, const struct am_line *line, struct mark here);

#endif
