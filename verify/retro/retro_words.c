/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "retro_words.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report_words.h"
#include "sim/clock.h"

#define DAY_NS (86400 * RS_NS_PER_S)

/* ---- names --------------------------------------------------------------------------------------------------------- */

const char *rs_retro_clock_how_name(enum retro_clock_how how)
{
    switch (how) {
    case RS_CLOCK_IS_REFERENCE: return "reference";
    case RS_CLOCK_GIVEN: return "given";
    case RS_CLOCK_ESTIMATED: return "estimated";
    case RS_CLOCK_ASSUMED: return "assumed";
    }
    assert(!"a clock of no kind");
    return "";
}

const char *rs_retro_signal_kind_name(enum retro_signal_kind k)
{
    switch (k) {
    case RS_SIGNAL_RATIO: return "ratio";
    case RS_SIGNAL_COUNT: return "count";
    case RS_SIGNAL_VALUE: return "value";
    }
    assert(!"a signal of no kind");
    return "";
}

const char *rs_retro_what_if_name(enum retro_what_if_kind k)
{
    switch (k) {
    case RS_IF_RULES: return "rules";
    case RS_IF_GATE: return "gate";
    case RS_IF_AUTOMATION: return "automation";
    case RS_IF_NO_ROLLBACK: return "no rollback";
    }
    assert(!"a question of no kind");
    return "";
}

const char *rs_retro_verdict_name(enum retro_verdict v)
{
    switch (v) {
    case RS_RETRO_CONFORMS: return "conforms";
    case RS_RETRO_DEVIATES: return "deviates";
    case RS_RETRO_UNDECIDABLE: return "undecidable";
    }
    assert(!"a verdict of no kind");
    return "";
}

char *rs_retro_code(char *buf, size_t n, enum retro_rule rule)
{
    snprintf(buf, n, "RR%d", 101 + (int)rule);
    return buf;
}

const char *rs_retro_stage_name(const struct retro *r, int stage)
{
    const struct scenario *sc = r->evidence->scenario;
    return sc && stage >= 0 ? sc->response.stage[stage].name : NULL;
}

const char *rs_retro_procedure_name(const struct retro *r, int procedure)
{
    const struct scenario *sc = r->evidence->scenario;
    return sc && procedure >= 0 ? sc->response.procedure[procedure].name : NULL;
}

const char *rs_retro_service_name(const struct retro *r, int service)
{
    const struct scenario *sc = r->evidence->scenario;
    return sc && service >= 0 ? sc->service[service].name : NULL;
}

const char *rs_retro_flag_name(const struct retro *r, int flag)
{
    const struct scenario *sc = r->evidence->scenario;
    return sc && flag >= 0 ? sc->flag[flag].name : NULL;
}

const char *rs_retro_episode_name(const struct retro *r, int episode)
{
    return episode >= 0 ? r->rebuilt.episode[episode].name : NULL;
}

int rs_retro_count_sla(const struct retro *r, enum retro_sla kind)
{
    int n = 0;
    for (int i = 0; i < r->rebuilt.n_episode; i++)
        n += r->rebuilt.episode[i].sla == kind;
    return n;
}

const char *rs_retro_lost(struct arena *arena, const struct retro_source *s)
{
    const struct {
        uint64_t n;
        const char *word;
    } counts[] = {{s->n_rejected, "rejected"},
                  {s->n_duplicate, "doubled"},
                  {s->n_out_of_order, "out of order"}};
    const char *lost = "";
    for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
        if (counts[k].n > 0)
            lost = rs_arena_printf(arena, "%s%s%" PRIu64 " %s", lost, *lost ? ", " : "",
                                   counts[k].n, counts[k].word);
    }
    return lost;
}

/* ---- times --------------------------------------------------------------------------------------------------------- */

bool rs_retro_is_told(const struct retro_instant *at)
{
    return at->how != RS_HOW_UNKNOWN && !at->never;
}

bool rs_retro_is_dated(const struct retro *r)
{
    const struct retro_evidence *e = r->evidence;
    for (int i = 0; i < e->n_source; i++) {
        if (e->source[i].first_ns != RS_NEVER)
            return rs_recorded_is_absolute(e->source[i].first_ns / RS_NS_PER_MS);
    }
    return false;
}

/* To the millisecond; "…:07" or "…:07.250". */
static int64_t whole_ms(int64_t ns)
{
    return ns / RS_NS_PER_MS - (ns % RS_NS_PER_MS < 0);
}

