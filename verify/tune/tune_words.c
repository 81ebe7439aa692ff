/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tune/tune_words.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report_words.h"
#include "sim/clock.h"
#include "verify/report.h"
#include "words.h"

const char *rs_tune_type_name(enum tune_type t)
{
    switch (t) {
    case RS_TUNE_NUMBER: return "number";
    case RS_TUNE_RATIO: return "ratio";
    case RS_TUNE_DURATION: return "duration";
    case RS_TUNE_COUNT: return "count";
    case RS_TUNE_WORD: return "word";
    }
    assert(!"a parameter of no type");
    return "";
}

const char *rs_tune_stat_name(enum tune_stat s)
{
    switch (s) {
    case RS_STAT_MISS: return "miss";
    case RS_STAT_PROBABILITY: return "probability";
    case RS_STAT_MEAN: return "mean";
    case RS_STAT_QUANTILE: return "quantile";
    case RS_STAT_RATE: return "rate";
    }
    assert(!"an objective of no kind");
    return "";
}

/* ---- objectives -------------------------------------------------------------------------------------------------------- */

static bool has_unit(const struct tune_objective *o, const char *unit)
{
    return o->unit && strcmp(o->unit, unit) == 0;
}

bool rs_objective_is_ratio(const struct tune_objective *o)
{
    return !o->unit || has_unit(o, "") || has_unit(o, "ratio") || has_unit(o, "budgets");
}

/* Three digits that say something, without an exponent: "0.312", "0.0000753", "1.2". */
static char *digits(char *buf, size_t n, double x)
{
    int lead = x == 0.0 ? 0 : (int)floor(log10(fabs(x)));
    int decimals = lead >= 2 ? 0 : lead < -9 ? 11 : 2 - lead;
    snprintf(buf, n, "%.*f", decimals, x);
    for (char *end = buf + strlen(buf); decimals > 0 && end[-1] == '0'; decimals--)
        *--end = '\0';
    size_t length = strlen(buf);
    if (length > 0 && buf[length - 1] == '.')
        buf[length - 1] = '\0';
    return buf;
}

char *rs_objective_human(char *buf, size_t n, const struct tune_objective *o, double value)
{
    if (has_unit(o, "s"))
        return rs_seconds_human(buf, n, value);
    if (isnan(value))
        snprintf(buf, n, "-");
    else if (isinf(value))
        snprintf(buf, n, "unbounded");
    else if (rs_objective_is_ratio(o))
        return rs_percent_human(buf, n, value);
    else
        return digits(buf, n, value);
    return buf;
}

char *rs_tune_estimate_told(char *buf,
                            size_t n,
                            const struct tune_objective *o,
                            const struct tune_estimate *e)
{
    char value[32], low[32], high[32];
    rs_objective_human(value, sizeof value, o, e->value);
    if (isnan(e->value))
        snprintf(buf, n, "-");
    else if (isnan(e->low) || isnan(e->high))
        snprintf(buf, n, "%s", value);
    else
        snprintf(buf, n, "%s [%s, %s]", value, rs_objective_human(low, sizeof low, o, e->low),
                 rs_objective_human(high, sizeof high, o, e->high));
    return buf;
}

/* With its sign; of ratios the points of a hundred. */
static char *signed_human(char *buf, size_t n, const struct tune_objective *o, double x)
{
    const char *sign = x < 0.0 ? "−" : x > 0.0 ? "+" : "";
    char plain[32];
    if (isinf(x))
        snprintf(buf, n, "%s∞", sign);
    else if (rs_objective_is_ratio(o))
        snprintf(buf, n, "%s%s", sign, digits(plain, sizeof plain, 100.0 * fabs(x)));
    else
        snprintf(buf, n, "%s%s", sign, rs_objective_human(plain, sizeof plain, o, fabs(x)));
    return buf;
}

char *rs_tune_difference_told(char *buf,
                              size_t n,
                              const struct tune_objective *o,
                              const struct tune_estimate *e)
{
    char value[40], low[40], high[40];
    if (isnan(e->value))
        snprintf(buf, n, "-");
    else
        snprintf(buf, n, "%s%s [%s, %s]", signed_human(value, sizeof value, o, e->value),
                 rs_objective_is_ratio(o) ? " points" : "",
                 signed_human(low, sizeof low, o, e->low),
                 signed_human(high, sizeof high, o, e->high));
    return buf;
}

const char *rs_objective_unit_behind(struct arena *arena, const struct tune_objective *o)
{
    if (rs_objective_is_ratio(o) || has_unit(o, "s"))
        return "";
    return rs_arena_printf(arena, " %s", o->unit);
}

const char *rs_objective_head(struct arena *arena, const struct tune_objective *o)
{
    const char *unit = rs_objective_unit_behind(arena, o);
    if (!*unit || strncmp(unit + 1, o->name, strlen(o->name)) == 0)
        return *unit ? unit + 1 : o->name;
    return rs_arena_printf(arena, "%s,%s", o->name, unit);
}

int rs_tune_difference_side(const struct tune_estimate *d)
{
    return d->high < 0.0 ? -1 : d->low > 0.0 ? 1 : 0; /* NaN: neither */
}

