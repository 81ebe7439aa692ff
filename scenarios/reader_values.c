/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One scalar by its row: type, range, store. */
#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reader.h"
#include "sim/clock.h"
#include "text/value.h"

const char *rs_value_type_words(enum value_type type)
{
    switch (type) {
    case RS_V_TEXT:
    case RS_V_TEXT_OR_NAME: return "text";
    case RS_V_NAME: return "a name of letters, digits and . _ - /";
    case RS_V_METRIC: return "a Prometheus metric name";
    case RS_V_BOOL: return "on or off";
    case RS_V_INT:
    case RS_V_COUNT: return "a whole number";
    case RS_V_NUMBER: return "a number";
    case RS_V_RATIO: return "a ratio like 0.5% or 0.005";
    case RS_V_PERCENT: return "a percentage like 25";
    case RS_V_RATE: return "a rate like 0.6/m, 2/s, 30/h or a number per second";
    case RS_V_DURATION:
    case RS_V_SECONDS: return "a duration like 90s, 5m or 1h30m";
    case RS_V_TIME: return "a timestamp like 2025-09-29T09:00:00Z";
    case RS_V_DAYTIME: return "a time of day like \"14:00\"";
    case RS_V_WEEKDAYS: return "a list of mon, tue, wed, thu, fri, sat, sun";
    case RS_V_WORD: return "one of the words";
    case RS_V_DIST: return "a distribution or a duration";
    case RS_V_ERRORS: return "a map of HTTP status codes to ratios";
    case RS_V_PROMQL: return "a PromQL expression";
    case RS_V_SECONDS_LIST: return "a list of rising durations";
    case RS_V_REF:
    case RS_V_NAMED: return "a name";
    case RS_V_REFS:
    case RS_V_NAMEDS: return "a list of names";
    case RS_V_CONDITIONS: return "a list of FLAG or \"!FLAG\"";
    case RS_V_ASSUMES: return "a list of assumption ids";
    case RS_V_FILE: return "the path of a file";
    case RS_V_LIST: return "a list";
    case RS_V_MAP:
    case RS_V_BOX: return "a map";
    case RS_V_OWN: return "";
    }
    assert(!"a value of no type");
    return "";
}

int rs_read_refuse(struct reader *r,
                   const struct key *key,
                   const struct node *node,
                   const char *must)
{
    char seen[64];
    return rs_err_list_add(r->errors, RS_E_TYPE, node->at, "\"%s\" must be %s, got %s", key->name,
                           must, rs_node_describe(seen, sizeof(seen), node));
}

int rs_read_length(struct reader *r, const char *key, const struct node *list)
{
    if (list->n <= RS_LIST_MAX) {
        return 0;
    }
    return rs_err_list_add(r->errors, RS_E_RANGE, list->at,
                           "\"%s\" must have at most %d entries, got %d", key, RS_LIST_MAX,
                           list->n);
}

static int refuse_type(struct reader *r, const struct key *key, const struct node *node)
{
    return rs_read_refuse(r, key, node, rs_value_type_words(key->type));
}

static bool is_time(const struct key *key)
{
    return key->type == RS_V_DURATION || key->type == RS_V_SECONDS;
}

/* The upper end of a type's own range. Times end where sums of a few could leave int64_t nanoseconds. */
static double own_max(enum value_type type)
{
    if (type == RS_V_DURATION || type == RS_V_SECONDS) {
        return 10.0 * 365.0 * 86400.0;
    }
    return type == RS_V_RATIO ? 1.0 : type == RS_V_PERCENT ? 100.0 : INFINITY;
}

static void bound(char *buf, size_t n, const struct key *key, double x)
{
    if (is_time(key)) {
        rs_duration_format(buf, n, rs_ns_from_s(x));
    } else {
        snprintf(buf, n, "%.12g", x);
    }
}

char *rs_key_range(char *buf, size_t n, const struct key *key)
{
    bool is_own = key->min == 0.0 && key->max == 0.0;
    double min = key->min, max = is_own ? own_max(key->type) : key->max;
    char low[40], high[40];
    bool above = (key->flags & RS_KEY_POSITIVE) != 0;
    bound(low, sizeof(low), key, min);
    bound(high, sizeof(high), key, isfinite(max) ? max : 0.0);
    if (isfinite(max) && above) {
        snprintf(buf, n, "above %s, at most %s", low, high);
    } else if (isfinite(max)) {
        snprintf(buf, n, "%s..%s", low, high);
    } else {
        snprintf(buf, n, above ? "above %s" : "%s or more", low);
    }
    return buf;
}

