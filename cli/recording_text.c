/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A recording told to people. */
#include <fnmatch.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "recording.h"
#include "sim/arena.h"
#include "sim/clock.h"

enum { ROWS = 24, BAR = 24, STATUSES = 12, ROUTES = 8, SILENCES = 8, SERIES = 24, LABELS = 512 };

char *rs_grouped_count(char *buf, size_t n, uint64_t count)
{
    char plain[24];
    int length = snprintf(plain, sizeof(plain), "%" PRIu64, count);
    size_t at = 0;
    for (int i = 0; i < length && at + 2 < n; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            buf[at++] = ',';
        }
        buf[at++] = plain[i];
    }
    buf[at] = '\0';
    return buf;
}

char *rs_recording_time(char *buf, size_t n, int64_t ns, bool absolute)
{
    if (!absolute) {
        return rs_duration_human(buf, n, ns);
    }
    char rfc[48];
    rs_time_format(rfc, sizeof(rfc), ns - (ns % RS_NS_PER_MS + RS_NS_PER_MS) % RS_NS_PER_MS);
    size_t length = strlen(rfc);
    rfc[length - 1] = '\0'; /* the Z */
    rfc[10] = ' ';
    snprintf(buf, n, "%s UTC", rfc);
    return buf;
}

char *rs_series_text(char *buf, size_t n, const struct recorded *set, const struct series_facts *f)
{
    rs_labels_format(buf, (int)n, set->labels, set->series[f->series].labels);
    size_t length = strlen(buf);
    if (length > 2 && strcmp(buf + length - 2, "{}") == 0) {
        buf[length - 2] = '\0';
    }
    return buf;
}

bool rs_series_chosen(const struct series_choice *choice,
                      const struct recorded *set,
                      const struct series_facts *f)
{
    char text[LABELS];
    rs_labels labels = set->series[f->series].labels;
    rs_series_text(text, sizeof(text), set, f);
    for (int i = 0; i < choice->n; i++) {
        if (fnmatch(choice->pattern[i], rs_labels_get(set->labels, labels, "__name__"), 0) == 0 ||
            fnmatch(choice->pattern[i], text, 0) == 0) {
            return true;
        }
    }
    return choice->n == 0;
}

/* A text of the file: what is no printable character is not sent to a terminal. */
static void print_text(FILE *to, const char *text, int width)
{
    int n = 0;
    for (; *text && n < width; text++) {
        unsigned char c = (unsigned char)*text;
        n += (c & 0xc0) != 0x80;
        fputc(c < 0x20 || c == 0x7f ? '?' : c, to);
    }
    if (*text) {
        fputs("...", to);
    }
}

static double percent(uint64_t part, uint64_t all)
{
    return all > 0 ? 100.0 * (double)part / (double)all : 0.0;
}

static char *latency_text(char *buf, size_t n, double s)
{
    if (isnan(s)) {
        snprintf(buf, n, "-");
        return buf;
    }
    return rs_duration_human(buf, n, rs_ns_from_s(s));
}

static void print_span(FILE *to, int64_t first_ns, int64_t last_ns, bool absolute)
{
    char from[64], until[64], span[40];
    fprintf(to, "  span      %s to %s: %s\n",
            rs_recording_time(from, sizeof(from), first_ns, absolute),
            rs_recording_time(until, sizeof(until), last_ns, absolute),
            rs_duration_human(span, sizeof(span), last_ns - first_ns));
}

/* ---- requests ---- */

/* When a row begins: with the day where the recording is longer than one. */
static void
row_time(char *buf, size_t n, const struct request_facts *f, int64_t at_ns, int64_t step_ns)
{
    char whole[64];
    if (!f->report.absolute) {
        rs_duration_format(buf, n, at_ns);
        return;
    }
    rs_time_format(whole, sizeof(whole), at_ns);
    bool day = f->report.last_ns - f->report.first_ns > 86400 * RS_NS_PER_S;
    whole[10] = ' ';
    int seconds = step_ns % (60 * RS_NS_PER_S) != 0 ? 3 : 0;
    int part = step_ns % RS_NS_PER_S != 0 && whole[19] == '.' ? 4 : 0;
    snprintf(buf, n, "%.*s", (day ? 16 : 5) + seconds + part, whole + (day ? 0 : 11));
}

