/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Silences: those that the scenario lists, and those of a file that `amtool silence query -o json` wrote. */
#include "silence_read.h"

#include <string.h>

#include "../text/file.h"
#include "am_file.h"
#include "scenarios/rules.h"
#include "sim/clock.h"

#define SILENCE(field) offsetof(struct am_silence, field)

/* "2025-01-06T09:00:00Z", or "2h" after the start. */
static int read_instant(struct reader *r, const struct node *node, const char *key, int64_t *out_ns)
{
    const char *text = node->kind == RS_NODE_SCALAR ? node->text : "";
    int64_t unix_ns = 0;
    if (rs_duration_parse(out_ns, text) == 0) {
        return 0;
    }
    int status = rs_time_parse(&unix_ns, text);
    if (status == RS_TIME_FAR) {
        return rs_err_list_add(r->errors, RS_E_RANGE, node->at,
                               "\"%s\" is out of range, the years 1678 to 2261, got \"%s\"", key,
                               text);
    }
    if (status == 0 && !__builtin_sub_overflow(unix_ns, r->sc->starts_at_unix_ns, out_ns)) {
        return 0;
    }
    char seen[64];
    return rs_err_list_add(
        r->errors, RS_E_TYPE, node->at,
        "\"%s\" must be a time like 2025-09-29T09:00:00Z or a duration since the "
        "start like 2h, got %s",
        key, rs_node_describe(seen, sizeof(seen), node));
}

static void read_times(struct reader *r,
                       const struct node *map,
                       const char *from,
                       const char *until,
                       struct am_silence *out)
{
    const struct node *begin = rs_node_get(map, from), *end = rs_node_get(map, until);
    if (!end) {
        rs_err_list_add(r->errors, RS_E_KEY, map->at, "a silence needs the key \"%s\"", until);
        return;
    }
    if ((begin && read_instant(r, begin, from, &out->from_ns) != 0) ||
        read_instant(r, end, until, &out->until_ns) != 0) {
        return;
    }
    if (out->until_ns <= out->from_ns) {
        rs_err_list_add(r->errors, RS_E_RANGE, end->at, "\"%s\" of a silence must be after \"%s\"",
                        until, from);
    }
}

/* Alertmanager refuses a silence that fits alerts which have none of its labels. */
static void check_matchers(struct reader *r, const struct node *map, const struct am_silence *s)
{
    bool some = false;
    for (int i = 0; i < s->n_matcher; i++) {
        const struct am_matcher *m = &s->matcher[i];
        bool empty = m->value[0] == '\0';
        some = some || m->op == RS_MATCH_RE || m->op == RS_MATCH_NRE ||
               (m->op == RS_MATCH_EQ ? !empty : empty);
    }
    if (!some) {
        rs_err_list_add(r->errors, RS_E_RANGE, map->at,
                        "a silence needs a matcher that does not fit an absent label");
    }
}

static void finish_silence(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct am_silence *s = draft;
    struct am_reading a = {.r = r};
    size_t n_before = r->errors->n;
    (void)out;
    read_times(r, map, "from", "until", s);
    s->n_matcher = rs_am_matchers_read(&a, map, "matchers", NULL, NULL, &s->matcher);
    if (r->errors->n == n_before) {
        check_matchers(r, map, s);
    }
}

static const struct key silence_keys[] = {
    {"matchers", RS_V_OWN, RS_KEY_REQUIRED, .shape = "list of matchers like severity=\"critical\"",
     .help = "Alerts that it fits; all must match."},
    {"from", RS_V_OWN, .shape = "time, or duration since the start", .def = "0s",
     .help = "It begins."},
    {"until", RS_V_OWN, RS_KEY_REQUIRED, .shape = "time, or duration since the start",
     .help = "It ends."},
    {"ref", RS_V_TEXT, .at = SILENCE(ref),
     .help = "Place in the source document; findings and verdicts print it."},
};
const struct section rs_section_silence = {
    "silence",
    "Alerts that Alertmanager keeps to itself for a while. As there, it is looked at when a group "
    "is flushed: an alert that it "
    "held back is told at the first tick after its end.",
    silence_keys,
    RS_N_KEY(silence_keys),
    .size = sizeof(struct am_silence),
    .has_mark = true,
    .mark_at = SILENCE(at),
    .finish = finish_silence};

