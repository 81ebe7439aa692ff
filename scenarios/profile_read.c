/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Traffic and its profiles as keys; profile.c makes the rates of them. */
#include <math.h>
#include <string.h>

#include "profile.h"
#include "text/value.h"

#define DRAFT(field) offsetof(struct profile_draft, field)

static const struct key constant_keys[] = {
    {"per_s", RS_V_RATE, RS_KEY_REQUIRED, .max = 1e9, .at = DRAFT(per_s),
     .help = "Requests per second."},
};
static const struct section constant_section = {"constant profile", "The same rate all the time.",
                                                constant_keys, RS_N_KEY(constant_keys)};

static const struct key diurnal_keys[] = {
    {"mean_per_s", RS_V_RATE, RS_KEY_REQUIRED, .max = 1e9, .at = DRAFT(mean_per_s),
     .help = "Mean over a day."},
    {"low", RS_V_RATIO, RS_KEY_REQUIRED, .at = DRAFT(low),
     .help = "Rate at the quietest instant, relative to the peak."},
    {"peak_at", RS_V_DAYTIME, RS_KEY_REQUIRED, .at = DRAFT(peak_at_ns),
     .help = "Time of day of the peak, UTC."},
};
static const struct section diurnal_section = {"diurnal profile", "A raised cosine over the day.",
                                               diurnal_keys, RS_N_KEY(diurnal_keys)};

#define DAY(name, i, text)                                                                         \
    {                                                                                              \
        name, RS_V_NUMBER, .max = 1000, .def = "1", .at = (i) * sizeof(double), .help = text,      \
    }
static const struct key days_keys[] = {
    DAY("mon", 0, "Factor on Mondays."),    DAY("tue", 1, "Factor on Tuesdays."),
    DAY("wed", 2, "Factor on Wednesdays."), DAY("thu", 3, "Factor on Thursdays."),
    DAY("fri", 4, "Factor on Fridays."),    DAY("sat", 5, "Factor on Saturdays."),
    DAY("sun", 6, "Factor on Sundays.")};
static const struct section days_section = {
    "set of days",
    "A factor for each day of the week, UTC; it changes within a second at midnight.", days_keys,
    RS_N_KEY(days_keys)};

static const struct key weekly_keys[] = {
    {"days", RS_V_MAP, RS_KEY_REQUIRED, .at = DRAFT(day_factor), .of = &days_section,
     .help = "Factors."},
    {"of", RS_V_MAP, RS_KEY_REQUIRED, .at = DRAFT(of), .of = &rs_section_profile,
     .help = "The profile that is multiplied: constant, diurnal, or piecewise with a repeat that "
             "divides a week."},
};
static const struct section weekly_section = {
    "weekly profile", "Another profile, times a factor for the day of the week.", weekly_keys,
    RS_N_KEY(weekly_keys)};

static const struct key piecewise_keys[] = {
    {"points", RS_V_OWN, RS_KEY_REQUIRED, .shape = "list of [duration, rate]",
     .help = "Rising times from starts_at on, and the rate there; straight lines between."},
    {"repeat", RS_V_SECONDS, .min = 1, .max = 31536000, .def = "(never)", .at = DRAFT(repeat_s),
     .help = "Starts anew after this; without it the last rate holds."},
};
static const struct section piecewise_section = {"piecewise profile",
                                                 "Straight lines between points.", piecewise_keys,
                                                 RS_N_KEY(piecewise_keys)};

#define TRAFFIC_KEYS                                                                               \
    RS_RECORDING_PACE_KEYS(DRAFT(rec.window)),                                                     \
    {                                                                                              \
        "scale", RS_V_NUMBER, RS_KEY_POSITIVE, .max = 1e6, .def = "1", .at = DRAFT(scale),         \
                                               .help = "Multiplies the traffic."                   \
    }

static const char *const kind_words[] = {"auto", "counter", "gauge", NULL};
static const struct key recorded_keys[] = {
    TRAFFIC_KEYS,
    {"every", RS_V_SECONDS, RS_KEY_POSITIVE,
     .def = "(counts: 1s, in a CSV file the smallest difference of its times; requests: 1m)",
     .at = DRAFT(every_s), .help = "Step of the rates; so long holds a value of a gauge at most."},
    {"series", RS_V_OWN, .def = "(the only one)", .shape = "PromQL selector",
     .help =
         "Which series of the file are added up: `requests_total{job=\"x\"}`; one without a name "
         "is called `value`."},
    {"kind", RS_V_WORD, .def = "auto", .at = DRAFT(series_kind), .words = kind_words,
     .with = "series",
     .help = "Counters become rates, gauges are rates; auto: a TYPE says it, else the name "
             "(_total, _count, "
             "...), else values that seldom fall, and then to less than half, are a counter's."},
    {"mean_per_s", RS_V_RATE, RS_KEY_POSITIVE, .max = 1e9, .at = DRAFT(mean_per_s),
     .def = "(as recorded)", .help = "Scales the part that is used to this mean."},
};
static const struct section recorded_section = {"recorded profile",
                                                "Rates that were recorded: counts (one a line, or "
                                                "a CSV file with a header), series, or a request "
                                                "log that is counted. Gaps are silence.",
                                                recorded_keys,
                                                RS_N_KEY(recorded_keys),
                                                .also = &rs_section_recording,
                                                .also_at = DRAFT(rec)};

