# SPDX-License-Identifier: GPL-3.0-or-later
"""Random expressions that type-check, mostly, over the metrics of series.shapes(): a typed grammar of bounded depth."""
import random
import re

METRICS = ("http_requests_total", "http_requests_total", "http_request_duration_seconds_bucket",
           "http_request_duration_seconds_count", "http_request_duration_seconds_sum", "up", "memory_free_bytes",
           "memory_size_bytes", "disk_free_bytes", "temperature_celsius", "queue_length", "flaky", "flaky", "build_info",
           "job_last_success_timestamp_seconds", "weight", "same", "ratio", "ratio", "odd_bucket", "close_bucket", "nothing")
MATCHERS = ('job="api"', 'job!="api"', 'job=~"a.*|web"', 'job!~"w.+"', 'instance="i0"', 'instance=~"i[12]"',
            'instance!="i1"', 'code="500"', 'code=~"2.."', 'code!~"2.."', 'code=""', 'code!=""', 'le="0.25"', 'le=~".+"',
            'le!="+Inf"', 'sensor="s0"', 'kind=~"equal|no_inf"', 'version=~"1[.]0"', 'nothing=""', 'instance=~""')
LABELS = ("job", "instance", "code", "le", "sensor", "kind", "version", "device", "nothing")
RANGES = ("15s", "30s", "45s", "1m", "90s", "2m", "5m", "5m", "7m", "10m", "30m", "1h", "1h30m", "1d")
STEPS = ("", "", "15s", "30s", "1m", "77s", "5m")
OFFSETS = ("15s", "1m", "5m", "13m", "1h", "-1m", "-20s", "7s")
NUMBERS = ("0", "1", "2", "0.5", "-1", "0.1", "1e3", "3", "10", "100", "1e9", "7", "0.99", "1e-3", "40", "Inf", "-Inf", "NaN",
           "010", "0x1f", ".5", "1e16")
ARITHMETIC = ("+", "-", "*", "/", "%", "^", "atan2")
COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")
OF_RANGE = ("rate", "rate", "increase", "delta", "irate", "idelta", "changes", "resets", "deriv", "avg_over_time",
            "sum_over_time", "min_over_time", "max_over_time", "count_over_time", "last_over_time", "present_over_time",
            "stddev_over_time", "stdvar_over_time", "absent_over_time")
OF_VECTOR = ("abs", "ceil", "floor", "sqrt", "sgn", "round", "absent", "timestamp", "sort", "sort_desc", "day_of_month",
             "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year", "deg", "rad")
MATHS = ("exp", "ln", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh",
         "atanh")
AGGREGATIONS = ("sum", "sum", "avg", "min", "max", "count", "group", "stddev", "stdvar")


