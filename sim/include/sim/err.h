/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Errors. Three kinds: our bug is an assert (kept in release builds); the user's input is a struct err with a place;
 * the machine (memory, disk) is a struct err without one. An err is filled once, the first failure wins, NULL is allowed
 * everywhere an err is taken, and every helper that fills one returns -1 so that it can be returned on the spot.
 */
#ifndef SIM_ERR_H
#define SIM_ERR_H

#include <stddef.h>
#include <stdio.h>

/* Where something stands in the user's text. Lines and columns count from 1; 0 = unknown. `file` is borrowed. */
struct mark {
    const char *file;
    int line, col;
};

/* Something that is read and has no effect here. */
struct note {
    struct mark at;
    const char *text; /* a sentence without a full stop: "templates are not read" */
};

enum rs_errc {
    RS_E_NONE = 0,
    RS_E_SYNTAX,      /* the text cannot be read */
    RS_E_KEY,         /* an unknown, missing or doubled key */
    RS_E_TYPE,        /* a value of the wrong shape */
    RS_E_RANGE,       /* a number outside its range */
    RS_E_REF,         /* a name that nothing has */
    RS_E_UNSUPPORTED, /* known, but refused */
    RS_E_IO,          /* file, disk, memory: the machine's side */
    RS_E_USAGE,       /* the command line */
    RS_E_LOOP,        /* too many events at one instant */
    RS_E_STOPPED,     /* somebody asked to stop: no fault of anybody */
    RS_E_INTERNAL     /* ours */
};

struct err {
    enum rs_errc code;
    char file[256];
    int line, col; /* 0 = no place */
    char text[320];
};

/* Fills *err (unless NULL or already filled) with a place and a message. Always returns -1. */
int rs_err_at(struct err *err, enum rs_errc code, struct mark at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* The same without a place. Always returns -1. */
int rs_err_set(struct err *err, enum rs_errc code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "context: " in front of the text of a filled err. Always returns -1. */
int rs_err_context(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Prints "file:line:col: error: text" (or "rollsim: error: text" without a place) and a newline. */
void rs_err_print(const struct err *err, FILE *to);

/* A growing list of errors, so that all mistakes of a file are told in one go. Caller's storage: init / clear. */
struct err_list {
    struct err *item; /* [n], owned */
    size_t n, cap;
    size_t n_dropped; /* errors past the limit of 200, counted and not kept */
};

void rs_err_list_init(struct err_list *list);
void rs_err_list_clear(struct err_list *list);
/* Adds one error; keeps the order of insertion. Always returns -1. list may be NULL. */
int rs_err_list_add(struct err_list *list, enum rs_errc code, struct mark at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Adds a copy of a filled err. Always returns -1. */
int rs_err_list_push(struct err_list *list, const struct err *err);
/* Sorts by (file, line, column), stable. */
void rs_err_list_sort(struct err_list *list);
/* Prints all, one line each; a last line counts what was dropped. */
void rs_err_list_print(const struct err_list *list, FILE *to);

/*
 * The candidate nearest to `word` by Levenshtein distance (at most 1 + strlen(word)/3), or NULL.
 *   names[n]  the legal spellings; ties go to the first
 */
const char *rs_near_name(const char *word, const char *const *names, size_t n);

#endif
