/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A document that says `retro: 1`: the scenario first, then the rules, the tables, and every file that they name. */
#include <stdlib.h>
#include <string.h>

#include "../recording_keys.h"
#include "../text/file.h"
#include "evidence_keys.h"
#include "models/promql_selector.h"
#include "scenarios/load.h"
#include "sim/clock.h"
#include "verify/retell.h"

static size_t count_errors(const struct reader *r)
{
    return r->errors->n + r->errors->n_dropped;
}

static int refuse_type(struct reader *r, const struct node *node, const char *key, const char *must)
{
    char seen[64];
    return rs_err_list_add(r->errors, RS_E_TYPE, node->at, "\"%s\" must be %s, got %s", key, must,
                           rs_node_describe(seen, sizeof(seen), node));
}

/* The node is the path of a file: the path, or NULL with an error. */
static const char *path_of(struct reader *r, const struct node *node, const char *key)
{
    if (node->kind != RS_NODE_SCALAR || rs_node_is_null(node) || node->text[0] == '\0') {
        refuse_type(r, node, key, "the path of a file");
        return NULL;
    }
    return rs_file_path(r, node->text, node->at);
}

/* The list of files under a key; NULL where there is none, or with an error where it is no list. */
static const struct node *list_of(struct reader *r, const struct node *map, const char *key)
{
    const struct node *list = rs_node_get(map, key);
    if (list && list->kind == RS_NODE_LIST && list->n == 0) {
        rs_err_list_add(r->errors, RS_E_TYPE, list->at,
                        "\"%s\" must name one file at least, got an empty list", key);
        return NULL;
    }
    if (list && list->kind != RS_NODE_LIST) {
        refuse_type(r, list, key, "a list of files");
        return NULL;
    }
    return list && rs_read_length(r, key, list) == 0 ? list : NULL;
}

/* ---- before the table: what its expressions need ---- */

static bool version_is_ours(struct reader *r)
{
    const struct node *version = rs_node_get(r->root, "retro");
    if (!version || (version->kind == RS_NODE_SCALAR && strcmp(version->text, "1") == 0)) {
        return true; /* a missing key is told by the table */
    }
    char seen[64];
    rs_err_list_add(r->errors, RS_E_UNSUPPORTED, version->at,
                    "this rollsim reads version 1 of retrospectives, got %s",
                    rs_node_describe(seen, sizeof(seen), version));
    return false;
}

static void read_scenario(struct evidence_reading *g)
{
    const struct node *node = rs_node_get(g->r->root, "scenario");
    const char *path = node ? path_of(g->r, node, "scenario") : NULL;
    if (!path || rs_file_check(g->r->errors, path, node->at) != 0) {
        return;
    }
    struct scenario *sc = rs_scenario_load(path, g->r->errors);
    if (sc) {
        rs_evidence_take_scenario(g, sc);
    }
}

/* ---- monitoring ---- */

static void take_monitoring(struct evidence_reading *g, const struct retro_monitoring_draft *d)
{
    const struct monitoring *m = &g->r->sc->monitoring;
    const struct node *map = rs_node_get(g->r->root, "monitoring");
    struct retro_evidence *e = g->e;
    if (rs_node_get(map, "rules")) {
        e->n_rule_file = m->n_rule_file;
        e->rule_file = (const struct rule_file *const *)m->rule_file;
    }
    e->alertmanager = m->alertmanager ? m->alertmanager : e->alertmanager;
    e->evaluation_interval_ns = d->interval_ns > 0 ? d->interval_ns : e->evaluation_interval_ns;
    e->lookback_ns = d->lookback_ns > 0 ? d->lookback_ns : e->lookback_ns;
    if (e->evaluation_interval_ns % RS_NS_PER_MS != 0 || e->lookback_ns % RS_NS_PER_MS != 0) {
        rs_err_list_add(g->r->errors, RS_E_RANGE, map ? map->at : g->r->root->at,
                        "\"evaluation_interval\" and \"lookback\" must be whole milliseconds");
    }
}

