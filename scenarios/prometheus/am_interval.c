/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time intervals. Source: timeinterval/timeinterval.go of Alertmanager 0.33; what it refuses is refused. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "am_file.h"

/* ---- words and numbers ---- */

static const char *const weekdays[] = {"sunday",   "monday", "tuesday",  "wednesday",
                                       "thursday", "friday", "saturday", NULL};
static const char *const months[] = {"january",  "february", "march",  "april",     "may",
                                     "june",     "july",     "august", "september", "october",
                                     "november", "december", NULL};

static int word_index(const char *const *words, const char *text)
{
    for (int i = 0; words && words[i]; i++) {
        if (strcasecmp(words[i], text) == 0) {
            return i;
        }
    }
    return -1;
}

/* A whole number with an optional sign, small enough to be one. */
static int read_int(int *out, const char *text)
{
    const char *digits = text + (*text == '-' || *text == '+');
    size_t n = strspn(digits, "0123456789");
    if (n == 0 || n > 8 || digits[n] != '\0') {
        return -1;
    }
    *out = (int)strtol(text, NULL, 10);
    return 0;
}

struct range_kind {
    const char *key, *what;
    const char *const *words;
    int first_word;
    bool numbers;
    bool is_day; /* of the month: -31..31 without 0, negative ones from the end */
};

static int read_end(const struct range_kind *kind, int *out, const char *text)
{
    int word = word_index(kind->words, text);
    if (word >= 0) {
        *out = word + kind->first_word;
        return 0;
    }
    if (!kind->numbers || read_int(out, text) != 0) {
        return -1;
    }
    return kind->is_day && (*out == 0 || *out < -31 || *out > 31) ? -1 : 0;
}

/*
 * May the range end so? Of days from both ends of the month only what is wrong in every month is refused: the shortest has 28,
 * counted as the real one counts.
 */
static bool is_in_order(const struct range_kind *kind, struct am_range range)
{
    if (!kind->is_day || (range.first < 0) == (range.last < 0)) {
        return range.first <= range.last;
    }
    return range.first > 0 && range.first <= 28 + range.last;
}

/* "a" or "a:b". */
static int read_range(struct am_reading *a,
                      const struct range_kind *kind,
                      const struct node *node,
                      struct am_range *out)
{
    char seen[64];
    const char *text = node->kind == RS_NODE_SCALAR ? node->text : "";
    const char *colon = strchr(text, ':');
    const char *first =
        rs_arena_strndup(a->r->arena, text, colon ? (size_t)(colon - text) : strlen(text));
    if (read_end(kind, &out->first, first) != 0 ||
        read_end(kind, &out->last, colon ? colon + 1 : text) != 0) {
        return rs_err_list_add(a->r->errors, RS_E_TYPE, node->at, "\"%s\" must be %s, got %s",
                               kind->key, kind->what, rs_node_describe(seen, sizeof(seen), node));
    }
    if (!is_in_order(kind, *out)) {
        return rs_err_list_add(a->r->errors, RS_E_RANGE, node->at,
                               "a range of \"%s\" must not end before it begins, got %s", kind->key,
                               rs_node_describe(seen, sizeof(seen), node));
    }
    return 0;
}

static const struct range_kind range_kinds[] = {
    {"weekdays", "a list of days like monday or monday:friday, the week beginning on sunday",
     weekdays, 0, false, false},
    {"days_of_month", "a list of days 1..31 or, from the end, -31..-1, like 1:5 or -3:-1", NULL, 0,
     true, true},
    {"months", "a list of months like january, 1 or march:may", months, 1, true, false},
    {"years", "a list of years like 2025 or 2025:2030", NULL, 0, true, false},
};

static int read_ranges(struct am_reading *a,
                       const struct node *map,
                       const struct range_kind *kind,
                       const struct am_range **out)
{
    const struct node *list = rs_am_list(a, map, kind->key);
    *out = NULL;
    if (!list) {
        return 0;
    }
    struct am_range *range = RS_ARENA_ARRAY(a->r->arena, struct am_range, list->n);
    for (int i = 0; i < list->n; i++) {
        (void)read_range(a, kind, list->item[i], &range[i]);
    }
    *out = range;
    return list->n;
}

