/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The long form of test_round_trip.c: two hundred rollouts. */
#include "trip.h"

int main(void)
{
    return trip_suite("round trip, 200 rollouts", 200, 200);
}
