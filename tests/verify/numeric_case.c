/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "numeric_case.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenarios/load.h"
#include "sim/arena.h"

static const char *const ours[] = {
    "alert-later",       "alert-laxer",   "ambiguous-statistic",
    "contradiction",     "cries-wolf",    "dilution",
    "grey-zone",         "outage-hidden", "ratio-without-denominator",
    "too-little-traffic"};

bool numeric_is_ours(const struct finding *f)
{
    for (int i = 0; i < N_ROW(ours); i++) {
        if (strcmp(f->code->name, ours[i]) == 0)
            return true;
    }
    return false;
}

/* ---- files ---- */

static char folder[64];

static char *slurp(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", DATA_DIR, name);
    FILE *f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s", path);
    char *text = rs_xcalloc(1, 65536);
    size_t n = fread(text, 1, 65535, f);
    ck_assert(n > 0 && n < 65535);
    fclose(f);
    return text;
}

static void spit(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    ck_assert(f != NULL);
    fputs(text, f);
    fclose(f);
}

char *numeric_changed(char *text, const struct change *c)
{
    char *at = strstr(text, c->find);
    ck_assert_msg(at != NULL, "no \"%s\"", c->find);
    char *out = rs_xcalloc(1, strlen(text) + strlen(c->with) + 1);
    memcpy(out, text, (size_t)(at - text));
    strcat(strcat(out, c->with), at + strlen(c->find));
    free(text);
    return out;
}

int numeric_line_of(const char *text, const char *words)
{
    const char *at = strstr(text, words);
    ck_assert_msg(at != NULL, "no \"%s\"", words);
    int line = 1;
    for (const char *p = text; p < at; p++)
        line += *p == '\n';
    return line;
}

struct numeric_case numeric;

void numeric_begin(void)
{
    snprintf(folder, sizeof folder, "numeric-XXXXXX");
    ck_assert(mkdtemp(folder) != NULL);
    numeric.sc = NULL;
    numeric.found = NULL;
    numeric.yaml = slurp("base.yaml");
    numeric.alerts = slurp("alerts.yml");
}

void numeric_end(void)
{
    char path[128];
    rs_findings_free(numeric.found);
    rs_scenario_free(numeric.sc);
    free(numeric.yaml);
    free(numeric.alerts);
    snprintf(path, sizeof path, "%s/alerts.yml", folder);
    unlink(path);
    rmdir(folder);
}

void numeric_run(void)
{
    struct err_list errors;
    char path[128];
    rs_err_list_init(&errors);
    spit("alerts.yml", numeric.alerts);
    snprintf(path, sizeof path, "%s/base.yaml", folder);
    numeric.sc = rs_scenario_parse(path, numeric.yaml, strlen(numeric.yaml), &errors);
    rs_err_list_print(&errors, stderr);
    ck_assert_msg(numeric.sc != NULL, "the changed files do not load");
    rs_err_list_clear(&errors);
    numeric.found = rs_check_run(numeric.sc);
}

char *numeric_listed(void)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    for (int i = 0; i < numeric.found->n; i++) {
        if (numeric_is_ours(&numeric.found->item[i]))
            fprintf(f, "\n  %s:%d: %s [%s]", numeric.found->item[i].at.file,
                    numeric.found->item[i].at.line, numeric.found->item[i].text,
                    numeric.found->item[i].code->name);
    }
    fclose(f);
    return text;
}
