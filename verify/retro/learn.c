/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "verify/retro_learn.h"

int rs_retro_learn(struct retro *r, const struct retro_options *opt, struct err_list *errors)
{
    (void)r, (void)opt, (void)errors;
    return 0;
}

int rs_retro_learnt_write(const struct retro *r, struct err *err)
{
    (void)r;
    return rs_err_set(err, RS_E_UNSUPPORTED, "nothing was learnt");
}
