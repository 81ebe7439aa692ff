/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of the Alertmanager file's reader. */
#ifndef SCENARIOS_AM_FILE_H
#define SCENARIOS_AM_FILE_H

#include "models/alertmanager.h"
#include "reader.h"

/*
 * am_matcher.c: the matchers of a map under three keys: `list` (texts like severity="critical"), `equal` and `regex` (the
 * older maps of names to values). Returns their number, *out in the arena.
 */
int rs_am_matchers_read(struct reader *r,
                        const struct node *map,
                        const char *list,
                        const char *equal,
                        const char *regex,
                        const struct am_matcher **out);

/* Names of labels under a key; *out in the arena. Returns their number. `...` is let through. */
int rs_am_label_names_read(struct reader *r,
                           const struct node *map,
                           const char *key,
                           const char *const **out);

#endif
