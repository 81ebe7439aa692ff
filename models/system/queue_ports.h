/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The request engine as the rest of models/system sees it. Included by internal.h; its inside is queue.h. */
#ifndef MODELS_SYSTEM_QUEUE_PORTS_H
#define MODELS_SYSTEM_QUEUE_PORTS_H

#include "models/system.h"

struct queue;
struct target;

void rs_queue_build(struct system *sys);
void rs_queue_free(struct queue *q); /* NULL ok */
void rs_queue_reset(struct system *sys);
/* After the fault has changed: laws and workers as they are now. */
void rs_queue_refresh(struct system *sys);
/* What a request of the class would meet now at a target of the request engine. */
struct outlook
rs_queue_outlook(struct system *sys, const struct target *t, int class, double slow_s);
bool rs_pool_given(const struct scenario *sc, int dependency);

#endif
