/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Request logs: the requests that are meant, one by one or counted in steps. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "recording.h"
#include "sim/clock.h"

enum { CODES_MAX = 40 };
static const double usual_step_s = 60.0;

struct log {
    const struct recording_spec *spec;
    bool by_steps; /* counted, not kept */
    double every_s;
    int64_t begin_ns, first_ns,
        last_ns; /* of the part that is used; of all requests that were read */
    uint64_t n_all;
    int64_t first_gap_ns; /* of the first two requests that do not come together; 0 = none */
    bool too_many, has_latency, has_status;
    bool goes_on; /* behind the part that is used */
    int n, cap;   /* requests, or steps */
    double *at_s;
    float *latency_s;
    uint16_t *status;
    uint64_t *count; /* [n] of each step */
    bool code[RS_STATUS_N];
};

/* `*` is any text, `?` one character. */
static bool fits(const char *pattern, const char *text)
{
    const char *star = NULL, *retry = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            retry = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return !*pattern;
}

static bool is_meant(const struct recording_picks *p, const struct recorded_request *r)
{
    if (p->status && !(r->status > 0 && r->status < RS_STATUS_N && p->status[r->status])) {
        return false;
    }
    bool any = p->n_route == 0;
    for (int i = 0; !any && i < p->n_route; i++) {
        any = r->route && fits(p->route[i], r->route);
    }
    return any;
}

static int grow(struct log *log)
{
    if (log->n < log->cap) {
        return 0;
    }
    int most = log->by_steps ? RS_RECORDING_STEPS_MAX : RS_RECORDING_REQUESTS_MAX;
    if (log->n == most) {
        log->too_many = true;
        return -1;
    }
    int cap = log->cap ? (log->cap < most / 2 ? 2 * log->cap : most) : 1024;
    if (log->by_steps) {
        log->count = rs_xrealloc(log->count, sizeof(*log->count) * (size_t)cap);
    } else {
        log->at_s = rs_xrealloc(log->at_s, sizeof(*log->at_s) * (size_t)cap);
        log->latency_s = rs_xrealloc(log->latency_s, sizeof(*log->latency_s) * (size_t)cap);
        log->status = rs_xrealloc(log->status, sizeof(*log->status) * (size_t)cap);
    }
    log->cap = cap;
    return 0;
}

static int count_one(struct log *log, double t)
{
    double step = floor(t / log->every_s);
    while (log->n <= step) {
        if (grow(log) != 0) {
            return 1;
        }
        log->count[log->n++] = 0;
    }
    log->count[(int)step]++;
    return 0;
}

static int keep_one(struct log *log, const struct recorded_request *r, double t)
{
    int errors_from = log->spec->errors_from > 0 ? log->spec->errors_from : 500;
    int status = r->status == 0 ? 0 : r->status < errors_from ? 200 : r->status;
    if (grow(log) != 0) {
        return 1;
    }
    log->at_s[log->n] = t;
    log->latency_s[log->n] = (float)r->latency_s;
    log->status[log->n++] = (uint16_t)status;
    log->has_latency = log->has_latency || !isnan(r->latency_s);
    log->has_status = log->has_status || status > 0;
    log->code[status < RS_STATUS_N ? status : 0] = true;
    return 0;
}

/* 1 when what follows is not used any more. */
static int take(void *ctx, const struct recorded_request *r)
{
    struct log *log = ctx;
    const struct recording_spec *spec = log->spec;
    if (log->n_all++ == 0) {
        log->first_ns = r->at_ns;
        log->begin_ns = spec->has_from ? spec->from_ns : r->at_ns + rs_ns_from_s(spec->skip_s);
    }
    double t = rs_s_from_ns(r->at_ns - log->begin_ns);
    if (t >= spec->use_s) {
        log->n_all--; /* what lies behind says nothing of the part that is used */
        log->goes_on = true;
        return 1;
    }
    if (log->first_gap_ns == 0 && log->n_all > 1) {
        log->first_gap_ns = r->at_ns - log->last_ns;
    }
    log->last_ns = r->at_ns;
    if (t < 0.0 || !is_meant(&spec->picks, r)) {
        return 0;
    }
    return log->by_steps ? count_one(log, t) : keep_one(log, r, t);
}

/*
 * Mean distance of all requests up to the end of what is used, so that services that share a log stay abreast; no more than the
 * first distance, so that a silence does not count.
 */
static double usual_gap(const struct log *log)
{
    double span = rs_s_from_ns(log->last_ns - log->first_ns);
    if (log->n_all < 2 || !(span > 0.0)) {
        return 1.0;
    }
    return fmin(span / (double)(log->n_all - 1), rs_s_from_ns(log->first_gap_ns));
}

static double span_of(const struct log *log)
{
    if (log->goes_on) {
        return log->spec->use_s;
    }
    double end = rs_s_from_ns(log->last_ns - log->begin_ns) + usual_gap(log);
    return fmin(end, log->spec->use_s);
}

static int refuse(const struct log *log, struct err_list *errors, const char *text)
{
    return rs_err_list_add(errors, RS_E_RANGE, (struct mark){log->spec->path, 0, 0}, "%s", text);
}

