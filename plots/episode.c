/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "pictures.h"
#include "sim/arena.h"

enum {
    RIBBON = 34,
    RIBBON_Y = 144,
    DISC_Y = 198,
    DISC_R = 13,
    PANEL_Y = 234,
    PANEL_H = 250,
    PANEL_GAP = 24
};
enum { KEY_COLUMNS = 4, KEY_ROW = 28 };

/* The marks that are shown; of the flag's way to the instances only the last. */
static const enum clock_mark shown[] = {
    RS_CLOCK_ONSET,     RS_CLOCK_FIRST_BAD,    RS_CLOCK_PENDING,   RS_CLOCK_DETECTED,
    RS_CLOCK_NOTIFIED,  RS_CLOCK_ACKNOWLEDGED, RS_CLOCK_DECIDED,   RS_CLOCK_COMMANDED,
    RS_CLOCK_EFFECTIVE, RS_CLOCK_COMPLETED,    RS_CLOCK_RECOVERED, RS_CLOCK_RESOLVED,
};
enum { N_SHOWN = sizeof shown / sizeof *shown, N_LATENCY = 3 };

static const struct {
    const char *metric, *label;
    int track;
    enum colour colour;
} latencies[N_LATENCY] = {
    {"latency_p50_s", "p50", RS_TRACK_P50, RS_COLOUR_GREEN},
    {"latency_p95_s", "p95", RS_TRACK_P95, RS_COLOUR_BLUE},
    {"latency_p99_s", "p99", RS_TRACK_P99, RS_COLOUR_PURPLE},
};

struct episode_data {
    const struct named *fault, *service; /* service may be NULL */
    struct kept kept;
    struct rollback rollback;
    double onset_s; /* NaN = the fault did not start */
    struct band error, latency[N_LATENCY];
    struct track track;
    struct steps stages;
    int64_t n_rolled_back, n_began; /* replicas */
};

static void data_clear(struct episode_data *d)
{
    rs_band_clear(&d->error);
    for (int k = 0; k < N_LATENCY; k++)
        rs_band_clear(&d->latency[k]);
    rs_track_clear(&d->track);
    rs_steps_clear(&d->stages);
}

/* In how many replicas the fault began, and was rolled back. */
static int count_replicas(struct record *r, struct episode_data *d, struct err *err)
{
    struct outcomes outcomes;
    struct durations durations;
    int status = rs_record_outcomes(r, &outcomes, d->fault->id, err);
    if (status == 0)
        status = rs_record_durations(r, &durations, d->fault->id, err);
    if (status)
        return -1;
    d->n_began = outcomes.n;
    d->n_rolled_back = durations.n_done;
    rs_durations_clear(&durations);
    return 0;
}

static int data_read(struct record *r, struct episode_data *d, struct err *err)
{
    if (rs_record_kept(r, &d->kept, d->fault->id, "median", err) ||
        rs_record_rollback(r, &d->rollback, d->kept.replica, d->fault->id, err) ||
        rs_record_stages(r, &d->stages, d->kept.replica, err) || count_replicas(r, d, err))
        return -1;
    d->onset_s = d->kept.onset_s;
    if (!d->service)
        return 0;
    int id = d->service->id;
    if (rs_record_track(r, &d->track, d->kept.replica, id, "close", err) ||
        rs_record_band(r, &d->error, d->fault->id, id, "close", "error_ratio", err))
        return -1;
    for (int k = 0; k < N_LATENCY; k++) {
        if (rs_record_band(r, &d->latency[k], d->fault->id, id, "close", latencies[k].metric, err))
            return -1;
    }
    return 0;
}

/* Seconds since the onset. */
static double mark_at(const struct episode_data *d, enum clock_mark m)
{
    return m == RS_CLOCK_ONSET ? 0 : d->rollback.at_s[m] - d->onset_s;
}

