/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "check.h"

void rs_check_dilution(struct check *c)
{
    (void)c;
}
