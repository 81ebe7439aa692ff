/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "process.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t start(const char *const *argv, const char *output)
{
    pid_t child = fork();
    if (child == 0) {
        int to = open(output != NULL ? output : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0666);
        int from = open("/dev/null", O_RDONLY);
        if (to >= 0 && from >= 0) {
            dup2(from, STDIN_FILENO);
            dup2(to, STDOUT_FILENO);
            dup2(to, STDERR_FILENO);
            union { /* execvp does not change its words, though its type does not say so */
                const char *const *given;
                char *const *words;
            } v = {.given = argv};
            execvp(argv[0], v.words);
        }
        _exit(127);
    }
    return child;
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + 1e-6 * (double)t.tv_usec;
}

int bench_process(struct bench *b,
                  const char *const *argv,
                  const char *output,
                  bool verdicts,
                  struct process *out)
{
    struct rusage used;
    int status = 0;
    *out = (struct process){.status = -1};
    double start_s = bench_wall_s();
    pid_t child = start(argv, output);
    if (child < 0 || wait4(child, &status, 0, &used) != child) {
        bench_fails(b, "%s could not be started", argv[0]);
        return -1;
    }
    *out = (struct process){.wall_s = bench_wall_s() - start_s,
                            .cpu_s = seconds(used.ru_utime) + seconds(used.ru_stime),
                            .rss_byte = 1024.0 * (double)used.ru_maxrss,
                            .status =
                                WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)};
    bool is_answer = out->status == 0 || (verdicts && (out->status == 1 || out->status == 3));
    if (!is_answer) {
        const char *name = strrchr(argv[0], '/');
        bench_fails(b, "%s %s ended with status %d", name != NULL ? name + 1 : argv[0],
                    argv[1] != NULL ? argv[1] : "", out->status);
        return -1;
    }
    return 0;
}

double bench_peak(struct bench *b, const char *const *argv)
{
    const char *words[MAX_WORD + 2] = {"/proc/self/exe", "--peak"};
    char path[512];
    struct process p;
    double peak = -1;
    for (int i = 0; i < MAX_WORD - 1 && argv[i] != NULL; i++) {
        words[2 + i] = argv[i];
    }
    if (bench_process(b, words, bench_path(b, "peak", path), true, &p) != 0) {
        return -1;
    }
    FILE *from = fopen(path, "r");
    if (from == NULL || fscanf(from, "%lf", &peak) != 1) {
        bench_fails(b, "the peak of %.60s was not told", argv[0]);
        peak = -1;
    }
    if (from != NULL) {
        fclose(from);
    }
    return peak;
}

int bench_peak_main(const char *const *argv)
{
    static struct bench b;
    struct process p;
    int status = bench_process(&b, argv, NULL, true, &p);
    printf("%.0f\n", p.rss_byte);
    return status == 0 ? p.status : 2;
}

char *bench_find_program(const char *variable, const char *name)
{
    const char *given = variable != NULL ? getenv(variable) : NULL, *path = getenv("PATH");
    char *folders = strdup(path != NULL ? path : ""), *at = folders, *dir;
    char full[4096] = "";
    if (given != NULL && given[0] != '\0') {
        free(folders);
        return strdup(given);
    }
    while ((dir = strsep(&at, ":")) != NULL) {
        snprintf(full, sizeof full, "%s/%s", dir[0] != '\0' ? dir : ".", name);
        if (access(full, X_OK) == 0) {
            free(folders);
            return strdup(full);
        }
    }
    free(folders);
    return NULL;
}

void bench_program_version(const char *program, const char *word, char *to)
{
    char command[4200], text[512] = "";
    snprintf(command, sizeof command, "%s --version 2>&1", program);
    FILE *from = popen(command, "r");
    if (from != NULL) {
        size_t n = fread(text, 1, sizeof text - 1, from);
        text[n] = '\0';
        pclose(from);
    }
    const char *at = strstr(text, word);
    at = at != NULL ? at + strcspn(at, "0123456789") : "";
    size_t n = strspn(at, "0123456789.");
    while (n > 0 && at[n - 1] == '.') {
        n--;
    }
    snprintf(to, 32, "%.*s", n > 0 && n < 32 ? (int)n : 1, n > 0 && n < 32 ? at : "?");
}

FILE *bench_create(struct bench *b, const char *name)
{
    char path[512];
    FILE *to = fopen(bench_path(b, name, path), "w");
    if (to == NULL) {
        bench_fails(b, "the file %s could not be made", name);
    }
    return to;
}
