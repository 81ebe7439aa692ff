/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Instants, spans, and people's words for things. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "conform.h"
#include "retro/rebuild.h"

bool rs_conform_known(const struct retro_instant *i)
{
    return !i->never &&
           (i->how == RS_HOW_RECORDED || i->how == RS_HOW_COMPUTED || i->how == RS_HOW_INFERRED);
}

int64_t rs_conform_add_ns(int64_t a_ns, int64_t b_ns)
{
    int64_t sum;
    if (a_ns == RS_NEVER || b_ns == RS_NEVER)
        return RS_NEVER;
    if (__builtin_add_overflow(a_ns, b_ns, &sum))
        return b_ns > 0 ? RS_NEVER : INT64_MIN;
    return sum;
}

static int64_t minus(int64_t a_ns, int64_t b_ns)
{
    int64_t gap;
    if (a_ns == RS_NEVER || b_ns == INT64_MIN)
        return RS_NEVER;
    if (a_ns == INT64_MIN || b_ns == RS_NEVER)
        return INT64_MIN;
    if (__builtin_sub_overflow(a_ns, b_ns, &gap))
        return a_ns > b_ns ? RS_NEVER : INT64_MIN;
    return gap;
}

struct conform_span rs_conform_gap(const struct conform *c,
                                   const struct retro_instant *a,
                                   const struct retro_instant *b)
{
    struct conform_span gap = {minus(b->lo_ns, a->hi_ns), minus(b->hi_ns, a->lo_ns)};
    if (a->how != RS_HOW_RECORDED || b->how != RS_HOW_RECORDED || a->mark < 0 || b->mark < 0)
        return gap;
    const struct retro_mark *ma = &c->e->mark[a->mark], *mb = &c->e->mark[b->mark];
    if (ma->source != mb->source)
        return gap;
    int64_t either_ns = 2 * c->e->source[ma->source].accuracy_ns;
    int64_t lo_ns = minus(minus(mb->written_lo_ns, ma->written_hi_ns), either_ns);
    int64_t hi_ns = rs_conform_add_ns(minus(mb->written_hi_ns, ma->written_lo_ns), either_ns);
    if (lo_ns > gap.lo_ns && lo_ns <= gap.hi_ns)
        gap.lo_ns = lo_ns;
    if (hi_ns < gap.hi_ns && hi_ns >= gap.lo_ns)
        gap.hi_ns = hi_ns;
    return gap;
}

struct conform_span rs_conform_reverse(struct conform_span gap)
{
    return (struct conform_span){gap.hi_ns == RS_NEVER ? INT64_MIN : -gap.hi_ns,
                                 gap.lo_ns == INT64_MIN ? RS_NEVER : -gap.lo_ns};
}

struct retro_instant rs_conform_mark(const struct conform *c, int mark)
{
    struct retro_instant i = {
        .how = RS_HOW_RECORDED, .confidence = 1.0, .mark = mark, .source = c->e->mark[mark].source};
    rs_retro_mark_instant(c->r, mark, &i.lo_ns, &i.hi_ns);
    i.best_ns = rs_mark_best(c->r, mark);
    return i;
}

struct retro_instant rs_conform_at(int64_t at_ns, int64_t within_ns)
{
    return (struct retro_instant){.how = RS_HOW_COMPUTED,
                                  .lo_ns = at_ns - within_ns,
                                  .best_ns = at_ns,
                                  .hi_ns = at_ns + within_ns,
                                  .confidence = 1.0,
                                  .source = -1,
                                  .mark = -1};
}

const char *rs_conform_duration(const struct conform *c, int64_t ns)
{
    char text[40];
    if (ns == RS_NEVER)
        return "an unknown time";
    if (ns < 0)
        return rs_arena_printf(c->r->arena, "-%s", rs_duration_human(text, sizeof text, -ns));
    return rs_arena_strdup(c->r->arena, rs_duration_human(text, sizeof text, ns));
}

const char *rs_conform_when(const struct conform *c, const struct retro_instant *i)
{
    char at[48], width[40] = "";
    int64_t best_ns = i->best_ns;
    if (i->lo_ns == INT64_MIN || i->hi_ns == RS_NEVER || best_ns == RS_NEVER || best_ns < 0)
        return "an unknown time";
    best_ns -= best_ns % RS_NS_PER_S;
    int64_t half_ns = (i->hi_ns - i->lo_ns + 1) / 2;
    if (half_ns > RS_NS_PER_S)
        rs_duration_human(width, sizeof width, half_ns);
    if (c->dated)
        rs_time_format(at, sizeof at, best_ns);
    else
        rs_duration_human(at, sizeof at, best_ns);
    return rs_arena_printf(c->r->arena, "%s%s%s", at, *width ? " ± " : "", width);
}

