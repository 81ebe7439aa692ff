/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The timeline that people write: a list of events. */
#include <string.h>

#include "evidence_keys.h"
#include "evidence_read.h"

#define EVENT(field) offsetof(struct mark_draft, field)

static const struct key event_keys[] = {
    {"at", RS_V_TEXT, RS_KEY_REQUIRED, .at = EVENT(at),
     .help =
         "When: 2025-09-29T13:42:07Z, or without a zone on the clock of \"zone\"; \"13:42\" means "
         "the whole minute."},
    {"event", RS_V_TEXT, RS_KEY_REQUIRED, .at = EVENT(event),
     .help = "What: [the words](retro-evidence.md#events)."},
    {"actor", RS_V_TEXT, .at = EVENT(actor), .help = "Who."},
    {"stage", RS_V_TEXT, .at = EVENT(stage), .help = "Of the scenario's runbook."},
    {"flag", RS_V_TEXT, .at = EVENT(flag), .help = "Of flag_set: which."},
    {"on", RS_V_TEXT, .at = EVENT(on), .help = "Of flag_set: on or off."},
    {"percent", RS_V_TEXT, .at = EVENT(percent),
     .help = "Of flag_set: of how many users, 0 is off."},
    {"subject", RS_V_TEXT, .at = EVENT(subject),
     .help = "Which alert, procedure, gate, action, channel or item of the checklist."},
    {"episode", RS_V_TEXT, .at = EVENT(episode),
     .help = "A name that binds the marks of one rollback together."},
    {"note", RS_V_TEXT, .at = EVENT(note), .help = "In people's own words."},
};
const struct section rs_section_timeline_event = {"timeline event",
                                                  "What somebody noted.",
                                                  event_keys,
                                                  RS_N_KEY(event_keys),
                                                  .size = sizeof(struct mark_draft),
                                                  .has_mark = true,
                                                  .mark_at = EVENT(here)};

struct timeline_draft {
    const char *zone;
};

static const struct key timeline_keys[] = {
    {"timeline", RS_V_OWN, RS_KEY_REQUIRED, .shape = "1", .help = "Version of the language."},
    {"zone", RS_V_TEXT, .at = offsetof(struct timeline_draft, zone),
     .help = "Whose clock shows the times that name no zone: Europe/Berlin, UTC, +02:00."},
    {"events", RS_V_OWN, RS_KEY_REQUIRED, .of = &rs_section_timeline_event, .shape = "list of ",
     .help = "What happened, as it was noted."},
};
const struct section rs_section_timeline = {"timeline",
                                            "A file that says `timeline: 1`: what people did, for "
                                            "`rollsim retro` ([more](retro-evidence.md)).",
                                            timeline_keys, RS_N_KEY(timeline_keys),
                                            .size = sizeof(struct timeline_draft)};

static struct mark place(const struct node *map, const char *key)
{
    const struct node *value = rs_node_get(map, key);
    return value ? value->at : map->at;
}

static int read_event(struct marks_reading *m, const struct node *item)
{
    struct mark_draft d = {0};
    if (rs_read_section(m->r, &rs_section_timeline_event, "an event in \"events\"", item, &d) !=
        0) {
        return -1;
    }
    d.at_at = place(item, "at");
    d.event_at = place(item, "event");
    d.stage_at = place(item, "stage");
    d.flag_at = place(item, "flag");
    d.on_at = place(item, "on");
    d.percent_at = place(item, "percent");
    return rs_marks_add(m, &d, RS_WHEN_NO_DAY);
}

int rs_marks_read_events(struct marks_reading *m, const struct node *list)
{
    int status = 0;
    char seen[64];
    if (list->kind != RS_NODE_LIST) {
        return rs_err_list_add(m->r->errors, RS_E_TYPE, list->at,
                               "\"events\" must be a list, got %s",
                               rs_node_describe(seen, sizeof(seen), list));
    }
    for (int i = 0; i < list->n; i++) {
        status |= read_event(m, list->item[i]);
    }
    m->e->source[m->source].n_line += (uint64_t)list->n;
    return status;
}

int rs_marks_read_yaml(struct marks_reading *m, const char *text, size_t n)
{
    struct reader *r = m->r;
    struct timeline_draft d = {0};
    const struct node *root = rs_yaml_parse(r->arena, r->file, text, n, r->errors);
    if (!root) {
        return -1;
    }
    const struct node *version = rs_node_get(root, "timeline");
    if (version && (version->kind != RS_NODE_SCALAR || strcmp(version->text, "1") != 0)) {
        char seen[64];
        return rs_err_list_add(r->errors, RS_E_UNSUPPORTED, version->at,
                               "this rollsim reads version 1 of timelines, got %s",
                               rs_node_describe(seen, sizeof(seen), version));
    }
    int status = rs_read_section(r, &rs_section_timeline, "a timeline", root, &d);
    if (d.zone && rs_when_zone(r, d.zone, place(root, "zone"), &m->zone) != 0) {
        return -1;
    }
    const struct node *events = rs_node_get(root, "events");
    return events ? rs_marks_read_events(m, events) | status : status;
}
