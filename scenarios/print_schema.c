/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * docs/scenario.schema.json from the key tables: JSON Schema 2020-12, for editors. It knows keys and shapes; references, sums
 * and PromQL are the reader's.
 */
#include <math.h>
#include <string.h>

#include "section_list.h"

static void print_text(FILE *to, const char *text)
{
    fputc('"', to);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') {
            fputc('\\', to);
        }
        fputc(*text, to);
    }
    fputc('"', to);
}

static void print_ref(FILE *to, const char *name)
{
    fputs("\"$ref\": \"#/$defs/", to);
    for (; *name; name++) {
        fputc(*name == ' ' ? '_' : *name, to);
    }
    fputc('"', to);
}

/* Numbers may be written as numbers or with a unit; only the shape is told. */
static const char *shape(enum value_type type)
{
    switch (type) {
    case RS_V_TEXT:
    case RS_V_TEXT_OR_NAME: return "\"type\": [\"string\", \"number\", \"boolean\"]";
    case RS_V_NAME: return "\"type\": [\"string\", \"integer\"]";
    case RS_V_METRIC: return "\"type\": \"string\", \"pattern\": \"^[A-Za-z_:][A-Za-z0-9_:]*$\"";
    case RS_V_BOOL: return "\"enum\": [true, false, \"on\", \"off\", \"yes\", \"no\"]";
    case RS_V_INT:
    case RS_V_COUNT: return "\"type\": \"integer\"";
    case RS_V_NUMBER: return "\"type\": \"number\"";
    case RS_V_RATIO:
    case RS_V_PERCENT: return "\"$ref\": \"#/$defs/ratio\"";
    case RS_V_RATE: return "\"$ref\": \"#/$defs/rate\"";
    case RS_V_DURATION:
    case RS_V_SECONDS: return "\"$ref\": \"#/$defs/duration\"";
    case RS_V_TIME: return "\"type\": \"string\", \"format\": \"date-time\"";
    case RS_V_DAYTIME:
        return "\"type\": \"string\", \"pattern\": \"^[0-2][0-9]:[0-5][0-9](:[0-5][0-9])?$\"";
    case RS_V_WEEKDAYS:
        return "\"type\": \"array\", \"items\": {\"enum\": [\"mon\", \"tue\", \"wed\", \"thu\", "
               "\"fri\", \"sat\", \"sun\"]}";
    case RS_V_DIST:
        return "\"anyOf\": [{\"$ref\": \"#/$defs/duration\"}, {\"$ref\": "
               "\"#/$defs/distribution\"}]";
    case RS_V_ERRORS:
        return "\"type\": \"object\", \"propertyNames\": {\"pattern\": "
               "\"^([45][0-9][0-9]|recording)$\"}, \"properties\": {\"recording\": {\"$ref\": "
               "\"#/$defs/recorded_errors\"}}, "
               "\"additionalProperties\": {\"$ref\": \"#/$defs/ratio\"}";
    case RS_V_PROMQL: return "\"type\": [\"string\", \"number\"]";
    case RS_V_SECONDS_LIST:
        return "\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/duration\"}";
    case RS_V_REF:
    case RS_V_NAMED:
    case RS_V_FILE: return "\"type\": \"string\"";
    case RS_V_REFS:
    case RS_V_NAMEDS:
    case RS_V_CONDITIONS:
    case RS_V_ASSUMES: return "\"type\": \"array\", \"items\": {\"type\": \"string\"}";
    case RS_V_LIST:
    case RS_V_MAP:
    case RS_V_BOX:
    case RS_V_WORD:
    case RS_V_OWN: break;
    }
    return "";
}

static bool is_number(const char *word)
{
    return word[0] != '\0' && word[strspn(word, "0123456789.")] == '\0';
}

