/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conditions on states of the rollout, for the claims that are decided by exhaustion. */
#include "predicate_read.h"

#include <string.h>

#include "verify/claim.h"
#include "verify/reach.h"

enum { NEST_MAX = 12 }; /* conditions within conditions */

/* What the keys of one condition say; finish makes a predicate of it. */
struct state_draft {
    const struct predicate *all, *any, *not_this;
    int n_all, n_any;
    int flag, service, path, stage, is, rollout;
    const struct predicate *reaches, *from; /* of `always` */
};

#define STATE(field) offsetof(struct state_draft, field)

/* In the order of enum predicate_value and of enum reach_rollout. */
static const char *const is_words[] = {"on",      "fully-on", "off", "present",
                                       "removed", "taken",    NULL};
static const char *const rollout_words[] = {"running",     "held",         "halted", "completed",
                                            "rolled-back", "rolling-back", NULL};
static const char *const down_words[] = {"alerting", "flag-service"};

static bool has(const struct node *map, const char *key)
{
    return rs_node_pair(map, key) != NULL;
}

static void begin_state(struct reader *r, const struct node *map)
{
    const struct node *service = rs_node_get(map, "service");
    rs_names_scope(r, service && service->kind == RS_NODE_SCALAR ? service->text : NULL, false);
}

/* The first condition that lies too deep, or NULL. YAML itself nests at most 50 deep. */
static const struct node *too_deep(const struct node *node, int depth)
{
    const struct node *found = node->kind == RS_NODE_MAP && depth > NEST_MAX ? node : NULL;
    for (int i = 0; i < node->n && !found; i++) {
        if (node->kind == RS_NODE_MAP)
            found = too_deep(node->pair[i].value, depth + 1);
        else if (node->kind == RS_NODE_LIST)
            found = too_deep(node->item[i], depth);
    }
    return found;
}

static void begin_outer(struct reader *r, const struct node *map)
{
    const struct node *deep = too_deep(map, 1);
    if (deep) {
        rs_err_list_add(r->errors, RS_E_RANGE, deep->at,
                        "conditions may lie at most %d deep in each other", NEST_MAX);
    }
    begin_state(r, map);
}

static void read_down(struct reader *r, const struct node *map, struct predicate *out)
{
    const struct node *node = rs_node_get(map, "down");
    *out = (struct predicate){.op = RS_PREDICATE_DOWN, .service = -1, .index = -1};
    if (node->kind != RS_NODE_SCALAR) {
        rs_err_list_add(r->errors, RS_E_TYPE, node->at,
                        "\"down\" must be alerting, flag-service or the name of a role");
        return;
    }
    for (int i = 0; i < 2; i++) {
        if (strcmp(node->text, down_words[i]) == 0) {
            out->value = i == 0 ? RS_PART_ALERTING : RS_PART_FLAG_SERVICE;
            return;
        }
    }
    out->value = RS_PART_ROLE;
    out->index = rs_names_find(r, RS_NAME_ROLE, node->text, node->at);
}

/* Words that go with a flag stand before those that go with a path. */
static void check_is(struct reader *r, const struct node *map, int is)
{
    bool of_flag = is <= RS_IS_OFF;
    const char *what = has(map, "flag") ? "flag" : "path";
    if (of_flag != has(map, "flag")) {
        rs_err_list_add(r->errors, RS_E_RANGE, rs_node_get(map, "is")->at, "a %s is %s, got \"%s\"",
                        what, of_flag ? "present, removed or taken" : "on, fully-on or off",
                        is_words[is]);
    }
}

static struct predicate
predicate_of(struct reader *r, const struct node *map, const struct state_draft *d)
{
    struct predicate p = {.service = -1, .index = -1};
    if (has(map, "all")) {
        p.op = RS_PREDICATE_ALL;
        p.part = d->all;
        p.n = d->n_all;
    } else if (has(map, "any")) {
        p.op = RS_PREDICATE_ANY;
        p.part = d->any;
        p.n = d->n_any;
    } else if (has(map, "not")) {
        p.op = RS_PREDICATE_NOT;
        p.part = d->not_this;
        p.n = 1;
    } else if (has(map, "flag")) {
        p.op = RS_PREDICATE_FLAG;
        p.index = d->flag;
        p.value = d->is;
        check_is(r, map, d->is);
    } else if (has(map, "path")) {
        p.op = RS_PREDICATE_PATH;
        p.service = d->service;
        p.index = d->path;
        p.value = d->is;
        check_is(r, map, d->is);
    } else if (has(map, "stage")) {
        p.op = RS_PREDICATE_STAGE;
        p.index = d->stage;
    } else if (has(map, "rollout")) {
        p.op = RS_PREDICATE_ROLLOUT;
        p.value = d->rollout;
    } else {
        read_down(r, map, &p);
    }
    p.at = map->at;
    return p;
}

static void finish_state(struct reader *r, const struct node *map, void *draft, void *out)
{
    *(struct predicate *)out = predicate_of(r, map, draft);
}

static const struct predicate *
kept(struct reader *r, const struct node *map, const struct state_draft *d)
{
    struct predicate *p = RS_ARENA_ARRAY(r->arena, struct predicate, 1);
    *p = predicate_of(r, map, d);
    return p;
}

