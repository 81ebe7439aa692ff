/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Systems of several parts: a tandem of queues, a cluster of workstations, a polling server, an embedded controller. Each is written
 * twice: as a chain of states, which is solved exactly and must give the published value, and as parts with clocks of their own,
 * which run on the kernel.
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "anchor.h"
#include "chain.h"
#include "sim/draw.h"

/*
 * The event program: every possible move has its own exponential clock in the queue. A move that is no longer possible has its
 * clock stopped, a new one has it started; a clock whose rate has not changed runs on.
 */
enum { N_CLOCK = CHAIN_MOVE_MAX };

struct clocks {
    struct play *p;
    const struct chain_model *model;
    uint64_t state;
    struct move move[N_CLOCK]; /* by slot; rate 0 = stopped */
    rs_event event[N_CLOCK];
    bool hit;
    double in_since, in_time;
    bool (*in)(uint64_t state);
    uint64_t stop_at; /* a state whose return ends the history */
    bool stops, left;
};

static void set_clocks(struct clocks *c);

static void fires(void *ctx, int64_t now_ns, uint64_t slot)
{
    struct clocks *c = ctx;
    (void)now_ns;
    double now = anchor_now(c->p);
    if (c->in && c->in(c->state))
        c->in_time += now - c->in_since;
    c->in_since = now;
    c->state = c->move[slot].to;
    c->move[slot].rate = 0.0;
    c->hit = c->model->hit && c->model->hit(c->state);
    c->left |= c->state != c->stop_at;
    if (c->hit || (c->stops && c->left && c->state == c->stop_at))
        rs_kernel_stop(c->p->k);
    else
        set_clocks(c);
}

static void set_clocks(struct clocks *c)
{
    struct move move[N_CLOCK];
    int n = c->model->moves(c->state, move);
    for (int i = 0; i < N_CLOCK; i++) {
        double rate = i < n ? move[i].rate : 0.0;
        /* Exponential times are memoryless: a clock of the same rate may run on for another move. */
        if (rate != c->move[i].rate) {
            rs_kernel_cancel(c->p->k, c->event[i]);
            if (rate > 0.0)
                c->event[i] =
                    rs_kernel_at(c->p->k,
                                 rs_kernel_now(c->p->k) +
                                     (int64_t)llround(rs_draw_exponential(&c->p->s, 1e9 / rate)),
                                 "move", fires, c, (uint64_t)i);
        }
        c->move[i] = (struct move){i < n ? move[i].to : 0, rate};
    }
}

/* ---- tandem (Hermanns, Kaiser, Meyer-Kayser, Siegle, 1999): c = 5, Coxian first server, blocked by a full second queue ------- */

enum { TANDEM_C = 5 };
#define TANDEM(sc, ph, sm) ((uint64_t)(sc) | (uint64_t)(ph) << 4 | (uint64_t)(sm) << 8)

static int tandem_moves(uint64_t s, struct move *out)
{
    int sc = s & 15, ph = s >> 4 & 15, sm = (int)(s >> 8), n = 0;
    if (sc < TANDEM_C)
        out[n++] = (struct move){TANDEM(sc + 1, ph, sm), 4.0 * TANDEM_C};
    if (sc > 0 && ph == 1)
        out[n++] = (struct move){TANDEM(sc, 2, sm), 0.1 * 2.0};
    if (sc > 0 && ph == 1 && sm < TANDEM_C)
        out[n++] = (struct move){TANDEM(sc - 1, 1, sm + 1), 0.9 * 2.0};
    if (sc > 0 && ph == 2 && sm < TANDEM_C)
        out[n++] = (struct move){TANDEM(sc - 1, 1, sm + 1), 2.0};
    if (sm > 0)
        out[n++] = (struct move){TANDEM(sc, ph, sm - 1), 4.0};
    return n;
}

static bool tandem_full(uint64_t s)
{
    return (s & 15) == TANDEM_C && s >> 8 == TANDEM_C;
}

/* ---- cluster (Haverkort, Hermanns, Katoen 2000): N = 4, one repairer ----------------------------------------------------------- */

/* Workstations left and right, the three others up or not, and what is being repaired: 0 nothing, 1..5 the parts. */
struct cluster {
    int n[2], up[3], repair;
};

static struct cluster cluster_of(uint64_t s)
{
    return (struct cluster){
        {s & 7, s >> 3 & 7}, {s >> 6 & 1, s >> 7 & 1, s >> 8 & 1}, (int)(s >> 9)};
}

static uint64_t cluster_code(struct cluster c)
{
    return (uint64_t)c.n[0] | (uint64_t)c.n[1] << 3 | (uint64_t)c.up[0] << 6 |
           (uint64_t)c.up[1] << 7 | (uint64_t)c.up[2] << 8 | (uint64_t)c.repair << 9;
}

