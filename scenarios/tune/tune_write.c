/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files with a setting in them take the old ones' places. All are written beside the old ones first, so that a full disk or a
 * folder that may not be written to leaves everything as it was; then each is renamed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tune_text.h"

struct replacement {
    char *path; /* of the file itself, behind any symbolic link; owned */
    char *part; /* the new one until it is renamed; owned, NULL = not there */
    mode_t mode;
};

static int fail(struct err *err, const char *path, const char *what)
{
    return rs_err_at(err, RS_E_IO, (struct mark){path, 0, 0}, "%s: %s", what, strerror(errno));
}

/* Does the file hold these bytes still? 0, or -1 with err. */
static int check_unchanged(const struct tune_file *f, const char *path, struct err *err)
{
    FILE *from = fopen(path, "rb");
    if (!from) {
        return fail(err, f->path, "cannot be read again");
    }
    char *now = rs_xcalloc(f->n_text + 1, 1);
    size_t n = fread(now, 1, f->n_text + 1, from);
    bool failed = ferror(from) != 0, same = n == f->n_text && memcmp(now, f->text, n) == 0;
    fclose(from);
    free(now);
    if (failed) {
        return fail(err, f->path, "cannot be read again");
    }
    return same ? 0
                : rs_err_at(err, RS_E_IO, (struct mark){f->path, 0, 0},
                            "the file has changed since it was read; nothing was written");
}

static int open_file(const struct tune_file *f, struct replacement *r, struct err *err)
{
    struct stat info;
    r->path = realpath(f->path, NULL);
    if (!r->path || stat(r->path, &info) != 0) {
        return fail(err, f->path, "cannot be written to");
    }
    r->mode = info.st_mode & 07777;
    return check_unchanged(f, r->path, err);
}

static int write_all(int fd, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t written = write(fd, text, n);
        if (written < 0 && errno != EINTR) {
            return -1;
        }
        text += written > 0 ? written : 0;
        n -= written > 0 ? (size_t)written : 0;
    }
    return 0;
}

static int write_part(
    const struct tune_file *f, struct replacement *r, const char *text, size_t n, struct err *err)
{
    size_t room = strlen(r->path) + sizeof(".XXXXXX");
    r->part = rs_xcalloc(room, 1);
    snprintf(r->part, room, "%s.XXXXXX", r->path);
    int fd = mkstemp(r->part);
    if (fd < 0) {
        free(r->part);
        r->part = NULL;
        return fail(err, f->path, "cannot be written to");
    }
    bool failed = write_all(fd, text, n) != 0 || fchmod(fd, r->mode) != 0 || fsync(fd) != 0;
    int why = errno;
    failed = close(fd) != 0 || failed;
    errno = failed && why ? why : errno;
    return failed ? fail(err, f->path, "cannot be written to") : 0;
}

static int prepare(const struct tune_plan *plan,
                   int file,
                   const uint16_t *value,
                   struct replacement *r,
                   struct err *err)
{
    const struct tune_file *f = &plan->file[file];
    size_t n = 0;
    char *text = rs_tune_file_text(plan, file, value, &n);
    bool same = n == f->n_text && memcmp(text, f->text, n) == 0;
    int status = 0;
    if (!same) {
        status = open_file(f, r, err) != 0 ? -1 : write_part(f, r, text, n, err);
    }
    free(text);
    return status;
}

int rs_tune_write(const struct tune_plan *plan, const uint16_t *value, struct err *err)
{
    struct replacement *r = rs_xcalloc((size_t)plan->n_file + 1, sizeof(*r));
    int status = 0;
    for (int i = 0; i < plan->n_file && status == 0; i++) {
        status = prepare(plan, i, value, &r[i], err);
    }
    for (int i = 0; i < plan->n_file && status == 0; i++) {
        if (r[i].part && rename(r[i].part, r[i].path) != 0) {
            status = fail(err, plan->file[i].path, "cannot be replaced");
        } else if (r[i].part) {
            free(r[i].part);
            r[i].part = NULL;
        }
    }
    for (int i = 0; i < plan->n_file; i++) {
        if (r[i].part) {
            unlink(r[i].part);
        }
        free(r[i].part);
        free(r[i].path);
    }
    free(r);
    return status;
}
