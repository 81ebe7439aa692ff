/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads a recording of requests: lines in, requests in order out, what was wrong counted. */
#include "scenarios/requests.h"

#include <math.h>
#include <string.h>

#include "parser.h"
#include "recognise.h"
#include "reorder.h"
#include "sim/clock.h"

#define WINDOW_NS (60 * RS_NS_PER_S)
#define REJECT_MAX 0.05
/* A file that goes wrong is not read to its end: after so many lines twice the share of bad ones is enough. */
#define LINES_TO_JUDGE 10000

const char *rs_requests_reject_words(enum requests_reject r)
{
    switch (r) {
    case RS_REJECT_SHAPE: return "not of the format";
    case RS_REJECT_TIME: return "no time that can be read";
    case RS_REJECT_STATUS: return "a status that is no number in 100..599";
    case RS_REJECT_LATENCY: return "a latency that is no number from 0 on";
    case RS_REJECT_LONG: return "longer than 65536 characters";
    case RS_REJECT_BINARY: return "holds characters that are no text";
    case RS_REJECT_N: break;
    }
    return "?";
}

struct reading {
    const struct requests_form *form;
    const char *file;
    struct lines lines;
    struct request_parser parser;
    struct reorder order;
    struct requests_report report;
    double reject_max;
    rs_request_fn fn;
    void *ctx;
};

/* ---- the first lines ---- */

static bool is_blank(struct span line)
{
    size_t n = 0;
    while (n < line.n && (line.p[n] == ' ' || line.p[n] == '\t')) {
        n++;
    }
    return n == line.n || line.p[0] == '#';
}

/* The lines of a block that are worth a look. more: the block is not the whole file, so its last line may be cut. */
static void
sample_lines(struct sample *sample, const char *file, const char *p, const char *end, bool more)
{
    *sample = (struct sample){.file = file};
    for (int number = 1; p < end && sample->n < 100; number++) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        if (!stop && sample->n > 0 && more) {
            break;
        }
        struct span line = {p, (size_t)((stop ? stop : end) - p)};
        line.n -= line.n > 0 && line.p[line.n - 1] == '\r';
        if (!is_blank(line) && line.n <= RS_LINE_MAX && !memchr(line.p, '\0', line.n)) {
            sample->line[sample->n] = line;
            sample->number[sample->n++] = number;
        }
        p = stop ? stop + 1 : end;
    }
}

static bool has_byte_order_mark(const char *text, size_t n)
{
    return n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;
}

/* Reads the first block and looks at its lines without taking them. */
static void take_sample(struct reading *r, struct sample *sample)
{
    struct lines *l = &r->lines;
    rs_lines_look(l);
    l->at = has_byte_order_mark(l->buf, l->n) ? 3 : 0;
    sample_lines(sample, r->file, l->buf + l->at, l->buf + l->n, !l->ended);
}

bool rs_requests_recognise(const char *text, size_t n, const struct requests_form *form)
{
    struct sample sample;
    struct request_parser parser;
    struct err_list unused;
    int n_heading = 0;
    size_t bom = has_byte_order_mark(text, n) ? 3 : 0;
    sample_lines(&sample, "", text + bom, text + n, true);
    rs_err_list_init(&unused);
    bool known =
        sample.n > 0 && rs_request_parser_init(&parser, form, &sample, &n_heading, &unused) == 0;
    if (sample.n > 0) {
        rs_request_parser_clear(&parser);
    }
    rs_err_list_clear(&unused);
    return known;
}

/* ---- a line ---- */

/* Bytes that no text has, outside of ASCII's printable ones: control characters but for the tab. */
static bool is_binary(struct span line)
{
    for (size_t i = 0; i < line.n; i++) {
        unsigned char c = (unsigned char)line.p[i];
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f) {
            return true;
        }
    }
    return false;
}

static void count_reject(struct reading *r, enum requests_reject why, int col)
{
    struct requests_report *report = &r->report;
    report->n_rejected[why]++;
    int *n = &report->n_shown[why];
    if (*n < RS_REJECT_SHOWN) {
        report->first_rejected[why][(*n)++] = (struct mark){r->file, r->lines.number, col};
    }
}

static uint64_t rejected(const struct requests_report *report)
{
    uint64_t n = 0;
    for (int i = 0; i < RS_REJECT_N; i++) {
        n += report->n_rejected[i];
    }
    return n;
}

