/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Documents that say `retell: 1`: rule files, recorded series, the times of the faults in them, and what may be turned
 * (docs/retell.md; the keys stand in docs/scenario-reference.md under "retold recording").
 */
#ifndef SCENARIOS_RETELL_H
#define SCENARIOS_RETELL_H

#include "verify/retell.h"

/* Is the file such a document: does a line begin with "retell:"? False, too, where it cannot be read. */
bool rs_is_retell(const char *path);

/*
 * Reads the document and every file that it names, relative to its own folder. All mistakes are added to errors in one go; NULL
 * if there was any. notes: what was read and may be meant otherwise; may be NULL.
 */
struct retell *rs_retell_load(const char *path, struct err_list *errors, struct err_list *notes);
/* The same from memory; with file NULL no other file is opened, and naming one is an error. */
struct retell *rs_retell_parse(const char *file,
                               const char *text,
                               size_t n,
                               struct err_list *errors);
void rs_retell_close(struct retell *d); /* NULL ok */

#endif
