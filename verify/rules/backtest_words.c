/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "backtest_words.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"
#include "sim/clock.h"

enum { DATE = 10 }; /* characters of YYYY-MM-DD */

char *rs_backtest_time(char *buf, size_t n, int64_t t_ms)
{
    if (t_ms == RS_NEVER) {
        buf[0] = '\0';
    } else if (rs_recorded_is_absolute(t_ms)) {
        rs_time_format(buf, n, t_ms * RS_NS_PER_MS);
    } else if (t_ms % 1000 == 0) {
        snprintf(buf, n, "%" PRId64, t_ms / 1000);
    } else {
        snprintf(buf, n, "%.3f", (double)t_ms / 1000.0);
    }
    return buf;
}

char *rs_backtest_time_short(char *buf, size_t n, int64_t t_ms, int64_t since_ms)
{
    char since[40];
    if (t_ms == RS_NEVER) {
        return rs_backtest_time(buf, n, t_ms);
    }
    if (!rs_recorded_is_absolute(t_ms)) {
        return rs_duration_format(buf, n, t_ms * RS_NS_PER_MS);
    }
    rs_backtest_time(buf, n, t_ms);
    rs_backtest_time(since, sizeof(since), since_ms);
    if (since_ms != RS_NEVER && strncmp(buf, since, DATE) == 0) {
        memmove(buf, buf + DATE + 1, strlen(buf + DATE + 1) + 1);
    }
    return buf;
}

/* Text that grows. */
struct text {
    char *at;
    size_t n, cap;
};

static void put(struct text *t, char c)
{
    if (t->n + 2 > t->cap) {
        t->cap = t->cap ? 2 * t->cap : 64;
        t->at = rs_xrealloc(t->at, t->cap);
    }
    t->at[t->n++] = c;
    t->at[t->n] = '\0';
}

static void put_text(struct text *t, const char *text)
{
    for (; *text; text++) {
        put(t, *text);
    }
}

static void put_quoted(struct text *t, const char *value)
{
    put(t, '"');
    for (; *value; value++) {
        if (*value == '"' || *value == '\\' || *value == '\n') {
            put(t, '\\');
        }
        put(t, *value == '\n' ? 'n' : *value);
    }
    put(t, '"');
}

static bool is_plain(const char *value)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/-";
    return value[strspn(value, plain)] == '\0';
}

static void put_label(struct text *t, struct label label)
{
    if (t->n > 0) {
        put(t, ',');
    }
    put_text(t, label.name);
    put(t, '=');
    if (is_plain(label.value)) {
        put_text(t, label.value);
    } else {
        put_quoted(t, label.value);
    }
}

char *rs_backtest_labels(const struct label_table *table, rs_labels set)
{
    struct text t = {0};
    put_text(&t, "");
    for (int i = 0; i < rs_labels_count(table, set); i++) {
        struct label label = rs_labels_at(table, set, i);
        if (strcmp(label.name, "alertname") == 0) {
            continue;
        }
        put_label(&t, label);
    }
    return t.at ? t.at : rs_xstrdup("");
}

char *rs_backtest_series(const struct label_table *table, rs_labels set)
{
    struct text t = {0};
    put_text(&t, rs_labels_get(table, set, "__name__"));
    bool first = true;
    for (int i = 0; i < rs_labels_count(table, set); i++) {
        struct label label = rs_labels_at(table, set, i);
        if (strcmp(label.name, "__name__") == 0) {
            continue;
        }
        put_text(&t, first ? "{" : ", ");
        first = false;
        put_text(&t, label.name);
        put(&t, '=');
        put_quoted(&t, label.value);
    }
    if (!first) {
        put(&t, '}');
    }
    return t.at ? t.at : rs_xstrdup("{}");
}

char *rs_backtest_value(char *buf, size_t n, double v)
{
    if (isnan(v)) {
        snprintf(buf, n, "NaN");
    } else if (isinf(v)) {
        snprintf(buf, n, v > 0 ? "+Inf" : "-Inf");
    } else {
        /* 15 digits are enough for what had no more; numbers below the normal ones have fewer. */
        for (int digits = fabs(v) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
            snprintf(buf, n, "%.*g", digits, v);
            if (strtod(buf, NULL) == v) {
                break;
            }
        }
    }
    return buf;
}

int64_t rs_activation_firing_ms(const struct activation *a)
{
    if (a->firing_ms == RS_NEVER) {
        return 0;
    }
    return (a->cleared_ms == RS_NEVER ? a->last_ms : a->cleared_ms) - a->firing_ms;
}

