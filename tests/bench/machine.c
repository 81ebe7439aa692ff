/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the figures were measured on. Nothing that names a host, a person or a folder. */
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "process.h"

static bool has_word(const char *line, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = line; (at = strstr(at, word)) != NULL; at += n) {
        if ((at == line || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\n' || at[n] == '\0')) {
            return true;
        }
    }
    return false;
}

/* The instruction sets that matter here, of the long list. */
static void take_flags(struct machine *m, const char *line)
{
    static const char *const sets[] = {"sse4_2",  "avx",      "avx2",  "fma", "bmi2",
                                       "avx512f", "avx512dq", "asimd", "sve"};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        size_t n = strlen(m->cpu_flags);
        if (has_word(line, sets[i])) {
            snprintf(m->cpu_flags + n, sizeof m->cpu_flags - n, "%s%s", n > 0 ? " " : "", sets[i]);
        }
    }
}

static void read_cpu(struct machine *m)
{
    FILE *from = fopen("/proc/cpuinfo", "r");
    char *line = NULL;
    size_t n = 0;
    snprintf(m->cpu, sizeof m->cpu, "unknown");
    while (from != NULL && getline(&line, &n, from) > 0) {
        char *value = strchr(line, ':');
        if (value == NULL || value[1] == '\0') {
            continue;
        }
        value += 2;
        value[strcspn(value, "\n")] = '\0';
        if (strncmp(line, "model name", 10) == 0) {
            snprintf(m->cpu, sizeof m->cpu, "%s", value);
        } else if (m->cpu_flags[0] == '\0' &&
                   (strncmp(line, "flags", 5) == 0 || strncmp(line, "Features", 8) == 0)) {
            take_flags(m, value);
        }
    }
    free(line);
    if (from != NULL) {
        fclose(from);
    }
}

void bench_describe(struct bench *b)
{
    struct machine *m = &b->results.machine;
    struct utsname os;
    struct tm utc;
    time_t now = (time_t)0;
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    now = t.tv_sec;
    gmtime_r(&now, &utc);
    strftime(b->results.date, sizeof b->results.date, "%Y-%m-%d", &utc);
    snprintf(b->results.version, sizeof b->results.version, "%s", RS_VERSION);
    b->results.quick = b->quick;
    read_cpu(m);
    if (uname(&os) == 0) {
        snprintf(m->kernel, sizeof m->kernel, "%.20s %.60s %.12s", os.sysname, os.release,
                 os.machine);
    }
    snprintf(m->compiler, sizeof m->compiler, "%s", RS_COMPILER);
    snprintf(m->flags, sizeof m->flags, "%s", RS_FLAGS);
    snprintf(m->build_type, sizeof m->build_type, "%s", RS_BUILD_TYPE);
    m->n_core = (int)sysconf(_SC_NPROCESSORS_ONLN);
    m->memory_gib = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE) / 0x1p30;
    if (b->promtool != NULL) {
        bench_program_version(b->promtool, "version", m->promtool);
    }
    if (b->goaccess != NULL) {
        bench_program_version(b->goaccess, "GoAccess", m->goaccess);
    }
    if (b->mpirun != NULL) {
        bench_program_version(b->mpirun, "MPI", m->mpirun);
    }
}
