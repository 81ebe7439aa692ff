/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a recording whose format is to be found out, series loosely: never a crash, and the facts add up. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "scenarios/describe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_requests(const struct request_facts *f)
{
    uint64_t n = 0, n_by_status = 0, n_route = f->n_other_route;
    for (int i = 0; i < f->n_step; i++) {
        n += f->step[i].n;
    }
    for (int i = 0; i < RS_STATUS_MAX; i++) {
        n_by_status += f->n_by_status[i];
    }
    for (int i = 0; i < f->n_route; i++) {
        n_route += f->route[i].n;
    }
    for (int i = 1; i < f->n_silence; i++) {
        if (f->silence[i].from_ns < f->silence[i - 1].to_ns) {
            abort();
        }
    }
    if (n != n_by_status || n > f->report.n_request || n_route > n || f->latency.n > n) {
        abort();
    }
    if (f->latency.n > 0) {
        double p50 = rs_latency_quantile(&f->latency, 0.5),
               p99 = rs_latency_quantile(&f->latency, 0.99);
        if (!(p50 >= f->latency.min_s && p50 <= p99 && p99 <= f->latency.max_s)) {
            abort();
        }
    }
}

static void check_series(const struct series_set_facts *s)
{
    for (int i = 0; i < s->n_fact; i++) {
        const struct series_facts *f = &s->fact[i];
        if (f->n_nan + f->n_stale + f->n_zero > f->n || f->n_gap > f->n || f->n_reset > f->n ||
            f->min > f->max) {
            abort();
        }
    }
}

static void run(const uint8_t *data, size_t size, const char *format)
{
    struct recording_facts facts;
    struct err_list errors;
    const struct describe_options opt = {.format = format, .form = {.reject_max = 1}};
    rs_err_list_init(&errors);
    int status = rs_recording_describe_text(&facts, "fuzz", data, size, &opt, &errors);
    if ((status == 0) != (errors.n == 0)) {
        abort();
    }
    if (facts.requests && status == 0) {
        check_requests(facts.requests);
    }
    if (facts.series) {
        check_series(facts.series);
    }
    rs_recording_facts_clear(&facts);
    rs_err_list_clear(&errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    run(data, size, NULL);
    run(data, size, "series");
    return 0;
}
