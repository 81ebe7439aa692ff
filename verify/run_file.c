/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "run_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/arena.h"

char *rs_run_file_name(const char *path, const char *ending)
{
    size_t n = strlen(path) + strlen(ending) + 1;
    char *out = rs_xcalloc(n, 1);
    snprintf(out, n, "%s%s", path, ending);
    return out;
}

bool rs_run_file_is_there(const char *path)
{
    struct stat about;
    return lstat(path, &about) == 0;
}

uint64_t rs_run_file_bytes(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && about.st_size > 0 ? (uint64_t)about.st_size : 0;
}

/* A record of any version, of a run, a search or a retrospective: SQLite's header with our application id, at byte 68 (sqlite.org/fileformat.html, 1.3). */
static bool is_record(const char *path)
{
    static const char magic[16] = "SQLite format 3", run[4] = {'r', 'o', 'l', 'l'},
                      search[4] = {'r', 'o', 'l', 't'}, retro[4] = {'r', 'o', 'l', 'r'};
    char head[72] = {0};
    FILE *from = fopen(path, "rb");
    if (!from)
        return false;
    size_t n = fread(head, 1, sizeof head, from);
    fclose(from);
    return n == sizeof head && memcmp(head, magic, sizeof magic) == 0 &&
           (memcmp(head + 68, run, sizeof run) == 0 ||
            memcmp(head + 68, search, sizeof search) == 0 ||
            memcmp(head + 68, retro, sizeof retro) == 0);
}

int rs_run_file_may_replace(const char *path, bool overwrite, struct err *err)
{
    struct stat about;
    if (lstat(path, &about) != 0)
        return 0;
    if (!overwrite)
        return rs_err_set(err, RS_E_USAGE, "%s exists already and is not overwritten", path);
    if (S_ISREG(about.st_mode) && (about.st_size == 0 || is_record(path)))
        return 0;
    return rs_err_set(err, RS_E_USAGE, "%s is no record of a run and is not overwritten", path);
}

int rs_run_file_lock(const char *path, bool make, struct err *err)
{
    struct stat here, named;
    int fd = open(path, O_RDWR | (make ? O_CREAT : 0) | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return rs_err_set(err, RS_E_IO, "%s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &here) == 0 && stat(path, &named) == 0 &&
        here.st_ino == named.st_ino && here.st_dev == named.st_dev)
        return fd;
    close(fd);
    return rs_err_set(err, RS_E_USAGE, "another run is writing %s", path);
}

/* Waits until a file's, or a folder's, content is on the disk. */
static int sync_path(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int rc = fsync(fd);
    int why = errno;
    close(fd);
    errno = why;
    return rc;
}

void rs_run_file_sync_folder(const char *path)
{
    char *folder = rs_xstrdup(path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder ? 1 : 0] = '\0';
    (void)sync_path(slash ? folder : ".");
    free(folder);
}

static bool same_bytes(const char *a, const char *b)
{
    enum { CHUNK = 1 << 16 };
    FILE *one = fopen(a, "rb"), *other = fopen(b, "rb");
    char *buf = rs_xcalloc(2, CHUNK);
    bool same = one && other;
    for (size_t n = CHUNK; same && n == CHUNK;) {
        n = fread(buf, 1, CHUNK, one);
        same = fread(buf + CHUNK, 1, CHUNK, other) == n && memcmp(buf, buf + CHUNK, n) == 0;
    }
    same = same && !ferror(one) && !ferror(other);
    free(buf);
    if (one)
        fclose(one);
    if (other)
        fclose(other);
    return same;
}

int rs_run_file_publish(const char *part, const char *path, bool overwrite, struct err *err)
{
    struct err why = {0};
    if (sync_path(part) != 0)
        return rs_err_set(err, RS_E_IO, "%s: %s", part, strerror(errno));
    if (rs_run_file_may_replace(path, overwrite, &why) != 0) {
        /* A run that died between the rename and its last breath has made it already. */
        if (!same_bytes(part, path))
            return rs_err_set(err, why.code, "%s", why.text);
        return unlink(part) == 0 ? 0 : rs_err_set(err, RS_E_IO, "%s: %s", part, strerror(errno));
    }
    if (rename(part, path) != 0)
        return rs_err_set(err, RS_E_IO, "%s: %s", path, strerror(errno));
    rs_run_file_sync_folder(path);
    return 0;
}
