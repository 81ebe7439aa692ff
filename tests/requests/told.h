/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A recording read from memory and told in words, so that a row of a test says what it expects. */
#ifndef TESTS_TOLD_H
#define TESTS_TOLD_H

#include "scenarios/requests.h"

/*
 * A request a line, "SECONDS LATENCY STATUS ROUTE" with "-" for what is not told; then a line for every rejected one that is
 * shown, "REASON LINE:COL"; then the errors, "error LINE:COL TEXT". Returns buf.
 */
char *
rs_told(char *buf, size_t n, const char *text, size_t n_text, const struct requests_form *form);
/* The report of the last one. */
extern struct requests_report rs_told_report;

#endif