/* Lines that say something. */
static uint64_t told(const struct requests_report *report)
{
    return report->n_line - report->n_blank;
}

static bool goes_wrong(const struct reading *r, uint64_t n)
{
    double share = 2.0 * r->reject_max;
    return told(&r->report) >= LINES_TO_JUDGE && share < 1.0 &&
           (double)n > share * (double)told(&r->report);
}

static int take(struct reading *r, const struct parsed *one)
{
    struct requests_report *report = &r->report;
    int64_t at_ns = one->at_ns;
    bool has_latency = !isnan(one->latency_s);
    report->has_latency = report->has_latency || has_latency;
    report->has_status = report->has_status || one->status != 0;
    report->has_route = report->has_route || one->route.p != NULL;
    if (has_latency && r->parser.time_is_end) {
        at_ns -= rs_ns_from_s(one->latency_s);
    }
    report->first_ns =
        report->n_request == 0 || at_ns < report->first_ns ? at_ns : report->first_ns;
    report->last_ns = report->n_request == 0 || at_ns > report->last_ns ? at_ns : report->last_ns;
    report->n_request++;
    return rs_reorder_add(&r->order, at_ns, one->latency_s, one->status, one->route);
}

/* A row whose quotes hold line ends is read with what follows; if that leads nowhere its first line is what is wrong. */
static int parse_open(struct reading *r, struct span line, struct parsed *one)
{
    int col = one->col, why = RS_PARSED_OPEN;
    while (why == RS_PARSED_OPEN && rs_lines_extend(&r->lines, &line.p, &line.n)) {
        why = rs_parse_line(&r->parser, line, one);
    }
    if (why != RS_PARSED_OPEN) {
        r->report.n_line += (uint64_t)r->lines.n_inner;
        return why;
    }
    rs_lines_shorten(&r->lines, &line.p, &line.n);
    one->col = col;
    return RS_REJECT_SHAPE;
}

/* Not 0: the callback wants to stop. */
static int take_line(struct reading *r, struct span line)
{
    struct parsed one;
    r->report.n_line++;
    if (r->lines.has_nul && line.n > 0 && memchr(line.p, '\0', line.n)) {
        count_reject(r, RS_REJECT_BINARY, 1);
        return 0;
    }
    int why = line.n == 0 || *line.p == '#' || is_blank(line)
                  ? RS_PARSED_NOTHING
                  : rs_parse_line(&r->parser, line, &one);
    if (why == RS_PARSED_OPEN) {
        why = parse_open(r, line, &one);
    }
    if (why == RS_PARSED) {
        return take(r, &one);
    }
    if (why == RS_PARSED_NOTHING) {
        r->report.n_blank++;
        return 0;
    }
    count_reject(r, is_binary(line) ? RS_REJECT_BINARY : (enum requests_reject)why, one.col);
    return 0;
}

/* ---- the file ---- */

static void refuse_share(const struct reading *r, uint64_t n, struct err_list *errors)
{
    const struct requests_report *report = &r->report;
    double share = 100.0 * (double)n / (double)told(report);
    rs_err_list_add(
        errors, RS_E_SYNTAX, (struct mark){r->file, 0, 0},
        "%llu of %llu lines cannot be read as %s (%.3g %%), more than the %g %% that are "
        "allowed",
        (unsigned long long)n, (unsigned long long)told(report),
        rs_requests_format_name(report->format), share, 100.0 * r->reject_max);
    for (int why = 0; why < RS_REJECT_N; why++) {
        for (int i = 0; i < report->n_shown[why]; i++) {
            rs_err_list_add(errors, RS_E_SYNTAX, report->first_rejected[why][i], "%s",
                            rs_requests_reject_words((enum requests_reject)why));
        }
    }
}

/* Of all that was read: too much of it wrong? 0 or -1. */
static int judge(const struct reading *r, struct err_list *errors)
{
    const struct requests_report *report = &r->report;
    uint64_t n = rejected(report), lines = told(report);
    if (n > 0 && (double)n > r->reject_max * (double)lines) {
        refuse_share(r, n, errors);
        return -1;
    }
    double late = (double)r->order.n_too_late;
    if (late > 0 && late > r->reject_max * (double)report->n_request) {
        char window[32];
        return rs_err_list_add(
            errors, RS_E_RANGE, (struct mark){r->file, 0, 0},
            "%llu of %llu requests come later than a window of %s could put right (%.3g %%), more "
            "than the %g %% that are allowed; sort the file, or give a longer window",
            (unsigned long long)r->order.n_too_late, (unsigned long long)report->n_request,
            rs_duration_human(window, sizeof(window), r->order.window_ns),
            100.0 * late / (double)report->n_request, 100.0 * r->reject_max);
    }
    return 0;
}

