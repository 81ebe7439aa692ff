/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <stdlib.h>

#include "intensity.h"
#include "sim/arena.h"
#include "sim/draw.h"

void rs_burst_init(struct burst_path *b, const struct bursts *bursts)
{
    *b = (struct burst_path){.bursts = bursts};
}

void rs_burst_clear(struct burst_path *b)
{
    free(b->switch_s);
    b->switch_s = NULL;
    b->n = b->cap = 0;
}

void rs_burst_reset(struct burst_path *b, struct stream stream)
{
    double on = b->bursts->mean_on_s, off = b->bursts->mean_off_s;
    assert(on > 0.0 && off > 0.0);
    b->stream = stream;
    b->n = 0;
    b->on_first = rs_stream_uniform(&b->stream) * (on + off) < on;
}

bool rs_burst_is_on(const struct burst_path *b, int sojourn)
{
    return (sojourn % 2 == 0) == b->on_first;
}

static void add_switch(struct burst_path *b)
{
    if (b->n == b->cap) {
        b->cap = b->cap ? 2 * b->cap : 32;
        b->switch_s = rs_xrealloc(b->switch_s, sizeof *b->switch_s * (size_t)b->cap);
    }
    double mean = rs_burst_is_on(b, b->n) ? b->bursts->mean_on_s : b->bursts->mean_off_s;
    double from = b->n ? b->switch_s[b->n - 1] : 0.0;
    b->switch_s[b->n++] = from + rs_draw_exponential(&b->stream, mean);
}

int rs_burst_sojourn(struct burst_path *b, double t_s, int *hint)
{
    while (b->n == 0 || b->switch_s[b->n - 1] < t_s)
        add_switch(b);
    int i = *hint < b->n ? *hint : 0;
    if (i > 0 && b->switch_s[i - 1] >= t_s)
        i = 0;
    while (b->switch_s[i] < t_s)
        i++;
    return *hint = i;
}

double rs_burst_factor(struct burst_path *b, double t_s, int *hint)
{
    return rs_burst_is_on(b, rs_burst_sojourn(b, t_s, hint)) ? b->bursts->factor : 1.0;
}
