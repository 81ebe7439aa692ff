/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests out of a source that is open already, for those who do not know yet what a file holds. */
#ifndef SCENARIOS_RECOGNISE_H
#define SCENARIOS_RECOGNISE_H

#include "../text/unpack.h"
#include "scenarios/requests.h"

/* Do these first bytes of a file look like a recording of requests? form as in rs_requests_read. */
bool rs_requests_recognise(const char *text, size_t n, const struct requests_form *form);
/* As rs_requests_read; the source is closed. */
int rs_requests_read_from(struct unpack *bytes,
                          const struct requests_form *form,
                          rs_request_fn fn,
                          void *ctx,
                          struct requests_report *out,
                          struct err_list *errors);

/* Is the line of an access log, whatever stands in it besides? */
bool rs_requests_looks_like_log(const char *p, size_t n);

#endif
