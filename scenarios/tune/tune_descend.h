/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef SCENARIOS_TUNE_DESCEND_H
#define SCENARIOS_TUNE_DESCEND_H

#include "tune_read.h"

struct descent {
    struct tuning *t;
    const char *rest;
    const struct section *section; /* of the map in hand; NULL = not known */
    const struct key *row;         /* of the value in hand; NULL = not known */
    const char *owner;             /* what the rest is looked for in: "\"stages\"" */
    const char *key;               /* of the map or list in hand */
    const char *item;              /* the last entry of a list on the way: "stage-1", "routes[2]" */
};

/* To the target's map, key and scalar, and what of it is meant. 0, or -1 with an error. */
int rs_path_descend(struct descent *d, const struct node *node, struct tune_target *out);
/* The item of a list that the path names, with the rest moved on; NULL with an error. */
const struct node *rs_path_step_item(struct descent *d, const struct node *list);
/* There is no such key, in a map. Always returns -1. */
int rs_path_refuse_key(struct descent *d, const struct node *map);

#endif
