/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The long form: ten times the scenarios, more replicas of each. */
#define N_SCENARIO 2400
#define N_REPLICA 10
#define N_SHIPPED 200
#include "test_bound_history.c"
