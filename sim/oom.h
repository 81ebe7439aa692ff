/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Private to sim/: the one way out when memory ends. */
#ifndef SIM_OOM_H
#define SIM_OOM_H

#include <stddef.h>

/* Says how much was asked for and ends the program with status 4, without running exit handlers. */
_Noreturn void rs_oom_exit(size_t n_bytes);

#endif
