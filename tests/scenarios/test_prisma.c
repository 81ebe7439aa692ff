/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The shipped scenario: what the file says stands in the struct. */
#include <math.h>
#include <string.h>

#include "changed.h"
#include "models/history.h"
#include "models/traffic.h"
#include "sim/clock.h"
#include "verify/claim.h"

static struct scenario *sc;

static void load(void)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    sc = rs_scenario_load(RS_SOURCE_DIR "/scenarios/prisma/prisma.yaml", &errors);
    rs_err_list_print(&errors, stderr);
    rs_err_list_clear(&errors);
    ck_assert_ptr_nonnull(sc);
}

static void unload(void)
{
    rs_scenario_free(sc);
}

static const int64_t minute_ns = 60 * RS_NS_PER_S;

START_TEST(test_head)
{
    char start[48];
    ck_assert_str_eq(sc->name, "prisma");
    ck_assert_str_eq(rs_time_format(start, sizeof(start), sc->starts_at_unix_ns),
                     "2025-09-29T09:00:00Z");
    ck_assert_int_eq(sc->horizon_ns, 3 * 24 * 60 * minute_ns);
    ck_assert_int_eq(sc->tail_ns, 45 * minute_ns);
    ck_assert_uint_eq(sc->default_seed, 7);
    ck_assert_uint_eq(sc->default_replicas, 2000);
    ck_assert_double_eq(sc->confidence, 0.95);
    ck_assert_uint_eq(sc->n_world, 100);
    ck_assert_uint_eq(strlen(sc->sha256), 64);
    ck_assert_uint_eq(strspn(sc->sha256, "0123456789abcdef"), 64);
}
END_TEST

/* How many of each; a list that is cut short or read twice shows here. */
START_TEST(test_counts)
{
    const struct response *resp = &sc->response;
    const struct {
        const char *what;
        int got, want;
    } rows[] = {
        {"cohorts", sc->n_cohort, 3},
        {"components", sc->n_component, 2},
        {"dependencies", sc->n_dependency, 1},
        {"flags", sc->n_flag, 5},
        {"services", sc->n_service, 4},
        {"streams of traffic", sc->n_traffic, 5},
        {"faults", sc->n_fault, 5},
        {"claims", sc->n_claim, 13},
        {"channels", sc->monitoring.n_channel, 3},
        {"rule files", sc->monitoring.n_rule_file, 1},
        {"alert rules", sc->monitoring.rule_file[0]->group[0].n_rule, 3},
        {"receivers", sc->monitoring.alertmanager->n_receiver, 3},
        {"roles", resp->n_role, 3},
        {"checklist items", resp->n_checklist, 6},
        {"stages", resp->n_stage, 6},
        {"procedures", resp->n_procedure, 4},
        {"side steps", resp->n_side_step, 7},
        {"metrics to be watched", resp->n_metric, 5},
        {"ramp steps of stage 3", resp->stage[3].n_ramp, 3},
        {"closing actions of stage 2", resp->stage[2].n_closing, 1},
        {"actions of stage 5", resp->stage[5].n_action, 5},
        {"channels of the on-call role", resp->role[0].n_attention, 3},
    };
    for (int i = 0; i < N_ROW(rows); i++) {
        ck_assert_msg(rows[i].got == rows[i].want, "%s: %d, not %d", rows[i].what, rows[i].got,
                      rows[i].want);
    }
}
END_TEST

/* Every element that the document has names its place there. */
START_TEST(test_refs)
{
    for (int i = 0; i < sc->response.n_stage; i++) {
        ck_assert_ptr_nonnull(sc->response.stage[i].ref);
        ck_assert_int_gt(sc->response.stage[i].at.line, 0);
    }
    for (int i = 0; i < sc->n_claim; i++) {
        ck_assert_ptr_nonnull(sc->claim[i].ref);
    }
    ck_assert_str_eq(sc->flag[0].ref, "\xc2\xa7"
                                      "1");
    ck_assert_str_eq(sc->response.procedure[3].action[1].ref, "\xc2\xa7"
                                                              "4 row 4");
}
END_TEST

