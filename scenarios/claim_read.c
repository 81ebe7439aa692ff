/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Claims. What `within` and the limits mean depends on the quantity, so they are read last. */
#include <math.h>
#include <string.h>

#include "claim_read.h"
#include "predicate_read.h"
#include "text/value.h"
#include "verify/claim.h"
#include "verify/split.h"

#define CLAIM(field) offsetof(struct claim, field)

enum { N_WORDS = 32 };

static bool has(const struct node *map, const char *key)
{
    return rs_node_pair(map, key) != NULL;
}

/* Index of a word among names, or -1 with an error. */
static int find_word(
    struct reader *r, const struct node *node, const char *what, const char *const *names, int n)
{
    if (node->kind != RS_NODE_SCALAR) {
        char seen[64];
        return rs_err_list_add(r->errors, RS_E_TYPE, node->at, "\"%s\" must be a word, got %s",
                               what, rs_node_describe(seen, sizeof(seen), node));
    }
    for (int i = 0; i < n; i++) {
        if (strcmp(names[i], node->text) == 0) {
            return i;
        }
    }
    return rs_refuse_name(r, RS_E_REF, node->at, node->text, names, (size_t)n,
                          "there is no %s \"%s\"", what, node->text);
}

static int find_clock(struct reader *r, const struct node *node)
{
    const char *names[RS_CLOCK_N];
    for (int i = 0; i < RS_CLOCK_N; i++) {
        names[i] = rs_clock_name((enum clock_mark)i);
    }
    return find_word(r, node, "mark of the rollback clock", names, RS_CLOCK_N);
}

/* Quantities that stand after `of`: not legs and events, which have keys of their own. */
int rs_claim_find_quantity(struct reader *r, const struct node *node)
{
    const char *names[RS_Q_N];
    int n = 0;
    for (int i = RS_Q_LEG + 1; i < RS_Q_OUTCOME; i++) {
        names[n++] = rs_quantity_name((enum quantity)i);
    }
    int found = find_word(r, node, "quantity", names, n);
    return found < 0 ? -1 : found + RS_Q_LEG + 1;
}

static int find_outcome(struct reader *r, const struct node *node)
{
    const char *names[RS_OUTCOME_N];
    for (int i = 0; i < RS_OUTCOME_N; i++) {
        names[i] = rs_outcome_name((enum outcome)i);
    }
    return find_word(r, node, "outcome", names, RS_OUTCOME_N);
}

static enum value_type unit_of(enum quantity q)
{
    switch (q) {
    case RS_Q_LEG:
    case RS_Q_ROLLOUT_DURATION: return RS_V_DURATION;
    case RS_Q_ERROR_RATIO: return RS_V_RATIO;
    case RS_Q_BUDGET_BURNED:
    case RS_Q_USERS_HURT:
    case RS_Q_USERS_HURT_SINCE_ONSET:
    case RS_Q_REQUESTS_FAILED:
    case RS_Q_PAGES:
    case RS_Q_ALERTS: return RS_V_NUMBER;
    case RS_Q_OUTCOME:
    case RS_Q_FALSE_ROLLBACK:
    case RS_Q_N: break;
    }
    return RS_V_NUMBER;
}

/* A limit in the quantity's unit: ns for times. */
void rs_claim_read_limit(
    struct reader *r, const struct node *map, const char *name, enum quantity q, double *out)
{
    const struct node *node = rs_node_get(map, name);
    const struct key row = {.name = name, .type = unit_of(q)};
    if (row.type == RS_V_DURATION) {
        int64_t ns = 0;
        rs_read_value(r, &row, node, &ns);
        *out = (double)ns;
    } else {
        rs_read_value(r, &row, node, out);
    }
}

