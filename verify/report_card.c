/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The timing card in the terminal: a table for every rollback scenario, and which leg eats the budget. */
#include <inttypes.h>
#include <math.h>

#include "report_words.h"
#include "sim/clock.h"
#include "text_table.h"
#include "verify/report.h"

#define N_BAR 8
#define ARROW "\u2192"

/* A bar of up to N_BAR signs, in eighths of a sign. */
static char *bar(char *buf, size_t n, double share)
{
    static const char *const part[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    double full = fmin(fmax(share, 0.0), 1.0) * N_BAR;
    int whole = (int)full, eighths = (int)((full - whole) * 8.0);
    int at = 0;
    buf[0] = '\0';
    for (int i = 0; i < whole; i++)
        at += snprintf(buf + at, n - (size_t)at, "█");
    snprintf(buf + at, n - (size_t)at, "%s", part[eighths]);
    return buf;
}

static bool in_budget(const struct card_leg *leg)
{
    return leg->from >= RS_CLOCK_DETECTED && leg->to <= RS_CLOCK_COMPLETED;
}

static bool is_total(const struct card_leg *leg)
{
    return (leg->from == RS_CLOCK_ONSET && leg->to == RS_CLOCK_DETECTED) ||
           (leg->from == RS_CLOCK_DETECTED && leg->to == RS_CLOCK_COMPLETED);
}

static const char *short_name(enum clock_mark m)
{
    return m == RS_CLOCK_FIRST_BAD ? "first bad" : rs_clock_name(m);
}

static void time_cell(struct text_table *t, enum text_style style, double s)
{
    char buf[40];
    rs_text_table_cell(t, style, "%s", rs_seconds_human(buf, sizeof buf, s));
}

static void leg_row(struct text_table *t, const struct card *c, const struct card_leg *leg)
{
    char a[40], b[40];
    enum text_style name = is_total(leg) ? RS_STYLE_BOLD : RS_STYLE_PLAIN;
    bool late = leg->to == RS_CLOCK_COMPLETED && leg->from == RS_CLOCK_DETECTED;
    rs_text_table_cell(t, name, "%s " ARROW " %s", short_name(leg->from), short_name(leg->to));
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%" PRIu64, leg->n);
    rs_text_table_cell(t, RS_STYLE_OPEN, leg->n_open ? "%" PRIu64 : "",
                       leg->n_open); /* no column if none is */
    time_cell(t, late && leg->s_p50 > c->sla_s ? RS_STYLE_BAD : RS_STYLE_PLAIN, leg->s_p50);
    time_cell(t, late && leg->s_p95 > c->sla_s ? RS_STYLE_BAD : RS_STYLE_PLAIN, leg->s_p95);
    time_cell(t, late && leg->s_p99 > c->sla_s ? RS_STYLE_BAD : RS_STYLE_PLAIN, leg->s_p99);
    time_cell(t, late && leg->s_max > c->sla_s ? RS_STYLE_BAD : RS_STYLE_PLAIN, leg->s_max);
    if (leg->n > 0)
        rs_text_table_cell(t, RS_STYLE_DIM, "%" PRIu64, leg->worst_replica);
    else
        rs_text_table_cell(t, RS_STYLE_DIM, "%s", "");
    rs_text_table_cell(t, RS_STYLE_DIM, "%s–%s", rs_seconds_human(a, sizeof a, leg->s_best_world),
                       rs_seconds_human(b, sizeof b, leg->s_worst_world));
    bool shares = in_budget(leg) && !isinf(c->sla_s) && !isnan(leg->s_p95);
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s",
                       shares ? bar(a, sizeof a, leg->s_p95 / c->sla_s) : "");
}

static void print_legs(FILE *to, const struct card *c, int width, bool colour)
{
    char sla[40], share[60];
    snprintf(share, sizeof share, "p95/%s",
             isinf(c->sla_s) ? "" : rs_duration_format(sla, sizeof sla, rs_ns_from_s(c->sla_s)));
    const struct text_column column[] = {
        {"leg", .narrowest = 20},
        {"n", .right = true},
        {"open", .right = true},
        {"p50", .right = true},
        {"p95", .right = true},
        {"p99", .right = true},
        {"worst", .right = true},
        {"replica", .right = true, .optional = true},
        {"p50 by world", .right = true, .optional = true},
        {share, .optional = true},
    };
    struct text_table *t = rs_text_table_new((int)(sizeof column / sizeof column[0]), column);
    bool ruled = false;
    for (int i = 0; i < c->n_leg; i++) {
        if (is_total(&c->leg[i]) && !ruled) {
            rs_text_table_rule(t);
            ruled = true;
        }
        leg_row(t, c, &c->leg[i]);
    }
    rs_text_table_print(t, to, 2, width, colour);
    rs_text_table_free(t);
}

