/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The functions on texts that Prometheus adds to templates. Source: its template reference; measured on the real programs. */
#include <string.h>

#include "sim/arena.h"
#include "template_private.h"

static int call_match(struct tcall *c, struct tvalue *out)
{
    *out = rs_tv_bool(false);
    return rs_template_match(c, c->arg[0].s, c->arg[1].s, &out->b);
}

static int call_replace(struct tcall *c, struct tvalue *out)
{
    *out = rs_tv_string("");
    return rs_template_replace(c, c->arg[0].s, c->arg[1].s, c->arg[2].s, &out->s);
}

static int call_safe_html(struct tcall *c, struct tvalue *out)
{
    *out = (struct tvalue){.kind = TV_HTML, .s = c->arg[0].s};
    return 0;
}

static int call_upper(struct tcall *c, struct tvalue *out)
{
    *out = rs_tv_string(rs_template_case(c->x->arena, c->arg[0].s, 'U'));
    return 0;
}

static int call_lower(struct tcall *c, struct tvalue *out)
{
    *out = rs_tv_string(rs_template_case(c->x->arena, c->arg[0].s, 'L'));
    return 0;
}

static int call_title(struct tcall *c, struct tvalue *out)
{
    struct text to = {.arena = c->x->arena};

    rs_text_title(&to, c->arg[0].s, c->x->t->dialect);
    *out = rs_tv_string(rs_text_get(&to));
    return 0;
}

static int link_to(struct tcall *c, const char *tab, struct tvalue *out)
{
    struct text to = {.arena = c->x->arena};

    rs_text_add(&to, "/graph?g0.expr=");
    rs_text_url(&to, c->arg[0].s);
    rs_text_add(&to, tab);
    *out = rs_tv_string(to.at);
    return 0;
}

static int call_graph_link(struct tcall *c, struct tvalue *out)
{
    return link_to(c, "&g0.tab=0", out);
}

static int call_table_link(struct tcall *c, struct tvalue *out)
{
    return link_to(c, "&g0.tab=1", out);
}

/* net.SplitHostPort: "host:port", "[host]:port". false if it is no such thing. */
static bool split_port(struct arena *arena, const char *words, const char **host, const char **port)
{
    const char *colon = strrchr(words, ':'), *close = strchr(words, ']');

    if (colon == NULL) {
        return false;
    }
    *port = colon + 1;
    if (words[0] == '[') {
        *host = rs_arena_strndup(arena, words + 1, close != NULL ? (size_t)(close - words - 1) : 0);
        return close != NULL && close + 1 == colon && strpbrk(*host, "[]") == NULL;
    }
    *host = rs_arena_strndup(arena, words, (size_t)(colon - words));
    return strpbrk(*host, ":[]") == NULL && strpbrk(*port, "[]") == NULL;
}

static int call_strip_port(struct tcall *c, struct tvalue *out)
{
    const char *host, *port;

    *out = c->arg[0];
    if (split_port(c->x->arena, c->arg[0].s, &host, &port)) {
        *out = rs_tv_string(host);
    }
    return 0;
}

/* An address stays whole: digits and dots, or anything with a colon. */
static bool is_address(const char *host)
{
    int n_dot = 0;

    if (strchr(host, ':') != NULL) {
        return strspn(host, "0123456789abcdefABCDEF:.") == strlen(host);
    }
    for (const char *p = host; *p != '\0'; p++) {
        n_dot += *p == '.';
    }
    return n_dot == 3 && strspn(host, "0123456789.") == strlen(host);
}

static int call_strip_domain(struct tcall *c, struct tvalue *out)
{
    const char *host, *port;
    bool has_port = split_port(c->x->arena, c->arg[0].s, &host, &port);

    *out = c->arg[0];
    if (!has_port) {
        host = c->arg[0].s;
    }
    if (!is_address(host)) {
        struct text to = {.arena = c->x->arena};

        rs_text_add_n(&to, host, strcspn(host, "."));
        rs_text_add(&to, has_port ? ":" : "");
        rs_text_add(&to, has_port ? port : "");
        *out = rs_tv_string(rs_text_get(&to));
    }
    return 0;
}

static int call_external_url(struct tcall *c, struct tvalue *out)
{
    const char *url = c->x->data->external_url;

    *out = rs_tv_string(url != NULL ? url : "");
    return 0;
}

static int call_path_prefix(struct tcall *c, struct tvalue *out)
{
    const char *url = c->x->data->external_url, *host = url != NULL ? strstr(url, "://") : NULL;
    const char *path = host != NULL ? strchr(host + 3, '/') : NULL;

    *out =
        rs_tv_string(path != NULL ? rs_arena_strndup(c->x->arena, path, strcspn(path, "?#")) : "");
    return 0;
}

const struct tfunction rs_tfunctions_prom_text[] = {
    {"reReplaceAll", call_replace, "sss"},
    {"safeHtml", call_safe_html, "s"},
    {"match", call_match, "ss"},
    {"title", call_title, "s"},
    {"toUpper", call_upper, "s"},
    {"toLower", call_lower, "s"},
    {"graphLink", call_graph_link, "s"},
    {"tableLink", call_table_link, "s"},
    {"stripPort", call_strip_port, "s"},
    {"stripDomain", call_strip_domain, "s"},
    {"externalURL", call_external_url, ""},
    {"pathPrefix", call_path_prefix, ""},
    {NULL, NULL, NULL},
};
