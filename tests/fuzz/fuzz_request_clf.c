/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Common and Combined, and whatever else their first lines make of them. */
#include "fuzz_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct requests_form forms[] = {
        {.reject_max = 1},
        {.format = RS_REQUESTS_COMMON, .reject_max = 1, .window_ns = 1},
        {.format = RS_REQUESTS_COMBINED, .reject_max = 1},
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        fuzz_read(data, size, &forms[i]);
    }
    return 0;
}