/* From 5 minutes before the onset to a little after the rollback; what comes much later is only listed. */
static struct axis time_axis(const struct episode_data *d)
{
    double hi = 600, end = 7200;
    bool rolled_back = isfinite(mark_at(d, RS_CLOCK_DETECTED));
    for (int i = 0; i < N_SHOWN; i++) {
        double at = mark_at(d, shown[i]);
        bool late = shown[i] == RS_CLOCK_RECOVERED || shown[i] == RS_CLOCK_RESOLVED;
        if (isfinite(at) && (!late || at <= 2 * hi))
            hi = fmax(hi, 1.12 * at);
    }
    if (d->track.n > 0)
        end = d->track.t_s[d->track.n - 1] + d->track.step_s - d->onset_s;
    else if (d->error.n > 0)
        end = d->error.t_s[d->error.n - 1];
    if (!rolled_back)
        hi = fmin(end, 7200);
    return (struct axis){RS_SCALE_LINEAR, -300, fmax(60, fmin(hi, fmax(end, 600)))};
}

/* Largest value inside the axis. */
static double top_of(const struct axis *x, int n, const double *t, double shift, const double *v)
{
    double top = 0;
    for (int i = 0; i < n; i++) {
        if (t[i] + shift >= x->lo && t[i] + shift <= x->hi && v[i] > top)
            top = v[i];
    }
    return top;
}

static double bottom_of(const struct axis *x, int n, const double *t, double shift, const double *v)
{
    double bottom = INFINITY;
    for (int i = 0; i < n; i++) {
        if (t[i] + shift >= x->lo && t[i] + shift <= x->hi && v[i] > 0 && v[i] < bottom)
            bottom = v[i];
    }
    return bottom;
}

static double top_threshold(const struct record *r, const struct named *service, const char *unit)
{
    double top = 0;
    for (int i = 0; service && i < r->n_threshold; i++) {
        if (r->threshold[i].service == service->id && strcmp(r->threshold[i].unit, unit) == 0)
            top = fmax(top, rs_threshold_level(&r->threshold[i]));
    }
    return top;
}

/* Values belong to (t, t + step]: drawn in the middle. */
static double half_step(const struct band *b)
{
    return b->n > 1 ? (b->t_s[1] - b->t_s[0]) / 2 : 0;
}

static void draw_band(
    const struct panel *p, const struct band *b, int lo, int hi, enum colour colour, double alpha)
{
    double *mid = rs_xcalloc((size_t)b->n + 1, sizeof *mid);
    int from = 0, n = 0;
    for (int i = 0; i < b->n; i++) {
        double at = b->t_s[i] + half_step(b);
        from += at < p->x.lo;
        n += at >= p->x.lo && at <= p->x.hi;
        mid[i] = at;
    }
    if (n > 0)
        rs_panel_band(p, n, mid + from, b->q[lo] + from, b->q[hi] + from, colour, alpha);
    free(mid);
}

static void draw_errors(struct panel *p,
                        const struct record *r,
                        const struct episode_data *d,
                        const struct ticks *x)
{
    const double *ratio = d->track.v[RS_TRACK_ERROR_RATIO];
    double shift = d->track.step_s / 2 - d->onset_s;
    double top = top_of(&p->x, d->error.n, d->error.t_s, 0, d->error.q[RS_BAND_Q95]);
    top = fmax(top, top_of(&p->x, d->track.n, d->track.t_s, shift, ratio));
    top = fmax(top, top_threshold(r, d->service, "ratio"));
    p->y = (struct axis){RS_SCALE_LINEAR, 0, fmin(1, fmax(0.005, 1.12 * top))};
    struct ticks y = rs_ticks_linear(0, p->y.hi, 6, 100, " %");
    rs_panel_frame(p, x, false, &y);
    rs_panel_y_title(p, "errors (% of requests)");
    draw_band(p, &d->error, RS_BAND_Q05, RS_BAND_Q95, RS_COLOUR_SKY, 0.35);
    draw_band(p, &d->error, RS_BAND_Q25, RS_BAND_Q75, RS_COLOUR_BLUE, 0.35);
    rs_panel_line(p, d->track.n, d->track.t_s, shift, ratio, RS_COLOUR_INK, 2);
    if (d->error.n == 0 && d->track.n == 0)
        rs_panel_say(p, "no error ratio was recorded around the onset");
    enum { MAX = 6 };
    struct side_label label[MAX];
    int n = d->service ? rs_thresholds_draw(p, r, d->service->id, "ratio", label, MAX) : 0;
    rs_panel_side_labels(p, n, label, RS_PAGE_RIGHT - 10);
}

