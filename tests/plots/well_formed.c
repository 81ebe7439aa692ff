/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "well_formed.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { MAX_DEPTH = 64, MAX_NAME = 64 };

static bool wrong(char *why, size_t n, const char *what, const char *at)
{
    snprintf(why, n, "%s at '%.40s'", what, at);
    return false;
}

/* Past the name that starts at s. */
static const char *skip_name(const char *s)
{
    while (isalnum((unsigned char)*s) || strchr(":_-.", *s ? *s : ' '))
        s++;
    return s;
}

/* Past the attributes, at '>' or '/'; NULL = wrong. */
static const char *skip_attributes(const char *s)
{
    for (;;) {
        while (isspace((unsigned char)*s))
            s++;
        if (*s == '>' || *s == '/' || *s == '?')
            return s;
        const char *end = skip_name(s);
        if (end == s || end[0] != '=' || end[1] != '"')
            return NULL;
        const char *close = strchr(end + 2, '"'), *less = strchr(end + 2, '<');
        if (!close || (less && less < close))
            return NULL;
        s = close + 1;
    }
}

static bool good_entity(const char *s)
{
    static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&#"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strncmp(s, known[i], strlen(known[i])) == 0)
            return true;
    }
    return false;
}

bool well_formed(const char *xml, char *why, size_t n)
{
    char open[MAX_DEPTH][MAX_NAME];
    int depth = 0, n_root = 0;
    for (const char *s = xml; *s;) {
        if (*s == '&' && !good_entity(s))
            return wrong(why, n, "unknown entity", s);
        if (*s != '<') {
            if (depth == 0 && !isspace((unsigned char)*s))
                return wrong(why, n, "text outside the root", s);
            s++;
            continue;
        }
        bool closes = s[1] == '/', declares = s[1] == '?';
        const char *name = s + 1 + (closes || declares), *end = skip_name(name);
        const char *stop = skip_attributes(end);
        if (end == name || end - name >= MAX_NAME || !stop)
            return wrong(why, n, "bad tag", s);
        if (closes) {
            if (depth == 0 || strlen(open[depth - 1]) != (size_t)(end - name) ||
                strncmp(open[depth - 1], name, (size_t)(end - name)) != 0)
                return wrong(why, n, "closes what is not open", s);
            depth--;
        } else if (!declares && *stop != '/') {
            if (depth == MAX_DEPTH)
                return wrong(why, n, "too deep", s);
            n_root += depth == 0;
            memcpy(open[depth], name, (size_t)(end - name));
            open[depth++][end - name] = '\0';
        }
        s = strchr(stop, '>') + 1;
    }
    if (depth != 0 || n_root != 1)
        return wrong(why, n, "not closed, or not one root", depth ? open[depth - 1] : "");
    return true;
}
