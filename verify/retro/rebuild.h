/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Shared by the files that rebuild what happened: spans of time, what each mark says on the clock of reference, and the list of
 * contradictions as it grows. docs/retro-method.md.
 */
#ifndef VERIFY_RETRO_REBUILD_H
#define VERIFY_RETRO_REBUILD_H

#include "sim/clock.h"
#include "verify/retro.h"

/* lo <= hi, both belong to it; INT64_MIN and RS_NEVER: open on that side. */
struct span {
    int64_t lo_ns, hi_ns;
};
#define RS_SPAN_ALL ((struct span){INT64_MIN, RS_NEVER})

/* t + d; what is open stays so, what does not fit becomes open. */
int64_t rs_span_shift(int64_t t_ns, int64_t d_ns);
struct span rs_span_meet(struct span a, struct span b); /* may be empty: lo > hi */
bool rs_span_empty(struct span s);
bool rs_span_within(struct span s, int64_t t_ns);
/* 0 where they meet, else the way from one to the other. */
int64_t rs_span_apart(struct span a, struct span b);
/* The middle, or the end that is known, or 0 if none is. */
int64_t rs_span_best(struct span s);

/* A time as people write it: RFC 3339 for dates, else seconds; and a span as "13:42:00Z..13:43:00Z". In the arena. */
const char *rs_retro_time(struct arena *arena, int64_t t_ns);
const char *rs_retro_span(struct arena *arena, struct span s);

/* A group of marks, and of what the rules say, that belong to one rollback. Private to episodes.c and those it calls. */
struct group {
    const char *name; /* as marked, or NULL */
    int procedure;
    int n, cap;
    int *mark;          /* [n] heap */
    uint64_t *has;      /* [n_source] which events are among them, as bits; heap */
    int64_t over_ns;    /* the first end of an instant that says it is over, RS_NEVER = none does */
    int flag_step;      /* the step by which it was commanded, or -1 */
    int64_t firing_ns;  /* of the alert, by ALERTS or by the rules, RS_NEVER = none fired */
    struct span extent; /* of all that is in it */
    struct retro_change up, down; /* the episode's, once it is made */
};

struct rebuild {
    struct retro *r;
    struct arena *arena;
    struct span *mark; /* [n_mark] on the clock of reference */
    int64_t
        slack_ns; /* so far off the series' clocks may be, either way, after they were put right */
    int n_firing, cap_firing;
    struct firing *firing; /* [n_firing] by from.lo; heap */
    int n_group, cap_group;
    struct group *group; /* heap */
    int n_gap, cap_gap;
    struct span *gap; /* [n_gap] in which the recording stands still, by time; heap */
    int n_contradiction, cap_contradiction;
    struct retro_contradiction *contradiction; /* heap */
    int n_told;                                /* contradictions, with those beyond what is kept */
    const char *told;                          /* the last of them */
    /* Of the episode that is being made: the first contradiction that an instant is part of, or NULL. */
    const char *at_odds[RS_RETRO_INSTANT_N];
    int one_too_many; /* the mark for which there would be more groups than are kept, or -1 */
};

/* One time that an alert was up, on the clock of reference. */
struct firing {
    const char *alert;
    struct span pending, fired,
        cleared;   /* fired.lo = RS_NEVER: never fired; cleared.lo = RS_NEVER: up at the end */
    bool recorded; /* told by ALERTS in the recording, not by the rules over it */
};

/* Contradictions that are kept; of more it is told how many there are. */
enum { RS_REBUILD_CONTRADICTIONS = 200 };
/* Rollbacks that are rebuilt; more are no evidence of a rollout, but notes that were not told which belong together. */
enum { RS_REBUILD_GROUPS = 1000 };

