/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two runs beside each other: what changed beyond the noise that they saw themselves. */
#include <string.h>

#include "result.h"

enum change bench_change(const struct result *a, const struct result *b, bool same_machine)
{
    if (a == NULL || b == NULL) {
        return a == NULL ? CHANGE_NEW : CHANGE_GONE;
    }
    if (a->why[0] != '\0' || b->why[0] != '\0' || a->sense != b->sense ||
        strcmp(a->versus, b->versus) != 0 || strcmp(a->unit, b->unit) != 0) {
        return CHANGE_UNKNOWN;
    }
    /* A ratio to a yardstick carries over to another machine, more or less; an exponent does; seconds do not. */
    if (a->versus[0] == '\0' && a->n_size == 0 && !same_machine) {
        return CHANGE_UNKNOWN;
    }
    bool is_less = b->ratio.max<a->ratio.min, is_more = b->ratio.min> a->ratio.max;
    if (!is_less && !is_more) {
        return CHANGE_NONE;
    }
    return (a->sense == AT_MOST) == is_less ? CHANGE_BETTER : CHANGE_WORSE;
}

static const struct result *find(const struct results *in, const struct result *like)
{
    for (int i = 0; i < in->n; i++) {
        if (strcmp(in->row[i].id, like->id) == 0 && strcmp(in->row[i].what, like->what) == 0) {
            return &in->row[i];
        }
    }
    return NULL;
}

static void print_change(FILE *to, const struct result *a, const struct result *b, enum change c)
{
    static const char *const words[] = {
        [CHANGE_NONE] = "same", [CHANGE_BETTER] = "better", [CHANGE_WORSE] = "WORSE",
        [CHANGE_NEW] = "new",   [CHANGE_GONE] = "gone",     [CHANGE_UNKNOWN] = "not comparable"};
    const struct result *any = b != NULL ? b : a;
    fprintf(to, "%-4s %-43s", any->id, any->what);
    if (c == CHANGE_BETTER || c == CHANGE_WORSE) {
        fprintf(to, " %.4g [%.4g, %.4g] -> %.4g [%.4g, %.4g] %+.0f%%", a->ratio.median,
                a->ratio.min, a->ratio.max, b->ratio.median, b->ratio.min, b->ratio.max,
                100 * (b->ratio.median / a->ratio.median - 1));
    }
    fprintf(to, " %s\n", words[c]);
}

static bool is_same_machine(const struct machine *a, const struct machine *b)
{
    return strcmp(a->cpu, b->cpu) == 0 && a->n_core == b->n_core;
}

int bench_compare(FILE *to, const struct results *old, const struct results *now)
{
    bool same_machine = is_same_machine(&old->machine, &now->machine);
    int n_of[CHANGE_UNKNOWN + 1] = {0};
    fprintf(to, "Compared with %s of rollsim %s%s%s\n", old->date, old->version,
            same_machine ? "" : ", measured on another machine: ",
            same_machine ? "" : old->machine.cpu);
    if (old->quick != now->quick) {
        fprintf(to, "One of the two is a quick run: do not trust what follows.\n");
    }
    for (int i = 0; i < now->n; i++) {
        const struct result *before = find(old, &now->row[i]);
        enum change c = bench_change(before, &now->row[i], same_machine);
        n_of[c]++;
        if (c != CHANGE_NONE) {
            print_change(to, before, &now->row[i], c);
        }
    }
    for (int i = 0; i < old->n; i++) {
        if (find(now, &old->row[i]) == NULL) {
            n_of[CHANGE_GONE]++;
            print_change(to, &old->row[i], NULL, CHANGE_GONE);
        }
    }
    fprintf(
        to,
        "%d better, %d worse, %d the same within the noise, %d new, %d gone, %d not comparable\n",
        n_of[CHANGE_BETTER], n_of[CHANGE_WORSE], n_of[CHANGE_NONE], n_of[CHANGE_NEW],
        n_of[CHANGE_GONE], n_of[CHANGE_UNKNOWN]);
    return n_of[CHANGE_WORSE];
}
