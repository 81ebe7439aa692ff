/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SQLite's calls, logged: a VFS around the system's. */
#include <check.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "disk_log.h"

struct shim {
    sqlite3_file base;
    int file;         /* in the log; -1 = not logged */
    bool sync_folder; /* the first sync of a new journal syncs its folder too, as os_unix.c does */
    sqlite3_file *real;
};

static sqlite3_vfs *system_vfs;

static sqlite3_file *real_of(sqlite3_file *f)
{
    return ((struct shim *)(void *)f)->real;
}

static int shim_close(sqlite3_file *f)
{
    return real_of(f)->pMethods->xClose(real_of(f));
}

static int shim_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    return real_of(f)->pMethods->xRead(real_of(f), p, n, at);
}

static int shim_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    disk_lock();
    disk_log_file(WRITE, ((struct shim *)(void *)f)->file, at, n, p);
    int rc = real_of(f)->pMethods->xWrite(real_of(f), p, n, at);
    disk_unlock();
    return rc;
}

static int shim_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    disk_lock();
    disk_log_file(CUT, ((struct shim *)(void *)f)->file, size, 0, NULL);
    int rc = real_of(f)->pMethods->xTruncate(real_of(f), size);
    disk_unlock();
    return rc;
}

static int shim_sync(sqlite3_file *f, int flags)
{
    struct shim *s = (struct shim *)(void *)f;
    disk_lock();
    disk_log_file(SYNC, s->file, 0, 0, NULL);
    if (s->sync_folder && s->file >= 0)
        (void)disk_add(SYNC_FOLDER);
    s->sync_folder = false;
    int rc = s->real->pMethods->xSync(s->real, flags);
    disk_unlock();
    return rc;
}

static int shim_size(sqlite3_file *f, sqlite3_int64 *out)
{
    return real_of(f)->pMethods->xFileSize(real_of(f), out);
}

static int shim_lock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xLock(real_of(f), level);
}

static int shim_unlock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static int shim_reserved(sqlite3_file *f, int *out)
{
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}

static int shim_control(sqlite3_file *f, int op, void *arg)
{
    return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int shim_sector(sqlite3_file *f)
{
    return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int shim_traits(sqlite3_file *f)
{
    return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

/* Version 1: no shared memory and no mapped pages, which would be written unseen. */
static const sqlite3_io_methods shim_methods = {
    .iVersion = 1,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_reserved,
    .xFileControl = shim_control,
    .xSectorSize = shim_sector,
    .xDeviceCharacteristics = shim_traits,
};

static int shim_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *f, int flags, int *out)
{
    struct shim *s = (struct shim *)(void *)f;
    (void)vfs;
    disk_lock();
    const char *name = disk_inside(path);
    bool makes = name && flags & SQLITE_OPEN_CREATE && access(path, F_OK) != 0;
    if (makes)
        disk_log_make(name);
    *s = (struct shim){.file = name ? disk_file_of(name) : -1,
                       .sync_folder = makes && flags & SQLITE_OPEN_MAIN_JOURNAL,
                       .real = (sqlite3_file *)(void *)(s + 1)};
    int rc = system_vfs->xOpen(system_vfs, path, s->real, flags, out);
    if (s->real->pMethods)
        s->base.pMethods = &shim_methods;
    disk_unlock();
    return rc;
}

static int shim_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    (void)vfs;
    disk_lock();
    const char *name = disk_inside(path);
    if (name)
        disk_log_remove(name);
    if (name && sync_folder)
        (void)disk_add(SYNC_FOLDER);
    int rc = system_vfs->xDelete(system_vfs, path, sync_folder);
    disk_unlock();
    return rc;
}

void disk_register_vfs(void)
{
    static sqlite3_vfs shim;
    if (system_vfs)
        return;
    system_vfs = sqlite3_vfs_find(NULL);
    shim = *system_vfs;
    shim.zName = "rollsim-log";
    shim.szOsFile = (int)sizeof(struct shim) + system_vfs->szOsFile;
    shim.xOpen = shim_open;
    shim.xDelete = shim_delete;
    ck_assert_int_eq(sqlite3_vfs_register(&shim, 1), SQLITE_OK);
}
