/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel: a clock and an event queue. Events fire in the order (time, insertion number), so a run is a function of
 * what was scheduled, never of the heap's shape. Knows nothing of rollouts.
 */
#ifndef SIM_KERNEL_H
#define SIM_KERNEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/err.h"

struct kernel; /* opaque, heap; one per thread of control, nothing global */

/* A pending event's name. 0 is no event. A handle whose event has fired or was cancelled is harmless. */
typedef uint64_t rs_event;

/* Called when the event fires; kernel time is the event's. arg is what was scheduled. */
typedef void (*rs_event_fn)(void *ctx, int64_t now_ns, uint64_t arg);

struct kernel *rs_kernel_new(void);
void rs_kernel_free(struct kernel *k); /* NULL ok */
/* Forgets all events, clock to 0; keeps the memory. */
void rs_kernel_reset(struct kernel *k);

int64_t rs_kernel_now(const struct kernel *k);

/*
 * Schedules fn(ctx, at_ns, arg). at_ns >= now (assert). label names the source in errors and traces; borrowed, static.
 * RS_NEVER is allowed: the event never fires but can be moved.
 */
rs_event rs_kernel_at(
    struct kernel *k, int64_t at_ns, const char *label, rs_event_fn fn, void *ctx, uint64_t arg);

/* true if it was pending. */
bool rs_kernel_cancel(struct kernel *k, rs_event e);
/* Moves a pending event to another time, as if cancelled and scheduled anew (new insertion number); false if not pending. */
bool rs_kernel_move(struct kernel *k, rs_event e, int64_t at_ns);
bool rs_kernel_pending(const struct kernel *k, rs_event e);

/* Stops rs_kernel_run after the present event. */
void rs_kernel_stop(struct kernel *k);

/* At most this many events may fire at one instant (default 100000). */
void rs_kernel_limit(struct kernel *k, uint64_t n_per_instant);

/*
 * From now on rs_kernel_run looks at *cancel every 1024 events or so, and gives up once it is true: RS_E_STOPPED. Borrowed;
 * NULL: nobody asks. A reset keeps it.
 */
void rs_kernel_heed(struct kernel *k, const atomic_bool *cancel);

/*
 * Fires all events with time <= until_ns in order, then sets the clock to until_ns (unless stopped).
 * Returns 0, or -1 with RS_E_LOOP naming the time and the label that fired most often in that instant,
 * or with RS_E_STOPPED (rs_kernel_heed).
 */
int rs_kernel_run(struct kernel *k, int64_t until_ns, struct err *err);

uint64_t rs_kernel_fired(const struct kernel *k); /* events fired since the last reset */

#endif
