/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Roles, channels and monitoring, and the parts of the runbook around stages and procedures. */
#include <string.h>

#include "models/rules.h"
#include "prometheus/silence_read.h"
#include "reader.h"
#include "sim/clock.h"

static const char ref_help[] = "Place in the source document; findings and verdicts print it.";
static const char assumes_help[] = "Assumptions that these numbers rest on.";

/* ---- roles ---- */

#define ROLE(field) offsetof(struct role, field)
#define ATTENTION(field) offsetof(struct attention, field)

static const struct key attention_keys[] = {
    {"channel", RS_V_REF, RS_KEY_REQUIRED, .at = ATTENTION(channel), .names = RS_NAME_CHANNEL,
     .help = "Channel."},
    {"sees", RS_V_RATIO, .def = "100%", .at = ATTENTION(sees),
     .help = "A message is noticed with this probability."},
    {"off_hours", RS_V_BOOL, .def = "off", .at = ATTENTION(off_hours),
     .help = "Also outside working hours."},
};
static const struct section attention_section = {"attended channel", "A channel that a role reads.",
                                                 attention_keys, RS_N_KEY(attention_keys),
                                                 .size = sizeof(struct attention)};

static void finish_hours(struct reader *r, const struct node *map, void *draft, void *out)
{
    const struct role *role = draft;
    (void)out;
    if (role->from_ns == role->until_ns) { /* from > until runs over midnight */
        rs_err_list_add(r->errors, RS_E_RANGE, map->at, "\"from\" and \"until\" must differ");
    }
}

static const struct key hours_keys[] = {
    {"from", RS_V_DAYTIME, RS_KEY_REQUIRED, .at = ROLE(from_ns), .help = "Start, UTC."},
    {"until", RS_V_DAYTIME, RS_KEY_REQUIRED, .at = ROLE(until_ns), .help = "End, UTC."},
    {"days", RS_V_WEEKDAYS, RS_KEY_SOME, .def = "(every day)", .at = ROLE(weekdays),
     .help = "Working days."},
};
static const struct section hours_section = {"set of hours", "Working hours.", hours_keys,
                                             RS_N_KEY(hours_keys), .finish = finish_hours};

static void finish_role(struct reader *r, const struct node *map, void *draft, void *out)
{
    struct role *role = draft;
    (void)out;
    if (!rs_node_pair(map, "hours")) {
        role->until_ns = 24 * 3600 * RS_NS_PER_S;
    }
    if (role->weekdays == 0) {
        role->weekdays = 0x7f;
    }
    if (role->escalates_to >= 0 &&
        strcmp(r->names[RS_NAME_ROLE].name[role->escalates_to], role->name) == 0) {
        rs_err_list_add(r->errors, RS_E_REF, rs_node_get(map, "escalates_to")->at,
                        "role \"%s\" cannot escalate to itself", role->name);
    }
}

static const struct key role_keys[] = {
    {"name", RS_V_NAME, RS_KEY_REQUIRED, .at = ROLE(name), .help = "Name."},
    {"title", RS_V_TEXT, .at = ROLE(title), .help = "One line for people."},
    {"attends", RS_V_LIST, .at = ROLE(attention), .n_at = ROLE(n_attention),
     .of = &attention_section, .help = "Channels that it reads."},
    {"acknowledge", RS_V_DIST, RS_KEY_REQUIRED, .at = ROLE(acknowledge),
     .help = "From the visible message to the acknowledgement."},
    {"decide", RS_V_DIST, RS_KEY_REQUIRED, .at = ROLE(decide),
     .help = "From the acknowledgement to the decision."},
    {"act", RS_V_DIST, RS_KEY_REQUIRED, .at = ROLE(act),
     .help = "One manual action, where the action does not say."},
    {"error_probability", RS_V_RATIO, .at = ROLE(error_ratio),
     .help = "A step is not done right and must be done again."},
    {"notice", RS_V_DIST, .def = "1m", .at = ROLE(notice), .help = "Until such a slip is noticed."},
    {"hours", RS_V_MAP, .of = &hours_section, .def = "(always)", .help = "Working hours."},
    {"escalates_to", RS_V_REF, .at = ROLE(escalates_to), .names = RS_NAME_ROLE,
     .help = "Role that is called next."},
    {"escalates_after", RS_V_DURATION, RS_KEY_NEED_WITH | RS_KEY_POSITIVE, .def = "(never)",
     .at = ROLE(escalate_after_ns), .with = "escalates_to",
     .help = "After so long without an acknowledgement."},
    {"ref", RS_V_TEXT, .at = ROLE(ref), .help = ref_help},
    {"assumes", RS_V_ASSUMES, .help = assumes_help},
};
const struct section rs_section_role = {"role",
                                        "Somebody who is told, decides and acts.",
                                        role_keys,
                                        RS_N_KEY(role_keys),
                                        .size = sizeof(struct role),
                                        .has_mark = true,
                                        .mark_at = ROLE(at),
                                        .finish = finish_role};

