/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * P1: reading an access log. The log is made here from a fixed seed, in the Combined format, and looks like one: addresses and
 * agents recur, paths have a long tail, times rise.
 */
#include <inttypes.h>
#include <stdio.h>

#include "bench.h"
#include "process.h"
#include "sim/stream.h"

enum { N_LINE = 1000000, N_LINE_SMALL = 100000 };

static const char *const agents[] = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/17.5 Mobile/15E148 "
    "Safari/604.1",
    "curl/7.88.1",
};

static void write_line(FILE *to, struct stream *s, uint64_t i)
{
    static const char *const referers[] = {"-", "https://shop.example/",
                                           "https://shop.example/search?q=tea"};
    uint64_t second = i / 40; /* 40 a second, from midnight on */
    uint64_t product = rs_stream_below(s, 1 + rs_stream_below(s, 5000));
    uint64_t luck = rs_stream_below(s, 1000);
    fprintf(to,
            "10.%" PRIu64 ".%" PRIu64 ".%" PRIu64 " - - [%02" PRIu64 "/Mar/2026:%02" PRIu64
            ":%02" PRIu64 ":%02" PRIu64 " +0000] \"%s /shop/products/%" PRIu64
            "/reviews?page=%" PRIu64 " HTTP/1.1\" %d %" PRIu64 " \"%s\" \"%s\"\n",
            rs_stream_below(s, 4), rs_stream_below(s, 40), rs_stream_below(s, 250),
            2 + second / 86400, second / 3600 % 24, second / 60 % 60, second % 60,
            luck % 20 == 0 ? "POST" : "GET", product, 1 + luck % 7,
            luck < 4    ? 500
            : luck < 20 ? 404
            : luck < 60 ? 304
                        : 200,
            200 + rs_stream_below(s, 40000), referers[luck % 3], agents[luck / 3 % 4]);
}

/* The log of n lines, made when first asked for; NULL on failure. */
static const char *log_of(struct bench *b, const char *name, uint64_t n, char *path)
{
    FILE *there = fopen(bench_path(b, name, path), "r");
    if (there != NULL) {
        fclose(there);
        return path;
    }
    struct stream s = rs_stream_open(17, 0, rs_stream_hash("access log"));
    FILE *to = bench_create(b, name);
    for (uint64_t i = 0; i < n && to != NULL; i++) {
        write_line(to, &s, i);
    }
    if (to != NULL && fclose(to) != 0) {
        bench_fails(b, "the access log could not be written");
    }
    return b->why[0] == '\0' ? path : NULL;
}

static double read_log(struct bench *b, const char *name, uint64_t n, const char *const *words)
{
    char path[512];
    const char *argv[MAX_WORD];
    struct process p;
    int k = 0;
    if (log_of(b, name, n, path) == NULL) {
        return -1;
    }
    for (; words[k] != NULL; k++) {
        argv[k] = words[k];
    }
    argv[k] = path;
    argv[k + 1] = NULL;
    return bench_process(b, argv, NULL, false, &p) == 0 ? p.cpu_s : -1;
}

/* One log for ours, twice: all of it for wc, which is fast; of goaccess, which is slow, a tenth of the lines is asked. */
static double ours(struct bench *b, double unused, uint64_t n)
{
    (void)unused;
    return read_log(b, "access.log", n,
                    (const char *const[]){b->rollsim, "recording", "--json", NULL});
}

static double word_count(struct bench *b, double unused, uint64_t n)
{
    (void)unused;
    return read_log(b, "access.log", n, (const char *const[]){"wc", "-l", NULL});
}

static double goaccess(struct bench *b, double unused, uint64_t n)
{
    char out[512];
    (void)unused;
    if (b->goaccess == NULL) {
        return bench_fails(b, "goaccess is not installed");
    }
    bench_path(b, "goaccess.json", out);
    return read_log(b, "small.log", n,
                    (const char *const[]){b->goaccess, "--no-global-config",
                                          "--log-format=COMBINED", "--no-progress", "-o", out,
                                          NULL});
}

static const struct bench_row rows[] = {
    {"P1", "a line of an access log", "wc -l", ours, word_count, 0, N_LINE, N_LINE, AT_MOST, 6},
    {"P1", "a line of an access log, against goaccess", "goaccess", ours, goaccess, 0, N_LINE,
     N_LINE_SMALL, AT_LEAST, 10},
};

const struct bench_group bench_log = {rows, sizeof rows / sizeof rows[0]};
