#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""real_diff.py ENGINE FOLDER [--seed N] [--dialect D]

Every expression of the rule files in FOLDER, as it stands there, over series made for its selectors: query_range of a
block-backed server of each version against engine_query. Exit status 77 if there is no such folder.
"""
import argparse
import glob
import os
import sys

import compare
import oracle
import query_diff
import real_series

MINUTES = 100


def read_rules(version, files):
    """[(expression, file)] without repetitions, and their syntax trees: the real one reads the files."""
    out, trees, seen = [], [], set()
    with oracle.Server(version, interval_s=86400, rule_files=files) as server:
        for group in server.get("rules")["groups"]:
            for rule in group["rules"]:
                if rule["query"] not in seen:
                    seen.add(rule["query"])
                    out.append((" ".join(rule["query"].split()), os.path.basename(group["file"])))
        for expr, _ in out:
            trees.append(server.get("parse_query", query=expr))
    return out, trees


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("engine")
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--dialect", action="append")
    parser.add_argument("--rows", type=int, default=40)
    parser.add_argument("--keep")
    options = parser.parse_args()
    files = sorted(os.path.abspath(f) for f in glob.glob(os.path.join(options.folder, "*.y*ml")))
    if not files:
        oracle.skip("no rule files in " + options.folder)
    readers = [v for v in oracle.versions() if v.dialect == "3"]
    if not readers:
        oracle.skip("no Prometheus 3, which tells syntax trees")
    listed, trees = read_rules(readers[0], files)
    data = real_series.make(trees, options.seed, MINUTES)
    print("%d expressions of %d files over %d series, seed %d" % (len(listed), len(files), len(data), options.seed))
    good = True
    for version in oracle.versions(options.dialect):
        tallies = []
        for window in query_diff.windows(MINUTES):
            # Thousands of series anew for every query take their time: every fifth lives through the window.
            queries = [compare.Query(expr, *window, source, live=i % 5 == 0) for i, (expr, source) in enumerate(listed)]
            tallies.append(compare.run(version, options.engine, data, queries, keep=options.keep))
            good = compare.report(tallies[-1], version, options.rows) and good
        share = tallies[0].filled / len(listed)
        print("  %.0f %% of the expressions have a result" % (100 * share))
        good = good and share > 0.7
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