static void print_bar(FILE *to, double share)
{
    int n = (int)lround(share * BAR);
    for (int i = 0; i < BAR; i++) {
        fputs(i < n ? "█" : " ", to);
    }
}

/* So many steps at most that they hold some requests on average. */
static int steps_wanted(const struct request_facts *f, uint64_t n_each, int most)
{
    uint64_t n = f->report.n_request / n_each;
    return n < 8 ? 8 : n > (uint64_t)most ? most : (int)n;
}

/* Coarse as it is, it lies within what the file holds. NaN of none. */
static double row_quantile(const struct request_facts *f, const struct request_step *step, double q)
{
    double s = rs_step_quantile(step, q);
    return isnan(s) ? s : fmin(fmax(s, f->latency.min_s), f->latency.max_s);
}

static void print_profile(FILE *to, const struct request_facts *f)
{
    int n = 0;
    int64_t step_ns = 0, start_ns = 0;
    double top = 0.0;
    char width[40];
    struct request_step *step =
        rs_request_steps(f, steps_wanted(f, 2, ROWS), &n, &step_ns, &start_ns);
    for (int i = 0; i < n; i++) {
        top = fmax(top,
                   (double)step[i].n / rs_request_step_seconds(f, step_ns, start_ns + i * step_ns));
    }
    rs_duration_format(width, sizeof(width), step_ns);
    fprintf(to, "\n  a row is %s\n  %-19s %10s  %-*s", width, "from", "requests/s", BAR, "");
    fputs(f->report.has_status ? "    5xx" : "", to);
    fputs(f->report.has_latency ? "      p50      p95\n" : "\n", to);
    for (int i = 0; i < n; i++) {
        char at[64], p50[40], p95[40];
        double half = row_quantile(f, &step[i], 0.5), most = row_quantile(f, &step[i], 0.95);
        double rate =
            (double)step[i].n / rs_request_step_seconds(f, step_ns, start_ns + i * step_ns);
        row_time(at, sizeof(at), f, start_ns + i * step_ns, step_ns);
        fprintf(to, "  %-19s %10.4g  ", at, rate);
        print_bar(to, top > 0.0 ? rate / top : 0.0);
        if (f->report.has_status) {
            fprintf(to, " %5.3g%%", percent(step[i].n_5xx, step[i].n_told));
        }
        if (f->report.has_latency) {
            fprintf(to, " %8s %8s", latency_text(p50, sizeof(p50), half),
                    latency_text(p95, sizeof(p95), most));
        }
        fputc('\n', to);
    }
    free(step);
}

static void print_rate(FILE *to, const struct request_facts *f)
{
    char count[32], width[40], at[64];
    double span_s = rs_s_from_ns(f->report.last_ns - f->report.first_ns);
    /* What ends with a request went on for about as long as requests are apart. */
    double average = span_s > 0.0 ? (double)(f->report.n_request - 1) / span_s : 0.0, top = 0.0;
    int n = 0, best = 0;
    int64_t step_ns = 0, start_ns = 0;
    struct request_step *step =
        rs_request_steps(f, steps_wanted(f, 10, RS_STEPS_MAX), &n, &step_ns, &start_ns);
    for (int i = 0; i < n; i++) {
        int64_t from_ns = start_ns + i * step_ns;
        bool whole = from_ns >= f->report.first_ns && from_ns + step_ns <= f->report.last_ns;
        double rate = whole ? (double)step[i].n / rs_s_from_ns(step_ns) : 0.0;
        best = rate > top ? i : best;
        top = fmax(top, rate);
    }
    free(step);
    fprintf(to, "  requests  %s", rs_grouped_count(count, sizeof(count), f->report.n_request));
    if (span_s > 0.0) {
        fprintf(to, ", %.4g/s on average", average);
    }
    if (span_s > 0.0 && top >= average) {
        fprintf(to, ", at most %.4g/s in %s from %s", top,
                rs_duration_format(width, sizeof(width), step_ns),
                rs_recording_time(at, sizeof(at), start_ns + best * step_ns, f->report.absolute));
    }
    fputc('\n', to);
}

