/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How much memory a log takes: logs of six hours with more and more lines are counted, each by a process of its own, whose
 * largest size must not grow with the lines. Usage: log_memory N_LINE...; each is held against the first. Also told: that every
 * line is accounted for, those that are no requests, too, and the last one, which is cut.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenarios/evidence.h"

enum { BEGIN_S = 9 * 3600, SPAN_S = 6 * 3600 };

static char folder[] = "/tmp/rollsim_log_XXXXXX";
static char log_path[64], doc_path[64];

static void write_doc(void)
{
    FILE *to = fopen(doc_path, "wb");
    if (!to) {
        abort();
    }
    fputs("retro: 1\nname: memory\nlogs:\n"
          "  - file: access.log\n"
          "    service: portal\n"
          "    log_format: '$remote_addr - - [$time_local] \"$request\" $status $body_bytes_sent "
          "$request_time'\n",
          to);
    fclose(to);
}

/* Every thousandth line is no request, every hundredth an error; some are out of order. */
static void write_log(long n)
{
    FILE *to = fopen(log_path, "wb");
    if (!to) {
        abort();
    }
    for (long i = 0; i < n - 1; i++) {
        long s = BEGIN_S + (long)((double)i / (double)n * SPAN_S) + (i % 7 == 0);
        if (i % 1000 == 999) {
            fputs("worker process exited\n", to);
            continue;
        }
        fprintf(to,
                "10.0.%ld.%ld - - [29/Sep/2025:%02ld:%02ld:%02ld +0000] \"GET /a/%ld HTTP/1.1\" %d "
                "%ld 0.%03ld\n",
                i % 200, i % 251, s / 3600, s / 60 % 60, s % 60, i % 1000, i % 100 == 0 ? 500 : 200,
                200 + i % 5000, i % 400);
    }
    fputs("10.0.0.1 - - [29/Sep/2025:15:0", to);
    fclose(to);
}

/* In a process of its own: 0 if all is accounted for. */
static int count_log(long n)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct retro_evidence *e = rs_evidence_load(doc_path, NULL, 0, NULL, 0, &errors);
    if (!e) {
        rs_err_list_print(&errors, stdout);
        return 1;
    }
    const struct retro_source *s = &e->source[0];
    uint64_t odd = (uint64_t)((n - 1) / 1000) + 1;
    double total = 0.0;
    for (int i = 0; i < e->data->n_series; i++) {
        const struct recorded_series *one = &e->data->series[i];
        const char *name = rs_labels_get(e->data->labels, one->labels, "__name__");
        if (strcmp(name, "http_requests_total") == 0) {
            total += one->sample[one->n - 1].v;
        }
    }
    printf("%9llu lines, %9llu requests in %llu samples, %5llu rejected, %7llu put in order",
           (unsigned long long)s->n_line, (unsigned long long)s->n_taken,
           (unsigned long long)e->data->n_sample, (unsigned long long)s->n_rejected,
           (unsigned long long)s->n_out_of_order);
    fflush(stdout);
    bool right = s->n_line == (uint64_t)n && s->n_rejected == odd &&
                 s->n_taken == (uint64_t)n - odd && total == (double)s->n_taken;
    rs_evidence_close(e);
    rs_err_list_clear(&errors);
    return right ? 0 : 1;
}

/* KiB; -1 where something is not accounted for. */
static long measure(long n)
{
    int status = 0;
    struct rusage used;
    write_log(n);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        _exit(count_log(n));
    }
    if (child < 0 || wait4(child, &status, 0, &used) != child || !WIFEXITED(status) ||
        WEXITSTATUS(status) != 0) {
        printf("\n");
        return -1;
    }
    printf(", at most %ld KiB\n", used.ru_maxrss);
    return used.ru_maxrss;
}

int main(int argc, char **argv)
{
    long first_kib = 0;
    bool good = argc > 1 && mkdtemp(folder);
    snprintf(log_path, sizeof(log_path), "%s/access.log", folder);
    snprintf(doc_path, sizeof(doc_path), "%s/retro.yaml", folder);
    if (good) {
        write_doc();
    }
    for (int i = 1; good && i < argc; i++) {
        long kib = measure(strtol(argv[i], NULL, 10));
        first_kib = i == 1 ? kib : first_kib;
        /* A tenth, and the pages that a busy machine happens to keep. */
        good = kib > 0 && kib <= first_kib + first_kib / 10 + 2048;
    }
    unlink(log_path);
    unlink(doc_path);
    rmdir(folder);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
