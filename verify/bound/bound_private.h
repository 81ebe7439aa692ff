/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of bounds: what the parts of the response chain take, put together.
 *
 *   bound.c           one way measured; the slowest of all is shown
 *   bound_alert.c     ways by alerts, with everybody who may take it in hand
 *   bound_look.c      ways by looks, gates and checks
 *   bound_span.c      sums and joins of spans, words
 *   bound_signal.c    from the true condition to an alert that fires, a look, a gate
 *   bound_route.c     Alertmanager: which routes an alert may take
 *   bound_group.c     how long a group holds an alert back
 *   bound_people.c    who is paged and acknowledges; working hours
 *   bound_act.c       actions, propagation of flags, completion
 *   bound_decide.c    the verdict
 *
 * Every span holds for all draws inside their supports. What has no upper end is INFINITY and says why.
 */
#ifndef VERIFY_BOUND_PRIVATE_H
#define VERIFY_BOUND_PRIVATE_H

#include "models/alertmanager.h"
#include "models/rules.h"
#include "verify/bound.h"

/* Seconds. Phases: the worlds in which the supremum is smallest and largest. */
struct span {
    double low;                 /* infimum over everything */
    double low_best, low_worst; /* infimum over all draws, at those phases */
    double best, worst;         /* supremum over all draws, at those phases */
    double sure; /* a time that is known to be reached or approached; exact: = worst */
    bool exact;
};

/* The instants between which legs run: marks of the clock, and points between two of them. */
enum stop {
    RS_STOP_ONSET,
    RS_STOP_FIRST_BAD,
    RS_STOP_CONDITION, /* what is watched becomes true */
    RS_STOP_PENDING,
    RS_STOP_DETECTED,
    RS_STOP_NOTIFIED,
    RS_STOP_ACKNOWLEDGED,
    RS_STOP_DECIDED,
    RS_STOP_ACTING /* the first action begins */
};

struct part { /* one leg, with the stop after which it runs */
    enum stop after;
    const char *name, *why, *ref;
    struct mark at;
    struct span span;
};

struct alert_rule { /* an alerting or recording rule, with what surrounds it */
    const struct rule *rule;
    const struct rule_group *group;
    const struct rule_file *file;
    int index;       /* in the group */
    double every_s;  /* of the group */
    double offset_s; /* its query offset */
    double phase_s;  /* where the server's hash puts it; NaN = drawn */
    bool single;     /* at most one label set at a time */
    bool visited;    /* while circles of recordings are looked for */
};

struct bounding {
    struct arena *arena;
    const struct scenario *sc;
    int n_rule;
    struct alert_rule *rule;    /* [n_rule] in the order of the files */
    struct label_table *labels; /* NULL: there is no Alertmanager */
    struct alertmanager *am;    /* its routes */
    struct alertmanager *sets;  /* silences and inhibitions as routes: which alerts they match */
    const struct am_route *set; /* [n_silence + 2 n_inhibit] */
};

#define RS_MAX_WAY_PART 24
struct way { /* one way of detecting, with whoever takes it in hand */
    enum detected_by by;
    int n;
    struct part part[RS_MAX_WAY_PART];
    unsigned missing; /* bits 1 << clock_mark: these do not happen */
    int doer;         /* role, or -1 */
};

/* ---- bound_span.c ---------------------------------------------------------------------------- */

struct span rs_span_none(void);                           /* no time at all */
struct span rs_span_between(double low_s, double high_s); /* exact */
struct span rs_span_dist(const struct dist *d);
struct span rs_span_sum(struct span a, struct span b);
struct span rs_span_later(struct span a, struct span b); /* when both are over */
struct span rs_span_endless(double low_s);
/* Nothing is known of the lower end. */
struct span rs_span_from_zero(struct span s);
/* Adds a leg; all fields but the span may be zero. */
void rs_way_add(struct way *w, struct part part);
/* "4m 07s"; "no end" */
const char *rs_bound_words(struct bounding *b, double s);
const char *rs_bound_percent(struct bounding *b, double ratio);

/* ---- bound_signal.c -------------------------------------------------------------------------- */

void rs_signal_rules(struct bounding *b);
/* From the onset to the true condition: counts are random, so there is no upper end. */
void rs_signal_onset(struct way *w);
/* Until the rule's own evaluation sees it and, after `for`, fires. */
void rs_signal_alert(struct bounding *b, struct way *w, struct alert_rule *rule);
/* Until the samples are there, and what is recorded on the way; then who reads is still to come. */
void rs_signal_expression(struct bounding *b, struct way *w, const struct promql *expr);
/* Seconds from the evaluation that has it pending to the one that has it firing. */
double rs_signal_for(const struct alert_rule *rule);

/* ---- bound_route.c, bound_group.c ------------------------------------------------------------ */

