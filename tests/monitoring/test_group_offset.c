/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Offsets of rule groups: values of another implementation, which was checked against three real servers. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "models/rules.h"

#define N(a) ((int)(sizeof(a) / sizeof((a)[0])))
#define X60 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct row {
    const char *file, *group;
    int64_t interval_ns, slices_ns, strings_ns;
} rows[] = {
    {"/etc/prometheus/alerts.yml", "web", INT64_C(30000000000), INT64_C(13463344640),
     INT64_C(18905493324)},
    {"/etc/prometheus/rules/" X60 X60 X60 X60 X60 ".yml", "a group", INT64_C(60000000000),
     INT64_C(32666683086), INT64_C(25443579534)},
    {"", "", INT64_C(15000000000), INT64_C(11023524676), INT64_C(4739330214)},
    {"/r.yml", "Prüfung", INT64_C(7000000000), INT64_C(2078410808), INT64_C(5125005311)},
    {"/etc/prometheus/" X60 X60 X60 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
     "g", INT64_C(60000000000), INT64_C(48089359287), INT64_C(40060780922)},
    {"/etc/prometheus/" X60 X60 X60 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
     "g", INT64_C(60000000000), INT64_C(54163888838), INT64_C(24462503738)},
};

START_TEST(offsets)
{
    const struct row *r = &rows[_i];

    ck_assert_int_eq(rs_rule_group_offset_ns(r->file, r->group, r->interval_ns, RS_ENCODING_SLICES),
                     r->slices_ns);
    ck_assert_int_eq(
        rs_rule_group_offset_ns(r->file, r->group, r->interval_ns, RS_ENCODING_STRINGS),
        r->strings_ns);
}
END_TEST

static const struct {
    const char *folder, *file, *path;
} paths[] = {
    {"/etc/prometheus", "a.yml", "/etc/prometheus/a.yml"},
    {"/etc/prometheus/", "rules/a.yml", "/etc/prometheus/rules/a.yml"},
    {"/etc/prometheus", "./a.yml", "/etc/prometheus/a.yml"},
    {"/etc/prometheus", "../rules//a.yml", "/etc/rules/a.yml"},
    {"/etc", "../../a..yml", "/a..yml"},
    {"/etc", "/srv/a.yml", "/srv/a.yml"},
    {"/", "...", "/..."},
    {"/", "..", "/"},
};

START_TEST(server_paths)
{
    char *got = rs_rule_server_path(paths[_i].folder, paths[_i].file);

    ck_assert_str_eq(got, paths[_i].path);
    free(got);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("group_offset");
    TCase *tc = tcase_create("group_offset");
    SRunner *sr;
    int failed;

    tcase_add_loop_test(tc, offsets, 0, N(rows));
    tcase_add_loop_test(tc, server_paths, 0, N(paths));
    suite_add_tcase(s, tc);
    sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
