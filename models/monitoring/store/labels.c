/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/labels.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "labels_private.h"
#include "sim/arena.h"

struct pair { /* numbers of interned strings */
    int32_t name, value;
};

struct text {
    const char *bytes;
    uint64_t hash;
};

struct set {
    uint64_t hash;
    int first, n; /* its pairs in label_table.pair, sorted by name */
};

struct slots { /* open addressing, linear probing; -1 = free; at most half full */
    int32_t *at;
    uint32_t mask;
};

struct label_table {
    struct arena *arena; /* the bytes of the strings: their addresses never change */
    struct text *text;
    int n_text, cap_text;
    struct slots text_slots;
    struct pair *pair;
    int n_pair, cap_pair;
    struct set *set;
    int n_set, cap_set;
    struct slots set_slots;
    struct pair *scratch;
    int cap_scratch;
    struct label *label; /* scratch of the projections */
    int cap_label;
};

static void slots_make(struct slots *s, uint32_t size)
{
    s->at = rs_xrealloc(s->at, size * sizeof *s->at);
    memset(s->at, -1, size * sizeof *s->at);
    s->mask = size - 1;
}

static void slots_put(struct slots *s, uint64_t hash, int32_t what)
{
    uint32_t i = (uint32_t)hash & s->mask;

    while (s->at[i] >= 0) {
        i = (i + 1) & s->mask;
    }
    s->at[i] = what;
}

struct label_table *rs_label_table_new(void)
{
    struct label_table *t = rs_xcalloc(1, sizeof *t);
    rs_labels empty;

    t->arena = rs_arena_new();
    slots_make(&t->text_slots, 256);
    slots_make(&t->set_slots, 256);
    empty = rs_labels_intern(t, 0, NULL);
    assert(empty == 0);
    (void)empty;
    return t;
}

void rs_label_table_free(struct label_table *t)
{
    if (t == NULL) {
        return;
    }
    free(t->label);
    free(t->scratch);
    free(t->set_slots.at);
    free(t->set);
    free(t->pair);
    free(t->text_slots.at);
    free(t->text);
    rs_arena_free(t->arena);
    free(t);
}

static int32_t text_find(const struct label_table *t, const char *bytes, uint64_t hash)
{
    for (uint32_t i = (uint32_t)hash & t->text_slots.mask;; i = (i + 1) & t->text_slots.mask) {
        int32_t k = t->text_slots.at[i];

        if (k < 0 || (t->text[k].hash == hash && strcmp(t->text[k].bytes, bytes) == 0)) {
            return k;
        }
    }
}

static int32_t text_intern(struct label_table *t, const char *bytes)
{
    uint64_t hash = XXH64(bytes, strlen(bytes), 0);
    int32_t k = text_find(t, bytes, hash);

    if (k >= 0) {
        return k;
    }
    if (t->n_text == t->cap_text) {
        t->cap_text = t->cap_text ? 2 * t->cap_text : 64;
        t->text = rs_xrealloc(t->text, (size_t)t->cap_text * sizeof *t->text);
    }
    if (2 * (uint32_t)(t->n_text + 1) > t->text_slots.mask) {
        slots_make(&t->text_slots, 2 * (t->text_slots.mask + 1));
        for (int i = 0; i < t->n_text; i++) {
            slots_put(&t->text_slots, t->text[i].hash, i);
        }
    }
    t->text[t->n_text] = (struct text){rs_arena_strdup(t->arena, bytes), hash};
    slots_put(&t->text_slots, hash, t->n_text);
    return t->n_text++;
}

/*
 * Copies the non-empty labels into scratch, sorted by name. Insertion sort: sets are short and
 * mostly sorted already.
 */
