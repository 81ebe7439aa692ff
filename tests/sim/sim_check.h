/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of sim/ share: running a suite, and goodness-of-fit tests. */
#ifndef TESTS_SIM_CHECK_H
#define TESTS_SIM_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <check.h>

/* For loops of many thousands: Check's own asserts write down every one that holds. */
#define ASSERT_IN_LOOP(condition) ((condition) ? (void)0 : ck_abort_msg("%s", #condition))

#define N_ROW(rows) ((int)(sizeof(rows) / sizeof((rows)[0])))

/* n, or a twentieth under valgrind, which looks for errors of memory: they show in few draws too. */
int n_or_few(int n);

/* Runs a suite of one case; returns main's exit status. */
int run_suite(const char *name, void (*add_tests)(TCase *tc));

/* Adds a test that must abort; left out under CK_FORK=no, where the abort would end the program. */
void add_abort_test(TCase *tc, const TTest *test);

/*
 * Chi-square goodness of fit of counts to expected counts; neighbouring cells are pooled until
 * n_pool are expected.
 *   n_seen[n_cell], n_expected[n_cell]   in the order of the cells, same sum up to rounding
 * Returns the p-value; 1 when fewer than two cells are left.
 */
double chi_square_p(const uint64_t *n_seen, const double *n_expected, size_t n_cell, double n_pool);

/*
 * Kolmogorov-Smirnov: sorts x[n] and returns the asymptotic p-value against a continuous
 * distribution, n >= 100.
 */
double kolmogorov_p(double *x, size_t n, double (*cdf)(double x, const void *par), const void *par);

/* Bytes now allocated on the heap, by the sanitizer's count or by malloc's own. */
size_t heap_bytes(void);

#endif
