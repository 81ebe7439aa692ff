/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backtest_turn.h"

#include <string.h>

#include "sim/clock.h"

static bool is_written(const struct backtest_spec *spec, const char *name)
{
    for (int f = 0; f < spec->n_file; f++) {
        for (int g = 0; g < spec->file[f]->n_group; g++) {
            const struct rule_group *group = &spec->file[f]->group[g];
            for (int i = 0; i < group->n_rule; i++) {
                const struct rule *rule = &group->rule[i];
                if (rule->record ? strcmp(rule->record, name) == 0
                                 : strncmp(name, "ALERTS", 6) == 0 &&
                                       (name[6] == '\0' || strcmp(name + 6, "_FOR_STATE") == 0)) {
                    return true;
                }
            }
        }
    }
    return false;
}

/* Series are in the order of their names. */
int rs_backtest_leave_out(const struct backtest_spec *spec)
{
    struct recorded *data = spec->data;
    const char *last = NULL;
    bool out = false;
    int n_out = 0;
    for (int i = 0; i < data->n_series; i++) {
        const char *name = rs_labels_get(data->labels, data->series[i].labels, "__name__");
        if (!last || strcmp(last, name) != 0) {
            out = is_written(spec, name);
            last = name;
        }
        data->series[i].left_out = out;
        n_out += out;
    }
    return n_out;
}

struct rule_runner_options rs_backtest_runner_options(const struct backtest_spec *spec,
                                                      const struct rule_group *group)
{
    struct rule_runner_options opt = rs_rule_runner_options_default();
    opt.promql.lookback_ms = spec->lookback_ms;
    opt.promql.subquery_step_ms = spec->interval_ms;
    opt.interval_ms =
        group->interval_ns > 0 ? group->interval_ns / RS_NS_PER_MS : spec->interval_ms;
    opt.resend_delay_ms = spec->resend_delay_ms;
    opt.query_offset_ms = spec->query_offset_ms;
    opt.external_url = spec->external_url;
    opt.n_external = spec->n_external;
    opt.external = spec->external;
    opt.write_alerts = spec->n_query > 0;
    return opt;
}

int64_t rs_backtest_first_turn(const struct backtest_spec *spec,
                               const struct rule_file *file,
                               const struct rule_group *group,
                               int64_t interval_ns)
{
    int64_t offset_ns = spec->hashed
                            ? rs_rule_group_offset_ns(file->path ? file->path : file->file,
                                                      group->name, interval_ns, spec->encoding)
                            : spec->offset_ms * RS_NS_PER_MS % interval_ns;
    int64_t from_ns = spec->from_ms * RS_NS_PER_MS;
    /* Intervals may be of centuries. */
    int64_t since_ns = from_ns % interval_ns, at_ns = 0;
    since_ns += since_ns < 0 ? interval_ns : 0;
    int64_t wait_ns = offset_ns - since_ns;
    wait_ns += wait_ns < 0 ? interval_ns : 0;
    return __builtin_add_overflow(from_ns, wait_ns, &at_ns) ? INT64_MAX : at_ns;
}
