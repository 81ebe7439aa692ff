/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recorded series: each source read by itself, then all of them in one set, with the source that each series came from. */
#include <stdlib.h>
#include <string.h>

#include "evidence_read.h"
#include "sim/clock.h"

/* The source of a label set, -1 = none yet; the table grows with the labels. */
static int *source_of(struct evidence_reading *g, rs_labels labels)
{
    if (labels >= g->n_by_labels) {
        int n = 2 * (labels + 32);
        g->source_by_labels = rs_xrealloc(g->source_by_labels, sizeof(int) * (size_t)n);
        for (int i = g->n_by_labels; i < n; i++) {
            g->source_by_labels[i] = -1;
        }
        g->n_by_labels = n;
    }
    return &g->source_by_labels[labels];
}

int rs_evidence_join(struct evidence_reading *g, int source, const struct recorded *one)
{
    struct recorded *data = g->e->data;
    int n_shared = 0;
    for (int i = 0; i < one->n_series; i++) {
        const struct recorded_series *s = &one->series[i];
        int *of = source_of(g, s->labels);
        n_shared += *of >= 0;
        *of = *of >= 0 ? *of : source;
        int k = rs_recorded_series(data, s->labels);
        data->series[k].type = s->type != RS_TYPE_UNTOLD ? s->type : data->series[k].type;
        for (size_t j = 0; j < s->n; j++) {
            rs_recorded_add(data, k, s->sample[j].t_ms, s->sample[j].v);
        }
    }
    return n_shared;
}

/* Notes of the series' reader have a place each. */
static void take_notes(struct evidence_reading *g, const char *file, const struct err_list *notes)
{
    for (size_t i = 0; i < notes->n; i++) {
        struct mark at = {file, notes->item[i].line, notes->item[i].col};
        rs_evidence_note(g->e, at, "%s", notes->item[i].text);
    }
}

static void tell_order(struct evidence_reading *g, int source, const struct recorded_report *order)
{
    struct retro_source *s = &g->e->source[source];
    struct mark at = {s->file, 0, 0};
    s->n_duplicate = order->n_same_time;
    s->n_out_of_order = order->n_out_of_order;
    if (order->n_out_of_order > 0) {
        rs_evidence_note(g->e, at, "samples older than one before them: %llu; put in their place",
                         (unsigned long long)order->n_out_of_order);
    }
    if (order->n_same_time > 0) {
        rs_evidence_note(g->e, at,
                         "samples with the time of one before them: %llu, with another value: "
                         "%llu; the first one counts",
                         (unsigned long long)order->n_same_time,
                         (unsigned long long)order->n_differing);
    }
}

/* Series that two sources have can only be one if their clocks are. */
static int tell_shared(struct evidence_reading *g, int source, int n_shared)
{
    const struct retro_source *s = &g->e->source[source];
    if (n_shared == 0) {
        return 0;
    }
    for (int i = 0; i < source; i++) {
        const struct retro_source *other = &g->e->source[i];
        if (other->kind == RS_SOURCE_METRICS && other->offset_ns != s->offset_ns) {
            return rs_err_list_add(g->r->errors, RS_E_RANGE, s->at,
                                   "%d series of \"%s\" are in a source before it too, whose "
                                   "\"offset\" is another: \"labels\" keep them apart",
                                   n_shared, s->name);
        }
    }
    rs_evidence_note(g->e, s->at,
                     "series of \"%s\" that a source before it has too: %d; their samples are "
                     "joined, on that source's clock",
                     s->name, n_shared);
    return 0;
}

int rs_evidence_metrics(struct evidence_reading *g, const struct metrics_draft *d)
{
    struct err_list notes;
    struct retell_data_report report;
    int source = rs_evidence_source(g, &d->source, RS_SOURCE_METRICS);
    if (source < 0 || !rs_evidence_open(g, source, &d->source)) {
        return -1;
    }
    rs_err_list_init(&notes);
    struct recorded *one = rs_recorded_new(g->e->data->labels);
    int status = rs_retell_data_one(g->r, &d->data, one, &report, &notes);
    if (status == 0) {
        struct retro_source *s = &g->e->source[source];
        uint64_t n_kept = one->n_sample;
        rs_evidence_reject(g, source, one);
        rs_recorded_sort(one);
        s->format = rs_series_format_words(report.format);
        s->n_line = report.n_sample + report.order.n_same_time;
        s->n_taken = one->n_sample;
        s->n_rejected += report.n_sample - n_kept;
        if (one->n_sample > 0) {
            s->first_ns = one->first_ms * RS_NS_PER_MS;
            s->last_ns = one->last_ms * RS_NS_PER_MS;
        }
        take_notes(g, s->file, &notes);
        tell_order(g, source, &report.order);
        rs_evidence_resets(g, source, one);
        if (report.n_sample > n_kept) {
            rs_evidence_note(g->e, s->at,
                             "samples of series that \"keep\" does not name, left out: %llu",
                             (unsigned long long)(report.n_sample - n_kept));
        }
        status = tell_shared(g, source, rs_evidence_join(g, source, one));
    }
    rs_recorded_free(one);
    rs_err_list_clear(&notes);
    return status;
}

void rs_evidence_finish_data(struct evidence_reading *g)
{
    struct retro_evidence *e = g->e;
    rs_recorded_sort(e->data);
    int *of = RS_ARENA_ARRAY(e->arena, int, e->data->n_series);
    for (int i = 0; i < e->data->n_series; i++) {
        of[i] = *source_of(g, e->data->series[i].labels);
    }
    e->source_of = of;
}
