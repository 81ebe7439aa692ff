/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small lists and maps of scalars: references, conditions, error mixes, durations. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "recording_keys.h"
#include "text/value.h"

static void store(void *base, const struct key *key, const void *array, int n)
{
    *(const void **)(void *)((char *)base + key->at) = array;
    *(int *)(void *)((char *)base + key->n_at) = n;
}

static int scalar_item(struct reader *r, const struct key *key, const struct node *item)
{
    if (item->kind == RS_NODE_SCALAR && !rs_node_is_null(item)) {
        return 0;
    }
    char must[96];
    snprintf(must, sizeof(must), "%s", rs_value_type_words(key->type));
    return rs_read_refuse(r, key, item, must);
}

static int doubled(struct reader *r, const struct key *key, const struct node *item)
{
    return rs_err_list_add(r->errors, RS_E_KEY, item->at, "\"%s\" stands twice in \"%s\"",
                           item->text, key->name);
}

static int read_refs(struct reader *r, const struct key *key, const struct node *node, void *base)
{
    int status = 0;
    int *index = RS_ARENA_ARRAY(r->arena, int, node->n);
    const char **name = RS_ARENA_ARRAY(r->arena, const char *, node->n);
    for (int i = 0; i < node->n; i++) {
        const struct node *item = node->item[i];
        if (scalar_item(r, key, item) != 0) {
            status = -1;
            continue;
        }
        name[i] = item->text;
        index[i] = rs_names_find(r, key->names, item->text, item->at);
        if (index[i] < 0 && !r->names[key->names].unknown) {
            status = -1;
        }
        for (int j = 0; j < i; j++) {
            if (name[j] && strcmp(name[j], name[i]) == 0) {
                status = doubled(r, key, item);
            }
        }
    }
    if (key->type == RS_V_REFS) {
        store(base, key, index, node->n);
    } else {
        store(base, key, name, node->n);
    }
    return status;
}

static int
read_conditions(struct reader *r, const struct key *key, const struct node *node, void *base)
{
    int status = 0;
    struct condition *condition = RS_ARENA_ARRAY(r->arena, struct condition, node->n);
    for (int i = 0; i < node->n; i++) {
        const struct node *item = node->item[i];
        if (scalar_item(r, key, item) != 0) {
            status = -1;
            continue;
        }
        bool on = item->text[0] != '!';
        int flag = rs_names_find(r, RS_NAME_FLAG, item->text + !on, item->at);
        status |= flag < 0 ? -1 : 0;
        condition[i] = (struct condition){flag, on};
        for (int j = 0; j < i && flag >= 0; j++) {
            if (condition[j].flag == flag) {
                status = doubled(r, key, item);
            }
        }
    }
    store(base, key, condition, node->n);
    return status;
}

static int
read_seconds(struct reader *r, const struct key *key, const struct node *node, void *base)
{
    double *s = RS_ARENA_ARRAY(r->arena, double, node->n);
    for (int i = 0; i < node->n; i++) {
        const struct node *item = node->item[i];
        if (item->kind != RS_NODE_SCALAR || rs_value_seconds(&s[i], item->text) != 0 ||
            !(s[i] > (i > 0 ? s[i - 1] : 0.0))) {
            return rs_read_refuse(r, key, item, rs_value_type_words(key->type));
        }
    }
    store(base, key, s, node->n);
    return 0;
}

static int
read_weekdays(struct reader *r, const struct key *key, const struct node *node, void *base)
{
    unsigned days = 0;
    for (int i = 0; i < node->n; i++) {
        int day = 0;
        const struct node *item = node->item[i];
        if (item->kind != RS_NODE_SCALAR || rs_value_weekday(&day, item->text) != 0) {
            return rs_read_refuse(r, key, item, rs_value_type_words(key->type));
        }
        days |= 1u << day;
    }
    *(unsigned *)(void *)((char *)base + key->at) = days;
    return 0;
}

static int read_assumes(struct reader *r, const struct key *key, const struct node *node)
{
    int status = 0;
    for (int i = 0; i < node->n; i++) {
        const struct node *item = node->item[i];
        if (scalar_item(r, key, item) != 0) {
            status = -1;
            continue;
        }
        int index = rs_names_find(r, RS_NAME_ASSUMPTION, item->text, item->at);
        status |= index < 0 ? -1 : 0;
        if (index >= 0 && r->assumption_used) {
            r->assumption_used[index] = true;
        }
    }
    return status;
}

/* One "500: 0.04%". */
static int read_error(struct reader *r, const struct pair *pair, struct error_mix *mix)
{
    uint64_t code = 0;
    const struct key row = {.name = pair->key, .type = RS_V_RATIO};
    if (rs_value_count(&code, pair->key) != 0 || code < 400 || code > 599) {
        return rs_err_list_add(r->errors, RS_E_RANGE, pair->at,
                               "a status code of an error must be 400..599, got \"%s\"", pair->key);
    }
    if (mix->n == RS_MAX_CODES) {
        return rs_err_list_add(r->errors, RS_E_RANGE, pair->at,
                               "at most %d status codes may be given", RS_MAX_CODES);
    }
    double ratio = 0.0;
    if (rs_read_value(r, &row, pair->value, &ratio) != 0) {
        return -1;
    }
    mix->code[mix->n] = (int)code;
    mix->ratio[mix->n++] = ratio;
    return 0;
}

static int read_errors(struct reader *r, const struct key *key, const struct node *node, void *base)
{
    struct error_mix mix = {0};
    double sum = 0.0;
    int status = 0;
    if (node->n == 1 && strcmp(node->pair[0].key, "recording") == 0) {
        return rs_read_section(r, &rs_section_recorded_errors, "\"recording\"", node->pair[0].value,
                               (char *)base + key->at);
    }
    for (int i = 0; i < node->n; i++) {
        status |= read_error(r, &node->pair[i], &mix);
    }
    for (int i = 0; i < mix.n; i++) {
        sum += mix.ratio[i];
    }
    if (sum > 1.0 + 1e-12) {
        return rs_err_list_add(r->errors, RS_E_RANGE, node->at,
                               "the ratios of \"%s\" must sum to at most 1, got %.12g", key->name,
                               sum);
    }
    *(struct error_mix *)(void *)((char *)base + key->at) = mix;
    return status;
}

int rs_read_compound(struct reader *r, const struct key *key, const struct node *node, void *base)
{
    enum node_kind must = key->type == RS_V_ERRORS ? RS_NODE_MAP : RS_NODE_LIST;
    if (node->kind != must) {
        return rs_read_refuse(r, key, node, rs_value_type_words(key->type));
    }
    if (node->n == 0 && (key->flags & RS_KEY_SOME)) {
        return rs_err_list_add(r->errors, RS_E_RANGE, node->at, "\"%s\" must not be empty",
                               key->name);
    }
    if (rs_read_length(r, key->name, node) != 0) {
        return -1;
    }
    switch ((int)key->type) {
    case RS_V_REFS:
    case RS_V_NAMEDS: return read_refs(r, key, node, base);
    case RS_V_CONDITIONS: return read_conditions(r, key, node, base);
    case RS_V_SECONDS_LIST: return read_seconds(r, key, node, base);
    case RS_V_WEEKDAYS: return read_weekdays(r, key, node, base);
    case RS_V_ASSUMES: return read_assumes(r, key, node);
    case RS_V_ERRORS: return read_errors(r, key, node, base);
    default: break;
    }
    assert(!"a row of another type");
    return -1;
}
