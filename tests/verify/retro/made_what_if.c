/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "made_what_if.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "scenarios/load.h"

static const int64_t s_ns = RS_NS_PER_S, min_ns = 60 * RS_NS_PER_S;

struct retro_instant made_at(int64_t best_ns, int64_t off_ns)
{
    return (struct retro_instant){.how = RS_HOW_RECORDED,
                                  .lo_ns = best_ns - off_ns,
                                  .best_ns = best_ns,
                                  .hi_ns = best_ns + off_ns,
                                  .confidence = 1.0,
                                  .source = 0,
                                  .mark = -1};
}

struct retro_change made_change(int64_t best_ns, int64_t off_ns)
{
    return (struct retro_change){.found = true,
                                 .signal = -1,
                                 .lo_ns = best_ns - off_ns,
                                 .best_ns = best_ns,
                                 .hi_ns = best_ns + off_ns};
}

struct scenario *made_load_with(double base, const char *from, const char *to)
{
    static char text[8192];
    char out[8192 + 256];
    struct err_list errors;
    FILE *file = fopen(WHAT_IF_DATA "what_if.yaml", "r");
    ck_assert_ptr_nonnull(file);
    size_t n = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[n] = '\0';
    size_t at_char = 0;
    for (const char *c = text; *c;) {
        bool is_base = strncmp(c, "0.2%", 4) == 0;
        bool is_from = from && strncmp(c, from, strlen(from)) == 0;
        ck_assert_uint_lt(at_char + 256, sizeof(out));
        if (is_base)
            at_char += (size_t)snprintf(out + at_char, sizeof(out) - at_char, "%g", base);
        else if (is_from)
            at_char += (size_t)snprintf(out + at_char, sizeof(out) - at_char, "%s", to);
        else
            out[at_char++] = *c;
        c += is_base ? 4 : is_from ? (long)strlen(from) : 1;
    }
    out[at_char] = '\0';
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_parse(WHAT_IF_DATA "what_if.yaml", out, strlen(out), &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(sc);
    rs_err_list_clear(&errors);
    return sc;
}

int made_series(struct made *m, const char *code)
{
    const struct label label[] = {
        {"__name__", "http_requests_total"}, {"code", code}, {"instance", "web-0"}, {"job", "web"}};
    return rs_recorded_series(m->e.data, rs_labels_intern(m->e.data->labels, 4, label));
}

void made_init(struct made *m, struct scenario *sc)
{
    *m = (struct made){.arena = rs_arena_new(), .sc = sc};
    m->source = (struct retro_source){.name = "metrics", .kind = RS_SOURCE_METRICS};
    m->e = (struct retro_evidence){.arena = m->arena,
                                   .name = "made",
                                   .scenario = sc,
                                   .n_source = 1,
                                   .source = &m->source,
                                   .data = rs_recorded_new(NULL),
                                   .n_rule_file = sc->monitoring.n_rule_file,
                                   .rule_file =
                                       (const struct rule_file *const *)sc->monitoring.rule_file,
                                   .alertmanager = sc->monitoring.alertmanager,
                                   .evaluation_interval_ns = sc->monitoring.evaluation_interval_ns,
                                   .lookback_ns = sc->monitoring.lookback_ns,
                                   .confidence = 0.95};
    m->r = (struct retro){.arena = m->arena, .evidence = &m->e};
    m->r.rebuilt.offset = &m->offset;
    m->r.rebuilt.n_episode = 1;
    m->r.rebuilt.episode = &m->episode;
    m->r.rebuilt.flag_step = m->step;
    m->episode = (struct retro_episode){.name = "back",
                                        .procedure = 0,
                                        .stage = 0,
                                        .service = 0,
                                        .alert = "Errors",
                                        .had_rollback = true,
                                        .signal = -1};
}

void made_clear(struct made *m)
{
    rs_retro_seen_clear(&m->r.seen);
    rs_recorded_free(m->e.data);
    rs_arena_free(m->arena);
    rs_scenario_free(m->sc);
}

void made_ask(struct made *m)
{
    const struct retro_options opt = {.seed = 7, .replicas = 200, .n_jobs = 1};
    rs_recorded_sort(m->e.data);
    ck_assert_int_eq(rs_retro_see(&m->r, NULL), 0);
    ck_assert_int_eq(rs_retro_what_if(&m->r, &opt, NULL), 0);
}

const struct retro_outcome *made_outcome(const struct made *m, const char *name)
{
    for (int i = 0; i < m->r.n_counterfactual; i++) {
        if (strcmp(m->r.counterfactual[i].name, name) == 0)
            return &m->r.counterfactual[i].outcome[0];
    }
    ck_abort_msg("no %s", name);
    return NULL;
}

void made_by_hand(struct made *m, double failures)
{
    made_init(m, made_load_with(0.002, "{polling: {every: 15s}}",
                                "{streaming: {delay: {constant: 0s}}}"));
    int64_t zero = m->sc->starts_at_unix_ns;
    double good = 0.0, bad = 0.0;
    int ok = made_series(m, "200"), error = made_series(m, "500");
    for (int i = 0; i <= 480; i++) {
        bool fails = i > 240 && i <= 280;
        good += i == 0 ? 0.0 : fails ? 150.0 - failures : 150.0;
        bad += fails ? failures : 0.0;
        rs_recorded_add(m->e.data, ok, (zero + i * 15 * s_ns) / RS_NS_PER_MS, good);
        rs_recorded_add(m->e.data, error, (zero + i * 15 * s_ns) / RS_NS_PER_MS, bad);
    }
    struct retro_episode *e = &m->episode;
    e->at[RS_CLOCK_ONSET] = made_at(zero + 60 * min_ns, 0);
    e->at[RS_CLOCK_DETECTED] = made_at(zero + 64 * min_ns, 0);
    e->at[RS_CLOCK_COMMANDED] = made_at(zero + 70 * min_ns, 0);
    e->at[RS_CLOCK_EFFECTIVE] = made_at(zero + 70 * min_ns, 0);
    e->at[RS_CLOCK_COMPLETED] = made_at(zero + 71 * min_ns, 0);
    e->up = made_change(zero + 60 * min_ns, 0);
    e->down = made_change(zero + 70 * min_ns, 0);
    m->step[0] = (struct retro_flag_step){
        .flag = 0, .on = true, .percent = 100.0, .at = made_at(zero + 30 * min_ns, 0)};
    m->step[1] = (struct retro_flag_step){
        .flag = 0, .on = false, .percent = 0.0, .at = made_at(zero + 70 * min_ns, 0)};
    m->r.rebuilt.n_flag_step = 2;
}
