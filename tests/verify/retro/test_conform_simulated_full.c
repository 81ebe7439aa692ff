/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The long form of test_conform_simulated.c: the Prisma rollout, as its runbook has it and mended, whole, with each of its faults. */
#define RS_LONG_FORM
#include "test_conform_simulated.c" /* NOLINT(bugprone-suspicious-include): one test, two tables */
