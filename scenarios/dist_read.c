/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Distributions of durations. */
#include <math.h>
#include <string.h>

#include "recording_keys.h"
#include "text/value.h"

struct part_draft {
    double weight;
    struct dist of;
};

struct dist_draft {
    double constant;
    double uniform_min, uniform_max;
    double mean;
    double median, p90, p95, p99, p999;
    double shape, scale;
    double tri_min, tri_mode, tri_max;
    int n_part;
    const struct part_draft *part;
    struct dist recorded;
    double cap;
    bool placeholder;
    const char *source;
};

#define AT(field) offsetof(struct dist_draft, field)

static void finish_uniform(struct reader *r, const struct node *map, void *draft, void *out)
{
    const struct dist_draft *d = draft;
    (void)out;
    if (!(d->uniform_min <= d->uniform_max)) {
        rs_err_list_add(r->errors, RS_E_RANGE, map->at, "\"min\" must not be above \"max\"");
    }
}

static void finish_lognormal(struct reader *r, const struct node *map, void *draft, void *out)
{
    const struct dist_draft *d = draft;
    (void)out;
    double at_q = d->p90 + d->p95 + d->p99 + d->p999; /* one of them is given, the others are 0 */
    if (!(at_q > d->median)) {
        rs_err_list_add(r->errors, RS_E_RANGE, map->at,
                        "the high quantile must be above the median");
    }
}

static void finish_triangular(struct reader *r, const struct node *map, void *draft, void *out)
{
    const struct dist_draft *d = draft;
    (void)out;
    if (!(d->tri_min <= d->tri_mode && d->tri_mode <= d->tri_max)) {
        rs_err_list_add(r->errors, RS_E_RANGE, map->at,
                        "\"min\", \"mode\" and \"max\" must not fall");
    }
}

static const struct key uniform_keys[] = {
    {"min", RS_V_SECONDS, RS_KEY_REQUIRED, .at = AT(uniform_min), .help = "Lower end."},
    {"max", RS_V_SECONDS, RS_KEY_REQUIRED, .at = AT(uniform_max), .help = "Upper end."},
};
static const struct section uniform_section = {
    "uniform distribution", "Every value between two ends is equally likely.", uniform_keys,
    RS_N_KEY(uniform_keys), .finish = finish_uniform};

static const struct key exponential_keys[] = {
    {"mean", RS_V_SECONDS, RS_KEY_REQUIRED, .at = AT(mean), .help = "Mean."},
};
static const struct section exponential_section = {"exponential distribution", "Memoryless.",
                                                   exponential_keys, RS_N_KEY(exponential_keys)};

enum { QUANTILE = RS_KEY_ONE_OF | RS_KEY_POSITIVE };
static const struct key lognormal_keys[] = {
    {"median", RS_V_SECONDS, RS_KEY_REQUIRED | RS_KEY_POSITIVE, .at = AT(median),
     .help = "Half of the values lie below."},
    {"p90", RS_V_SECONDS, QUANTILE, .at = AT(p90), .help = "90 % of the values lie below."},
    {"p95", RS_V_SECONDS, QUANTILE, .at = AT(p95), .help = "95 % of the values lie below."},
    {"p99", RS_V_SECONDS, QUANTILE, .at = AT(p99), .help = "99 % of the values lie below."},
    {"p999", RS_V_SECONDS, QUANTILE, .at = AT(p999), .help = "99.9 % of the values lie below."},
};
static const struct section lognormal_section = {
    "lognormal distribution", "Given by its median and one high quantile.", lognormal_keys,
    RS_N_KEY(lognormal_keys), .finish = finish_lognormal};

static const struct key gamma_keys[] = {
    {"shape", RS_V_NUMBER, RS_KEY_REQUIRED | RS_KEY_POSITIVE, .max = 1e6, .at = AT(shape),
     .help = "Shape; 1 is the exponential distribution."},
    {"scale", RS_V_SECONDS, RS_KEY_REQUIRED | RS_KEY_POSITIVE, .at = AT(scale),
     .help = "Scale; the mean is shape times scale."},
};
static const struct section gamma_section = {"gamma distribution", "Given by shape and scale.",
                                             gamma_keys, RS_N_KEY(gamma_keys)};