static int scratch_fill(struct label_table *t, int n, const struct label *label)
{
    int k = 0;

    if (n > t->cap_scratch) {
        t->cap_scratch = n + 16;
        t->scratch = rs_xrealloc(t->scratch, (size_t)t->cap_scratch * sizeof *t->scratch);
    }
    for (int i = 0; i < n; i++) {
        struct pair p;
        int j = k;

        if (label[i].value[0] == '\0') {
            continue;
        }
        p = (struct pair){text_intern(t, label[i].name), text_intern(t, label[i].value)};
        while (j > 0 && strcmp(t->text[t->scratch[j - 1].name].bytes, t->text[p.name].bytes) > 0) {
            t->scratch[j] = t->scratch[j - 1];
            j--;
        }
        assert(j == 0 || t->scratch[j - 1].name != p.name);
        t->scratch[j] = p;
        k++;
    }
    return k;
}

static rs_labels set_add(struct label_table *t, uint64_t hash, int n)
{
    if (t->n_set == t->cap_set) {
        t->cap_set = t->cap_set ? 2 * t->cap_set : 64;
        t->set = rs_xrealloc(t->set, (size_t)t->cap_set * sizeof *t->set);
    }
    if (t->n_pair + n > t->cap_pair) {
        t->cap_pair = 2 * t->cap_pair + n + 64;
        t->pair = rs_xrealloc(t->pair, (size_t)t->cap_pair * sizeof *t->pair);
    }
    if (2 * (uint32_t)(t->n_set + 1) > t->set_slots.mask) {
        slots_make(&t->set_slots, 2 * (t->set_slots.mask + 1));
        for (int i = 0; i < t->n_set; i++) {
            slots_put(&t->set_slots, t->set[i].hash, i);
        }
    }
    if (n > 0) {
        memcpy(t->pair + t->n_pair, t->scratch, (size_t)n * sizeof *t->pair);
    }
    t->set[t->n_set] = (struct set){hash, t->n_pair, n};
    t->n_pair += n;
    slots_put(&t->set_slots, hash, t->n_set);
    return t->n_set++;
}

static bool set_equals(const struct label_table *t, rs_labels set, int n, const struct pair *pair)
{
    const struct set *s = &t->set[set];

    return s->n == n && (n == 0 || memcmp(t->pair + s->first, pair, (size_t)n * sizeof *pair) == 0);
}

rs_labels rs_labels_intern(struct label_table *t, int n, const struct label *label)
{
    int k = scratch_fill(t, n, label);
    uint64_t hash =
        XXH64(k > 0 ? (const void *)t->scratch : "", (size_t)k * sizeof(struct pair), 1);

    for (uint32_t i = (uint32_t)hash & t->set_slots.mask;; i = (i + 1) & t->set_slots.mask) {
        int32_t s = t->set_slots.at[i];

        if (s < 0) {
            return set_add(t, hash, k);
        }
        if (t->set[s].hash == hash && set_equals(t, s, k, t->scratch)) {
            return s;
        }
    }
}

int rs_label_table_sets(const struct label_table *t)
{
    return t->n_set;
}

int rs_labels_count(const struct label_table *t, rs_labels set)
{
    assert(set >= 0 && set < t->n_set);
    return t->set[set].n;
}

struct label rs_labels_at(const struct label_table *t, rs_labels set, int i)
{
    struct pair p;

    assert(set >= 0 && set < t->n_set && i >= 0 && i < t->set[set].n);
    p = t->pair[t->set[set].first + i];
    return (struct label){t->text[p.name].bytes, t->text[p.value].bytes};
}

const char *rs_labels_get(const struct label_table *t, rs_labels set, const char *name)
{
    for (int i = 0; i < rs_labels_count(t, set); i++) {
        struct label l = rs_labels_at(t, set, i);

        if (strcmp(l.name, name) == 0) {
            return l.value;
        }
    }
    return "";
}

