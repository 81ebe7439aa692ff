/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "eyes.h"

void rs_check_eyes(struct check *c)
{
    struct eyes e;
    rs_eyes_find(&e, c);
    rs_eyes_metrics(&e);
    rs_eyes_watch(&e);
    rs_eyes_alerts(&e);
}
