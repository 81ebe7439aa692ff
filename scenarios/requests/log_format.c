/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lines in a log_format of nginx: texts between variables. A variable's value ends where the text behind it begins, so two
 * variables need something between them. Source: nginx, ngx_http_log_module and ngx_http_core_module, "Embedded Variables":
 * the line is written when the request ends, $request_time is seconds since its first bytes were read.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "parser.h"
#include "sim/arena.h"

enum { PIECES_MAX = 128, TEXT_MAX = 8192 };

/* A variable and the text behind it; the first piece has no variable. */
struct piece {
    const char *name; /* in log_pattern.text */
    size_t n_name;
    int field;   /* enum field_kind, or -1 */
    bool quoted; /* stands in quotes: a backslash hides a quote */
    bool list;   /* values in a row: "0.1, 0.2 : 0.3" */
    const char *text;
    size_t n_text;
};

struct log_pattern {
    char *text; /* owned */
    int n;
    struct piece piece[PIECES_MAX];
};

/* Of several the one that stands first here is read. */
static const struct {
    const char *name;
    enum field_kind field;
} variables[] = {
    {"msec", RS_FIELD_TIME},
    {"time_iso8601", RS_FIELD_TIME},
    {"time_local", RS_FIELD_TIME},
    {"request_time", RS_FIELD_LATENCY},
    {"upstream_response_time", RS_FIELD_LATENCY},
    {"status", RS_FIELD_STATUS},
    {"request", RS_FIELD_ROUTE},
    {"request_uri", RS_FIELD_ROUTE},
    {"uri", RS_FIELD_ROUTE},
    {"document_uri", RS_FIELD_ROUTE},
};
enum { N_VARIABLE = sizeof(variables) / sizeof(variables[0]) };

static bool is_name(const struct piece *piece, const char *name)
{
    return piece->n_name == strlen(name) && memcmp(piece->name, name, piece->n_name) == 0;
}

static int refuse(struct err_list *errors, size_t col, const char *text)
{
    return rs_err_list_add(errors, RS_E_SYNTAX, (struct mark){"log_format", 1, (int)col}, "%s",
                           text);
}

/*
 * The format itself out of what stands in a configuration: log_format NAME escape=json 'one' "two"; or quoted pieces alone, or
 * neither.
 */
static int unwrap(char *to, const char *from, struct err_list *errors)
{
    const char *p = from + strspn(from, " \t\n");
    if (strncmp(p, "log_format", 10) == 0 && isspace((unsigned char)p[10])) {
        p += strcspn(p, "'\"");
    }
    if (*p != '\'' &&
        !(*p == '"' && strchr("\"'; \t\n", p[strlen(p) - 1]) && strchr(p + 1, '\''))) {
        memcpy(to, from, strlen(from) + 1);
        return 0;
    }
    while (*p == '\'' || *p == '"') {
        char quote = *p;
        const char *open = p++;
        for (; *p && *p != quote; p++) {
            p += *p == '\\' && p[1] == quote;
            *to++ = *p;
        }
        if (!*p) {
            return refuse(errors, (size_t)(open - from) + 1,
                          "the quote that opens here is not closed");
        }
        p += 1 + strspn(p + 1, " \t\n");
    }
    *to = '\0';
    p += *p == ';';
    p += strspn(p, " \t\n");
    return *p ? refuse(errors, (size_t)(p - from) + 1, "a text in quotes is expected here") : 0;
}

/* $name or ${name} at p; returns what follows, NULL if it is none. */
static const char *take_variable(const char *p, struct piece *piece)
{
    bool braces = p[1] == '{';
    piece->name = p + 1 + braces;
    const char *end = piece->name;
    while (isalnum((unsigned char)*end) || *end == '_') {
        end++;
    }
    piece->n_name = (size_t)(end - piece->name);
    return piece->n_name == 0 || (braces && *end != '}') ? NULL : end + braces;
}

static int cut(struct log_pattern *pattern, struct err_list *errors)
{
    const char *p = pattern->text;
    for (;;) {
        if (pattern->n == PIECES_MAX) {
            return refuse(errors, (size_t)(p - pattern->text) + 1, "too many variables");
        }
        struct piece *piece = &pattern->piece[pattern->n++];
        piece->field = -1;
        if (pattern->n > 1) {
            const char *start = p;
            p = take_variable(p, piece);
            if (!p) {
                return refuse(errors, (size_t)(start - pattern->text) + 1,
                              "a variable's name is expected behind \"$\"");
            }
        }
        piece->text = p;
        piece->n_text = strcspn(p, "$");
        p += piece->n_text;
        if (!*p) {
            return 0;
        }
        if (pattern->n > 1 && piece->n_text == 0) {
            return refuse(errors, (size_t)(p - pattern->text) + 1,
                          "nothing stands between two variables, so that nothing tells them apart");
        }
    }
}

/* Which pieces are read, and how far they reach. */
static void assign(struct log_pattern *pattern)
{
    bool given[RS_FIELD_N] = {false};
    for (int v = 0; v < N_VARIABLE; v++) {
        for (int i = 1; i < pattern->n && !given[variables[v].field]; i++) {
            if (is_name(&pattern->piece[i], variables[v].name)) {
                pattern->piece[i].field = (int)variables[v].field;
                given[variables[v].field] = true;
            }
        }
    }
    for (int i = 1; i < pattern->n; i++) {
        struct piece *one = &pattern->piece[i];
        const struct piece *last = one - 1;
        one->quoted = last->n_text > 0 && last->text[last->n_text - 1] == '"' && one->n_text > 0 &&
                      one->text[0] == '"';
        one->list = (one->n_name > 9 && memcmp(one->name, "upstream_", 9) == 0) ||
                    is_name(one, "http_x_forwarded_for") ||
                    is_name(one, "proxy_add_x_forwarded_for");
    }
}

