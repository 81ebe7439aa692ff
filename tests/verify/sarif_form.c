/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sarif_form.h"

#include <check.h>
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static json_t *need(json_t *object, const char *name)
{
    json_t *v = json_object_get(object, name);
    ck_assert_msg(v != NULL, "no %s in %.300s", name, json_dumps(object, 0));
    return v;
}

static const char *need_text(json_t *object, const char *name)
{
    const char *text = json_string_value(need(object, name));
    ck_assert_msg(text && *text, "%s is no text", name);
    return text;
}

/* reportingDescriptor, result and others: a message has a text. */
static void check_message(json_t *m)
{
    need_text(m, "text");
}

static bool one_of(const char *word, const char *const *words, int n)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(word, words[i]) == 0)
            return true;
    }
    return false;
}

static void check_level(const char *level)
{
    static const char *const levels[] = {"none", "note", "warning", "error"};
    ck_assert_msg(one_of(level, levels, 4), "level %s", level);
}

/* A relative reference of RFC 3986: no scheme, no root, no characters that must be escaped. */
static void check_uri(const char *uri)
{
    ck_assert_msg(uri[0] != '/' && !strchr(uri, ':'), "not relative: %s", uri);
    for (const char *c = uri; *c; c++) {
        bool hex = c[0] == '%' && isxdigit((unsigned char)c[1]) && isxdigit((unsigned char)c[2]);
        ck_assert_msg(hex || isalnum((unsigned char)*c) || strchr("-._~/", *c), "in a URI: %s", c);
    }
}

static void check_location(json_t *l)
{
    json_t *physical = json_object_get(l, "physicalLocation"), *m = json_object_get(l, "message");
    ck_assert(physical || m);
    if (m)
        check_message(m);
    if (!physical)
        return;
    check_uri(need_text(need(physical, "artifactLocation"), "uri"));
    json_t *region = json_object_get(physical, "region");
    if (!region)
        return;
    ck_assert_int_ge(json_integer_value(need(region, "startLine")), 1);
    json_t *column = json_object_get(region, "startColumn");
    ck_assert(!column || json_integer_value(column) >= 1);
}

static void check_flows(json_t *flows)
{
    size_t i, j, k;
    json_t *flow, *thread, *place;
    json_array_foreach(flows, i, flow)
    {
        ck_assert_uint_ge(json_array_size(need(flow, "threadFlows")), 1);
        json_array_foreach(json_object_get(flow, "threadFlows"), j, thread)
        {
            ck_assert_uint_ge(json_array_size(need(thread, "locations")), 1);
            json_array_foreach(json_object_get(thread, "locations"), k, place)
                check_location(need(place, "location"));
        }
    }
}

static void check_result(json_t *result, json_t *rules)
{
    size_t i;
    json_t *location;
    check_message(need(result, "message"));
    check_level(need_text(result, "level"));
    json_int_t rule = json_integer_value(need(result, "ruleIndex"));
    ck_assert(rule >= 0 && (size_t)rule < json_array_size(rules));
    ck_assert_str_eq(need_text(result, "ruleId"),
                     need_text(json_array_get(rules, (size_t)rule), "id"));
    ck_assert(json_is_array(need(result, "locations")));
    json_array_foreach(json_object_get(result, "locations"), i, location) check_location(location);
    json_t *flows = json_object_get(result, "codeFlows");
    if (flows)
        check_flows(flows);
}

json_t *sarif_run(const char *text, json_t **out_log)
{
    size_t i;
    json_t *item;
    json_error_t error;
    json_t *log = *out_log = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(log != NULL, "%d: %s", error.line, error.text);
    ck_assert_str_eq(need_text(log, "version"), "2.1.0");
    ck_assert_ptr_nonnull(strstr(need_text(log, "$schema"), "sarif-schema-2.1.0.json"));
    ck_assert_uint_eq(json_array_size(need(log, "runs")), 1);
    json_t *run = json_array_get(json_object_get(log, "runs"), 0);
    json_t *driver = need(need(run, "tool"), "driver");
    ck_assert_str_eq(need_text(driver, "name"), "rollsim");
    json_t *rules = need(driver, "rules");
    json_array_foreach(rules, i, item)
    {
        need_text(item, "id");
        check_message(need(item, "shortDescription"));
        check_message(need(item, "help"));
        check_level(need_text(need(item, "defaultConfiguration"), "level"));
    }
    json_array_foreach(need(run, "results"), i, item) check_result(item, rules);
    json_array_foreach(need(run, "invocations"), i, item)
        ck_assert(json_is_boolean(need(item, "executionSuccessful")));
    return run;
}
