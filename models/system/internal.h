/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of the counting engine.
 *
 * A *site* is a service at work, a *target* one of its instances. Requests of a target fall into *classes*: the path that they
 * take and whether its fallback stands by; the last class is "no path holds". A class' *law* says how its requests end (cells:
 * code and kind) and how long they take (split over a grid of latency bounds); laws belong to the site, because only the
 * fault changes them. A target's *shares* say which part of each cohort falls into which class; flags change them.
 *
 * Everything is drawn forward in time from what was drawn last: requests and counters up to requests_ns and counters_ns,
 * latencies up to what is still pending. Before anything changes, the targets concerned are flushed: drawn up to the present
 * under the old state.
 */
#ifndef MODELS_SYSTEM_INTERNAL_H
#define MODELS_SYSTEM_INTERNAL_H

#include "../traffic/intensity.h"
#include "ahead.h"
#include "models/system.h"
#include "queue_ports.h"
#include "recorded.h"
#include "sim/draw.h"
#include "sim/draw_table.h"
#include "sim/stream.h"

#define RS_SITE_MAX_CODE 64     /* distinct status codes of one service */
#define RS_CLASS_TABLE_MAX 2048 /* cells that rs_class_table_new takes */
#define RS_MAX_PARTIAL 20       /* flags with a partial audience that meet on one instance */

/* How a request ended: bit 0 error, bit 1 its first try failed and the fallback took it. */
enum kind { RS_KIND_OK, RS_KIND_ERROR, RS_KIND_FALLBACK_OK, RS_KIND_FALLBACK_ERROR, RS_KIND_N };

struct cell {
    double p;   /* P(a request of the class ends here) */
    double bad; /* share of it that the fault or its residue caused, 0..1 */
    int code;   /* slot in the site's codes */
    enum kind kind;
};

/*
 * Latency over the grid as a chain of conditional probabilities, likeliest cell first, and, where it recurs in every replica,
 * as a table.
 */
struct split {
    bool made;
    bool recurs;
    double key[4]; /* factor and shift of the first and second try that it was made for */
    int *order;    /* [n_grid + 1] */
    double *given; /* [n_grid + 1] P(cell order[i] | none of the earlier ones); the last is 1 */
    double *p;     /* [n_grid + 1] P(cell) */
    struct class_table *table; /* owned; NULL until the first draw */
    double mean, variance;     /* of one request's latency, seconds */
};

/* The splits of a class and a number of tries that are kept: without a fault, under part of one, and under each fault. */
enum { RS_SPLIT_CALM, RS_SPLIT_PASSING, RS_SPLIT_FAULT };

struct law {
    int path;      /* -1: no path holds */
    int part;      /* of the site's series in which it is counted */
    bool fallback; /* failed requests go on to the path's fallback */
    int n_cell;
    struct cell *cell; /* [n_cell] cell[0] is where nearly all end */
    double p_rest;     /* 1 - cell[0].p */
    bool rare;         /* p_rest is so small that the other cells are drawn event by event */
    double p_error;
    struct split
        *split[2]; /* [RS_SPLIT_FAULT + n_fault] one try; first try and fallback together */
};

/* How a path answers now. */
struct mix {
    double sum, bad; /* P(error); part of it that the fault caused */
    double p[RS_SITE_MAX_CODE], p_bad[RS_SITE_MAX_CODE]; /* by code slot */
    double factor, shift;                                /* latency = X * factor + shift */
    bool slowed;                                         /* the fault touches the latency */
};

/* A stream whose position belongs to a number: a scrape's draws are the same whatever was read before. */
struct lane {
    struct stream stream;
    uint64_t k;
};

/* Bernoulli marks on the scrapes (lost, late), found by geometric gaps. */
struct marks {
    struct stream stream;
    double p;
    uint64_t next; /* the next marked scrape */
};

/*
 * The requests of a class that end in its rare cells are a Poisson process in operational time (the integrated intensity): the
 * next one is so far away. No draw is spent on intervals without any.
 */
struct rare_clock {
    struct stream stream;
    double left; /* until the next event; exponential with mean 1 */
};

