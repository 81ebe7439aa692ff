/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first line is a log_format, what follows are lines in it. */
#include "fuzz_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t n = end ? (size_t)(end - data) : size;
    char *words = calloc(n + 1, 1);
    if (!words) {
        return 0;
    }
    if (n > 0) {
        memcpy(words, data, n);
    }
    const struct requests_form form = {.log_format = words, .reject_max = 1};
    fuzz_read(data + n, size - n, &form);
    free(words);
    return 0;
}
