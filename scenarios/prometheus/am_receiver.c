/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Receivers. What an integration holds (addresses, credentials, texts) decides nothing here and is passed over, but for
 * send_resolved, which decides what is sent when.
 */
#include <stdio.h>
#include <string.h>

#include "am_file.h"

static const struct integration {
    const char *key;
    bool send_resolved; /* Alertmanager's default, notifiers.go */
    enum am_version since;
} integrations[] = {
    {"discord_configs", true, RS_AM_0_25},     {"email_configs", false, RS_AM_0_25},
    {"incidentio_configs", true, RS_AM_0_33},  {"jira_configs", true, RS_AM_0_33},
    {"mattermost_configs", true, RS_AM_0_33},  {"msteams_configs", true, RS_AM_0_28},
    {"msteamsv2_configs", true, RS_AM_0_28},   {"opsgenie_configs", true, RS_AM_0_25},
    {"pagerduty_configs", true, RS_AM_0_25},   {"pushover_configs", true, RS_AM_0_25},
    {"rocketchat_configs", false, RS_AM_0_28}, {"slack_configs", false, RS_AM_0_25},
    {"sns_configs", true, RS_AM_0_25},         {"telegram_configs", true, RS_AM_0_25},
    {"victorops_configs", true, RS_AM_0_25},   {"webex_configs", true, RS_AM_0_25},
    {"webhook_configs", true, RS_AM_0_25},     {"wechat_configs", false, RS_AM_0_25},
};
enum { N_INTEGRATION = sizeof(integrations) / sizeof(integrations[0]) };

static const struct key receiver_keys[] = {
    {"name", RS_V_TEXT, RS_KEY_REQUIRED, .at = offsetof(struct am_receiver, name), .help = ""},
    RS_AM_ROW("discord_configs"),
    RS_AM_ROW("email_configs"),
    RS_AM_ROW("incidentio_configs"),
    RS_AM_ROW("jira_configs"),
    RS_AM_ROW("mattermost_configs"),
    RS_AM_ROW("msteams_configs"),
    RS_AM_ROW("msteamsv2_configs"),
    RS_AM_ROW("opsgenie_configs"),
    RS_AM_ROW("pagerduty_configs"),
    RS_AM_ROW("pushover_configs"),
    RS_AM_ROW("rocketchat_configs"),
    RS_AM_ROW("slack_configs"),
    RS_AM_ROW("sns_configs"),
    RS_AM_ROW("telegram_configs"),
    RS_AM_ROW("victorops_configs"),
    RS_AM_ROW("webex_configs"),
    RS_AM_ROW("webhook_configs"),
    RS_AM_ROW("wechat_configs"),
};
static const struct section receiver_section = {"receiver",
                                                "",
                                                receiver_keys,
                                                RS_N_KEY(receiver_keys),
                                                .size = sizeof(struct am_receiver),
                                                .has_mark = true,
                                                .mark_at = offsetof(struct am_receiver, at)};

struct tally {
    int n, n_resolved; /* integrations, and those that tell of resolved alerts */
    char names[320];
};

static void count_integrations(struct am_reading *a,
                               const struct node *map,
                               const struct integration *kind,
                               struct tally *t)
{
    const struct node *list = rs_am_list(a, map, kind->key);
    rs_am_since(a, map, kind->key, kind->since);
    if (!list || list->n == 0) {
        return;
    }
    size_t used = strlen(t->names);
    snprintf(t->names + used, sizeof(t->names) - used, "%s%s", used ? ", " : "", kind->key);
    for (int i = 0; i < list->n; i++) {
        bool own = rs_am_is_given(list->item[i], "send_resolved");
        bool resolved = own ? rs_am_bool(a, list->item[i], "send_resolved") : kind->send_resolved;
        t->n++;
        t->n_resolved += resolved;
    }
}

/* A receiver tells of resolved alerts if one of its integrations does; one without integrations does too. */
static void read_integrations(struct am_reading *a, const struct node *map, struct am_receiver *to)
{
    struct tally t = {0};
    for (int i = 0; i < N_INTEGRATION; i++) {
        count_integrations(a, map, &integrations[i], &t);
    }
    to->send_resolved = t.n_resolved > 0 || t.n == 0;
    to->n_integration = t.n;
    if (t.n == 0) {
        rs_am_note_add(a, to->at,
                       "receiver \"%s\" has no integrations: the real Alertmanager tells nobody "
                       "through it (the channel of a scenario does)",
                       to->name);
        return;
    }
    rs_am_note_add(a, to->at, "the integrations of receiver \"%s\" are not modelled: %s", to->name,
                   t.names);
    if (t.n_resolved > 0 && t.n_resolved < t.n) {
        rs_am_note_add(
            a, to->at,
            "receiver \"%s\" has integrations with and without send_resolved: it is taken "
            "as one with it",
            to->name);
    }
}

void rs_am_receivers_read(struct am_reading *a, const struct node *root, struct am_config *out)
{
    struct reader *r = a->r;
    const struct node *list = rs_am_list(a, root, "receivers");
    if (!list) {
        if (!rs_am_is_given(root, "receivers")) {
            rs_err_list_add(r->errors, RS_E_KEY, root->at,
                            "an Alertmanager file needs the key \"receivers\"");
        }
        r->names[RS_NAME_RECEIVER].unknown = true;
        return;
    }
    rs_names_collect(r, RS_NAME_RECEIVER, list, "name", true);
    struct am_receiver *receiver = RS_ARENA_ARRAY(r->arena, struct am_receiver, list->n);
    for (int i = 0; i < list->n; i++) {
        const struct node *map = list->item[i];
        if (rs_read_section(r, &receiver_section, "a receiver", map, &receiver[i]) != 0) {
            continue;
        }
        read_integrations(a, map, &receiver[i]);
    }
    out->n_receiver = list->n;
    out->receiver = receiver;
}