enum { CLUSTER_N = 4 };

static int cluster_moves(uint64_t s, struct move *out)
{
    static const double fail[5] = {1.0 / 500, 1.0 / 500, 1.0 / 4000, 1.0 / 4000, 1.0 / 5000};
    static const double mend[5] = {2.0, 2.0, 0.25, 0.25, 0.125};
    struct cluster now = cluster_of(s);
    int n = 0;
    for (int i = 0; i < 5; i++) {
        int up = i < 2 ? now.n[i] : now.up[i - 2], full = i < 2 ? CLUSTER_N : 1;
        struct cluster less = now, more = now, begun = now;
        int *less_up = i < 2 ? &less.n[i] : &less.up[i - 2];
        int *more_up = i < 2 ? &more.n[i] : &more.up[i - 2];
        (*less_up)--;
        (*more_up)++;
        more.repair = 0;
        begun.repair = i + 1;
        if (up > 0)
            out[n++] = (struct move){cluster_code(less), up * fail[i]};
        if (up < full && now.repair == 0)
            out[n++] = (struct move){cluster_code(begun), 10.0};
        if (now.repair == i + 1)
            out[n++] = (struct move){cluster_code(more), mend[i]};
    }
    return n;
}

/* Fewer than 3 workstations that are connected: switches left 0 and right 1, backbone 2. */
static bool cluster_low(uint64_t s)
{
    struct cluster c = cluster_of(s);
    bool both = c.n[0] + c.n[1] >= 3 && c.up[0] && c.up[1] && c.up[2];
    return !((c.n[0] >= 3 && c.up[0]) || (c.n[1] >= 3 && c.up[1]) || both);
}

/* ---- polling (Ibe & Trivedi 1990): 3 stations ----------------------------------------------------------------------------------- */

enum { POLL_N = 3 };
/* Stations with a customer, the station that is polled, whether it is served. */
#define POLL(waiting, at, serving)                                                                 \
    ((uint64_t)(waiting) | (uint64_t)(at) << 8 | (uint64_t)(serving) << 16)

static int poll_moves(uint64_t s, struct move *out)
{
    int waiting = s & 255, at = s >> 8 & 255, serving = (int)(s >> 16), n = 0;
    int next = (at + 1) % POLL_N;
    if (!serving)
        out[n++] =
            (struct move){waiting >> at & 1 ? POLL(waiting, at, 1) : POLL(waiting, next, 0), 200.0};
    else
        out[n++] = (struct move){POLL(waiting & ~(1 << at), next, 0), 1.0};
    for (int i = 0; i < POLL_N; i++) {
        if (!(waiting >> i & 1))
            out[n++] = (struct move){POLL(waiting | 1 << i, at, serving), 1.0 / POLL_N};
    }
    return n;
}

static bool poll_first_waits(uint64_t s)
{
    return (s & 1) && !(s >> 16 && (s >> 8 & 255) == 0);
}

static bool poll_second_served(uint64_t s)
{
    return s >> 16 && (s >> 8 & 255) == 1;
}

static bool poll_first_or_second_served(uint64_t s)
{
    return s >> 16 && (s >> 8 & 255) <= 1;
}

/* ---- embedded controller (Muppala, Ciardo, Trivedi 1994): consecutive cycles without data are counted, as `for` is --------------- */

struct control {
    int s, i, a, o, m, count, comp, reqi,
        reqo; /* sensors, input, actuators, output, main processor; cycles; flags */
};

static const int control_bits[9] = {2, 2, 2, 2, 1, 2, 1, 1, 1};

static struct control control_of(uint64_t code)
{
    int f[9];
    for (int k = 0; k < 9; k++) {
        f[k] = (int)(code & ((1u << control_bits[k]) - 1));
        code >>= control_bits[k];
    }
    return (struct control){f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8]};
}

static uint64_t control_code(struct control c)
{
    const int f[9] = {c.s, c.i, c.a, c.o, c.m, c.count, c.comp, c.reqi, c.reqo};
    uint64_t code = 0;
    for (int k = 8; k >= 0; k--)
        code = code << control_bits[k] | (uint64_t)f[k];
    return code;
}

static bool control_in(struct control c)
{
    return c.i == 2 && c.s >= 2;
}

static bool control_out(struct control c)
{
    return c.o == 2 && c.a >= 1;
}

/* The bus at the end of a cycle: what was pending is computed, the count of idle cycles goes on or begins anew. */
static struct control control_timeout(struct control c)
{
    struct control next = c;
    next.count = c.comp ? 0 : c.count < 3 ? c.count + 1 : 3;
    next.comp = c.reqi && !c.reqo && c.m;
    next.reqi = control_in(c) || (c.reqi && (c.reqo || !c.m));
    next.reqo = !control_out(c) && (c.reqo || (c.reqi && c.m));
    return next;
}

