/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which report a command prints, and reports that go to files beside it. */
#ifndef CLI_REPORTS_H
#define CLI_REPORTS_H

#include <stddef.h>

#include "options.h"

/*
 * The index in names[n] of what --format or --json asks for; names[0] when neither does.
 * Returns 0, or -1 with err filled: a format of no such name, or --json beside another.
 */
int rs_args_format(
    int *out, const struct cli_args *args, const char *const *names, size_t n, struct err *err);

/*
 * Told before a long run, not after it: the file can be written, its folder is there. path NULL: no file is asked for.
 *   option  "--junit", for the message
 */
int rs_report_file_check(const char *option, const char *path, struct err *err);
/* The same of what has a name of its own: "entry of an evidence log". */
int rs_report_kind_check(const char *option, const char *path, const char *kind, struct err *err);

/* Writes a file by fn(to, ctx), which returns 0 or -1; it appears under its name when it is whole. path NULL: nothing. */
int rs_report_file_write(const char *path,
                         int (*fn)(FILE *to, const void *ctx),
                         const void *ctx,
                         struct err *err);

/* 0 if `path` is "" or its folder is there. */
int rs_folder_check(const char *path, struct err *err);

#endif
