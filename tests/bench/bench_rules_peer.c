/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bench_rules_peer.h"

#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static char found[4096];

static bool on_path(void)
{
    char path[4096], *at = path, *dir;
    const char *given = getenv("PATH");

    (void)snprintf(path, sizeof path, "%s", given != NULL ? given : "");
    while ((dir = strsep(&at, ":")) != NULL) {
        (void)snprintf(found, sizeof found, "%.4000s/promtool", dir[0] != '\0' ? dir : ".");
        if (access(found, X_OK) == 0) {
            return true;
        }
    }
    return false;
}

const char *peer_find(void)
{
    const char *given = getenv("ROLLSIM_PROMTOOL");
    glob_t g = {0};
    bool got;

    if (given != NULL && given[0] != '\0') {
        return given;
    }
    got = glob("build/oracles/*/usr/bin/promtool", 0, NULL, &g) == 0 && g.gl_pathc > 0;
    if (got) {
        (void)snprintf(found, sizeof found, "%s", g.gl_pathv[g.gl_pathc - 1]);
    }
    globfree(&g);
    return got || on_path() ? found : NULL;
}

/* Runs it to its end; what it prints goes to `to`. Returns its CPU seconds, or -1 if it failed. */
static double run(char *const *argv, int to)
{
    struct rusage used;
    int status;
    pid_t child = fork();

    if (child == 0) {
        (void)dup2(to, STDOUT_FILENO);
        (void)dup2(to, STDERR_FILENO);
        (void)execv(argv[0], argv);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &used) != child || !WIFEXITED(status) ||
        WEXITSTATUS(status) != 0) {
        return -1.0;
    }
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

const char *peer_version(const char *promtool)
{
    static char text[256];
    char name[4096], word[] = "--version", *argv[] = {name, word, NULL}, *end;
    int fd[2];
    ssize_t n = -1;

    (void)snprintf(name, sizeof name, "%s", promtool);
    if (pipe(fd) == 0) {
        if (run(argv, fd[1]) >= 0.0) {
            n = read(fd[0], text, sizeof text - 1);
        }
        (void)close(fd[0]);
        (void)close(fd[1]);
    }
    text[n > 0 ? n : 0] = '\0';
    end = strstr(text, "version ");
    if (end == NULL) {
        return "?";
    }
    end += strlen("version ");
    end[strcspn(end, "+ ,\n")] = '\0';
    return end;
}

static double test_rules(const char *promtool, const char *dir, const char *test)
{
    char name[4096], path[4096], a[] = "test", b[] = "rules", *argv[] = {name, a, b, path, NULL};
    int null = open("/dev/null", O_WRONLY);
    double cpu_s;

    (void)snprintf(name, sizeof name, "%s", promtool);
    (void)snprintf(path, sizeof path, "%.2000s/%s", dir, test);
    cpu_s = run(argv, null);
    (void)close(null);
    return cpu_s;
}

static bool write_files(const char *dir, const struct metrics *m)
{
    static const char *const rules[] = {"rules.yml", "trivial.yml"};
    static const char *const tests[] = {"test.yml", "load.yml"};

    for (int i = 0; i < 2; i++) {
        char path[4096];
        FILE *to;

        (void)snprintf(path, sizeof path, "%s/%s", dir, rules[i]);
        if ((to = fopen(path, "w")) == NULL) {
            return false;
        }
        write_rule_file(to, i == 1);
        (void)fclose(to);
        (void)snprintf(path, sizeof path, "%s/%s", dir, tests[i]);
        if ((to = fopen(path, "w")) == NULL) {
            return false;
        }
        write_test_file(to, m, rules[i]);
        (void)fclose(to);
    }
    return true;
}

bool peer_measure(const char *promtool, const struct metrics *m, struct peer_time *out)
{
    static const char *const files[] = {"rules.yml", "trivial.yml", "test.yml", "load.yml"};
    const char *tmp = getenv("TMPDIR");
    char dir[1024];

    (void)snprintf(dir, sizeof dir, "%s/rollsim-bench-XXXXXX", tmp != NULL ? tmp : "/tmp");
    *out = (struct peer_time){-1.0, -1.0};
    if (mkdtemp(dir) == NULL) {
        (void)fprintf(stderr, "no folder for promtool's files: %s\n", dir);
        return false;
    }
    if (write_files(dir, m)) {
        out->load_s = test_rules(promtool, dir, "load.yml");
        out->all_s = test_rules(promtool, dir, "test.yml");
    }
    for (int i = 0; i < 4; i++) {
        char path[4096];

        (void)snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
    if (out->all_s < 0.0 || out->load_s < 0.0) {
        (void)fprintf(stderr, "%s test rules: failed\n", promtool);
        return false;
    }
    return true;
}
