/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Alertmanager's timing by release, in milliseconds. group_wait 4 s and group_interval 6 s, as it was measured on the real 0.25,
 * 0.28 and 0.33; what the rows say of the real ones was seen there within some milliseconds.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/alertmanager.h"
#include "series_text.h"
#include "sim/clock.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define S RS_NS_PER_S
#define MS RS_NS_PER_MS
#define FAR 240000 /* an end that does not come */
#define NONE (-1)  /* no end is sent */

#define A1 "{alertname=\"A\",i=\"1\"}"
#define A2 "{alertname=\"A\",i=\"2\"}"
#define A3 "{alertname=\"A\",i=\"3\"}"
#define SRC "{alertname=\"Src\",zone=\"z\"}"
#define SRC2 "{alertname=\"Src\",zone=\"z\",i=\"2\"}"
#define TGT "{alertname=\"Tgt\",zone=\"z\"}"
#define RESOLVE(t_ms, alert, starts_ms) (t_ms), (alert), (starts_ms), (t_ms)

static const char *const by_name[] = {"alertname"};
static const char *const equal_zone[] = {"zone"};
static const struct am_matcher is_src[] = {{"alertname", "Src", RS_MATCH_EQ}};
static const struct am_matcher is_tgt[] = {{"alertname", "Tgt", RS_MATCH_EQ}};
static const struct am_matcher is_a[] = {{"alertname", "A", RS_MATCH_EQ}};
static const struct am_matcher is_a1[] = {{"alertname", "A", RS_MATCH_EQ},
                                          {"i", "1|x", RS_MATCH_RE}};
static const struct am_inhibit src_over_tgt[] = {{1, 1, 1, is_src, is_tgt, equal_zone}};
static const struct am_receiver receivers[] = {{"team", true}, {"quiet", false}};

/* The clock starts at 09:00:00 UTC; 13:30 in Kabul, which is 4:30 ahead. */
#define NINE_O_CLOCK INT64_C(1736154000)
static const int64_t no_change[] = {0};
static const int32_t kabul_offset[] = {16200};
static const struct am_zone kabul = {"Asia/Kabul", 1, no_change, kabul_offset, 16200, INT64_MAX};
static const struct am_range first_minute[] = {{13 * 60 + 30, 13 * 60 + 31}};
static const struct am_span first_minute_span[] = {
    {.n_minute = 1, .minute = first_minute, .zone = &kabul}};
static const struct am_time_interval minute = {"minute", 1, first_minute_span};
static const struct am_time_interval never = {"never", 0, NULL};
static const struct am_time_interval *const in_minute[] = {&minute};
static const struct am_time_interval *const minute_or_never[] = {&never, &minute};
static const struct am_time_interval *const is_never[] = {&never};

enum setting { PLAIN, LONG, HOUR, QUIET, INHIBIT, MUTE, ACTIVE, NEVER, SILENCE, SILENCE_1, PEER };
enum { V25 = 1, V28 = 2, V33 = 4, OLD = V25 | V28, ALL = OLD | V33 };

static const struct am_silence silence = {1, is_a, 5 * S, 15 * S};
static const struct am_silence silence_1 = {2, is_a1, 0, 11 * S};

static void configure(enum setting setting, struct am_config *c, struct am_settings *s)
{
    *c = (struct am_config){.n_receiver = 2,
                            .receiver = receivers,
                            .resolve_timeout_ns = 5 * S,
                            .root = {.receiver = "team",
                                     .n_group_by = 1,
                                     .group_by = by_name,
                                     .group_wait_ns = 4 * S,
                                     .group_interval_ns = 6 * S,
                                     .repeat_interval_ns = 12 * S}};
    s->starts_unix_ns = NINE_O_CLOCK * S;
    switch (setting) {
    case PLAIN: break;
    case LONG: c->root.repeat_interval_ns = 13 * S; break;
    case HOUR: c->root.repeat_interval_ns = 3600 * S; break;
    case QUIET: c->root.receiver = "quiet"; break;
    case INHIBIT:
        c->n_inhibit = 1;
        c->inhibit = src_over_tgt;
        break;
    case MUTE:
        c->root.n_mute = 1;
        c->root.mute = in_minute;
        break;
    case ACTIVE:
        c->root.n_active = 2;
        c->root.active = minute_or_never;
        break;
    case NEVER:
        c->root.n_active = 1;
        c->root.active = is_never;
        break;
    case SILENCE:
    case SILENCE_1:
        c->root.repeat_interval_ns = 3600 * S;
        s->n_silence = 1;
        s->silence = setting == SILENCE ? &silence : &silence_1;
        break;
    case PEER: s->peer = 1; break;
    }
}