static void print_head(FILE *to, const struct run_result *r, const struct card *c, bool colour)
{
    const struct scenario *sc = r->scenario;
    const struct procedure *p = c->procedure < 0 ? NULL : &sc->response.procedure[c->procedure];
    char head[300], sla[40];
    snprintf(head, sizeof head, "Timing card: %s " ARROW " %s%s%s",
             c->fault < 0 ? "(no fault)" : sc->fault[c->fault].name,
             p ? p->name : "nothing was ever done", p && p->ref ? "  " : "",
             p && p->ref ? p->ref : "");
    rs_text_styled(to, RS_STYLE_BOLD, colour, head);
    if (!isinf(c->sla_s))
        fprintf(to, "  budget %s", rs_duration_format(sla, sizeof sla, rs_ns_from_s(c->sla_s)));
    fputc('\n', to);
}

/* In how many replicas the fault came up, and what was done about it. */
static void print_presence(FILE *to, const struct card *c, int width)
{
    char text[256];
    int n = 0;
    uint64_t n_told = c->n_episode + c->n_missed;
    if (c->fault < 0)
        snprintf(text, sizeof text,
                 "A false alarm, before any fault had begun, in %" PRIu64 " of %" PRIu64
                 " replicas.",
                 c->n_episode, c->n_present);
    else
        n = snprintf(text, sizeof text,
                     "Came up in %" PRIu64 " replicas: carried out in %" PRIu64
                     ", nothing done at all in %" PRIu64,
                     c->n_present, c->n_episode, c->n_missed);
    if (c->fault >= 0 && n_told < c->n_present)
        snprintf(text + n, sizeof text - (size_t)n,
                 "; in %" PRIu64 " another rollback was carried out, or was already under way.",
                 c->n_present - n_told);
    else if (c->fault >= 0)
        snprintf(text + n, sizeof text - (size_t)n, ".");
    rs_text_wrap(to, text, 2, width);
}

static void print_counts(FILE *to, const struct card *c, int width)
{
    char ratio[24], low[24], high[24], text[256];
    print_presence(to, c, width);
    if (c->n_episode == 0 || isinf(c->sla_s))
        return;
    snprintf(text, sizeof text,
             "Within the budget: %" PRIu64 " of %" PRIu64
             ", %s [%s, %s], 95%% for this number alone.",
             c->n_within, c->n_episode,
             rs_percent_human(ratio, sizeof ratio, (double)c->n_within / (double)c->n_episode),
             rs_percent_human(low, sizeof low, c->within.low),
             rs_percent_human(high, sizeof high, c->within.high));
    rs_text_wrap(to, text, 2, width);
}

/* ---- many faults, one rollback ----------------------------------------------------------------------------------------- */

#define N_WHOLE 2 /* so many cards of a procedure are printed whole; of more, the slowest alone */

static const struct card_leg *total_leg(const struct card *c, enum clock_mark from)
{
    for (int i = 0; i < c->n_leg; i++) {
        if (is_total(&c->leg[i]) && c->leg[i].from == from)
            return &c->leg[i];
    }
    return NULL;
}

static bool same_rollback(const struct card *a, const struct card *b)
{
    return a->procedure >= 0 && a->procedure == b->procedure && a->fault >= 0 && b->fault >= 0;
}

static double p95_of(const struct card_leg *leg)
{
    return leg && !isnan(leg->s_p95) ? leg->s_p95 : -1.0;
}

/* By what the budget is for, then by how long it took to be found. */
static bool is_slower(const struct card *a, const struct card *b)
{
    double x = p95_of(total_leg(a, RS_CLOCK_DETECTED)), y = p95_of(total_leg(b, RS_CLOCK_DETECTED));
    return x != y ? x > y
                  : p95_of(total_leg(a, RS_CLOCK_ONSET)) > p95_of(total_leg(b, RS_CLOCK_ONSET));
}

/* The card that is printed whole for this one: itself, or the slowest of many that tell of the same rollback. */
static const struct card *whole_card(const struct run_result *r, const struct card *c)
{
    const struct card *slowest = NULL;
    int n = 0;
    for (int i = 0; i < r->n_card; i++) {
        const struct card *other = &r->card[i];
        if (!same_rollback(other, c))
            continue;
        n++;
        if (!slowest || is_slower(other, slowest))
            slowest = other;
    }
    return n > N_WHOLE ? slowest : c;
}

