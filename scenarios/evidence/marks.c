/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "verify/retro_evidence.h"

#include "scenarios/evidence.h"

int rs_evidence_marks(struct retro_evidence *e,
                      int source,
                      const char *zone,
                      const char *text,
                      size_t n,
                      struct err_list *errors)
{
    (void)e, (void)source, (void)zone, (void)text, (void)n, (void)errors;
    return 0;
}
