/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Made-up databases, each made once and then copied. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "make_db.h"

/* What make_db_prepare made: the bytes of a file of each kind, which the tests' processes inherit. */
static struct {
    char *bytes; /* owned */
    size_t n;
} made[MADE_N];

void make_db_prepare(void)
{
    char path[] = "/tmp/rs-made-XXXXXX";
    close(mkstemp(path));
    for (int kind = 0; kind < MADE_N; kind++) {
        make_db_anew(path, (enum made_kind)kind);
        FILE *f = fopen(path, "rb");
        if (!f || fseek(f, 0, SEEK_END) != 0)
            abort();
        made[kind].n = (size_t)ftell(f);
        made[kind].bytes = malloc(made[kind].n);
        rewind(f);
        if (!made[kind].bytes || fread(made[kind].bytes, 1, made[kind].n, f) != made[kind].n)
            abort();
        fclose(f);
    }
    unlink(path);
}

void make_db_forget(void)
{
    for (int kind = 0; kind < MADE_N; kind++) {
        free(made[kind].bytes);
        made[kind].bytes = NULL;
    }
}

void make_db(const char *path, enum made_kind kind)
{
    if (!made[kind].bytes) {
        make_db_anew(path, kind);
        return;
    }
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(made[kind].bytes, 1, made[kind].n, f) != made[kind].n || fclose(f) != 0)
        abort();
}
