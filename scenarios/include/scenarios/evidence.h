/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Evidence of a rollout in. A document says `retro: 1` (docs/retro.md; the keys stand in docs/scenario-reference.md under
 * "retrospective"); or a scenario is given, and the files on the command line.
 *
 * Timelines:
 *   YAML         {timeline: 1, zone, events: [{at, event, actor, stage, flag, on, percent, subject, episode, note}]}
 *   CSV          a heading with those words; columns it does not know are told
 *   wide CSV     an episode a line, a column an instant; the document says which
 *   Grafana      annotations JSON: time, timeEnd, tags, text
 *   PagerDuty    log entries JSON (trigger, notify, acknowledge, escalate, resolve, annotate)
 *   Alertmanager webhook payloads, an object a line; or its own log (logfmt or JSON, "Notify success")
 * A time without a zone is an error unless the source names its `zone`. More: docs/retro-evidence.md.
 */
#ifndef SCENARIOS_EVIDENCE_H
#define SCENARIOS_EVIDENCE_H

#include "verify/retro_evidence.h"

/* From the command line; texts are borrowed. */
struct evidence_file {
    enum retro_source_kind kind;
    const char *path;
    const char *service; /* LOG: whose; NULL = told by the job or the only service */
};

/* Is the file such a document: does a line begin with "retro:"? */
bool rs_is_evidence(const char *path);

/*
 * Reads the document, or the scenario, with every file that is named. All mistakes in one go; NULL if there was any. Memory does
 * not grow with the length of a log. Requests of a log that the metrics count too are called log:NAME, so that no rule sees them.
 * rules: today's where nothing else names any, else a question "what if", called after the files.
 */
struct retro_evidence *rs_evidence_load(const char *path,
                                        const struct evidence_file *more,
                                        int n_more,
                                        const char *const *rules,
                                        int n_rules,
                                        struct err_list *errors);
/* The document from memory; with file NULL no other file is opened, and naming one is an error. */
struct retro_evidence *
rs_evidence_parse(const char *file, const char *text, size_t n, struct err_list *errors);
void rs_evidence_close(struct retro_evidence *e); /* NULL ok */

/* Timeline, annotations or notifications from memory, for tests and fuzzing: marks added to e under its source number. 0 or -1. */
int rs_evidence_marks(struct retro_evidence *e,
                      int source,
                      const char *zone,
                      const char *text,
                      size_t n,
                      struct err_list *errors);

#endif