/* Range check, written so that NaN fails. */
static int check_range(struct reader *r, const struct key *key, const struct node *node, double x)
{
    bool is_own = key->min == 0.0 && key->max == 0.0;
    double max = is_own ? own_max(key->type) : key->max;
    bool low = (key->flags & RS_KEY_POSITIVE) ? x > key->min : x >= key->min;
    if (low && x <= max) {
        return 0;
    }
    char range[96];
    return rs_err_list_add(r->errors, RS_E_RANGE, node->at, "\"%s\" must be %s, got %s", key->name,
                           rs_key_range(range, sizeof(range), key), node->text);
}

/* Text to a number in the row's own unit (seconds for times); -1 when it is no such thing. */
static int number_of(const struct key *key, const char *text, double *out)
{
    switch ((int)key->type) {
    case RS_V_RATIO: return rs_value_ratio(out, text);
    case RS_V_PERCENT: return rs_value_percent(out, text);
    case RS_V_RATE: return rs_value_rate(out, text);
    case RS_V_DURATION:
    case RS_V_SECONDS: return rs_value_seconds(out, text);
    default: return rs_value_number(out, text);
    }
}

static int read_number(struct reader *r, const struct key *key, const struct node *node, char *to)
{
    double x = 0.0;
    if (number_of(key, node->text, &x) != 0) {
        return refuse_type(r, key, node);
    }
    if (check_range(r, key, node, x) != 0) {
        return -1;
    }
    if (key->type == RS_V_DURATION) {
        return rs_duration_parse((int64_t *)(void *)to, node->text);
    }
    *(double *)(void *)to = x;
    return 0;
}