static const struct key triangular_keys[] = {
    {"min", RS_V_SECONDS, RS_KEY_REQUIRED, .at = AT(tri_min), .help = "Lower end."},
    {"mode", RS_V_SECONDS, RS_KEY_REQUIRED, .at = AT(tri_mode), .help = "Most likely value."},
    {"max", RS_V_SECONDS, RS_KEY_REQUIRED, .at = AT(tri_max), .help = "Upper end."},
};
static const struct section triangular_section = {
    "triangular distribution", "Given by its ends and its most likely value.", triangular_keys,
    RS_N_KEY(triangular_keys), .finish = finish_triangular};

static const struct key empirical_keys[] = {
    {"points", RS_V_OWN, RS_KEY_REQUIRED, .shape = "list of [duration, ratio]",
     .help = "Points of the distribution function, both rising; the last ratio is 100 %. Values "
             "between two points are "
             "equally likely."},
};
static const struct section empirical_section = {
    "empirical distribution", "A measured distribution.", empirical_keys, RS_N_KEY(empirical_keys)};

static const struct key part_keys[] = {
    {"weight", RS_V_NUMBER, RS_KEY_REQUIRED | RS_KEY_POSITIVE, .max = 1e9,
     .at = offsetof(struct part_draft, weight), .help = "Relative weight."},
    {"of", RS_V_DIST, RS_KEY_REQUIRED, .at = offsetof(struct part_draft, of),
     .help = "The part's own distribution."},
};
static const struct section part_section = {"part of a mixture",
                                            "One of the distributions that are mixed.", part_keys,
                                            RS_N_KEY(part_keys), .size = sizeof(struct part_draft)};

static const struct key dist_keys[] = {
    {"constant", RS_V_SECONDS, RS_KEY_ONE_OF, .at = AT(constant), .help = "Always this value."},
    {"uniform", RS_V_MAP, RS_KEY_ONE_OF, .of = &uniform_section, .help = "Uniform."},
    {"exponential", RS_V_MAP, RS_KEY_ONE_OF, .of = &exponential_section, .help = "Exponential."},
    {"lognormal", RS_V_MAP, RS_KEY_ONE_OF, .of = &lognormal_section, .help = "Lognormal."},
    {"gamma", RS_V_MAP, RS_KEY_ONE_OF, .of = &gamma_section, .help = "Gamma."},
    {"triangular", RS_V_MAP, RS_KEY_ONE_OF, .of = &triangular_section, .help = "Triangular."},
    {"empirical", RS_V_MAP, RS_KEY_ONE_OF, .of = &empirical_section, .help = "Measured."},
    {"mixture", RS_V_LIST, RS_KEY_ONE_OF | RS_KEY_SOME, .at = AT(part), .n_at = AT(n_part),
     .of = &part_section, .help = "One of several distributions, drawn by weight."},
    {"recording", RS_V_MAP, RS_KEY_ONE_OF, .at = AT(recorded), .of = &rs_section_recorded_latency,
     .help = "The latencies of recorded requests."},
    {"cap", RS_V_SECONDS, RS_KEY_POSITIVE, .def = "(never)", .at = AT(cap),
     .help = "Larger values are cut to it; gives a worst case to distributions that have none."},
    {"placeholder", RS_V_BOOL, .def = "off", .at = AT(placeholder),
     .help = "The numbers are not known yet; verdicts that rest on them say so."},
    {"source", RS_V_TEXT, .at = AT(source), .help = "Where the numbers come from."},
};

static bool has(const struct node *map, const char *key)
{
    return rs_node_pair(map, key) != NULL;
}

static int refuse_point(struct reader *r, const struct node *item)
{
    return rs_err_list_add(r->errors, RS_E_TYPE, item->at,
                           "a point must be [duration, ratio], both rising, like [50ms, 50%%]");
}