static struct axis latency_axis(const struct panel *p,
                                const struct record *r,
                                const struct episode_data *d,
                                double shift)
{
    double lo = INFINITY, hi = top_threshold(r, d->service, "seconds");
    for (int k = 0; k < N_LATENCY; k++) {
        const struct band *b = &d->latency[k];
        const double *v = d->track.v[latencies[k].track];
        hi = fmax(hi, top_of(&p->x, b->n, b->t_s, 0, b->q[RS_BAND_Q95]));
        hi = fmax(hi, top_of(&p->x, d->track.n, d->track.t_s, shift, v));
        lo = fmin(lo, bottom_of(&p->x, b->n, b->t_s, 0, b->q[RS_BAND_Q05]));
        lo = fmin(lo, bottom_of(&p->x, d->track.n, d->track.t_s, shift, v));
    }
    if (!isfinite(lo) || hi <= 0)
        return (struct axis){RS_SCALE_LOG, 0.01, 10};
    return (struct axis){RS_SCALE_LOG, fmin(lo, hi) / 1.4, hi * 1.4};
}

/* The last value that the axis still shows. */
static double
last_value(const struct panel *p, const struct track *t, double shift, const double *v)
{
    for (int i = t->n - 1; i >= 0; i--) {
        if (t->t_s[i] + shift <= p->x.hi && !isnan(v[i]))
            return v[i];
    }
    return NAN;
}

static void draw_latency(struct panel *p,
                         const struct record *r,
                         const struct episode_data *d,
                         const struct ticks *x)
{
    double shift = d->track.step_s / 2 - d->onset_s;
    p->y = latency_axis(p, r, d, shift);
    struct ticks y = rs_ticks_log(p->y, 8);
    rs_panel_frame(p, x, false, &y);
    rs_panel_y_title(p, "latency (s, log scale)");
    enum { MAX = 6 };
    struct side_label label[MAX + N_LATENCY];
    int n = d->service ? rs_thresholds_draw(p, r, d->service->id, "seconds", label, MAX) : 0;
    bool any = d->track.n > 0;
    for (int k = 0; k < N_LATENCY; k++) {
        const double *v = d->track.v[latencies[k].track];
        any = any || d->latency[k].n > 0;
        draw_band(p, &d->latency[k], RS_BAND_Q05, RS_BAND_Q95, latencies[k].colour, 0.25);
        rs_panel_line(p, d->track.n, d->track.t_s, shift, v, latencies[k].colour, 2);
        double last = d->track.n > 0 ? last_value(p, &d->track, shift, v) : NAN;
        if (isnan(last))
            continue;
        label[n] = (struct side_label){
            .y = rs_panel_y(p, last), .colour = latencies[k].colour, .dash = RS_DASH_SOLID};
        snprintf(label[n++].text, sizeof label->text, "%s", latencies[k].label);
    }
    if (!any)
        rs_panel_say(p, "no latency was recorded around the onset");
    rs_panel_side_labels(p, n, label, RS_PAGE_RIGHT - 10);
}

static enum colour mark_colour(enum clock_mark m)
{
    return m == RS_CLOCK_ONSET       ? RS_COLOUR_VERMILLION
           : m == RS_CLOCK_DETECTED  ? RS_COLOUR_ORANGE
           : m == RS_CLOCK_COMPLETED ? RS_COLOUR_GREEN
                                     : RS_COLOUR_MUTED;
}

/* A mark that the axis shows. */
struct shown_mark {
    double at, x, disc; /* seconds since the onset; pixels of the upright and of the number */
    int number;         /* from 0 */
};

/* In the order of time, with places for their numbers. */
static int place_marks(const struct panel *p, const struct episode_data *d, struct shown_mark *mark)
{
    double disc[N_SHOWN];
    int n = 0;
    for (int i = 0; i < N_SHOWN; i++) {
        double at = mark_at(d, shown[i]);
        if (!(at >= p->x.lo && at <= p->x.hi))
            continue;
        int k = n++;
        for (; k > 0 && mark[k - 1].at > at; k--)
            mark[k] = mark[k - 1];
        mark[k] = (struct shown_mark){.at = at, .x = rs_panel_x(p, at), .number = i};
    }
    for (int k = 0; k < n; k++)
        disc[k] = mark[k].x;
    rs_spread(disc, n, 2 * DISC_R + 4, p->box.x, p->box.x + p->box.w);
    for (int k = 0; k < n; k++)
        mark[k].disc = disc[k];
    return n;
}

