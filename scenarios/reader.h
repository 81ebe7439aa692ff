/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a document tree by its key tables, and what the readers of single sections share. */
#ifndef SCENARIOS_READER_H
#define SCENARIOS_READER_H

#include "keys.h"

/* No list of the language needs more; what is quadratic in it stays quick. */
enum { RS_LIST_MAX = 1000 };

/* Names of one kind. Not known (a file could not be read, the service in scope is itself wrong): nothing is checked. */
struct name_table {
    const char **name; /* [n] */
    int n;
    bool unknown;
};

/* A PromQL expression that was read, for the checks that need the whole scenario. */
struct expr {
    const struct promql *promql;
    const struct node *node; /* the scalar that it stood in */
    const struct expr *next;
};

struct file_hash; /* file.h */

/* A file that a scenario names, as it was read. */
struct kept_text {
    const char *path, *text;
    size_t n;
};

struct reader {
    struct arena *arena;
    struct err_list *errors;
    const char *file; /* whose nodes are read now */
    const char
        *folder; /* of the scenario; "" = the present one; NULL = no other file may be opened */
    struct file_hash *hash;
    const struct node *root;
    struct scenario *sc;
    struct name_table names[RS_NAME_N];
    bool *assumption_used; /* [names[RS_NAME_ASSUMPTION].n] */
    const struct expr *expr;
    enum promql_dialect dialect; /* of every expression that is read */
    enum am_version am_version;  /* whose Alertmanager file is read */
    int n_service_read;          /* services without a mistake */
    bool null_is_absent;         /* as Prometheus and Alertmanager read their files */
    const struct traffic_override *override;
    int n_override;
    const struct text_override *text; /* [n_text] files that are not read from the disk */
    int n_text;
    struct kept_text *kept; /* [n_kept] the scenario itself and the texts that rs_file_text read */
    int n_kept, cap_kept;
    bool leave_tune; /* a setting of `tune:` is in force, and the scenario has none of its own */
};

/* Reads a map by its section into out. `what` names it in messages. Returns 0, or -1 when it gave errors. */
int rs_read_section(struct reader *r,
                    const struct section *s,
                    const char *what,
                    const struct node *node,
                    void *out);
/* Reads one value of a row to base + row->at. Returns 0 or -1. */
int rs_read_value(struct reader *r, const struct key *key, const struct node *node, void *base);

/* reader_values.c: all types without sections. */
int rs_read_plain(struct reader *r, const struct key *key, const struct node *node, void *base);
/* 0, or -1 with an error where a list is longer than RS_LIST_MAX. */
int rs_read_length(struct reader *r, const char *key, const struct node *list);
/* Adds `"key" must be WHAT, got VALUE`. Always returns -1. */
int rs_read_refuse(struct reader *r,
                   const struct key *key,
                   const struct node *node,
                   const char *must);
/* reader_lists.c: references, conditions, error mixes, lists of durations. */
int rs_read_compound(struct reader *r, const struct key *key, const struct node *node, void *base);

/* Is the text a metric name; a label name (no colon)? */
bool rs_is_metric_name(const char *text);
bool rs_is_label_name(const char *text);

/* names.c */
/* Collects `name` (or another key) of every item of a list; doubled names are errors if `tell`. */
void rs_names_collect(
    struct reader *r, enum name_kind kind, const struct node *list, const char *key, bool tell);
void rs_names_add(struct reader *r, enum name_kind kind, const char *name);
/* Paths and counters of a service, by name, come into scope. */
void rs_names_scope(struct reader *r, const char *service, bool tell);
/* Index of a name; -1 with an error at `at` if it is not there (-1 without one where the names are unknown). */
int rs_names_find(struct reader *r, enum name_kind kind, const char *name, struct mark at);
/* An error with the nearest of the names, if any is near. Always returns -1. */
int rs_refuse_name(struct reader *r,
                   enum rs_errc code,
                   struct mark at,
                   const char *word,
                   const char *const *names,
                   size_t n,
                   const char *fmt,
                   ...) __attribute__((format(printf, 7, 8)));

/* Parses PromQL in a scalar, remembers it for the later checks; NULL with an error added. */
const struct promql *rs_read_promql(struct reader *r, const struct node *node);

/* rule_file.c, am_file.c: with the reader's names, so that a scenario can refer into them. NULL with errors added. */
const struct rule_file *
rs_rule_file_read(struct reader *r, const char *file, const char *text, size_t n);
const struct am_config *
rs_am_config_read(struct reader *r, const char *file, const char *text, size_t n);

/* load.c: the rule files and the Alertmanager file that `monitoring:` of the root names, into r->sc. */
void rs_read_monitoring_files(struct reader *r);

/*
 * load.c: loads with what is set in `how`: errors, overrides, texts, leave_tune. NULL with errors added. A file that is read from
 * the disk may be named on the command line, and so be a pipe or "-".
 */
struct scenario *rs_scenario_load_as(const char *path, const struct reader *how);

/* check.c: what needs the whole scenario: sums, cycles, names nobody uses, metrics nobody exposes. */
void rs_check_scenario(struct reader *r);

/* capacity_read.c: faults that take workers hit what has some. */
void rs_check_capacity(struct reader *r);

/* Grows an array in the arena by one element. */
#define RS_PUSH(arena, array, n, cap, value)                                                       \
    do {                                                                                           \
        if ((n) == (cap)) {                                                                        \
            (cap) = (cap) ? 2 * (cap) : 8;                                                         \
            void *grown_ = rs_arena_alloc((arena), sizeof(*(array)) * (size_t)(cap));              \
            if ((n) > 0) {                                                                         \
                memcpy(grown_, (array), sizeof(*(array)) * (size_t)(n));                           \
            }                                                                                      \
            (array) = grown_;                                                                      \
        }                                                                                          \
        (array)[(n)++] = (value);                                                                  \
    } while (0)

#endif
