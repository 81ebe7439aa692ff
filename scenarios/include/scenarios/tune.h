/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings of a scenario's `tune:` put into its files: as scenarios, as patches, as files. */
#ifndef SCENARIOS_TUNE_H
#define SCENARIOS_TUNE_H

#include <stdio.h>

#include "scenarios/load.h"
#include "verify/tune.h"

/*
 * A file with another text than the one on the disk: the loader reads this one. path as the loader opens it.
 */
struct text_override {
    const char *path, *text;
    size_t n;
};
struct scenario *rs_scenario_load_texts(const char *path,
                                        const struct traffic_override *o,
                                        int n,
                                        const struct text_override *text,
                                        int n_text,
                                        struct err_list *errors);

struct tune_texts; /* opaque, heap: the source of a loaded scenario's settings */

/* All is borrowed and must outlive it: path and overrides are those that `today` was loaded with. */
struct tune_texts *rs_tune_texts_new(const struct scenario *today,
                                     const char *path,
                                     const struct traffic_override *o,
                                     int n);
void rs_tune_texts_free(struct tune_texts *t); /* NULL ok */
struct tune_source rs_tune_source(struct tune_texts *t);

/* The text of file `file` of the plan with the setting in it. Heap, NUL-terminated, the caller frees it. */
char *
rs_tune_file_text(const struct tune_plan *plan, int file, const uint16_t *value, size_t *out_n);

/* All that the setting changes as a unified diff that `patch -p0` takes (three lines of context, the files' paths as opened). */
void rs_tune_print_diff(FILE *to, const struct tune_plan *plan, const uint16_t *value);

/*
 * Writes every file that the setting changes, each in one step (a new file that takes the old one's name and mode). A file that
 * is not any more what was read is refused and nothing is written. 0 or -1.
 */
int rs_tune_write(const struct tune_plan *plan, const uint16_t *value, struct err *err);

#endif
