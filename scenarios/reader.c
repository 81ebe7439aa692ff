/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one walk of a map by its table. */
#include "reader.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/clock.h"

enum { KEYS_MAX = 64 };

static const struct key *find_key(const struct section *s, const char *name)
{
    for (int i = 0; i < s->n_key; i++) {
        if (strcmp(s->key[i].name, name) == 0) {
            return &s->key[i];
        }
    }
    return NULL;
}

const struct key *rs_section_find(const struct section *s, const char *name)
{
    const struct key *key = find_key(s, name);
    return key || !s->also ? key : find_key(s->also, name);
}

static const char *article(const char *noun)
{
    return strchr("aeiouA", noun[0]) ? "an" : "a";
}

static void refuse_key(struct reader *r, const struct section *s, const struct pair *pair)
{
    const char *names[2 * KEYS_MAX];
    size_t n = 0;
    for (const struct section *from = s; from; from = from->also) {
        for (int i = 0; i < from->n_key; i++) {
            assert(n < sizeof(names) / sizeof(names[0]));
            names[n++] = from->key[i].name;
        }
    }
    rs_refuse_name(r, RS_E_KEY, pair->at, pair->key, names, n, "unknown key \"%s\" in %s %s",
                   pair->key, article(s->name), s->name);
}

/* Does the map have one of the blank-separated keys? Copies the one found (or the first of the list) to `which`. */
static bool has_one(const struct node *map, const char *keys, char *which, size_t n)
{
    which[0] = '\0';
    for (const char *p = keys; *p;) {
        size_t length = strcspn(p, " ");
        char word[64];
        snprintf(word, sizeof(word), "%.*s", (int)length, p);
        bool has = rs_node_pair(map, word) != NULL;
        if (has || which[0] == '\0') {
            snprintf(which, n, "%s", word);
        }
        if (has) {
            return true;
        }
        p += length + strspn(p + length, " ");
    }
    return false;
}

/* "a, b or c" */
static void list_words(char *buf, size_t n, const char *keys)
{
    size_t used = 0;
    buf[0] = '\0';
    for (const char *p = keys; *p && used < n;) {
        size_t length = strcspn(p, " ");
        const char *rest = p + length + strspn(p + length, " ");
        const char *between = p == keys ? "" : *rest ? ", " : " or ";
        used += (size_t)snprintf(buf + used, n - used, "%s\"%.*s\"", between, (int)length, p);
        p = rest;
    }
}

/* A misspelt key is told once: as unknown, not as missing too. */
static bool is_misspelt(const struct section *s, const struct node *map, const char *key)
{
    for (int i = 0; i < map->n; i++) {
        const char *word = map->pair[i].key;
        if (!rs_section_find(s, word) && rs_near_name(word, &key, 1)) {
            return true;
        }
    }
    return false;
}

static int
missing_key(struct reader *r, const struct section *s, const struct node *map, const char *key)
{
    if (is_misspelt(s, map, key)) {
        return -1;
    }
    return rs_err_list_add(r->errors, RS_E_KEY, map->at, "%s %s needs the key \"%s\"",
                           article(s->name), s->name, key);
}

/* What a row leaves in its struct when the key is not written. */
static int read_absent(struct reader *r, const struct key *key, char *base)
{
    if (key->type == RS_V_REF) {
        *(int *)(void *)(base + key->at) = -1;
    }
    if (!key->def) {
        return 0;
    }
    if (strcmp(key->def, "(never)") == 0) {
        if (key->type == RS_V_DURATION) {
            *(int64_t *)(void *)(base + key->at) = RS_NEVER;
        } else if (key->type == RS_V_SECONDS) {
            *(double *)(void *)(base + key->at) = INFINITY;
        }
        return 0;
    }
    if (key->def[0] == '(') {
        return 0;
    }
    struct node def = {.kind = RS_NODE_SCALAR, .text = key->def, .code = key->def, .weight = 1};
    int status = rs_read_value(r, key, &def, base);
    assert(status == 0 && "a default that its own row refuses");
    return status;
}

static int read_row(struct reader *r,
                    const struct section *s,
                    const struct key *key,
                    const struct node *map,
                    char *base)
{
    const struct pair *pair = rs_node_pair(map, key->name);
    if (pair && r->null_is_absent && rs_node_is_null(pair->value)) {
        pair = NULL;
    }
    char which[64], words[160];
    bool has_with = key->with && has_one(map, key->with, which, sizeof(which));
    if (!pair) {
        bool needed =
            (key->flags & RS_KEY_REQUIRED) || ((key->flags & RS_KEY_NEED_WITH) && has_with);
        return needed ? missing_key(r, s, map, key->name) : read_absent(r, key, base);
    }
    if (key->with && !has_with) {
        list_words(words, sizeof(words), key->with);
        return rs_err_list_add(r->errors, RS_E_KEY, pair->at, "\"%s\" goes only with %s", key->name,
                               words);
    }
    return rs_read_value(r, key, pair->value, base);
}

