#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""query_diff.py ENGINE [--seed N] [--minutes N] [--expr TEXT] [--dialect D] [--list FILE] [--keep DIR]

The listed expressions over generated series: query_range of a block-backed server of each version against engine_query. On
the grid of the samples and off it. Exit status 1 if a point is missing, extra, or has other bits anywhere.
"""
import argparse
import os
import sys

import compare
import oracle
import series


def read_list(path):
    """[(expression, source)]: one per line; a line "# source: X" names where the following ones come from."""
    out, source = [], ""
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            line = line.strip()
            if line.startswith("# source:"):
                source = line[len("# source:"):].strip()
            elif line and not line.startswith("#"):
                out.append((line, source))
    return out


def windows(minutes):
    """(start, end, step) in ms: on the sample grid, and 7.3 s off it with a step that meets every phase."""
    start, end = series.T0_S * 1000, (series.T0_S + minutes * 60 + 420) * 1000
    return ((start, end, 60_000), (start + 7_300, end, 47_000))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("engine")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--minutes", type=int, default=80)
    parser.add_argument("--instances", type=int, default=3)
    parser.add_argument("--expr", action="append")
    parser.add_argument("--dialect", action="append")
    parser.add_argument("--list", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "expressions.txt"))
    parser.add_argument("--keep")
    options = parser.parse_args()

    versions = oracle.versions(options.dialect)
    listed = [(e, "") for e in options.expr] if options.expr else read_list(options.list)
    queries = [compare.Query(expr, start, end, step, source)
               for start, end, step in windows(options.minutes) for expr, source in listed]
    data = series.shapes(options.seed, options.minutes, n_instance=options.instances)
    print("%d expressions over %d series, seed %d" % (len(listed), len(data), options.seed))
    good = True
    for version in versions:
        tally = compare.run(version, options.engine, data, queries, keep=options.keep)
        good = compare.report(tally, version.name) and good
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
