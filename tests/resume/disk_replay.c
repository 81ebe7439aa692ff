/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is left of a disk. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk.h"
#include "disk_log.h"
#include "runs.h"
#include "sim/arena.h"

/* A file's bytes while they are put together. */
struct content {
    unsigned char *p; /* owned */
    size_t n, cap;
};

static void resize(struct content *c, size_t n)
{
    if (n > c->cap) {
        c->p = rs_xrealloc(c->p, 2 * n);
        c->cap = 2 * n;
    }
    if (n > c->n)
        memset(c->p + c->n, 0, n - c->n);
    c->n = n;
}

/* A write, or those sectors of it that reached the disk. */
static void apply(struct content *c, const struct entry *e, bool torn, uint64_t *seed)
{
    if (e->kind == CUT) {
        resize(c, (size_t)e->at);
        return;
    }
    for (int64_t i = 0; i < e->n;) {
        int64_t at = e->at + i, m = SECTOR - at % SECTOR;
        m = m < e->n - i ? m : e->n - i;
        if (!torn || runs_below(seed, 2)) {
            if ((size_t)(at + m) > c->n)
                resize(c, (size_t)(at + m));
            memcpy(c->p + at, e->data + i, (size_t)m);
        }
        i += m;
    }
}

static int last_sync(int file, int n_entry)
{
    for (int i = n_entry - 1; i >= 0; i--) {
        if (disk_log.entry[i].kind == SYNC && disk_log.entry[i].file == file)
            return i;
    }
    return -1;
}

static struct content content_of(int file, int n_entry, enum disk_loss loss, uint64_t *seed)
{
    struct content c = {0};
    int synced = loss == DISK_KILLED ? n_entry : last_sync(file, n_entry);
    for (int i = 0; i < n_entry; i++) {
        const struct entry *e = &disk_log.entry[i];
        if (e->file != file || (e->kind != WRITE && e->kind != CUT))
            continue;
        if (i < synced)
            apply(&c, e, false, seed);
        else if (loss == DISK_TORN && runs_below(seed, 3) > 0)
            apply(&c, e, runs_below(seed, 2), seed);
    }
    return c;
}

/* Names change in order; after the last sync of the folder any number of changes is there. */
static int names_until(int n_entry, enum disk_loss loss, uint64_t *seed)
{
    int synced = 0;
    for (int i = 0; i < n_entry; i++) {
        if (disk_log.entry[i].kind == SYNC_FOLDER)
            synced = i;
    }
    return loss == DISK_KILLED   ? n_entry
           : loss == DISK_SYNCED ? synced
                                 : synced + (int)runs_below(seed, (uint64_t)(n_entry - synced) + 1);
}

static void replay_name(const struct entry *e)
{
    if (e->kind == MAKE)
        disk_put_name(e->name, e->file);
    if (e->kind == REMOVE)
        disk_drop_name(e->name);
    if (e->kind == RENAME) {
        int file = disk_file_of(e->name);
        disk_drop_name(e->name);
        disk_put_name(e->to, file);
    }
}

void disk_replay(const char *folder, int n_entry, enum disk_loss loss, uint64_t seed)
{
    char path[256];
    int n_until = names_until(n_entry, loss, &seed);
    disk_log.n_name = 0;
    for (int i = 0; i < n_until; i++)
        replay_name(&disk_log.entry[i]);
    for (int i = 0; i < disk_log.n_name; i++) {
        struct content c = content_of(disk_log.names[i].file, n_entry, loss, &seed);
        (void)snprintf(path, sizeof path, "%s/%s", folder, disk_log.names[i].name);
        runs_write(path, c.p ? (const void *)c.p : "", c.n);
        free(c.p);
    }
}