/* from, to or of: what is measured. Returns 0 or -1. */
int rs_claim_read_measure(struct reader *r, const struct node *map, struct claim *c)
{
    bool is_leg = has(map, "from") && has(map, "to");
    if (is_leg == has(map, "of") || has(map, "from") != has(map, "to")) {
        return rs_err_list_add(r->errors, RS_E_KEY, map->at,
                               "either \"from\" and \"to\", or \"of\" must be given");
    }
    if (!is_leg) {
        int q = rs_claim_find_quantity(r, rs_node_get(map, "of"));
        c->of = (enum quantity)(q < 0 ? RS_Q_USERS_HURT : q);
        return q < 0 ? -1 : 0;
    }
    c->of = RS_Q_LEG;
    int from = find_clock(r, rs_node_get(map, "from")), to = find_clock(r, rs_node_get(map, "to"));
    if (from < 0 || to < 0) {
        return -1;
    }
    c->from = (enum clock_mark)from;
    c->to = (enum clock_mark)to;
    if (from >= to) {
        return rs_err_list_add(r->errors, RS_E_RANGE, rs_node_get(map, "to")->at,
                               "\"to\" must come after \"from\" on the rollback clock");
    }
    return 0;
}

void rs_claim_read_outcome(struct reader *r, const struct node *node, struct claim *c)
{
    int outcome = find_outcome(r, node);
    c->of = RS_Q_OUTCOME;
    c->outcome = (enum outcome)(outcome < 0 ? 0 : outcome);
}

void rs_claim_read_false_rollback(struct reader *r, const struct node *node, struct claim *c)
{
    bool is_true = false;
    c->of = RS_Q_FALSE_ROLLBACK;
    if (node->kind != RS_NODE_SCALAR || rs_value_bool(&is_true, node->text) != 0 || !is_true) {
        rs_err_list_add(r->errors, RS_E_TYPE, node->at, "\"false_rollback\" must be true");
    }
}

static void finish_probability(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct claim *c = draft;
    (void)out;
    c->kind = RS_CLAIM_PROBABILITY;
    bool is_event = has(map, "outcome") || has(map, "false_rollback");
    if (is_event && map->n > 1) {
        rs_err_list_add(r->errors, RS_E_KEY, map->at,
                        "\"outcome\" and \"false_rollback\" stand alone in a probability");
    } else if (has(map, "outcome")) {
        rs_claim_read_outcome(r, rs_node_get(map, "outcome"), c);
    } else if (has(map, "false_rollback")) {
        rs_claim_read_false_rollback(r, rs_node_get(map, "false_rollback"), c);
    } else if (!has(map, "within")) {
        rs_err_list_add(
            r->errors, RS_E_KEY, map->at,
            "a probability needs the key \"within\", \"outcome\" or \"false_rollback\"");
    } else if (rs_claim_read_measure(r, map, c) == 0) {
        rs_claim_read_limit(r, map, "within", c->of, &c->within);
    }
}

/* One way of detection or a list of them, as bits 1 << enum detected_by. */
static unsigned read_by(struct reader *r, const struct node *node)
{
    static const char *const words[] = {"alert", "look", "gate", "check"};
    unsigned bits = 0;
    bool list = node->kind == RS_NODE_LIST;
    if (list && node->n == 0) {
        rs_err_list_add(r->errors, RS_E_RANGE, node->at, "\"by\" must name a way of detection");
    }
    for (int i = 0; i < (list ? node->n : 1); i++) {
        int found = find_word(r, list ? node->item[i] : node, "way of detection", words, 4);
        bits |= found >= 0 ? 1U << found : 0;
    }
    return bits;
}

/* Of a bound: `from` may also be the condition itself. */
static void finish_bound(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct claim *c = draft;
    (void)out;
    c->kind = RS_CLAIM_BOUND;
    c->of = RS_Q_LEG;
    const struct node *from = rs_node_get(map, "from"), *to = rs_node_get(map, "to");
    c->from_condition = from->kind == RS_NODE_SCALAR && strcmp(from->text, "condition") == 0;
    int from_mark = c->from_condition ? RS_CLOCK_ONSET : find_clock(r, from);
    int to_mark = find_clock(r, to);
    if (from_mark < 0 || to_mark < 0) {
        return;
    }
    c->from = (enum clock_mark)from_mark;
    c->to = (enum clock_mark)to_mark;
    if (from_mark >= to_mark || (c->from_condition && to_mark < RS_CLOCK_PENDING)) {
        rs_err_list_add(r->errors, RS_E_RANGE, to->at,
                        "\"to\" must come after \"from\" on the rollback clock");
    }
    rs_claim_read_limit(r, map, "within", RS_Q_LEG, &c->within);
    if (has(map, "by")) {
        c->detected_by = read_by(r, rs_node_get(map, "by"));
    }
}

