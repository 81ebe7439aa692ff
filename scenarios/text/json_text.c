/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Source: RFC 8259. */
#include "json_text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../series/series_text.h"
#include "sim/arena.h"

enum { DEPTH_MAX = 64, TEXT_MAX = 1 << 20 };

void rs_json_init(struct json_text *j, struct text_source *source, struct err_list *errors)
{
    *j = (struct json_text){.source = source, .errors = errors, .line = 1, .col = 1};
}

void rs_json_clear(struct json_text *j)
{
    free(j->text);
    j->text = NULL;
}

int rs_json_refuse(struct json_text *j, const char *fmt, ...)
{
    char text[256];
    va_list args;
    if (j->failed) {
        return -1; /* what follows a mistake is no mistake of its own */
    }
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    j->failed = true;
    return rs_err_list_add(j->errors, RS_E_SYNTAX, (struct mark){j->source->path, j->line, j->col},
                           "%s", text);
}

static int look(struct json_text *j)
{
    int c = j->failed ? RS_SOURCE_END : rs_source_look(j->source);
    while (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        rs_source_get(j->source);
        c = rs_source_look(j->source);
    }
    j->line = j->source->line;
    j->col = j->source->col;
    return c;
}

enum json_kind rs_json_next(struct json_text *j)
{
    int c = look(j);
    if (c == RS_SOURCE_END) {
        return RS_JSON_END;
    }
    if (c == '{' || c == '[') {
        return c == '{' ? RS_JSON_OBJECT : RS_JSON_ARRAY;
    }
    if (c == '"') {
        return RS_JSON_STRING;
    }
    if (c == '-' || isdigit(c)) {
        return RS_JSON_NUMBER;
    }
    if (isalpha(c)) {
        return RS_JSON_WORD;
    }
    rs_json_refuse(j, "not JSON: a value is expected here");
    return RS_JSON_END;
}

static void put(struct json_text *j, int c)
{
    if (j->n + 2 > j->cap) {
        j->cap = j->cap ? 2 * j->cap : 128;
        j->text = rs_xrealloc(j->text, j->cap);
    }
    j->text[j->n++] = (char)c;
    j->text[j->n] = '\0';
}

static void put_code(struct json_text *j, unsigned code)
{
    if (code >= 0x10000) {
        put(j, (int)(0xf0 | code >> 18));
        put(j, (int)(0x80 | (code >> 12 & 0x3f)));
    } else if (code >= 0x800) {
        put(j, (int)(0xe0 | code >> 12));
    } else if (code >= 0x80) {
        put(j, (int)(0xc0 | code >> 6));
    } else {
        put(j, (int)code);
    }
    if (code >= 0x800) {
        put(j, (int)(0x80 | (code >> 6 & 0x3f)));
    }
    if (code >= 0x80) {
        put(j, (int)(0x80 | (code & 0x3f)));
    }
}

/* Four hexadecimal digits; -1 if there are none. */
static int read_hex(struct json_text *j)
{
    int code = 0;
    for (int i = 0; i < 4; i++) {
        int c = rs_source_get(j->source);
        if (!isxdigit(c < 0 ? 0 : c)) {
            return -1;
        }
        code = 16 * code + (isdigit(c) ? c - '0' : (c | 32) - 'a' + 10);
    }
    return code;
}

static int read_escape(struct json_text *j)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    int c = rs_source_get(j->source);
    const char *known = c > 0 ? strchr(letters, c) : NULL;
    if (known) {
        put(j, meant[known - letters]);
        return 0;
    }
    int code = c == 'u' ? read_hex(j) : -1;
    if (code >= 0xd800 && code < 0xdc00) { /* the first half of a pair */
        bool pair = rs_source_get(j->source) == '\\' && rs_source_get(j->source) == 'u';
        int low = pair ? read_hex(j) : -1;
        code =
            low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) : -1;
    }
    if (code <= 0 || (code >= 0xdc00 && code < 0xe000)) {
        return rs_json_refuse(j, "not JSON: no such escape in a text");
    }
    put_code(j, (unsigned)code);
    return 0;
}

