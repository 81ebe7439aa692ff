/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All sections of the language, each once, outer ones first. */
#ifndef SCENARIOS_SECTION_LIST_H
#define SCENARIOS_SECTION_LIST_H

#include "keys.h"

enum { RS_SECTIONS_MAX = 128 };

struct section_list { /* value */
    int n;
    const struct section *item[RS_SECTIONS_MAX];
};

struct section_list rs_section_list(void);

#endif
