# SPDX-License-Identifier: GPL-3.0-or-later
"""Random configurations and scripts of alerts for am_diff.py, and the form in which am_run reads them.

A shape is a route with its own waits and receiver. A cell is a handful of alerts that share nothing with other cells: its label
`cell` stands in every group_by and in every inhibition's `equal`, so that each cell is a case of its own.
"""
import datetime


def iso(t):
    return datetime.datetime.fromtimestamp(t, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def ms(t):
    return round(t, 3)


# ---- the configuration ----

GROUP_BY = ["[cell]", "[cell, grp]", "['...']", "[cell, absent]"]


def shape(rng, k):
    wait, every = rng.choice([1, 2, 3, 4]), rng.choice([2, 3, 4, 5, 6])
    # Between two ticks, never on one: at an exact multiple the real one throws a coin (timer against webhook).
    repeat_ms = 1000 * every * rng.choice([0, 1, 1, 2, 3]) + 500 * every
    lines = ["- receiver: r%d" % k, "  matchers: ['shape=\"%d\"']" % k, "  group_by: " + rng.choice(GROUP_BY),
             "  group_wait: %ds" % wait, "  group_interval: %ds" % every, "  repeat_interval: %dms" % repeat_ms]
    if k % 4 == 1:
        lines.append("  continue: true")
    if k % 6 == 2:
        lines.append("  mute_time_intervals: [minute]")
    if k % 6 == 4:
        lines.append("  active_time_intervals: [minute, never]")
    return lines


def minute_of(t, shift_minutes):
    m = (int(t // 60) + shift_minutes) % 1440
    return "%02d:%02d" % (m // 60, m % 60)


def config(rng, n_shape, muted_from):
    """The minute that begins at muted_from is told in the clock of a place that is 5:30 ahead."""
    start, end = minute_of(muted_from, 330), minute_of(muted_from + 60, 330)
    lines = ["global: {resolve_timeout: 6s}", "route:", "  receiver: root", "  group_by: [cell]", "  group_wait: 2s",
             "  group_interval: 3s", "  repeat_interval: 1h", "  routes:"]
    for k in range(n_shape):
        lines += ["  " + line for line in shape(rng, k)]
    # What `continue` of some shapes goes on to.
    lines += ["  - receiver: more", "    matchers: ['shape=~\"[0-9]+\"']", "    group_by: [cell]", "    group_wait: 2s",
              "    group_interval: 5s", "    repeat_interval: 12500ms", "receivers:"]
    for name in ["root", "more"] + ["r%d" % k for k in range(n_shape)]:
        resolved = "false" if name in ("r3", "r6", "r9") else "true"
        lines += ["- name: " + name, "  webhook_configs: [{url: 'http://127.0.0.1:PORT/%s', send_resolved: %s}]" %
                  (name, resolved)]
    lines += ["inhibit_rules:",
              "- {source_matchers: ['role=\"src\"'], target_matchers: ['role=\"tgt\"'], equal: [cell, zone]}",
              "- {source_matchers: ['sev=~\"high|mid\"'], target_matchers: ['sev=~\"mid|low\"'], equal: [cell]}",
              "time_intervals:", "- name: minute",
              "  time_intervals: [{location: Asia/Kolkata, times: [{start_time: '%s', end_time: '%s'}]}]" %
              (start, end if end != "00:00" else "24:00"),
              "- name: never"]
    return "\n".join(lines) + "\n"


# ---- scripts ----


class Cell:
    """Random fires, resends, resolutions and old alerts of up to four label sets."""

    def __init__(self, rng, number, n_shape, span):
        self.rng, self.number, self.events = rng, number, []
        shape_of = rng.randrange(n_shape + 1)
        common = {"cell": str(number)}
        if shape_of < n_shape:
            common["shape"] = str(shape_of)
        story = rng.random()
        self.sets = []
        for i in range(rng.choice([1, 2, 2, 3, 4])):
            labels = dict(common, i=str(i), grp=rng.choice("ab"))
            if story < 0.3:
                labels.update(role=rng.choice(["src", "src", "tgt"]), zone=rng.choice(["z", "z", "w"]))
            elif story < 0.5:
                labels.update(sev=rng.choice(["high", "mid", "low"]))
            self.sets.append(labels)
        self.since = [None] * len(self.sets)
        # All waits are whole seconds. What happens in another fifth of the second than what a tick is counted from can
        # then not fall together with it.
        t = rng.uniform(0, 3)
        for k in range(1000):
            at = int(t) + 0.1 + 0.2 * (k * 2 % 5)
            if at > span:
                break
            self.step(at)
            t = max(at, t) + rng.choice([0.5, 1, 1, 2, 3, 5]) * rng.uniform(0.7, 1.5) + 0.7

    def step(self, t):
        rng, i = self.rng, self.rng.randrange(len(self.sets))
        if self.since[i] is None or rng.random() < 0.1:
            # An old alert flushes its group at once, and whether the inhibitor has heard of it by then is a race.
            age = 0 if "role" in self.sets[i] or "sev" in self.sets[i] else rng.choice([0, 0, 0, 1.5, 30])
            life = rng.choice([240, 240, 240, 4.3, 7.7, None])
            self.since[i] = t - age
            self.post(t, i, None if life is None else t + life)
        elif rng.random() < 0.25:
            self.post(t, i, t + rng.choice([240, 240, 3.3]) if rng.random() < 0.7 else None)
        else:
            self.post(t, i, t - rng.choice([0, 0, 0.4]))
            self.since[i] = None

    def post(self, t, i, ends):
        starts = min(self.since[i], t if ends is None else min(t, ends))
        self.events.append((ms(t), ms(starts), None if ends is None else ms(ends), self.sets[i]))


def silences(rng, cells):
    out = []
    for cell in cells:
        if rng.random() < 0.2:
            start = rng.uniform(0.5, 20)
            matchers = [("cell", "=", str(cell.number))]
            if rng.random() < 0.5:
                matchers.append(rng.choice([("i", "=", "0"), ("i", "!=", "0"), ("i", "=~", "0|2"), ("grp", "!~", "a")]))
            out.append((ms(start), ms(start + rng.choice([3, 8, 100])), matchers))
    return out


# ---- for am_run ----


def run_text(silence_list, events, until):
    lines = ["silence\t%.6f\t%.6f\t%s" % (a, b, "\t".join("\t".join(m) for m in matchers))
             for a, b, matchers in silence_list]
    for t, starts, ends, labels in sorted(events, key=lambda e: e[0]):
        lines.append("post\t%.6f\t%.6f\t%s\t%s" % (t, starts, "-" if ends is None else "%.6f" % ends,
                                                   "\t".join("%s=%s" % kv for kv in sorted(labels.items()))))
    lines.append("end\t%.6f" % until)
    return "\n".join(lines) + "\n"
