/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parser's state and its helpers, shared by the expression half and the selector half. */
#ifndef MONITORING_PROMQL_PARSE_H
#define MONITORING_PROMQL_PARSE_H

#include "promql_lex.h"

struct parser {
    struct arena *arena;
    const struct source *src;
    struct token *tok;
    int at;
    int depth; /* of the recursion */
};

const struct token *rs_parser_peek(const struct parser *ps);
const struct token *rs_parser_take(struct parser *ps); /* never moves past the end */
bool rs_parser_accept(struct parser *ps, enum token_kind kind);
bool rs_parser_is_word(const struct parser *ps, const char *word); /* keywords know no case */
int rs_parser_expect(struct parser *ps,
                     enum token_kind kind,
                     const char *context,
                     const char *what);
/* "unexpected X in context, expected Y"; always -1. */
int rs_parser_unexpected(const struct parser *ps, const char *context, const char *expected);
struct node *rs_parser_node(struct parser *ps, enum node_kind kind, int pos);

/* ( name, name ... ); 0 or -1. */
int rs_parse_names(struct parser *ps, struct name_list *out);
/* name{matchers} or {matchers}; NULL on error, as all below. */
struct node *rs_parse_selector(struct parser *ps);
/* [5m] or [30m:1m] after n. */
struct node *rs_parse_range(struct parser *ps, struct node *n);
struct node *rs_parse_offset(struct parser *ps, struct node *n);
struct node *rs_parse_at(struct parser *ps, struct node *n);

#endif
