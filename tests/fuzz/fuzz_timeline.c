/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz_marks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct marks_how how = {.zone = "+02:00"};
    read_marks(RS_SOURCE_TIMELINE, &how, data, size);
    return 0;
}
