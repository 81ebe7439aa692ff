/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recorded series: what each format gives, and one wrong line a row with the words that it gets. */
#include "scenarios/series.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "sim/arena.h"

static struct recorded *set;
static struct err_list errors;
static enum series_format format;

static void begin(void)
{
    set = rs_recorded_new(NULL);
    rs_err_list_init(&errors);
}

static void end(void)
{
    rs_err_list_clear(&errors);
    rs_recorded_free(set);
}

static int parse(const char *text, const char *metric)
{
    const struct series_options opt = {.metric = metric};
    int status = rs_series_parse(set, "history", text, strlen(text), &opt, &format, &errors);
    rs_recorded_sort(set);
    return status;
}

static void print_text(FILE *to, const char *text)
{
    for (; *text; text++) {
        fputs(*text == '\\' ? "\\\\" : *text == '\n' ? "\\n" : *text == '"' ? "\\\"" : "", to);
        if (!strchr("\\\n\"", *text)) {
            fputc(*text, to);
        }
    }
}

static void print_series(FILE *to, rs_labels labels)
{
    int n = rs_labels_count(set->labels, labels);
    bool first = true;
    fputs(rs_labels_get(set->labels, labels, "__name__"), to);
    for (int i = 0; i < n; i++) {
        struct label label = rs_labels_at(set->labels, labels, i);
        if (strcmp(label.name, "__name__") != 0) {
            fprintf(to, "%s%s=\"", first ? "{" : ",", label.name);
            print_text(to, label.value);
            fputc('"', to);
            first = false;
        }
    }
    fputs(first ? "" : "}", to);
}

/* All series, one a line: a{b="c"} 1@0 2@60000 */
static char *dump(void)
{
    char *text = NULL;
    size_t n = 0;
    FILE *to = open_memstream(&text, &n);
    for (int i = 0; i < set->n_series; i++) {
        const struct recorded_series *s = &set->series[i];
        print_series(to, s->labels);
        for (size_t k = 0; k < s->n; k++) {
            double v = s->sample[k].v;
            if (rs_tsdb_is_stale(v)) {
                fprintf(to, " stale@%lld", (long long)s->sample[k].t_ms);
            } else if (isnan(v)) {
                fprintf(to, " NaN@%lld", (long long)s->sample[k].t_ms);
            } else {
                fprintf(to, " %.17g@%lld", v, (long long)s->sample[k].t_ms);
            }
        }
        fputc('\n', to);
    }
    fclose(to);
    return text;
}

