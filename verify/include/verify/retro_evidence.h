/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was recorded of a rollout, and what people wrote down: sources, each with a clock of its own, marks, and series.
 * Filled by scenarios/evidence, read-only for the parts of verify/retro.
 *
 * Instants are Unix nanoseconds, or nanoseconds since the evidence's own zero where no source has dates. What is written is
 * an interval: "13:42" is the minute, from 13:42:00 up to 13:43:00; "13:42:07Z" is the second. A source's `accuracy_ns` widens
 * all its marks on both sides. `written` times are on the source's clock: offset = source's clock - reference clock, and an
 * instant is what is written, minus the offset. The reference is the first source of metrics, else the first source.
 */
#ifndef VERIFY_RETRO_EVIDENCE_H
#define VERIFY_RETRO_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "models/history.h"
#include "models/recorded.h"
#include "models/scenario.h"
#include "sim/arena.h"
#include "sim/err.h"

enum retro_source_kind {
    RS_SOURCE_METRICS,
    RS_SOURCE_LOG,           /* an access log, counted into series */
    RS_SOURCE_TIMELINE,      /* YAML or CSV */
    RS_SOURCE_ANNOTATIONS,   /* Grafana */
    RS_SOURCE_NOTIFICATIONS, /* PagerDuty, Alertmanager */
    RS_SOURCE_KIND_N
};
const char *rs_retro_source_kind_name(enum retro_source_kind k); /* "metrics", "log", ... */

struct retro_source {
    const char *name; /* unique: given, or the file's name */
    const char *file, *format, *sha256;
    enum retro_source_kind kind;
    struct mark at;    /* where it is named */
    bool offset_given; /* by the team; else it is estimated where pairs of marks allow it */
    int64_t offset_ns; /* given */
    int64_t
        accuracy_ns; /* >= 0: so far off what it writes may be, either way; holds for given offsets too */
    int service; /* LOG: whose requests, -1 = no scenario; METRICS: -1 */
    /* What was read. Nothing is dropped without being counted here and told in `note`. */
    uint64_t n_line, n_taken, n_rejected, n_duplicate, n_out_of_order;
    int64_t first_ns, last_ns; /* as written; RS_NEVER = nothing */
};

/* What somebody noted. The marks of the clock (models/history.h) come first, under their numbers. */
enum retro_event {
    RS_EVENT_CHANGED = RS_CLOCK_N, /* the change that is blamed was made: a flag, a deploy */
    RS_EVENT_STAGE_ENTERED,
    RS_EVENT_STAGE_LEFT,
    RS_EVENT_FLAG_SET, /* flag, on, percent */
    RS_EVENT_CHECK_PASSED,
    RS_EVENT_CHECK_FAILED,
    RS_EVENT_GATE_PASSED,
    RS_EVENT_GATE_FAILED,
    RS_EVENT_ACTION_DONE, /* purge, rotation, removal, anything the runbook lists; subject: its words */
    RS_EVENT_HELD,
    RS_EVENT_HALTED,
    RS_EVENT_RESUMED,
    RS_EVENT_ESCALATED,
    RS_EVENT_COMMUNICATED, /* a message was sent */
    RS_EVENT_DOCUMENTED,   /* a ticket, an entry */
    RS_EVENT_CHECKED_OFF,  /* an item of the checklist */
    RS_EVENT_LOOKED,       /* somebody looked at the dashboard */
    RS_EVENT_FINISHED,     /* the rollout is over */
    RS_EVENT_NOTE,         /* anything else */
    RS_EVENT_N
};
/* "stage_entered", ...; of a mark of the clock its name as in rs_clock_name, with "firing" for detected taken too by readers. */
const char *rs_retro_event_name(int event);
/* The event called so, or -1. */
int rs_retro_event(const char *name);

struct retro_mark {
    int event; /* enum clock_mark or enum retro_event */
    int source;
    int64_t written_lo_ns,
        written_hi_ns;   /* lo <= instant < hi on the source's clock, accuracy not yet counted */
    const char *episode; /* a name that binds marks together, or NULL */
    const char *actor, *note; /* NULL = not told */
    const char *
        subject; /* words: alert, procedure, action, channel, gate, checklist item; NULL = not told */
    int stage, flag; /* in the scenario, or -1 */
    bool on;         /* FLAG_SET */
    double percent;  /* FLAG_SET: 0..100; NaN = not told */
    struct mark at;  /* where it stands in its file */
};

