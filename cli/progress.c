/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "progress.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim/clock.h"

#define REDRAW_NS (200 * RS_NS_PER_MS)

/* The one file-level variable of the program: a signal handler is handed no context. */
static atomic_bool stop_asked;

static void on_signal(int number)
{
    (void)number;
    atomic_store(&stop_asked, true);
}

/* Wall time, for the eyes only: nothing that is simulated or recorded depends on it. */
static int64_t wall_ns(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * RS_NS_PER_S + now.tv_nsec;
}

const atomic_bool *rs_progress_cancel(void)
{
    return &stop_asked;
}

void rs_progress_start(struct progress *p, bool quiet, uint64_t n_before)
{
    *p = (struct progress){
        .shown = !quiet && isatty(STDERR_FILENO), .n_before = n_before, .began_ns = wall_ns()};
    /* SA_RESETHAND: the second signal has its usual effect, so nobody is held. */
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&act.sa_mask);
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
}

void rs_progress_phase(struct progress *p, const char *phase)
{
    p->phase = phase;
    p->n_before = 0;
    p->began_ns = wall_ns();
}

/* How far it is, in words without an end. */
static void draw_words(const struct progress *p, uint64_t n_done, uint64_t n_total, uint32_t n_in)
{
    int pct = n_total ? (int)(100 * n_done / n_total) : 100;
    if (!p->phase) {
        fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " replicas (%d %%)", n_done, n_total, pct);
        return;
    }
    fprintf(stderr, "\r%s: %d %%", p->phase, pct);
    if (n_in > 1) {
        fprintf(stderr, ", %" PRIu32 " settings still in", n_in);
    }
}

static void
draw(struct progress *p, int64_t now_ns, uint64_t n_done, uint64_t n_total, uint32_t n_in)
{
    char eta[40] = "?";
    if (n_done <= p->n_before) {
        p->began_ns = now_ns;
    } else {
        double took = (double)(now_ns - p->began_ns);
        double left = took * (double)(n_total - n_done) / (double)(n_done - p->n_before);
        rs_duration_human(eta, sizeof eta, (int64_t)(left / 1e9 + 0.5) * RS_NS_PER_S);
    }
    draw_words(p, n_done, n_total, n_in);
    fprintf(stderr, ", ETA %s\033[K", eta);
    fflush(stderr);
    p->drawn_ns = now_ns;
}

bool rs_progress_tick_settings(void *ctx, uint64_t n_done, uint64_t n_total, uint32_t n_in)
{
    struct progress *p = ctx;
    if (p->shown) {
        int64_t now_ns = wall_ns();
        if (now_ns - p->drawn_ns >= REDRAW_NS) {
            draw(p, now_ns, n_done, n_total, n_in);
        }
    }
    return atomic_load(&stop_asked);
}

bool rs_progress_tick(void *ctx, uint64_t n_done, uint64_t n_total)
{
    return rs_progress_tick_settings(ctx, n_done, n_total, 0);
}

void rs_progress_end(struct progress *p)
{
    if (p->shown && p->drawn_ns) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
    }
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
}
