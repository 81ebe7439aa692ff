/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log of a disk that remembers, for those who write into it. */
#ifndef TESTS_RESUME_DISK_LOG_H
#define TESTS_RESUME_DISK_LOG_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { MAX_FILE = 64, MAX_NAME = 64, SECTOR = 512 };

enum kind { MAKE, WRITE, CUT, SYNC, RENAME, REMOVE, SYNC_FOLDER, PROMISE };

struct entry {
    enum kind kind;
    int file; /* an inode: from 0 in the order in which they were made */
    int64_t at, n;
    unsigned char *data;               /* [n] owned, of WRITE */
    char name[MAX_NAME], to[MAX_NAME]; /* of what changes names */
};

/* The one log: the calls that it is made from have no context. */
struct disk_log {
    char folder[128];
    bool on;
    struct entry *entry; /* [n] owned */
    int n, cap, n_file, kill_at;
    struct {
        char name[MAX_NAME];
        int file;
    } names[MAX_FILE]; /* what stands in the folder now */
    int n_name;
    pthread_mutex_t lock; /* held around each call and its entry */
};
extern struct disk_log disk_log;

/* The name within the folder; NULL = elsewhere, or nothing is logged. */
const char *disk_inside(const char *path);
/* Adds an entry, to be filled; or this is where the process dies. */
struct entry *disk_add(enum kind kind);
/* The inode behind a name; -1 = none. */
int disk_file_of(const char *name);
void disk_put_name(const char *name, int file);
void disk_drop_name(const char *name);
void disk_log_make(const char *name);   /* nothing if it is there */
void disk_log_remove(const char *name); /* nothing if it is not */
/* WRITE, CUT or SYNC of an inode; -1: nothing. */
void disk_log_file(enum kind kind, int file, int64_t at, int64_t n, const void *data);
void disk_lock(void);
void disk_unlock(void);
/* Puts our VFS around the system's, once. */
void disk_register_vfs(void);

#endif
