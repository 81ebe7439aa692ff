/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What templates compute with: types as Go names them, truth, printing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "template_private.h"

const char *rs_tvalue_type(const struct trun *x, const struct tvalue *v)
{
    switch (v->kind) {
    case TV_NONE: return "<nil>";
    case TV_BOOL: return "bool";
    case TV_INT: return "int";
    case TV_FLOAT: return "float64";
    case TV_STRING: return "string";
    case TV_HTML: return "template.HTML";
    case TV_MAP: return "map[string]string";
    case TV_ARGS: return "map[string]interface {}";
    case TV_VECTOR: return "template.queryResult";
    case TV_SAMPLE: return "*template.sample";
    case TV_TIME: return "*time.Time";
    case TV_DURATION: return "*time.Duration";
    case TV_ROOT: break;
    }
    return x != NULL && x->t->dialect == RS_PROMQL_2_42
               ? "struct { Labels map[string]string; ExternalLabels map[string]string; "
                 "ExternalURL string; Value float64 }"
               : "struct { Labels map[string]string; ExternalLabels map[string]string; "
                 "ExternalURL string; Value interface {} }";
}

bool rs_tvalue_truth(const struct tvalue *v)
{
    switch (v->kind) {
    case TV_NONE: return false;
    case TV_BOOL: return v->b;
    case TV_INT: return v->i != 0;
    case TV_FLOAT: return v->f != 0.0; /* NaN is true */
    case TV_STRING:
    case TV_HTML: return v->s[0] != '\0';
    case TV_MAP: return v->map->n > 0;
    case TV_ARGS:
    case TV_VECTOR: return v->n > 0;
    case TV_SAMPLE:
    case TV_TIME:
    case TV_DURATION:
    case TV_ROOT: break;
    }
    return true;
}

const char *rs_tmap_get(const struct tmap *m, const char *name)
{
    for (int i = 0; i < m->n; i++) {
        if (strcmp(m->label[i].name, name) == 0) {
            return m->label[i].value;
        }
    }
    return NULL;
}

/* "arg10" comes before "arg2". */
static int compare_args(const void *a, const void *b)
{
    char left[16], right[16];

    (void)snprintf(left, sizeof left, "%d", *(const int *)a);
    (void)snprintf(right, sizeof right, "%d", *(const int *)b);
    return strcmp(left, right);
}

void rs_targs_order(const struct tvalue *v, int *index)
{
    for (int i = 0; i < v->n; i++) {
        index[i] = i;
    }
    if (v->n > 1) {
        qsort(index, (size_t)v->n, sizeof *index, compare_args);
    }
}

/* "Spaces are added between operands when neither is a string." */
void rs_tvalue_sprint(struct text *to, const struct tvalue *v, int n)
{
    for (int i = 0; i < n; i++) {
        if (i > 0 && v[i].kind != TV_STRING && v[i - 1].kind != TV_STRING) {
            rs_text_add(to, " ");
        }
        rs_tvalue_print(to, &v[i]);
    }
}
