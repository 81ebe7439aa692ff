/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "trip.h"

#include <check.h>
#include <gsl/gsl_cdf.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "models/replica.h"
#include "scenarios/evidence.h"
#include "scenarios/export.h"
#include "scenarios/load.h"
#include "sim/clock.h"
#include "sim/stream.h"

#define SEED 20260302
#define JITTER_S 20.0
#define P_LOST (1.0 / 7.0)

/* One rollout's files and what really happened. */
struct rollout {
    char folder[64];
    int number;
    struct history truth;
    int64_t offset_ns; /* of the people's clock */
};

static void path_of(char *buf, size_t n, const struct rollout *o, const char *name)
{
    snprintf(buf, n, "%s/%s", o->folder, name);
}

static FILE *open_file(const struct rollout *o, const char *name)
{
    char path[128];
    path_of(path, sizeof(path), o, name);
    FILE *to = fopen(path, "wb");
    ck_assert_ptr_nonnull(to);
    return to;
}

/* ---- written down badly ---- */

/* A copy without what the recorder lost: one scrape in a hundred, and up to two spans of two to six minutes. */
static struct recorded *with_gaps(const struct recorded *from, struct stream *s)
{
    struct recorded *to = rs_recorded_new(from->labels);
    int64_t gap_from[2], gap_until[2];
    uint64_t lottery = rs_stream_u64(s); /* all series of a scrape are lost together */
    for (int k = 0; k < 2; k++) {
        double span = (double)(from->last_ms - from->first_ms);
        gap_from[k] = from->first_ms + (int64_t)(rs_stream_uniform(s) * span);
        gap_until[k] = gap_from[k] + (int64_t)(120e3 + 240e3 * rs_stream_uniform(s));
        if (rs_stream_uniform(s) < 0.5)
            gap_until[k] = gap_from[k];
    }
    for (int i = 0; i < from->n_series; i++) {
        int series = rs_recorded_series(to, from->series[i].labels);
        for (size_t j = 0; j < from->series[i].n; j++) {
            int64_t t = from->series[i].sample[j].t_ms;
            bool lost = rs_stream_hash_index(lottery, (uint64_t)t) % 100 == 0;
            for (int k = 0; k < 2; k++)
                lost = lost || (t >= gap_from[k] && t < gap_until[k]);
            if (!lost)
                rs_recorded_add(to, series, t, from->series[i].sample[j].v);
        }
    }
    rs_recorded_sort(to);
    return to;
}

/* A line of the timeline with its time moved, to the second; or nothing, where it was never written. */
static void write_line(FILE *to, const char *line, const struct rollout *o, struct stream *s)
{
    static const char begins[] = "  - {at: ";
    double jitter_s = JITTER_S * (2.0 * rs_stream_uniform(s) - 1.0);
    bool lost = rs_stream_uniform(s) < P_LOST;
    if (strncmp(line, begins, strlen(begins)) != 0) {
        fputs(line, to);
        return;
    }
    int64_t at_ns = 0;
    char text[40], at[40];
    const char *rest = strchr(line, ',');
    snprintf(text, sizeof(text), "%.*s", (int)(rest - line - (long)strlen(begins)),
             line + strlen(begins));
    ck_assert_int_eq(rs_time_parse(&at_ns, text), 0);
    at_ns += o->offset_ns + (int64_t)(jitter_s * 1e9);
    at_ns -= at_ns % 1000000000;
    rs_time_format(at, sizeof(at), at_ns);
    if (!lost)
        fprintf(to, "%s%s%s", begins, at, rest);
}

static void write_timeline(const struct rollout *o, const struct scenario *sc, struct stream *s)
{
    char *text = NULL;
    size_t n = 0;
    FILE *whole = open_memstream(&text, &n);
    rs_export_timeline(whole, sc, &o->truth);
    fclose(whole);
    FILE *to = open_file(o, "timeline.yaml");
    for (char *line = text; *line;) {
        char *end = strchr(line, '\n') + 1, keep = *end;
        *end = '\0';
        write_line(to, line, o, s);
        *end = keep;
        line = end;
    }
    fclose(to);
    free(text);
}

