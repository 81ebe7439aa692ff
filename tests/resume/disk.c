/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log, and rollsim's own calls that it is made from. */
#include "disk.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk_log.h"
#include "journal_file.h"
#include "sim/arena.h"

struct disk_log disk_log = {.kill_at = -1, .lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- the log --------------------------------------------------------------------------------------------------------- */

const char *disk_inside(const char *path)
{
    size_t n = strlen(disk_log.folder);
    if (!disk_log.on || !path || strncmp(path, disk_log.folder, n) != 0 || path[n] != '/')
        return NULL;
    return path + n + 1;
}

struct entry *disk_add(enum kind kind)
{
    if (disk_log.n == disk_log.kill_at)
        (void)kill(getpid(), SIGKILL);
    if (disk_log.n == disk_log.cap) {
        disk_log.cap = disk_log.cap ? 2 * disk_log.cap : 256;
        disk_log.entry = rs_xrealloc(disk_log.entry, (size_t)disk_log.cap * sizeof *disk_log.entry);
    }
    struct entry *e = &disk_log.entry[disk_log.n++];
    *e = (struct entry){.kind = kind, .file = -1};
    return e;
}

static int find(const char *name)
{
    for (int i = 0; i < disk_log.n_name; i++) {
        if (strcmp(disk_log.names[i].name, name) == 0)
            return i;
    }
    return -1;
}

int disk_file_of(const char *name)
{
    int i = find(name);
    return i < 0 ? -1 : disk_log.names[i].file;
}

static void drop_name(int i)
{
    disk_log.names[i] = disk_log.names[--disk_log.n_name];
}

void disk_drop_name(const char *name)
{
    drop_name(find(name));
}

static void copy_name(char out[MAX_NAME], const char *name)
{
    ck_assert_uint_lt(strlen(name), MAX_NAME);
    (void)snprintf(out, MAX_NAME, "%s", name);
}

void disk_put_name(const char *name, int file)
{
    int i = find(name);
    if (i < 0)
        i = disk_log.n_name++;
    ck_assert_int_lt(disk_log.n_name, MAX_FILE);
    copy_name(disk_log.names[i].name, name);
    disk_log.names[i].file = file;
}

void disk_log_make(const char *name)
{
    if (find(name) >= 0)
        return;
    struct entry *e = disk_add(MAKE);
    copy_name(e->name, name);
    e->file = disk_log.n_file++;
    disk_put_name(name, e->file);
}

void disk_log_file(enum kind kind, int file, int64_t at, int64_t n, const void *data)
{
    if (file < 0)
        return;
    struct entry *e = disk_add(kind);
    e->file = file;
    e->at = at;
    e->n = n;
    if (data) {
        e->data = rs_xcalloc((size_t)n + 1, 1);
        memcpy(e->data, data, (size_t)n);
    }
}

void disk_log_remove(const char *name)
{
    int i = find(name);
    if (i < 0)
        return;
    copy_name(disk_add(REMOVE)->name, name);
    drop_name(i);
}

static void log_rename(const char *from, const char *to)
{
    struct entry *e = disk_add(RENAME);
    copy_name(e->name, from);
    copy_name(e->to, to);
    int file = disk_file_of(from);
    drop_name(find(from));
    disk_put_name(to, file);
}

void disk_lock(void)
{
    pthread_mutex_lock(&disk_log.lock);
}

void disk_unlock(void)
{
    pthread_mutex_unlock(&disk_log.lock);
}

/* ---- rollsim's own calls: the linker sends them here ------------------------------------------------------------------ */

int __real_open(const char *path, int flags, ...);
int __real_unlink(const char *path);
int __real_rename(const char *from, const char *to);
int __real_ftruncate(int fd, off_t size);
int __real_fsync(int fd);
int __real_rs_journal_append(struct journal *j, const struct history *h, struct err *err);
int __wrap_open(const char *path, int flags, ...);
int __wrap_unlink(const char *path);
int __wrap_rename(const char *from, const char *to);
int __wrap_ftruncate(int fd, off_t size);
int __wrap_fsync(int fd);
int __wrap_rs_journal_append(struct journal *j, const struct history *h, struct err *err);

/* The path behind a descriptor. */
static const char *path_of(char buf[512], int fd)
{
    char link[64];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, buf, 511);
    ck_assert_int_ge(n, 0);
    buf[n] = '\0';
    return buf;
}

int __wrap_open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    disk_lock();
    const char *name = disk_inside(path);
    bool makes = name && flags & O_CREAT && access(path, F_OK) != 0;
    if (makes)
        disk_log_make(name);
    int fd = __real_open(path, flags, mode);
    disk_unlock();
    return fd;
}

int __wrap_unlink(const char *path)
{
    disk_lock();
    const char *name = disk_inside(path);
    if (name)
        disk_log_remove(name);
    int rc = __real_unlink(path);
    disk_unlock();
    return rc;
}

int __wrap_rename(const char *from, const char *to)
{
    disk_lock();
    const char *name = disk_inside(from);
    if (name)
        log_rename(name, disk_inside(to));
    int rc = __real_rename(from, to);
    disk_unlock();
    return rc;
}

int __wrap_ftruncate(int fd, off_t size)
{
    char buf[512];
    disk_lock();
    const char *name = disk_inside(path_of(buf, fd));
    if (name)
        disk_log_file(CUT, disk_file_of(name), size, 0, NULL);
    int rc = __real_ftruncate(fd, size);
    disk_unlock();
    return rc;
}

int __wrap_fsync(int fd)
{
    char buf[512];
    disk_lock();
    const char *path = path_of(buf, fd), *name = disk_inside(path);
    if (name)
        disk_log_file(SYNC, disk_file_of(name), 0, 0, NULL);
    else if (disk_log.on && strcmp(path, disk_log.folder) == 0)
        (void)disk_add(SYNC_FOLDER);
    int rc = __real_fsync(fd);
    disk_unlock();
    return rc;
}

int __wrap_rs_journal_append(struct journal *j, const struct history *h, struct err *err)
{
    int rc = __real_rs_journal_append(j, h, err);
    disk_lock();
    if (disk_log.on)
        disk_add(PROMISE)->n = (int64_t)j->n_committed;
    disk_unlock();
    return rc;
}

void disk_log_start(const char *folder)
{
    disk_register_vfs();
    disk_log_clear();
    (void)snprintf(disk_log.folder, sizeof disk_log.folder, "%s", folder);
    disk_log.on = true;
}

void disk_log_stop(void)
{
    disk_log.on = false;
}

void disk_log_clear(void)
{
    for (int i = 0; i < disk_log.n; i++)
        free(disk_log.entry[i].data);
    free(disk_log.entry);
    disk_log.entry = NULL;
    disk_log.on = false;
    disk_log.n = disk_log.cap = disk_log.n_file = disk_log.n_name = 0;
}

int disk_log_count(void)
{
    return disk_log.n;
}

void disk_kill_at(int entry)
{
    disk_log.kill_at = entry;
}

uint64_t disk_promised(int n_entry)
{
    int64_t most = 0;
    for (int i = 0; i < n_entry; i++) {
        if (disk_log.entry[i].kind == PROMISE && disk_log.entry[i].n > most)
            most = disk_log.entry[i].n;
    }
    return (uint64_t)most;
}
