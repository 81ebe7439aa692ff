/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "queue.h"

void rs_line_grow(struct line *line)
{
    uint32_t cap = line->cap ? 2 * line->cap : 16;
    struct ticket *item = rs_xcalloc(cap, sizeof *item);
    for (uint32_t i = 0; i < line->n; i++)
        item[i] = line->item[(line->first + i) & (line->cap - 1)];
    free(line->item);
    line->item = item;
    line->cap = cap;
    line->first = 0;
}
