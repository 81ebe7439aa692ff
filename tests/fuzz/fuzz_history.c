/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a history, also with a check sum that fits: never a crash, and what is taken is sent as the very same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "made_up.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct scenario *sc, const uint8_t *data, size_t size)
{
    struct history h;
    struct bytes again = {0};
    rs_history_init(&h);
    if (rs_history_decode(&h, sc, data, size, NULL) == 0) {
        rs_history_encode(&h, &again);
        if (again.n != size || memcmp(again.p, data, size) != 0) {
            abort();
        }
    }
    free(again.p);
    rs_history_clear(&h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scenario *sc = made_up_scenario();
    uint8_t *sealed = malloc(size + 8);
    uint64_t sum = XXH64(data, size, 0);
    memcpy(sealed, data, size);
    for (int i = 0; i < 8; i++) {
        sealed[size + (size_t)i] = (uint8_t)(sum >> (8 * i));
    }
    check(sc, data, size);
    check(sc, sealed, size + 8);
    free(sealed);
    rs_scenario_free(sc);
    return 0;
}
