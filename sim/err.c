/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

enum { ERR_LIST_MAX = 200 };

static void fill(struct err *err, enum rs_errc code, struct mark at, const char *fmt, va_list args)
{
    assert(code != RS_E_NONE);
    err->code = code;
    snprintf(err->file, sizeof(err->file), "%s", at.file ? at.file : "");
    err->line = at.line;
    err->col = at.col;
    vsnprintf(err->text, sizeof(err->text), fmt, args);
}

int rs_err_at(struct err *err, enum rs_errc code, struct mark at, const char *fmt, ...)
{
    if (err && err->code == RS_E_NONE) {
        va_list args;
        va_start(args, fmt);
        fill(err, code, at, fmt, args);
        va_end(args);
    }
    return -1;
}

int rs_err_set(struct err *err, enum rs_errc code, const char *fmt, ...)
{
    if (err && err->code == RS_E_NONE) {
        va_list args;
        va_start(args, fmt);
        fill(err, code, (struct mark){NULL, 0, 0}, fmt, args);
        va_end(args);
    }
    return -1;
}

int rs_err_context(struct err *err, const char *fmt, ...)
{
    if (!err || err->code == RS_E_NONE) {
        return -1;
    }
    char context[sizeof(err->text)], whole[2 * sizeof(err->text) + 2];
    va_list args;
    va_start(args, fmt);
    vsnprintf(context, sizeof(context), fmt, args);
    va_end(args);
    snprintf(whole, sizeof(whole), "%s: %s", context, err->text);
    /* Cut at the end if need be: the context says where, which the reader needs first. */
    memcpy(err->text, whole, sizeof(err->text) - 1);
    return -1;
}

void rs_err_print(const struct err *err, FILE *to)
{
    if (err->file[0] == '\0') {
        fprintf(to, "rollsim: error: %s\n", err->text);
    } else if (err->line == 0) {
        fprintf(to, "%s: error: %s\n", err->file, err->text);
    } else {
        fprintf(to, "%s:%d:%d: error: %s\n", err->file, err->line, err->col, err->text);
    }
}

void rs_err_list_init(struct err_list *list)
{
    *list = (struct err_list){NULL, 0, 0, 0};
}

void rs_err_list_clear(struct err_list *list)
{
    free(list->item);
    rs_err_list_init(list);
}

/* The next free place, or NULL when the list is full; then the error is only counted. */
static struct err *list_place(struct err_list *list)
{
    if (list->n == ERR_LIST_MAX) {
        list->n_dropped++;
        return NULL;
    }
    if (list->n == list->cap) {
        list->cap = list->cap ? 2 * list->cap : 8;
        list->item = rs_xrealloc(list->item, list->cap * sizeof(*list->item));
    }
    return &list->item[list->n++];
}

int rs_err_list_add(struct err_list *list, enum rs_errc code, struct mark at, const char *fmt, ...)
{
    struct err *err = list ? list_place(list) : NULL;
    if (err) {
        va_list args;
        va_start(args, fmt);
        fill(err, code, at, fmt, args);
        va_end(args);
    }
    return -1;
}

int rs_err_list_push(struct err_list *list, const struct err *err)
{
    assert(err->code != RS_E_NONE);
    struct err *place = list ? list_place(list) : NULL;
    if (place) {
        *place = *err;
    }
    return -1;
}

static bool err_before(const struct err *a, const struct err *b)
{
    int by_file = strcmp(a->file, b->file);
    if (by_file != 0) {
        return by_file < 0;
    }
    return a->line != b->line ? a->line < b->line : a->col < b->col;
}

/* Insertion sort: stable, and the list is short and mostly in order already. */
void rs_err_list_sort(struct err_list *list)
{
    for (size_t i = 1; i < list->n; i++) {
        struct err moving = list->item[i];
        size_t j = i;
        for (; j > 0 && err_before(&moving, &list->item[j - 1]); j--) {
            list->item[j] = list->item[j - 1];
        }
        list->item[j] = moving;
    }
}

void rs_err_list_print(const struct err_list *list, FILE *to)
{
    for (size_t i = 0; i < list->n; i++) {
        rs_err_print(&list->item[i], to);
    }
    if (list->n_dropped > 0) {
        fprintf(to, "rollsim: error: %zu more errors are not shown\n", list->n_dropped);
    }
}
