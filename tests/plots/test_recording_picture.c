/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The picture of a recording: every text is inside the page and none covers another, however odd the numbers. */
#include "../../plots/recording.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 50 };
static double t_s[N], steady[N], wild[N], none[N];

static void fill(void)
{
    for (int i = 0; i < N; i++) {
        t_s[i] = i;
        steady[i] = 5.0;
        wild[i] = i % 7 == 0 ? NAN : pow(10.0, i % 9 - 4);
        none[i] = NAN;
    }
}

static const struct recording_shade shade[] = {{-5, 3}, {10, 20}, {48, 99}};
static const double mark[] = {12, 30};

static const struct {
    const char *what;
    double end_s;
    int n_panel;
    enum recording_scale scale;
    const double *y;
    bool labels, captions;
} rows[] = {
    {"one steady series", 50, 1, RS_RECORDING_LINEAR, steady, false, true},
    {"six wild ones", 50, 6, RS_RECORDING_LOG, wild, false, true},
    {"three with labels", 86400, 3, RS_RECORDING_SHARE, steady, true, false},
    {"no value at all", 5e6, 2, RS_RECORDING_LOG, none, true, true},
    {"a hundred years", 3e9, 1, RS_RECORDING_LINEAR, wild, true, false},
    {"a millisecond", 1e-3, 2, RS_RECORDING_LINEAR, wild, false, false},
};
enum { N_ROW = sizeof(rows) / sizeof(rows[0]) };

static bool overlap(struct rect a, struct rect b)
{
    return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

START_TEST(test_layout)
{
    struct recording_panel panel[6];
    memset(panel, 0, sizeof(panel));
    fill();
    for (int i = 0; i < rows[_i].n_panel; i++) {
        panel[i] = (struct recording_panel){
            .title = "requests per second and some more words than there is room for",
            .caption = rows[_i].captions
                           ? "http_request_duration_seconds_bucket{handler=\"/api\", le=\"0.5\"}"
                           : NULL,
            .scale = rows[_i].scale,
            .n_line = 2,
            .line = {{rows[_i].labels ? "median" : NULL, N, t_s, rows[_i].y},
                     {rows[_i].labels ? "95 %" : NULL, N, t_s, rows[_i].y}},
            .n_mark = 2,
            .mark_s = mark,
            .n_shade = 3,
            .shade = shade};
    }
    const struct recording_picture picture = {
        .title = "Recording of a file whose name is very long indeed, longer than the page is "
                 "wide, so that it has to be cut somewhere/access.log.gz",
        .subtitle = "7,391 requests",
        .footer = "rollsim",
        .x_title = "time since 2026-11-26 15:53:56.471 UTC",
        .end_s = rows[_i].end_s,
        .shade_words = "a gap: samples are missing",
        .mark_words = "the counter began anew",
        .n_panel = rows[_i].n_panel,
        .panel = panel};
    struct canvas *c = NULL;
    ck_assert_int_eq(rs_canvas_new(&c, NULL, NULL, NULL), 0);
    rs_recording_draw(c, &picture);
    int n = 0;
    const struct set_text *text = rs_canvas_texts(c, &n);
    ck_assert_int_gt(n, 5);
    for (int i = 0; i < n; i++) {
        struct rect a = text[i].box;
        ck_assert_msg(a.x >= 0 && a.y >= 0 && a.x + a.w <= rs_canvas_width(c) &&
                          a.y + a.h <= rs_canvas_height(c),
                      "%s: \"%s\" leaves the page", rows[_i].what, text[i].text);
        for (int k = 0; k < i; k++) {
            ck_assert_msg(!overlap(a, text[k].box) || !*text[i].text || !*text[k].text,
                          "%s: \"%s\" covers \"%s\"", rows[_i].what, text[i].text, text[k].text);
        }
    }
    rs_canvas_free(c);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recording picture");
    TCase *tc = tcase_create("layout");
    tcase_add_loop_test(tc, test_layout, 0, N_ROW);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