/* ---- times of the day ---- */

struct day_times {
    const char *start, *end;
};

static const struct key times_keys[] = {
    {"start_time", RS_V_TEXT, RS_KEY_REQUIRED, .at = offsetof(struct day_times, start), .help = ""},
    {"end_time", RS_V_TEXT, RS_KEY_REQUIRED, .at = offsetof(struct day_times, end), .help = ""},
};
static const struct section times_section = {"range of times", "", times_keys, RS_N_KEY(times_keys),
                                             .size = sizeof(struct day_times)};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "09:30", "24:00" included, to minutes; -1 with an error. */
static int
read_minute(struct am_reading *a, const struct node *map, const char *key, const char *text)
{
    int hour = -1, minute = -1;
    if (strlen(text) == 5 && is_digit(text[0]) && is_digit(text[1]) && text[2] == ':' &&
        is_digit(text[3]) && is_digit(text[4])) {
        hour = 10 * (text[0] - '0') + (text[1] - '0');
        minute = 10 * (text[3] - '0') + (text[4] - '0');
    }
    if (hour < 0 || hour > 24 || minute > 59 || (hour == 24 && minute > 0)) {
        return rs_err_list_add(a->r->errors, RS_E_TYPE, rs_node_get(map, key)->at,
                               "\"%s\" must be a time of day like 09:30, at most 24:00, got \"%s\"",
                               key, text);
    }
    return 60 * hour + minute;
}

static void read_times(struct am_reading *a, const struct node *map, struct am_span *out)
{
    const struct node *list = rs_am_list(a, map, "times");
    if (!list) {
        return;
    }
    struct am_range *range = RS_ARENA_ARRAY(a->r->arena, struct am_range, list->n);
    for (int i = 0; i < list->n; i++) {
        const struct node *item = list->item[i];
        struct day_times t = {0};
        if (rs_read_section(a->r, &times_section, "a range of times", item, &t) != 0) {
            continue;
        }
        range[i].first = read_minute(a, item, "start_time", t.start);
        range[i].last = read_minute(a, item, "end_time", t.end);
        if (range[i].first >= 0 && range[i].last >= 0 && range[i].first >= range[i].last) {
            rs_err_list_add(a->r->errors, RS_E_RANGE, item->at,
                            "\"end_time\" must be after \"start_time\"; a night is two ranges");
        }
    }
    out->n_minute = list->n;
    out->minute = range;
}

/* ---- intervals ---- */

static const struct key span_keys[] = {
    RS_AM_ROW("times"),  RS_AM_ROW("weekdays"), RS_AM_ROW("days_of_month"),
    RS_AM_ROW("months"), RS_AM_ROW("years"),    RS_AM_ROW("location"),
};
static const struct section span_section = {"time interval", "", span_keys, RS_N_KEY(span_keys),
                                            .size = sizeof(struct am_span)};

static const struct am_zone *find_zone(struct am_reading *a, const struct node *node)
{
    if (node->kind != RS_NODE_SCALAR) {
        char seen[64];
        rs_err_list_add(a->r->errors, RS_E_TYPE, node->at,
                        "\"location\" must name a time zone like Europe/Berlin, got %s",
                        rs_node_describe(seen, sizeof(seen), node));
        return NULL;
    }
    if (node->text[0] == '\0' || strcmp(node->text, "UTC") == 0) {
        return NULL;
    }
    if (strcmp(node->text, "Local") == 0) {
        rs_am_note_add(
            a, node->at,
            "location Local is the clock of the machine that Alertmanager runs on; it is "
            "taken as UTC");
        return NULL;
    }
    for (int i = 0; i < a->n_zone; i++) {
        if (strcmp(a->zone[i]->name, node->text) == 0) {
            return a->zone[i];
        }
    }
    const struct am_zone *zone = rs_am_zone_read(a->r, node->text, node->at);
    if (zone) {
        RS_PUSH(a->r->arena, a->zone, a->n_zone, a->cap_zone, zone);
    }
    return zone;
}

