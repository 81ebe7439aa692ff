/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli.h"
#include "rules_args.h"

static const struct cmd *const subs[] = {&cmd_rules_check, &cmd_rules_eval, &cmd_rules_test};

const struct cmd cmd_rules = {
    .name = "rules",
    .args = "COMMAND",
    .summary = "check, try and test Prometheus rule files",
    .about =
        "Reads the rule files that Prometheus runs, as they are, and PrometheusRule manifests.",
    .examples = "  rollsim rules check rules.yml alertmanager.yml\n"
                "  rollsim rules eval --rules rules.yml --data history.om.gz\n"
                "  rollsim rules test rules_test.yml\n",
    .n_sub = sizeof subs / sizeof subs[0],
    .sub = subs,
};
