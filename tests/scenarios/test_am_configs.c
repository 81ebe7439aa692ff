/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Alertmanager files that the real program accepts are accepted, those that it refuses are refused with a place. The list is in
 * tests/oracle/am/configs.txt; oracle_am_configs measures it anew.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "changed.h"
#include "sim/arena.h"

enum { N_VERSION = 3, ENTRY_MAX = 400 };

struct entry {
    char name[64], want[N_VERSION + 1];
    const char *text; /* [n] in `whole` */
    size_t n;
};

static struct entry entry[ENTRY_MAX];
static int n_entry;
static char *whole;

/* "== NAME MASK [OURS: WHY]": ours counts where it is given. */
static void read_head(struct entry *e, const char *line, size_t n)
{
    char head[200], mask[8] = "", ours[8] = "";

    snprintf(head, sizeof(head), "%.*s", (int)n, line);
    int n_read = sscanf(head, "== %63s %7[+-] %3[+-]:", e->name, mask, ours);
    ck_assert_msg(n_read >= 2 && strlen(mask) == N_VERSION, "bad entry: %s", head);
    snprintf(e->want, sizeof(e->want), "%.3s", n_read == 3 ? ours : mask);
}

static void read_list(void)
{
    FILE *f = fopen(RS_SOURCE_DIR "/tests/oracle/am/configs.txt", "rb");
    const size_t cap = 1 << 20;

    ck_assert_ptr_nonnull(f);
    whole = rs_xcalloc(1, cap);
    ck_assert_uint_lt(fread(whole, 1, cap - 1, f), cap - 1);
    fclose(f);
    n_entry = 0;
    for (const char *line = whole; *line;) {
        size_t n = strcspn(line, "\n");

        if (strncmp(line, "== ", 3) == 0) {
            ck_assert_int_lt(n_entry, ENTRY_MAX);
            read_head(&entry[n_entry++], line, n);
            entry[n_entry - 1].text = line + n + 1;
            entry[n_entry - 1].n = 0;
        } else if (n_entry > 0) {
            entry[n_entry - 1].n += n + 1;
        }
        line += n + 1;
    }
}

/* Prints what is wrong, so that one run tells all of it. Returns whether nothing is. */
static bool judge(const struct entry *e, int version)
{
    struct arena *arena = rs_arena_new();
    struct err_list errors;
    bool good = true;

    rs_err_list_init(&errors);
    const struct am_config *read =
        rs_am_config_parse_as(arena, (enum am_version)version, "am.yml", e->text, e->n, &errors);
    if ((read != NULL) != (e->want[version] == '+')) {
        printf("%s: %s by %s, wanted %s\n", e->name, read ? "accepted" : errors.item[0].text,
               rs_am_version_names[version], e->want);
        good = false;
    }
    for (size_t i = 0; i < errors.n; i++) {
        if (errors.item[i].line < 1 || errors.item[i].col < 1) {
            printf("%s: no place: %s\n", e->name, errors.item[i].text);
            good = false;
        }
    }
    for (int i = 0; read && i < read->n_note; i++) {
        good = good && read->note[i].at.line > 0 && read->note[i].text[0];
    }
    rs_err_list_clear(&errors);
    rs_arena_free(arena);
    return good;
}

START_TEST(test_verdicts)
{
    int n_wrong = 0;

    read_list();
    ck_assert_int_gt(n_entry, 250);
    for (int i = 0; i < n_entry; i++) {
        n_wrong += !judge(&entry[i], _i);
    }
    ck_assert_int_eq(n_wrong, 0);
    free(whole);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, test_verdicts, 0, N_VERSION);
}

int main(void)
{
    return run_tests("am_configs", add);
}