static bool names_field(const struct log_pattern *pattern, enum field_kind field)
{
    for (int i = 1; i < pattern->n; i++) {
        if (pattern->piece[i].field == (int)field) {
            return true;
        }
    }
    return false;
}

struct log_pattern *rs_log_pattern_new(const char *text, struct err_list *errors)
{
    struct log_pattern *pattern = rs_xcalloc(1, sizeof(*pattern));
    size_t n = strlen(text);
    int status = 0;
    if (n > TEXT_MAX) {
        status = refuse(errors, 1, "the format is longer than 8192 characters");
    } else {
        pattern->text = rs_xcalloc(n + 1, 1);
        status = unwrap(pattern->text, text, errors);
    }
    if (status == 0) {
        status = cut(pattern, errors);
    }
    if (status == 0) {
        assign(pattern);
        if (strstr(pattern->text, "%t") || strstr(pattern->text, "%h")) {
            status = refuse(errors, 1,
                            "this is Apache's LogFormat; write it with nginx' names, like "
                            "'$remote_addr - $remote_user [$time_local] \"$request\" $status'");
        } else if (!names_field(pattern, RS_FIELD_TIME)) {
            status =
                refuse(errors, 1, "the format names no time: $time_local, $time_iso8601 or $msec");
        }
    }
    if (status == 0) {
        return pattern;
    }
    rs_log_pattern_free(pattern);
    return NULL;
}

void rs_log_pattern_free(struct log_pattern *pattern)
{
    if (pattern) {
        free(pattern->text);
        free(pattern);
    }
}

/* ---- reading ---- */

/* Is the blank at q inside a list of values? */
static bool in_list(const char *start, const char *q, const char *end)
{
    return q > start && (q[-1] == ',' || q[-1] == ':' || (q + 1 < end && q[1] == ':'));
}

/* Where the text behind the value begins; NULL if it does not occur. */
static const char *find_text(const struct piece *piece, const char *start, const char *end)
{
    const char *p = start;
    if (piece->n_text == 0) {
        return end;
    }
    while ((size_t)(end - p) >= piece->n_text) {
        const char *q = memchr(p, piece->text[0], (size_t)(end - p));
        if (!q || (size_t)(end - q) < piece->n_text) {
            return NULL;
        }
        bool hidden =
            piece->quoted && q > start && q[-1] == '\\' && !(q > start + 1 && q[-2] == '\\');
        if (!hidden && memcmp(q, piece->text, piece->n_text) == 0 &&
            !(piece->list && *q == ' ' && in_list(start, q, end))) {
            return q;
        }
        p = q + 1;
    }
    return NULL;
}

/* The sum over the servers that were tried: "0.100, 0.200 : 0.300". A "-" among them took no time. */
static int take_list(struct request_parser *p, struct span s, struct parsed *out)
{
    double sum = 0.0;
    bool any = false;
    const char *end = s.p + s.n;
    while (s.p < end) {
        size_t n = 0;
        while (s.p + n < end && !strchr(", :", s.p[n])) {
            n++;
        }
        if (n > 0 && !(n == 1 && *s.p == '-')) {
            if (rs_take_latency(p, (struct span){s.p, n}, out) != RS_PARSED) {
                return RS_REJECT_LATENCY;
            }
            sum += out->latency_s;
            any = true;
        }
        s.p += n + (s.p + n < end);
    }
    out->latency_s = any ? sum : out->latency_s;
    return RS_PARSED;
}

static int
take_value(struct request_parser *p, const struct piece *piece, struct span s, struct parsed *out)
{
    switch (piece->field) {
    case RS_FIELD_TIME: return rs_take_time(p, s, out);
    case RS_FIELD_LATENCY: return piece->list ? take_list(p, s, out) : rs_take_latency(p, s, out);
    case RS_FIELD_STATUS: return rs_take_status(p, s, out);
    case RS_FIELD_ROUTE:
        out->route = is_name(piece, "request") ? rs_scan_request(s) : rs_scan_path(s);
        return RS_PARSED;
    default: return RS_PARSED;
    }
}

int rs_parse_log_format(struct request_parser *p, struct span line, struct parsed *out)
{
    const struct log_pattern *pattern = p->pattern;
    const struct piece *piece = pattern->piece;
    const char *at = line.p, *end = line.p + line.n;
    if (line.n < piece->n_text || memcmp(at, piece->text, piece->n_text) != 0) {
        return rs_reject(out, line, at, RS_REJECT_SHAPE);
    }
    at += piece->n_text;
    for (int i = 1; i < pattern->n; i++) {
        piece++;
        const char *value_end = find_text(piece, at, end);
        if (!value_end) {
            return rs_reject(out, line, at, RS_REJECT_SHAPE);
        }
        struct span value = {at, (size_t)(value_end - at)};
        int why = piece->field < 0 ? RS_PARSED : take_value(p, piece, value, out);
        if (why != RS_PARSED) {
            return rs_reject(out, line, at, (enum requests_reject)why);
        }
        at = value_end + piece->n_text;
    }
    return at == end ? RS_PARSED : rs_reject(out, line, at, RS_REJECT_SHAPE);
}
