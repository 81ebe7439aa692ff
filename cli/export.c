/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "export.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "reports.h"
#include "scenarios/export.h"

struct exported {
    const struct scenario *sc;
    const struct history *h;
    const struct told_run *run;
    const struct recorded *samples;
};

static int write_metrics(FILE *to, const void *ctx)
{
    rs_export_metrics(to, ((const struct exported *)ctx)->samples);
    return 0;
}

static int write_timeline(FILE *to, const void *ctx)
{
    const struct exported *x = ctx;
    rs_export_timeline(to, x->sc, x->h);
    return 0;
}

static int write_truth(FILE *to, const void *ctx)
{
    const struct exported *x = ctx;
    rs_timeline_print_json(x->sc, x->h, x->run, to);
    return 0;
}

int rs_export_write(const char *folder,
                    const struct scenario *sc,
                    struct simulator *sim,
                    const struct history *h,
                    const struct told_run *run,
                    struct err *err)
{
    static const struct {
        const char *name;
        int (*write)(FILE *to, const void *ctx);
    } file[] = {{"metrics.om", write_metrics},
                {"timeline.yaml", write_timeline},
                {"truth.json", write_truth}};
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return rs_err_set(err, RS_E_IO, "cannot make %s: %s", folder, strerror(errno));
    struct recorded *samples = rs_simulator_samples(sim);
    const struct exported x = {sc, h, run, samples};
    int status = 0;
    for (size_t i = 0; i < sizeof(file) / sizeof(file[0]) && status == 0; i++) {
        char path[4096];
        int n = snprintf(path, sizeof(path), "%s/%s", folder, file[i].name);
        status = n < (int)sizeof(path)
                     ? rs_report_file_write(path, file[i].write, &x, err)
                     : rs_err_set(err, RS_E_USAGE, "--export: the path is too long");
    }
    rs_recorded_free(samples);
    return status;
}
