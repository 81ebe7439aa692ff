/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Capacities, pools, cold paths and retries: what makes a path a queue, and what its clients do. */
#include <math.h>
#include <string.h>

#include "reader.h"
#include "sim/clock.h"

static bool has(const struct node *map, const char *key)
{
    return rs_node_pair(map, key) != NULL;
}

/* ---- capacity ---- */

#define CAPACITY(field) offsetof(struct capacity, field)

static const char *const abandoned_words[] = {"dropped", "cancelled", "worked_off", NULL};

/* What is not said is not limited. */
static void finish_capacity(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct capacity *c = draft;
    (void)r, (void)out;
    c->given = true;
    c->n_worker = has(map, "workers") ? c->n_worker : RS_UNLIMITED;
    c->n_place = has(map, "queue") ? c->n_place : RS_UNLIMITED;
    c->n_connection = has(map, "connections") ? c->n_connection : RS_UNLIMITED;
}

static void finish_path_capacity(struct reader *r, const struct node *map, void *draft, void *out)
{
    static const char *const limits[] = {"workers", "connections", "timeout"};
    bool limited = false;
    finish_capacity(r, map, draft, out);
    for (int i = 0; i < 3; i++) {
        limited |= has(map, limits[i]);
    }
    if (!limited) {
        rs_err_list_add(r->errors, RS_E_KEY, map->at,
                        "a capacity needs one of the keys workers, connections, timeout");
    }
}

static const struct key capacity_keys[] = {
    {"workers", RS_V_INT, .min = 1, .max = 1000000, .def = "(no limit)", .at = CAPACITY(n_worker),
     .help = "Requests that one instance can work on at once; the path's latency is the time of "
             "service."},
    {"queue", RS_V_INT, .min = 0, .max = 100000000, .def = "(no limit)", .at = CAPACITY(n_place),
     .with = "workers",
     .help = "Requests that can wait at one instance, first come first served; one more is refused "
             "with 503."},
    {"connections", RS_V_INT, .min = 1, .max = 100000000, .def = "(no limit)",
     .at = CAPACITY(n_connection),
     .help = "Requests that one instance takes in at once, waiting or served; one more is refused "
             "with 503."},
    {"timeout", RS_V_DURATION, RS_KEY_POSITIVE, .def = "(never)", .at = CAPACITY(timeout_ns),
     .help = "Time after which the client gives up, waiting or served; the answer counts as 504."},
    {"abandoned", RS_V_WORD, .def = "dropped", .at = CAPACITY(abandoned), .words = abandoned_words,
     .with = "timeout",
     .help = "What the instance does with work whose client has given up. dropped: what waits "
             "leaves, what is being served is finished for nobody. cancelled: both leave at once. "
             "worked_off: it does not notice, and serves what waits too."},
};
const struct section rs_section_capacity = {"capacity",
                                            "What one instance of a path can take. Requests are "
                                            "then simulated one by one.",
                                            capacity_keys, RS_N_KEY(capacity_keys),
                                            .finish = finish_path_capacity};

static void finish_pool(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct capacity *c = draft;
    finish_capacity(r, map, draft, out);
    c->timeout_ns = RS_NEVER;
}

static const struct key pool_keys[] = {
    {"workers", RS_V_INT, RS_KEY_REQUIRED, .min = 1, .max = 1000000, .at = CAPACITY(n_worker),
     .help = "Calls that it takes at once, from all instances of all services together."},
    {"queue", RS_V_INT, .min = 0, .max = 100000000, .def = "(no limit)", .at = CAPACITY(n_place),
     .help = "Calls that can wait, first come first served; one more is refused and its request "
             "ends with 503."},
};
const struct section rs_section_pool = {
    "pool",
    "A dependency of which there are only so many: a database pool. A request calls its pools in "
    "the order of \"uses\", after its own service, and holds its worker meanwhile.",
    pool_keys, RS_N_KEY(pool_keys), .finish = finish_pool};

/* ---- cold ---- */

#define COLD(field) offsetof(struct cold, field)

static void finish_cold(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct cold *c = draft;
    (void)r, (void)map, (void)out;
    c->given = true;
}

static const struct key cold_keys[] = {
    {"after", RS_V_DURATION, RS_KEY_REQUIRED | RS_KEY_POSITIVE, .at = COLD(after_ns),
     .help = "Time without a request after which an instance is cold. It is warm at the start."},
    {"factor", RS_V_NUMBER, RS_KEY_REQUIRED, .min = 1, .max = 1e6, .at = COLD(factor),
     .help = "Times as slow when it is quite cold."},
    {"warms_over", RS_V_DURATION, RS_KEY_ONE_OF | RS_KEY_POSITIVE, .at = COLD(warms_over_ns),
     .help = "Time in which the factor falls to 1, in a straight line, once requests come."},
    {"warms_by", RS_V_COUNT, RS_KEY_ONE_OF, .min = 1, .max = 1e9, .at = COLD(warms_by),
     .help = "Number of requests over which the factor falls to 1."},
};
const struct section rs_section_cold = {
    "cold path", "A path that is slow after it has been idle, until caches and pools are warm.",
    cold_keys, RS_N_KEY(cold_keys), .finish = finish_cold};

