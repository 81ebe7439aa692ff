#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""rules_diff.py ENGINE [--seed N] [--count N] [--dialect D] [--without FEATURE] [--keep DIR]

Generated scenarios (series and rule files, seeds N, N+1 ...) through `promtool test rules` of each version and through
engine_rules: the same alerts in the same state at every evaluation, the same ALERTS_FOR_STATE, recorded values within 1e-12
relative. A seed that shows a difference is printed with its rule file; --seed N --count 1 runs it alone.
"""
import argparse
import json
import math
import os
import re
import subprocess
import sys
import tempfile

import oracle
import random_rules
import series

WATCHED = '{__name__=~"ALERTS|ALERTS_FOR_STATE|rec.*"}'
GOT = re.compile(r'^ *got: ?(.*)$')
ELEMENT = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)?(\{(?:[^"}]|"(?:\\.|[^"\\])*")*\})? ([^ ,]+)(?:, |$)')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)=("(?:\\.|[^"\\])*")')


def parse_got(text):
    """{labels: value} of promtool's line."""
    out, at = {}, 0
    if text.strip() == "nil":
        return out
    while at < len(text):
        found = ELEMENT.match(text, at)
        if found is None:
            raise RuntimeError("promtool's words are not understood: " + text[at:at + 200])
        labels = {name: json.loads(value) for name, value in LABEL.findall(found.group(2) or "")}
        if found.group(1):
            labels["__name__"] = found.group(1)
        out[frozenset(labels.items())] = float(found.group(3))
        at = found.end()
    return out


class RuleFailed(Exception):
    """promtool gives a test up when a rule fails to evaluate."""


def ask_promtool(version, scenario, folder):
    """What the watched expression gives, round by round."""
    rule_path = os.path.join(folder, "rules-%s.yml" % version.dialect)
    test_path = os.path.join(folder, "test-%s.yml" % version.dialect)
    with open(rule_path, "w", encoding="utf-8") as to:
        to.write(scenario.rule_file(version.dialect))
    with open(test_path, "w", encoding="utf-8") as to:
        to.write(scenario.test_file(rule_path, WATCHED))
    done = subprocess.run([version.promtool, "test", "rules", test_path], capture_output=True, text=True, timeout=300)
    told = [parse_got(found.group(1)) for found in map(GOT.match, (done.stdout + done.stderr).split("\n")) if found]
    if len(told) != scenario.n_round:
        raise RuleFailed((done.stdout + done.stderr).strip()[:600])
    return told


def ask_engine(tool, version, scenario, folder):
    """The same from our side, and the number of rules that failed in each round."""
    data = os.path.join(folder, "data.series")
    series.write_engine(scenario.made, data)
    rule_path = os.path.join(folder, "rules-%s.yml" % version.dialect)
    done = subprocess.run([tool, version.dialect, rule_path, data, str(scenario.interval_s * 1000), str(scenario.end_s * 1000), WATCHED,
                           str(1 + scenario.seed % 2)],
                          capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise RuleFailed(done.stderr.strip()[:2000])
    rounds, failed = [], []
    for line in done.stdout.split("\n"):
        if line.startswith("T "):
            rounds.append({})
            failed.append(int(line.split()[2]))
        elif line:
            labels, _, value = line.partition("\t")
            rounds[-1][frozenset(json.loads(labels).items())] = float(value)
    return rounds, failed


def agrees(name, theirs, ours):
    if name in ("ALERTS", "ALERTS_FOR_STATE"):
        return theirs == ours
    if math.isnan(theirs) or math.isnan(ours) or math.isinf(theirs):
        return theirs == ours or (math.isnan(theirs) and math.isnan(ours))
    # Differences of close sums lose digits that neither side can be held to: 1e-12 of values about 1 at least.
    return abs(theirs - ours) <= 1e-12 * max(abs(theirs), abs(ours), 1e-3)


def show(labels):
    return "{%s}" % ", ".join("%s=%s" % (n, series.quoted(v)) for n, v in sorted(labels))


class Tally:
    def __init__(self):
        self.scenarios = self.both_fail = self.rounds = self.elements = self.recorded = self.bits = 0
        self.seeds = []  # of the scenarios that differ
        self.alerts = {"pending": 0, "firing": 0}

    def line(self, name):
        return ("%-8s %3d scenarios, %5d rounds: %6d pending and %6d firing alerts, %6d recorded values (%d with other bits) "
                "compared; %d scenarios differ, in %d a rule fails on both sides"
                % (name, self.scenarios, self.rounds, self.alerts["pending"], self.alerts["firing"], self.recorded, self.bits,
                   len(self.seeds), self.both_fail))


def compare(tally, scenario, theirs, ours):
    """The first difference in words, or None."""
    for i, (a, b) in enumerate(zip(theirs, ours)):
        tally.rounds += 1
        for key in sorted(a.keys() | b.keys(), key=sorted):
            labels = dict(key)
            name = labels["__name__"]
            if key not in a or key not in b or not agrees(name, a[key], b[key]):
                return ("at %d s (round %d) %s: %s there, %s here"
                        % (i * scenario.interval_s, i, show(key), a.get(key, "nothing"), b.get(key, "nothing")))
            if name == "ALERTS":
                tally.alerts[labels["alertstate"]] += 1
            elif name != "ALERTS_FOR_STATE":
                tally.recorded += 1
                tally.bits += not oracle.same_bits(a[key], b[key])
    return None


def run_one(tally, tool, version, scenario, folder):
    tally.scenarios += 1
    try:
        theirs, refusal = ask_promtool(version, scenario, folder), None
    except RuleFailed as words:
        theirs, refusal = None, str(words)
    try:
        ours, failed = ask_engine(tool, version, scenario, folder)
    except RuleFailed as words:
        return "only here: " + str(words)
    if theirs is None:
        if any(failed):
            tally.both_fail += 1
            return None
        return "only there: " + refusal
    if any(failed):
        return "a rule fails only here, first in round %d" % next(i for i, n in enumerate(failed) if n)
    return compare(tally, scenario, theirs, ours)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("engine")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--dialect", action="append")
    parser.add_argument("--keep", help="a folder in which the files stay")
    parser.add_argument("--without", action="append", default=[], choices=("templates", "query_offset"))
    options = parser.parse_args()
    good = True
    if options.count != 1:  # one seed is asked for by name
        options.count *= oracle.TIMES
    for version in oracle.versions(options.dialect):
        tally = Tally()
        for seed in range(options.seed, options.seed + options.count):
            scenario = random_rules.Scenario(seed, options.without)
            with tempfile.TemporaryDirectory(prefix="rollsim-oracle-") as folder:
                words = run_one(tally, options.engine, version, scenario, options.keep or folder)
            if words is not None:
                tally.seeds.append(seed)
                if len(tally.seeds) <= 3:
                    print("%s, seed %d: %s\n%s" % (version.name, seed, words, scenario.rule_file(version.dialect)))
        print(tally.line(version.name) + "; seeds %d to %d" % (options.seed, options.seed + options.count - 1))
        if tally.seeds:
            print("  seeds that differ: " + " ".join(map(str, tally.seeds)))
        good = version.judge(not tally.seeds) and good
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
