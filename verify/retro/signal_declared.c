/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals that the document declares. */
#include "retro/signal_count.h"

int rs_signals_declared(struct signal_list *list,
                        const struct signal_from *from,
                        struct err_list *errors)
{
    (void)list, (void)from, (void)errors;
    return 0;
}