static char *undated(char *buf, size_t n, int64_t ns)
{
    int64_t ms = whole_ms(ns);
    uint64_t size = ms < 0 ? -(uint64_t)ms : (uint64_t)ms, s = size / 1000;
    int at = snprintf(buf, n, "%c%" PRIu64 ":%02d:%02d", ms < 0 ? '-' : '+', s / 3600,
                      (int)(s / 60 % 60), (int)(s % 60));
    if (size % 1000 && at > 0 && (size_t)at < n)
        snprintf(buf + at, n - (size_t)at, ".%03d", (int)(size % 1000));
    return buf;
}

char *rs_retro_time_words(char *buf, size_t n, const struct retro *r, int64_t ns)
{
    if (!rs_retro_is_dated(r))
        return undated(buf, n, ns);
    rs_time_format(buf, n, whole_ms(ns) * RS_NS_PER_MS);
    size_t last = strlen(buf) - 1;
    if (buf[last] == 'Z')
        buf[last] = '\0';
    char *between = strchr(buf, 'T');
    if (between)
        *between = ' ';
    return buf;
}

char *rs_retro_time_of_day(char *buf, size_t n, const struct retro *r, int64_t ns)
{
    rs_retro_time_words(buf, n, r, ns);
    char *space = strchr(buf, ' ');
    if (space)
        memmove(buf, space + 1, strlen(space));
    return buf;
}

static int64_t day_of(int64_t ns)
{
    return ns / DAY_NS - (ns % DAY_NS < 0);
}

char *rs_retro_time_after(char *buf, size_t n, const struct retro *r, int64_t ns, int64_t day_ns)
{
    return day_of(ns) == day_of(day_ns) ? rs_retro_time_of_day(buf, n, r, ns)
                                        : rs_retro_time_words(buf, n, r, ns);
}

/* Known to the second at best? */
static bool is_coarse(int64_t lo_ns, int64_t hi_ns)
{
    return lo_ns == INT64_MIN || hi_ns == RS_NEVER || hi_ns - lo_ns >= 2 * RS_NS_PER_S;
}

static int64_t floor_s(int64_t ns)
{
    int64_t s = ns / RS_NS_PER_S - (ns % RS_NS_PER_S < 0);
    return s * RS_NS_PER_S;
}

/* What is written to the second is shown to the second, not as the middle of it. */
int64_t rs_retro_shown_within(int64_t lo_ns, int64_t best_ns, int64_t hi_ns)
{
    bool is_open = lo_ns == INT64_MIN || hi_ns == RS_NEVER;
    if (!is_open && hi_ns - lo_ns >= RS_NS_PER_S && hi_ns - lo_ns < 2 * RS_NS_PER_S &&
        floor_s(best_ns) >= lo_ns)
        return floor_s(best_ns);
    return is_coarse(lo_ns, hi_ns) ? floor_s(best_ns + RS_NS_PER_S / 2) : best_ns;
}

int64_t rs_retro_shown(const struct retro_instant *at)
{
    return rs_retro_shown_within(at->lo_ns, at->best_ns, at->hi_ns);
}

/* Rounded outwards, so that what is shown holds it too. */
char *rs_retro_interval(char *buf, size_t n, const struct retro *r, const struct retro_instant *at)
{
    char lo[40] = "", hi[40] = "";
    bool from = at->lo_ns != INT64_MIN, until = at->hi_ns != RS_NEVER,
         coarse = is_coarse(at->lo_ns, at->hi_ns);
    if (from)
        rs_retro_time_after(lo, sizeof lo, r, coarse ? floor_s(at->lo_ns) : at->lo_ns, at->best_ns);
    if (until)
        rs_retro_time_after(hi, sizeof hi, r,
                            coarse ? floor_s(at->hi_ns + RS_NS_PER_S - 1) : at->hi_ns, at->best_ns);
    if (from && until && strcmp(lo, hi) == 0)
        snprintf(buf, n, "%s", "");
    else if (from && until)
        snprintf(buf, n, "%s–%s", lo, hi);
    else if (from)
        snprintf(buf, n, "from %s on", lo);
    else if (until)
        snprintf(buf, n, "up to %s", hi);
    else
        snprintf(buf, n, "%s", "open");
    return buf;
}

/* 6m12s; NaN and infinity do not occur. */
static char *span(char *buf, size_t n, int64_t ns)
{
    return rs_seconds_human(buf, n, rs_s_from_ns(ns));
}

char *rs_retro_span_words(char *buf, size_t n, int64_t lo_ns, int64_t best_ns, int64_t hi_ns)
{
    char lo[40] = "", best[40], hi[40] = "";
    bool from = lo_ns != INT64_MIN, until = hi_ns != RS_NEVER;
    span(best, sizeof best, best_ns);
    if (from)
        span(lo, sizeof lo, lo_ns);
    if (until)
        span(hi, sizeof hi, hi_ns);
    if (from && until && strcmp(lo, best) == 0 && strcmp(hi, best) == 0)
        snprintf(buf, n, "%s", best);
    else if (from && until)
        snprintf(buf, n, "%s [%s, %s]", best, lo, hi);
    else if (from)
        snprintf(buf, n, "at least %s", lo);
    else if (until)
        snprintf(buf, n, "at most %s", hi);
    else
        snprintf(buf, n, "not told");
    return buf;
}

