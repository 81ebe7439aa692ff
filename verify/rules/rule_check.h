/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of the check of rule files. */
#ifndef VERIFY_RULE_CHECK_PARTS_H
#define VERIFY_RULE_CHECK_PARTS_H

#include "sim/arena.h"
#include "verify/rule_check.h"

/* One rule with all that surrounds it. */
struct checked_rule {
    const struct rule *rule;
    const struct rule_group *group;
    const struct rule_file *file;
    int index; /* in the group */
    enum { RS_DELAY_UNKNOWN, RS_DELAY_IN_WORK, RS_DELAY_KNOWN } delay_state;
    int64_t delay_ms;  /* from a change until the evaluation that sees it, at worst */
    int64_t window_ms; /* longest range, through recorded series */
};

struct checking {
    struct arena *arena;
    const struct rule_check_spec *spec;
    struct checked_rule *rule; /* [n_rule] all rules, in the order of the files */
    int n_rule;
    struct checked_rule **sorted; /* [n_rule] recording rules first, by name */
    struct rule_finding *finding;
    int n_finding, cap_finding;
};

void rs_rule_check_add(struct checking *c,
                       enum rule_severity severity,
                       struct mark at,
                       const char *code,
                       const char *fmt,
                       ...) __attribute__((format(printf, 5, 6)));
int64_t rs_check_offset_ms(const struct checking *c, const struct rule_group *group);
/* The rules that record a metric: c->sorted[first] on; their number. */
int rs_check_writers(const struct checking *c, const char *metric, int *out_first);
/* "alert Down", "record job:up:sum" */
const char *rs_check_rule_name(struct checking *c, const struct rule *rule);
int64_t rs_check_interval_ms(const struct checking *c, const struct rule_group *group);
/* "line 12", or "file:12" where the other rule stands in another file; in the arena */
const char *
rs_check_place(struct checking *c, const struct rule *rule, const struct rule *seen_from);
/* "1h30m" in the arena */
const char *rs_check_span(struct checking *c, int64_t ms);

/* rule_check_expr.c: what a rule alone says. */
void rs_check_expression(struct checking *c, const struct checked_rule *r);
/* rule_check_order.c: what two rules say together, and the metrics. */
void rs_check_together(struct checking *c);
void rs_check_metrics(struct checking *c, struct rule_check *out);
/* rule_check_delay.c: fills delay and window of all rules. */
void rs_check_delays(struct checking *c);
/* rule_check_route.c: fills what each alert reaches. */
void rs_check_routes(struct checking *c, struct checked_alert *alert, int n);

#endif
