/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The elementary functions against values of the real Prometheus: no bit may differ. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "monitoring/promql/promql_math.h"

static const struct {
    const char *name;
    double (*one)(double x);
    double (*two)(double x, double y);
} functions[] = {
    {"exp", rs_math_exp, NULL},     {"ln", rs_math_log, NULL},      {"log2", rs_math_log2, NULL},
    {"log10", rs_math_log10, NULL}, {"sin", rs_math_sin, NULL},     {"cos", rs_math_cos, NULL},
    {"tan", rs_math_tan, NULL},     {"asin", rs_math_asin, NULL},   {"acos", rs_math_acos, NULL},
    {"atan", rs_math_atan, NULL},   {"sinh", rs_math_sinh, NULL},   {"cosh", rs_math_cosh, NULL},
    {"tanh", rs_math_tanh, NULL},   {"asinh", rs_math_asinh, NULL}, {"acosh", rs_math_acosh, NULL},
    {"atanh", rs_math_atanh, NULL}, {"pow", NULL, rs_math_pow},     {"atan2", NULL, rs_math_atan2}};

/* NaN and NaN are the same, 0 and -0 are not. */
static int same(double a, double b)
{
    return (isnan(a) && isnan(b)) || (a == b && !signbit(a) == !signbit(b));
}

int main(void)
{
    FILE *f = fopen(DATA_DIR "/go_math.txt", "r");
    char line[200], name[16];
    double x, y, expected;
    int n = 0, n_wrong = 0;

    if (f == NULL) {
        perror(DATA_DIR "/go_math.txt");
        return 1;
    }
    while (fgets(line, sizeof line, f) != NULL) {
        if (sscanf(line, "%15s %la %la %la", name, &x, &y, &expected) != 4) {
            continue;
        }
        for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
            double got;

            if (strcmp(functions[i].name, name) != 0) {
                continue;
            }
            got = functions[i].one != NULL ? functions[i].one(x) : functions[i].two(x, y);
            n++;
            if (!same(got, expected)) {
                n_wrong++;
                printf("%s(%.17g, %.17g) is %.17g, expected %.17g\n", name, x, y, got, expected);
            }
        }
    }
    (void)fclose(f);
    printf("%d values, %d wrong\n", n, n_wrong);
    return n_wrong != 0 || n < 1000;
}