void rs_rebuild_contradict(
    struct rebuild *b, int mark_a, int mark_b, int episode, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* ---- clocks ---- */

/* Votes on the offset of one source: where it may lie, by one pair. */
struct vote {
    struct span span;
    int of;    /* voter, from 0; of several pairs of one only one is right */
    bool sure; /* the pair could not be another */
};
struct vote_count {
    struct span span; /* where most agree; of several stretches the one next to 0 */
    int n_agree, n_voter;
    int n_stretch; /* in which so many agree */
};
/* Marzullo & Owicki 1983: the span that most of the voters hold. n > 0. */
struct vote_count rs_votes_count(const struct vote *vote, int n);

/* Of a span in which an offset lies, the likeliest. Both ends are known. */
int64_t rs_offset_best(struct span s);

/* Offsets of the sources of marks, by what two sources saw; those of series are there already. */
void rs_rebuild_offsets(struct rebuild *b);

/* Is the clock of a source of marks taken as right for want of anything that tells? */
bool rs_is_untied(const struct rebuild *b, int source);
/* Ties such clocks to the changes in the groups' signals. true: one was; then what rests on it is to be made anew. */
bool rs_rebuild_tie(struct rebuild *b);

/* ---- gaps ---- */

void rs_rebuild_gaps(struct rebuild *b); /* fills gap */
/* How much of the recording is missing where a window of `reach` that ends at t looks. */
int64_t rs_rebuild_missing(const struct rebuild *b, int64_t t_ns, int64_t reach_ns);
/* How far back an expression looks, by itself and by the rules whose records it may read. */
int64_t rs_rebuild_reach(const struct rebuild *b, const struct promql *expr);

/* ---- what happened ---- */

void rs_rebuild_firings(struct rebuild *b); /* fills firing */
void rs_rebuild_stages(struct rebuild *b);
void rs_rebuild_flags(struct rebuild *b);
void rs_rebuild_groups(struct rebuild *b); /* fills group */
void rs_rebuild_groups_clear(struct rebuild *b);
/* The procedure that a mark speaks of, or -1. */
int rs_mark_procedure(const struct retro *r, const struct retro_mark *m);
int rs_alert_procedure(const struct scenario *sc, const char *alert);
/* The only procedure that begins with setting the flag so, or -1. */
int rs_commanding_procedure(const struct scenario *sc, int flag, bool on);
/* The first flag that the procedure sets, or NULL. */
const struct action *rs_procedure_command(const struct procedure *p);
/* When a mark was written, less the best offset of its clock. */
int64_t rs_mark_best(const struct retro *r, int mark);
/* The marks of one thing, from one or more sources, as one instant; contradictions are told. n = 0: unknown. */
struct retro_instant rs_rebuild_settle(
    struct rebuild *b, const int *mark /* [n] */, int n, const char *what, int episode);
/* false: the first mark of an event in a source counts, others are repetitions (a page goes to several people). */
bool rs_event_is_once(int event);

/* Instants of the episode: marks, rules, changes, order; in that order. */
void rs_rebuild_instants(struct rebuild *b, const struct group *g, int episode);
void rs_instants_by_alert(struct rebuild *b, const struct group *g, int episode);
void rs_instants_by_beginning(struct rebuild *b,
                              const struct group *g,
                              int episode); /* of the change */
void rs_instants_by_condition(struct rebuild *b, const struct group *g, int episode);
void rs_instants_by_end(struct rebuild *b, const struct group *g, int episode);
void rs_instants_by_order(struct rebuild *b, int episode);
/* Does nothing but its flags make the procedure's fault go away? Then the end of the one is that of the other. */
bool rs_ends_with_flags(const struct rebuild *b, int procedure);
/* The change that began it, where nobody noted it: by the flags that the procedure turns back. */
void rs_instants_by_flags(struct rebuild *b, int episode);
/* Where what is known leaves room for an instant. */
struct span rs_instant_room(const struct retro_episode *ep, int instant);
/* Must `from` come before `to`, by the order of the clock? */
bool rs_clock_before(int from, int to);
void rs_rebuild_sla(struct rebuild *b, int episode);

/* Is anything known of when? */
static inline bool rs_instant_known(const struct retro_instant *i)
{
    return i->how != RS_HOW_UNKNOWN && !i->never;
}
static inline struct span rs_instant_span(const struct retro_instant *i)
{
    return (struct span){i->lo_ns, i->hi_ns};
}

#endif
