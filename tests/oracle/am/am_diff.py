# SPDX-License-Identifier: GPL-3.0-or-later
"""The real Alertmanagers and ours over the same random script: every notification, in order, with content and time.

    am_diff.py AM_RUN [SEED [CELLS]]

All releases run at once, each with its own webhook receiver. What is posted is posted to them in real time; the instants at
which that happened are what am_run gets. Cells in which an event falls too near to a tick are left out: there the outcome
is a race in the real one. They are found by running ours again with every instant moved a little.
"""
import os
import random
import subprocess
import sys
import tempfile
import threading
import time

import am_real
import am_script

SPAN, TAIL = 28.0, 11.0  # seconds of events, and of watching after them
SHAPES = 12
# A tick of the real one comes late by what its timers, the pipeline and the webhook take, and the next is counted from
# there: some milliseconds a tick on an idle machine. A busy one is given this much.
TOLERANCE_S = 0.25
MOVE_S = 0.06  # what is twice as near to a tick is not judged
N_BIT = 6  # for up to 64 instants in a cell
# A machine that wakes this program so late wakes the real ones late too: what it shows is not judged.
BUSY_S = 0.12


# ---- ours ----


def parse(text):
    """{(receiver, group): [(time, content)]}"""
    out = {}
    for line in text.splitlines():
        words = line.split("\t")
        out.setdefault((words[1], words[2]), []).append((float(words[0]), tuple(sorted(words[3:]))))
    return out


def ours(am_run, run, script):
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as f:
        f.write(script)
        f.flush()
        told = subprocess.run([am_run, "run", run.version, "%.6f" % run.up_s, "%.6f" % run.unix_s, run.file, f.name],
                              capture_output=True, text=True)
    if told.returncode != 0:
        sys.exit("am_run: " + told.stderr)
    return parse(told.stdout)


class Run:
    """What happened with one release."""

    def __init__(self, version, file):
        self.version, self.file, self.events = version, file, []


def moved(pattern, run, silences, until):
    """The same with every instant moved by MOVE_S, half of them to and half of them fro.

    Which of the two is told by one bit of the instant's number within its cell; pattern is the bit, or ~bit for the reverse.
    Over all bits each two instants of a cell move against each other once in either direction.
    """
    number = {}

    def move(cell):
        k = number[cell] = number.get(cell, -1) + 1
        bit = k >> (pattern if pattern >= 0 else ~pattern) & 1
        return MOVE_S if bit == (pattern >= 0) else -MOVE_S

    other = Run(run.version, run.file)
    # These two belong to no cell: they move against all.
    shift = MOVE_S if pattern >= 0 else -MOVE_S
    other.up_s, other.unix_s = min(run.up_s + shift, 0), run.unix_s + shift
    silences = [(a + move(m[0][2]), b + move(m[0][2]), m) for a, b, m in silences]
    events = []
    for t, starts, ends, labels in run.events:
        by, end_by = move(labels["cell"]), move(labels["cell"])
        # An end that was in the past when it was told stays there.
        events.append((t + by, starts + by, None if ends is None else ends + (by if ends <= t else end_by), labels))
    return other, am_script.run_text(silences, events, until)


def same(a, b, tolerance):
    return len(a) == len(b) and all(x[1] == y[1] and abs(x[0] - y[0]) <= tolerance for x, y in zip(a, b))


def before(list_, t):
    return [x for x in list_ if x[0] <= t]


# ---- the real ones ----


def label_text(labels):
    def quote(v):
        return '"' + v.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return "{" + ", ".join("%s=%s" % (k, quote(v)) for k, v in sorted(labels.items())) + "}"


def real_log(server, t0):
    out = {}
    for t, receiver, body in server.hook.got:
        content = tuple(sorted("%s %s" % (a["status"], label_text(a["labels"])) for a in body["alerts"]))
        out.setdefault((receiver, label_text(body["groupLabels"])), []).append((t - t0, content))
    return out


def play(server, run, t0, script):
    """Posts what the script says when it says so; notes when that was."""
    for t, starts, ends, labels in script:
        wait = t0 + t - time.time()
        if wait > 0:
            time.sleep(wait)
        alert = {"labels": labels, "startsAt": am_script.iso(t0 + starts)}
        if ends is not None:
            alert["endsAt"] = am_script.iso(t0 + ends)
        a = time.time()
        server.ask("POST", "/api/v2/alerts", [alert])
        run.events.append(((a + time.time()) / 2 - t0, starts, ends, labels))


def silence(server, t0, silence_list):
    for start, end, matchers in silence_list:
        server.ask("POST", "/api/v2/silences", {
            "matchers": [{"name": n, "value": v, "isRegex": "~" in op, "isEqual": "!" not in op} for n, op, v in matchers],
            "startsAt": am_script.iso(t0 + start), "endsAt": am_script.iso(t0 + end), "createdBy": "test", "comment": "test"})


class Pulse:
    """How late this machine wakes those who sleep."""

    def __init__(self):
        self.worst, self.on = 0.0, True
        self.thread = threading.Thread(target=self.beat)
        self.thread.start()

    def beat(self):
        while self.on:
            a = time.monotonic()
            time.sleep(0.02)
            self.worst = max(self.worst, time.monotonic() - a - 0.02)

    def end(self):
        self.on = False
        self.thread.join()
        return self.worst


