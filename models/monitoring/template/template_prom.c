/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The functions that Prometheus adds to templates: numbers, times, queries. Source: its template reference; texts measured on the real programs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"
#include "template_private.h"

/* ---- numbers for people ---- */

static int to_float(struct tcall *c, const struct tvalue *v, double *out)
{
    struct text quoted = {.arena = c->x->arena};

    *out = 0.0;
    if (v->kind == TV_FLOAT || v->kind == TV_INT) {
        *out = v->kind == TV_FLOAT ? v->f : (double)v->i;
        return 0;
    }
    if (v->kind == TV_DURATION) {
        *out = (double)(v->i / 1000000000) + (double)(v->i % 1000000000) / 1e9;
        return 0;
    }
    if (v->kind != TV_STRING) {
        return rs_tcall_fail(c, "can't convert %s to float", rs_tvalue_type(c->x, v));
    }
    if (!rs_parse_float(out, v->s)) {
        rs_text_quote(&quoted, v->s, '"', false);
        return rs_tcall_fail(c, "strconv.ParseFloat: parsing %s: invalid syntax", quoted.at);
    }
    return 0;
}

/* "%.4g" and what follows. */
static int four_digits(struct tcall *c, double v, const char *behind, struct tvalue *out)
{
    struct text to = {.arena = c->x->arena};

    rs_text_float_plain(&to, v, 'g', 4);
    rs_text_add(&to, behind);
    *out = rs_tv_string(to.at);
    return 0;
}

static const char *const large[] = {"k", "M", "G", "T", "P", "E", "Z", "Y"};
static const char *const small[] = {"m", "u", "n", "p", "f", "a", "z", "y"};

/* Below 1: times 1000 until it is not. */
static const char *grow(double *v)
{
    const char *prefix = "";

    for (int i = 0; i < 8 && fabs(*v) < 1.0; i++) {
        prefix = small[i];
        *v *= 1000.0;
    }
    return prefix;
}

static int call_humanize(struct tcall *c, struct tvalue *out)
{
    const char *prefix = "";
    double v;

    if (to_float(c, &c->arg[0], &v) < 0) {
        return -1;
    }
    if (v == 0.0 || !isfinite(v)) {
        return four_digits(c, v, "", out);
    }
    if (fabs(v) < 1.0) {
        prefix = grow(&v);
        return four_digits(c, v, prefix, out);
    }
    for (int i = 0; i < 8 && fabs(v) >= 1000.0; i++) {
        prefix = large[i];
        v /= 1000.0;
    }
    return four_digits(c, v, prefix, out);
}

static int call_humanize1024(struct tcall *c, struct tvalue *out)
{
    static const char *const prefixes[] = {"ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"};
    const char *prefix = "";
    double v;

    if (to_float(c, &c->arg[0], &v) < 0) {
        return -1;
    }
    for (int i = 0; i < 8 && isfinite(v) && fabs(v) >= 1024.0; i++) {
        prefix = prefixes[i];
        v /= 1024.0;
    }
    return four_digits(c, v, prefix, out);
}

/* Whole seconds as days, hours, minutes and seconds, the largest that is not 0 first. */
static void put_units(struct text *to, int64_t s)
{
    int64_t days = s / 86400, hours = s / 3600 % 24, minutes = s / 60 % 60;

    if (days != 0) {
        rs_text_printf(to, "%lldd ", (long long)days);
    }
    if (days != 0 || hours != 0) {
        rs_text_printf(to, "%lldh ", (long long)hours);
    }
    rs_text_printf(to, "%lldm %llds", (long long)minutes, (long long)(s % 60));
}

static int call_humanize_duration(struct tcall *c, struct tvalue *out)
{
    struct text to = {.arena = c->x->arena};
    double v;

    if (to_float(c, &c->arg[0], &v) < 0) {
        return -1;
    }
    if (!isfinite(v)) {
        return four_digits(c, v, "", out);
    }
    if (fabs(v) >= 60.0) {
        rs_text_add(&to, v < 0.0 ? "-" : "");
        put_units(&to, fabs(v) < 9.2e18 ? (int64_t)fabs(v) : INT64_MAX);
        *out = rs_tv_string(to.at);
        return 0;
    }
    if (v != 0.0 && fabs(v) < 1.0) {
        return four_digits(c, v, rs_arena_printf(c->x->arena, "%ss", grow(&v)), out);
    }
    return four_digits(c, v, "s", out);
}

static int call_humanize_percentage(struct tcall *c, struct tvalue *out)
{
    double v;

    return to_float(c, &c->arg[0], &v) < 0 ? -1 : four_digits(c, v * 100.0, "%", out);
}

