/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a document of a recording: never a crash; refused with words, for no file that it names is opened. */
#include <stdint.h>
#include <stdlib.h>

#include "scenarios/retell.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct retell *d = rs_retell_parse(NULL, (const char *)data, size, &errors);
    if (d || errors.n == 0) {
        abort();
    }
    rs_err_list_clear(&errors);
    return 0;
}