/* What of a cohort one partly exposed flag divides. */
struct divide {
    int flag;  /* -1: no flag does; -2: several do */
    int below; /* it is on for users with bucket < below */
    int class_on, class_off;
};

struct late_sample {
    int64_t visible_ns, t_ms;
    int series;
    double v;
};

/* Samples of one group that are not visible yet, in order. */
struct late_queue {
    int first, n, cap;
    struct late_sample *item;
};

/* Series read together: A is requests, counters and up; B is the histogram. */
struct group {
    int64_t retention_ms; /* the longest of its series; 0: nobody reads it */
    int n_want;
    struct tsdb_count *want; /* [n_want] the series that somebody reads */
    bool fresh; /* the last scrape gave samples: a lost one must end them with stale markers */
    struct marks late;
    struct late_queue queue;
};

struct cursor { /* how far a target has walked along a profile */
    int64_t at_ns;
    double until;
    int segment, sojourn;
};

/*
 * Scrapes whose latencies were drawn together, because the total was asked for and not they: what is left of the totals by
 * class and kind, to be dealt out to the scrapes should anybody read them.
 */
struct batch {
    uint64_t past; /* it ends before this scrape; it starts where the one before it ends */
    uint64_t *n;   /* [n_class * RS_KIND_N * (n_grid + 1)] owned */
    uint64_t *
        head; /* [n_part * (n_grid + 1)] owned: drawn already, in the part of the first interval before it */
};

/*
 * Requests by class and kind per scrape whose histogram nobody has read yet: [first, drawn) have been drawn in batches,
 * [drawn, past) have no latencies.
 */
struct ring {
    uint64_t *n; /* [cap * n_class * RS_KIND_N] */
    bool *lost;  /* [cap] the scrape failed */
    uint64_t first, drawn, past;
    int cap;  /* a power of two; 0: nobody reads the histogram */
    int keep; /* so many scrapes back can be seen */
    int n_batch, first_batch, cap_batch;
    struct batch *batch; /* a queue in a ring [cap_batch] */
};

struct target {
    struct site *site;
    int instance;
    int *
        flag_inst; /* [sc->n_flag] number among the flag's instances, -1 = the flag plays no part here */
    bool stale_shares;
    double *share;         /* [n_cohort * n_class] */
    struct divide *divide; /* [n_cohort] */
    bool *path_used; /* [n_path] somebody with traffic takes it, as first path or as fallback */
    int n_active, *active; /* classes that get requests */
    int64_t phase_ns;
    uint64_t next_k; /* the next scrape */
    int64_t next_ns; /* when it is */
    int64_t requests_ns, counters_ns;
    int64_t
        main_ns; /* the classes' first cells are drawn up to here; requests_ns, or less where nobody reads them */
    struct cursor *cursor; /* [site->n_traffic] */
    double *weight;        /* [site->n_traffic] expected requests since the last settling */
    struct lane requests, latency, apart, cause;
    struct stream together; /* latencies of more than one scrape */
    struct ahead ahead;
    struct rare_clock *rare; /* [n_class] */
    uint64_t *count; /* [n_part * (n_code + 1)] the last of a part: 503 where it is not exposed */
    uint64_t *served, *served_fallback; /* [n_class] */
    uint64_t *counter;                  /* [n_counter] */
    bool *counter_read;                 /* [n_counter] somebody reads it */
    bool reads_counters;                /* any of them */
    bool counts_alone; /* one that is read rises without a fault and without a fallback */
    uint64_t *counted; /* [n_counter] served requests that base_per_request has seen */
    struct lane *counter_lane, *extra_lane; /* [n_counter] base and fault's part */
    uint64_t n_bad; /* counts of the fault since its onset, told to nobody yet */
    uint64_t *
        pending; /* [n_class * RS_KIND_N] requests without latency, since the last scrape in the ring */
    uint64_t *lump; /* [n_class * RS_KIND_N] older ones that fell out of the ring */
    struct ring ring;
    struct told_queue told; /* latencies that are known and not shown yet */
    uint64_t *cell;         /* [n_grid + 1] latency counts, all that were drawn */
    uint64_t *shown;        /* [n_part * (n_grid + 1)] those up to the scrape before ring.first */
    uint64_t *carry; /* [n_part * (n_grid + 1)] those drawn since scrape ring.drawn - 1, to be shown
                        by the next one */
    uint64_t *le;    /* [n_part * (n_bucket + 1)] cumulative, as exposed */
    double *latency_sum; /* [n_part] seconds */
    bool sum_wanted, up_wanted, sampled, needs_requests;
    bool needs_main;      /* each scrape shows, or asks for, requests that end in the first cells */
    int64_t filled_ns[2]; /* up to where the groups have been read */
    struct marks lost;
    bool last_lost; /* the last scrape failed */
    int up_series;
    int *sum_series; /* [n_part] -1: none */
    int keep;        /* scrapes that must be drawn one by one before the present */
    int *series;     /* of each part codes; counters; of each part buckets, count */
    struct group a, b;
};

