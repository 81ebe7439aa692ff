/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "verify/retro_change.h"

struct retro_change *
rs_retro_changes(const struct retro_signal *s, const struct retro_change_options *opt, int *out_n)
{
    (void)s, (void)opt;
    *out_n = 0;
    return NULL;
}