/* The document's own words stand beside every gate and trigger. */
START_TEST(test_words)
{
    const struct response *resp = &sc->response;
    for (int i = 0; i < resp->n_stage; i++) {
        for (int g = 0; g < resp->stage[i].n_gate; g++)
            ck_assert_ptr_nonnull(resp->stage[i].gate[g].says);
    }
    for (int i = 0; i < resp->n_procedure; i++)
        ck_assert_ptr_nonnull(resp->procedure[i].says);
    ck_assert_str_eq(resp->stage[3].gate[0].says, "verify API latency < 200ms");
    ck_assert_str_eq(resp->metric[3].metric, "audit_log_ingested_total");
    ck_assert_str_eq(resp->metric[3].says, "audit log ingestion rate");
}
END_TEST

START_TEST(test_system)
{
    const struct service *settlement = &sc->service[1];
    const struct path *orchestrator = &settlement->path[0];
    ck_assert_int_eq(settlement->n_instance, 2);
    ck_assert_int_eq(settlement->scrape_interval_ns, 30 * RS_NS_PER_S);
    ck_assert_double_eq_tol(settlement->scrape_loss, 0.001, 1e-15);
    ck_assert_double_eq_tol(settlement->slo_error_ratio, 0.001, 1e-12);
    ck_assert_double_eq(settlement->slow_s, 5.0);
    ck_assert_str_eq(settlement->counter[1].metric, "settlement_audit_mismatch_total");
    ck_assert_int_eq(orchestrator->n_when, 1);
    ck_assert_str_eq(sc->flag[orchestrator->when[0].flag].name, "FINANCIAL_ORCHESTRATOR");
    ck_assert(orchestrator->when[0].on);
    ck_assert_int_eq(orchestrator->fallback, 1);
    ck_assert_int_eq(orchestrator->fallback_counter, 0);
    ck_assert_int_eq(settlement->path[1].fallback, -1);
    ck_assert_int_eq(sc->service[3].path[0].n_uses, 1);
    ck_assert_int_eq(sc->service[0].counter[0].only_on_path, -1);
    const struct propagation *p = &sc->flag[4].propagation;
    ck_assert_int_eq(p->kind, RS_PROPAGATION_STREAMING);
    ck_assert_double_eq(p->delay.cap_s, 5.0);
    ck_assert_double_eq_tol(p->half_open_ratio, 0.01, 1e-15);
    ck_assert_int_eq(sc->flag[0].propagation.kind, RS_PROPAGATION_POLLING);
    ck_assert_int_eq(sc->flag[0].propagation.poll_ns, 15 * RS_NS_PER_S);
    ck_assert(sc->flag[2].initially_on && sc->flag[2].safe_on);
}
END_TEST

START_TEST(test_faults)
{
    const struct fault *reads = &sc->fault[0], *latency = &sc->fault[3], *vault = &sc->fault[4];
    ck_assert_int_eq(reads->target, RS_TARGET_PATH);
    ck_assert_int_eq(reads->onset, RS_ONSET_FLAG_EXPOSED);
    ck_assert_int_eq(reads->onset_flag, 0);
    ck_assert(reads->ends_with_exposure && reads->has_residue);
    ck_assert_int_eq(reads->residue_component, 0);
    ck_assert_int_eq(reads->residue_ttl_ns, 240 * minute_ns);
    ck_assert_double_eq(reads->residue.latency_factor, 1.0);
    ck_assert_int_eq(reads->ends_with_component, -1);
    ck_assert_int_eq(reads->ends_after_ns, RS_NEVER);
    ck_assert(!latency->has_residue);
    ck_assert_int_eq(latency->residue_component, -1);
    ck_assert_int_eq(latency->onset_stage, -1);
    ck_assert_int_eq(latency->onset_service, -1);
    ck_assert_int_eq(latency->dependency, -1);
    ck_assert_int_eq(latency->shape, RS_SHAPE_RAMP);
    ck_assert_int_eq(latency->shape_period_ns, 20 * minute_ns);
    ck_assert_double_eq(latency->effect.latency_factor, 30.0);
    ck_assert_int_eq(vault->target, RS_TARGET_DEPENDENCY);
    ck_assert_int_eq(vault->service, 3);
    ck_assert_int_eq(vault->effect.n_counter, 2);
    ck_assert_int_eq(vault->effect.counter[1], 1);
    ck_assert_double_eq_tol(vault->effect.counter_per_s[1], 3.0 / 60.0, 1e-15);
    ck_assert_int_eq(vault->ends_with_component, 1);
}
END_TEST