struct site {
    const struct service *service;
    int index;
    int n_code, code[RS_SITE_MAX_CODE]; /* code[0] = 200 */
    int slot_503; /* n_code, which is not exposed, where some path always holds */
    int n_part;   /* what the series tell apart: 1, or the paths and "none" */
    int n_class;
    struct law *law; /* [n_class]; the last is "no path holds" */
    int *path_class; /* [n_path] class of the path without fallback; with one: the next */
    int n_grid;      /* histogram bounds and slow_s */
    double *grid;
    int slow_from;    /* first grid cell that is slow; n_grid + 1 = none is */
    int *cell_bucket; /* [n_grid + 1] the exposed bucket that a grid cell lies in */
    int n_traffic, *traffic;
    int n_flag, *flag; /* that choose its paths, requirements included */
    bool *path_gone;
    int n_gone;
    struct door
        *door;       /* [n_instance * n_path] its requests go one by one (queue.h); NULL: counted */
    struct mix *mix; /* [n_path] */
    struct mix
        *beyond; /* [n_path] the same without the path's own errors, where it answers as recorded */
    const struct error_mix **errors; /* [n_path] the path's own, now */
    const struct dist **latency;     /* [n_path] likewise, before mix.factor and mix.shift */
    struct recorded_law **recorded;  /* [n_path] NULL: the path is under no recording */
    double *
        *first_quantile; /* [n_path] latency quantiles for sums of two tries; made when asked for */
    bool law_made;
    uint64_t law_epoch; /* grows whenever the laws are made anew */
    int law_fault;      /* what the laws were made for */
    double law_level;
    bool law_residue;
    bool fault_touches; /* the present fault may change this site's laws */
    bool pooled; /* nobody reads a histogram here: latencies of all instances are drawn together */
    struct target *target; /* [n_instance] */
    struct stream hurt, pool;
    uint64_t requests_hash, rare_hash, latency_hash, apart_hash, together_hash, phase_hash,
        lost_hash, late_hash, hurt_hash, pool_hash;
    uint64_t *counter_hash; /* [n_counter] */
    uint64_t *bucket;       /* [n_bucket + 1] answer of rs_system_observe */
    uint64_t **hurt_bits;   /* [n_cohort] one bit per user */
    uint64_t n_hurt;
};

struct command { /* a flag's value */
    bool on;
    int cohort;
    double percent;
};

struct flag_inst {
    struct target *target; /* NULL: the flag is used nowhere */
    uint64_t version;
    int64_t phase_ns;
    bool polling; /* a poll that will bring news is scheduled */
};

struct flag_state {
    const struct flag *flag;
    int n_inst, n_done;
    struct flag_inst *inst;
    uint64_t version; /* newest command; command[0] is the default */
    struct command *command;
    uint64_t cap;
    uint64_t stream_hash, phase_hash;
    uint64_t *bucket_hash; /* [n_cohort] */
    uint32_t **
        by_bucket; /* [n_cohort] users sorted by bucket; made with bucket_upto unless the cohort is huge */
    uint32_t **bucket_upto; /* [n_cohort] users with bucket < i, [10001]; made when asked for */
};

