/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line of a recording as a request: what the formats have in common. */
#ifndef SCENARIOS_PARSER_H
#define SCENARIOS_PARSER_H

#include "lines.h"
#include "scan.h"
#include "scenarios/requests.h"

/* The four things that are read of a line. */
enum field_kind { RS_FIELD_TIME, RS_FIELD_LATENCY, RS_FIELD_STATUS, RS_FIELD_ROUTE, RS_FIELD_N };

/* A line as it was read. */
struct parsed {
    int64_t at_ns;
    double latency_s; /* NaN = not told */
    int status;
    struct span route;
    int col; /* of what was not understood, from 1 */
};

/* Beside the reasons of enum requests_reject. */
enum { RS_PARSED = -1, RS_PARSED_NOTHING = -2, RS_PARSED_OPEN = -3 };

struct log_pattern; /* log_format.c: a compiled log_format */

struct request_parser { /* caller's storage: init / clear */
    const struct requests_form *form;
    enum requests_format format;
    struct time_reader time;
    double latency_unit_s;
    bool time_is_end;
    struct log_pattern *pattern;  /* owned */
    const char *name[RS_FIELD_N]; /* JSON: of the fields, NULL = none; borrowed */
    int column[RS_FIELD_N];       /* CSV: from 0, -1 = none */
    int n_column;
    int metric_column; /* k6: which metric the row is of; -1 elsewhere */
    char separator;    /* CSV */
    char *heading;     /* CSV, owned: where files were put one behind the other it comes again */
    size_t n_heading;
    char *scratch; /* owned, RS_LINE_MAX bytes: texts without their escapes */
};

/*
 * Reads a line. Returns RS_PARSED with *out filled; a reason of enum requests_reject with out->col; RS_PARSED_NOTHING: the line
 * is right and no request; RS_PARSED_OPEN: it goes on in the next one (CSV, a quote).
 */
int rs_parse_line(struct request_parser *p, struct span line, struct parsed *out);

/* The formats. */
int rs_parse_clf(struct request_parser *p, struct span line, struct parsed *out);
int rs_parse_log_format(struct request_parser *p, struct span line, struct parsed *out);
int rs_parse_json(struct request_parser *p, struct span line, struct parsed *out);
int rs_parse_csv(struct request_parser *p, struct span line, struct parsed *out);
int rs_parse_time(struct request_parser *p, struct span line, struct parsed *out);

/* Refuses at a column of the line. */
static inline int
rs_reject(struct parsed *out, struct span line, const char *at, enum requests_reject why)
{
    out->col = (int)(at - line.p) + 1;
    return (int)why;
}

/* The text of one of the four; not told where it is empty or "-". Each returns RS_PARSED or a reason, out->col unset. */
int rs_take_time(struct request_parser *p, struct span s, struct parsed *out);
int rs_take_latency(struct request_parser *p, struct span s, struct parsed *out);
int rs_take_status(struct request_parser *p, struct span s, struct parsed *out);

/* NULL with errors: a log_format that says nothing of a time. */
struct log_pattern *rs_log_pattern_new(const char *text, struct err_list *errors);
void rs_log_pattern_free(struct log_pattern *pattern); /* NULL ok */

/* ---- finding out ---- */

/* The first lines of the file, so far as they are in memory. */
struct sample { /* value */
    const char *file;
    struct span line[100]; /* neither blank nor a comment */
    int number[100], n;
};

/*
 * Fills the parser: the format that the form names, or the one that most of the sample's lines are in. 0, or -1 with errors.
 * *out_n_heading: lines of the sample that are a heading.
 */
int rs_request_parser_init(struct request_parser *p,
                           const struct requests_form *form,
                           const struct sample *sample,
                           int *out_n_heading,
                           struct err_list *errors);
void rs_request_parser_clear(struct request_parser *p);

/* JSON: which fields hold what. CSV: which columns, by the heading. 0, or -1 with errors. */
int rs_json_names(struct request_parser *p, const struct sample *sample, struct err_list *errors);
int rs_csv_columns(struct request_parser *p, const struct sample *sample, struct err_list *errors);
/* Is the first line a heading that names a time, and maybe a latency, a status or a route? Their number; 0 if it is none. */
int rs_csv_recognise(struct request_parser *p, const struct sample *sample);
/* Is the line an object with a field of this name? */
bool rs_json_has(struct request_parser *p, struct span line, const char *name, struct span *out);

#endif
