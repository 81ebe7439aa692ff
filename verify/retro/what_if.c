/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "verify/retro_counter.h"

int rs_retro_what_if(struct retro *r, const struct retro_options *opt, struct err_list *errors)
{
    (void)r, (void)opt, (void)errors;
    return 0;
}
