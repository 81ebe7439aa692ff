/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cohorts, flags, services and their paths. */
#include <math.h>
#include <string.h>

#include "recording_keys.h"

static const char ref_help[] = "Place in the source document; findings and verdicts print it.";
static const char assumes_help[] = "Assumptions that these numbers rest on.";

static const struct key cohort_keys[] = {
    {"name", RS_V_NAME, RS_KEY_REQUIRED, .at = offsetof(struct cohort, name), .help = "Name."},
    {"population", RS_V_COUNT, RS_KEY_REQUIRED, .min = 1, .max = 1e9,
     .at = offsetof(struct cohort, population), .help = "Number of users."},
    {"ref", RS_V_TEXT, .at = offsetof(struct cohort, ref), .help = ref_help},
    {"assumes", RS_V_ASSUMES, .help = assumes_help},
};
const struct section rs_section_cohort = {
    "cohort",
    "A group of users. A percentage of a cohort is a definite set of users, which only grows with "
    "the percentage.",
    cohort_keys,
    RS_N_KEY(cohort_keys),
    .size = sizeof(struct cohort),
    .has_mark = true,
    .mark_at = offsetof(struct cohort, at)};

static const struct key component_keys[] = {
    {"name", RS_V_NAME, RS_KEY_REQUIRED, .at = offsetof(struct component, name), .help = "Name."},
    {"ref", RS_V_TEXT, .at = offsetof(struct component, ref), .help = ref_help},
    {"assumes", RS_V_ASSUMES, .help = assumes_help},
};
const struct section rs_section_component = {
    "component",
    "Something that can be purged or rotated: a cache, a secret.",
    component_keys,
    RS_N_KEY(component_keys),
    .size = sizeof(struct component),
    .has_mark = true,
    .mark_at = offsetof(struct component, at)};

static const struct key dependency_keys[] = {
    {"name", RS_V_NAME, RS_KEY_REQUIRED, .at = offsetof(struct dependency, name), .help = "Name."},
    {"errors", RS_V_ERRORS, .at = offsetof(struct dependency, errors),
     .help = "Error ratios that it adds to every path that uses it."},
    {"capacity", RS_V_MAP, .of = &rs_section_pool, .at = offsetof(struct dependency, capacity),
     .help = "It is a pool that calls wait for and hold."},
    {"hold", RS_V_DIST, RS_KEY_NEED_WITH, .with = "capacity",
     .at = offsetof(struct dependency, hold),
     .help = "Time for which a call holds one of the pool."},
    {"ref", RS_V_TEXT, .at = offsetof(struct dependency, ref), .help = ref_help},
    {"assumes", RS_V_ASSUMES, .help = assumes_help},
};
const struct section rs_section_dependency = {
    "dependency",
    "Something that several paths share: a database pool, Vault, a CDN.",
    dependency_keys,
    RS_N_KEY(dependency_keys),
    .size = sizeof(struct dependency),
    .has_mark = true,
    .mark_at = offsetof(struct dependency, at)};

/* ---- flags ---- */

#define PROPAGATION(field) offsetof(struct propagation, field)

static const struct key polling_keys[] = {
    {"every", RS_V_DURATION, RS_KEY_REQUIRED | RS_KEY_POSITIVE, .at = PROPAGATION(poll_ns),
     .help = "Interval of the polls; every instance has a phase of its own, drawn once per world."},
    {"delay", RS_V_DIST, .def = "0s", .at = PROPAGATION(delay),
     .help = "Time from the poll to the change."},
};
static const struct section polling_section = {"polling propagation",
                                               "Instances ask for changes at a fixed interval.",
                                               polling_keys, RS_N_KEY(polling_keys)};

static const struct key streaming_keys[] = {
    {"delay", RS_V_DIST, RS_KEY_REQUIRED, .at = PROPAGATION(delay),
     .help = "Time to each instance."},
    {"half_open_ratio", RS_V_RATIO, .at = PROPAGATION(half_open_ratio),
     .help = "Share of instances whose stream is dead without their knowing."},
    {"half_open_delay", RS_V_DIST, .def = "0s", .at = PROPAGATION(half_open_delay),
     .help = "Time until such an instance has read the change."},
};
static const struct section streaming_section = {"streaming propagation",
                                                 "Changes are pushed to the instances.",
                                                 streaming_keys, RS_N_KEY(streaming_keys)};

