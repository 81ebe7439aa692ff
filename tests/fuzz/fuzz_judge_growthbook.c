/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz_judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char keys[] =
        "growthbook: {users: {control: uc, variation: uv}, metrics: [{id: errors, inverse: true, "
        "min_sample: 0, control: ec, variation: ev}, {id: latency, type: mean, control: lc, "
        "variation: lv, control_squares: qc, variation_squares: qv}]}";
    return fuzz_judge_with(RS_JUDGE_GROWTHBOOK, keys, data, size);
}
