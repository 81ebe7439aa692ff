/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The numbers that trials are told apart by. */
#ifndef VERIFY_SPLIT_WORD_H
#define VERIFY_SPLIT_WORD_H

#include <stdint.h>

/* The macro-replication that stands for the pilot. */
#define RS_SPLIT_PILOT UINT64_MAX

/* A function of its arguments, not 0; two trials of one run share a word with a probability of about n^2 / 2^65. */
uint64_t rs_split_word(uint64_t seed, uint64_t macro, int level, uint64_t index);

/* Void trials that are borne for one that counts, on the average of a macro-replication. */
enum { RS_SPLIT_VOID_MAX = 200 };

#endif