static void finish_splitting(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct claim *c = draft;
    struct splitting *s = &c->splitting;
    (void)map, (void)out;
    s->given = true;
    /* Lists of times rise in the language; histories meet the largest slack first. */
    double *falling = RS_ARENA_ARRAY(r->arena, double, s->n_level);
    for (int i = 0; i < s->n_level; i++) {
        falling[i] = s->slack_s[s->n_level - 1 - i];
    }
    s->slack_s = falling;
}

static void finish_quantile(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct claim *c = draft;
    (void)out;
    c->kind = RS_CLAIM_QUANTILE;
    if (!(c->q > 0.0 && c->q < 1.0)) {
        rs_err_list_add(r->errors, RS_E_RANGE, rs_node_get(map, "q")->at,
                        "\"q\" must be above 0 and below 1, got %s", rs_node_get(map, "q")->text);
    }
    rs_claim_read_measure(r, map, c);
}

static void finish_expectation(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct claim *c = draft;
    (void)out;
    c->kind = RS_CLAIM_EXPECTATION;
    if (rs_claim_read_measure(r, map, c) != 0) {
        return;
    }
    size_t n_before = r->errors->n;
    rs_claim_read_limit(r, map, "cap", c->of, &c->cap);
    if (r->errors->n == n_before && !(c->cap > 0.0)) {
        rs_err_list_add(r->errors, RS_E_RANGE, rs_node_get(map, "cap")->at,
                        "\"cap\" must be above 0, got %s", rs_node_get(map, "cap")->text);
    }
}

#define LEG_KEYS                                                                                   \
    {"from", RS_V_OWN, .shape = "mark of the rollback clock", .help = "Start of the leg."},        \
        {"to", RS_V_OWN, .shape = "mark of the rollback clock", .help = "End of the leg."},        \
        {"of", RS_V_OWN,                                                                           \
         .shape = "users_hurt, users_hurt_since_onset, requests_failed, error_ratio, "             \
                  "budget_burned, pages, alerts or rollout_duration",                              \
         .help = "Another quantity, instead of a leg."},                                           \
    {                                                                                              \
        "procedure", RS_V_REF, .at = CLAIM(procedure), .names = RS_NAME_PROCEDURE, .with = "from", \
                               .help = "Only rollbacks by this procedure."                         \
    }

static const struct key probability_keys[] = {
    LEG_KEYS,
    {"within", RS_V_OWN, .shape = "duration or number",
     .help = "The event: the leg or quantity is at most this."},
    {"outcome", RS_V_OWN, .shape = "completed, rolled-back, held, halted, missed or running",
     .help = "The event: the replica ends like this."},
    {"false_rollback", RS_V_OWN, .shape = "true",
     .help = "The event: a rollback with no fault present."},
};
static const struct section probability_section = {"probability", "How often something happens.",
                                                   probability_keys, RS_N_KEY(probability_keys),
                                                   .finish = finish_probability};

static const struct key quantile_keys[] = {
    {"q", RS_V_RATIO, RS_KEY_REQUIRED, .at = CLAIM(q), .help = "Which quantile, like 95%."},
    LEG_KEYS,
};
static const struct section quantile_section = {
    "quantile", "A value that a share of the cases does not exceed.", quantile_keys,
    RS_N_KEY(quantile_keys), .finish = finish_quantile};

static const struct key expectation_keys[] = {
    LEG_KEYS,
    {"cap", RS_V_OWN, RS_KEY_REQUIRED, .shape = "duration or number",
     .help = "Largest value that is possible, or that larger ones are counted as; the proof rests "
             "on it."},
};
static const struct section expectation_section = {"expectation", "A mean.", expectation_keys,
                                                   RS_N_KEY(expectation_keys),
                                                   .finish = finish_expectation};

