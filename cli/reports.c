/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reports.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4096

static int wrong_format(const char *word, const char *const *names, size_t n, struct err *err)
{
    char all[128];
    size_t at = 0;
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(all + at, sizeof all - at, "%s%s",
                               i == 0       ? ""
                               : i == n - 1 ? " or "
                                            : ", ",
                               names[i]);
    return rs_err_set(err, RS_E_USAGE, "--format must be %s, got '%s'", all, word);
}

int rs_args_format(
    int *out, const struct cli_args *args, const char *const *names, size_t n, struct err *err)
{
    const char *word = args->format ? args->format : args->json ? "json" : names[0];
    for (size_t i = 0; i < n; i++) {
        if (strcmp(word, names[i]) != 0)
            continue;
        if (args->json && strcmp(word, "json") != 0)
            return rs_err_set(err, RS_E_USAGE, "--json and --format %s exclude each other", word);
        *out = (int)i;
        return 0;
    }
    return wrong_format(word, names, n, err);
}

int rs_folder_check(const char *path, struct err *err)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_SIZE];
    struct stat about;
    if (!slash || slash == path)
        return 0;
    snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
    if (stat(folder, &about) != 0) {
        return errno == ENOENT ? rs_err_set(err, RS_E_USAGE, "folder %s does not exist", folder)
                               : rs_err_set(err, RS_E_USAGE, "%s: %s", folder, strerror(errno));
    }
    return S_ISDIR(about.st_mode) ? 0 : rs_err_set(err, RS_E_USAGE, "%s is no folder", folder);
}

/* A report replaces the last one, as in every pipeline; a scenario or a record given by mistake it does not. */
static bool is_report(const char *path)
{
    char head[8] = "";
    FILE *from = fopen(path, "rb");
    if (!from)
        return true;
    size_t n = fread(head, 1, sizeof head - 1, from);
    fclose(from);
    return n == 0 || head[0] == '<' || head[0] == '{';
}

int rs_report_file_check(const char *option, const char *path, struct err *err)
{
    return rs_report_kind_check(option, path, "report", err);
}

int rs_report_kind_check(const char *option, const char *path, const char *kind, struct err *err)
{
    struct stat about;
    if (!path)
        return 0;
    if (strlen(path) + 8 > PATH_SIZE)
        return rs_err_set(err, RS_E_USAGE, "%s: the path %.40s... is too long", option, path);
    if (rs_folder_check(path, err))
        return -1;
    if (stat(path, &about) != 0)
        return 0;
    if (!S_ISREG(about.st_mode))
        return rs_err_set(err, RS_E_USAGE, "%s: %s is no file", option, path);
    if (!is_report(path))
        return rs_err_set(err, RS_E_USAGE, "%s: %s is no %s and is not overwritten", option, path,
                          kind);
    return 0;
}

int rs_report_file_write(const char *path,
                         int (*fn)(FILE *to, const void *ctx),
                         const void *ctx,
                         struct err *err)
{
    char part[PATH_SIZE + 8];
    if (!path)
        return 0;
    snprintf(part, sizeof part, "%s.part", path);
    FILE *to = fopen(part, "wb");
    if (!to)
        return rs_err_set(err, RS_E_IO, "cannot write %s: %s", part, strerror(errno));
    int failed = fn(to, ctx);
    failed = ferror(to) || failed;
    failed = fclose(to) != 0 || failed;
    if (!failed && rename(part, path) == 0)
        return 0;
    int why = errno;
    unlink(part);
    return rs_err_set(err, RS_E_IO, "cannot write %s: %s", path, strerror(why));
}
