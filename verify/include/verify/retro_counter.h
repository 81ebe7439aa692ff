/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What other settings would have done, as far as the recording can tell. */
#ifndef VERIFY_RETRO_COUNTER_H
#define VERIFY_RETRO_COUNTER_H

#include "verify/retro.h"

/* low..high holds the truth at the evidence's confidence; NaN = not told. */
struct retro_band {
    double low, best, high;
};

/* What an alert, or a gate, would have done in one episode. */
struct retro_alarm {
    int episode; /* -1: outside of all episodes, a false alarm as far as is known */
    const char *alert;
    const char *labels;            /* text */
    int64_t pending_ns, firing_ns; /* RS_NEVER */
    int64_t notified_ns;           /* by Alertmanager's rules over it; RS_NEVER = nobody */
};

/* One question, for one episode. */
struct retro_outcome {
    int episode;
    const char *refused; /* why the data cannot say; NULL = answered */
    struct retro_instant detected, commanded, completed;
    struct retro_band
        errors; /* failed requests from the onset on, above what the base ratio gives */
    struct retro_band users_hurt;   /* NaN without populations */
    struct retro_band budget;       /* share of the run's error budget, of the service */
    struct retro_band errors_saved; /* what happened, less this */
    const char *rests_on;           /* one line: which of it is measured and which assumed */
};

struct retro_counterfactual {
    const char *
        name; /* "as it happened", "shipped rules", "automation", "no rollback", or as the document names it */
    enum retro_what_if_kind kind;
    bool happened; /* the first one: what did happen, by the same measure */
    int n_alarm;
    struct retro_alarm *alarm; /* by firing_ns */
    int n_outcome;
    struct retro_outcome *outcome; /* [n_episode] */
};

#endif