int rs_labels_compare(const struct label_table *t, rs_labels a, rs_labels b)
{
    int n_a = rs_labels_count(t, a), n_b = rs_labels_count(t, b);

    if (a == b) {
        return 0;
    }
    for (int i = 0; i < n_a && i < n_b; i++) {
        struct pair p = t->pair[t->set[a].first + i], q = t->pair[t->set[b].first + i];

        if (p.name != q.name) {
            return strcmp(t->text[p.name].bytes, t->text[q.name].bytes);
        }
        if (p.value != q.value) {
            return strcmp(t->text[p.value].bytes, t->text[q.value].bytes);
        }
    }
    return n_a - n_b;
}

char *rs_labels_format(char *buf, int n, const struct label_table *t, rs_labels set)
{
    const char *metric = rs_labels_get(t, set, RS_METRIC_NAME), *comma = "";
    int used;

    assert(n > 0);
    used = snprintf(buf, (size_t)n, "%s{", metric);
    for (int i = 0; i < rs_labels_count(t, set) && used < n; i++) {
        struct label l = rs_labels_at(t, set, i);

        if (strcmp(l.name, RS_METRIC_NAME) == 0) {
            continue;
        }
        used += snprintf(buf + used, (size_t)(n - used), "%s%s=\"%s\"", comma, l.name, l.value);
        comma = ", ";
    }
    if (used < n) {
        (void)snprintf(buf + used, (size_t)(n - used), "}");
    }
    return buf;
}

bool rs_name_list_has(struct name_list list, const char *name)
{
    for (int i = 0; i < list.n; i++) {
        if (strcmp(list.name[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * The labels of the set for which being in `list` equals `listed`, and __name__ only if `named`
 * lets it.
 */
static rs_labels
project(struct label_table *t, rs_labels set, struct name_list list, bool listed, bool named)
{
    int n = rs_labels_count(t, set), k = 0;

    if (n + 1 > t->cap_label) {
        t->cap_label = n + 16;
        t->label = rs_xrealloc(t->label, (size_t)t->cap_label * sizeof *t->label);
    }
    for (int i = 0; i < n; i++) {
        struct label l = rs_labels_at(t, set, i);

        if (rs_name_list_has(list, l.name) == listed &&
            (named || strcmp(l.name, RS_METRIC_NAME) != 0)) {
            t->label[k++] = l;
        }
    }
    return rs_labels_intern(t, k, t->label);
}

rs_labels rs_labels_keep(struct label_table *t, rs_labels set, struct name_list list)
{
    return project(t, set, list, true, true);
}

rs_labels rs_labels_without(struct label_table *t, rs_labels set, struct name_list list)
{
    return project(t, set, list, false, false);
}

rs_labels rs_labels_remove(struct label_table *t, rs_labels set, struct name_list list)
{
    return project(t, set, list, false, true);
}

rs_labels rs_labels_drop_name(struct label_table *t, rs_labels set)
{
    /* Prometheus >= 3.5 takes the labels that describe the metric away with its name. */
    static const char *const described[] = {"__type__", "__unit__"};

    return project(t, set, (struct name_list){2, described}, false, false);
}

rs_labels rs_labels_with(struct label_table *t, rs_labels set, const char *name, const char *value)
{
    rs_labels rest = project(t, set, (struct name_list){1, &name}, false, true);
    int n = rs_labels_count(t, rest);

    /*
     * project() left room for one label more than `set` has, and `rest` has no more labels than
     * that.
     */
    for (int i = 0; i < n; i++) {
        t->label[i] = rs_labels_at(t, rest, i);
    }
    t->label[n] = (struct label){name, value};
    return rs_labels_intern(t, n + 1, t->label);
}

void rs_label_map_put(struct label_map *m, rs_labels from, int32_t to)
{
    if (from >= m->cap) {
        int cap = 2 * m->cap > from ? 2 * m->cap : from + 32;

        m->to = rs_xrealloc(m->to, (size_t)cap * sizeof *m->to);
        memset(m->to + m->cap, -1, (size_t)(cap - m->cap) * sizeof *m->to);
        m->cap = cap;
    }
    m->to[from] = to;
}

void rs_label_map_clear(struct label_map *m)
{
    free(m->to);
    *m = (struct label_map){0};
}
