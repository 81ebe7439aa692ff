/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recordings that others made, where they are at hand: every access log, series, OpenMetrics and query_range file is read and
 * described, and what its README says of it is what is found. Skipped where they are absent.
 */
#include "scenarios/describe.h"

#include <check.h>
#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATA RS_SHARED_DIR "/data/"

static struct err_list errors;
static struct recording_facts facts;

static void begin(void)
{
    rs_err_list_init(&errors);
}

static void end(void)
{
    rs_recording_facts_clear(&facts);
    rs_err_list_clear(&errors);
}

static void describe(const char *path, const char *format)
{
    const struct describe_options opt = {.format = format};
    int status = rs_recording_describe(&facts, path, &opt, &errors);
    ck_assert_msg(status == 0, "%s: %s", path, errors.n ? errors.item[0].text : "");
}

/* ---- requests ---- */

static const struct {
    const char *file, *format; /* NULL: found out */
    enum requests_format found;
    uint64_t n, n_5xx, n_out_of_order;
    int64_t first_s, last_s;
    double mean_latency_s; /* computed from the file by awk; NaN = none is told */
} logs[] = {
    {"access/apache_combined_2015-05-17_18.log.gz", NULL, RS_REQUESTS_COMBINED, 4525, 2, 4277,
     1431857100, 1431990358, NAN},
    {"access/nezha_ob_2022-08-22_frontend_requests.csv.gz", NULL, RS_REQUESTS_CSV, 19210, 0, 0,
     1661140339, 1661154919, 0.611703},
    {"access/azure_llm_2023_code.csv.gz", "csv", RS_REQUESTS_CSV, 8819, 0, 0, 1700158623,
     1700162059, NAN},
    {"loadtest/jmeter-plugins_short.jtl", NULL, RS_REQUESTS_JTL, 150, 0, 42, 1451381501, 1451381502,
     0.0400867},
    {"loadtest/performance-plugin_JMeterCsvResults.csv", NULL, RS_REQUESTS_JTL, 3, 0, 0, 1393227741,
     1393227741, 1.944333},
    {"loadtest/taurus_jmeter_jtl_slow-stdev.jtl", NULL, RS_REQUESTS_JTL, 599, 61, 515, 1532376558,
     1532376565, 0.804401},
    {"loadtest/taurus_jmeter_jtl_unicode.jtl", NULL, RS_REQUESTS_JTL, 13, 0, 0, 1482747524,
     1482747537, 0.575769},
    {"loadtest/taurus_jmeter_jtl_kpi-pair1.jtl", NULL, RS_REQUESTS_JTL, 8, 2, 0, 1551614636,
     1551614636, 0.136375},
    {"loadtest/taurus_jmeter_jtl_simple.kpi.jtl", NULL, RS_REQUESTS_JTL, 6, 0, 0, 1535636052,
     1535636059, 1.1965},
    {"loadtest/taurus_jmeter_jtl_tranctl.jtl", NULL, RS_REQUESTS_JTL, 2, 0, 0, 1431534938,
     1431534938, 0.631},
    {"loadtest/taurus_k6_k6_kpi.csv", NULL, RS_REQUESTS_K6, 4, 2, 0, 1633706789, 1633706833,
     0.120906},
    {"loadtest/taurus_ab_ab.tsv", NULL, RS_REQUESTS_CSV, 10, 0, 8, 1456827203, 1456827205, 0.2383},
    {"loadtest/taurus_molotov_molotov-report.csv", NULL, RS_REQUESTS_JSON, 20, 0, 9, 1645712661,
     1645712664, 0.267875},
};
enum { N_LOG = sizeof(logs) / sizeof(logs[0]) };

START_TEST(test_log)
{
    char path[512];
    snprintf(path, sizeof(path), "%s%s", DATA, logs[_i].file);
    describe(path, logs[_i].format);
    ck_assert_msg(facts.requests != NULL, "%s: series", logs[_i].file);
    const struct request_facts *f = facts.requests;
    uint64_t n_5xx = 0, n_rejected = 0;
    for (int status = 500; status < 600; status++) {
        n_5xx += f->n_by_status[status];
    }
    for (int why = 0; why < RS_REJECT_N; why++) {
        n_rejected += f->report.n_rejected[why];
    }
    ck_assert_int_eq(f->report.format, logs[_i].found);
    ck_assert_uint_eq(f->report.n_request, logs[_i].n);
    ck_assert_msg(n_5xx == logs[_i].n_5xx, "%s: %" PRIu64 " of 5xx", logs[_i].file, n_5xx);
    ck_assert_uint_eq(n_rejected, 0);
    ck_assert_uint_eq(f->report.n_out_of_order, logs[_i].n_out_of_order);
    ck_assert_uint_eq(f->report.n_too_late, 0);
    ck_assert_int_eq(f->report.first_ns / 1000000000, logs[_i].first_s);
    ck_assert_int_eq(f->report.last_ns / 1000000000, logs[_i].last_s);
    double mean = f->latency.sum_s / (double)f->latency.n;
    ck_assert_msg(isnan(logs[_i].mean_latency_s) ? f->latency.n == 0
                                                 : fabs(mean - logs[_i].mean_latency_s) < 1e-6,
                  "%s: %.9g s", logs[_i].file, mean);
}
END_TEST

