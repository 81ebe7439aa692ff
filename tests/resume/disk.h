/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A disk that remembers: every write, sync, rename and removal of a run is logged, SQLite's own (through a VFS of ours that is put
 * around the system's) and rollsim's (through the linker's --wrap). What the disk would hold had the power gone at any moment
 * can then be made: what was synced, and any part of what was not.
 */
#ifndef TESTS_RESUME_DISK_H
#define TESTS_RESUME_DISK_H

#include <stdbool.h>
#include <stdint.h>

/* From here on what happens to files in the folder is logged. One at a time. */
void disk_log_start(const char *folder);
void disk_log_stop(void);
void disk_log_clear(void);
/* Entries in the log. */
int disk_log_count(void);

/* At the entry of that number the process is killed by SIGKILL, before it happens; -1 = never. */
void disk_kill_at(int entry);

/* Histories that the journal had promised to keep when so many entries were logged: its commit had returned. */
uint64_t disk_promised(int n_entry);

enum disk_loss {
    DISK_KILLED, /* the process is gone, the machine lives: all that was written is there */
    DISK_SYNCED, /* power cut: nothing but what was synced */
    DISK_TORN, /* power cut: of the rest any writes, any 512-byte sectors of them, and the first names that changed */
    DISK_LOSS_N
};

/* Makes in `folder`, which is empty, what the disk holds after the first n_entry of the log. seed: of the choices of TORN. */
void disk_replay(const char *folder, int n_entry, enum disk_loss loss, uint64_t seed);

#endif
