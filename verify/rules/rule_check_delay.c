/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How late a rule sees a change, at worst. Of scraped series: the scrape, then the rule's own evaluation, each a whole interval
 * later if it has just been missed. Of recorded ones: what their rule needs, and then, unless the reader stands behind it in the
 * same group and runs with it, one interval of the reader.
 */
#include "models/promql_inspect.h"
#include "rule_check.h"

struct delay {
    struct checking *c;
    struct checked_rule *reader;
};

static void find_delay(struct checking *c, struct checked_rule *r);

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* From the evaluation of the writer that sees a change until the reader sees what it wrote. */
static int64_t
hand_over(const struct checking *c, const struct checked_rule *from, const struct checked_rule *to)
{
    if (from->group == to->group) {
        return from->index < to->index ? 0 : rs_check_interval_ms(c, to->group);
    }
    int64_t offset = rs_check_offset_ms(c, to->group) - rs_check_offset_ms(c, from->group);
    return rs_check_interval_ms(c, to->group) + longer(offset, 0);
}

static void follow(void *ctx, const struct promql_reading *reading)
{
    const struct delay *x = ctx;
    struct checked_rule *reader = x->reader;
    int first = 0;
    int n = reading->metric ? rs_check_writers(x->c, reading->metric, &first) : 0;
    reader->window_ms = longer(reader->window_ms, reading->window_ms);
    for (int i = 0; i < n; i++) {
        struct checked_rule *writer = x->c->sorted[first + i];
        find_delay(x->c, writer);
        if (writer->delay_state == RS_DELAY_IN_WORK) {
            continue; /* a circle: a rule that reads itself sees nothing sooner or later for it */
        }
        reader->delay_ms =
            longer(reader->delay_ms, writer->delay_ms + hand_over(x->c, writer, reader));
        reader->window_ms = longer(reader->window_ms, reading->window_ms + writer->window_ms);
    }
}

static void find_delay(struct checking *c, struct checked_rule *r)
{
    if (r->delay_state != RS_DELAY_UNKNOWN) {
        return;
    }
    r->delay_state = RS_DELAY_IN_WORK;
    r->delay_ms =
        c->spec->scrape_ms + rs_check_interval_ms(c, r->group) + rs_check_offset_ms(c, r->group);
    struct delay x = {c, r};
    rs_promql_readings(r->rule->expr, follow, &x);
    r->delay_state = RS_DELAY_KNOWN;
}

void rs_check_delays(struct checking *c)
{
    for (int i = 0; i < c->n_rule; i++) {
        find_delay(c, &c->rule[i]);
    }
}
