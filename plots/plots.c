/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/plots.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "pictures.h"
#include "plot_parts.h"
#include "plots/recording.h"
#include "sim/arena.h"

static const struct {
    const char *name;
    bool per_fault; /* one for each fault: name-FAULT */
    picture_fn draw;
} pictures[] = {
    {"rollout", false, rs_picture_rollout}, {"rollout-latency", false, rs_picture_latency},
    {"episode", true, rs_picture_episode},  {"chain", true, rs_picture_chain},
    {"ecdf", false, rs_picture_ecdf},       {"outcomes", false, rs_picture_outcomes},
};
enum { N_PICTURE = sizeof pictures / sizeof *pictures, NAME_MAX_LEN = 96 };

/* One picture to make. */
struct job {
    char name[NAME_MAX_LEN];
    const struct named *fault; /* or NULL */
    picture_fn draw;
};

void rs_plot_file_name(char *name)
{
    for (char *s = name; *s; s++)
        *s = *s == '/' ? '_' : *s;
}

static struct job *list_jobs(const struct record *r, int *out_n)
{
    struct job *job = rs_xcalloc((size_t)(N_PICTURE * (r->fault.n + 1)), sizeof *job);
    int n = 0;
    for (int i = 0; i < N_PICTURE; i++) {
        int copies = pictures[i].per_fault ? r->fault.n : 1;
        for (int k = 0; k < copies; k++) {
            struct job *j = &job[n++];
            j->draw = pictures[i].draw;
            j->fault = pictures[i].per_fault ? &r->fault.at[k] : NULL;
            snprintf(j->name, sizeof j->name, "%s%s%s", pictures[i].name, j->fault ? "-" : "",
                     j->fault ? j->fault->name : "");
            rs_plot_file_name(j->name);
        }
    }
    *out_n = n;
    return job;
}

/* A name more to a list; names that do not fit are left out whole. */
static void append(char *list, size_t n, const char *name, const char *end)
{
    size_t used = strlen(list);
    if (used + strlen(name) + strlen(end) + 2 < n)
        snprintf(list + used, n - used, "%s%s%s", used ? ", " : "", name, end);
}

static int no_such_picture(
    const struct record *r, const struct job *job, int n, const char *name, struct err *err)
{
    const char **names = rs_xcalloc((size_t)n + 1, sizeof *names);
    for (int i = 0; i < n; i++)
        names[i] = job[i].name;
    const char *near = rs_near_name(name, names, (size_t)n);
    free(names);
    char kinds[160] = "", faults[160] = "";
    for (int i = 0; i < N_PICTURE; i++)
        append(kinds, sizeof kinds, pictures[i].name, pictures[i].per_fault ? "-FAULT" : "");
    for (int i = 0; i < r->fault.n; i++)
        append(faults, sizeof faults, r->fault.at[i].name, "");
    return rs_err_set(err, RS_E_USAGE, "this run has no picture '%s'%s%s%s; it has %s%s%s", name,
                      near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "", kinds,
                      *faults ? "; FAULT is one of " : "", faults);
}

int rs_plot_no_such(
    const char *const *names, int n, const char *of, const char *name, struct err *err)
{
    char list[200] = "";
    for (int i = 0; i < n; i++)
        append(list, sizeof list, names[i], "");
    const char *near = rs_near_name(name, names, (size_t)n);
    return rs_err_set(err, RS_E_USAGE, "this %s has no picture '%s'%s%s%s; it has %s", of, name,
                      near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "", list);
}

int rs_plot_one(const struct plot_options *opt,
                const char *name,
                int (*draw)(struct canvas *c, void *ctx, struct err *err),
                void *ctx,
                struct err *err)
{
    size_t n = strlen(opt->out_dir) + strlen(name) + 8;
    char *path = rs_xcalloc(n, 1);
    snprintf(path, n, "%s/%s.%s", opt->out_dir, name, opt->format);
    struct canvas *c = NULL;
    int status = rs_canvas_new(&c, path, opt->format, err);
    if (status == 0)
        status = draw(c, ctx, err);
    if (status == 0)
        status = rs_canvas_finish(c, name, err);
    rs_canvas_free(c);
    if (status == 0 && opt->wrote)
        opt->wrote(opt->ctx, path);
    free(path);
    return status;
}

struct drawing {
    struct record *r;
    const struct job *job;
};

static int draw_job(struct canvas *c, void *ctx, struct err *err)
{
    const struct drawing *d = ctx;
    return d->job->draw(c, d->r, d->job->fault, err);
}

/* Makes the directory and those above it. */
int rs_plot_folder_make(const char *path, struct err *err)
{
    char *part = rs_xstrdup(path);
    int status = 0;
    for (char *s = part + 1; status == 0; s++) {
        if (*s != '/' && *s != '\0')
            continue;
        char end = *s;
        *s = '\0';
        if (mkdir(part, 0777) && errno != EEXIST)
            status = rs_err_set(err, RS_E_IO, "cannot make %s: %s", part, strerror(errno));
        *s = end;
        if (end == '\0')
            break;
    }
    free(part);
    return status;
}

static int draw_all(struct record *r, const struct plot_options *opt, struct err *err)
{
    int n = 0, n_drawn = 0, status = 0;
    struct job *job = list_jobs(r, &n);
    for (int i = 0; status == 0 && i < n; i++) {
        if (opt->only && strcmp(opt->only, job[i].name) != 0)
            continue;
        if (n_drawn++ == 0)
            status = rs_plot_folder_make(opt->out_dir, err);
        if (status == 0)
            status = rs_plot_one(opt, job[i].name, draw_job, &(struct drawing){r, &job[i]}, err);
    }
    if (status == 0 && n_drawn == 0)
        status = no_such_picture(r, job, n, opt->only, err);
    free(job);
    return status;
}

int rs_plot_check(const struct plot_options *opt, struct err *err)
{
    if (strcmp(opt->format, "svg") != 0 && strcmp(opt->format, "png") != 0)
        return rs_err_set(err, RS_E_USAGE, "a picture's format must be svg or png, got '%s'",
                          opt->format);
    if (!*opt->out_dir)
        return rs_err_set(err, RS_E_USAGE, "the directory for the pictures has no name");
    return 0;
}

int rs_plot_run(const char *db_path, const struct plot_options *opt, struct err *err)
{
    struct record r;
    if (rs_plot_check(opt, err))
        return -1;
    if (rs_rundb_open(&r, db_path, err))
        return -1;
    int status = draw_all(&r, opt, err);
    rs_record_close(&r);
    return status;
}
