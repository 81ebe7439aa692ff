/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Alertmanager file. What decides who is told when is read; credentials, texts and addresses are passed over. What would
 * change times and is not modelled (mute and active time intervals of routes) is refused.
 */
#include "am_file.h"

#include <string.h>

#include "sim/clock.h"
#include "value.h"

#define ROUTE(field) offsetof(struct am_route, field)
#define IGNORED(key)                                                                               \
    {                                                                                              \
        key, RS_V_OWN, .shape = "(passed over)", .help = ""                                        \
    }

/* ---- routes ---- */

static const struct key route_keys[] = {
    {"receiver", RS_V_TEXT, .at = ROUTE(receiver), .help = ""},
    {"continue", RS_V_BOOL, .at = ROUTE(go_on), .help = ""},
    {"group_wait", RS_V_DURATION, .at = ROUTE(group_wait_ns), .help = ""},
    {"group_interval", RS_V_DURATION, RS_KEY_POSITIVE, .at = ROUTE(group_interval_ns), .help = ""},
    {"repeat_interval", RS_V_DURATION, RS_KEY_POSITIVE, .at = ROUTE(repeat_interval_ns),
     .help = ""},
    IGNORED("group_by"),
    IGNORED("matchers"),
    IGNORED("match"),
    IGNORED("match_re"),
    IGNORED("routes"),
    IGNORED("mute_time_intervals"),
    IGNORED("active_time_intervals"),
};
static const struct section route_section = {"route",
                                             "",
                                             route_keys,
                                             RS_N_KEY(route_keys),
                                             .size = sizeof(struct am_route),
                                             .has_mark = true,
                                             .mark_at = ROUTE(at)};

static bool is_given(const struct node *map, const char *key)
{
    const struct node *value = rs_node_get(map, key);
    return value && !rs_node_is_null(value);
}

static void refuse_intervals(struct reader *r, const struct node *map)
{
    static const char *const keys[] = {"mute_time_intervals", "active_time_intervals"};
    for (int i = 0; i < 2; i++) {
        const struct pair *pair = rs_node_pair(map, keys[i]);
        if (is_given(map, keys[i]) && pair->value->n > 0) {
            rs_err_list_add(r->errors, RS_E_UNSUPPORTED, pair->at,
                            "\"%s\" of a route is not supported", keys[i]);
        }
    }
}

static void read_group_by(struct reader *r, const struct node *map, struct am_route *route)
{
    if (!is_given(map, "group_by")) {
        return; /* inherited */
    }
    route->group_by_all = false;
    route->n_group_by = rs_am_label_names_read(r, map, "group_by", &route->group_by);
    for (int i = 0; i < route->n_group_by; i++) {
        if (strcmp(route->group_by[i], "...") != 0) {
            continue;
        }
        route->group_by_all = true;
        if (route->n_group_by > 1) {
            rs_err_list_add(r->errors, RS_E_RANGE, rs_node_get(map, "group_by")->at,
                            "\"...\" must stand alone in \"group_by\"");
        }
    }
    if (route->group_by_all) {
        route->n_group_by = 0;
    }
}

/* What the route does not say it has from its parent. */
static void inherit(const struct node *map, const struct am_route *parent, struct am_route *route)
{
    struct am_route own = *route;
    *route = *parent;
    route->at = own.at;
    route->go_on = own.go_on;
    route->n_matcher = route->n_child = 0;
    route->matcher = NULL;
    route->child = NULL;
    if (is_given(map, "receiver")) {
        route->receiver = own.receiver;
    }
    if (is_given(map, "group_wait")) {
        route->group_wait_ns = own.group_wait_ns;
    }
    if (is_given(map, "group_interval")) {
        route->group_interval_ns = own.group_interval_ns;
    }
    if (is_given(map, "repeat_interval")) {
        route->repeat_interval_ns = own.repeat_interval_ns;
    }
}