static int control_moves(uint64_t code, struct move *out)
{
    static const double year = 365 * 86400.0, month = 30 * 86400.0, day = 86400.0;
    struct control c = control_of(code), next;
    int n = 0;
#define MOVE(change, rate)                                                                         \
    do {                                                                                           \
        next = c;                                                                                  \
        change;                                                                                    \
        out[n++] = (struct move){control_code(next), (rate)};                                      \
    } while (0)
    if (c.s > 1)
        MOVE(next.s--, c.s / month);
    if (c.a > 0)
        MOVE(next.a--, c.a / (2 * month));
    if (c.i > 0 && c.s >= 2)
        MOVE(next.i = 0, 1 / year);
    if (c.i == 2 && c.s >= 2)
        MOVE(next.i = 1, 1 / day);
    if (c.i == 1 && c.s >= 2)
        MOVE((next.i = 2, next.comp = c.comp || (c.m && !c.reqo), next.reqi = 1,
              next.reqo = !control_out(c) && (c.reqo || c.m)),
             1.0 / 30);
    if (c.o > 0 && c.a >= 1)
        MOVE(next.o = 0, 1 / year);
    if (c.o == 2 && c.a >= 1)
        MOVE(next.o = 1, 1 / day);
    if (c.o == 1 && c.a >= 1)
        MOVE((next.o = 2, next.comp = c.comp || (c.reqi && c.m),
              next.reqi = control_in(c) || (c.reqi && !c.m), next.reqo = 0),
             1.0 / 30);
    if (c.m == 1)
        MOVE(next.m = 0, 1 / year);
    MOVE(next = control_timeout(c), 1.0 / 60);
#undef MOVE
    return n;
}

enum cause { CAUSE_NONE, CAUSE_SENSORS, CAUSE_ACTUATORS, CAUSE_IO, CAUSE_MAIN };

static enum cause control_cause(uint64_t code)
{
    struct control c = control_of(code);
    if (c.i == 2 && c.s < 2)
        return CAUSE_SENSORS;
    if (c.o == 2 && c.a < 1)
        return CAUSE_ACTUATORS;
    if (c.count == 3)
        return CAUSE_IO;
    return c.m == 0 ? CAUSE_MAIN : CAUSE_NONE;
}

static bool control_down(uint64_t code)
{
    return control_cause(code) != CAUSE_NONE;
}

/* ---- what is asked ------------------------------------------------------------------------------------------------------------------ */

struct question {
    const struct chain_model *model;
    double horizon;
    bool (*which)(uint64_t state); /* of the hits, or all */
};

static double hit_in_time(struct play *p)
{
    const struct question *q = p->par;
    struct clocks c = {.p = p, .model = q->model, .state = q->model->start};
    set_clocks(&c);
    anchor_go(p, q->horizon);
    return c.hit && (!q->which || q->which(c.state));
}

/* Regenerative: time spent there less the share of the cycle, mean 0. */
static double time_waiting_less_share(struct play *p)
{
    const struct question *q = p->par;
    struct clocks c = {.p = p,
                       .model = q->model,
                       .state = q->model->start,
                       .in = q->which,
                       .stops = true,
                       .stop_at = q->model->start};
    set_clocks(&c);
    anchor_go(p, INFINITY);
    return c.in_time - .1308020365834841 * anchor_now(p);
}

static bool is_sensors(uint64_t s)
{
    return control_cause(s) == CAUSE_SENSORS;
}

static bool is_io(uint64_t s)
{
    return control_cause(s) == CAUSE_IO;
}

static bool is_main(uint64_t s)
{
    return control_cause(s) == CAUSE_MAIN;
}

static bool is_first(uint64_t s)
{
    return !poll_second_served(s);
}

static const struct chain_model tandem = {TANDEM(0, 1, 0), tandem_moves, tandem_full};
static const struct chain_model cluster = {4 | 4 << 3 | 7 << 6, cluster_moves, cluster_low};
static const struct chain_model polling = {POLL(0, 0, 0), poll_moves, NULL};
/* Begins where the first station alone is served: a state that is returned to after a while, not at once. */
static const struct chain_model polling_cycle = {POLL(1, 0, 1), poll_moves, NULL};
static const struct chain_model polling_race = {POLL(0, 0, 0), poll_moves,
                                                poll_first_or_second_served};
/* All up, no cycle skipped, comp and reqi: see control_bits. */
static const struct chain_model control = {
    3 | 2 << 2 | 2 << 4 | 2 << 6 | 1 << 8 | 1 << 11 | 1 << 12, control_moves, control_down};

