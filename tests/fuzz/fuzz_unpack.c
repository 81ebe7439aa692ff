/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as a packed file, read in pieces of several sizes: the pieces are the same bytes, whatever their size, and damage is
 * told in either case. How much comes before the damage is the library's business.
 */
#include "../../scenarios/text/unpack.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 1 << 20 };

static size_t
read_all(const uint8_t *data, size_t size, char *to, size_t piece, bool look, bool *damaged)
{
    struct unpack u;
    const char *first = NULL;
    size_t n = 0, got = 1;
    rs_unpack_from_memory(&u, "fuzz", data, size);
    if (look) {
        rs_unpack_look(&u, 100, &first);
    }
    while (got > 0 && n + piece <= MOST) {
        got = rs_unpack_read(&u, to + n, piece);
        n += got;
    }
    *damaged = u.damaged;
    rs_unpack_close(&u);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char one[MOST], two[MOST];
    bool damaged_one = false, damaged_two = false;
    size_t n_one = read_all(data, size, one, 65536, false, &damaged_one);
    size_t n_two = read_all(data, size, two, 4099, true, &damaged_two);
    bool whole = n_one + 65536 <= MOST && n_two + 4099 <= MOST; /* both came to the end */
    size_t n = n_one < n_two ? n_one : n_two;
    if (memcmp(one, two, n) != 0 ||
        (whole && ((n_one != n_two && !damaged_one) || damaged_one != damaged_two))) {
        abort();
    }
    return 0;
}
