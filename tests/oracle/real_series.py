# SPDX-License-Identifier: GPL-3.0-or-later
"""Series for expressions that we have not written: for every selector some that its matchers let through, with values that now
and then cross the numbers that the expressions compare with.

The syntax trees are those of the real Prometheus (its parse_query), so that our own parser has no part in this.
"""
import random
import re

import series

N_VARIANT = 2
HUGE_LOOP = 200


class Use:
    """What all expressions together say of one metric."""

    def __init__(self):
        self.labels, self.matchers, self.numbers, self.counter = set(), set(), set(), False


def walk(node, parents=()):
    """Every node of a tree with those above it."""
    if isinstance(node, dict):
        if "type" in node and not ({"name", "value"} <= node.keys()):
            yield node, parents
            parents = parents + (node,)
        for value in node.values():
            yield from walk(value, parents)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value, parents)


def labels_of(tree):
    """The labels that an expression groups and matches by."""
    out = set()
    for node, _ in walk(tree):
        out |= set(node.get("grouping") or ())
        matching = node.get("matching") or {}
        out |= set(matching.get("labels") or ()) | set(matching.get("include") or ())
        if node["type"] == "call" and node["func"]["name"] in ("label_replace", "label_join"):
            out |= {a["val"] for a in node["args"][3:4] if a.get("type") == "stringLiteral"}
    return {name for name in out if re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", name)} - {"le", "__name__"}


def one_of(regex, rnd):
    """A text that a simple regex matches, "" if none is found."""
    for _ in range(HUGE_LOOP):
        text = regex
        while True:  # innermost groups first: one of the alternatives
            inner = re.search(r"\((?:\?:)?([^()]*)\)([*+?]?)", text)
            if inner is None:
                break
            text = text[:inner.start()] + rnd.choice(inner.group(1).split("|")) + text[inner.end():]
        text = rnd.choice(text.split("|")).strip("^$")
        text = re.sub(r"\[\^[^\]]*\][+*]?", "q", text)
        text = re.sub(r"\[([^\]])[^\]]*\](\+|\*|\{\d+\})?", r"\1", text)
        text = re.sub(r"\\d[+*]?", "7", text)
        text = re.sub(r"(?<!\\)\.[+*]", lambda m: rnd.choice(("some", "x1")), text)
        text = re.sub(r"(?<!\\)\.", lambda m: rnd.choice("0a"), text)
        text = re.sub(r"\\(.)", r"\1", text).replace("?", "").replace("+", "").replace("*", "")
        try:
            if re.fullmatch(regex, text):
                return text
        except re.error:
            return ""
    return ""


def fits(matcher, value):
    kind, text = matcher["type"], matcher["value"]
    if kind in ("=", "!="):
        return (value == text) == (kind == "=")
    try:
        return bool(re.fullmatch(text, value)) == (kind == "=~")
    except re.error:
        return False


def satisfy(labels, matchers, rnd):
    """labels, changed so that the matchers let them through as far as can be done; None if they do not."""
    out = dict(labels)
    for m in matchers:
        if m["type"] == "=":
            out[m["name"]] = m["value"]
        elif m["type"] == "=~":
            out[m["name"]] = one_of(m["value"], rnd)
        else:
            for value in (out.get(m["name"], ""), "other%d" % rnd.randrange(2), "1", "zz", ""):
                if fits(m, value):
                    out[m["name"]] = value
                    break
    out = {name: value for name, value in out.items() if value != ""}
    return out if all(fits(m, out.get(m["name"], "")) for m in matchers) else None


def gather(trees):
    """{metric: Use} of all trees."""
    uses = {}
    for tree in trees:
        names = labels_of(tree)
        numbers = {float(node["val"]) for node, _ in walk(tree) if node["type"] == "numberLiteral"}
        for node, parents in walk(tree):
            if node["type"] not in ("vectorSelector", "matrixSelector"):
                continue
            matchers = tuple((m["type"], m["name"], m["value"]) for m in node["matchers"])
            metric = node["name"] or next((one_of(v, random.Random(1)) for _, n, v in matchers if n == "__name__"), "")
            if not metric:
                continue
            use = uses.setdefault(metric, Use())
            use.labels |= names
            use.numbers |= numbers
            use.matchers.add(tuple(m for m in matchers if m[1] != "__name__"))
            use.counter |= any(p["type"] == "call" and p["func"]["name"] in ("rate", "increase", "irate") for p in parents[-1:])
    return uses


def gauge(rnd, n, numbers, step_s):
    """Runs of one value; the numbers of the expressions and what lies about them, and times."""
    wanted = [x * f for x in numbers if abs(x) < 1e15 for f in (0.5, 1.0, 1.7, -1.0)]
    values = [0.0, 1.0, 0.0, 1.0, 0.37, 5.0, 80.0, 95.5, 1e4, 1e10] + wanted
    out = []
    while len(out) < n:
        v, noise = rnd.choice(values), rnd.random() < 0.5
        if rnd.random() < 0.1:
            v, noise = series.T0_S + len(out) * step_s + rnd.choice((-4000, -90000, 86400 * 3, 0)), False
        for _ in range(rnd.randrange(6, 25)):
            out.append(v * (1 + 0.05 * rnd.random()) if noise else v)
    return out[:n]


def counter(rnd, n, numbers):
    wanted = [abs(x) for x in numbers if 0 < abs(x) < 1e9]
    total, out = float(rnd.randrange(1000)), []
    while len(out) < n:
        speed = rnd.choice([0.0, 0.0, 1.0, 2.0, 30.0, 1e4] + wanted)
        if rnd.random() < 0.03:
            total = 0.0
        for _ in range(rnd.randrange(6, 25)):
            total += round(speed * rnd.random() * 2, 3) if speed % 1 else float(rnd.randrange(int(2 * speed) + 1))
            out.append(total)
    return out[:n]


def add_metric(maker, metric, use, hole):
    rnd, n = maker.random, maker.n_step
    late = maker.late() if rnd.random() < 0.4 else None
    seen = set()
    for matchers in sorted(use.matchers):
        as_dicts = [{"type": t, "name": name, "value": v} for t, name, v in matchers]
        bounded = metric.endswith("_bucket") or any(m["name"] == "le" for m in as_dicts)
        others = [m for m in as_dicts if m["name"] != "le"]
        for variant in range(N_VARIANT):
            base = {name: "%s%d" % (name, variant) for name in use.labels | {"instance", "job"}}
            labels = satisfy(base, others, rnd)
            if labels is None or tuple(sorted(labels.items())) in seen:
                continue
            seen.add(tuple(sorted(labels.items())))
            if not bounded:
                values = counter(rnd, n, use.numbers) if use.counter else gauge(rnd, n, use.numbers, maker.step_ms // 1000)
                maker.add(metric, labels, [None if i in hole else v for i, v in enumerate(values)], late=late)
                continue
            bounds = sorted({"0.05", "0.25", "1", "5", "+Inf"} | {m[2] for ms in use.matchers for m in ms if m[1] == "le" and m[0] == "="},
                            key=float)
            below = [0.0] * n
            for le in bounds:
                below = [a + b for a, b in zip(below, counter(rnd, n, ()))]
                maker.add(metric, dict(labels, le=le), [None if i in hole else v for i, v in enumerate(below)], late=late)


def make(trees, seed, minutes, step_s=30):
    """All series. Between 60 and 70 % of the time nothing is scraped at all, for absent() and its like."""
    n = minutes * 60 // step_s
    maker = series.Maker(seed, n, step_s * 1000, series.T0_S * 1000)
    hole = range(int(n * 0.6), int(n * 0.7))
    uses = gather(trees)
    for metric in sorted(uses):
        add_metric(maker, metric, uses[metric], hole)
    seen, out = set(), []
    for s in maker.series:  # two matcher sets may have come to the same labels
        key = tuple(s.key())
        if key not in seen:
            seen.add(key)
            out.append(s)
    return out
