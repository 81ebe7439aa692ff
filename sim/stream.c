/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3",
 * SC'11, section 3.3.
 */
#include "sim/stream.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include <xxhash.h>

extern inline uint64_t rs_stream_u64(struct stream *s);
extern inline double rs_stream_uniform(struct stream *s);
extern inline double rs_stream_uniform_pos(struct stream *s);

__extension__ typedef unsigned __int128 wide;

enum { N_ROUND = 10 };
static const uint64_t M0 = 0xD2511F53, M1 = 0xCD9E8D57;
static const uint32_t W0 = 0x9E3779B9, W1 = 0xBB67AE85;

void rs_stream_fill(struct stream *s)
{
    uint32_t c0 = (uint32_t)s->block, c1 = (uint32_t)(s->block >> 32);
    uint32_t c2 = (uint32_t)s->replica, c3 = (uint32_t)(s->replica >> 32);
    uint64_t branch = s->branch ? *s->branch : 0;
    uint32_t k0 = s->key[0] ^ (uint32_t)branch, k1 = s->key[1] ^ (uint32_t)(branch >> 32);
    /* Unrolled, the rounds need no moves between the four words. */
#pragma GCC unroll 10
    for (int round = 0; round < N_ROUND; round++) {
        uint64_t product0 = M0 * c0, product1 = M1 * c2;
        c0 = (uint32_t)(product1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)product1;
        c2 = (uint32_t)(product0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)product0;
        k0 += W0;
        k1 += W1;
    }
    s->word[0] = (uint64_t)c1 << 32 | c0;
    s->word[1] = (uint64_t)c3 << 32 | c2;
    s->n_left = 2;
    s->block++;
}

/*
 * A bijection that scatters neighbours. Source: the finalizer of SplitMix64, Steele, Lea, Flood,
 * OOPSLA 2014.
 */
static uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xBF58476D1CE4E5B9;
    x ^= x >> 27;
    x *= 0x94D049BB133111EB;
    return x ^ x >> 31;
}

uint64_t rs_stream_hash(const char *name)
{
    return XXH64(name, strlen(name), 0);
}

uint64_t rs_stream_hash_index(uint64_t stem, uint64_t index)
{
    /* 1 + index, so that number 0 differs from the stem alone. */
    return mix(stem + mix((1 + index) * 0x9E3779B97F4A7C15));
}

struct stream rs_stream_open(uint64_t seed, uint64_t replica, uint64_t name_hash)
{
    /* For one seed, different names have different keys; for one name, different seeds have. */
    uint64_t key = mix(name_hash ^ mix(seed + 0x9E3779B97F4A7C15));
    return (struct stream){.key = {(uint32_t)key, (uint32_t)(key >> 32)}, .replica = replica};
}

struct stream rs_stream_open_branching(uint64_t seed,
                                       uint64_t replica,
                                       uint64_t name_hash,
                                       const uint64_t *branch)
{
    struct stream s = rs_stream_open(seed, replica, name_hash);
    s.branch = branch;
    return s;
}

void rs_stream_seek(struct stream *s, uint64_t block)
{
    s->block = block;
    s->n_left = 0;
}

uint64_t rs_stream_below(struct stream *s, uint64_t n)
{
    /*
     * Lemire, "Fast random integer generation in an interval", ACM TOMACS 29 (2019), algorithm
     * 5.
     */
    assert(n > 0);
    wide product = (wide)rs_stream_u64(s) * n;
    if ((uint64_t)product < n) {
        uint64_t n_reject = -n % n; /* 2^64 mod n */
        while ((uint64_t)product < n_reject) {
            product = (wide)rs_stream_u64(s) * n;
        }
    }
    return (uint64_t)(product >> 64);
}

static void gsl_state_set(void *state, unsigned long seed)
{
    *(struct stream *)state = rs_stream_open(seed, 0, 0);
}

static unsigned long gsl_state_get(void *state)
{
    return rs_stream_u64(state);
}

static double gsl_state_get_double(void *state)
{
    return rs_stream_uniform(state);
}

const gsl_rng_type *rs_stream_gsl_type(void)
{
    static const gsl_rng_type type = {.name = "rollsim-philox4x32-10",
                                      .max = ULONG_MAX,
                                      .min = 0,
                                      .size = sizeof(struct stream),
                                      .set = gsl_state_set,
                                      .get = gsl_state_get,
                                      .get_double = gsl_state_get_double};
    static_assert(ULONG_MAX == UINT64_MAX, "GSL's unsigned long must carry a whole word");
    return &type;
}

gsl_rng *rs_stream_gsl_new(const struct stream *s)
{
    gsl_rng *rng = gsl_rng_alloc(rs_stream_gsl_type());
    assert(rng);
    *(struct stream *)rng->state = *s;
    return rng;
}
