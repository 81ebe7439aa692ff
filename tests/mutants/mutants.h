/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runbooks with one defect each: prisma-mended with one text replaced. A row says which finding the check must give, and
 * where: at the line on which `at` stands in the changed files.
 */
#ifndef TESTS_MUTANTS_MUTANTS_H
#define TESTS_MUTANTS_MUTANTS_H

enum mutant_file { THE_RUNBOOK, THE_ALERTS, THE_ROUTES, N_MUTANT_FILE };

struct mutant {
    const char *what; /* the defect, in words */
    enum mutant_file file;
    const char *from, *to; /* `from` stands there exactly once */
    const char *code;
    enum mutant_file at_file;
    const char *at; /* begins on the line of the finding; stands there exactly once */
    const char
        *also; /* other codes that the same defect rightly has, separated by blanks; NULL = none */
    const char *and_from,
        *and_to; /* of the same file, where one defect takes two places; or NULL */
};

extern const struct mutant rs_mutants_of_conditions[]; /* end with a NULL `what` */
extern const struct mutant rs_mutants_of_rollbacks[];
extern const struct mutant rs_mutants_of_stages[];

#endif
