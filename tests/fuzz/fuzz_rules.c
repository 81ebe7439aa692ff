/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a Prometheus rule file: never a crash; refused with words, or read without any, and then every template expands. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "models/template.h"
#include "scenarios/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever is asked has two answers. */
static int query(void *ctx, const char *text, int64_t t_ms, struct vector *out, struct err *err)
{
    static const struct vector_item items[] = {{1, 0.5}, {2, 1e9}};

    (void)ctx;
    (void)t_ms;
    if (text[0] == '!') {
        return rs_err_set(err, RS_E_RANGE, "refused");
    }
    *out = (struct vector){items, 2};
    return 0;
}

static void expand(const struct template_data *data, const struct template *const *t, int n)
{
    for (int i = 0; t != NULL && i < n; i++) {
        if (t[i] != NULL) {
            bool failed = false;
            char *text = rs_template_expand(t[i], data, &failed);

            if (failed && strncmp(text, "<error expanding template: ", 27) != 0) {
                abort();
            }
            free(text);
        }
    }
}

static void expand_all(const struct rule_file *file)
{
    const struct label one[] = {{"__name__", "up"}, {"instance", "a.b:80"}, {"job", "api"}};
    struct label_table *table = rs_label_table_new();
    struct template_data data = {.table = table, .value = -1234.5, .query = query};

    data.labels = rs_labels_intern(table, 3, one);
    (void)rs_labels_intern(table, 1, one);
    for (int g = 0; g < file->n_group; g++) {
        for (int i = 0; i < file->group[g].n_rule; i++) {
            const struct rule *rule = &file->group[g].rule[i];

            expand(&data, rule->label_template, rule->n_label);
            expand(&data, rule->annotation_template, rule->n_annotation);
        }
    }
    rs_label_table_free(table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct arena *arena = rs_arena_new();
    enum promql_dialect dialect = (enum promql_dialect)(size % RS_PROMQL_DIALECT_N);
    const struct rule_file *read =
        rs_rule_file_parse(arena, dialect, "fuzz", (const char *)data, size, &errors);
    if ((read != NULL) != (errors.n == 0)) {
        abort();
    }
    for (size_t i = 0; i < errors.n; i++) {
        if (errors.item[i].text[0] == '\0') {
            abort();
        }
    }
    if (read != NULL) {
        expand_all(read);
    }
    rs_arena_free(arena);
    rs_err_list_clear(&errors);
    return 0;
}
