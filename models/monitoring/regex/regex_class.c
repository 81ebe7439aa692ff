/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Escapes and classes of RE2, checked and written for PCRE2. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "regex_syntax.h"

size_t rs_syntax_rune_length(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;
    size_t n = b[0] < 0x80 ? 1 : b[0] >= 0xc2 && b[0] < 0xe0 ? 2 : (b[0] & 0xf0) == 0xe0 ? 3 : 4;

    if ((b[0] >= 0x80 && b[0] < 0xc2) || b[0] > 0xf4) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if ((b[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return n;
}

/* \x41 or \x{41}; p stands on the x. Returns its bytes, 0 if malformed; *rune is the character. */
static size_t hex_escape(const char *p, long *rune)
{
    char *end;
    size_t n;

    if (p[1] == '{') {
        n = strspn(p + 2, "0123456789abcdefABCDEF");
        *rune = n == 0 || n > 8 ? -1 : strtol(p + 2, &end, 16);
        return p[2 + n] == '}' && *rune >= 0 && *rune <= 0x10ffff ? n + 3 : 0;
    }
    if (!isxdigit((unsigned char)p[1]) || !isxdigit((unsigned char)p[2])) {
        return 0;
    }
    *rune = strtol((char[]){p[1], p[2], 0}, &end, 16);
    return 3;
}

/* One escaped character at p, behind its backslash. Returns its bytes, 0 if RE2 has no such escape. */
static size_t char_escape(const char *p, long *rune)
{
    static const char from[] = "afnrtv", to[] = "\a\f\n\r\t\v";
    const char *hit;
    size_t n = 1;

    if (*p == '\0') {
        return 0;
    }
    if (*p == 'x') {
        return hex_escape(p, rune);
    }
    hit = strchr(from, *p);
    if (hit != NULL) {
        *rune = (unsigned char)to[hit - from];
        return 1;
    }
    if (*p >= '0' && *p <= '7' && (*p == '0' || (p[1] >= '0' && p[1] <= '7'))) {
        for (*rune = 0, n = 0; n < 3 && p[n] >= '0' && p[n] <= '7'; n++) {
            *rune = 8 * *rune + (p[n] - '0');
        }
        return n;
    }
    *rune = (unsigned char)*p;
    return (unsigned char)*p < 0x80 && !isalnum((unsigned char)*p) ? 1 : 0;
}

size_t rs_syntax_class_escape(const char *p)
{
    if (*p == '\0') {
        return 0;
    }
    if (strchr("dDsSwW", *p) != NULL) {
        return 1;
    }
    if (*p != 'p' && *p != 'P') {
        return 0;
    }
    if (p[1] == '{') {
        const char *end = strchr(p, '}');

        return end == NULL ? 0 : (size_t)(end - p) + 1;
    }
    return isalpha((unsigned char)p[1]) ? 2 : 0;
}

/* Space as RE2 has it: no vertical tab. */
void rs_syntax_copy_class_escape(struct syntax *s, size_t n, bool inside)
{
    if (s->p[1] == 's') {
        const char *text = inside ? "\\t\\n\\f\\r\\x20" : "[\\t\\n\\f\\r\\x20]";

        rs_syntax_put(s, text, strlen(text));
        s->p += 1 + n;
    } else if (s->p[1] == 'S') {
        const char *text = inside ? "\\S\\x0b" : "[^\\t\\n\\f\\r\\x20]";

        rs_syntax_put(s, text, strlen(text));
        s->p += 1 + n;
    } else {
        rs_syntax_copy(s, 1 + n);
    }
}

int rs_syntax_copy_char_escape(struct syntax *s, long *rune)
{
    size_t n = char_escape(s->p + 1, rune);

    if (n == 0) {
        return rs_syntax_fail(s, s->p[1] >= '1' && s->p[1] <= '9' ? "RE2 has no back references"
                                                                  : "unknown escape");
    }
    if (s->p[1] == 'v') {
        rs_syntax_put(s, "\\x0b", 4);
        s->p += 2;
    } else {
        rs_syntax_copy(s, 1 + n);
    }
    return 0;
}

/* One end of a range in brackets. */
static int parse_class_char(struct syntax *s, long *rune)
{
    size_t n;

    if (*s->p == '\0') {
        return rs_syntax_fail(s, "missing closing ]");
    }
    if (*s->p == '\\') {
        return rs_syntax_copy_char_escape(s, rune);
    }
    n = rs_syntax_rune_length(s->p);
    if (n == 0) {
        return rs_syntax_fail(s, "invalid UTF-8");
    }
    *rune = 0;
    for (size_t i = 0; i < n; i++) { /* any number that orders as the characters do */
        *rune = *rune << 8 | (unsigned char)s->p[i];
    }
    if (*s->p == '[') {
        rs_syntax_put(s, "\\", 1);
    }
    rs_syntax_copy(s, n);
    return 0;
}

static int parse_class_item(struct syntax *s)
{
    long low = 0, high = 0;
    size_t n;

    if (s->p[0] == '[' && s->p[1] == ':' && strstr(s->p + 2, ":]") != NULL) {
        rs_syntax_copy(s, (size_t)(strstr(s->p + 2, ":]") - s->p) +
                              2); /* PCRE2 knows the same names */
        return 0;
    }
    if (*s->p == '\\' && (n = rs_syntax_class_escape(s->p + 1)) > 0) {
        rs_syntax_copy_class_escape(s, n, true);
        if (s->p[0] == '-' && s->p[1] != ']') {
            rs_syntax_put(s, "\\", 1); /* a class begins no range */
        }
        return 0;
    }
    if (parse_class_char(s, &low) < 0) {
        return -1;
    }
    if (s->p[0] != '-' || s->p[1] == ']') {
        return 0;
    }
    rs_syntax_copy(s, 1);
    if (parse_class_char(s, &high) < 0) {
        return -1;
    }
    return high < low ? rs_syntax_fail(s, "a range in brackets falls") : 0;
}

int rs_syntax_class(struct syntax *s)
{
    bool first = true;

    rs_syntax_copy(s, 1);
    if (*s->p == '^') {
        rs_syntax_copy(s, 1);
    }
    for (; *s->p != ']' || first; first = false) {
        if (parse_class_item(s) < 0) {
            return -1;
        }
    }
    rs_syntax_copy(s, 1);
    return 0;
}