struct post {
    int t_ms;
    const char *alert;
    int starts_ms, ends_ms;
};

static const struct row {
    const char *what;
    int versions;
    enum setting setting;
    struct post post[7];
    int until_ms;
    const char *log; /* "ms firing/resolved;" */
} rows[] = {
    {"a new group waits group_wait; at an exact multiple it repeats one tick late",
     ALL,
     PLAIN,
     {{0, A1, 0, FAR}},
     45000,
     "4000 1/0; 22000 1/0; 40000 1/0;"},
    {"repeat_interval between two ticks",
     ALL,
     LONG,
     {{0, A1, 0, FAR}},
     45000,
     "4000 1/0; 22000 1/0; 40000 1/0;"},
    {"joins, resolutions, the all-clear",
     ALL,
     HOUR,
     {{0, A1, 0, FAR}, {8000, A2, 8000, FAR}, {RESOLVE(12000, A1, 0)}, {RESOLVE(18000, A2, 8000)}},
     60000,
     "4000 1/0; 10000 2/0; 16000 1/1; 22000 0/1;"},
    {"one comes before the first flush, one after it",
     ALL,
     HOUR,
     {{0, A1, 0, FAR}, {3900, A2, 3900, FAR}, {4200, A3, 4200, FAR}},
     60000,
     "4000 2/0; 10000 3/0;"},
    {"an old alert opens its group at once",
     ALL,
     HOUR,
     {{2000, A1, -8000, FAR}},
     60000,
     "2000 1/0;"},
    {"fired and resolved within group_wait",
     ALL,
     HOUR,
     {{0, A1, 0, FAR}, {RESOLVE(2000, A1, 0)}},
     60000,
     ""},
    {"resolved and fired again between two ticks",
     ALL,
     HOUR,
     {{0, A1, 0, FAR}, {RESOLVE(5000, A1, 0)}, {8000, A1, 8000, FAR}},
     60000,
     "4000 1/0;"},
    {"until 0.29 an old alert hurries a young group",
     OLD,
     HOUR,
     {{0, A1, 0, FAR}, {1000, A2, -29000, FAR}},
     60000,
     "1000 2/0;"},
    {"since 0.30 it does not",
     V33,
     HOUR,
     {{0, A1, 0, FAR}, {1000, A2, -29000, FAR}},
     60000,
     "4000 2/0;"},
    {"but one that has flushed is hurried in no release",
     ALL,
     HOUR,
     {{0, A1, 0, FAR}, {5000, A2, -29000, FAR}},
     60000,
     "4000 1/0; 10000 2/0;"},
    {"until 0.31 an empty group ticks on, and who fires again waits for the tick",
     OLD,
     HOUR,
     {{0, A1, 0, FAR}, {RESOLVE(5000, A1, 0)}, {13000, A1, 13000, FAR}},
     60000,
     "4000 1/0; 10000 0/1; 16000 1/0;"},
    {"since 0.32 it is gone, and a new one waits group_wait",
     V33,
     HOUR,
     {{0, A1, 0, FAR}, {RESOLVE(5000, A1, 0)}, {13000, A1, 13000, FAR}},
     60000,
     "4000 1/0; 10000 0/1; 17000 1/0;"},
    {"soon after the all-clear: the tick",
     OLD,
     HOUR,
     {{0, A1, 0, FAR}, {RESOLVE(5000, A1, 0)}, {10300, A1, 10300, FAR}},
     60000,
     "4000 1/0; 10000 0/1; 16000 1/0;"},
    {"soon after the all-clear: group_wait",
     V33,
     HOUR,
     {{0, A1, 0, FAR}, {RESOLVE(5000, A1, 0)}, {10300, A1, 10300, FAR}},
     60000,
     "4000 1/0; 10000 0/1; 14300 1/0;"},
    {"an empty group that has missed several ticks keeps their beat",
     OLD,
     HOUR,
     {{0, A1, 0, FAR}, {RESOLVE(5000, A1, 0)}, {29000, A1, 29000, FAR}},
     60000,
     "4000 1/0; 10000 0/1; 34000 1/0;"},
    {"30 s after the start the empty ones are swept",
     ALL,
     HOUR,
     {{0, A1, 0, FAR}, {RESOLVE(5000, A1, 0)}, {31000, A1, 31000, FAR}},
     60000,
     "4000 1/0; 10000 0/1; 35000 1/0;"},
    {"inhibited while the source fires; told at the next tick after that",
     ALL,
     INHIBIT,
     {{1000, SRC, 1000, FAR}, {2000, TGT, 2000, FAR}, {RESOLVE(11100, SRC, 1000)}},
     30000,
     "5000 1/0; 12000 1/0; 17000 0/1; 30000 1/0;"},
    {"two sources, the first resolves: until 0.29 the other one is enough",
     OLD,
     INHIBIT,
     {{0, SRC, 0, FAR + 10}, {0, SRC2, 0, FAR}, {2000, TGT, 2000, FAR}, {RESOLVE(3000, SRC, 0)}},
     16000,
     "4000 1/1;"},
    {"two sources, the first resolves: since 0.30 it alone was looked at",
     V33,
     INHIBIT,
     {{0, SRC, 0, FAR + 10}, {0, SRC2, 0, FAR}, {2000, TGT, 2000, FAR}, {RESOLVE(3000, SRC, 0)}},
     16000,
     "4000 1/1; 6000 1/0;"},
    {"two sources: the second is told again in time",
     ALL,
     INHIBIT,
     {{0, SRC, 0, FAR + 10},
      {0, SRC2, 0, FAR},
      {2000, TGT, 2000, FAR},
      {RESOLVE(3000, SRC, 0)},
      {5000, SRC2, 0, FAR + 20}},
     16000,
     "4000 1/1;"},
    {"without send_resolved the all-clear is only logged",
     ALL,
     QUIET,
     {{0, A1, 0, FAR}, {RESOLVE(5000, A1, 0)}, {31000, A1, 31000, FAR}},
     40000,
     "4000 1/0; 35000 1/0;"},
    {"an alert without an end resolves by resolve_timeout",
     ALL,
     HOUR,
     {{0, A1, 0, NONE}, {4000, A1, 0, NONE}},
     60000,
     "4000 1/0; 10000 0/1;"},
    {"an end of our own gives way to a sooner one that is told",
     ALL,
     HOUR,
     {{0, A1, 0, NONE}, {1000, A1, 0, 3500}},
     60000,
     ""},
    {"a told end that is later stays",
     ALL,
     HOUR,
     {{0, A1, 0, 13000}, {1000, A1, 0, NONE}},
     60000,
     "4000 1/0; 16000 0/1;"},
    {"who fires again before the end that was told has been firing since the first start",
     V33,
     HOUR,
     {{0, A1, -10000, 3000}, {6500, A1, 2900, FAR}},
     60000,
     "0 1/0; 6000 0/1; 6500 1/0;"},
    {"a silence holds a new alert back until the tick after its end",
     ALL,
     SILENCE,
     {{3000, A1, 3000, FAR}},
     60000,
     "19000 1/0;"},
    {"what fires and is silenced is not told again when the silence ends",
     ALL,
     SILENCE,
     {{0, A1, 0, FAR}},
     60000,
     "4000 1/0;"},
    {"resolved under a silence: nobody is told, then or later, and the log still says firing",
     V33,
     SILENCE,
     {{0, A1, 0, FAR},
      {RESOLVE(6000, A1, 0)},
      {20000, A1, 20000, FAR},
      {RESOLVE(25000, A1, 20000)}},
     60000,
     "4000 1/0; 30000 0/1;"},
    {"a silence takes out single alerts of a group",
     ALL,
     SILENCE_1,
     {{0, A1, 0, FAR}, {0, A2, 0, FAR}},
     60000,
     "4000 1/0; 16000 2/0;"},
    {"muted in the first minute on a clock 4:30 ahead",
     ALL,
     MUTE,
     {{30000, A1, 30000, FAR}},
     70000,
     "64000 1/0;"},
    {"active in the first minute alone",
     ALL,
     ACTIVE,
     {{30000, A1, 30000, FAR}},
     100000,
     "34000 1/0; 52000 1/0;"},
    {"active never", ALL, NEVER, {{0, A1, 0, FAR}}, 100000, ""},
    {"the second peer waits 15 s; an alert that resolves meanwhile is still told as firing",
     ALL,
     PEER,
     {{0, A1, 0, FAR}, {RESOLVE(6000, A1, 0)}},
     50000,
     "19000 1/0; 34000 0/1;"},
};

