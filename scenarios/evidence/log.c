/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An access log counted into the counters that the service exposes: requests by code, and the histogram of their latencies, with
 * a sample at every whole multiple of `every`. The file is read as a stream; what is kept grows with the time that it covers.
 * A log knows that nothing failed before the first failure: unlike a scraped counter, each begins with the log, at zero.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence_read.h"
#include "scenarios/requests.h"
#include "sim/clock.h"

enum { STATUS_N = 600, SAMPLES_MAX = 20000000 };

/* What client libraries have unless they are told: Prometheus' own default buckets. */
static const double usual_bucket_s[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};

struct counting {
    struct arena *arena; /* of what is only needed meanwhile */
    struct recorded *to;
    const struct log_draft *d;
    const char *prefix, *job, *instance, *requests, *latency;
    int64_t every_ns;
    int n_bucket;
    const double *bucket_s;
    bool begun, too_many;
    int64_t first, step; /* in units of every_ns: samples begin at first; step is being counted */
    int code[STATUS_N];  /* series of a status, -1 = none yet; [0]: of requests that tell none */
    uint64_t n[STATUS_N];
    bool has_latency;
    int *bucket;    /* [n_bucket + 1] series, the last one +Inf */
    uint64_t *n_in; /* [n_bucket + 1] of each alone */
    int count, sum;
    uint64_t n_measured;
    double sum_s;
};

/* ---- series ---- */

static void add(struct counting *c, int series, int64_t step, double v)
{
    rs_recorded_add(c->to, series, step * (c->every_ns / RS_NS_PER_MS), v);
    c->too_many = c->too_many || c->to->n_sample > SAMPLES_MAX;
}

/* A new series with one label more than all have, zero from the beginning of the log on. */
static int declare(struct counting *c, const char *metric, const char *suffix, struct label more)
{
    const struct node *given = c->d->labels;
    int n = 0, n_given = given ? given->n : 0;
    struct label *label = RS_ARENA_ARRAY(c->arena, struct label, n_given + 4);
    label[n++] =
        (struct label){"__name__", rs_arena_printf(c->arena, "%s%s%s", c->prefix, metric, suffix)};
    label[n++] = (struct label){"job", c->job};
    label[n++] = (struct label){"instance", c->instance};
    for (int i = 0; i < n_given; i++) {
        const char *name = given->pair[i].key;
        if (strcmp(name, "job") != 0 && strcmp(name, "instance") != 0 &&
            (!more.name || strcmp(name, more.name) != 0)) {
            label[n++] = (struct label){name, given->pair[i].value->text};
        }
    }
    if (more.name) {
        label[n++] = more;
    }
    int series = rs_recorded_series(c->to, rs_labels_intern(c->to->labels, n, label));
    c->to->series[series].type = RS_TYPE_COUNTER;
    for (int64_t step = c->first; step < c->step && !c->too_many; step++) {
        add(c, series, step, 0.0);
    }
    return series;
}

/* A bound as client libraries write it: the shortest text that reads back as the same number. */
static const char *bound_text(struct arena *arena, double bound)
{
    char text[40];
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, bound);
        if (strtod(text, NULL) == bound) {
            break;
        }
    }
    return rs_arena_strdup(arena, text);
}

static void declare_latency(struct counting *c)
{
    c->has_latency = true;
    for (int i = 0; i <= c->n_bucket; i++) {
        const char *le = i < c->n_bucket ? bound_text(c->arena, c->bucket_s[i]) : "+Inf";
        c->bucket[i] = declare(c, c->latency, "_bucket", (struct label){"le", le});
    }
    c->count = declare(c, c->latency, "_count", (struct label){0});
    c->sum = declare(c, c->latency, "_sum", (struct label){0});
}

/* ---- counting ---- */

/* The samples at the end of the step that is counted. */
static void emit(struct counting *c)
{
    for (int i = 0; i < STATUS_N; i++) {
        if (c->code[i] >= 0) {
            add(c, c->code[i], c->step, (double)c->n[i]);
        }
    }
    uint64_t n = 0;
    for (int i = 0; c->has_latency && i <= c->n_bucket; i++) {
        n += c->n_in[i];
        add(c, c->bucket[i], c->step, (double)n);
    }
    if (c->has_latency) {
        add(c, c->count, c->step, (double)c->n_measured);
        add(c, c->sum, c->step, c->sum_s);
    }
}

