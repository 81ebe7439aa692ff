/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

struct replicas { /* of one setting in one stratum */
    uint32_t n, cap;
    uint32_t *row;
};

struct stratum {
    uint32_t n_row, cap_row;
    double *row;
    uint64_t replica;   /* that the last row is of */
    uint32_t first_row; /* the first one of that replica */
};

struct store {
    int n_stratum, n_sample;
    uint64_t first;
    uint32_t n_setting, cap_setting;
    struct replicas *replicas; /* [n_setting * n_stratum] */
    struct stratum *stratum;
};

struct store *rs_store_new(int n_stratum, int n_sample, uint64_t first)
{
    struct store *s = rs_xcalloc(1, sizeof *s);
    *s = (struct store){.n_stratum = n_stratum, .n_sample = n_sample, .first = first};
    s->stratum = rs_xcalloc((size_t)n_stratum + 1, sizeof *s->stratum);
    return s;
}

void rs_store_free(struct store *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < (size_t)s->n_setting * (size_t)s->n_stratum; i++)
        free(s->replicas[i].row);
    for (int i = 0; i < s->n_stratum; i++)
        free(s->stratum[i].row);
    free(s->replicas);
    free(s->stratum);
    free(s);
}

uint32_t rs_store_add_setting(struct store *s)
{
    size_t n = (size_t)s->n_stratum;
    if (s->n_setting == s->cap_setting) {
        s->cap_setting = s->cap_setting ? 2 * s->cap_setting : 64;
        s->replicas = rs_xrealloc(s->replicas, s->cap_setting * (n + 1) * sizeof *s->replicas);
    }
    for (size_t i = 0; i < n; i++)
        s->replicas[s->n_setting * n + i] = (struct replicas){0};
    return s->n_setting++;
}

uint32_t rs_store_n_setting(const struct store *s)
{
    return s->n_setting;
}

/* Rows that differ in a bit only because one history is another's twin are looked for among the last ones of the replica. */
enum { LOOK_BACK = 256 };

static uint32_t row_of(struct store *s, struct stratum *t, uint64_t replica, const double *row)
{
    size_t n = (size_t)s->n_sample, n_byte = n * sizeof *row;
    if (replica != t->replica || t->n_row == 0) {
        t->replica = replica;
        t->first_row = t->n_row;
    }
    uint32_t from = t->n_row - t->first_row > LOOK_BACK ? t->n_row - LOOK_BACK : t->first_row;
    for (uint32_t i = from; i < t->n_row; i++) {
        if (memcmp(&t->row[i * n], row, n_byte) == 0)
            return i;
    }
    if (t->n_row == t->cap_row) {
        t->cap_row = t->cap_row ? 2 * t->cap_row : 256;
        t->row = rs_xrealloc(t->row, t->cap_row * (n + 1) * sizeof *t->row);
    }
    memcpy(&t->row[t->n_row * n], row, n_byte);
    return t->n_row++;
}

void rs_store_put(struct store *s,
                  int stratum,
                  uint64_t replica,
                  uint32_t n,
                  const uint32_t *setting /* [n] */,
                  const double *row /* [n_sample] */)
{
    assert(stratum >= 0 && stratum < s->n_stratum && replica >= s->first);
    uint32_t id = row_of(s, &s->stratum[stratum], replica, row);
    for (uint32_t i = 0; i < n; i++) {
        struct replicas *r = &s->replicas[setting[i] * (size_t)s->n_stratum + (size_t)stratum];
        if (r->n != replica - s->first)
            continue;
        if (r->n == r->cap) {
            r->cap = r->cap ? 2 * r->cap : 64;
            r->row = rs_xrealloc(r->row, r->cap * sizeof *r->row);
        }
        r->row[r->n++] = id;
    }
}

static const struct replicas *replicas_of(const struct store *s, int stratum, uint32_t setting)
{
    assert(setting < s->n_setting && stratum >= 0 && stratum < s->n_stratum);
    return &s->replicas[setting * (size_t)s->n_stratum + (size_t)stratum];
}

uint64_t rs_store_n(const struct store *s, int stratum, uint32_t setting)
{
    return replicas_of(s, stratum, setting)->n;
}

const uint32_t *rs_store_rows(const struct store *s, int stratum, uint32_t setting)
{
    return replicas_of(s, stratum, setting)->row;
}

const double *rs_store_row(const struct store *s, int stratum, uint32_t row)
{
    return &s->stratum[stratum].row[row * (size_t)s->n_sample];
}

uint64_t rs_store_first(const struct store *s)
{
    return s->first;
}