/* Exactly one of the keys flagged RS_KEY_ONE_OF. */
static int check_one_of(struct reader *r, const struct section *s, const struct node *map)
{
    char words[256] = "";
    size_t used = 0;
    int n_one_of = 0, n_given = 0;
    const struct pair *second = NULL;
    for (int i = 0; i < s->n_key; i++) {
        if (!(s->key[i].flags & RS_KEY_ONE_OF)) {
            continue;
        }
        n_one_of++;
        const struct pair *pair = rs_node_pair(map, s->key[i].name);
        n_given += pair != NULL;
        second = pair && n_given == 2 ? pair : second;
        if (used < sizeof(words)) {
            used += (size_t)snprintf(words + used, sizeof(words) - used, "%s%s",
                                     n_one_of > 1 ? ", " : "", s->key[i].name);
        }
    }
    if (n_one_of == 0 || n_given == 1) {
        return 0;
    }
    return rs_err_list_add(r->errors, RS_E_KEY, second ? second->at : map->at,
                           "%s %s needs exactly one of %s, got %s", article(s->name), s->name,
                           words, second ? "more" : "none");
}

static int read_rows(struct reader *r, const struct section *s, const struct node *map, char *base)
{
    int status = 0;
    for (int i = 0; i < s->n_key; i++) {
        status |= read_row(r, s, &s->key[i], map, base);
    }
    status |= check_one_of(r, s, map);
    if (s->also) {
        status |= read_rows(r, s->also, map, base + s->also_at);
    }
    return status;
}

static void set_marks(const struct section *s, const struct node *map, char *base)
{
    if (s->has_mark) {
        *(struct mark *)(void *)(base + s->mark_at) = map->at;
    }
    if (s->also) {
        set_marks(s->also, map, base + s->also_at);
    }
}

static void begin_section(struct reader *r, const struct section *s, const struct node *map)
{
    if (s->also) {
        begin_section(r, s->also, map);
    }
    if (s->begin) {
        s->begin(r, map);
    }
}

int rs_read_section(
    struct reader *r, const struct section *s, const char *what, const struct node *node, void *out)
{
    char seen[64];
    if (node->kind != RS_NODE_MAP) {
        return rs_err_list_add(r->errors, RS_E_TYPE, node->at, "%s must be a map, got %s", what,
                               rs_node_describe(seen, sizeof(seen), node));
    }
    begin_section(r, s, node);
    char *base = s->draft_size ? rs_arena_alloc(r->arena, s->draft_size) : out;
    int status = 0;
    for (int i = 0; i < node->n; i++) {
        if (!rs_section_find(s, node->pair[i].key)) {
            refuse_key(r, s, &node->pair[i]);
            status = -1;
        }
    }
    status |= read_rows(r, s, node, base);
    set_marks(s, node, base);
    if (status != 0) {
        return -1;
    }
    size_t n_before = r->errors->n + r->errors->n_dropped;
    if (s->also && s->also->finish) {
        s->also->finish(r, node, base + s->also_at, base + s->also_at);
    }
    if (s->finish) {
        s->finish(r, node, base, out);
    }
    return r->errors->n + r->errors->n_dropped == n_before ? 0 : -1;
}

static int read_list(struct reader *r, const struct key *key, const struct node *node, char *base)
{
    char what[96];
    const struct section *s = key->of;
    if (node->kind != RS_NODE_LIST) {
        return rs_read_refuse(r, key, node, "a list");
    }
    if (node->n == 0 && (key->flags & RS_KEY_SOME)) {
        return rs_err_list_add(r->errors, RS_E_RANGE, node->at, "\"%s\" must not be empty",
                               key->name);
    }
    if (rs_read_length(r, key->name, node) != 0) {
        return -1;
    }
    char *array = rs_arena_alloc(r->arena, s->size * (size_t)node->n);
    *(void **)(void *)(base + key->at) = array;
    *(int *)(void *)(base + key->n_at) = node->n;
    int status = 0;
    for (int i = 0; i < node->n; i++) {
        snprintf(what, sizeof(what), "%s %s in \"%s\"", article(s->name), s->name, key->name);
        status |= rs_read_section(r, s, what, node->item[i], array + s->size * (size_t)i);
    }
    return status;
}

int rs_read_value(struct reader *r, const struct key *key, const struct node *node, void *base)
{
    char what[96];
    if (rs_node_is_null(node)) {
        return rs_err_list_add(r->errors, RS_E_TYPE, node->at, "key \"%s\" has no value",
                               key->name);
    }
    if (key->type == RS_V_LIST) {
        return read_list(r, key, node, base);
    }
    if (key->type == RS_V_MAP || key->type == RS_V_BOX) {
        void *to = (char *)base + key->at;
        if (key->type == RS_V_BOX) {
            to = *(void **)to = rs_arena_alloc(r->arena, key->of->size);
        }
        snprintf(what, sizeof(what), "\"%s\"", key->name);
        return rs_read_section(r, key->of, what, node, to);
    }
    return rs_read_plain(r, key, node, base);
}
