/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "verify/retro_report.h"

int rs_retro_print_json(FILE *to, const struct retro *r, int exit_status)
{
    (void)to, (void)r, (void)exit_status;
    return 0;
}