static void finish_propagation(struct reader *r, const struct node *map, void *draft, void *out)
{
    (void)r, (void)draft;
    struct propagation *p = out;
    bool polling = rs_node_pair(map, "polling") != NULL;
    p->kind = polling ? RS_PROPAGATION_POLLING : RS_PROPAGATION_STREAMING;
}

static const struct key propagation_keys[] = {
    {"polling", RS_V_MAP, RS_KEY_ONE_OF, .of = &polling_section, .help = "Instances poll."},
    {"streaming", RS_V_MAP, RS_KEY_ONE_OF, .of = &streaming_section, .help = "Changes are pushed."},
};
static const struct section propagation_section = {
    "propagation", "How a change of a flag reaches the instances.", propagation_keys,
    RS_N_KEY(propagation_keys), .finish = finish_propagation};

static const struct key flag_keys[] = {
    {"name", RS_V_NAME, RS_KEY_REQUIRED, .at = offsetof(struct flag, name), .help = "Name."},
    {"default", RS_V_BOOL, RS_KEY_REQUIRED, .at = offsetof(struct flag, initially_on),
     .help = "Value before the rollout."},
    {"safe", RS_V_BOOL, RS_KEY_REQUIRED, .at = offsetof(struct flag, safe_on),
     .help = "Value to fall back to."},
    {"requires", RS_V_REFS, .at = offsetof(struct flag, requires),
     .n_at = offsetof(struct flag, n_requires), .names = RS_NAME_FLAG,
     .help = "Flags that must be on for this one to count as on."},
    {"propagation", RS_V_MAP, RS_KEY_REQUIRED, .at = offsetof(struct flag, propagation),
     .of = &propagation_section, .help = "How a change reaches the instances."},
    {"ref", RS_V_TEXT, .at = offsetof(struct flag, ref), .help = ref_help},
    {"assumes", RS_V_ASSUMES, .help = assumes_help},
};
const struct section rs_section_flag = {"flag",
                                        "A feature flag.",
                                        flag_keys,
                                        RS_N_KEY(flag_keys),
                                        .size = sizeof(struct flag),
                                        .has_mark = true,
                                        .mark_at = offsetof(struct flag, at)};

/* ---- services ---- */

#define PATH(field) offsetof(struct path, field)

static const struct key fallback_keys[] = {
    {"to", RS_V_REF, RS_KEY_REQUIRED, .at = PATH(fallback), .names = RS_NAME_PATH,
     .help = "Path that takes over."},
    {"when", RS_V_CONDITIONS, .at = PATH(fallback_when), .n_at = PATH(n_fallback_when),
     .help = "The fallback is there only while all of these hold."},
    {"counter", RS_V_REF, .at = PATH(fallback_counter), .names = RS_NAME_COUNTER,
     .help = "Counter of the service that counts fallbacks."},
};
static const struct section fallback_section = {"fallback",
                                                "Where failed requests of a path are handed to.",
                                                fallback_keys, RS_N_KEY(fallback_keys)};

/* What is recorded of a path must have something to work on. */
static void check_recorded(struct reader *r, const struct node *map, const struct path *path)
{
    const struct path_recording *rec = path->recorded;
    if (!rec) {
        return;
    }
    if (path->as_recorded) {
        rs_err_list_add(r->errors, RS_E_KEY, rs_node_pair(map, "recorded")->at,
                        "\"as_recorded\" and \"recorded\" exclude each other");
    }
    double q = rec->quantile[0];
    if (rec->n_quantile == 1 &&
        !((isnan(q) ? rs_dist_mean(&path->latency) : rs_dist_quantile(&path->latency, q)) > 0.0)) {
        rs_err_list_add(
            r->errors, RS_E_KEY, rs_node_pair(map, "recorded")->at,
            "one quantile, or the mean, stretches the path's own \"latency\", which must "
            "be above 0s there");
    }
}

static void finish_path(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct path *path = draft;
    (void)out;
    check_recorded(r, map, path);
    if (!rs_node_pair(map, "fallback")) {
        path->fallback = -1;
        path->fallback_counter = -1;
    } else if (path->fallback >= 0 &&
               strcmp(r->names[RS_NAME_PATH].name[path->fallback], path->name) == 0) {
        rs_err_list_add(r->errors, RS_E_REF, rs_node_get(rs_node_get(map, "fallback"), "to")->at,
                        "path \"%s\" cannot be its own fallback", path->name);
    }
}