class Grammar:
    def __init__(self, seed, maths=True):
        self.random = random.Random(seed)
        self.of_vector = OF_VECTOR + (MATHS if maths else ())
        self.arithmetic = ARITHMETIC if maths else tuple(o for o in ARITHMETIC if o not in ("^", "atan2"))

    def pick(self, what):
        return self.random.choice(what)

    def chance(self, p):
        return self.random.random() < p

    def modifiers(self):
        out = ""
        if self.chance(0.15):
            out += " offset " + self.pick(OFFSETS)
        if self.chance(0.05):
            out += " @ %s" % self.pick(("1700000000", "1700002000", "1700003007.5", "0", "1700009999"))
        return out

    def plain_selector(self):
        if self.chance(0.04):
            return '{__name__=~"%s"}' % self.pick(("up|flaky", "memory_.+", "http_request.*", ".*_bucket", "same|ratio"))
        n = self.pick((0, 0, 0, 1, 1, 2))
        inside = ", ".join(self.random.sample(MATCHERS, n))
        return self.pick(METRICS) + ("{%s}" % inside if n else "")

    def range(self, depth):
        if depth > 0 and self.chance(0.25):
            step = self.pick(STEPS)
            return "(%s)[%s:%s]%s" % (self.vector(depth - 1), self.pick(RANGES[3:11]), step, self.modifiers())
        return "%s[%s]%s" % (self.plain_selector(), self.pick(RANGES), self.modifiers())

    def labels(self):
        return "(%s)" % ", ".join(self.random.sample(LABELS, self.pick((0, 1, 1, 2, 2, 3))))

    def scalar(self, depth):
        kind = self.random.randrange(10)
        if depth <= 0 or kind < 5:
            return self.pick(NUMBERS)
        if kind == 5:
            return "time()"
        if kind == 6:
            return "scalar(%s)" % self.vector(depth - 1)
        if kind == 7:
            return "-(%s)" % self.scalar(depth - 1)
        if kind == 8:
            return "(%s %s bool %s)" % (self.scalar(depth - 1), self.pick(COMPARISONS), self.scalar(depth - 1))
        return "(%s %s %s)" % (self.scalar(depth - 1), self.pick(self.arithmetic), self.scalar(depth - 1))

    def matching(self, set_operator):
        if self.chance(0.25):
            return ""
        out = " %s %s" % (self.pick(("on", "ignoring")), self.labels())
        if not set_operator and self.chance(0.4):
            out += " %s (%s)" % (self.pick(("group_left", "group_right")),
                                 ", ".join(self.random.sample(("version", "device", "sensor", "kind"), self.pick((0, 0, 1, 2)))))
        return out

    def binary(self, depth):
        a, b = self.vector(depth - 1), self.vector(depth - 1)
        kind = self.random.randrange(10)
        if kind < 3:  # with a scalar
            operator = self.pick(self.arithmetic + COMPARISONS)
            if operator in COMPARISONS and self.chance(0.3):
                operator += " bool"
            pair = (a, self.scalar(depth - 1))
            if self.chance(0.4):
                pair = pair[::-1]
            return "%s %s %s" % (pair[0], operator, pair[1])
        if kind < 6:
            return "%s %s%s %s" % (a, self.pick(("and", "or", "unless")), self.matching(True), b)
        if kind == 6:  # the two sides of one selector always match one to one
            c = self.plain_selector()
            return "%s %s %s" % (c, self.pick(self.arithmetic + COMPARISONS), c if self.chance(0.5) else "%s offset 1m" % c)
        if kind == 7:  # aggregated alike: they match too
            by = self.labels()
            return "sum by %s (%s) %s max by %s (%s)" % (by, a, self.pick(self.arithmetic + COMPARISONS), by, b)
        operator = self.pick(self.arithmetic + COMPARISONS)
        if operator in COMPARISONS and self.chance(0.3):
            operator += " bool"
        return "%s %s%s %s" % (a, operator, self.matching(False), b)

    def aggregation(self, depth):
        grouping = self.pick(("", " by " + self.labels(), " without " + self.labels()))
        kind = self.random.randrange(10)
        inner = self.vector(depth - 1)
        if kind == 0:
            return "%s%s (%s, %s)" % (self.pick(("topk", "bottomk")), grouping, self.pick(("1", "2", "3", "5", "0")), inner)
        if kind == 1:
            return "quantile%s (%s, %s)" % (grouping, self.scalar(depth - 1), inner)
        if kind == 2:
            return 'count_values%s ("%s", %s)' % (grouping, self.pick(("v", "job", "instance")), inner)
        return "%s%s (%s)" % (self.pick(AGGREGATIONS), grouping, inner)

    def call(self, depth):
        kind = self.random.randrange(12)
        if kind < 5:
            return "%s(%s)" % (self.pick(OF_RANGE), self.range(depth - 1))
        if kind == 5:
            return "quantile_over_time(%s, %s)" % (self.scalar(depth - 1), self.range(depth - 1))
        if kind == 6:
            return "predict_linear(%s, %s)" % (self.range(depth - 1), self.scalar(depth - 1))
        if kind == 7:
            return self.histogram(depth)
        if kind == 8:
            return self.pick(('label_replace(%s, "job", "$1", "instance", "i(.)")', 'label_replace(%s, "host", "$1-$2", "job", "(.)(.*)")',
                              'label_replace(%s, "code", "", "code", "5..")', 'label_join(%s, "both", "/", "job", "instance")',
                              'label_replace(%s, "le", "$1", "le", "(.*)0+")')) % self.vector(depth - 1)
        if kind == 9:
            return self.pick(("clamp_min(%s, %s)", "clamp_max(%s, %s)", "round(%s, %s)")) % (self.vector(depth - 1),
                                                                                             self.scalar(depth - 1))
        if kind == 10:
            return "clamp(%s, %s, %s)" % (self.vector(depth - 1), self.scalar(depth - 1), self.scalar(depth - 1))
        return "%s(%s)" % (self.pick(self.of_vector), self.vector(depth - 1))

    def histogram(self, depth):
        bucket = self.pick(("http_request_duration_seconds_bucket", "odd_bucket", "close_bucket"))
        inner = self.pick(("%s", "rate(%s[5m])", "increase(%s[2m])", "sum by (le) (rate(%s[5m]))", "sum by (job, le) (%s)",
                           "sum by (kind, le) (rate(%s[1m]))", "avg without (instance) (%s)")) % bucket
        q = self.pick(("0.5", "0.9", "0.99", "0", "1", "-1", "1.5", "NaN")) if self.chance(0.8) else self.scalar(depth - 1)
        return "histogram_quantile(%s, %s)" % (q, inner)

    def vector(self, depth):
        if depth <= 0:
            return self.plain_selector() + self.modifiers()
        kind = self.random.randrange(20)
        if kind < 3:
            return self.plain_selector() + self.modifiers()
        if kind < 9:
            return self.call(depth)
        if kind < 13:
            return self.aggregation(depth)
        if kind < 17:
            return "(%s)" % self.binary(depth)
        if kind == 17:
            return "-" + self.pick(("%s", "(%s)")) % self.vector(depth - 1)
        if kind == 18:
            return "vector(%s)" % self.scalar(depth - 1)
        return "(%s)" % self.vector(depth - 1)


