/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "retro_out.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "pictures.h"
#include "plots/plots.h"
#include "reports.h"
#include "retro_args.h"
#include "sim/arena.h"
#include "verify/report.h"
#include "verify/retro_learn.h"
#include "verify/retro_report.h"

/* ---- pictures ------------------------------------------------------------------------------------------------------------ */

/* Those that were drawn, in that order. */
struct drawn {
    FILE *to; /* told of them, or NULL */
    struct arena *arena;
    int n, cap;
    const char **path; /* [n] owned; texts in the arena */
};

static void add_drawn(void *ctx, const char *path)
{
    struct drawn *d = ctx;
    if (d->n == d->cap) {
        d->cap = d->cap ? 2 * d->cap : 16;
        d->path = rs_xrealloc(d->path, (size_t)d->cap * sizeof *d->path);
    }
    d->path[d->n++] = rs_arena_strdup(d->arena, path);
    rs_picture_wrote(d->to, path);
}

static int draw(struct drawn *out, const struct cli_args *args, const char *db, struct err *err)
{
    struct plot_options opt = {
        .out_dir = args->plots, .format = "svg", .wrote = add_drawn, .ctx = out};
    return args->plots ? rs_plot_record(db, &opt, err) : 0;
}

/* ---- the entry of the evidence log ----------------------------------------------------------------------------------------- */

struct entry {
    const struct retro *retro;
    struct retro_entry with;
};

static int print_entry(FILE *to, const void *ctx)
{
    const struct entry *e = ctx;
    return rs_retro_print_markdown(to, e->retro, &e->with);
}

/* The folder of a path, absolute and with a slash at its end, or NULL. In the arena. */
static const char *folder_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *named = !slash          ? "."
                        : slash == path ? "/"
                                        : rs_arena_strndup(arena, path, (size_t)(slash - path));
    char *folder = realpath(named, NULL);
    const char *out = folder ? rs_arena_printf(arena, "%s%s", folder, folder[1] ? "/" : "") : NULL;
    free(folder);
    return out;
}

/* How a file is called from the folder where the entry lies: "../pictures/clock.svg". In the arena. */
static const char *seen_from(struct arena *arena, const char *entry, const char *path)
{
    const char *from = folder_of(arena, entry), *to = folder_of(arena, path), *up = "";
    if (!from || !to)
        return path;
    size_t same = 0;
    for (size_t i = 0; from[i] && from[i] == to[i]; i++)
        same = from[i] == '/' ? i + 1 : same;
    for (const char *rest = strchr(from + same, '/'); rest; rest = strchr(rest + 1, '/'))
        up = rs_arena_printf(arena, "%s../", up);
    const char *slash = strrchr(path, '/');
    return rs_arena_printf(arena, "%s%s%s", up, to + same, slash ? slash + 1 : path);
}

static int write_entry(const struct retro *r,
                       const struct cli_args *args,
                       const char *db,
                       const struct drawn *d,
                       struct err *err)
{
    if (!args->markdown)
        return 0;
    char *command = rs_retro_args_command(args);
    const char **picture = RS_ARENA_ARRAY(d->arena, const char *, d->n + 1);
    for (int i = 0; i < d->n; i++)
        picture[i] = seen_from(d->arena, args->markdown, d->path[i]);
    struct entry entry = {.retro = r,
                          .with = {.n_picture = d->n,
                                   .picture = picture,
                                   .record = db[0] ? seen_from(d->arena, args->markdown, db) : NULL,
                                   .command = command}};
    int failed = rs_report_file_write(args->markdown, print_entry, &entry, err);
    free(command);
    return failed;
}

/* ---- printing ------------------------------------------------------------------------------------------------------------ */

static const char *diff_of(const struct retro *r)
{
    return r->learnt && r->learnt->diff ? r->learnt->diff : "";
}

/*
 * The patch with the scenario's path as it is from the present folder. patch(1) refuses a path that leads out of it, so there the
 * user is told what to name.
 */
static void print_diff(const struct retro *r)
{
    const char *diff = diff_of(r), *file = r->evidence->scenario->file;
    const char *second = strncmp(diff, "--- ", 4) == 0 ? strstr(diff, "\n+++ ") : NULL;
    const char *rest = second ? strchr(second + 1, '\n') : NULL;
    if (!rest) {
        fputs(diff, stdout);
        return;
    }
    struct arena *arena = rs_arena_new();
    const char *path = seen_from(arena, "x", file); /* any file of the present folder */
    printf("--- %s\n+++ %s%s", path, path, rest);
    if (path[0] == '/' || strncmp(path, "../", 3) == 0) {
        char word[4 * RS_PATH_SIZE];
        fprintf(stderr,
                "rollsim: note: patch -p0 takes no path that leads out of this folder; name the "
                "file: patch %s\n",
                rs_shell_word(word, sizeof word, path));
    }
    rs_arena_free(arena);
}

/* In a file or a pipe COLUMNS says how wide a page is wanted; a terminal knows it itself. */
static int page_width(void)
{
    const char *columns = getenv("COLUMNS");
    long wanted = columns && !isatty(STDOUT_FILENO) ? strtol(columns, NULL, 10) : 0;
    return wanted > 0 && wanted <= 1000 ? (int)wanted : rs_term_width(stdout);
}

/* Words that could not be written are noticed when stdout is closed (main.c). */
static void print(const struct retro *r, const struct cli_args *args, int status)
{
    if (args->json)
        rs_retro_print_json(stdout, r, status);
    else if (args->diff)
        print_diff(r);
    else if (!args->quiet)
        rs_retro_print_text(stdout, r, page_width(), rs_term_has_colour(stdout));
}

static int write_learnt(const struct retro *r, bool quiet, struct err *err)
{
    if (!*diff_of(r) && !(r->learnt && r->learnt->again)) {
        fputs("rollsim: nothing is written: nothing was learnt that the scenario does not say\n",
              stderr);
        return 0;
    }
    if (rs_retro_learnt_write(r, err) != 0)
        return -1;
    if (!quiet)
        printf("written: %s\n", r->evidence->scenario->file);
    return 0;
}

int rs_retro_tell(const struct retro *r,
                  const struct cli_args *args,
                  const char *db,
                  struct err *err)
{
    bool quiet = args->quiet || args->json || args->diff;
    int status = rs_retro_exit_status(r), failed = 0;
    struct drawn d = {.to = quiet ? NULL : stdout, .arena = rs_arena_new()};
    print(r, args, status);
    if (db[0]) {
        failed = rs_retro_record(r, db, args->force, err);
        if (!failed && !quiet)
            printf("record: %s\n", db);
        failed = failed ? failed : draw(&d, args, db, err);
    }
    failed = write_entry(r, args, failed ? "" : db, &d, err) || failed;
    if (!failed && args->markdown && !quiet)
        printf("entry: %s\n", args->markdown);
    if (!failed && args->write)
        failed = write_learnt(r, quiet, err);
    free(d.path);
    rs_arena_free(d.arena);
    return failed ? -1 : status;
}
