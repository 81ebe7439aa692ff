/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "system.h"

#include "sim/clock.h"

static const struct fault faults[] = {{.name = "broken", .probability = 0.3},
                                      {.name = "slow", .probability = 0.2}};

/* Value 0: how patient the alert is. Value 1 does nothing. */
const double system_false_alarm[] = {.5, .35, .04, .03, .01};

/* Detection after 2 minutes and 1 for each step of patience, and up to one more; then 15 seconds, hands, a minute and half a minute. */
static void handle(struct history *h, const uint16_t *value, struct stream *s, int64_t hands_ns)
{
    double noise = rs_stream_uniform(s);
    int64_t at = rs_ns_from_s(60.0 * (2 + value[0] + noise));
    toy_detected(h, at);
    struct episode *e = &h->episode[h->n_episode - 1];
    e->at_ns[RS_CLOCK_NOTIFIED] = at += 15 * RS_NS_PER_S;
    e->at_ns[RS_CLOCK_ACKNOWLEDGED] = e->at_ns[RS_CLOCK_DECIDED] = at + hands_ns / 2;
    e->at_ns[RS_CLOCK_COMMANDED] = at += hands_ns;
    e->at_ns[RS_CLOCK_EFFECTIVE] = at += TOY_MIN_NS;
    e->at_ns[RS_CLOCK_COMPLETED] = at + TOY_MIN_NS / 2;
}

static void replica(const uint16_t *value, uint64_t seed, int fault, uint64_t r, struct history *h)
{
    struct stream s = rs_stream_open(seed, r, rs_stream_hash("toy/system"));
    double luck = rs_stream_uniform(&s), hands = rs_stream_uniform(&s);
    h->sim_ns = 600 * TOY_MIN_NS;
    h->outcome = fault < 0 ? RS_OUTCOME_COMPLETED : RS_OUTCOME_ROLLED_BACK;
    if (fault < 0)
        h->false_rollback = luck < system_false_alarm[value[0]];
    else if (fault == 0 || luck < .4) /* the other one is mostly not seen */
        handle(h, value, &s, rs_ns_from_s(60.0 * (1 + 12 * hands)));
    else
        toy_detected(h, RS_NEVER);
    h->users_hurt = fault < 0 ? 0 : 100;
    h->n_page = (uint32_t)(luck < .1) + (fault >= 0);
}

struct claim leg(int fault, enum clock_mark from, enum clock_mark to, double within, double least)
{
    return (struct claim){.name = "leg",
                          .kind = RS_CLAIM_PROBABILITY,
                          .given = RS_GIVEN_FAULT,
                          .given_fault = fault,
                          .of = RS_Q_LEG,
                          .from = from,
                          .to = to,
                          .procedure = -1,
                          .within = within * (double)TOY_MIN_NS,
                          .limit = least};
}

const struct claim false_rollbacks = {.name = "false rollbacks",
                                      .kind = RS_CLAIM_PROBABILITY,
                                      .given = RS_GIVEN_NO_FAULT,
                                      .of = RS_Q_FALSE_ROLLBACK,
                                      .at_most = true,
                                      .limit = .2};

void set_up(struct system *s, int n_claim)
{
    toy_init(&s->toy, 2, (const int[]){5, 3}, (const int[]){4, 1});
    s->toy.replica = replica;
    s->toy.today.n_fault = 2;
    s->toy.today.fault = faults;
    s->toy.today.n_claim = n_claim;
    s->toy.today.claim = s->claim;
    s->objective[0] = toy_time(RS_STAT_QUANTILE, 0, .9, 0);
    s->objective[1] = toy_false_rollback();
    s->objective[2] = toy_time(RS_STAT_MEAN, 0, 0, 0);
    s->toy.plan.n_objective = 3;
    s->toy.plan.objective = s->objective;
    s->toy.plan.n_keep = n_claim;
    s->toy.plan.keep = s->keep;
    s->toy.plan.replicas = 512;
    for (int c = 0; c < n_claim; c++)
        s->keep[c] = c;
}
