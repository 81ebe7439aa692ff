/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The long form: 400 rollouts. */
#define WHAT_IF_LONG 1
#include "test_what_if_cover.c" /* NOLINT(bugprone-suspicious-include): the same test, more often */