def perform(found, text, cells, silences):
    """Starts every release, plays the script to all, returns [(run, server, log)]."""
    servers = [am_real.Server(version, path, text) for version, path in found]
    try:
        for server in servers:
            server.wait_ready()
        t0 = round(time.time() + 0.5, 3)
        runs = [Run(s.version, s.config) for s in servers]
        script = sorted((e for cell in cells for e in cell.events), key=lambda e: e[0])
        threads = []
        for server, run in zip(servers, runs):
            run.up_s, run.unix_s = server.started() - t0, t0
            silence(server, t0, silences)
            threads.append(threading.Thread(target=play, args=(server, run, t0, script)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        time.sleep(max(0, t0 + SPAN + TAIL - time.time()))
        for server, run in zip(servers, runs):
            kept = tempfile.NamedTemporaryFile("w", suffix=".yml", delete=False)
            with open(server.config) as f:
                kept.write(f.read())
            kept.close()
            run.file = kept.name
        return [(run, real_log(server, t0)) for server, run in zip(servers, runs)]
    finally:
        for server in servers:
            server.end()


# ---- the comparison ----


def judge(am_run, run, log, silences):
    until = SPAN + TAIL
    base = ours(am_run, run, am_script.run_text(silences, run.events, until))
    unsteady = set()
    for pattern in range(-N_BIT, N_BIT):
        other, script = moved(pattern, run, silences, until)
        again = ours(am_run, other, script)
        for key in set(base) | set(again):
            a, b = before(base.get(key, []), until - 2), before(again.get(key, []), until - 2)
            n = min(len(a), len(b))
            late = [x for x in a[n:] + b[n:] if x[0] < until - 3]
            if late or not same(a[:n], b[:n], 4 * MOVE_S):
                unsteady.add(key)
    judged, n_notification, wrong, worst = 0, 0, [], 0.0
    for key in sorted(set(base) | set(log)):
        if key in unsteady:
            continue
        a, b = before(base.get(key, []), until - 2), log.get(key, [])
        judged += 1
        n_notification += len(a)
        rest = [x for x in b[len(a):] if x[0] < until - 2 - TOLERANCE_S]
        if rest or not same(a, b[:len(a)], TOLERANCE_S):
            wrong.append(key)
        else:
            worst = max([worst] + [abs(x[0] - y[0]) for x, y in zip(a, b)])
    print("%s: %d groups judged, %d notifications, worst time difference %.3f s; %d groups too near to a race; %d differ" %
          (run.version, judged, n_notification, worst, len(unsteady), len(wrong)))
    for key in wrong[:5]:
        tell(run, key, base.get(key, []), log.get(key, []))
    return {(run.version, key) for key in wrong}, judged


def tell(run, key, a, b):
    print("  %s of %s" % (key, run.version))
    cell = key[1].split('cell="')[1].split('"')[0] if 'cell="' in key[1] else ""
    for t, starts, ends, labels in run.events:
        if labels["cell"] == cell:
            print("    post %.3f starts %.3f ends %s %s" % (t, starts, ends, label_text(labels)))
    for name, log in (("ours", a), ("real", b)):
        for t, content in log:
            print("    %s %.3f %s" % (name, t, "; ".join(content)))


def attempt(am_run, found, seed, n_cell):
    """({(version, group that differs)}, groups judged, how late the machine was)"""
    rng = random.Random(seed)
    cells = [am_script.Cell(rng, k, SHAPES, SPAN) for k in range(n_cell)]
    silences = am_script.silences(rng, cells)
    # A minute that is muted shall begin while the script runs.
    while not 8 < 60 - time.time() % 60 < 32:
        time.sleep(0.2)
    muted_from = (int(time.time()) // 60 + 1) * 60
    text = am_script.config(rng, SHAPES, muted_from)
    pulse = Pulse()
    try:
        played = perform(found, text, cells, silences)
    finally:
        late = pulse.end()
    wrong, judged = set(), 0
    for run, log in played:
        w, j = judge(am_run, run, log, silences)
        wrong, judged = wrong | w, judged + j
        os.unlink(run.file)
    return wrong, judged, late


def main():
    am_run, seed = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1
    n_cell = int(sys.argv[3]) if len(sys.argv) > 3 else 250
    found = am_real.programs("prometheus-alertmanager")
    for one in range(seed, seed + (6 if os.environ.get("ROLLSIM_ORACLE_LONG") else 1)):
        # The same script again gives the same groups: what differs once and not again is a race inside the real one, as when
        # a group's timer is set anew while it starts, or a tick that fell on the beginning of the muted minute. What differs
        # twice is ours.
        before = None
        for again in (False, True):
            wrong, judged, late = attempt(am_run, found, one, n_cell)
            print("seed %d: this machine woke its sleepers up to %.3f s late" % (one, late))
            enough = judged >= n_cell * len(found) // 2
            twice = wrong if before is None else wrong & before
            if enough and not twice:
                break
            if again and late < BUSY_S:
                sys.exit("seed %d: %d groups differ twice" % (one, len(twice)))
            if again:
                am_real.skip("the machine is too busy to tell")
            before = wrong if enough else None
            print("seed %d: %d groups differ; the same once more" % (one, len(wrong)))


if __name__ == "__main__":
    main()
