/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "section_list.h"

#include "evidence/evidence_keys.h"
#include "recording_keys.h"

#include <assert.h>

static bool holds(const struct section_list *list, const struct section *s)
{
    for (int i = 0; i < list->n; i++) {
        if (list->item[i] == s) {
            return true;
        }
    }
    return false;
}

static void add(struct section_list *list, const struct section *s)
{
    if (!s || holds(list, s)) {
        return;
    }
    assert(list->n < RS_SECTIONS_MAX);
    list->item[list->n++] = s;
    add(list, s->also);
    for (int i = 0; i < s->n_key; i++) {
        if (s->key[i].type == RS_V_DIST) {
            add(list, &rs_section_dist);
        }
        if (s->key[i].type == RS_V_ERRORS) {
            add(list, &rs_section_recorded_errors);
        }
        add(list, s->key[i].of);
    }
}

struct section_list rs_section_list(void)
{
    struct section_list list = {.n = 0};
    add(&list, &rs_section_scenario);
    add(&list, &rs_section_retell);
    add(&list, &rs_section_retro);
    add(&list, &rs_section_timeline);
    return list;
}
