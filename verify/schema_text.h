/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verify/schema.sql as a string; the build makes the definition. */
#ifndef VERIFY_SCHEMA_TEXT_H
#define VERIFY_SCHEMA_TEXT_H

extern const char rs_schema_text[];

#endif