struct meter { /* one traffic element */
    const struct traffic *traffic;
    struct intensity intensity;
    bool bursty;
    struct burst_path burst;
    uint64_t burst_hash, log_hash;
    uint64_t
        log_key; /* of this replica: recorded requests are placed by hashing their number with it */
    double per_instance; /* 1 / n_instance */
};

struct fault_state {
    const struct fault *fault; /* NULL: none in this replica */
    int index;
    bool armed; /* the onset condition has not come yet */
    bool started, over, residue;
    bool was_shown;
    bool only_slow; /* neither errors nor counters: seen by latency */
    bool watching;  /* nobody has been told of the first bad scrape */
    int n_watch;    /* instances whose next scrape is awaited */
    double level;
    int step;
    int64_t onset_ns;
    uint64_t served_before; /* LEAK: requests served by the target before the onset */
    rs_event shape_event, end_event, residue_event;
    struct stream onset, shape;
};

struct fault_hash {
    uint64_t onset, shape, cause, counter;
};

struct system {
    const struct scenario *sc;
    struct kernel *kernel;
    struct tsdb *db;
    struct arena *arena;
    struct system_sink sink;
    int64_t start_ms;
    struct poisson_bank *bank; /* owned */
    uint64_t seed, replica, world;
    const uint64_t *branch; /* borrowed, or NULL */
    bool gsl_samplers;
    int n_target;
    struct target **target;  /* [n_target] all, service by service */
    struct site *site;       /* [n_service] */
    struct flag_state *flag; /* [n_flag] */
    struct meter *meter;     /* [n_traffic] */
    struct recorded_laws recorded; /* paths under a recording */
    struct fault_hash *fault_hash; /* [n_fault] */
    struct fault_state fault;
    uint64_t **hurt_bits; /* [n_cohort] over all services */
    uint64_t n_hurt;
    bool *raw;           /* [n_flag] scratch */
    double *raw_p;       /* [n_flag] scratch */
    double *mean;        /* [n_traffic] scratch */
    uint64_t *pool_n;    /* scratch, the most n_class * RS_KIND_N */
    struct queue *queue; /* the request engine; NULL: nothing needs it */
    uint64_t *grid_n;    /* scratch, the most n_grid + 1 */
    double *grid_p;      /* likewise */
};

/* topology.c: what is the same in all replicas. */
void rs_system_build(struct system *sys);
int rs_site_code_slot(const struct site *site, int code); /* -1 = unknown */

/* lane.c: the replica's streams, and streams by scrape. */
struct stream rs_system_stream(const struct system *sys, uint64_t hash);
void rs_lane_open(struct lane *lane, const struct system *sys, uint64_t hash);
struct stream *rs_lane_at(struct lane *lane, uint64_t k);
void rs_marks_open(struct marks *m, struct stream stream, double p);
bool rs_marks_search(struct marks *m, uint64_t k);
/* Is k marked? It must not fall. */
static inline bool rs_marks_hit(struct marks *m, uint64_t k)
{
    return m->next <= k && rs_marks_search(m, k);
}

/* choice.c: who takes which path. */
void rs_target_refresh(struct system *sys, struct target *t); /* shares, if they are stale */
/* Share of a cohort's users that see the flag on at this instance of it, requirements included. */
double rs_flag_shown(struct system *sys, int flag, const struct flag_inst *inst, int cohort);
/* The class of one definite user at a target. */
int rs_target_class_of(struct system *sys, const struct target *t, int cohort, uint64_t user);

/* flags.c */
void rs_flags_reset(struct system *sys);
const struct command *rs_flag_value(const struct flag_state *f, const struct flag_inst *inst);
bool rs_flag_shown_anywhere(struct system *sys, int flag);

/* law.c */
void rs_site_laws(struct system *sys,
                  struct site *site); /* brings them up to date with the fault */
struct split *rs_site_split(struct system *sys, struct site *site, int class, int tries /* 1, 2 */);
/* The latencies of its paths are others from now on. */
void rs_law_forget(const struct system *sys, struct law *law);
void rs_law_free(const struct system *sys, struct law *law);
double rs_site_latency_cdf(struct site *site, int class, int tries, double x_s);

