/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Our Alertmanager over a script, for the differential tests. Times are seconds.
 *
 *   am_run run VERSION STARTED UNIX_S CONFIG SCRIPT    the script's notifications, one a line: time, receiver, group, who
 *   am_run routes VERSION CONFIG SETS                  the receivers of each label set (one a line), joined by commas
 *
 * A script is lines of words with tabs between them, in the order of time:
 *   post    TIME STARTS ENDS NAME=VALUE...     ENDS "-": without an end
 *   silence FROM UNTIL NAME OP VALUE...        OP one of = != =~ !~
 *   end     TIME
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/alertmanager.h"
#include "scenarios/load.h"
#include "sim/arena.h"
#include "sim/clock.h"

enum { WORDS_MAX = 64, SILENCES_MAX = 200 };

struct words {
    char *word[WORDS_MAX];
    int n;
};

static struct arena *arena;

static void stop(const char *what, const char *name)
{
    fprintf(stderr, "am_run: %s %s\n", what, name);
    exit(2);
}

static char *read_file(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    const size_t cap = 8 << 20;
    char *text = rs_arena_alloc(arena, cap);

    if (!f) {
        stop("cannot read", path);
    }
    *n = fread(text, 1, cap - 1, f);
    fclose(f);
    return text;
}

static const struct am_config *read_config(enum am_version version, const char *path)
{
    struct err_list errors;
    size_t n;
    const char *text = read_file(path, &n);

    rs_err_list_init(&errors);
    const struct am_config *config = rs_am_config_parse_as(arena, version, path, text, n, &errors);
    rs_err_list_print(&errors, stderr);
    rs_err_list_clear(&errors);
    if (!config) {
        stop("refused", path);
    }
    return config;
}

static enum am_version read_version(const char *text)
{
    for (int i = 0; rs_am_version_names[i]; i++) {
        if (strcmp(text, rs_am_version_names[i]) == 0) {
            return (enum am_version)i;
        }
    }
    stop("unknown version", text);
    return RS_AM_0_33;
}

/* Cuts the next line off; its words lie between tabs. False at the end of the text. */
static bool next_line(char **text, struct words *w)
{
    w->n = 0;
    if (**text == '\0') {
        return false;
    }
    char *end = *text + strcspn(*text, "\n"), *p = *text;
    *text = *end ? end + 1 : end;
    *end = '\0';
    while (w->n < WORDS_MAX && *p) {
        w->word[w->n++] = p;
        p += strcspn(p, "\t");
        if (*p) {
            *p++ = '\0';
        }
    }
    return true;
}

static int64_t to_ns(const char *text)
{
    return rs_ns_from_s(strtod(text, NULL));
}

static rs_labels to_labels(struct label_table *labels, char **word, int n)
{
    struct label set[WORDS_MAX];

    for (int i = 0; i < n; i++) {
        char *equals = strchr(word[i], '=');

        if (!equals) {
            stop("no label:", word[i]);
        }
        *equals = '\0';
        set[i] = (struct label){word[i], equals + 1};
    }
    return rs_labels_intern(labels, n, set);
}

/* ---- run ---- */

static struct label_table *labels;

static void print_sets(const char *what, const rs_labels *set, int n)
{
    char text[2000];

    for (int i = 0; i < n; i++) {
        printf("\t%s %s", what, rs_labels_format(text, sizeof text, labels, set[i]));
    }
}

static void print(void *ctx, int64_t now_ns, const struct am_notification *n)
{
    char text[2000];

    (void)ctx;
    printf("%.6f\t%s\t%s", rs_s_from_ns(now_ns), n->receiver,
           rs_labels_format(text, sizeof text, labels, n->group_key));
    print_sets("firing", n->firing, n->n_firing);
    print_sets("resolved", n->resolved, n->n_resolved);
    printf("\n");
}

static void run_until(struct alertmanager *am, int64_t until_ns)
{
    int64_t last_ns = 0;

    for (int64_t next; (next = rs_am_next(am)) <= until_ns;) {
        last_ns = next > last_ns ? next : last_ns;
        rs_am_tick(am, last_ns, print, NULL);
    }
}

