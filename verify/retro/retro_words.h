/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is said of a retrospective, the same for people, for machines, for the evidence log and in the record. */
#ifndef RETRO_WORDS_H
#define RETRO_WORDS_H

#include "verify/retro.h"
#include "verify/retro_counter.h"
#include "verify/retro_learn.h"

/* Is there an instant, be it open on a side? Not of what is unknown, and not of what never happened. */
bool rs_retro_is_told(const struct retro_instant *at);
/* Are times Unix times? Else they count from the evidence's own zero. */
bool rs_retro_is_dated(const struct retro *r);

/* "2025-10-01 13:42:07", undated "+1:33:40"; a fraction where it is not zero, to the millisecond. n >= 40. Returns buf. */
char *rs_retro_time_words(char *buf, size_t n, const struct retro *r, int64_t ns);
/* Without the date: "13:42:07", undated as above. n >= 40. Returns buf. */
char *rs_retro_time_of_day(char *buf, size_t n, const struct retro *r, int64_t ns);
/* The time of day, with its date where it is another than that of `day_ns`. n >= 40. Returns buf. */
char *rs_retro_time_after(char *buf, size_t n, const struct retro *r, int64_t ns, int64_t day_ns);
/*
 * The best guess of an instant as it is shown: to the second where it is known to no better than two, so that nobody takes
 * milliseconds for knowledge.
 */
int64_t rs_retro_shown(const struct retro_instant *at);
/* The same of any instant within lo..hi. */
int64_t rs_retro_shown_within(int64_t lo_ns, int64_t best_ns, int64_t hi_ns);
/* The interval of an instant: "13:41:59–13:42:15", "from 13:41:59 on", "up to 13:42:15", "" where it has no width. Another day's end
 * has its date. n >= 100. Returns buf. */
char *rs_retro_interval(char *buf, size_t n, const struct retro *r, const struct retro_instant *at);

/*
 * The same beside the time that is shown, in few signs: "±15s", "−50s +14s", "or later", "" where it has no width. Rounded outwards.
 * n >= 100. Returns buf.
 */
char *rs_retro_around(char *buf, size_t n, const struct retro_instant *at);

/* "6m12s [5m50s, 6m31s]"; open on a side: "at least 5m50s", "at most 6m31s"; no width: "6m12s". n >= 128. Returns buf. */
char *rs_retro_span_words(char *buf, size_t n, int64_t lo_ns, int64_t best_ns, int64_t hi_ns);
/* "2.1 s ahead [1.9 s, 2.4 s]" of a source's clock, "0 s" of the reference's. n >= 128. Returns buf. */
char *rs_retro_offset_words(char *buf, size_t n, const struct retro_offset *o);

/* "4 rejected, 20 doubled, 10 out of order" of what was read of a source; "" where nothing was. In the arena. */
const char *rs_retro_lost(struct arena *arena, const struct retro_source *s);

/* "reference", "given", "estimated", "assumed" */
const char *rs_retro_clock_how_name(enum retro_clock_how how);
/* "ratio", "count", "value" */
const char *rs_retro_signal_kind_name(enum retro_signal_kind k);
/* "rules", "gate", "automation", "no rollback" */
const char *rs_retro_what_if_name(enum retro_what_if_kind k);
/* "conforms", "deviates", "undecidable" */
const char *rs_retro_verdict_name(enum retro_verdict v);
/* "RR101": the code of a rule. n >= 16. Returns buf. */
char *rs_retro_code(char *buf, size_t n, enum retro_rule rule);

/* Names of elements of the scenario; NULL for -1, and without a scenario. */
const char *rs_retro_stage_name(const struct retro *r, int stage);
const char *rs_retro_procedure_name(const struct retro *r, int procedure);
const char *rs_retro_service_name(const struct retro *r, int service);
const char *rs_retro_flag_name(const struct retro *r, int flag);
/* NULL for -1. */
const char *rs_retro_episode_name(const struct retro *r, int episode);

/* A leg of an episode's clock, as far as it is known. */
struct retro_leg {
    int from, to;
    int64_t lo_ns, best_ns, hi_ns; /* open: INT64_MIN, RS_NEVER */
};
/* From each instant that is known by itself to the next one, then onset to detection and detection to completion. Returns how many. */
enum { RS_RETRO_LEGS = RS_RETRO_INSTANT_N + 2 };
int rs_retro_legs(struct retro_leg out[RS_RETRO_LEGS], const struct retro_episode *e);
/* The instants in the order in which they come, the change that began it first: place 0.. -> instant. */
int rs_retro_instant_at(int place);

/* How many verdicts of that kind the episodes' SLA has. */
int rs_retro_count_sla(const struct retro *r, enum retro_sla kind);

/* A number to three digits, "-" for NaN; large ones whole. n >= 32. Returns buf. */
char *rs_retro_number(char *buf, size_t n, double x);
/* "1,240 [1,180, 1,310]" without the commas; "-" where nothing is told. percent: a share. n >= 128. Returns buf. */
char *rs_retro_band(char *buf, size_t n, const struct retro_band *b, bool percent);
/* What the fits rest on, each source once: "From metrics.om, timeline.yaml; 9:00 to 12:00." In the arena. */
const char *rs_retro_fit_sources(struct arena *arena, const struct retro_learnt *l);
/* A number in its unit: durations for "s", a percentage for "ratio", "0.84/s" for "1/s". n >= 64. Returns buf. */
char *rs_retro_in_unit(char *buf, size_t n, double x, const char *unit);
/* "12.5% [11.8%, 13.2%]", "0.84 [0.8, 0.9]/s"; without ends just the number. n >= 128. Returns buf. */
struct retro_range {
    double best, low, high; /* low, high: NaN = not told; high INFINITY = no end */
};
char *rs_retro_range(char *buf, size_t n, struct retro_range x, const char *unit);

/* The unit in which a signal's levels are told: a ratio's is "ratio", whatever the document calls it. */
const char *rs_retro_unit(const struct retro_signal *s);
/* "portal errors from 0.17% to 12.5% [11.8%, 13.2%] within 30s at 10:11:02". In the arena. */
const char *rs_retro_change_words(struct arena *arena,
                                  const struct retro *r,
                                  int signal,
                                  const struct retro_change *c);
/*
 * Changes for the worse that lie in no episode: indices of rebuilt.change by falling odds, in the arena; *out_n of them. An episode
 * explains what changes from its first known instant (the blamed change left out) to its last one, a minute more to either side.
 */
const int *rs_retro_unexplained(struct arena *arena, const struct retro *r, int *out_n);
enum { RS_RETRO_UNEXPLAINED_TOLD = 10 }; /* by people; the others are counted */
/* The "held", "halted" or "resumed" that somebody noted, told as a step of the rollout; NULL of any other mark. In the arena. */
const char *rs_retro_pause_words(struct arena *arena, const struct retro *r, int mark);
/* When a mark was noted, as an instant. */
struct retro_instant rs_retro_mark_at(const struct retro *r, int mark);
/* Why no change is told of an episode: nothing shows it, or nothing could. */
const char *rs_retro_unseen_words(const struct retro *r);
/* ", no rollback was noted", or that nobody could have noted one. */
const char *rs_retro_no_rollback_words(const struct retro *r);
/* Were there sources in which a rollback would stand, had it been noted? */
bool rs_retro_has_notes(const struct retro *r);

/*
 * The change that shows a known fault: of those in the way that hurts that lie between half the fault's length (at least a
 * minute) before it and its end, the one with the highest odds; -1 = none.
 */
int rs_retro_change_of(const struct retro *r, const struct retro_known *known);

#endif
