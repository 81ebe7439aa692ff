/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz_judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_judge_with(RS_JUDGE_FLAGGER, NULL, data, size);
}