def expression(seed, i, maths=True):
    """The i-th expression of a seed."""
    grammar = Grammar("%d/%d" % (seed, i), maths)
    depth = 1 + i % 4
    return grammar.scalar(depth) if i % 50 == 49 else grammar.vector(depth)


TOKEN = re.compile(r'"[^"]*"|[a-zA-Z_:][a-zA-Z0-9_:]*|[0-9][0-9a-zA-Z.]*|=~|!~|!=|==|>=|<=|.', re.S)
STRAY = ("(", ")", "{", "}", "[", "]", "[5m]", "[5m:]", ":", ",", "-", "+", "offset", "offset 1m", "offset -3s", "@ 1", "@", "bool", "on",
         "on (job)", "ignoring ()", "group_left", "group_left (job)", "by", "by (job)", "without (le,)", "and", "or", "unless", "==", "=",
         "=~", "!~", "!=", "1", "0", "0x", "1e", "1.5m", "5m", "1m5s", "5s1m", "1h30", "0s", "1_000", "08", "1w", "1y2w", "sum", "SUM", "rate",
         "up", "a:b", ":a", "start()", "end", "topk", "#", "'", '"', "`", '"x"', "\\", "$", "\u00fc", "é", ";", "{}", '{job=""}', '{job=~".*"}',
         '{__name__="up"}', 'up{__name__="up"}', '{"up"}', "^", "%", "atan2", "true", "by (job,job)", "le", "quantile(", "vector(1)", "time()")


def broken(seed, i):
    """An expression of which a token or two are lost, doubled, swapped or strangers: most are mistakes, some are not."""
    rnd = random.Random("broken %d/%d" % (seed, i))
    tokens = TOKEN.findall(Grammar("%d/%d" % (seed, i)).vector(1 + i % 3 // 2))
    for _ in range(rnd.choice((1, 1, 1, 1, 2))):
        at = rnd.randrange(len(tokens) + 1)
        kind = rnd.randrange(6)
        if kind == 0 and tokens:
            del tokens[min(at, len(tokens) - 1)]
        elif kind == 1 and tokens:
            tokens.insert(at, tokens[min(at, len(tokens) - 1)])
        elif kind == 2 and len(tokens) > 1:
            other = rnd.randrange(len(tokens))
            at = min(at, len(tokens) - 1)
            tokens[at], tokens[other] = tokens[other], tokens[at]
        elif kind == 3 and tokens:
            tokens[min(at, len(tokens) - 1)] = rnd.choice(STRAY)
        else:
            tokens.insert(at, rnd.choice(("%s", " %s ", " %s ")) % rnd.choice(STRAY))
    return "".join(tokens).replace("\n", " ")
