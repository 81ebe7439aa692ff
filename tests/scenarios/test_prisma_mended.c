/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The mended runbook is the runbook: no stage, fault, alert, trigger or claim of the original is gone or easier, what the
 * world does is the same, and its claims come out well.
 */
#include <math.h>
#include <string.h>

#include "changed.h"
#include "models/rules.h"
#include "verify/claim.h"
#include "verify/run.h"

#define SCENARIOS RS_SOURCE_DIR "/scenarios/"

static struct scenario *was, *is;

static struct scenario *load(const char *path)
{
    struct err_list errors;
    rs_err_list_init(&errors);
    struct scenario *sc = rs_scenario_load(path, &errors);
    rs_err_list_print(&errors, stderr);
    rs_err_list_clear(&errors);
    ck_assert_ptr_nonnull(sc);
    return sc;
}

static void set_up(void)
{
    was = load(SCENARIOS "prisma/prisma.yaml");
    is = load(SCENARIOS "prisma-mended/prisma-mended.yaml");
}

static void tear_down(void)
{
    rs_scenario_free(was);
    rs_scenario_free(is);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_mix(const struct error_mix *a, const struct error_mix *b)
{
    bool same = a->n == b->n;
    for (int i = 0; same && i < a->n; i++)
        same = a->code[i] == b->code[i] && a->ratio[i] == b->ratio[i];
    return same;
}

static bool same_dist(const struct dist *a, const struct dist *b)
{
    return a->kind == b->kind && a->a == b->a && a->b == b->b && a->cap_s == b->cap_s;
}

static bool same_effect(const struct effect *a, const struct effect *b)
{
    bool same = same_mix(&a->errors, &b->errors) && a->latency_factor == b->latency_factor &&
                a->latency_shift_s == b->latency_shift_s && a->n_counter == b->n_counter &&
                a->telemetry_lost == b->telemetry_lost;
    for (int i = 0; same && i < a->n_counter; i++)
        same = a->counter[i] == b->counter[i] && a->counter_per_s[i] == b->counter_per_s[i];
    return same;
}

START_TEST(test_faults_are_the_same)
{
    ck_assert_int_eq(is->n_fault, was->n_fault);
    for (int i = 0; i < was->n_fault; i++) {
        const struct fault *a = &was->fault[i], *b = &is->fault[i];
        bool same = same_text(a->name, b->name) && a->probability == b->probability &&
                    a->target == b->target && a->service == b->service && a->path == b->path &&
                    a->onset == b->onset && a->onset_flag == b->onset_flag &&
                    same_dist(&a->onset_delay, &b->onset_delay) && a->shape == b->shape &&
                    same_effect(&a->effect, &b->effect) && a->has_residue == b->has_residue &&
                    same_effect(&a->residue, &b->residue) && a->residue_ttl_ns == b->residue_ttl_ns;
        ck_assert_msg(same, "fault %s", a->name);
    }
}
END_TEST

/* The world: who comes, how services answer, how people are. */
START_TEST(test_world_is_the_same)
{
    ck_assert_int_eq(is->n_traffic, was->n_traffic);
    for (int i = 0; i < was->n_traffic; i++) {
        const struct profile *a = &was->traffic[i].profile, *b = &is->traffic[i].profile;
        ck_assert(a->n == b->n && a->scale == b->scale && a->bursts.factor == b->bursts.factor);
        for (int k = 0; k < a->n; k++)
            ck_assert(a->per_s[k] == b->per_s[k]);
    }
    ck_assert_int_eq(is->n_service, was->n_service);
    for (int i = 0; i < was->n_service; i++) {
        const struct service *a = &was->service[i], *b = &is->service[i];
        ck_assert_int_eq(a->n_path, b->n_path);
        for (int p = 0; p < a->n_path; p++) {
            ck_assert(same_mix(&a->path[p].errors, &b->path[p].errors));
            ck_assert(same_dist(&a->path[p].latency, &b->path[p].latency));
        }
        ck_assert(a->scrape_interval_ns == b->scrape_interval_ns);
        ck_assert(a->scrape_loss == b->scrape_loss);
    }
    ck_assert_int_eq(is->response.n_role, was->response.n_role);
    for (int i = 0; i < was->response.n_role; i++) {
        const struct role *a = &was->response.role[i], *b = &is->response.role[i];
        ck_assert(same_dist(&a->acknowledge, &b->acknowledge) && same_dist(&a->decide, &b->decide));
        ck_assert(same_dist(&a->act, &b->act) && a->error_ratio == b->error_ratio);
        ck_assert(a->n_attention == b->n_attention);
    }
}
END_TEST

START_TEST(test_stages_are_kept)
{
    const struct response *a = &was->response, *b = &is->response;
    ck_assert_int_eq(b->n_stage, a->n_stage);
    for (int i = 0; i < a->n_stage; i++) {
        const struct stage *x = &a->stage[i], *y = &b->stage[i];
        ck_assert_str_eq(x->name, y->name);
        ck_assert_str_eq(x->ref, y->ref);
        ck_assert_msg(y->watch_ns >= x->watch_ns, "stage %s is watched for less", x->name);
        for (int g = 0; g < x->n_gate; g++) {
            bool found = false;
            for (int k = 0; k < y->n_gate; k++)
                found |= same_text(x->gate[g].name, y->gate[k].name);
            ck_assert_msg(found, "gate %s is gone", x->gate[g].name);
        }
    }
    ck_assert_int_eq(b->n_checklist, a->n_checklist);
    ck_assert_int_eq(b->n_side_step, a->n_side_step);
    ck_assert_int_eq(b->n_metric, a->n_metric);
}
END_TEST

START_TEST(test_rollbacks_are_kept)
{
    const struct response *a = &was->response, *b = &is->response;
    ck_assert_int_eq(b->n_procedure, a->n_procedure);
    for (int i = 0; i < a->n_procedure; i++) {
        const struct procedure *x = &a->procedure[i], *y = &b->procedure[i];
        ck_assert_str_eq(x->name, y->name);
        ck_assert_str_eq(x->ref, y->ref);
        ck_assert_msg(y->sla_ns == x->sla_ns, "procedure %s has another limit", x->name);
        ck_assert_ptr_nonnull(y->trigger);
        int n = 0, m = 0;
        for (int k = 0; k < x->n_action; k++)
            n += x->action[k].blocking;
        for (int k = 0; k < y->n_action; k++)
            m += y->action[k].blocking;
        ck_assert_msg(m >= n, "procedure %s does less", x->name);
    }
}
END_TEST

static const struct rule *alert_of(const struct scenario *sc, const char *name)
{
    for (int f = 0; f < sc->monitoring.n_rule_file; f++) {
        const struct rule_file *file = sc->monitoring.rule_file[f];
        for (int g = 0; g < file->n_group; g++) {
            for (int r = 0; r < file->group[g].n_rule; r++) {
                const struct rule *rule = &file->group[g].rule[r];
                if (rule->alert && strcmp(rule->alert, name) == 0)
                    return rule;
            }
        }
    }
    return NULL;
}

START_TEST(test_alerts_are_kept)
{
    static const char *const names[] = {"OrchestratorRollbacks", "PortalSLA",
                                        "SecretProviderFallback"};
    for (int i = 0; i < N_ROW(names); i++) {
        ck_assert_ptr_nonnull(alert_of(was, names[i]));
        ck_assert_ptr_nonnull(alert_of(is, names[i]));
    }
}
END_TEST

static bool same_claim(const struct claim *a, const struct claim *b)
{
    return a->kind == b->kind && a->given == b->given && a->given_fault == b->given_fault &&
           a->of == b->of && a->from == b->from && a->to == b->to && a->procedure == b->procedure &&
           a->outcome == b->outcome && a->within == b->within && a->q == b->q &&
           a->at_most == b->at_most && a->limit == b->limit && a->cap == b->cap &&
           same_text(a->says, b->says) && same_text(a->ref, b->ref);
}

START_TEST(test_claims_are_kept)
{
    for (int i = 0; i < was->n_claim; i++) {
        const struct claim *a = &was->claim[i];
        bool kept = false;
        for (int k = 0; k < is->n_claim; k++)
            kept |= same_text(a->name, is->claim[k].name) && same_claim(a, &is->claim[k]);
        ck_assert_msg(kept, "claim %s is gone or another", a->name);
    }
    ck_assert(is->confidence >= was->confidence);
}
END_TEST

/* At its seed, as far as so few replicas go: no claim comes out badly, what is exact is proved, and no healthy release goes
 * back. */
START_TEST(test_claims_come_out)
{
    struct run_options opt = {.n_replica = 40, .seed = is->default_seed, .n_job = 2};
    struct run_result r;
    struct err err = {0};
    ck_assert_msg(rs_run(is, &opt, &r, &err) == 0, "%s", err.text);
    for (int i = 0; i < r.n_verdict; i++) {
        const struct verdict *v = &r.verdict[i];
        ck_assert_msg(!rs_verdict_is_bad(v->kind), "claim %s: %s", v->claim->name,
                      rs_verdict_name(v->kind));
        if (!rs_claim_is_statistical(v->claim))
            ck_assert_msg(v->kind == RS_VERDICT_PROVED, "claim %s: %s", v->claim->name,
                          rs_verdict_name(v->kind));
    }
    ck_assert_uint_eq(r.n_false_rollback, 0);
    ck_assert_uint_eq(r.outcome[RS_OUTCOME_MISSED] + r.outcome[RS_OUTCOME_RUNNING], 0);
    ck_assert_uint_eq(r.outcome[RS_OUTCOME_COMPLETED], r.n_no_fault);
    rs_run_result_clear(&r);
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_faults_are_the_same);
    tcase_add_test(tc, test_world_is_the_same);
    tcase_add_test(tc, test_stages_are_kept);
    tcase_add_test(tc, test_rollbacks_are_kept);
    tcase_add_test(tc, test_alerts_are_kept);
    tcase_add_test(tc, test_claims_are_kept);
    tcase_add_test(tc, test_claims_come_out);
}

int main(void)
{
    return run_tests("prisma-mended", add_tests);
}
