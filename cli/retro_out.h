/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What retro prints, writes and keeps of a retrospective. */
#ifndef CLI_RETRO_OUT_H
#define CLI_RETRO_OUT_H

#include "options.h"
#include "verify/retro.h"

/*
 * Prints in the form that was asked for, keeps the record, draws, writes the entry of the evidence log and, with --write, what
 * was learnt. db: path of the record, "" = none. Returns the exit status, or -1 with err filled; what could be done was.
 */
int rs_retro_tell(const struct retro *r,
                  const struct cli_args *args,
                  const char *db,
                  struct err *err);

#endif
