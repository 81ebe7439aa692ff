/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Common Log Format and the Combined one:
 *   host ident user [17/May/2015:10:05:03 +0200] "GET /a HTTP/1.1" 200 1234
 *   ... "referer" "agent"
 * Source: Apache's mod_log_config, "Common Log Format" and "Combined Log Format"; quotes inside are written \" there and \x22 by
 * nginx. Whatever stands before the bracket (a name of the virtual host, IPv6, a user with blanks) says nothing here.
 */
#include <string.h>

#include "parser.h"

/* Behind the quoted text that begins at p (after the opening quote), at its closing quote; NULL if there is none. */
static const char *closing_quote(const char *p, const char *end)
{
    for (const char *from = p;;) {
        const char *q = memchr(from, '"', (size_t)(end - from));
        if (!q) {
            return NULL;
        }
        size_t n_backslash = 0;
        while (q - n_backslash > p && q[-1 - (long)n_backslash] == '\\') {
            n_backslash++;
        }
        if (n_backslash % 2 == 0) {
            return q;
        }
        from = q + 1;
    }
}

/* Where the time begins: a bracket with a day and a slash behind it. */
static const char *find_time(const char *p, const char *end)
{
    for (;;) {
        const char *open = p < end ? memchr(p, '[', (size_t)(end - p)) : NULL;
        if (!open || end - open < RS_CLF_TIME + 2) {
            return NULL;
        }
        if (open[3] == '/' && open[1 + RS_CLF_TIME] == ']') {
            return open;
        }
        p = open + 1;
    }
}

/* Digits or "-" at p, up to a blank or the end; NULL if they are something else. */
static const char *pass_bytes(const char *p, const char *end)
{
    if (p < end && *p == '-') {
        p++;
    } else {
        const char *first = p;
        while (p < end && *p >= '0' && *p <= '9') {
            p++;
        }
        if (p == first) {
            return NULL;
        }
    }
    return p == end || *p == ' ' ? p : NULL;
}

/* Two quoted texts, each with a blank before it. Anything may follow. */
static const char *pass_quoted_pair(const char *p, const char *end)
{
    for (int i = 0; i < 2; i++) {
        if (end - p < 3 || p[0] != ' ' || p[1] != '"') {
            return NULL;
        }
        p = closing_quote(p + 2, end);
        if (!p) {
            return NULL;
        }
        p++;
    }
    return p;
}

int rs_parse_clf(struct request_parser *p, struct span line, struct parsed *out)
{
    const char *end = line.p + line.n, *time = find_time(line.p, end);
    if (!time) {
        bool brackets = memchr(line.p, '[', line.n) != NULL;
        return rs_reject(out, line, line.p, brackets ? RS_REJECT_TIME : RS_REJECT_SHAPE);
    }
    if (rs_take_time(p, (struct span){time + 1, RS_CLF_TIME}, out) != RS_PARSED) {
        return rs_reject(out, line, time + 1, RS_REJECT_TIME);
    }
    const char *request = time + RS_CLF_TIME + 2;
    if (end - request < 3 || request[0] != ' ' || request[1] != '"') {
        return rs_reject(out, line, request, RS_REJECT_SHAPE);
    }
    request += 2;
    const char *quote = closing_quote(request, end);
    if (!quote || end - quote < 2 || quote[1] != ' ') {
        return rs_reject(out, line, request - 1, RS_REJECT_SHAPE);
    }
    out->route = rs_scan_request((struct span){request, (size_t)(quote - request)});
    const char *status = quote + 2;
    const char *blank = memchr(status, ' ', (size_t)(end - status));
    size_t n_status = (size_t)((blank ? blank : end) - status);
    if (rs_take_status(p, (struct span){status, n_status}, out) != RS_PARSED) {
        return rs_reject(out, line, status, RS_REJECT_STATUS);
    }
    const char *rest = blank ? pass_bytes(blank + 1, end) : NULL;
    if (!rest) {
        return rs_reject(out, line, blank ? blank + 1 : end, RS_REJECT_SHAPE);
    }
    if (p->format == RS_REQUESTS_COMBINED) {
        return pass_quoted_pair(rest, end) ? RS_PARSED
                                           : rs_reject(out, line, rest, RS_REJECT_SHAPE);
    }
    return rest == end ? RS_PARSED : rs_reject(out, line, rest, RS_REJECT_SHAPE);
}
