/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "verify/retro_change.h"

int rs_retro_signals(const struct retro_evidence *e,
                     const int64_t *offset_ns,
                     struct arena *arena,
                     struct retro_signal **out,
                     int *out_n,
                     struct err_list *errors)
{
    (void)e, (void)offset_ns, (void)arena, (void)errors;
    *out = NULL;
    *out_n = 0;
    return 0;
}
