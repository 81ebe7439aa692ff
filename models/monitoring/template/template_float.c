/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numbers as Go writes and reads them. Source: strconv.FormatFloat and ParseFloat of Go, the documentation. Where both have a
 * precision C's printf rounds the same way: both are exact.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "template_private.h"

enum { PRECISION_MAX = 1000 };

/* Digits of v > 0 without point, "15" for 0.15, and the decimal exponent of the first. precision -1: the fewest that read back. */
static int digits_of(char *digits /* [PRECISION_MAX + 32] */, double v, int precision)
{
    char buf[PRECISION_MAX + 32];
    int k = precision < 0 ? 0 : precision, n = 0;

    do {
        (void)snprintf(buf, sizeof buf, "%.*e", k, v);
    } while (precision < 0 && strtod(buf, NULL) != v && ++k < 17);
    for (const char *p = buf; *p != 'e'; p++) {
        if (*p != '.') {
            digits[n++] = *p;
        }
    }
    digits[n] = '\0';
    return (int)strtol(strchr(buf, 'e') + 1, NULL, 10);
}

/* d.ddde+XX */
static void put_scientific(struct text *to, const char *digits, int exponent, char letter)
{
    rs_text_add_n(to, digits, 1);
    if (digits[1] != '\0') {
        rs_text_add(to, ".");
        rs_text_add(to, digits + 1);
    }
    rs_text_printf(to, "%c%c%02d", letter, exponent < 0 ? '-' : '+', abs(exponent));
}

/* The digits with the point put where it belongs. */
static void put_plain(struct text *to, const char *digits, int exponent)
{
    int n = (int)strlen(digits), point = exponent + 1;

    if (point <= 0) {
        rs_text_add(to, "0.");
        rs_text_fill(to, '0', (size_t)-point);
        rs_text_add(to, digits);
        return;
    }
    rs_text_add_n(to, digits, (size_t)(n < point ? n : point));
    rs_text_fill(to, '0', (size_t)(n < point ? point - n : 0));
    if (n > point) {
        rs_text_add(to, ".");
        rs_text_add(to, digits + point);
    }
}

/* "%e is used if the exponent is less than -4 or not less than the precision; of the shortest form, 6". */
static void put_general(struct text *to, double v, char verb, int precision)
{
    char digits[PRECISION_MAX + 32] = "";
    int limit = precision < 0 ? 6 : precision == 0 ? 1 : precision, exponent, n;

    if (v == 0.0) {
        rs_text_add(to, "0");
        return;
    }
    exponent = digits_of(digits, v, precision < 0 ? -1 : limit - 1);
    n = (int)strlen(digits);
    while (n > 1 && digits[n - 1] == '0') {
        digits[--n] = '\0';
    }
    if (precision >= 0 && limit > n && n >= exponent + 1) {
        limit = n;
    }
    if (exponent < -4 || exponent >= limit) {
        put_scientific(to, digits, exponent, verb == 'G' ? 'E' : 'e');
    } else {
        put_plain(to, digits, exponent);
    }
}

/* 0x1.8p+00: the first digit is always 1, the exponent has two digits at least. */
static void put_hex(struct text *to, double v, char verb, int precision)
{
    char buf[PRECISION_MAX + 32];
    int exponent = 0, own;
    double fraction = v == 0.0 ? 0.0 : 2.0 * frexp(v, &exponent);
    char *p;

    if (precision < 0) {
        (void)snprintf(buf, sizeof buf, verb == 'X' ? "%A" : "%a", fraction);
    } else {
        (void)snprintf(buf, sizeof buf, verb == 'X' ? "%.*A" : "%.*a", precision, fraction);
    }
    p = strchr(buf, verb == 'X' ? 'P' : 'p');
    own = (int)strtol(p + 1, NULL, 10);
    *p = '\0';
    if (v != 0.0) {
        own += exponent - 1;
        if (buf[2] == '2') { /* rounded up to two */
            buf[2] = '1';
            own++;
        }
    }
    rs_text_add(to, buf);
    rs_text_printf(to, "%c%c%02d", verb == 'X' ? 'P' : 'p', own < 0 ? '-' : '+', abs(own));
}

