/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The route tree. What a route does not say it has from its parent, matchers and time intervals apart (dispatch/route.go). */
#include <string.h>

#include "am_file.h"
#include "sim/clock.h"

#define ROUTE(field) offsetof(struct am_route, field)

static const struct key route_keys[] = {
    {"receiver", RS_V_TEXT, .at = ROUTE(receiver), .help = ""},
    RS_AM_ROW("continue"),
    {"group_wait", RS_V_DURATION, .at = ROUTE(group_wait_ns), .help = ""},
    {"group_interval", RS_V_DURATION, RS_KEY_POSITIVE, .at = ROUTE(group_interval_ns), .help = ""},
    {"repeat_interval", RS_V_DURATION, RS_KEY_POSITIVE, .at = ROUTE(repeat_interval_ns),
     .help = ""},
    RS_AM_ROW("group_by"),
    RS_AM_ROW("matchers"),
    RS_AM_ROW("match"),
    RS_AM_ROW("match_re"),
    RS_AM_ROW("routes"),
    RS_AM_ROW("mute_time_intervals"),
    RS_AM_ROW("active_time_intervals"),
};
static const struct section route_section = {"route",
                                             "",
                                             route_keys,
                                             RS_N_KEY(route_keys),
                                             .size = sizeof(struct am_route),
                                             .has_mark = true,
                                             .mark_at = ROUTE(at)};

static const char *const durations[] = {"group_wait", "group_interval", "repeat_interval", NULL};

static void read_group_by(struct am_reading *a, const struct node *map, struct am_route *route)
{
    const struct node *list = rs_am_list(a, map, "group_by");
    if (!list || list->n == 0) {
        return; /* inherited; an empty list counts as none */
    }
    route->group_by_all = false;
    route->n_group_by = rs_am_label_names_read(a, map, "group_by", &route->group_by);
    for (int i = 0; i < route->n_group_by; i++) {
        const char *name = route->group_by[i];
        if (strcmp(name, "...") == 0) {
            route->group_by_all = true;
        }
        for (int j = 0; j < i && name[0]; j++) {
            if (strcmp(route->group_by[j], name) == 0) {
                rs_err_list_add(a->r->errors, RS_E_KEY, list->item[i]->at,
                                "label \"%s\" stands twice in \"group_by\"", name);
            }
        }
    }
    if (route->group_by_all && route->n_group_by > 1) {
        rs_err_list_add(a->r->errors, RS_E_RANGE, list->at,
                        "\"...\" must stand alone in \"group_by\"");
    }
    if (route->group_by_all) {
        route->n_group_by = 0;
    }
}

static void inherit(const struct node *map, const struct am_route *parent, struct am_route *route)
{
    struct am_route own = *route;
    *route = *parent;
    route->at = own.at;
    route->n_matcher = route->n_child = route->n_mute = route->n_active = 0;
    route->go_on = false;
    if (rs_am_is_given(map, "receiver")) {
        route->receiver = own.receiver;
    }
    if (rs_am_is_given(map, "group_wait")) {
        route->group_wait_ns = own.group_wait_ns;
    }
    if (rs_am_is_given(map, "group_interval")) {
        route->group_interval_ns = own.group_interval_ns;
    }
    if (rs_am_is_given(map, "repeat_interval")) {
        route->repeat_interval_ns = own.repeat_interval_ns;
    }
}

static void note_repeat(struct am_reading *a, const struct node *map, const struct am_route *route)
{
    const struct pair *own = rs_node_pair(map, "repeat_interval");
    if (route->repeat_interval_ns < route->group_interval_ns) {
        rs_am_note_add(
            a, own ? own->at : map->at,
            "\"repeat_interval\" is shorter than \"group_interval\": a group is looked at "
            "only that often, so it repeats no sooner");
    }
}

static void read_route(struct am_reading *a,
                       const struct node *map,
                       const struct am_route *parent,
                       struct am_route *out)
{
    if (rs_read_section(a->r, &route_section, "a route", map, out) != 0) {
        return;
    }
    rs_am_durations_check(a, map, durations);
    inherit(map, parent, out);
    out->go_on = rs_am_bool(a, map, "continue");
    read_group_by(a, map, out);
    note_repeat(a, map, out);
    out->n_matcher = rs_am_matchers_read(a, map, "matchers", "match", "match_re", &out->matcher);
    out->n_mute = rs_am_intervals_find(a, map, "mute_time_intervals", &out->mute);
    out->n_active = rs_am_intervals_find(a, map, "active_time_intervals", &out->active);
    if (rs_am_is_given(map, "receiver")) {
        rs_names_find(a->r, RS_NAME_RECEIVER, out->receiver, rs_node_get(map, "receiver")->at);
    }
    const struct node *list = rs_am_list(a, map, "routes");
    if (!list) {
        return;
    }
    struct am_route *child = RS_ARENA_ARRAY(a->r->arena, struct am_route, list->n);
    for (int i = 0; i < list->n; i++) {
        read_route(a, list->item[i], out, &child[i]);
    }
    out->n_child = list->n;
    out->child = child;
}

/* The root takes every alert, always. */
static void check_root(struct am_reading *a, const struct node *map, const struct am_route *root)
{
    static const char *const intervals[] = {"mute_time_intervals", "active_time_intervals"};
    struct err_list *errors = a->r->errors;
    if (!root->receiver) {
        rs_err_list_add(errors, RS_E_KEY, map->at, "the root route needs the key \"receiver\"");
    }
    if (root->n_matcher > 0) {
        rs_err_list_add(errors, RS_E_KEY, root->matcher[0].at,
                        "the root route must not have matchers");
    }
    if (root->go_on) {
        rs_err_list_add(errors, RS_E_KEY, rs_node_pair(map, "continue")->at,
                        "the root route must not have \"continue\"");
    }
    for (int i = 0; i < 2; i++) {
        const struct node *list = rs_node_get(map, intervals[i]);
        if (list && list->n > 0) {
            rs_err_list_add(errors, RS_E_KEY, rs_node_pair(map, intervals[i])->at,
                            "the root route must not have \"%s\"", intervals[i]);
        }
    }
}

void rs_am_routes_read(struct am_reading *a, const struct node *root, struct am_config *out)
{
    const struct node *map = rs_node_get(root, "route");
    const struct am_route defaults = {.group_wait_ns = 30 * RS_NS_PER_S,
                                      .group_interval_ns = 5 * 60 * RS_NS_PER_S,
                                      .repeat_interval_ns = 4 * 3600 * RS_NS_PER_S};
    if (!map || rs_node_is_null(map)) {
        rs_err_list_add(a->r->errors, RS_E_KEY, root->at,
                        "an Alertmanager file needs the key \"route\"");
        return;
    }
    size_t n_before = a->r->errors->n;
    read_route(a, map, &defaults, &out->root);
    if (a->r->errors->n == n_before) {
        check_root(a, map, &out->root);
    }
}