static const struct {
    const char *what;
    enum series_format format;
    const char *text;
    const char *series;
    const char *metric;
} good[] = {
    {"OpenMetrics: seconds, TYPE, HELP, exemplars, created series", RS_SERIES_OPENMETRICS,
     "# HELP foo A counter.\n# TYPE foo counter\nfoo_total{a=\"b\"} 17.0 1520879607.789 # "
     "{trace_id=\"x y\"} 0.67\nfoo_created{a=\"b\"} 1520430000.123 1520879607.789\n# EOF\n",
     "foo_created{a=\"b\"} 1520430000.1229999@1520879607789\nfoo_total{a=\"b\"} 17@1520879607789\n",
     NULL},
    {"OpenMetrics: parts below the millisecond are cut off", RS_SERIES_OPENMETRICS,
     "x 1 0.0019\nx 2 -1.5\nx 3 1e3\n# EOF\n", "x 2@-1500 1@1 3@1000000\n", NULL},
    {"Prometheus text: milliseconds", RS_SERIES_PROMETHEUS,
     "# a comment\nx{a=\"b\"} 1 1395066363000\nx{a=\"b\"} 2 1395066378000\n",
     "x{a=\"b\"} 1@1395066363000 2@1395066378000\n", NULL},
    {"escapes, blanks, a comma at the end, no labels", RS_SERIES_PROMETHEUS,
     "a{b=\"q\\\"\\\\\\n\\d\",} 1 10\n  b  {  c = \"d\" }\t2\t20\nc{} 3 30\n",
     "a{b=\"q\\\"\\\\\\n\\\\d\"} 1@10\nb{c=\"d\"} 2@20\nc 3@30\n", NULL},
    {"names in quotes and as a label", RS_SERIES_PROMETHEUS,
     "{\"my.metric\", \"a.b\"=\"c\"} 1 10\n{__name__=\"x\",a=\"b\"} 2 10\n",
     "my.metric{a.b=\"c\"} 1@10\nx{a=\"b\"} 2@10\n", NULL},
    {"NaN, infinities, exponents, hexadecimal", RS_SERIES_PROMETHEUS,
     "x NaN 1\nx +Inf 2\nx -inf 3\nx 1e-3 4\nx 0x1p3 5\n", "x NaN@1 inf@2 -inf@3 0.001@4 8@5\n",
     NULL},
    {"a name for series that have none", RS_SERIES_PROMETHEUS, "{a=\"b\"} 1 10\n",
     "y{a=\"b\"} 1@10\n", "y"},
    {"lines that end as on Windows, no line end at the last", RS_SERIES_PROMETHEUS,
     "x 1 10\r\nx 2 20", "x 1@10 2@20\n", NULL},
    {"an answer of query_range", RS_SERIES_JSON,
     "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{\"__"
     "name__\":"
     "\"up\",\"a\":\"\\u00e4\\n\"},\"values\":[[1435781430.781,\"1\"],[1435781445,\"NaN\"]]}]}}",
     "up{a=\"\xc3\xa4\\n\"} 1@1435781430781 NaN@1435781445000\n", NULL},
    {"a vector", RS_SERIES_JSON,
     "{\"data\":{\"result\":[{\"value\":[10,\"1\"],\"metric\":{\"__name__\":\"x\"}}]}}",
     "x 1@10000\n", NULL},
    {"results alone, several, with numbers as numbers", RS_SERIES_JSON,
     "[{\"metric\":{\"__name__\":\"x\"},\"values\":[[1,2.5]]}]\n"
     "{\"resultType\":\"matrix\",\"result\":[{\"metric\":{\"__name__\":\"x\"},\"values\":[[2,\"+"
     "Inf\"]]}]}",
     "x 2.5@1000 inf@2000\n", NULL},
    {"JSON without a name", RS_SERIES_JSON, "[{\"metric\":{\"a\":\"b\"},\"values\":[[1,\"2\"]]}]",
     "y{a=\"b\"} 2@1000\n", "y"},
    {"an empty answer", RS_SERIES_JSON, "{\"data\":{\"result\":[]}}", "", NULL},
    {"CSV, wide", RS_SERIES_CSV_WIDE,
     "t_s,\"x{a=\"\"b\"\"}\",y\n0,1,2\n# a comment\n0.5,,3\n60,stale,NaN\n",
     "x{a=\"b\"} 1@0 stale@60000\ny 2@0 3@500 NaN@60000\n", NULL},
    {"CSV, wide, dates", RS_SERIES_CSV_WIDE,
     "time,x\n2025-01-01 00:00:00,1\n2025-01-01T01:00:00.5+01:00,2\n",
     "x 1@1735689600000 2@1735689600500\n", NULL},
    {"CSV, wide, any word for the time", RS_SERIES_CSV_WIDE, "Unix_TS,x\n5,1\n", "x 1@5000\n",
     NULL},
    {"CSV, wide, milliseconds", RS_SERIES_CSV_WIDE, "timestamp_ms,x\n1500,1\n", "x 1@1500\n", NULL},
    {"CSV, wide, PromQL's quotes", RS_SERIES_CSV_WIDE, "t_s,\"x{a='b\\t',c=`d\\`}\"\n0,1\n",
     "x{a=\"b\t\",c=\"d\\\\\"} 1@0\n", NULL},
    {"CSV, long, by series", RS_SERIES_CSV_LONG,
     "time,series,value\n1,x,5\n1,\"x{a=\"\"b\"\"}\",6\n2,x,7\n",
     "x 5@1000 7@2000\nx{a=\"b\"} 6@1000\n", NULL},
    {"CSV, long, labels in columns", RS_SERIES_CSV_LONG,
     "time,metric,job,le,value\n1,x,api,0.1,5\n1,x,,0.5,6\n",
     "x{job=\"api\",le=\"0.1\"} 5@1000\nx{le=\"0.5\"} 6@1000\n", NULL},
    {"a byte order mark", RS_SERIES_CSV_WIDE, "\xef\xbb\xbftime,x\n1,2\n", "x 2@1000\n", NULL},
    {"nothing", RS_SERIES_PROMETHEUS, "", "", NULL},
};

