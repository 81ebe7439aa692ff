/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules_args.h"

#include <string.h>

#include "sim/clock.h"

int rs_args_dialect(enum promql_dialect *out, const struct cli_args *args, struct err *err)
{
    *out = RS_PROMQL_3;
    if (!args->prometheus) {
        return 0;
    }
    for (int d = 0; d < RS_PROMQL_DIALECT_N; d++) {
        if (strcmp(args->prometheus, rs_promql_dialect_names[d]) == 0) {
            *out = (enum promql_dialect)d;
            return 0;
        }
    }
    return rs_err_set(
        err, RS_E_USAGE,
        "--prometheus must be 2.42 (for releases up to 2.50), 2.53 (2.51 to 2.55) or 3 (3.x), "
        "got '%s'",
        args->prometheus);
}

int rs_args_interval(const struct cli_args *args, struct err *err)
{
    const struct {
        const char *name;
        const struct duration_arg *arg;
    } all[] = {{"evaluation-interval", &args->evaluation_interval},
               {"lookback", &args->lookback},
               {"scrape-interval", &args->scrape_interval}};
    for (int i = 0; i < 3; i++) {
        if (all[i].arg->given && all[i].arg->ns == 0) {
            return rs_err_set(err, RS_E_USAGE, "--%s must be longer than 0s", all[i].name);
        }
    }
    return 0;
}

int64_t rs_args_ms(const struct duration_arg *arg, int64_t default_ms)
{
    return arg->given ? arg->ns / RS_NS_PER_MS : default_ms;
}
