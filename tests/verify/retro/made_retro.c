/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "made_retro.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/load.h"
#include "sim/clock.h"

const int64_t made_zero_ns = INT64_C(1759136400) * RS_NS_PER_S;

void made_begin(struct made *m, bool prisma)
{
    memset(m, 0, sizeof(*m));
    m->arena = rs_arena_new();
    m->e = (struct retro_evidence){.arena = m->arena,
                                   .file = "made.yaml",
                                   .name = "made",
                                   .source = m->source,
                                   .mark = m->mark,
                                   .data = rs_recorded_new(NULL),
                                   .evaluation_interval_ns = 30 * RS_NS_PER_S,
                                   .lookback_ns = 300 * RS_NS_PER_S,
                                   .sla_ns = 300 * RS_NS_PER_S,
                                   .confidence = 0.95};
    if (!prisma)
        return;
    struct err_list errors;
    rs_err_list_init(&errors);
    m->e.scenario = rs_scenario_load(RS_SOURCE_DIR "/scenarios/prisma/prisma.yaml", &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(m->e.scenario);
    rs_err_list_clear(&errors);
    const struct monitoring *mon = &m->e.scenario->monitoring;
    m->e.n_rule_file = mon->n_rule_file;
    m->e.rule_file = (const struct rule_file *const *)mon->rule_file;
    m->e.alertmanager = mon->alertmanager;
    m->e.dialect = mon->dialect;
}

void made_end(struct made *m)
{
    rs_retro_free(m->r);
    rs_recorded_free(m->e.data);
    rs_scenario_free(m->e.scenario);
    rs_arena_free(m->arena);
    free(m->source_of);
}

int made_source(struct made *m, const char *name, enum retro_source_kind kind, double accuracy_s)
{
    ck_assert_int_lt(m->e.n_source, MADE_SOURCES);
    m->source[m->e.n_source] = (struct retro_source){.name = name,
                                                     .file = name,
                                                     .kind = kind,
                                                     .service = -1,
                                                     .accuracy_ns = rs_ns_from_s(accuracy_s)};
    return m->e.n_source++;
}

int made_mark(struct made *m, int source, int event, double at_s, double width_s)
{
    ck_assert_int_lt(m->e.n_mark, MADE_MARKS);
    int64_t lo_ns = made_zero_ns + rs_ns_from_s(at_s);
    m->mark[m->e.n_mark] = (struct retro_mark){.event = event,
                                               .source = source,
                                               .written_lo_ns = lo_ns,
                                               .written_hi_ns = lo_ns + rs_ns_from_s(width_s),
                                               .stage = -1,
                                               .flag = -1,
                                               .percent = NAN,
                                               .at = {m->source[source].name, m->e.n_mark + 1, 1}};
    return m->e.n_mark++;
}

/* "name{a=b,c=d}" without quotes. */
static rs_labels labels_of(struct made *m, const char *series)
{
    struct label label[8];
    int n = 0;
    char *text = rs_arena_strdup(m->arena, series);
    char *brace = strchr(text, '{');
    label[n++] = (struct label){"__name__", text};
    if (brace) {
        *brace = '\0';
        for (char *p = brace + 1; *p && *p != '}';) {
            char *equals = strchr(p, '='), *end = equals + strcspn(equals, ",}");
            bool more = *end == ',';
            *equals = *end = '\0';
            label[n++] = (struct label){p, equals + 1};
            p = more ? end + 1 : end;
        }
    }
    return rs_labels_intern(m->e.data->labels, n, label);
}

void made_sample(struct made *m, int source, const char *series, double at_s, double v)
{
    int k = rs_recorded_series(m->e.data, labels_of(m, series));
    if (k >= m->cap_series) {
        m->cap_series = 2 * k + 16;
        m->source_of = rs_xrealloc(m->source_of, sizeof(int) * (size_t)m->cap_series);
    }
    m->source_of[k] = source;
    rs_recorded_add(m->e.data, k, (made_zero_ns + rs_ns_from_s(at_s)) / RS_NS_PER_MS, v);
}

static int rebuild(struct made *m, struct err_list *errors)
{
    int *by_labels = RS_ARENA_ARRAY(m->arena, int, m->e.data->n_series);
    rs_labels *was = RS_ARENA_ARRAY(m->arena, rs_labels, m->e.data->n_series);
    for (int i = 0; i < m->e.data->n_series; i++)
        was[i] = m->e.data->series[i].labels;
    rs_recorded_sort(m->e.data);
    for (int i = 0; i < m->e.data->n_series; i++) {
        for (int k = 0; k < m->e.data->n_series; k++) {
            if (was[k] == m->e.data->series[i].labels)
                by_labels[i] = m->source_of[k];
        }
    }
    m->e.source_of = by_labels;
    struct arena *arena = rs_arena_new();
    m->r = rs_arena_alloc(arena, sizeof(*m->r));
    m->r->arena = arena;
    m->r->evidence = &m->e;
    m->r->rebuilt.offset = RS_ARENA_ARRAY(arena, struct retro_offset, m->e.n_source);
    ck_assert_int_eq(rs_retro_align_series(m->r, errors), 0);
    ck_assert_int_eq(rs_retro_see(m->r, errors), 0);
    return rs_retro_rebuild(m->r, errors);
}

void made_rebuild(struct made *m)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    ck_assert_int_eq(rebuild(m, &errors), 0);
    ck_assert_uint_eq(errors.n, 0);
    rs_err_list_clear(&errors);
}

char *made_refuse(struct made *m)
{
    struct err_list errors;
    char *said = NULL;
    size_t n = 0;
    rs_err_list_init(&errors);
    ck_assert_int_eq(rebuild(m, &errors), -1);
    FILE *to = open_memstream(&said, &n);
    rs_err_list_print(&errors, to);
    fclose(to);
    rs_err_list_clear(&errors);
    return said;
}

double made_s(int64_t t_ns)
{
    if (t_ns == INT64_MIN)
        return -INFINITY;
    return t_ns == RS_NEVER ? INFINITY : (double)(t_ns - made_zero_ns) / 1e9;
}

int made_procedure(const struct made *m, const char *name)
{
    const struct response *plan = &m->e.scenario->response;
    for (int i = 0; i < plan->n_procedure; i++) {
        if (strcmp(plan->procedure[i].name, name) == 0)
            return i;
    }
    ck_abort_msg("no procedure %s", name);
}
