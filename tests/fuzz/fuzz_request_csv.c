/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables, and one time a line. */
#include "fuzz_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct requests_form forms[] = {
        {.format = RS_REQUESTS_CSV, .reject_max = 1},
        {.format = RS_REQUESTS_CSV,
         .reject_max = 1,
         .time = "a",
         .route = "b",
         .time_unit_s = 0.7,
         .time_is_end = true},
        {.format = RS_REQUESTS_TIMES, .reject_max = 1},
        {.format = RS_REQUESTS_TIMES, .reject_max = 1, .time_unit_s = 1e-3},
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        fuzz_read(data, size, &forms[i]);
    }
    return 0;
}
