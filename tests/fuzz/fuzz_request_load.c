/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Results of load tests. */
#include "fuzz_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct requests_form forms[] = {
        {.format = RS_REQUESTS_JTL, .reject_max = 1},
        {.format = RS_REQUESTS_K6, .reject_max = 1},
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        fuzz_read(data, size, &forms[i]);
    }
    return 0;
}
