/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What Alertmanager would have sent, for people, and what it kept to itself. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backtest_layout.h"
#include "backtest_words.h"
#include "sim/clock.h"

/* "HighErrors, SlowPortal (2)": names of the alerts, each once. */
static void
alerts_cell(struct text_table *t, const struct backtest *b, const struct backtest_notice *n)
{
    char text[512];
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < n->n_firing + n->n_resolved; i++) {
        const char *name = rs_labels_get(b->labels, n->alert[i], "alertname");
        int n_same = 0;
        bool seen = false;
        for (int k = 0; k < n->n_firing + n->n_resolved; k++) {
            bool same = strcmp(rs_labels_get(b->labels, n->alert[k], "alertname"), name) == 0;
            seen = seen || (same && k < i);
            n_same += same;
        }
        if (seen || used >= sizeof(text) - 8) {
            continue;
        }
        int put = snprintf(text + used, sizeof(text) - used, n_same > 1 ? "%s%s (%d)" : "%s%s",
                           used ? ", " : "", name, n_same);
        used = used + (size_t)put < sizeof(text) ? used + (size_t)put : sizeof(text) - 1;
    }
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", text);
}

static void notice_row(struct text_table *t,
                       const struct backtest *b,
                       const struct backtest_notice *x,
                       const struct backtest_layout *l)
{
    enum text_style style = x->nobody ? RS_STYLE_DIM : RS_STYLE_PLAIN;
    char *group = rs_backtest_series(b->labels, x->group_labels);
    rs_layout_time(l, t, style, x->at_ns / RS_NS_PER_MS, RS_NEVER);
    rs_text_table_cell(t, style, x->nobody ? "%s (nobody)" : "%s", x->receiver);
    rs_text_table_cell(t, style, "%s", group);
    rs_text_table_cell(t, x->n_firing && !x->nobody ? RS_STYLE_BAD : RS_STYLE_DIM, "%d",
                       x->n_firing);
    rs_text_table_cell(t, x->n_resolved && !x->nobody ? RS_STYLE_GOOD : RS_STYLE_DIM, "%d",
                       x->n_resolved);
    alerts_cell(t, b, x);
    free(group);
}

static void print_notices(FILE *to, const struct backtest *b, const struct backtest_layout *l)
{
    int n = b->n_notice < RS_BACKTEST_ROWS ? b->n_notice : RS_BACKTEST_ROWS, n_nobody = 0, key = 0;
    for (int i = 0; i < n; i++) {
        char *group = rs_backtest_series(b->labels, b->notice[i].group_labels);
        key = rs_layout_longer(key, group);
        free(group);
    }
    const struct text_column column[] = {{"at"},
                                         {"receiver", .narrowest = 12},
                                         {"group", .narrowest = rs_layout_keep(l, key, 28)},
                                         {"firing", .right = true},
                                         {"resolved", .right = true},
                                         {"alerts", .narrowest = 12, .optional = true}};
    struct text_table *t = rs_text_table_new(6, column);
    for (int i = 0; i < n; i++) {
        notice_row(t, b, &b->notice[i], l);
    }
    for (int i = 0; i < b->n_notice; i++) {
        n_nobody += b->notice[i].nobody;
    }
    if (n == 0) {
        fputs("  None: Alertmanager would have sent nothing.\n", to);
    } else {
        rs_text_table_print(t, to, RS_BACKTEST_INDENT, l->width, l->colour);
    }
    if (n < b->n_notice) {
        fprintf(to, "  %d more; --json has all of them\n", b->n_notice - n);
    }
    if (n_nobody > 0) {
        fprintf(to, "  %d sent; %d for receivers without integrations, which reach nobody\n",
                b->n_notice - n_nobody, n_nobody);
    }
    rs_text_table_free(t);
}

/* "active only in workhours, mute in nights": what was so at the first flush that it held back. */
static void interval_cell(struct text_table *t, const struct backtest_held *h)
{
    char text[400] = "";
    size_t used = 0;
    const struct am_route *route = h->route;
    int64_t unix_s = h->first_ns / RS_NS_PER_S;
    bool active = route->n_active == 0;
    for (int i = 0; i < route->n_active; i++) {
        active = active || rs_am_interval_holds(route->active[i], unix_s);
    }
    for (int i = 0; i < route->n_active + route->n_mute && used < sizeof(text); i++) {
        bool of_active = i < route->n_active;
        const struct am_time_interval *interval =
            of_active ? route->active[i] : route->mute[i - route->n_active];
        if (of_active ? !active : rs_am_interval_holds(interval, unix_s)) {
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %s", used ? ", " : "",
                                     of_active ? "active only in" : "mute in", interval->name);
        }
    }
    rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", text);
}

static void why_cell(struct text_table *t, const struct backtest *b, const struct backtest_held *h)
{
    if (h->why == RS_HOLD_INTERVAL) {
        interval_cell(t, h);
    } else if (h->why == RS_HOLD_INHIBITED) {
        char *labels = rs_backtest_labels(b->labels, h->source);
        rs_text_table_cell(t, RS_STYLE_PLAIN, "inhibited by %s%s%s%s",
                           rs_labels_get(b->labels, h->source, "alertname"), *labels ? "{" : "",
                           labels, *labels ? "}" : "");
        free(labels);
    } else {
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s%s", h->silence->ref ? "silence " : "a silence",
                           h->silence->ref ? h->silence->ref : "");
    }
}

static void print_held(FILE *to, const struct backtest *b, const struct backtest_layout *l)
{
    static const struct text_column column[] = {{"alert", .narrowest = 16},
                                                {"labels", .narrowest = 16, .optional = true},
                                                {"receiver", .narrowest = 12},
                                                {"from"},
                                                {"last at"},
                                                {"held back: why", .narrowest = 24}};
    struct text_table *t = rs_text_table_new(6, column);
    int n = b->n_held < RS_BACKTEST_ROWS ? b->n_held : RS_BACKTEST_ROWS;
    for (int i = 0; i < n; i++) {
        const struct backtest_held *h = &b->held[i];
        char *labels = rs_backtest_labels(b->labels, h->alert);
        int64_t first_ms = h->first_ns / RS_NS_PER_MS;
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s",
                           rs_labels_get(b->labels, h->alert, "alertname"));
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", labels);
        rs_text_table_cell(t, RS_STYLE_PLAIN, "%s", h->route->receiver);
        rs_layout_time(l, t, RS_STYLE_PLAIN, first_ms, RS_NEVER);
        rs_layout_time(l, t, RS_STYLE_PLAIN, h->last_ns / RS_NS_PER_MS, first_ms);
        why_cell(t, b, h);
        free(labels);
    }
    if (n > 0) {
        rs_layout_heading(to, l, "Held back");
        rs_text_table_print(t, to, RS_BACKTEST_INDENT, l->width, l->colour);
    }
    if (n < b->n_held) {
        fprintf(to, "  %d more; --json has all of them\n", b->n_held - n);
    }
    rs_text_table_free(t);
}

void rs_backtest_print_am(FILE *to, const struct backtest *b, const struct backtest_layout *l)
{
    rs_layout_heading(to, l, "Notifications");
    print_notices(to, b, l);
    print_held(to, b, l);
}
