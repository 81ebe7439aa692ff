/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Canary judges: the keys of `runbook: judges:` (judge_read.c), what the readers of their own files share (judge_manifest.c), and
 * one reader a kind. The files are those that the tools read themselves; what of them has no effect here becomes a note.
 */
#ifndef SCENARIOS_JUDGE_READ_H
#define SCENARIOS_JUDGE_READ_H

#include "../reader.h"
#include "models/judge.h"
#include "models/judge_growthbook.h"

struct kayenta_keys { /* which of them are given, the map tells */
    const char *request;
    double pass, marginal;
    int64_t lifetime_ns, interval_ns, lookback_ns, begin_after_ns, step_ns;
};

struct growthbook_metric_keys {
    struct growthbook_metric metric;
    int type; /* 1: mean */
    const char *unused_text;
};

struct growthbook_keys {
    const struct promql *users[RS_SIDE_N];
    const char *unused_text;
    int n_metric;
    const struct growthbook_metric_keys *metric; /* [n_metric] */
    double split, alpha, tuning, srm;
    bool two_sided;
    int health;
    int64_t update_ns, grace_ns;
    uint64_t min_users;
};

/* Keys of a judge that only its kind's reader needs. */
struct judge_keys {
    int64_t query_time_ns; /* argo */
    struct kayenta_keys kayenta;
    struct growthbook_keys growthbook;
};

/* What a kind's reader gets: the judge as the scenario has it, and the text of its file. */
struct judge_source {
    struct reader *r;       /* its `file` is the judge's file: errors and nodes are placed there */
    const struct node *map; /* of the scenario: for keys of RS_V_OWN (args, queries) */
    const struct judge_keys *keys;
    const char *path, *text; /* as opened; NUL behind */
    size_t n;
    int n_note, cap_note;
    struct note *note;
};

/*
 * Reads the file to out->spec, in the arena of the reader. What is wrong is added to its errors; out is looked at only when
 * there was nothing.
 */
typedef void (*judge_file_reader)(struct judge_source *s, struct judge *out);

void rs_judge_read_argo(struct judge_source *s, struct judge *out);
void rs_judge_read_flagger(struct judge_source *s, struct judge *out);
void rs_judge_read_kayenta(struct judge_source *s, struct judge *out);
void rs_judge_read_growthbook(struct judge_source *s, struct judge *out);

extern const struct section rs_section_judge_kayenta, rs_section_judge_growthbook;

/* ---- judge_manifest.c ---- */

void rs_judge_note(struct judge_source *s, struct mark at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* All documents of the file. -1 with errors added; an empty file is an error too. */
int rs_judge_documents(struct judge_source *s, const struct node *const **out);
/* The text of a scalar under a key; NULL if there is none or it is no scalar. */
const char *rs_judge_text(const struct node *map, const char *key);
/*
 * A whole number of at least `min` under a key, which may be quoted. Untouched where the key is absent; -1 with an error where it
 * is no such thing.
 */
int rs_judge_whole(
    struct judge_source *s, const struct node *map, const char *key, int64_t min, int64_t *out);
/* A document's `kind`, "" if it has none; its metadata's name likewise. */
const char *rs_judge_document_kind(const struct node *root);
const char *rs_judge_document_name(const struct node *root);
/* Notes that the keys, blank-separated, are given and have no effect. */
void rs_judge_note_ignored(struct judge_source *s, const struct node *map, const char *keys);

/* What stands for a word between {{ and }} (trimmed). NULL with an error added. */
typedef const char *(*judge_lookup)(struct judge_source *s,
                                    void *ctx,
                                    const char *word,
                                    struct mark at);
/* The text with all of them put in; the text itself if it has none. NULL with an error added. */
const char *rs_judge_put_in(
    struct judge_source *s, const char *text, struct mark at, judge_lookup lookup, void *ctx);
/* The tree with all of them put into its scalars; scalars that have none are shared. NULL with errors added. */
const struct node *rs_judge_put_in_all(struct judge_source *s,
                                       const struct node *node,
                                       judge_lookup lookup,
                                       void *ctx);

/* The value of a name in a map of names to texts of the scenario's judge (`args`); NULL if it is not there. */
const char *rs_judge_named(const struct judge_source *s, const char *key, const char *name);

#endif
