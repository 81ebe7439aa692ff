/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A patch in the making. */
#ifndef SCENARIOS_EVIDENCE_PATCH_PRIVATE_H
#define SCENARIOS_EVIDENCE_PATCH_PRIVATE_H

#include "../tune/tune_read.h"

/* Where one text goes. */
struct patch_place {
    const char *path, *text;
    const struct node *node;    /* that it replaces; NULL: put in */
    const struct node *map;     /* that grows by `key`, where node is NULL; */
    const struct node *list;    /* or that grows by an item */
    const struct node *element; /* entry of a list of the scenario in which it lies; NULL = none */
    const char *key;
    struct tune_place at;
};

struct patch {
    struct tuning t;
    struct reader r;
    struct param_draft draft;
    struct tune_doc *doc;
    const struct node *root;
    int n, cap;
    struct patch_place *place; /* [n] */
    int n_measured; /* of them are measured values; behind those comes what is said of the assumptions */
};

/* Adds a text at a path from the root. 0, or -1 with an error. */
int rs_patch_put(struct patch *p, const char *path, const char *text);
/* The same below a map that is at hand; replaces what stands there. 0 or -1. */
int rs_patch_put_key(struct patch *p, const struct node *map, const char *key, const char *text);
/* A text behind the last item of a list. 0 or -1. */
int rs_patch_append(struct patch *p, const struct node *list, const char *text);

/* patch_assumes.c: what becomes of the assumptions. 0 or -1. */
int rs_patch_assumptions(struct patch *p, const char *source);

#endif
