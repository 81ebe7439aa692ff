/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Alertmanager: routes, grouping, group_wait, group_interval, repeat_interval, inhibition, silences, time intervals, resolve.
 * A pure machine: time is handed in, timers are asked for; the loop schedules them. docs/alertmanager.md says what is
 * modelled, where the releases differ, and how it was compared with the real program.
 */
#ifndef MODELS_ALERTMANAGER_H
#define MODELS_ALERTMANAGER_H

#include <stdbool.h>
#include <stdint.h>

#include "models/labels.h"
#include "sim/err.h"

/* ---- the configuration file ---- */

/* Releases whose behaviour differs; each stands for those up to the next one. */
enum am_version { RS_AM_0_25, RS_AM_0_28, RS_AM_0_33 };
extern const char *const rs_am_version_names[]; /* "0.25" "0.28" "0.33" NULL */

enum match_op { RS_MATCH_EQ, RS_MATCH_NE, RS_MATCH_RE, RS_MATCH_NRE };

struct am_matcher {
    const char *name, *value; /* value of a regex: anchored at both ends */
    enum match_op op;
    struct mark at;
};

/* A range of whole numbers, both ends included. */
struct am_range {
    int first, last;
};

/*
 * The clock of a place. offset_s[i] holds from at_s[i] until at_s[i + 1]; before at_s[0] it is first_offset_s. From
 * cycle_s on it repeats every 400 years, which is a whole number of weeks in the Gregorian calendar.
 */
struct am_zone {
    const char *name; /* as the tz database spells it: "Europe/Berlin" */
    int n;
    const int64_t *at_s;     /* [n] seconds since the epoch, rising */
    const int32_t *offset_s; /* [n] local time minus UTC */
    int32_t first_offset_s;
    int64_t cycle_s; /* INT64_MAX: no rule for the times behind the table */
};

/* A time is inside when it is inside one range of every kind that has ranges. */
struct am_span {
    int n_minute, n_weekday, n_day, n_month, n_year;
    const struct am_range *minute;  /* of the day, 0..1440; `last` is excluded here */
    const struct am_range *weekday; /* 0 = Sunday .. 6 */
    const struct am_range *day;     /* of the month; negative ones count from its end */
    const struct am_range *month;   /* 1..12 */
    const struct am_range *year;
    const struct am_zone *zone; /* NULL = UTC */
};

struct am_time_interval {
    const char *name;
    int n_span;
    const struct am_span *span; /* inside one of them is inside; none: never inside */
    struct mark at;
};

/* Is the interval on at this time? Pure: a function of the configuration alone. */
bool rs_am_interval_holds(const struct am_time_interval *interval, int64_t unix_s);
/* Local time minus UTC in a place, in seconds. */
int32_t rs_am_zone_offset(const struct am_zone *zone, int64_t unix_s);

struct am_route {
    const char *receiver;
    int n_matcher;
    const struct am_matcher *matcher; /* all must match */
    bool go_on;                       /* `continue` */
    bool group_by_all;                /* '...' */
    int n_group_by;
    const char *const *group_by;
    int64_t group_wait_ns, group_interval_ns,
        repeat_interval_ns;                       /* inherited values filled in by the reader */
    int n_mute, n_active;                         /* time intervals are not inherited */
    const struct am_time_interval *const *mute;   /* [n_mute] silent while one of them is on */
    const struct am_time_interval *const *active; /* [n_active] silent while none of them is on */
    int n_child;
    const struct am_route *child;
    struct mark at;
};

struct am_inhibit {
    int n_source, n_target, n_equal;
    const struct am_matcher *source, *target;
    const char *const *equal;
};

struct am_receiver {
    const char *name;
    bool send_resolved;
    int n_integration; /* none: a real Alertmanager tells nobody */
    struct mark at;
};

struct am_config {
    const char *file;
    int64_t resolve_timeout_ns; /* of alerts that come without an end */
    struct am_route root;
    int n_receiver;
    const struct am_receiver *receiver;
    int n_inhibit;
    const struct am_inhibit *inhibit;
    int n_interval;
    const struct am_time_interval *interval;
    int n_note;
    const struct note *note; /* [n_note] in the order of the file */
};