START_TEST(test_good)
{
    int status = parse(good[_i].text, good[_i].metric);
    char *got = dump();
    ck_assert_msg(status == 0 && errors.n == 0, "%s: %s", good[_i].what,
                  errors.n ? errors.item[0].text : "refused without a word");
    ck_assert_msg(strcmp(got, good[_i].series) == 0, "%s gave\n%swanted\n%s", good[_i].what, got,
                  good[_i].series);
    ck_assert_msg(format == good[_i].format, "%s was taken for %s", good[_i].what,
                  rs_series_format_words(format));
    free(got);
}
END_TEST

static const struct {
    const char *text;
    const char *words; /* line:column: text */
} bad[] = {
    {"x 1\n", "1:3: the sample has no timestamp; a recording needs one on every line"},
    {"x 1 # {a=\"b\"} 1\n",
     "1:3: the sample has no timestamp; a recording needs one on every line"},
    {"x one 10\n", "1:3: a value is expected behind the series, got \"one\""},
    {"x 1 soon\n", "1:5: a timestamp must be a number, got \"soon\""},
    {"x 1 10 20\n", "1:8: only an exemplar may follow the timestamp, got \"20\""},
    {"x 1 10\nx 1 10.5\n",
     "2:5: without \"# EOF\" at the end of the file times are milliseconds, and this looks like "
     "seconds; OpenMetrics cut short?"},
    {"x 1 1395066363\nx 2 1395066423\n",
     "1:5: without \"# EOF\" at the end of the file times are milliseconds, and this looks like "
     "seconds; OpenMetrics cut short?"},
    {"x 1 1395066363000\n# EOF\n",
     "1:5: a timestamp of OpenMetrics is in seconds; this one is out of range, the years 1682 "
     "to 2258"},
    {"x 1 9100000000000\nx 1 -9100000000001\n",
     "1:5: the timestamp is out of range, the years 1682 to 2258"},
    {"x 1 1e300\n", "1:5: the timestamp is out of range, the years 1682 to 2258, got \"1e300\""},
    {"x 1 999999999999999\n", "1:5: the timestamp is out of range, the years 1682 to 2258"},
    {"x 1 nan\n", "1:5: a timestamp must be a number, got \"nan\""},
    {"[{\"metric\":{\"__name__\":\"x\"},\"values\":[[9223372037,1]]}]",
     "1:40: the time is out of range, the years 1682 to 2258, got \"9223372037\""},
    {"[{\"metric\":{\"__name__\":\"x\"},\"values\":[[-1e300,1]]}]",
     "1:40: the time is out of range, the years 1682 to 2258, got \"-1e300\""},
#define FAR_CSV(time)                                                                              \
    {                                                                                              \
        "t_s,x\n" time ",1\n",                                                                     \
            "2:1: the time is out of range, the years 1682 to 2258; milliseconds "                 \
            "stand in a column called \"t_ms\""                                                    \
    }
    FAR_CSV("1395066363000"),
    FAR_CSV("253402300799"),
    FAR_CSV("9223372037"),
    FAR_CSV("-62135596800"),
    FAR_CSV("1e300"),
    FAR_CSV("-1e18"),
    FAR_CSV("9223372036854775"),
    FAR_CSV("9999-12-31T00:00:00Z"),
    FAR_CSV("2259-01-01 00:00:00"),
    FAR_CSV("1600-01-01T00:00:00Z"),
    {"t_ms,x\n1e300,1\n", "2:1: the time is out of range, the years 1682 to 2258"},
    {"t_ms,x\n9100000000000,1\n", "2:1: the time is out of range, the years 1682 to 2258"},
    {"x 1 10\n# EOF\ny 1 10\n", "3:1: nothing may follow \"# EOF\""},
    {"# A page\n\n- of a list\n- of words\n- that is long\n",
     "3:1: the text is none that is read: OpenMetrics or Prometheus text, query_range JSON, or CSV "
     "that begins with a heading"},
    {"9x 1 10\n", "1:1: a series like name{label=\"value\"} is expected here"},
    {"x{a=\"b\" 1 10\n", "1:9: \",\" or \"}\" is expected here"},
    {"x{a=b} 1 10\n", "1:5: a label value must stand in quotes"},
    {"x{a} 1 10\n", "1:4: \"=\" is expected behind a label name"},
    {"x{1a=\"b\"} 1 10\n", "1:3: a label name is expected here"},
    {"x{a=\"b\",a=\"c\"} 1 10\n", "1:9: a label occurs twice"},
    {"x{__name__=\"y\"} 1 10\n", "1:3: the series has two names"},
    {"x{a=\"b} 1 10\n", "1:5: the text that begins here has no end"},
    {"x{a=\"\xff\"} 1 10\n", "1:5: the text is not UTF-8"},
    {"{a=\"b\"} 1 10\n", "1:1: the series has no name (--metric gives one)"},
    {"x 1 10\n\xc3\xa4{} 1 10\n", "2:1: a series like name{label=\"value\"} is expected here"},
    {"x-y 1 10\n", "1:2: a series like name{label=\"value\"} is expected here"},
    {"{\"data\":{\"result\":[{\"values\":[[1,\"2\"]]}]}}",
     "1:20: a series needs the key \"metric\""},
    {"{\"data\":{\"result\":[{\"metric\":{},\"values\":[[1,\"2\"]]}]}}",
     "1:20: the series has no name (--metric gives one)"},
    {"{\"data\":{\"result\":[{\"metric\":{\"__name__\":\"x\"},\"values\":[[1,\"two\"]]}]}}",
     "1:60: a value must be a number, got \"two\""},
    {"[{\"metric\":{\"__name__\":\"x\"},\"values\":[[1]]}]",
     "1:41: a sample is a time and a value"},
    {"[{\"metric\":{\"__name__\":\"x\"},\"values\":[[\"now\",1]]}]",
     "1:40: a time must be a number of seconds, got \"now\""},
    {"[{\"metric\":{\"__name__\":\"x\"},\n\"histograms\":[]}]",
     "2:1: native histograms are not supported"},
    {"{\"status\":\"error\",\"error\":\"query timed out\"}",
     "1:27: the answer is an error: query timed out"},
    {"{\"status\":\"success\"}", "1:1: the object holds neither \"data\" nor \"result\""},
    {"{\"data\":{\"result\":[1,\"5\"]}}",
     "1:20: a series is expected here; scalars and texts have none"},
    {"[{\"metric\":{\"__name__\":\"x\"},\"values\":[[1,\"2\"]}]",
     "1:46: not JSON: \",\" or \"]\" is expected here"},
    {"[{\"metric\":{\"__name__\":\"x\"},\"values\":[[1,", "1:42: not JSON: the text breaks off"},
    {"{\"more\": tru}", "1:10: not JSON: \"tru\" is neither a number nor a word of it"},
    {"[{\"a\":\"\\q\"}]", "1:7: not JSON: no such escape in a text"},
    {"t_s,x\nnoon,1\n",
     "2:1: a time must be seconds, \"YYYY-MM-DD HH:MM:SS\" or RFC 3339, got \"noon\""},
    {"t_s,x\n0,high\n",
     "2:3: a value must be a number, \"NaN\", \"Inf\", \"stale\" or nothing, got \"high\""},
    {"t_s,x\n0,1,2\n", "2:5: the line has 3 fields, the heading has 2"},
    {"t_s,x,x\n0,1,2\n", "1:7: two columns hold the same series"},
    {"t_s,x y,CPU (%),y\n0,1,2,3\n",
     "1:5: the heading \"x y\" is no series; headings are like time,up{job=\"\"a\"\"},x or "
     "time,series,value (docs/rules.md)"},
    {"t_ms,x\n2025-01-01T00:00:00Z,1\n",
     "2:1: a time must be a number of milliseconds, got \"2025-01-01T00:00:00Z\""},
    {"time,series,value\n1,x\n", "2:1: the line has 2 fields, the heading has 3"},
    {"time,series,job,value\n1,x,a,2\n",
     "1:13: beside a column \"series\" only a time and a value may stand"},
    {"time,metric,job name,value\n1,x,a,2\n", "1:13: the heading \"job name\" is no label name"},
    {"time,metric,job,job,value\n1,x,a,b,2\n", "1:17: two columns are called \"job\""},
    {"time,metric,value\n1,,2\n", "2:3: the metric has no name"},
};

