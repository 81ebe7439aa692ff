/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Objectives: what is to be small. Each is a number of one history and how many histories make one number of it. */
#include <math.h>
#include <string.h>

#include "../claim_read.h"
#include "../text/value.h"
#include "sim/clock.h"
#include "tune_read.h"

#define OBJECTIVE(field) offsetof(struct tune_objective, field)

static bool has(const struct node *map, const char *key)
{
    return rs_node_pair(map, key) != NULL;
}

static const char *text_of(const struct node *map, const char *key)
{
    const struct node *node = rs_node_get(map, key);
    return node && node->kind == RS_NODE_SCALAR ? node->text : "";
}

/* ---- words ---- */

static const char *unit_of(enum quantity q)
{
    switch (q) {
    case RS_Q_LEG:
    case RS_Q_ROLLOUT_DURATION: return "s";
    case RS_Q_USERS_HURT:
    case RS_Q_USERS_HURT_SINCE_ONSET: return "users";
    case RS_Q_REQUESTS_FAILED: return "requests";
    case RS_Q_BUDGET_BURNED: return "budgets";
    case RS_Q_PAGES: return "pages";
    case RS_Q_ALERTS: return "alerts";
    case RS_Q_ERROR_RATIO:
    case RS_Q_OUTCOME:
    case RS_Q_FALSE_ROLLBACK:
    case RS_Q_N: break;
    }
    return "";
}

static const char *quantity_text(struct reader *r, const struct claim *c)
{
    if (c->of != RS_Q_LEG) {
        return rs_quantity_name(c->of);
    }
    return rs_arena_printf(r->arena, "%s-%s", rs_clock_name(c->from), rs_clock_name(c->to));
}

/* "-portal-errors", "-none"; nothing where all histories count. */
static const char *given_text(struct reader *r, const struct node *map)
{
    const char *word = has(map, "miss") ? text_of(map, "miss") : text_of(map, "given");
    return word[0] && strcmp(word, "all") != 0 ? rs_arena_printf(r->arena, "-%s", word) : "";
}

static const char *
own_name(struct reader *r, const struct node *map, const struct tune_objective *o)
{
    const char *given = given_text(r, map), *of = quantity_text(r, &o->of);
    switch (o->stat) {
    case RS_STAT_MISS: return rs_arena_printf(r->arena, "miss%s-%s", given, text_of(map, "within"));
    case RS_STAT_PROBABILITY:
        return has(map, "outcome")
                   ? rs_arena_printf(r->arena, "%s%s", text_of(map, "outcome"), given)
                   : "false-rollback";
    case RS_STAT_MEAN: return rs_arena_printf(r->arena, "mean-%s%s", of, given);
    case RS_STAT_QUANTILE: return rs_arena_printf(r->arena, "q%.12g-%s%s", o->q * 100.0, of, given);
    case RS_STAT_RATE:
        return rs_arena_printf(r->arena, "%s-per-%s%s", of, text_of(map, "per"), given);
    }
    return "";
}

static const char *histories(struct reader *r, const struct claim *c, const char *fault)
{
    switch (c->given) {
    case RS_GIVEN_ALL: return "";
    case RS_GIVEN_NO_FAULT: return ", without a fault";
    case RS_GIVEN_ANY_FAULT: return ", with a fault";
    case RS_GIVEN_FAULT: return rs_arena_printf(r->arena, ", with the fault %s", fault);
    }
    return "";
}

