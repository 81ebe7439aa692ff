/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Queues: M/M/1/K, first passage, Erlang's B and C, sojourn, M/D/1, gambler's ruin. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "anchor.h"
#include "sim/clock.h"
#include "sim/draw.h"

/* ---- one queue, as an event program -------------------------------------------------------------------------------------- */

struct queue_par {
    double lambda, mu;
    int n_server, room; /* room: customers that fit, servers included */
    bool constant;      /* service takes exactly 1 / mu */
    int from, until; /* customers at the start; the history stops when so many are there, 0 never */
    double horizon;
};

struct queue {
    struct play *p;
    const struct queue_par *par;
    int n;
    double busy_since, waiting_time; /* area under the number waiting */
    int n_served, n_arrived;
    bool cycle, empty, stop_empty;
};

static void leave(void *ctx, int64_t now_ns, uint64_t arg);

static void start_service(struct queue *q)
{
    double mean = 1.0 / q->par->mu;
    if (q->par->constant)
        anchor_in(q->p, mean, "service", leave, q);
    else
        anchor_after(q->p, mean, "service", leave, q);
}

static void account(struct queue *q)
{
    double now = anchor_now(q->p);
    int waiting = q->n > q->par->n_server ? q->n - q->par->n_server : 0;
    q->waiting_time += waiting * (now - q->busy_since);
    q->busy_since = now;
}

static void leave(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct queue *q = ctx;
    (void)now_ns, (void)arg;
    account(q);
    q->n--;
    q->n_served++;
    if (q->n >= q->par->n_server)
        start_service(q);
    q->empty = q->n == 0;
    if (q->empty && q->stop_empty)
        rs_kernel_stop(q->p->k);
}

static void arrive(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct queue *q = ctx;
    (void)now_ns, (void)arg;
    account(q);
    q->n_arrived++;
    /* A cycle ends at an arrival to the empty system. */
    if (q->cycle && q->n_arrived > 1 && q->n == 0) {
        rs_kernel_stop(q->p->k);
        return;
    }
    if (q->n < q->par->room && ++q->n <= q->par->n_server)
        start_service(q);
    if (q->par->until > 0 && q->n == q->par->until) {
        rs_kernel_stop(q->p->k);
        return;
    }
    anchor_after(q->p, 1.0 / q->par->lambda, "arrival", arrive, q);
}

static struct queue open_queue(struct play *p)
{
    return (struct queue){.p = p, .par = p->par};
}

/* With so many customers there, whose services are memoryless, and the next arrival on its way. */
static void begin(struct queue *q, int n)
{
    q->n = n;
    for (int i = 0; i < n && i < q->par->n_server; i++)
        start_service(q);
    anchor_after(q->p, 1.0 / q->par->lambda, "arrival", arrive, q);
}

/* ---- what is asked --------------------------------------------------------------------------------------------------------- */

static double full_in_time(struct play *p)
{
    struct queue q = open_queue(p);
    begin(&q, q.par->from);
    anchor_go(p, q.par->horizon);
    return q.n == q.par->until;
}

static double served(struct play *p)
{
    struct queue q = open_queue(p);
    begin(&q, q.par->from);
    anchor_go(p, q.par->horizon);
    return q.n_served;
}

static double number(struct play *p)
{
    struct queue q = open_queue(p);
    begin(&q, q.par->from);
    anchor_go(p, q.par->horizon);
    return q.n;
}

static double passage_time(struct play *p)
{
    struct queue q = open_queue(p);
    begin(&q, q.par->from);
    anchor_go(p, INFINITY);
    return anchor_now(p);
}

/* Overflow before empty: the gambler's ruin. */
static double overflow_first(struct play *p)
{
    struct queue q = open_queue(p);
    q.stop_empty = true;
    begin(&q, q.par->from);
    anchor_go(p, INFINITY);
    return !q.empty;
}

/* Birth and death in balance: weights lambda^n / (mu_1 ... mu_n). */
static int draw_balance(struct play *p, const struct queue_par *par, int n_max)
{
    double weight = 1.0, sum = 0.0;
    for (int n = 0; n <= n_max; n++) {
        sum += weight;
        weight *= par->lambda / (par->mu * (n + 1 < par->n_server ? n + 1 : par->n_server));
    }
    double u = rs_stream_uniform(&p->s) * sum;
    weight = 1.0;
    for (int n = 0; n < n_max; n++) {
        u -= weight;
        if (u < 0.0)
            return n;
        weight *= par->lambda / (par->mu * (n + 1 < par->n_server ? n + 1 : par->n_server));
    }
    return n_max;
}

/*
 * From balance on, an arrival at a time that is fixed sees balance (Wolff 1982), and a wrong program would have left it by then.
 * The next arrival after that time would not do: none has come since, and the system has emptied meanwhile.
 */
