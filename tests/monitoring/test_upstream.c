/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Prometheus' own test data, v2.42.0 in the dialect 2.42 and v3.5.3 in 3, if it lies beside the source tree: every case that
 * the real program passes under its default options must pass here, but those of native histograms and experimental
 * functions. Beside the data lies what the real program made of each case.
 */
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "series_text.h"
#include "sim/clock.h"
#include "upstream_run.h"

#define DATA RS_SHARED_DIR "/promql-testdata"

/* Why a case is not run. */
enum skip {
    SKIP_NATIVE,       /* native histograms in its data, its functions or its result */
    SKIP_EXPERIMENTAL, /* the real program refuses it, too, under default options */
    SKIP_REAL_FAILS,   /* the real program fails it under default options */
    SKIP_STRING,       /* the result is a string */
    SKIP_MATRIX,       /* the result is a range vector */
    SKIP_RANGE_AT,     /* @ start() or end() of a range query, which rules do not know */
    SKIP_N
};
static const char *const skip_words[SKIP_N] = {"native histograms",
                                               "experimental",
                                               "real program fails by default",
                                               "result is a string",
                                               "result is a range vector",
                                               "@ of a range query"};

struct tally {
    int passed, failed, extra;
    int skipped[SKIP_N];
};

struct suite {
    const char *file;
    enum promql_dialect dialect;
    const json_t *oracle;
    struct label_table *labels;
    struct tsdb *db;
    rs_labels native[2000]; /* [n_native] series of native histograms since the last clear */
    int n_native;
    struct tally tally;
};

/* ---- small readers --------------------------------------------------------------------------- */

static int64_t read_time(const char *text)
{
    int64_t ns = 0;
    bool minus = *text == '-';
    double seconds;

    if (rs_duration_parse(&ns, text + minus) == 0) {
        return (minus ? -ns : ns) / RS_NS_PER_MS;
    }
    if (series_number(text, &seconds) == 0) {
        return (int64_t)(seconds * 1000.0);
    }
    printf("bad time %s\n", text);
    exit(1);
}

static char *next_word(char **p)
{
    char *start = *p + strspn(*p, " \t"), *end = start + strcspn(start, " \t");

    *p = end + (*end != '\0');
    *end = '\0';
    return start;
}

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* ---- one case -------------------------------------------------------------------------------- */

static const char *oracle_status(const struct suite *s, int line)
{
    size_t i;
    json_t *row;

    json_array_foreach(s->oracle, i, row)
    {
        if (json_integer_value(json_object_get(row, "line")) == line &&
            strcmp(json_string_value(json_object_get(row, "file")), s->file) == 0) {
            return json_string_value(json_object_get(row, "status"));
        }
    }
    return "";
}

static bool is_native(const struct suite *s, const struct upstream_case *tc, const struct promql *q)
{
    bool hit = false;

    for (int i = 0; i < tc->n; i++) {
        hit = hit || strstr(tc->expected[i], "{{") != NULL;
    }
    for (int i = 0; i < s->n_native && q != NULL && !hit; i++) {
        hit = upstream_selects(q, s->labels, s->native[i]);
    }
    return hit;
}

/* The reason to leave the case out, or SKIP_N. */
static enum skip reason(const struct suite *s,
                        const struct upstream_case *tc,
                        const struct promql *q,
                        const struct err *err)
{
    if (starts(oracle_status(s, tc->line), "FAIL")) {
        return strstr(oracle_status(s, tc->line), "experimental") != NULL ||
                       strstr(oracle_status(s, tc->line), "is not enabled") != NULL ||
                       strstr(oracle_status(s, tc->line), "is not e") != NULL
                   ? SKIP_EXPERIMENTAL
                   : SKIP_REAL_FAILS;
    }
    if (q == NULL && err->code == RS_E_UNSUPPORTED) {
        return strstr(err->text, "native") != NULL ? SKIP_NATIVE : SKIP_EXPERIMENTAL;
    }
    if (is_native(s, tc, q)) {
        return SKIP_NATIVE;
    }
    if (q != NULL && rs_promql_type(q) == RS_PQL_STRING) {
        return SKIP_STRING;
    }
    if (q != NULL && rs_promql_type(q) == RS_PQL_MATRIX) {
        return SKIP_MATRIX;
    }
    if (tc->range && (strstr(tc->expr, "start()") != NULL || strstr(tc->expr, "end()") != NULL)) {
        return SKIP_RANGE_AT;
    }
    return SKIP_N;
}

