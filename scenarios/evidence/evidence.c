/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "verify/retro_evidence.h"

#include "scenarios/evidence.h"

bool rs_is_evidence(const char *path)
{
    (void)path;
    return false;
}

struct retro_evidence *rs_evidence_load(const char *path,
                                        const struct evidence_file *more,
                                        int n_more,
                                        const char *const *rules,
                                        int n_rules,
                                        struct err_list *errors)
{
    (void)path, (void)more, (void)n_more, (void)rules, (void)n_rules, (void)errors;
    return NULL;
}

struct retro_evidence *
rs_evidence_parse(const char *file, const char *text, size_t n, struct err_list *errors)
{
    (void)file, (void)text, (void)n, (void)errors;
    return NULL;
}

void rs_evidence_close(struct retro_evidence *e)
{
    (void)e;
}
