/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recorded series: which format a text has, and what all readers do. */
#include <ctype.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "../reader.h"
#include "series_text.h"
#include "sim/clock.h"

int rs_series_refuse(
    struct series_reader *r, enum rs_errc code, int line, int col, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    r->n_error++;
    return rs_err_list_add(r->errors, code, (struct mark){r->source->path, line, col}, "%s", text);
}

bool rs_series_gives_up(const struct series_reader *r)
{
    return r->n_error >= RS_SERIES_ERRORS;
}

/* ---- which format ---- */

const char *rs_series_format_words(enum series_format format)
{
    switch (format) {
    case RS_SERIES_OPENMETRICS: return "OpenMetrics text";
    case RS_SERIES_PROMETHEUS: return "Prometheus text";
    case RS_SERIES_JSON: return "query_range JSON";
    case RS_SERIES_CSV_WIDE: return "CSV, a column per series";
    case RS_SERIES_CSV_LONG: return "CSV, a line per sample";
    case RS_SERIES_TABLE: return "CSV, a table";
    case RS_SERIES_COUNTS: return "counts, one a line";
    case RS_SERIES_JSON_LINES: return "JSON lines of numbers";
    }
    return "?";
}

/* A brace opens a JSON object, unless a label matcher follows: {"a.b"} 1 and {a="b"} 1 are series. */
static bool opens_json(const char *p, const char *end)
{
    const char *q = p + 1;
    while (q < end && isspace((unsigned char)*q)) {
        q++;
    }
    if (*p == '[' || q == end || *q == '}') {
        return *p == '[' || q == end || memchr(p, '\n', (size_t)(end - p)) == NULL;
    }
    if (*q != '"') {
        return false;
    }
    for (q++; q < end && *q != '"'; q++) {
        q += *q == '\\';
    }
    for (q++; q < end && isspace((unsigned char)*q); q++) {
    }
    return q < end && *q == ':';
}

/* The first line with text decides: a word with a comma right behind it begins no line of an exposition. */
static bool is_csv_heading(const char *p, const char *end)
{
    bool quoted = p < end && *p == '"';
    p += quoted;
    if (p == end || !(isalpha((unsigned char)*p) || *p == '_')) {
        return false;
    }
    while (p < end && (isalnum((unsigned char)*p) || *p == '_' || (quoted && *p == ' '))) {
        p++;
    }
    p += quoted && p < end && *p == '"';
    return p < end && *p == ',';
}

/* Blank lines and comments say nothing. */
static const char *first_text(const char *p, const char *end)
{
    while (p < end && (isspace((unsigned char)*p) || *p == '#')) {
        if (*p == '#') {
            const char *line_end = memchr(p, '\n', (size_t)(end - p));
            p = line_end ? line_end : end - 1;
        }
        p++;
    }
    return p;
}

/* Does the word occur on the line that begins at p? */
static bool line_has(const char *p, const char *end, const char *word)
{
    const char *line_end = memchr(p, '\n', (size_t)(end - p));
    end = line_end ? line_end : end;
    for (size_t n = strlen(word); (size_t)(end - p) >= n; p++) {
        if (memcmp(p, word, n) == 0) {
            return true;
        }
    }
    return false;
}

/* One number and nothing else on the line that begins at p. */
static bool is_number_line(const char *p, const char *end)
{
    char text[64];
    double unused = 0.0;
    const char *line_end = memchr(p, '\n', (size_t)(end - p));
    size_t n = (size_t)((line_end ? line_end : end) - p);
    n -= n > 0 && p[n - 1] == '\r';
    if (n == 0 || n >= sizeof(text)) {
        return false;
    }
    memcpy(text, p, n);
    text[n] = '\0';
    return rs_series_value(&unused, text) == 0;
}

/* A heading that names series or their parts is read as Prometheus' neighbours write it, any other as a table. */
static bool is_table(const char *p, const char *end)
{
    bool is_long =
        line_has(p, end, "value") && (line_has(p, end, "series") || line_has(p, end, "metric"));
    return !is_long && !line_has(p, end, "{");
}

