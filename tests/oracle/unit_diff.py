#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""unit_diff.py ROLLSIM [--seed N] [--count N] | ROLLSIM --kept DIR

Unit-test files of rules through `promtool test rules` of each version and through `rollsim rules test`: the same files pass, the
same cases fail, and of an alert case that fails both got the same alerts with the same labels and annotations. Generated files
(seeds N, N+1 ...), most of whose cases fail; or those of DIR, whose outcomes.txt must be what the real programs say today.
"""
import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile

import oracle

EXPRESSIONS = [
    'a > 1', 'a == 0', 'sum by (x) (a) > 3', 'rate(c_total[2m]) > 0.1', 'absent(a{x="1"})', 'a > 1 unless b',
    'max_over_time(a[3m]) > 4', 'a', 'count(a) < 2', 'rec:a > 2', 'avg_over_time(a[2m:30s]) >= 1', 'a offset 1m > 2',
    'changes(a[5m]) > 1', 'a > bool 1', 'increase(c_total[3m]) > 5', 'ALERTS{alertstate="firing"}', 'rec:rate > 0.05',
    'a * on(x) group_left b > 2']
SERIES = ['a{x="1"}', 'a{x="2"}', 'b{x="1"}', 'c_total{x="1"}', 'c_total{x="2"}']


def values(r):
    """Gaps, stale markers, steps and repetitions; sums stay whole, so that no order of addition shows."""
    out = []
    for _ in range(12):
        out.append(r.choice([
            "_", "_x%d" % r.randint(1, 6), "stale", "%dx%d" % (r.randint(0, 5), r.randint(1, 8)),
            "%d%+dx%d" % (r.randint(0, 50), r.randint(-3, 9), r.randint(1, 8)), "NaN", "Inf", "-Inf", "0", "1", "0.5", "1e3"]))
    return " ".join(out)


def rule_file(r, dialect):
    """Alerts have names of their own: of two with the same labels the real one stores neither (a failed append)."""
    alerts, records = list(range(5)), ["rec:a", "rec:rate"]
    r.shuffle(alerts)
    lines = ["groups:"]
    for g in range(r.randint(1, 3)):
        lines.append("- name: g%d" % g)
        if r.random() < 0.3:
            lines.append("  interval: %s" % r.choice(["30s", "2m", "5m"]))
        if r.random() < 0.15 and dialect != "2.42":
            lines.append("  query_offset: %s" % r.choice(["30s", "1m"]))
        lines.append("  rules:")
        lines.append("  - {record: one:g%d, expr: vector(1)}" % g)
        if records and r.random() < 0.6:
            name = records.pop()
            lines.append("  - {record: '%s', expr: '%s'}" % (name, "sum by (x) (a)" if name == "rec:a"
                                                             else "sum(rate(c_total[2m]))"))
        for _ in range(r.randint(1, 2)):
            if not alerts:
                break
            rule = "  - {alert: A%d, expr: %s" % (alerts.pop(), json.dumps(r.choice(EXPRESSIONS)))
            if r.random() < 0.6:
                rule += ", for: %s" % r.choice(["0s", "30s", "1m", "90s", "2m", "5m"])
            if r.random() < 0.3:
                rule += ", keep_firing_for: %s" % r.choice(["1m", "2m", "3m"])
            if r.random() < 0.6:
                rule += ", labels: {severity: %s}" % r.choice(["page", "ticket", '"{{ $labels.x }}"'])
            if r.random() < 0.5:
                rule += ", annotations: {s: %s}" % json.dumps(
                    r.choice(["{{ $value }}", "x {{ $labels.x }}", "plain", "{{ $value | humanize }}", ""]))
            lines.append(rule + "}")
    return "\n".join(lines) + "\n"


def test_file(r, rules):
    lines = ["rule_files: [%s]" % rules, "evaluation_interval: %s" % r.choice(["30s", "1m", "15s"]),
             "group_eval_order: [g0, g1, g2]", "tests:"]
    for _ in range(r.randint(1, 3)):
        lines += ["- interval: %s" % r.choice(["30s", "1m", "20s"]), "  input_series:"]
        for name in SERIES:
            if r.random() < 0.8:
                text = values(r) if not name.startswith("c_") else "0+%dx12 3+2x9" % r.randint(0, 40)
                lines.append("  - {series: '%s', values: '%s'}" % (name, text))
        lines.append("  alert_rule_test:")
        for _ in range(12):
            lines += ["  - alertname: A%d" % r.randint(0, 4), "    eval_time: %ds" % (15 * r.randint(0, 40))]
            if r.random() < 0.5:
                lines.append('    exp_alerts: [{exp_labels: {x: "%d"%s}}]'
                             % (r.randint(1, 2), r.choice(["", ", severity: page", ", severity: ticket"])))
        lines.append("  promql_expr_test:")
        for _ in range(8):
            expression = r.choice(EXPRESSIONS + ["ALERTS", "ALERTS_FOR_STATE", "rec:a", "a + 1"])
            lines.append("  - {expr: %s, eval_time: %ds%s}" % (
                json.dumps(expression), 15 * r.randint(0, 40),
                r.choice(["", ", exp_samples: [{labels: 'a{x=\"1\"}', value: %d}]" % r.randint(0, 3)])))
    return "\n".join(lines) + "\n"


def promtool_failures(text):
    """[(what, alerts that were got or None)] of promtool's complaints."""
    out, lines = [], text.split("\n")
    for i, line in enumerate(lines):
        alert = re.match(r"^\s+alertname: (\S+), time: (\S+),", line)
        expr = re.match(r'^\s+expr: ("(?:[^"\\]|\\.)*"), time: ([^,\n]+?)(?:,|$)', line)
        rule = re.match(r"^\s+rule: (\S+), time: (\S+),", line)
        if alert:
            begin = i
            while "got:[" not in lines[begin]:
                begin += 1
            end = begin
            while not lines[end].strip().endswith("]"):
                end += 1
            got = "\n".join(lines[begin:end + 1])
            out.append(("alert %s at %s" % alert.groups(),
                        tuple(sorted(zip(re.findall(r"Labels:(\{.*\})", got), re.findall(r"Annotations:(\{.*\})", got))))))
        elif expr:
            out.append(("%s at %s" % (json.loads(expr.group(1)), expr.group(2)), None))
        elif rule:
            out.append(("rule %s at %s" % (rule.group(1), re.sub(r"(?<=m)0s$", "", rule.group(2))), None))
    return sorted(out, key=str)


