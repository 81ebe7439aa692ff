/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "retro/signal_count.h"

int rs_retro_signals(const struct retro_evidence *e,
                     const int64_t *offset_ns,
                     struct arena *arena,
                     struct retro_signal **out,
                     int *out_n,
                     struct err_list *errors)
{
    struct signal_from from = {e, offset_ns, e->lookback_ns, arena};
    struct signal_list list = {0};
    int status = rs_signals_declared(&list, &from, errors);
    if (e->scenario)
        rs_signals_of_services(&list, &from);
    *out_n = list.n;
    *out = RS_ARENA_ARRAY(arena, struct retro_signal, list.n);
    if (list.n > 0)
        memcpy(*out, list.signal, sizeof(*list.signal) * (size_t)list.n);
    free(list.signal);
    return status;
}
