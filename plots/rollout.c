/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "pictures.h"
#include "sim/arena.h"
#include "sim/clock.h"

enum { PANEL_GAP = 42, RIBBON_HEIGHT = 34 };

/* What is drawn of every service. */
struct aspect {
    const char *title, *metric, *unit, *y_title, *y_title_short;
    int track;
};

static const struct aspect error_ratio = {"The whole rollout, no fault present: error ratio",
                                          "error_ratio",
                                          "ratio",
                                          "errors (% of requests, square-root scale)",
                                          "errors (%, square-root scale)",
                                          RS_TRACK_ERROR_RATIO};
static const struct aspect latency = {"The whole rollout, no fault present: latency, 95 % quantile",
                                      "latency_p95_s",
                                      "seconds",
                                      "latency p95 (s, log scale)",
                                      "latency p95 (s, log scale)",
                                      RS_TRACK_P95};

/* One service: its band over replicas without a fault, and the kept replica. */
struct service_data {
    struct band band;
    struct track track;
};

static void widen(double *lo, double *hi, double v)
{
    if (v > 0 && isfinite(v)) {
        *lo = fmin(*lo, v);
        *hi = fmax(*hi, v);
    }
}

/*
 * Running mean over n_side neighbours on each side: single errors in thin traffic make quantiles jump between 0 and 1 error a
 * step. NaN (no traffic) is left out, and stays where it is.
 */
static void smooth(double *v, int n, int n_side)
{
    double *mean = rs_xcalloc((size_t)n + 1, sizeof *mean);
    for (int i = 0; i < n; i++) {
        double sum = 0;
        int used = 0;
        for (int k = i - n_side; k <= i + n_side; k++) {
            if (k >= 0 && k < n && !isnan(v[k])) {
                sum += v[k];
                used++;
            }
        }
        mean[i] = isnan(v[i]) ? NAN : sum / used;
    }
    if (n > 0)
        memcpy(v, mean, sizeof *v * (size_t)n);
    free(mean);
}

/* About an hour of a two-day rollout: a fiftieth of it. Returns the window in seconds, 0 = not smoothed. */
static double smooth_all(struct service_data *d, int n, const struct aspect *a)
{
    double window = 0;
    for (int i = 0; i < n && a->track == RS_TRACK_ERROR_RATIO; i++) {
        struct band *b = &d[i].band;
        struct track *t = &d[i].track;
        int n_side = (b->n > t->n ? b->n : t->n) / 100;
        for (int q = 0; q < RS_BAND_N; q++)
            smooth(b->q[q], b->n, n_side);
        smooth(t->v[a->track], t->n, n_side);
        double step = b->n > 1 ? b->t_s[1] - b->t_s[0] : t->step_s;
        window = n_side > 0 ? fmax(window, (2 * n_side + 1) * step) : window;
    }
    return window;
}

static struct axis
y_axis(const struct record *r, int service, const struct aspect *a, const struct service_data *d)
{
    bool ratio = a->track == RS_TRACK_ERROR_RATIO;
    double lo = INFINITY, hi = ratio ? 0.01 : 0;
    for (int i = 0; i < d->band.n; i++) {
        widen(&lo, &hi, d->band.q[RS_BAND_Q05][i]);
        widen(&lo, &hi, d->band.q[RS_BAND_Q95][i]);
    }
    for (int i = 0; i < d->track.n; i++)
        widen(&lo, &hi, d->track.v[a->track][i]);
    for (int i = 0; i < r->n_threshold; i++) {
        const struct threshold *t = &r->threshold[i];
        if (t->service == service && t->unit[0] == a->unit[0])
            widen(&lo, &hi, rs_threshold_level(t));
    }
    if (!ratio && !(lo <= hi))
        return (struct axis){RS_SCALE_LOG, 0.01, 10};
    if (!ratio)
        return (struct axis){RS_SCALE_LOG, lo / 1.5, hi * 1.5};
    return (struct axis){RS_SCALE_ROOT, 0, fmin(1, hi * 1.25)};
}