/* Seconds to milliseconds, by way of nanoseconds. */
static int to_time(struct tcall *c, double v, int64_t *out)
{
    struct text words = {.arena = c->x->arena};
    double ns = v * 1e9;

    *out = 0;
    if (!isfinite(v)) {
        return rs_tcall_fail(c, "value is NaN or Inf");
    }
    if (!(ns <= 9223372036854775807.0 && ns >= -9223372036854775808.0)) {
        rs_text_float_plain(&words, v, 'g', -1);
        return rs_tcall_fail(
            c, "%s cannot be represented as a nanoseconds timestamp since it overflows int64",
            words.at);
    }
    *out = (ns >= 9223372036854775807.0 ? INT64_MAX : (int64_t)ns) / 1000000;
    return 0;
}

static int call_humanize_timestamp(struct tcall *c, struct tvalue *out)
{
    struct text to = {.arena = c->x->arena};
    int64_t t_ms;
    double v;

    if (to_float(c, &c->arg[0], &v) < 0) {
        return -1;
    }
    if (!isfinite(v)) {
        return four_digits(c, v, "", out);
    }
    if (to_time(c, v, &t_ms) < 0) {
        return -1;
    }
    rs_text_time(&to, t_ms);
    *out = rs_tv_string(to.at);
    return 0;
}

static int call_to_time(struct tcall *c, struct tvalue *out)
{
    double v;

    *out = (struct tvalue){.kind = TV_TIME};
    return to_float(c, &c->arg[0], &v) < 0 ? -1 : to_time(c, v, &out->i);
}

static int call_to_duration(struct tcall *c, struct tvalue *out)
{
    double v, ns;

    if (to_float(c, &c->arg[0], &v) < 0) {
        return -1;
    }
    ns = v * 1e9;
    if (!(ns < 9223372036854775807.0 && ns >= -9223372036854775808.0)) {
        return rs_tcall_fail(c,
                             isfinite(v) ? "the duration overflows int64" : "value is NaN or Inf");
    }
    *out = (struct tvalue){.kind = TV_DURATION, .i = (int64_t)ns};
    return 0;
}

static int call_now(struct tcall *c, struct tvalue *out)
{
    *out = rs_tv_float((double)c->x->data->t_ms / 1000.0);
    return 0;
}

/* 1y2w3d4h5m6s7ms, whole numbers, the units from large to small. */
static int call_parse_duration(struct tcall *c, struct tvalue *out)
{
    static const struct {
        const char *unit;
        double s;
    } units[] = {{"y", 31536000}, {"w", 604800}, {"d", 86400}, {"h", 3600},
                 {"m", 60},       {"s", 1},      {"ms", 0.001}};
    const char *words = c->arg[0].s, *p = words;
    size_t next = 0, n_unit = sizeof units / sizeof *units;
    double sum_ms = 0.0;

    if (*p == '\0') {
        return rs_tcall_fail(c, "empty duration string");
    }
    while (*p != '\0' && strcmp(words, "0") != 0) {
        char *end;
        double v = strspn(p, "0123456789") > 0 ? strtod(p, &end) : -1.0;
        size_t n, i = 0;

        p += strspn(p, "0123456789");
        n = strcspn(p, "0123456789");
        while (i < n_unit && (strlen(units[i].unit) != n || strncmp(units[i].unit, p, n) != 0)) {
            i++;
        }
        if (v >= 0.0 && n > 0 && i == n_unit && c->x->t->dialect != RS_PROMQL_2_42) {
            return rs_tcall_fail(c, "unknown unit \"%.*s\" in duration \"%.200s\"", (int)n, p,
                                 words);
        }
        if (v < 0.0 || n == 0 || i == n_unit || i < next) {
            return rs_tcall_fail(c, "not a valid duration string: \"%.200s\"", words);
        }
        next = i + 1;
        sum_ms += v * (units[i].s * 1000.0);
        p += n;
    }
    if (sum_ms * 1e6 > 9223372036854775807.0) {
        return rs_tcall_fail(c, "duration out of range");
    }
    *out = rs_tv_float(sum_ms / 1000.0);
    return 0;
}

/* ---- queries ---- */

static const struct tmap *map_of(struct tcall *c, rs_labels set)
{
    const struct label_table *table = c->x->data->table;
    struct tmap *map = RS_ARENA_ARRAY(c->x->arena, struct tmap, 1);
    int n = rs_labels_count(table, set);
    struct label *label = RS_ARENA_ARRAY(c->x->arena, struct label, n + 1);

    for (int i = 0; i < n; i++) {
        label[i] = rs_labels_at(table, set, i);
    }
    *map = (struct tmap){n, label};
    return map;
}

