/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All pictures of a search. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pictures.h"
#include "plot_parts.h"
#include "plots/recording.h"
#include "search.h"
#include "sim/arena.h"

typedef void (*search_picture)(struct canvas *c, const struct search *s, const struct named *fault);

static const struct {
    const char *name;
    bool per_fault; /* one for each fault with a map: name-FAULT */
    search_picture draw;
} pictures[] = {
    {"pareto", false, rs_picture_pareto},
    {"sensitivity", false, rs_picture_sensitivity},
    {"detection", true, rs_picture_detection},
};
enum { N_PICTURE = sizeof pictures / sizeof *pictures };

struct job {
    char name[96];
    const struct search *s;
    const struct named *fault; /* or NULL */
    search_picture draw;
};

static struct job *list_jobs(const struct search *s, int *out_n)
{
    struct job *job = rs_xcalloc((size_t)(N_PICTURE * (s->n_fault + 1)), sizeof *job);
    int n = 0;
    for (int i = 0; i < N_PICTURE; i++) {
        int copies = pictures[i].per_fault ? s->n_fault : 1;
        for (int k = 0; k < copies; k++) {
            struct job *j = &job[n++];
            j->s = s;
            j->draw = pictures[i].draw;
            j->fault = pictures[i].per_fault ? &s->fault[k] : NULL;
            snprintf(j->name, sizeof j->name, "%s%s%s", pictures[i].name, j->fault ? "-" : "",
                     j->fault ? j->fault->name : "");
            rs_plot_file_name(j->name);
        }
    }
    *out_n = n;
    return job;
}

static int no_such_picture(const struct job *job, int n, const char *name, struct err *err)
{
    const char **names = rs_xcalloc((size_t)n + 1, sizeof *names);
    for (int i = 0; i < n; i++)
        names[i] = job[i].name;
    int status = rs_plot_no_such(names, n, "search", name, err);
    free(names);
    return status;
}

static int draw_job(struct canvas *c, void *ctx, struct err *err)
{
    (void)err;
    const struct job *job = ctx;
    job->draw(c, job->s, job->fault);
    return 0;
}

static int draw_all(const struct search *s, const struct plot_options *opt, struct err *err)
{
    int n = 0, n_drawn = 0, status = 0;
    struct job *job = list_jobs(s, &n);
    for (int i = 0; status == 0 && i < n; i++) {
        if (opt->only && strcmp(opt->only, job[i].name) != 0)
            continue;
        if (n_drawn++ == 0)
            status = rs_plot_folder_make(opt->out_dir, err);
        if (status == 0)
            status = rs_plot_one(opt, job[i].name, draw_job, &job[i], err);
    }
    if (status == 0 && n_drawn == 0)
        status = no_such_picture(job, n, opt->only, err);
    free(job);
    return status;
}

int rs_plot_search(const char *db_path, const struct plot_options *opt, struct err *err)
{
    struct search s;
    if (rs_plot_check(opt, err) || rs_search_open(&s, db_path, err))
        return -1;
    int status = draw_all(&s, opt, err);
    rs_search_close(&s);
    return status;
}
