/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recorded traffic: files made here, and two real ones where they are at hand. */
#include "../../scenarios/recording.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "changed.h"
#include "models/traffic.h"

static struct arena *arena;
static struct err_list errors;
static struct recording rec;

static void begin(void)
{
    arena = rs_arena_new();
    rs_err_list_init(&errors);
}

static void end(void)
{
    rs_err_list_clear(&errors);
    rs_arena_free(arena);
}

static const struct {
    const char *what, *text;
    struct recording_spec spec; /* path is filled in */
    int n;
    double at_s[8], per_s[8];
    double span_s, mean_per_s;
} rows[] = {
    {"counts a second", "3\n1\n0\n", {.use_s = INFINITY}, 3, {0, 1, 2}, {3, 1, 0}, 3, 4.0 / 3},
    {"equal neighbours become one step",
     "2\n2\n2\n5\n",
     {.use_s = INFINITY},
     2,
     {0, 3},
     {2, 5},
     4,
     2.75},
    {"counts a minute",
     "60\n30\n",
     {.every_s = 60, .use_s = INFINITY},
     2,
     {0, 60},
     {1, 0.5},
     120,
     0.75},
    {"blank lines and comments",
     "# made\n\n4\n\n2\n",
     {.use_s = INFINITY},
     2,
     {0, 1},
     {4, 2},
     2,
     3},
    {"skip and cut", "9\n1\n2\n3\n9\n", {.skip_s = 1, .use_s = 3}, 3, {0, 1, 2}, {1, 2, 3}, 3, 2},
    {"a part of a step", "8\n2\n", {.skip_s = 0.5, .use_s = 1}, 2, {0, 0.5}, {8, 2}, 1, 5},
    {"csv", "t,count\n0,60\n60,120\n", {.use_s = INFINITY}, 2, {0, 60}, {1, 2}, 120, 1.5},
    {"csv with dates",
     "period,count\n1998-04-30 21:30:00,60\n1998-04-30 21:31:00,120\n",
     {.use_s = INFINITY},
     2,
     {0, 60},
     {1, 2},
     120,
     1.5},
    {"csv by RFC 3339",
     "t,x\n2025-01-01T00:00:00Z,1\n2025-01-01T01:00:01+01:00,3\n",
     {.use_s = INFINITY},
     2,
     {0, 1},
     {1, 3},
     2,
     2},
    {"a named column",
     "t,a,b\n0,1,10\n1,2,20\n",
     {.column = "b", .use_s = INFINITY},
     2,
     {0, 1},
     {10, 20},
     2,
     15},
    {"the usual column",
     "t,a,requests\n0,1,10\n1,2,20\n",
     {.use_s = INFINITY},
     2,
     {0, 1},
     {10, 20},
     2,
     15},
    {"quotes",
     "\"t\",\"the \"\"n\"\"\"\n\"0\",\"1\"\n1,2\n",
     {.column = "the \"n\"", .use_s = INFINITY},
     2,
     {0, 1},
     {1, 2},
     2,
     1.5},
    {"a gap is zeros",
     "t,count\n0,10\n10,20\n40,30\n",
     {.use_s = INFINITY},
     4,
     {0, 10, 20, 40},
     {1, 2, 0, 3},
     50,
     1.2},
    {"a skip into a gap",
     "t,count\n0,10\n10,20\n40,30\n",
     {.skip_s = 25, .use_s = INFINITY},
     2,
     {0, 15},
     {0, 3},
     25,
     1.2},
    {"no line end at the end", "1\n2", {.use_s = INFINITY}, 2, {0, 1}, {1, 2}, 2, 1.5},
    {"windows lines", "1\r\n2\r\n", {.use_s = INFINITY}, 2, {0, 1}, {1, 2}, 2, 1.5},
};

START_TEST(test_series)
{
    begin();
    struct recording_spec spec = rows[_i].spec;
    spec.path = written_file("series.csv", rows[_i].text);
    int status = rs_recording_read(&rec, arena, &spec, &errors);
    rs_err_list_print(&errors, stderr);
    unlink(spec.path);
    ck_assert_msg(status == 0, "%s", rows[_i].what);
    ck_assert_msg(rec.n == rows[_i].n, "%s: %d steps", rows[_i].what, rec.n);
    for (int i = 0; i < rec.n; i++) {
        ck_assert_msg(fabs(rec.at_s[i] - rows[_i].at_s[i]) < 1e-6 &&
                          fabs(rec.per_s[i] - rows[_i].per_s[i]) < 1e-9,
                      "%s: step %d is %g at %g", rows[_i].what, i, rec.per_s[i], rec.at_s[i]);
    }
    ck_assert_double_eq_tol(rec.span_s, rows[_i].span_s, 1e-6);
    ck_assert_double_eq_tol(rec.mean_per_s, rows[_i].mean_per_s, 1e-9);
    end();
}
END_TEST