/* mantissa p exponent, both whole */
static void put_binary(struct text *to, double v)
{
    int exponent = 0;

    (void)frexp(v, &exponent);
    exponent = v == 0.0 || exponent < -1021 ? -1074 : exponent - 53;
    rs_text_printf(to, "%.0fp%+d", ldexp(v, -exponent), exponent);
}

void rs_text_float(struct text *to, double v, char verb, int precision)
{
    char buf[PRECISION_MAX + 400];
    double size = fabs(v);

    precision = precision > PRECISION_MAX ? PRECISION_MAX : precision;
    if (isnan(v)) {
        rs_text_add(to, "+NaN");
        return;
    }
    rs_text_add(to, signbit(v) ? "-" : "+");
    if (isinf(v)) {
        rs_text_add(to, "Inf");
        return;
    }
    switch (verb) {
    case 'e':
    case 'E':
    case 'f':
        (void)snprintf(buf, sizeof buf,
                       verb == 'f'   ? "%.*f"
                       : verb == 'e' ? "%.*e"
                                     : "%.*E",
                       precision, size);
        rs_text_add(to, buf);
        break;
    case 'x':
    case 'X': put_hex(to, size, verb, precision); break;
    case 'b': put_binary(to, size); break;
    default: put_general(to, size, verb, precision);
    }
}

void rs_text_float_plain(struct text *to, double v, char verb, int precision)
{
    struct text signed_text = {.arena = to->arena};

    rs_text_float(&signed_text, v, verb, precision);
    rs_text_add(to, signed_text.at + (signed_text.at[0] == '+' && !isinf(v)));
}

/* Decimal digits with single underscores between them. Returns how many bytes there are. */
static size_t span_digits(const char *p, size_t *n_digit)
{
    size_t n = 0;

    while (isdigit((unsigned char)p[n]) ||
           (p[n] == '_' && n > 0 && p[n - 1] != '_' && isdigit((unsigned char)p[n + 1]))) {
        *n_digit += p[n] != '_';
        n++;
    }
    return n;
}

static bool is_infinite_word(const char *p, double *out)
{
    static const struct {
        const char *word;
        double v;
    } words[] = {{"inf", INFINITY}, {"infinity", INFINITY}, {"nan", NAN}};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = 0;

        while (words[i].word[n] != '\0' && tolower((unsigned char)p[n]) == words[i].word[n]) {
            n++;
        }
        if (words[i].word[n] == '\0' && p[n] == '\0') {
            *out = words[i].v;
            return true;
        }
    }
    return false;
}

/* 0x1.8p+3: a hexadecimal number must have its exponent. */
static bool is_hex_float(const char *p)
{
    size_t n = 0;

    if (p[0] != '0' || (p[1] | 0x20) != 'x') {
        return false;
    }
    for (p += 2; isxdigit((unsigned char)*p) || *p == '.'; p++) {
        n += *p != '.';
    }
    if (n == 0 || (*p | 0x20) != 'p') {
        return false;
    }
    p += 1 + (p[1] == '+' || p[1] == '-');
    return isdigit((unsigned char)*p) && strspn(p, "0123456789") == strlen(p);
}

bool rs_parse_float(double *out, const char *words)
{
    const char *p = words + (*words == '+' || *words == '-');
    char clean[512];
    size_t n_digit = 0, n_exponent = 0, n = 0;
    const char *end;

    if (is_infinite_word(p, out)) {
        *out = *words == '-' ? -*out : *out;
        return true;
    }
    if (is_hex_float(p)) {
        *out = strtod(words, NULL);
        return true;
    }
    end = p + span_digits(p, &n_digit);
    if (*end == '.') {
        end++;
        end += span_digits(end, &n_digit);
    }
    if (n_digit > 0 && (*end | 0x20) == 'e') {
        end++;
        end += *end == '+' || *end == '-';
        end += span_digits(end, &n_exponent);
        n_digit = n_exponent > 0 ? n_digit : 0;
    }
    if (n_digit == 0 || *end != '\0' || (size_t)(end - words) >= sizeof clean) {
        return false;
    }
    for (p = words; *p != '\0'; p++) {
        if (*p != '_') {
            clean[n++] = *p;
        }
    }
    clean[n] = '\0';
    *out = strtod(clean, NULL);
    return isfinite(*out); /* out of range is an error */
}
