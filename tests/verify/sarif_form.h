/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What SARIF 2.1.0 demands of a log, as far as ours can break it. */
#ifndef TESTS_VERIFY_SARIF_FORM_H
#define TESTS_VERIFY_SARIF_FORM_H

#include <jansson.h>

/*
 * Fails the running test where the text is no SARIF log: the required properties and value sets of sarif-schema-2.1.0.json,
 * rule indices that fit, relative URIs of legal characters. Returns the run, borrowed from *out_log (json_decref).
 */
json_t *sarif_run(const char *text, json_t **out_log);

#endif
