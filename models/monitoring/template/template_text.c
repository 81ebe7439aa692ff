/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growing texts, runes, and the ways in which Go writes a text for others: quoted, for HTML, JavaScript and URLs. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "template_private.h"

void rs_text_add_n(struct text *to, const char *bytes, size_t n)
{
    n = to->n + n > RS_TEXT_MAX ? RS_TEXT_MAX - to->n : n;
    if (to->n + n + 1 > to->cap) {
        size_t cap = 2 * to->cap + n + 32;
        char *grown = rs_arena_alloc(to->arena, cap);

        if (to->n > 0) {
            memcpy(grown, to->at, to->n);
        }
        to->at = grown;
        to->cap = cap;
    }
    memcpy(to->at + to->n, bytes, n);
    to->n += n;
    to->at[to->n] = '\0';
}

void rs_text_add(struct text *to, const char *words)
{
    rs_text_add_n(to, words, strlen(words));
}

void rs_text_fill(struct text *to, char c, size_t n)
{
    char some[64];

    memset(some, c, sizeof some);
    for (; n > 0 && to->n < RS_TEXT_MAX; n -= n < sizeof some ? n : sizeof some) {
        rs_text_add_n(to, some, n < sizeof some ? n : sizeof some);
    }
}

void rs_text_printf(struct text *to, const char *fmt, ...)
{
    char buf[512];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(buf, sizeof buf, fmt, args);
    va_end(args);
    rs_text_add(to, buf);
}

const char *rs_text_get(const struct text *to)
{
    return to->at != NULL ? to->at : "";
}

/* ---- runes ---- */

enum { RUNE_ERROR = 0xfffd };

uint32_t rs_rune_at(const char *p, int *n_byte)
{
    const unsigned char *s = (const unsigned char *)p;
    int n = s[0] < 0x80   ? 1
            : s[0] < 0xc2 ? 0
            : s[0] < 0xe0 ? 2
            : s[0] < 0xf0 ? 3
            : s[0] < 0xf5 ? 4
                          : 0;
    uint32_t rune = n == 1 ? s[0] : s[0] & (0xffU >> (n + 1));

    *n_byte = 1;
    for (int i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return RUNE_ERROR;
        }
        rune = rune << 6 | (s[i] & 0x3f);
    }
    if (n == 0 || (n == 3 && (rune < 0x800 || (rune >= 0xd800 && rune < 0xe000))) ||
        (n == 4 && (rune < 0x10000 || rune > 0x10ffff))) {
        return RUNE_ERROR;
    }
    *n_byte = n;
    return rune;
}

void rs_text_add_rune(struct text *to, uint32_t rune)
{
    char b[4];
    size_t n = 0;

    if (rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000)) {
        rune = RUNE_ERROR;
    }
    if (rune < 0x80) {
        b[n++] = (char)rune;
    } else if (rune < 0x800) {
        b[n++] = (char)(0xc0 | rune >> 6);
        b[n++] = (char)(0x80 | (rune & 0x3f));
    } else {
        if (rune >= 0x10000) {
            b[n++] = (char)(0xf0 | rune >> 18);
            b[n++] = (char)(0x80 | (rune >> 12 & 0x3f));
        } else {
            b[n++] = (char)(0xe0 | rune >> 12);
        }
        b[n++] = (char)(0x80 | (rune >> 6 & 0x3f));
        b[n++] = (char)(0x80 | (rune & 0x3f));
    }
    if (rune != 0) { /* texts end with NUL: they hold none */
        rs_text_add_n(to, b, n);
    }
}

size_t rs_rune_count(const char *words)
{
    size_t n = 0;
    int step;

    for (const char *p = words; *p != '\0'; p += step, n++) {
        (void)rs_rune_at(p, &step);
    }
    return n;
}

/* Nearly unicode.IsPrint: controls, separators and what stands for nothing are not. */
static bool is_printable(uint32_t rune)
{
    if (rune < 0x20 || (rune >= 0x7f && rune <= 0xa0) || rune == 0xad) {
        return false;
    }
    return !(rune >= 0x2000 && rune <= 0x200f) && !(rune >= 0x2028 && rune <= 0x202f) &&
           !(rune >= 0x205f && rune <= 0x206f) && rune != 0x3000 && rune != 0xfeff &&
           !(rune >= 0xe000 && rune <= 0xf8ff) && !(rune >= 0xfff0 && rune <= 0xfffb);
}