static void read_route(struct reader *r,
                       const struct node *map,
                       const struct am_route *parent,
                       struct am_route *out)
{
    if (rs_read_section(r, &route_section, "a route", map, out) != 0) {
        return;
    }
    inherit(map, parent, out);
    refuse_intervals(r, map);
    read_group_by(r, map, out);
    out->n_matcher = rs_am_matchers_read(r, map, "matchers", "match", "match_re", &out->matcher);
    if (is_given(map, "receiver")) {
        rs_names_find(r, RS_NAME_RECEIVER, out->receiver, rs_node_get(map, "receiver")->at);
    }
    const struct node *list = rs_node_get(map, "routes");
    if (!is_given(map, "routes")) {
        return;
    }
    if (list->kind != RS_NODE_LIST) {
        rs_err_list_add(r->errors, RS_E_TYPE, list->at, "\"routes\" must be a list");
        return;
    }
    struct am_route *child = RS_ARENA_ARRAY(r->arena, struct am_route, list->n);
    for (int i = 0; i < list->n; i++) {
        read_route(r, list->item[i], out, &child[i]);
    }
    out->n_child = list->n;
    out->child = child;
}

static void read_root(struct reader *r, const struct node *root, struct am_config *out)
{
    const struct node *map = rs_node_get(root, "route");
    const struct am_route defaults = {.group_wait_ns = 30 * RS_NS_PER_S,
                                      .group_interval_ns = 5 * 60 * RS_NS_PER_S,
                                      .repeat_interval_ns = 4 * 3600 * RS_NS_PER_S};
    if (!map || rs_node_is_null(map)) {
        rs_err_list_add(r->errors, RS_E_KEY, root->at,
                        "an Alertmanager file needs the key \"route\"");
        return;
    }
    size_t n_before = r->errors->n;
    read_route(r, map, &defaults, &out->root);
    if (r->errors->n > n_before) {
        return;
    }
    if (!out->root.receiver) {
        rs_err_list_add(r->errors, RS_E_KEY, map->at, "the root route needs the key \"receiver\"");
    }
    if (out->root.n_matcher > 0) {
        rs_err_list_add(r->errors, RS_E_KEY, map->at, "the root route must not have matchers");
    }
    if (out->root.go_on) {
        rs_err_list_add(r->errors, RS_E_KEY, rs_node_pair(map, "continue")->at,
                        "the root route must not have \"continue\"");
    }
}

/* ---- receivers ---- */

static const struct {
    const char *key;
    bool send_resolved; /* Alertmanager's default, notifiers.go */
} integrations[] = {
    {"discord_configs", true},   {"email_configs", false},      {"incidentio_configs", true},
    {"jira_configs", true},      {"mattermost_configs", true},  {"msteams_configs", true},
    {"msteamsv2_configs", true}, {"opsgenie_configs", true},    {"pagerduty_configs", true},
    {"pushover_configs", true},  {"rocketchat_configs", false}, {"slack_configs", false},
    {"sns_configs", true},       {"telegram_configs", true},    {"victorops_configs", true},
    {"webex_configs", true},     {"webhook_configs", true},     {"wechat_configs", false},
};

static const struct key receiver_keys[] = {
    {"name", RS_V_TEXT, RS_KEY_REQUIRED, .at = offsetof(struct am_receiver, name), .help = ""},
    IGNORED("discord_configs"),
    IGNORED("email_configs"),
    IGNORED("incidentio_configs"),
    IGNORED("jira_configs"),
    IGNORED("mattermost_configs"),
    IGNORED("msteams_configs"),
    IGNORED("msteamsv2_configs"),
    IGNORED("opsgenie_configs"),
    IGNORED("pagerduty_configs"),
    IGNORED("pushover_configs"),
    IGNORED("rocketchat_configs"),
    IGNORED("slack_configs"),
    IGNORED("sns_configs"),
    IGNORED("telegram_configs"),
    IGNORED("victorops_configs"),
    IGNORED("webex_configs"),
    IGNORED("webhook_configs"),
    IGNORED("wechat_configs"),
};
static const struct section receiver_section = {"receiver",
                                                "",
                                                receiver_keys,
                                                RS_N_KEY(receiver_keys),
                                                .size = sizeof(struct am_receiver),
                                                .has_mark = true,
                                                .mark_at = offsetof(struct am_receiver, at)};

