/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON lines, with the usual names and with names that go into objects. */
#include "fuzz_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct requests_form forms[] = {
        {.format = RS_REQUESTS_JSON, .reject_max = 1},
        {.format = RS_REQUESTS_JSON,
         .reject_max = 1,
         .time = "a.t",
         .latency = "a.b.l",
         .status = "s"},
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        fuzz_read(data, size, &forms[i]);
    }
    return 0;
}
