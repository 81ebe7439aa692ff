/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A checked scenario: plain data, read-only after loading, shared by all replicas and threads. Built by scenarios/ (YAML) or
 * by tests by hand. Everything is in the scenario's arena; references between elements are indices into its arrays
 * (-1 = none), so nothing dangles. Times are int64_t ns or distributions in seconds; ratios are 0..1.
 * Every element that people wrote has `at` (its place in the YAML) and `ref` (its place in the source document, or NULL).
 */
#ifndef MODELS_SCENARIO_H
#define MODELS_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "models/capacity.h"
#include "models/dist.h"
#include "models/profile.h"
#include "sim/arena.h"
#include "sim/err.h"

/* ---- system -------------------------------------------------------------------------------------------------------- */

#define RS_MAX_CODES 6

/* Error ratio by HTTP status code: P(request ends with code[i]) = ratio[i]; the rest end with 200. */
struct error_mix {
    int n;
    int code[RS_MAX_CODES];
    double ratio[RS_MAX_CODES]; /* 0..1, sum <= 1 */
};

/* "FLAG" or "!FLAG": the condition holds on an instance, for a user, when the flag is on (off) there. */
struct condition {
    int flag;
    bool on;
};

struct path {
    const char *name, *ref;
    struct mark at;
    int n_when;
    const struct condition *
        when; /* [n_when] all must hold; none = always. A service's first path that holds is taken */
    struct error_mix errors;
    struct dist latency;
    bool
        as_recorded; /* a replayed request ends as it did in the recording, where that is told: its status stands for
                         `errors`, its latency for `latency`; dependencies and faults come on top */
    const struct path_recording *recorded; /* errors and latency over time; NULL = none */
    int n_uses;
    const int *uses; /* [n_uses] dependencies that each request of this path calls */
    int fallback;    /* path of the same service to which failed requests are handed, or -1 */
    int n_fallback_when;
    const struct condition *fallback_when; /* the fallback is there only while these hold */
    int fallback_counter;                  /* the service's counter that counts fallbacks, or -1 */
    struct capacity capacity;              /* given: it is a queue */
    struct cold cold;
};

/* A counter beside the requests: rollbacks, audit mismatches, log lines. */
struct counter {
    const char *metric; /* Prometheus name */
    const char *ref;
    struct mark at;
    double base_per_s;       /* per instance, always */
    double base_per_request; /* per request served */
    int only_on_path;        /* counts base_per_request only for requests of this path; -1 = all */
};

enum service_engine { RS_SERVICE_COUNTS, RS_SERVICE_REQUESTS };

struct service {
    const char *name, *ref;
    struct mark at;
    int n_instance; /* > 0 */
    int n_path;
    const struct path *path;     /* [n_path] tried in order */
    const char *requests_metric; /* counter {job, instance, code}; NULL = not exposed */
    const char *
        latency_metric; /* classic histogram <name>_bucket/_sum/_count {job, instance[, le]}; NULL = not exposed */
    int n_bucket;
    const double *bucket_s; /* [n_bucket] upper bounds, rising, without +Inf */
    bool
        by_path; /* both also carry {path}: the path that the request took first; "none" where none held */
    int n_counter;
    const struct counter *counter; /* [n_counter] */
    int64_t scrape_interval_ns;    /* > 0 */
    double scrape_loss; /* 0..1 a scrape fails: up = 0, all series go stale until the next */
    double
        scrape_late; /* 0..1 a scrape's samples become visible only late_ns after their timestamp */
    int64_t scrape_late_ns;
    double slow_s; /* an answer above this hurts the user like an error; INFINITY = never */
    double
        slo_error_ratio; /* the error budget: failed requests allowed, 0..1; NaN = none declared */
    int engine; /* enum service_engine; RS_SERVICE_COUNTS gives way where something of the service queues */
};