/* Without a tenth that is none: "15s", "1ms". */
static char *short_span(char *buf, size_t n, int64_t ns)
{
    span(buf, n, ns);
    char *tenth = strstr(buf, ".0");
    if (tenth && (tenth[2] == 's' || tenth[2] == 'm'))
        memmove(tenth, tenth + 2, strlen(tenth + 2) + 1);
    return buf;
}

/* Up to whole units, so that what is shown holds it. */
static int64_t outwards(int64_t ns, int64_t unit_ns)
{
    return ns <= 0 ? 0 : (ns + unit_ns - 1) / unit_ns * unit_ns;
}

char *rs_retro_around(char *buf, size_t n, const struct retro_instant *at)
{
    bool from = at->lo_ns != INT64_MIN, until = at->hi_ns != RS_NEVER;
    int64_t shown_ns = rs_retro_shown(at);
    int64_t unit_ns = is_coarse(at->lo_ns, at->hi_ns) ? RS_NS_PER_S : RS_NS_PER_MS;
    int64_t back_ns = from ? outwards(shown_ns - at->lo_ns, unit_ns) : 0,
            forth_ns = until ? outwards(at->hi_ns - shown_ns, unit_ns) : 0;
    char back[40], forth[40], before[48] = "", after[48] = "";
    /* A second more on one side, for it was rounded outwards, is not worth two numbers. */
    if (back_ns >= 10 * RS_NS_PER_S && forth_ns - back_ns == RS_NS_PER_S)
        back_ns = forth_ns;
    if (forth_ns >= 10 * RS_NS_PER_S && back_ns - forth_ns == RS_NS_PER_S)
        forth_ns = back_ns;
    short_span(back, sizeof back, back_ns);
    short_span(forth, sizeof forth, forth_ns);
    if (back_ns > 0)
        snprintf(before, sizeof before, "−%s", back);
    if (forth_ns > 0)
        snprintf(after, sizeof after, "%s+%s", *before ? " " : "", forth);
    if (!from && !until)
        snprintf(buf, n, "open");
    else if (!until)
        snprintf(buf, n, "%s%sor later", before, *before ? " " : "");
    else if (!from)
        snprintf(buf, n, "or earlier%s%s", *after ? ", " : "", after);
    else if (back_ns + forth_ns <= RS_NS_PER_MS) /* the time is shown no finer */
        snprintf(buf, n, "%s", "");
    else if (strcmp(back, forth) == 0)
        snprintf(buf, n, "±%s", back);
    else
        snprintf(buf, n, "%s%s", before, after);
    return buf;
}

/* What is more than a minute is told as people say it: a zone's error is 2h 00m, not 7200 s. */
static char *offset_span(char *buf, size_t n, int64_t ns)
{
    char size[40];
    if (ns >= 60 * RS_NS_PER_S || ns <= -60 * RS_NS_PER_S)
        snprintf(buf, n, "%s%s", ns > 0 ? "+" : "-", span(size, sizeof size, ns < 0 ? -ns : ns));
    else
        snprintf(buf, n, "%s%.3g s", ns > 0 ? "+" : "", rs_s_from_ns(ns));
    return buf;
}

char *rs_retro_offset_words(char *buf, size_t n, const struct retro_offset *o)
{
    char best[40], lo[40], hi[40];
    offset_span(best, sizeof best, o->best_ns);
    if (o->lo_ns == o->hi_ns)
        snprintf(buf, n, "%s", best);
    else
        snprintf(buf, n, "%s [%s, %s]", best, offset_span(lo, sizeof lo, o->lo_ns),
                 offset_span(hi, sizeof hi, o->hi_ns));
    return buf;
}

/* ---- the clock of an episode --------------------------------------------------------------------------------------- */

int rs_retro_instant_at(int place)
{
    return place == 0 ? RS_RETRO_CHANGED : place - 1;
}

static int add_leg(struct retro_leg *out, int n, const struct retro_episode *e, int from, int to)
{
    struct retro_leg leg = {.from = from, .to = to};
    for (int i = 0; i < n; i++) {
        if (out[i].from == from && out[i].to == to)
            return n;
    }
    if (rs_retro_leg(e, from, to, &leg.lo_ns, &leg.best_ns, &leg.hi_ns))
        out[n++] = leg;
    return n;
}