int rs_tune_estimate_side(const struct tune_estimate *e, const struct tune_estimate *than)
{
    return e->high < than->low ? -1 : e->low > than->high ? 1 : 0;
}

/* ---- claims ------------------------------------------------------------------------------------------------------------ */

/* Claims keep times in ns, estimates tell them in seconds. */
static double as_kept(const struct claim *c, double x)
{
    return c->kind != RS_CLAIM_PROBABILITY && rs_claim_is_time(c) ? x * (double)RS_NS_PER_S : x;
}

char *
rs_claim_estimate_told(char *buf, size_t n, const struct claim *c, const struct tune_estimate *e)
{
    char value[40], low[40], high[40];
    if (isnan(e->value))
        snprintf(buf, n, "-");
    else
        snprintf(buf, n, "%s [%s, %s]",
                 rs_estimate_human(value, sizeof value, c, as_kept(c, e->value)),
                 rs_estimate_human(low, sizeof low, c, as_kept(c, e->low)),
                 rs_estimate_human(high, sizeof high, c, as_kept(c, e->high)));
    return buf;
}

bool rs_claim_is_kept(const struct tune_plan *plan, int claim)
{
    for (int i = 0; i < plan->n_keep; i++) {
        if (plan->keep[i] == claim)
            return true;
    }
    return false;
}

const struct tune_unsaved *rs_claim_unsaved(const struct tune_result *r, int claim)
{
    for (int i = 0; i < r->n_unsaved; i++) {
        if (r->unsaved[i].claim == claim)
            return &r->unsaved[i];
    }
    return NULL;
}

/* ---- settings ---------------------------------------------------------------------------------------------------------- */

const char *rs_point_mark(const struct tune_result *r, int point)
{
    bool today = point == r->today, chosen = point == r->chosen;
    return today && chosen ? "today, chosen" : today ? "today" : chosen ? "chosen" : "";
}

int rs_tune_n_changed(const struct tune_result *r)
{
    int n = 0;
    for (int i = 0; r->chosen >= 0 && i < r->plan->n_param; i++)
        n += r->point[r->chosen].value[i] != r->plan->param[i].today;
    return n;
}

const char *rs_tune_scope(struct arena *arena, const struct tune_result *r)
{
    const char *method = strcmp(r->method, "nsga-ii") == 0 ? "NSGA-II" : r->method;
    if ((uint64_t)r->n_point >= r->n_space)
        return rs_arena_printf(arena, "all %d settings", r->n_point);
    if (r->n_space == UINT64_MAX)
        return rs_arena_printf(arena, "%d of more than 1.8·10¹⁹ settings, by %s", r->n_point,
                               method);
    return rs_arena_printf(arena, "%d of %" PRIu64 " settings, by %s", r->n_point, r->n_space,
                           method);
}

/* Puts text without the folders of the absolute paths in it, each of which follows a space, a quote or '='. */
static void put_base(FILE *to, const char *text)
{
    char before = ' ';
    for (const char *p = text; *p; before = *p++) {
        if (*p == '/' && strchr("= '", before)) {
            size_t n = strcspn(p, " '");
            while (n > 0 && p[n - 1] != '/')
                n--;
            p += n - 1;
        } else {
            fputc(*p, to);
        }
    }
}

static const char *told(struct arena *arena, const char *command, bool base)
{
    char *heap = NULL;
    size_t n = 0;
    if (!base)
        return command;
    FILE *to = open_memstream(&heap, &n);
    put_base(to, command);
    fclose(to);
    command = rs_arena_strdup(arena, heap);
    free(heap);
    return command;
}

const char *rs_tune_command(struct arena *arena,
                            const struct tune_result *r,
                            const struct tune_words *words,
                            bool base)
{
    char word[4200];
    const char *text = rs_arena_printf(arena, "rollsim tune %s --seed %" PRIu64 "%s%s",
                                       rs_shell_word(word, sizeof word, r->scenario->file), r->seed,
                                       words->search_options, words->history_options);
    return told(arena, text, base);
}

const char *rs_tune_proof_command(struct arena *arena,
                                  const struct tune_result *r,
                                  const struct tune_words *words,
                                  bool base)
{
    char word[4200];
    if (!r->fresh)
        return NULL;
    const char *text =
        rs_arena_printf(arena, "rollsim verify %s --seed %" PRIu64 " --replicas %" PRIu64 "%s",
                        rs_shell_word(word, sizeof word, r->scenario->file), r->fresh_seed,
                        r->fresh->n_budget, words->history_options);
    return told(arena, text, base);
}

/* What was proved counts, not what was hoped: a claim that nothing can save is no fault of the setting's. */
int rs_tune_status(const struct tune_result *r)
{
    if (r->stopped || (r->fresh && r->fresh->stopped))
        return 130;
    bool open = !r->fresh;
    for (int i = 0; r->fresh && i < r->fresh->n_verdict; i++) {
        enum verdict_kind kind = r->fresh->verdict[i].kind;
        if (!rs_claim_is_kept(r->plan, i) || rs_claim_unsaved(r, i))
            continue;
        if (rs_verdict_is_bad(kind))
            return 1;
        open = open || !rs_verdict_is_good(kind);
    }
    return open ? 3 : 0;
}
