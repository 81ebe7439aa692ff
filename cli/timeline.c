/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "timeline.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "sim/clock.h"
#include "verify/report.h"
#include "verify/told.h"

/* Where and how lines go. */
struct teller {
    const struct scenario *sc;
    bool colour;
    FILE *to;
};

#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define CYAN "\033[36m"
#define BOLD "\033[1m"
#define DIM "\033[2m"

static const char *on(const struct teller *t, const char *code)
{
    return t->colour && code ? code : "";
}

static const char *off(const struct teller *t, const char *code)
{
    return t->colour && code ? "\033[0m" : "";
}

static const char *colour_of(enum trace_kind kind)
{
    switch (kind) {
    case RS_TRACE_FAULT: return RED;
    case RS_TRACE_ALERT:
    case RS_TRACE_GATE: return YELLOW;
    case RS_TRACE_PERSON:
    case RS_TRACE_NOTICE: return CYAN;
    case RS_TRACE_FLAG_SET:
    case RS_TRACE_FLAG_AT: return GREEN;
    case RS_TRACE_OUTCOME: return BOLD;
    case RS_TRACE_SIDE: return DIM;
    case RS_TRACE_STAGE:
    case RS_TRACE_ACTION:
    case RS_TRACE_CLOCK:
    case RS_TRACE_KIND_N: return NULL;
    }
    return NULL;
}

/* A word in front of the lines whose text alone would not say what they are; colour is never the only signal. */
static const char *word_of(enum trace_kind kind)
{
    switch (kind) {
    case RS_TRACE_FAULT: return "fault";
    case RS_TRACE_ALERT: return "alert";
    case RS_TRACE_GATE: return "gate";
    case RS_TRACE_PERSON: return "person";
    case RS_TRACE_NOTICE: return "message";
    case RS_TRACE_FLAG_SET:
    case RS_TRACE_FLAG_AT: return "flag";
    case RS_TRACE_OUTCOME: return "outcome";
    case RS_TRACE_SIDE: return "side";
    case RS_TRACE_STAGE: return "stage";
    case RS_TRACE_ACTION: return "action";
    case RS_TRACE_CLOCK: return "clock";
    case RS_TRACE_KIND_N: break;
    }
    return "";
}