def our_failures(text):
    out, n_case = [], 0
    for report in json.loads(text or "[]"):
        for test in report["tests"]:
            n_case += test["cases"]
            for failure in test["failures"]:
                got = None
                if failure["what"].startswith("alert "):
                    got = tuple(sorted((lines[0], "{%s}" % ", ".join(line.strip() for line in lines[1:]))
                                       for lines in (alert.split("\n") for alert in failure["got"])))
                out.append((failure["what"], got))
    return sorted(out, key=str), n_case


def compare(program, version, path):
    """(the same?, cases, failures, the real one's status and failures)"""
    real = subprocess.run([version.promtool, "test", "rules", path], capture_output=True, text=True, timeout=300)
    ours = subprocess.run([program, "rules", "test", "--json", "--prometheus", version.dialect, path],
                          capture_output=True, text=True, timeout=300)
    wanted = promtool_failures(real.stdout + real.stderr)
    got, n_case = our_failures(ours.stdout)
    same = wanted == got and (real.returncode != 0) == (ours.returncode != 0)
    if not same:
        print("%s, promtool %s: ended with %d and %d" % (path, version.name, real.returncode, ours.returncode))
        for what in [x for x in wanted if x not in got][:4]:
            print("  promtool alone: %s" % (what,))
        for what in [x for x in got if x not in wanted][:4]:
            print("  rollsim alone:  %s" % (what,))
        print("  " + ours.stderr[:400])
    return same, n_case, len(wanted), real.returncode, wanted


def run_random(program, seed, count):
    good, n_case, n_failure = True, 0, 0
    for version in oracle.versions():
        same = True
        with tempfile.TemporaryDirectory(prefix="rollsim-oracle-") as folder:
            for i in range(seed, seed + count):
                r = random.Random(i)
                with open(os.path.join(folder, "r%d.yml" % i), "w", encoding="utf-8") as to:
                    to.write(rule_file(r, version.dialect))
                path = os.path.join(folder, "t%d.yml" % i)
                with open(path, "w", encoding="utf-8") as to:
                    to.write(test_file(r, "r%d.yml" % i))
                one, n, n_failed = compare(program, version, path)[:3]
                same, n_case, n_failure = same and one, n_case + n, n_failure + n_failed
        good = version.judge(same) and good
    print("%d files a version, %d cases, %d of them fail with both" % (count, n_case, n_failure))
    return good and n_failure > 0


def run_kept(program, folder):
    kept = open(os.path.join(folder, "outcomes.txt"), encoding="utf-8").read()
    good = True
    for version in oracle.versions():
        for head, body in re.findall(r"^(\S+ %s \d)\n((?:  .*\n)*)" % re.escape(version.dialect), kept, re.M):
            name = head.split()[0]
            same, _, _, status, failures = compare(program, version, os.path.join(folder, name))
            told = sorted(what for what, _ in failures)
            if "%s %s %d" % (name, version.dialect, status) != head or told != sorted(x.strip() for x in body.splitlines()):
                print("%s: outcomes.txt is not what promtool %s says" % (name, version.name))
                same = False
            good = version.judge(same) and good
    print("%d files with the outcomes that are kept" % len(set(re.findall(r"^\S+\.yml", kept, re.M))))
    return good and "fail.yml" in kept


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--kept")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20 * oracle.TIMES)
    args = parser.parse_args()
    good = run_kept(args.program, args.kept) if args.kept else run_random(args.program, args.seed, args.count)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