static const struct question questions[] = {
    {&tandem, 10, NULL},
    {&tandem, 1, NULL},
    {&cluster, 20, NULL},
    {&cluster, 200, NULL},
    {&cluster, 2000, NULL},
    {&polling_race, INFINITY, is_first},
    {&control, 43200, NULL},
    {&control, 43200, is_io},
    {&control, 43200, is_main},
    {&control, 43200, is_sensors},
    {&polling_cycle, INFINITY, poll_first_waits},
};

static const struct anchor rows[] = {
    {"tandem full by 10", .1750520991, 0, 60, hit_in_time, &questions[0]},
    {"tandem full by 1", .0034215268, 0, 200, hit_in_time, &questions[1]},
    {"cluster low by 20", 1.31264206367551e-5, 0, 2000, hit_in_time, &questions[2]},
    {"cluster low by 200", 1.77513358269e-4, 0, 100, hit_in_time, &questions[3]},
    {"cluster low by 2000", 1.82210514902e-3, 0, 10, hit_in_time, &questions[4]},
    {"polling, first before second", .5214543254248217, 0, 40, hit_in_time, &questions[5]},
    {"controller fails in 12 h", .0090352373, 0, 7, hit_in_time, &questions[6]},
    {"controller fails by io", .0067970720, 0, 0, hit_in_time, &questions[7]},
    {"controller fails by main", .0013638819, 0, 0, hit_in_time, &questions[8]},
    {"controller fails by sensors", 8.0584114e-4, 0, 0, hit_in_time, &questions[9]},
    {"polling, first waits", 0, 1, 100, time_waiting_less_share, &questions[10]},
};

START_TEST(test_system)
{
    struct anchor a = rows[_i];
    /* Ten thousand events a history: the parts of the whole are for the long form. */
    if (a.n == 0) {
        if (!getenv("RS_ANCHORS_LONG"))
            return;
        a.n = 2;
    }
    anchor_check(&a);
}
END_TEST

static double solve(const struct question *q, int *out_n)
{
    struct chain *c = chain_new(q->model);
    double law[1 << 13], p = 0.0;
    *out_n = chain_n(c);
    if (!q->model->hit)
        p = chain_share(c, q->which);
    else if (isinf(q->horizon))
        p = chain_hit_ever(c);
    else if (q->which) {
        chain_hit_by(c, q->horizon, law);
        for (int i = 0; i < *out_n; i++) {
            uint64_t s = chain_state(c, i);
            p += q->model->hit(s) && q->which(s) ? law[i] : 0.0;
        }
    } else
        p = chain_hit_by(c, q->horizon, NULL);
    chain_free(c);
    return p;
}

/* The race needs the second station as an end that is no hit. */
static int race_moves(uint64_t s, struct move *out)
{
    return poll_second_served(s) ? 0 : poll_moves(s, out);
}

static bool first_served(uint64_t s)
{
    return s >> 16 && (s >> 8 & 255) == 0;
}

/* The published values again. Sizes of the chains tell that the systems are the published ones. */
START_TEST(test_chains_give_the_published_values)
{
    static const struct chain_model race = {POLL(0, 0, 0), race_moves, first_served};
    static const struct question race_question = {&race, INFINITY, NULL};
    static const double share = .1308020365834841;
    int n;
    const struct question *q = rows[_i].par;
    if (getenv("RS_UNDER_VALGRIND"))
        return;
    if (q->model == &control || (q->model == &cluster && q->horizon > 200.0)) {
        if (!getenv("RS_ANCHORS_LONG") && !(q->model == &control && !q->which))
            return; /* some ten thousand steps over thousands of states */
    }
    double p = solve(q->model == &polling_race ? &race_question : q, &n);
    double exact = q->model == &polling_cycle ? share : rows[_i].exact;
    ck_assert_msg(fabs(p - exact) <= 1e-7 * exact, "%s: %.12g, not %.12g", rows[_i].name, p, exact);
}
END_TEST

static bool never(uint64_t s)
{
    (void)s;
    return false;
}

START_TEST(test_sizes_of_the_chains)
{
    static const struct {
        const struct chain_model *model;
        int n;
    } sizes[] = {{&tandem, 66}, {&cluster, 820}, {&polling, 36}, {&control, 3478}};
    struct chain_model m = *sizes[_i].model;
    m.hit = never;
    struct chain *c = chain_new(&m);
    ck_assert_int_eq(chain_n(c), sizes[_i].n);
    chain_free(c);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_loop_test(tc, test_system, 0, ANCHOR_N(rows));
    tcase_add_loop_test(tc, test_chains_give_the_published_values, 0, ANCHOR_N(rows));
    tcase_add_loop_test(tc, test_sizes_of_the_chains, 0, 4);
}

int main(void)
{
    return anchor_main("anchor_systems", add_tests);
}
