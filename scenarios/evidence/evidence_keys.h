/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of evidence: timelines, and documents that say `retro: 1`. What the tables leave to be read by others is a node. */
#ifndef SCENARIOS_EVIDENCE_KEYS_H
#define SCENARIOS_EVIDENCE_KEYS_H

#include "evidence_read.h"

extern const struct section rs_section_timeline, rs_section_timeline_event;
extern const struct section rs_section_retro;

struct timeline_source_draft {
    struct source_draft source; /* file NULL: events */
    const char *zone;
    bool is_wide;
    struct episodes_draft episodes;
    const struct node *events;
};

struct marks_source_draft { /* annotations, notifications */
    struct source_draft source;
    const struct node *tags; /* tag -> event */
};

struct signal_draft {
    struct retro_signal_spec spec;
    bool has_ratio;
    const struct node *map;
};

struct what_if_draft {
    struct retro_what_if what_if;
    const char *procedure, *alertmanager;
    const struct node *map;
};

struct retro_monitoring_draft {
    int dialect;
    int64_t interval_ns, lookback_ns;
};

struct retro_draft {
    bool is_earlier; /* another one learns from it: its own learn_from is not read */
    const char *name, *title, *scenario, *clock;
    int64_t sla_ns;
    double confidence;
    struct retro_monitoring_draft monitoring;
    int n_metrics, n_log, n_timeline, n_annotations, n_notifications, n_signal, n_known, n_what_if;
    const struct metrics_draft *metrics;
    const struct log_draft *log;
    const struct timeline_source_draft *timeline;
    const struct marks_source_draft *annotations, *notifications;
    const struct signal_draft *signal;
    const struct incident_draft *known;
    const struct what_if_draft *what_if;
};

#endif