/* A receiver tells of resolved alerts if one of its integrations does; one without integrations does too. */
static bool sends_resolved(struct reader *r, const struct node *map)
{
    int n_integration = 0;
    bool sends = false;
    for (size_t i = 0; i < sizeof(integrations) / sizeof(integrations[0]); i++) {
        const struct node *list = rs_node_get(map, integrations[i].key);
        for (int j = 0; list && list->kind == RS_NODE_LIST && j < list->n; j++) {
            const struct node *own = rs_node_get(list->item[j], "send_resolved");
            bool one = integrations[i].send_resolved;
            if (own && (own->kind != RS_NODE_SCALAR || rs_value_bool(&one, own->text) != 0)) {
                rs_err_list_add(r->errors, RS_E_TYPE, own->at,
                                "\"send_resolved\" must be true or false");
            }
            sends = sends || one;
            n_integration++;
        }
    }
    return sends || n_integration == 0;
}

static void read_receivers(struct reader *r, const struct node *root, struct am_config *out)
{
    const struct node *list = rs_node_get(root, "receivers");
    if (!list || list->kind != RS_NODE_LIST) {
        rs_err_list_add(r->errors, list ? RS_E_TYPE : RS_E_KEY, list ? list->at : root->at,
                        list ? "\"receivers\" must be a list"
                             : "an Alertmanager file needs the key \"receivers\"");
        r->names[RS_NAME_RECEIVER].unknown = true;
        return;
    }
    if (rs_read_length(r, "receivers", list) != 0) {
        r->names[RS_NAME_RECEIVER].unknown = true;
        return;
    }
    rs_names_collect(r, RS_NAME_RECEIVER, list, "name", true);
    struct am_receiver *receiver = RS_ARENA_ARRAY(r->arena, struct am_receiver, list->n);
    for (int i = 0; i < list->n; i++) {
        if (rs_read_section(r, &receiver_section, "a receiver", list->item[i], &receiver[i]) == 0) {
            receiver[i].send_resolved = sends_resolved(r, list->item[i]);
        }
    }
    out->n_receiver = list->n;
    out->receiver = receiver;
}

/* ---- inhibition ---- */

static const struct key inhibit_keys[] = {
    IGNORED("source_match"),    IGNORED("source_match_re"),
    IGNORED("source_matchers"), IGNORED("target_match"),
    IGNORED("target_match_re"), IGNORED("target_matchers"),
    IGNORED("equal"),           IGNORED("name"),
};
static const struct section inhibit_section = {
    "inhibition rule", "", inhibit_keys, RS_N_KEY(inhibit_keys), .size = sizeof(struct am_inhibit)};

static void read_inhibits(struct reader *r, const struct node *root, struct am_config *out)
{
    const struct node *list = rs_node_get(root, "inhibit_rules");
    if (!list || rs_node_is_null(list)) {
        return;
    }
    if (list->kind != RS_NODE_LIST) {
        rs_err_list_add(r->errors, RS_E_TYPE, list->at, "\"inhibit_rules\" must be a list");
        return;
    }
    struct am_inhibit *inhibit = RS_ARENA_ARRAY(r->arena, struct am_inhibit, list->n);
    for (int i = 0; i < list->n; i++) {
        const struct node *map = list->item[i];
        struct am_inhibit *to = &inhibit[i];
        if (rs_read_section(r, &inhibit_section, "an inhibition rule", map, to) != 0) {
            continue;
        }
        to->n_source = rs_am_matchers_read(r, map, "source_matchers", "source_match",
                                           "source_match_re", &to->source);
        to->n_target = rs_am_matchers_read(r, map, "target_matchers", "target_match",
                                           "target_match_re", &to->target);
        to->n_equal = rs_am_label_names_read(r, map, "equal", &to->equal);
    }
    out->n_inhibit = list->n;
    out->inhibit = inhibit;
}