/*
 * Where half of the instances had it is a mark on the way, no place where people wait; and of what only its neighbours bound a leg
 * would say nothing but that.
 */
static bool begins_a_leg(const struct retro_episode *e, int i)
{
    return i != RS_CLOCK_EFFECTIVE_P50 && i != RS_CLOCK_EFFECTIVE_P95 &&
           rs_retro_is_told(&e->at[i]) && e->at[i].how != RS_HOW_BOUNDED;
}

int rs_retro_legs(struct retro_leg out[RS_RETRO_LEGS], const struct retro_episode *e)
{
    int n = 0, before = -1;
    for (int place = 0; place < RS_RETRO_INSTANT_N; place++) {
        int i = rs_retro_instant_at(place);
        if (!begins_a_leg(e, i))
            continue;
        if (before >= 0)
            n = add_leg(out, n, e, before, i);
        before = i;
    }
    n = add_leg(out, n, e, RS_CLOCK_ONSET, RS_CLOCK_DETECTED);
    return add_leg(out, n, e, RS_CLOCK_DETECTED, RS_CLOCK_COMPLETED);
}

/* ---- numbers ------------------------------------------------------------------------------------------------------- */

char *rs_retro_number(char *buf, size_t n, double x)
{
    if (isnan(x))
        snprintf(buf, n, "-");
    else if (isinf(x))
        snprintf(buf, n, "%sno end", x < 0.0 ? "-" : "");
    else if (fabs(x) >= 1000.0 || x == floor(x))
        snprintf(buf, n, "%.0f", x == 0.0 ? 0.0 : x);
    else
        snprintf(buf, n, "%.3g", x);
    return buf;
}

/* " requests", "/s" */
static void put_unit(char *buf, size_t n, const char *unit)
{
    size_t at = strlen(buf);
    bool per = strncmp(unit, "1/", 2) == 0;
    if (*unit && at < n)
        snprintf(buf + at, n - at, "%s%s", per ? "/" : " ", per ? unit + 2 : unit);
}

static bool has_own_words(const char *unit)
{
    return strcmp(unit, "ratio") == 0 || strcmp(unit, "s") == 0;
}

char *rs_retro_in_unit(char *buf, size_t n, double x, const char *unit)
{
    if (strcmp(unit, "ratio") == 0)
        return rs_percent_human(buf, n, x);
    if (strcmp(unit, "s") == 0)
        return rs_seconds_human(buf, n, x);
    rs_retro_number(buf, n, x);
    if (!isnan(x))
        put_unit(buf, n, unit);
    return buf;
}

char *rs_retro_range(char *buf, size_t n, struct retro_range x, const char *unit)
{
    char best[64], low[64], high[64];
    const char *each = has_own_words(unit) ? unit : "";
    rs_retro_in_unit(best, sizeof best, x.best, each);
    rs_retro_in_unit(low, sizeof low, x.low, each);
    rs_retro_in_unit(high, sizeof high, x.high, each);
    bool ends = !isnan(x.best) && !isnan(x.low) && !isnan(x.high) &&
                (strcmp(low, best) != 0 || strcmp(high, best) != 0);
    snprintf(buf, n, ends ? "%s [%s, %s]" : "%s", best, low, isinf(x.high) ? "no end" : high);
    if (!has_own_words(unit) && !isnan(x.best))
        put_unit(buf, n, unit);
    return buf;
}

char *rs_retro_band(char *buf, size_t n, const struct retro_band *b, bool percent)
{
    char low[32] = "", best[32], high[32] = "";
    char *(*words)(char *, size_t, double) = percent ? rs_percent_human : rs_retro_number;
    if (isnan(b->best))
        snprintf(buf, n, "-");
    else if (isnan(b->low) || isnan(b->high) || b->low == b->high)
        snprintf(buf, n, "%s", words(best, sizeof best, b->best));
    else
        snprintf(buf, n, "%s [%s, %s]", words(best, sizeof best, b->best),
                 words(low, sizeof low, b->low), words(high, sizeof high, b->high));
    return buf;
}

const char *rs_retro_fit_sources(struct arena *arena, const struct retro_learnt *l)
{
    const char *all = NULL;
    for (int i = 0; i < l->n_fit; i++) {
        const char *of = l->fit[i].refused ? NULL : l->fit[i].source;
        bool is_new = of != NULL;
        for (int k = 0; is_new && k < i; k++)
            is_new = l->fit[k].refused || !l->fit[k].source || strcmp(l->fit[k].source, of) != 0;
        if (is_new)
            all = rs_arena_printf(arena, "%s%s%s", all ? all : "From ", all ? "; " : "", of);
    }
    return all ? rs_arena_printf(arena, "%s.", all) : "";
}