/* ---- monitoring ---- */

#define CHANNEL(field) offsetof(struct channel, field)
#define MONITORING(field) offsetof(struct monitoring, field)

static const struct key channel_keys[] = {
    {"name", RS_V_NAME, RS_KEY_REQUIRED, .at = CHANNEL(name), .help = "Name."},
    {"receiver", RS_V_NAMED, .at = CHANNEL(receiver), .names = RS_NAME_RECEIVER,
     .help = "Receiver of the Alertmanager file that delivers here."},
    {"delivery", RS_V_DIST, .def = "0s", .at = CHANNEL(delivery),
     .help = "From the notification to the visible message."},
    {"silent", RS_V_BOOL, .def = "off", .at = CHANNEL(silent),
     .help = "No paging service stands behind it: an unread message does not escalate."},
    {"ref", RS_V_TEXT, .at = CHANNEL(ref), .help = ref_help},
    {"assumes", RS_V_ASSUMES, .help = assumes_help},
};
static const struct section channel_section = {"channel",
                                               "Where messages become visible to people.",
                                               channel_keys,
                                               RS_N_KEY(channel_keys),
                                               .size = sizeof(struct channel),
                                               .has_mark = true,
                                               .mark_at = CHANNEL(at)};

/* In the order of enum group_offsets. */
static const char *const group_offset_words[] = {"drawn", "hashed", "hashed-slices", NULL};

static void finish_monitoring(struct reader *r, const struct node *map, void *draft, void *out)
{
    const struct monitoring *m = draft;
    const struct node *silences = rs_node_get(map, "silences_file");
    (void)out;
    if (silences) {
        rs_silences_add_file(r, silences, draft);
    }
    if (m->rules_path[0] != '/') {
        rs_err_list_add(r->errors, RS_E_RANGE, rs_node_get(map, "rules_path")->at,
                        "\"rules_path\" must begin with \"/\", got \"%s\"", m->rules_path);
    }
    for (int i = 0; m->group_offsets != RS_OFFSETS_DRAWN && i < m->n_rule_file; i++) {
        if (m->rule_file[i]->is_manifest) {
            rs_err_list_add(r->errors, RS_E_UNSUPPORTED, rs_node_get(map, "group_offsets")->at,
                            "the operator names the files of a PrometheusRule itself: the offsets "
                            "of %s cannot be hashed",
                            m->rule_file[i]->file);
        }
    }
}

static const struct key monitoring_keys[] = {
    {"evaluation_interval", RS_V_DURATION, .min = 0.001, .max = 86400, .def = "1m",
     .at = MONITORING(evaluation_interval_ns),
     .help = "Of rule groups that name none, and of gates."},
    {"lookback", RS_V_DURATION, RS_KEY_POSITIVE, .def = "5m", .at = MONITORING(lookback_ns),
     .help = "Age at which a sample no longer counts."},
    {"prometheus", RS_V_WORD, .def = "3", .at = MONITORING(dialect),
     .words = rs_promql_dialect_names,
     .help = "Release whose PromQL is spoken, in rules and gates alike."},
    {"group_offsets", RS_V_WORD, .def = "drawn", .at = MONITORING(group_offsets),
     .words = group_offset_words,
     .help = "Where in its interval a rule group is evaluated: drawn per world, or as the server's "
             "hash of file and group "
             "has it; hashed-slices for builds with slice labels (Debian's 2.53)."},
    {"rules_path", RS_V_TEXT, .def = "/etc/prometheus", .at = MONITORING(rules_path),
     .help = "Folder in which the server finds its rule files; the hash needs it."},
    {"rules", RS_V_OWN, .shape = "list of file paths",
     .help = "Prometheus rule files, read as they are."},
    {"alertmanager", RS_V_OWN, .shape = "file path",
     .help = "Alertmanager file; without one nobody is told."},
    {"alertmanager_version", RS_V_WORD, .def = "0.33", .at = MONITORING(alertmanager_version),
     .words = rs_am_version_names,
     .help = "Release whose file is read and whose behaviour is followed."},
    {"alertmanager_peer", RS_V_INT, .max = 9, .def = "0", .at = MONITORING(alertmanager_peer),
     .help = "Place in a cluster whose earlier peers are down: every notification waits 15s for "
             "each of them."},
    {"silences", RS_V_LIST, .at = MONITORING(silence), .n_at = MONITORING(n_silence),
     .of = &rs_section_silence, .help = "What Alertmanager is told to keep to itself."},
    {"silences_file", RS_V_OWN, .shape = "file path",
     .help = "More silences, as `amtool silence query -o json` prints them."},
    {"channels", RS_V_LIST, .at = MONITORING(channel), .n_at = MONITORING(n_channel),
     .of = &channel_section, .help = "Where messages become visible."},
    {"assumes", RS_V_ASSUMES, .help = assumes_help},
};

