/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `rollsim tune` of a document that says `retell: 1`. */
#ifndef CLI_RETELL_H
#define CLI_RETELL_H

#include "options.h"

/* args are those of tune; options that ask for a simulation are refused. Returns an exit status. */
int rs_cmd_retell(const struct cli_args *args);

#endif