static void draw_disc(struct canvas *c, double x, double y, int number)
{
    const struct text_style digit = {.size = RS_TEXT_SMALL - 2,
                                     .colour = RS_COLOUR_PAPER,
                                     .align = RS_ALIGN_CENTRE,
                                     .bold = true};
    char text[16];
    snprintf(text, sizeof text, "%d", number + 1);
    rs_canvas_disc(c, x, y, DISC_R, mark_colour(shown[number]));
    rs_canvas_text(c, x, y, text, &digit);
}

/* Numbers above the panels, uprights through them. bottom: where the uprights end. */
static void draw_marks(struct panel *p, const struct episode_data *d, double bottom)
{
    struct shown_mark mark[N_SHOWN];
    int n = place_marks(p, d, mark);
    for (int k = 0; k < n; k++) {
        enum colour colour = mark_colour(shown[mark[k].number]);
        bool main_one = colour != RS_COLOUR_MUTED;
        rs_canvas_line(p->c, mark[k].disc, DISC_Y + DISC_R, mark[k].x, PANEL_Y, colour, 1.2,
                       RS_DASH_SOLID);
        rs_canvas_line(p->c, mark[k].x, PANEL_Y, mark[k].x, bottom, colour, main_one ? 2.5 : 1.2,
                       main_one ? RS_DASH_SOLID : RS_DASH_DOTTED);
    }
    for (int k = 0; k < n; k++)
        draw_disc(p->c, mark[k].disc, DISC_Y, mark[k].number);
}

static bool any_beyond(const struct panel *p, const struct episode_data *d)
{
    bool any = false;
    for (int i = 0; i < N_SHOWN; i++)
        any = any || mark_at(d, shown[i]) > p->x.hi; /* NaN is not */
    return any;
}

/* What the numbers mean, in columns. */
static void draw_mark_key(struct panel *p, const struct episode_data *d, double y)
{
    const struct text_style style = {.size = RS_TEXT_SMALL, .colour = RS_COLOUR_INK};
    double column = (RS_PAGE_WIDTH - 2 * 60) / KEY_COLUMNS;
    int rows = (N_SHOWN + KEY_COLUMNS - 1) / KEY_COLUMNS;
    for (int i = 0; i < N_SHOWN; i++) {
        double x = 60 + column * (i / rows), at = mark_at(d, shown[i]);
        double line = y + KEY_ROW * (i % rows);
        char name[32], when[40], text[96];
        snprintf(name, sizeof name, "%s", rs_clock_name(shown[i]));
        for (char *s = name; *s; s++)
            *s = *s == '_' ? ' ' : *s;
        if (!isfinite(at))
            snprintf(text, sizeof text, "%s: did not happen", name);
        else
            snprintf(text, sizeof text, "%s %s%s", name, rs_relative_time(when, sizeof when, at),
                     at > p->x.hi ? " →" : "");
        draw_disc(p->c, x, line, i);
        char fitted[96];
        rs_text_fit(fitted, sizeof fitted, text, &style, column - 34);
        rs_canvas_text(p->c, x + 20, line, fitted, &style);
    }
}

static void
draw_key(struct canvas *c, const struct record *r, double y, const struct episode_data *d)
{
    char line[96], band[96];
    snprintf(line, sizeof line, "replica %lld", (long long)d->kept.replica);
    snprintf(band, sizeof band, "5 to 95 %% of %lld replicas", (long long)d->error.n_replica_max);
    const struct key_item item[] = {
        {RS_COLOUR_INK, 1, RS_DASH_SOLID, line},
        {RS_COLOUR_BLUE, 0.5, RS_DASH_SOLID, "25 to 75 %"},
        {RS_COLOUR_SKY, 0.35, RS_DASH_SOLID, band},
        {RS_COLOUR_VERMILLION, 1, RS_DASH_DASHED, "threshold"},
    };
    bool threshold =
        top_threshold(r, d->service, "ratio") > 0 || top_threshold(r, d->service, "seconds") > 0;
    rs_key_draw(c, RS_PAGE_LEFT, y, threshold ? 4 : 3, item);
}

