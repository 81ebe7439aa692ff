/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "result.h"

#include <string.h>

bool bench_is_met(const struct result *r)
{
    return r->sense == AT_LEAST ? r->ratio.median >= r->target : r->ratio.median <= r->target;
}

void bench_print_head(FILE *to)
{
    fprintf(to, "%-4s %-43s %11s %11s  %-32s %-9s\n", "id", "work", "ours", "yardstick",
            "ratio: median [min, max]", "target");
}

static void print_amount(FILE *to, const struct spread *s, const char *unit)
{
    char text[32] = "";
    if (s->n > 0) {
        snprintf(text, sizeof text, s->median < 1000 ? "%.4g %s" : "%.0f %s", s->median, unit);
    }
    fprintf(to, " %11s", text);
}

void bench_print_row(FILE *to, const struct result *r)
{
    char ratio[64], target[32];
    fprintf(to, "%-4s %-43s", r->id, r->what);
    if (r->why[0] != '\0') {
        fprintf(to, "  not measured: %s\n", r->why);
        return;
    }
    print_amount(to, &r->ours, r->unit);
    print_amount(to, &r->theirs, r->unit);
    snprintf(ratio, sizeof ratio, "%.4g [%.4g, %.4g]", r->ratio.median, r->ratio.min, r->ratio.max);
    snprintf(target, sizeof target, "%s %.4g", r->sense == AT_LEAST ? ">=" : "<=", r->target);
    fprintf(to, "  %-32s %-9s %s\n", ratio, target, bench_is_met(r) ? "met" : "MISSED");
    if (r->n_size > 0) {
        fprintf(to, "     %-43s exponent %.3f, standard error %.3f:", "", r->fit.exponent,
                r->fit.error);
        for (int i = 0; i < r->n_size; i++) {
            fprintf(to, " %g: %.3g %s%s", r->size[i], r->cost[i], r->unit,
                    i + 1 < r->n_size ? "," : "\n");
        }
    }
}

void bench_print_machine(FILE *to, const struct results *all)
{
    const struct machine *m = &all->machine;
    fprintf(to, "rollsim %s, %s%s\n", all->version, all->date,
            all->quick ? ", quick: to see that it runs, not to keep" : "");
    fprintf(to, "%s, %d cores (%s), %.0f GiB; %s\n", m->cpu, m->n_core, m->cpu_flags, m->memory_gib,
            m->kernel);
    fprintf(to, "%s, %s: %s\n", m->compiler, m->build_type, m->flags);
    const char *const peers[][2] = {
        {"promtool", m->promtool}, {"goaccess", m->goaccess}, {"mpirun", m->mpirun}};
    for (int i = 0; i < 3; i++) {
        fprintf(to, "%s%s %s", i > 0 ? ", " : "", peers[i][0],
                peers[i][1][0] != '\0' ? peers[i][1] : "is not installed");
    }
    fprintf(to, "\n\n");
}

void bench_print_sum(FILE *to, const struct results *all)
{
    int n_met = 0, n_missed = 0, n_open = 0;
    for (int i = 0; i < all->n; i++) {
        if (all->row[i].why[0] != '\0') {
            n_open++;
        } else if (bench_is_met(&all->row[i])) {
            n_met++;
        } else {
            n_missed++;
        }
    }
    fprintf(to, "%d met, %d missed, %d not measured\n", n_met, n_missed, n_open);
}