/*
 * A shared dependency (database pool, Vault, CDN): errors are added to those of every path that uses it. With a capacity it is
 * a pool of n_worker connections, one for all services and instances; a call waits for one and holds it.
 */
struct dependency {
    const char *name, *ref;
    struct mark at;
    struct error_mix errors;
    struct capacity capacity;
    struct dist hold; /* how long a call holds one of the pool */
};

enum propagation_kind { RS_PROPAGATION_STREAMING, RS_PROPAGATION_POLLING };

struct propagation {
    enum propagation_kind kind;
    struct dist delay; /* STREAMING: per instance and change. POLLING: added after the poll */
    double
        half_open_ratio; /* STREAMING: share of instances whose stream is half-open at a change, 0..1 */
    struct dist half_open_delay; /* STREAMING: their delay (read time-out and reconnect) */
    int64_t poll_ns; /* POLLING: interval > 0; phase per instance uniform, drawn once per world */
};

struct flag {
    const char *name, *ref;
    struct mark at;
    bool initially_on, safe_on; /* the default and the safe value */
    int n_requires;
    const int *requires; /* [n_requires] flags that must be on for this one to count as on */
    struct propagation propagation;
};

/* Something that can be purged or rotated: a cache, a secret. Faults can linger in it. */
struct component {
    const char *name, *ref;
    struct mark at;
};

enum fault_target { RS_TARGET_PATH, RS_TARGET_SERVICE, RS_TARGET_DEPENDENCY };

enum onset_kind {
    RS_ONSET_FLAG_EXPOSED,   /* the first instance on which `flag` is on for anybody */
    RS_ONSET_FLAG_WITHDRAWN, /* the flag is set off after having been on */
    RS_ONSET_STAGE,          /* `stage` is entered */
    RS_ONSET_LOAD, /* the expected rate of `service` first exceeds load_per_s (looked at once a minute) */
    RS_ONSET_TIME, /* at_ns */
    RS_ONSET_LEASE /* a token lease runs out: at_ns, then every every_ns until the fault has started */
};

enum shape_kind {
    RS_SHAPE_STEP,
    RS_SHAPE_RAMP,         /* level rises linearly from 0 to 1 over period_ns */
    RS_SHAPE_INTERMITTENT, /* on for an exponential time of mean period_ns, off for one of mean off_ns */
    RS_SHAPE_DECAY,        /* level halves every period_ns */
    RS_SHAPE_LEAK          /* level = min(1, served requests of the target * per_request) */
};

/* What a fault at level 1 does to its target. At level x the ratios, rates and (factor - 1) are scaled by x. */
struct effect {
    struct error_mix errors; /* added: P(ok) is multiplied by 1 - sum */
    double latency_factor;   /* 1 = none */
    double latency_shift_s;  /* 0 = none */
    int n_counter;
    const int *counter;          /* [n_counter] counters of the target's service */
    const double *counter_per_s; /* [n_counter] added, over all instances together */
    bool telemetry_lost;         /* every scrape of the service fails */
    double
        capacity_lost; /* 0..1 share of the workers of what it hits (a path's, a pool's) that are gone */
};

struct fault {
    const char *name, *title, *ref;
    struct mark at;
    double
        probability; /* of being present in a replica. Faults exclude each other: one draw per replica picks at most one; sum <= 1 */
    enum fault_target target;
    int service, path,
        dependency; /* by target; service also names where counters live; -1 = none */
    enum onset_kind onset;
    int onset_flag, onset_stage, onset_service;
    double onset_load_per_s;
    int64_t onset_at_ns, onset_every_ns;
    struct dist onset_delay;
    enum shape_kind shape;
    int64_t shape_period_ns, shape_off_ns;
    double shape_per_request;
    struct effect effect;
    /* The end, whichever comes first. A fault on a path that nobody takes has no effect while that is so, in any case. */
    bool ends_with_exposure; /* the onset flag is off everywhere */
    int ends_with_component; /* that component is purged or rotated; -1 = none */
    int64_t ends_after_ns;   /* since the onset; RS_NEVER = not by itself */
    /* What stays behind: this effect on the whole service, from the onset until the component is purged or residue_ttl_ns after the fault itself ended. */
    bool has_residue;
    struct effect residue;
    int residue_component; /* -1 = only the ttl ends it */
    int64_t residue_ttl_ns;
};

