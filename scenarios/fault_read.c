/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Faults: where, when, how much, until when. */
#include <math.h>
#include <string.h>

#include "reader.h"
#include "sim/clock.h"

#define FAULT(field) offsetof(struct fault, field)
#define EFFECT(field) offsetof(struct effect, field)

static bool has(const struct node *map, const char *key)
{
    return rs_node_pair(map, key) != NULL;
}

/* ---- where ---- */

static void finish_target(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct fault *f = draft;
    (void)out;
    if (has(map, "dependency") && has(map, "path")) {
        rs_err_list_add(r->errors, RS_E_KEY, rs_node_pair(map, "path")->at,
                        "a fault is on a path or on a dependency, not on both");
    }
    f->target = has(map, "dependency") ? RS_TARGET_DEPENDENCY
                : has(map, "path")     ? RS_TARGET_PATH
                                       : RS_TARGET_SERVICE;
    if (f->target != RS_TARGET_DEPENDENCY && !has(map, "service")) {
        rs_err_list_add(r->errors, RS_E_KEY, map->at,
                        "a target needs the key \"service\" or \"dependency\"");
    }
}

static const struct key target_keys[] = {
    {"service", RS_V_REF, .at = FAULT(service), .names = RS_NAME_SERVICE,
     .help = "Service that is hit; beside a dependency: the service whose counters count."},
    {"path", RS_V_REF, .at = FAULT(path), .names = RS_NAME_PATH, .with = "service",
     .help = "Only this path of it."},
    {"dependency", RS_V_REF, .at = FAULT(dependency), .names = RS_NAME_DEPENDENCY,
     .help = "Dependency that is hit, in all paths that use it."},
};
static const struct section target_section = {"target", "What a fault hits.", target_keys,
                                              RS_N_KEY(target_keys), .finish = finish_target};

/* ---- when ---- */

static const struct key load_keys[] = {
    {"service", RS_V_REF, RS_KEY_REQUIRED, .at = FAULT(onset_service), .names = RS_NAME_SERVICE,
     .help = "Service."},
    {"above", RS_V_RATE, RS_KEY_REQUIRED, .at = FAULT(onset_load_per_s),
     .help = "Expected rate of requests that starts the fault."},
};
static const struct section load_section = {"load onset",
                                            "The expected rate of a service goes above a bound.",
                                            load_keys, RS_N_KEY(load_keys)};

static const struct key lease_keys[] = {
    {"at", RS_V_DURATION, RS_KEY_REQUIRED, .at = FAULT(onset_at_ns),
     .help = "First expiry, from the start."},
    {"every", RS_V_DURATION, RS_KEY_REQUIRED, .min = 1, .max = 315360000,
     .at = FAULT(onset_every_ns), .help = "Then at this interval."},
};
static const struct section lease_section = {"lease onset", "A token lease runs out.", lease_keys,
                                             RS_N_KEY(lease_keys)};

static void finish_onset(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct fault *f = draft;
    (void)r, (void)out;
    static const char *const words[] = {"flag_exposed", "flag_withdrawn", "stage", "load",
                                        "at",           "lease"};
    static const enum onset_kind kinds[] = {RS_ONSET_FLAG_EXPOSED, RS_ONSET_FLAG_WITHDRAWN,
                                            RS_ONSET_STAGE,        RS_ONSET_LOAD,
                                            RS_ONSET_TIME,         RS_ONSET_LEASE};
    for (int i = 0; i < 6; i++) {
        if (has(map, words[i])) {
            f->onset = kinds[i];
        }
    }
    const struct node *flag = rs_node_get(map, "flag_exposed");
    flag = flag ? flag : rs_node_get(map, "flag_withdrawn");
    if (flag) { /* two keys, one place: the absent one would have left -1 there */
        f->onset_flag = rs_names_find(r, RS_NAME_FLAG, flag->text, flag->at);
    }
}

static const struct key onset_keys[] = {
    {"flag_exposed", RS_V_REF, RS_KEY_ONE_OF, .at = FAULT(onset_flag), .names = RS_NAME_FLAG,
     .help = "The flag is on for somebody on some instance."},
    {"flag_withdrawn", RS_V_REF, RS_KEY_ONE_OF, .at = FAULT(onset_flag), .names = RS_NAME_FLAG,
     .help = "The flag is set off after having been on."},
    {"stage", RS_V_REF, RS_KEY_ONE_OF, .at = FAULT(onset_stage), .names = RS_NAME_STAGE,
     .help = "The stage is entered."},
    {"load", RS_V_MAP, RS_KEY_ONE_OF, .of = &load_section, .help = "Load goes above a bound."},
    {"at", RS_V_DURATION, RS_KEY_ONE_OF, .at = FAULT(onset_at_ns), .help = "Time from the start."},
    {"lease", RS_V_MAP, RS_KEY_ONE_OF, .of = &lease_section, .help = "A token lease runs out."},
    {"delay", RS_V_DIST, .def = "0s", .at = FAULT(onset_delay),
     .help = "Time from there to the fault's start."},
};
static const struct section onset_section = {"onset", "What starts a fault.", onset_keys,
                                             RS_N_KEY(onset_keys), .finish = finish_onset};

