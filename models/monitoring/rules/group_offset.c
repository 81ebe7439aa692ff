/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When a server evaluates a rule group: an offset within the interval, from a hash of file and name. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "models/rules.h"
#include "sim/arena.h"

/* Bytes as they go into the hash. */
struct encoded {
    unsigned char *at; /* owned */
    size_t n;
};

static void put(struct encoded *e, const void *bytes, size_t n)
{
    memcpy(e->at + e->n, bytes, n);
    e->n += n;
}

/* "encodeSize": one byte below 255, else 255 and three bytes, the lowest first. */
static void put_string(struct encoded *e, const char *text)
{
    size_t n = strlen(text);
    unsigned char size[4] = {(unsigned char)n};

    assert(n < (size_t)1 << 24);
    if (n >= 255) {
        size[0] = 255;
        size[1] = (unsigned char)(n & 255);
        size[2] = (unsigned char)((n >> 8) & 255);
        size[3] = (unsigned char)(n >> 16);
    }
    put(e, size, n < 255 ? 1 : 4);
    put(e, text, n);
}

/* Labels.Hash of slice labels: names and values, each with a separator behind it. */
static void put_separated(struct encoded *e, const char *text)
{
    put(e, text, strlen(text));
    put(e, "\xff", 1);
}

int64_t rs_rule_group_offset_ns(const char *file,
                                const char *group,
                                int64_t interval_ns,
                                enum label_encoding encoding)
{
    const char *const label[4] = {"file", file, "name", group}; /* labels are sorted by name */
    struct encoded e = {.at = rs_xcalloc(1, strlen(file) + strlen(group) + 32)};
    uint64_t hash;

    assert(interval_ns > 0);
    for (int i = 0; i < 4; i++) {
        switch (encoding) {
        case RS_ENCODING_STRINGS: put_string(&e, label[i]); break;
        case RS_ENCODING_SLICES: put_separated(&e, label[i]); break;
        }
    }
    hash = XXH64(e.at, e.n, 0);
    free(e.at);
    return (int64_t)(hash % (uint64_t)interval_ns);
}

char *rs_rule_server_path(const char *folder, const char *file)
{
    size_t n_folder = file[0] == '/' ? 0 : strlen(folder), n = 0, n_file = strlen(file);
    char *joined = rs_xcalloc(1, n_folder + n_file + 2);
    char *out = rs_xcalloc(1, n_folder + n_file + 3);

    memcpy(joined, folder, n_folder);
    joined[n_folder] = '/';
    memcpy(joined + n_folder + 1, file, n_file + 1);
    for (const char *p = joined; *p != '\0';) {
        size_t part = strcspn(p, "/");

        if (part == 2 && p[0] == '.' && p[1] == '.') {
            while (n > 0 && out[--n] != '/') {
            }
        } else if (part > 0 && !(part == 1 && p[0] == '.')) {
            out[n] = '/';
            memcpy(out + n + 1, p, part);
            n += 1 + part;
        }
        p += part + (p[part] == '/');
    }
    out[n] = '\0';
    if (n == 0) {
        out[0] = '/';
    }
    free(joined);
    return out;
}
