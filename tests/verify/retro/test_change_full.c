/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_change with ten times the trials. */
#define TRIALS 600
#include "test_change.c" // NOLINT(bugprone-suspicious-include)