static void write_document(const struct rollout *o)
{
    FILE *to = open_file(o, "retro.yaml");
    fprintf(to,
            "retro: 1\nname: trip\nscenario: %s/shop.yaml\nmetrics:\n  - {name: prometheus, file: "
            "metrics.om}\ntimelines:\n  - {name: notes, file: timeline.yaml, accuracy: 20s}\n",
            DATA_DIR);
    fclose(to);
}

static void simulate(struct rollout *o, const struct scenario *sc)
{
    struct err err = {0};
    struct stream s = rs_stream_open(SEED, (uint64_t)o->number, rs_stream_hash("badly written"));
    struct simulator *sim = rs_simulator_new(sc, &err);
    ck_assert_ptr_nonnull(sim);
    rs_simulator_keep_samples(sim);
    struct replica_options opt = {
        .seed = SEED, .replica = (uint64_t)o->number, .fault = o->number % 2, .trace = true};
    ck_assert_int_eq(rs_simulator_run(sim, &opt, &o->truth, &err), 0);
    o->offset_ns = (int64_t)(120e9 * (2.0 * rs_stream_uniform(&s) - 1.0));
    struct recorded *whole = rs_simulator_samples(sim), *kept = with_gaps(whole, &s);
    FILE *to = open_file(o, "metrics.om");
    rs_export_metrics(to, kept);
    fclose(to);
    write_timeline(o, sc, &s);
    write_document(o);
    rs_recorded_free(kept);
    rs_recorded_free(whole);
    rs_simulator_free(sim);
}

/* ---- judged ---- */

static void count(struct hits *h, bool in)
{
    h->n++;
    h->n_in += in;
}

static void judge_instants(struct trip *t,
                           const struct rollout *o,
                           const struct episode *truth,
                           const struct retro_episode *e,
                           int64_t starts_ns)
{
    for (int m = 0; m < RS_CLOCK_N; m++) {
        const struct retro_instant *i = &e->at[m];
        if (truth->at_ns[m] == RS_NEVER || i->how == RS_HOW_UNKNOWN || i->never)
            continue;
        int64_t at = starts_ns + truth->at_ns[m];
        bool in = i->lo_ns <= at && at <= i->hi_ns;
        count(&t->instant[m][i->how], in);
        if (!in && getenv("TRIP_TELL"))
            fprintf(stderr, "%d: %s, %s: %.1f s outside of a width of %.1f s (%s)\n", o->number,
                    rs_clock_name((enum clock_mark)m), rs_retro_how_name(i->how),
                    (double)(at < i->lo_ns ? at - i->lo_ns : at - i->hi_ns) / 1e9,
                    (double)(i->hi_ns - i->lo_ns) / 1e9, i->why ? i->why : "");
    }
}

static void judge_sla(struct trip *t,
                      const struct rollout *o,
                      const struct episode *truth,
                      const struct retro_episode *e)
{
    int64_t leg = rs_episode_leg(truth, RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED);
    enum retro_sla is = leg >= 0 && leg <= e->sla_ns ? RS_SLA_KEPT : RS_SLA_BROKEN;
    bool wrong = (e->sla == RS_SLA_KEPT || e->sla == RS_SLA_BROKEN) && e->sla != is;
    t->n_sla[e->sla]++;
    t->n_sla_wrong += wrong;
    if (wrong && getenv("TRIP_TELL"))
        fprintf(stderr, "%d: SLA is %s, said %s: %.1f s; %s\n", o->number, rs_retro_sla_name(is),
                rs_retro_sla_name(e->sla), (double)leg / 1e9, e->sla_why ? e->sla_why : "");
}