static void finish_always(struct reader *r, const struct node *map, void *draft, void *out)
{
    const struct state_draft *d = draft;
    struct claim *c = out;
    c->kind = RS_CLAIM_ALWAYS;
    c->reaches = has(map, "reaches");
    c->state = c->reaches ? d->reaches : kept(r, map, d);
    c->reaches_from = d->from;
}

static void finish_never(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct claim *c = out;
    c->kind = RS_CLAIM_NEVER;
    c->state = kept(r, map, draft);
}

static const struct section state_section;

#define STATE_KEYS                                                                                 \
    {"all",                                                                                        \
     RS_V_LIST,                                                                                    \
     RS_KEY_ONE_OF | RS_KEY_SOME,                                                                  \
     .at = STATE(all),                                                                             \
     .n_at = STATE(n_all),                                                                         \
     .of = &state_section,                                                                         \
     .help = "All of these."},                                                                     \
        {"any",                                                                                    \
         RS_V_LIST,                                                                                \
         RS_KEY_ONE_OF | RS_KEY_SOME,                                                              \
         .at = STATE(any),                                                                         \
         .n_at = STATE(n_any),                                                                     \
         .of = &state_section,                                                                     \
         .help = "At least one of these."},                                                        \
        {"not",                                                                                    \
         RS_V_BOX,                                                                                 \
         RS_KEY_ONE_OF,                                                                            \
         .at = STATE(not_this),                                                                    \
         .of = &state_section,                                                                     \
         .help = "Not this."},                                                                     \
        {"flag",                                                                                   \
         RS_V_REF,                                                                                 \
         RS_KEY_ONE_OF,                                                                            \
         .at = STATE(flag),                                                                        \
         .names = RS_NAME_FLAG,                                                                    \
         .help = "The flag service has this flag so; `is` says how."},                             \
        {"path",                                                                                   \
         RS_V_REF,                                                                                 \
         RS_KEY_ONE_OF,                                                                            \
         .at = STATE(path),                                                                        \
         .names = RS_NAME_PATH,                                                                    \
         .help = "This code path of `service` is so; `is` says how."},                             \
        {"service",                                                                                \
         RS_V_REF,                                                                                 \
         RS_KEY_NEED_WITH,                                                                         \
         .at = STATE(service),                                                                     \
         .names = RS_NAME_SERVICE,                                                                 \
         .with = "path",                                                                           \
         .help = "Whose path it is."},                                                             \
        {"is",                                                                                     \
         RS_V_WORD,                                                                                \
         RS_KEY_NEED_WITH,                                                                         \
         .at = STATE(is),                                                                          \
         .words = is_words,                                                                        \
         .with = "flag path",                                                                      \
         .help = "Of a flag: on for anybody, fully on (for all users), or off. Of a path: "        \
                 "present, removed, or taken by anybody who has traffic."},                        \
        {"stage",                                                                                  \
         RS_V_REF,                                                                                 \
         RS_KEY_ONE_OF,                                                                            \
         .at = STATE(stage),                                                                       \
         .names = RS_NAME_STAGE,                                                                   \
         .help = "The stage entered last."},                                                       \
        {"rollout",                                                                                \
         RS_V_WORD,                                                                                \
         RS_KEY_ONE_OF,                                                                            \
         .at = STATE(rollout),                                                                     \
         .words = rollout_words,                                                                   \
         .help = "How the rollout stands; a rollback in somebody's hands counts first."},          \
    {                                                                                              \
        "down", RS_V_OWN, RS_KEY_ONE_OF,                                                           \
            .shape = "alerting, flag-service or the name of a role",                               \
            .help = "This is out of order. In a claim that names it, it may go out "               \
                    "of order at any moment, for good; of several named one at "                   \
                    "most does."                                                                   \
    }

static const struct key state_keys[] = {STATE_KEYS};
static const struct section state_section = {
    "condition on a state",
    "What is true of a state of the rollout. Conditions may lie in each other, at most 12 deep.",
    state_keys,
    RS_N_KEY(state_keys),
    .size = sizeof(struct predicate),
    .draft_size = sizeof(struct state_draft),
    .begin = begin_state,
    .finish = finish_state};

static const struct key always_keys[] = {
    STATE_KEYS,
    {"reaches", RS_V_BOX, RS_KEY_ONE_OF, .at = STATE(reaches), .of = &state_section,
     .help = "From every reachable state one can be reached in which this is true."},
    {"from", RS_V_BOX, .def = "(from every state)", .at = STATE(from), .of = &state_section,
     .with = "reaches", .help = "Only from states in which this is true."},
};
const struct section rs_section_always = {
    "invariant",
    "A condition that is true in every state that the rollout can come to, whatever gates, checks "
    "and alerts say and when. Decided by exhaustion; a counterexample is a shortest one.",
    always_keys,
    RS_N_KEY(always_keys),
    .draft_size = sizeof(struct state_draft),
    .begin = begin_outer,
    .finish = finish_always};

const struct section rs_section_never = {
    "exclusion",
    "A condition that is true in no state that the rollout can come to. Decided by exhaustion.",
    state_keys,
    RS_N_KEY(state_keys),
    .draft_size = sizeof(struct state_draft),
    .begin = begin_outer,
    .finish = finish_never};
