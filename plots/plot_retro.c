/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All pictures of a retrospective. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pictures.h"
#include "plot_parts.h"
#include "plots/recording.h"
#include "retro_past.h"
#include "sim/arena.h"
#include "verify/store.h"

typedef void (*retro_picture)(struct canvas *c,
                              const struct past *p,
                              const struct past_episode *episode);

static const struct {
    const char *name;
    bool (*has)(const struct past *p); /* NULL: one for each episode: retro-EPISODE */
    retro_picture draw;
} pictures[] = {
    {"retro-trajectory", rs_past_has_trajectory, rs_picture_retro_trajectory},
    {"retro-", NULL, rs_picture_retro_episode},
    {"retro-response", rs_past_has_response, rs_picture_retro_response},
    {"retro-known", rs_past_has_known, rs_picture_retro_known},
    {"retro-what-if", rs_past_has_what_if, rs_picture_retro_what_if},
};
enum { N_PICTURE = sizeof pictures / sizeof *pictures };

struct job {
    char name[128];
    const struct past *p;
    const struct past_episode *episode; /* or NULL */
    bool has;                           /* the record has something for it */
    retro_picture draw;
};

char *rs_past_picture_name(char *buf, size_t n, const char *episode)
{
    static const char *const taken[] = {"trajectory", "response", "known", "what-if"};
    const char *end = "";
    char name[96];
    snprintf(name, sizeof name, "%s", episode);
    for (char *s = name; *s; s++) {
        bool plain = (unsigned char)*s < 0x80 && (isalnum((unsigned char)*s) || strchr("-_.", *s));
        *s = plain ? *s : '-';
    }
    for (int i = 0; i < 4; i++)
        end = strcmp(name, taken[i]) == 0 ? "-episode" : end;
    snprintf(buf, n, "retro-%s%s", name, end);
    return buf;
}

/* Two episodes whose names become one file's: the later ones are numbered. */
static void make_unique(struct job *job, int n)
{
    struct job *last = &job[n - 1];
    size_t length = strlen(last->name);
    for (int number = 2, i = 0; i < n - 1; i++) {
        if (strcmp(job[i].name, last->name) != 0)
            continue;
        snprintf(last->name + length, sizeof last->name - length, "-%d", number++);
        i = -1;
    }
}

static struct job *list_jobs(const struct past *p, int *out_n)
{
    struct job *job = rs_xcalloc((size_t)(N_PICTURE + p->n_episode), sizeof *job);
    int n = 0;
    for (int i = 0; i < N_PICTURE; i++) {
        int copies = pictures[i].has ? 1 : p->n_episode;
        for (int k = 0; k < copies; k++) {
            struct job *j = &job[n++];
            j->p = p;
            j->draw = pictures[i].draw;
            j->has = !pictures[i].has || pictures[i].has(p);
            j->episode = pictures[i].has ? NULL : &p->episode[k];
            if (j->episode)
                rs_past_picture_name(j->name, sizeof j->name, j->episode->name);
            else
                snprintf(j->name, sizeof j->name, "%s", pictures[i].name);
            make_unique(job, n);
        }
    }
    *out_n = n;
    return job;
}

static int draw_job(struct canvas *c, void *ctx, struct err *err)
{
    (void)err;
    const struct job *job = ctx;
    job->draw(c, job->p, job->episode);
    return 0;
}

static int no_such_picture(const struct job *job, int n, const char *name, struct err *err)
{
    const char **names = rs_xcalloc((size_t)n + 1, sizeof *names);
    for (int i = 0; i < n; i++)
        names[i] = job[i].name;
    int status = rs_plot_no_such(names, n, "retrospective", name, err);
    free(names);
    return status;
}

static int draw_all(const struct past *p, const struct plot_options *opt, struct err *err)
{
    int n = 0, n_drawn = 0, status = rs_plot_folder_make(opt->out_dir, err);
    struct job *job = list_jobs(p, &n);
    for (int i = 0; status == 0 && i < n; i++) {
        /* One that is asked for by name says what it lacks; of all of them those that have nothing are not made. */
        if (opt->only ? strcmp(opt->only, job[i].name) != 0 : !job[i].has)
            continue;
        n_drawn++;
        status = rs_plot_one(opt, job[i].name, draw_job, &job[i], err);
    }
    if (status == 0 && opt->only && n_drawn == 0)
        status = no_such_picture(job, n, opt->only, err);
    free(job);
    return status;
}

int rs_plot_retro(const char *db_path, const struct plot_options *opt, struct err *err)
{
    struct past p;
    if (rs_plot_check(opt, err) || rs_past_open(&p, db_path, err))
        return -1;
    int status = draw_all(&p, opt, err);
    rs_past_close(&p);
    return status;
}

int rs_plot_record(const char *db_path, const struct plot_options *opt, struct err *err)
{
    if (rs_store_is_search(db_path))
        return rs_plot_search(db_path, opt, err);
    if (rs_store_is_retro(db_path))
        return rs_plot_retro(db_path, opt, err);
    return rs_store_check(db_path, err) == 0 ? rs_plot_run(db_path, opt, err) : -1;
}
