/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "alias.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

#include "sim/draw_table.h"

#define WHOLE (UINT64_C(1) << 52) /* a cell's share */

unsigned rs_alias_bits(uint64_t n)
{
    unsigned bits = RS_ALIAS_BITS_MIN;
    while (UINT64_C(1) << bits < n) {
        bits++;
    }
    assert(bits <= RS_ALIAS_BITS_MAX);
    return bits;
}

/* The shares in units of 2^-(52 + bits): they sum to 2^(52 + bits) exactly, what rounding left over goes to the largest. */
static void round_shares(unsigned bits, const double *p, uint64_t *share)
{
    uint64_t n = UINT64_C(1) << bits, left = WHOLE << bits, largest = 0;
    double sum = 0, lost = 0; /* what additions rounded away: Kahan, CACM 8 (1965) 40 */
    for (uint64_t i = 0; i < n; i++) {
        assert(p[i] >= 0 && p[i] < INFINITY);
        double term = p[i] - lost, next = sum + term;
        lost = (next - sum) - term;
        sum = next;
        largest = p[i] > p[largest] ? i : largest;
    }
    assert(sum > 0 && sum < INFINITY);
    double unit = (double)left / sum;
    for (uint64_t i = 0; i < n; i++) {
        share[i] = i == largest ? 0 : (uint64_t)(p[i] * unit + 0.5);
        left -= share[i];
    }
    assert(left <= WHOLE << bits); /* it has not gone below 0: the largest has at least 1/n */
    share[largest] = left;
}

void rs_alias_build(unsigned bits, const double *p, uint64_t *cell)
{
    enum { N_MAX = 1 << RS_ALIAS_BITS_MAX };
    uint64_t share[N_MAX], n = UINT64_C(1) << bits;
    uint32_t poor[N_MAX], rich[N_MAX];
    uint32_t n_poor = 0, n_rich = 0;
    assert(bits >= RS_ALIAS_BITS_MIN && bits <= RS_ALIAS_BITS_MAX);
    round_shares(bits, p, share);
    for (uint32_t i = 0; i < n; i++) {
        if (share[i] < WHOLE) {
            poor[n_poor++] = i;
        } else {
            rich[n_rich++] = i;
        }
    }
    while (n_poor > 0) {
        /* The shares sum to n wholes, so whoever is poor leaves somebody rich. */
        assert(n_rich > 0);
        uint32_t i = poor[--n_poor], from = rich[n_rich - 1];
        cell[i] = share[i] << 12 | from;
        share[from] -= WHOLE - share[i];
        if (share[from] < WHOLE) {
            n_rich--;
            poor[n_poor++] = from;
        }
    }
    while (n_rich > 0) {
        uint32_t i = rich[--n_rich];
        assert(share[i] == WHOLE);
        cell[i] = i; /* threshold 0: always the alias, which is itself */
    }
}

uint64_t rs_alias_rest(uint64_t cell, uint32_t mask, uint32_t half, struct stream *s)
{
    /* Of the threshold's 52 bits 32 - bits were equal. */
    uint64_t rest = cell >> 12 & (((uint64_t)mask << 20) | 0xfffff);
    unsigned n_rest = 20 + (unsigned)__builtin_popcount(mask);
    bool own = rs_stream_u64(s) >> (64 - n_rest) < rest;
    return own ? half & mask : cell & RS_ALIAS_INDEX;
}
