/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Settings against each other: rounds of replicas, each twice as many as there were, dealt to those of which something is still open
 * and to the strata that would tell. A setting leaves once another is shown to be better in everything, or to keep more
 * claims; and at the end if another is better in something and was in no replica worse in the rest. Pairs and numbers share the chance of a wrong word (Bonferroni); tests that hold at all times
 * need no share of their own for each round (docs/tune-method.md).
 */
#ifndef VERIFY_TUNE_RACE_H
#define VERIFY_TUNE_RACE_H

#include "machinery.h"
#include "pair.h"

#define RS_NOBODY UINT32_MAX

struct racer {
    const uint16_t *value; /* [n_param] */
    const char *illegal;   /* it makes no legal scenario: why; NULL: it does */
    bool in;               /* gets replicas as long as something is open */
    bool proved_out;       /* a proof excludes it, and it gets none */
    uint32_t
        beaten_by; /* RS_NOBODY, or at least as good in all objectives and claims, and better in one */
    uint32_t out_by; /* RS_NOBODY, or who keeps more claims */
};

struct race { /* rs_race_new */
    struct arena *arena;
    const struct tune_source *src;
    const struct tune_search_options *opt;
    const struct tune_machinery *machinery;
    void *engine;
    const struct numbers *ns;
    struct store *store; /* settings as here, then those that are looked at later */
    uint64_t n_most;     /* replicas for each stratum */
    uint32_t n;          /* settings */
    struct racer *racer; /* [n] today's first */
    bool *bad, *good;    /* [n * n_claim] shown to break, to keep a claim; proofs as well */
    bool
        *untested; /* [n * n_claim] no history that was looked at is one that the claim speaks of */
    double *exact_worst_s; /* [n * n_claim] BOUND: the worst case; NaN else */
    uint32_t
        *better; /* [n * n] bit o of [a * n + b]: a was shown to be better than b in objective o */
    double *value; /* [n * n_objective] as it is known now */
    struct level pair_level, claim_level, told_level;
    uint64_t n_done; /* replicas times settings */
    bool stopped;
};

/* The most objectives that a search can tell apart. */
#define RS_RACE_MAX_OBJECTIVE 32

/*
 * `n` settings, at value[n * n_param], today's first; nothing is asked yet, but scenarios are made, and what is decided without replicas
 * is. first: the first replica of the scenario that the race uses. 0, or -1.
 */
int rs_race_init(struct race *r,
                 uint32_t n,
                 const uint16_t *value,
                 uint64_t first,
                 uint64_t n_replica,
                 struct err *err);
void rs_race_clear(struct race *r);

/* All rounds. 0, or -1; stopped is set where somebody said stop. */
int rs_race_run(struct race *r, struct err *err);

/* Replicas up to `until` of one stratum for the settings that have fewer. 0, or -1. */
int rs_race_ask(struct race *r,
                uint32_t n,
                const uint32_t *setting,
                const uint16_t *const *value /* [n] their values */,
                int stratum,
                uint64_t until,
                struct err *err);

/* Claims that it was shown to break, of those that are to be kept: is that less than, and part of, what b was? */
bool rs_race_keeps_more(const struct race *r, uint32_t a, uint32_t b);
/* Does a break nothing that b keeps, as far as is shown? */
bool rs_race_keeps_all_of(const struct race *r, uint32_t a, uint32_t b);
/* The number of claims to be kept that it was shown to break. */
int rs_race_n_bad(const struct race *r, uint32_t i);
/* Of them those that it never puts to the test. */
int rs_race_n_untested(const struct race *r, uint32_t i);

/*
 * Of those that break the fewest claims: in the objectives' order only those that no other was shown to be better than. What is left is
 * marked in out[n]; returns how many, 0 if there is no legal setting. The second takes of them the one that differs least from today.
 */
uint32_t rs_race_contenders(const struct race *r, bool *out);
uint32_t rs_race_least_change(const struct race *r, const bool *of, uint32_t *out_n_change);

#endif