static double sees_as_many(struct play *p, int n)
{
    struct queue q = open_queue(p);
    begin(&q, draw_balance(p, q.par, q.par->room < 400 ? q.par->room : 400));
    anchor_go(p, q.par->horizon);
    return q.n >= n;
}

static double arrival_is_lost(struct play *p)
{
    return sees_as_many(p, ((const struct queue_par *)p->par)->room);
}

static double arrival_waits(struct play *p)
{
    return sees_as_many(p, ((const struct queue_par *)p->par)->n_server);
}

/* Regenerative: over a cycle the area under the number waiting minus Lq times the cycle's length has the mean 0. */
static double waiting_less_mean(struct play *p, double mean)
{
    struct queue q = open_queue(p);
    q.cycle = true;
    arrive(&q, 0, 0);
    anchor_go(p, INFINITY);
    return q.waiting_time - mean * anchor_now(p);
}

static double md1_waiting(struct play *p)
{
    return waiting_less_mean(p, 1.6);
}

static double mm1_waiting(struct play *p)
{
    return waiting_less_mean(p, 3.2);
}

/* A customer who comes in balance finds n others and leaves after n + 1 services; some come and go before, on the same queue. */
struct sojourn {
    struct play *p;
    double lambda, mu, mine_at;
    int n, ahead; /* customers; those before mine, itself included, -1 = not there yet */
    double result;
};

static void sojourn_leave(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct sojourn *q = ctx;
    (void)now_ns, (void)arg;
    q->n--;
    if (q->ahead > 0 && --q->ahead == 0) {
        q->result = anchor_now(q->p) - q->mine_at;
        rs_kernel_stop(q->p->k);
        return;
    }
    if (q->n > 0)
        anchor_after(q->p, 1.0 / q->mu, "service", sojourn_leave, q);
}

static void sojourn_arrive(void *ctx, int64_t now_ns, uint64_t is_mine)
{
    struct sojourn *q = ctx;
    (void)now_ns;
    if (q->n++ == 0)
        anchor_after(q->p, 1.0 / q->mu, "service", sojourn_leave, q);
    if (is_mine) {
        q->ahead = q->n;
        q->mine_at = anchor_now(q->p);
    } else {
        anchor_after(q->p, 1.0 / q->lambda, "arrival", sojourn_arrive, q);
    }
}

static double sojourn_is_long(struct play *p)
{
    static const struct queue_par balance = {.lambda = 1, .mu = 2, .n_server = 1};
    struct sojourn q = {.p = p, .lambda = 1, .mu = 2, .ahead = -1};
    q.n = draw_balance(p, &balance, 200);
    if (q.n > 0)
        anchor_after(p, 1.0 / q.mu, "service", sojourn_leave, &q);
    anchor_after(p, 1.0 / q.lambda, "arrival", sojourn_arrive, &q);
    rs_kernel_at(p->k, 3 * RS_NS_PER_S, "my arrival", sojourn_arrive, &q, 1);
    anchor_go(p, INFINITY);
    return q.result > *(const double *)p->par;
}

/* Ten exponential steps of rate 10, one after the other. */
struct steps {
    struct play *p;
    int n_left;
};

static void next_step(void *ctx, int64_t now_ns, uint64_t arg)
{
    struct steps *s = ctx;
    (void)now_ns, (void)arg;
    if (--s->n_left > 0)
        anchor_after(s->p, 0.1, "step", next_step, s);
    else
        rs_kernel_stop(s->p->k);
}

static double steps_in_time(struct play *p)
{
    struct steps s = {p, 10};
    anchor_after(p, 0.1, "step", next_step, &s);
    anchor_go(p, 1.0);
    return s.n_left == 0;
}

/* ---- rows ------------------------------------------------------------------------------------------------------------------- */

enum { UNLIMITED = 1 << 20 };

static const struct queue_par b1 = {1.5, 3, 1, 3, false, 0, 3, 7.5};
static const struct queue_par b1_served = {1.5, 3, 1, 3, false, 0, 0, 5.5};
static const struct queue_par b1_number = {1.5, 3, 1, 3, false, 0, 0, 1.0};
static const struct queue_par ruin_35 = {3, 5, 1, UNLIMITED, false, 1, 12, 0};
static const struct queue_par ruin_910 = {9, 10, 1, UNLIMITED, false, 1, 40, 0};
static const struct queue_par passage_5 = {1, 2, 1, UNLIMITED, false, 0, 5, 0};
static const struct queue_par passage_10 = {1, 2, 1, UNLIMITED, false, 0, 10, 0};
static const struct queue_par b_8_10 = {8, 1, 10, 10, false, 0, 0, 0.5};
static const struct queue_par b_20_25 = {20, 1, 25, 25, false, 0, 0, 0.5};
static const struct queue_par b_10_10 = {10, 1, 10, 10, false, 0, 0, 0.5};
static const struct queue_par c_8_10 = {8, 1, 10, UNLIMITED, false, 0, 0, 0.5};
static const struct queue_par c_20_25 = {20, 1, 25, UNLIMITED, false, 0, 0, 0.5};
static const struct queue_par md1 = {0.8, 1, 1, UNLIMITED, true, 0, 0, 0};
static const struct queue_par mm1 = {0.8, 1, 1, UNLIMITED, false, 0, 0, 0};
static const double sojourn_999 = 6.9077552790, sojourn_90 = 2.302585093;

