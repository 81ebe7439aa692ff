/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recordings told to machines. Times: "..._s" in seconds, since 1970 where "absolute" is true; null = not told. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "recording.h"
#include "sim/clock.h"

#define JSON_STYLE (JSON_INDENT(2) | JSON_SORT_KEYS | JSON_REAL_PRECISION(17))

static json_t *real_or_null(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *whole(uint64_t n)
{
    return n <= INT64_MAX ? json_integer((json_int_t)n) : json_real((double)n);
}

/* A text of the file; what is no UTF-8 is told as a question mark. */
static json_t *file_text(const char *text)
{
    json_t *value = json_string(text);
    if (value) {
        return value;
    }
    value = json_string("");
    char one[2] = "?";
    for (; *text; text++) {
        json_t *more = NULL;
        one[0] = (unsigned char)*text < 0x80 ? *text : '?';
        more = json_sprintf("%s%s", json_string_value(value), one);
        json_decref(value);
        value = more;
    }
    return value;
}

static json_t *seconds(int64_t ns)
{
    return json_real((double)ns / 1e9);
}

static json_t *spans(const struct silence *s, int n)
{
    json_t *list = json_array();
    for (int i = 0; i < n; i++) {
        json_array_append_new(list, json_pack("{s:o, s:o}", "from_s", seconds(s[i].from_ns), "to_s",
                                              seconds(s[i].to_ns)));
    }
    return list;
}

static json_t *rejects(const struct requests_report *r)
{
    json_t *list = json_array();
    for (int why = 0; why < RS_REJECT_N; why++) {
        if (r->n_rejected[why] == 0) {
            continue;
        }
        json_t *first = json_array();
        for (int i = 0; i < r->n_shown[why]; i++) {
            struct mark at = r->first_rejected[why][i];
            json_array_append_new(first,
                                  json_pack("{s:i, s:i}", "line", at.line, "column", at.col));
        }
        json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "reason",
                                              rs_requests_reject_words((enum requests_reject)why),
                                              "n", whole(r->n_rejected[why]), "first", first));
    }
    return list;
}

static json_t *statuses(const struct request_facts *f)
{
    json_t *all = json_object();
    for (int status = 0; status < RS_STATUS_MAX; status++) {
        char name[16];
        if (f->n_by_status[status] > 0) {
            snprintf(name, sizeof(name), "%d", status);
            json_object_set_new(all, status ? name : "none", whole(f->n_by_status[status]));
        }
    }
    return all;
}

static json_t *latency(const struct latency_counts *l)
{
    static const struct {
        const char *name;
        double q;
    } quantiles[] = {{"p50", 0.5},  {"p75", 0.75}, {"p90", 0.9},
                     {"p95", 0.95}, {"p99", 0.99}, {"p999", 0.999}};
    if (l->n == 0) {
        return json_null();
    }
    json_t *all = json_pack("{s:o, s:f, s:f, s:f, s:f}", "n", whole(l->n), "min", l->min_s, "max",
                            l->max_s, "mean", l->sum_s / (double)l->n, "accuracy", 1.0 / 256);
    for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
        json_object_set_new(all, quantiles[i].name,
                            real_or_null(rs_latency_quantile(l, quantiles[i].q)));
    }
    return all;
}

static json_t *steps(const struct request_facts *f)
{
    json_t *list = json_array();
    for (int i = 0; i < f->n_step; i++) {
        const struct request_step *s = &f->step[i];
        json_array_append_new(list,
                              json_pack("{s:o, s:o, s:o, s:o, s:o}", "from_s",
                                        seconds(f->start_ns + i * f->step_ns), "n", whole(s->n),
                                        "n_5xx", whole(s->n_5xx), "latency_p50_s",
                                        real_or_null(rs_step_quantile(s, 0.5)), "latency_p95_s",
                                        real_or_null(rs_step_quantile(s, 0.95))));
    }
    return list;
}

static json_t *routes(const struct request_facts *f)
{
    json_t *list = json_array();
    for (int i = 0; i < f->n_route; i++) {
        json_array_append_new(
            list, json_pack("{s:o, s:o, s:o}", "route", file_text(f->route[i].name), "n",
                            whole(f->route[i].n), "n_5xx", whole(f->route[i].n_5xx)));
    }
    return list;
}

