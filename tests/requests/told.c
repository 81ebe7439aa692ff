/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "told.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>

struct requests_report rs_told_report;

struct told {
    char *buf;
    size_t used, n;
};

static void say(struct told *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(struct told *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(t->buf + t->used, t->n - t->used, fmt, args);
    va_end(args);
    t->used += n > 0 && t->used + (size_t)n < t->n ? (size_t)n : 0;
}

static int take(void *ctx, const struct recorded_request *r)
{
    struct told *t = ctx;
    int64_t part = r->at_ns % 1000000000, whole = r->at_ns / 1000000000;
    say(t, "%" PRId64, whole);
    if (part != 0) {
        say(t, ".%09" PRId64, part < 0 ? -part : part);
    }
    if (isnan(r->latency_s)) {
        say(t, " -");
    } else {
        say(t, " %.9g", r->latency_s);
    }
    say(t, r->status ? " %d" : " -", r->status);
    say(t, " %s\n", r->route ? r->route : "-");
    return 0;
}

char *
rs_told(char *buf, size_t n, const char *text, size_t n_text, const struct requests_form *form)
{
    static const char *const reasons[RS_REJECT_N] = {"shape",   "time", "status",
                                                     "latency", "long", "binary"};
    struct told t = {buf, 0, n};
    struct err_list errors;
    rs_err_list_init(&errors);
    buf[0] = '\0';
    rs_requests_parse("f", text, n_text, form, take, &t, &rs_told_report, &errors);
    for (int why = 0; why < RS_REJECT_N && errors.n == 0; why++) {
        for (int i = 0; i < rs_told_report.n_shown[why]; i++) {
            struct mark at = rs_told_report.first_rejected[why][i];
            say(&t, "%s %d:%d\n", reasons[why], at.line, at.col);
        }
    }
    for (size_t i = 0; i < errors.n; i++) {
        say(&t, "error %d:%d %s\n", errors.item[i].line, errors.item[i].col, errors.item[i].text);
    }
    rs_err_list_clear(&errors);
    return buf;
}
