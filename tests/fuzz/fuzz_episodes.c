/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table with an episode a line. */
#include "fuzz_marks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct node detected = {.kind = RS_NODE_SCALAR, .text = "detected"},
                             completed = {.kind = RS_NODE_SCALAR, .text = "completed"};
    static const struct pair pairs[] = {{"detect", {"it", 1, 1}, &detected},
                                        {"done", {"it", 1, 2}, &completed}};
    static const struct node columns = {.kind = RS_NODE_MAP, .n = 2, .pair = pairs};
    static const struct episodes_draft episodes = {
        .name = "id", .date = "date", .note = "note", .columns = &columns, .at = {"it", 1, 1}};
    const struct marks_how how = {.zone = "UTC", .episodes = &episodes};
    read_marks(RS_SOURCE_TIMELINE, &how, data, size);
    return 0;
}
