/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The language as tables. Every map that a user may write is a `section`: rows of keys with type, range, default and one line
 * of help. One reader walks a map by its section; the reference page and the JSON Schema are printed from the same rows.
 */
#ifndef SCENARIOS_KEYS_H
#define SCENARIOS_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scenarios/load.h"
#include "text/yaml_node.h"

enum value_type {                    /* stored at `at` as */
                  RS_V_TEXT,         /* const char * */
                  RS_V_NAME,         /* const char *, letters, digits and . _ - / */
                  RS_V_METRIC,       /* const char *, a Prometheus metric name */
                  RS_V_BOOL,         /* bool */
                  RS_V_INT,          /* int */
                  RS_V_COUNT,        /* uint64_t */
                  RS_V_NUMBER,       /* double */
                  RS_V_RATIO,        /* double, 0..1; "0.5%" or 0.005 */
                  RS_V_PERCENT,      /* double, 0..100; "25%" or 25 */
                  RS_V_RATE,         /* double per second; "0.6/m" or a number */
                  RS_V_DURATION,     /* int64_t ns */
                  RS_V_SECONDS,      /* a duration as double in seconds */
                  RS_V_TIME,         /* RFC 3339 as int64_t Unix ns */
                  RS_V_DAYTIME,      /* "14:00" as int64_t ns since midnight */
                  RS_V_WEEKDAYS,     /* unsigned, bit 0 = Monday */
                  RS_V_WORD,         /* int: index into `words` */
                  RS_V_DIST,         /* struct dist */
                  RS_V_ERRORS,       /* struct error_mix */
                  RS_V_PROMQL,       /* const struct promql *; its text at n_at */
                  RS_V_SECONDS_LIST, /* const double *, rising; count at n_at */
                  RS_V_TEXT_OR_NAME, /* const char *: what an action is called; never empty */
                  RS_V_REF,          /* int index into the names of kind `names`; -1 = none */
                  RS_V_REFS,         /* const int *; count at n_at */
                  RS_V_NAMED,      /* const char * that must be one of the names of kind `names` */
                  RS_V_NAMEDS,     /* const char *const *; count at n_at */
                  RS_V_CONDITIONS, /* const struct condition *; count at n_at */
                  RS_V_ASSUMES,    /* ids of assumptions: checked and marked as used, not stored */
                  RS_V_FILE,       /* const char *, path as written */
                  RS_V_LIST,       /* array of section `of`; count at n_at */
                  RS_V_MAP,        /* section `of`, written at `at` */
                  RS_V_BOX,        /* the same in the arena, its const pointer at `at` */
                  RS_V_OWN, /* read by the section's finish; `shape` says what it looks like */
};

enum key_flag {
    RS_KEY_REQUIRED = 1,
    RS_KEY_ONE_OF = 2,    /* exactly one of the keys of a section with this flag */
    RS_KEY_SOME = 4,      /* a list that must not be empty */
    RS_KEY_POSITIVE = 8,  /* min itself is excluded */
    RS_KEY_NEED_WITH = 16 /* required where a key of `with` is given */
};

enum name_kind {
    RS_NAME_NONE,
    RS_NAME_COHORT,
    RS_NAME_COMPONENT,
    RS_NAME_DEPENDENCY,
    RS_NAME_FLAG,
    RS_NAME_SERVICE,
    RS_NAME_PATH,    /* of the service in scope */
    RS_NAME_COUNTER, /* of the service in scope */
    RS_NAME_FAULT,
    RS_NAME_CHANNEL,
    RS_NAME_ROLE,
    RS_NAME_STAGE,
    RS_NAME_PROCEDURE,
    RS_NAME_ASSUMPTION,
    RS_NAME_ALERT,
    RS_NAME_RECEIVER,
    RS_NAME_JUDGE,
    RS_NAME_N
};

struct section;

struct key {
    const char *name;
    enum value_type type;
    unsigned flags;
    double min, max; /* both 0: the type's own range. Durations in seconds */
    /* Default as it would be written; "(words)" only tells, "(never)" is RS_NEVER or INFINITY; NULL: zero or none. */
    const char *def;
    size_t at, n_at; /* offsets in the section's struct */
    const struct section *of;
    enum name_kind names;
    const char *const *words; /* NULL-terminated */
    const char *with;         /* blank-separated keys, one of which must be given beside this one */
    const char *shape;        /* RS_V_OWN: what it looks like */
    const char *help;
};

struct reader;

struct section {
    const char *name; /* "fault" */
    const char *help; /* one or two sentences for the reference page */
    const struct key *key;
    int n_key;
    size_t size;       /* of the struct that a list of it is made of */
    size_t draft_size; /* > 0: keys go to a draft of this size, and finish makes the struct of it */
    bool has_mark;
    size_t mark_at;             /* offset of a struct mark */
    const struct section *also; /* its keys may stand here too, its struct at also_at */
    size_t also_at;
    enum value_type scalar; /* RS_V_DIST: a lone duration will do; else RS_V_TEXT: no scalar */
    void (*begin)(struct reader *r, const struct node *map);
    /* Only called when the map itself gave no error. draft == out without a draft. */
    void (*finish)(struct reader *r, const struct node *map, void *draft, void *out);
};

#define RS_N_KEY(keys) ((int)(sizeof(keys) / sizeof((keys)[0])))

/* All sections, reachable from this one. */
extern const struct section rs_section_scenario;
/* Of the other kind of file: a recording, retold. */
extern const struct section rs_section_retell;
/* Sections that others name. */
extern const struct section rs_section_dist;
extern const struct section rs_section_profile;
extern const struct section rs_section_cohort, rs_section_component, rs_section_dependency,
    rs_section_flag;
extern const struct section rs_section_service, rs_section_traffic, rs_section_fault;
extern const struct section rs_section_monitoring, rs_section_role, rs_section_action,
    rs_section_gate;
extern const struct section rs_section_stage, rs_section_procedure, rs_section_runbook;
extern const struct section rs_section_capacity, rs_section_pool, rs_section_cold,
    rs_section_retries;
extern const struct section rs_section_judge;
extern const struct section rs_section_claim, rs_section_assumption;
/* Words of gates, in the order of enum gate_then. */
extern const char *const rs_gate_then_words[];

/* "cohort" */
const char *rs_name_kind_words(enum name_kind kind);
/* Type in words for the reference page and messages: "a duration like 5m or 1h30m". */
const char *rs_value_type_words(enum value_type type);
/* Legal range in words: "> 0", "0..1"; "" where any value goes. buf: n >= 96. Returns buf. */
char *rs_key_range(char *buf, size_t n, const struct key *key);
/* The key's row, looked up in the section and in the one it also takes; NULL if unknown. */
const struct key *rs_section_find(const struct section *s, const char *name);

#endif
