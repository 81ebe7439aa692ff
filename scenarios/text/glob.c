/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Source: path/filepath of Go, match.go, Match and Glob; path.go, Clean. */
#include "glob.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../reader.h"

/* ---- one name ---- */

/* The character at p, which is not at the end; a byte that begins none stands for itself, as U+FFFD. */
static unsigned take_character(const char **p)
{
    const unsigned char *s = (const unsigned char *)*p;
    int n = s[0] < 0x80 ? 0 : s[0] >= 0xf0 ? 3 : s[0] >= 0xe0 ? 2 : 1;
    unsigned c = n == 0 ? s[0] : s[0] & (0x3fU >> n);
    (*p)++;
    if (n > 0 && (s[0] < 0xc2 || s[0] > 0xf4)) {
        return 0xfffd;
    }
    for (int i = 1; i <= n; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            return 0xfffd;
        }
        c = c << 6 | (s[i] & 0x3fU);
    }
    *p += n;
    return c;
}

/* One end of a range in brackets. False where none stands. */
static bool take_range_end(const char **p, unsigned *out)
{
    if (**p == '\0' || **p == '-' || **p == ']') {
        return false;
    }
    *p += **p == '\\';
    if (**p == '\0') {
        return false;
    }
    *out = take_character(p);
    return **p != '\0';
}

/* Brackets at p, which is moved behind them. -1 when they are malformed, else whether c is among them. */
static int take_brackets(const char **p, unsigned c)
{
    bool found = false, first = true;
    (*p)++;
    bool negated = **p == '^';
    for (*p += negated; first || **p != ']'; first = false) {
        unsigned low = 0, high = 0;
        if (!take_range_end(p, &low)) {
            return -1;
        }
        high = low;
        if (**p == '-') {
            (*p)++;
            if (!take_range_end(p, &high)) {
                return -1;
            }
        }
        found = found || (low <= c && c <= high);
    }
    (*p)++;
    return found != negated;
}

static bool is_well_formed(const char *p)
{
    while (*p) {
        if (*p == '[') {
            if (take_brackets(&p, 0) < 0) {
                return false;
            }
            continue;
        }
        p += *p == '\\';
        if (*p == '\0') {
            return false;
        }
        p++;
    }
    return true;
}

/* One thing of a well-formed pattern against one character; both are moved on. */
static bool match_one(const char **p, const char **name)
{
    if (**p == '[') {
        return take_brackets(p, take_character(name)) == 1;
    }
    if (**p == '?') {
        (*p)++;
        take_character(name);
        return true;
    }
    *p += **p == '\\';
    return *(*p)++ == *(*name)++;
}

/* Of several stars only the last one has to be tried again: whatever an earlier one took, the later can take as well. */
static bool matches(const char *p, const char *name)
{
    const char *star = NULL, *taken = NULL;
    while (*name || *p) {
        if (*p == '*') {
            star = ++p;
            taken = name;
            continue;
        }
        if (*p && *name && match_one(&p, &name)) {
            continue;
        }
        if (!star || !*taken) {
            return false;
        }
        p = star;
        name = ++taken; /* by bytes, as Go has it */
    }
    return true;
}

/* ---- paths ---- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *join(struct arena *arena, const char *folder, const char *name)
{
    size_t n = strlen(folder);
    return rs_arena_printf(arena, "%s%s%s", folder, n == 0 || folder[n - 1] == '/' ? "" : "/",
                           name);
}

/* The entries of a folder ("" is the one that we are in) whose names match; "." and ".." are none. */
static void
match_folder(struct arena *arena, const char *folder, const char *pattern, struct glob_paths *out)
{
    int n_before = out->n;
    DIR *dir = opendir(*folder ? folder : ".");
    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            matches(pattern, entry->d_name)) {
            const char *path = join(arena, folder, entry->d_name);
            RS_PUSH(arena, out->at, out->n, out->cap, path);
        }
    }
    if (dir) {
        closedir(dir);
    }
    if (out->n - n_before > 1) {
        qsort(out->at + n_before, (size_t)(out->n - n_before), sizeof(*out->at), by_text);
    }
}

/* A slash within brackets ends them: names are matched one by one. */
static bool parts_are_well_formed(struct arena *arena, const char *pattern)
{
    for (const char *p = pattern; *p;) {
        size_t n = strcspn(p, "/");
        if (!is_well_formed(rs_arena_strndup(arena, p, n))) {
            return false;
        }
        p += n + (p[n] == '/');
    }
    return is_well_formed(pattern);
}

int rs_glob(struct arena *arena, const char *pattern, struct glob_paths *out)
{
    struct stat about;
    size_t n_plain = strcspn(pattern, "*?[\\");
    if (!parts_are_well_formed(arena, pattern)) {
        return -1;
    }
    if (pattern[n_plain] == '\0') {
        if (lstat(pattern, &about) == 0) {
            RS_PUSH(arena, out->at, out->n, out->cap, pattern);
        }
        return 0;
    }
    while (n_plain > 0 && pattern[n_plain - 1] != '/') {
        n_plain--;
    }
    struct glob_paths folders = {0};
    const char *first = rs_arena_strndup(arena, pattern, n_plain), *p = pattern + n_plain;
    RS_PUSH(arena, folders.at, folders.n, folders.cap, first);
    for (;;) {
        size_t n = strcspn(p, "/");
        const char *part = rs_arena_strndup(arena, p, n);
        struct glob_paths found = {0};
        for (int i = 0; i < folders.n; i++) {
            match_folder(arena, folders.at[i], part, p[n] ? &found : out);
        }
        if (p[n] == '\0') {
            return 0;
        }
        folders = found;
        p += n + 1;
    }
}

const char *rs_path_clean(struct arena *arena, const char *path)
{
    bool rooted = *path == '/';
    char *out = RS_ARENA_ARRAY(arena, char, strlen(path) + 2);
    size_t n = 0, kept = 0; /* out[0..kept) is what ".." cannot take back */
    for (const char *p = path; *p;) {
        size_t length = strcspn(p, "/");
        bool up = length == 2 && memcmp(p, "..", 2) == 0;
        if (up && n > kept) {
            while (n > kept && out[n - 1] != '/') {
                n--;
            }
            n -= n > kept;
        } else if (length > 0 && !(length == 1 && *p == '.') && !(up && rooted)) {
            if (n > 0) {
                out[n++] = '/';
            }
            memcpy(out + n, p, length);
            n += length;
            kept = up ? n : kept;
        }
        p += length + (p[length] == '/');
    }
    out[n] = '\0';
    return rooted ? rs_arena_printf(arena, "/%s", out) : n == 0 ? "." : out;
}