/* ---- sources ---- */

static void read_timeline(struct evidence_reading *g, const struct timeline_source_draft *d)
{
    const struct node *map = d->source.map;
    const struct marks_how how = {.zone = d->zone,
                                  .zone_at = rs_retell_at(map, "zone"),
                                  .episodes = d->is_wide ? &d->episodes : NULL};
    if (!d->events) {
        (void)rs_evidence_marks_file(g, &d->source, RS_SOURCE_TIMELINE, &how);
        return;
    }
    struct source_draft here = d->source;
    here.file = "timeline"; /* what it is called */
    struct marks_reading m;
    int source = rs_evidence_source(g, &here, RS_SOURCE_TIMELINE);
    if (source >= 0) {
        g->e->source[source].file = g->r->file;
    }
    if (source >= 0 && rs_marks_begin(&m, g->r, g->e, source, &how) == 0 &&
        rs_marks_read_events(&m, d->events) == 0) {
        g->e->source[source].format = "timeline";
        rs_marks_finish(&m);
    }
}

static void read_sources(struct evidence_reading *g, const struct retro_draft *d)
{
    for (int i = 0; i < d->n_metrics; i++) {
        (void)rs_evidence_metrics(g, &d->metrics[i]);
    }
    for (int i = 0; i < d->n_log; i++) {
        (void)rs_evidence_log(g, &d->log[i]);
    }
    for (int i = 0; i < d->n_timeline; i++) {
        read_timeline(g, &d->timeline[i]);
    }
    for (int i = 0; i < d->n_annotations; i++) {
        const struct marks_how how = {.tags = d->annotations[i].tags};
        (void)rs_evidence_marks_file(g, &d->annotations[i].source, RS_SOURCE_ANNOTATIONS, &how);
    }
    for (int i = 0; i < d->n_notifications; i++) {
        (void)rs_evidence_marks_file(g, &d->notifications[i].source, RS_SOURCE_NOTIFICATIONS, NULL);
    }
}

/* ---- signals ---- */

static void add_counter(void *ctx, const struct promql_reading *reading)
{
    struct evidence_reading *g = ctx;
    if (reading->metric) {
        RS_PUSH(g->r->arena, g->counter, g->n_counter, g->cap_counter, reading->metric);
    }
}

/* Before metrics are read: what a signal counts is a counter, whatever it is called. */
static void read_counters(struct evidence_reading *g, const struct retro_draft *d)
{
    for (int i = 0; i < d->n_signal; i++) {
        const struct promql *of[2] = {d->signal[i].spec.events, d->signal[i].spec.total};
        for (int k = 0; k < 2; k++) {
            if (of[k]) {
                rs_promql_readings(of[k], add_counter, g);
            }
        }
    }
}

/* What is counted must be a selector: whose series are meant must be plain. */
static void check_selector(struct reader *r, const struct node *map, const char *key)
{
    const struct node *node = rs_node_get(map, key);
    struct promql_selector *s = node ? rs_recording_selector(r, node) : NULL;
    rs_promql_selector_free(s);
}

static void read_signals(struct evidence_reading *g, const struct retro_draft *d)
{
    struct retro_signal_spec *spec =
        RS_ARENA_ARRAY(g->e->arena, struct retro_signal_spec, d->n_signal);
    for (int i = 0; i < d->n_signal; i++) {
        const struct signal_draft *from = &d->signal[i];
        spec[i] = from->spec;
        spec[i].unit = from->spec.unit ? from->spec.unit : "";
        spec[i].kind = from->has_ratio     ? RS_SIGNAL_RATIO
                       : from->spec.events ? RS_SIGNAL_COUNT
                                           : RS_SIGNAL_VALUE;
        const struct node *ratio = rs_node_get(from->map, "ratio");
        check_selector(g->r, ratio, "events");
        check_selector(g->r, ratio, "total");
        check_selector(g->r, from->map, "count");
        for (int k = 0; k < i; k++) {
            if (strcmp(spec[k].name, spec[i].name) == 0) {
                rs_err_list_add(g->r->errors, RS_E_KEY, rs_retell_at(from->map, "name"),
                                "two signals are called \"%s\"", spec[i].name);
            }
        }
    }
    g->e->n_signal_spec = d->n_signal;
    g->e->signal_spec = spec;
}

