/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The results as JSON, and back; docs/bench/README.md says what each word means. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "result.h"

static json_t *number(double x)
{
    char text[32];
    /* Six digits are more than any measurement here has, and keep the file readable. */
    snprintf(text, sizeof text, "%.6g", x);
    double rounded = strtod(text, NULL);
    return isfinite(x) ? json_real(rounded) : json_null();
}

static json_t *spread_json(const struct spread *s)
{
    return json_pack("{s:i, s:o, s:o, s:o}", "n", s->n, "min", number(s->min), "median",
                     number(s->median), "max", number(s->max));
}

static json_t *numbers(const double *x, int n)
{
    json_t *list = json_array();
    for (int i = 0; i < n; i++) {
        json_array_append_new(list, number(x[i]));
    }
    return list;
}

static json_t *row_json(const struct result *r)
{
    json_t *row = json_pack("{s:s, s:s}", "id", r->id, "what", r->what);
    if (r->why[0] != '\0') {
        json_object_set_new(row, "not_measured", json_string(r->why));
        return row;
    }
    json_object_set_new(row, "unit", json_string(r->unit));
    json_object_set_new(row, "ours", spread_json(&r->ours));
    if (r->versus[0] != '\0') {
        json_object_set_new(row, "versus", json_string(r->versus));
        json_object_set_new(row, "yardstick", spread_json(&r->theirs));
    }
    json_object_set_new(row, "ratio", spread_json(&r->ratio));
    json_object_set_new(row, r->sense == AT_LEAST ? "at_least" : "at_most", number(r->target));
    json_object_set_new(row, "met", json_boolean(bench_is_met(r)));
    if (r->n_size > 0) {
        json_object_set_new(row, "fit",
                            json_pack("{s:o, s:o, s:o, s:o}", "exponent", number(r->fit.exponent),
                                      "standard_error", number(r->fit.error), "size",
                                      numbers(r->size, r->n_size), "cost",
                                      numbers(r->cost, r->n_size)));
    }
    return row;
}

int bench_write_json(const char *path, const struct results *all, char *why, size_t n_why)
{
    const struct machine *m = &all->machine;
    json_t *rows = json_array();
    for (int i = 0; i < all->n; i++) {
        json_array_append_new(rows, row_json(&all->row[i]));
    }
    json_t *root = json_pack(
        "{s:i, s:s, s:s, s:b, s:{s:s, s:i, s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:s}, s:o}",
        "schema", BENCH_SCHEMA, "rollsim", all->version, "date", all->date, "quick", all->quick,
        "machine", "cpu", m->cpu, "cores", m->n_core, "cpu_flags", m->cpu_flags, "memory_gib",
        number(m->memory_gib), "kernel", m->kernel, "compiler", m->compiler, "flags", m->flags,
        "build_type", m->build_type, "promtool", m->promtool, "goaccess", m->goaccess, "mpirun",
        m->mpirun, "rows", rows);
    int status = root == NULL || json_dump_file(root, path, JSON_INDENT(1)) != 0 ? -1 : 0;
    if (status != 0) {
        snprintf(why, n_why, "%s: cannot be written", path);
    }
    json_decref(root);
    return status;
}

static void take_text(char *to, size_t n, const json_t *from, const char *key)
{
    const char *text = json_string_value(json_object_get(from, key));
    snprintf(to, n, "%s", text != NULL ? text : "");
}

static double take_number(const json_t *from, const char *key)
{
    const json_t *value = json_object_get(from, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static struct spread take_spread(const json_t *row, const char *key)
{
    const json_t *s = json_object_get(row, key);
    return (struct spread){(int)json_integer_value(json_object_get(s, "n")), take_number(s, "min"),
                           take_number(s, "median"), take_number(s, "max")};
}

static void take_fit(struct result *r, const json_t *fit)
{
    const json_t *size = json_object_get(fit, "size"), *cost = json_object_get(fit, "cost");
    for (size_t i = 0; i < json_array_size(size) && i < MAX_SIZE; i++) {
        r->size[i] = json_number_value(json_array_get(size, i));
        r->cost[i] = json_number_value(json_array_get(cost, i));
        r->n_size++;
    }
    r->fit = (struct fit){take_number(fit, "exponent"), take_number(fit, "standard_error"), NAN};
}

static void take_row(struct result *r, const json_t *row)
{
    *r = (struct result){.sense = json_object_get(row, "at_least") != NULL ? AT_LEAST : AT_MOST};
    take_text(r->id, sizeof r->id, row, "id");
    take_text(r->what, sizeof r->what, row, "what");
    take_text(r->unit, sizeof r->unit, row, "unit");
    take_text(r->versus, sizeof r->versus, row, "versus");
    take_text(r->why, sizeof r->why, row, "not_measured");
    r->ours = take_spread(row, "ours");
    r->theirs = take_spread(row, "yardstick");
    r->ratio = take_spread(row, "ratio");
    r->target = take_number(row, r->sense == AT_LEAST ? "at_least" : "at_most");
    take_fit(r, json_object_get(row, "fit"));
    if (r->why[0] == '\0' &&
        !(r->ratio.n > 0 && isfinite(r->ratio.min) && isfinite(r->ratio.max))) {
        snprintf(r->why, sizeof r->why, "the file has no ratio for it");
    }
}

int bench_read_json(const char *path, struct results *all, char *why, size_t n_why)
{
    json_error_t error;
    json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    const json_t *rows = json_object_get(root, "rows"), *m = json_object_get(root, "machine");
    json_int_t schema = json_integer_value(json_object_get(root, "schema"));
    *all = (struct results){0};
    if (root == NULL) {
        snprintf(why, n_why, "%s:%d:%d: %s", path, error.line, error.column, error.text);
        return -1;
    }
    if (schema != BENCH_SCHEMA || !json_is_array(rows) || json_array_size(rows) > MAX_ROW) {
        snprintf(
            why, n_why,
            "%s: is no result of the benchmarks, or of another version: schema %d, this reads %d",
            path, (int)schema, BENCH_SCHEMA);
        json_decref(root);
        return -1;
    }
    take_text(all->date, sizeof all->date, root, "date");
    take_text(all->version, sizeof all->version, root, "rollsim");
    all->quick = json_is_true(json_object_get(root, "quick"));
    take_text(all->machine.cpu, sizeof all->machine.cpu, m, "cpu");
    all->machine.n_core = (int)json_integer_value(json_object_get(m, "cores"));
    for (size_t i = 0; i < json_array_size(rows); i++) {
        take_row(&all->row[all->n++], json_array_get(rows, i));
    }
    json_decref(root);
    return 0;
}