START_TEST(test_bad)
{
    char words[512];
    ck_assert_msg(parse(bad[_i].text, NULL) == -1, "%s was read", bad[_i].text);
    ck_assert_msg(errors.n >= 1, "%s was refused without a word", bad[_i].text);
    snprintf(words, sizeof(words), "%d:%d: %s", errors.item[0].line, errors.item[0].col,
             errors.item[0].text);
    ck_assert_str_eq(words, bad[_i].words);
    ck_assert_str_eq(errors.item[0].file, "history");
    ck_assert_uint_eq(errors.n, 1);
}
END_TEST

/* A time span of ten days in milliseconds is none of seconds; one sample at 0 tells it. */
START_TEST(test_long_milliseconds)
{
    ck_assert_int_eq(parse("x 1 0\nx 2 864000000\n", NULL), 0);
    ck_assert_int_eq(format, RS_SERIES_PROMETHEUS);
}
END_TEST

/* time,value makes a series called value, and that is told; with a name it is the name's. */
START_TEST(test_column_value)
{
    static const char text[] = "# a day\ntimestamp,value\n0,1\n";
    struct err_list notes;
    rs_err_list_init(&notes);
    const struct series_options unnamed = {.notes = &notes}, named = {"x", &notes};
    ck_assert_int_eq(rs_series_parse(set, "h", text, strlen(text), &unnamed, NULL, &errors), 0);
    ck_assert_str_eq(rs_labels_get(set->labels, set->series[0].labels, "__name__"), "value");
    ck_assert_uint_eq(notes.n, 1);
    ck_assert_int_eq(notes.item[0].line, 2);
    ck_assert_int_eq(notes.item[0].col, 11);
    ck_assert_int_eq(rs_series_parse(set, "h", text, strlen(text), &named, &format, &errors), 0);
    ck_assert_str_eq(rs_labels_get(set->labels, set->series[1].labels, "__name__"), "x");
    ck_assert_int_eq(format, RS_SERIES_CSV_LONG);
    ck_assert_uint_eq(notes.n, 1);
    rs_err_list_clear(&notes);
}
END_TEST