static int read_points(struct reader *r, const struct node *list, struct dist *out)
{
    if (list->kind != RS_NODE_LIST || list->n < 2) {
        return rs_err_list_add(r->errors, RS_E_TYPE, list->at,
                               "\"points\" must be a list of at least two points");
    }
    double *x = RS_ARENA_ARRAY(r->arena, double, list->n);
    double *p = RS_ARENA_ARRAY(r->arena, double, list->n);
    for (int i = 0; i < list->n; i++) {
        const struct node *item = list->item[i];
        if (item->kind != RS_NODE_LIST || item->n != 2 || item->item[0]->kind != RS_NODE_SCALAR ||
            item->item[1]->kind != RS_NODE_SCALAR ||
            rs_value_seconds(&x[i], item->item[0]->text) != 0 ||
            rs_value_ratio(&p[i], item->item[1]->text) != 0 || !(p[i] >= 0.0 && p[i] <= 1.0) ||
            (i > 0 && !(x[i] > x[i - 1] && p[i] >= p[i - 1]))) {
            return refuse_point(r, item);
        }
    }
    if (p[list->n - 1] != 1.0) {
        return rs_err_list_add(r->errors, RS_E_RANGE, list->item[list->n - 1]->at,
                               "the last point must reach 100%%, got %.12g", p[list->n - 1]);
    }
    *out = (struct dist){.kind = RS_DIST_EMPIRICAL, .n = list->n, .x = x, .p = p};
    return 0;
}

static struct dist mixture_of(struct reader *r, const struct dist_draft *d)
{
    double sum = 0.0;
    double *p = RS_ARENA_ARRAY(r->arena, double, d->n_part);
    struct dist *part = RS_ARENA_ARRAY(r->arena, struct dist, d->n_part);
    struct dist out = {.kind = RS_DIST_MIXTURE, .n = d->n_part, .p = p, .part = part};
    for (int i = 0; i < d->n_part; i++) {
        sum += d->part[i].weight;
    }
    for (int i = 0; i < d->n_part; i++) {
        p[i] = d->part[i].weight / sum;
        part[i] = d->part[i].of;
        out.placeholder = out.placeholder || part[i].placeholder;
    }
    return out;
}

static struct dist lognormal_of(const struct dist_draft *d)
{
    double q = d->p90 > 0.0 ? 0.90 : d->p95 > 0.0 ? 0.95 : d->p99 > 0.0 ? 0.99 : 0.999;
    return rs_dist_lognormal(d->median, q, d->p90 + d->p95 + d->p99 + d->p999);
}

static void finish_dist(struct reader *r, const struct node *map, void *draft, void *out)
{
    const struct dist_draft *d = draft;
    struct dist dist = {.kind = RS_DIST_CONSTANT, .a = d->constant};
    if (has(map, "uniform")) {
        dist = (struct dist){.kind = RS_DIST_UNIFORM, .a = d->uniform_min, .b = d->uniform_max};
    } else if (has(map, "exponential")) {
        dist = (struct dist){.kind = RS_DIST_EXPONENTIAL, .a = d->mean};
    } else if (has(map, "lognormal")) {
        dist = lognormal_of(d);
    } else if (has(map, "gamma")) {
        dist = (struct dist){.kind = RS_DIST_GAMMA, .a = d->shape, .b = d->scale};
    } else if (has(map, "triangular")) {
        dist = (struct dist){
            .kind = RS_DIST_TRIANGULAR, .a = d->tri_min, .b = d->tri_mode, .c = d->tri_max};
    } else if (has(map, "empirical")) {
        if (read_points(r, rs_node_get(rs_node_get(map, "empirical"), "points"), &dist) != 0) {
            return;
        }
    } else if (has(map, "mixture")) {
        dist = mixture_of(r, d);
    } else if (has(map, "recording")) {
        dist = d->recorded;
    }
    dist.cap_s = d->cap;
    dist.placeholder = dist.placeholder || d->placeholder;
    dist.source = d->source;
    *(struct dist *)out = dist;
}

const struct section rs_section_dist = {"distribution",
                                        "How long something takes. A lone duration is a constant.",
                                        dist_keys,
                                        RS_N_KEY(dist_keys),
                                        .draft_size = sizeof(struct dist_draft),
                                        .finish = finish_dist};