/* ---- retries ---- */

#define RETRIES(field) offsetof(struct retries, field)

static unsigned retry_bit(struct reader *r, const struct node *item)
{
    static const char *const words[] = {"errors", "timeouts", "refused"};
    char seen[64];
    for (unsigned i = 0; i < 3; i++) {
        if (item->kind == RS_NODE_SCALAR && strcmp(item->text, words[i]) == 0) {
            return 1u << i;
        }
    }
    if (item->kind != RS_NODE_SCALAR) {
        rs_err_list_add(r->errors, RS_E_TYPE, item->at,
                        "\"on\" must hold errors, timeouts or refused, got %s",
                        rs_node_describe(seen, sizeof(seen), item));
        return 0;
    }
    rs_refuse_name(r, RS_E_RANGE, item->at, item->text, words, 3,
                   "\"on\" must hold errors, timeouts or refused, got \"%s\"", item->text);
    return 0;
}

static void finish_retries(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct retries *how = draft;
    const struct node *on = rs_node_get(map, "on");
    char seen[64];
    (void)out;
    how->on = on ? 0 : RS_RETRY_ERRORS | RS_RETRY_TIMEOUTS | RS_RETRY_REFUSED;
    if (!has(map, "budget")) {
        how->budget = INFINITY;
    }
    if (on && on->kind == RS_NODE_LIST && on->n == 0) {
        rs_err_list_add(r->errors, RS_E_RANGE, on->at, "\"on\" must not be empty");
        return;
    }
    if (on && on->kind != RS_NODE_LIST) {
        rs_err_list_add(r->errors, RS_E_TYPE, on->at,
                        "\"on\" must be a list of errors, timeouts and refused, got %s",
                        rs_node_describe(seen, sizeof(seen), on));
        return;
    }
    for (int i = 0; on && i < on->n; i++) {
        how->on |= retry_bit(r, on->item[i]);
    }
}

static const struct key retries_keys[] = {
    {"attempts", RS_V_INT, RS_KEY_REQUIRED, .min = 2, .max = 100, .at = RETRIES(n_attempt),
     .help = "Attempts of one call at most, the first included."},
    {"on", RS_V_OWN, .def = "(all three)", .shape = "list of errors, timeouts and refused",
     .help = "Ends after which the client tries again: an error answer, its own timeout, a refusal "
             "for want of room."},
    {"backoff", RS_V_DIST, RS_KEY_REQUIRED, .at = RETRIES(backoff),
     .help = "Time to the second attempt; a distribution with a spread is a jitter."},
    {"factor", RS_V_NUMBER, .min = 1, .max = 100, .def = "1", .at = RETRIES(factor),
     .help = "Each further wait is longer by this."},
    {"at_most", RS_V_SECONDS, RS_KEY_POSITIVE, .def = "(never)", .at = RETRIES(at_most_s),
     .help = "No wait is longer."},
    {"budget", RS_V_RATIO, .def = "(no limit)", .at = RETRIES(budget),
     .help = "Retries at most for this share of the calls, beyond a reserve of ten."},
};
const struct section rs_section_retries = {
    "set of retries",
    "What clients do when an attempt fails. Each attempt is a request of its own for the metrics; "
    "a user is hurt by how the call ends, and by how long it took in all.",
    retries_keys, RS_N_KEY(retries_keys), .finish = finish_retries};

/* ---- what needs the whole scenario ---- */

static bool takes_workers(const struct fault *f)
{
    return f->effect.capacity_lost > 0.0 || f->residue.capacity_lost > 0.0;
}

static bool has_workers(const struct scenario *sc, const struct fault *f)
{
    if (f->target == RS_TARGET_DEPENDENCY) {
        return f->dependency < 0 || sc->dependency[f->dependency].capacity.given;
    }
    if (f->service < 0 || !sc->service[f->service].path) {
        return true; /* told already */
    }
    const struct service *s = &sc->service[f->service];
    for (int i = 0; i < s->n_path; i++) {
        bool hit = f->target == RS_TARGET_SERVICE || f->path == i || f->residue.capacity_lost > 0.0;
        if (hit && s->path[i].capacity.given && s->path[i].capacity.n_worker < RS_UNLIMITED) {
            return true;
        }
    }
    return false;
}

void rs_check_capacity(struct reader *r)
{
    for (int i = 0; i < r->sc->n_fault; i++) {
        const struct fault *f = &r->sc->fault[i];
        if (f->name && takes_workers(f) && !has_workers(r->sc, f)) {
            rs_err_list_add(r->errors, RS_E_REF, f->at,
                            "fault \"%s\" takes workers from what has no number of workers",
                            f->name);
        }
    }
}
