/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz_judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const keys[] = {
        "kayenta: {pass: 90, marginal: 50, lifetime: 20m, interval: 5m, control: {scope: a, "
        "location: b}, experiment: {scope: c, location: d}}",
        NULL};
    return fuzz_judge_with(RS_JUDGE_KAYENTA, keys[size % 2], data, size);
}