START_TEST(test_runbook)
{
    const struct response *resp = &sc->response;
    const struct stage *one = &resp->stage[1], *three = &resp->stage[3];
    ck_assert_int_eq(resp->stage[0].look_every_ns, RS_NEVER);
    ck_assert_int_eq(resp->stage[0].ramp_flag, -1);
    ck_assert_int_eq(one->action[0].kind, RS_ACT_SET_FLAG);
    ck_assert_str_eq(one->action[0].title, "set PERSISTENCE_PRISMA_READS on for 100% of admins");
    ck_assert(isnan(one->action[0].takes.a)); /* the doer's own */
    ck_assert_int_eq(one->action[1].kind, RS_ACT_CHECK);
    ck_assert_uint_eq(one->action[1].n_request, 30);
    ck_assert(isinf(one->action[1].max_latency_s));
    ck_assert_int_eq(one->check_then, RS_THEN_ROLLBACK);
    ck_assert_int_eq(one->check_procedure, 0);
    ck_assert_int_eq(one->gate[0].when, RS_GATE_LOOKS);
    ck_assert(!one->gate[0].require);
    ck_assert(three->gate[0].require);
    ck_assert_int_eq(three->gate[0].then, RS_THEN_HOLD);
    ck_assert_int_eq(three->not_before_ns, 0);
    ck_assert_double_eq(three->ramp[0].percent, 25.0);
    ck_assert_int_eq(three->ramp_cohort, 2);
    ck_assert_int_eq(resp->stage[5].action[1].kind, RS_ACT_REMOVE);
    ck_assert_int_eq(resp->stage[5].action[1].service, 1);
    ck_assert_int_eq(resp->stage[5].action[1].path, 1);
    ck_assert_int_eq(resp->procedure[0].sla_ns, 5 * minute_ns);
    ck_assert_str_eq(resp->procedure[2].alert[0], "PortalSLA");
    ck_assert_int_eq(resp->procedure[0].action[1].component, 0);
    ck_assert(!resp->procedure[0].action[2].blocking);
    ck_assert_int_eq(resp->side_step[1].when, RS_STEP_DAILY);
    ck_assert_int_eq(resp->side_step[1].at_day_ns, 18 * 60 * minute_ns);
    ck_assert_int_eq(resp->side_step[6].when, RS_STEP_FINISHED);
}
END_TEST

START_TEST(test_people)
{
    const struct role *on_call = &sc->response.role[0], *lead = &sc->response.role[1];
    ck_assert(on_call->acknowledge.placeholder);
    ck_assert_double_eq(on_call->acknowledge.cap_s, 1800.0);
    ck_assert_double_eq_tol(rs_dist_quantile(&on_call->acknowledge, 0.5), 120.0, 1e-6);
    ck_assert_double_eq_tol(rs_dist_quantile(&on_call->acknowledge, 0.95), 480.0, 1e-4);
    ck_assert_uint_eq(on_call->weekdays, 0x1f);
    ck_assert_int_eq(on_call->from_ns, 9 * 60 * minute_ns);
    ck_assert_int_eq(on_call->escalates_to, 1);
    ck_assert_uint_eq(lead->weekdays, 0x7f);
    ck_assert_int_eq(lead->until_ns, 24 * 60 * minute_ns);
    ck_assert_int_eq(sc->response.role[2].escalates_to, -1);
    ck_assert_int_eq(sc->response.role[2].escalate_after_ns, RS_NEVER);
}
END_TEST