static const struct key bound_keys[] = {
    {"from", RS_V_OWN, RS_KEY_REQUIRED, .shape = "condition, or a mark of the rollback clock",
     .help = "Start of the leg. \"condition\": what is watched becomes true and stays so."},
    {"to", RS_V_OWN, RS_KEY_REQUIRED, .shape = "mark of the rollback clock",
     .help = "End of the leg."},
    {"within", RS_V_OWN, RS_KEY_REQUIRED, .shape = "duration",
     .help = "No history takes longer, whatever the phases and draws."},
    {"procedure", RS_V_REF, .at = CLAIM(procedure), .names = RS_NAME_PROCEDURE,
     .help = "Only rollbacks by this procedure; all without it."},
    {"by", RS_V_OWN, .def = "(all)", .shape = "alert, look, gate or check, or a list of these",
     .help = "Only what is detected in these ways."},
};
static const struct section bound_section = {"bound", "A worst case.", bound_keys,
                                             RS_N_KEY(bound_keys), .finish = finish_bound};

static const struct key splitting_keys[] = {
    {"slack", RS_V_SECONDS_LIST, .def = "(chosen by pilot runs)", .at = CLAIM(splitting.slack_s),
     .n_at = CLAIM(splitting.n_level),
     .help = "Levels: where so much time is left until the deadline, histories are multiplied."},
    {"effort", RS_V_COUNT, .min = 2, .max = 1e5, .def = "200", .at = CLAIM(splitting.effort),
     .help = "Histories a level."},
    {"repeats", RS_V_COUNT, .min = 2, .max = 1e4, .def = "20", .at = CLAIM(splitting.n_macro),
     .help = "Independent repetitions, which the interval rests on."},
};
static const struct section splitting_section = {
    "splitting", "Importance splitting, for events that are too rare to be met.", splitting_keys,
    RS_N_KEY(splitting_keys), .finish = finish_splitting};

void rs_claim_read_given(struct reader *r, const struct node *node, struct claim *c)
{
    static const struct {
        const char *word;
        enum given_kind given;
    } words[] = {{"none", RS_GIVEN_NO_FAULT}, {"any", RS_GIVEN_ANY_FAULT}, {"all", RS_GIVEN_ALL}};
    c->given = RS_GIVEN_ALL;
    c->given_fault = -1;
    if (!node) {
        return;
    }
    if (node->kind != RS_NODE_SCALAR) {
        rs_err_list_add(r->errors, RS_E_TYPE, node->at,
                        "\"given\" must be none, any, all or the name of a fault");
        return;
    }
    for (int i = 0; i < 3; i++) {
        if (strcmp(words[i].word, node->text) == 0) {
            c->given = words[i].given;
            return;
        }
    }
    c->given = RS_GIVEN_FAULT;
    c->given_fault = rs_names_find(r, RS_NAME_FAULT, node->text, node->at);
}

/* A claim that says all of it already, over all histories. */
static void refuse_sides(struct reader *r, const struct node *map)
{
    static const char *const side[] = {"at_least", "at_most", "given"};
    const char *kind = has(map, "bound") ? "bound" : has(map, "always") ? "always" : "never";
    for (int i = 0; i < 3; i++) {
        const struct pair *pair = rs_node_pair(map, side[i]);
        if (pair) {
            rs_err_list_add(r->errors, RS_E_KEY, pair->at, "\"%s\" does not go with \"%s\"",
                            side[i], kind);
        }
    }
}

