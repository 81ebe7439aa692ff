/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "scenarios/rules.h"

#include <string.h>

#include "../text/file.h"
#include "scenarios/load.h"

/* Does `key:` begin the line? */
static bool is_key(const char *line, const char *end, const char *key)
{
    size_t n = strlen(key);
    return (size_t)(end - line) > n && strncmp(line, key, n) == 0 && line[n] == ':';
}

enum rules_kind rs_rules_kind(const char *text, size_t n)
{
    static const char *const am_keys[] = {"route", "receivers", "inhibit_rules", "time_intervals",
                                          "mute_time_intervals"};
    const char *end = text + n;
    bool has_kind = false;
    for (const char *line = text; line < end;) {
        if (is_key(line, end, "groups")) {
            return RS_RULES_FILE;
        }
        if (has_kind && is_key(line, end, "spec")) {
            return RS_RULES_MANIFEST;
        }
        has_kind = has_kind || is_key(line, end, "kind") || is_key(line, end, "apiVersion");
        for (size_t i = 0; i < sizeof(am_keys) / sizeof(am_keys[0]); i++) {
            if (is_key(line, end, am_keys[i])) {
                return RS_RULES_ALERTMANAGER;
            }
        }
        const char *next = memchr(line, '\n', (size_t)(end - line));
        line = next ? next + 1 : end;
    }
    return has_kind ? RS_RULES_MANIFEST : RS_RULES_FILE;
}

int rs_rules_load(struct rules_loaded *out,
                  struct arena *arena,
                  enum promql_dialect dialect,
                  const char *path,
                  struct err_list *errors)
{
    return rs_rules_load_as(out, arena, dialect, rs_am_settings_default().version, path, errors);
}

int rs_rules_load_as(struct rules_loaded *out,
                     struct arena *arena,
                     enum promql_dialect dialect,
                     enum am_version version,
                     const char *path,
                     struct err_list *errors)
{
    size_t n = 0;
    *out = (struct rules_loaded){0};
    const char *text = rs_file_read(arena, path, (struct mark){NULL, 0, 0}, &n, errors);
    if (!text) {
        return -1;
    }
    out->kind = rs_rules_kind(text, n);
    if (out->kind == RS_RULES_ALERTMANAGER) {
        out->am = rs_am_config_parse_as(arena, version, path, text, n, errors);
        return out->am ? 0 : -1;
    }
    out->file = rs_rule_file_parse(arena, dialect, path, text, n, errors);
    return out->file ? 0 : -1;
}

const struct rule_file *
rs_rule_file_moved(struct arena *arena, const struct rule_file *file, const char *folder)
{
    const char *slash = strrchr(file->file, '/');
    size_t n = strlen(folder);
    struct rule_file *moved = RS_ARENA_ARRAY(arena, struct rule_file, 1);
    *moved = *file;
    moved->path = rs_arena_printf(arena, "%s%s%s", folder, n > 0 && folder[n - 1] == '/' ? "" : "/",
                                  slash ? slash + 1 : file->file);
    return moved;
}