static void draw_service(struct panel *p,
                         const struct record *r,
                         const struct named *s,
                         const struct aspect *a,
                         const struct service_data *d,
                         const struct ticks *x)
{
    const struct text_style name = {.size = RS_TEXT_BODY, .colour = RS_COLOUR_INK, .bold = true};
    p->y = y_axis(r, s->id, a, d);
    struct ticks y =
        a->track == RS_TRACK_ERROR_RATIO ? rs_ticks_ratio(p->y, p->box.h) : rs_ticks_log(p->y, 5);
    rs_canvas_text(p->c, p->box.x, p->box.y - 16, s->name, &name);
    rs_panel_frame(p, x, false, &y);
    const struct band *b = &d->band;
    double shift = b->n > 1 ? (b->t_s[1] - b->t_s[0]) / 2 : 0;
    if (b->n == 0 && d->track.n == 0)
        rs_panel_say(p, "no trajectory was recorded");
    double *mid = rs_xcalloc((size_t)b->n + 1, sizeof *mid);
    for (int i = 0; i < b->n; i++)
        mid[i] = b->t_s[i] + shift;
    rs_panel_band(p, b->n, mid, b->q[RS_BAND_Q05], b->q[RS_BAND_Q95], RS_COLOUR_SKY, 0.35);
    rs_panel_band(p, b->n, mid, b->q[RS_BAND_Q25], b->q[RS_BAND_Q75], RS_COLOUR_BLUE, 0.4);
    free(mid);
    rs_panel_line(p, d->track.n, d->track.t_s, d->track.step_s / 2, d->track.v[a->track],
                  RS_COLOUR_MUTED, 1);
    rs_panel_line(p, b->n, b->t_s, shift, b->q[RS_BAND_Q50], RS_COLOUR_BLUE, 2.5);
    enum { MAX = 6 };
    struct side_label label[MAX];
    int n = rs_thresholds_draw(p, r, s->id, a->unit, label, MAX);
    rs_panel_side_labels(p, n, label, RS_PAGE_RIGHT - 10);
}

static int read_service(struct record *r,
                        struct service_data *out,
                        int service,
                        int64_t replica,
                        const struct aspect *a,
                        struct err *err)
{
    if (rs_record_band(r, &out->band, RS_NO_FAULT, service, "whole", a->metric, err))
        return -1;
    return rs_record_track(r, &out->track, replica, service, "whole", err);
}

/* The kept replica without a fault, else the first kept one of any fault. */
static int find_replica(struct record *r, struct kept *out, struct err *err)
{
    int status = rs_record_kept(r, out, RS_NO_FAULT, "first", err);
    for (int i = 0; status == 0 && out->replica < 0 && i < r->fault.n; i++)
        status = rs_record_kept(r, out, r->fault.at[i].id, "first", err);
    return status;
}

static double end_of_time(const struct service_data *d, int n, const struct kept *kept)
{
    double end = 0;
    for (int i = 0; i < n; i++) {
        const struct band *b = &d[i].band;
        const struct track *t = &d[i].track;
        if (t->n > 0)
            end = fmax(end, t->t_s[t->n - 1] + t->step_s);
        else if (b->n > 0)
            end = fmax(end, b->t_s[b->n - 1]);
    }
    if (end == 0 && isfinite(kept->sim_s))
        end = kept->sim_s;
    return end > 0 ? end : 3600;
}

/* Few services get higher panels, so that the title of y stands beside them in full. */
static double panel_height(int n_service)
{
    return n_service == 1 ? 320 : n_service == 2 ? 210 : 150;
}

/* One title of y for all panels, in fewer words where they are low. */
static void draw_y_title(const struct panel *all, const struct aspect *a)
{
    const struct text_style style = {.size = RS_TEXT_BODY};
    bool fits = rs_label_width(a->y_title, &style) <= all->box.h;
    rs_panel_y_title(all, fits ? a->y_title : a->y_title_short);
}

static void draw_key(struct canvas *c, double y, const struct kept *kept, int64_t n_band)
{
    char line[64], median[64];
    snprintf(line, sizeof line, "replica %lld", (long long)kept->replica);
    snprintf(median, sizeof median, "median of %lld replicas", (long long)n_band);
    const struct key_item item[] = {
        {RS_COLOUR_BLUE, 1, RS_DASH_SOLID, median},
        {RS_COLOUR_BLUE, 0.5, RS_DASH_SOLID, "25 to 75 %"},
        {RS_COLOUR_SKY, 0.35, RS_DASH_SOLID, "5 to 95 % of replicas without a fault"},
        {RS_COLOUR_VERMILLION, 1, RS_DASH_DASHED, "threshold"},
        {RS_COLOUR_MUTED, 1, RS_DASH_SOLID, line},
    };
    rs_key_draw(c, RS_PAGE_LEFT, y, kept->replica < 0 ? 4 : 5, item);
}