/* ---- shape ---- */

static const struct key ramp_keys[] = {
    {"over", RS_V_DURATION, RS_KEY_REQUIRED | RS_KEY_POSITIVE, .at = FAULT(shape_period_ns),
     .help = "From nothing to all of it."},
};
static const struct section ramp_section = {"ramp shape", "The effect rises linearly.", ramp_keys,
                                            RS_N_KEY(ramp_keys)};
static const struct key intermittent_keys[] = {
    {"mean_on", RS_V_DURATION, RS_KEY_REQUIRED, .min = 1, .max = 31536000,
     .at = FAULT(shape_period_ns), .help = "Mean time with effect."},
    {"mean_off", RS_V_DURATION, RS_KEY_REQUIRED, .min = 1, .max = 31536000,
     .at = FAULT(shape_off_ns), .help = "Mean time without."},
};
static const struct section intermittent_section = {
    "intermittent shape", "The effect comes and goes, for exponential times.", intermittent_keys,
    RS_N_KEY(intermittent_keys)};
static const struct key decay_keys[] = {
    {"half_life", RS_V_DURATION, RS_KEY_REQUIRED | RS_KEY_POSITIVE, .at = FAULT(shape_period_ns),
     .help = "The effect halves in this time."},
};
static const struct section decay_section = {"decay shape", "The effect fades.", decay_keys,
                                             RS_N_KEY(decay_keys)};
static const struct key leak_keys[] = {
    {"per_request", RS_V_NUMBER, RS_KEY_REQUIRED | RS_KEY_POSITIVE, .max = 1,
     .at = FAULT(shape_per_request), .help = "Share of the effect that one request adds."},
};
static const struct section leak_section = {
    "leak shape", "The effect grows with the requests served.", leak_keys, RS_N_KEY(leak_keys)};

static void finish_shape(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct fault *f = draft;
    (void)r, (void)out;
    f->shape = has(map, "ramp")           ? RS_SHAPE_RAMP
               : has(map, "intermittent") ? RS_SHAPE_INTERMITTENT
               : has(map, "decay")        ? RS_SHAPE_DECAY
                                          : RS_SHAPE_LEAK;
}

static const struct key shape_keys[] = {
    {"ramp", RS_V_MAP, RS_KEY_ONE_OF, .of = &ramp_section, .help = "Rises."},
    {"intermittent", RS_V_MAP, RS_KEY_ONE_OF, .of = &intermittent_section,
     .help = "Comes and goes."},
    {"decay", RS_V_MAP, RS_KEY_ONE_OF, .of = &decay_section, .help = "Fades."},
    {"leak", RS_V_MAP, RS_KEY_ONE_OF, .of = &leak_section,
     .help = "Grows with the requests served."},
};
static const struct section shape_section = {
    "shape", "How the effect changes in time; without a shape it is all there at once.", shape_keys,
    RS_N_KEY(shape_keys), .finish = finish_shape};

/* ---- effect ---- */

static const struct key latency_effect_keys[] = {
    {"factor", RS_V_NUMBER, .min = 1, .max = 1e6, .def = "1", .at = EFFECT(latency_factor),
     .help = "Times as slow."},
    {"shift", RS_V_SECONDS, .at = EFFECT(latency_shift_s), .help = "Slower by this."},
};
static const struct section latency_effect_section = {
    "latency effect", "Answers grow slow.", latency_effect_keys, RS_N_KEY(latency_effect_keys)};

static void finish_effect(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct effect *e = draft;
    (void)out;
    if (!has(map, "latency")) {
        e->latency_factor = 1.0;
    }
    const struct node *counters = rs_node_get(map, "counters");
    if (!counters) {
        return;
    }
    if (counters->kind != RS_NODE_MAP) {
        rs_err_list_add(r->errors, RS_E_TYPE, counters->at,
                        "\"counters\" must be a map of counters to rates");
        return;
    }
    int *counter = RS_ARENA_ARRAY(r->arena, int, counters->n);
    double *per_s = RS_ARENA_ARRAY(r->arena, double, counters->n);
    for (int i = 0; i < counters->n; i++) {
        const struct pair *pair = &counters->pair[i];
        const struct key row = {.name = pair->key, .type = RS_V_RATE};
        counter[i] = rs_names_find(r, RS_NAME_COUNTER, pair->key, pair->at);
        rs_read_value(r, &row, pair->value, &per_s[i]);
    }
    e->n_counter = counters->n;
    e->counter = counter;
    e->counter_per_s = per_s;
}

static const struct key effect_keys[] = {
    {"errors", RS_V_ERRORS, .at = EFFECT(errors), .help = "Error ratios that are added."},
    {"latency", RS_V_MAP, .of = &latency_effect_section, .help = "Answers grow slow."},
    {"counters", RS_V_OWN, .shape = "map of counters to rates",
     .help = "Counts added to counters of the service, over all instances together."},
    {"telemetry_lost", RS_V_BOOL, .def = "off", .at = EFFECT(telemetry_lost),
     .help = "Every scrape of the service fails."},
    {"capacity_lost", RS_V_RATIO, .at = EFFECT(capacity_lost),
     .help = "Share of the workers of the path, the service's paths or the pool that are gone."},
};
static const struct section effect_section = {"effect", "What a fault does at its full level.",
                                              effect_keys, RS_N_KEY(effect_keys),
                                              .finish = finish_effect};