static void
judge_rebuilt(struct trip *t, const struct rollout *o, const struct retro *r, int64_t starts_ns)
{
    const struct retro_rebuilt *b = &r->rebuilt;
    for (int i = 0; i < r->evidence->n_source; i++) {
        if (r->evidence->source[i].kind != RS_SOURCE_TIMELINE)
            continue;
        count(&t->offset, b->offset[i].lo_ns <= o->offset_ns && o->offset_ns <= b->offset[i].hi_ns);
        t->width_s += (double)(b->offset[i].hi_ns - b->offset[i].lo_ns) / 1e9;
        if (getenv("TRIP_TELL") &&
            (b->offset[i].lo_ns > o->offset_ns || o->offset_ns > b->offset[i].hi_ns))
            fprintf(stderr, "%d: offset %.1f, said %.1f .. %.1f: %s\n", o->number,
                    (double)o->offset_ns / 1e9, (double)b->offset[i].lo_ns / 1e9,
                    (double)b->offset[i].hi_ns / 1e9, b->offset[i].why ? b->offset[i].why : "");
    }
    bool rolled_back = o->truth.n_episode > 0;
    t->n_rolled_back += rolled_back;
    t->n_extra += b->n_episode - (b->n_episode > 0 && rolled_back);
    if (!rolled_back || b->n_episode == 0)
        return;
    t->n_found++;
    judge_instants(t, o, &o->truth.episode[0], &b->episode[0], starts_ns);
    judge_sla(t, o, &o->truth.episode[0], &b->episode[0]);
}

/* What the scenario that was simulated says of a parameter: it stands there as "assumed", for the document names that scenario. */
static void
judge_fits(struct trip *t, const struct rollout *o, const struct retro_learnt *l, bool people)
{
    for (int i = 0; l && i < l->n_fit; i++) {
        const struct retro_fit *f = &l->fit[i];
        if (people != (f->kind == RS_FIT_PEOPLE))
            continue;
        t->n_duration += f->n_duration;
        for (int k = 0; !f->refused && k < f->n_parameter; k++) {
            const struct retro_parameter *p = &f->parameter[k];
            if (isnan(p->assumed) || isnan(p->low))
                continue;
            bool in = p->low <= p->assumed && p->assumed <= p->high;
            count(&t->fit[f->kind], in);
            if (!in && getenv("TRIP_TELL"))
                fprintf(stderr, "%d: %s, %s: %g is not in %g .. %g\n", o->number, f->name, p->name,
                        p->assumed, p->low, p->high);
        }
    }
}

/* Is the people's clock put right by anything? If not that is said, and nothing about their marks can be claimed. */
static bool is_tied(const struct retro *r)
{
    for (int i = 0; i < r->evidence->n_source; i++) {
        if (r->rebuilt.offset[i].how == RS_CLOCK_ASSUMED)
            return false;
    }
    return true;
}