/* All lines. Returns what the callback said, or 0. */
static int read_lines(struct reading *r, int n_heading)
{
    int stop = 0;
    struct span line;
    enum line_kind kind;
    while (stop == 0 && (kind = rs_lines_next(&r->lines, &line.p, &line.n)) != RS_LINE_NONE) {
        if (kind == RS_LINE_LONG) {
            r->report.n_line++;
            count_reject(r, RS_REJECT_LONG, 1);
        } else if (n_heading > 0 && !is_blank(line)) {
            r->report.n_line++;
            r->report.n_blank++;
            n_heading--;
        } else {
            stop = take_line(r, line);
        }
        if (goes_wrong(r, rejected(&r->report)) || goes_wrong(r, r->order.n_too_late)) {
            return 0;
        }
    }
    return stop;
}

static int read_all(struct reading *r, struct err_list *errors)
{
    struct sample sample;
    int n_heading = 0;
    take_sample(r, &sample);
    if (rs_request_parser_init(&r->parser, r->form, &sample, &n_heading, errors) != 0) {
        return -1;
    }
    r->report.format = r->parser.format;
    r->report.time_is_end = r->parser.time_is_end;
    int stop = read_lines(r, n_heading);
    if (r->lines.bytes->damaged) {
        return rs_err_list_add(errors, RS_E_SYNTAX, (struct mark){r->file, r->lines.number, 1},
                               "%s", rs_unpack_damage(r->lines.bytes));
    }
    if (judge(r, errors) != 0) {
        return -1;
    }
    if (r->report.n_request == 0) {
        return rs_err_list_add(errors, RS_E_SYNTAX, (struct mark){r->file, 0, 0},
                               "the file holds no requests");
    }
    if (stop == 0) {
        rs_reorder_end(&r->order);
    }
    return 0;
}

int rs_requests_read_from(struct unpack *bytes,
                          const struct requests_form *form,
                          rs_request_fn fn,
                          void *ctx,
                          struct requests_report *out,
                          struct err_list *errors)
{
    static const struct requests_form none = {0};
    struct reading r = {.form = form ? form : &none, .file = bytes->path};
    r.reject_max = r.form->reject_max < 0.0    ? 0.0
                   : r.form->reject_max == 0.0 ? REJECT_MAX
                                               : r.form->reject_max;
    rs_lines_start(&r.lines, bytes);
    rs_reorder_init(&r.order, r.form->window_ns > 0 ? r.form->window_ns : WINDOW_NS, fn, ctx);
    int status = read_all(&r, errors);
    r.report.n_out_of_order = r.order.n_out_of_order;
    r.report.n_too_late = r.order.n_too_late;
    r.report.absolute = r.report.first_ns >= INT64_C(631152000) * RS_NS_PER_S; /* 1990 */
    if (out) {
        *out = r.report;
    }
    rs_reorder_clear(&r.order);
    rs_request_parser_clear(&r.parser);
    rs_lines_clear(&r.lines);
    rs_unpack_close(bytes);
    return status;
}

int rs_requests_read(const char *path,
                     const struct requests_form *form,
                     rs_request_fn fn,
                     void *ctx,
                     struct requests_report *out,
                     struct err_list *errors)
{
    struct unpack bytes;
    if (rs_unpack_open(&bytes, path, errors) != 0) {
        return -1;
    }
    return rs_requests_read_from(&bytes, form, fn, ctx, out, errors);
}

int rs_requests_parse(const char *file,
                      const void *text,
                      size_t n,
                      const struct requests_form *form,
                      rs_request_fn fn,
                      void *ctx,
                      struct requests_report *out,
                      struct err_list *errors)
{
    struct unpack bytes;
    rs_unpack_from_memory(&bytes, file, text, n);
    return rs_requests_read_from(&bytes, form, fn, ctx, out, errors);
}