/* ---- the whole ---- */

static const struct key global_keys[] = {
    {"resolve_timeout", RS_V_DURATION, .help = ""},
    IGNORED("http_config"),
    IGNORED("jira_api_url"),
    IGNORED("mattermost_webhook_url"),
    IGNORED("mattermost_webhook_url_file"),
    IGNORED("opsgenie_api_key"),
    IGNORED("opsgenie_api_key_file"),
    IGNORED("opsgenie_api_url"),
    IGNORED("pagerduty_url"),
    IGNORED("rocketchat_api_url"),
    IGNORED("rocketchat_token"),
    IGNORED("rocketchat_token_file"),
    IGNORED("rocketchat_token_id"),
    IGNORED("rocketchat_token_id_file"),
    IGNORED("slack_api_url"),
    IGNORED("slack_api_url_file"),
    IGNORED("slack_app_token"),
    IGNORED("slack_app_token_file"),
    IGNORED("slack_app_url"),
    IGNORED("smtp_auth_identity"),
    IGNORED("smtp_auth_password"),
    IGNORED("smtp_auth_password_file"),
    IGNORED("smtp_auth_secret"),
    IGNORED("smtp_auth_secret_file"),
    IGNORED("smtp_auth_username"),
    IGNORED("smtp_force_implicit_tls"),
    IGNORED("smtp_from"),
    IGNORED("smtp_hello"),
    IGNORED("smtp_require_tls"),
    IGNORED("smtp_smarthost"),
    IGNORED("smtp_tls_config"),
    IGNORED("telegram_api_url"),
    IGNORED("telegram_bot_token"),
    IGNORED("telegram_bot_token_file"),
    IGNORED("victorops_api_key"),
    IGNORED("victorops_api_key_file"),
    IGNORED("victorops_api_url"),
    IGNORED("webex_api_url"),
    IGNORED("wechat_api_corp_id"),
    IGNORED("wechat_api_secret"),
    IGNORED("wechat_api_secret_file"),
    IGNORED("wechat_api_url"),
};
static const struct section global_section = {"set of global settings", "", global_keys,
                                              RS_N_KEY(global_keys), .size = sizeof(int64_t)};

static const struct key am_keys[] = {
    IGNORED("global"),         IGNORED("route"),         IGNORED("receivers"),
    IGNORED("templates"),      IGNORED("inhibit_rules"), IGNORED("mute_time_intervals"),
    IGNORED("time_intervals"), IGNORED("tracing"),
};
static const struct section am_section = {"Alertmanager file", "", am_keys, RS_N_KEY(am_keys),
                                          .size = 1};

const struct am_config *
rs_am_config_read(struct reader *r, const char *file, const char *text, size_t n)
{
    size_t n_before = r->errors->n + r->errors->n_dropped;
    const struct node *root = rs_yaml_parse(r->arena, file, text, n, r->errors);
    char ignored = 0;
    int64_t resolve_timeout_ns = 0;
    if (!root || rs_read_section(r, &am_section, "an Alertmanager file", root, &ignored) != 0) {
        return NULL;
    }
    const struct node *global = rs_node_get(root, "global");
    if (is_given(root, "global")) {
        rs_read_section(r, &global_section, "\"global\"", global, &resolve_timeout_ns);
    }
    struct am_config *out = RS_ARENA_ARRAY(r->arena, struct am_config, 1);
    out->file = file;
    read_receivers(r, root, out);
    read_root(r, root, out);
    read_inhibits(r, root, out);
    return r->errors->n + r->errors->n_dropped == n_before ? out : NULL;
}

const struct am_config *rs_am_config_parse(
    struct arena *arena, const char *file, const char *text, size_t n, struct err_list *errors)
{
    struct err_list own;
    rs_err_list_init(&own);
    struct reader r = {
        .arena = arena, .errors = errors ? errors : &own, .file = file, .null_is_absent = true};
    const struct am_config *out = rs_am_config_read(&r, file, text, n);
    rs_err_list_clear(&own);
    return out;
}
