/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Working hours in UTC. A shift that ends at or before its start runs over midnight and belongs to
 * the day it starts on.
 */
#include <assert.h>

#include "responder.h"

#define DAY_NS (INT64_C(86400) * RS_NS_PER_S)

static int64_t day_of(int64_t unix_ns)
{
    int64_t day = unix_ns / DAY_NS;
    return unix_ns % DAY_NS < 0 ? day - 1 : day;
}

/* 1970-01-01 was a Thursday; bit 0 is Monday. */
static bool works_on(const struct role *role, int64_t day)
{
    int weekday = (int)(((day + 3) % 7 + 7) % 7);
    return role->weekdays >> weekday & 1u;
}

static int64_t shift_length(const struct role *role)
{
    int64_t length = role->until_ns - role->from_ns;
    return length > 0 ? length : length + DAY_NS;
}

bool rs_hours_within(const struct role *role, int64_t unix_ns)
{
    int64_t today = day_of(unix_ns);
    for (int64_t day = today - 1; day <= today; day++) {
        int64_t from = day * DAY_NS + role->from_ns;
        if (works_on(role, day) && unix_ns >= from && unix_ns < from + shift_length(role))
            return true;
    }
    return false;
}

int64_t rs_hours_next(const struct role *role, int64_t unix_ns)
{
    if (rs_hours_within(role, unix_ns))
        return unix_ns;
    int64_t today = day_of(unix_ns);
    for (int64_t day = today; day <= today + 7; day++) {
        int64_t from = day * DAY_NS + role->from_ns;
        if (works_on(role, day) && from >= unix_ns)
            return from;
    }
    return RS_NEVER;
}
