/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the keys of a recording say: which file, how it is read, which part of it is meant. */
#ifndef SCENARIOS_RECORDING_KEYS_H
#define SCENARIOS_RECORDING_KEYS_H

#include "reader.h"
#include "recording.h"

struct recording_window {
    double skip_s, cut_s;
    int64_t from_ns, until_ns; /* since 1970 */
    bool has_from;
    double speed;
    bool loop;
};
/* Of the part that is used: at most so long, s. Recorded time, which speed has not changed. */
double rs_recording_use_s(const struct recording_window *w, double horizon_s);
/* Tells what does not go together: skip and from, cut and until. `map` has the keys. 0 or -1. */
int rs_recording_window_check(struct reader *r, const struct node *map, struct recording_window *w);

struct recording_keys {
    const char *file;
    int format, unit, latency_unit;
    const char *log_format, *column, *latency_column, *status_column, *route_column;
    bool time_is_end;
    int64_t window_ns;
    double reject;
    int errors_from;
    struct recording_window window;
    struct recording_picks picks;
};

/* A request log, with the keys above; also taken by other sections. */
extern const struct section rs_section_recording;
/* Latencies of a recording, as a distribution; statuses, as a mix of errors. */
extern const struct section rs_section_recorded_latency, rs_section_recorded_errors;
/* Errors and latency of a path over time: a struct path_recording. */
extern const struct section rs_section_path_recording;

#define RS_RECORDING_WINDOW_KEYS(base)                                                             \
    {"skip", RS_V_SECONDS, .at = (base) + offsetof(struct recording_window, skip_s),               \
     .help = "Leave out so much at the beginning."},                                               \
        {"cut",                                                                                    \
         RS_V_SECONDS,                                                                             \
         RS_KEY_POSITIVE,                                                                          \
         .def = "(never)",                                                                         \
         .at = (base) + offsetof(struct recording_window, cut_s),                                  \
         .help = "Use so much of the rest; of traffic and laws never more than the horizon asks "  \
                 "for."},                                                                          \
        {"from", RS_V_TIME, .def = "(the beginning)",                                              \
         .at = (base) + offsetof(struct recording_window, from_ns),                                \
         .help = "Use what was recorded from then on; instead of \"skip\"."},                      \
    {                                                                                              \
        "until", RS_V_TIME,                                                                        \
            .def = "(the end)", .at = (base) + offsetof(struct recording_window, until_ns),        \
            .with = "from", .help = "Use what was recorded before then; instead of \"cut\"."       \
    }
#define RS_RECORDING_PACE_KEYS(base)                                                               \
    {"speed",                                                                                      \
     RS_V_NUMBER,                                                                                  \
     RS_KEY_POSITIVE,                                                                              \
     .max = 1e6,                                                                                   \
     .def = "1",                                                                                   \
     .at = (base) + offsetof(struct recording_window, speed),                                      \
     .help = "Time runs so much faster than it did: 2 replays an hour in half an hour."},          \
    {                                                                                              \
        "loop", RS_V_BOOL, .def = "on", .at = (base) + offsetof(struct recording_window, loop),    \
                           .help = "Start anew at the end."                                        \
    }

/*
 * The file as the key names it, checked and hashed, and the keys as a spec that reads it, use_s long at most. 0, or -1 with an
 * error. The spec borrows from the keys.
 */
int rs_recording_spec(struct reader *r,
                      const struct node *map,
                      const struct recording_keys *k,
                      double use_s,
                      struct recording_spec *out);
/* Path of the file, checked and hashed; NULL with an error. */
const char *rs_recording_open(struct reader *r, const struct node *map, const char *file);

/* A selector in words; heap. NULL with an error: nothing but a selector will do. */
struct promql_selector *rs_recording_selector(struct reader *r, const struct node *node);

#endif
