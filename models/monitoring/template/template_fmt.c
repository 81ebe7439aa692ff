/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values with a verb. Source: Go's fmt (print.go, format.go), the documentation; every verb measured through the real program. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "template_private.h"

/* Pads to the width, counted in runes. */
void rs_text_pad(struct text *to, const char *words, struct tflags f)
{
    size_t n = rs_rune_count(words), fill = f.width > 0 && (size_t)f.width > n ? f.width - n : 0;

    if (!f.minus) {
        rs_text_fill(to, f.zero ? '0' : ' ', fill);
    }
    rs_text_add(to, words);
    if (f.minus) {
        rs_text_fill(to, ' ', fill);
    }
}

static void bad_verb(struct text *to, const struct tvalue *v, uint32_t verb, struct tflags f)
{
    rs_text_add(to, "%!");
    rs_text_add_rune(to, verb);
    rs_text_add(to, "(");
    if (v->kind == TV_NONE) {
        rs_text_add(to, "<nil>");
    } else {
        rs_text_add(to, rs_tvalue_type(NULL, v));
        rs_text_add(to, "=");
        rs_tformat_value(to, v, 'v', f);
    }
    rs_text_add(to, ")");
}

/* ---- texts ---- */

/* The first `precision` runes. */
static const char *cut(struct arena *arena, const char *words, int precision)
{
    const char *p = words;
    int step;

    for (int i = 0; i < precision && *p != '\0'; i++, p += step) {
        (void)rs_rune_at(p, &step);
    }
    return precision < 0 ? words : rs_arena_strndup(arena, words, (size_t)(p - words));
}

static void format_hex(struct text *to, const char *words, bool upper, struct tflags f)
{
    struct text hex = {.arena = to->arena};
    size_t n = strlen(words);

    if (f.precision >= 0 && (size_t)f.precision < n) {
        n = (size_t)f.precision;
    }
    for (size_t i = 0; i < n; i++) {
        if (f.space && i > 0) {
            rs_text_add(&hex, " ");
        }
        if (f.sharp && (f.space || i == 0)) {
            rs_text_add(&hex, upper ? "0X" : "0x");
        }
        rs_text_printf(&hex, upper ? "%02X" : "%02x", (unsigned char)words[i]);
    }
    rs_text_pad(to, rs_text_get(&hex), f);
}

