/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests or series? The first bytes decide, unless the user says it. */
#include "scenarios/describe.h"

#include <stdlib.h>
#include <string.h>

#include "../requests/recognise.h"
#include "../series/series_text.h"
#include "request_facts.h"
#include "series_facts.h"

enum { LOOK = 1 << 16 };

static int describe_requests(struct recording_facts *out,
                             struct unpack *bytes,
                             const struct requests_form *form,
                             struct err_list *errors)
{
    struct requests_report report;
    struct request_gatherer *g = rs_gatherer_new();
    int status = rs_requests_read_from(bytes, form, rs_gatherer_take, g, &report, errors);
    out->requests = rs_gatherer_finish(g);
    out->requests->report = report;
    return status;
}

static int describe_series(struct recording_facts *out,
                           struct unpack *bytes,
                           const struct describe_options *opt,
                           struct err_list *errors)
{
    const struct series_options series = {.metric = opt->metric,
                                          .loose = true,
                                          .time = opt->form.time,
                                          .time_unit_s = opt->form.time_unit_s,
                                          .count_every_ns = opt->count_every_ns};
    struct text_source source;
    enum series_format format = RS_SERIES_PROMETHEUS;
    struct recorded *set = rs_recorded_new(NULL);
    rs_source_take(&source, bytes);
    int status = rs_series_read_from(set, &source, &series, &format, errors);
    rs_recorded_sort(set);
    out->series = rs_series_facts_new(set, format);
    if (status == 0 && set->n_sample == 0) {
        return rs_err_list_add(errors, RS_E_SYNTAX, (struct mark){out->file, 0, 0},
                               format == RS_SERIES_JSON_LINES
                                   ? "the file holds no samples; where each line is one request, "
                                     "say --format json and, where its fields are called "
                                     "otherwise, --time, --latency, --status"
                                   : "the file holds no samples");
    }
    return status;
}

/* The format that a word means. 0, or -1 with an error. */
static int
find_format(struct requests_form *form, bool *out_series, const char *word, struct err_list *errors)
{
    const char *names[RS_REQUESTS_FORMAT_N + 1];
    *out_series = word && strcmp(word, "series") == 0;
    for (int i = 0; i < RS_REQUESTS_FORMAT_N; i++) {
        names[i] = rs_requests_format_name((enum requests_format)i);
        if (word && strcmp(word, names[i]) == 0) {
            form->format = (enum requests_format)i;
            return 0;
        }
    }
    names[RS_REQUESTS_FORMAT_N] = "series";
    if (!word || *out_series) {
        return 0;
    }
    const char *near = rs_near_name(word, names, RS_REQUESTS_FORMAT_N + 1);
    return rs_err_list_add(errors, RS_E_USAGE, (struct mark){0},
                           near ? "no recording has the format \"%s\", did you mean \"%s\"?"
                                : "no recording has the format \"%s\"",
                           word, near);
}

static int describe(struct recording_facts *out,
                    struct unpack *bytes,
                    const struct describe_options *opt,
                    struct err_list *errors)
{
    const char *text = NULL;
    struct requests_form form = opt->form;
    bool series = false;
    if (find_format(&form, &series, opt->format, errors) != 0) {
        rs_unpack_close(bytes);
        return -1;
    }
    size_t n = rs_unpack_look(bytes, LOOK, &text);
    out->file = bytes->path;
    out->packing = rs_packing_name(bytes->packing);
    /* Series have no such things. */
    bool told = form.log_format || form.format != RS_REQUESTS_AUTO || form.latency || form.status ||
                form.route || form.time_is_end;
    const char *line_end = n > 0 ? memchr(text, '\n', n) : NULL;
    bool log = n > 0 && rs_requests_looks_like_log(text, line_end ? (size_t)(line_end - text) : n);
    if (series || (!told && !log && !rs_requests_recognise(text, n, &form))) {
        return describe_series(out, bytes, opt, errors);
    }
    return describe_requests(out, bytes, &form, errors);
}

int rs_recording_describe(struct recording_facts *out,
                          const char *path,
                          const struct describe_options *opt,
                          struct err_list *errors)
{
    struct unpack bytes;
    *out = (struct recording_facts){.file = path};
    return rs_unpack_open(&bytes, path, errors) != 0 ? -1 : describe(out, &bytes, opt, errors);
}

int rs_recording_describe_text(struct recording_facts *out,
                               const char *file,
                               const void *text,
                               size_t n,
                               const struct describe_options *opt,
                               struct err_list *errors)
{
    struct unpack bytes;
    *out = (struct recording_facts){.file = file};
    rs_unpack_from_memory(&bytes, file, text, n);
    return describe(out, &bytes, opt, errors);
}

void rs_recording_facts_clear(struct recording_facts *f)
{
    rs_request_facts_free(f->requests);
    rs_series_facts_free(f->series);
    *f = (struct recording_facts){0};
}