static const char *
sentence(struct reader *r, const struct node *map, const struct tune_objective *o)
{
    const char *fault = has(map, "miss") ? text_of(map, "miss") : text_of(map, "given");
    const char *where = histories(r, &o->of, fault);
    const char *what = o->of.of == RS_Q_LEG
                           ? rs_arena_printf(r->arena, "the time from %s to %s",
                                             rs_clock_name(o->of.from), rs_clock_name(o->of.to))
                           : rs_quantity_name(o->of.of);
    switch (o->stat) {
    case RS_STAT_MISS:
        return rs_arena_printf(r->arena, "Probability that %s takes more than %s%s", what,
                               text_of(map, "within"), where);
    case RS_STAT_PROBABILITY:
        return has(map, "outcome")
                   ? rs_arena_printf(r->arena, "Probability that the rollout ends as %s%s",
                                     text_of(map, "outcome"), where)
                   : "Probability of a rollback without a fault";
    case RS_STAT_MEAN: return rs_arena_printf(r->arena, "Mean of %s%s", what, where);
    case RS_STAT_QUANTILE:
        return rs_arena_printf(r->arena, "%.12g %% quantile of %s%s", o->q * 100.0, what, where);
    case RS_STAT_RATE:
        return rs_arena_printf(r->arena, "%s per %s%s", what, text_of(map, "per"), where);
    }
    return "";
}

/* ---- the kinds ---- */

static void read_miss(struct reader *r, const struct node *map, struct tune_objective *o)
{
    struct claim *c = &o->of;
    o->stat = RS_STAT_MISS;
    c->kind = RS_CLAIM_PROBABILITY;
    c->of = RS_Q_LEG;
    c->from = RS_CLOCK_ONSET;
    c->to = RS_CLOCK_DETECTED;
    rs_claim_read_given(r, rs_node_get(map, "miss"), c);
    if (c->given == RS_GIVEN_NO_FAULT || c->given == RS_GIVEN_ALL) {
        rs_err_list_add(r->errors, RS_E_RANGE, rs_node_get(map, "miss")->at,
                        "\"miss\" must name a fault, or be any");
    }
    if (!has(map, "within")) {
        rs_err_list_add(r->errors, RS_E_KEY, map->at, "\"miss\" needs the key \"within\"");
        return;
    }
    rs_claim_read_limit(r, map, "within", RS_Q_LEG, &c->within);
    if (has(map, "from") || has(map, "to")) {
        rs_claim_read_measure(r, map, c);
    }
}

static void read_event(struct reader *r, const struct node *map, struct tune_objective *o)
{
    struct claim *c = &o->of;
    o->stat = RS_STAT_PROBABILITY;
    c->kind = RS_CLAIM_PROBABILITY;
    if (has(map, "outcome")) {
        rs_claim_read_outcome(r, rs_node_get(map, "outcome"), c);
        return;
    }
    rs_claim_read_false_rollback(r, rs_node_get(map, "false_rollback"), c);
    if (!has(map, "given")) {
        c->given = RS_GIVEN_NO_FAULT;
    }
}

/* `mean` and `rate` name a quantity; a leg has `from` and `to` beside the word. */
static int read_quantity(struct reader *r, const struct node *map, const char *key, struct claim *c)
{
    const struct node *node = rs_node_get(map, key);
    bool is_leg = node->kind == RS_NODE_SCALAR && strcmp(node->text, "leg") == 0;
    c->kind = RS_CLAIM_EXPECTATION;
    c->cap = INFINITY;
    if (is_leg && strcmp(key, "mean") == 0) {
        return rs_claim_read_measure(r, map, c);
    }
    int q = rs_claim_find_quantity(r, node);
    if (q < 0) {
        return -1;
    }
    c->of = (enum quantity)q;
    if (has(map, "from") || has(map, "to") || has(map, "of")) {
        return rs_err_list_add(r->errors, RS_E_KEY, map->at,
                               "\"from\", \"to\" and \"of\" go only with a leg or a quantile");
    }
    return 0;
}

static void read_mean(struct reader *r, const struct node *map, struct tune_objective *o)
{
    o->stat = RS_STAT_MEAN;
    if (read_quantity(r, map, "mean", &o->of) != 0) {
        return;
    }
    if (has(map, "cap")) {
        rs_claim_read_limit(r, map, "cap", o->of.of, &o->of.cap);
    }
    bool may_be_infinite = o->of.of == RS_Q_LEG || o->of.of == RS_Q_ROLLOUT_DURATION;
    if (may_be_infinite && !has(map, "cap")) {
        rs_err_list_add(r->errors, RS_E_KEY, map->at,
                        "a mean of times that may never end needs the key \"cap\"");
    } else if (!(o->of.cap > 0.0)) {
        rs_err_list_add(r->errors, RS_E_RANGE, rs_node_get(map, "cap")->at,
                        "\"cap\" must be above 0, got %s", text_of(map, "cap"));
    }
}

