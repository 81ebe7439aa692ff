/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "machine.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define STRANGER "\xef\xbf\xbd" /* U+FFFD, for what a format cannot carry */

/* Bytes of the UTF-8 character at p, 0 if it is none; its code point. */
static size_t utf8_length(const char *text, unsigned *out_code)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    unsigned code = n == 1 ? p[0] : p[0] & (0x7fU >> n);
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (p[i] & 0x3fU);
    }
    bool head = n == 1 || (p[0] >= 0xc2 && p[0] <= 0xf4);
    *out_code = code;
    return head && code >= least[n] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? n : 0;
}

/* ---- JSON ------------------------------------------------------------------------------------------------------------ */

void rs_json_set(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        abort();
}

void rs_json_add(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        abort();
}

json_t *rs_json_real(double x)
{
    return isfinite(x) ? json_real(x == 0.0 ? 0.0 : x) : json_null(); /* no -0 */
}

json_t *rs_json_text(const char *text)
{
    if (!text)
        return json_null();
    json_t *plain = json_string(text); /* NULL: not UTF-8 */
    if (plain)
        return plain;
    char *heap = NULL;
    size_t n_heap = 0;
    unsigned code;
    FILE *to = open_memstream(&heap, &n_heap);
    for (size_t n = 1; *text; text += n > 0 ? n : 1) {
        n = utf8_length(text, &code);
        fwrite(n > 0 ? text : STRANGER, 1, n > 0 ? n : strlen(STRANGER), to);
    }
    fclose(to);
    plain = json_string(heap);
    free(heap);
    return plain;
}

json_t *rs_json_printf(const char *fmt, ...)
{
    char *heap = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&heap, &n);
    va_list args;
    va_start(args, fmt);
    vfprintf(to, fmt, args);
    va_end(args);
    fclose(to);
    json_t *text = rs_json_text(heap);
    free(heap);
    return text;
}

json_t *rs_json_count(uint64_t n)
{
    return n <= INT64_MAX ? json_integer((json_int_t)n) : rs_json_printf("%" PRIu64, n);
}

json_t *rs_json_errors(const struct err_list *errors)
{
    json_t *list = json_array();
    for (size_t i = 0; i < errors->n; i++) {
        const struct err *e = &errors->item[i];
        json_t *row = json_object();
        rs_json_set(row, "file", rs_json_text(e->file));
        rs_json_set(row, "line", json_integer(e->line));
        rs_json_set(row, "column", json_integer(e->col));
        rs_json_set(row, "text", rs_json_text(e->text));
        rs_json_add(list, row);
    }
    return list;
}

int rs_json_print(FILE *to, json_t *take)
{
    int rc = json_dumpf(take, to, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_REAL_PRECISION(15));
    json_decref(take);
    return rc == 0 && fputc('\n', to) != EOF ? 0 : -1;
}

/* ---- XML ------------------------------------------------------------------------------------------------------------- */

/* What XML 1.0 has of the code points (its production 2, Char). */
static bool is_xml(unsigned code)
{
    return (code >= 0x20 || code == '\t') && code != 0xfffe && code != 0xffff;
}

static void put_xml(FILE *to, const char *text, const char *newline)
{
    for (size_t n = 1; *text; text += n > 0 ? n : 1) {
        unsigned code = 0;
        n = 1;
        switch (*text) {
        case '<': fputs("&lt;", to); break;
        case '>': fputs("&gt;", to); break;
        case '&': fputs("&amp;", to); break;
        case '"': fputs("&quot;", to); break;
        case '\n': fputs(newline, to); break;
        default:
            n = utf8_length(text, &code);
            if (n > 0 && is_xml(code))
                fwrite(text, 1, n, to);
            else
                fputs(STRANGER, to);
        }
    }
}

void rs_xml_put(FILE *to, const char *text)
{
    put_xml(to, text, "&#10;");
}

void rs_xml_put_lines(FILE *to, const char *text)
{
    put_xml(to, text, "\n");
}
