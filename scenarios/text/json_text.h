/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON read as a stream, with places: the caller walks it and nothing is kept. Answers of a metrics server can be larger than
 * memory would bear as a tree. The first mistake ends the reading.
 */
#ifndef SCENARIOS_JSON_TEXT_H
#define SCENARIOS_JSON_TEXT_H

#include "text_source.h"

struct json_text { /* caller's storage: init / clear */
    struct text_source *source;
    struct err_list *errors;
    bool failed;
    int line, col; /* where the last token began */
    int depth;
    char *text; /* of the last string or number, owned */
    size_t n, cap;
};

enum json_kind {
    RS_JSON_END, /* of the file, or a mistake that was told */
    RS_JSON_OBJECT,
    RS_JSON_ARRAY,
    RS_JSON_STRING,
    RS_JSON_NUMBER,
    RS_JSON_WORD /* true, false, null */
};

void rs_json_init(struct json_text *j, struct text_source *source, struct err_list *errors);
void rs_json_clear(struct json_text *j);

/* An error at the last token. Always returns -1, and nothing is read any more. */
int rs_json_refuse(struct json_text *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What comes next; the place of its first character becomes the token's. */
enum json_kind rs_json_next(struct json_text *j);
/* Reads a string, number or word into j->text. 0 or -1. */
int rs_json_scalar(struct json_text *j);
/* Opens the array or object that comes next. 0 or -1. */
int rs_json_open(struct json_text *j, char bracket);
/*
 * Goes to the next element of an open array or object, a comma in between; *first is true before the first one. Of an object
 * the key is read into j->text. False at the closing bracket, which is read, and after a mistake.
 */
bool rs_json_element(struct json_text *j, char closing, bool *first);
/* Passes over a whole value. 0 or -1. */
int rs_json_skip(struct json_text *j);

#endif
