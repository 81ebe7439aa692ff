/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One question about one episode: when the rollback would have been commanded, and the outcome with its bands. */
#ifndef VERIFY_RETRO_WHAT_IF_H
#define VERIFY_RETRO_WHAT_IF_H

#include "retro/alarm.h"

enum question_how {
    RS_ASK_HAPPENED, /* when it was */
    RS_ASK_TOLD,     /* an alert fires, and people go on from there as they did */
    RS_ASK_LOOKS,    /* a gate is read at looks */
    RS_ASK_MACHINE,  /* at detection, after the delay */
    RS_ASK_NEVER
};

/* What rules or a gate say, if the fault is of this size. */
struct told {
    int64_t at_ns,
        notified_ns;     /* TOLD: RS_NEVER = not by the end of the recording; notified: nobody */
    const bool *is_true; /* LOOKS: [n] at from + i * step */
};
enum { RS_SIZE_LOW, RS_SIZE_MEAN, RS_SIZE_HIGH, RS_SIZE_N };

struct question {
    const struct harm *h;
    enum question_how how;
    struct harm_size size;
    struct told told[RS_SIZE_N];
    int64_t from_ns, step_ns; /* LOOKS: of the answers */
    size_t n;
    int64_t look_every_ns;
    int64_t
        waited_ns; /* TOLD: the shipped rules' alert waited so long in Alertmanager; RS_NEVER = not known */
    bool not_later;          /* people saw it of themselves: no later than it happened */
    struct retro_instant at; /* MACHINE: detected */
    int64_t delay_ns;        /* MACHINE */
    int64_t until_ns;        /* counted up to then where no rollback comes */
    const char *says;        /* what the outcome rests on besides */
};

/* Bands over so many worlds, the same ones for each question. *slow: answers that hurt as failures do; NaN where none are counted. */
void rs_what_if_answer(struct retro_outcome *out,
                       struct retro_band *slow,
                       const struct question *q,
                       const struct retro_options *opt);

/* ---- the parts of verify/retro/what_if.c that the gate's file shares ---- */

struct asking {
    struct retro *r;
    const struct retro_options *opt;
    struct harm *harm; /* [n_episode] */
    int n;             /* counterfactuals so far */
};

struct rule_set {
    int n;
    const struct rule_file *const *file;
    const struct am_config *am;
};

/* The next counterfactual, its outcomes refused where the episode's toll is, else empty. */
struct retro_counterfactual *
rs_what_if_begin(struct asking *a, const char *name, enum retro_what_if_kind kind);
/* Answers, and says what the answer rests on. */
void rs_what_if_close(struct asking *a, struct retro_outcome *out, struct question *q);
/* Rules over the recording; NULL: there are no series. */
struct backtest *rs_what_if_run(const struct asking *a,
                                const struct rule_set *rules,
                                const struct backtest_query *query);
/* The latest that the real rollback can have been commanded; RS_NEVER: there was none. */
int64_t rs_what_if_command(const struct harm *h);
/* Why another rollback cannot be reckoned; NULL: it can. */
const char *rs_what_if_unknown(const struct harm *h);
const char *rs_what_if_lasting(struct arena *arena, int64_t ns);
void rs_what_if_gate(struct asking *a, const struct retro_what_if *w, const struct rule_set *rules);

#endif
