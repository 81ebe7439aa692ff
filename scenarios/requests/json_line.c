/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A line as a JSON object (RFC 8259): walked once, nothing is kept but the four fields that are wanted. */
#include <string.h>

#include "parser.h"
#include "sim/arena.h"

enum { DEPTH_MAX = 32 };

/* What is left of the wanted names at this depth ("b" of "a.b" inside of "a"); NULL: not in this branch. */
struct wanted {
    const char *name[RS_FIELD_N];
};

struct walk {
    const char *p, *end;
    const char *broken; /* where it is no JSON; NULL = it is */
    struct span value[RS_FIELD_N];
    bool escaped[RS_FIELD_N];
};

static bool walk_value(struct walk *w, const struct wanted *wanted, unsigned here, int depth);

static bool broken(struct walk *w)
{
    w->broken = w->p;
    return false;
}

static void skip_blanks(struct walk *w)
{
    while (w->p < w->end && (*w->p == ' ' || *w->p == '\t' || *w->p == '\r' || *w->p == '\n')) {
        w->p++;
    }
}

/* A string at the quote; what stands in it is *out. */
static bool walk_string(struct walk *w, struct span *out, bool *escaped)
{
    const char *start = w->p + 1, *from = start;
    *escaped = false;
    for (;;) {
        const char *q = from < w->end ? memchr(from, '"', (size_t)(w->end - from)) : NULL;
        if (!q) {
            return broken(w);
        }
        const char *b = memchr(from, '\\', (size_t)(q - from));
        if (!b) {
            *out = (struct span){start, (size_t)(q - start)};
            w->p = q + 1;
            return true;
        }
        *escaped = true;
        from = b + 2; /* whatever is escaped hides no end of the text */
    }
}

/* The names that this key leaves for what is inside of it; returns the fields (as bits) that the key itself names. */
static unsigned
match_key(const struct wanted *wanted, struct span key, struct wanted *inside, bool *any_inside)
{
    unsigned here = 0;
    *any_inside = false;
    for (int i = 0; i < RS_FIELD_N; i++) {
        const char *name = wanted->name[i];
        inside->name[i] = NULL;
        if (!name || strncmp(name, key.p, key.n) != 0) {
            continue;
        }
        if (name[key.n] == '\0') {
            here |= 1U << i;
        } else if (name[key.n] == '.') {
            inside->name[i] = name + key.n + 1;
            *any_inside = true;
        }
    }
    return here;
}

static bool walk_object(struct walk *w, const struct wanted *wanted, int depth)
{
    static const struct wanted nothing = {{0}};
    struct wanted inside;
    bool any_inside = false, escaped = false;
    w->p++;
    skip_blanks(w);
    if (w->p < w->end && *w->p == '}') {
        w->p++;
        return true;
    }
    for (;;) {
        struct span key;
        skip_blanks(w);
        if (w->p == w->end || *w->p != '"' || !walk_string(w, &key, &escaped)) {
            return broken(w);
        }
        skip_blanks(w);
        if (w->p == w->end || *w->p != ':') {
            return broken(w);
        }
        w->p++;
        unsigned here = match_key(wanted, key, &inside, &any_inside);
        if (!walk_value(w, any_inside ? &inside : &nothing, here, depth)) {
            return false;
        }
        skip_blanks(w);
        if (w->p < w->end && *w->p == '}') {
            w->p++;
            return true;
        }
        if (w->p == w->end || *w->p != ',') {
            return broken(w);
        }
        w->p++;
    }
}

static bool walk_array(struct walk *w, int depth)
{
    static const struct wanted nothing = {{0}};
    w->p++;
    skip_blanks(w);
    if (w->p < w->end && *w->p == ']') {
        w->p++;
        return true;
    }
    for (;;) {
        if (!walk_value(w, &nothing, 0, depth)) {
            return false;
        }
        skip_blanks(w);
        if (w->p < w->end && *w->p == ']') {
            w->p++;
            return true;
        }
        if (w->p == w->end || *w->p != ',') {
            return broken(w);
        }
        w->p++;
    }
}

/* A number, or true, false, null: to the next bracket, comma or blank. */
static bool walk_word(struct walk *w, struct span *out)
{
    const char *start = w->p;
    while (w->p < w->end && !strchr(",]} \t\r\n", *w->p)) {
        w->p++;
    }
    *out = (struct span){start, (size_t)(w->p - start)};
    struct decimal d;
    double x = 0.0;
    bool is_word = (out->n == 4 && memcmp(start, "true", 4) == 0) ||
                   (out->n == 5 && memcmp(start, "false", 5) == 0) ||
                   (out->n == 4 && memcmp(start, "null", 4) == 0);
    if (!is_word && rs_scan_decimal(&d, *out) != 0 && rs_scan_seconds(&x, *out, 1.0) != 0) {
        w->p = start;
        return broken(w);
    }
    return true;
}

