/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to lanes*.c: the lanes of a simulator. */
#ifndef MODELS_LOOP_LANES_H
#define MODELS_LOOP_LANES_H

#include "models/promql_variants.h"
#include "simulator.h"

struct site {
    struct simulator *sim;
    int number;
    const struct lane_site *plan;
    struct rule_runner *runner; /* RULE */
    struct promql_variants
        *exprs; /* CONDITION; made by the first condition that is this expression */
    bool *expr_true, *expr_used, *expr_scalar; /* [count of exprs] */
    bool *used;                                /* [n_variant] by a lane of the history */
    int *class_of;                             /* [n_variant] CONDITION */
    uint16_t *reach_of;                        /* [n_variant] which look at the same series alike */
    int n_reach;
    int *reach_like; /* [n_reach] a variant of each */
};

struct reach; /* lanes_reach.c */

struct lanes {
    struct site *site;            /* [n_site] */
    struct rule_variants *varied; /* [n_site] of the group that is being made */
    struct reach *reach;
    struct lanes_options now;
    uint32_t *lane, n; /* [n] of which the history is, rising; room for cap */
    uint32_t *sorted;  /* by classes */
    uint32_t *end;     /* by class: where it ends in sorted; room for cap_name, as for name */
    uint32_t *class;   /* by lane: what it is called, then which it is */
    uint32_t *name;    /* by what a class is called: its number by first lanes */
    uint32_t cap, cap_name;
};

/* The variant of a lane at a site. */
static inline int rs_lane_variant(const struct lanes *l, uint32_t lane, const struct site *s)
{
    size_t n_site = (size_t)s->sim->lane_plan->n_site;
    return l->now.variant[lane * n_site + (size_t)s->number];
}

/*
 * lanes_reach.c. What a simulator draws singly depends on what is looked at and how far back (models/system/scrape.c). So lanes
 * that look at different things part before anything has happened.
 */
struct reach *rs_reach_new(struct simulator *sim);
void rs_reach_free(struct reach *r); /* NULL ok */
/* The plan is made. */
void rs_reach_ready(struct simulator *sim);
/* Calls the lanes by what they look at (l->class); returns how many names there are. */
uint32_t rs_reach_classes(struct simulator *sim);
/* The lanes that are left look at the same: so far back as they need, the series are kept. */
void rs_reach_keep(struct simulator *sim);

#endif
