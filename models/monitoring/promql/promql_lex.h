/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tokens of PromQL. */
#ifndef MONITORING_PROMQL_LEX_H
#define MONITORING_PROMQL_LEX_H

#include "promql_ast.h"

enum token_kind {
    RS_TOK_END,
    RS_TOK_WORD,     /* identifier, keyword or metric name; text */
    RS_TOK_NUMBER,   /* number */
    RS_TOK_DURATION, /* number = seconds */
    RS_TOK_STRING,   /* text, unquoted */
    RS_TOK_LPAREN,
    RS_TOK_RPAREN,
    RS_TOK_LBRACE,
    RS_TOK_RBRACE,
    RS_TOK_LBRACKET,
    RS_TOK_RBRACKET,
    RS_TOK_COMMA,
    RS_TOK_COLON,
    RS_TOK_AT,
    RS_TOK_ASSIGN, /* = */
    RS_TOK_MATCH,  /* =~ */
    RS_TOK_NMATCH, /* !~ */
    RS_TOK_OP      /* op */
};

struct token {
    enum token_kind kind;
    int pos, n; /* its bytes in the text */
    const char *text;
    double number;
    enum op_kind op;
};

/*
 * The number or duration that begins at pos (a digit, or a point before one): sets kind and number.
 * Returns its bytes, or -1.
 */
int rs_lex_number(const struct source *src, int pos, struct token *tok);

/* Splits the text into tokens in the arena, the last RS_TOK_END. Returns their number, or -1. */
int rs_promql_lex(struct arena *arena, const struct source *src, struct token **out);

#endif
