/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the run was: names, thresholds, meta. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read_query.h"

static int read_meta(struct record *r, struct err *err)
{
    const struct {
        const char *key;
        char *to;
        size_t n;
    } texts[] = {
        {"scenario_name", r->scenario, sizeof r->scenario},
        {"scenario_title", r->title, sizeof r->title},
        {"rollsim_version", r->version, sizeof r->version},
        {"starts_at", r->starts_at, sizeof r->starts_at},
        {"seed", r->seed, sizeof r->seed},
    };
    int status = 0;
    struct query *q = rs_query_new(r, err, "SELECT key, value FROM meta", "");
    while (rs_query_next(r, q, &status, err)) {
        char key[64];
        rs_query_text(key, sizeof key, q, 0);
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
            if (strcmp(key, texts[i].key) == 0)
                rs_query_text(texts[i].to, texts[i].n, q, 1);
        }
        if (strcmp(key, "confidence") == 0)
            r->confidence = rs_query_real(q, 1);
        if (strcmp(key, "n_replica") == 0)
            r->n_replica = rs_query_int(q, 1);
    }
    rs_query_free(q);
    if (!(r->confidence > 0 && r->confidence < 1))
        r->confidence = 0.95;
    return status;
}

/* sql gives id, name, title, initially_on, service. */
static int read_named(struct record *r, struct named_list *out, const char *sql, struct err *err)
{
    int status = 0;
    struct query *q = rs_query_new(r, err, sql, "");
    while (rs_query_next(r, q, &status, err)) {
        out->at = rs_grown(out->at, out->n, sizeof *out->at);
        struct named *x = &out->at[out->n++];
        x->id = (int)rs_query_int(q, 0);
        rs_query_text(x->name, sizeof x->name, q, 1);
        rs_query_text(x->title, sizeof x->title, q, 2);
        x->initially_on = (int)rs_query_int(q, 3) != 0;
        x->service = rs_query_null(q, 4) ? -1 : (int)rs_query_int(q, 4);
    }
    rs_query_free(q);
    return status;
}

static int read_thresholds(struct record *r, struct err *err)
{
    int status = 0;
    struct query *q =
        rs_query_new(r, err,
                     "SELECT name, source, coalesce(service, -1), expr, value, unit FROM "
                     "threshold ORDER BY service, value, name, source",
                     "");
    while (rs_query_next(r, q, &status, err)) {
        r->threshold = rs_grown(r->threshold, r->n_threshold, sizeof *r->threshold);
        struct threshold *t = &r->threshold[r->n_threshold++];
        rs_query_text(t->name, sizeof t->name, q, 0);
        rs_query_text(t->source, sizeof t->source, q, 1);
        t->service = (int)rs_query_int(q, 2);
        rs_query_text(t->expr, sizeof t->expr, q, 3);
        t->value = rs_query_real(q, 4);
        rs_query_text(t->unit, sizeof t->unit, q, 5);
    }
    rs_query_free(q);
    return status;
}

int rs_read_info(struct record *r, struct err *err)
{
    if (read_meta(r, err) ||
        read_named(r, &r->stage, "SELECT stage, name, title, 0, NULL FROM stage ORDER BY 1", err) ||
        read_named(r, &r->flag, "SELECT flag, name, NULL, initially_on, NULL FROM flag ORDER BY 1",
                   err) ||
        read_named(r, &r->service, "SELECT service, name, NULL, 0, NULL FROM service ORDER BY 1",
                   err) ||
        read_named(r, &r->fault, "SELECT fault, name, title, 0, service FROM fault ORDER BY 1",
                   err))
        return -1;
    return read_thresholds(r, err);
}

const struct named *rs_named_find(const struct named_list *list, int id)
{
    for (int i = 0; i < list->n; i++) {
        if (list->at[i].id == id)
            return &list->at[i];
    }
    return NULL;
}