/* 0, or -1 with errors: reading failed, or nothing is left of it. */
static int read_log(struct log *log, struct err_list *errors)
{
    struct requests_report report;
    struct requests_form form = log->spec->form;
    form.format = (enum requests_format)log->spec->format;
    form.named = log->spec->by_option ? RS_NAMED_BY_TRAFFIC : RS_NAMED_BY_SCENARIO;
    if (form.format == RS_REQUESTS_AUTO) {
        int format = rs_recording_sniff(log->spec->path, NULL, errors);
        if (format < 0) {
            return -1;
        }
        form.format = format == RS_REQUESTS_TIMES ? RS_REQUESTS_TIMES : RS_REQUESTS_AUTO;
    }
    if (rs_requests_read(log->spec->path, &form, take, log, &report, errors) != 0) {
        return -1;
    }
    if (log->too_many) {
        return rs_err_list_add(errors, RS_E_RANGE, (struct mark){log->spec->path, 0, 0},
                               log->by_steps ? "more than %d steps; use a longer one or \"cut\""
                                             : "more than %d requests; use \"cut\" or \"route\"",
                               log->cap);
    }
    if (log->spec->has_from && !report.absolute) {
        return refuse(log, errors, "\"from\" needs dates, and the times of the file are none");
    }
    if (log->spec->picks.n_route > 0 && !report.has_route) {
        return refuse(log, errors, "the file tells no route to be picked by \"route\"");
    }
    if (log->spec->picks.status && !report.has_status) {
        return refuse(log, errors, "the file tells no status to be picked by \"status\"");
    }
    if (log->n == 0 || !(span_of(log) > 0.0)) {
        return refuse(log, errors, "the part that is used holds no requests");
    }
    return 0;
}

static void clear(struct log *log)
{
    free(log->at_s);
    free(log->latency_s);
    free(log->status);
    free(log->count);
}

/* ---- request by request ---- */

static void *kept(struct arena *arena, const void *from, size_t size, int n)
{
    void *to = rs_arena_alloc(arena, size * (size_t)n);
    memcpy(to, from, size * (size_t)n);
    return to;
}

static int keep_codes(const struct log *log,
                      struct recording *out,
                      struct arena *arena,
                      struct err_list *errors)
{
    int code[RS_STATUS_N], n = 0;
    for (int i = 400; i < RS_STATUS_N; i++) {
        if (log->code[i]) {
            code[n++] = i;
        }
    }
    if (n > CODES_MAX) {
        return rs_err_list_add(
            errors, RS_E_RANGE, (struct mark){log->spec->path, 0, 0},
            "%d different statuses of errors, at most %d are taken; narrow them by "
            "\"status\" or \"errors_from\"",
            n, CODES_MAX);
    }
    out->n_error_code = n;
    out->error_code = n > 0 ? kept(arena, code, sizeof(*code), n) : NULL;
    return 0;
}

/*
 * Without a beginning that was named, requests are moved by half their usual distance, so that the recording neither begins nor
 * ends with a request.
 */
static int
finish_log(struct log *log, struct recording *out, struct arena *arena, struct err_list *errors)
{
    double shift = log->spec->has_from ? 0.0 : 0.5 * usual_gap(log);
    while (log->n > 0 && log->at_s[log->n - 1] + shift >= log->spec->use_s) {
        log->n--;
    }
    if (log->n == 0) {
        return refuse(log, errors, "the part that is used holds no requests");
    }
    for (int i = 0; i < log->n; i++) {
        log->at_s[i] += shift;
    }
    out->n = log->n;
    out->span_s = span_of(log);
    out->mean_per_s = log->n / out->span_s;
    out->at_s = kept(arena, log->at_s, sizeof(*log->at_s), log->n);
    if (log->has_latency) {
        out->latency_s = kept(arena, log->latency_s, sizeof(*log->latency_s), log->n);
    }
    if (log->has_status) {
        out->status = kept(arena, log->status, sizeof(*log->status), log->n);
    }
    return keep_codes(log, out, arena, errors);
}

int rs_request_log_read(struct recording *out,
                        struct arena *arena,
                        const struct recording_spec *spec,
                        struct err_list *errors)
{
    struct log log = {.spec = spec};
    *out = (struct recording){0};
    int status = read_log(&log, errors);
    if (status == 0) {
        status = finish_log(&log, out, arena, errors);
    }
    clear(&log);
    return status;
}

/* ---- as rates ---- */

int rs_recording_read_log_rate(struct recording *out,
                               struct arena *arena,
                               const struct recording_spec *spec,
                               struct err_list *errors)
{
    struct log log = {.spec = spec,
                      .by_steps = true,
                      .every_s = spec->every_s > 0.0 ? spec->every_s : usual_step_s};
    struct stairs rate = {0};
    int status = read_log(&log, errors);
    if (status == 0) {
        double end = span_of(&log);
        for (int i = 0; i < log.n; i++) {
            double from = i * log.every_s, to = fmin(from + log.every_s, end);
            rs_stairs_push(&rate, from, (double)log.count[i] / (to - from));
        }
        rs_stairs_push(&rate, fmin(log.n * log.every_s, end), 0.0);
        status = rs_stairs_to_recording(out, arena, &rate, end, 0.0, spec, errors);
    }
    rs_stairs_clear(&rate);
    clear(&log);
    return status;
}
