/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The inside of templates: tree, values, and the parts of the interpreter. Names of Go's text/template are kept where its
 * messages show them. A text that is read begins with `rs_template_prefix`, as Prometheus puts it there: positions count it.
 */
#ifndef MONITORING_TEMPLATE_PRIVATE_H
#define MONITORING_TEMPLATE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/template.h"

extern const char rs_template_prefix[];

/* ---- growing text, in an arena; always ends with NUL ---- */

/* No text gets longer: what is added beyond is lost, and the run that made it fails (see rs_trun_charge). */
enum { RS_TEXT_MAX = 1 << 20 };

struct text {
    struct arena *arena;
    char *at; /* NULL while nothing was added */
    size_t n, cap;
};

void rs_text_add_n(struct text *to, const char *bytes, size_t n);
void rs_text_add(struct text *to, const char *words);
void rs_text_fill(struct text *to, char c, size_t n);
void rs_text_printf(struct text *to, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *rs_text_get(const struct text *to); /* "" where nothing was added */

/* UTF-8: the code point at p (U+FFFD for a wrong byte) and its length in bytes; p is not at the NUL. */
uint32_t rs_rune_at(const char *p, int *n_byte);
void rs_text_add_rune(struct text *to, uint32_t rune);
size_t rs_rune_count(const char *words);
/* Go's strconv.Quote; ascii: QuoteToASCII. `quote` is " or '. */
void rs_text_quote(struct text *to, const char *words, char quote, bool ascii);

/* ---- tokens ---- */

enum token_kind {
    TOK_ERROR, /* text: what is wrong */
    TOK_EOF,
    TOK_TEXT,
    TOK_COMMENT,
    TOK_LEFT, /* {{ */
    TOK_RIGHT,
    TOK_SPACE,
    TOK_ASSIGN,  /* = */
    TOK_DECLARE, /* := */
    TOK_PIPE,
    TOK_LEFT_PAREN,
    TOK_RIGHT_PAREN,
    TOK_CHAR, /* any other printable character */
    TOK_BOOL,
    TOK_NUMBER,
    TOK_CHAR_CONSTANT,
    TOK_STRING,
    TOK_RAW_STRING,
    TOK_VARIABLE,
    TOK_FIELD,
    TOK_IDENTIFIER,
    TOK_DOT, /* keywords from here on: messages write them as <word> */
    TOK_NIL,
    TOK_BLOCK,
    TOK_BREAK,
    TOK_CONTINUE,
    TOK_DEFINE,
    TOK_ELSE,
    TOK_END,
    TOK_IF,
    TOK_RANGE,
    TOK_TEMPLATE,
    TOK_WITH
};

struct token {
    enum token_kind kind;
    size_t at; /* byte offset in the prefixed text */
    const char *text;
};

/* All tokens of a text, the last one TOK_EOF or TOK_ERROR. In the arena. */
const struct token *rs_template_lex(struct arena *arena, const char *text);

/* ---- tree ---- */

enum tnode_kind {
    TN_LIST,
    TN_TEXT,
    TN_ACTION,
    TN_IF,
    TN_WITH,
    TN_RANGE,
    TN_TEMPLATE,
    TN_BREAK,
    TN_CONTINUE,
    TN_END, /* only while parsing */
    TN_ELSE,
    TN_PIPE,
    TN_COMMAND,
    TN_IDENTIFIER,
    TN_VARIABLE,
    TN_FIELD,
    TN_CHAIN,
    TN_DOT,
    TN_NIL,
    TN_BOOL,
    TN_NUMBER,
    TN_STRING
};

struct tfunction;

struct tnode {
    enum tnode_kind kind;
    size_t at;
    const char
        *text; /* TEXT: the text; IDENTIFIER, NUMBER, STRING: as written; TEMPLATE: the name */
    const char *word;                 /* STRING: unquoted */
    const struct tfunction *function; /* IDENTIFIER */
    int n, cap;
    struct tnode **child; /* LIST: nodes; PIPE: commands; COMMAND: operands; CHAIN: [1] */
    int n_name, cap_name;
    const char **name; /* VARIABLE: $x and fields; FIELD, CHAIN: fields; PIPE: declared variables */
    bool is_assign;    /* PIPE: = instead of := */
    struct tnode *pipe;             /* ACTION, IF, WITH, RANGE, TEMPLATE (may be NULL) */
    struct tnode *list, *otherwise; /* IF, WITH, RANGE */
    bool truth;                     /* BOOL */
    bool is_int, is_float;          /* NUMBER: what it can be taken for */
    bool looks_float;               /* NUMBER: untyped it is a float */
    int64_t i;
    double f;
};

/* Writes the node as Go prints it in messages. */
void rs_tnode_print(struct text *to, const struct tnode *n);

struct definition {
    const char *name;
    const struct tnode *root;
};

struct template
{
    const char *name; /* __alert_NAME */
    const char *text; /* prefixed */
    enum promql_dialect dialect;
    const struct tnode *root;
    int n_definition, cap_definition;
    struct definition *definition;
    bool only_labels;
};

/* Where parsing stands; the first mistake is kept in err. */
struct tparser {
    struct arena *arena;
    const struct token *token; /* the next one */
    struct template *out;
    const char **var; /* names in scope */
    int n_var, cap_var;
    int range_depth, depth;
    bool failed;
    size_t err_at;
    const char *err_text;
};

struct tnode *rs_tnode_new(struct tparser *p, enum tnode_kind kind, size_t at);
void rs_tnode_add(struct tparser *p, struct tnode *to, struct tnode *child);
void rs_tnode_name(struct tparser *p, struct tnode *to, const char *name);
/* Records a mistake at a place of the prefixed text. Returns NULL. */
void *rs_tparse_fail(struct tparser *p, size_t at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void *rs_tparse_unexpected(struct tparser *p, const struct token *t, const char *context);
const struct token *rs_tparse_next(struct tparser *p);      /* spaces too */
const struct token *rs_tparse_next_word(struct tparser *p); /* without spaces */
const struct token *rs_tparse_peek_word(struct tparser *p);
void rs_tparse_declare(struct tparser *p, const char *name);
/* template_parse.c: all tokens into p->out. */
void rs_tparse_all(struct tparser *p);
/* template_pipe.c: up to and including the end token. NULL on a mistake. */
struct tnode *rs_tparse_pipe(struct tparser *p, const char *context, enum token_kind end);
/* Go's strconv.Unquote of "..." or `...`; NULL if it is malformed. */
const char *rs_tparse_unquote(struct arena *arena, const char *quoted);

/* ---- values ---- */

enum tvalue_kind {
    TV_NONE, /* untyped nil, and what a missing key of `args` gives */
    TV_BOOL,
    TV_INT,
    TV_FLOAT,
    TV_STRING,
    TV_HTML,   /* a string that says it is safe */
    TV_MAP,    /* names to texts: labels */
    TV_ARGS,   /* names to values */
    TV_VECTOR, /* of query() */
    TV_SAMPLE,
    TV_TIME,     /* milliseconds */
    TV_DURATION, /* nanoseconds */
    TV_ROOT
};

struct tvalue;

struct tsample {
    const struct tmap *labels;
    double v;
};

struct tmap { /* sorted by name */
    int n;
    const struct label *label;
};

struct tvalue {
    enum tvalue_kind kind;
    bool boxed; /* it stands in a field of type interface {} */
    bool b;
    int64_t i; /* INT, TIME, DURATION */
    double f;
    const char *s;
    const struct tmap *map;
    int n;                               /* ARGS, VECTOR */
    const struct tvalue *arg;            /* [n] */
    const struct tsample *const *sample; /* [n] of a VECTOR, [1] of a SAMPLE */
};

static inline struct tvalue rs_tv_bool(bool b)
{
    return (struct tvalue){.kind = TV_BOOL, .b = b};
}
static inline struct tvalue rs_tv_int(int64_t i)
{
    return (struct tvalue){.kind = TV_INT, .i = i};
}
static inline struct tvalue rs_tv_float(double f)
{
    return (struct tvalue){.kind = TV_FLOAT, .f = f};
}
static inline struct tvalue rs_tv_string(const char *s)
{
    return (struct tvalue){.kind = TV_STRING, .s = s};
}

/* ---- running ---- */

struct tvar {
    const char *name;
    struct tvalue value;
};

struct trun {
    struct arena *arena;
    const struct template *t;
    const struct template_data *data;
    const char *executing;    /* name of the template that runs */
    const struct tnode *node; /* for messages */
    struct tvar *var;
    int n_var, cap_var;
    int depth, n_step;
    size_t n_byte; /* made so far, in the output and on the way */
    struct text out;
    const char *error; /* NULL = none yet */
    struct tmap labels, external;
};

/* Records a failure at the present node (Go's errorf). Always returns -1. */
int rs_trun_fail(struct trun *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Counts n bytes that were made; -1 with a failure when an expansion makes too many. */
int rs_trun_charge(struct trun *x, size_t n);
/* template_eval.c */
int rs_trun_pipe(struct trun *x,
                 const struct tvalue *dot,
                 const struct tnode *pipe,
                 struct tvalue *out);
void rs_trun_push(struct trun *x, const char *name, struct tvalue value);

/* ---- functions ---- */

/* A call: the function reads arg[n] and writes *out; on a failure it says why in `why` and returns -1. */
struct tcall {
    struct trun *x;
    int n;
    struct tvalue *arg;
    const char *why;
};
int rs_tcall_fail(struct tcall *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct tfunction {
    const char *name;
    int (*call)(struct tcall *c, struct tvalue *out);
    /* One letter a parameter: s string, a anything, v the value itself, q query result, p sample. A last `*` repeats the one before. */
    const char *params;
    unsigned needs; /* what makes an expansion depend on more than labels */
    bool only_3;    /* not in dialects before 3 */
};
enum { RS_NEEDS_VALUE = 1, RS_NEEDS_QUERY = 2, RS_NEEDS_TIME = 4 };

/* NULL if there is none of this name. */
const struct tfunction *rs_tfunction_find(const char *name, enum promql_dialect dialect);
/* End: name NULL. */
extern const struct tfunction rs_tfunctions_go[], rs_tfunctions_prom[], rs_tfunctions_prom_text[];

/* template_value.c */
const char *rs_tvalue_type(const struct trun *x, const struct tvalue *v);
bool rs_tvalue_truth(const struct tvalue *v);
/* As fmt.Print writes it ("%v"). */
void rs_tvalue_print(struct text *to, const struct tvalue *v);
/* fmt.Sprint of several. */
void rs_tvalue_sprint(struct text *to, const struct tvalue *v, int n);
const char *rs_tmap_get(const struct tmap *m, const char *name); /* NULL if absent */
/* "arg0" and so on, in the order in which Go sorts them: index[n] is filled. */
void rs_targs_order(const struct tvalue *v, int *index /* [v->n] */);

/* template_sprintf.c: fmt.Sprintf. */
void rs_tformat(
    struct text *to, const char *fmt, const struct tvalue *arg, int n, const struct trun *x);
struct tflags {
    bool plus, minus, sharp, space, zero, sharp_v, plus_v;
    int width, precision; /* -1 = none */
};
/* template_fmt.c */
void rs_tformat_value(struct text *to, const struct tvalue *v, uint32_t verb, struct tflags f);
/* Pads to the width, counted in runes. */
void rs_text_pad(struct text *to, const char *words, struct tflags f);

/* template_float.c: strconv.FormatFloat(v, verb, precision, 64), with a sign in front of what is positive. precision -1 = shortest. */
void rs_text_float(struct text *to, double v, char verb, int precision);
/* The same without the sign of positive numbers, except +Inf. */
void rs_text_float_plain(struct text *to, double v, char verb, int precision);
/* A number as strconv.ParseFloat reads it. */
bool rs_parse_float(double *out, const char *words);

/* template_time.c */
void rs_text_time(struct text *to, int64_t t_ms);
void rs_text_duration(struct text *to, int64_t ns);
void rs_text_time_layout(struct text *to, int64_t t_ms, const char *layout);
/* A method of a time or duration; 1 if it has none of this name. layout: the argument, NULL if none. */
int rs_time_method(struct trun *x,
                   const struct tvalue *v,
                   const char *name,
                   const char *layout,
                   struct tvalue *out);

/* template_text.c */
void rs_text_html(struct text *to, const char *words);
void rs_text_js(struct text *to, const char *words);
void rs_text_url(struct text *to, const char *words);
void rs_text_title(struct text *to, const char *words, enum promql_dialect dialect);

/* template_regex.c: Go's unanchored expressions. -1 with why set. */
int rs_template_match(struct tcall *c, const char *pattern, const char *words, bool *out);
int rs_template_replace(
    struct tcall *c, const char *pattern, const char *with, const char *words, const char **out);
/* all: upper (U) or lower (L) case. */
const char *rs_template_case(struct arena *arena, const char *words, char which);

#endif