/* The 43 one-minute files around 24 faults: silences between them, and none inside. */
START_TEST(test_nezha_minutes)
{
    describe(DATA "access/nezha_ob_2022-08-22_frontend_requests.csv.gz", NULL);
    const struct request_facts *f = facts.requests;
    ck_assert_uint_eq(f->n_silence_all, 19);
    for (int i = 0; i < f->n_silence; i++) {
        ck_assert_int_ge(f->silence[i].to_ns - f->silence[i].from_ns, INT64_C(240) * 1000000000);
    }
}
END_TEST

/* ---- series ---- */

static const struct {
    const char *file;
    enum series_format found;
    int n_series;
    uint64_t n_sample;
    int64_t first_ms, last_ms;
} files[] = {
    {"access/nasa_http_1995-07_requests_per_second.txt.gz", RS_SERIES_COUNTS, 1, 2381545, 0,
     INT64_C(2381544000)},
    {"access/worldcup98_requests_per_minute_to_0623.csv.gz", RS_SERIES_TABLE, 1, 77900,
     INT64_C(893971800000), INT64_C(898646340000)},
    {"access/nginxplus_status_2015-10-30_a.jsonl.gz", RS_SERIES_JSON_LINES, 284, 71000,
     INT64_C(1446249499322), INT64_C(1446250776621)},
    {"prom/selfmon_2022-03-21_a.om.gz", RS_SERIES_OPENMETRICS, 72, 76444, INT64_C(1647877649300),
     INT64_C(1647888447900)},
    {"prom/selfmon_2022-03-21_a.query_range.jsonl.gz", RS_SERIES_JSON, 55, 9064,
     INT64_C(1647878249000), INT64_C(1647888449000)},
    {"series/bluemix2016/latency_s.csv.gz", RS_SERIES_TABLE, 8, 8 * 7199, 0, 7198000},
    {"series/bluemix2016/requests.csv.gz", RS_SERIES_TABLE, 8, 8 * 7199, 0, 7198000},
    {"series/nezha/ob_2022-08-22_service_slo.csv", RS_SERIES_TABLE, 5, 5 * 1209,
     INT64_C(1661140279000), INT64_C(1661212760000)},
    {"series/nab/realAWSCloudwatch/elb_request_count_8c0756.csv", RS_SERIES_TABLE, 1, 4032,
     INT64_C(1397088240000), INT64_C(1398299940000)},
    {"series/mscloud/ecommerce-api-incoming-rps/api-01.csv.gz", RS_SERIES_TABLE, 2,
     2 * 6191, /* one time stands there twice */
     INT64_C(1509494400000), INT64_C(1531782000000)},
    {"alerts/nezha_ob_2022-08-22.input.csv", RS_SERIES_CSV_WIDE, 4, 4 * 1209, 0, 72480000},
};
enum { N_FILE = sizeof(files) / sizeof(files[0]) };

START_TEST(test_file)
{
    char path[512];
    snprintf(path, sizeof(path), "%s%s", DATA, files[_i].file);
    describe(path, NULL);
    ck_assert_msg(facts.series != NULL, "%s: requests", files[_i].file);
    const struct recorded *set = facts.series->set;
    ck_assert_int_eq(facts.series->format, files[_i].found);
    ck_assert_int_eq(set->n_series, files[_i].n_series);
    ck_assert_uint_eq(set->n_sample, files[_i].n_sample);
    ck_assert_int_eq(set->first_ms, files[_i].first_ms);
    ck_assert_int_eq(set->last_ms, files[_i].last_ms);
}
END_TEST

static const struct series_facts *find(const char *name)
{
    for (int i = 0; i < facts.series->n_fact; i++) {
        const struct series_facts *f = &facts.series->fact[i];
        rs_labels labels = facts.series->set->series[f->series].labels;
        if (strcmp(rs_labels_get(facts.series->set->labels, labels, "__name__"), name) == 0) {
            return f;
        }
    }
    ck_abort_msg("no series %s", name);
    return NULL;
}

/* One count a second; gaps are real zeros. The total is that of the file, by awk. */
START_TEST(test_nasa)
{
    describe(DATA "access/nasa_http_1995-07_requests_per_second.txt.gz", NULL);
    const struct series_facts *f = facts.series->fact;
    ck_assert_double_eq(f->sum, 1891714.0);
    ck_assert_double_eq(f->max, 20.0);
    ck_assert_uint_eq(f->n_gap, 0);
    ck_assert_int_eq(f->zero_ms, 1325000);
}
END_TEST

