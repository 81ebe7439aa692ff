/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "options.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "sim/clock.h"

#define MAX_OPTION 32
/* Long options without a letter are told from letters by values above any char. */
#define FIRST_LONG 1000
/* getopt_long's code for a word that is no option. */
#define OPERAND 1

/* A whole number in decimal digits, min..max, with nothing before or behind it. */
static int
read_count(struct count_arg *out, const struct option_row *row, const char *text, struct err *err)
{
    errno = 0;
    char *end = NULL;
    unsigned long long value = isdigit((unsigned char)text[0]) ? strtoull(text, &end, 10) : 0;
    if (!end || *end || errno == ERANGE || value < row->min || value > row->max) {
        if (row->max == UINT64_MAX) {
            return rs_err_set(err, RS_E_USAGE, "--%s must be a whole number from %llu on, got '%s'",
                              row->name, (unsigned long long)row->min, text);
        }
        return rs_err_set(err, RS_E_USAGE, "--%s must be a whole number in %llu..%llu, got '%s'",
                          row->name, (unsigned long long)row->min, (unsigned long long)row->max,
                          text);
    }
    out->given = true;
    out->value = value;
    return 0;
}

static int add_traffic(struct cli_args *out, const char *text, struct err *err)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text || !equals[1]) {
        return rs_err_set(err, RS_E_USAGE,
                          "--traffic must be SERVICE=FILE or SERVICE/COHORT=FILE, got '%s'", text);
    }
    if (out->n_traffic == RS_MAX_TRAFFIC) {
        return rs_err_set(err, RS_E_USAGE, "--traffic is given more than %d times", RS_MAX_TRAFFIC);
    }
    out->traffic[out->n_traffic++] = text;
    return 0;
}

static int read_duration(struct duration_arg *out,
                         const struct option_row *row,
                         const char *text,
                         struct err *err)
{
    int64_t ns = 0;
    if (rs_duration_parse(&ns, text) != 0) {
        return rs_err_set(err, RS_E_USAGE, "--%s must be a duration like 15s or 5m, got '%s'",
                          row->name, text);
    }
    if (ns < (int64_t)row->min * RS_NS_PER_S || ns > (int64_t)row->max * RS_NS_PER_S ||
        ns % RS_NS_PER_MS != 0) {
        char least[40], most[40];
        return rs_err_set(
            err, RS_E_USAGE,
            row->positive ? "--%s must be above %s, at most %s, to the millisecond, got '%s'"
                          : "--%s must be in %s..%s, to the millisecond, got '%s'",
            row->name, rs_duration_format(least, sizeof(least), (int64_t)row->min * RS_NS_PER_S),
            rs_duration_format(most, sizeof(most), (int64_t)row->max * RS_NS_PER_S), text);
    }
    out->given = true;
    out->ns = ns;
    return 0;
}

static int
add_item(struct list_arg *out, const struct option_row *row, const char *text, struct err *err)
{
    if (!*text) {
        return rs_err_set(err, RS_E_USAGE, "--%s must not be empty", row->name);
    }
    if (out->n == RS_MAX_LIST) {
        return rs_err_set(err, RS_E_USAGE, "--%s is given more than %d times", row->name,
                          RS_MAX_LIST);
    }
    out->item[out->n++] = text;
    return 0;
}

static int
set_field(struct cli_args *out, const struct option_row *row, const char *text, struct err *err)
{
    void *field = (char *)out + row->offset;
    switch (row->kind) {
    case RS_OPTION_SWITCH: *(bool *)field = true; return 0;
    case RS_OPTION_TEXT:
        if (!*text) {
            return rs_err_set(err, RS_E_USAGE, "--%s must not be empty", row->name);
        }
        *(const char **)field = text;
        return 0;
    case RS_OPTION_COUNT: return read_count(field, row, text, err);
    case RS_OPTION_DURATION: return read_duration(field, row, text, err);
    case RS_OPTION_LIST: return add_item(field, row, text, err);
    case RS_OPTION_TRAFFIC: return add_traffic(out, text, err);
    }
    assert(!"every kind of option returns");
    return -1;
}

