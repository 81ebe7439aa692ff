/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is in an audience: sticky buckets, and how many users a percentage shows the flag to. */
#include <assert.h>

#include <xxhash.h>

#include "models/traffic.h"

uint32_t rs_bucket_of_user(uint64_t flag_cohort_hash, uint64_t user)
{
    /* Bytes, not the number's layout in memory: the same bucket on every machine. */
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(user >> (8 * i));
    return (uint32_t)(XXH64(bytes, sizeof bytes, flag_cohort_hash) % 10000);
}

uint64_t rs_bucket_count(uint64_t flag_cohort_hash, uint64_t population, double percent)
{
    assert(percent >= 0.0 && percent <= 100.0);
    uint64_t n = 0;
    for (uint64_t user = 0; user < population; user++)
        n += rs_bucket_of_user(flag_cohort_hash, user) < percent * 100.0;
    return n;
}