static int read_source(struct series_reader *r, enum series_format *out_format)
{
    const char *p = NULL;
    size_t n = rs_source_peek(r->source, 1 << 16, &p);
    if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark */
        r->source->at += 3;
        p += 3;
        n -= 3;
    }
    const char *end = p + n;
    bool loose = r->opt->loose;
    p = first_text(p, end);
    if (p < end && (*p == '[' || *p == '{') && opens_json(p, end)) {
        bool lines =
            loose && *p == '{' && !line_has(p, end, "\"result") && !line_has(p, end, "\"data");
        *out_format = lines ? RS_SERIES_JSON_LINES : RS_SERIES_JSON;
        return lines ? rs_series_read_json_lines(r) : rs_series_read_json(r);
    }
    if (p < end && is_csv_heading(p, end)) {
        if (loose && is_table(p, end)) {
            *out_format = RS_SERIES_TABLE;
            return rs_series_read_table(r);
        }
        return rs_series_read_csv(r, out_format);
    }
    if (loose && p < end && is_number_line(p, end)) {
        *out_format = RS_SERIES_COUNTS;
        return rs_series_read_counts(r);
    }
    return rs_series_read_exposition(r, out_format);
}

/* The readers of CSV tell damage themselves. */
static bool tells_damage(enum series_format format)
{
    return format == RS_SERIES_CSV_WIDE || format == RS_SERIES_CSV_LONG ||
           format == RS_SERIES_TABLE || format == RS_SERIES_COUNTS;
}

int rs_series_read_from(struct recorded *set,
                        struct text_source *source,
                        const struct series_options *opt,
                        enum series_format *out_format,
                        struct err_list *errors)
{
    static const struct series_options none = {0};
    struct series_options given = opt ? *opt : none;
    given.metric = given.loose && !given.metric ? "value" : given.metric;
    struct series_reader r = {set, &given, source, errors, 0};
    enum series_format format = RS_SERIES_PROMETHEUS;
    int status = read_source(&r, &format);
    if (source->damaged && !tells_damage(format)) {
        /* The last mistake may only be that the text breaks off, which is not the text's fault; the damage is told in its place. */
        struct err *last = errors->n > 0 && r.n_error > 0 ? &errors->item[errors->n - 1] : NULL;
        if (last && errors->n_dropped == 0 && strstr(last->text, "breaks off")) {
            errors->n--;
        }
        status = rs_series_refuse(&r, RS_E_SYNTAX, source->line, 1, "%s", rs_source_damage(source));
    }
    if (out_format) {
        *out_format = format;
    }
    rs_source_close(source);
    return status == 0 && r.n_error == 0 ? 0 : -1;
}

int rs_series_read(struct recorded *set,
                   const char *path,
                   const struct series_options *opt,
                   enum series_format *out_format,
                   struct err_list *errors)
{
    struct text_source source;
    if (rs_source_open(&source, path, errors) != 0) {
        return -1;
    }
    return rs_series_read_from(set, &source, opt, out_format, errors);
}

int rs_series_parse(struct recorded *set,
                    const char *file,
                    const char *text,
                    size_t n,
                    const struct series_options *opt,
                    enum series_format *out_format,
                    struct err_list *errors)
{
    struct text_source source;
    rs_source_from_memory(&source, file, text, n);
    return rs_series_read_from(set, &source, opt, out_format, errors);
}

int rs_series_time(int64_t *out_ms, bool *out_relative, const char *text)
{
    int64_t ns = 0;
    *out_relative = false;
    int status = rs_series_seconds(out_ms, text);
    if (status == 0) {
        return rs_series_time_fits(*out_ms) ? 0 : RS_SERIES_FAR;
    }
    status = status == RS_SERIES_FAR ? status : rs_series_date(out_ms, text);
    if (status == 0 || status == RS_SERIES_FAR) {
        return status;
    }
    if (rs_duration_parse(&ns, text + (*text == '-')) != 0) {
        return -1;
    }
    if (!rs_series_time_fits(ns / RS_NS_PER_MS)) {
        return RS_SERIES_FAR;
    }
    *out_ms = (*text == '-' ? -ns : ns) / RS_NS_PER_MS;
    *out_relative = true;
    return 0;
}

bool rs_series_is_metric(const char *text)
{
    return rs_is_metric_name(text);
}

bool rs_series_is_label(const char *text)
{
    return rs_is_label_name(text);
}