static void do_post(struct alertmanager *am, struct words *w)
{
    int64_t now_ns = to_ns(w->word[1]);

    run_until(am, now_ns);
    rs_am_post(am, now_ns, to_labels(labels, w->word + 4, w->n - 4), to_ns(w->word[2]),
               strcmp(w->word[3], "-") == 0 ? RS_NEVER : to_ns(w->word[3]));
    run_until(am, now_ns);
}

static struct am_silence to_silence(const struct words *w)
{
    static const char *const ops[] = {"=", "!=", "=~", "!~"}; /* enum match_op */
    struct am_silence s = {.from_ns = to_ns(w->word[1]), .until_ns = to_ns(w->word[2])};
    struct am_matcher *m = RS_ARENA_ARRAY(arena, struct am_matcher, w->n);

    for (int i = 3; i + 2 < w->n; i += 3) {
        m[s.n_matcher].name = w->word[i];
        m[s.n_matcher].value = w->word[i + 2];
        for (int op = 0; op < 4; op++) {
            if (strcmp(w->word[i + 1], ops[op]) == 0) {
                m[s.n_matcher].op = (enum match_op)op;
            }
        }
        s.n_matcher++;
    }
    s.matcher = m;
    return s;
}

static int run(char **arg)
{
    struct am_silence silence[SILENCES_MAX];
    struct am_settings settings = rs_am_settings_default();
    struct alertmanager *am = NULL;
    struct words w;
    size_t n;

    settings.version = read_version(arg[0]);
    settings.started_ns = to_ns(arg[1]);
    settings.starts_unix_ns = (int64_t)(strtod(arg[2], NULL) * 1e6) * 1000;
    settings.silence = silence;
    const struct am_config *config = read_config(settings.version, arg[3]);
    char *text = read_file(arg[4], &n);
    while (next_line(&text, &w)) {
        if (w.n > 0 && strcmp(w.word[0], "silence") == 0) {
            if (am || settings.n_silence == SILENCES_MAX) {
                stop("silences stand first", arg[4]);
            }
            silence[settings.n_silence++] = to_silence(&w);
            continue;
        }
        am = am ? am : rs_am_new(config, &settings, labels);
        if (w.n > 3 && strcmp(w.word[0], "post") == 0) {
            do_post(am, &w);
        } else if (w.n == 2 && strcmp(w.word[0], "end") == 0) {
            run_until(am, to_ns(w.word[1]));
        } else {
            stop("bad line in", arg[4]);
        }
    }
    rs_am_free(am);
    return 0;
}

/* ---- routes ---- */

static void print_receiver(void *ctx, const struct am_route *route)
{
    int *n = ctx;

    printf("%s%s", (*n)++ > 0 ? "," : "", route->receiver);
}

static int routes(char **arg)
{
    struct am_settings settings = rs_am_settings_default();
    struct words w;
    size_t n_text;

    settings.version = read_version(arg[0]);
    struct alertmanager *am = rs_am_new(read_config(settings.version, arg[1]), &settings, labels);
    char *text = read_file(arg[2], &n_text);
    while (next_line(&text, &w)) {
        int n = 0;

        rs_am_routes_of(am, to_labels(labels, w.word, w.n), print_receiver, &n);
        printf("\n");
    }
    rs_am_free(am);
    return 0;
}

int main(int argc, char **argv)
{
    int status = 2;

    arena = rs_arena_new();
    labels = rs_label_table_new();
    if (argc == 7 && strcmp(argv[1], "run") == 0) {
        status = run(argv + 2);
    } else if (argc == 5 && strcmp(argv[1], "routes") == 0) {
        status = routes(argv + 2);
    } else {
        fprintf(stderr,
                "am_run: run VERSION STARTED UNIX_S CONFIG SCRIPT | routes VERSION CONFIG SETS\n");
    }
    rs_label_table_free(labels);
    rs_arena_free(arena);
    return status;
}
