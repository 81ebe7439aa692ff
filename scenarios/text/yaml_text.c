/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text under a YAML tree: its lines, its encoding. */
#include <stdint.h>
#include <string.h>

#include "yaml_node.h"

void rs_text_skip_mark(const char **text, size_t *n)
{
    if (*n >= 3 && memcmp(*text, "\xef\xbb\xbf", 3) == 0) {
        *text += 3;
        *n -= 3;
    }
}

/* Length of the line break at p (0 = none): LF, CR, CR LF, and the three that libyaml knows besides (NEL, LS, PS). */
static size_t break_length(const char *p, const char *end)
{
    if (*p == '\n') {
        return 1;
    }
    if (*p == '\r') {
        return p + 1 < end && p[1] == '\n' ? 2 : 1;
    }
    if (end - p >= 2 && memcmp(p, "\xc2\x85", 2) == 0) {
        return 2;
    }
    if (end - p >= 3 && (memcmp(p, "\xe2\x80\xa8", 3) == 0 || memcmp(p, "\xe2\x80\xa9", 3) == 0)) {
        return 3;
    }
    return 0;
}

static size_t mark_lines(size_t *begin, const char *text, size_t n)
{
    size_t n_line = 0;
    const char *end = text + n;
    if (begin) {
        begin[n_line] = 0;
    }
    n_line++;
    for (const char *p = text; p < end;) {
        size_t length = break_length(p, end);
        p += length ? length : 1;
        if (length) {
            if (begin) {
                begin[n_line] = (size_t)(p - text);
            }
            n_line++;
        }
    }
    return n_line;
}

struct line_table rs_lines_new(struct arena *arena, const char *text, size_t n)
{
    size_t n_line = mark_lines(NULL, text, n);
    size_t *begin = RS_ARENA_ARRAY(arena, size_t, n_line);
    mark_lines(begin, text, n);
    return (struct line_table){text, n, n_line, begin};
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

size_t rs_lines_offset(const struct line_table *lines, size_t line, size_t col)
{
    if (line >= lines->n_line) {
        return lines->n_text;
    }
    size_t at = lines->begin[line];
    for (; col > 0 && at < lines->n_text; col--) {
        at++;
        while (at < lines->n_text && is_continuation(lines->text[at])) {
            at++;
        }
    }
    return at;
}

struct mark rs_lines_mark(const struct line_table *lines, const char *file, size_t offset)
{
    size_t low = 0, high = lines->n_line;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (lines->begin[middle] <= offset) {
            low = middle;
        } else {
            high = middle;
        }
    }
    int col = 1;
    for (size_t i = lines->begin[low]; i < offset && i < lines->n_text; i++) {
        col += !is_continuation(lines->text[i]);
    }
    return (struct mark){file, (int)low + 1, col};
}

/* Number of leading blanks of a line that holds more than blanks; -1 for a blank line. */
static int blanks_before_text(const char *line, const char *end)
{
    const char *p = line;
    while (p < end && *p == ' ') {
        p++;
    }
    return p == end || *p == '\n' || *p == '\r' ? -1 : (int)(p - line);
}

int rs_text_indent(const char *from, const char *end)
{
    for (const char *p = from; p < end; p++) {
        int n_blank = blanks_before_text(p, end);
        if (n_blank >= 0) {
            return n_blank;
        }
        p = memchr(p, '\n', (size_t)(end - p));
        if (!p) {
            break;
        }
    }
    return 0;
}

/* Bytes of the character at p, or 0 where it is not UTF-8 (RFC 3629: no overlong forms, surrogates, or beyond U+10FFFF). */
static size_t utf8_length(const unsigned char *p, size_t n)
{
    if (p[0] < 0x80) {
        return 1;
    }
    size_t length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || length > n) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
    bool surrogate = p[0] == 0xed && p[1] >= 0xa0;
    bool beyond = p[0] == 0xf4 && p[1] >= 0x90;
    return overlong || surrogate || beyond ? 0 : length;
}

int rs_text_check(const struct line_table *lines, const char *file, struct err_list *errors)
{
    const unsigned char *text = (const unsigned char *)lines->text;
    for (size_t i = 0; i < lines->n_text;) {
        size_t length = utf8_length(text + i, lines->n_text - i);
        if (length == 0) {
            return rs_err_list_add(errors, RS_E_SYNTAX, rs_lines_mark(lines, file, i),
                                   "the file must be UTF-8, got the byte 0x%02x", text[i]);
        }
        if ((text[i] < 0x20 && !strchr("\t\n\r", text[i])) || text[i] == 0 || text[i] == 0x7f) {
            return rs_err_list_add(errors, RS_E_SYNTAX, rs_lines_mark(lines, file, i),
                                   "control character 0x%02x in the text", text[i]);
        }
        i += length;
    }
    return 0;
}
