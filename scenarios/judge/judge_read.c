/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A judge of the runbook: its keys, and its own file. */
#include "judge_read.h"

#include <string.h>

#include "../text/file.h"
#include "scenarios/judge.h"

struct judge_draft {
    struct judge judge;
    struct judge_keys keys;
};

#define JUDGE(field) offsetof(struct judge_draft, judge.field)
#define KEYS(field) offsetof(struct judge_draft, keys.field)

/* In the order of enum judge_kind. */
static const struct {
    judge_file_reader read;
    const char *own_keys; /* blank-separated: keys that only this kind takes */
} kinds[] = {
    [RS_JUDGE_ARGO] = {rs_judge_read_argo, "args query_time"},
    [RS_JUDGE_FLAGGER] = {rs_judge_read_flagger, "queries"},
    [RS_JUDGE_KAYENTA] = {rs_judge_read_kayenta, "kayenta"},
    [RS_JUDGE_GROWTHBOOK] = {rs_judge_read_growthbook, "growthbook"},
};
static const char *const kind_words[] = {"argo", "flagger", "kayenta", "growthbook", NULL};

static bool lists(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = words; *p;) {
        size_t length = strcspn(p, " ");
        if (length == n && memcmp(p, word, n) == 0) {
            return true;
        }
        p += length + strspn(p + length, " ");
    }
    return false;
}

static void check_own_keys(struct reader *r, const struct node *map, enum judge_kind kind)
{
    for (int i = 0; i < map->n; i++) {
        for (int k = 0; kind_words[k]; k++) {
            if (k != (int)kind && lists(kinds[k].own_keys, map->pair[i].key) &&
                !lists(kinds[kind].own_keys, map->pair[i].key)) {
                rs_err_list_add(r->errors, RS_E_KEY, map->pair[i].at,
                                "\"%s\" goes only with \"kind: %s\"", map->pair[i].key,
                                kind_words[k]);
                break;
            }
        }
    }
}

/* A map of names to texts: who reads it looks its names up. */
static void check_texts(struct reader *r, const struct node *map, const char *key)
{
    char seen[64];
    const struct node *texts = rs_node_get(map, key);
    if (texts && texts->kind != RS_NODE_MAP) {
        rs_err_list_add(r->errors, RS_E_TYPE, texts->at,
                        "\"%s\" must be a map of names to texts, got %s", key,
                        rs_node_describe(seen, sizeof(seen), texts));
        return;
    }
    for (int i = 0; texts && i < texts->n; i++) {
        if (texts->pair[i].value->kind != RS_NODE_SCALAR) {
            rs_err_list_add(r->errors, RS_E_TYPE, texts->pair[i].value->at,
                            "\"%s\" must be a text, got %s", texts->pair[i].key,
                            rs_node_describe(seen, sizeof(seen), texts->pair[i].value));
        }
    }
}

/* What an error orders where the file does not say it: Argo aborts as for a failure, the others wait. */
static void set_orders(struct reader *r, const struct node *map, struct judge *j)
{
    if (!rs_node_pair(map, "erred")) {
        j->erred = j->kind == RS_JUDGE_ARGO ? j->failed : j->undecided;
    }
    bool any = j->failed == RS_THEN_ROLLBACK || j->undecided == RS_THEN_ROLLBACK ||
               j->erred == RS_THEN_ROLLBACK;
    if (any && !rs_node_pair(map, "procedure")) {
        rs_err_list_add(r->errors, RS_E_KEY, map->at,
                        "a judge that orders a rollback needs the key \"procedure\"");
    }
}

/* The judge's own file, whose text is there. */
static void read_text(struct reader *r, struct judge_source *s, struct judge *j)
{
    const char *outer = r->file;
    bool null_is_absent = r->null_is_absent;
    s->r = r;
    r->file = s->path;
    r->null_is_absent = true;
    kinds[j->kind].read(s, j);
    r->file = outer;
    r->null_is_absent = null_is_absent;
    j->n_note = s->n_note;
    j->note = s->note;
}