/* rebuilt: the episode, too; else only what is learnt. */
static void
judge(struct trip *t, const struct rollout *o, const char *document, bool rebuilt, bool learn)
{
    struct err_list errors;
    char path[128];
    rs_err_list_init(&errors);
    path_of(path, sizeof(path), o, document);
    struct retro_evidence *e = rs_evidence_load(path, NULL, 0, NULL, 0, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(e);
    struct retro *r = NULL;
    struct retro_options opt = {.learn = learn, .replicas = 1, .n_jobs = 1};
    int status = rs_retro_run(&r, e, &opt, &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_int_eq(status, 0);
    t->n_untied += rebuilt && !is_tied(r);
    if (rebuilt && is_tied(r))
        judge_rebuilt(t, o, r, e->scenario->starts_at_unix_ns);
    judge_fits(t, o, r->learnt, !rebuilt);
    rs_retro_free(r);
    rs_evidence_close(e);
    rs_err_list_clear(&errors);
}

static void remove_files(const struct rollout *o)
{
    static const char *const name[] = {"metrics.om", "timeline.yaml", "retro.yaml", "pooled.yaml"};
    char path[128];
    for (int i = 0; i < 4; i++) {
        path_of(path, sizeof(path), o, name[i]);
        unlink(path);
    }
    rmdir(o->folder);
}

void trip_run(struct trip *t, int first, int n, bool learn)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_load(DATA_DIR "/shop.yaml", &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(sc);
    for (int i = first; i < first + n; i++) {
        struct rollout o = {.folder = "/tmp/rollsim-trip-XXXXXX", .number = i};
        ck_assert_ptr_nonnull(mkdtemp(o.folder));
        rs_history_init(&o.truth);
        simulate(&o, sc);
        judge(t, &o, "retro.yaml", true, learn);
        t->n_rollout++;
        rs_history_clear(&o.truth);
        if (!getenv("TRIP_KEEP"))
            remove_files(&o);
    }
    rs_scenario_free(sc);
    rs_err_list_clear(&errors);
}

/* One document that learns from all rollouts. */
static void write_pooled(const struct rollout *o, int n)
{
    FILE *to = open_file(&o[0], "pooled.yaml");
    fprintf(
        to,
        "retro: 1\nname: pooled\nscenario: %s/shop.yaml\nmetrics:\n  - {name: prometheus, file: "
        "metrics.om}\ntimelines:\n  - {name: notes, file: timeline.yaml, accuracy: "
        "20s}\nlearn_from:\n",
        DATA_DIR);
    for (int i = 1; i < n; i++)
        fprintf(to, "  - %s/retro.yaml\n", o[i].folder);
    fclose(to);
}

void trip_pool(struct trip *t, int first, int n)
{
    struct err_list errors;
    struct rollout *o = rs_xcalloc((size_t)n, sizeof(*o));
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_load(DATA_DIR "/shop.yaml", &errors);
    ck_assert_ptr_nonnull(sc);
    for (int i = 0; i < n; i++) {
        o[i] = (struct rollout){.folder = "/tmp/rollsim-trip-XXXXXX", .number = first + i};
        ck_assert_ptr_nonnull(mkdtemp(o[i].folder));
        rs_history_init(&o[i].truth);
        simulate(&o[i], sc);
    }
    write_pooled(o, n);
    judge(t, &o[0], "pooled.yaml", false, true);
    for (int i = 0; i < n; i++) {
        rs_history_clear(&o[i].truth);
        remove_files(&o[i]);
    }
    free(o);
    rs_scenario_free(sc);
}

double trip_chance(struct hits h, double p)
{
    return h.n == 0 ? 1.0 : gsl_cdf_binomial_P((unsigned)h.n_in, p, (unsigned)h.n);
}

void trip_print(const struct trip *t, FILE *to)
{
    fprintf(to, "%d rollouts, %d rolled back, %d of them rebuilt, %d episodes that were none\n",
            t->n_rollout, t->n_rolled_back, t->n_found, t->n_extra);
    for (int m = 0; m < RS_CLOCK_N; m++) {
        for (int h = RS_HOW_RECORDED; h <= RS_HOW_BOUNDED; h++) {
            if (t->instant[m][h].n > 0)
                fprintf(to, "%-20s %-9s %4d of %4d\n", rs_clock_name((enum clock_mark)m),
                        rs_retro_how_name((enum retro_how)h), t->instant[m][h].n_in,
                        t->instant[m][h].n);
        }
    }
    fprintf(to, "SLA: kept %d, broken %d, undecidable %d, none %d; wrong %d\n",
            t->n_sla[RS_SLA_KEPT], t->n_sla[RS_SLA_BROKEN], t->n_sla[RS_SLA_UNDECIDABLE],
            t->n_sla[RS_SLA_NONE], t->n_sla_wrong);
    fprintf(to, "%d whose notes nothing ties to the metrics' clock\n", t->n_untied);
    fprintf(to, "clock offset %d of %d, %.1f s wide\n", t->offset.n_in, t->offset.n,
            t->width_s / fmax(1, t->offset.n));
    for (int k = 0; k < RS_FIT_KIND_N; k++) {
        if (t->fit[k].n > 0)
            fprintf(to, "fit of %-12s %4d of %4d\n", rs_retro_fit_kind_name((enum retro_fit_kind)k),
                    t->fit[k].n_in, t->fit[k].n);
    }
    fflush(to); /* a child of the test ends without */
}