static bool can_backquote(const char *words)
{
    for (const char *p = words; *p != '\0'; p++) {
        if (*p == '`' || ((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f) {
            return false;
        }
    }
    return true;
}

static void format_string(struct text *to, const struct tvalue *v, uint32_t verb, struct tflags f)
{
    struct text own = {.arena = to->arena};
    const char *words = cut(to->arena, v->s, verb == 'x' || verb == 'X' ? -1 : f.precision);

    switch (verb) {
    case 'v':
    case 's':
        if (f.sharp_v) {
            rs_text_quote(&own, words, '"', false);
            words = own.at;
        }
        rs_text_pad(to, words, f);
        break;
    case 'x':
    case 'X': format_hex(to, words, verb == 'X', f); break;
    case 'q':
        if (f.sharp && can_backquote(words)) {
            words = rs_arena_printf(to->arena, "`%s`", words);
        } else {
            rs_text_quote(&own, words, '"', f.plus);
            words = own.at;
        }
        rs_text_pad(to, words, f);
        break;
    default: bad_verb(to, v, verb, f);
    }
}

/* ---- whole numbers ---- */

static void format_rune(struct text *to, int64_t i, uint32_t verb, struct tflags f)
{
    struct text own = {.arena = to->arena}, quoted = {.arena = to->arena};
    uint32_t rune = i < 0 || i > 0x10ffff ? 0xfffd : (uint32_t)i;

    if (verb == 'U') {
        int least = f.precision > 4 ? f.precision : 4;

        rs_text_printf(&own, "U+%0*llX", least < 400 ? least : 400, (unsigned long long)i);
        if (f.sharp && i >= 0 && i <= 0x10ffff) {
            rs_text_add_rune(&quoted, rune);
            if (quoted.n > 0 && rune >= 0x20 && rune != 0x7f) {
                rs_text_add(&own, " '");
                rs_text_add(&own, quoted.at);
                rs_text_add(&own, "'");
            }
        }
        f.zero = false;
        rs_text_pad(to, rs_text_get(&own), f);
        return;
    }
    rs_text_add_rune(&own, rune);
    if (verb == 'q') {
        rs_text_quote(&quoted, rs_text_get(&own), '\'', f.plus);
        own = quoted;
    }
    rs_text_pad(to, rs_text_get(&own), f);
}

/* Digits of u in the base, at least `least` of them, into the end of buf. */
static const char *digits_in(char *buf, size_t n, uint64_t u, unsigned base, bool upper)
{
    const char *const digit = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char *p = buf + n - 1;

    *p = '\0';
    do {
        *--p = digit[u % base];
        u /= base;
    } while (u > 0);
    return p;
}

static void
format_integer(struct text *to, int64_t i, unsigned base, uint32_t verb, struct tflags f)
{
    struct text own = {.arena = to->arena};
    char buf[72];
    uint64_t u = i < 0 ? -(uint64_t)i : (uint64_t)i;
    const char *digits = digits_in(buf, sizeof buf, u, base, verb == 'X');
    int least = f.precision;

    if (f.precision < 0 && f.zero && !f.minus && f.width > 0) {
        least = f.width - (i < 0 || f.plus || f.space);
    }
    f.zero = false;
    if (f.precision == 0 && u == 0) {
        rs_text_pad(to, "", f);
        return;
    }
    if (i < 0 || f.plus || f.space) {
        rs_text_add(&own, i < 0 ? "-" : f.plus ? "+" : " ");
    }
    if (verb == 'O') {
        rs_text_add(&own, "0o");
    } else if (f.sharp && base != 10) {
        bool has_zero = least > (int)strlen(digits) || digits[0] == '0';

        rs_text_add(&own, base == 2     ? "0b"
                          : base == 8   ? (has_zero ? "" : "0")
                          : verb == 'X' ? "0X"
                                        : "0x");
    }
    for (int k = (int)strlen(digits); k < least; k++) {
        rs_text_add(&own, "0");
    }
    rs_text_add(&own, digits);
    rs_text_pad(to, own.at, f);
}

static void format_int(struct text *to, const struct tvalue *v, uint32_t verb, struct tflags f)
{
    switch (verb) {
    case 'v':
    case 'd': format_integer(to, v->i, 10, verb, f); break;
    case 'b': format_integer(to, v->i, 2, verb, f); break;
    case 'o':
    case 'O': format_integer(to, v->i, 8, verb, f); break;
    case 'x':
    case 'X': format_integer(to, v->i, 16, verb, f); break;
    case 'c':
    case 'q':
    case 'U': format_rune(to, v->i, verb, f); break;
    default: bad_verb(to, v, verb, f);
    }
}

/* ---- numbers with a point ---- */

/* '#': the point is always there, and %g keeps its zeros. `num` has its sign. Source: fmtFloat in format.go. */
static const char *sharpen(struct arena *arena, const char *num, uint32_t verb, int precision)
{
    struct text own = {.arena = arena};
    const char *tail = "";
    int digits =
        strchr("vgGx", (int)verb) != NULL || verb == 'X' ? (precision < 0 ? 6 : precision) : 0;
    bool has_point = false, has_digit = false;
    size_t n = 1;

    for (; num[n] != '\0'; n++) {
        if (num[n] == '.') {
            has_point = true;
        } else if (strchr("pP", num[n]) != NULL ||
                   (strchr("eE", num[n]) != NULL && verb != 'x' && verb != 'X')) {
            tail = num + n;
            break;
        } else {
            has_digit = has_digit || num[n] != '0';
            digits -= has_digit;
        }
    }
    rs_text_add_n(&own, num, n);
    if (!has_point) {
        digits -= n == 2 && num[1] == '0'; /* a lone zero counts */
        rs_text_add(&own, ".");
    }
    rs_text_fill(&own, '0', digits > 0 ? (size_t)digits : 0);
    rs_text_add(&own, tail);
    return own.at;
}

static void format_float(struct text *to, const struct tvalue *v, uint32_t verb, struct tflags f)
{
    struct text own = {.arena = to->arena};
    int precision = f.precision;
    char as = verb == 'v' ? 'g' : verb == 'F' ? 'f' : (char)verb;
    const char *num;

    if (verb == 0 || verb > 0x7f || strchr("vbgGxXfFeE", (int)verb) == NULL) {
        bad_verb(to, v, verb, f);
        return;
    }
    precision = precision < 0 && strchr("fFeE", (int)verb) != NULL ? 6 : precision;
    rs_text_float(&own, v->f, as, precision);
    num = own.at;
    if (f.space && num[0] == '+' && !f.plus) {
        own.at[0] = ' ';
    }
    if (!isfinite(v->f)) {
        f.zero =
            false; /* "if we're zero padding to the left we want the sign before the zeros", but not of these */
        num +=
            isnan(v->f) && !f.plus && !f.space; /* NaN shows a sign only on demand, +Inf always */
        rs_text_pad(to, num, f);
        return;
    }
    if (f.sharp && verb != 'b') {
        num = sharpen(to->arena, num, verb, f.precision);
    }
    if (f.plus || num[0] != '+') {
        if (f.zero && !f.minus && f.width > (int)strlen(num)) {
            rs_text_add_n(to, num, 1);
            rs_text_fill(to, '0', (size_t)f.width - strlen(num));
            rs_text_add(to, num + 1);
            return;
        }
        rs_text_pad(to, num, f);
        return;
    }
    rs_text_pad(to, num + 1, f);
}

/* ---- values with others inside ---- */

static void format_map(struct text *to, const struct tvalue *v, uint32_t verb, struct tflags f)
{
    rs_text_add(to, f.sharp_v ? "map[string]string{" : "map[");
    for (int i = 0; i < v->map->n; i++) {
        const struct tvalue name = rs_tv_string(v->map->label[i].name);
        const struct tvalue value = rs_tv_string(v->map->label[i].value);

        rs_text_add(to, i == 0 ? "" : f.sharp_v ? ", " : " ");
        rs_tformat_value(to, &name, verb, f);
        rs_text_add(to, ":");
        rs_tformat_value(to, &value, verb, f);
    }
    rs_text_add(to, f.sharp_v ? "}" : "]");
}

static void format_args(struct text *to, const struct tvalue *v, uint32_t verb, struct tflags f)
{
    int *order = RS_ARENA_ARRAY(to->arena, int, v->n);

    rs_targs_order(v, order);
    rs_text_add(to, "map[");
    for (int i = 0; i < v->n; i++) {
        const struct tvalue name = rs_tv_string(rs_arena_printf(to->arena, "arg%d", order[i]));

        rs_text_add(to, i == 0 ? "" : " ");
        rs_tformat_value(to, &name, verb, f);
        rs_text_add(to, ":");
        if (v->arg[order[i]].kind == TV_NONE) {
            rs_text_add(to, "<nil>");
        } else {
            rs_tformat_value(to, &v->arg[order[i]], verb, f);
        }
    }
    rs_text_add(to, "]");
}

static void format_sample(struct text *to, const struct tsample *s, uint32_t verb, struct tflags f)
{
    const struct tvalue map = {.kind = TV_MAP, .map = s->labels}, value = rs_tv_float(s->v);

    rs_text_add(to, "{");
    rs_text_add(to, f.plus_v ? "Labels:" : "");
    rs_tformat_value(to, &map, verb, f);
    rs_text_add(to, f.plus_v ? " Value:" : " ");
    rs_tformat_value(to, &value, verb, f);
    rs_text_add(to, "}");
}

/* Go writes the addresses of the samples, which tell nobody anything: here the samples stand. */
static void format_vector(struct text *to, const struct tvalue *v, uint32_t verb, struct tflags f)
{
    rs_text_add(to, "[");
    for (int i = 0; i < v->n; i++) {
        rs_text_add(to, i == 0 ? "" : " ");
        format_sample(to, v->sample[i], verb, f);
    }
    rs_text_add(to, "]");
}

static void format_root(struct text *to, const struct tvalue *v, uint32_t verb, struct tflags f)
{
    static const char *const names[] = {"Labels", "ExternalLabels", "ExternalURL", "Value"};

    rs_text_add(to, "{");
    for (int i = 0; i < 4; i++) {
        rs_text_add(to, i == 0 ? "" : " ");
        if (f.plus_v) {
            rs_text_add(to, names[i]);
            rs_text_add(to, ":");
        }
        rs_tformat_value(to, &v->arg[i], verb, f);
    }
    rs_text_add(to, "}");
}

void rs_tformat_value(struct text *to, const struct tvalue *v, uint32_t verb, struct tflags f)
{
    struct text own = {.arena = to->arena};
    struct tvalue words;

    switch (v->kind) {
    case TV_NONE:
        if (verb == 'v') {
            rs_text_pad(to, "<nil>", f);
        } else {
            bad_verb(to, v, verb, f);
        }
        break;
    case TV_BOOL:
        if (verb == 't' || verb == 'v') {
            rs_text_pad(to, v->b ? "true" : "false", f);
        } else {
            bad_verb(to, v, verb, f);
        }
        break;
    case TV_INT: format_int(to, v, verb, f); break;
    case TV_FLOAT: format_float(to, v, verb, f); break;
    case TV_STRING:
    case TV_HTML: format_string(to, v, verb, f); break;
    case TV_MAP: format_map(to, v, verb, f); break;
    case TV_ARGS: format_args(to, v, verb, f); break;
    case TV_VECTOR: format_vector(to, v, verb, f); break;
    case TV_SAMPLE:
        rs_text_add(to, "&");
        format_sample(to, v->sample[0], verb, f);
        break;
    case TV_TIME:
    case TV_DURATION:
        if (v->kind == TV_TIME) {
            rs_text_time(&own, v->i);
        } else {
            rs_text_duration(&own, v->i);
        }
        words = rs_tv_string(own.at);
        format_string(to, &words, verb, f);
        break;
    case TV_ROOT: format_root(to, v, verb, f); break;
    }
}

void rs_tvalue_print(struct text *to, const struct tvalue *v)
{
    rs_tformat_value(to, v, 'v', (struct tflags){.width = -1, .precision = -1});
}
