# SPDX-License-Identifier: GPL-3.0-or-later
"""One set of series and queries through a block-backed server and through our engine; the differences, counted and told."""
import json
import math
import os
import subprocess
import tempfile

import oracle
import series as series_module


class Query:
    def __init__(self, expr, start_ms, end_ms, step_ms, source="", live=True):
        self.expr, self.source = expr, source
        # Off the grid our side gets the samples as time goes on, unless the expression looks ahead.
        self.live = live and start_ms % 1000 != 0 and "@" not in expr and "offset -" not in expr
        self.start_ms, self.end_ms, self.step_ms = start_ms, end_ms, step_ms


class Tally:
    """What a comparison found. A difference is a row (kind, query, words)."""

    def __init__(self):
        self.queries = self.filled = self.both_refuse = self.points = 0
        self.missing = self.extra = self.bits = self.refused = self.errors = self.wavering = self.only_range = 0
        self.largest = 0.0  # relative difference
        self.rows = []

    def clean(self):
        return self.missing == self.extra == self.bits == self.refused == self.errors == 0

    def line(self, name):
        return ("%-14s %5d queries (%d filled, %d that both refuse) %8d points: %d missing, %d extra, %d with other bits "
                "(largest relative difference %.2g); %d queries refused by us alone, %d with an error on one side; not "
                "counted: %d to which the server has several answers, %d where it agrees when asked for one instant"
                % (name, self.queries, self.filled, self.both_refuse, self.points, self.missing, self.extra, self.bits,
                   self.largest, self.refused, self.errors, self.wavering,
                   self.only_range))


class Engine:
    """Our side: engine_query over a file of queries; answers come in order."""

    def __init__(self, tool, dialect, step_ms, series_file, queries):
        self.input = tempfile.TemporaryFile("w+", encoding="utf-8")
        for q in queries:
            self.input.write("%d\t%d\t%d\t%s\t%s\n" % (q.start_ms, q.end_ms, q.step_ms, "live" if q.live else "all", q.expr))
        self.input.seek(0)
        self.words = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        self.process = subprocess.Popen([tool, dialect, str(step_ms), series_file], stdin=self.input,
                                        stdout=subprocess.PIPE, stderr=self.words, text=True, encoding="utf-8")
        self.line = self.process.stdout.readline()

    def answer(self):
        """("ok", {labels: {ms: value}}), or ("error" or "refused", words)."""
        if not self.line.startswith("Q\t"):
            self.process.wait()
            self.words.seek(0)
            raise RuntimeError("the engine ended (status %s): %s" % (self.process.returncode, self.words.read()[-3000:]))
        status, _, words = self.line[2:].rstrip("\n").partition(" ")
        out = {}
        while True:
            self.line = self.process.stdout.readline()
            if not self.line or self.line.startswith("Q\t"):
                break
            labels, _, points = self.line.partition("\t")
            row = {}
            for point in points.split():
                ms, _, v = point.partition("=")
                row[int(ms)] = float(v)
            key = frozenset(json.loads(labels).items())
            # Two series with the same labels would hide one another.
            out[key if key not in out else key | {("twice", str(len(out)))}] = row
        return (status, out) if status == "ok" else (status, words)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.stdout.close()
        self.process.wait()


def show(labels):
    return "{%s}" % ", ".join("%s=%s" % (n, series_module.quoted(v)) for n, v in sorted(labels))


def differences(theirs, ours):
    """[(kind, ms, labels, their value, our value)]; kind is missing, extra or bits."""
    out = []
    for key in theirs.keys() | ours.keys():
        a, b = theirs.get(key, {}), ours.get(key, {})
        if a == b and 0.0 not in a.values():  # quick: no NaN, no zero whose sign would have to be looked at
            continue
        for ms in sorted(a.keys() | b.keys()):
            if ms not in b:
                out.append(("missing", ms, key, a[ms], None))
            elif ms not in a:
                out.append(("extra", ms, key, None, b[ms]))
            elif not oracle.same_bits(a[ms], b[ms]):
                out.append(("bits", ms, key, a[ms], b[ms]))
    return out


def wavers(server, query, theirs, found):
    """The real one walks through hash tables here and there (histogram_quantile, count_values), so the order of what it then
    adds up is chance. Asked again it gives another answer, which is no yardstick for differences of that kind."""
    kinds = {row[0] for row in found}
    for _ in range(6):
        own = {row[0] for row in differences(theirs, server.range(query))}
        if own and ("bits" in own or kinds != {"bits"}) and kinds <= own | {"bits"}:
            return True
    return False


