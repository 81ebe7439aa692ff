/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which expressions are accepted: several hundred, valid and not, with what `promtool check rules` of Prometheus 2.42, 2.53
 * and 3.5 says of each. A line of data/promql_accept.txt is three verdicts in that order, a blank, the expression:
 *   +  accepted by it and by us        -  refused by both
 *   u  accepted by it, refused by us as not supported (native histograms)
 *   f  accepted by it, but every evaluation fails: refused by us
 *   q  accepted by it by a quirk that we do not follow, refused by us (docs/promql.md says which)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "models/promql.h"

static const enum promql_dialect dialects[] = {RS_PROMQL_2_42, RS_PROMQL_2_53, RS_PROMQL_3};

/* 0 = as the line says. */
static int check(char verdict, enum promql_dialect dialect, const char *expr, int line)
{
    struct arena *arena = rs_arena_new();
    struct err err = {0};
    struct promql_text text = {expr, {"accept", line, 1}, 0, dialect};
    const struct promql *q = rs_promql_parse(arena, &text, &err);
    bool right = verdict == '+' ? q != NULL : q == NULL;

    if (q == NULL && (err.text[0] == '\0' || err.line < line)) {
        printf("line %d: refused without a word or place: %s\n", line, expr);
        right = false;
    }
    if (right && verdict == 'u' && err.code != RS_E_UNSUPPORTED) {
        right = false;
    }
    if (q != NULL && right) { /* what it prints means the same */
        const char *once = rs_promql_print(arena, q);
        struct promql_text again = {once, {"print", 1, 1}, 0, dialect};
        const struct promql *twice = rs_promql_parse(arena, &again, &err);

        if (twice == NULL || strcmp(rs_promql_print(arena, twice), once) != 0) {
            printf("line %d: prints as %s: %s\n", line, once, err.text);
            right = false;
        }
    }
    if (!right) {
        printf("line %d, %s: expected %c of %s, it is %s %s\n", line,
               rs_promql_dialect_names[dialect], verdict, expr,
               q != NULL ? "accepted" : "refused:", err.text);
    }
    rs_arena_free(arena);
    return !right;
}

int main(void)
{
    static char line[4096];
    FILE *f = fopen(DATA_DIR "/promql_accept.txt", "r");
    int n = 0, n_wrong = 0;

    if (f == NULL) {
        perror(DATA_DIR "/promql_accept.txt");
        return 1;
    }
    while (fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        n++;
        for (int i = 0; line[0] != '\0' && i < 3; i++) {
            n_wrong += check(line[i], dialects[i], line + 4, n);
        }
    }
    (void)fclose(f);
    printf("%d expressions in 3 dialects, %d wrong\n", n, n_wrong);
    return n_wrong != 0 || n < 700;
}
