/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Many blocks of Philox4x32-10 at a time (stream.c has the single one and the source): a 64-bit lane holds one block's word,
 * because the generator multiplies 32 by 32 bits. Which instructions are used follows from the processor; the words do not.
 */
#include <assert.h>
#include <string.h>

#include "sim/stream.h"

extern inline uint64_t rs_stream_bulk_u64(struct stream_bulk *b);
extern inline double rs_stream_bulk_uniform(struct stream_bulk *b);

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define HAVE_LANES 1
#else
#define HAVE_LANES 0
#endif

enum { N_ROUND = 10, N_CHUNK = 64 };
#define M0 UINT64_C(0xD2511F53)
#define M1 UINT64_C(0xCD9E8D57)
#define W0 UINT32_C(0x9E3779B9)
#define W1 UINT32_C(0xBB67AE85)

#if HAVE_LANES

struct key {
    uint32_t k0, k1;
};

static struct key key_of(const struct stream *s)
{
    uint64_t branch = s->branch ? *s->branch : 0;
    return (struct key){s->key[0] ^ (uint32_t)branch, s->key[1] ^ (uint32_t)(branch >> 32)};
}

/* One round of eight blocks. The upper halves of the lanes carry rubbish, which the multiplication does not look at. */
struct lanes {
    __m512i c0, c1, c2, c3;
};

__attribute__((target("avx512f"))) static inline struct lanes lanes_of(uint64_t block,
                                                                       uint64_t replica)
{
    struct lanes x;
    x.c0 = _mm512_add_epi64(_mm512_set1_epi64((long long)block),
                            _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0));
    x.c1 = _mm512_srli_epi64(x.c0, 32);
    x.c2 = _mm512_set1_epi64((long long)replica);
    x.c3 = _mm512_srli_epi64(x.c2, 32);
    return x;
}

__attribute__((target("avx512f"))) static inline struct lanes
round_of(struct lanes x, __m512i k0, __m512i k1)
{
    __m512i p0 = _mm512_mul_epu32(_mm512_set1_epi64((long long)M0), x.c0);
    __m512i p1 = _mm512_mul_epu32(_mm512_set1_epi64((long long)M1), x.c2);
    /* 0x96: the exclusive or of all three. */
    x.c0 = _mm512_ternarylogic_epi64(_mm512_srli_epi64(p1, 32), x.c1, k0, 0x96);
    x.c2 = _mm512_ternarylogic_epi64(_mm512_srli_epi64(p0, 32), x.c3, k1, 0x96);
    x.c1 = p1;
    x.c3 = p0;
    return x;
}

/* A block's words are c1:c0 and c3:c2, and they stand side by side. */
__attribute__((target("avx512f"))) static inline void store_lanes(struct lanes x, uint64_t *out)
{
    const __m512i low = _mm512_set1_epi64(0xFFFFFFFF);
    const __m512i front = _mm512_set_epi64(11, 3, 10, 2, 9, 1, 8, 0);
    const __m512i back = _mm512_set_epi64(15, 7, 14, 6, 13, 5, 12, 4);
    __m512i first = _mm512_or_si512(_mm512_and_si512(x.c0, low), _mm512_slli_epi64(x.c1, 32));
    __m512i second = _mm512_or_si512(_mm512_and_si512(x.c2, low), _mm512_slli_epi64(x.c3, 32));
    _mm512_storeu_si512(out, _mm512_permutex2var_epi64(first, front, second));
    _mm512_storeu_si512(out + 8, _mm512_permutex2var_epi64(first, back, second));
}

/* Eight blocks, 16 words. */
__attribute__((target("avx512f"))) static void
eight_blocks(struct key key, uint64_t block, uint64_t replica, uint64_t *out)
{
    __m512i k0 = _mm512_set1_epi64(key.k0), k1 = _mm512_set1_epi64(key.k1);
    struct lanes x = lanes_of(block, replica);
#pragma GCC unroll 10
    for (int i = 0; i < N_ROUND; i++) {
        x = round_of(x, k0, k1);
        k0 = _mm512_add_epi64(k0, _mm512_set1_epi64(W0));
        k1 = _mm512_add_epi64(k1, _mm512_set1_epi64(W1));
    }
    store_lanes(x, out);
}

/* Sixteen blocks, 32 words: two chains side by side, because one alone waits for its multiplications. */
__attribute__((target("avx512f"))) static void
sixteen_blocks(struct key key, uint64_t block, uint64_t replica, uint64_t *out)
{
    __m512i k0 = _mm512_set1_epi64(key.k0), k1 = _mm512_set1_epi64(key.k1);
    struct lanes x = lanes_of(block, replica), y = lanes_of(block + 8, replica);
#pragma GCC unroll 10
    for (int i = 0; i < N_ROUND; i++) {
        x = round_of(x, k0, k1);
        y = round_of(y, k0, k1);
        k0 = _mm512_add_epi64(k0, _mm512_set1_epi64(W0));
        k1 = _mm512_add_epi64(k1, _mm512_set1_epi64(W1));
    }
    store_lanes(x, out);
    store_lanes(y, out + 16);
}