/* Samples out of order are put in place, equal times are left out, and both are counted. */
START_TEST(test_order)
{
    ck_assert_int_eq(parse("x 3 30\nx 1 10\nx 2 20\nx 9 20\nx 2 20\ny 1 5\n", NULL), 0);
    char *got = dump();
    ck_assert_str_eq(got, "x 1@10 2@20 3@30\ny 1@5\n");
    ck_assert_uint_eq(set->report.n_out_of_order, 4);
    ck_assert_uint_eq(set->report.n_same_time, 2);
    ck_assert_uint_eq(set->report.n_differing, 1);
    ck_assert_uint_eq(set->n_sample, 4);
    ck_assert_int_eq(set->first_ms, 5);
    ck_assert_int_eq(set->last_ms, 30);
    free(got);
}
END_TEST

/* After twenty mistakes reading stops. */
START_TEST(test_gives_up)
{
    char text[4096] = "";
    for (int i = 0; i < 100; i++) {
        size_t n = strlen(text);
        snprintf(text + n, sizeof(text) - n, "%s y %d\n", i ? "x" : "x 1 5\nx", i);
    }
    ck_assert_int_eq(parse(text, NULL), -1);
    ck_assert_uint_eq(errors.n, 20);
}
END_TEST

/* A file that is packed is read as if it were not; one that breaks off is damaged. */
START_TEST(test_packed)
{
    char path[] = "/tmp/rollsim-test-XXXXXX", line[64];
    ck_assert_int_ge(mkstemp(path), 0);
    gzFile gz = gzopen(path, "wb");
    for (int i = 0; i < 20000; i++) {
        int n = snprintf(line, sizeof(line), "x{a=\"%d\"} %d %d\n", i % 7, i * i, i);
        gzwrite(gz, line, (unsigned)n);
    }
    gzclose(gz);
    ck_assert_int_eq(rs_series_read(set, path, NULL, &format, &errors), 0);
    ck_assert_uint_eq(set->n_sample, 20000);
    ck_assert_int_eq(set->n_series, 7);
    ck_assert_int_eq(truncate(path, 20000), 0);
    ck_assert_int_eq(rs_series_read(set, path, NULL, &format, &errors), -1);
    ck_assert_ptr_nonnull(
        strstr(errors.item[errors.n - 1].text, "the file is damaged: its gzip data"));
    unlink(path);
}
END_TEST