/* Reading goes on after a bad line, and ends after twenty. */
START_TEST(test_many_bad_lines)
{
    char text[256] = "";
    for (int i = 0; i < 40; i++) {
        memcpy(text + 2 * i, "x\n", 3);
    }
    text[0] = '1';
    begin();
    struct recording_spec spec = {.path = written_file("bad.txt", text), .use_s = INFINITY};
    ck_assert_int_eq(rs_recording_read(&rec, arena, &spec, &errors), -1);
    unlink(spec.path);
    ck_assert_uint_eq(errors.n, 20);
    ck_assert_int_eq(errors.item[19].line, 21);
    end();
}
END_TEST

/* A silence moves nothing: half the first distance, not half the mean one; what lies behind "cut" counts for neither. */
START_TEST(test_silence)
{
    begin();
    struct recording_spec spec = {.path = written_file("log.txt", "100\n101\n102\n3700\n"),
                                  .use_s = INFINITY};
    ck_assert_int_eq(rs_request_log_read(&rec, arena, &spec, &errors), 0);
    ck_assert_int_eq(rec.n, 4);
    ck_assert_double_eq_tol(rec.at_s[0], 0.5, 1e-9);
    ck_assert_double_eq_tol(rec.at_s[3], 3600.5, 1e-9);
    ck_assert_double_eq_tol(rec.span_s, 3601, 1e-9);
    spec.use_s = 60;
    ck_assert_int_eq(rs_request_log_read(&rec, arena, &spec, &errors), 0);
    unlink(spec.path);
    ck_assert_int_eq(rec.n, 3);
    ck_assert_double_eq_tol(rec.at_s[0], 0.5, 1e-9);
    ck_assert_double_eq_tol(rec.span_s, 60, 1e-9);
    end();
}
END_TEST

/* Sorted, from the first one on, half a mean gap after the start: an interval leaves out its start. */
START_TEST(test_log)
{
    begin();
    struct recording_spec spec = {
        .path = written_file("log.csv", "id,ns\na,1000000000\nb,5000000000\nc,3000000000\n"),
        .form.time = "ns",
        .use_s = INFINITY,
        .form.time_unit_s = 1e-9};
    ck_assert_int_eq(rs_request_log_read(&rec, arena, &spec, &errors), 0);
    unlink(spec.path);
    ck_assert_int_eq(rec.n, 3);
    ck_assert_double_eq_tol(rec.at_s[0], 1.0, 1e-9);
    ck_assert_double_eq_tol(rec.at_s[1], 3.0, 1e-9);
    ck_assert_double_eq_tol(rec.at_s[2], 5.0, 1e-9);
    ck_assert_double_eq_tol(rec.span_s, 6.0, 1e-9);
    end();
}
END_TEST

/* ---- in a scenario ---- */

START_TEST(test_recorded_profile)
{
    char profile[512];
    const char *path = written_file("p.txt", "1\n3\n");
    snprintf(profile, sizeof(profile), "{recorded: {file: %s, every: 1m, mean_per_s: 5}}", path);
    struct scenario *sc = scenario_with_profile(profile);
    const struct profile *p = &sc->traffic[0].profile;
    ck_assert_int_eq(p->kind, RS_PROFILE_RECORDED);
    ck_assert_double_eq(p->period_s, 120.0);
    ck_assert_double_eq_tol(rs_profile_rate(p, 30.0), 2.5, 1e-12);
    ck_assert_double_eq_tol(rs_profile_rate(p, 90.0), 7.5, 1e-12);
    ck_assert_double_eq_tol(rs_profile_rate(p, 150.0), 2.5, 1e-12);
    ck_assert_double_eq_tol(rs_profile_integral(p, 0, 1200.0), 6000.0, 1e-9);
    rs_scenario_free(sc);
    snprintf(profile, sizeof(profile), "{recorded: {file: %s, loop: off, scale: 2}}", path);
    sc = scenario_with_profile(profile);
    ck_assert_double_eq(rs_profile_rate(&sc->traffic[0].profile, 1.5), 6.0);
    ck_assert_double_eq(rs_profile_rate(&sc->traffic[0].profile, 2.5), 0.0); /* then silence */
    rs_scenario_free(sc);
    snprintf(profile, sizeof(profile), "{requests: {file: %s, scale: 0.5}}", path);
    sc = scenario_with_profile(profile);
    ck_assert_int_eq(sc->traffic[0].profile.kind, RS_PROFILE_LOG);
    ck_assert_int_eq(sc->traffic[0].profile.n, 2);
    ck_assert_double_eq(sc->traffic[0].profile.scale, 0.5);
    unlink(path);
    rs_scenario_free(sc);
}
END_TEST

static struct scenario *overridden(const struct traffic_override *o, int n)
{
    rs_err_list_init(&errors);
    return rs_scenario_load_with(RS_SOURCE_DIR "/scenarios/prisma/prisma.yaml", o, n, &errors);
}