static int read_whole(struct reader *r, const struct key *key, const struct node *node, char *to)
{
    uint64_t n = 0;
    if (rs_value_count(&n, node->text) != 0) {
        return refuse_type(r, key, node);
    }
    if (check_range(r, key, node, (double)n) != 0) {
        return -1;
    }
    if (key->type == RS_V_INT) {
        assert(key->max > 0.0 && key->max <= INT32_MAX);
        *(int *)(void *)to = (int)n;
    } else {
        *(uint64_t *)(void *)to = n;
    }
    return 0;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_word(const char *text, const char *others)
{
    for (; *text; text++) {
        if (!is_letter(*text) && !(*text >= '0' && *text <= '9') && !strchr(others, *text)) {
            return false;
        }
    }
    return true;
}

bool rs_is_metric_name(const char *text)
{
    return (is_letter(text[0]) || text[0] == ':') && is_word(text, ":");
}

bool rs_is_label_name(const char *text)
{
    return is_letter(text[0]) && is_word(text, "");
}

static int read_text(struct reader *r, const struct key *key, const struct node *node, char *to)
{
    const char *text = node->text;
    bool ok = text[0] != '\0';
    if (key->type == RS_V_NAME) {
        ok = ok && strlen(text) <= 100 && is_word(text, ".-/");
    } else if (key->type == RS_V_METRIC) {
        ok = rs_is_metric_name(text);
    }
    if (!ok) {
        return refuse_type(r, key, node);
    }
    *(const char **)(void *)to = text;
    return 0;
}

static int read_word(struct reader *r, const struct key *key, const struct node *node, char *to)
{
    char words[200] = "one of ";
    int n = 0;
    for (; key->words[n]; n++) {
        if (strcmp(key->words[n], node->text) == 0) {
            *(int *)(void *)to = n;
            return 0;
        }
        size_t used = strlen(words);
        snprintf(words + used, sizeof(words) - used, "%s%s", n > 0 ? ", " : "", key->words[n]);
    }
    return rs_refuse_name(r, RS_E_TYPE, node->at, node->text, key->words, (size_t)n,
                          "\"%s\" must be %s, got \"%s\"", key->name, words, node->text);
}

const struct promql *rs_read_promql(struct reader *r, const struct node *node)
{
    struct err err = {0};
    const struct promql *promql = rs_promql_parse(
        r->arena, &(struct promql_text){node->code, node->code_at, node->code_indent, r->dialect},
        &err);
    if (!promql) {
        rs_err_list_push(r->errors, &err);
        return NULL;
    }
    struct expr *expr = RS_ARENA_ARRAY(r->arena, struct expr, 1);
    *expr = (struct expr){promql, node, r->expr};
    r->expr = expr;
    return promql;
}

/* The text without the line breaks and blanks at its end that a block leaves there. */
static const char *trimmed(struct reader *r, const char *text)
{
    size_t n = strlen(text);
    while (n > 0 && strchr(" \t\r\n", text[n - 1])) {
        n--;
    }
    return rs_arena_strndup(r->arena, text, n);
}

static int
read_condition(struct reader *r, const struct key *key, const struct node *node, char *base)
{
    const struct promql *promql = rs_read_promql(r, node);
    if (!promql) {
        return -1;
    }
    enum promql_type type = rs_promql_type(promql);
    if (type != RS_PQL_VECTOR && type != RS_PQL_SCALAR) {
        return rs_err_list_add(r->errors, RS_E_TYPE, node->code_at,
                               "\"%s\" must give an instant vector or a scalar, this is a %s",
                               key->name, type == RS_PQL_MATRIX ? "range vector" : "string");
    }
    *(const struct promql **)(void *)(base + key->at) = promql;
    *(const char **)(void *)(base + key->n_at) = trimmed(r, node->text);
    return 0;
}

static int read_date(struct reader *r, const struct key *key, const struct node *node, void *to)
{
    int status = rs_time_parse(to, node->text);
    if (status == RS_TIME_FAR) {
        return rs_err_list_add(r->errors, RS_E_RANGE, node->at,
                               "\"%s\" is out of range, the years 1678 to 2261, got \"%s\"",
                               key->name, node->text);
    }
    return status == 0 ? 0 : refuse_type(r, key, node);
}

static int read_scalar(struct reader *r, const struct key *key, const struct node *node, char *base)
{
    char *to = base + key->at;
    switch ((int)key->type) {
    case RS_V_BOOL:
        return rs_value_bool((bool *)to, node->text) == 0 ? 0 : refuse_type(r, key, node);
    case RS_V_INT:
    case RS_V_COUNT: return read_whole(r, key, node, to);
    case RS_V_TIME: return read_date(r, key, node, to);
    case RS_V_DAYTIME:
        return rs_value_daytime((int64_t *)(void *)to, node->text) == 0 ? 0
                                                                        : refuse_type(r, key, node);
    case RS_V_WORD: return read_word(r, key, node, to);
    case RS_V_PROMQL: return read_condition(r, key, node, base);
    case RS_V_REF:
        *(int *)(void *)to = rs_names_find(r, key->names, node->text, node->at);
        return *(int *)(void *)to >= 0 || r->names[key->names].unknown ? 0 : -1;
    case RS_V_NAMED:
        *(const char **)(void *)to = node->text;
        return rs_names_find(r, key->names, node->text, node->at) >= 0 ||
                       r->names[key->names].unknown
                   ? 0
                   : -1;
    case RS_V_TEXT:
    case RS_V_TEXT_OR_NAME:
    case RS_V_NAME:
    case RS_V_METRIC:
    case RS_V_FILE: return read_text(r, key, node, to);
    default: return read_number(r, key, node, to);
    }
}

/* A lone duration stands for a constant. */
static int read_dist(struct reader *r, const struct key *key, const struct node *node, char *to)
{
    char what[80];
    double s = 0.0;
    if (node->kind == RS_NODE_SCALAR && rs_value_seconds(&s, node->text) == 0) {
        *(struct dist *)(void *)to = rs_dist_constant(s);
        return 0;
    }
    if (node->kind != RS_NODE_MAP) {
        return refuse_type(r, key, node);
    }
    snprintf(what, sizeof(what), "\"%s\"", key->name);
    return rs_read_section(r, &rs_section_dist, what, node, to);
}

int rs_read_plain(struct reader *r, const struct key *key, const struct node *node, void *base)
{
    switch (key->type) {
    case RS_V_OWN: return 0;
    case RS_V_DIST: return read_dist(r, key, node, (char *)base + key->at);
    case RS_V_ERRORS:
    case RS_V_SECONDS_LIST:
    case RS_V_REFS:
    case RS_V_NAMEDS:
    case RS_V_CONDITIONS:
    case RS_V_WEEKDAYS:
    case RS_V_ASSUMES: return rs_read_compound(r, key, node, base);
    case RS_V_TEXT:
    case RS_V_TEXT_OR_NAME:
    case RS_V_NAME:
    case RS_V_METRIC:
    case RS_V_BOOL:
    case RS_V_INT:
    case RS_V_COUNT:
    case RS_V_NUMBER:
    case RS_V_RATIO:
    case RS_V_PERCENT:
    case RS_V_RATE:
    case RS_V_DURATION:
    case RS_V_SECONDS:
    case RS_V_TIME:
    case RS_V_DAYTIME:
    case RS_V_WORD:
    case RS_V_PROMQL:
    case RS_V_REF:
    case RS_V_NAMED:
    case RS_V_FILE:
        return node->kind == RS_NODE_SCALAR ? read_scalar(r, key, node, base)
                                            : refuse_type(r, key, node);
    case RS_V_LIST:
    case RS_V_MAP:
    case RS_V_BOX: break; /* read by the walk */
    }
    assert(!"a row that the walk reads itself");
    return -1;
}
