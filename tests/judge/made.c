/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "made.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/load.h"
#include "sim/arena.h"

#define FOLDER RS_SOURCE_DIR "/tests/judge/scenarios/"

enum { TEXT = 1 << 16 };

static char *read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *text = rs_xcalloc(1, TEXT);
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_gt(fread(text, 1, TEXT - 1, f), 0);
    fclose(f);
    return text;
}

/* Puts the words in for a line; heap, the caller frees it. */
static char *filled(char *text, const char *line, const char *words)
{
    char *out = rs_xcalloc(1, TEXT), *at = strstr(text, line);
    ck_assert_ptr_nonnull(at);
    snprintf(out, TEXT, "%.*s%s%s", (int)(at - text), text, words, at + strlen(line));
    free(text);
    return out;
}

struct scenario *made_scenario(const struct made *m)
{
    char *text = read_text(FOLDER "canary.yaml.in");
    struct err_list errors;
    text = filled(text, "STAGES\n", m->stages ? m->stages : "    - {name: only, watch: 2h}\n");
    text = filled(text, "PROCEDURE\n", m->procedure ? m->procedure : "");
    text = filled(text, "JUDGES\n", m->judges ? m->judges : "");
    text = filled(text, "CLAIM\n",
                  m->claim ? m->claim
                           : "    probability: {outcome: rolled-back}\n"
                             "    given: all\n"
                             "    at_least: 10%\n");
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_parse(FOLDER "made.yaml", text, strlen(text), &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(sc);
    rs_err_list_clear(&errors);
    free(text);
    return sc;
}