/* ---- monitoring ---------------------------------------------------------------------------------------------------- */

struct rule_file; /* models/rules.h */
struct am_config; /* models/alertmanager.h */
struct am_silence;

struct channel {
    const char *name, *ref;
    struct mark at;
    const char *receiver; /* the Alertmanager receiver that delivers here, or NULL */
    struct dist delivery; /* notification sent -> visible to people */
    bool silent; /* no paging service behind it: what nobody acknowledges does not escalate */
};

/* When in its interval a rule group is evaluated. */
enum group_offsets {
    RS_OFFSETS_DRAWN,        /* anywhere, drawn per world */
    RS_OFFSETS_HASHED,       /* where a server of this dialect does it */
    RS_OFFSETS_HASHED_SLICES /* the same of a build with slice labels, whatever the dialect */
};

struct monitoring {
    int64_t evaluation_interval_ns; /* of groups that name none, and of gates */
    int64_t lookback_ns;            /* 5m */
    int dialect;                    /* enum promql_dialect, of rules and gates */
    int group_offsets;              /* enum group_offsets */
    const char *rules_path;         /* folder in which the server finds its rule files, absolute */
    int n_rule_file;
    struct rule_file *const *rule_file;   /* [n_rule_file] */
    const struct am_config *alertmanager; /* may be NULL: nobody is told */
    int alertmanager_version;             /* enum am_version */
    int alertmanager_peer;                /* of a cluster whose earlier peers are down */
    int n_silence;
    const struct am_silence *silence;
    int n_channel;
    const struct channel *channel;
};

/* ---- response ------------------------------------------------------------------------------------------------------ */

struct attention {
    int channel;
    double sees; /* 0..1 a message on this channel is noticed at all */
    bool
        off_hours; /* reaches the role outside working hours too (a pager); else it waits until they begin */
};

struct role {
    const char *name, *title, *ref;
    struct mark at;
    int n_attention;
    const struct attention *attention;
    struct dist acknowledge; /* visible -> acknowledged (seen by the one who will act) */
    struct dist decide;      /* acknowledged -> decided */
    struct dist act;         /* default time of one manual action */
    double
        error_ratio; /* human-error probability per step: the step is not done right and must be done again after `notice` */
    struct dist notice;        /* until the slip is noticed */
    int64_t from_ns, until_ns; /* working hours within a day, UTC; 0 and 24 h = always */
    unsigned weekdays;         /* bit 0 = Monday; 0x7f = every day */
    int escalates_to;          /* role, or -1 */
    int64_t escalate_after_ns; /* no acknowledgement for so long */
};

enum action_kind {
    RS_ACT_SET_FLAG, /* flag, on, cohort (-1 all), percent */
    RS_ACT_PURGE,    /* component: purge a cache */
    RS_ACT_ROTATE,   /* component: rotate a secret */
    RS_ACT_CHECK, /* smoke test or health check: n_request requests through service/cohort; passes if at most max_failures fail */
    RS_ACT_REMOVE,   /* remove a code path: irreversible; from then on the path does not exist */
    RS_ACT_NOTIFY,   /* message to a channel */
    RS_ACT_DOCUMENT, /* ticket, log entry, investigation */
    RS_ACT_WAIT      /* nothing but time */
};