static void three_times(struct text_table *t, const struct card_leg *leg, double most_s)
{
    const double s[] = {leg ? leg->s_p50 : (double)NAN, leg ? leg->s_p95 : (double)NAN,
                        leg ? leg->s_max : (double)NAN};
    for (int i = 0; i < 3; i++)
        time_cell(t, s[i] > most_s ? RS_STYLE_BAD : RS_STYLE_PLAIN, s[i]);
}

static void folded_row(struct text_table *t, const struct run_result *r, const struct card *c)
{
    const struct card_leg *done = total_leg(c, RS_CLOCK_DETECTED);
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", r->scenario->fault[c->fault].name);
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%" PRIu64, c->n_episode);
    if (isinf(c->sla_s))
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", "");
    else
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%" PRIu64, c->n_within);
    three_times(t, total_leg(c, RS_CLOCK_ONSET), INFINITY);
    three_times(t, done, c->sla_s);
    if (done && done->n > 0)
        rs_text_table_cell(t, RS_STYLE_DIM, "%" PRIu64, done->worst_replica);
    else
        rs_text_table_cell(t, RS_STYLE_DIM, "%s", "");
}

/* The other faults that lead to the rollback of a card printed whole, a line each. */
static void
print_folded(FILE *to, const struct run_result *r, const struct card *whole, int width, bool colour)
{
    static const struct text_column column[] = {
        {"fault", .narrowest = 12},   {"n", .right = true},
        {"in budget", .right = true}, {"found p50", .right = true},
        {"p95", .right = true},       {"worst", .right = true},
        {"done p50", .right = true},  {"p95", .right = true},
        {"worst", .right = true},     {"replica", .right = true, .optional = true},
    };
    struct text_table *t = rs_text_table_new((int)(sizeof column / sizeof column[0]), column);
    bool any = false;
    for (int i = 0; i < r->n_card; i++) {
        const struct card *c = &r->card[i];
        if (c == whole || whole_card(r, c) != whole)
            continue;
        folded_row(t, r, c);
        any = true;
    }
    if (any) {
        fputc('\n', to);
        rs_text_wrap(to,
                     "The same rollback for other faults, found: onset " ARROW
                     " detected, done: detected " ARROW
                     " completed. This card's was the slowest; the others' legs are in the record "
                     "and in --json.",
                     2, width);
        rs_text_table_print(t, to, 2, width, colour);
    }
    rs_text_table_free(t);
}

static void print_legend(FILE *to, const struct run_result *r, int width)
{
    bool legs = false, open = false, budget = false;
    for (int i = 0; i < r->n_card; i++) {
        const struct card *c = &r->card[i];
        if (whole_card(r, c) != c)
            continue;
        legs = legs || c->n_leg > 0;
        for (int j = 0; j < c->n_leg; j++) {
            open = open || c->leg[j].n_open > 0;
            budget = budget || (in_budget(&c->leg[j]) && !isinf(c->sla_s));
        }
    }
    if (!legs)
        return;
    rs_text_wrap(to,
                 "In the cards: p50, p95 and p99 are the times that so many percent of the n "
                 "rollbacks keep to; worst happened in that replica; p50 by world is the median "
                 "in the best and in the worst world (the phases of scrapes, rules and polls).",
                 2, width);
    if (budget)
        rs_text_wrap(to,
                     "The bar is the leg's p95 as a share of the budget, full at the whole of it; "
                     "p95s of legs do not add up to the p95 of the sum.",
                     2, width);
    if (open)
        rs_text_wrap(to, "open: the leg began and did not end before the history did.", 2, width);
    fputc('\n', to);
}

void rs_run_print_cards(FILE *to, const struct run_result *r, int width, bool colour)
{
    width = width < 60 ? 60 : width > 200 ? 200 : width;
    for (int i = 0; i < r->n_card; i++) {
        if (whole_card(r, &r->card[i]) != &r->card[i])
            continue;
        print_head(to, r, &r->card[i], colour);
        print_counts(to, &r->card[i], width);
        if (r->card[i].n_leg > 0)
            print_legs(to, &r->card[i], width, colour);
        print_folded(to, r, &r->card[i], width, colour);
        fputc('\n', to);
    }
    print_legend(to, r, width);
}