struct delivery { /* one message that an alert gives rise to */
    int channel;
    struct part group, travel;
};

/* What one alert's labels may lead to; where they are not all known there are several. */
#define RS_MAX_ROUTING 32
#define RS_MAX_DELIVERY 12
struct routing {
    int n_route;
    const struct am_route *route[RS_MAX_DELIVERY];
    int n;
    struct delivery delivery[RS_MAX_DELIVERY];
};
struct routings {
    int n;
    struct routing item[RS_MAX_ROUTING];
    bool too_many; /* they could not all be listed */
};
void rs_route_open(struct bounding *b);
void rs_route_close(struct bounding *b);
/* Only channels that somebody attends. */
void rs_route_alert(struct bounding *b,
                    int procedure,
                    const struct alert_rule *rule,
                    struct routings *out);
/* The routes alone. */
void rs_route_list(struct bounding *b, const struct alert_rule *rule, struct routings *out);
/* The value of a label of the rule's alerts; "" = none has it; NULL: only the data know. */
const char *rs_route_label(const struct alert_rule *rule, const char *name);
/* Does a silence (i < n_silence) or one side of an inhibition match the alert: surely, or perhaps? */
enum match_sure { RS_MATCHES_NEVER, RS_MATCHES_PERHAPS, RS_MATCHES_SURELY };
enum match_sure rs_route_matches(struct bounding *b, const struct alert_rule *rule, int set);
bool rs_route_leads_to(const struct scenario *sc, int procedure, const char *alert);
/* From firing until the group's flush tells of it. */
struct part rs_group_part(struct bounding *b,
                          int procedure,
                          const struct alert_rule *rule,
                          const struct am_route *route);

/* ---- bound_people.c -------------------------------------------------------------------------- */

#define RS_MAX_CHANNEL_SET 16
struct channel_set { /* on which messages about a procedure may come */
    int n;
    int channel[RS_MAX_CHANNEL_SET];
    bool too_many;
};

struct taker { /* who may take it in hand, and when after the message */
    int role;
    struct span span;
};
#define RS_MAX_TAKER 24
struct takers {
    int n;
    struct taker item[RS_MAX_TAKER];
    struct part part; /* until somebody has it for sure */
};
/* After a message on a channel, when messages may come on all of the set. */
void rs_bound_takers(struct bounding *b,
                     int procedure,
                     const struct channel_set *set,
                     int channel,
                     struct takers *out);
/* The longest wait for working hours, over all instants of the scenario; INFINITY = never. */
double rs_bound_wait(const struct scenario *sc, const struct role *role);

/* ---- bound_act.c ----------------------------------------------------------------------------- */

struct act_legs {
    struct span span; /* of the whole: parts that run beside each other are joined */
    int n;
    struct part part[RS_BOUND_MAX_LEG]; /* the critical ones, one after another */
};
/*
 * From the beginning of the actions (from = RS_CLOCK_DECIDED) or a later mark to a later one.
 * false: `from` never happens.
 */
bool rs_act_legs(struct bounding *b,
                 int procedure,
                 int doer,
                 enum clock_mark from,
                 enum clock_mark to,
                 struct act_legs *out);

/* ---- bound.c --------------------------------------------------------------------------------- */

/* One question, and what has been found so far. */
struct asking {
    struct bounding *b;
    const struct bound_query *q;
    bool found;
    struct span all;   /* over the ways */
    struct bound *out; /* of the slowest one */
    struct bound scratch;
};

/* Adds a way to the bound. */
void rs_ask_way(struct asking *x, const struct way *w);
/* The same when that role has it in hand from its acknowledgement on, or automation: NULL without delay. */
void rs_ask_role(struct asking *x, struct way w, int role);
void rs_ask_automation(struct asking *x, struct way w, const struct automation *a);
/* role, or -1 = automation */
void rs_ask_whom(struct asking *x, struct way w, int role);

/* ---- bound_look.c ---------------------------------------------------------------------------- */

/* The ways by looks, gates and checks that are asked for. */
void rs_ask_looks(struct asking *x);

/* Who may see by himself that the procedure is called for. */
struct witness {
    bool any, automatic;
    bool role[64]; /* in a scenario with more roles the others are taken for lookers too */
};
struct witness rs_ask_witnesses(struct asking *x);

/* ---- bound_alert.c --------------------------------------------------------------------------- */

/* The ways by alerts. */
void rs_ask_alerts(struct asking *x);

/* Is this way of detection asked for? */
bool rs_bound_asks(const struct bound_query *q, enum detected_by by);
/* As rs_bound_chain. Besides: a time that is known to be reached. false: no history has the mark `from`. */
bool rs_bound_measure(struct arena *arena,
                      const struct scenario *sc,
                      const struct bound_query *q,
                      struct bound *out,
                      double *out_sure_s);

#endif
