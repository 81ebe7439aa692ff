/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fmt.Sprintf: the format. Source: doPrintf in print.go of Go. */
#include <stdlib.h>
#include <string.h>

#include "template_private.h"

enum { WIDTH_MAX = 1000000 };

static const struct tflags no_flags = {.width = -1, .precision = -1};

struct formatter {
    struct text *to;
    const struct tvalue *arg;
    int n, next;
    bool reordered, good;
    const char *p;
};

/*
 * A decimal number at p, -1 if there is none. As in Go, one that is too large takes the rest of the text with it: it is so when
 * it was before its last digit.
 */
static int take_number(const char **p)
{
    int v = -1;

    for (; **p >= '0' && **p <= '9'; (*p)++) {
        if (v > WIDTH_MAX) {
            *p += strlen(*p);
            return -1;
        }
        v = (v < 0 ? 0 : v) * 10 + (**p - '0');
    }
    return v > WIDTH_MAX ? WIDTH_MAX : v;
}

/* "[3]": which argument comes next. Returns whether there was one. */
static bool take_index(struct formatter *s)
{
    const char *close, *q = s->p + 1;
    int number;

    if (*s->p != '[') {
        return false;
    }
    s->reordered = true;
    close = strchr(s->p, ']');
    if (close == NULL) {
        s->good = false;
        s->p++;
        return false;
    }
    number = take_number(&q);
    s->p = close + 1;
    if (q != close || number < 1 || number > s->n) {
        s->good = false;
        return q == close && number >= 0;
    }
    s->next = number - 1;
    return true;
}

/* The value of a '*'. */
static int take_star(struct formatter *s, const char *complaint)
{
    int v = -1;

    s->p++;
    if (s->next < s->n && s->arg[s->next].kind == TV_INT && llabs(s->arg[s->next].i) <= WIDTH_MAX) {
        v = (int)s->arg[s->next].i;
    } else {
        rs_text_add(s->to, complaint);
        s->next += s->next < s->n;
        return INT32_MIN;
    }
    s->next++;
    return v;
}

static struct tflags take_flags(struct formatter *s)
{
    struct tflags f = no_flags;

    for (;; s->p++) {
        switch (*s->p) {
        case '#': f.sharp = true; continue;
        case '0': f.zero = true; continue;
        case '+': f.plus = true; continue;
        case '-': f.minus = true; continue;
        case ' ': f.space = true; continue;
        default: break;
        }
        break;
    }
    return f;
}

/* Flags, width and precision of one verb. */
static struct tflags take_spec(struct formatter *s)
{
    struct tflags f = take_flags(s);
    bool indexed = take_index(s);

    if (*s->p == '*') {
        f.width = take_star(s, "%!(BADWIDTH)");
        if (f.width < 0 && f.width != INT32_MIN) {
            f.width = -f.width;
            f.minus = true;
        }
        indexed = false;
    } else {
        f.width = take_number(&s->p);
        s->good = s->good && !(indexed && f.width >= 0); /* "%[3]2d" */
    }
    if (*s->p == '.') {
        s->p++;
        s->good = s->good && !indexed;
        indexed = take_index(s);
        if (*s->p == '*') {
            f.precision = take_star(s, "%!(BADPREC)");
            indexed = false;
        } else {
            f.precision = take_number(&s->p);
            f.precision = f.precision < 0 ? 0 : f.precision;
        }
    }
    if (!indexed) {
        (void)take_index(s);
    }
    f.zero = f.zero && !f.minus;
    f.width = f.width < 0 ? -1 : f.width;
    f.precision = f.precision < 0 ? -1 : f.precision;
    return f;
}

static void format_one(struct formatter *s, uint32_t verb, struct tflags f, const struct trun *x)
{
    if (verb == '%') {
        rs_text_add(s->to, "%");
        return;
    }
    if (!s->good || s->next >= s->n) {
        rs_text_add(s->to, "%!");
        rs_text_add_rune(s->to, verb);
        rs_text_add(s->to, s->good ? "(MISSING)" : "(BADINDEX)");
        return;
    }
    if (verb == 'v') {
        f.sharp_v = f.sharp;
        f.plus_v = f.plus;
        f.sharp = false;
        f.plus = false;
    }
    if (verb == 'T') {
        const struct tvalue *v = &s->arg[s->next++];

        rs_text_pad(s->to, v->kind == TV_NONE ? "<nil>" : rs_tvalue_type(x, v), f);
        return;
    }
    rs_tformat_value(s->to, &s->arg[s->next++], verb, f);
}

static void tell_extra(struct formatter *s, const struct trun *x)
{
    rs_text_add(s->to, "%!(EXTRA ");
    for (int i = s->next; i < s->n; i++) {
        rs_text_add(s->to, i > s->next ? ", " : "");
        if (s->arg[i].kind == TV_NONE) {
            rs_text_add(s->to, "<nil>");
            continue;
        }
        rs_text_add(s->to, rs_tvalue_type(x, &s->arg[i]));
        rs_text_add(s->to, "=");
        rs_tformat_value(s->to, &s->arg[i], 'v', no_flags);
    }
    rs_text_add(s->to, ")");
}

void rs_tformat(
    struct text *to, const char *fmt, const struct tvalue *arg, int n, const struct trun *x)
{
    struct formatter s = {.to = to, .arg = arg, .n = n, .p = fmt};

    while (*s.p != '\0') {
        size_t plain = strcspn(s.p, "%");
        struct tflags f;
        int step;
        uint32_t verb;

        rs_text_add_n(to, s.p, plain);
        s.p += plain;
        if (*s.p == '\0') {
            break;
        }
        s.p++;
        s.good = true;
        f = take_spec(&s);
        if (*s.p == '\0') {
            rs_text_add(to, "%!(NOVERB)");
            break;
        }
        verb = rs_rune_at(s.p, &step);
        s.p += step;
        format_one(&s, verb, f, x);
    }
    if (!s.reordered && s.next < n) {
        tell_extra(&s, x);
    }
}
