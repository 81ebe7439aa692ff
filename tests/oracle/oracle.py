# SPDX-License-Identifier: GPL-3.0-or-later
"""The real programs, as the differential tests use them: finding them, making blocks, serving them, asking.

Nothing outside Python's standard library, and nothing newer than Python 3.11 (Debian 12).
"""
import http.client
import json
import math
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

# Debian's suites and the dialect that their Prometheus speaks; a suite that has moved on is left out with a word.
SUITES = (("bookworm", "2.42", lambda v: v < (2, 51)),
          ("trixie", "2.53", lambda v: (2, 51) <= v < (2, 54)),
          ("sid", "3", lambda v: (3, 5) <= v < (4, 0)))
NEWEST_HELD_TO = (3, 8)  # 3.9 looks for doubled matches elsewhere: what it says of errors is another dialect's
TIMES = 20 if os.environ.get("ROLLSIM_ORACLE_LONG") else 1  # how many times the random cases that ./dev test runs
SKIPPED = 77  # exit status that CTest takes for "skipped"


def skip(why):
    print("skipped: " + why)
    sys.exit(SKIPPED)


class Version:
    """One generation of the real programs."""

    def __init__(self, folder, suite, dialect):
        self.suite, self.dialect = suite, dialect
        self.prometheus = os.path.join(folder, "prometheus")
        self.promtool = os.path.join(folder, "promtool")
        told = subprocess.run([self.prometheus, "--version"], capture_output=True, text=True, timeout=60)
        found = re.search(r"version (\d+)\.(\d+)\.(\d+)", told.stdout + told.stderr)
        self.number = tuple(int(x) for x in found.groups()) if found else (0, 0, 0)
        self.name = ".".join(str(x) for x in self.number)

    def judge(self, good):
        """Whether a comparison with this version passes: what sid has newly got must not turn our tests red by itself."""
        if not good and self.number[:2] > NEWEST_HELD_TO:
            print("  %s is newer than %d.%d, which the dialect is held to: told, not counted" % ((self.name,) + NEWEST_HELD_TO))
            return True
        return good


def versions(only=None):
    """Those that are unpacked and speak the dialect that we take them for. Ends the program with 77 if there is none."""
    root = os.path.abspath(os.environ.get("ROLLSIM_ORACLES", "build/oracles"))
    if not os.path.exists(os.path.join(root, "versions")):
        skip("no real Prometheus in %s (get_oracles.sh says why)" % root)
    out = []
    for suite, dialect, fits in SUITES:
        folder = os.path.join(root, suite, "usr", "bin")
        if only is not None and dialect not in only:
            continue
        if not os.path.exists(os.path.join(folder, "prometheus")):
            print("%s has no Prometheus: dialect %s is not compared" % (suite, dialect))
            continue
        version = Version(folder, suite, dialect)
        if not fits(version.number[:2]):
            print("%s now has Prometheus %s: dialect %s is not compared" % (suite, version.name, dialect))
            continue
        out.append(version)
    if not out:
        skip("none of the programs in %s speaks a dialect of ours" % root)
    return out


class Refused(Exception):
    """The server's error answer to a query."""


class Server:
    """A Prometheus on a free loopback port; a context manager that ends it by its own process id."""

    def __init__(self, version, blocks=None, interval_s=15, rule_files=()):
        self.version, self.process, self.connection = version, None, None
        self.folder = tempfile.mkdtemp(prefix="rollsim-oracle-")
        self.data = os.path.join(self.folder, "data")
        if blocks is not None:
            shutil.copytree(blocks, self.data)
        # A server without targets; its own rules (if any) are only parsed: the first round is an hour away.
        self.config = os.path.join(self.folder, "prometheus.yml")
        with open(self.config, "w", encoding="utf-8") as to:
            to.write("global:\n  evaluation_interval: %ds\nrule_files: %s\n" % (interval_s, json.dumps(list(rule_files))))

    def __enter__(self):
        for _ in range(5):
            if self._start():
                return self
        log = open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace").read()
        shutil.rmtree(self.folder, ignore_errors=True)
        raise RuntimeError("Prometheus %s does not start:\n%s" % (self.version.name, log[-2000:]))

    def __exit__(self, *_):
        if self.connection is not None:
            self.connection.close()
        self._stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def _start(self):
        with socket.socket() as free:  # another may take it meanwhile: then the next attempt has another number
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with open(os.path.join(self.folder, "log"), "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [self.version.prometheus, "--config.file=" + self.config, "--storage.tsdb.path=" + self.data,
                 "--storage.tsdb.retention.time=20y", "--web.listen-address=127.0.0.1:%d" % port, "--log.level=warn"],
                stdout=log, stderr=subprocess.STDOUT, cwd=self.folder)
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        for _ in range(600):
            if self.process.poll() is not None:
                return False
            try:
                self.connection.request("GET", "/-/ready")
                response = self.connection.getresponse()
                response.read()
                if response.status == 200:
                    return True
            except OSError:
                self.connection.close()
            time.sleep(0.1)
        self._stop()
        return False

    def get(self, path, **parameters):
        """The data of an API answer; raises Refused with the server's words."""
        body = urllib.parse.urlencode(parameters)
        for attempt in (1, 2):
            try:
                if path in ("query_range", "query"):
                    self.connection.request("POST", "/api/v1/" + path, body,
                                            {"Content-Type": "application/x-www-form-urlencoded"})
                else:
                    self.connection.request("GET", "/api/v1/%s?%s" % (path, body))
                answer = json.loads(self.connection.getresponse().read())
                break
            except (http.client.HTTPException, OSError):
                self.connection.close()
                if attempt == 2:
                    raise
        if answer["status"] != "success":
            raise Refused(answer.get("error", "no word"))
        return answer["data"]

    def range(self, query):
        """query_range -> {frozenset of labels: {ms: value}}"""
        data = self.get("query_range", query=query.expr, start="%.3f" % (query.start_ms / 1000),
                        end="%.3f" % (query.end_ms / 1000), step="%.3f" % (query.step_ms / 1000))
        return {frozenset(r["metric"].items()): {round(t * 1000): float(v) for t, v in r["values"]}
                for r in data["result"]}

    def instant(self, expr, ms):
        """query -> {frozenset of labels: {ms: value}}"""
        data = self.get("query", query=expr, time="%.3f" % (ms / 1000))
        if data["resultType"] == "scalar":
            return {frozenset(): {ms: float(data["result"][1])}}
        return {frozenset(r["metric"].items()): {ms: float(r["value"][1])} for r in data["result"]}


def make_blocks(version, open_metrics, folder):
    """Blocks of an OpenMetrics file, as `promtool tsdb create-blocks-from openmetrics` makes them."""
    done = subprocess.run([version.promtool, "tsdb", "create-blocks-from", "openmetrics", open_metrics, folder],
                          capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise RuntimeError("promtool %s: %s" % (version.name, (done.stdout + done.stderr)[-2000:]))
    os.makedirs(os.path.join(folder, "wal"), exist_ok=True)  # without it `promtool tsdb dump` does not read the folder


def same_bits(a, b):
    """NaNs cross the API without their payload, so one NaN is like another; zeros must have the same sign."""
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return a == b and math.copysign(1.0, a) == math.copysign(1.0, b)
