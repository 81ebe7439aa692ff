/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The minimal scenario with something changed. */
#ifndef TESTS_SCENARIOS_CHANGED_H
#define TESTS_SCENARIOS_CHANGED_H

#include <check.h>

#include "scenarios/load.h"

#define N_ROW(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))

/* tests/golden/good/minimal.yaml with the first occurrence of `from` replaced; both NULL: unchanged. Caller frees. */
char *changed_text(const char *from, const char *to);
/* The same, loaded; the test fails with the errors if it cannot be. Named files are those of the good scenario. */
struct scenario *changed_scenario(const char *from, const char *to);
/* The profile of its only stream, replaced by this flow map; starts on Monday 2025-01-06 at 09:00 UTC, horizon one day. */
struct scenario *scenario_with_profile(const char *profile);

/* Writes a file below the build's temporary folder; returns its path, valid until the next call. */
const char *written_file(const char *name, const char *text);

int run_tests(const char *name, void (*add)(TCase *tc));

#endif
