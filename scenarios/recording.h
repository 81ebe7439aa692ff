/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recorded traffic. A rate series is either one count a line, for steps of `every_s`, or a CSV file with a header whose first
 * column is a time and another one a count. A request log has one request's time a line, or in a CSV column. Files may be
 * gzip-compressed. Blank lines and lines that begin with '#' are passed over; a line that cannot be read is an error with
 * its place, and after 20 of them reading stops. At most 5,000,000 values of a series and 10,000,000 requests are taken;
 * lines end at 4095 characters.
 */
#ifndef SCENARIOS_RECORDING_H
#define SCENARIOS_RECORDING_H

#include "sim/arena.h"
#include "sim/err.h"

struct recording_spec {
    const char *path;
    double
        every_s; /* counts: step; 0 = 1 s, or in a CSV file the smallest difference of its times */
    const char *column; /* NULL: see above */
    double skip_s;      /* leave out so much at the start */
    double use_s;       /* use at most so much after that; > 0, may be INFINITY */
    double unit_s; /* request logs: seconds of one unit of plain numbers (1e-9 for nanoseconds) */
};

struct recording {
    int n;
    const double
        *at_s; /* [n] from 0; series: starts of steps, rising; log: requests, not falling */
    const double *per_s; /* [n] series: rate until the next step; NULL for a log */
    double span_s;       /* length of what was used, > 0 */
    double mean_per_s;   /* over the span */
};

/* Both: 0, or -1 with errors added. */
int rs_recording_read(struct recording *out,
                      struct arena *arena,
                      const struct recording_spec *spec,
                      struct err_list *errors);
int rs_request_log_read(struct recording *out,
                        struct arena *arena,
                        const struct recording_spec *spec,
                        struct err_list *errors);

#endif
