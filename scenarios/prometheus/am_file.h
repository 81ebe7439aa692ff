/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parts of the Alertmanager file's reader. */
#ifndef SCENARIOS_AM_FILE_H
#define SCENARIOS_AM_FILE_H

#include "../reader.h"
#include "models/alertmanager.h"

/* A row that the key tables know and that is read elsewhere, or passed over. */
#define RS_AM_ROW(key)                                                                             \
    {                                                                                              \
        key, RS_V_OWN, .shape = "(passed over)", .help = ""                                        \
    }

/* A file being read: the reader, and what grows meanwhile. */
struct am_reading {
    struct reader *r;
    struct note *note;
    int n_note, cap_note;
    const struct am_time_interval *interval; /* [n_interval], read before the routes */
    const char **interval_name;              /* [n_interval] */
    int n_interval;
    bool intervals_unknown;
    const struct am_zone **zone; /* each once */
    int n_zone, cap_zone;
};

void rs_am_note_add(struct am_reading *a, struct mark at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Has the map this key, with something under it? */
bool rs_am_is_given(const struct node *map, const char *key);
/* The list under a key; NULL where there is none or where it is none (then with an error). */
const struct node *rs_am_list(struct am_reading *a, const struct node *map, const char *key);
/* The text under a key as Alertmanager's YAML reads a truth value (bare, yes and on included); else an error. */
bool rs_am_bool(struct am_reading *a, const struct node *map, const char *key);
/* Prometheus' durations have no decimals and nothing below a millisecond: what our own have besides is refused here. */
void rs_am_durations_check(struct am_reading *a, const struct node *map, const char *const *keys);
/* A key that came after the release at hand is refused. */
void rs_am_since(struct am_reading *a,
                 const struct node *map,
                 const char *key,
                 enum am_version since);

/*
 * am_matcher.c: the matchers of a map under three keys: `list` (texts like severity="critical"), `equal` and `regex` (the
 * older maps of names to values; both NULL: there are none). Returns their number, *out in the arena.
 */
int rs_am_matchers_read(struct am_reading *a,
                        const struct node *map,
                        const char *list,
                        const char *equal,
                        const char *regex,
                        const struct am_matcher **out);
/* Names of labels under a key; *out in the arena. Returns their number. */
int rs_am_label_names_read(struct am_reading *a,
                           const struct node *map,
                           const char *key,
                           const char *const **out);

/* 0, or -1 with an error where the matcher's expression is none. */
int rs_am_regex_check(struct reader *r, const struct am_matcher *m);

/* am_parse.c: the two grammars of a text of matchers. Returns NULL and pushes what was found, or what is wrong. */
struct am_matchers {
    struct am_matcher *m;
    int n, cap;
};
const char *rs_am_parse_classic(struct arena *arena, const char *text, struct am_matchers *out);
const char *rs_am_parse_utf8(struct arena *arena, const char *text, struct am_matchers *out);

/* am_route.c */
void rs_am_routes_read(struct am_reading *a, const struct node *root, struct am_config *out);
/* am_receiver.c */
void rs_am_receivers_read(struct am_reading *a, const struct node *root, struct am_config *out);
/* am_interval.c */
void rs_am_intervals_read(struct am_reading *a, const struct node *root, struct am_config *out);
/* The intervals that a list under `key` names, in the arena. Returns their number. */
int rs_am_intervals_find(struct am_reading *a,
                         const struct node *map,
                         const char *key,
                         const struct am_time_interval *const **out);

/* am_zone.c: reads a place of the tz database; NULL with an error at `at`. */
const struct am_zone *rs_am_zone_read(struct reader *r, const char *name, struct mark at);
/* The same from the bytes of a TZif file; NULL with *why in words. */
const struct am_zone *rs_am_zone_parse(
    struct arena *arena, const char *name, const unsigned char *bytes, size_t n, const char **why);

#endif