static int draw_over_time(struct panel *p,
                          struct record *r,
                          const struct kept *kept,
                          const struct ticks *x,
                          double y,
                          struct err *err)
{
    struct steps stages = {0};
    double end = isfinite(kept->ended_s) ? fmin(kept->ended_s, p->x.hi) : p->x.hi;
    int status = rs_record_stages(r, &stages, kept->replica, err);
    p->box.y = RS_PAGE_TOP;
    p->box.h = RIBBON_HEIGHT;
    if (status == 0)
        rs_ribbon_draw(p, r, &stages, 0, end);
    rs_steps_clear(&stages);
    if (status)
        return -1;
    p->box.y = y;
    p->box.h = rs_flags_height(r);
    rs_panel_frame(p, x, true, NULL);
    if (kept->replica < 0)
        rs_panel_say(p, "no replica was kept whole: stages and flags are not known");
    else if (rs_flags_draw(p, r, kept->replica, 0, p->x.hi, err))
        return -1;
    char title[96];
    snprintf(title, sizeof title, "time since start (d = days, h = hours; start %s)", r->starts_at);
    rs_panel_x_title(p, title);
    return 0;
}

static int draw(struct canvas *c,
                struct record *r,
                const struct aspect *a,
                const struct service_data *d,
                const struct kept *kept,
                double window_s,
                struct err *err)
{
    int n = r->service.n;
    double height = panel_height(n);
    double top = RS_PAGE_TOP + RIBBON_HEIGHT + PANEL_GAP;
    double flags = top + n * (height + PANEL_GAP) - PANEL_GAP + 24;
    double below = flags + rs_flags_height(r);
    char subtitle[160] = "", window[32];
    if (kept->replica >= 0)
        snprintf(subtitle, sizeof subtitle, "stages and flags of replica %lld",
                 (long long)kept->replica);
    if (window_s > 0) {
        size_t used = strlen(subtitle);
        rs_duration_format(window, sizeof window, rs_ns_from_s(window_s));
        snprintf(subtitle + used, sizeof subtitle - used, "%scurves are running means over %s",
                 used ? " · " : "", window);
    }
    rs_page_begin(c, r, below + 138, a->title, subtitle);
    struct panel p = {
        .c = c,
        .box = {RS_PAGE_LEFT, top, RS_PAGE_WIDTH - RS_PAGE_LEFT - RS_PAGE_RIGHT, height},
        .x = {RS_SCALE_LINEAR, 0, end_of_time(d, n, kept)},
        .y = {RS_SCALE_LINEAR, 0, 1}};
    struct ticks x = rs_ticks_days(0, p.x.hi, 12);
    int64_t n_band = 0;
    for (int i = 0; i < n; i++) {
        p.box.y = top + i * (height + PANEL_GAP);
        draw_service(&p, r, &r->service.at[i], a, &d[i], &x);
        n_band = d[i].band.n_replica_max > n_band ? d[i].band.n_replica_max : n_band;
    }
    struct panel all = p;
    all.box.y = top;
    all.box.h = n * (height + PANEL_GAP) - PANEL_GAP;
    if (n > 0)
        draw_y_title(&all, a);
    draw_key(c, below + 86, kept, n_band);
    return draw_over_time(&p, r, kept, &x, flags, err);
}

static int rollout(struct canvas *c, struct record *r, const struct aspect *a, struct err *err)
{
    int n = r->service.n, status = -1;
    struct service_data *d = rs_xcalloc((size_t)n + 1, sizeof *d);
    struct kept kept;
    if (find_replica(r, &kept, err))
        goto done;
    for (int i = 0; i < n; i++) {
        if (read_service(r, &d[i], r->service.at[i].id, kept.replica, a, err))
            goto done;
    }
    double window_s = smooth_all(d, n, a);
    status = draw(c, r, a, d, &kept, window_s, err);
done:
    for (int i = 0; i < n; i++) {
        rs_band_clear(&d[i].band);
        rs_track_clear(&d[i].track);
    }
    free(d);
    return status;
}

int rs_picture_rollout(struct canvas *c,
                       struct record *r,
                       const struct named *fault,
                       struct err *err)
{
    (void)fault;
    return rollout(c, r, &error_ratio, err);
}

int rs_picture_latency(struct canvas *c,
                       struct record *r,
                       const struct named *fault,
                       struct err *err)
{
    (void)fault;
    return rollout(c, r, &latency, err);
}
