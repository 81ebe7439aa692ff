/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as a recording of requests in one format: never a crash; what is handed on is in order and in its ranges, and the
 * report's numbers add up.
 */
#ifndef TESTS_FUZZ_REQUEST_H
#define TESTS_FUZZ_REQUEST_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/requests.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_seen {
    uint64_t n;
    int64_t last_ns;
};

static int fuzz_take(void *ctx, const struct recorded_request *r)
{
    struct fuzz_seen *seen = ctx;
    bool right = (seen->n == 0 || r->at_ns >= seen->last_ns) &&
                 (isnan(r->latency_s) || (r->latency_s >= 0.0 && r->latency_s < 1e9)) &&
                 (r->status == 0 || (r->status >= 100 && r->status <= 599));
    size_t n_route = r->route ? strlen(r->route) : 0;
    if (!right || n_route > (64 << 10)) {
        abort();
    }
    seen->last_ns = r->at_ns;
    seen->n++;
    return 0;
}

static void fuzz_read(const uint8_t *data, size_t size, const struct requests_form *form)
{
    struct fuzz_seen seen = {0};
    struct requests_report report;
    struct err_list errors;
    rs_err_list_init(&errors);
    int status = rs_requests_parse("fuzz", data, size, form, fuzz_take, &seen, &report, &errors);
    uint64_t n = report.n_request + report.n_blank;
    for (int why = 0; why < RS_REJECT_N; why++) {
        n += report.n_rejected[why];
        if (report.n_shown[why] > RS_REJECT_SHOWN ||
            (uint64_t)report.n_shown[why] > report.n_rejected[why]) {
            abort();
        }
    }
    /* A row whose quotes hold line ends is one request of several lines. */
    if ((status == 0) != (errors.n == 0) || n > report.n_line || seen.n > report.n_request ||
        (status == 0 && seen.n != report.n_request)) {
        abort();
    }
    for (size_t i = 0; i < errors.n; i++) {
        if (errors.item[i].text[0] == '\0') {
            abort();
        }
    }
    rs_err_list_clear(&errors);
}

#endif
