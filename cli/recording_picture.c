/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A recording as a picture: what is drawn; plots/ draws it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plots/recording.h"
#include "recording.h"
#include "sim/arena.h"
#include "sim/clock.h"

enum { STEPS = 300, SAMPLES = 1200, SERIES = 6, GAPS = 400, RESETS = 200 };

struct drawing {
    struct arena *arena;
    struct recording_picture picture;
    struct recording_panel panel[SERIES];
};

static double *doubles(struct drawing *d, int n)
{
    return RS_ARENA_ARRAY(d->arena, double, n + 1);
}

/* "time since 2015-05-17 10:05:03 UTC", "time since the recording began" */
static const char *x_title(struct drawing *d, int64_t start_ns, bool absolute)
{
    char at[64];
    return absolute ? rs_arena_printf(d->arena, "time since %s",
                                      rs_recording_time(at, sizeof(at), start_ns, true))
                    : "time of the recording";
}

/* ---- requests ---- */

static void shade_silences(struct drawing *d, const struct request_facts *f, int64_t origin_ns)
{
    struct recording_shade *shade =
        RS_ARENA_ARRAY(d->arena, struct recording_shade, f->n_silence + 1);
    for (int i = 0; i < f->n_silence; i++) {
        shade[i].from_s = rs_s_from_ns(f->silence[i].from_ns - origin_ns);
        shade[i].to_s = rs_s_from_ns(f->silence[i].to_ns - origin_ns);
    }
    for (int i = 0; i < d->picture.n_panel; i++) {
        d->panel[i].n_shade = f->n_silence;
        d->panel[i].shade = shade;
    }
}

static void request_panels(struct drawing *d, const struct request_facts *f, int64_t origin_ns)
{
    int n = 0, panel = 0;
    int64_t step_ns = 0, start_ns = 0;
    struct request_step *step = rs_request_steps(f, STEPS, &n, &step_ns, &start_ns);
    double *t = doubles(d, n), *rate = doubles(d, n), *share = doubles(d, n), *p50 = doubles(d, n),
           *p95 = doubles(d, n);
    for (int i = 0; i < n; i++) {
        int64_t from_ns = start_ns + i * step_ns;
        t[i] = rs_s_from_ns(from_ns - origin_ns) + rs_s_from_ns(step_ns) / 2.0;
        rate[i] = (double)step[i].n / rs_request_step_seconds(f, step_ns, from_ns);
        share[i] = step[i].n_told > 0 ? (double)step[i].n_5xx / (double)step[i].n_told : NAN;
        p50[i] = 1000.0 * rs_step_quantile(&step[i], 0.5);
        p95[i] = 1000.0 * rs_step_quantile(&step[i], 0.95);
    }
    free(step);
    d->panel[panel++] = (struct recording_panel){
        .title = "requests per second", .n_line = 1, .line = {{.n = n, .t_s = t, .y = rate}}};
    if (f->report.has_status) {
        d->panel[panel++] = (struct recording_panel){.title = "status 5xx",
                                                     .scale = RS_RECORDING_SHARE,
                                                     .n_line = 1,
                                                     .line = {{.n = n, .t_s = t, .y = share}}};
    }
    if (f->report.has_latency) {
        d->panel[panel++] =
            (struct recording_panel){.title = "latency (ms)",
                                     .scale = RS_RECORDING_LOG,
                                     .n_line = 2,
                                     .line = {{.label = "median", .n = n, .t_s = t, .y = p50},
                                              {.label = "95 %", .n = n, .t_s = t, .y = p95}}};
    }
    d->picture.n_panel = panel;
    char width[40];
    d->picture.subtitle = rs_arena_printf(d->arena, "%s requests; a point is %s",
                                          rs_grouped_count((char[32]){0}, 32, f->report.n_request),
                                          rs_duration_format(width, sizeof(width), step_ns));
}

static void draw_requests(struct drawing *d, const struct request_facts *f)
{
    int64_t origin_ns = f->report.first_ns;
    request_panels(d, f, origin_ns);
    shade_silences(d, f, origin_ns);
    d->picture.x_title = x_title(d, origin_ns, f->report.absolute);
    d->picture.end_s = fmax(rs_s_from_ns(f->report.last_ns - origin_ns), 1e-3);
    d->picture.shade_words = "a silence: no request for much longer than usual";
}

/* ---- series ---- */

struct points {
    int n;
    double *t_s, *y;
};

static void add_point(struct points *p, double t_s, double y)
{
    p->t_s[p->n] = t_s;
    p->y[p->n++] = y;
}

/* Every sample a point; a counter's is its rise a second since the one before. Gaps and markers break the line. */
static struct points all_samples(struct drawing *d,
                                 const struct recorded_series *s,
                                 const struct series_facts *f,
                                 int64_t origin_ms)
{
    int n = (int)s->n;
    struct points p = {0, doubles(d, 2 * n), doubles(d, 2 * n)};
    for (int i = 0; i < n; i++) {
        double at = (double)(s->sample[i].t_ms - origin_ms) / 1e3, y = s->sample[i].v;
        double since = i > 0 ? (double)(s->sample[i].t_ms - s->sample[i - 1].t_ms) / 1e3 : 0.0;
        if (i > 0 && 1e3 * since > 2.5 * (double)f->step_ms) {
            add_point(&p, at, NAN);
        }
        if (f->kind == RS_KIND_COUNTER) {
            double last = i > 0 ? s->sample[i - 1].v : NAN;
            y = (y < last ? y : y - last) / since;
        }
        add_point(&p, at, y);
    }
    return p;
}

