/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "rules_args.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/clock.h"

int rs_args_dialect(enum promql_dialect *out, const struct cli_args *args, struct err *err)
{
    *out = RS_PROMQL_3;
    if (!args->prometheus) {
        return 0;
    }
    for (int d = 0; d < RS_PROMQL_DIALECT_N; d++) {
        if (strcmp(args->prometheus, rs_promql_dialect_names[d]) == 0) {
            *out = (enum promql_dialect)d;
            return 0;
        }
    }
    return rs_err_set(
        err, RS_E_USAGE,
        "--prometheus must be 2.42 (for releases up to 2.50), 2.53 (2.51 to 2.55) or 3 (3.x), "
        "got '%s'",
        args->prometheus);
}

int rs_args_interval(const struct cli_args *args, struct err *err)
{
    const struct {
        const char *name;
        const struct duration_arg *arg;
    } all[] = {{"evaluation-interval", &args->evaluation_interval},
               {"lookback", &args->lookback},
               {"scrape-interval", &args->scrape_interval}};
    for (int i = 0; i < 3; i++) {
        if (all[i].arg->given && all[i].arg->ns == 0) {
            return rs_err_set(err, RS_E_USAGE, "--%s must be longer than 0s", all[i].name);
        }
    }
    return 0;
}

struct paths {
    struct arena *arena;
    const char **path; /* [n], heap until it is whole */
    int n, cap;
};

static void add_path(struct paths *p, const char *path)
{
    if (p->n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 16;
        p->path = rs_xrealloc((void *)p->path, sizeof(*p->path) * (size_t)p->cap);
    }
    p->path[p->n++] = rs_arena_strdup(p->arena, path);
}

static void add_word(struct paths *p, const char *word, struct err_list *errors)
{
    struct stat about;
    glob_t found = {0};
    if (stat(word, &about) == 0 && S_ISDIR(about.st_mode)) {
        rs_err_list_add(errors, RS_E_USAGE, (struct mark){word, 0, 0},
                        "a folder; name its files, as in '%s%s*.yml'", word,
                        word[strlen(word) - 1] == '/' ? "" : "/");
    } else if (stat(word, &about) == 0 || !strpbrk(word, "*?[")) {
        add_path(p, word);
    } else if (glob(word, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            add_path(p, found.gl_pathv[i]);
        }
    } else {
        rs_err_list_add(errors, RS_E_USAGE, (struct mark){word, 0, 0},
                        "no file matches the pattern");
    }
    globfree(&found);
}

const char *const *rs_args_files(struct arena *arena,
                                 const struct list_arg *words,
                                 int *out_n,
                                 struct err_list *errors)
{
    struct paths p = {.arena = arena};
    for (int i = 0; i < words->n; i++) {
        add_word(&p, words->item[i], errors);
    }
    const char **out = RS_ARENA_ARRAY(arena, const char *, p.n);
    for (int i = 0; i < p.n; i++) {
        out[i] = p.path[i];
    }
    free((void *)p.path);
    *out_n = p.n;
    return out;
}

int64_t rs_args_ms(const struct duration_arg *arg, int64_t default_ms)
{
    return arg->given ? arg->ns / RS_NS_PER_MS : default_ms;
}