static void run_case(struct suite *s, struct upstream_case *tc)
{
    struct arena *arena = rs_arena_new();
    struct err err = {0};
    struct promql_text text = {tc->expr, {s->file, tc->line, 1}, 0, s->dialect};
    const struct promql *q = rs_promql_parse(arena, &text, &err);
    enum skip why = reason(s, tc, q, &err);
    bool right = true;

    if (why != SKIP_N) {
        s->tally.skipped[why]++;
        rs_arena_free(arena);
        return;
    }
    if (q != NULL) {
        right = upstream_run(s->db, tc, q);
    } else if (!tc->fails) {
        printf("FAIL %s:%d: %s\n    column %d: %s\n", s->file, tc->line, tc->expr, err.col,
               err.text);
        right = false;
    }
    s->tally.passed += right;
    s->tally.failed += !right;
    s->tally.extra += tc->n_extra;
    rs_arena_free(arena);
}

/* ---- commands -------------------------------------------------------------------------------- */

static void clear(struct suite *s)
{
    rs_tsdb_free(s->db);
    rs_label_table_free(s->labels);
    s->labels = rs_label_table_new();
    s->db = rs_tsdb_new(s->labels);
    s->n_native = 0;
}

/* A native series; of classic buckets it is x instead of x_bucket{le}. */
static void note_native(struct suite *s, const char *line, bool buckets)
{
    rs_labels set = series_labels(s->labels, line);
    const char *metric = rs_labels_get(s->labels, set, "__name__");
    const char *suffix = strstr(metric, "_bucket");

    if (buckets && suffix != NULL) {
        struct label label[64];
        char base[200];
        int n = 0;

        (void)snprintf(base, sizeof base, "%.*s", (int)(suffix - metric), metric);
        for (int i = 0; i < rs_labels_count(s->labels, set); i++) {
            label[n] = rs_labels_at(s->labels, set, i);
            if (strcmp(label[n].name, "__name__") == 0) {
                label[n].value = base;
            }
            n += strcmp(label[n].name, "le") != 0;
        }
        set = rs_labels_intern(s->labels, n, label);
    }
    if (s->n_native < (int)(sizeof s->native / sizeof s->native[0])) {
        s->native[s->n_native++] = set;
    }
}

/* A series that comes twice in one block: the later line counts. */
static bool comes_again(struct suite *s, char **line, int i, int n)
{
    rs_labels set = series_labels(s->labels, line[i]);

    for (int j = i + 1; j < n; j++) {
        if (series_labels(s->labels, line[j]) == set) {
            return true;
        }
    }
    return false;
}

/* load_with_nhcb makes native histograms of the classic ones, beside them. */
static void load(struct suite *s, int64_t step_ms, bool nhcb, char **line, int n)
{
    for (int i = 0; i < n; i++) {
        bool native = strstr(series_split(line[i]), "{{") != NULL;

        if (native || nhcb) {
            note_native(s, line[i], nhcb);
        }
        if (!native && !comes_again(s, line, i, n)) {
            (void)series_load(s->db, line[i], 0, step_ms);
        }
    }
}

static void read_expectations(struct upstream_case *tc, char **line, int n)
{
    for (int i = 0; i < n; i++) {
        if (starts(line[i], "expected_fail")) {
            break;
        }
        if (starts(line[i], "expect ")) {
            tc->fails = tc->fails || starts(line[i], "expect fail");
            tc->ordered = tc->ordered || starts(line[i], "expect ordered");
            continue;
        }
        if (series_number(line[i], &tc->number) == 0) {
            tc->scalar = true;
            break;
        }
        tc->expected[tc->n++] = line[i];
    }
}

static void evaluate(struct suite *s, char *text, int number, char **line, int n)
{
    static struct upstream_case tc;
    char *p = text, *word = next_word(&p);

    tc = (struct upstream_case){.file = s->file,
                                .line = number,
                                .fails = starts(word, "eval_fail"),
                                .ordered = starts(word, "eval_ordered"),
                                .step_ms = 1};
    word = next_word(&p);
    if (strcmp(word, "range") == 0) {
        tc.range = true;
        (void)next_word(&p);
        tc.start_ms = read_time(next_word(&p));
        (void)next_word(&p);
        tc.end_ms = read_time(next_word(&p));
        (void)next_word(&p);
        tc.step_ms = read_time(next_word(&p));
    } else {
        (void)next_word(&p);
        tc.start_ms = tc.end_ms = read_time(next_word(&p));
    }
    tc.expr = p;
    read_expectations(&tc, line, n);
    run_case(s, &tc);
}

