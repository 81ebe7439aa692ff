/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sim/ranks.c in a build without MPI: every process is alone, and nothing ever travels. */
#include "sim/ranks.h"

#include <assert.h>
#include <stdlib.h>

#include "ranks_wire.h"

/* As many processes that know nothing of each other would each do the whole work, over the same files. */
static bool has_company(void)
{
    static const char *const sizes[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE"};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const char *text = getenv(sizes[i]);
        if (text && strtol(text, NULL, 10) > 1) {
            return true;
        }
    }
    return false;
}

int rs_ranks_join(struct ranks **out, struct err *err)
{
    *out = NULL;
    if (!has_company()) {
        return 0;
    }
    return rs_err_set(err, RS_E_USAGE,
                      "this rollsim was built without MPI and several of it were started: build it "
                      "where MPI is found, or use --shard i/n");
}

void rs_ranks_leave(struct ranks *r, int exit_status)
{
    assert(!r);
    (void)exit_status;
}

int rs_ranks_number(const struct ranks *r)
{
    assert(!r);
    return 0;
}

int rs_ranks_count(const struct ranks *r)
{
    assert(!r);
    return 1;
}

int rs_ranks_threads(const struct ranks *r)
{
    assert(r); /* there is none */
    return 1;
}

struct rank_state *rs_rank_state(struct ranks *r, int number)
{
    assert(r);
    (void)number;
    return NULL;
}

void rs_wire_send(struct ranks *r, int to, const struct bytes *b)
{
    assert(r);
    (void)to, (void)b;
}

bool rs_wire_post(struct ranks *r, struct bytes *b)
{
    assert(r);
    (void)b;
    return false;
}

bool rs_wire_hear(struct ranks *r, int *out_from, struct bytes *out)
{
    assert(r);
    (void)out_from, (void)out;
    return false;
}

void rs_wire_dismissed(struct ranks *r)
{
    assert(r);
}