const struct section rs_section_monitoring = {"monitoring", "Scrapes, rules and alerts.",
                                              monitoring_keys, RS_N_KEY(monitoring_keys),
                                              .finish = finish_monitoring};

/* ---- the runbook ---- */

#define RESPONSE(field) offsetof(struct response, field)
#define ITEM(field) offsetof(struct checklist_item, field)
#define AUTO(field) offsetof(struct automation, field)
#define SIDE(field) offsetof(struct side_step, field)

static const struct key item_keys[] = {
    {"text", RS_V_TEXT, RS_KEY_REQUIRED, .at = ITEM(text), .help = "What must be so."},
    {"done", RS_V_BOOL, RS_KEY_REQUIRED, .at = ITEM(done), .help = "Whether it is."},
    {"ref", RS_V_TEXT, .at = ITEM(ref), .help = ref_help},
    {"assumes", RS_V_ASSUMES, .help = assumes_help},
};
static const struct section item_section = {"checklist item",
                                            "A precondition.",
                                            item_keys,
                                            RS_N_KEY(item_keys),
                                            .size = sizeof(struct checklist_item),
                                            .has_mark = true,
                                            .mark_at = ITEM(at)};

static const struct key automation_keys[] = {
    {"name", RS_V_NAME, RS_KEY_REQUIRED, .at = AUTO(name), .help = "Name."},
    {"alert", RS_V_NAMED, RS_KEY_REQUIRED, .at = AUTO(alert), .names = RS_NAME_ALERT,
     .help = "Alert that it acts on."},
    {"procedure", RS_V_REF, RS_KEY_REQUIRED, .at = AUTO(procedure), .names = RS_NAME_PROCEDURE,
     .help = "What it does."},
    {"delay", RS_V_DIST, .def = "0s", .at = AUTO(delay),
     .help = "From firing to the first action."},
    {"ref", RS_V_TEXT, .at = AUTO(ref), .help = ref_help},
    {"assumes", RS_V_ASSUMES, .help = assumes_help},
};
static const struct section automation_section = {
    "automation",
    "Acts when an alert fires, without asking anybody.",
    automation_keys,
    RS_N_KEY(automation_keys),
    .size = sizeof(struct automation),
    .has_mark = true,
    .mark_at = AUTO(at)};

static const char *const step_when_words[] = {"stage_entered", "daily", "rollback", "finished",
                                              NULL};

static void finish_side(struct reader *r, const struct node *map, void *draft, void *out)
{
    const struct side_step *s = draft;
    (void)out;
    const struct pair *at = rs_node_pair(map, "at");
    if (s->when == RS_STEP_DAILY && !at) {
        rs_err_list_add(r->errors, RS_E_KEY, map->at, "\"when: daily\" needs the key \"at\"");
    } else if (s->when != RS_STEP_DAILY && at) {
        rs_err_list_add(r->errors, RS_E_KEY, at->at, "\"at\" goes only with \"when: daily\"");
    }
}

static const struct key side_keys[] = {
    {"when", RS_V_WORD, RS_KEY_REQUIRED, .at = SIDE(when), .words = step_when_words,
     .help = "Occasion."},
    {"at", RS_V_DAYTIME, .at = SIDE(at_day_ns), .help = "Time of day (UTC) of a daily step."},
    {"by", RS_V_REF, .at = SIDE(by), .names = RS_NAME_ROLE, .help = "Role that does it."},
};
static const struct section side_section = {
    "communication step",
    "Who is told what, and when. Besides these keys it takes those of an action.",
    side_keys,
    RS_N_KEY(side_keys),
    .size = sizeof(struct side_step),
    .also = &rs_section_action,
    .also_at = SIDE(action),
    .finish = finish_side};

