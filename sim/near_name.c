/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "did you mean ...?": the nearest legal spelling. */
#include <string.h>

#include "sim/err.h"

enum { WORD_MAX = 63 };

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Levenshtein distance by rows (Wagner & Fischer, J. ACM 21 (1974) 168-173); n_b <= WORD_MAX. */
static size_t distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
    size_t row[WORD_MAX + 1];
    for (size_t j = 0; j <= n_b; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= n_a; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            size_t above = row[j];
            row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[n_b];
}

const char *rs_near_name(const char *word, const char *const *names, size_t n)
{
    size_t n_word = strlen(word);
    if (n_word > WORD_MAX) {
        return NULL;
    }
    const char *nearest = NULL;
    size_t least = 2 + n_word / 3; /* one more than the farthest that is worth telling */
    for (size_t i = 0; i < n; i++) {
        size_t d = distance(names[i], strlen(names[i]), word, n_word);
        if (d < least) {
            least = d;
            nearest = names[i];
        }
    }
    return nearest;
}