struct log {
    char text[400];
    struct alertmanager *am;
};

static void note(void *ctx, int64_t now_ns, const struct am_notification *n)
{
    struct log *log = ctx;
    size_t used = strlen(log->text);

    (void)snprintf(log->text + used, sizeof log->text - used, "%s%d %d/%d;", used > 0 ? " " : "",
                   (int)(now_ns / MS), n->n_firing, n->n_resolved);
}

static void run_until(struct log *log, int64_t until_ns)
{
    for (int64_t next; (next = rs_am_next(log->am)) <= until_ns;) {
        rs_am_tick(log->am, next, note, log);
        ck_assert_int_gt(rs_am_next(log->am), next);
    }
}

static void play(const struct row *row, struct log *log, struct label_table *labels)
{
    for (int i = 0; i < N(row->post) && row->post[i].alert != NULL; i++) {
        const struct post *p = &row->post[i];

        run_until(log, p->t_ms * MS - 1);
        rs_am_post(log->am, p->t_ms * MS, series_labels(labels, p->alert), p->starts_ms * MS,
                   p->ends_ms == NONE ? RS_NEVER : p->ends_ms * MS);
    }
    run_until(log, row->until_ms * MS);
}

START_TEST(times)
{
    const struct row *row = &rows[_i];

    for (int v = 0; v < 3; v++) {
        struct am_settings settings = rs_am_settings_default();
        struct label_table *labels = rs_label_table_new();
        struct am_config config;
        struct log log;

        settings.version = (enum am_version)v;
        configure(row->setting, &config, &settings);
        log.am = rs_am_new(&config, &settings, labels);
        for (int replica = 0; replica < 2; replica++) { /* a reset leaves nothing behind */
            log.text[0] = '\0';
            play(row, &log, labels);
            ck_assert_msg(!(row->versions >> v & 1) || strcmp(log.text, row->log) == 0,
                          "%s: %s in %s, expected %s", row->what, log.text, rs_am_version_names[v],
                          row->log);
            ck_assert_msg((row->versions >> v & 1) || strcmp(log.text, row->log) != 0,
                          "%s: %s in %s too", row->what, log.text, rs_am_version_names[v]);
            rs_am_reset(log.am);
        }
        rs_am_free(log.am);
        rs_label_table_free(labels);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("am_timing");
    TCase *tc = tcase_create("am_timing");
    SRunner *sr;
    int failed;

    tcase_add_loop_test(tc, times, 0, N(rows));
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