/* The step in whose interval ((k - 1) every, k every] an instant lies. */
static int64_t step_of(const struct counting *c, int64_t at_ns)
{
    int64_t k = at_ns / c->every_ns;
    return k + (at_ns > k * c->every_ns);
}

static void measure(struct counting *c, double latency_s)
{
    int i = 0;
    while (i < c->n_bucket && latency_s > c->bucket_s[i]) {
        i++;
    }
    c->n_in[i]++;
    c->n_measured++;
    c->sum_s += latency_s;
}

/* 1 when there is no room any more. */
static int take(void *ctx, const struct recorded_request *r)
{
    struct counting *c = ctx;
    int64_t step = step_of(c, r->at_ns);
    if (!c->begun) {
        c->begun = true;
        c->first = step - 1;
        c->step = step;
    }
    for (; c->step < step && !c->too_many; c->step++) {
        emit(c);
    }
    if (c->code[r->status] < 0) {
        char code[8];
        snprintf(code, sizeof(code), "%d", r->status);
        struct label label = {"code", code};
        c->code[r->status] =
            declare(c, c->requests, "", r->status ? label : (struct label){NULL, NULL});
    }
    c->n[r->status]++;
    if (!isnan(r->latency_s)) {
        if (!c->has_latency) {
            declare_latency(c);
        }
        measure(c, r->latency_s);
    }
    return c->too_many;
}

/* ---- whose requests ---- */

static const char *label_of(const struct log_draft *d, const char *name)
{
    const struct node *value = rs_node_get(d->labels, name);
    return value ? value->text : NULL;
}

/* Index in the scenario; -1 where there is none, -2 with an error. */
static int find_service(struct evidence_reading *g, const struct log_draft *d)
{
    const struct scenario *sc = g->e->scenario;
    const char *word = d->service ? d->service : label_of(d, "job");
    struct mark at = d->source.map ? rs_retell_at(d->source.map, "service") : (struct mark){0};
    if (!sc) {
        return -1;
    }
    const char **name = RS_ARENA_ARRAY(g->r->arena, const char *, sc->n_service);
    for (int i = 0; i < sc->n_service; i++) {
        name[i] = sc->service[i].name;
        if (word && strcmp(name[i], word) == 0) {
            return i;
        }
    }
    if (word) {
        rs_refuse_name(g->r, RS_E_REF, at, word, name, (size_t)sc->n_service,
                       "there is no service \"%s\"", word);
        return -2;
    }
    if (sc->n_service != 1) {
        rs_err_list_add(g->r->errors, RS_E_KEY, at,
                        "whose requests are those of \"%s\"? the scenario has %d services: say "
                        "\"service\"%s",
                        d->source.file, sc->n_service,
                        d->source.map ? "" : " (--log SERVICE=FILE)");
        return -2;
    }
    return 0;
}

/* Do metrics that were read have the service's requests, or their latencies, already? */
static bool is_scraped(const struct counting *c, const struct retro_evidence *e)
{
    const struct recorded *data = e->data;
    for (int i = 0; i < data->n_series; i++) {
        const char *name = rs_labels_get(data->labels, data->series[i].labels, "__name__");
        size_t n = strlen(c->latency);
        bool same = strcmp(name, c->requests) == 0 ||
                    (strncmp(name, c->latency, n) == 0 && strcmp(name + n, "_bucket") == 0);
        if (same &&
            strcmp(rs_labels_get(data->labels, data->series[i].labels, "job"), c->job) == 0) {
            return true;
        }
    }
    return false;
}

static void name_series(struct evidence_reading *g, int source, struct counting *c)
{
    struct retro_source *s = &g->e->source[source];
    const struct service *sv = s->service < 0 ? NULL : &g->e->scenario->service[s->service];
    const char *job = label_of(c->d, "job"), *instance = label_of(c->d, "instance");
    const char *word = c->d->service ? c->d->service : s->name;
    c->job = job ? job : sv ? sv->name : word;
    c->instance = instance ? instance : s->name;
    c->requests = sv && sv->requests_metric ? sv->requests_metric : "http_requests_total";
    c->latency = sv && sv->latency_metric ? sv->latency_metric : "http_request_duration_seconds";
    bool own = sv && sv->latency_metric && sv->n_bucket > 0;
    c->n_bucket = own ? sv->n_bucket : (int)(sizeof(usual_bucket_s) / sizeof(usual_bucket_s[0]));
    c->bucket_s = own ? sv->bucket_s : usual_bucket_s;
    c->every_ns = c->d->every_ns > 0 ? c->d->every_ns
                  : sv               ? sv->scrape_interval_ns
                                     : 15 * RS_NS_PER_S;
    c->prefix = "";
    if (is_scraped(c, g->e)) {
        c->prefix = "log:";
        rs_evidence_note(g->e, s->at,
                         "requests of \"%s\" are in the metrics too: those that \"%s\" counts are "
                         "called log:%s, so that no rule counts them twice",
                         c->job, s->name, c->requests);
    }
}

