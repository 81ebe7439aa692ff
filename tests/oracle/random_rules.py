# SPDX-License-Identifier: GPL-3.0-or-later
"""Random scenarios for rules: series with gaps, stale markers, restarts and NaN, and rule files over them.

promtool adds up in the order in which it happened to make its series, so its sums waver in the last bits. A threshold that a
sum may touch exactly would then decide by chance: thresholds of computed values therefore have digits that no value of ours
hits (a guard band far wider than 1e-9), and == and != stand only behind single samples.
"""
import json
import math
import random

import series
from series import STALE

FORS = ("", "", "0s", "10s", "15s", "40s", "1m", "90s", "2m", "5m")
KEEPS = ("", "", "", "20s", "1m", "3m")
INSTANCES = ("a", "b", "c")
# Of labels, so alerts live and die by them.
TEMPLATES = ("{{ $labels.instance }}-{{ $labels.job }}", "{{ if gt $value 3.3141592 }}high{{ else }}low{{ end }}", "{{ $labels.nothing }}",
             "of {{ $labels.job | toUpper }}", '{{ with $labels.instance }}{{ . | title }}{{ end }}',
             '{{ query "count(up)" | first | value }} up', '{{ $labels.job | reReplaceAll "(.)p" "$1-" }}',
             '{{ range query "up == 0" | sortByLabel "instance" }}{{ .Labels.instance }};{{ end }}')
# And of values that are exact: promtool's last bits decide how others are rounded.
VALUE_TEMPLATES = ("{{ $value }}", '{{ printf "%.1f" $value }}', "{{ $value | humanize }}", "{{ humanizePercentage .Value }}")


