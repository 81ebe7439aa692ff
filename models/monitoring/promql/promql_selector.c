/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/promql_selector.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "promql_ast.h"
#include "sim/arena.h"

struct promql_selector {
    int n;
    struct matcher_text *text;     /* [n] */
    struct ready_matcher *matcher; /* [n] */
};

/* In the order of enum match_op. */
static const char *const op_text[] = {"=", "!=", "=~", "!~"};

static struct promql_selector *make(int cap)
{
    struct promql_selector *s = rs_xcalloc(1, sizeof *s);
    s->text = rs_xcalloc((size_t)cap + 1, sizeof *s->text);
    s->matcher = rs_xcalloc((size_t)cap + 1, sizeof *s->matcher);
    return s;
}

static void add(struct promql_selector *s,
                enum promql_dialect dialect,
                const char *label,
                const char *value,
                enum match_op op)
{
    s->text[s->n] = (struct matcher_text){label, op_text[op], value};
    rs_matcher_init_as(&s->matcher[s->n++], rs_promql_regex(dialect), label, value, op);
}

struct promql_selector *rs_promql_selector_of(const struct promql_reading *r,
                                              enum promql_dialect dialect)
{
    const struct node *n = r->node;
    struct promql_selector *s = make(n->u.sel.n_matcher + 1);
    if (n->u.sel.name)
        add(s, dialect, RS_METRIC_NAME, n->u.sel.name, RS_MATCH_EQ);
    for (int i = 0; i < n->u.sel.n_matcher; i++) {
        const struct pql_matcher *m = &n->u.sel.matcher[i];
        add(s, dialect, m->name, m->value, m->op);
    }
    return s;
}

struct promql_selector *rs_promql_selector_new(const char *metric,
                                               const struct matcher_text *matcher,
                                               int n,
                                               enum promql_dialect dialect)
{
    struct promql_selector *s = make(n + 1);
    if (metric)
        add(s, dialect, RS_METRIC_NAME, metric, RS_MATCH_EQ);
    for (int i = 0; i < n; i++) {
        int op = 0;
        while (op < 4 && strcmp(matcher[i].op, op_text[op]) != 0)
            op++;
        assert(op < 4);
        add(s, dialect, matcher[i].label, matcher[i].value, (enum match_op)op);
    }
    return s;
}

void rs_promql_selector_free(struct promql_selector *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->n; i++)
        rs_matcher_clear(&s->matcher[i]);
    free(s->matcher);
    free(s->text);
    free(s);
}

bool rs_promql_selector_takes(const struct promql_selector *s,
                              const struct label_table *labels,
                              rs_labels set,
                              const char *but)
{
    for (int i = 0; i < s->n; i++) {
        const char *name = s->text[i].label;
        if (but && strcmp(name, but) == 0)
            continue;
        if (!rs_matcher_matches(&s->matcher[i], rs_labels_get(labels, set, name)))
            return false;
    }
    return true;
}

bool rs_promql_selector_allows(const struct promql_selector *s,
                               const char *label,
                               const char *value)
{
    for (int i = 0; i < s->n; i++) {
        if (strcmp(s->text[i].label, label) == 0 && !rs_matcher_matches(&s->matcher[i], value))
            return false;
    }
    return true;
}

int rs_promql_selector_count(const struct promql_selector *s)
{
    return s->n;
}

struct matcher_text rs_promql_selector_matcher(const struct promql_selector *s, int i)
{
    assert(i >= 0 && i < s->n);
    return s->text[i];
}