static int call_query(struct tcall *c, struct tvalue *out)
{
    const struct template_data *data = c->x->data;
    struct vector v = {0};
    struct err err = {0};
    struct tsample *sample;
    const struct tsample **list;

    if (data->query == NULL) {
        return rs_tcall_fail(c, "there is nothing to query here");
    }
    if (data->query(data->ctx, c->arg[0].s, data->t_ms, &v, &err) < 0) {
        return err.line > 0
                   ? rs_tcall_fail(c, "%d:%d: parse error: %s", err.line, err.col, err.text)
                   : rs_tcall_fail(c, "%s", err.text);
    }
    sample = RS_ARENA_ARRAY(c->x->arena, struct tsample, v.n + 1);
    list = RS_ARENA_ARRAY(c->x->arena, const struct tsample *, v.n + 1);
    for (int i = 0; i < v.n; i++) {
        sample[i] = (struct tsample){map_of(c, v.item[i].labels), v.item[i].v};
        list[i] = &sample[i];
    }
    *out = (struct tvalue){.kind = TV_VECTOR, .n = v.n, .sample = list};
    return 0;
}

static int call_first(struct tcall *c, struct tvalue *out)
{
    if (c->arg[0].n == 0) {
        return rs_tcall_fail(c, "first() called on vector with no elements");
    }
    *out = (struct tvalue){.kind = TV_SAMPLE, .sample = c->arg[0].sample};
    return 0;
}

static struct tvalue label_of(const struct tsample *s, const char *name)
{
    const char *value = rs_tmap_get(s->labels, name);

    return rs_tv_string(value != NULL ? value : "");
}

static int call_label(struct tcall *c, struct tvalue *out)
{
    *out = label_of(c->arg[1].sample[0], c->arg[0].s);
    return 0;
}

static int call_value(struct tcall *c, struct tvalue *out)
{
    *out = rs_tv_float(c->arg[0].sample[0]->v);
    return 0;
}

static int call_strvalue(struct tcall *c, struct tvalue *out)
{
    *out = label_of(c->arg[0].sample[0], "__value__");
    return 0;
}

/* Stable: what has the same label stays in order. */
static int call_sort_by_label(struct tcall *c, struct tvalue *out)
{
    int n = c->arg[1].n;
    const struct tsample **list = RS_ARENA_ARRAY(c->x->arena, const struct tsample *, n + 1);

    for (int i = 0; i < n; i++) {
        const struct tsample *one = c->arg[1].sample[i];
        int k = i;

        while (k > 0 &&
               strcmp(label_of(list[k - 1], c->arg[0].s).s, label_of(one, c->arg[0].s).s) > 0) {
            list[k] = list[k - 1];
            k--;
        }
        list[k] = one;
    }
    *out = (struct tvalue){.kind = TV_VECTOR, .n = n, .sample = list};
    return 0;
}

static int call_args(struct tcall *c, struct tvalue *out)
{
    *out = (struct tvalue){.kind = TV_ARGS, .n = c->n, .arg = c->arg};
    return 0;
}

const struct tfunction rs_tfunctions_prom[] = {
    {"query", call_query, "s", RS_NEEDS_QUERY},
    {"first", call_first, "q"},
    {"label", call_label, "sp"},
    {"value", call_value, "p"},
    {"strvalue", call_strvalue, "p"},
    {"sortByLabel", call_sort_by_label, "sq"},
    {"args", call_args, "a*"},
    {"humanize", call_humanize, "a"},
    {"humanize1024", call_humanize1024, "a"},
    {"humanizeDuration", call_humanize_duration, "a"},
    {"humanizePercentage", call_humanize_percentage, "a"},
    {"humanizeTimestamp", call_humanize_timestamp, "a"},
    {"toTime", call_to_time, "a"},
    {"parseDuration", call_parse_duration, "s"},
    {"toDuration", call_to_duration, "a", 0, true},
    {"now", call_now, "", RS_NEEDS_TIME, true},
    {NULL, NULL, NULL},
};

const struct tfunction *rs_tfunction_find(const char *name, enum promql_dialect dialect)
{
    const struct tfunction *const tables[] = {rs_tfunctions_go, rs_tfunctions_prom,
                                              rs_tfunctions_prom_text};

    for (int i = 0; i < 3; i++) {
        for (const struct tfunction *f = tables[i]; f->name != NULL; f++) {
            if (strcmp(f->name, name) == 0 && !(f->only_3 && dialect != RS_PROMQL_3)) {
                return f;
            }
        }
    }
    return NULL;
}
