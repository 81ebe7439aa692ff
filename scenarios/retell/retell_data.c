/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recorded series as a document wants them: each file read by itself, then its series renamed, picked and put on one clock. */
#include <stdlib.h>
#include <string.h>

#include "../text/file.h"
#include "retell_read.h"
#include "scenarios/series.h"

struct mark rs_retell_at(const struct node *map, const char *key)
{
    const struct node *value = rs_node_get(map, key);
    return value ? value->at : map->at;
}

int rs_retell_time(struct reader *r,
                   const struct recorded *data,
                   struct mark at,
                   const char *key,
                   const char *text,
                   int64_t *out_ms)
{
    bool relative = false, dated = rs_recorded_is_absolute(data->first_ms);
    int64_t ms = 0;
    int status = rs_series_time(&ms, &relative, text);
    if (status == 0 && relative) {
        ms += text[0] == '-' ? data->last_ms : dated ? data->first_ms : 0;
        status = rs_series_time_fits(ms) ? 0 : RS_SERIES_FAR;
    }
    if (status == RS_SERIES_FAR) {
        return rs_err_list_add(r->errors, RS_E_RANGE, at, "\"%s\" is " RS_SERIES_RANGE ", got '%s'",
                               key, text);
    }
    if (status != 0) {
        return rs_err_list_add(r->errors, RS_E_TYPE, at,
                               "\"%s\" must be a date, seconds, or a duration from the first (-1h: "
                               "before the last) sample, got '%s'",
                               key, text);
    }
    if (!relative && rs_recorded_is_absolute(ms) != dated) {
        return rs_err_list_add(
            r->errors, RS_E_RANGE, at,
            dated ? "\"%s\" is in the year 1970 or near it, and the data have dates, got '%s'"
                  : "\"%s\" is a date, and the data have none: say with \"zero\" which instant is "
                    "their time 0, got '%s'",
            key, text);
    }
    *out_ms = ms;
    return 0;
}

/* ---- maps of words ---- */

/* Every value must be a word (or a list of words, if `lists`); `legal` judges the key, `words` the value. */
struct map_rule {
    const char *key, *what;
    bool (*legal)(const char *text);
    bool lists;
    bool (*words)(const char *text);
};

static int refuse(struct reader *r, const struct map_rule *rule, const struct node *node)
{
    char seen[64];
    return rs_err_list_add(r->errors, RS_E_TYPE, node->at, "\"%s\" must be %s, got %s", rule->key,
                           rule->what, rs_node_describe(seen, sizeof(seen), node));
}

static bool is_word(const struct node *node)
{
    return node->kind == RS_NODE_SCALAR && !rs_node_is_null(node);
}

static int check_value(struct reader *r, const struct map_rule *rule, const struct node *value)
{
    int status = 0;
    if (rule->lists && value->kind == RS_NODE_LIST && value->n > 0) {
        for (int i = 0; i < value->n; i++) {
            status |= is_word(value->item[i]) ? 0 : refuse(r, rule, value->item[i]);
        }
        return status;
    }
    return is_word(value) && (!rule->words || rule->words(value->text)) ? 0
                                                                        : refuse(r, rule, value);
}

static int check_map(struct reader *r, const struct map_rule *rule, const struct node *map)
{
    int status = 0;
    if (!map) {
        return 0;
    }
    if (map->kind != RS_NODE_MAP) {
        return refuse(r, rule, map);
    }
    for (int i = 0; i < map->n; i++) {
        const struct pair *pair = &map->pair[i];
        if (rule->legal && !rule->legal(pair->key)) {
            status = rs_err_list_add(r->errors, RS_E_KEY, pair->at,
                                     "\"%s\" is not legal in \"%s\": it must be %s", pair->key,
                                     rule->key, rule->what);
        }
        status |= check_value(r, rule, pair->value);
    }
    return status;
}

static int check_drop(struct reader *r, const struct node *list)
{
    static const struct map_rule rule = {.key = "drop", .what = "a list of labels"};
    int status = 0;
    if (list && list->kind != RS_NODE_LIST) {
        return refuse(r, &rule, list);
    }
    for (int i = 0; list && i < list->n; i++) {
        status |= is_word(list->item[i]) && rs_series_is_label(list->item[i]->text)
                      ? 0
                      : refuse(r, &rule, list->item[i]);
    }
    return status;
}