/* The word that getopt_long refused, as the user wrote it. */
static int unknown_option(const struct cmd *cmd, const char *word, int letter, struct err *err)
{
    if (strncmp(word, "--", 2) != 0) {
        return rs_err_set(err, RS_E_USAGE, "unknown option '-%c' of rollsim %s", letter, cmd->name);
    }
    const char *names[MAX_OPTION];
    for (int i = 0; i < cmd->n_option; i++) {
        names[i] = cmd->option[i].name;
    }
    int n_word = (int)strcspn(word, "=");
    char bare[64];
    snprintf(bare, sizeof bare, "%.*s", n_word - 2, word + 2);
    for (int i = 0; i < cmd->n_option; i++) {
        if (!cmd->option[i].arg && strcmp(bare, names[i]) == 0) {
            return rs_err_set(err, RS_E_USAGE, "option '--%s' takes no value", bare);
        }
    }
    const char *near = rs_near_name(bare, names, (size_t)cmd->n_option);
    return near ? rs_err_set(err, RS_E_USAGE,
                             "unknown option '%.*s' of rollsim %s (did you mean '--%s'?)", n_word,
                             word, cmd->name, near)
                : rs_err_set(err, RS_E_USAGE, "unknown option '%.*s' of rollsim %s", n_word, word,
                             cmd->name);
}

/* getopt's two tables, made from the rows. */
static void
make_tables(const struct cmd *cmd, char *letters, struct option *longs /* [n_option + 1] */)
{
    *letters++ = '-'; /* words are taken in order, operands too */
    *letters++ = ':'; /* a missing argument is told from an unknown option */
    for (int i = 0; i < cmd->n_option; i++) {
        const struct option_row *row = &cmd->option[i];
        longs[i] = (struct option){.name = row->name,
                                   .has_arg = row->arg ? required_argument : no_argument,
                                   .val = FIRST_LONG + i};
        if (row->letter) {
            *letters++ = row->letter;
            if (row->arg) {
                *letters++ = ':';
            }
        }
    }
    *letters = '\0';
    longs[cmd->n_option] = (struct option){.name = NULL};
}

static const struct option_row *row_of(const struct cmd *cmd, int got)
{
    if (got >= FIRST_LONG) {
        return &cmd->option[got - FIRST_LONG];
    }
    for (int i = 0; i < cmd->n_option; i++) {
        if (cmd->option[i].letter == got) {
            return &cmd->option[i];
        }
    }
    assert(!"getopt_long returns only what its tables hold");
    return NULL;
}

static int
add_operand(struct cli_args *out, const struct cmd *cmd, const char *word, struct err *err)
{
    if (out->n_operand == cmd->n_operand_max) {
        return rs_err_set(err, RS_E_USAGE, "rollsim %s: unexpected argument '%s'", cmd->name, word);
    }
    out->operand[out->n_operand++] = word;
    return 0;
}

/* getopt_long takes abbreviations; "verify --replica 17" must not become --replicas 17. */
static bool is_spelled_out(const char *word, const struct option_row *row)
{
    size_t n = strlen(row->name);
    return strncmp(word + 2, row->name, n) == 0 && (word[2 + n] == '\0' || word[2 + n] == '=');
}

/* What getopt_long made of `word`: an operand, a mistake, or a row of the table. */
static int
take_word(struct cli_args *out, const struct cmd *cmd, int got, const char *word, struct err *err)
{
    if (got == OPERAND) {
        return add_operand(out, cmd, optarg, err);
    }
    if (got == '?') {
        return unknown_option(cmd, word, optopt, err);
    }
    if (got == ':') {
        return rs_err_set(err, RS_E_USAGE, "option '%s' wants a value", word);
    }
    const struct option_row *row = row_of(cmd, got);
    if (got >= FIRST_LONG && !is_spelled_out(word, row)) {
        return unknown_option(cmd, word, 0, err);
    }
    return set_field(out, row, optarg, err);
}

int rs_options_parse(
    struct cli_args *out, const struct cmd *cmd, int argc, char **argv, struct err *err)
{
    assert(cmd->n_option < MAX_OPTION && cmd->n_operand_max <= RS_MAX_OPERAND);
    *out = (struct cli_args){0};
    char letters[2 * MAX_OPTION + 3];
    struct option longs[MAX_OPTION + 1];
    make_tables(cmd, letters, longs);
    opterr = 0;
    optind = 0; /* GNU: start anew */
    for (;;) {
        const char *word = argv[optind ? optind : 1];
        int got = getopt_long(argc, argv, letters, longs, NULL);
        if (got == -1) {
            break;
        }
        if (take_word(out, cmd, got, word, err)) {
            return -1;
        }
    }
    for (int i = optind; i < argc; i++) { /* behind "--" */
        if (add_operand(out, cmd, argv[i], err)) {
            return -1;
        }
    }
    /* A run that goes on knows its scenario. */
    if (!out->help && out->n_operand < cmd->n_operand_min && !out->resume) {
        return rs_err_set(err, RS_E_USAGE, "rollsim %s wants %s", cmd->name, cmd->args);
    }
    return 0;
}
