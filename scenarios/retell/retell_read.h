/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a retold recording becomes a struct retell: the tables first, then the files, then what needs both. */
#ifndef SCENARIOS_RETELL_READ_H
#define SCENARIOS_RETELL_READ_H

#include "../reader.h"
#include "scenarios/retell.h"
#include "scenarios/series.h"

struct data_draft { /* one file of series */
    const char *file, *metric, *heading, *time;
    bool table;
    struct mark at;
    const struct node *map; /* NULL: not read */
    const struct node *zero, *rename, *labels, *keep, *drop;
};

struct incident_draft {
    const char *file, *name, *from, *until;
    int64_t lasts_ns;
    struct mark at;
    const struct node *map, *where;
};

/* Also taken by documents of evidence. */
extern const struct section rs_section_retell_data, rs_section_retell_incident;

struct span_draft {
    const char *from, *until;
    const struct node *map;
};

struct part_draft {
    double first;
    int incidents; /* 0 = odd, 1 = even */
    int n_span;
    const struct span_draft *span;
    const struct node *map;
};

struct caught_draft {
    int64_t within_ns, before_ns, settles_ns;
};

struct limits_draft {
    double most[RS_RETELL_MEASURE_N];
    const struct node *map;
};

struct retell_monitoring {
    int dialect;
    int64_t interval_ns, offset_ns, query_offset_ns, lookback_ns;
};

struct param_draft;

struct retell_draft {
    struct retell out;
    struct retell_monitoring monitoring;
    int n_data, n_incident;
    const struct data_draft *data;
    const struct incident_draft *incident;
    struct caught_draft caught;
    struct part_draft choose, judge;
    struct limits_draft most;
    int n_param;
    const struct param_draft *param; /* [n_param] ../tune/tune_read.h */
    const struct node *minimise;
};

/* "labels" must be a map of label names to words. 0, or -1 with errors. NULL ok. */
int rs_retell_labels_check(struct reader *r, const struct node *labels);

/* What one file held, before series were picked. */
struct retell_data_report {
    enum series_format format;
    uint64_t n_sample;            /* kept */
    struct recorded_report order; /* its label sets are not told: their table is gone */
};
/* retell_data.c: one file, its series renamed, picked and put on one clock. report may be NULL. 0, or -1 with errors. */
int rs_retell_data_one(struct reader *r,
                       const struct data_draft *d,
                       struct recorded *out,
                       struct retell_data_report *report,
                       struct err_list *notes);
/* All files into a set with dates, in order. 0, or -1 with errors. */
int rs_retell_data(struct reader *r,
                   const struct retell_draft *d,
                   struct recorded *out,
                   struct err_list *notes);

/*
 * A time of the document: a date, seconds, or a duration from the data's beginning (from their 0 where they have no dates), -1h:
 * before their end. 0, or -1 with an error at `at`.
 */
int rs_retell_time(struct reader *r,
                   const struct recorded *data,
                   struct mark at,
                   const char *key,
                   const char *text,
                   int64_t *out_ms);
/* The place of a key's value. */
struct mark rs_retell_at(const struct node *map, const char *key);

/* retell_incidents.c: fills out->incident, in the order of time. 0, or -1 with errors. */
int rs_retell_incidents(struct reader *r, const struct retell_draft *d, struct retell *out);

#endif
