/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * File patterns as Go's filepath.Glob reads them, which Prometheus and its tools use: `*`, `?`, `[^a-z]` and `\` before a
 * letter that is meant as it is. Unlike a shell's: `*` takes hidden files, `!` is a letter, and there are no [:classes:].
 */
#ifndef SCENARIOS_GLOB_H
#define SCENARIOS_GLOB_H

#include "sim/arena.h"

struct glob_paths { /* in the arena */
    const char **at;
    int n, cap;
};

/* Adds the paths that match, sorted within each folder. 0, or -1 when the pattern is malformed. */
int rs_glob(struct arena *arena, const char *pattern, struct glob_paths *out);

/* The shortest path that means the same to filepath.Clean: without ".", "..", and slashes too many. */
const char *rs_path_clean(struct arena *arena, const char *path);

#endif