/* Two targets, one of them always down; the machine slept once. */
START_TEST(test_selfmon)
{
    describe(DATA "prom/selfmon_2022-03-21_a.om.gz", NULL);
    int n_down = 0;
    for (int i = 0; i < facts.series->n_fact; i++) {
        const struct series_facts *f = &facts.series->fact[i];
        rs_labels labels = facts.series->set->series[f->series].labels;
        const char *name = rs_labels_get(facts.series->set->labels, labels, "__name__");
        n_down += strcmp(name, "up") == 0 && f->n_zero == f->n;
        ck_assert_int_eq(f->step_ms / 1000, 10);
        ck_assert_uint_ge(f->n_gap, 1);
        size_t n = strlen(name);
        if (n > 6 && strcmp(name + n - 6, "_total") == 0) {
            ck_assert_int_eq(f->kind, RS_KIND_COUNTER);
        }
    }
    ck_assert_int_eq(n_down, 1);
}
END_TEST

/* Cumulative counts of the live status page are told as counters by their values. */
START_TEST(test_nginx_counters)
{
    describe(DATA "access/nginxplus_status_2015-10-30_a.jsonl.gz", NULL);
    ck_assert_int_eq(find("requests.total")->kind, RS_KIND_COUNTER);
    ck_assert_double_eq(find("requests.total")->increase, 14309.0);
    ck_assert_int_eq(find("server_zones.hg.nginx.org.requests")->kind, RS_KIND_COUNTER);
    ck_assert_int_eq(find("connections.active")->kind, RS_KIND_GAUGE);
}
END_TEST

/* The recorded outage: requests that take a minute from t = 4653 s on. */
START_TEST(test_bluemix)
{
    describe(DATA "series/bluemix2016/latency_s.csv.gz", NULL);
    const struct recorded *set = facts.series->set;
    double before = 0.0, after = 0.0;
    for (int i = 0; i < set->n_series; i++) {
        rs_labels labels = set->series[i].labels;
        if (!strstr(rs_labels_get(set->labels, labels, "__name__"), "apps/api/model")) {
            continue;
        }
        for (size_t k = 0; k < set->series[i].n; k++) {
            struct sample s = set->series[i].sample[k];
            before += s.t_ms < 4500000 ? s.v / 4500.0 : 0.0;
            after += s.t_ms >= 4700000 ? s.v / 2499.0 : 0.0;
        }
    }
    ck_assert_msg(after > 5.0 * before, "before %g, after %g", before, after);
}
END_TEST

/* ---- all there are ---- */

static const char *const no_series[] = {"_faults.csv", "_issues.csv", "_graph.csv", ".firings.csv",
                                        ".json",       ".yml",        ".md"};

static bool is_series(const char *name)
{
    for (size_t i = 0; i < sizeof(no_series) / sizeof(no_series[0]); i++) {
        size_t n = strlen(name), m = strlen(no_series[i]);
        if (n >= m && strcmp(name + n - m, no_series[i]) == 0) {
            return false;
        }
    }
    return name[0] != '.';
}

static int describe_folder(const char *folder)
{
    int n = 0;
    DIR *dir = opendir(folder);
    ck_assert_ptr_nonnull(dir);
    for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        char path[1024];
        struct stat about;
        snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
        if (e->d_name[0] == '.' || stat(path, &about) != 0) {
            continue;
        }
        if (S_ISDIR(about.st_mode)) {
            n += describe_folder(path);
        } else if (is_series(e->d_name)) {
            describe(path, NULL);
            ck_assert(facts.requests ? facts.requests->report.n_request > 0
                                     : facts.series->set->n_sample > 0);
            rs_recording_facts_clear(&facts);
            n++;
        }
    }
    closedir(dir);
    return n;
}

START_TEST(test_every_file)
{
    static const struct {
        const char *folder;
        int n_min;
    } folders[] = {{DATA "access", 6}, {DATA "prom", 2}, {DATA "series", 50}, {DATA "alerts", 3}};
    int n = describe_folder(folders[_i].folder);
    ck_assert_msg(n >= folders[_i].n_min, "%s: only %d files", folders[_i].folder, n);
}
END_TEST

int main(void)
{
    if (access(DATA "README.md", R_OK) != 0) {
        fprintf(stderr, "skipped: %s is absent\n", DATA);
        return 77;
    }
    Suite *suite = suite_create("shared_recordings");
    TCase *tc = tcase_create("files");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_loop_test(tc, test_log, 0, N_LOG);
    tcase_add_test(tc, test_nezha_minutes);
    tcase_add_loop_test(tc, test_file, 0, N_FILE);
    tcase_add_test(tc, test_nasa);
    tcase_add_test(tc, test_selfmon);
    tcase_add_test(tc, test_nginx_counters);
    tcase_add_test(tc, test_bluemix);
    tcase_add_loop_test(tc, test_every_file, 0, 4);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