static void print_shape(FILE *to, const struct key *key)
{
    if (key->type == RS_V_LIST) {
        fprintf(to, "\"type\": \"array\", %s\"items\": {",
                key->flags & RS_KEY_SOME ? "\"minItems\": 1, " : "");
        print_ref(to, key->of->name);
        fputc('}', to);
    } else if (key->type == RS_V_MAP || key->type == RS_V_BOX) {
        print_ref(to, key->of->name);
    } else if (key->type == RS_V_WORD) {
        fputs("\"enum\": [", to);
        for (int i = 0; key->words[i]; i++) {
            fprintf(to, "%s\"%s\"", i > 0 ? ", " : "", key->words[i]);
            if (is_number(key->words[i])) { /* unquoted, YAML takes it for one */
                fprintf(to, ", %s", key->words[i]);
            }
        }
        fputc(']', to);
    } else {
        fputs(shape(key->type), to);
    }
}

static void print_properties(FILE *to, const struct section *s, const char **before)
{
    for (int i = 0; i < s->n_key; i++) {
        fprintf(to, "%s        ", *before);
        print_text(to, s->key[i].name);
        fputs(": {", to);
        print_shape(to, &s->key[i]);
        fputs(s->key[i].type == RS_V_OWN ? "\"description\": " : ", \"description\": ", to);
        print_text(to, s->key[i].help);
        fputc('}', to);
        *before = ",\n";
    }
    if (s->also) {
        print_properties(to, s->also, before);
    }
}

static void print_required(FILE *to, const struct section *s)
{
    int n = 0;
    for (int i = 0; i < s->n_key; i++) {
        if (s->key[i].flags & RS_KEY_REQUIRED) {
            fprintf(to, "%s\"%s\"", n++ == 0 ? ",\n      \"required\": [" : ", ", s->key[i].name);
        }
    }
    fputs(n > 0 ? "]" : "", to);
}

/* Exactly one of the flagged keys; those of the section that it also takes are its own alternative. */
static void print_one_of(FILE *to, const struct section *s)
{
    int n = 0;
    for (int i = 0; i < s->n_key; i++) {
        if (s->key[i].flags & RS_KEY_ONE_OF) {
            fprintf(to, "%s{\"required\": [\"%s\"]}", n++ == 0 ? ",\n      \"oneOf\": [" : ", ",
                    s->key[i].name);
        }
    }
    fputs(n > 0 ? "]" : "", to);
    if (s->also && n == 0) {
        print_one_of(to, s->also);
    }
}

static void print_section(FILE *to, const struct section *s)
{
    const char *before = "";
    fputs("{\n      \"type\": \"object\",\n      \"description\": ", to);
    print_text(to, s->help);
    fputs(",\n      \"additionalProperties\": false,\n      \"properties\": {\n", to);
    print_properties(to, s, &before);
    fputs("\n      }", to);
    print_required(to, s);
    print_one_of(to, s);
    fputs("\n    }", to);
}

static const char head[] =
    "{\n"
    "  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
    "  \"title\": \"rollsim scenario\",\n"
    "  \"$ref\": \"#/$defs/scenario\",\n"
    "  \"$defs\": {\n"
    "    \"duration\": {\"type\": [\"string\", \"integer\"], \"pattern\": "
    "\"^(0|([0-9.]+(y|w|d|h|m|s|ms|us|ns))+)$\", "
    "\"maximum\": 0, \"description\": \"A duration like 90s, 5m or 1h30m.\"},\n"
    "    \"ratio\": {\"type\": [\"string\", \"number\"], \"pattern\": \"^[0-9.eE+-]+%?$\", "
    "\"minimum\": 0, "
    "\"description\": \"0.5% or 0.005\"},\n"
    "    \"rate\": {\"type\": [\"string\", \"number\"], \"pattern\": \"^[0-9.eE+-]+(/[smhd])?$\", "
    "\"minimum\": 0, "
    "\"description\": \"0.6/m, 2/s, 30/h, or a number per second.\"}";

void rs_scenario_print_schema(FILE *to)
{
    struct section_list list = rs_section_list();
    fputs(head, to);
    for (int i = 0; i < list.n; i++) {
        fputs(",\n    \"", to);
        for (const char *p = list.item[i]->name; *p; p++) {
            fputc(*p == ' ' ? '_' : *p, to);
        }
        fputs("\": ", to);
        print_section(to, list.item[i]);
    }
    fputs("\n  }\n}\n", to);
}