/* Many samples: the mean of those in each of SAMPLES / 2 steps, or what the counter rose in it. */
static struct points thinned(struct drawing *d,
                             const struct recorded_series *s,
                             const struct series_facts *f,
                             int64_t origin_ms)
{
    enum { N = SAMPLES / 2 };
    struct points p = {0, doubles(d, N), doubles(d, N)};
    double width = (double)(f->last_ms - f->first_ms + 1) / N, last = NAN;
    size_t i = 0;
    for (int k = 0; k < N; k++) {
        double until = (double)f->first_ms + (k + 1) * width, sum = 0.0;
        int n = 0;
        for (; i < s->n && (double)s->sample[i].t_ms < until; i++) {
            double v = s->sample[i].v;
            if (isnan(v)) {
                continue;
            }
            sum += f->kind == RS_KIND_GAUGE ? v : isnan(last) ? 0.0 : v < last ? v : v - last;
            last = v;
            n++;
        }
        double y = n == 0 ? NAN : f->kind == RS_KIND_GAUGE ? sum / n : sum / (width / 1e3);
        add_point(&p, ((double)(f->first_ms - origin_ms) + (k + 0.5) * width) / 1e3, y);
    }
    return p;
}

static void series_panel(struct drawing *d,
                         const struct series_set_facts *s,
                         const struct series_facts *f,
                         int64_t origin_ms)
{
    const struct recorded_series *series = &s->set->series[f->series];
    struct recording_panel *panel = &d->panel[d->picture.n_panel++];
    struct points p = series->n <= SAMPLES ? all_samples(d, series, f, origin_ms)
                                           : thinned(d, series, f, origin_ms);
    struct silence *gap = RS_ARENA_ARRAY(d->arena, struct silence, GAPS);
    struct recording_shade *shade = RS_ARENA_ARRAY(d->arena, struct recording_shade, GAPS);
    int64_t *reset = RS_ARENA_ARRAY(d->arena, int64_t, RESETS);
    double *mark = doubles(d, RESETS);
    char text[512];
    rs_series_text(text, sizeof(text), s->set, f);
    *panel =
        (struct recording_panel){.title = f->kind == RS_KIND_COUNTER ? "rise per second" : "value",
                                 .caption = rs_arena_strdup(d->arena, text),
                                 .n_line = 1,
                                 .line = {{.n = p.n, .t_s = p.t_s, .y = p.y}},
                                 .shade = shade,
                                 .mark_s = mark};
    panel->n_shade = rs_series_gaps(s->set, f, gap, GAPS);
    for (int i = 0; i < panel->n_shade; i++) {
        shade[i].from_s = rs_s_from_ns(gap[i].from_ns) - (double)origin_ms / 1e3;
        shade[i].to_s = rs_s_from_ns(gap[i].to_ns) - (double)origin_ms / 1e3;
    }
    panel->n_mark = rs_series_resets(s->set, f, reset, RESETS);
    for (int i = 0; i < panel->n_mark; i++) {
        mark[i] = (double)(reset[i] - origin_ms) / 1e3;
    }
}

static void
draw_series(struct drawing *d, const struct series_set_facts *s, const struct series_choice *choice)
{
    int n = 0;
    int64_t origin_ms = s->set->first_ms;
    for (int i = 0; i < s->n_fact; i++) {
        if (rs_series_chosen(choice, s->set, &s->fact[i]) && s->fact[i].n > 0) {
            n++;
            if (d->picture.n_panel < SERIES) {
                series_panel(d, s, &s->fact[i], origin_ms);
            }
        }
    }
    d->picture.subtitle =
        n > SERIES ? rs_arena_printf(d->arena, "the first %d of %d series (--select picks others)",
                                     SERIES, n)
                   : rs_arena_printf(d->arena, "%d series", n);
    d->picture.x_title = x_title(d, origin_ms * RS_NS_PER_MS, rs_recorded_is_absolute(origin_ms));
    d->picture.end_s = fmax((double)(s->set->last_ms - origin_ms) / 1e3, 1e-3);
    d->picture.shade_words = "a gap: samples are missing";
    d->picture.mark_words = "the counter began anew";
}

/* ---- both ---- */

/* "day" of "a/day.log.zst". */
static char *bare_name(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *name = rs_arena_strdup(arena, slash ? slash + 1 : path);
    size_t n = strcspn(name + (*name == '.'), ".") + (*name == '.');
    name[n] = '\0';
    for (char *c = name; *c; c++) {
        *c = *c == '(' || *c == ')' ? '_' : *c; /* "(stdin)" */
    }
    return name;
}

int rs_recording_draw_picture(char *buf,
                              size_t n,
                              const char *dir,
                              const char *format,
                              const struct recording_facts *f,
                              const struct series_choice *choice,
                              struct err *err)
{
    struct drawing d = {.arena = rs_arena_new()};
    d.picture.panel = d.panel;
    d.picture.title = rs_arena_printf(d.arena, "Recording %s", f->file);
    d.picture.footer = "rollsim " ROLLSIM_VERSION;
    snprintf(buf, n, "%s/recording-%s.%s", dir, bare_name(d.arena, f->file), format);
    if (f->requests) {
        draw_requests(&d, f->requests);
    } else {
        draw_series(&d, f->series, choice);
    }
    int status = -1;
    if (d.picture.n_panel == 0) {
        rs_err_set(err, RS_E_USAGE, "%s: no series is picked that could be drawn", f->file);
    } else if (rs_plot_folder_make(dir, err) == 0) {
        status = rs_plot_recording(buf, format, &d.picture, err);
    }
    rs_arena_free(d.arena);
    return status;
}
