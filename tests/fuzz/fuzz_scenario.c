/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a scenario: never a crash; refused with words, or read without any. No other file is opened. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "models/traffic.h"
#include "scenarios/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_parse(NULL, (const char *)data, size, &errors);
    if ((sc != NULL) != (errors.n == 0)) {
        abort();
    }
    for (size_t i = 0; i < errors.n; i++) {
        if (errors.item[i].text[0] == '\0' || errors.item[i].line < 1 || errors.item[i].col < 1) {
            abort();
        }
    }
    for (int i = 0; sc && i < sc->n_traffic; i++) {
        if (!(rs_profile_rate(&sc->traffic[i].profile, 1234.5) >= 0.0)) {
            abort();
        }
    }
    rs_scenario_free(sc);
    rs_err_list_clear(&errors);
    return 0;
}
