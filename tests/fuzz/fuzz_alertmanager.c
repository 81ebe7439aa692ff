/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as an Alertmanager file: never a crash; refused with words, or read without any. What is read is then run: behind a
 * line "%%" stand the bytes of a script (release, place in a cluster, then four bytes for each post), else there is one of its own.
 */
#define _GNU_SOURCE /* memmem */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "models/alertmanager.h"
#include "scenarios/load.h"
#include "sim/arena.h"
#include "sim/clock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TICKS_MAX = 3000 };

static const uint8_t own_script[] = {2, 0,  0, 0, 0, 255, 10, 1, 30, 20, 40, 0, 0,
                                     0, 90, 2, 1, 9, 60,  1,  0, 0,  30, 3,  0, 255};

struct run {
    struct label_table *labels;
    struct alertmanager *am;
    int64_t last_ns;
    int n_tick;
};

static void check(int64_t *last_ns, int64_t now_ns)
{
    if (now_ns < *last_ns) {
        abort();
    }
    *last_ns = now_ns;
}

static void notified(void *ctx, int64_t now_ns, const struct am_notification *n)
{
    struct run *run = ctx;

    check(&run->last_ns, now_ns);
    if (n->n_firing + n->n_resolved < 1 || !n->receiver) {
        abort();
    }
    for (int i = 1; i < n->n_firing; i++) {
        if (rs_labels_compare(run->labels, n->firing[i - 1], n->firing[i]) >= 0) {
            abort();
        }
    }
}

static void run_until(struct run *run, int64_t until_ns)
{
    int64_t next = 0;

    while ((next = rs_am_next(run->am)) <= until_ns && run->n_tick < TICKS_MAX) {
        rs_am_tick(run->am, next > run->last_ns ? next : run->last_ns, notified, run);
        run->n_tick++;
    }
}

/* Alerts 0..7: three labels in all their combinations. */
static rs_labels alert(struct label_table *labels, unsigned k)
{
    const struct label set[] = {{"alertname", k & 1 ? "Down" : "Slow"},
                                {"severity", k & 2 ? "critical" : "warning"},
                                {"job", k & 4 ? "a" : "b"}};

    return rs_labels_intern(labels, 3, set);
}

static void play(const struct am_config *config, const uint8_t *script, size_t n)
{
    struct am_settings settings = rs_am_settings_default();
    struct run run = {.labels = rs_label_table_new()};
    int64_t now_ns = 0;

    settings.version = (enum am_version)(n > 0 ? script[0] % 3 : 2);
    settings.peer = n > 1 ? script[1] % 3 : 0;
    settings.starts_unix_ns = INT64_C(1736154000) * RS_NS_PER_S;
    run.am = rs_am_new(config, &settings, run.labels);
    for (size_t i = 2; i + 3 < n; i += 4) {
        int64_t life_ns = script[i + 3] * RS_NS_PER_S;

        now_ns += script[i] * RS_NS_PER_S / 2;
        run_until(&run, now_ns);
        run.last_ns = now_ns;
        rs_am_post(run.am, now_ns, alert(run.labels, script[i + 1]),
                   now_ns - script[i + 2] * RS_NS_PER_S,
                   script[i + 3] == 255 ? RS_NEVER : now_ns + life_ns);
    }
    run_until(&run, now_ns + 86400 * RS_NS_PER_S);
    rs_am_reset(run.am);
    if (rs_am_next(run.am) != RS_NEVER) {
        abort();
    }
    rs_am_free(run.am);
    rs_label_table_free(run.labels);
}

static void read_and_play(const char *text, size_t n, const uint8_t *script, size_t n_script)
{
    struct err_list errors;
    struct arena *arena = rs_arena_new();
    enum am_version version = n_script > 0 ? (enum am_version)(script[0] % 3) : RS_AM_0_33;

    rs_err_list_init(&errors);
    const struct am_config *config =
        rs_am_config_parse_as(arena, version, "fuzz", text, n, &errors);
    if ((config != NULL) != (errors.n == 0)) {
        abort();
    }
    for (size_t i = 0; i < errors.n; i++) {
        if (errors.item[i].text[0] == '\0') {
            abort();
        }
    }
    if (config) {
        play(config, script, n_script);
    }
    rs_arena_free(arena);
    rs_err_list_clear(&errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char border[] = "\n%%\n";
    const uint8_t *cut = size > 0 ? memmem(data, size, border, sizeof border - 1) : NULL;

    if (cut) {
        const uint8_t *script = cut + sizeof border - 1;
        read_and_play((const char *)data, (size_t)(cut - data) + 1, script,
                      size - (size_t)(script - data));
    } else {
        read_and_play((const char *)data, size, own_script, sizeof own_script);
    }
    return 0;
}