static const struct anchor rows[] = {
    {"M/M/1/3 full by 7.5", .6404780884741, 0, 150, full_in_time, &b1},
    {"M/M/1/3 served by 5.5", 7.069019518169, 1, 200, served, &b1_served},
    {"M/M/1/3 number at 1", .592937406416, 1, 300, number, &b1_number},
    {"ruin 3 5 12", 1.454354036e-3, 0, 600, overflow_first, &ruin_35},
    {"ruin 9 10 40", 1.666959459e-3, 0, 300, overflow_first, &ruin_910},
    {"M/M/1 first passage to 5", 57, 1, 60, passage_time, &passage_5},
    {"M/M/1 first passage to 10", 2036, 1, 0, passage_time, &passage_10},
    {"Erlang B 8 10", .121661064253, 0, 200, arrival_is_lost, &b_8_10},
    {"Erlang B 20 25", .0502217778908, 0, 200, arrival_is_lost, &b_20_25},
    {"Erlang B 10 10", .214582343107, 0, 200, arrival_is_lost, &b_10_10},
    {"Erlang C 8 10", .409180150796, 0, 200, arrival_waits, &c_8_10},
    {"Erlang C 20 25", .209102826599, 0, 200, arrival_waits, &c_20_25},
    {"M/M/1 sojourn, quantile .999", .001, 0, 500, sojourn_is_long, &sojourn_999},
    {"M/M/1 sojourn, quantile .9", .1, 0, 300, sojourn_is_long, &sojourn_90},
    {"M/D/1 number waiting", 0, 1, 1200, md1_waiting, &md1},
    {"M/M/1 number waiting", 0, 1, 2000, mm1_waiting, &mm1},
    {"Erlang 10 10 by 1", .542070285528, 0, 300, steps_in_time, NULL},
};

START_TEST(test_queue)
{
    struct anchor a = rows[_i];
    /* A long passage is for the long form alone. */
    if (a.n == 0) {
        if (!getenv("RS_ANCHORS_LONG"))
            return;
        a.n = 5;
    }
    anchor_check(&a);
}
END_TEST

/* The reference values again, from their formulae. */
START_TEST(test_closed_forms)
{
    static const struct {
        double a;
        int c;
        double b, wait;
    } erlang[] = {{8, 10, .121661064253, .409180150796},
                  {20, 25, .0502217778908, .209102826599},
                  {10, 10, .214582343107, 1}};
    for (int i = 0; i < ANCHOR_N(erlang); i++) {
        double b = 1.0;
        for (int n = 1; n <= erlang[i].c; n++)
            b = erlang[i].a * b / (n + erlang[i].a * b);
        ck_assert_double_eq_tol(b, erlang[i].b, 1e-11);
        double rho = erlang[i].a / erlang[i].c;
        ck_assert_double_eq_tol(b / (1.0 - rho * (1.0 - b)), erlang[i].wait, 1e-11);
    }
    ck_assert_double_eq_tol((1 - 5.0 / 3) / (1 - pow(5.0 / 3, 12)), 1.454354036e-3, 1e-11);
    ck_assert_double_eq_tol((1 - 10.0 / 9) / (1 - pow(10.0 / 9, 40)), 1.666959459e-3, 1e-11);
    /* First passage: the time from n to n + 1 is t_n = (1 + mu t_{n-1}) / lambda. */
    double t = 0.0, sum = 0.0;
    for (int n = 0; n < 10; n++) {
        t = (1.0 + 2.0 * t) / 1.0;
        sum += t;
        if (n == 4)
            ck_assert_double_eq(sum, 57.0);
    }
    ck_assert_double_eq(sum, 2036.0);
    ck_assert_double_eq_tol(exp(-sojourn_999), .001, 1e-12);
    /* Erlang(10, 10): 1 - exp(-10) sum 10^i / i!. */
    double term = exp(-10.0), below = 0.0;
    for (int i = 0; i < 10; i++) {
        below += term;
        term *= 10.0 / (i + 1);
    }
    ck_assert_double_eq_tol(1.0 - below, .542070285528, 1e-11);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_queue, 0, ANCHOR_N(rows));
    tcase_add_test(tc, test_closed_forms);
}

int main(void)
{
    return anchor_main("anchor_queues", add_tests);
}