static void
read_file(struct reader *r, const struct node *map, const struct judge_keys *keys, struct judge *j)
{
    const struct node *name = rs_node_get(map, "file");
    const char *path = rs_file_path(r, j->file, name->at);
    struct judge_source s = {.map = map, .keys = keys, .path = path};
    s.text = path ? rs_file_text(r, path, name->at, &s.n) : NULL;
    if (s.text) {
        read_text(r, &s, j);
    }
}

static void finish_judge(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct judge_draft *d = draft;
    struct judge *j = &d->judge;
    check_own_keys(r, map, j->kind);
    check_texts(r, map, "args");
    check_texts(r, map, "queries");
    set_orders(r, map, j);
    read_file(r, map, &d->keys, j);
    *(struct judge *)out = *j;
}

static const struct key judge_keys[] = {
    {"name", RS_V_NAME, RS_KEY_REQUIRED, .at = JUDGE(name), .help = "Name."},
    {"kind", RS_V_WORD, RS_KEY_REQUIRED, .at = JUDGE(kind), .words = kind_words,
     .help = "Whose judge it is: Argo Rollouts (an AnalysisTemplate), Flagger (a Canary with its "
             "MetricTemplates), Kayenta (a canary configuration), GrowthBook (a safe rollout)."},
    {"file", RS_V_FILE, RS_KEY_REQUIRED, .at = JUDGE(file),
     .help = "The tool's own configuration."},
    {"stages", RS_V_REFS, RS_KEY_REQUIRED | RS_KEY_SOME, .at = JUDGE(stage), .n_at = JUDGE(n_stage),
     .names = RS_NAME_STAGE,
     .help = "It judges while these are watched, ramp included, each stage anew."},
    {"each_step", RS_V_BOOL, .def = "off", .at = JUDGE(restarts),
     .help = "It begins anew at each step of the ramp too, and ends with the step's watch."},
    {"failed", RS_V_WORD, .def = "rollback", .at = JUDGE(failed), .words = rs_gate_then_words,
     .help = "What a failed judgement orders; promote: nothing, it is only told."},
    {"undecided", RS_V_WORD, .def = "hold", .at = JUDGE(undecided), .words = rs_gate_then_words,
     .help = "What an inconclusive judgement orders."},
    {"erred", RS_V_WORD, .def = "(argo: as failed; else as undecided)", .at = JUDGE(erred),
     .words = rs_gate_then_words, .help = "What it orders when it could not measure."},
    {"procedure", RS_V_REF, .at = JUDGE(procedure), .names = RS_NAME_PROCEDURE,
     .help = "How to roll back; automation does it. May be named by a judge that only tells."},
    {"args", RS_V_OWN, .shape = "map of names to texts",
     .help = "Argo: values of the template's arguments, as a Rollout would give them."},
    {"query_time", RS_V_DURATION, .max = 3600, .def = "0s", .at = KEYS(query_time_ns),
     .help = "Argo: a query takes so long; its period counts from the query's end."},
    {"queries", RS_V_OWN, .shape = "map of names to PromQL",
     .help = "Flagger: what its built-in metrics ask (request-success-rate in percent, "
             "request-duration in milliseconds): the tool's own queries depend on the mesh."},
    {"kayenta", RS_V_MAP, .of = &rs_section_judge_kayenta, .at = KEYS(kayenta),
     .help = "Kayenta: when it judges, and whom."},
    {"growthbook", RS_V_MAP, .of = &rs_section_judge_growthbook, .at = KEYS(growthbook),
     .help = "GrowthBook: what it knows beside the rollout; required with it."},
    {"ref", RS_V_TEXT, .at = JUDGE(ref),
     .help = "Place in the source document; findings and verdicts print it."},
    {"assumes", RS_V_ASSUMES, .help = "Assumptions that these numbers rest on."},
};
const struct section rs_section_judge = {"judge",
                                         "A canary controller that measures while a stage is "
                                         "watched and says when the release has failed.",
                                         judge_keys,
                                         RS_N_KEY(judge_keys),
                                         .size = sizeof(struct judge),
                                         .draft_size = sizeof(struct judge_draft),
                                         .has_mark = true,
                                         .mark_at = JUDGE(at),
                                         .finish = finish_judge};

