/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How `tune:` becomes a struct tune_plan. Its tables are read with all others; what its paths mean is looked up once the whole
 * scenario is there (rs_tune_resolve), in the trees of the very texts that were read: a path leads to a target, a target has
 * places, and a place is tried out before it is believed.
 */
#ifndef SCENARIOS_TUNE_READ_H
#define SCENARIOS_TUNE_READ_H

#include "../reader.h"
#include "models/promql_inspect.h"
#include "scenarios/tune.h"

/* ---- as it was written ---- */

struct param_draft {
    const char *name, *path, *ref;
    struct mark at,
        path_at; /* path_at: of the path's first character; line 0: the draft has mistakes */
    const struct node *values, *from, *to, *step, *factor;
};

struct tune_read {
    struct tune_plan plan; /* first: scenario.tune points to it */
    int n_draft;
    const struct param_draft *draft; /* [n_draft] */
    const struct node *keep;         /* NULL = all */
};

extern const struct section rs_section_tune, rs_section_objective, rs_section_tuned_parameter;

/* Fills what is still missing in the plan of r->sc, or adds errors. */
void rs_tune_resolve(struct reader *r);

/* ---- documents ---- */

/* A text with its trees, for places. */
struct tune_doc {
    const char *path, *text;
    size_t n, skip; /* skip: bytes of a byte order mark, which the trees do not count */
    struct line_table lines;
    int n_root;
    const struct node *const *root; /* [n_root] */
    int file;                       /* of the plan; -1 = not there yet */
};

/* Bytes from the text's beginning. */
size_t rs_tune_offset(const struct tune_doc *doc, struct mark at);

/* ---- targets ---- */

enum target_check {
    RS_CHECK_ROW,     /* by a row of a key table */
    RS_CHECK_SERVER,  /* a duration as Prometheus and Alertmanager read it */
    RS_CHECK_LITERAL, /* a literal of an expression */
    RS_CHECK_GUESSED  /* like what stands there now */
};

struct tune_target {
    struct tune_doc *doc;
    const struct node *map;  /* that holds the key, or will; NULL = an item of a list */
    const char *key;         /* "for"; of an item its list's */
    const struct node *node; /* the scalar; NULL = the key is absent */
    const char *today;       /* text in force where the key is absent */
    int literal;             /* enum promql_literal_kind of a part of the scalar; -1 = all of it */
    int k;                   /* which of them, from 1; 0 = all, if they are written alike */
    bool is_promql;          /* else its literals are told by their surroundings */
    enum target_check check;
    struct key row;        /* CHECK_ROW */
    bool is_positive;      /* CHECK_SERVER: 0s is refused */
    const char *what;      /* "threshold of alert PortalSLA" */
    const char *after;     /* key behind which an absent one is put, if it is there */
    int site_kind;         /* enum tune_site_kind, or -1 */
    int file, group, rule; /* RS_SITE_RULE */
    const struct promql *expr;
    const char *site_what;
};

struct tuning {
    struct reader *r;
    struct tune_read *tune;
    const struct param_draft *draft; /* in hand */
    int n_doc, cap_doc;
    struct tune_doc **doc; /* [n_doc] */
};

/* The document of a text that was read; NULL with an error if there is none, or if it cannot be parsed as YAML. */
struct tune_doc *rs_tune_doc(struct tuning *t, const char *path);
/* An error at `rest` inside the path in hand. Always returns -1. */
int rs_tune_refuse(struct tuning *t, const char *rest, enum rs_errc code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* The same with the nearest of the names. Always returns -1. */
int rs_tune_refuse_name(
    struct tuning *t, const char *rest, const char *const *name, int n, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* tune_path.c: where the path in hand leads. 0, or -1 with errors. */
int rs_tune_find(struct tuning *t, struct tune_target *out);
/* tune_rules.c: paths below rules/. */
int rs_tune_find_rule(struct tuning *t, const char *rest, struct tune_target *out);
/*
 * Does the path go on with this name? Returns what follows it, without the "/" between (a "[" stays); NULL if not. Empty names
 * match nothing.
 */
const char *rs_path_after(const char *rest, const char *name);
/* "[3]": sets *out_k and returns what follows without a "/"; NULL if there is no such thing. */
const char *rs_path_index(const char *rest, int *out_k);
/* Is `wanted` this node or one below it? */
bool rs_tune_holds(const struct node *node, const struct node *wanted);
/* The first component, for messages; in the arena. */
const char *rs_path_word(struct arena *arena, const char *rest);
/* "threshold", "range[2]": 0 with literal and k set; -1 if it is no such word. */
int rs_path_literal(const char *rest, int *out_literal, int *out_k);
/* "threshold", "number", ..., by enum promql_literal_kind */
extern const char *const rs_literal_words[RS_LITERAL_N];

/* ---- values ---- */

struct value_list {
    enum tune_type type;
    int n, today;
    struct tune_value *value; /* [n] */
};
/* tune_values.c: what the declaration in hand lists, with today's. 0, or -1 with errors. */
int rs_tune_values(struct tuning *t,
                   const struct tune_target *target,
                   const char *today,
                   struct value_list *out);
/* A single value against the target: 0, or -1 with an error at node->at. */
int rs_tune_check_value(struct tuning *t,
                        const struct tune_target *target,
                        const struct node *node);
/* Text to a number of the type: ns, 0..1; NaN for words. -1 if it is no such thing. */
int rs_tune_number(enum tune_type type, const char *text, double *out);

/* ---- places ---- */

/* Literals of the target's scalar, of its kind: in *out (arena), their number; -1 with an error. */
int rs_tune_literals(struct tuning *t,
                     const struct tune_target *target,
                     struct promql_literal **out);
/* Those of a text that is no expression of PromQL: numbers beside a comparison, ranges in brackets, numbers elsewhere. */
int rs_text_literals(const char *text, struct promql_literal *out, int cap);

struct text_part {
    int from, until; /* bytes of a scalar's text */
};
struct target_places {
    const char *today;
    int n;
    struct tune_place *place; /* [n] file is not set */
    struct text_part *part;   /* [n] the same in the scalar's text; NULL for an absent key */
};
/* Where the target's values stand, or will. 0, or -1 with an error. */
int rs_tune_places(struct tuning *t, const struct tune_target *target, struct target_places *out);
/* Tries place i out: with the value in it the trees differ there and nowhere else. 0, or -1 with an error. */
int rs_tune_try(struct tuning *t,
                const struct tune_target *target,
                const struct target_places *places,
                int i,
                const char *value);
/* tune_align.c: offset in the document of every byte of the scalar's text, [strlen + 1]; NULL where that cannot be told. */
const size_t *
rs_tune_align(struct arena *arena, const struct tune_doc *doc, const struct node *scalar);
/* Behind the last character of a value, however deep it goes; blanks in front of it may be the value's own end. */
struct mark rs_tune_last_mark(const struct node *node);
/* Where an absent key goes. 0, or -1 with an error. tune_insert.c */
int rs_tune_insert(struct tuning *t, const struct tune_target *target, struct tune_place *out);

#endif