static const struct key path_keys[] = {
    {"name", RS_V_NAME, RS_KEY_REQUIRED, .at = PATH(name), .help = "Name."},
    {"when", RS_V_CONDITIONS, .at = PATH(when), .n_at = PATH(n_when),
     .help =
         "Flags that must be on (\"!FLAG\": off) for a request to take this path; none: always."},
    {"errors", RS_V_ERRORS, .at = PATH(errors),
     .help = "Share of requests that end with each status code."},
    {"latency", RS_V_DIST, .def = "0s", .at = PATH(latency), .help = "Time to answer."},
    {"as_recorded", RS_V_BOOL, .def = "off", .at = PATH(as_recorded),
     .help =
         "A request that a request log replays ends as it did there: its status stands for "
         "\"errors\", its latency for \"latency\", where they are told. Dependencies and faults "
         "come on top."},
    {"recorded", RS_V_BOX, .at = PATH(recorded), .of = &rs_section_path_recording,
     .help = "Errors and latency over time, from a recording."},
    {"uses", RS_V_REFS, .at = PATH(uses), .n_at = PATH(n_uses), .names = RS_NAME_DEPENDENCY,
     .help = "Dependencies that every request calls."},
    {"fallback", RS_V_MAP, .of = &fallback_section, .help = "Where failed requests are handed to."},
    {"capacity", RS_V_MAP, .at = PATH(capacity), .of = &rs_section_capacity,
     .help = "It is a queue: workers, places to wait, a time after which clients give up."},
    {"cold", RS_V_MAP, .at = PATH(cold), .of = &rs_section_cold,
     .help = "It is slow after it has been idle."},
    {"ref", RS_V_TEXT, .at = PATH(ref), .help = ref_help},
    {"assumes", RS_V_ASSUMES, .help = assumes_help},
};
static const struct section path_section = {
    "path",
    "One way through a service. The first path whose conditions hold is taken.",
    path_keys,
    RS_N_KEY(path_keys),
    .size = sizeof(struct path),
    .has_mark = true,
    .mark_at = PATH(at),
    .finish = finish_path};

#define COUNTER(field) offsetof(struct counter, field)

static const struct key counter_keys[] = {
    {"name", RS_V_METRIC, RS_KEY_REQUIRED, .at = COUNTER(metric), .help = "Prometheus name."},
    {"per_s", RS_V_RATE, .at = COUNTER(base_per_s), .help = "Counts of every instance, always."},
    {"per_request", RS_V_NUMBER, .max = 1e6, .at = COUNTER(base_per_request),
     .help = "Counts per request."},
    {"only_on_path", RS_V_REF, .at = COUNTER(only_on_path), .names = RS_NAME_PATH,
     .with = "per_request", .help = "Only requests of this path count."},
    {"ref", RS_V_TEXT, .at = COUNTER(ref), .help = ref_help},
    {"assumes", RS_V_ASSUMES, .help = assumes_help},
};
static const struct section counter_section = {
    "counter",
    "A counter beside the requests: rollbacks, audit mismatches, log lines.",
    counter_keys,
    RS_N_KEY(counter_keys),
    .size = sizeof(struct counter),
    .has_mark = true,
    .mark_at = COUNTER(at)};

#define SERVICE(field) offsetof(struct service, field)

static const struct key metrics_keys[] = {
    {"requests", RS_V_METRIC, .at = SERVICE(requests_metric),
     .help = "Counter of requests, with the labels job (the service), instance and code."},
    {"latency", RS_V_METRIC, .at = SERVICE(latency_metric),
     .help = "Classic histogram of seconds: NAME_bucket, NAME_sum and NAME_count."},
    {"buckets", RS_V_SECONDS_LIST, RS_KEY_SOME | RS_KEY_NEED_WITH, .at = SERVICE(bucket_s),
     .n_at = SERVICE(n_bucket), .with = "latency",
     .help = "Upper bounds of the histogram's buckets, +Inf left out."},
    {"by_path", RS_V_BOOL, .def = "off", .at = SERVICE(by_path), .with = "requests latency",
     .help = "Requests and latency carry the label path too: the path that was taken first, or "
             "none. What the flag exposes is then told apart from the rest."},
    {"counters", RS_V_LIST, .at = SERVICE(counter), .n_at = SERVICE(n_counter),
     .of = &counter_section, .help = "Further counters."},
};
static const struct section metrics_section = {"set of metrics", "What a service exposes.",
                                               metrics_keys, RS_N_KEY(metrics_keys)};