def only_range(server, query, times, ours):
    """query_range puts the series of an inner result in the order in which they first had a point, in whatever step that was,
    and adds up in that order; it calls labels doubled that two series have at different times; 2.42 reads a range fixed by @
    but once. A rule is an instant query: where that gives what we give (once in a few times, see above), at up to 40 of the
    times in question, the difference is query_range's own."""
    for ms in times[::max(1, len(times) // 40)]:
        here = {key: {ms: row[ms]} for key, row in ours.items() if ms in row}
        try:
            if all(differences(server.instant(query.expr, ms), here) for _ in range(8)):
                return False
        except oracle.Refused:
            return False
    return True


def tell(tally, query, found):
    """Counts the differences; one row per kind, about the first."""
    kinds = [row[0] for row in found]
    tally.missing += kinds.count("missing")
    tally.extra += kinds.count("extra")
    tally.bits += kinds.count("bits")
    for kind, ms, key, a, b in found:
        if kind == "bits" and math.isfinite(a) and math.isfinite(b):
            tally.largest = max(tally.largest, abs(a - b) / max(abs(a), abs(b), 5e-324))
    for kind in sorted(set(kinds)):
        _, ms, key, a, b = min((row for row in found if row[0] == kind), key=lambda row: (row[1], sorted(row[2])))
        tally.rows.append((kind, query, "at %d.%03d %s: %s there, %s here (%d points)"
                           % (ms // 1000, ms % 1000, show(key), "nothing" if a is None else repr(a),
                              "nothing" if b is None else repr(b), kinds.count(kind))))


def compare_one(tally, query, server, engine):
    tally.queries += 1
    try:
        theirs, refusal = server.range(query), None
    except oracle.Refused as refused:
        theirs, refusal = None, str(refused)
    status, ours = engine.answer()
    if theirs is None and status != "ok":
        tally.both_refuse += 1
    elif theirs is None and only_range(server, query, range(query.start_ms, query.end_ms + 1, query.step_ms), ours):
        tally.only_range += 1
    elif theirs is None:
        tally.errors += 1
        tally.rows.append(("error", query, "only there: " + refusal))
    elif status == "refused":
        tally.refused += 1
        tally.rows.append(("refused", query, ours))
    elif status != "ok":
        tally.errors += 1
        tally.rows.append(("error", query, "only here: " + ours))
    else:
        tally.filled += any(theirs.values())
        tally.points += sum(len(row) for row in theirs.values())
        found = differences(theirs, ours)
        if found and wavers(server, query, theirs, found):
            tally.wavering += 1
        elif found and only_range(server, query, sorted({row[1] for row in found}), ours):
            tally.only_range += 1
        elif found:
            tell(tally, query, found)


def run(version, tool, series, queries, interval_s=15, keep=None):
    """Compares all queries with one version. keep names a folder for the files, otherwise they go away."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="rollsim-oracle-") as folder:
        folder = keep or folder
        open_metrics, engine_file = os.path.join(folder, "data.om"), os.path.join(folder, "data.series")
        blocks = os.path.join(folder, "blocks-" + version.dialect)
        series_module.write_open_metrics(series, open_metrics)
        series_module.write_engine(series, engine_file)
        oracle.make_blocks(version, open_metrics, blocks)
        engine = Engine(tool, version.dialect, interval_s * 1000, engine_file, queries)
        try:
            with oracle.Server(version, blocks, interval_s) as server:
                for query in queries:
                    compare_one(tally, query, server, engine)
        finally:
            engine.close()
    return tally


def report(tally, version, n_row=40):
    """Prints the figures and the first rows: an expression once, what we refuse by its reason. True if nothing differs that
    should not."""
    print(tally.line(version.name))
    reasons, told = {}, set()
    for kind, query, words in tally.rows:
        if kind == "refused":
            reason = words.partition(": ")[2]
            reasons[reason] = reasons.get(reason, 0) + 1
        elif (kind, query.expr) not in told:
            told.add((kind, query.expr))
            if len(told) <= n_row:
                print("  %-8s %s\n           %s%s" % (kind, query.expr, "[%s] " % query.source if query.source else "", words))
    if len(told) > n_row:
        print("  ... and %d more" % (len(told) - n_row))
    for reason in sorted(reasons):
        print("  refused  %d times: %s" % (reasons[reason], reason))
    return version.judge(tally.clean())