static void quote_rune(struct text *to, uint32_t rune, char quote, bool ascii)
{
    static const char from[] = "\a\b\f\n\r\t\v", as[] = "abfnrtv";
    const char *known = rune != 0 && rune < 0x80 ? strchr(from, (int)rune) : NULL;

    if (rune == (uint32_t)quote || rune == '\\') {
        rs_text_printf(to, "\\%c", (int)rune);
    } else if (is_printable(rune) && !(ascii && rune >= 0x80)) {
        rs_text_add_rune(to, rune);
    } else if (known != NULL) {
        rs_text_printf(to, "\\%c", as[known - from]);
    } else if (rune < 0x20 || rune == 0x7f) {
        rs_text_printf(to, "\\x%02x", rune);
    } else {
        rs_text_printf(to, rune < 0x10000 ? "\\u%04x" : "\\U%08x", rune);
    }
}

void rs_text_quote(struct text *to, const char *words, char quote, bool ascii)
{
    int step;

    rs_text_add_n(to, &quote, 1);
    for (const char *p = words; *p != '\0'; p += step) {
        uint32_t rune = rs_rune_at(p, &step);

        if (rune == RUNE_ERROR && step == 1) {
            rs_text_printf(to, "\\x%02x", (unsigned char)*p);
        } else {
            quote_rune(to, rune, quote, ascii);
        }
    }
    rs_text_add_n(to, &quote, 1);
}

/* ---- for others ---- */

void rs_text_html(struct text *to, const char *words)
{
    for (const char *p = words; *p != '\0'; p++) {
        switch (*p) {
        case '\'': rs_text_add(to, "&#39;"); break;
        case '"': rs_text_add(to, "&#34;"); break;
        case '&': rs_text_add(to, "&amp;"); break;
        case '<': rs_text_add(to, "&lt;"); break;
        case '>': rs_text_add(to, "&gt;"); break;
        default: rs_text_add_n(to, p, 1);
        }
    }
}

void rs_text_js(struct text *to, const char *words)
{
    int step;

    for (const char *p = words; *p != '\0'; p += step) {
        uint32_t rune = rs_rune_at(p, &step);

        if (rune == '\\' || rune == '\'' || rune == '"') {
            rs_text_printf(to, "\\%c", (int)rune);
        } else if (rune < 0x20 || (rune < 0x80 && strchr("<>&=", (int)rune) != NULL) ||
                   (rune >= 0x80 && !is_printable(rune))) {
            rs_text_printf(to, "\\u%04X", rune);
        } else {
            rs_text_add_n(to, p, (size_t)step);
        }
    }
}

/* url.QueryEscape. */
void rs_text_url(struct text *to, const char *words)
{
    for (const char *p = words; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;

        if (c < 0x80 && (isalnum(c) || strchr("-_.~", c) != NULL)) {
            rs_text_add_n(to, p, 1);
        } else if (c == ' ') {
            rs_text_add(to, "+");
        } else {
            rs_text_printf(to, "%%%02X", c);
        }
    }
}

/* ---- title case ---- */

static bool is_letter(unsigned char c)
{
    return isalpha(c) || c >= 0x80;
}

/*
 * Does a word go on between these two bytes? Before 3 strings.Title: letters, digits and underscores make words. Since then
 * Unicode's word boundaries (UAX #29): an apostrophe, a dot or a colon between two letters does not end one.
 */
static bool joins(const char *words, size_t i, enum promql_dialect dialect)
{
    unsigned char c = (unsigned char)words[i];

    if (is_letter(c) || isdigit(c) || c == '_') {
        return true;
    }
    return dialect == RS_PROMQL_3 && i > 0 && strchr("'.:", c) != NULL &&
           is_letter((unsigned char)words[i - 1]) && is_letter((unsigned char)words[i + 1]);
}

void rs_text_title(struct text *to, const char *words, enum promql_dialect dialect)
{
    bool fresh = true; /* the word has had no letter yet */
    int n;

    for (size_t i = 0; words[i] != '\0'; i += (size_t)n) {
        (void)rs_rune_at(words + i, &n);
        if (!joins(words, i, dialect)) {
            fresh = true;
        } else if (fresh && is_letter((unsigned char)words[i])) {
            const char *one = rs_arena_strndup(to->arena, words + i, (size_t)n);

            fresh = false;
            rs_text_add(to, rs_template_case(to->arena, one, 'U'));
            continue;
        } else if (dialect != RS_PROMQL_3) {
            fresh = false; /* "3rd" stays */
        }
        rs_text_add_n(to, words + i, (size_t)n);
    }
}
