/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nettle/sha2.h>

#include "scenarios/tune.h"

enum { TEXT_MAX = 4 << 20, CHUNK = 1 << 16 };

struct file_hash {
    struct sha256_ctx sha;
    struct arena *arena; /* borrowed */
    int n, cap;
    struct input_file *input; /* [n] in the arena */
};

struct file_hash *rs_file_hash_new(struct arena *arena)
{
    struct file_hash *hash = rs_xcalloc(1, sizeof(*hash));
    sha256_init(&hash->sha);
    hash->arena = arena;
    return hash;
}

void rs_file_hash_free(struct file_hash *hash)
{
    free(hash);
}

static const char *digest_hex(struct sha256_ctx *sha, struct arena *arena)
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(sha, sizeof(digest), digest);
    char *hex = RS_ARENA_ARRAY(arena, char, 2 * sizeof(digest) + 1);
    for (size_t i = 0; i < sizeof(digest); i++) {
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
    return hex;
}

static void add_input(struct file_hash *hash, const char *path, struct sha256_ctx *own)
{
    struct input_file file = {rs_arena_strdup(hash->arena, path), digest_hex(own, hash->arena)};
    RS_PUSH(hash->arena, hash->input, hash->n, hash->cap, file);
}

void rs_file_hash_text(struct file_hash *hash, const char *path, const char *text, size_t n)
{
    struct sha256_ctx own;
    sha256_init(&own);
    sha256_update(&own, n, (const uint8_t *)text);
    sha256_update(&hash->sha, n, (const uint8_t *)text);
    add_input(hash, path, &own);
}

const char *rs_file_hash_hex(struct file_hash *hash)
{
    return digest_hex(&hash->sha, hash->arena);
}

const struct input_file *rs_file_hash_inputs(const struct file_hash *hash, int *out_n)
{
    *out_n = hash->n;
    return hash->input;
}

/* Without a place the file itself is at fault; the system's words, in lower case. */
static int refuse_file(struct err_list *errors, const char *path, struct mark at, const char *why)
{
    char text[128];
    snprintf(text, sizeof(text), "%s", why);
    if (text[0] >= 'A' && text[0] <= 'Z') {
        text[0] = (char)(text[0] - 'A' + 'a');
    }
    if (!at.file) {
        return rs_err_list_add(errors, RS_E_IO, (struct mark){path, 0, 0}, "%s", text);
    }
    return rs_err_list_add(errors, RS_E_IO, at, "cannot read \"%s\": %s", path, text);
}

int rs_file_check(struct err_list *errors, const char *path, struct mark at)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        return refuse_file(errors, path, at, strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return refuse_file(errors, path, at, "not a regular file");
    }
    return 0;
}

static char *read_all(struct arena *arena, FILE *from, size_t *out_n, const char **why)
{
    char *text = NULL;
    size_t n = 0, cap = 0;
    for (;;) {
        if (n + CHUNK > cap) {
            cap = cap ? 2 * cap : CHUNK;
            text = rs_xrealloc(text, cap);
        }
        size_t got = fread(text + n, 1, CHUNK, from);
        n += got;
        if (got < CHUNK || n > TEXT_MAX) {
            break;
        }
    }
    char *kept = NULL;
    if (ferror(from)) {
        *why = strerror(errno);
    } else if (n > TEXT_MAX) {
        *why = "larger than 4 MiB";
    } else {
        kept = RS_ARENA_ARRAY(arena, char, n + 1);
        memcpy(kept, text, n);
        *out_n = n;
    }
    free(text);
    return kept;
}

const char *rs_file_read(
    struct arena *arena, const char *path, struct mark at, size_t *out_n, struct err_list *errors)
{
    bool named = !at.file; /* on the command line: a pipe will do, and - is standard input */
    struct stat info;
    bool piped = named && stat(path, &info) == 0 && S_ISFIFO(info.st_mode);
    bool standard = named && strcmp(path, "-") == 0;
    if (!piped && !standard && rs_file_check(errors, path, at) != 0) {
        return NULL;
    }
    FILE *from = standard ? fdopen(dup(STDIN_FILENO), "rb") : fopen(path, "rb");
    if (!from) {
        refuse_file(errors, path, at, strerror(errno));
        return NULL;
    }
    const char *why = NULL;
    const char *text = read_all(arena, from, out_n, &why);
    fclose(from);
    if (!text) {
        refuse_file(errors, path, at, why);
    }
    return text;
}

static const struct text_override *find_override(const struct reader *r, const char *path)
{
    for (int i = 0; i < r->n_text; i++) {
        if (strcmp(r->text[i].path, path) == 0) {
            return &r->text[i];
        }
    }
    return NULL;
}

const char *rs_file_text(struct reader *r, const char *path, struct mark at, size_t *out_n)
{
    const struct text_override *given = find_override(r, path);
    char *copy = given ? RS_ARENA_ARRAY(r->arena, char, given->n + 1) : NULL;
    const char *text = copy ? copy : rs_file_read(r->arena, path, at, out_n, r->errors);
    if (!text) {
        return NULL;
    }
    if (copy) {
        memcpy(copy, given->text, given->n);
        *out_n = given->n;
    }
    rs_file_hash_text(r->hash, path, text, *out_n);
    RS_PUSH(r->arena, r->kept, r->n_kept, r->cap_kept, ((struct kept_text){path, text, *out_n}));
    return text;
}

const char *rs_file_folder(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    return rs_arena_strndup(arena, path, slash ? (size_t)(slash - path) + 1 : 0);
}

const char *rs_file_path(struct reader *r, const char *name, struct mark at)
{
    if (!r->folder) {
        rs_err_list_add(r->errors, RS_E_IO, at, "no other file can be read here, got \"%s\"", name);
        return NULL;
    }
    return name[0] == '/' ? name : rs_arena_printf(r->arena, "%s%s", r->folder, name);
}

int rs_file_hash_file(struct reader *r, const char *path, struct mark at)
{
    FILE *from = fopen(path, "rb");
    if (!from) {
        return refuse_file(r->errors, path, at, strerror(errno));
    }
    uint8_t chunk[4096];
    size_t got = 0;
    struct sha256_ctx own;
    sha256_init(&own);
    while ((got = fread(chunk, 1, sizeof(chunk), from)) > 0) {
        sha256_update(&own, got, chunk);
        sha256_update(&r->hash->sha, got, chunk);
    }
    bool failed = ferror(from) != 0;
    fclose(from);
    add_input(r->hash, path, &own);
    return failed ? refuse_file(r->errors, path, at, "reading failed") : 0;
}