/* "Mon 10:12:03" in UTC, the second rounded down. n >= 16. */
static char *clock_time(char *buf, size_t n, const struct scenario *sc, int64_t at_ns)
{
    static const char day[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    int64_t unix_ns = sc->starts_at_unix_ns + at_ns;
    time_t unix_s = (time_t)(unix_ns / RS_NS_PER_S - (unix_ns % RS_NS_PER_S < 0));
    struct tm parts;
    if (!gmtime_r(&unix_s, &parts)) {
        snprintf(buf, n, "?");
        return buf;
    }
    snprintf(buf, n, "%s %02d:%02d:%02d", day[parts.tm_wday % 7], parts.tm_hour, parts.tm_min,
             parts.tm_sec);
    return buf;
}

/* "+26:12:03" since the start. n >= 24. */
static char *offset_time(char *buf, size_t n, int64_t at_ns)
{
    int64_t s = at_ns / RS_NS_PER_S;
    snprintf(buf, n, "+%" PRId64 ":%02d:%02d", s / 3600, (int)(s / 60 % 60), (int)(s % 60));
    return buf;
}

static void print_ref(const struct teller *t, const char *ref)
{
    if (ref) {
        fprintf(t->to, " (%s)", ref);
    }
}

char *rs_told_run_command(char *buf, size_t n, const struct told_run *run)
{
    char file[RS_AGAIN_SIZE / 2], word[RS_AGAIN_SIZE / 2];
    int used = snprintf(buf, n, "rollsim rehearse %s%s%s --replica %" PRIu64 " --seed %" PRIu64,
                        rs_shell_word(file, sizeof file, run->file), run->fault ? " --fault " : "",
                        run->fault ? rs_shell_word(word, sizeof word, run->fault) : "",
                        run->replica, run->seed);
    if (run->branch && used >= 0 && (size_t)used < n) {
        used += snprintf(buf + used, n - (size_t)used, " --branch %s",
                         rs_shell_word(word, sizeof word, run->branch));
    }
    if (run->samplers && used >= 0 && (size_t)used < n) {
        used += snprintf(buf + used, n - (size_t)used, " --samplers %s", run->samplers);
    }
    for (int i = 0; i < run->n_traffic && used >= 0 && (size_t)used < n; i++) {
        used += snprintf(buf + used, n - (size_t)used, " --traffic %s",
                         rs_shell_word(word, sizeof word, run->traffic[i]));
    }
    return buf;
}

const char *rs_told_by_name(enum detected_by by)
{
    switch (by) {
    case RS_BY_ALERT: return "alert";
    case RS_BY_LOOK: return "look";
    case RS_BY_GATE: return "gate";
    case RS_BY_CHECK: return "check";
    }
    return "?";
}

static void
print_header(const struct teller *t, const struct history *h, const struct told_run *run)
{
    const struct scenario *sc = t->sc;
    char starts[40], again[RS_AGAIN_SIZE];
    fprintf(t->to, "%s%s%s\n", on(t, BOLD), sc->title ? sc->title : sc->name, off(t, BOLD));
    fprintf(t->to, "scenario   %s (%s, sha256 %.12s)\n", sc->name, run->file, sc->sha256);
    if (sc->document) {
        fprintf(t->to, "document   %s\n", sc->document);
    }
    fprintf(t->to, "starts     %s; times below are UTC\n",
            rs_time_format(starts, sizeof starts, sc->starts_at_unix_ns));
    if (h->fault >= 0) {
        const struct fault *f = &sc->fault[h->fault];
        fprintf(t->to, "fault      %s%s%s", f->name, f->title ? ": " : "",
                f->title ? f->title : "");
        print_ref(t, f->ref);
        fputs(run->fault ? ", present because it was asked for\n" : ", present by chance\n", t->to);
    } else {
        fprintf(t->to, "fault      none%s\n", run->fault ? "" : " in this replica");
    }
    fprintf(t->to, "replica    %" PRIu64 " of seed %" PRIu64 " (world %" PRIu64 ")%s\n", h->replica,
            run->seed, h->world,
            run->samplers && strcmp(run->samplers, "gsl") == 0 ? ", drawn by GSL's samplers" : "");
    fprintf(t->to, "again      %s\n", rs_told_run_command(again, sizeof again, run));
}

static void print_stage_head(const struct teller *t, int stage)
{
    const struct stage *s = &t->sc->response.stage[stage];
    fprintf(t->to, "\n%s%s%s%s", on(t, BOLD), s->name, s->title ? ": " : "",
            s->title ? s->title : "");
    print_ref(t, s->ref);
    fprintf(t->to, "%s\n", off(t, BOLD));
}

static void print_trace(const struct teller *t, const struct history *h)
{
    if (h->n_trace > 0 && h->trace[0].kind != RS_TRACE_STAGE) {
        fputs("\nBefore the first stage\n", t->to);
    }
    for (int i = 0; i < h->n_trace; i++) {
        const struct trace_event *e = &h->trace[i];
        if (e->kind == RS_TRACE_STAGE && e->a >= 0 && e->a < t->sc->response.n_stage) {
            print_stage_head(t, e->a);
        }
        char clock[24], offset[32];
        const char *colour = colour_of(e->kind);
        fprintf(t->to, "  %s  %10s  %s%-8s%s %s\n",
                clock_time(clock, sizeof clock, t->sc, e->at_ns),
                offset_time(offset, sizeof offset, e->at_ns), on(t, colour), word_of(e->kind),
                off(t, colour), e->text ? e->text : "");
    }
}

static const char *mark_label(enum clock_mark m)
{
    switch (m) {
    case RS_CLOCK_ONSET: return "fault onset";
    case RS_CLOCK_FIRST_BAD: return "first bad sample";
    case RS_CLOCK_PENDING: return "alert pending";
    case RS_CLOCK_DETECTED: return "detected";
    case RS_CLOCK_NOTIFIED: return "page or board seen";
    case RS_CLOCK_ACKNOWLEDGED: return "acknowledged";
    case RS_CLOCK_DECIDED: return "decided";
    case RS_CLOCK_COMMANDED: return "flag set";
    case RS_CLOCK_EFFECTIVE_P50: return "effective on half";
    case RS_CLOCK_EFFECTIVE_P95: return "effective on 95 %";
    case RS_CLOCK_EFFECTIVE: return "last instance effective";
    case RS_CLOCK_COMPLETED: return "all blocking actions done";
    case RS_CLOCK_RECOVERED: return "metric recovered";
    case RS_CLOCK_RESOLVED: return "alert resolved";
    case RS_CLOCK_N: break;
    }
    return "?";
}

static const char *detected_how(enum detected_by by)
{
    switch (by) {
    case RS_BY_ALERT: return "firing";
    case RS_BY_LOOK: return "seen";
    case RS_BY_GATE: return "gate tripped";
    case RS_BY_CHECK: return "check failed";
    }
    return "?";
}

/* A signed duration: marks may stand in another order than the table (a look sees what no alert has fired for yet). */
static char *signed_duration(char *buf, size_t n, int64_t ns)
{
    char bare[40];
    rs_duration_human(bare, sizeof bare, ns < 0 ? -ns : ns);
    snprintf(buf, n, "%s%s", ns < 0 ? "-" : "", bare);
    return buf;
}

static void print_mark(const struct teller *t, const struct episode *e, int m, int64_t before_ns)
{
    int64_t at_ns = e->at_ns[m];
    char label[40];
    snprintf(label, sizeof label, m == RS_CLOCK_DETECTED ? "%s (%s)" : "%s",
             mark_label((enum clock_mark)m), detected_how(e->by));
    if (at_ns == RS_NEVER) {
        fprintf(t->to, "  %-26s -\n", label);
        return;
    }
    char clock[24], took[48];
    fprintf(t->to, "  %-26s %s", label, clock_time(clock, sizeof clock, t->sc, at_ns));
    if (before_ns != RS_NEVER) {
        fprintf(t->to, "  %10s", signed_duration(took, sizeof took, at_ns - before_ns));
    }
    if (m > RS_CLOCK_DETECTED && e->at_ns[RS_CLOCK_DETECTED] != RS_NEVER) {
        int64_t since_ns = at_ns - e->at_ns[RS_CLOCK_DETECTED];
        fprintf(t->to, "  %14s", signed_duration(took, sizeof took, since_ns));
    }
    fputc('\n', t->to);
}

static void print_limit(const struct teller *t, const struct episode *e, int64_t sla_ns)
{
    char took[40], limit[40], over[40];
    int64_t leg_ns = rs_episode_leg(e, RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED);
    if (sla_ns == RS_NEVER) {
        fputs("  the runbook sets no limit for detected -> completed\n", t->to);
        return;
    }
    rs_duration_format(limit, sizeof limit, sla_ns);
    if (leg_ns < 0) {
        fprintf(t->to, "  detected -> completed: %snever%s%s; the limit is %s\n", on(t, RED),
                off(t, RED),
                e->gave_up ? " (a blocking action was given up)"
                : e->cut   ? " (the history ended before)"
                           : "",
                limit);
        return;
    }
    rs_duration_human(took, sizeof took, leg_ns);
    if (leg_ns <= sla_ns) {
        fprintf(t->to, "  detected -> completed: %s, %swithin%s the limit of %s\n", took,
                on(t, GREEN), off(t, GREEN), limit);
        return;
    }
    fprintf(t->to, "  detected -> completed: %s, %sover%s the limit of %s by %s\n", took,
            on(t, RED), off(t, RED), limit, rs_duration_human(over, sizeof over, leg_ns - sla_ns));
}

static void print_episode(const struct teller *t, const struct history *h, int i)
{
    const struct episode *e = &h->episode[i];
    const struct scenario *sc = t->sc;
    const struct procedure *p = &sc->response.procedure[e->procedure];
    fprintf(t->to, "\n%sRollback clock %d of %d: %s%s%s%s", on(t, BOLD), i + 1, h->n_episode,
            p->name, off(t, BOLD), p->title ? ", " : "", p->title ? p->title : "");
    print_ref(t, p->ref);
    fprintf(t->to, "\n  detected by %s %s in %s; %s%s\n", rs_told_by_name(e->by),
            e->detector ? e->detector : "",
            e->stage >= 0 ? sc->response.stage[e->stage].name : "no stage",
            e->fault >= 0 ? "live then: " : "no fault was live then: a false alarm",
            e->fault >= 0 ? sc->fault[e->fault].name : "");
    fprintf(t->to, "  %-26s %-12s  %10s  %14s\n", "mark", "time", "leg", "since detected");
    int64_t before_ns = RS_NEVER;
    for (int m = 0; m < RS_CLOCK_N; m++) {
        print_mark(t, e, m, before_ns);
        if (e->at_ns[m] != RS_NEVER) {
            before_ns = e->at_ns[m];
        }
    }
    print_limit(t, e, p->sla_ns);
}

/* "1234 (0.57%)" */
static void print_share(const struct teller *t, const char *what, uint64_t n, uint64_t n_all)
{
    fprintf(t->to, ", %s %" PRIu64, what, n);
    if (n > 0 && n_all > 0) {
        double pct = 100.0 * (double)n / (double)n_all;
        fprintf(t->to, pct < 0.001 ? " (< 0.001%%)" : pct < 10.0 ? " (%.2g%%)" : " (%.1f%%)", pct);
    }
}

static void print_outcome(const struct teller *t, const struct history *h)
{
    const struct scenario *sc = t->sc;
    fprintf(t->to, "\n%sOutcome: %s%s", on(t, BOLD), rs_outcome_name(h->outcome), off(t, BOLD));
    if (h->stage_reached >= 0 && h->stage_reached < sc->response.n_stage) {
        fprintf(t->to, " in %s", sc->response.stage[h->stage_reached].name);
    }
    if (h->ended_ns != RS_NEVER) {
        char clock[24], offset[32];
        fprintf(t->to, ", settled at %s (%s)", clock_time(clock, sizeof clock, sc, h->ended_ns),
                offset_time(offset, sizeof offset, h->ended_ns));
    }
    fputs(h->false_rollback ? "; a false rollback: no fault was there\n" : "\n", t->to);
    fprintf(t->to, "  requests %" PRIu64, h->n_request);
    print_share(t, "failed", h->n_error, h->n_request);
    print_share(t, "slow", h->n_slow, h->n_request);
    fprintf(t->to, "; users hurt %" PRIu64, h->users_hurt);
    if (h->fault_started)
        fprintf(t->to, ", from the onset on by the fault's service %" PRIu64,
                h->users_hurt_since_onset);
    fputc('\n', t->to);
    fprintf(t->to, "  alerts fired %u, messages sent %u", h->n_alert_fired, h->n_page);
    if (!isnan(h->budget_burned)) {
        fprintf(t->to, "; error budget burned %.3g%%", 100.0 * h->budget_burned);
    }
    fputc('\n', t->to);
}

void rs_timeline_print(const struct scenario *sc,
                       const struct history *h,
                       const struct told_run *run,
                       bool colour,
                       FILE *to)
{
    struct teller t = {.sc = sc, .colour = colour, .to = to};
    print_header(&t, h, run);
    print_trace(&t, h);
    for (int i = 0; i < h->n_episode; i++) {
        print_episode(&t, h, i);
    }
    if (h->n_episode == 0) {
        fputs("\nNo rollback was executed.\n", to);
    }
    print_outcome(&t, h);
    if (sc->n_claim > 0) {
        fprintf(to, "\n%sWhat it says of the claims%s\n", on(&t, BOLD), off(&t, BOLD));
        rs_told_print(to, sc, h, colour);
    }
}