START_TEST(test_no_file)
{
    ck_assert_int_eq(rs_series_read(set, "no-such-file", NULL, NULL, &errors), -1);
    ck_assert_str_eq(errors.item[0].text, "the file cannot be opened");
    ck_assert_int_eq(rs_series_read(set, "/", NULL, NULL, &errors), -1);
    ck_assert_str_eq(errors.item[1].text, "the file cannot be opened: it is a folder");
}
END_TEST

START_TEST(test_times)
{
    static const struct {
        const char *text;
        int status;
        int64_t ms;
        bool relative;
    } rows[] = {{"90", 0, 90000, false},
                {"1h30m", 0, 5400000, true},
                {"-1h", 0, -3600000, true},
                {"0.25", 0, 250, false},
                {"2025-01-01T00:00:00Z", 0, 1735689600000, false},
                {"2025-01-01T01:00:00+01:00", 0, 1735689600000, false},
                {"2025-01-01 00:00:00", 0, 1735689600000, false},
                {"2025-01-01T00:00:00", 0, 1735689600000, false},
                {"2025-01-01T00:00:00.5", 0, 1735689600500, false},
                {"2025-01-01", 0, 1735689600000, false},
                {"2025-01-32", -1, 0, false},
                {"2025-01-01T00:00", -1, 0, false},
                {"9e9", 0, 9000000000000, false},
                {"-9e9", 0, -9000000000000, false},
                {"9100000000", -2, 0, false},
                {"1e300", -2, 0, false},
                {"9999-12-31T00:00:00Z", -2, 0, false},
                {"292y", -2, 0, false},
                {"nan", -1, 0, false},
                {"yesterday", -1, 0, false},
                {"-", -1, 0, false},
                {"", -1, 0, false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t ms = 0;
        bool relative = false;
        ck_assert_msg(rs_series_time(&ms, &relative, rows[i].text) == rows[i].status, "%s",
                      rows[i].text);
        ck_assert_msg(rows[i].status != 0 || relative == rows[i].relative, "%s", rows[i].text);
        ck_assert_msg(rows[i].status != 0 || ms == rows[i].ms, "%s gave %lld", rows[i].text,
                      (long long)ms);
    }
}
END_TEST

/* A tsdb is given the samples as far as it is asked for them, and again from the start when attached anew. */
START_TEST(test_attach)
{
    ck_assert_int_eq(parse("t_s,x\n0,1\n10,2\n20,3\n", NULL), 0);
    for (int round = 0; round < 2; round++) {
        struct tsdb *db = rs_tsdb_new(set->labels);
        rs_recorded_attach(set, db, true);
        rs_tsdb_touch(db, 0, 10000);
        ck_assert_double_eq(rs_tsdb_last(db, 0, 15000)->v, 2.0);
        rs_tsdb_touch(db, 0, 30000);
        ck_assert_double_eq(rs_tsdb_last(db, 0, 30000)->v, 3.0);
        ck_assert_double_eq(rs_tsdb_last(db, 0, 5000)->v, 1.0);
        rs_tsdb_free(db);
    }
    set->series[0].left_out = true;
    struct tsdb *db = rs_tsdb_new(set->labels);
    rs_recorded_attach(set, db, false);
    ck_assert_int_eq(rs_tsdb_count(db), 0);
    rs_tsdb_free(db);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recorded series");
    TCase *tc = tcase_create("formats");
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_loop_test(tc, test_good, 0, sizeof(good) / sizeof(good[0]));
    tcase_add_loop_test(tc, test_bad, 0, sizeof(bad) / sizeof(bad[0]));
    tcase_add_test(tc, test_long_milliseconds);
    tcase_add_test(tc, test_column_value);
    tcase_add_test(tc, test_order);
    tcase_add_test(tc, test_gives_up);
    tcase_add_test(tc, test_packed);
    tcase_add_test(tc, test_no_file);
    tcase_add_test(tc, test_times);
    tcase_add_test(tc, test_attach);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed > 0;
}