const char *rs_conform_long(const struct conform *c, struct conform_span s)
{
    if (s.lo_ns == INT64_MIN && s.hi_ns == RS_NEVER)
        return "an unknown time";
    if (s.lo_ns == INT64_MIN || (s.lo_ns <= 0 && s.hi_ns > RS_NS_PER_S))
        return rs_arena_printf(c->r->arena, "at most %s", rs_conform_duration(c, s.hi_ns));
    if (s.hi_ns == RS_NEVER)
        return rs_arena_printf(c->r->arena, "at least %s", rs_conform_duration(c, s.lo_ns));
    const char *lo = rs_conform_duration(c, s.lo_ns), *hi = rs_conform_duration(c, s.hi_ns);
    if (s.hi_ns - s.lo_ns <= 4 * RS_NS_PER_S || strcmp(lo, hi) == 0)
        return rs_conform_duration(c, s.lo_ns + (s.hi_ns - s.lo_ns) / 2);
    return rs_arena_printf(c->r->arena, "%s to %s", lo, hi);
}

/* ---- words ---- */

const char *rs_conform_stage_name(const struct conform *c, int stage)
{
    const char *name = c->plan->stage[stage].name;
    if (strncmp(name, "stage", 5) == 0)
        return name;
    return rs_arena_printf(c->r->arena, "stage %s", name);
}

static const char *set_words(const struct conform *c, const struct action *a)
{
    const char *flag = c->sc->flag[a->flag].name;
    if (!a->on)
        return rs_arena_printf(c->r->arena, "set %s off", flag);
    if (a->cohort < 0 && a->percent >= 100.0)
        return rs_arena_printf(c->r->arena, "set %s on", flag);
    return rs_arena_printf(c->r->arena, "set %s on for %g%% of %s", flag, a->percent,
                           a->cohort < 0 ? "everybody" : c->sc->cohort[a->cohort].name);
}

static const char *
thing_words(const struct conform *c, const char *verb, const char *thing, const char *title)
{
    if (title)
        return rs_arena_printf(c->r->arena, "%s", title);
    return rs_arena_printf(c->r->arena, "%s %s", verb, thing);
}

const char *rs_conform_action(const struct conform *c, const struct action *a)
{
    const struct scenario *sc = c->sc;
    switch (a->kind) {
    case RS_ACT_SET_FLAG: return set_words(c, a);
    case RS_ACT_PURGE: return thing_words(c, "purge", sc->component[a->component].name, a->title);
    case RS_ACT_ROTATE: return thing_words(c, "rotate", sc->component[a->component].name, a->title);
    case RS_ACT_CHECK: return thing_words(c, "check", sc->service[a->service].name, a->title);
    case RS_ACT_REMOVE:
        if (a->title)
            return a->title;
        return rs_arena_printf(c->r->arena, "remove the path %s of %s",
                               sc->service[a->service].path[a->path].name,
                               sc->service[a->service].name);
    case RS_ACT_NOTIFY:
        return thing_words(c, "write on",
                           a->channel < 0 ? "no channel" : sc->monitoring.channel[a->channel].name,
                           a->title);
    case RS_ACT_DOCUMENT: return a->title ? a->title : "a document";
    case RS_ACT_WAIT: return a->title ? a->title : "wait";
    }
    return "";
}

const char *rs_conform_occasion(const struct conform *c, const struct conform_step *s)
{
    if (s->episode >= 0)
        return rs_arena_printf(c->r->arena, " of %s", c->r->rebuilt.episode[s->episode].name);
    if (s->stage >= 0)
        return rs_arena_printf(c->r->arena, " of %s", rs_conform_stage_name(c, s->stage));
    return "";
}

/* Letters and digits in lower case, one blank between words. */
static void plain(char *out, size_t n, const char *text)
{
    size_t k = 0;
    for (const char *p = text; *p && k + 2 < n; p++) {
        unsigned char ch = (unsigned char)*p;
        if (isalnum(ch) || ch >= 128)
            out[k++] = (char)tolower(ch);
        else if (k > 0 && out[k - 1] != ' ')
            out[k++] = ' ';
    }
    while (k > 0 && out[k - 1] == ' ')
        k--;
    out[k] = '\0';
}

/* Is the word, or one that begins alike ("purged", "purges" for "purge"), among the words? */
static bool has_word(const char *words, const char *word, size_t n)
{
    size_t stem = n > 5 ? n - 2 : n;
    for (const char *p = words; *p;) {
        size_t len = strcspn(p, " ");
        if (len >= stem && strncmp(p, word, stem) == 0)
            return true;
        p += len;
        while (*p == ' ')
            p++;
    }
    return false;
}

int rs_conform_meant(const char *subject, const char *words)
{
    char a[256], b[256];
    if (!subject || !words)
        return 0;
    plain(a, sizeof a, subject);
    plain(b, sizeof b, words);
    if (!*a || !*b)
        return 0;
    if (strcmp(a, b) == 0)
        return 100;
    size_t na = strlen(a), nb = strlen(b);
    if ((na >= 4 && strstr(b, a)) || (nb >= 4 && strstr(a, b)))
        return 80;
    int n_word = 0, n_found = 0;
    for (const char *p = a; *p;) {
        size_t len = strcspn(p, " ");
        if (len >= 3) {
            n_word++;
            n_found += has_word(b, p, len);
        }
        p += len;
        while (*p == ' ')
            p++;
    }
    return n_found * 2 >= n_word && n_found > 0 ? 70 * n_found / n_word : 0;
}
