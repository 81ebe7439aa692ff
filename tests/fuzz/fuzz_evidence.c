/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a document of a retrospective: never a crash; refused with words, or evidence out of the document alone. */
#include <stdint.h>
#include <stdlib.h>

#include "scenarios/evidence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct retro_evidence *e = rs_evidence_parse(NULL, (const char *)data, size, &errors);
    if ((e != NULL) != (errors.n == 0) || (e && (e->n_source == 0 || e->data->n_series > 0))) {
        abort();
    }
    rs_evidence_close(e);
    rs_err_list_clear(&errors);
    return 0;
}