static json_t *requests(const struct request_facts *f)
{
    const struct requests_report *r = &f->report;
    json_t *all = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:b}", "format",
                            rs_requests_format_name(r->format), "n", whole(r->n_request), "n_line",
                            whole(r->n_line), "n_blank", whole(r->n_blank), "n_out_of_order",
                            whole(r->n_out_of_order), "n_too_late", whole(r->n_too_late),
                            "absolute", r->absolute, "time_is_end", r->time_is_end);
    json_object_set_new(all, "from_s", seconds(r->first_ns));
    json_object_set_new(all, "to_s", seconds(r->last_ns));
    json_object_set_new(all, "rejected", rejects(r));
    json_object_set_new(all, "status", statuses(f));
    json_object_set_new(all, "latency_s", latency(&f->latency));
    json_object_set_new(all, "step_s", seconds(f->step_ns));
    json_object_set_new(all, "steps", steps(f));
    json_object_set_new(all, "n_gap", whole(f->n_silence_all));
    json_object_set_new(all, "gap_s", seconds(f->silent_ns));
    json_object_set_new(all, "gaps", spans(f->silence, f->n_silence));
    json_object_set_new(all, "routes", routes(f));
    json_object_set_new(all, "n_other_route", whole(f->n_other_route));
    return all;
}

static json_t *one_series(const struct series_set_facts *s, const struct series_facts *f)
{
    enum { GAPS = 1000 };
    char text[4096];
    struct silence *gap = calloc(GAPS, sizeof(*gap));
    rs_series_text(text, sizeof(text), s->set, f);
    json_t *all =
        json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "series", file_text(text), "kind",
                  f->kind == RS_KIND_COUNTER ? "counter" : "gauge", "n", whole(f->n), "n_nan",
                  whole(f->n_nan), "n_stale", whole(f->n_stale), "n_zero", whole(f->n_zero),
                  "n_gap", whole(f->n_gap), "n_reset", whole(f->n_reset));
    json_object_set_new(all, "from_s", json_real((double)f->first_ms / 1e3));
    json_object_set_new(all, "to_s", json_real((double)f->last_ms / 1e3));
    json_object_set_new(all, "step_s", json_real((double)f->step_ms / 1e3));
    json_object_set_new(all, "gaps",
                        gap ? spans(gap, rs_series_gaps(s->set, f, gap, GAPS)) : json_array());
    json_object_set_new(all, "zero_s", json_real((double)f->zero_ms / 1e3));
    json_object_set_new(all, "min", real_or_null(f->min));
    json_object_set_new(all, "mean", real_or_null(f->mean));
    json_object_set_new(all, "sum", real_or_null(f->sum));
    json_object_set_new(all, "max", real_or_null(f->max));
    json_object_set_new(all, "increase",
                        f->kind == RS_KIND_COUNTER ? real_or_null(f->increase) : json_null());
    free(gap);
    return all;
}

static json_t *series(const struct series_set_facts *s, const struct series_choice *choice)
{
    const struct recorded_report *r = &s->set->report;
    json_t *list = json_array();
    for (int i = 0; i < s->n_fact; i++) {
        if (rs_series_chosen(choice, s->set, &s->fact[i])) {
            json_array_append_new(list, one_series(s, &s->fact[i]));
        }
    }
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:o}", "format",
                     rs_series_format_words(s->format), "n_sample", whole(s->set->n_sample),
                     "from_s", json_real((double)s->set->first_ms / 1e3), "to_s",
                     json_real((double)s->set->last_ms / 1e3), "n_out_of_order",
                     whole(r->n_out_of_order), "n_same_time", whole(r->n_same_time), "n_differing",
                     whole(r->n_differing), "absolute",
                     (int)rs_recorded_is_absolute(s->set->first_ms), "irregular", (int)s->irregular,
                     "list", list);
}

void rs_recordings_print_json(FILE *to,
                              const struct recording_facts *f,
                              int n,
                              const struct series_choice *choice)
{
    json_t *root = json_array();
    for (int i = 0; i < n; i++) {
        json_t *one =
            json_pack("{s:o, s:s}", "file", file_text(f[i].file), "packing", f[i].packing);
        if (f[i].requests) {
            json_object_set_new(one, "requests", requests(f[i].requests));
        } else if (f[i].series) {
            json_object_set_new(one, "series", series(f[i].series, choice));
        }
        json_array_append_new(root, one);
    }
    json_dumpf(root, to, JSON_STYLE);
    fputc('\n', to);
    json_decref(root);
}
