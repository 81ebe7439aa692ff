/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "retro_args.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "progress.h"
#include "reports.h"
#include "sim/arena.h"
#include "verify/report.h"

int rs_retro_args_check(const struct cli_args *args, struct err *err)
{
    if (args->ranks)
        return rs_err_set(err, RS_E_USAGE, "rollsim retro is not for mpirun; start it by itself");
    if (args->diff && args->json)
        return rs_err_set(
            err, RS_E_USAGE,
            "--diff and --json exclude each other: the JSON has the patch as \"diff\"");
    return rs_report_kind_check("--markdown", args->markdown, "entry of an evidence log", err);
}

/* Do two names lead to one file, there or not yet there? */
static bool is_one_file(const char *a, const char *b)
{
    struct stat one, other;
    if (strcmp(a, b) == 0)
        return true;
    if (stat(a, &one) == 0 && stat(b, &other) == 0)
        return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
    const char *of_a = strrchr(a, '/'), *of_b = strrchr(b, '/');
    if (strcmp(of_a ? of_a + 1 : a, of_b ? of_b + 1 : b) != 0)
        return false;
    char folder_a[RS_PATH_SIZE], folder_b[RS_PATH_SIZE];
    snprintf(folder_a, sizeof(folder_a), "%.*s", of_a ? (int)(of_a - a) + 1 : 1, of_a ? a : ".");
    snprintf(folder_b, sizeof(folder_b), "%.*s", of_b ? (int)(of_b - b) + 1 : 1, of_b ? b : ".");
    return stat(folder_a, &one) == 0 && stat(folder_b, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

int rs_retro_args_record(char out[RS_PATH_SIZE], const struct cli_args *args, struct err *err)
{
    const char *text = args->output ? args->output : args->plots ? args->plots : "";
    int n =
        snprintf(out, RS_PATH_SIZE, "%s%s", text, !args->output && args->plots ? "/retro.db" : "");
    if (n >= RS_PATH_SIZE)
        return rs_err_set(err, RS_E_USAGE, "the path %.40s... is too long", text);
    if (out[0] && !args->force && access(out, F_OK) == 0)
        return rs_err_set(err, RS_E_USAGE, "%s is there already; --force replaces it", out);
    if (args->plots && mkdir(args->plots, 0777) != 0 && errno != EEXIST)
        return rs_err_set(err, RS_E_USAGE, "cannot make %s: %s", args->plots, strerror(errno));
    if (out[0] && args->markdown && is_one_file(out, args->markdown))
        return rs_err_set(err, RS_E_USAGE, "the record and --markdown have one name, %s",
                          args->markdown);
    return rs_folder_check(out, err);
}

/* ---- files of evidence ------------------------------------------------------------------------------------------------- */

static void
add_files(struct retro_files *to, enum retro_source_kind kind, const struct list_arg *list)
{
    for (int i = 0; i < list->n; i++) {
        const char *word = list->item[i], *equals = strchr(word, '='), *slash = strchr(word, '/');
        /* A service's name has no slash in it, and paths may have an equals sign anywhere. */
        bool named = kind == RS_SOURCE_LOG && equals && equals > word && equals[1] &&
                     (!slash || slash > equals);
        char *service = NULL;
        if (named) {
            service = rs_xcalloc((size_t)(equals - word) + 1, 1);
            memcpy(service, word, (size_t)(equals - word));
        }
        to->service[to->n] = service;
        to->file[to->n++] = (struct evidence_file){kind, named ? equals + 1 : word, service};
    }
}

void rs_retro_args_files(struct retro_files *out, const struct cli_args *args)
{
    const struct list_arg *const list[RS_SOURCE_KIND_N] = {
        [RS_SOURCE_METRICS] = &args->metrics,
        [RS_SOURCE_LOG] = &args->log,
        [RS_SOURCE_TIMELINE] = &args->timeline,
        [RS_SOURCE_ANNOTATIONS] = &args->annotations,
        [RS_SOURCE_NOTIFICATIONS] = &args->notifications,
    };
    size_t n = 0;
    for (int k = 0; k < RS_SOURCE_KIND_N; k++)
        n += (size_t)list[k]->n;
    *out = (struct retro_files){0, rs_xcalloc(n + 1, sizeof *out->file),
                                rs_xcalloc(n + 1, sizeof *out->service)};
    for (int k = 0; k < RS_SOURCE_KIND_N; k++)
        add_files(out, (enum retro_source_kind)k, list[k]);
}

void rs_retro_files_clear(struct retro_files *files)
{
    for (int i = 0; i < files->n; i++)
        free(files->service[i]);
    free(files->service);
    free(files->file);
    *files = (struct retro_files){0};
}

/* ---- how ----------------------------------------------------------------------------------------------------------------- */

struct retro_options rs_retro_args_options(const struct cli_args *args)
{
    long n_cpu = sysconf(_SC_NPROCESSORS_ONLN);
    return (struct retro_options){
        .cancel = rs_progress_cancel(),
        .learn = args->learn || args->diff || args->write,
        .seed = args->seed.given ? args->seed.value : 0,
        .replicas = args->replicas.given ? args->replicas.value : 0,
        .n_jobs = args->jobs.given ? (int)args->jobs.value
                  : n_cpu > 0      ? (int)n_cpu
                                   : 1,
    };
}

/* ---- the command again --------------------------------------------------------------------------------------------------- */

static void put_word(FILE *to, const char *option, const char *word)
{
    char quoted[4 * RS_PATH_SIZE];
    fprintf(to, " %s%s%s", option, *option ? " " : "", rs_shell_word(quoted, sizeof quoted, word));
}

static void put_list(FILE *to, const char *option, const struct list_arg *list)
{
    for (int i = 0; i < list->n; i++)
        put_word(to, option, list->item[i]);
}

char *rs_retro_args_command(const struct cli_args *args)
{
    char *text = NULL;
    size_t n;
    FILE *to = open_memstream(&text, &n);
    fputs("rollsim retro", to);
    put_word(to, "", args->operand[0]);
    put_list(to, "--metrics", &args->metrics);
    put_list(to, "--log", &args->log);
    put_list(to, "--timeline", &args->timeline);
    put_list(to, "--annotations", &args->annotations);
    put_list(to, "--notifications", &args->notifications);
    put_list(to, "--rules", &args->rules);
    if (args->learn || args->diff || args->write)
        fputs(" --learn", to);
    if (args->seed.given)
        fprintf(to, " --seed %" PRIu64, args->seed.value);
    if (args->replicas.given)
        fprintf(to, " --replicas %" PRIu64, args->replicas.value);
    fclose(to);
    return text;
}