class Scenario:
    def __init__(self, seed, without=()):
        self.seed, self.random = seed, random.Random("rules %d" % seed)
        rnd = self.random
        self.scrape_s, self.interval_s = rnd.choice((10, 15, 15, 20, 30)), rnd.choice((10, 15, 15, 30, 60))
        self.n_round = rnd.choice((60, 80, 110))
        self.end_s = self.interval_s * (self.n_round - 1)
        self.without = without  # "templates", "query_offset": what is drawn, but not written
        self.made = self.make_series()
        self.records, self.alerts = [], []
        self.groups = [self.make_group(i) for i in range(rnd.choice((1, 2, 2, 3)))]

    def threshold(self, low, high):
        return "%.7f" % (low + (high - low) * self.random.random())

    # ---- series

    def make_series(self):
        rnd, n = self.random, self.end_s // self.scrape_s + 1
        maker = series.Maker("series %d" % self.seed, n, self.scrape_s * 1000, 0)
        for instance in INSTANCES[:rnd.choice((2, 3))]:
            labels = {"instance": instance, "job": "api" if instance != "c" else "web"}
            maker.add("up", labels, self.interrupt([0 if rnd.random() < 0.06 else 1 for _ in range(n)]))
            maker.add("level", labels, self.interrupt(maker.walk(5.0, 1.3)))
            maker.add("load", labels, self.interrupt(self.runs(n, (0, 0, 1, 2, 3, 7))))
            maker.add("share", labels, self.interrupt([rnd.random() for _ in range(n)]))
            for code in ("200", "500"):
                maker.add("requests_total", dict(labels, code=code), self.interrupt(self.counter(n, 30 if code == "200" else 4)))
            below = [0] * n
            for le in ("0.1", "0.5", "1", "+Inf"):
                more = self.counter(n, 6, restarts=False)
                below = [a + b for a, b in zip(below, more)]
                maker.add("seconds_bucket", dict(labels, le=le), below)
        maker.add("lonely", {"kind": "x"}, self.interrupt(self.runs(n, (0, 1, math.nan))))
        return maker.series

    def runs(self, n, values):
        out = []
        while len(out) < n:
            out += [self.random.choice(values)] * self.random.randrange(1, 12)
        return out[:n]

    def counter(self, n, rate, restarts=True):
        total, out, busy = self.random.randrange(100), [], 1.0
        for _ in range(n):
            if self.random.random() < 0.05:
                busy = self.random.choice((0.0, 1.0, 1.0, 5.0))
            if restarts and self.random.random() < 0.01:
                total = 0
            total += int(busy * self.random.randrange(rate + 1))
            out.append(total)
        return out

    def interrupt(self, values):
        """Gaps, stale markers (as a failed scrape leaves them) and NaN."""
        values, rnd, i = list(values), self.random, 0
        while i < len(values):
            chance = rnd.random()
            if chance < 0.02:
                length = rnd.choice((1, 1, 2, 5, 30))
                values[i:i + length] = [None] * len(values[i:i + length])
                if rnd.random() < 0.5:
                    values[i] = STALE
                i += length
            elif chance < 0.025:
                values[i] = math.nan
            i += 1
        return values

    # ---- expressions

    def window(self, at_least=2):
        return "%ds" % (self.scrape_s * self.random.choice((at_least, 3, 4, 7, 20)))

    def of_instance(self):
        """A vector with one element per instance, whose values come without adding up over series."""
        rnd, w = self.random, self.window()
        return rnd.choice((
            "level", "share", "load", "level", "share", "avg_over_time(level[%s])" % w, "max_over_time(level[%s])" % w,
            "min_over_time(share[%s])" % w, "quantile_over_time(0.8, level[%s])" % w, "level offset %s" % w,
            "deriv(level[%s])" % self.window(3), "predict_linear(level[%s], 120)" % self.window(3), "delta(level[%s])" % w,
            "max_over_time(share[%s:%ds])" % (w, self.random.choice((7, 15, 30))), "abs(level - 5)", "stddev_over_time(level[%s])" % w,
            "rate(requests_total{code=\"500\"}[%s]) / ignoring (code) rate(requests_total{code=\"200\"}[%s])" % (w, w),
            "increase(requests_total{code=\"500\"}[%s])" % w, "histogram_quantile(0.9, rate(seconds_bucket[%s]))" % w,
            "last_over_time(level[%s])" % w, "irate(requests_total{code=\"200\"}[%s])" % w, "sum_over_time(share[%s])" % w))

    def of_job(self):
        rnd, w = self.random, self.window()
        return rnd.choice((
            "sum by (job) (rate(requests_total[%s]))" % w, "max by (job) (level)", "min without (instance) (share)",
            "sum by (job) (share)", "avg by (job) (share)", "count by (job) (up == 1)",
            "sum by (job) (rate(requests_total{code=\"500\"}[%s])) / sum by (job) (rate(requests_total[%s]))" % (w, w),
            "histogram_quantile(0.5, sum by (job, le) (rate(seconds_bucket[%s])))" % w,
            "max_over_time(sum by (job) (share)[%s:%ds])" % (w, self.interval_s), "quantile by (job) (0.5, level)"))

    def filtered(self, vector):
        return "%s %s %s" % (vector, self.random.choice((">", "<", ">", ">=")), self.threshold(-1, 7))

    def exact(self):
        """Comparisons with values that are exact: samples themselves, counts of them."""
        rnd, w = self.random, self.window()
        return rnd.choice(("up == 0", "up != 1", "load == 2", "load >= 3", "changes(load[%s]) > 2" % w, "lonely == 1", "lonely != 0",
                           "resets(requests_total{code=\"500\"}[%s]) > 0" % w, "absent(up{instance=\"a\"})", "load > 1 unless up == 0",
                           "absent(lonely{kind=\"x\"} == 1)", "absent_over_time(level{instance=\"b\",job=\"api\"}[%s])" % w,
                           "count_over_time(up[%s]) < 3" % w, "sum by (job) (up) < 2", "count(up == 1) < 2", "level != level", "load / load",
                           "load > bool 2", "vector(1)", "1 > bool 0", "lonely", "timestamp(up) < time()", "vector(time()) > %d" % (self.end_s // 2)))

    def reference(self):
        """What earlier rules wrote."""
        rnd = self.random
        options = []
        if self.records:
            name = rnd.choice(self.records)
            options += [self.filtered(name), self.filtered(name), "absent(%s)" % name, self.filtered("max_over_time(%s[3m])" % name),
                        self.filtered("%s offset 1m" % name)]
        if self.alerts:
            alert = rnd.choice(self.alerts)
            options += ['ALERTS{alertname="%s", alertstate="firing"}' % alert, 'up == 0 unless on (instance) ALERTS{alertname="%s"}' % alert,
                        'count by (job) (ALERTS{alertstate="firing"}) > 1', 'load > 0 and on (instance) ALERTS{alertname="%s", alertstate="pending"}' % alert,
                        'time() - ALERTS_FOR_STATE{alertname="%s"} >= 60' % alert, 'absent(ALERTS{alertname="%s"})' % alert,
                        'changes(ALERTS_FOR_STATE{alertname="%s"}[5m]) > 0' % alert, 'max_over_time(ALERTS{alertname="%s"}[2m]) > 0' % alert]
        return rnd.choice(options) if options else self.exact()

    def condition(self):
        kind = self.random.randrange(8)
        if kind < 2:
            return self.filtered(self.of_instance())
        if kind == 2:
            return self.filtered(self.of_job())
        if kind == 3:
            return "%s and on (instance, job) %s" % (self.filtered(self.of_instance()), self.filtered(self.of_instance()))
        if kind == 4:
            return "(%s) or (%s)" % (self.filtered("level"), self.exact_of_instance())
        if kind == 5:
            return self.exact()
        return self.reference()

    def exact_of_instance(self):
        return self.random.choice(("load == 2", "up == 0", "load > 2"))

    # ---- rules

    def make_rule(self, group, i):
        rnd = self.random
        if rnd.random() < 0.4:
            name = "rec%d:%d" % (group, i)
            expr = rnd.choice((self.of_instance, self.of_job, self.of_instance))() if rnd.random() < 0.8 else self.filtered(self.of_instance())
            self.records.append(name)
            return {"record": name, "expr": expr, "labels": rnd.choice(({}, {"level": "x"}, {"tier": "1"}))}
        name = "Alert%d%d" % (group, i)
        exact = rnd.random() < 0.2
        rule = {"alert": name, "expr": self.exact() if exact else self.condition(), "labels": {}}
        for key, choices in (("for", FORS), ("keep_firing_for", KEEPS)):
            value = rnd.choice(choices)
            if value:
                rule[key] = value
        if rnd.random() < 0.6:
            rule["labels"] = dict(rnd.sample((("severity", "page"), ("team", "core"), ("origin", "rule"), ("kind", "")), 2))
        if rnd.random() < 0.25:
            told = rnd.choice(VALUE_TEMPLATES + TEMPLATES[:3] if exact else TEMPLATES)
            if "templates" not in self.without:
                rule["labels"]["told"] = told
        self.alerts.append(name)
        return rule

    def make_group(self, g):
        rules = [self.make_rule(g, i) for i in range(self.random.randrange(2, 7))]
        return {"name": "group %d" % g, "rules": rules, "labels": {"shard": "s%d" % g, "origin": "group"} if self.random.random() < 0.4 else {},
                "query_offset": self.random.choice(("", "", "", "10s", "45s"))}

    # ---- files

    def rule_file(self, dialect):
        """Group labels exist since 3.0, query_offset since 2.53."""
        out = ["groups:"]
        for group in self.groups:
            out.append("- name: %s" % group["name"])
            if dialect == "3" and group["labels"]:
                out.append("  labels: %s" % json.dumps(group["labels"]))
            if dialect != "2.42" and group["query_offset"] and "query_offset" not in self.without:
                out.append("  query_offset: %s" % group["query_offset"])
            out.append("  rules:")
            for rule in group["rules"]:
                head = "- "
                for key in ("record", "alert", "expr", "for", "keep_firing_for", "labels"):
                    if rule.get(key):
                        out.append("  %s%s: %s" % (head, key, json.dumps(rule[key])))
                        head = "  "
        return "\n".join(out) + "\n"

    def test_file(self, rule_path, watched):
        """What promtool is to do: watched at every round, with an expectation that cannot hold, so that it tells what it got."""
        def values(s):
            at = {ms: v for ms, v in s.samples}
            return " ".join("_" if ms not in at else STALE if at[ms] == STALE else series.value_text(at[ms])
                            for ms in range(0, s.samples[-1][0] + 1, self.scrape_s * 1000))
        checks = [{"expr": watched, "eval_time": "%ds" % (i * self.interval_s), "exp_samples": [{"labels": '{no="such"}', "value": 0}]}
                  for i in range(self.n_round)]
        return json.dumps({"rule_files": [rule_path], "evaluation_interval": "%ds" % self.interval_s,
                           "group_eval_order": [group["name"] for group in self.groups],
                           "tests": [{"interval": "%ds" % self.scrape_s,
                                      "input_series": [{"series": series.selector(s.labels), "values": values(s)} for s in self.made],
                                      "promql_expr_test": checks}]}, indent=1)