/* Both streams of the dashboard keep their own mean, which is exact over one period of the recording. */
START_TEST(test_override)
{
    const char *path = written_file("o.txt", "1\n3\n");
    struct traffic_override o[] = {{.service = "dashboard", .file = path}};
    struct scenario *sc = overridden(o, 1);
    rs_err_list_print(&errors, stderr);
    ck_assert_ptr_nonnull(sc);
    const double mean[] = {0.8, 2.4};
    for (int i = 0; i < 2; i++) {
        const struct profile *p = &sc->traffic[i].profile;
        ck_assert_int_eq(p->kind, RS_PROFILE_RECORDED);
        ck_assert_double_eq_tol(rs_profile_integral(p, 0, 1000.0) / 1000.0, mean[i], 1e-9);
    }
    ck_assert_int_eq(sc->traffic[2].profile.kind, RS_PROFILE_CONSTANT);
    struct scenario *plain = overridden(NULL, 0);
    ck_assert_str_ne(plain->sha256, sc->sha256); /* another input, another hash */
    ck_assert_int_eq(sc->n_input, plain->n_input + 1);
    for (int i = 0; i < plain->n_input; i++) {
        ck_assert_str_eq(sc->input[i].path, plain->input[i].path);
        ck_assert_str_eq(sc->input[i].sha256, plain->input[i].sha256);
    }
    ck_assert_str_eq(sc->input[plain->n_input].path, path);
    /* printf '1\n3\n' | sha256sum */
    ck_assert_str_eq(sc->input[plain->n_input].sha256,
                     "8391e9ff91c3c6402f9596a8c9e82d4ceaa7815687f5854f7e1a23b194be4968");
    rs_scenario_free(plain);
    rs_scenario_free(sc);
    rs_err_list_clear(&errors);
    /* One cohort only; the portal's bursts are part of its mean: 30 * (1 + 0.6 * 10 / 190). */
    struct traffic_override one[] = {{"dashboard", "staff", path}, {"portal", NULL, path}};
    sc = overridden(one, 2);
    ck_assert_ptr_nonnull(sc);
    ck_assert_int_eq(sc->traffic[0].profile.kind, RS_PROFILE_LINEAR);
    ck_assert_int_eq(sc->traffic[1].profile.kind, RS_PROFILE_RECORDED);
    ck_assert_double_eq_tol(rs_profile_integral(&sc->traffic[3].profile, 0, 1000.0) / 1000.0,
                            30.0 * (1.0 + 0.6 * 10.0 / 190.0), 1e-9);
    rs_scenario_free(sc);
    rs_err_list_clear(&errors);
    unlink(path);
}
END_TEST

static const struct {
    struct traffic_override o;
    const char *text;
} refusals[] = {
    {{"dashbord", NULL, "/dev/null/x"},
     "there is no service \"dashbord\", did you mean \"dashboard\"?"},
    {{"dashboard", "stuff", "x"}, "there is no cohort \"stuff\", did you mean \"staff\"?"},
    {{"dashboard", NULL, "no/such/file"}, "no such file or directory"},
};

START_TEST(test_override_refused)
{
    struct scenario *sc = overridden(&refusals[_i].o, 1);
    ck_assert_ptr_null(sc);
    ck_assert_uint_eq(errors.n, 1);
    ck_assert_str_eq(errors.item[0].text, refusals[_i].text);
    ck_assert_str_eq(errors.item[0].file, refusals[_i].o.file);
    rs_err_list_clear(&errors);
}
END_TEST

/* ---- real recordings; counts taken by zcat and awk ---- */

static const struct {
    const char *file;
    struct recording_spec spec;
    double span_s, n_request;
} real[] = {
    {"nasa_http_1995-07_requests_per_second.txt.gz", {.use_s = 259200}, 259200, 214563},
    {"worldcup98_requests_per_minute_to_0623.csv.gz", {.use_s = 259200}, 259200, 2693145},
};

START_TEST(test_real)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/data/access/%s", RS_SHARED_DIR, real[_i].file);
    if (access(path, R_OK) != 0) {
        printf("skipped: %s is not there\n", real[_i].file);
        return;
    }
    begin();
    struct recording_spec spec = real[_i].spec;
    spec.path = path;
    ck_assert_int_eq(rs_recording_read(&rec, arena, &spec, &errors), 0);
    ck_assert_double_eq(rec.span_s, real[_i].span_s);
    /* A sum of some 10^5 quotients: rounding stays below 1e-6 requests. */
    ck_assert_double_eq_tol(rec.mean_per_s * rec.span_s, real[_i].n_request, 1e-3);
    end();
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, test_series, 0, N_ROW(rows));
    tcase_add_test(tc, test_many_bad_lines);
    tcase_add_test(tc, test_log);
    tcase_add_test(tc, test_silence);
    tcase_add_test(tc, test_recorded_profile);
    tcase_add_test(tc, test_override);
    tcase_add_loop_test(tc, test_override_refused, 0, N_ROW(refusals));
    tcase_add_loop_test(tc, test_real, 0, N_ROW(real));
}

int main(void)
{
    return run_tests("recording", add);
}