static void read_quantile(struct reader *r, const struct node *map, struct tune_objective *o)
{
    o->stat = RS_STAT_QUANTILE;
    o->of.kind = RS_CLAIM_QUANTILE;
    o->of.q = o->q;
    if (!(o->q > 0.0 && o->q < 1.0)) {
        rs_err_list_add(r->errors, RS_E_RANGE, rs_node_get(map, "quantile")->at,
                        "\"quantile\" must be above 0 and below 1, got %s",
                        text_of(map, "quantile"));
    }
    rs_claim_read_measure(r, map, &o->of);
}

static void read_rate(struct reader *r, const struct node *map, struct tune_objective *o)
{
    o->stat = RS_STAT_RATE;
    if (!has(map, "per")) {
        rs_err_list_add(r->errors, RS_E_KEY, map->at, "\"rate\" needs the key \"per\"");
    }
    if (read_quantity(r, map, "rate", &o->of) != 0) {
        return;
    }
    if (o->of.of == RS_Q_ERROR_RATIO || o->of.of == RS_Q_ROLLOUT_DURATION) {
        rs_err_list_add(r->errors, RS_E_RANGE, rs_node_get(map, "rate")->at,
                        "\"%s\" does not grow with time: take its mean", text_of(map, "rate"));
    }
}

/* Keys that only some kinds have. */
static void check_keys(struct reader *r, const struct node *map)
{
    static const struct {
        const char *key, *with[4];
    } only[] = {{"within", {"miss", NULL}},
                {"cap", {"mean", NULL}},
                {"per", {"rate", NULL}},
                {"of", {"quantile", NULL}},
                {"from", {"miss", "mean", "quantile", NULL}},
                {"to", {"miss", "mean", "quantile", NULL}}};
    for (size_t i = 0; i < sizeof(only) / sizeof(only[0]); i++) {
        const struct pair *pair = rs_node_pair(map, only[i].key);
        bool ok = !pair;
        for (int j = 0; only[i].with[j]; j++) {
            ok = ok || has(map, only[i].with[j]);
        }
        if (!ok) {
            rs_err_list_add(r->errors, RS_E_KEY, pair->at, "\"%s\" goes only with %s%s%s%s%s",
                            only[i].key, only[i].with[0], only[i].with[1] ? ", " : "",
                            only[i].with[1] ? only[i].with[1] : "", only[i].with[1] ? ", " : "",
                            only[i].with[1] ? only[i].with[2] : "");
        }
    }
    const struct pair *given = rs_node_pair(map, "given");
    if (given && has(map, "miss")) {
        rs_err_list_add(r->errors, RS_E_KEY, given->at, "\"miss\" names the fault: no \"given\"");
    }
}

/* "pages/1w", "s", "" of probabilities. */
static const char *
unit_text(struct reader *r, const struct node *map, const struct tune_objective *o)
{
    switch (o->stat) {
    case RS_STAT_MISS:
    case RS_STAT_PROBABILITY: return "";
    case RS_STAT_MEAN:
    case RS_STAT_QUANTILE: return unit_of(o->of.of);
    case RS_STAT_RATE: break;
    }
    const char *per = text_of(map, "per");
    per = per[0] == '1' && strspn(per, "0123456789") == 1 ? per + 1 : per;
    return rs_arena_printf(r->arena, "%s/%s", unit_of(o->of.of), per);
}