static void print_status(FILE *to, const struct request_facts *f)
{
    int n = 0;
    for (int status = 0; status < RS_STATUS_MAX && f->report.has_status; status++) {
        char count[32];
        if (f->n_by_status[status] == 0 || n++ >= STATUSES) {
            continue;
        }
        fprintf(to, n == 1 ? "  status    " : "            ");
        if (status == 0) {
            fputs("none", to);
        } else {
            fprintf(to, "%-4d", status);
        }
        fprintf(to, " %12s %8.3g%%\n",
                rs_grouped_count(count, sizeof(count), f->n_by_status[status]),
                percent(f->n_by_status[status], f->report.n_request));
    }
    if (n > STATUSES) {
        fprintf(to, "            and %d more (--json tells all)\n", n - STATUSES);
    }
    if (f->report.has_status && f->n_by_status[0] > 0) {
        fputs("  note      only some lines tell a status: the shares of 5xx are of those that do\n",
              to);
    }
}

static void print_latency(FILE *to, const struct request_facts *f)
{
    static const double q[] = {0.5, 0.9, 0.95, 0.99, 0.999};
    char text[40];
    if (f->latency.n == 0) {
        return;
    }
    fprintf(to, "  latency   min %s", latency_text(text, sizeof(text), f->latency.min_s));
    for (size_t i = 0; i < sizeof(q) / sizeof(q[0]); i++) {
        fprintf(to, "  p%g %s", 100.0 * q[i],
                latency_text(text, sizeof(text), rs_latency_quantile(&f->latency, q[i])));
    }
    fprintf(to, "  max %s", latency_text(text, sizeof(text), f->latency.max_s));
    fprintf(to, "  mean %s\n",
            latency_text(text, sizeof(text), f->latency.sum_s / (double)f->latency.n));
    if (f->latency.n < f->report.n_request) {
        fprintf(to, "            told of %s requests\n",
                rs_grouped_count(text, sizeof(text), f->latency.n));
    }
}

static void print_routes(FILE *to, const struct request_facts *f, int width)
{
    char count[32];
    for (int i = 0; i < f->n_route && i < ROUTES; i++) {
        fprintf(to, i == 0 ? "  routes    " : "            ");
        fprintf(to, "%9s  ", rs_grouped_count(count, sizeof(count), f->route[i].n));
        print_text(to, f->route[i].name, width - 30);
        fputc('\n', to);
    }
    if (f->n_route > ROUTES || f->n_other_route > 0) {
        uint64_t rest = f->n_other_route;
        for (int i = ROUTES; i < f->n_route; i++) {
            rest += f->route[i].n;
        }
        fprintf(to, "            %9s  of %s%d other routes\n",
                rs_grouped_count(count, sizeof(count), rest),
                f->n_other_route > 0 ? "more than " : "",
                f->n_route > ROUTES ? f->n_route - ROUTES : 0);
    }
}

static void print_silences(FILE *to, const struct request_facts *f)
{
    char count[32], at[64], length[40];
    if (f->n_silence_all == 0) {
        fputs("  gaps      none\n", to);
        return;
    }
    fprintf(to, "  gaps      %s, %s together\n",
            rs_grouped_count(count, sizeof(count), f->n_silence_all),
            rs_duration_human(length, sizeof(length), f->silent_ns));
    for (int i = 0; i < f->n_silence && i < SILENCES; i++) {
        struct silence s = f->silence[i];
        fprintf(to, "            %s from %s\n",
                rs_duration_human(length, sizeof(length), s.to_ns - s.from_ns),
                rs_recording_time(at, sizeof(at), s.from_ns, f->report.absolute));
    }
    if (f->n_silence_all > SILENCES) {
        fputs("            ...\n", to);
    }
}

