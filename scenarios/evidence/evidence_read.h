/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How evidence is read: sources one after the other, each by the reader of its kind. */
#ifndef SCENARIOS_EVIDENCE_READ_H
#define SCENARIOS_EVIDENCE_READ_H

#include "../reader.h"
#include "../retell/retell_read.h"
#include "../text/text_source.h"
#include "scenarios/evidence.h"
#include "scenarios/requests.h"
#include "when.h"

/* ---- evidence.c: what grows ---- */

/* A sentence about something that was read and may be meant otherwise, or was passed over. */
void rs_evidence_note(struct retro_evidence *e, struct mark at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void rs_evidence_add_mark(struct retro_evidence *e, struct retro_mark m);

/* A document or a scenario being read. */
struct evidence_reading {
    struct reader *r;
    struct retro_evidence *e;
    int *source_by_labels; /* [n_by_labels] by label set; -1 = none */
    int n_by_labels;
    const char **counter; /* [n_counter] metrics that signals of the document count */
    int n_counter, cap_counter;
};

/* What is said of any source. */
struct source_draft {
    const char *name, *file;
    int64_t offset_ns, accuracy_ns;
    struct mark at;
    const struct node *map; /* NULL: from the command line */
};
/* A new source with a name of its own; its number, or -1 with an error. */
int rs_evidence_source(struct evidence_reading *g,
                       const struct source_draft *d,
                       enum retro_source_kind kind);
/* The path of its file, checked; the file's bytes join the hash. NULL with an error. */
const char *rs_evidence_open(struct evidence_reading *g, int source, const struct source_draft *d);

/* ---- metrics.c ---- */

struct metrics_draft {
    struct source_draft source;
    struct data_draft data;
};
/* 0, or -1 with errors. */
int rs_evidence_metrics(struct evidence_reading *g, const struct metrics_draft *d);
/* The samples of one source join those of the others. Returns how many series another source has too. */
int rs_evidence_join(struct evidence_reading *g, int source, const struct recorded *one);
/* When all is read: e->data in order, e->source_of. */
void rs_evidence_finish_data(struct evidence_reading *g);

/* ---- counters.c ---- */

/* Takes out of counters what no counter can have, counts it as rejected, and tells of it. Before the set is in order. */
void rs_evidence_reject(struct evidence_reading *g, int source, struct recorded *set);
/* Tells how often counters of a set in order begin anew. */
void rs_evidence_resets(struct evidence_reading *g, int source, const struct recorded *set);

/* ---- doubts.c ---- */

/*
 * What was read whole and is probably meant otherwise: signals that no series has, alerts that no rule has. Refuses intervals at
 * which nobody would see the end of the evaluations.
 */
void rs_evidence_doubts(struct evidence_reading *g);

/* ---- log.c ---- */

struct log_draft {
    struct source_draft source;
    const char *service; /* a word; NULL = told by the label job, or the only one */
    struct requests_form form;
    int64_t every_ns;          /* 0: the service's scrape interval, else 15 s */
    const struct node *labels; /* a map of words, or NULL */
};
/* 0, or -1 with errors. After all metrics: what they have already gets a name of its own. */
int rs_evidence_log(struct evidence_reading *g, const struct log_draft *d);

/* ---- marks.c: timelines, annotations, notifications ---- */

/* A mark as it is written; NULL = not written. */
struct mark_draft {
    const char *at, *event, *actor, *stage, *flag, *on, *percent, *subject, *episode, *note;
    struct mark at_at, event_at, stage_at, flag_at, on_at, percent_at, here;
};

struct episodes_draft {             /* CSV with an episode a line and an instant a column */
    const char *name, *date, *note; /* columns; date, note: or NULL */
    const struct node *columns;     /* column -> event */
    struct mark at;
};

/* What a document says of how a file of marks is to be read; all zero: nothing. */
struct marks_how {
    const char *zone; /* NULL: none is said */
    struct mark zone_at;
    const struct episodes_draft *episodes;
    const struct node *tags; /* annotations: tag -> event */
};

struct marks_reading {
    struct reader *r;
    struct retro_evidence *e;
    int source;
    const struct marks_how *how;
    struct when_zone zone;
    bool lenient;       /* somebody else's words: what is not known becomes a note */
    bool unordered;     /* the file has no order of time to keep */
    int first;          /* of its marks in e->mark */
    uint64_t n_passed;  /* entries that are no events, and are passed over */
    char rejected[200]; /* why the first rejected entry was */
    struct mark rejected_at;
};

/* The event called so; -1 with an error and a near name. "firing" is another word for detected. */
int rs_marks_event(struct reader *r, const char *word, struct mark at);
/* Reads the times and names of a draft and adds the mark. day: of times of day alone. 0, or -1 with errors. */
int rs_marks_add(struct marks_reading *m, const struct mark_draft *d, int64_t day);
/* The same for a mark whose instant is known; the names of its draft are looked up. */
int rs_marks_add_at(struct marks_reading *m, const struct mark_draft *d, struct when when);

/* Begins the marks of a source; the zone is looked up. 0, or -1 with an error. how may be NULL. */
int rs_marks_begin(struct marks_reading *m,
                   struct reader *r,
                   struct retro_evidence *e,
                   int source,
                   const struct marks_how *how);
/* Any text of the source's kind; the text is closed. 0, or -1 with errors. */
int rs_marks_read(struct marks_reading *m, struct text_source *from);
/* What rs_marks_read does at the end: doubled marks out, counted; the order looked at. */
void rs_marks_finish(struct marks_reading *m);
/* A new source, its file opened and its marks read. 0, or -1 with errors. */
int rs_evidence_marks_file(struct evidence_reading *g,
                           const struct source_draft *d,
                           enum retro_source_kind kind,
                           const struct marks_how *how);

/* marks_yaml.c: a timeline, or the events of a list; 0 or -1 with errors. */
int rs_marks_read_yaml(struct marks_reading *m, const char *text, size_t n);
int rs_marks_read_events(struct marks_reading *m, const struct node *list);
/* marks_csv.c: an event a line, or (how->episodes) an episode a line. */
int rs_marks_read_csv(struct marks_reading *m, struct text_source *from);
/* marks_json.c: annotations or notifications. */
int rs_marks_read_json(struct marks_reading *m, struct text_source *from);
/* marks_am_log.c */
int rs_marks_read_am_log(struct marks_reading *m, struct text_source *from);

/* ---- evidence_doc.c ---- */

/* Reads the document at r->root into e: all that it says and all files that it names, but for what needs the series in order. */
struct retro_draft;
void rs_evidence_document(struct evidence_reading *g, struct retro_draft *d);
/* The rest, when the series are in order: known faults, the clock of reference. */
void rs_evidence_document_end(struct evidence_reading *g, const struct retro_draft *d);
/* evidence.c: the scenario's rules, intervals and names are those of the evidence, until something else is said. */
void rs_evidence_take_scenario(struct evidence_reading *g, struct scenario *sc);
/* evidence.c: a document that another one learns from. NULL with errors. */
struct retro_evidence *rs_evidence_load_earlier(const char *path, struct err_list *errors);

#endif