/* ---- end and residue ---- */

static const struct key ends_keys[] = {
    {"exposure", RS_V_BOOL, .def = "off", .at = FAULT(ends_with_exposure),
     .help = "The flag of its onset is off everywhere; without such a flag: nobody takes what it "
             "hits."},
    {"component", RS_V_REF, .at = FAULT(ends_with_component), .names = RS_NAME_COMPONENT,
     .help = "The component is purged or rotated."},
    {"after", RS_V_DURATION, .def = "(never)", .at = FAULT(ends_after_ns),
     .help = "Time since the onset."},
};
static const struct section ends_section = {"end", "What ends a fault, whichever comes first.",
                                            ends_keys, RS_N_KEY(ends_keys)};

static const struct key residue_keys[] = {
    {"effect", RS_V_MAP, RS_KEY_REQUIRED, .at = FAULT(residue), .of = &effect_section,
     .help = "Effect on the whole service, from the onset on."},
    {"until", RS_V_REF, .at = FAULT(residue_component), .names = RS_NAME_COMPONENT,
     .help = "Component whose purge or rotation ends it."},
    {"at_most", RS_V_DURATION, RS_KEY_REQUIRED, .at = FAULT(residue_ttl_ns),
     .help = "Ends so long after the fault itself, at the latest."},
};
static const struct section residue_section = {
    "residue", "What a fault leaves behind: failed pages in a cache.", residue_keys,
    RS_N_KEY(residue_keys)};

/* ---- the whole ---- */

static void begin_fault(struct reader *r, const struct node *map)
{
    const struct node *service = rs_node_get(rs_node_get(map, "on"), "service");
    rs_names_scope(r, service && service->kind == RS_NODE_SCALAR ? service->text : NULL, false);
}

static void check_fault(struct reader *r, const struct node *map, const struct fault *f)
{
    static const char *const reserved[] = {"none", "any", "all"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(f->name, reserved[i]) == 0) {
            rs_err_list_add(r->errors, RS_E_RANGE, rs_node_get(map, "name")->at,
                            "a fault cannot be named \"%s\": claims use that word", f->name);
        }
    }
    if ((f->effect.n_counter > 0 || f->effect.telemetry_lost || f->has_residue) && f->service < 0) {
        rs_err_list_add(r->errors, RS_E_KEY, rs_node_get(map, "on")->at,
                        "counters, telemetry and residue need the key \"service\" in \"on\"");
    }
}

static void finish_fault(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct fault *f = draft;
    (void)out;
    f->has_residue = has(map, "residue");
    if (!f->has_residue) {
        f->residue.latency_factor = 1.0;
        f->residue_component = -1;
    }
    if (!has(map, "ends")) {
        f->ends_with_component = -1;
        f->ends_after_ns = RS_NEVER;
    }
    if (f->onset != RS_ONSET_LOAD) {
        f->onset_service = -1;
    }
    check_fault(r, map, f);
}

static const struct key fault_keys[] = {
    {"name", RS_V_NAME, RS_KEY_REQUIRED, .at = FAULT(name),
     .help = "Name; claims and --fault use it."},
    {"title", RS_V_TEXT, .at = FAULT(title), .help = "One line for people."},
    {"probability", RS_V_RATIO, RS_KEY_REQUIRED, .at = FAULT(probability),
     .help = "Of being present in a replica. At most one fault is; the probabilities sum to at "
             "most 1."},
    {"on", RS_V_MAP, RS_KEY_REQUIRED, .of = &target_section, .help = "What it hits."},
    {"onset", RS_V_MAP, RS_KEY_REQUIRED, .of = &onset_section, .help = "What starts it."},
    {"shape", RS_V_MAP, .of = &shape_section, .def = "(all at once)",
     .help = "How its effect changes in time."},
    {"effect", RS_V_MAP, RS_KEY_REQUIRED, .at = FAULT(effect), .of = &effect_section,
     .help = "What it does."},
    {"ends", RS_V_MAP, .of = &ends_section, .def = "(never)", .help = "What ends it."},
    {"residue", RS_V_MAP, .of = &residue_section, .help = "What it leaves behind."},
    {"ref", RS_V_TEXT, .at = FAULT(ref),
     .help = "Place in the source document; findings and verdicts print it."},
    {"assumes", RS_V_ASSUMES, .help = "Assumptions that these numbers rest on."},
};
const struct section rs_section_fault = {"fault",
                                         "Something that may go wrong.",
                                         fault_keys,
                                         RS_N_KEY(fault_keys),
                                         .size = sizeof(struct fault),
                                         .has_mark = true,
                                         .mark_at = FAULT(at),
                                         .begin = begin_fault,
                                         .finish = finish_fault};