/* Four blocks, 8 words, from `out` on. */
__attribute__((target("avx2"))) static void
four_blocks(struct key key, uint64_t block, uint64_t replica, uint64_t *out)
{
    const __m256i w0 = _mm256_set1_epi64x(W0), w1 = _mm256_set1_epi64x(W1);
    __m256i k0 = _mm256_set1_epi64x(key.k0), k1 = _mm256_set1_epi64x(key.k1);
    const __m256i m0 = _mm256_set1_epi64x((long long)M0), m1 = _mm256_set1_epi64x((long long)M1);
    const __m256i low = _mm256_set1_epi64x(0xFFFFFFFF);
    __m256i c0 =
        _mm256_add_epi64(_mm256_set1_epi64x((long long)block), _mm256_set_epi64x(3, 2, 1, 0));
    __m256i c1 = _mm256_srli_epi64(c0, 32);
    __m256i c2 = _mm256_set1_epi64x((long long)replica), c3 = _mm256_srli_epi64(c2, 32);
#pragma GCC unroll 10
    for (int i = 0; i < N_ROUND; i++) {
        __m256i p0 = _mm256_mul_epu32(m0, c0), p1 = _mm256_mul_epu32(m1, c2);
        c0 = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(p1, 32), c1), k0);
        c2 = _mm256_xor_si256(_mm256_xor_si256(_mm256_srli_epi64(p0, 32), c3), k1);
        c1 = p1;
        c3 = p0;
        k0 = _mm256_add_epi64(k0, w0);
        k1 = _mm256_add_epi64(k1, w1);
    }
    __m256i first = _mm256_or_si256(_mm256_and_si256(c0, low), _mm256_slli_epi64(c1, 32));
    __m256i second = _mm256_or_si256(_mm256_and_si256(c2, low), _mm256_slli_epi64(c3, 32));
    __m256i even = _mm256_unpacklo_epi64(first, second); /* blocks 0 and 2 */
    __m256i odd = _mm256_unpackhi_epi64(first, second);  /* blocks 1 and 3 */
    _mm256_storeu_si256((__m256i *)(void *)out, _mm256_permute2x128_si256(even, odd, 0x20));
    _mm256_storeu_si256((__m256i *)(void *)(out + 4), _mm256_permute2x128_si256(even, odd, 0x31));
}

/*
 * Makes whole blocks, at least n_word words of them and less than 16 more, none where n_word is N_CHUNK; returns how many
 * words, 0 where there are no lanes.
 */
static size_t words_in_lanes(const struct stream *s, size_t n_word, uint64_t *out)
{
    struct key key = key_of(s);
    size_t done = 0;
    if (__builtin_cpu_supports("avx512f")) {
        for (; done + 16 < n_word; done += 32) {
            sixteen_blocks(key, s->block + done / 2, s->replica, out + done);
        }
        for (; done < n_word; done += 16) {
            eight_blocks(key, s->block + done / 2, s->replica, out + done);
        }
    } else if (__builtin_cpu_supports("avx2")) {
        for (; done < n_word; done += 8) {
            four_blocks(key, s->block + done / 2, s->replica, out + done);
        }
    }
    return done;
}

#else

static size_t words_in_lanes(const struct stream *s, size_t n_word, uint64_t *out)
{
    (void)s, (void)n_word, (void)out;
    return 0;
}

#endif

/* At most N_CHUNK words, when none is left of the present block. */
static void make_words(struct stream *s, size_t n, uint64_t *out)
{
    uint64_t spare[N_CHUNK + 16];
    uint64_t *word = n == N_CHUNK ? out : spare;
    size_t made = n > 2 ? words_in_lanes(s, n, word) : 0;
    if (made == 0) {
        for (size_t i = 0; i < n; i++) {
            out[i] = rs_stream_u64(s);
        }
        return;
    }
    if (word == spare) {
        memcpy(out, spare, n * sizeof(*out));
    }
    s->block += (n + 1) / 2;
    if (n % 2 == 1) {
        s->word[1] = word[n];
        s->n_left = 1;
    }
}

void rs_stream_words(struct stream *s, size_t n, uint64_t *out)
{
    size_t done = 0;
    while (done < n) {
        if (s->n_left > 0) {
            out[done++] = rs_stream_u64(s);
            continue;
        }
        size_t n_here = n - done < N_CHUNK ? n - done : N_CHUNK;
        make_words(s, n_here, out + done);
        done += n_here;
    }
}

struct stream_bulk rs_stream_bulk(struct stream s)
{
    struct stream_bulk b;
    b.s = s;
    b.at = RS_BULK;
    b.branch = 0;
    return b;
}

void rs_stream_bulk_fill(struct stream_bulk *b)
{
    rs_stream_words(&b->s, RS_BULK, b->word);
    b->branch = b->s.branch ? *b->s.branch : 0;
    b->at = 0;
}
