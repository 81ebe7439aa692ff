/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names, locks and renames of the files of a run: what must be done in the right order for nothing to be lost. */
#ifndef VERIFY_RUN_FILE_H
#define VERIFY_RUN_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/err.h"

/* "run.db" and ".part" give "run.db.part"; for free(). */
char *rs_run_file_name(const char *path, const char *ending);

/* The size of a file; 0 = there is none. */
uint64_t rs_run_file_bytes(const char *path);

/* Whether there is anything under that name, be it a link that leads nowhere. */
bool rs_run_file_is_there(const char *path);

/*
 * 0 if PATH is free, or holds a record of any version and may be overwritten: not a scenario that was given by mistake, a
 * device or a link. Else -1 with the reason.
 */
int rs_run_file_may_replace(const char *path, bool overwrite, struct err *err);

/*
 * Opens a file and takes its lock, which goes when the process does, however it ends. A file that has lost its name in the
 * meantime is not taken: its writer has just ended.
 *   make  whether it is made when it is not there
 * The descriptor, or -1: another run has it, or the disk's word.
 */
int rs_run_file_lock(const char *path, bool make, struct err *err);

/*
 * Gives a file that is whole its final name, in one step that lasts: synced before the rename, the folder after it. What may
 * not be overwritten is compared: the same bytes are no loss, and PART goes. 0, or -1 and all is as it was.
 */
int rs_run_file_publish(const char *part, const char *path, bool overwrite, struct err *err);

/* Names in PATH's folder that were made or removed last, too. A folder that cannot be synced (some network disks) is no reason to stop. */
void rs_run_file_sync_folder(const char *path);

#endif
