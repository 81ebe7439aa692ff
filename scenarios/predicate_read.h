/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sections of claims on states. */
#ifndef SCENARIOS_PREDICATE_READ_H
#define SCENARIOS_PREDICATE_READ_H

#include "reader.h"

extern const struct section rs_section_always, rs_section_never;

#endif
