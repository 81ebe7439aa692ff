/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file with a setting in it. */
#include "tune_text.h"

#include <stdlib.h>
#include <string.h>

/* By place; of two keys put in at one place the earlier parameter's comes first. */
static bool is_before(const struct tune_edit *a, const struct tune_edit *b)
{
    return a->place->from < b->place->from;
}

struct tune_edit *
rs_tune_edits(const struct tune_plan *plan, int file, const uint16_t *value, int *out_n)
{
    int n = 0, cap = 0;
    for (int i = 0; i < plan->n_param; i++) {
        cap += plan->param[i].n_place;
    }
    struct tune_edit *edit = rs_xcalloc((size_t)cap + 1, sizeof(*edit));
    for (int i = 0; i < plan->n_param; i++) {
        const struct tune_param *p = &plan->param[i];
        for (int k = 0; k < p->n_place && (int)value[i] != p->today; k++) {
            if (p->place[k].file != file) {
                continue;
            }
            const struct tune_edit one = {&p->place[k], p->value[value[i]].text};
            int at = n++;
            for (; at > 0 && is_before(&one, &edit[at - 1]); at--) {
                edit[at] = edit[at - 1];
            }
            edit[at] = one;
        }
    }
    *out_n = n;
    return edit;
}

size_t rs_tune_edited(
    char *to, const char *text, size_t from, size_t until, const struct tune_edit *edit, int n)
{
    size_t used = 0;
    for (int i = 0; i <= n; i++) {
        size_t stop = i < n ? edit[i].place->from : until;
        if (to) {
            memcpy(to + used, text + from, stop - from);
        }
        used += stop - from;
        if (i == n) {
            break;
        }
        const char *part[] = {edit[i].place->before, edit[i].value, edit[i].place->after};
        for (int k = 0; k < 3; k++) {
            size_t length = strlen(part[k]);
            if (to) {
                memcpy(to + used, part[k], length);
            }
            used += length;
        }
        from = edit[i].place->until;
    }
    return used;
}

char *
rs_tune_file_text(const struct tune_plan *plan, int file, const uint16_t *value, size_t *out_n)
{
    const struct tune_file *f = &plan->file[file];
    int n_edit = 0;
    struct tune_edit *edit = rs_tune_edits(plan, file, value, &n_edit);
    size_t n = rs_tune_edited(NULL, f->text, 0, f->n_text, edit, n_edit);
    char *text = rs_xcalloc(n + 1, 1);
    (void)rs_tune_edited(text, f->text, 0, f->n_text, edit, n_edit);
    free(edit);
    *out_n = n;
    return text;
}