/* "-1.25e-05" is taken apart: its digits, and how many of them stand before the point. */
void rs_backtest_put_value(FILE *to, double v)
{
    char text[40], digits[24];
    int n = 0;
    rs_backtest_value(text, sizeof(text), v);
    const char *e = isfinite(v) ? strchr(text, 'e') : NULL;
    if (!e) {
        fputs(text, to);
        return;
    }
    for (const char *p = text; p < e; p++) {
        if (*p >= '0' && *p <= '9' && n < (int)sizeof(digits)) {
            digits[n++] = *p;
        }
    }
    int before = 1 + (int)strtol(e + 1, NULL, 10);
    fputs(*text == '-' ? "-" : "", to);
    if (before <= 0) {
        fputs("0.", to);
        for (; before < 0; before++) {
            fputc('0', to);
        }
        fprintf(to, "%.*s", n, digits);
        return;
    }
    for (int i = 0; i < before || i < n; i++) {
        fprintf(to, i == before ? ".%c" : "%c", i < n ? digits[i] : '0');
    }
}

static bool has_label(const struct rule *rule, struct label label)
{
    for (int i = 0; i < rule->n_label; i++) {
        if (strcmp(rule->label[i].name, label.name) == 0) {
            return strcmp(rule->label[i].value, label.value) == 0;
        }
    }
    return false;
}

/* Do all other rules of the alert's name have the label too? *out_n: how many there are. */
static bool
is_shared(const struct rule *rule, struct label label, const struct backtest_spec *spec, int *out_n)
{
    bool shared = true;
    *out_n = 0;
    for (int f = 0; f < spec->n_file; f++) {
        for (int g = 0; g < spec->file[f]->n_group; g++) {
            const struct rule_group *group = &spec->file[f]->group[g];
            for (int i = 0; i < group->n_rule; i++) {
                const struct rule *other = &group->rule[i];
                if (other != rule && other->alert && strcmp(other->alert, rule->alert) == 0) {
                    shared = shared && has_label(other, label);
                    ++*out_n;
                }
            }
        }
    }
    return shared;
}

char *rs_backtest_distinction(const struct rule *rule, const struct backtest_spec *spec)
{
    struct text t = {0};
    int n_other = 0;
    for (int i = 0; i < rule->n_label; i++) {
        if (is_shared(rule, rule->label[i], spec, &n_other)) {
            continue;
        }
        put_label(&t, rule->label[i]);
    }
    is_shared(rule, (struct label){"", ""}, spec, &n_other);
    if (n_other > 0 && !t.at) {
        char line[24];
        snprintf(line, sizeof(line), "line %d", rule->at.line);
        put_text(&t, line);
    }
    return t.at ? t.at : rs_xstrdup("");
}

static void count(struct backtest_total *total, const struct activation *a)
{
    int64_t end = a->cleared_ms == RS_NEVER ? a->last_ms : a->cleared_ms;
    int64_t firing = rs_activation_firing_ms(a);
    total->n_active++;
    total->pending_ms += (a->firing_ms == RS_NEVER ? end : a->firing_ms) - a->active_ms;
    if (a->firing_ms == RS_NEVER) {
        return;
    }
    total->n_fired++;
    total->firing_ms += firing;
    total->longest_ms = firing > total->longest_ms ? firing : total->longest_ms;
    if (a->firing_ms < total->first_firing_ms) {
        total->first_firing_ms = a->firing_ms;
    }
}

struct backtest_total *
rs_backtest_totals(const struct backtest *b, const struct backtest_spec *spec, int *out_n)
{
    struct backtest_total *total = NULL;
    int n = 0, cap = 0;
    for (int f = 0; f < spec->n_file; f++) {
        for (int g = 0; g < spec->file[f]->n_group; g++) {
            const struct rule_group *group = &spec->file[f]->group[g];
            for (int i = 0; i < group->n_rule; i++) {
                if (!group->rule[i].alert) {
                    continue;
                }
                if (n == cap) {
                    cap = cap ? 2 * cap : 32;
                    total = rs_xrealloc(total, sizeof(*total) * (size_t)cap);
                }
                total[n++] = (struct backtest_total){
                    .rule = &group->rule[i], .group = group, .first_firing_ms = RS_NEVER};
            }
        }
    }
    for (int i = 0; i < b->n_activation; i++) {
        for (int k = 0; k < n; k++) {
            if (total[k].rule == b->activation[i].rule) {
                count(&total[k], &b->activation[i]);
                break;
            }
        }
    }
    for (int i = 0; i < b->n_selector; i++) {
        const struct backtest_selector *s = &b->selector[i];
        for (int k = 0; k < n && s->rule && !s->may_be_missing; k++) {
            if (total[k].rule == s->rule) {
                total[k].n_selector++;
                total[k].n_missing += !s->found;
            }
        }
    }
    *out_n = n;
    return total;
}