/* ---- questions ---- */

static void read_rules(struct reader *r, const struct node *map, struct retro_what_if *out)
{
    const struct node *list = list_of(r, map, "rules");
    if (!list) {
        return;
    }
    const struct rule_file **file = RS_ARENA_ARRAY(r->arena, const struct rule_file *, list->n);
    for (int i = 0; i < list->n; i++) {
        size_t n = 0;
        const char *path = path_of(r, list->item[i], "rules");
        const char *text = path ? rs_file_text(r, path, list->item[i]->at, &n) : NULL;
        r->null_is_absent = true;
        const struct rule_file *one = text ? rs_rule_file_read(r, path, text, n) : NULL;
        r->null_is_absent = false;
        if (!one) {
            continue;
        }
        struct rule_file *kept = RS_ARENA_ARRAY(r->arena, struct rule_file, 1);
        *kept = *one;
        kept->path = list->item[i]->text;
        file[out->n_file++] = kept;
    }
    out->file = file;
}

static const struct am_config *
read_alertmanager(struct reader *r, const struct node *map, const char *name)
{
    size_t n = 0;
    struct mark at = rs_retell_at(map, "alertmanager");
    const char *path = rs_file_path(r, name, at);
    const char *text = path ? rs_file_text(r, path, at, &n) : NULL;
    r->null_is_absent = true;
    const struct am_config *am = text ? rs_am_config_read(r, path, text, n) : NULL;
    r->null_is_absent = false;
    return am;
}

static int find_procedure(struct evidence_reading *g, const struct node *map, const char *word)
{
    const struct scenario *sc = g->e->scenario;
    struct mark at = rs_retell_at(map, "procedure");
    if (!sc) {
        return rs_err_list_add(g->r->errors, RS_E_REF, at,
                               "without a \"scenario\" there is no procedure \"%s\"", word);
    }
    const char **name = RS_ARENA_ARRAY(g->r->arena, const char *, sc->response.n_procedure);
    for (int i = 0; i < sc->response.n_procedure; i++) {
        name[i] = sc->response.procedure[i].name;
        if (strcmp(name[i], word) == 0) {
            return i;
        }
    }
    return rs_refuse_name(g->r, RS_E_REF, at, word, name, (size_t)sc->response.n_procedure,
                          "there is no procedure \"%s\"", word);
}

static void read_what_ifs(struct evidence_reading *g, const struct retro_draft *d)
{
    struct retro_what_if *ask = RS_ARENA_ARRAY(g->e->arena, struct retro_what_if, d->n_what_if);
    if (g->e->scenario) {
        g->r->am_version = (enum am_version)g->e->scenario->monitoring.alertmanager_version;
    }
    for (int i = 0; i < d->n_what_if; i++) {
        const struct what_if_draft *from = &d->what_if[i];
        ask[i] = from->what_if;
        ask[i].procedure = from->procedure ? find_procedure(g, from->map, from->procedure) : -1;
        read_rules(g->r, from->map, &ask[i]);
        if (from->alertmanager) {
            ask[i].alertmanager = read_alertmanager(g->r, from->map, from->alertmanager);
        }
        for (int k = 0; k < i; k++) {
            if (strcmp(ask[k].name, ask[i].name) == 0) {
                rs_err_list_add(g->r->errors, RS_E_KEY, rs_retell_at(from->map, "name"),
                                "two questions are called \"%s\"", ask[i].name);
            }
        }
    }
    g->e->n_what_if = d->n_what_if;
    g->e->what_if = ask;
}

/* ---- earlier rollouts ---- */

