/* SPDX-License-Identifier: GPL-3.0-or-later */
/* docs/findings/ as strings; the build makes the definition. */
#ifndef VERIFY_CHECK_PAGES_H
#define VERIFY_CHECK_PAGES_H

struct finding_page {
    const char *code, *text;
};
extern const struct finding_page rs_finding_pages[]; /* ends with a NULL code */

#endif
