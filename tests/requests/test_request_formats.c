/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines of each format, and what is read of them. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "told.h"

#define CLF "1.2.3.4 - - [17/May/2015:10:05:03 +0000] "
#define K6 "metric_name,timestamp,metric_value,status,url,name,extra_tags\n"
#define JTL "timeStamp,elapsed,label,responseCode,responseMessage,success\n"

static const struct {
    const char *what, *text;
    struct requests_form form;
    const char *told;
} rows[] = {
    /* ---- Common and Combined ---- */
    {"common", CLF "\"GET /a/b?c=d HTTP/1.1\" 200 12\n", {0}, "1431857103 - 200 /a/b\n"},
    {"combined",
     CLF "\"POST /a HTTP/1.1\" 503 12 \"http://x/\" \"Mozilla/5.0 (a; [b])\"\n",
     {0},
     "1431857103 - 503 /a\n"},
    {"a zone to the east is earlier",
     "h - - [17/May/2015:12:05:03 +0200] \"GET / HTTP/1.0\" 200 1\n",
     {0},
     "1431857103 - 200 /\n"},
    {"a zone to the west with half an hour",
     "h - - [17/May/2015:06:35:03 -0330] \"GET / HTTP/1.0\" 200 1\n",
     {0},
     "1431857103 - 200 /\n"},
    {"the zone changes between two lines",
     "h - - [25/Oct/2015:02:59:59 +0200] \"GET /a HTTP/1.0\" 200 1\n"
     "h - - [25/Oct/2015:02:00:01 +0100] \"GET /b HTTP/1.0\" 200 1\n",
     {0},
     "1445734799 - 200 /a\n1445734801 - 200 /b\n"},
    {"a day that does not exist, and a leap day",
     "h - - [29/Feb/2015:00:00:00 +0000] \"GET /a HTTP/1.0\" 200 1\n"
     "h - - [29/Feb/2016:00:00:00 +0000] \"GET /b HTTP/1.0\" 200 1\n",
     {.format = RS_REQUESTS_COMMON, .reject_max = 1},
     "1456704000 - 200 /b\ntime 1:8\n"},
    {"IPv6, a virtual host, a user with a blank and a bracket",
     "2001:db8::1 - - [17/May/2015:10:05:03 +0000] \"GET /a HTTP/1.1\" 200 1\n"
     "www.example.com:443 ::1 - J. [x] Doe [17/May/2015:10:05:04 +0000] \"GET /b HTTP/1.1\" 200 "
     "1\n",
     {0},
     "1431857103 - 200 /a\n1431857104 - 200 /b\n"},
    {"escaped quotes in the request and in the agent",
     CLF "\"GET /a\\\"b HTTP/1.1\" 200 1 \"-\" \"say \\\"x\\\" \\\\\"\n",
     {0},
     "1431857103 - 200 /a\\\"b\n"},
    {"fields that are not told",
     CLF "\"-\" 408 -\n" CLF "\"\" - -\n" CLF "\"\\x16\\x03\" 400 5\n",
     {0},
     "1431857103 - 408 -\n1431857103 - - -\n1431857103 - 400 -\n"},
    {"a whole URL, and one without a path",
     CLF "\"GET http://h:80/a?b HTTP/1.1\" 200 1\n" CLF "\"GET https://h HTTP/1.1\" 200 1\n",
     {0},
     "1431857103 - 200 /a\n1431857103 - 200 /\n"},
    {"CRLF, blank lines, a comment, no line end at the end",
     CLF "\"GET /a HTTP/1.1\" 200 1\r\n\r\n  \n# a comment\n" CLF "\"GET /b HTTP/1.1\" 200 1",
     {0},
     "1431857103 - 200 /a\n1431857103 - 200 /b\n"},
    {"a byte order mark",
     "\xef\xbb\xbf" CLF "\"GET /a HTTP/1.1\" 200 1\n",
     {0},
     "1431857103 - 200 /a\n"},
    {"what is wrong, by reason and place",
     CLF "\"GET /a HTTP/1.1\" 200 1\n"                                   /* 1 */
         "what is this\n"                                                /* 2 */
         "h - - [17/Mai/2015:10:05:03 +0000] \"GET / HTTP/1.0\" 200 1\n" /* 3 */
         "h - - [17/May/2015:24:05:03 +0000] \"GET / HTTP/1.0\" 200 1\n" /* 4 */
     CLF "\"GET /b HTTP/1.1\" 600 1\n"                                   /* 5 */
     CLF "\"GET /c HTTP/1.1 200 1\n"                                     /* 6 */
     CLF "\"GET /d HTTP/1.1\" 2x0 1\n"                                   /* 7 */
     CLF "\"GET /e HTTP/1.1\" 200 x\n"                                   /* 8 */
         "\x01\x02\n"                                                    /* 9 */
     CLF "\"GET /f HTTP/1.1\" 200 1\n" CLF "\"GET /g HTTP/1.1\" 200 1\n",
     {.reject_max = 1, .format = RS_REQUESTS_COMMON},
     "1431857103 - 200 /a\n1431857103 - 200 /f\n1431857103 - 200 /g\n"
     "shape 2:1\nshape 6:42\nshape 8:64\ntime 3:8\ntime 4:8\nstatus 5:60\nstatus 7:60\nbinary "
     "9:1\n"},
    {"a combined line that breaks off",
     CLF "\"GET /a HTTP/1.1\" 200 1 \"-\" \"x\"\n" CLF "\"GET /b HTTP/1.1\" 200 1 \"-\" \"y\n",
     {.reject_max = 1, .format = RS_REQUESTS_COMBINED},
     "1431857103 - 200 /a\nshape 2:65\n"},
    /* ---- log_format ---- */
    {"nginx' end is put back by $request_time",
     "1.2.3.4 [17/May/2015:10:05:03 +0000] \"GET /a?x HTTP/1.1\" 200 0.250\n",
     {.log_format = "$remote_addr [$time_local] \"$request\" $status $request_time"},
     "1431857102.750000000 0.25 200 /a\n"},
    {"$msec wins over $time_local; $request_uri; a text at the end",
     "[17/May/2015:10:05:03 +0000] 1431857103.123 /a/b?c 499 rt=-;\n",
     {.log_format = "[$time_local] $msec $request_uri $status rt=$request_time;"},
     "1431857103.123000000 - 499 /a/b\n"},
    {"$time_iso8601, as it stands in the configuration",
     "2015-05-17T12:05:03+02:00|200|0.001|/x\n",
     {.log_format =
          "log_format main escape=json '$time_iso8601|$status|'\n   '${request_time}|$uri';"},
     "1431857102.999000000 0.001 200 /x\n"},
    {"several servers that were tried; the first did not answer",
     "10.0 -, 0.100 : 0.250 200\n"
     "11.0 - 200\n",
     {.log_format = "$msec $upstream_response_time $status"},
     "9.650000000 0.35 200 -\n11 - 200 -\n"},
    {"a list before the end, quotes with a hidden quote",
     "1.1.1.1, 2.2.2.2 10.5 \"GET /a\\\" HTTP/1.1\" 200\n",
     {.log_format = "$http_x_forwarded_for $msec \"$request\" $status"},
     "10.500000000 - 200 /a\\\"\n"},
    {"lines of another format",
     "10.5 200\n10.6 20\n10.7 200 x\nx 200\n",
     {.log_format = "$msec $status", .reject_max = 1},
     "10.500000000 - 200 -\ntime 4:1\nstatus 2:6\nstatus 3:6\n"},
    {"no time",
     "x\n",
     {.log_format = "$status"},
     "error 1:1 the format names no time: $time_local, $time_iso8601 or $msec\n"},
    {"two variables side by side",
     "x\n",
     {.log_format = "$msec$status"},
     "error 1:6 nothing stands between two variables, so that nothing tells them apart\n"},
    {"Apache's directives",
     "x\n",
     {.log_format = "%h %l %u %t"},
     "error 1:1 this is Apache's LogFormat; write it with nginx' names, like '$remote_addr - "
     "$remote_user [$time_local] \"$request\" $status'\n"},
    {"a lone dollar",
     "x\n",
     {.log_format = "$msec $ x"},
     "error 1:7 a variable's name is expected behind \"$\"\n"},
    /* ---- JSON lines ---- */
    {"JSON, usual names and units",
     "{\"time\":\"2015-05-17T10:05:03.5Z\",\"status\":200,\"duration_ms\":12.5,\"path\":\"\\/"
     "a?b\"}\n"
     "{\"time\":\"17\\/May\\/2015:10:05:04 "
     "+0000\",\"status\":\"503\",\"duration_ms\":null,\"path\":\"/b\"}\n",
     {0},
     "1431857103.500000000 0.0125 200 /a\n1431857104 - 503 /b\n"},
    {"nginx' own names are times of the end",
     "{\"msec\":\"10.5\",\"request_time\":\"0.5\",\"status\":\"200\",\"request\":\"GET /a "
     "HTTP/1.1\"}\n",
     {0},
     "10 0.5 200 /a\n"},
    {"objects inside objects, arrays passed over",
     "{\"x\":[1,{\"ts\":9}],\"ts\":1.5,\"request\":{\"uri\":\"/a\"},\"http\":{\"code\":404}}\n",
     {.status = "http.code"},
     "1.500000000 - 404 /a\n"},
    {"a point in the name itself",
     "{\"a.t\":2,\"b.c\":\"0.1\"}\n",
     {.time = "a.t", .latency = "b.c"},
     "2 0.1 - -\n"},
    {"units behind the number",
     "{\"ts\":1,\"latency\":\"12ms\"}\n{\"ts\":2,\"latency\":\"1.5s\"}\n",
     {0},
     "1 0.012 - -\n2 1.5 - -\n"},
    {"a code of a character",
     "{\"ts\":1,\"path\":\"/\\u00e4\\n\\u20ac\\ud83d\"}\n",
     {0},
     "1 - - /\xc3\xa4\n\xe2\x82\xac\xef\xbf\xbd\n"},
    {"what is wrong",
     "{\"ts\":1,\"status\":200}\n{\"ts\":1,\n{\"ts\":1,\"status\":200} "
     "x\n{\"ts\":\"x\",\"status\":200}\n"
     "{\"status\":200}\n{\"ts\":2,\"status\":1000}\n{\"ts\":3,\"status\":200,\"latency\":-1}\n[1]"
     "\n",
     {.reject_max = 1, .latency = "latency"},
     "1 - 200 -\nshape 2:9\nshape 3:23\nshape 8:1\ntime 4:8\ntime 5:1\nstatus 6:18\nlatency "
     "7:32\n"},
    {"a field that no line has",
     "{\"ts\":1}\n",
     {.status = "code"},
     "error 1:1 no line of the first 1 has a field \"code\" with a text or a number\n"},
    /* ---- CSV ---- */
    {"CSV with units in the names",
     "start_unix_ns,duration_us,calls,route\n1661140339209875609,362453,11,/product/{id}\n",
     {0},
     "1661140339.209875609 0.362453 - /product/{id}\n"},
    {"CSV with names that are given, quoted fields, a semicolon",
     "when;\"took (s)\";how\n2023-11-16 18:17:03.97996;0.5;\"200\"\n",
     {.time = "when", .latency = "took (s)", .status = "how"},
     "1700158623.979960000 0.5 200 -\n"},
    {"a quoted field over three lines, and one that never ends",
     "time,path,note,status\n1,\"/a,\"\"b\"\"\",\"x\ny\nz\",200\n2,/c,\"x,200\n3,/d,,200\n",
     {.reject_max = 1},
     "1 - 200 /a,\"b\"\n3 - 200 /d\nshape 5:6\n"},
    {"files put one behind the other",
     "time,status\n1,200\ntime,status\n2,200\n",
     {0},
     "1 - 200 -\n2 - 200 -\n"},
    {"too few fields, too many",
     "time,status\n1,200\n2\n3,200,x\n",
     {.reject_max = 1},
     "1 - 200 -\nshape 3:2\nshape 4:1\n"},
    {"a column that is not there",
     "time,status\n1,200\n",
     {.status = "statsu"},
     "error 1:1 there is no column \"statsu\", did you mean \"status\"?\n"},
    {"no time",
     "x,status\n1,200\n",
     {.format = RS_REQUESTS_CSV},
     "error 1:1 no column is called \"time\" or the like: the time of the request needs one\n"},
    {"ApacheBench's table: the date is no time of ours, the seconds are",
     "starttime\tseconds\tctime\tttime\nTue Mar 01 13:13:25 2016\t1456827205\t115\t232\n",
     {0},
     "1456827205 0.232 - -\n"},
    {"a unit that is given",
     "t,status\n1.5,200\n3,200\n",
     {.time_unit_s = 60},
     "90 - 200 -\n180 - 200 -\n"},
    {"times of the end",
     "t,latency,status\n10,2.5,200\n",
     {.time_is_end = true},
     "7.500000000 2.5 200 -\n"},
    /* ---- load tests ---- */
    {"JMeter, with an answer that never came, and a transaction",
     JTL "1451381501457,13,/,200,OK,true\n1451381501458,500,/x,Non HTTP response code: "
         "java.net.SocketException,\"no, not\nreally\",false\n1451381501459,264,T1,,,true\n",
     {0},
     "1451381501.457000000 0.013 200 /\n1451381501.458000000 0.5 599 /x\n1451381501.459000000 "
     "0.264 - T1\n"},
    {"k6: the other metrics are no requests",
     K6 "http_reqs,1633706790,1.0,200,u,n,\nhttp_req_duration,1633706790,245.5,200,u,n,\n"
        "http_req_duration,1633706791,1000,0,u,n,\n",
     {0},
     "1633706789.754500000 0.2455 200 n\n1633706790 1 599 n\n"},
    /* ---- times ---- */
    {"times since 1970, and their units by size",
     "1661140339.5\n1661140340\n",
     {0},
     "1661140339.500000000 - - -\n1661140340 - - -\n"},
    {"milliseconds", "1661140339500\n", {0}, "1661140339.500000000 - - -\n"},
    {"microseconds", "1661140339500001\n", {0}, "1661140339.500001000 - - -\n"},
    {"small ones are seconds",
     "0.5\n1e0\n1.000000000123\n",
     {0},
     "0.500000000 - - -\n1 - - -\n1 - - -\n"},
    {"counts are no times",
     "1\n0\n3\n",
     {0},
     "error 1:1 this is no recording of requests that is known: an access log (common, combined, "
     "log-format), json, csv with a time and a latency, status or route, jtl, k6, or times "
     "(--format "
     "tells which)\n"},
    {"unless they are said to be",
     "1\n2\n3\n",
     {.format = RS_REQUESTS_TIMES},
     "1 - - -\n2 - - -\n3 - - -\n"},
    {"times that cannot be told in nanoseconds",
     "1e300\n99999999999999999999\n5.0\n",
     {.format = RS_REQUESTS_TIMES, .time_unit_s = 1, .reject_max = 1},
     "5 - - -\ntime 1:1\ntime 2:1\n"},
    /* ---- nothing ---- */
    {"an empty file", "", {0}, "error 0:0 the file holds no requests\n"},
    {"blank lines only", "\n\n# x\n", {0}, "error 0:0 the file holds no requests\n"},
    {"a heading only", JTL, {0}, "error 0:0 the file holds no requests\n"},
};
enum { N_ROW = sizeof(rows) / sizeof(rows[0]) };

START_TEST(test_row)
{
    char told[4096];
    rs_told(told, sizeof(told), rows[_i].text, strlen(rows[_i].text), &rows[_i].form);
    ck_assert_msg(strcmp(told, rows[_i].told) == 0, "%s:\n%sexpected:\n%s", rows[_i].what, told,
                  rows[_i].told);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("request_formats");
    TCase *tc = tcase_create("rows");
    tcase_add_loop_test(tc, test_row, 0, N_ROW);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed > 0;
}