/* ---- without a scenario ------------------------------------------------------------------------ */

/* The names and texts as if they stood under a key of a scenario. */
static struct pair given_pair(struct arena *arena, const struct judge_text *src, const char *key)
{
    struct node *map = RS_ARENA_ARRAY(arena, struct node, 1);
    struct pair *pair = RS_ARENA_ARRAY(arena, struct pair, src->n_given);
    const struct mark at = {src->file, 1, 1};
    for (int i = 0; i < src->n_given; i++) {
        struct node *text = RS_ARENA_ARRAY(arena, struct node, 1);
        const char *words = src->given[2 * i + 1];
        *text = (struct node){
            .kind = RS_NODE_SCALAR, .at = at, .text = words, .code = words, .code_at = at};
        pair[i] = (struct pair){src->given[2 * i], at, text};
    }
    *map = (struct node){.kind = RS_NODE_MAP, .at = at, .n = src->n_given, .pair = pair};
    return (struct pair){key, at, map};
}

/* The keys of one kind as they stand in a scenario; the pairs behind the *n of `given`. */
static void read_own_keys(struct reader *r,
                          const struct judge_text *src,
                          struct judge_keys *keys,
                          struct pair *given,
                          int *n)
{
    static const char file[] = "keys";
    const char *text = src->keys ? src->keys : "{}";
    const struct node *root = rs_yaml_parse(r->arena, file, text, strlen(text), r->errors);
    const struct {
        const char *key;
        const struct section *section;
        void *to;
    } own[] = {{"kayenta", &rs_section_judge_kayenta, &keys->kayenta},
               {"growthbook", &rs_section_judge_growthbook, &keys->growthbook}};
    r->file = file;
    for (int i = 0; root && i < 2; i++) {
        const struct pair *pair = rs_node_pair(root, own[i].key);
        if (pair && rs_read_section(r, own[i].section, own[i].key, pair->value, own[i].to) == 0) {
            given[(*n)++] = *pair;
        }
    }
}

const struct judge *
rs_judge_parse(struct arena *arena, const struct judge_text *src, struct err_list *errors)
{
    struct err_list own;
    rs_err_list_init(&own);
    struct reader r = {.arena = arena, .errors = errors ? errors : &own, .dialect = src->dialect};
    struct pair given[4] = {given_pair(arena, src, "args"), given_pair(arena, src, "queries")};
    struct node map = {.kind = RS_NODE_MAP, .at = {src->file, 1, 1}, .n = 2, .pair = given};
    struct judge_keys keys = {.query_time_ns = src->query_time_ns};
    size_t n_before = r.errors->n + r.errors->n_dropped;
    read_own_keys(&r, src, &keys, given, &map.n);
    struct judge_source s = {
        .map = &map, .keys = &keys, .path = src->file, .text = src->text, .n = src->n};
    struct judge *j = RS_ARENA_ARRAY(arena, struct judge, 1);
    *j = (struct judge){.name = rs_judge_kind_name(src->kind),
                        .kind = src->kind,
                        .file = src->file,
                        .n_stage = 1,
                        .stage = RS_ARENA_ARRAY(arena, int, 1),
                        .failed = RS_THEN_ROLLBACK,
                        .undecided = RS_THEN_HOLD,
                        .erred = RS_THEN_ROLLBACK};
    if (r.errors->n + r.errors->n_dropped == n_before) {
        read_text(&r, &s, j);
    }
    bool good = r.errors->n + r.errors->n_dropped == n_before;
    rs_err_list_clear(&own);
    return good ? j : NULL;
}