/* ---- the machine ---- */

struct am_silence {
    int n_matcher;
    const struct am_matcher *matcher; /* all must match */
    int64_t from_ns, until_ns;        /* in force from <= now < until */
    const char *ref;                  /* place in the source document, or NULL */
    struct mark at;
};

/* What surrounds the configuration. All zero is a good choice but for the version. */
struct am_settings {
    enum am_version version;
    int64_t starts_unix_ns; /* simulated time 0 on the calendar: for time intervals */
    int64_t
        started_ns; /* when Alertmanager itself was started, <= 0: its housekeeping is counted from here */
    int peer; /* position in a cluster whose earlier peers are down: it waits 15 s for each of them */
    int n_silence;
    const struct am_silence *silence; /* [n_silence] */
};

/* 0.33, alone, started at 0 with no silences. */
struct am_settings rs_am_settings_default(void);

struct alertmanager; /* opaque, heap */

/* Config and settings' silences are borrowed. */
struct alertmanager *rs_am_new(const struct am_config *config,
                               const struct am_settings *settings,
                               struct label_table *labels);
void rs_am_free(struct alertmanager *am); /* NULL ok */
/* Forgets all alerts, groups and notifications; keeps the memory and what it knows of label sets. */
void rs_am_reset(struct alertmanager *am);

/*
 * An alert arrives from Prometheus. starts/ends in ns; resolved iff ends_ns <= now_ns. ends_ns RS_NEVER: no end was sent, and
 * resolve_timeout makes one.
 */
void rs_am_post(
    struct alertmanager *am, int64_t now_ns, rs_labels alert, int64_t starts_ns, int64_t ends_ns);

/* When the next group timer runs out; RS_NEVER if none. May be in the past: a group that is flushed at once. */
int64_t rs_am_next(const struct alertmanager *am);

struct am_notification { /* belongs to the machine, valid during the call */
    const char *receiver;
    const struct am_route *route;
    uint64_t group;      /* number of the group, stable while it lives */
    rs_labels group_key; /* the labels that the group has in common by group_by */
    int n_firing, n_resolved;
    const rs_labels *firing;   /* [n_firing] sorted */
    const rs_labels *resolved; /* [n_resolved] sorted */
};
typedef void (*rs_am_notify)(void *ctx, int64_t now_ns, const struct am_notification *n);

/* Why a firing alert that a flush found in its group is not told. */
enum am_hold { RS_HOLD_NONE, RS_HOLD_INTERVAL, RS_HOLD_INHIBITED, RS_HOLD_SILENCED };
struct am_held { /* belongs to the machine, valid during the call */
    const struct am_route *route;
    rs_labels group_key, alert;
    enum am_hold why;
    rs_labels source;                 /* of an inhibition: one alert that inhibits it */
    const struct am_silence *silence; /* that is in force */
};
/* Tells of every alert that a flush holds back, flush by flush. fn NULL: of none, as at first. */
typedef void (*rs_am_hold)(void *ctx, int64_t now_ns, const struct am_held *held);
void rs_am_on_hold(struct alertmanager *am, rs_am_hold fn, void *ctx);

/* Runs all timers due at now_ns, groups in order of creation. */
void rs_am_tick(struct alertmanager *am, int64_t now_ns, rs_am_notify notify, void *ctx);

/* The routes that take an alert, depth first, for looking into a configuration: calls fn for each. */
void rs_am_routes_of(const struct alertmanager *am,
                     rs_labels alert,
                     void (*fn)(void *ctx, const struct am_route *route),
                     void *ctx);

/*
 * The same for an alert of which some labels are not known. A route whose matchers on known labels all match, and that has
 * others, is put to `takes`; all three are asked with ctx.
 */
struct am_guess {
    bool (*knows)(void *ctx, const char *label);
    bool (*takes)(void *ctx, const struct am_route *route);
    void (*reached)(void *ctx, const struct am_route *route);
    void *ctx;
};
void rs_am_routes_guess(const struct alertmanager *am,
                        rs_labels alert,
                        const struct am_guess *guess);

#endif
