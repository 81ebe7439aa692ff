/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run came to: timing card, bands, and the words about the run itself. */
#include <inttypes.h>
#include <stdio.h>

#include "reading.h"
#include "record_parts.h"
#include "sim/clock.h"
#include "words.h"

static int put_meta(struct database *db, const char *key, const char *text, struct err *err)
{
    return text ? RS_INSERT(db, RS_TABLE_META, err, text_value(key), text_value(text)) : 0;
}

static int put_meta_count(struct database *db, const char *key, uint64_t n, struct err *err)
{
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, n);
    return put_meta(db, key, text, err);
}

static int put_meta_real(struct database *db, const char *key, double x, struct err *err)
{
    char text[40];
    snprintf(text, sizeof text, "%.17g", x);
    return put_meta(db, key, text, err);
}

static int put_about_scenario(struct database *db, const struct scenario *sc, struct err *err)
{
    char starts_at[48];
    rs_time_format(starts_at, sizeof starts_at, sc->starts_at_unix_ns);
    if (put_meta(db, "scenario_name", sc->name, err) != 0 ||
        put_meta(db, "scenario_title", sc->title, err) != 0 ||
        put_meta(db, "scenario_document", sc->document, err) != 0 ||
        put_meta(db, "scenario_file", sc->file, err) != 0 ||
        put_meta(db, "scenario_text", sc->text, err) != 0 ||
        put_meta(db, "scenario_sha256", sc->sha256, err) != 0 ||
        put_meta(db, "starts_at", starts_at, err) != 0)
        return -1;
    if (put_meta_real(db, "trajectory_step_s", rs_s_from_ns(sc->trajectory_step_ns), err) != 0 ||
        put_meta_real(db, "horizon_s", rs_s_from_ns(sc->horizon_ns), err) != 0)
        return -1;
    if (put_meta_real(db, "confidence", sc->confidence, err) != 0 ||
        put_meta(db, "correction", "bonferroni over e-values", err) != 0)
        return -1;
    return put_meta_count(db, "family_size", (uint64_t)rs_family_size(sc), err);
}

static int put_about_run(struct database *db, const struct run_result *r, struct err *err)
{
    if (put_meta(db, "rollsim_version", RS_VERSION, err) != 0 ||
        put_meta(db, "random_stream", RS_RANDOM_STREAM, err) != 0 ||
        put_meta_count(db, "seed", r->seed, err) != 0)
        return -1;
    if (put_meta_count(db, "n_replica", r->n_replica, err) != 0 ||
        put_meta_count(db, "n_budget", r->n_budget, err) != 0 ||
        put_meta_count(db, "n_left_out", (uint64_t)r->n_left_out, err) != 0)
        return -1;
    if (put_meta(db, "samplers", r->gsl_samplers ? "gsl" : "own", err) != 0)
        return -1;
    return put_meta(db, "stopped_early", r->stopped ? "1" : "0", err);
}

static int put_leg(struct database *db, const struct card *c, int number, struct err *err)
{
    const struct card_leg *leg = &c->leg[number];
    return RS_INSERT(db, RS_TABLE_CARD, err, int_value(c->fault), int_value(c->procedure),
                     int_value(number), text_value(rs_clock_name(leg->from)),
                     text_value(rs_clock_name(leg->to)), count_value(leg->n),
                     count_value(leg->n_open), real_value(leg->s_p50), real_value(leg->s_p95),
                     real_value(leg->s_p99), real_value(leg->s_max), real_value(leg->s_best_world),
                     real_value(leg->s_worst_world),
                     leg->n ? count_value(leg->worst_replica) : null_value());
}

static int put_card(struct database *db, const struct card *c, struct err *err)
{
    int rc =
        RS_INSERT(db, RS_TABLE_CARD_SUMMARY, err, int_value(c->fault), int_value(c->procedure),
                  count_value(c->n_present), count_value(c->n_episode), count_value(c->n_missed),
                  isinf(c->sla_s) ? null_value() : real_value(c->sla_s), count_value(c->n_within),
                  real_value(c->within.low), real_value(c->within.high));
    for (int i = 0; rc == 0 && i < c->n_leg; i++)
        rc = put_leg(db, c, i, err);
    return rc;
}

int rs_record_result(struct record *r, const struct run_result *result, struct err *err)
{
    struct database *db = rs_record_database(r);
    const struct scenario *sc = rs_record_of(r);
    int rc = rs_record_keep(r, err);
    if (rc == 0)
        rc = put_about_scenario(db, sc, err);
    if (rc == 0)
        rc = put_about_run(db, result, err);
    for (int i = 0; rc == 0 && i < result->n_verdict; i++)
        rc = rs_record_verdict(db, result, i, err);
    for (int i = 0; rc == 0 && i < result->n_card; i++)
        rc = put_card(db, &result->card[i], err);
    return rc;
}

struct band_sink {
    struct database *db;
    struct err *err;
};

static int put_band(void *ctx, const struct band_point *p)
{
    const struct band_sink *s = ctx;
    return RS_INSERT(
        s->db, RS_TABLE_BAND, s->err, int_value(p->fault), int_value(p->service),
        text_value(rs_band_grid_name(p->grid)), text_value(rs_band_metric_name(p->metric)),
        int_value(p->i), real_value(p->t_s), count_value(p->n), real_value(p->q[0]),
        real_value(p->q[1]), real_value(p->q[2]), real_value(p->q[3]), real_value(p->q[4]));
}

int rs_record_bands(struct record *r, const struct band_book *b, struct err *err)
{
    struct band_sink sink = {.db = rs_record_database(r), .err = err};
    return rs_band_book_each(b, put_band, &sink);
}