static void print_lines(FILE *to, const struct requests_report *r)
{
    char count[32], late[32];
    fprintf(to, "  lines     %s", rs_grouped_count(count, sizeof(count), r->n_line));
    fprintf(to, ", %s blank, comment, heading or of another metric\n",
            rs_grouped_count(count, sizeof(count), r->n_blank));
    for (int why = 0; why < RS_REJECT_N; why++) {
        if (r->n_rejected[why] == 0) {
            continue;
        }
        fprintf(to, "            %s rejected: %s, at",
                rs_grouped_count(count, sizeof(count), r->n_rejected[why]),
                rs_requests_reject_words((enum requests_reject)why));
        for (int i = 0; i < r->n_shown[why]; i++) {
            fprintf(to, "%s %d:%d", i ? "," : "", r->first_rejected[why][i].line,
                    r->first_rejected[why][i].col);
        }
        fputs(r->n_rejected[why] > (uint64_t)r->n_shown[why] ? ", ...\n" : "\n", to);
    }
    if (r->n_out_of_order > 0) {
        fprintf(to, "  order     %s later than one behind them: put right",
                rs_grouped_count(count, sizeof(count), r->n_out_of_order - r->n_too_late));
        if (r->n_too_late > 0) {
            fprintf(to, "; %s too late for that",
                    rs_grouped_count(late, sizeof(late), r->n_too_late));
        }
        fputc('\n', to);
    }
    if (r->time_is_end && r->has_latency) {
        fputs("  times     of the end; arrivals are earlier by the latency\n", to);
    }
}

static void print_requests(FILE *to, const struct recording_facts *f, int width)
{
    const struct request_facts *r = f->requests;
    fprintf(to, "%s: requests, %s, %s\n", f->file, rs_requests_format_name(r->report.format),
            f->packing);
    print_span(to, r->report.first_ns, r->report.last_ns, r->report.absolute);
    print_rate(to, r);
    print_status(to, r);
    print_latency(to, r);
    print_routes(to, r, width);
    print_silences(to, r);
    print_lines(to, &r->report);
    print_profile(to, r);
}

/* ---- series ---- */

static void print_series_row(FILE *to,
                             const struct series_set_facts *s,
                             const struct series_facts *f,
                             int width)
{
    char text[LABELS], step[40];
    rs_series_text(text, sizeof(text), s->set, f);
    fprintf(to, "  %-7s %9zu %8s ", f->kind == RS_KIND_COUNTER ? "counter" : "gauge", f->n,
            f->step_ms > 0 ? rs_duration_human(step, sizeof(step), f->step_ms * RS_NS_PER_MS)
                           : "-");
    if (f->kind == RS_KIND_COUNTER) {
        fprintf(to, "%10s %10s %10.4g", "", "", f->increase);
    } else {
        fprintf(to, "%10.4g %10.4g %10.4g", f->min, f->mean, f->max);
    }
    fprintf(to, " %5zu %6zu %5zu  ", f->n_gap, f->n_reset, f->n_stale);
    print_text(to, text, width > 122 ? width - 82 : 40);
    fputc('\n', to);
}

/* What the chosen series have together. */
struct sums {
    size_t n, n_sample, n_gap, n_series_gap, n_reset, n_stale, n_nan;
    const struct series_facts *longest_gap, *longest_zero;
};

static struct sums sum_up(const struct series_set_facts *s, const struct series_choice *choice)
{
    struct sums sum = {0};
    for (int i = 0; i < s->n_fact; i++) {
        const struct series_facts *f = &s->fact[i];
        if (!rs_series_chosen(choice, s->set, f)) {
            continue;
        }
        sum.n++;
        sum.n_sample += f->n;
        sum.n_gap += f->n_gap;
        sum.n_series_gap += f->n_gap > 0;
        sum.n_reset += f->n_reset;
        sum.n_stale += f->n_stale;
        sum.n_nan += f->n_nan;
        if (f->n_gap > 0 &&
            (!sum.longest_gap || f->longest_gap_ms > sum.longest_gap->longest_gap_ms)) {
            sum.longest_gap = f;
        }
        if (f->zero_ms > 10 * f->step_ms && f->max > 0.0 &&
            (!sum.longest_zero || f->zero_ms > sum.longest_zero->zero_ms)) {
            sum.longest_zero = f;
        }
    }
    return sum;
}

