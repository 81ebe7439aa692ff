/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Many blocks of Philox4x32-10 at a time (stream.c has the single one and the source): a 64-bit lane holds one block's word,
 * because the generator multiplies 32 by 32 bits. Which instructions are used follows from the processor; the words do not.
 */
#include <assert.h>
#include <string.h>

#include "sim/stream.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define HAVE_LANES 1
#else
#define HAVE_LANES 0
#endif

enum { N_ROUND = 10 };
#define M0 UINT64_C(0xD2511F53)
#define M1 UINT64_C(0xCD9E8D57)
#define W0 UINT32_C(0x9E3779B9)
#define W1 UINT32_C(0xBB67AE85)

#if HAVE_LANES

/* The round keys, which all blocks share. */
struct schedule {
    uint64_t k0[N_ROUND], k1[N_ROUND];
};

static struct schedule schedule_of(const struct stream *s)
{
    uint64_t branch = s->branch ? *s->branch : 0;
    uint32_t k0 = s->key[0] ^ (uint32_t)branch, k1 = s->key[1] ^ (uint32_t)(branch >> 32);
    struct schedule keys;
    for (int i = 0; i < N_ROUND; i++, k0 += W0, k1 += W1) {
        keys.k0[i] = k0;
        keys.k1[i] = k1;
    }
    return keys;
}

/*
 * Eight blocks, 16 words. The upper halves of the lanes carry rubbish from round to round, which the multiplication does not
 * look at.
 */
__attribute__((target("avx512f"))) static void
eight_blocks(const struct schedule *keys, uint64_t block, uint64_t replica, uint64_t *out)
{
    const __m512i m0 = _mm512_set1_epi64((long long)M0), m1 = _mm512_set1_epi64((long long)M1);
    const __m512i low = _mm512_set1_epi64(0xFFFFFFFF);
    __m512i c0 = _mm512_add_epi64(_mm512_set1_epi64((long long)block),
                                  _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0));
    __m512i c1 = _mm512_srli_epi64(c0, 32);
    __m512i c2 = _mm512_set1_epi64((long long)replica), c3 = _mm512_srli_epi64(c2, 32);
#pragma GCC unroll 10
    for (int i = 0; i < N_ROUND; i++) {
        __m512i p0 = _mm512_mul_epu32(m0, c0), p1 = _mm512_mul_epu32(m1, c2);
        __m512i k0 = _mm512_set1_epi64((long long)keys->k0[i]);
        __m512i k1 = _mm512_set1_epi64((long long)keys->k1[i]);
        /* 0x96: the exclusive or of all three. */
        c0 = _mm512_ternarylogic_epi64(_mm512_srli_epi64(p1, 32), c1, k0, 0x96);
        c2 = _mm512_ternarylogic_epi64(_mm512_srli_epi64(p0, 32), c3, k1, 0x96);
        c1 = p1;
        c3 = p0;
    }
    /* A block's words are c1:c0 and c3:c2, and they stand side by side. */
    __m512i first = _mm512_or_si512(_mm512_and_si512(c0, low), _mm512_slli_epi64(c1, 32));
    __m512i second = _mm512_or_si512(_mm512_and_si512(c2, low), _mm512_slli_epi64(c3, 32));
    const __m512i front = _mm512_set_epi64(11, 3, 10, 2, 9, 1, 8, 0);
    const __m512i back = _mm512_set_epi64(15, 7, 14, 6, 13, 5, 12, 4);
    _mm512_storeu_si512(out, _mm512_permutex2var_epi64(first, front, second));
    _mm512_storeu_si512(out + 8, _mm512_permutex2var_epi64(first, back, second));
}

/* Four blocks, 8 words, from `out` on. */
__attribute__((target("avx2"))) static void
four_blocks(const struct schedule *keys, uint64_t block, uint64_t replica, uint64_t *out)
{
    const __m256i m0 = _mm256_set1_epi64x((long long)M0), m1 = _mm256_set1_epi64x((long long)M1);
    const __m256i low = _mm256_set1_epi64x(0xFFFFFFFF);
    __m256i c0 =
        _mm256_add_epi64(_mm256_set1_epi64x((long long)block), _mm256_set_epi64x(3, 2, 1, 0));
    __m256i c1 = _mm256_srli_epi64(c0, 32);
    __m256i c2 = _mm256_set1_epi64x((long long)replica), c3 = _mm256_srli_epi64(c2, 32);
#pragma GCC unroll 10
    for (int i = 0; i < N_ROUND; i++) {
        __m256i p0 = _mm256_mul_epu32(m0, c0), p1 = _mm256_mul_epu32(m1, c2);
        __m256i k0 = _mm256_set1_epi64x((long long)keys->k0[i]);
        __m256i k1 = _mm256_set1_epi64x((long long)keys->k1[i]);
        c0 = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(p1, 32), c1), k0);
        c2 = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(p0, 32), c3), k1);
        c1 = p1;
        c3 = p0;
    }
    __m256i first = _mm256_or_si256(_mm256_and_si256(c0, low), _mm256_slli_epi64(c1, 32));
    __m256i second = _mm256_or_si256(_mm256_and_si256(c2, low), _mm256_slli_epi64(c3, 32));
    __m256i even = _mm256_unpacklo_epi64(first, second); /* blocks 0 and 2 */
    __m256i odd = _mm256_unpackhi_epi64(first, second);  /* blocks 1 and 3 */
    _mm256_storeu_si256((__m256i *)(void *)out, _mm256_permute2x128_si256(even, odd, 0x20));
    _mm256_storeu_si256((__m256i *)(void *)(out + 4), _mm256_permute2x128_si256(even, odd, 0x31));
}

/* As many groups of blocks as fit into n words; returns the number of words made. */
static size_t words_in_lanes(const struct stream *s, size_t n, uint64_t *out)
{
    size_t done = 0;
    struct schedule keys;
    if (__builtin_cpu_supports("avx512f")) {
        keys = schedule_of(s);
        for (; n - done >= 16; done += 16) {
            eight_blocks(&keys, s->block + done / 2, s->replica, out + done);
        }
        if (n - done >= 8) {
            four_blocks(&keys, s->block + done / 2, s->replica, out + done);
            done += 8;
        }
    } else if (__builtin_cpu_supports("avx2")) {
        keys = schedule_of(s);
        for (; n - done >= 8; done += 8) {
            four_blocks(&keys, s->block + done / 2, s->replica, out + done);
        }
    }
    return done;
}

#else

static size_t words_in_lanes(const struct stream *s, size_t n, uint64_t *out)
{
    (void)s, (void)n, (void)out;
    return 0;
}

#endif

void rs_stream_words(struct stream *s, size_t n, uint64_t *out)
{
    size_t done = 0;
    for (; done < n && s->n_left > 0; done++) {
        out[done] = rs_stream_u64(s);
    }
    size_t made = words_in_lanes(s, n - done, out + done);
    s->block += made / 2;
    for (done += made; done + 2 <= n; done += 2) {
        rs_stream_fill(s);
        memcpy(out + done, s->word, sizeof(s->word));
        s->n_left = 0;
    }
    if (done < n) {
        out[done] = rs_stream_u64(s);
    }
}