/* ---- amtool's list ---- */

static const char *text_of(const struct node *map, const char *key)
{
    const struct node *node = rs_node_get(map, key);
    return node && node->kind == RS_NODE_SCALAR ? node->text : NULL;
}

static bool is_true(const struct node *map, const char *key, bool otherwise)
{
    const char *text = text_of(map, key);
    return text ? strcmp(text, "true") == 0 : otherwise;
}

static int read_matcher(struct reader *r, const struct node *map, struct am_matcher *out)
{
    bool equal = is_true(map, "isEqual", true), regex = is_true(map, "isRegex", false);
    *out = (struct am_matcher){text_of(map, "name"), text_of(map, "value"),
                               regex ? (equal ? RS_MATCH_RE : RS_MATCH_NRE)
                                     : (equal ? RS_MATCH_EQ : RS_MATCH_NE),
                               map->at};
    if (!out->name || !out->value) {
        return rs_err_list_add(r->errors, RS_E_KEY, map->at,
                               "a matcher of a silence needs \"name\" and \"value\"");
    }
    return rs_am_regex_check(r, out);
}

static void read_exported(struct reader *r, const struct node *map, struct am_silence *out)
{
    const struct node *list = rs_node_get(map, "matchers");
    out->at = map->at;
    out->ref = text_of(map, "id");
    read_times(r, map, "startsAt", "endsAt", out);
    if (!list || list->kind != RS_NODE_LIST || list->n == 0) {
        rs_err_list_add(r->errors, RS_E_KEY, map->at, "a silence needs the key \"matchers\"");
        return;
    }
    struct am_matcher *m = RS_ARENA_ARRAY(r->arena, struct am_matcher, list->n);
    for (int i = 0; i < list->n; i++) {
        (void)read_matcher(r, list->item[i], &m[i]);
    }
    out->n_matcher = list->n;
    out->matcher = m;
}

/* The list is added to m's silences. */
static void add_list(struct reader *r, const struct node *root, struct monitoring *m)
{
    if (root->kind != RS_NODE_LIST) {
        rs_err_list_add(
            r->errors, RS_E_TYPE, root->at,
            "a file of silences is the list that `amtool silence query -o json` prints");
        return;
    }
    int n = m->n_silence + root->n;
    struct am_silence *all = RS_ARENA_ARRAY(r->arena, struct am_silence, n);
    for (int i = 0; i < m->n_silence; i++) {
        all[i] = m->silence[i];
    }
    for (int i = 0; i < root->n; i++) {
        read_exported(r, root->item[i], &all[m->n_silence + i]);
    }
    m->n_silence = n;
    m->silence = all;
}

/* JSON is read as the YAML that it is. */
void rs_silences_add_file(struct reader *r, const struct node *named, struct monitoring *m)
{
    size_t n_text = 0;
    const char *path = rs_file_path(r, named->text, named->at);
    const char *text = path ? rs_file_text(r, path, named->at, &n_text) : NULL;
    const struct node *root = text ? rs_yaml_parse(r->arena, path, text, n_text, r->errors) : NULL;
    if (root) {
        add_list(r, root, m);
    }
}

int rs_silences_load(const struct am_silence **out,
                     int *out_n,
                     struct arena *arena,
                     const char *path,
                     struct err_list *errors)
{
    size_t n_text = 0, n_before = errors->n + errors->n_dropped;
    struct monitoring m = {0};
    struct reader r = {.arena = arena,
                       .errors = errors,
                       .file = path,
                       .sc = RS_ARENA_ARRAY(arena, struct scenario, 1), /* it starts in 1970 */
                       .null_is_absent = true};
    const char *text = rs_file_read(arena, path, (struct mark){NULL, 0, 0}, &n_text, errors);
    const struct node *root = text ? rs_yaml_parse(arena, path, text, n_text, errors) : NULL;
    if (root) {
        add_list(&r, root, &m);
    }
    *out = m.silence;
    *out_n = m.n_silence;
    return errors->n + errors->n_dropped == n_before ? 0 : -1;
}