/* ---- what the file was like ---- */

static uint64_t tell_rejected(struct evidence_reading *g, const struct requests_report *report)
{
    uint64_t n = 0;
    for (int why = 0; why < RS_REJECT_N; why++) {
        n += report->n_rejected[why];
        if (report->n_rejected[why] > 0) {
            rs_evidence_note(g->e, report->first_rejected[why][0],
                             "lines not taken: %llu, the first one here: %s",
                             (unsigned long long)report->n_rejected[why],
                             rs_requests_reject_words((enum requests_reject)why));
        }
    }
    return n;
}

static void
tell(struct evidence_reading *g, int source, const struct requests_report *report, const char *path)
{
    struct retro_source *s = &g->e->source[source];
    struct mark at = {path, 0, 0};
    s->format = rs_requests_format_name(report->format);
    s->n_line = report->n_line;
    s->n_taken = report->n_request;
    s->n_rejected = tell_rejected(g, report);
    s->n_out_of_order = report->n_out_of_order;
    s->first_ns = report->first_ns;
    s->last_ns = report->last_ns;
    if (report->n_blank > 0) {
        rs_evidence_note(g->e, at, "lines blank, comments or headings: %llu",
                         (unsigned long long)report->n_blank);
    }
    if (report->n_out_of_order > 0) {
        rs_evidence_note(g->e, at,
                         "lines earlier than one before them: %llu, put in order; too late for "
                         "that, and counted when they came: %llu",
                         (unsigned long long)report->n_out_of_order,
                         (unsigned long long)report->n_too_late);
    }
    if (!report->has_status) {
        rs_evidence_note(g->e, at, "the log tells no status: its requests have no label \"code\"");
    }
    if (!report->has_latency) {
        rs_evidence_note(g->e, at, "the log tells no latency: it has no histogram");
    }
}

/* ---- the whole ---- */

static int
read_requests(struct evidence_reading *g, int source, struct counting *c, const char *path)
{
    struct requests_report report;
    struct requests_form form = c->d->form;
    form.named = c->d->source.map ? RS_NAMED_BY_SCENARIO : RS_NAMED_BY_COMMAND;
    int status = rs_requests_read(path, &form, take, c, &report, g->r->errors);
    if (c->too_many) {
        return rs_err_list_add(g->r->errors, RS_E_RANGE, (struct mark){path, 0, 0},
                               "counted every %lld s the log gives more than %d samples: a longer "
                               "\"every\" will do",
                               (long long)(c->every_ns / RS_NS_PER_S), SAMPLES_MAX);
    }
    if (status != 0) {
        return -1;
    }
    emit(c);
    tell(g, source, &report, path);
    return 0;
}

int rs_evidence_log(struct evidence_reading *g, const struct log_draft *d)
{
    int source = rs_evidence_source(g, &d->source, RS_SOURCE_LOG);
    const char *path = source < 0 ? NULL : rs_evidence_open(g, source, &d->source);
    int service = source < 0 ? -2 : find_service(g, d);
    if (!path || service == -2) {
        return -1;
    }
    g->e->source[source].service = service;
    struct arena *arena = rs_arena_new();
    struct counting c = {.arena = arena, .d = d};
    c.to = rs_recorded_new(g->e->data->labels);
    for (int i = 0; i < STATUS_N; i++) {
        c.code[i] = -1;
    }
    name_series(g, source, &c);
    c.bucket = RS_ARENA_ARRAY(arena, int, c.n_bucket + 1);
    c.n_in = RS_ARENA_ARRAY(arena, uint64_t, c.n_bucket + 1);
    int status = read_requests(g, source, &c, path);
    if (status == 0) {
        rs_recorded_sort(c.to);
        if (rs_evidence_join(g, source, c.to) > 0) {
            status = rs_err_list_add(g->r->errors, RS_E_KEY, d->source.at,
                                     "another source counts the same series as \"%s\": give each "
                                     "its own \"labels\", like instance",
                                     g->e->source[source].name);
        }
    }
    rs_recorded_free(c.to);
    rs_arena_free(arena);
    return status;
}
