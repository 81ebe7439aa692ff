/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The long form of test_lanes: more lanes at once, more replicas. */
#define N_LANE 40
#define N_REPLICA 20
#include "test_lanes.c" // NOLINT(bugprone-suspicious-include)
