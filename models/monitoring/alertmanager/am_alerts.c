/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The alerts that Alertmanager knows. Source: provider/mem/mem.go and alert/alert.go of Alertmanager 0.33. */
#include "am_private.h"

#include <stdlib.h>

#include "sim/arena.h"
#include "sim/clock.h"

/* Resolved alerts are forgotten so often (alerts.gc-interval). */
#define ALERT_SWEEP_NS (30 * 60 * RS_NS_PER_S)

void rs_am_alerts_init(struct am_alerts *a,
                       const struct am_config *config,
                       const struct am_settings *settings,
                       struct label_table *labels)
{
    *a = (struct am_alerts){
        .settings = settings, .resolve_timeout_ns = config->resolve_timeout_ns, .labels = labels};
    rs_am_tree_init(&a->tree, config, settings, labels);
    a->class_of = rs_xcalloc((size_t)config->n_inhibit + 1, sizeof *a->class_of);
}

void rs_am_alerts_clear(struct am_alerts *a)
{
    for (int i = 0; i < a->tree.n_inhibit; i++) {
        rs_label_map_clear(&a->class_of[i]);
    }
    free(a->class_of);
    free(a->representative);
    free(a->silenced);
    free(a->side);
    free(a->dest);
    rs_label_map_clear(&a->by_labels);
    free(a->known);
    rs_am_tree_clear(&a->tree);
}

void rs_am_alerts_reset(struct am_alerts *a)
{
    for (int i = 0; i < a->n; i++) {
        a->known[i].told = false;
    }
    for (int i = 0; i < a->n_class; i++) {
        a->representative[i] = -1;
    }
}

static int class_of(struct am_alerts *a, int rule, rs_labels labels)
{
    const struct am_inhibit *in = &a->tree.inhibit[rule];
    rs_labels equal = rs_labels_keep(a->labels, labels, (struct name_list){in->n_equal, in->equal});
    int class = rs_label_map_get(&a->class_of[rule], equal);

    if (class >= 0) {
        return class;
    }
    if (a->n_class == a->cap_class) {
        a->cap_class = a->cap_class ? 2 * a->cap_class : 8;
        a->representative =
            rs_xrealloc(a->representative, (size_t)a->cap_class * sizeof *a->representative);
    }
    a->representative[a->n_class] = -1;
    rs_label_map_put(&a->class_of[rule], equal, a->n_class);
    return a->n_class++;
}

/* What follows from the labels alone. */
static void learn(struct am_alerts *a, int known)
{
    const struct am_tree *tree = &a->tree;
    rs_labels labels = a->known[known].labels;

    for (int i = 0; i < tree->n_inhibit; i++) {
        a->side[known * tree->n_inhibit + i] = (struct side){
            rs_am_matches(a->labels, &tree->source[i], labels),
            rs_am_matches(a->labels, &tree->target[i], labels), class_of(a, i, labels)};
    }
    for (int i = 0; i < tree->n_silence; i++) {
        a->silenced[known * tree->n_silence + i] =
            rs_am_matches(a->labels, &tree->silence[i], labels);
    }
}

int rs_am_alerts_find(struct am_alerts *a, rs_labels labels, bool *is_new)
{
    int i = rs_label_map_get(&a->by_labels, labels);

    *is_new = i < 0;
    if (i >= 0) {
        return i;
    }
    if (a->n == a->cap) {
        size_t cap;

        a->cap = a->cap ? 2 * a->cap : 8;
        cap = (size_t)a->cap;
        a->known = rs_xrealloc(a->known, cap * sizeof *a->known);
        a->side = rs_xrealloc(a->side, (cap * (size_t)a->tree.n_inhibit + 1) * sizeof *a->side);
        a->silenced =
            rs_xrealloc(a->silenced, (cap * (size_t)a->tree.n_silence + 1) * sizeof *a->silenced);
    }
    a->known[a->n] = (struct known){.labels = labels, .dest = a->n_dest};
    rs_label_map_put(&a->by_labels, labels, a->n);
    learn(a, a->n);
    return a->n++;
}

void rs_am_alerts_add_dest(struct am_alerts *a, int known, int group)
{
    if (a->n_dest == a->cap_dest) {
        a->cap_dest = a->cap_dest ? 2 * a->cap_dest : 16;
        a->dest = rs_xrealloc(a->dest, (size_t)a->cap_dest * sizeof *a->dest);
    }
    a->dest[a->n_dest++] = group;
    a->known[known].n_dest++;
}

int64_t rs_am_last_sweep(const struct am_settings *settings, int64_t now_ns, int64_t every_ns)
{
    return now_ns - (now_ns - settings->started_ns) % every_ns;
}

/*
 * Overlapping reports are one alert with the earliest start. Of two ends the newer report's counts, but a later one wins that
 * Prometheus itself had named, and of two resolved reports the later.
 */
static struct known merge(const struct known *old, struct known told, int64_t now_ns)
{
    bool ends_inside = told.ends_ns > old->starts_ns && told.ends_ns < old->ends_ns;
    bool starts_inside = told.starts_ns > old->starts_ns && told.starts_ns < old->ends_ns;

    if (!ends_inside && !starts_inside) {
        return told;
    }
    if (old->starts_ns < told.starts_ns) {
        told.starts_ns = old->starts_ns;
    }
    if (old->ends_ns > told.ends_ns &&
        (rs_am_is_resolved(&told, now_ns) ? rs_am_is_resolved(old, now_ns) : !old->timeout)) {
        told.ends_ns = old->ends_ns;
    }
    return told;
}

void rs_am_alerts_report(struct am_alerts *a, int known, int64_t now_ns, struct known told)
{
    struct known *k = &a->known[known];
    bool forgotten =
        !k->told || k->ends_ns <= rs_am_last_sweep(a->settings, now_ns, ALERT_SWEEP_NS);

    if (!forgotten) {
        told = merge(k, told, now_ns);
    }
    k->told = true;
    k->timeout = told.timeout;
    k->starts_ns = told.starts_ns;
    k->ends_ns = told.ends_ns;
    k->n_post++;
    rs_am_source_told(a, known);
}
