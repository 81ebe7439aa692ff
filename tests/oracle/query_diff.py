#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""query_diff.py ENGINE [--random N | --broken N] [--seed N] [--minutes N] [--expr TEXT] [--dialect D] [--list FILE] [--keep DIR]

The listed expressions, or N random ones (with mistakes in them, to see whether both sides refuse the same), or those given, over generated series: query_range of a block-backed server of each
version against engine_query, on the grid of the samples and off it. Exit status 1 if a point is missing, extra, or has other
bits anywhere.
"""
import argparse
import os
import sys

import compare
import oracle
import random_expr
import series


def read_list(path):
    """[(expression, source, dialects left out)], one expression per line. "# source: X" names where the following ones come
    from; "# not 2.53: WHY" leaves the next one out of the comparison with that dialect."""
    out, source, without = [], "", ()
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            line = line.strip()
            if line.startswith("# source:"):
                source = line[len("# source:"):].strip()
            elif line.startswith("# not "):
                without += (line[len("# not "):].partition(":")[0],)
            elif line and not line.startswith("#"):
                out.append((line, source, without))
                without = ()
    return out


def windows(minutes, short=False):
    """(start, end, step) in ms: on the sample grid, and 7.3 s off it with a step that meets every phase."""
    if short:
        return ((series.T0_S * 1000 + 1_800_000, series.T0_S * 1000 + 3_000_000, 1_200_000),)
    start, end = series.T0_S * 1000, (series.T0_S + minutes * 60 + 420) * 1000
    return ((start, end, 60_000), (start + 7_300, end, 47_000))


def choose(options):
    if options.expr:
        return [(expr, "", ()) for expr in options.expr]
    if options.random:
        options.random *= oracle.TIMES
        return [(random_expr.expression(options.seed, i, options.maths), "random %d" % i, ()) for i in range(options.random)]
    if options.broken:
        return [(random_expr.broken(options.seed, i), "broken %d" % i, ()) for i in range(options.broken * oracle.TIMES)]
    return read_list(options.list)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("engine")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--minutes", type=int, default=80)
    parser.add_argument("--instances", type=int, default=3)
    parser.add_argument("--expr", action="append")
    parser.add_argument("--dialect", action="append")
    parser.add_argument("--list", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "expressions.txt"))
    parser.add_argument("--random", type=int, metavar="N")
    parser.add_argument("--broken", type=int, metavar="N", help="N random ones with mistakes in them, at two instants each")
    parser.add_argument("--no-maths", dest="maths", action="store_false", help="random ones without exp, ^, sin ...")
    parser.add_argument("--rows", type=int, default=40, help="differences to print per version")
    parser.add_argument("--keep", help="an empty folder in which the files stay")
    options = parser.parse_args()

    versions = oracle.versions(options.dialect)
    listed = choose(options)
    data = series.shapes(options.seed, options.minutes, n_instance=options.instances)
    print("%d %s over %d series, seed %d" % (len(listed), "random expressions" if options.random or options.broken else "expressions", len(data),
                                             options.seed))
    good = True
    for version in versions:
        queries = [compare.Query(expr, start, end, step, source) for start, end, step in windows(options.minutes, options.broken is not None)
                   for expr, source, without in listed if version.dialect not in without]
        tally = compare.run(version, options.engine, data, queries, keep=options.keep)
        good = compare.report(tally, version, options.rows) and good
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
