/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keys.h"
void rs_scenario_print_schema(FILE *to)
{
    fputs("", to);
}