static void read_earlier(struct evidence_reading *g, const struct retro_draft *d)
{
    const struct node *list = list_of(g->r, g->r->root, "learn_from");
    if (!list || d->is_earlier) {
        return;
    }
    struct retro_evidence **earlier = RS_ARENA_ARRAY(g->e->arena, struct retro_evidence *, list->n);
    g->e->earlier = earlier;
    for (int i = 0; i < list->n; i++) {
        const char *path = path_of(g->r, list->item[i], "learn_from");
        if (!path || rs_file_check(g->r->errors, path, list->item[i]->at) != 0) {
            continue;
        }
        if (strcmp(path, g->r->file) == 0) {
            rs_err_list_add(g->r->errors, RS_E_REF, list->item[i]->at,
                            "\"%s\" cannot learn from itself", list->item[i]->text);
            continue;
        }
        struct retro_evidence *one = rs_evidence_load_earlier(path, g->r->errors);
        if (one) {
            earlier[g->e->n_earlier++] = one;
            rs_file_hash_text(g->r->hash, path, one->sha256, strlen(one->sha256));
        }
    }
}

/* ---- the whole ---- */

void rs_evidence_document(struct evidence_reading *g, struct retro_draft *d)
{
    struct reader *r = g->r;
    if (r->root->kind == RS_NODE_MAP) {
        if (!version_is_ours(r)) {
            return;
        }
        read_scenario(g);
        rs_read_monitoring_files(r);
    }
    size_t n_before = count_errors(r);
    if (rs_read_section(r, &rs_section_retro, "a retrospective", r->root, d) != 0 ||
        count_errors(r) > n_before) {
        return;
    }
    g->e->name = d->name;
    g->e->title = d->title ? d->title : g->e->title;
    g->e->sla_ns = d->sla_ns;
    g->e->confidence = d->confidence;
    take_monitoring(g, &d->monitoring);
    read_counters(g, d);
    read_sources(g, d);
    read_signals(g, d);
    read_what_ifs(g, d);
    read_earlier(g, d);
}

static void read_known(struct evidence_reading *g, const struct retro_draft *d)
{
    if (d->n_known == 0) {
        return;
    }
    if (g->e->data->n_sample == 0) {
        rs_err_list_add(g->r->errors, RS_E_RANGE, rs_retell_at(g->r->root, "known"),
                        "\"known\" faults need metrics in which to find them");
        return;
    }
    const struct retell_draft from = {.n_incident = d->n_known, .incident = d->known};
    struct retell found = {.spec = {.data = g->e->data}};
    if (rs_retell_incidents(g->r, &from, &found) != 0) {
        return;
    }
    struct retro_known *known = RS_ARENA_ARRAY(g->e->arena, struct retro_known, found.n_incident);
    for (int i = 0; i < found.n_incident; i++) {
        const struct retell_incident *in = &found.incident[i];
        known[i] = (struct retro_known){in->name, in->from_ms * RS_NS_PER_MS,
                                        in->until_ms * RS_NS_PER_MS, in->at};
    }
    g->e->n_known = found.n_incident;
    g->e->known = known;
}

static void find_clock(struct evidence_reading *g, const struct retro_draft *d)
{
    struct retro_evidence *e = g->e;
    const char **name = RS_ARENA_ARRAY(g->r->arena, const char *, e->n_source);
    for (int i = 0; d->clock && i < e->n_source; i++) {
        name[i] = e->source[i].name;
        if (strcmp(name[i], d->clock) == 0) {
            e->reference = i;
            return;
        }
    }
    if (d->clock) {
        rs_refuse_name(g->r, RS_E_REF, rs_retell_at(g->r->root, "clock"), d->clock, name,
                       (size_t)e->n_source, "there is no source \"%s\"", d->clock);
    }
}

void rs_evidence_document_end(struct evidence_reading *g, const struct retro_draft *d)
{
    find_clock(g, d);
    read_known(g, d);
}
