/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "verify/retro_report.h"

int rs_retro_record(const struct retro *r, const char *path, bool force, struct err *err)
{
    (void)r, (void)path, (void)force;
    return rs_err_set(err, RS_E_UNSUPPORTED, "not recorded");
}
