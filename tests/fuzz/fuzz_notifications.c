/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz_marks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_marks(RS_SOURCE_NOTIFICATIONS, NULL, data, size);
    return 0;
}