static int read_string(struct json_text *j)
{
    rs_source_get(j->source);
    for (;;) {
        int c = rs_source_get(j->source);
        if (c == '"') {
            return rs_is_utf8(j->text ? j->text : "")
                       ? 0
                       : rs_json_refuse(j, "not JSON: the text is not UTF-8");
        }
        if (c == RS_SOURCE_END || c < 0x20) {
            return rs_json_refuse(j, "not JSON: the text that begins here has no end");
        }
        if (j->n > TEXT_MAX) {
            return rs_json_refuse(j, "a text is longer than %d bytes", TEXT_MAX);
        }
        if (c != '\\') {
            put(j, c);
        } else if (read_escape(j) != 0) {
            return -1;
        }
    }
}

int rs_json_scalar(struct json_text *j)
{
    enum json_kind kind = rs_json_next(j);
    j->n = 0;
    put(j, 0);
    j->n = 0;
    if (kind == RS_JSON_STRING) {
        return read_string(j);
    }
    if (kind != RS_JSON_NUMBER && kind != RS_JSON_WORD) {
        return rs_json_refuse(j, "a text or a number is expected here");
    }
    for (int c = rs_source_look(j->source);
         c > 0 && (isalnum(c) || c == '-' || c == '+' || c == '.') && j->n < 64;
         c = rs_source_look(j->source)) {
        put(j, rs_source_get(j->source));
    }
    double unused = 0.0;
    bool is_word = strcmp(j->text, "true") == 0 || strcmp(j->text, "false") == 0 ||
                   strcmp(j->text, "null") == 0;
    if (kind == RS_JSON_WORD ? !is_word : rs_series_value(&unused, j->text) != 0) {
        return rs_json_refuse(j, "not JSON: \"%.60s\" is neither a number nor a word of it",
                              j->text);
    }
    return 0;
}

int rs_json_open(struct json_text *j, char bracket)
{
    if (look(j) != bracket) {
        return rs_json_refuse(j, bracket == '{' ? "an object is expected here"
                                                : "an array is expected here");
    }
    if (j->depth == DEPTH_MAX) {
        return rs_json_refuse(j, "nested deeper than %d levels", DEPTH_MAX);
    }
    j->depth++;
    rs_source_get(j->source);
    return 0;
}

bool rs_json_element(struct json_text *j, char closing, bool *first)
{
    int c = look(j);
    if (c == closing) {
        rs_source_get(j->source);
        j->depth--;
        return false;
    }
    if (!*first) {
        if (c != ',') {
            rs_json_refuse(j, "not JSON: \",\" or \"%c\" is expected here", closing);
            return false;
        }
        rs_source_get(j->source);
    }
    *first = false;
    if (closing == ']') {
        return rs_json_next(j) != RS_JSON_END ||
               (!j->failed && rs_json_refuse(j, "not JSON: the text breaks off") == 0);
    }
    if (look(j) != '"' || rs_json_scalar(j) != 0) {
        rs_json_refuse(j, "not JSON: a key in quotes is expected here");
        return false;
    }
    int line = j->line, col = j->col;
    if (look(j) != ':') {
        rs_json_refuse(j, "not JSON: \":\" is expected here");
        return false;
    }
    rs_source_get(j->source);
    j->line = line;
    j->col = col;
    return true;
}

int rs_json_skip(struct json_text *j)
{
    enum json_kind kind = rs_json_next(j);
    if (kind != RS_JSON_OBJECT && kind != RS_JSON_ARRAY) {
        return rs_json_scalar(j);
    }
    bool first = true;
    char closing = kind == RS_JSON_OBJECT ? '}' : ']';
    if (rs_json_open(j, kind == RS_JSON_OBJECT ? '{' : '[') != 0) {
        return -1;
    }
    while (rs_json_element(j, closing, &first)) {
        if (rs_json_skip(j) != 0) {
            return -1;
        }
    }
    return j->failed ? -1 : 0;
}