static void finish_objective(struct reader *r, const struct node *map, void *draft, void *out)
{
    static const struct {
        const char *key;
        void (*read)(struct reader *r, const struct node *map, struct tune_objective *o);
    } kinds[] = {{"miss", read_miss}, {"false_rollback", read_event}, {"outcome", read_event},
                 {"mean", read_mean}, {"quantile", read_quantile},    {"rate", read_rate}};
    struct tune_objective *o = draft;
    (void)out;
    size_t n_before = r->errors->n + r->errors->n_dropped;
    rs_claim_read_given(r, rs_node_get(map, "given"), &o->of);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (has(map, kinds[i].key)) {
            kinds[i].read(r, map, o);
        }
    }
    check_keys(r, map);
    if (r->errors->n + r->errors->n_dropped != n_before) {
        return;
    }
    o->unit = unit_text(r, map, o);
    o->name = o->name ? o->name : own_name(r, map, o);
    o->says = o->says ? o->says : sentence(r, map, o);
    o->of.name = o->name;
    o->of.says = o->says;
    o->of.ref = o->ref;
    o->of.at = map->at;
    o->of.at_most = true;
}

static const struct key objective_keys[] = {
    {"name", RS_V_NAME, .def = "(from the rest)", .at = OBJECTIVE(name), .help = "Name."},
    {"says", RS_V_TEXT, .def = "(from the rest)", .at = OBJECTIVE(says),
     .help = "The number in words for people."},
    {"miss", RS_V_OWN, RS_KEY_ONE_OF, .shape = "name of a fault, or any",
     .help = "Probability that the fault is not detected in time."},
    {"within", RS_V_OWN, .shape = "duration",
     .help = "Of miss: the time there is, from the onset to the detection unless from and to say "
             "otherwise."},
    {"false_rollback", RS_V_OWN, RS_KEY_ONE_OF, .shape = "true",
     .help = "Probability of a rollback without a fault."},
    {"outcome", RS_V_OWN, RS_KEY_ONE_OF,
     .shape = "completed, rolled-back, held, halted, missed or running",
     .help = "Probability that the rollout ends like this."},
    {"mean", RS_V_OWN, RS_KEY_ONE_OF, .shape = "a quantity as in claims, or leg",
     .help = "Mean of a quantity; of the time between two marks with leg, from, to and cap."},
    {"quantile", RS_V_RATIO, RS_KEY_ONE_OF, .at = OBJECTIVE(q),
     .help = "Quantile, like 95%, of the time from `from` to `to`, or of a quantity (`of`)."},
    {"rate", RS_V_OWN, RS_KEY_ONE_OF, .shape = "a quantity as in claims",
     .help = "How much of it there is in so much simulated time."},
    {"per", RS_V_DURATION, RS_KEY_POSITIVE, .at = OBJECTIVE(per_ns), .with = "rate",
     .help = "Of rate: the time, like 1d or 1w."},
    {"from", RS_V_OWN, .shape = "mark of the rollback clock", .help = "Start of the leg."},
    {"to", RS_V_OWN, .shape = "mark of the rollback clock", .help = "End of the leg."},
    {"of", RS_V_OWN, .shape = "a quantity as in claims",
     .help = "Of a quantile: instead of a leg."},
    {"cap", RS_V_OWN, .shape = "duration or number",
     .help = "Of a mean: larger values are counted as this."},
    {"procedure", RS_V_REF, .at = OBJECTIVE(of.procedure), .names = RS_NAME_PROCEDURE,
     .help = "Only rollbacks by this procedure."},
    {"given", RS_V_OWN, .def = "(all)", .shape = "none, any, all or the name of a fault",
     .help = "Only histories without a fault, with any fault, all, or with that fault."},
    {"ref", RS_V_TEXT, .at = OBJECTIVE(ref), .help = "Place in the source document."},
};
const struct section rs_section_objective = {"objective",
                                             "A number that is to be small.",
                                             objective_keys,
                                             RS_N_KEY(objective_keys),
                                             .size = sizeof(struct tune_objective),
                                             .has_mark = true,
                                             .mark_at = OBJECTIVE(at),
                                             .finish = finish_objective};