static const struct key scrape_keys[] = {
    {"every", RS_V_DURATION, RS_KEY_REQUIRED, .min = 0.001, .max = 86400,
     .at = SERVICE(scrape_interval_ns),
     .help = "Scrape interval; every instance has a phase of its own, drawn once per world."},
    {"loss", RS_V_RATIO, .at = SERVICE(scrape_loss), .help = "Share of scrapes that fail."},
    {"late", RS_V_RATIO, .at = SERVICE(scrape_late),
     .help = "Share of scrapes that become visible late."},
    {"late_by", RS_V_DURATION, RS_KEY_NEED_WITH, .at = SERVICE(scrape_late_ns), .with = "late",
     .help = "How late."},
};
static const struct section scrape_section = {"scrape", "How a service is scraped.", scrape_keys,
                                              RS_N_KEY(scrape_keys)};

static void begin_service(struct reader *r, const struct node *map)
{
    const struct node *name = rs_node_get(map, "name");
    rs_names_scope(r, name && name->kind == RS_NODE_SCALAR ? name->text : NULL, true);
}

/* Two series of one name on one instance would be one. */
static void check_counter_names(struct reader *r, const struct service *s)
{
    static const char *const suffix[] = {"_bucket", "_sum", "_count"};
    for (int i = 0; i < s->n_counter; i++) {
        const char *name = s->counter[i].metric;
        size_t n = s->latency_metric ? strlen(s->latency_metric) : 0;
        bool taken = s->requests_metric && strcmp(name, s->requests_metric) == 0;
        for (int j = 0; n > 0 && j < 3; j++) {
            taken = taken ||
                    (strncmp(name, s->latency_metric, n) == 0 && strcmp(name + n, suffix[j]) == 0);
        }
        if (taken || strcmp(name, "up") == 0) {
            rs_err_list_add(r->errors, RS_E_KEY, s->counter[i].at,
                            "service \"%s\" exposes \"%s\" twice", s->name, name);
        }
    }
}

static void finish_service(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct service *service = draft;
    (void)out;
    r->n_service_read++;
    check_counter_names(r, service);
    /* The file says the share that must succeed, the model wants the share that may fail. */
    service->slo_error_ratio =
        rs_node_pair(map, "slo") ? 1.0 - service->slo_error_ratio : (double)NAN;
}

static const char *const engine_words[] = {"counts", "requests", NULL};

static const struct key service_keys[] = {
    {"name", RS_V_NAME, RS_KEY_REQUIRED, .at = SERVICE(name),
     .help = "Name; also the label job of its metrics."},
    {"instances", RS_V_INT, RS_KEY_REQUIRED, .min = 1, .max = 1000, .at = SERVICE(n_instance),
     .help = "Number of instances."},
    {"scrape", RS_V_MAP, RS_KEY_REQUIRED, .of = &scrape_section, .help = "How it is scraped."},
    {"metrics", RS_V_MAP, .of = &metrics_section, .help = "What it exposes."},
    {"slow_above", RS_V_SECONDS, RS_KEY_POSITIVE, .def = "(never)", .at = SERVICE(slow_s),
     .help = "A slower answer hurts its user like an error."},
    {"slo", RS_V_RATIO, .at = SERVICE(slo_error_ratio), .def = "(none declared)",
     .help = "Share of requests that must succeed; the rest is the error budget."},
    {"engine", RS_V_WORD, .def = "counts", .at = SERVICE(engine), .words = engine_words,
     .help = "counts: requests are drawn as counts, as long as nothing of the service queues. "
             "requests: one by one in any case; slower, the same law."},
    {"paths", RS_V_LIST, RS_KEY_REQUIRED | RS_KEY_SOME, .at = SERVICE(path),
     .n_at = SERVICE(n_path), .of = &path_section, .help = "Ways through it, tried in order."},
    {"ref", RS_V_TEXT, .at = SERVICE(ref), .help = ref_help},
    {"assumes", RS_V_ASSUMES, .help = assumes_help},
};
const struct section rs_section_service = {"service",
                                           "A service, its metrics and its paths.",
                                           service_keys,
                                           RS_N_KEY(service_keys),
                                           .size = sizeof(struct service),
                                           .has_mark = true,
                                           .mark_at = SERVICE(at),
                                           .begin = begin_service,
                                           .finish = finish_service};
