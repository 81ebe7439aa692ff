/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim_check.h"

#include <malloc.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

int n_or_few(int n)
{
    return getenv("RS_UNDER_VALGRIND") != NULL ? n / 20 : n;
}

int run_suite(const char *name, void (*add_tests)(TCase *tc))
{
    Suite *suite = suite_create(name);
    TCase *tc = tcase_create(name);
    add_tests(tc);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

void add_abort_test(TCase *tc, const TTest *test)
{
    const char *fork_mode = getenv("CK_FORK");
    if (!fork_mode || strcmp(fork_mode, "no") != 0) {
        tcase_add_test_raise_signal(tc, test, SIGABRT);
    }
}

double chi_square_p(const uint64_t *n_seen, const double *n_expected, size_t n_cell, double n_pool)
{
    double chi2 = 0, seen = 0, expected = 0, expected_left = 0;
    int n_pooled = 0;
    for (size_t i = 0; i < n_cell; i++) {
        expected_left += n_expected[i];
    }
    for (size_t i = 0; i < n_cell; i++) {
        seen += (double)n_seen[i];
        expected += n_expected[i];
        expected_left -= n_expected[i];
        /* The last pool takes all that is left, so that no small one remains. */
        if ((expected >= n_pool && expected_left >= n_pool) || i + 1 == n_cell) {
            chi2 += (seen - expected) * (seen - expected) / expected;
            n_pooled++;
            seen = expected = 0;
        }
    }
    return n_pooled < 2 ? 1 : gsl_cdf_chisq_Q(chi2, n_pooled - 1);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double kolmogorov_p(double *x, size_t n, double (*cdf)(double x, const void *par), const void *par)
{
    qsort(x, n, sizeof(*x), compare_doubles);
    double d = 0, root_n = sqrt((double)n);
    for (size_t i = 0; i < n; i++) {
        double f = cdf(x[i], par);
        d = fmax(d, fmax((double)(i + 1) / (double)n - f, f - (double)i / (double)n));
    }
    /* Stephens, JRSS B 32 (1970) 115-122: the finite-n correction. */
    double lambda = (root_n + 0.12 + 0.11 / root_n) * d;
    if (lambda < 0.3) {
        return 1; /* p > 0.99999, and the series below converges slowly there */
    }
    double p = 0;
    for (int j = 1; j <= 100; j++) {
        p += (j % 2 ? 2 : -2) * exp(-2 * lambda * lambda * j * j);
    }
    return p;
}

#ifdef __SANITIZE_ADDRESS__
size_t __sanitizer_get_current_allocated_bytes(void);

size_t heap_bytes(void)
{
    return __sanitizer_get_current_allocated_bytes();
}
#else
size_t heap_bytes(void)
{
    return mallinfo2().uordblks;
}
#endif