/* here: the fields that this value is. Only texts and numbers are values of ours. */
static bool walk_value(struct walk *w, const struct wanted *wanted, unsigned here, int depth)
{
    struct span value = {NULL, 0};
    bool escaped = false;
    skip_blanks(w);
    if (w->p == w->end || depth == DEPTH_MAX) {
        return broken(w);
    }
    if (*w->p == '{') {
        return walk_object(w, wanted, depth + 1);
    }
    if (*w->p == '[') {
        return walk_array(w, depth + 1);
    }
    if (!(*w->p == '"' ? walk_string(w, &value, &escaped) : walk_word(w, &value))) {
        return false;
    }
    if (value.n == 4 && memcmp(value.p, "null", 4) == 0 && value.p[-1] != '"') {
        value.p = NULL;
    }
    for (int i = 0; here && i < RS_FIELD_N; i++) {
        if (here >> i & 1U) {
            w->value[i] = value;
            w->escaped[i] = escaped;
        }
    }
    return true;
}

/* Walks the whole line: it must be one object. */
static bool walk_line(struct walk *w, struct span line, const struct wanted *wanted)
{
    *w = (struct walk){.p = line.p, .end = line.p + line.n};
    skip_blanks(w);
    if (w->p == w->end || *w->p != '{' || !walk_object(w, wanted, 0)) {
        return broken(w);
    }
    skip_blanks(w);
    return w->p == w->end || broken(w);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static const char unknown_char[] = "\xef\xbf\xbd"; /* U+FFFD */

static char *put_unknown(char *to)
{
    memcpy(to, unknown_char, 3);
    return to + 3;
}

/* \u0041 at p (behind the u), of the first 2^16 characters; halves of pairs and NUL are told as unknown ones. */
static char *put_code(char *to, const char *p, const char *end)
{
    int code = 0;
    for (int i = 0; i < 4; i++) {
        int digit = p + i < end ? hex_digit(p[i]) : -1;
        if (digit < 0) {
            *to++ = '?';
            return to;
        }
        code = 16 * code + digit;
    }
    if (code == 0 || (code >= 0xd800 && code < 0xe000)) {
        return put_unknown(to);
    }
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3f));
    } else {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    }
    return to;
}

/* The text without its escapes, in the parser's own room: it never gets longer. */
static struct span unescape(char *room, struct span s)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    char *to = room;
    const char *end = s.p + s.n;
    for (const char *p = s.p; p < end; p++) {
        if (*p != '\\' || p + 1 == end) {
            *to++ = *p;
            continue;
        }
        p++;
        const char *known = *p ? strchr(letters, *p) : NULL;
        if (known) {
            *to++ = meant[known - letters];
        } else if (*p == 'u') {
            to = put_code(to, p + 1, end);
            p += end - p > 4 ? 4 : end - p - 1;
        } else {
            *to++ = *p;
        }
    }
    return (struct span){room, (size_t)(to - room)};
}

int rs_parse_json(struct request_parser *p, struct span line, struct parsed *out)
{
    struct walk w;
    struct wanted wanted;
    memcpy(wanted.name, p->name, sizeof(wanted.name));
    if (!walk_line(&w, line, &wanted)) {
        return rs_reject(out, line, w.broken, RS_REJECT_SHAPE);
    }
    struct span *value = w.value;
    if (w.escaped[RS_FIELD_TIME]) { /* "17\/May\/2015:10:05:03 +0000" */
        value[RS_FIELD_TIME] = unescape(p->scratch, value[RS_FIELD_TIME]);
    }
    if (!value[RS_FIELD_TIME].p || rs_take_time(p, value[RS_FIELD_TIME], out) != RS_PARSED) {
        const char *at =
            value[RS_FIELD_TIME].p && !w.escaped[RS_FIELD_TIME] ? value[RS_FIELD_TIME].p : line.p;
        return rs_reject(out, line, at, RS_REJECT_TIME);
    }
    if (value[RS_FIELD_LATENCY].p &&
        rs_take_latency(p, value[RS_FIELD_LATENCY], out) != RS_PARSED) {
        return rs_reject(out, line, value[RS_FIELD_LATENCY].p, RS_REJECT_LATENCY);
    }
    if (value[RS_FIELD_STATUS].p && rs_take_status(p, value[RS_FIELD_STATUS], out) != RS_PARSED) {
        return rs_reject(out, line, value[RS_FIELD_STATUS].p, RS_REJECT_STATUS);
    }
    struct span route = value[RS_FIELD_ROUTE];
    if (w.escaped[RS_FIELD_ROUTE]) {
        route = unescape(p->scratch, route);
    }
    if (route.p) {
        out->route = memchr(route.p, ' ', route.n) ? rs_scan_request(route) : rs_scan_path(route);
    }
    return RS_PARSED;
}

bool rs_json_has(struct request_parser *p, struct span line, const char *name, struct span *out)
{
    (void)p;
    struct walk w;
    struct wanted wanted = {{name}};
    bool whole = walk_line(&w, line, &wanted);
    *out = w.value[0];
    return whole && w.value[0].p != NULL;
}
