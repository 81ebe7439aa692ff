/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backtest_words.h"
#include "sim/arena.h"
#include "sim/clock.h"

/* A field as RFC 4180 has it. */
static void put_field(FILE *to, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, to);
        return;
    }
    fputc('"', to);
    for (; *text; text++) {
        if (*text == '"') {
            fputc('"', to);
        }
        fputc(*text, to);
    }
    fputc('"', to);
}

struct row { /* one activation, with what it is sorted by */
    const struct activation *a;
    char *labels;
};

static int by_alert(const void *one, const void *two)
{
    const struct row *x = one, *y = two;
    int order = strcmp(x->a->rule->alert, y->a->rule->alert);
    order = order ? order : strcmp(x->labels, y->labels);
    if (order == 0) {
        order = (x->a->active_ms > y->a->active_ms) - (x->a->active_ms < y->a->active_ms);
    }
    return order ? order : (x->a > y->a) - (x->a < y->a); /* as they happened */
}

void rs_backtest_print_csv(FILE *to, const struct backtest *b)
{
    bool dates = rs_recorded_is_absolute(b->from_ms);
    struct row *row = rs_xcalloc((size_t)b->n_activation + 1, sizeof(*row));
    for (int i = 0; i < b->n_activation; i++) {
        row[i] =
            (struct row){&b->activation[i], rs_backtest_labels(b->labels, b->activation[i].labels)};
    }
    qsort(row, (size_t)b->n_activation, sizeof(*row), by_alert);
    fputs(dates ? "alert,labels,active_from,firing_from,last_active,cleared_at\n"
                : "alert,labels,active_from_s,firing_from_s,last_active_s,cleared_at_s\n",
          to);
    for (int i = 0; i < b->n_activation; i++) {
        const struct activation *a = row[i].a;
        char text[40];
        put_field(to, a->rule->alert);
        fputc(',', to);
        put_field(to, row[i].labels);
        const int64_t times[4] = {a->active_ms, a->firing_ms, a->last_ms, a->cleared_ms};
        for (int k = 0; k < 4; k++) {
            fprintf(to, ",%s", rs_backtest_time(text, sizeof(text), times[k]));
        }
        fputc('\n', to);
        free(row[i].labels);
    }
    free(row);
}

void rs_backtest_print_answers_csv(FILE *to,
                                   const struct backtest *b,
                                   const struct backtest_spec *spec)
{
    fputs(rs_recorded_is_absolute(b->from_ms) ? "query,time,series,value\n"
                                              : "query,t_s,series,value\n",
          to);
    for (int q = 0; q < b->n_answer; q++) {
        const struct recorded *answer = b->answer[q];
        for (int i = 0; i < answer->n_series; i++) {
            char *series = rs_backtest_series(b->labels, answer->series[i].labels);
            for (size_t k = 0; k < answer->series[i].n; k++) {
                char text[40];
                put_field(to, spec->query[q].text);
                fprintf(to, ",%s,",
                        rs_backtest_time(text, sizeof(text), answer->series[i].sample[k].t_ms));
                put_field(to, series);
                fprintf(to, ",%s\n",
                        rs_backtest_value(text, sizeof(text), answer->series[i].sample[k].v));
            }
            free(series);
        }
    }
}
