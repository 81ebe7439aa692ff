# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated series: the same samples as OpenMetrics text, as promtool's input_series and for our engine.

Everything follows from a seed. Times are milliseconds; a value is a float, STALE stands for a stale marker.
"""
import math
import random

T0_S = 1_700_000_000  # the first sample of the block-backed data
STALE = "stale"
BOUNDS = ("0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1.0", "2.5", "5.0", "+Inf")
HEALTHY = (.30, .30, .20, .10, .06, .02, .01, .006, .003, .001, 0)
FAULTY = (.02, .03, .05, .10, .10, .15, .20, .15, .10, .05, .05)


class Series:
    def __init__(self, labels, samples):
        self.labels, self.samples = labels, samples  # {name: value} with __name__; [(ms, value)] rising

    def key(self):
        return sorted(self.labels.items())


def quoted(text):
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def selector(labels):
    inner = ",".join("%s=%s" % (n, quoted(v)) for n, v in sorted(labels.items()) if n != "__name__")
    return "%s{%s}" % (labels["__name__"], inner)


def value_text(v):
    if math.isnan(v):
        return "NaN"
    return ("+Inf" if v > 0 else "-Inf") if math.isinf(v) else repr(v)


def write_engine(series, path):
    """The form that engine_data.h describes."""
    with open(path, "w", encoding="utf-8") as to:
        for s in series:
            to.write("S\t%s\n" % "\t".join("%s\t%s" % item for item in s.key()))
            for ms, v in s.samples:
                to.write("%d %s\n" % (ms, STALE if v == STALE else "nan" if math.isnan(v) else v.hex()))


def write_open_metrics(series, path):
    """All samples of a metric together, in order of time within a series. The types do not matter to the values."""
    by_name = {}
    for s in series:
        by_name.setdefault(s.labels["__name__"], []).append(s)
    with open(path, "w", encoding="utf-8") as to:
        for name in sorted(by_name):
            to.write("# TYPE %s unknown\n" % name)
            for s in by_name[name]:
                for ms, v in s.samples:
                    to.write("%s %s %s\n" % (selector(s.labels), value_text(v), repr(ms / 1000)))
        to.write("# EOF\n")


class Maker:
    """Collects series on one grid of n_step scrapes."""

    def __init__(self, seed, n_step, step_ms, start_ms):
        self.random = random.Random(seed)
        self.n_step, self.step_ms, self.start_ms = n_step, step_ms, start_ms
        self.series = []

    def late(self):
        """How late each scrape is: up to a fifth of the interval, in eighths of a second, which OpenMetrics' seconds hold."""
        return [125 * self.random.randrange(self.step_ms // 5 // 125 + 1) for _ in range(self.n_step)]

    def add(self, name, labels, values, phase_ms=0, late=None):
        """values[i] at scrape i; None is a scrape that failed."""
        samples = [(self.start_ms + i * self.step_ms + phase_ms + (late[i] if late else 0), float(v) if v != STALE else v)
                   for i, v in enumerate(values) if v is not None]
        if samples:
            self.series.append(Series(dict(labels, __name__=name), samples))

    def walk(self, start, spread, digits=None):
        v, out = start, []
        for _ in range(self.n_step):
            v += self.random.gauss(0.0, spread)
            out.append(v if digits is None else round(v, digits))
        return out


def service(m, instance, job, faulty_at, reset_at, hole, late):
    """Counters and a histogram of one instance, with a fault, a restart and a hole of failed scrapes."""
    ok = err = total = 0
    seconds = 0.0
    bucket = [0] * len(BOUNDS)
    rows = {"200": [], "500": [], "count": [], "sum": [], "up": []}
    buckets = [[] for _ in BOUNDS]
    for i in range(m.n_step):
        faulty = i in faulty_at
        if i == reset_at:
            ok = err = total = 0
            seconds, bucket = 0.0, [0] * len(BOUNDS)
        k = 40 + m.random.randrange(20)
        e = sum(m.random.random() < (0.12 if faulty else 0.004) for _ in range(k))
        ok, err, total = ok + k - e, err + e, total + k
        for _ in range(k):
            bucket[m.random.choices(range(len(BOUNDS)), FAULTY if faulty else HEALTHY)[0]] += 1
        seconds = seconds + k * (0.4 if faulty else 0.02) + m.random.random()
        gone = i in hole
        for name, v in (("200", ok), ("500", err), ("count", total), ("sum", seconds)):
            rows[name].append(None if gone else v)
        rows["up"].append(0 if gone else 1)
        below = 0
        for j, b in enumerate(bucket):
            below += b
            buckets[j].append(None if gone else below)
    labels = {"instance": instance, "job": job}
    for code in ("200", "500"):
        m.add("http_requests_total", dict(labels, code=code), rows[code], late=late)
    for j, le in enumerate(BOUNDS):
        m.add("http_request_duration_seconds_bucket", dict(labels, le=le), buckets[j], late=late)
    m.add("http_request_duration_seconds_count", labels, rows["count"], late=late)
    m.add("http_request_duration_seconds_sum", labels, rows["sum"], late=late)
    m.add("up", labels, rows["up"], late=late)


def gauges(m, instance, job, k):
    """Gauges with fractions, odd values, births and deaths, and what joins need."""
    n, labels = m.n_step, {"instance": instance, "job": job}
    rnd = m.random
    m.add("memory_free_bytes", labels, m.walk(4e9 / (k + 1), 3e8, 1), phase_ms=125 * k,
          late=m.late() if k == 2 else None)
    m.add("memory_size_bytes", labels, [8e9] * n)
    m.add("disk_free_bytes", dict(labels, device="sda%d" % k), [5e10 - 1e7 * i * (k + 1) for i in range(n)],
          late=m.late() if k == 0 else None)
    temperature = m.walk(40.0, 2.5)
    for i in range(n // 3, n // 3 + 9):
        temperature[i] = rnd.choice((math.nan, math.inf, -math.inf, -273.15, 0.0, -0.0))
    m.add("temperature_celsius", dict(labels, sensor="s%d" % (k % 2)), temperature)
    m.add("queue_length", labels, [rnd.randrange(50 * (k + 1)) if (i < n // 2) == (k % 2 == 0) else None
                                   for i in range(n)], phase_ms=500)
    m.add("flaky", labels, [None if (i // 30 + k) % 3 == 0 else rnd.choice((0, 0, 1, 2)) for i in range(n)])
    m.add("build_info", dict(labels, version="1.%d" % (k % 2), revision="r\u00fcck \"%d\"" % k), [1] * n)
    m.add("job_last_success_timestamp_seconds", labels,
          [T0_S + m.step_ms * i // 1000 - (i * 13 % 900) - 60 * k for i in range(n)])
    m.add("weight", labels, [rnd.choice((1e16, 1.0, -1e16, 0.1, 3.0)) for _ in range(n)])
    m.add("same", labels, [float(i // 40) for i in range(n)])
    level = 0.5 + 0.1 * k
    m.add("ratio", labels, [level + rnd.random() * 0.4 - 0.2 for _ in range(n)])


def odd_histograms(m):
    """What histogram_quantile must live with: no +Inf, equal bounds, bounds that are no numbers, counts that fall."""
    n, rnd = m.n_step, m.random
    for kind, bounds in (("no_inf", ("0.1", "1")), ("equal", ("0.1", "0.10", "1", "+Inf")),
                         ("word", ("0.1", "many", "+Inf")), ("negative", ("-1", "0", "1", "+Inf")),
                         ("inf_only", ("+Inf",)), ("none", ("",))):
        for le in bounds:
            labels = {"kind": kind, "le": le} if le else {"kind": kind}
            m.add("odd_bucket", labels, [rnd.choice((0.0, 1.0, 2.5, 7.0, 0.1 * i)) for i in range(n)])
    for k, le in enumerate(("0.1", "0.5", "2", "+Inf")):
        m.add("close_bucket", {"kind": "close", "le": le},
              [100.0 * (1.0 + (1e-14 if (i + k) % 2 else 0.0)) + (i % 7 == 0) * k for i in range(n)])


def shapes(seed, minutes, step_s=15, n_instance=3):
    """The series over which the listed and the random expressions are evaluated."""
    n = minutes * 60 // step_s
    m = Maker(seed, n, step_s * 1000, T0_S * 1000)
    for k in range(n_instance):
        fault = range(int(n * 0.45), int(n * 0.60)) if k % 2 == 0 else range(0)
        service(m, "i%d" % k, "api" if k < 2 else "web", fault, n // 3 if k == 1 else -1,
                range(n // 2, n // 2 + 22) if k == 2 else range(0), m.late() if k == 1 else None)
        gauges(m, "i%d" % k, "api" if k < 2 else "web", k)
    odd_histograms(m)
    return m.series
