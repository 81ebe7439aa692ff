/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What all reports for machines are made of: JSON values and XML text from whatever bytes a file, a name or a path holds. Bytes
 * that the format cannot carry become U+FFFD, so that a report is always well-formed.
 */
#ifndef VERIFY_MACHINE_H
#define VERIFY_MACHINE_H

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "sim/err.h"

/* Sets a key; takes the value. Out of memory ends the program, as everywhere. */
void rs_json_set(json_t *object, const char *key, json_t *value);
/* Adds to an array; takes the value. */
void rs_json_add(json_t *array, json_t *value);
/* NaN and infinity are null. */
json_t *rs_json_real(double x);
/* NULL is null. */
json_t *rs_json_text(const char *text);
json_t *rs_json_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* An integer; above INT64_MAX, which a seed may be and few readers bear, its digits as a string. */
json_t *rs_json_count(uint64_t n);
/* [{file, line, column, text}, ...] */
json_t *rs_json_errors(const struct err_list *errors);
/*
 * Prints a value and a newline: keys sorted, two spaces of indent, reals to 15 digits. Takes the value. Returns 0, or -1 when
 * it could not be written.
 */
int rs_json_print(FILE *to, json_t *take);

/* Text in XML, in attributes too; a newline is kept as one (&#10;). */
void rs_xml_put(FILE *to, const char *text);
/* Text between tags: its lines stay lines. */
void rs_xml_put_lines(FILE *to, const char *text);

#endif
