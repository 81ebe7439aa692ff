/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Named random streams. (run seed, replica, stream name) -> an independent sequence. Counter-based, so opening one costs
 * a few nanoseconds and any position can be reached at once.
 * Algorithm: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC'11, doi 10.1145/2063384.2063405), pinned: changing it changes every
 * golden file. Key = mix of seed and name; counter = (block, replica). The name is hashed with XXH64, seed 0.
 *
 * A stream may be tied to a branch word, which many streams share (all those of one simulator). While the word is 0 it
 * changes nothing. From the moment that it is set to another number on, each block that is made is another one, in all of
 * these streams at once: one past, and as many independent futures as there are numbers.
 */
#ifndef SIM_STREAM_H
#define SIM_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <gsl/gsl_rng.h>

struct stream { /* value: copy freely, nothing to free */
    uint32_t key[2];
    uint64_t replica;
    const uint64_t *branch; /* borrowed; NULL = none. XORed into the key */
    uint64_t block;         /* the next block to make */
    uint64_t word[2];       /* the words of the present block */
    int n_left;             /* of `word`, 0..2 */
    bool
        gsl; /* variates are drawn by GSL's samplers, the reference: same laws, other numbers (sim/draw.h) */
};

/* XXH64 of a stream's name; do it once, at load. */
uint64_t rs_stream_hash(const char *name);
/* The hash of a name made of a hashed stem and a number ("scrape/portal" and instance 3). */
uint64_t rs_stream_hash_index(uint64_t stem, uint64_t index);

struct stream rs_stream_open(uint64_t seed, uint64_t replica, uint64_t name_hash);
/* The same, tied to a branch word; *branch outlives the stream and its copies. Words that are made already stay. */
struct stream rs_stream_open_branching(uint64_t seed,
                                       uint64_t replica,
                                       uint64_t name_hash,
                                       const uint64_t *branch);

/* Jumps to the start of block `block` (two 64-bit words a block). */
void rs_stream_seek(struct stream *s, uint64_t block);

/* Makes block s->block and steps past it: what rs_stream_u64 does when no word is left. */
void rs_stream_fill(struct stream *s);

/* Inline, since draws are what a simulation spends its time on. */
inline uint64_t rs_stream_u64(struct stream *s)
{
    if (s->n_left == 0) {
        rs_stream_fill(s);
    }
    return s->word[2 - s->n_left--];
}

/*
 * Many words at once, several blocks at a time in the processor's lanes: the same as n calls of rs_stream_u64.
 *   out[n]
 */
void rs_stream_words(struct stream *s, size_t n, uint64_t *out);

/* [0, 1), 53 bits */
inline double rs_stream_uniform(struct stream *s)
{
    return (double)(rs_stream_u64(s) >> 11) * 0x1p-53;
}

/* (0, 1), never 0 or 1: the middles of 2^52 equal cells */
inline double rs_stream_uniform_pos(struct stream *s)
{
    return ((double)(rs_stream_u64(s) >> 12) + 0.5) * 0x1p-52;
}

/*
 * A stream that has its words made many at a time, for whoever draws very many from one: four times as fast, and ten times
 * as large. The words are those of the stream; where a branch word changes, those that were made before are thrown away.
 */
enum { RS_BULK = 64 };
struct stream_bulk { /* value */
    struct stream s; /* stands behind the words that are made already */
    uint64_t branch; /* the branch word that they were made with */
    uint32_t at;     /* the next of `word`; RS_BULK: none is left */
    uint64_t word[RS_BULK];
};

struct stream_bulk rs_stream_bulk(struct stream s);
void rs_stream_bulk_fill(struct stream_bulk *b);

inline uint64_t rs_stream_bulk_u64(struct stream_bulk *b)
{
    if (b->at == RS_BULK || (b->s.branch && *b->s.branch != b->branch)) {
        rs_stream_bulk_fill(b);
    }
    return b->word[b->at++];
}

inline double rs_stream_bulk_uniform(struct stream_bulk *b)
{
    return (double)(rs_stream_bulk_u64(b) >> 11) * 0x1p-53;
}

/* Uniform integer in 0..n-1, unbiased (Lemire 2019); n > 0. */
uint64_t rs_stream_below(struct stream *s, uint64_t n);

/* The same generator for GSL's samplers: a gsl_rng whose state is a copy of *s. Free with gsl_rng_free. */
const gsl_rng_type *rs_stream_gsl_type(void);
gsl_rng *rs_stream_gsl_new(const struct stream *s);

#endif