static void print_sums(FILE *to, const struct series_set_facts *s, const struct sums *sum)
{
    char count[32], length[40], at[64];
    bool absolute = rs_recorded_is_absolute(s->set->first_ms);
    const struct recorded_report *order = &s->set->report;
    fprintf(to, "  series    %zu, %s samples\n", sum->n,
            rs_grouped_count(count, sizeof(count), sum->n_sample));
    if (sum->longest_gap) {
        const struct series_facts *f = sum->longest_gap;
        fprintf(to, "  gaps      %s in %zu series, the longest %s from %s\n",
                rs_grouped_count(count, sizeof(count), sum->n_gap), sum->n_series_gap,
                rs_duration_human(length, sizeof(length), f->longest_gap_ms * RS_NS_PER_MS),
                rs_recording_time(at, sizeof(at), f->longest_gap_at_ms * RS_NS_PER_MS, absolute));
    } else {
        fputs("  gaps      none\n", to);
    }
    if (sum->longest_zero) {
        const struct series_facts *f = sum->longest_zero;
        fprintf(to, "  zeros     the longest run %s from %s\n",
                rs_duration_human(length, sizeof(length), f->zero_ms * RS_NS_PER_MS),
                rs_recording_time(at, sizeof(at), f->zero_at_ms * RS_NS_PER_MS, absolute));
    }
    fprintf(to, "  counters  %s times began anew\n",
            rs_grouped_count(count, sizeof(count), sum->n_reset));
    fprintf(to, "  markers   %s stale", rs_grouped_count(count, sizeof(count), sum->n_stale));
    fprintf(to, ", %s NaN\n", rs_grouped_count(count, sizeof(count), sum->n_nan));
    if (order->n_out_of_order > 0 || order->n_same_time > 0) {
        fprintf(to,
                "  order     %" PRIu64 " samples older than one before them: put right; %" PRIu64
                " of a time that was there already: left out (%" PRIu64 " with another value)\n",
                order->n_out_of_order, order->n_same_time, order->n_differing);
    }
    if (s->irregular) {
        fprintf(to,
                "  note      samples stand at no regular distance: where each line is one request, "
                "say --format %s\n",
                s->format == RS_SERIES_JSON_LINES ? "json" : "csv");
    }
}

static void print_series(FILE *to,
                         const struct recording_facts *f,
                         const struct series_choice *choice,
                         int width)
{
    const struct series_set_facts *s = f->series;
    struct sums sum = sum_up(s, choice);
    size_t n = 0;
    fprintf(to, "%s: series, %s, %s\n", f->file, rs_series_format_words(s->format), f->packing);
    print_span(to, s->set->first_ms * RS_NS_PER_MS, s->set->last_ms * RS_NS_PER_MS,
               rs_recorded_is_absolute(s->set->first_ms));
    print_sums(to, s, &sum);
    fprintf(to, "\n  %-7s %9s %8s %10s %10s %10s %5s %6s %5s\n", "kind", "samples", "step", "min",
            "mean", "max or +", "gaps", "resets", "stale");
    for (int i = 0; i < s->n_fact; i++) {
        if (rs_series_chosen(choice, s->set, &s->fact[i]) && (choice->n > 0 || n < SERIES)) {
            print_series_row(to, s, &s->fact[i], width);
            n++;
        }
    }
    if (n < sum.n) {
        fprintf(to, "  and %zu more (--select PATTERN picks some, --json tells all)\n", sum.n - n);
    }
}

void rs_recording_print(FILE *to,
                        const struct recording_facts *f,
                        const struct series_choice *choice,
                        int width)
{
    if (f->requests) {
        print_requests(to, f, width);
    } else {
        print_series(to, f, choice, width);
    }
}
