/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SARIF 2.1.0 (OASIS standard, 27 March 2020), as far as rollsim speaks it: one run, its rules, its results with places and,
 * for a counterexample, a code flow. Readers that it is made for: GitHub code scanning, GitLab, editors.
 */
#ifndef VERIFY_SARIF_H
#define VERIFY_SARIF_H

#include <stdbool.h>

#include <jansson.h>

#include "sim/err.h"

enum sarif_level { RS_SARIF_ERROR, RS_SARIF_WARNING, RS_SARIF_NOTE };

struct sarif { /* caller's storage: init, then print */
    json_t *rules, *results;
};

void rs_sarif_init(struct sarif *s);

/*
 * The index of a rule, which is added when it is new.
 *   help  its page in Markdown, or NULL: the summary
 */
int rs_sarif_rule(
    struct sarif *s, const char *id, enum sarif_level level, const char *summary, const char *help);

/* Adds a result of a rule at a place (file NULL or empty: none) and returns it, for more. Takes the message. */
json_t *rs_sarif_result(
    struct sarif *s, int rule, enum sarif_level level, struct mark at, json_t *take_message);

/* A location with a message of its own, as code flows have them. Takes the message. */
json_t *rs_sarif_location(struct mark at, json_t *take_message);

/* Every mistake of the input as a result of the rule scenario-error. */
void rs_sarif_errors(struct sarif *s, const struct err_list *errors);

/*
 * The whole log. Paths are relative to the folder that the program runs in, which is the repository's root in a pipeline.
 *   ran            false: the input could not be read
 *   exit_status    of the program
 *   take_property  an object: what rollsim has to say of the run beyond the standard
 * Returns 0, or -1 when it could not be written.
 */
int rs_sarif_print(FILE *to, struct sarif *take, bool ran, int exit_status, json_t *take_property);

/*
 * A path as a URI reference, relative to the folder `base` (an absolute path) where it lies in or beside it; the characters
 * that a URI does not have are written as %XX. n >= 8. Returns buf.
 */
char *rs_sarif_uri(char *buf, size_t n, const char *path, const char *base);

#endif
