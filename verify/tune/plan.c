/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings by their number. */
#include <assert.h>

#include "verify/tune.h"

uint64_t rs_tune_space(const struct tune_plan *plan)
{
    uint64_t n = 1;
    for (int i = 0; i < plan->n_param; i++) {
        if (__builtin_mul_overflow(n, (uint64_t)plan->param[i].n_value, &n)) {
            return UINT64_MAX;
        }
    }
    return n;
}

void rs_tune_setting(const struct tune_plan *plan, uint64_t i, uint16_t *value)
{
    for (int k = plan->n_param; k-- > 0;) {
        uint64_t n = (uint64_t)plan->param[k].n_value;
        assert(n <= UINT16_MAX);
        value[k] = (uint16_t)(i % n);
        i /= n;
    }
}

void rs_tune_today(const struct tune_plan *plan, uint16_t *value)
{
    for (int k = 0; k < plan->n_param; k++) {
        value[k] = (uint16_t)plan->param[k].today;
    }
}