static void finish_claim(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct claim *c = draft;
    (void)out;
    bool is_exact = has(map, "bound") || has(map, "always") || has(map, "never");
    if (!is_exact && !has(map, "probability") && !has(map, "quantile") &&
        !has(map, "expectation")) {
        return;
    }
    rs_claim_read_given(r, rs_node_get(map, "given"), c);
    if (is_exact) {
        refuse_sides(r, map);
        return;
    }
    const char *side = has(map, "at_least") ? "at_least" : "at_most";
    if (has(map, "at_least") == has(map, "at_most")) {
        rs_err_list_add(r->errors, RS_E_KEY, map->at,
                        "a claim needs exactly one of at_least, at_most, got %s",
                        has(map, "at_least") ? "both" : "none");
        return;
    }
    c->at_most = has(map, "at_most");
    /* A probability is itself a ratio, whatever it is the probability of. */
    rs_claim_read_limit(r, map, side, c->kind == RS_CLAIM_PROBABILITY ? RS_Q_ERROR_RATIO : c->of,
                        &c->limit);
    const char *refused = c->splitting.given ? rs_split_refuse(c) : NULL;
    if (refused) {
        rs_err_list_add(r->errors, RS_E_RANGE, rs_node_get(map, "splitting")->at, "%s", refused);
    }
    /* Nearer to 0 or 1 no number of replicas decides anything. */
    double gap = fmin(c->limit, 1.0 - c->limit);
    if (c->kind == RS_CLAIM_PROBABILITY && gap > 0.0 && gap < 1e-12) {
        rs_err_list_add(r->errors, RS_E_RANGE, rs_node_get(map, side)->at,
                        "\"%s\" must be 0 or 1, or at least 1e-12 away from both, got %s", side,
                        rs_node_get(map, side)->text);
    }
    if (c->kind == RS_CLAIM_EXPECTATION && c->limit >= c->cap) {
        rs_err_list_add(r->errors, RS_E_RANGE, rs_node_get(map, side)->at,
                        "\"%s\" must be below the cap", side);
    }
}

static const struct key claim_keys[] = {
    {"name", RS_V_NAME, RS_KEY_REQUIRED, .at = CLAIM(name), .help = "Name."},
    {"says", RS_V_TEXT, RS_KEY_REQUIRED, .at = CLAIM(says),
     .help = "The claim as a sentence for people."},
    {"probability", RS_V_MAP, RS_KEY_ONE_OF, .of = &probability_section,
     .help = "A claim on how often something happens."},
    {"quantile", RS_V_MAP, RS_KEY_ONE_OF, .of = &quantile_section,
     .help = "A claim on a quantile."},
    {"expectation", RS_V_MAP, RS_KEY_ONE_OF, .of = &expectation_section,
     .help = "A claim on a mean."},
    {"bound", RS_V_MAP, RS_KEY_ONE_OF, .of = &bound_section, .help = "A claim on a worst case."},
    {"always", RS_V_MAP, RS_KEY_ONE_OF, .of = &rs_section_always,
     .help = "A claim on every state that the rollout can come to."},
    {"never", RS_V_MAP, RS_KEY_ONE_OF, .of = &rs_section_never,
     .help = "A claim on states that the rollout must not come to."},
    {"splitting", RS_V_MAP, .of = &splitting_section, .with = "probability", .def = "(off)",
     .help = "Importance splitting: for violations rarer than about 1e-5. Asymptotic only."},
    {"given", RS_V_OWN, .def = "(all)", .shape = "none, any, all or the name of a fault",
     .help = "Only replicas without a fault, with any fault, all, or with that fault."},
    {"at_least", RS_V_OWN, .shape = "ratio, duration or number",
     .help = "Lower limit, in the unit of what is claimed; this or at_most."},
    {"at_most", RS_V_OWN, .shape = "ratio, duration or number",
     .help = "Upper limit; this or at_least."},
    {"ref", RS_V_TEXT, .at = CLAIM(ref),
     .help = "Place in the source document; findings and verdicts print it."},
    {"assumes", RS_V_ASSUMES, .help = "Assumptions that these numbers rest on."},
};
const struct section rs_section_claim = {"claim",
                                         "A sentence about histories, which a run decides.",
                                         claim_keys,
                                         RS_N_KEY(claim_keys),
                                         .size = sizeof(struct claim),
                                         .has_mark = true,
                                         .mark_at = CLAIM(at),
                                         .finish = finish_claim};