static const struct key requests_keys[] = {TRAFFIC_KEYS};
static const struct section requests_section = {
    "request log",
    "Requests that were recorded, counted from the first one of the file. They are replayed one by "
    "one, not redrawn: `scale` below 1 thins them, above 1 amplifies them.",
    requests_keys,
    RS_N_KEY(requests_keys),
    .also = &rs_section_recording,
    .also_at = DRAFT(rec)};

static const struct key bursts_keys[] = {
    {"factor", RS_V_NUMBER, RS_KEY_REQUIRED, .max = 1e6, .at = DRAFT(bursts.factor),
     .help = "Multiplies the rate during a burst."},
    {"mean_on", RS_V_SECONDS, RS_KEY_REQUIRED, .min = 1, .max = 31536000,
     .at = DRAFT(bursts.mean_on_s), .help = "Mean length of a burst."},
    {"mean_off", RS_V_SECONDS, RS_KEY_REQUIRED, .min = 1, .max = 31536000,
     .at = DRAFT(bursts.mean_off_s), .help = "Mean time between bursts."},
};
static const struct section bursts_section = {"set of bursts",
                                              "Markov-modulated: on and off for exponential times.",
                                              bursts_keys, RS_N_KEY(bursts_keys)};

static const struct key profile_keys[] = {
    {"constant", RS_V_MAP, RS_KEY_ONE_OF, .of = &constant_section,
     .help = "The same rate all the time."},
    {"diurnal", RS_V_MAP, RS_KEY_ONE_OF, .of = &diurnal_section,
     .help = "A raised cosine over the day."},
    {"weekly", RS_V_MAP, RS_KEY_ONE_OF, .of = &weekly_section,
     .help = "Another profile by the day of the week."},
    {"piecewise", RS_V_MAP, RS_KEY_ONE_OF, .of = &piecewise_section,
     .help = "Straight lines between points."},
    {"recorded", RS_V_MAP, RS_KEY_ONE_OF, .of = &recorded_section,
     .help = "Counts that were recorded."},
    {"requests", RS_V_MAP, RS_KEY_ONE_OF, .of = &requests_section,
     .help = "Requests that were recorded."},
    {"bursts", RS_V_MAP, .of = &bursts_section, .help = "Bursts on top."},
};
const struct section rs_section_profile = {
    "profile",
    "Requests per second over time. Arrivals are Poisson, except in a request log.",
    profile_keys,
    RS_N_KEY(profile_keys),
    .draft_size = sizeof(struct profile_draft),
    .finish = rs_profile_finish};

#define TRAFFIC(field) offsetof(struct traffic, field)

static const struct key traffic_keys[] = {
    {"service", RS_V_REF, RS_KEY_REQUIRED, .at = TRAFFIC(service), .names = RS_NAME_SERVICE,
     .help = "Service that is called."},
    {"cohort", RS_V_REF, RS_KEY_REQUIRED, .at = TRAFFIC(cohort), .names = RS_NAME_COHORT,
     .help = "Who calls it."},
    {"profile", RS_V_MAP, RS_KEY_REQUIRED, .at = TRAFFIC(profile), .of = &rs_section_profile,
     .help = "How often."},
    {"retries", RS_V_MAP, .at = TRAFFIC(retries), .of = &rs_section_retries,
     .help = "What its clients do when an attempt fails; without it: nothing."},
    {"ref", RS_V_TEXT, .at = TRAFFIC(ref),
     .help = "Place in the source document; findings and verdicts print it."},
    {"assumes", RS_V_ASSUMES, .help = "Assumptions that these numbers rest on."},
};
const struct section rs_section_traffic = {
    "stream of traffic",
    "Requests of one cohort to one service; one stream for each pair.",
    traffic_keys,
    RS_N_KEY(traffic_keys),
    .size = sizeof(struct traffic),
    .has_mark = true,
    .mark_at = TRAFFIC(at)};
