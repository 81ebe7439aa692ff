/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "verify/retro_change.h"

bool rs_retro_change_at(struct retro_change *out,
                        const struct retro_signal *s,
                        int64_t from_ns,
                        int64_t until_ns,
                        const struct retro_change_options *opt)
{
    (void)s, (void)from_ns, (void)until_ns, (void)opt;
    *out = (struct retro_change){0};
    return false;
}

struct retro_change *
rs_retro_changes(const struct retro_signal *s, const struct retro_change_options *opt, int *out_n)
{
    (void)s, (void)opt;
    *out_n = 0;
    return NULL;
}
