/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "fuzz_marks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct node event = {.kind = RS_NODE_SCALAR, .text = "stage_entered"};
    static const struct pair pair = {"go", {"it", 1, 1}, &event};
    static const struct node tags = {.kind = RS_NODE_MAP, .n = 1, .pair = &pair};
    const struct marks_how how = {.tags = &tags};
    read_marks(RS_SOURCE_ANNOTATIONS, &how, data, size);
    return 0;
}
