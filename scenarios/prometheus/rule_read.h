/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of the rule file's reader. */
#ifndef SCENARIOS_RULE_READ_H
#define SCENARIOS_RULE_READ_H

#include "../reader.h"
#include "models/rules.h"

struct rule_reader {
    struct reader *r;
    struct note *note; /* [n_note] */
    int n_note, cap_note;
    bool is_manifest; /* the operator's keys may stand here too */
};

void rs_rule_note(struct rule_reader *q, struct mark at, const char *text);

/* The value of a key; NULL if it is absent or null. */
const struct node *rs_rule_value(const struct node *map, const char *key);
/* A duration as Prometheus writes it, whole numbers only: 0 or -1 with an error. Absent: 0 ns. */
int rs_rule_duration(struct reader *r, const struct node *map, const char *key, int64_t *out_ns);

/* The group's labels: names and, where an alert would use them, templates. */
void rs_rule_group_labels(struct reader *r, const struct node *map, bool has_alert);
/* rule_read.c: one rule of a group, whose labels are `group_labels` (may be NULL). */
void rs_rule_read(struct rule_reader *q,
                  const struct node *item,
                  const struct node *group_labels,
                  struct rule *out);

#endif