/* count.c */
double rs_meter_mean(struct meter *m, struct cursor *c, int64_t a_ns, int64_t b_ns);
/* all: also the requests that end in the classes' first cells, which nobody may need yet. */
void rs_target_requests(struct system *sys, struct target *t, int64_t to_ns, bool all);
void rs_target_counters(struct system *sys, struct target *t, int64_t to_ns);

/* Counts n requests of a class in a cell. */
void rs_target_add(
    struct system *sys, struct target *t, int class, const struct cell *cell, uint64_t n);

/* scrape.c */
int64_t rs_target_scrape_ns(const struct target *t, uint64_t k);
/* Draws all scrapes up to to_ns; partial: and the rest of the interval up to it. */
void rs_target_advance(struct system *sys, struct target *t, int64_t to_ns, bool partial);
void rs_target_fill(void *ctx, uint64_t arg, int series, int64_t t_ms);
/* promise.c: does a counter stand still, so that nobody need look? */
bool rs_target_promise(void *ctx, uint64_t arg, int series, double last);
void rs_target_reset_scrapes(struct system *sys, struct target *t);
void rs_group_drain(struct system *sys, struct group *g, int64_t to_ns);
struct scrape {
    uint64_t k;
    bool lost;
};
/* Hands the samples of a scrape to the tsdb, or to the queue of late ones. */
void rs_group_emit(
    struct system *sys, struct target *t, struct group *g, struct scrape scrape, int64_t to_ns);
/* Draws everything up to the present. */
void rs_target_flush(struct system *sys, struct target *t);
void rs_site_flush(struct system *sys, struct site *site);

/* latency.c: gives latencies to what is pending, and finds the users hurt. */
/* Where latency counts are noted besides the target's cell; either may be NULL. */
struct spread_to {
    uint64_t *flat; /* [n_part * (n_grid + 1)] */
    uint64_t *by;   /* [n_class * RS_KIND_N * (n_grid + 1)] by class and kind */
};
/* Draws latencies for n[n_class * RS_KIND_N] requests, and the users hurt among them. */
void rs_target_latencies(
    struct system *sys, struct target *t, const uint64_t *n, struct spread_to to, struct stream *s);
void rs_target_settle(struct system *sys, struct target *t, int64_t to_ns);

/* histogram.c: the histogram of one target as scrapes show it. */
void rs_ring_reset(struct target *t, int keep);
void rs_ring_free(struct ring *r);
void rs_ring_push(struct target *t, uint64_t k, bool lost);
/* All that is pending is drawn, scrapes together. */
void rs_histogram_settle(struct system *sys, struct target *t, int64_t to_ns);
/* The scrapes that wait are drawn or dealt out one by one, and shown. */
void rs_histogram_read(struct system *sys, struct target *t, int64_t to_ns);

/* hypergeometric.c: marked ones among n drawn without replacement from n_all of which n_marked are marked. */
uint64_t rs_draw_hypergeometric(struct stream *s, uint64_t n_all, uint64_t n_marked, uint64_t n);

/* hurt.c */
void rs_hurt_users(struct system *sys, struct target *t, int class, uint64_t n);
/* One definite user is hurt. */
void rs_hurt_mark(struct system *sys, struct site *site, int cohort, uint64_t user);
void rs_hurt_reset(struct system *sys);

/* fault.c */
void rs_fault_reset(struct system *sys, int fault);
void rs_fault_look(struct system *sys); /* after flags or paths changed */
void rs_fault_withdrawn(struct system *sys, int flag);
void rs_fault_stage(struct system *sys, int stage);
void rs_fault_clear(struct system *sys, int component);
bool rs_fault_live(struct system *sys);
bool rs_fault_used_on(struct system *sys,
                      struct target *t); /* what it hits is taken on this instance */
bool rs_fault_telemetry_lost(struct system *sys, struct site *site);
/* Rate that the fault and its residue add to a counter of this target, per second. */
double rs_fault_counter_rate(struct system *sys, struct target *t, int counter);
bool rs_fault_touches(const struct system *sys, const struct fault *f, int service);
/* fault_watch.c: the first scrape that carries the fault. */
void rs_fault_watch(struct system *sys);

/* system.c */
void rs_system_flush(struct system *sys);

#endif