/* A series of intervals in which something was counted, or of values; made by verify/retro/signal.c. */
enum retro_signal_kind {
    RS_SIGNAL_RATIO, /* k of n requests */
    RS_SIGNAL_COUNT, /* k events, n = exposure in seconds */
    RS_SIGNAL_VALUE  /* y, with normal noise around its level */
};
struct retro_point {
    int64_t lo_ns,
        hi_ns; /* on the clock of reference: counted in lo < t <= hi; a value is the mean over it, or holds at hi = lo */
    double n, k; /* RATIO, COUNT */
    double y;    /* VALUE */
};
/* Which changes a signal can show. */
enum retro_direction { RS_EITHER_WAY, RS_UPWARDS, RS_DOWNWARDS };
struct retro_signal {
    const char *name; /* "dashboard errors", or as the document says */
    const char *unit; /* "ratio", "1/s", "s", or "" */
    enum retro_signal_kind kind;
    enum retro_direction bad; /* the way that hurts */
    int service;              /* -1 */
    int source;
    size_t n;
    const struct retro_point *point; /* [n] by hi_ns; gaps are gaps */
};

/* A question "what if": what is changed in what happened. */
enum retro_what_if_kind {
    RS_IF_RULES,      /* other rule files, other routes */
    RS_IF_GATE,       /* another gate, read at looks */
    RS_IF_AUTOMATION, /* a machine acts at detection */
    RS_IF_NO_ROLLBACK
};
struct retro_what_if {
    const char *name;
    struct mark at;
    enum retro_what_if_kind kind;
    int n_file;
    const struct rule_file *const *file;  /* RULES */
    const struct am_config *alertmanager; /* RULES: NULL = the scenario's */
    const char *gate_text;                /* GATE */
    const struct promql *gate;
    int procedure;         /* GATE: which it orders; -1 = that of the episode */
    int64_t look_every_ns; /* GATE: > 0 */
    int64_t delay_ns;      /* AUTOMATION: detected -> commanded */
    int64_t until_ns;      /* NO_ROLLBACK: so long after the onset */
};

/* A signal that the document declares. */
struct retro_signal_spec {
    const char *name, *unit;
    struct mark at;
    enum retro_signal_kind kind;
    enum retro_direction bad;
    const char *events_text,
        *total_text;        /* RATIO, COUNT (total NULL): instant selectors of counters */
    const char *value_text; /* VALUE: PromQL, one signal for each series of the answer */
    const struct promql *events, *total, *value;
    int64_t every_ns; /* VALUE: evaluated so often; 0 = at the distance of the samples */
};

/* Known times of faults, where somebody injected them: for the measure of what is found. */
struct retro_known {
    const char *name;
    int64_t from_ns, until_ns; /* on the clock of reference */
    struct mark at;
};

/* A text as YAML takes it between double quotes, in the arena; control characters become blanks. */
const char *rs_retro_quoted(struct arena *arena, const char *text);

/*
 * Texts put at places of the scenario's file, paths as `tune` writes them: whole values, also maps, each a piece of YAML on one
 * line; a key that is not there yet is put in. `source`: where the texts come from, or NULL. An assumption that nothing else
 * rests on any more gets it as its own source and is no placeholder; what else was written assumes a new one, "measured".
 * *out_scenario is the scenario read again, to be freed; *out_text its file's text, *out_diff a unified diff, both heap.
 * Each out may be NULL. 0, or -1 with errors. By scenarios/.
 */
typedef int (*rs_retro_patch)(const struct scenario *sc,
                              int n,
                              const char *const *path,
                              const char *const *text,
                              const char *source,
                              struct scenario **out_scenario,
                              char **out_text,
                              char **out_diff,
                              struct err_list *errors);

struct retro_evidence { /* made by scenarios/evidence, in its arena; free with rs_evidence_close */
    struct arena *arena;
    const char *file, *name, *title; /* the document, or the scenario where there is none */
    const char *text;                /* of the document as read, or NULL */
    const char *sha256;              /* over all that was read, in order */
    struct scenario *scenario;       /* NULL = none: nothing to conform to */
    rs_retro_patch patch;            /* with a scenario: not NULL */
    int n_source;
    struct retro_source *source;
    int reference; /* source whose clock is the clock */
    int n_mark;
    struct retro_mark *mark; /* [n_mark] by source, then as they stand there */
    struct recorded *
        data; /* sorted; of all metrics and logs together, each on its written clock; may be empty */
    const int *source_of; /* [data->n_series] which source each series came from */
    int n_rule_file;      /* today's: the document's, else the scenario's */
    const struct rule_file *const *rule_file;
    const struct am_config *alertmanager; /* NULL = none */
    int64_t evaluation_interval_ns, lookback_ns;
    int dialect;
    int64_t sla_ns; /* of episodes whose procedure names none; RS_NEVER = none */
    int n_what_if;
    const struct retro_what_if
        *what_if; /* automation and no rollback are asked always, once each */
    int n_signal_spec;
    const struct retro_signal_spec *signal_spec;
    int n_known;
    const struct retro_known *known;
    double confidence; /* of each interval by itself, 0.5..0.999999 */
    int n_earlier; /* evidence of earlier rollouts: people's times and propagation are learnt from them too */
    struct retro_evidence *const *earlier;
    int n_note;
    const struct note *
        note; /* what was read and may be meant otherwise, what was passed over, each with its place */
};

#endif
