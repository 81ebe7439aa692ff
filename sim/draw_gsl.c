/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "draw_gsl.h"

#include <gsl/gsl_randist.h>

#include "sim/draw.h"

static const double COUNT_MAX = 0x1p30; /* GSL's counts are unsigned; the margin is for the draw */

/* The stream itself as GSL's generator: what is drawn moves it on. */
static gsl_rng generator(struct stream *s)
{
    return (gsl_rng){.type = rs_stream_gsl_type(), .state = s};
}

double rs_gsl_exponential(struct stream *s, double mean)
{
    gsl_rng rng = generator(s);
    return gsl_ran_exponential(&rng, mean);
}

double rs_gsl_normal(struct stream *s)
{
    gsl_rng rng = generator(s);
    return gsl_ran_gaussian(&rng, 1);
}

double rs_gsl_gamma(struct stream *s, double shape, double scale)
{
    gsl_rng rng = generator(s);
    return gsl_ran_gamma(&rng, shape, scale);
}

/* Another stream state for the samplers of our own: the flag is set aside while they draw. */
static uint64_t own_poisson(struct stream *s, double mean)
{
    s->gsl = false;
    uint64_t n = rs_draw_poisson(s, mean);
    s->gsl = true;
    return n;
}

static uint64_t own_binomial(struct stream *s, uint64_t n, double p)
{
    s->gsl = false;
    uint64_t count = rs_draw_binomial(s, n, p);
    s->gsl = true;
    return count;
}

uint64_t rs_gsl_poisson(struct stream *s, double mean)
{
    if (mean > COUNT_MAX) {
        return own_poisson(s, mean);
    }
    gsl_rng rng = generator(s);
    return mean > 0 ? gsl_ran_poisson(&rng, mean) : 0;
}

uint64_t rs_gsl_binomial(struct stream *s, uint64_t n, double p)
{
    if ((double)n > COUNT_MAX) {
        return own_binomial(s, n, p);
    }
    gsl_rng rng = generator(s);
    return gsl_ran_binomial(&rng, p, (unsigned)n);
}
