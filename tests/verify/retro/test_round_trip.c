/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The short form: six rollouts, and eight whose people are learnt from together. */
#include "trip.h"

int main(void)
{
    return trip_suite("round trip", 6, 8);
}