/* Which replica the curves and marks are, and of what it is the median. */
static void draw_replica(struct canvas *c, const struct episode_data *d)
{
    const struct text_style style = {.size = RS_TEXT_BODY, .colour = RS_COLOUR_MUTED};
    char line[160];
    if (d->rollback.found && strcmp(d->kept.why, "median") == 0)
        snprintf(line, sizeof line,
                 "replica %lld: median of the %lld of %lld that were rolled back",
                 (long long)d->kept.replica, (long long)d->n_rolled_back, (long long)d->n_began);
    else
        snprintf(line, sizeof line, "replica %lld: %s of the %lld in which the fault began",
                 (long long)d->kept.replica,
                 strcmp(d->kept.why, "first") == 0 ? "the first" : d->kept.why,
                 (long long)d->n_began);
    rs_canvas_text(c, 40, 106, line, &style);
}

/* An empty panel of errors needs a word: not every fault makes requests fail. */
static void say_no_errors(const struct panel *p, const struct episode_data *d)
{
    double shift = d->track.step_s / 2 - d->onset_s;
    const double *ratio = d->track.v[RS_TRACK_ERROR_RATIO];
    if (d->track.n > 0 && top_of(&p->x, d->track.n, d->track.t_s, shift, ratio) == 0)
        rs_panel_say(p, "no request fails in this replica: the fault shows in latency or counters");
}

static int draw(struct canvas *c, struct record *r, struct episode_data *d, struct err *err)
{
    double flags = PANEL_Y + 2 * (PANEL_H + PANEL_GAP), bottom = flags + rs_flags_height(r);
    const char *unit;
    struct panel p = {
        .c = c,
        .box = {RS_PAGE_LEFT, RIBBON_Y, RS_PAGE_WIDTH - RS_PAGE_LEFT - RS_PAGE_RIGHT, RIBBON},
        .x = time_axis(d),
        .y = {RS_SCALE_LINEAR, 0, 1}};
    struct ticks x = rs_ticks_time(p.x.lo, p.x.hi, 14, &unit);
    double end = isfinite(d->kept.ended_s) ? d->kept.ended_s - d->onset_s : p.x.hi;
    rs_ribbon_draw(&p, r, &d->stages, -d->onset_s, end);
    p.box = (struct rect){p.box.x, PANEL_Y, p.box.w, PANEL_H};
    draw_errors(&p, r, d, &x);
    p.box.y += PANEL_H + PANEL_GAP;
    draw_latency(&p, r, d, &x);
    p.box.y = flags;
    p.box.h = rs_flags_height(r);
    rs_panel_frame(&p, &x, true, NULL);
    draw_marks(&p, d, bottom);
    struct panel errors = p;
    errors.box.y = PANEL_Y;
    errors.box.h = PANEL_H;
    say_no_errors(&errors, d);
    draw_replica(c, d);
    if (rs_flags_draw(&p, r, d->kept.replica, -d->onset_s, p.x.hi, err))
        return -1;
    char title[96];
    snprintf(title, sizeof title, "time since the fault's onset (%s%s)", unit,
             any_beyond(&p, d) ? "; → = later than shown" : "");
    rs_panel_x_title(&p, title);
    draw_key(c, r, bottom + 86, d);
    draw_mark_key(&p, d, bottom + 126);
    return 0;
}

int rs_picture_episode(struct canvas *c,
                       struct record *r,
                       const struct named *fault,
                       struct err *err)
{
    struct episode_data d = {.fault = fault, .service = rs_named_find(&r->service, fault->service)};
    char title[160], subtitle[256] = "";
    int status = data_read(r, &d, err);
    if (status == 0) {
        snprintf(title, sizeof title, "The fault close by: %s", fault->name);
        if (d.rollback.found)
            snprintf(subtitle, sizeof subtitle, "service %s · detected by %s · procedure %s",
                     d.service ? d.service->name : "unknown", d.rollback.detector,
                     d.rollback.procedure);
        else
            snprintf(subtitle, sizeof subtitle,
                     "service %s · nobody rolled back in this replica (%s)",
                     d.service ? d.service->name : "unknown", d.kept.outcome);
        double bottom = PANEL_Y + 2 * (PANEL_H + PANEL_GAP) + rs_flags_height(r);
        rs_page_begin(c, r, bottom + 250, title, subtitle);
        if (isfinite(d.onset_s)) {
            status = draw(c, r, &d, err);
        } else {
            struct panel p = {.c = c, .box = {60, 200, RS_PAGE_WIDTH - 120, 400}};
            rs_panel_say(&p, "no replica in which this fault began was kept: nothing to draw");
        }
    }
    data_clear(&d);
    return status;
}
