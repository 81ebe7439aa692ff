/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NSGA-II: fronts and room as they are defined, and a search of a space whose front is known. */
#include "tune/nsga.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/arena.h"

/* Points of two objectives, with violations; ranks by hand. */
START_TEST(test_ranks)
{
    static const struct {
        double x, y, violation;
        uint32_t rank;
    } rows[] = {
        {1, 5, 0, 0},        {2, 3, 0, 0},   {4, 1, 0, 0}, {2, 4, 0, 1}, /* behind (2, 3) */
        {5, 5, 0, 2},                                                    /* behind (2, 4), too */
        {0, 0, .1, 3},                       /* the best of all, but it breaks something */
        {0, 0, .2, 4},       {NAN, 1, 0, 1}, /* not known is worst: behind (4, 1) */
        {9, 9, INFINITY, 5}, {2, 3, 0, 0},   /* a twin */
    };
    enum { N = sizeof rows / sizeof rows[0] };
    double objective[2 * N], violation[N];
    struct nsga_rank rank[N];
    for (int i = 0; i < N; i++) {
        objective[2 * i] = rows[i].x;
        objective[2 * i + 1] = rows[i].y;
        violation[i] = rows[i].violation;
    }
    rs_nsga_rank(N, 2, objective, violation, rank);
    for (int i = 0; i < N; i++)
        ck_assert_msg(rank[i].rank == rows[i].rank, "row %d: %u", i, rank[i].rank);
    /* The ends of a front have all the room; within, it is the neighbours' distance in shares of the range: both twins' is alike or less. */
    ck_assert(isinf(rank[0].crowding) && isinf(rank[2].crowding));
    double both = rank[1].crowding + rank[9].crowding;
    ck_assert_double_eq_tol(both, (2.0 - 1) / 3 + (4.0 - 2) / 3 + (5.0 - 3) / 4 + (3.0 - 1) / 4,
                            1e-12);
    ck_assert(rs_nsga_is_before(&rank[0], &rank[1]) && !rs_nsga_is_before(&rank[3], &rank[1]));
}
END_TEST

/* Five genes of a dozen values. */
enum { N_GENE = 5, N_VALUE = 12, N_LOOK = 500 };

struct counted {
    uint32_t n;
    bool stop_at_second;
    int n_call;
};

/* Nothing but the first gene trades: the others cost in both. The front is (g, 0, 0, 0, 0), 12 points. */
static void exact(const uint16_t *value, double *out)
{
    double others = 0;
    for (int g = 1; g < N_GENE; g++)
        others += value[g];
    out[0] = value[0] + others;
    out[1] = N_VALUE - 1 - value[0] + others;
}

static int evaluate(void *ctx,
                    uint32_t n,
                    const uint16_t *value,
                    double *objective,
                    double *violation,
                    struct err *err)
{
    struct counted *c = ctx;
    (void)err;
    if (c->stop_at_second && c->n_call++ > 0)
        return 1;
    for (uint32_t i = 0; i < n; i++) {
        exact(&value[i * N_GENE], &objective[2 * i]);
        violation[i] = value[i * N_GENE] == 7 ? 1 : 0; /* one of the front's is forbidden */
    }
    c->n += n;
    return 0;
}

static const struct tune_param *params(void)
{
    static struct tune_param param[N_GENE];
    for (int g = 0; g < N_GENE; g++)
        param[g] = (struct tune_param){
            .type = g == 2 ? RS_TUNE_WORD : RS_TUNE_COUNT, .n_value = N_VALUE, .today = 6};
    return param;
}

static uint32_t breed(struct counted *c, uint64_t seed, uint16_t **value, int *rc)
{
    const struct tune_plan plan = {.n_param = N_GENE, .param = params(), .n_objective = 2};
    const struct nsga_problem p = {
        .plan = &plan, .n_evaluation = N_LOOK, .ctx = c, .evaluate = evaluate};
    struct stream s = rs_stream_open(seed, 0, rs_stream_hash("tune/nsga-ii"));
    uint32_t n = 0;
    *rc = rs_nsga_search(&p, &s, value, &n, NULL);
    return n;
}

/* 500 of 248,832 settings: most of the front is there, the forbidden one is not first, and none is looked at twice. */
START_TEST(test_search)
{
    struct counted c = {0};
    uint16_t *value = NULL;
    int rc, n_front = 0;
    uint32_t n = breed(&c, (uint64_t)_i + 1, &value, &rc);
    ck_assert(rc == 0 && n == N_LOOK && c.n == n);
    for (int g = 0; g < N_GENE; g++)
        ck_assert_uint_eq(value[g], 6); /* today's comes first */
    for (uint32_t i = 0; i < n; i++) {
        const uint16_t *v = &value[i * N_GENE];
        bool near = v[1] + v[2] + v[3] + v[4] == 0;
        n_front += near && v[0] != 7;
        ck_assert(i == 0 || i > 9 ||
                  v[0] != 7); /* what breaks something is behind all that does not */
        for (uint32_t k = 0; k < i; k++)
            ck_assert(memcmp(&value[k * N_GENE], v, N_GENE * sizeof *v) != 0);
    }
    ck_assert_int_ge(n_front, 6);
    free(value);
}
END_TEST

/* The same seed gives the same settings in the same order, another seed others. */
START_TEST(test_same)
{
    struct counted c = {0};
    uint16_t *a = NULL, *b = NULL, *other = NULL;
    int rc;
    size_t n_byte = N_LOOK * N_GENE * sizeof *a;
    breed(&c, 5, &a, &rc);
    breed(&c, 5, &b, &rc);
    breed(&c, 6, &other, &rc);
    ck_assert(memcmp(a, b, n_byte) == 0 && memcmp(a, other, n_byte) != 0);
    free(a);
    free(b);
    free(other);
}
END_TEST

/* Stopped after its first generation: what there was until then is handed over. */
START_TEST(test_stop)
{
    struct counted c = {.stop_at_second = true};
    uint16_t *value = NULL;
    int rc;
    uint32_t n = breed(&c, 5, &value, &rc);
    ck_assert_int_eq(rc, 1);
    ck_assert_uint_eq(n, c.n);
    ck_assert_uint_eq(n, 20);
    free(value);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("nsga");
    TCase *tc = tcase_create("nsga");
    tcase_add_test(tc, test_ranks);
    tcase_add_loop_test(tc, test_search, 0, 2);
    tcase_add_test(tc, test_same);
    tcase_add_test(tc, test_stop);
    suite_add_tcase(s, tc);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int n_failed = srunner_ntests_failed(r);
    srunner_free(r);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
