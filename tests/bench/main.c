/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The benchmarks: `./dev bench`. Where things are:
 *   bench.h      rows and groups of rows, how a row is measured     stats.h   median, range, fit
 *   bench_*.c    the rows: kernel, draws, rules, queues, runs, logs, growth
 *   process.h    whole programs measured from outside               machine.c what it was measured on
 *   result.h     table, JSON, comparison                            docs/bench/README.md how to read them
 */
#include <dirent.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "bench_yardstick.h"
#include "process.h"

static const char usage[] =
    "Usage: bench [options] [ID...]\n"
    "\n"
    "Measures the rows whose id begins with an ID (K1, D, W3, ...), or all, ours and its yardstick "
    "in turns, and\n"
    "prints a line each: medians, the ratio's median and range, the target.\n"
    "\n"
    "  --json FILE       keep the results and the machine's description\n"
    "  --compare OLD     say which rows are better or worse than in OLD, beyond the noise seen in "
    "either run\n"
    "  --from FILE       take the results from FILE instead of measuring\n"
    "  --fail-on-worse   exit status 1 if --compare finds a row that is worse\n"
    "  --quick           two short repeats of each: to see that everything runs\n"
    "  --help            this text\n"
    "\n"
    "Exit status: 0, 1 (--fail-on-worse), 2 wrong usage or a file that cannot be read or "
    "written.\n";

static const struct bench_group *const groups[] = {&bench_kernel, &bench_count,  &bench_draw,
                                                   &bench_rules,  &bench_queue,  &bench_verify,
                                                   &bench_log,    &bench_growth, &bench_tune};

struct options {
    const char *json, *old, *from;
    bool quick, fail_on_worse;
};

static void remove_dir(const char *dir)
{
    DIR *d = opendir(dir);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        char path[600];
        snprintf(path, sizeof path, "%.250s/%.300s", dir, e->d_name);
        if (e->d_name[0] != '.') {
            unlink(path);
        }
    }
    if (d != NULL) {
        closedir(d);
    }
    rmdir(dir);
}

static int complain(const char *why)
{
    fprintf(stderr, "bench: %s\n", why);
    return 2;
}

static void measure_all(struct bench *b, char **ids, int n_id)
{
    char *promtool = bench_find_program("ROLLSIM_PROMTOOL", "promtool");
    char *goaccess = bench_find_program(NULL, "goaccess"),
         *mpirun = bench_find_program(NULL, "mpirun");
    b->promtool = promtool;
    b->goaccess = goaccess;
    b->mpirun = mpirun;
    bench_describe(b);
    bench_print_machine(stdout, &b->results);
    bench_print_head(stdout);
    ziggurat_prepare();
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        bench_run(b, groups[i], ids, n_id);
    }
    if (b->dir[0] != '\0') {
        remove_dir(b->dir);
    }
    free(promtool);
    free(goaccess);
    free(mpirun);
}

static int read_options(int argc, char **argv, struct options *o)
{
    static const struct option words[] = {
        {"json", required_argument, NULL, 'j'},
        {"compare", required_argument, NULL, 'c'},
        {"from", required_argument, NULL, 'f'},
        {"fail-on-worse", no_argument, NULL, 'w'},
        {"quick", no_argument, NULL, 'q'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    for (int c; (c = getopt_long(argc, argv, "h", words, NULL)) != -1;) {
        switch (c) {
        case 'j': o->json = optarg; break;
        case 'c': o->old = optarg; break;
        case 'f': o->from = optarg; break;
        case 'w': o->fail_on_worse = true; break;
        case 'q': o->quick = true; break;
        case 'h': fputs(usage, stdout); exit(EXIT_SUCCESS);
        default: fputs(usage, stderr); return -1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    static struct bench b;
    static struct results old;
    struct options o = {0};
    char why[512];
    int n_worse = 0;
    if (argc > 2 && strcmp(argv[1], "--peak") == 0) { /* not for users: bench_peak */
        return bench_peak_main((const char *const *)argv + 2);
    }
    if (read_options(argc, argv, &o) != 0) {
        return 2;
    }
    /* Before anything is measured: a mistake in a name should not cost ten minutes. */
    if (o.old != NULL && bench_read_json(o.old, &old, why, sizeof why) != 0) {
        return complain(why);
    }
    if (o.from != NULL) {
        if (bench_read_json(o.from, &b.results, why, sizeof why) != 0) {
            return complain(why);
        }
    } else {
        b.quick = o.quick;
        b.rollsim = RS_PROGRAM;
        b.source = RS_SOURCE_DIR;
        measure_all(&b, argv + optind, argc - optind);
        if (b.results.n == 0) {
            return complain("no row has such an id");
        }
    }
    printf("\n");
    bench_print_sum(stdout, &b.results);
    if (o.json != NULL && bench_write_json(o.json, &b.results, why, sizeof why) != 0) {
        return complain(why);
    }
    if (o.old != NULL) {
        printf("\n");
        n_worse = bench_compare(stdout, &old, &b.results);
    }
    return o.fail_on_worse && n_worse > 0 ? 1 : 0;
}
