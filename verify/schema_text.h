/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verify/schema.sql, verify/journal.sql, verify/tune.sql and verify/retro.sql as strings; the build makes the definitions. */
#ifndef VERIFY_SCHEMA_TEXT_H
#define VERIFY_SCHEMA_TEXT_H

extern const char rs_schema_text[];
extern const char rs_journal_schema_text[];
extern const char rs_tune_schema_text[];
extern const char rs_retro_schema_text[];

#endif