static void read_span(struct am_reading *a, const struct node *map, struct am_span *out)
{
    if (rs_node_is_null(map)) {
        return; /* it says nothing: always */
    }
    if (rs_read_section(a->r, &span_section, "a time interval", map, out) != 0) {
        return;
    }
    read_times(a, map, out);
    out->n_weekday = read_ranges(a, map, &range_kinds[0], &out->weekday);
    out->n_day = read_ranges(a, map, &range_kinds[1], &out->day);
    out->n_month = read_ranges(a, map, &range_kinds[2], &out->month);
    out->n_year = read_ranges(a, map, &range_kinds[3], &out->year);
    if (rs_am_is_given(map, "location")) {
        out->zone = find_zone(a, rs_node_get(map, "location"));
    }
}

static const struct key interval_keys[] = {
    {"name", RS_V_TEXT, RS_KEY_REQUIRED, .at = offsetof(struct am_time_interval, name), .help = ""},
    RS_AM_ROW("time_intervals"),
};
static const struct section interval_section = {"named time interval",
                                                "",
                                                interval_keys,
                                                RS_N_KEY(interval_keys),
                                                .size = sizeof(struct am_time_interval),
                                                .has_mark = true,
                                                .mark_at = offsetof(struct am_time_interval, at)};

static void
read_interval(struct am_reading *a, const struct node *map, struct am_time_interval *out)
{
    if (rs_read_section(a->r, &interval_section, "a named time interval", map, out) != 0) {
        return;
    }
    const struct node *list = rs_am_list(a, map, "time_intervals");
    if (!list) {
        return;
    }
    struct am_span *span = RS_ARENA_ARRAY(a->r->arena, struct am_span, list->n);
    for (int i = 0; i < list->n; i++) {
        read_span(a, list->item[i], &span[i]);
    }
    out->n_span = list->n;
    out->span = span;
}

void rs_am_intervals_read(struct am_reading *a, const struct node *root, struct am_config *out)
{
    /* The first is the older place, still read; the names of both are one lot. */
    static const char *const keys[] = {"mute_time_intervals", "time_intervals"};
    size_t n_before = a->r->errors->n;
    const struct node *list[2] = {rs_am_list(a, root, keys[0]), rs_am_list(a, root, keys[1])};
    int n = (list[0] ? list[0]->n : 0) + (list[1] ? list[1]->n : 0), n_read = 0;
    struct am_time_interval *interval = RS_ARENA_ARRAY(a->r->arena, struct am_time_interval, n);
    for (int k = 0; k < 2; k++) {
        for (int i = 0; list[k] && i < list[k]->n; i++) {
            struct am_time_interval *to = &interval[n_read++];
            read_interval(a, list[k]->item[i], to);
            for (int j = 0; to->name && j < n_read - 1; j++) {
                if (interval[j].name && strcmp(interval[j].name, to->name) == 0) {
                    rs_err_list_add(a->r->errors, RS_E_KEY, to->at,
                                    "time interval \"%s\" is there twice", to->name);
                    break;
                }
            }
        }
    }
    a->interval = out->interval = interval;
    a->n_interval = out->n_interval = n;
    a->intervals_unknown = a->r->errors->n > n_before;
    a->interval_name = RS_ARENA_ARRAY(a->r->arena, const char *, n);
    for (int i = 0; i < n; i++) {
        a->interval_name[i] = interval[i].name;
    }
}

int rs_am_intervals_find(struct am_reading *a,
                         const struct node *map,
                         const char *key,
                         const struct am_time_interval *const **out)
{
    const struct node *list = rs_am_list(a, map, key);
    *out = NULL;
    if (!list || a->intervals_unknown) {
        return 0;
    }
    const struct am_time_interval **found =
        RS_ARENA_ARRAY(a->r->arena, const struct am_time_interval *, list->n);
    for (int i = 0; i < list->n; i++) {
        const struct node *item = list->item[i];
        const char *text = item->kind == RS_NODE_SCALAR ? item->text : "";
        for (int j = 0; j < a->n_interval && !found[i]; j++) {
            found[i] = strcmp(a->interval_name[j], text) == 0 ? &a->interval[j] : NULL;
        }
        if (!found[i]) {
            rs_refuse_name(a->r, RS_E_REF, item->at, text, a->interval_name, (size_t)a->n_interval,
                           "there is no time interval \"%s\"", text);
        }
    }
    *out = found;
    return list->n;
}
