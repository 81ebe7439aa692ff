/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `rollsim recording` says of a recording: to people, to machines, as a picture. */
#ifndef CLI_RECORDING_H
#define CLI_RECORDING_H

#include <stdio.h>

#include "scenarios/describe.h"

/* Which series are told of: those whose name or whole text one of the patterns takes; all where there is none. */
struct series_choice {
    int n;
    const char *const *pattern; /* [n], as a shell has them */
};
bool rs_series_chosen(const struct series_choice *choice,
                      const struct recorded *set,
                      const struct series_facts *f);

/* Its text, without braces where it has no labels. Returns buf. */
char *rs_series_text(char *buf, size_t n, const struct recorded *set, const struct series_facts *f);

/* width: columns to fit into. */
void rs_recording_print(FILE *to,
                        const struct recording_facts *f,
                        const struct series_choice *choice,
                        int width);
/* The files as one JSON array. */
void rs_recordings_print_json(FILE *to,
                              const struct recording_facts *f,
                              int n,
                              const struct series_choice *choice);
/*
 * One picture, DIR/recording-NAME.FORMAT, NAME without folder and endings; its path is written to buf. 0 or -1.
 */
int rs_recording_draw_picture(char *buf,
                              size_t n,
                              const char *dir,
                              const char *format,
                              const struct recording_facts *f,
                              const struct series_choice *choice,
                              struct err *err);

/* A time of the recording: "2015-05-17 10:05:03.500 UTC" if it is a date, cut off at the millisecond, else "12.5s". n >= 48. Returns buf. */
char *rs_recording_time(char *buf, size_t n, int64_t ns, bool absolute);
/* "12,345". n >= 32. Returns buf. */
char *rs_grouped_count(char *buf, size_t n, uint64_t count);

#endif