struct action {
    const char *title, *ref;
    struct mark at;
    enum action_kind kind;
    int flag, cohort, component, service, path, channel; /* by kind; -1 = none */
    bool on;
    double percent;     /* 0..100, RS_ACT_SET_FLAG */
    uint64_t n_request; /* RS_ACT_CHECK */
    uint64_t max_failures;
    double
        max_latency_s; /* RS_ACT_CHECK: a slower answer is a failure too; INFINITY = not looked at */
    struct dist takes; /* kind CONSTANT with a = NaN: the doer's default */
    double fails;      /* 0..1 an attempt fails and is repeated */
    int max_attempts;  /* >= 1; after so many failed attempts the action is given up */
    bool blocking;     /* counts towards completion of a rollback */
    double overlooked; /* 0..1 the step is skipped altogether */
};

enum gate_then { RS_THEN_ROLLBACK, RS_THEN_HOLD, RS_THEN_HALT, RS_THEN_PROMOTE };
enum gate_when { RS_GATE_LOOKS, RS_GATE_END, RS_GATE_CONTINUOUS };

struct promql; /* models/promql.h */

/* A runbook condition: PromQL, true when the result is not empty (scalars: not 0). */
struct gate {
    const char *name, *ref;
    struct mark at;
    const struct promql *expr;
    const char *expr_text;
    const char *says; /* the document's own words for it, or NULL */
    enum gate_when
        when; /* at every look of the watcher, at the end of the watch, or at every evaluation (automation) */
    bool
        require; /* false: the gate trips when expr is true. true: it trips when expr is NOT true ("promote only if") */
    enum gate_then then; /* what a tripped gate orders */
    int procedure;       /* RS_THEN_ROLLBACK */
    /* It trips when so many reads of it in a row call for it; 0 and 1: each does. Counted anew from each watch on; reads while
     * the stage is held go on with the count. Not of RS_GATE_END. */
    int in_a_row;
};

/* One step of a ramp: the flag's percentage, then a watch with the stage's gates. */
struct ramp_step {
    struct mark at;
    double percent; /* 0..100 */
    int64_t watch_ns;
};

/*
 * What becomes of a stage that was held or halted: the gates are read again every look_again_ns; once none of them trips the
 * stage goes on where it was (a check that failed is done again, a watch has what was left of it); when its holds together
 * have taken at_most_ns it is given up. Without it a hold is the end of the rollout.
 */
struct on_hold {
    bool given;
    struct mark at;
    int64_t look_again_ns; /* > 0 */
    int64_t at_most_ns;  /* >= look_again_ns; RS_NEVER = for ever: paused and resumed without end */
    enum gate_then then; /* giving up: RS_THEN_ROLLBACK or RS_THEN_HALT */
    int procedure;       /* RS_THEN_ROLLBACK */
};

struct stage {
    const char *name, *title, *ref;
    struct mark at;
    int by;                /* role that performs and watches; -1 = automation */
    int64_t not_before_ns; /* scenario time before which the stage does not start; 0 = at once */
    int n_action;
    const struct action *action; /* on entry, in order; a failed RS_ACT_CHECK trips `check_then` */
    enum gate_then check_then;
    struct mark check_at; /* where that is said; line 0 = nowhere: hold */
    int check_procedure;
    int64_t watch_ns;      /* after the entry actions */
    int64_t look_every_ns; /* the watcher looks at the dashboards so often; RS_NEVER = never */
    int n_gate;
    const struct gate *gate;
    int n_watched;
    const int *watched;         /* procedures whose triggers the watcher also looks for */
    int ramp_flag, ramp_cohort; /* -1 = no ramp */
    int n_ramp;
    const struct ramp_step *ramp;
    int n_closing;
    const struct action *closing; /* after the watch has passed (disable the fallback, ...) */
    struct on_hold on_hold;
};

struct procedure {
    const char *name, *title, *ref;
    struct mark at;
    const struct promql
        *trigger; /* the runbook's trigger, seen by watchers; NULL = none in PromQL */
    const char *trigger_text;
    const struct promql *
        recovered; /* true = the metric is back under its threshold; NULL = trigger not true any more */
    const char *recovered_text;
    const char *says; /* the document's own words for the trigger, or NULL */
    int n_alert;
    const char *const *alert; /* alert names that lead here */
    int by; /* role that decides and acts when no other acknowledged; -1 = automation */
    int n_action;
    const struct action *action;
    int64_t sla_ns; /* detected -> completed; RS_NEVER = none */
};

