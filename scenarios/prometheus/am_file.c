/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Alertmanager file as it is. What decides who is told when is read; what does not (credentials, texts, addresses) is passed
 * over with a note. docs/alertmanager.md has the lists.
 */
#include "am_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/clock.h"

/* ---- what the parts share ---- */

void rs_am_note_add(struct am_reading *a, struct mark at, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    struct note note = {at, rs_arena_strdup(a->r->arena, text)};
    RS_PUSH(a->r->arena, a->note, a->n_note, a->cap_note, note);
}

bool rs_am_is_given(const struct node *map, const char *key)
{
    const struct node *value = rs_node_get(map, key);
    return value && !rs_node_is_null(value);
}

const struct node *rs_am_list(struct am_reading *a, const struct node *map, const char *key)
{
    const struct node *list = rs_node_get(map, key);
    if (!list || rs_node_is_null(list)) {
        return NULL;
    }
    if (list->kind != RS_NODE_LIST) {
        char seen[64];
        rs_err_list_add(a->r->errors, RS_E_TYPE, list->at, "\"%s\" must be a list, got %s", key,
                        rs_node_describe(seen, sizeof(seen), list));
        return NULL;
    }
    return rs_read_length(a->r, key, list) == 0 ? list : NULL;
}

bool rs_am_bool(struct am_reading *a, const struct node *map, const char *key)
{
    static const char *const words[2][11] = {
        {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"},
        {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"}};
    const struct node *node = rs_node_get(map, key);
    if (!node || rs_node_is_null(node)) {
        return false;
    }
    for (int i = 0; i < 22; i++) {
        if (node->kind == RS_NODE_SCALAR && node->style == RS_STYLE_PLAIN &&
            strcmp(node->text, words[i / 11][i % 11]) == 0) {
            return i / 11 == 1;
        }
    }
    char seen[64];
    rs_err_list_add(a->r->errors, RS_E_TYPE, node->at,
                    "\"%s\" must be true or false without quotes, got %s", key,
                    rs_node_describe(seen, sizeof(seen), node));
    return false;
}

void rs_am_durations_check(struct am_reading *a, const struct node *map, const char *const *keys)
{
    for (int i = 0; keys[i]; i++) {
        const struct node *node = rs_node_get(map, keys[i]);
        if (node && node->kind == RS_NODE_SCALAR && !rs_node_is_null(node) &&
            strpbrk(node->text, ".un")) {
            rs_err_list_add(a->r->errors, RS_E_TYPE, node->at,
                            "\"%s\" must be a duration in whole ms, s, m, h, d, w or y like 1h30m, "
                            "got \"%s\"",
                            keys[i], node->text);
        }
    }
}

void rs_am_since(struct am_reading *a,
                 const struct node *map,
                 const char *key,
                 enum am_version since)
{
    const struct pair *pair = rs_node_pair(map, key);
    if (pair && a->r->am_version < since) {
        rs_err_list_add(a->r->errors, RS_E_UNSUPPORTED, pair->at,
                        "Alertmanager %s does not know the key \"%s\"",
                        rs_am_version_names[a->r->am_version], key);
    }
}

/* ---- inhibition ---- */

static const struct key inhibit_keys[] = {
    RS_AM_ROW("source_match"),    RS_AM_ROW("source_match_re"),
    RS_AM_ROW("source_matchers"), RS_AM_ROW("target_match"),
    RS_AM_ROW("target_match_re"), RS_AM_ROW("target_matchers"),
    RS_AM_ROW("equal"),           RS_AM_ROW("name"),
};
static const struct section inhibit_section = {
    "inhibition rule", "", inhibit_keys, RS_N_KEY(inhibit_keys), .size = sizeof(struct am_inhibit)};

static void read_inhibits(struct am_reading *a, const struct node *root, struct am_config *out)
{
    const struct node *list = rs_am_list(a, root, "inhibit_rules");
    if (!list) {
        return;
    }
    struct am_inhibit *inhibit = RS_ARENA_ARRAY(a->r->arena, struct am_inhibit, list->n);
    for (int i = 0; i < list->n; i++) {
        const struct node *map = list->item[i];
        struct am_inhibit *to = &inhibit[i];
        if (rs_read_section(a->r, &inhibit_section, "an inhibition rule", map, to) != 0) {
            continue;
        }
        rs_am_since(a, map, "name", RS_AM_0_33);
        to->n_source = rs_am_matchers_read(a, map, "source_matchers", "source_match",
                                           "source_match_re", &to->source);
        to->n_target = rs_am_matchers_read(a, map, "target_matchers", "target_match",
                                           "target_match_re", &to->target);
        to->n_equal = rs_am_label_names_read(a, map, "equal", &to->equal);
    }
    out->n_inhibit = list->n;
    out->inhibit = inhibit;
}

/* ---- global settings ---- */

/* clang-format 14 takes these lists apart anew each time. */
/* clang-format off */
#define GLOBAL_0_25(X)                                                                            \
    X("http_config") X("opsgenie_api_key") X("opsgenie_api_key_file") X("opsgenie_api_url")       \
    X("pagerduty_url") X("slack_api_url") X("slack_api_url_file") X("smtp_auth_identity")         \
    X("smtp_auth_password") X("smtp_auth_password_file") X("smtp_auth_secret")                    \
    X("smtp_auth_username") X("smtp_from") X("smtp_hello") X("smtp_require_tls")                  \
    X("smtp_smarthost") X("telegram_api_url") X("victorops_api_key") X("victorops_api_key_file")  \
    X("victorops_api_url") X("webex_api_url") X("wechat_api_corp_id") X("wechat_api_secret")      \
    X("wechat_api_url")
#define GLOBAL_0_28(X)                                                                            \
    X("rocketchat_api_url") X("rocketchat_token") X("rocketchat_token_file")                      \
    X("rocketchat_token_id") X("rocketchat_token_id_file") X("smtp_tls_config")
#define GLOBAL_0_33(X)                                                                            \
    X("jira_api_url") X("mattermost_webhook_url") X("mattermost_webhook_url_file")                \
    X("slack_app_token") X("slack_app_token_file") X("slack_app_url") X("smtp_auth_secret_file")  \
    X("smtp_force_implicit_tls") X("telegram_bot_token") X("telegram_bot_token_file")             \
    X("wechat_api_secret_file")
/* clang-format on */

#define AS_ROW(key) RS_AM_ROW(key),
#define AS_NAME(key) key,

static const struct key global_keys[] = {{"resolve_timeout", RS_V_DURATION, .help = ""},
                                         GLOBAL_0_25(AS_ROW) GLOBAL_0_28(AS_ROW)
                                             GLOBAL_0_33(AS_ROW)};
static const struct section global_section = {"set of global settings", "", global_keys,
                                              RS_N_KEY(global_keys), .size = sizeof(int64_t)};

static void read_global(struct am_reading *a, const struct node *root, struct am_config *out)
{
    static const char *const since_0_28[] = {GLOBAL_0_28(AS_NAME)};
    static const char *const since_0_33[] = {GLOBAL_0_33(AS_NAME)};
    static const char *const durations[] = {"resolve_timeout", NULL};
    const struct node *global = rs_node_get(root, "global");
    out->resolve_timeout_ns = 5 * 60 * RS_NS_PER_S;
    if (!rs_am_is_given(root, "global")) {
        return;
    }
    int64_t timeout_ns = 0;
    if (rs_read_section(a->r, &global_section, "\"global\"", global, &timeout_ns) != 0) {
        return;
    }
    rs_am_durations_check(a, global, durations);
    for (size_t i = 0; i < sizeof(since_0_28) / sizeof(since_0_28[0]); i++) {
        rs_am_since(a, global, since_0_28[i], RS_AM_0_28);
    }
    for (size_t i = 0; i < sizeof(since_0_33) / sizeof(since_0_33[0]); i++) {
        rs_am_since(a, global, since_0_33[i], RS_AM_0_33);
    }
    bool has_timeout = rs_am_is_given(global, "resolve_timeout");
    if (has_timeout) {
        out->resolve_timeout_ns = timeout_ns;
    }
    if (global->n > has_timeout) {
        rs_am_note_add(a, rs_node_pair(root, "global")->at,
                       "of the global settings only resolve_timeout is read");
    }
}

/* ---- the whole ---- */

static const struct key am_keys[] = {
    RS_AM_ROW("global"),         RS_AM_ROW("route"),         RS_AM_ROW("receivers"),
    RS_AM_ROW("templates"),      RS_AM_ROW("inhibit_rules"), RS_AM_ROW("mute_time_intervals"),
    RS_AM_ROW("time_intervals"), RS_AM_ROW("tracing"),
};
static const struct section am_section = {"Alertmanager file", "", am_keys, RS_N_KEY(am_keys),
                                          .size = 1};

static void read_passed_over(struct am_reading *a, const struct node *root)
{
    const struct node *templates = rs_am_list(a, root, "templates");
    if (templates && templates->n > 0) {
        rs_am_note_add(a, rs_node_pair(root, "templates")->at, "templates are not read");
    }
    rs_am_since(a, root, "tracing", RS_AM_0_33);
    if (rs_am_is_given(root, "tracing")) {
        rs_am_note_add(a, rs_node_pair(root, "tracing")->at, "tracing is not read");
    }
}

/* The parts are not read in the order of the file; for people the notes are. Few, and nearly sorted. */
static void sort_notes(struct am_reading *a)
{
    for (int i = 1; i < a->n_note; i++) {
        struct note note = a->note[i];
        int j = i;
        for (; j > 0; j--) {
            struct mark before = a->note[j - 1].at;
            if (before.line < note.at.line ||
                (before.line == note.at.line && before.col <= note.at.col)) {
                break;
            }
            a->note[j] = a->note[j - 1];
        }
        a->note[j] = note;
    }
}

const struct am_config *
rs_am_config_read(struct reader *r, const char *file, const char *text, size_t n)
{
    size_t n_before = r->errors->n + r->errors->n_dropped;
    const struct node *root = rs_yaml_parse(r->arena, file, text, n, r->errors);
    char ignored = 0;
    if (!root || rs_read_section(r, &am_section, "an Alertmanager file", root, &ignored) != 0) {
        return NULL;
    }
    struct am_reading a = {.r = r};
    struct am_config *out = RS_ARENA_ARRAY(r->arena, struct am_config, 1);
    out->file = file;
    read_global(&a, root, out);
    rs_am_receivers_read(&a, root, out);
    rs_am_intervals_read(&a, root, out);
    rs_am_routes_read(&a, root, out);
    read_inhibits(&a, root, out);
    read_passed_over(&a, root);
    sort_notes(&a);
    out->n_note = a.n_note;
    out->note = a.note;
    return r->errors->n + r->errors->n_dropped == n_before ? out : NULL;
}

const struct am_config *rs_am_config_parse_as(struct arena *arena,
                                              enum am_version version,
                                              const char *file,
                                              const char *text,
                                              size_t n,
                                              struct err_list *errors)
{
    struct err_list own;
    rs_err_list_init(&own);
    struct reader r = {.arena = arena,
                       .errors = errors ? errors : &own,
                       .file = file,
                       .null_is_absent = true,
                       .am_version = version};
    const struct am_config *out = rs_am_config_read(&r, file, text, n);
    rs_err_list_clear(&own);
    return out;
}

const struct am_config *rs_am_config_parse(
    struct arena *arena, const char *file, const char *text, size_t n, struct err_list *errors)
{
    return rs_am_config_parse_as(arena, rs_am_settings_default().version, file, text, n, errors);
}