START_TEST(test_claims)
{
    const struct claim *c = sc->claim;
    ck_assert_int_eq(c[0].kind, RS_CLAIM_PROBABILITY);
    ck_assert_int_eq(c[0].of, RS_Q_LEG);
    ck_assert_int_eq(c[0].from, RS_CLOCK_DETECTED);
    ck_assert_int_eq(c[0].to, RS_CLOCK_COMPLETED);
    ck_assert_double_eq(c[0].within, 300e9);
    ck_assert_double_eq(c[0].limit, 0.95);
    ck_assert(!c[0].at_most);
    ck_assert_int_eq(c[0].given, RS_GIVEN_FAULT);
    ck_assert_int_eq(c[0].given_fault, 0);
    ck_assert_int_eq(c[0].procedure, -1);
    ck_assert_int_eq(c[4].of, RS_Q_LEG);
    ck_assert_int_eq(c[4].from, RS_CLOCK_ONSET);
    ck_assert_int_eq(c[4].to, RS_CLOCK_DETECTED);
    ck_assert_int_eq(c[8].of, RS_Q_OUTCOME);
    ck_assert_int_eq(c[8].outcome, RS_OUTCOME_COMPLETED);
    ck_assert_int_eq(c[6].kind, RS_CLAIM_QUANTILE);
    ck_assert_double_eq(c[6].q, 0.95);
    ck_assert_double_eq(c[6].limit, 900e9);
    ck_assert_int_eq(c[7].of, RS_Q_FALSE_ROLLBACK);
    ck_assert_int_eq(c[7].given, RS_GIVEN_NO_FAULT);
    ck_assert_int_eq(c[9].kind, RS_CLAIM_EXPECTATION);
    ck_assert_int_eq(c[9].of, RS_Q_USERS_HURT_SINCE_ONSET);
    ck_assert_double_eq(c[9].cap, 12000.0);
    ck_assert_double_eq(c[9].limit, 600.0);
}
END_TEST

START_TEST(test_monitoring)
{
    const struct am_config *am = sc->monitoring.alertmanager;
    const struct rule_group *group = &sc->monitoring.rule_file[0]->group[0];
    ck_assert_int_eq(sc->monitoring.evaluation_interval_ns, 30 * RS_NS_PER_S);
    ck_assert_int_eq(sc->monitoring.lookback_ns, 5 * minute_ns);
    ck_assert_int_eq(sc->monitoring.dialect, RS_PROMQL_3);
    ck_assert_str_eq(group->rule[1].alert, "PortalSLA");
    ck_assert_str_eq(group->rule[1].label[0].value, "warning");
    ck_assert_str_eq(am->root.child[0].receiver, "pagerduty-p1");
    ck_assert_str_eq(am->root.child[0].matcher[0].value, "critical");
    ck_assert_int_eq(am->root.child[1].group_wait_ns, 30 * RS_NS_PER_S); /* inherited */
    ck_assert_str_eq(am->root.child[1].group_by[0], "alertname");
    ck_assert(am->receiver[2].send_resolved);
    ck_assert_str_eq(sc->monitoring.channel[2].receiver, "slack-rollout");
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, load, unload);
    tcase_add_test(tc, test_head);
    tcase_add_test(tc, test_counts);
    tcase_add_test(tc, test_refs);
    tcase_add_test(tc, test_words);
    tcase_add_test(tc, test_system);
    tcase_add_test(tc, test_faults);
    tcase_add_test(tc, test_runbook);
    tcase_add_test(tc, test_people);
    tcase_add_test(tc, test_claims);
    tcase_add_test(tc, test_monitoring);
}

int main(void)
{
    return run_tests("prisma", add);
}