static const struct map_rule rename_rule = {
    .key = "rename", .what = "a map from names to metric names", .words = rs_series_is_metric};
static const struct map_rule labels_rule = {
    .key = "labels", .what = "a map of labels to words", .legal = rs_series_is_label};
static const struct map_rule keep_rule = {.key = "keep",
                                          .what = "a map of labels to words or lists of words",
                                          .legal = rs_series_is_label,
                                          .lists = true};

int rs_retell_labels_check(struct reader *r, const struct node *labels)
{
    return check_map(r, &labels_rule, labels);
}

static int check_item(struct reader *r, const struct data_draft *d)
{
    int status = check_map(r, &rename_rule, d->rename) | rs_retell_labels_check(r, d->labels) |
                 check_map(r, &keep_rule, d->keep) | check_drop(r, d->drop);
    if (d->heading && !rs_series_is_label(d->heading)) {
        status = rs_err_list_add(r->errors, RS_E_TYPE, rs_retell_at(d->map, "heading"),
                                 "\"heading\" must be the name of a label, got '%s'", d->heading);
    }
    return status;
}

/* ---- series ---- */

static bool matches(const struct node *wanted, const char *value)
{
    if (wanted->kind == RS_NODE_SCALAR) {
        return strcmp(wanted->text, value) == 0;
    }
    for (int i = 0; i < wanted->n; i++) {
        if (strcmp(wanted->item[i]->text, value) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_kept(const struct data_draft *d, const struct label_table *table, rs_labels labels)
{
    for (int i = 0; d->keep && i < d->keep->n; i++) {
        if (!matches(d->keep->pair[i].value, rs_labels_get(table, labels, d->keep->pair[i].key))) {
            return false;
        }
    }
    return true;
}

static int put(struct label *label, int n, const char *name, const char *value)
{
    int i = 0;
    while (i < n && strcmp(label[i].name, name) != 0) {
        i++;
    }
    label[i] = (struct label){name, value};
    return i == n ? n + 1 : n;
}

/* Heading, then renaming, then labels taken away, then labels added. */
static rs_labels labels_of(const struct data_draft *d,
                           const struct label_table *from,
                           struct label_table *to,
                           rs_labels old)
{
    int n_old = rs_labels_count(from, old), n = 0;
    int n_more = 2 + (d->drop ? d->drop->n : 0) + (d->labels ? d->labels->n : 0);
    struct label *label = rs_xcalloc((size_t)(n_old + n_more), sizeof(*label));
    for (int i = 0; i < n_old; i++) {
        label[n++] = rs_labels_at(from, old, i);
    }
    const char *name = rs_labels_get(from, old, "__name__");
    if (d->heading) {
        n = put(label, n, d->heading, name);
        name = d->metric;
    }
    const struct node *renamed = d->rename ? rs_node_get(d->rename, name) : NULL;
    n = put(label, n, "__name__", renamed ? renamed->text : name);
    for (int i = 0; d->drop && i < d->drop->n; i++) {
        n = put(label, n, d->drop->item[i]->text, "");
    }
    for (int i = 0; d->labels && i < d->labels->n; i++) {
        n = put(label, n, d->labels->pair[i].key, d->labels->pair[i].value->text);
    }
    rs_labels out = rs_labels_intern(to, n, label);
    free(label);
    return out;
}

static int zero_of(struct reader *r, const struct data_draft *d, int64_t *out_ms)
{
    bool relative = false;
    *out_ms = 0;
    if (!d->zero) {
        return 0;
    }
    if (!is_word(d->zero) || rs_series_time(out_ms, &relative, d->zero->text) != 0 || relative ||
        !rs_recorded_is_absolute(*out_ms)) {
        char seen[64];
        return rs_err_list_add(r->errors, RS_E_TYPE, d->zero->at,
                               "\"zero\" must be a date, or the seconds of one, got %s",
                               rs_node_describe(seen, sizeof(seen), d->zero));
    }
    return 0;
}

/* A name that nothing in the file has is a mistake: of `rename`, and of `keep` where nothing is left. */
static int check_names(struct reader *r, const struct data_draft *d, const struct recorded *one)
{
    int status = 0;
    const char **name = RS_ARENA_ARRAY(r->arena, const char *, one->n_series);
    for (int i = 0; i < one->n_series; i++) {
        name[i] = rs_labels_get(one->labels, one->series[i].labels, "__name__");
    }
    for (int i = 0; d->rename && i < d->rename->n; i++) {
        const struct pair *pair = &d->rename->pair[i];
        bool found = false;
        for (int k = 0; k < one->n_series && !found; k++) {
            found = strcmp(name[k], pair->key) == 0;
        }
        if (!found) {
            status = rs_refuse_name(r, RS_E_REF, pair->at, pair->key, name, (size_t)one->n_series,
                                    "no series of \"%s\" is called \"%s\"", d->file, pair->key);
        }
    }
    return status;
}

static int add_all(struct reader *r,
                   const struct data_draft *d,
                   const char *path,
                   const struct recorded *one,
                   struct recorded *out)
{
    int64_t zero_ms = 0;
    int n_kept = 0;
    if (zero_of(r, d, &zero_ms) != 0 || check_names(r, d, one) != 0) {
        return -1;
    }
    for (int i = 0; i < one->n_series; i++) {
        const struct recorded_series *s = &one->series[i];
        if (!is_kept(d, one->labels, s->labels)) {
            continue;
        }
        int to = rs_recorded_series(out, labels_of(d, one->labels, out->labels, s->labels));
        out->series[to].type = s->type != RS_TYPE_UNTOLD ? s->type : out->series[to].type;
        for (size_t k = 0; k < s->n; k++) {
            if (!rs_series_time_fits(s->sample[k].t_ms + zero_ms)) {
                return rs_err_list_add(r->errors, RS_E_RANGE, d->zero->at,
                                       "with \"zero\" a sample is " RS_SERIES_RANGE);
            }
            rs_recorded_add(out, to, s->sample[k].t_ms + zero_ms, s->sample[k].v);
        }
        n_kept++;
    }
    if (n_kept == 0) {
        /* Of the command line no place is known but the file itself. */
        struct mark at = d->at.file ? d->at : (struct mark){rs_arena_strdup(r->arena, path), 0, 0};
        return rs_err_list_add(
            r->errors, RS_E_RANGE, d->keep ? d->keep->at : at,
            one->n_series > 0 ? "no series of \"%s\" is left" : "\"%s\" has no series", d->file);
    }
    return 0;
}

int rs_retell_data_one(struct reader *r,
                       const struct data_draft *d,
                       struct recorded *out,
                       struct retell_data_report *report,
                       struct err_list *notes)
{
    if (check_item(r, d) != 0) {
        return -1;
    }
    struct mark at = rs_retell_at(d->map, "file");
    const char *path = rs_file_path(r, d->file, at);
    if (!path || rs_file_check(r->errors, path, at) != 0) {
        return -1;
    }
    const struct series_options opt = {
        .metric = d->metric, .notes = notes, .loose = d->table, .time = d->time};
    struct recorded *one = rs_recorded_new(NULL);
    enum series_format format = RS_SERIES_PROMETHEUS;
    int status = rs_series_read(one, path, &opt, &format, r->errors);
    if (status == 0) {
        rs_recorded_sort(one);
        if (report) {
            *report = (struct retell_data_report){format, one->n_sample, one->report};
        }
        status = add_all(r, d, path, one, out);
    }
    rs_recorded_free(one);
    return status;
}

int rs_retell_data(struct reader *r,
                   const struct retell_draft *d,
                   struct recorded *out,
                   struct err_list *notes)
{
    int status = 0;
    for (int i = 0; i < d->n_data; i++) {
        status |= rs_retell_data_one(r, &d->data[i], out, NULL, notes);
    }
    rs_recorded_sort(out);
    if (status == 0 && out->n_sample == 0) {
        status = rs_err_list_add(r->errors, RS_E_RANGE, d->data[0].at, "the data hold no samples");
    }
    if (status == 0 &&
        rs_recorded_is_absolute(out->first_ms) != rs_recorded_is_absolute(out->last_ms)) {
        status = rs_err_list_add(r->errors, RS_E_RANGE, d->data[0].at,
                                 "some data have dates and some count from 0: \"zero\" puts those "
                                 "on the clock of the others");
    }
    return status;
}
