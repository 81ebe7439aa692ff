/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a comparison of a condition reads of the system: which services' requests, answers or counters, and which share of
 * them. Two comparisons that are written differently (good ones below 99 %, bad ones above 1 %) become the same signal.
 */
#ifndef VERIFY_CHECK_SIGNAL_H
#define VERIFY_CHECK_SIGNAL_H

#include "models/promql_condition.h"
#include "models/rules.h"
#include "models/scenario.h"

enum signal_what { RS_WHAT_NONE, RS_WHAT_REQUESTS, RS_WHAT_LATENCY, RS_WHAT_COUNTER };

/* The series of a service that a selector takes, as a set of its requests. */
struct signal_side {
    enum signal_what what;
    int counter;    /* COUNTER: of the service */
    uint32_t codes; /* REQUESTS: bits over rs_service_codes */
    uint32_t paths; /* bits; n_path: those that found none. All where the series do not tell */
    double instance_share; /* 0..1 */
    double le_s;           /* LATENCY: answers up to so long; INFINITY: all */
    bool slower;           /* LATENCY: answers that take longer than le_s instead */
};

struct signal_reads {
    int service;
    struct signal_side part, whole; /* whole: RATIO and MEAN only */
};

struct signal {
    const struct comparison *c;
    enum measure_kind kind;
    int n; /* services; more than one: summed up. 0: nothing that a service exposes */
    struct signal_reads *reads; /* [n] */
    bool is_share;              /* RATIO: part is a part of whole, in every service */
    bool above;                 /* true when greater than the limit; else when less */
    bool ordered;               /* op is one of > >= < <=, or `!= 0` of what cannot be negative */
    double limit;    /* RATIO of bad (or slow) answers among all; else in the measure's unit */
    double window_s; /* 0 = an instant, or since the counters began */
};

#define RS_MAX_SERVICE_CODE 32
/* The codes that a service's answers can have, 200 first, 503 among them. Returns their number. */
int rs_service_codes(const struct scenario *sc, int service, int code[RS_MAX_SERVICE_CODE]);

/*
 * Fills *out with the signals of a comparison: one, or one a service where jobs are kept apart. [*n], in the arena. None
 * for ALERT and OTHER.
 */
void rs_signal_read(struct arena *arena,
                    const struct scenario *sc,
                    const struct comparison *c,
                    struct signal **out,
                    int *n);

/* The same number of the same thing, limits and windows apart; quantiles of one histogram are the same. */
bool rs_signal_same(const struct signal *a, const struct signal *b);
/* Does one of them read something of what the other reads? */
bool rs_signal_meets(const struct signal *a, const struct signal *b);

/*
 * Only asks for enough traffic: more requests, good ones among them, than so many. It goes with what it stands beside and says
 * nothing of trouble.
 */
bool rs_signal_is_guard(const struct signal *s);

/* Does comparison i of a term decide alone: what stands beside it only asks for traffic? */
bool rs_term_decides(struct arena *arena,
                     const struct scenario *sc,
                     const struct condition_term *term,
                     int i);

/*
 * Events that a count gate needs: increase() reads a little more than was counted, since it extrapolates to the ends of its
 * window, so that 3 are above 3. At least 1.
 */
double rs_signal_events(const struct signal *s);

/* A value of a signal in words, in the arena: "1 %", "0.2s", "3". */
const char *rs_signal_words(struct arena *arena, const struct signal *s, double value);
/* A time in words, in the arena: "24h", "12m41s", "9.5s". */
const char *rs_check_time(struct arena *arena, double s);

/* The condition of an expression of this scenario, its recording rules looked into. */
struct promql_condition
rs_check_condition(struct arena *arena, const struct scenario *sc, const struct promql *q);
/* The rule of an alert of that name, or NULL. */
const struct rule *rs_check_alert(const struct scenario *sc, const char *name);

#endif