/* Acts at once when an alert fires or a gate trips; beside or instead of people. */
struct automation {
    const char *name, *ref;
    struct mark at;
    const char *alert; /* alert name */
    int procedure;
    struct dist delay; /* firing -> commanded */
};

struct checklist_item {
    const char *text, *ref;
    struct mark at;
    bool done;
};

/* Communication and post-rollout steps: who does what when; recorded with their own times. */
enum step_when { RS_STEP_STAGE_ENTERED, RS_STEP_DAILY, RS_STEP_ROLLBACK, RS_STEP_FINISHED };
struct side_step {
    enum step_when when;
    struct action action;
    int by;
    int64_t at_day_ns; /* RS_STEP_DAILY: time of day */
};

struct assumption {
    const char *id, *text, *source;
    struct mark at;
    bool placeholder;
};

/* A metric that the runbook says is to be watched. */
struct listed_metric {
    const char *metric; /* Prometheus name of the counter, or of the histogram without its suffix */
    const char *says, *ref;
    struct mark at;
};

struct judge; /* models/judge.h */

struct response {
    int n_metric;
    const struct listed_metric *metric; /* [n_metric] */
    int n_role;
    const struct role *role;
    int n_stage;
    const struct stage *stage;
    int n_procedure;
    const struct procedure *procedure;
    int n_automation;
    const struct automation *automation;
    int n_checklist;
    const struct checklist_item *checklist;
    int n_side_step;
    const struct side_step *side_step;
    int64_t lull_ns; /* between stages, beyond not_before */
    int n_judge;
    const struct judge *judge; /* [n_judge] models/judge.h */
};

/* ---- the whole ----------------------------------------------------------------------------------------------------- */

struct claim;     /* verify/claim.h */
struct tune_plan; /* verify/tune.h */

/* A file that went into a scenario. */
struct input_file {
    const char *path;   /* as it was opened */
    const char *sha256; /* hex, of its bytes */
};

struct scenario {
    struct arena *arena; /* owns everything */
    const char *file;    /* as given */
    const char *text;    /* the YAML as read */
    const char *sha256;  /* hex, of the YAML and all files it names, in order */
    int n_input;
    const struct input_file *input; /* [n_input] the YAML and those files, in that order */
    const char *name, *title, *document;
    int64_t starts_at_unix_ns;
    int64_t horizon_ns; /* > 0; a replica ends here at the latest */
    int64_t
        tail_ns; /* after the outcome is settled, the loop goes on so long for recovery and resolve */
    uint64_t
        n_world; /* phases are drawn per world; replica r lives in world r % n_world; 0 = every replica its own */
    int64_t trajectory_step_ns; /* grid of the coarse trajectories */
    uint64_t default_replicas, default_seed;
    double confidence; /* family-wise, 0.5..1 */
    int n_cohort, n_traffic, n_service, n_dependency, n_flag, n_component, n_fault, n_assumption,
        n_claim;
    const struct cohort *cohort;
    const struct traffic *traffic;
    const struct service *service;
    const struct dependency *dependency;
    const struct flag *flag;
    const struct component *component;
    const struct fault *fault;
    const struct assumption *assumption;
    const struct claim *claim;    /* [n_claim] */
    const struct tune_plan *tune; /* NULL = nothing may be turned */
    struct monitoring monitoring;
    struct response response;
};

void rs_scenario_free(struct scenario *sc); /* NULL ok */

/* The number of the world in which a replica lives. */
uint64_t rs_scenario_world(const struct scenario *sc, uint64_t replica);

/* Index of a thing by name, or -1. */
int rs_scenario_fault(const struct scenario *sc, const char *name);

#endif