static void finish_post(struct reader *r, const struct node *map, void *draft, void *out)
{
    (void)r, (void)map, (void)out;
    ((struct side_step *)draft)->when = RS_STEP_FINISHED;
}

static const struct key post_keys[] = {
    {"by", RS_V_REF, .at = SIDE(by), .names = RS_NAME_ROLE, .help = "Role that does it."},
};
static const struct section post_section = {
    "post-rollout step",
    "Done once the rollout has finished. Besides these keys it takes those of an action.",
    post_keys,
    RS_N_KEY(post_keys),
    .size = sizeof(struct side_step),
    .also = &rs_section_action,
    .also_at = SIDE(action),
    .finish = finish_post};

#define METRIC(field) offsetof(struct listed_metric, field)

static const struct key metric_keys[] = {
    {"metric", RS_V_METRIC, RS_KEY_REQUIRED, .at = METRIC(metric),
     .help = "Prometheus name of a counter, or of a histogram without its suffix."},
    {"says", RS_V_TEXT, .at = METRIC(says), .help = "The document's own words for it."},
    {"ref", RS_V_TEXT, .at = METRIC(ref), .help = ref_help},
};
static const struct section metric_section = {"listed metric",
                                              "A metric that the document wants to be watched.",
                                              metric_keys,
                                              RS_N_KEY(metric_keys),
                                              .size = sizeof(struct listed_metric),
                                              .has_mark = true,
                                              .mark_at = METRIC(at)};

struct runbook_draft {
    struct response response;
    int n_post;
    const struct side_step *post;
};

static void finish_runbook(struct reader *r, const struct node *map, void *draft, void *out)
{
    (void)map;
    const struct runbook_draft *d = draft;
    struct response *to = out;
    int n = d->response.n_side_step + d->n_post;
    struct side_step *step = RS_ARENA_ARRAY(r->arena, struct side_step, n);
    for (int i = 0; i < n; i++) {
        int post = i - d->response.n_side_step;
        step[i] = post < 0 ? d->response.side_step[i] : d->post[post];
    }
    int n_role = to->n_role; /* roles stand beside the runbook and are read already */
    const struct role *role = to->role;
    *to = d->response;
    to->n_role = n_role;
    to->role = role;
    to->n_side_step = n;
    to->side_step = step;
}

static const struct key runbook_keys[] = {
    {"checklist", RS_V_LIST, .at = RESPONSE(checklist), .n_at = RESPONSE(n_checklist),
     .of = &item_section, .help = "Preconditions."},
    {"metrics", RS_V_LIST, .at = RESPONSE(metric), .n_at = RESPONSE(n_metric),
     .of = &metric_section, .help = "Metrics that are to be watched."},
    {"stages", RS_V_LIST, RS_KEY_REQUIRED | RS_KEY_SOME, .at = RESPONSE(stage),
     .n_at = RESPONSE(n_stage), .of = &rs_section_stage, .help = "Steps of the rollout, in order."},
    {"lull", RS_V_DURATION, .at = RESPONSE(lull_ns),
     .help = "Time between stages, beside their `not_before`."},
    {"procedures", RS_V_LIST, .at = RESPONSE(procedure), .n_at = RESPONSE(n_procedure),
     .of = &rs_section_procedure, .help = "How to roll back."},
    {"automation", RS_V_LIST, .at = RESPONSE(automation), .n_at = RESPONSE(n_automation),
     .of = &automation_section, .help = "What acts without people."},
    {"judges", RS_V_LIST, .at = RESPONSE(judge), .n_at = RESPONSE(n_judge), .of = &rs_section_judge,
     .help = "Canary controllers that judge a release while it is watched."},
    {"communication", RS_V_LIST, .at = RESPONSE(side_step), .n_at = RESPONSE(n_side_step),
     .of = &side_section, .help = "Who is told what."},
    {"post_rollout", RS_V_LIST, .at = offsetof(struct runbook_draft, post),
     .n_at = offsetof(struct runbook_draft, n_post), .of = &post_section,
     .help = "Done once the rollout has finished."},
};
const struct section rs_section_runbook = {"runbook",
                                           "The part that the team owns.",
                                           runbook_keys,
                                           RS_N_KEY(runbook_keys),
                                           .draft_size = sizeof(struct runbook_draft),
                                           .finish = finish_runbook};
