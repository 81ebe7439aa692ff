/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sarif.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

#include "machine.h"

#define SCHEMA                                                                                     \
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
#define PATH_SIZE 4096

static json_t *text_message(json_t *take)
{
    json_t *m = json_object();
    rs_json_set(m, "text", take);
    return m;
}

static const char *level_name(enum sarif_level l)
{
    static const char *const names[] = {"error", "warning", "note"};
    return names[l];
}

void rs_sarif_init(struct sarif *s)
{
    s->rules = json_array();
    s->results = json_array();
}

/* ---- rules ----------------------------------------------------------------------------------------------------------- */

static int index_of(const struct sarif *s, const char *id)
{
    for (size_t i = 0; i < json_array_size(s->rules); i++) {
        const json_t *rule = json_array_get(s->rules, i);
        if (strcmp(json_string_value(json_object_get(rule, "id")), id) == 0)
            return (int)i;
    }
    return -1;
}

int rs_sarif_rule(
    struct sarif *s, const char *id, enum sarif_level level, const char *summary, const char *help)
{
    int known = index_of(s, id);
    if (known >= 0)
        return known;
    json_t *rule = json_object(), *configuration = json_object(), *about = json_object(),
           *property = json_object(), *tags = json_array();
    rs_json_set(rule, "id", rs_json_text(id));
    rs_json_set(rule, "shortDescription", text_message(rs_json_text(summary)));
    rs_json_set(configuration, "level", rs_json_text(level_name(level)));
    rs_json_set(rule, "defaultConfiguration", configuration);
    rs_json_set(about, "text", rs_json_text(help ? help : summary));
    if (help)
        rs_json_set(about, "markdown", rs_json_text(help));
    rs_json_set(rule, "help", about);
    rs_json_add(tags, rs_json_text("runbook"));
    rs_json_set(property, "tags", tags);
    rs_json_set(rule, "properties", property);
    rs_json_add(s->rules, rule);
    return (int)json_array_size(s->rules) - 1;
}

/* ---- places ---------------------------------------------------------------------------------------------------------- */

/* What both paths begin with: whole folders. */
static size_t common_folders(const char *path, const char *base)
{
    size_t n = 0;
    for (size_t i = 0;; i++) {
        bool path_ends = path[i] == '\0' || path[i] == '/',
             base_ends = base[i] == '\0' || base[i] == '/';
        if (path_ends && base_ends)
            n = i;
        if (path[i] != base[i] || path[i] == '\0')
            return n;
    }
}

static char *put_escaped(char *at, const char *end, const char *path)
{
    for (; *path && end - at > 4; path++) {
        unsigned char c = (unsigned char)*path;
        if (c < 128 && (isalnum(c) || strchr("-._~/", c)))
            *at++ = (char)c;
        else
            at += snprintf(at, (size_t)(end - at), "%%%02X", c);
    }
    *at = '\0';
    return at;
}

char *rs_sarif_uri(char *buf, size_t n, const char *path, const char *base)
{
    char *at = buf, *end = buf + n;
    buf[0] = '\0';
    while (path[0] == '.' && path[1] == '/')
        path += 2;
    if (path[0] == '/' && base && strcmp(base, "/") != 0) {
        size_t common = common_folders(path, base);
        for (const char *up = base + common; *up && end - at > 8; up++) {
            if (*up == '/' && up[1])
                at = put_escaped(at, end, "../");
        }
        path += common;
    }
    path += strspn(path, "/");
    put_escaped(at, end, path);
    return buf;
}

static json_t *physical_location(struct mark at)
{
    char base[PATH_SIZE], uri[3 * PATH_SIZE];
    json_t *place = json_object(), *artifact = json_object(), *region = json_object();
    rs_sarif_uri(uri, sizeof uri, at.file, getcwd(base, sizeof base));
    rs_json_set(artifact, "uri", rs_json_text(uri));
    rs_json_set(place, "artifactLocation", artifact);
    if (at.line > 0) {
        rs_json_set(region, "startLine", json_integer(at.line));
        if (at.col > 0)
            rs_json_set(region, "startColumn", json_integer(at.col));
        rs_json_set(place, "region", region);
    } else {
        json_decref(region);
    }
    return place;
}

json_t *rs_sarif_location(struct mark at, json_t *take_message)
{
    json_t *location = json_object();
    if (at.file && *at.file)
        rs_json_set(location, "physicalLocation", physical_location(at));
    if (take_message)
        rs_json_set(location, "message", text_message(take_message));
    return location;
}

/* ---- results --------------------------------------------------------------------------------------------------------- */

json_t *rs_sarif_result(
    struct sarif *s, int rule, enum sarif_level level, struct mark at, json_t *take_message)
{
    const json_t *id = json_object_get(json_array_get(s->rules, (size_t)rule), "id");
    json_t *result = json_object(), *locations = json_array();
    rs_json_set(result, "ruleId", rs_json_text(json_string_value(id)));
    rs_json_set(result, "ruleIndex", json_integer(rule));
    rs_json_set(result, "level", rs_json_text(level_name(level)));
    rs_json_set(result, "message", text_message(take_message));
    if (at.file && *at.file)
        rs_json_add(locations, rs_sarif_location(at, NULL));
    rs_json_set(result, "locations", locations);
    rs_json_add(s->results, result);
    return result;
}

void rs_sarif_errors(struct sarif *s, const struct err_list *errors)
{
    for (size_t i = 0; i < errors->n; i++) {
        const struct err *e = &errors->item[i];
        int rule =
            rs_sarif_rule(s, "scenario-error", RS_SARIF_ERROR,
                          "the scenario or a file that it names cannot be read as it is", NULL);
        rs_sarif_result(s, rule, RS_SARIF_ERROR, (struct mark){e->file, e->line, e->col},
                        rs_json_text(e->text));
    }
}

/* ---- the log --------------------------------------------------------------------------------------------------------- */

static json_t *tool(json_t *take_rules)
{
    json_t *t = json_object(), *driver = json_object();
    rs_json_set(driver, "name", rs_json_text("rollsim"));
    rs_json_set(driver, "version", rs_json_text(RS_VERSION));
    rs_json_set(driver, "semanticVersion", rs_json_text(RS_VERSION));
    rs_json_set(driver, "rules", take_rules);
    rs_json_set(t, "driver", driver);
    return t;
}

int rs_sarif_print(FILE *to, struct sarif *take, bool ran, int exit_status, json_t *take_property)
{
    json_t *log = json_object(), *runs = json_array(), *run = json_object(),
           *invocations = json_array(), *invocation = json_object();
    rs_json_set(invocation, "executionSuccessful", json_boolean(ran));
    rs_json_set(invocation, "exitCode", json_integer(exit_status));
    rs_json_add(invocations, invocation);
    rs_json_set(run, "tool", tool(take->rules));
    rs_json_set(run, "invocations", invocations);
    rs_json_set(run, "columnKind", rs_json_text("unicodeCodePoints"));
    rs_json_set(run, "results", take->results);
    rs_json_set(run, "properties", take_property);
    rs_json_add(runs, run);
    rs_json_set(log, "$schema", rs_json_text(SCHEMA));
    rs_json_set(log, "version", rs_json_text("2.1.0"));
    rs_json_set(log, "runs", runs);
    *take = (struct sarif){0};
    return rs_json_print(to, log);
}