static void trim(char *line)
{
    size_t n = strlen(line), skip = strspn(line, " \t\r");

    while (n > skip && isspace((unsigned char)line[n - 1])) {
        n--;
    }
    memmove(line, line + skip, n - skip);
    line[n - skip] = '\0';
    if (line[0] == '#') {
        line[0] = '\0';
    }
}

static void run_lines(struct suite *s, char **line, int n)
{
    clear(s);
    for (int i = 0; i < n; i++) {
        int end = i + 1;

        while (end < n && line[end][0] != '\0') {
            end++;
        }
        if (strcmp(line[i], "clear") == 0) {
            clear(s);
            continue;
        }
        if (line[i][0] == '\0') {
            continue;
        }
        if (starts(line[i], "load")) {
            load(s, read_time(strpbrk(line[i], " \t") + 1), starts(line[i], "load_with_nhcb"),
                 line + i + 1, end - i - 1);
        } else {
            evaluate(s, line[i], i + 1, line + i + 1, end - i - 1);
        }
        i = end - 1;
    }
    rs_tsdb_free(s->db);
    rs_label_table_free(s->labels);
}

static void add(struct tally *sum, const struct tally *t)
{
    sum->passed += t->passed;
    sum->failed += t->failed;
    sum->extra += t->extra;
    for (int i = 0; i < SKIP_N; i++) {
        sum->skipped[i] += t->skipped[i];
    }
}

static void print_tally(const char *what, const struct tally *t)
{
    const char *before = "; skipped: ";

    printf("%-24s %4d passed %d failed (%d evaluations more)", what, t->passed, t->failed,
           t->extra);
    for (int i = 0; i < SKIP_N; i++) {
        if (t->skipped[i] > 0) {
            printf("%s%d %s", before, t->skipped[i], skip_words[i]);
            before = ", ";
        }
    }
    printf("\n");
}

/* -1 if there is no such file. */
static int run_file(struct suite *s, const char *version, const char *name, struct tally *sum)
{
    static char *line[4000];
    char path[1024], buf[65536];
    int n = 0;
    FILE *f;

    (void)snprintf(path, sizeof path, "%s/%s/%s", DATA, version, name);
    f = fopen(path, "r");
    if (f == NULL) {
        return -1;
    }
    while (n < 4000 && fgets(buf, sizeof buf, f) != NULL) {
        trim(buf);
        line[n++] = strdup(buf);
    }
    (void)fclose(f);
    s->file = name;
    s->tally = (struct tally){0};
    run_lines(s, line, n);
    s->labels = NULL;
    s->db = NULL;
    print_tally(name, &s->tally);
    add(sum, &s->tally);
    for (int i = 0; i < n; i++) {
        free(line[i]);
    }
    return 0;
}

/* All files of a version. Returns 77 if they are not there, 1 if a case fails or too few run. */
static int run_version(const char *version, enum promql_dialect dialect, int least)
{
    static const char *const files[] = {"literals",
                                        "selectors",
                                        "staleness",
                                        "operators",
                                        "aggregators",
                                        "collision",
                                        "functions",
                                        "histograms",
                                        "subquery",
                                        "at_modifier",
                                        "trig_functions",
                                        "range_queries",
                                        "limit",
                                        "type_and_unit",
                                        "native_histograms",
                                        "name_label_dropping",
                                        "duration_expression"};
    char path[1024];
    struct suite *s = calloc(1, sizeof *s);
    struct tally sum = {0};
    json_error_t error;
    json_t *oracle;

    (void)snprintf(path, sizeof path, "%s/oracle-default-options-%s.json", DATA, version);
    oracle = json_load_file(path, 0, &error);
    if (oracle == NULL) {
        printf("skipped: no %s\n", path);
        free(s);
        return 77;
    }
    s->oracle = oracle;
    s->dialect = dialect;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char name[64];

        (void)snprintf(name, sizeof name, "%s.test", files[i]);
        (void)run_file(s, version, name, &sum);
    }
    print_tally(version, &sum);
    json_decref(oracle);
    free(s);
    /* Fewer would mean that the runner skips what it used to run. */
    return sum.failed == 0 && sum.passed >= least ? 0 : 1;
}

int main(void)
{
    int old = run_version("v2.42.0", RS_PROMQL_2_42, 566);
    int new = run_version("v3.5.3", RS_PROMQL_3, 797);

    return old == 1 || new == 1 ? 1 : old != 0 ? old : new;
}
