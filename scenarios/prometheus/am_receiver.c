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
    bool *seen;        /* [N_INTEGRATION] kinds that the file holds */
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
    t->seen[kind - integrations] = true;
    for (int i = 0; i < list->n; i++) {
        bool own = rs_am_is_given(list->item[i], "send_resolved");
        bool resolved = own ? rs_am_bool(a, list->item[i], "send_resolved") : kind->send_resolved;
        t->n++;
        t->n_resolved += resolved;
    }
}

/* A receiver tells of resolved alerts if one of its integrations does; one without integrations does too. */
static void read_integrations(struct am_reading *a,
                              const struct node *map,
                              struct am_receiver *to,
                              bool seen[N_INTEGRATION])
{
    struct tally t = {.seen = seen};
    for (int i = 0; i < N_INTEGRATION; i++) {
        count_integrations(a, map, &integrations[i], &t);
    }
    to->send_resolved = t.n_resolved > 0 || t.n == 0;
    to->n_integration = t.n;
    if (t.n_resolved > 0 && t.n_resolved < t.n) {
        rs_am_note_add(
            a, to->at,
            "receiver \"%s\" has integrations with and without send_resolved: it is taken "
            "as one with it",
            to->name);
    }
}

/* "a, b, ..." where there is no room for more */
static void add_word(char *text, size_t size, const char *word)
{
    size_t used = strlen(text);
    if (used + strlen(word) + 8 < size) {
        snprintf(text + used, size - used, "%s%s", used ? ", " : "", word);
    } else if (used >= 3 && strcmp(text + used - 3, "...") != 0) {
        snprintf(text + used, size - used, ", ...");
    }
}

/* One note of all integrations of the file, one of all receivers without: a file may have a hundred. */
static void tell_integrations(struct am_reading *a,
                              const struct am_config *config,
                              const bool seen[N_INTEGRATION])
{
    char text[400] = "", empty[400] = "";
    const struct am_receiver *first = NULL, *first_empty = NULL;
    int n = 0, n_empty = 0;
    for (int i = 0; i < config->n_receiver; i++) {
        const struct am_receiver *to = &config->receiver[i];
        if (to->n_integration > 0) {
            first = n++ == 0 ? to : first;
        } else if (to->name) {
            first_empty = n_empty++ == 0 ? to : first_empty;
            add_word(empty, sizeof(empty), to->name);
        }
    }
    for (int i = 0; i < N_INTEGRATION; i++) {
        if (seen[i]) {
            add_word(text, sizeof(text), integrations[i].key);
        }
    }
    if (n > 0) {
        rs_am_note_add(a, first->at, "what the integrations of %d receiver%s hold is ignored: %s",
                       n, n == 1 ? "" : "s", text);
    }
    if (n_empty > 0) {
        rs_am_note_add(a, first_empty->at,
                       "%d receiver%s no integrations, so that the real Alertmanager tells nobody "
                       "through %s: %s",
                       n_empty, n_empty == 1 ? " has" : "s have", n_empty == 1 ? "it" : "them",
                       empty);
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
    bool seen[N_INTEGRATION] = {false};
    for (int i = 0; i < list->n; i++) {
        const struct node *map = list->item[i];
        if (rs_read_section(r, &receiver_section, "a receiver", map, &receiver[i]) != 0) {
            continue;
        }
        read_integrations(a, map, &receiver[i], seen);
    }
    out->n_receiver = list->n;
    out->receiver = receiver;
    tell_integrations(a, out, seen);
}
