/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the reports of a verdict have in common: on the terminal, in JUnit's XML and in SARIF. */
#ifndef VERIFY_REPORT_PARTS_H
#define VERIFY_REPORT_PARTS_H

#include "reading.h"
#include "text_table.h"
#include "verify/report.h"

/* "✔", "✘" or "?" */
const char *rs_verdict_sign(enum verdict_kind k);
enum text_style rs_verdict_style(enum verdict_kind k);

/* What was found: "65.2% [55.1%, 74.4%]", "at worst 7m40s", "no upper end", "1204 states", "in 6 steps". n >= 160. Returns buf. */
char *rs_found_human(char *buf, size_t n, const struct verdict *v);

/* "portal-in-5m is violated: 65.2% [55.1%, 74.4%], wanted ≥ 95%"; the verdict's sentence, no full stop. In the arena. */
const char *rs_verdict_line(struct arena *arena, const struct verdict *v);

/* What was good enough, in brackets behind the claim's sentence: "at most 4m32s, 28s to spare"; "" = nothing more to say. */
const char *rs_verdict_aside(struct arena *arena, const struct verdict *v);

/*
 * All that stands behind a verdict, in lines indented by 4: the claim's sentence, samples, reason, phases, legs or trace, and
 * how the witness is told again (that line is never broken).
 */
void rs_verdict_print_note(
    FILE *to, const struct run_result *r, const struct verdict *v, int width, bool colour);

#endif
