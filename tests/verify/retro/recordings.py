#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of known time in published recordings, and what `rollsim retro` found of them, as Markdown.

recordings.py NAME         a row for each fault
recordings.py NAME...      a row for each recording
recordings.py --alerts NAME...  activations of rules, beside those that Prometheus itself wrote down
Names are documents in recordings/; rollsim is looked for on the PATH. With TOLD=FOLDER in the environment answers are kept there, and
taken from there."""
import csv
import json
import math
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ALERTS = os.path.join(HERE, "..", "..", "..", "..", "shared", "data", "alerts")
FIRINGS = {"alerts-nezha": "nezha_ob_2022-08-22", "alerts-petshop": "petshop_high_traffic",
           "alerts-elb": "nab_elb_request_count_8c0756"}


def asked(name):
    run = subprocess.run(["rollsim", "retro", "--json", "--quiet", os.path.join(HERE, "recordings", name + ".yaml")],
                         stdout=subprocess.PIPE, check=False)
    if run.returncode not in (0, 1, 3):
        sys.exit("rollsim retro %s ended with status %d" % (name, run.returncode))
    return run.stdout


def told(name):
    kept = os.path.join(os.environ["TOLD"], name) if "TOLD" in os.environ else None
    if kept and os.path.exists(kept):
        with open(kept, "rb") as f:
            return json.load(f)
    answer = asked(name)
    if kept:
        with open(kept, "wb") as f:
            f.write(answer)
    return json.loads(answer)


def clock(t):
    return time.strftime("%d %b %H:%M:%S", time.gmtime(t)) if t > 1e8 else "%g s" % t


def off(seconds):
    return "%+d" % round(seconds)


def number(x):
    return "%.3g" % x


def signal_name(s):
    """Without the label that its own document put there."""
    words = s["name"].replace('column="', "").replace('service="', "").replace('endpoint="', "")
    inner = words.partition("{")[2].rstrip("}").replace('"', "").split(", ")
    where = inner[-1].split("_AWS")[0]
    return words.partition("{")[0].partition(" requests")[0].strip() + (" of " + where if where else "")


def rows(t):
    for k in t["known"]:
        yield k, None if k["change"] is None else t["change"][k["change"]]


def by_fault(name):
    t = told(name)
    print("| fault | injected | seconds off | interval | signal | before | after | odds |")
    print("|---|---|---|---|---|---|---|---|")
    for k, c in rows(t):
        at = k["from_time"]
        if c is None:
            print("| %s | %s | in no signal | | | | | |" % (k["name"].split("_AWS")[0], clock(at)))
            continue
        print("| %s | %s | %s | %s to %s | %s | %s | %s | 10^%.0f |"
              % (k["name"].split("_AWS")[0], clock(at), off(c["best"] - at), off(c["lo"] - at), off(c["hi"] - at),
                 signal_name(t["signal"][c["signal"]]), number(c["before"]), number(c["after"]), c["log10_odds"]))


def worse_an_hour(t):
    """Changes for the worse where there is no fault: before the first known one, and from ten minutes after the last one on."""
    first, last = (statistics.median(s[end] for s in t["source"]) for end in ("first", "last"))
    begin = min([k["from_time"] - 600 for k in t["known"]] or [last])
    end = max([k["until_time"] + 600 for k in t["known"]] or [last])
    hours = (max(begin - first, 0) + max(last - end, 0)) / 3600
    n = sum(c["after"] > c["before"] and (c["best"] < begin or end < c["best"] <= last) for c in t["change"])
    return n / hours if hours > 1 else None


def by_chance(t):
    """How many faults would be found if they left no trace."""
    rate = worse_an_hour(t)
    if rate is None or len(t["known"]) < 2:
        return ""
    lengths = [k["until_time"] - k["from_time"] for k in t["known"]]
    return "%.1f" % sum(1 - math.exp(-rate * (max(60, x / 2) + x) / 3600) for x in lengths)


def moved_round(t):
    """How many would be found at other times of the same hours: all faults moved on by the same time, round from the end to the begin."""
    if len(t["known"]) < 2:
        return ""
    worse = sorted(c["best"] for c in t["change"] if c["after"] > c["before"])
    begin, end = min(k["from_time"] for k in t["known"]), max(k["until_time"] for k in t["known"])
    moves, n = 500, 0
    for i in range(1, moves):
        for k in t["known"]:
            at = begin + (k["from_time"] - begin + (end - begin) * i / moves) % (end - begin)
            lasts = k["until_time"] - k["from_time"]
            n += any(at - max(60, lasts / 2) <= x <= at + lasts for x in worse)
    return "%.1f" % (n / (moves - 1))


def by_recording(names):
    print("| recording | signals | changes | faults | found | median seconds off | farthest off | interval holds the noted time | an hour without faults | by chance, at that rate | by chance, moved round |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name in names:
        t = told(name)
        found = [(c["best"] - k["from_time"], c["lo"] <= k["from_time"] <= c["hi"]) for k, c in rows(t) if c]
        plain = "| %s | %d | %d |" % (name, len(t["signal"]), len(t["change"]))
        rate = worse_an_hour(t)
        rate = "" if rate is None else "%.2f" % rate
        if not t["known"]:
            print(plain + " 0 | | | | | %s | | |" % rate)
            continue
        print(plain + " %d | %d | %+.0f | %+.0f | %d | %s | %s | %s |"
              % (len(t["known"]), len(found), statistics.median(o for o, _ in found), max((o for o, _ in found), key=abs),
                 sum(h for _, h in found), rate, by_chance(t), moved_round(t)))


def alerts(names):
    print("| recording | rules ever active | activations | of them fired | fired here | alike to the second |")
    print("|---|---|---|---|---|---|")
    for name in names:
        with open(os.path.join(ALERTS, FIRINGS[name] + ".firings.csv"), newline="") as f:
            wanted = [(r["alert"], float(r["active_from_s"]), float(r["firing_from_s"] or "nan")) for r in csv.DictReader(f)]
        fired = {a for a in wanted if a[2] == a[2]}
        shipped = [c for c in told(name)["counterfactual"] if c["name"] == "shipped rules"][0]["alarm"]
        seen = [(a["alert"], a["pending"], a["firing"]) for a in shipped if a["firing"] is not None]
        print("| %s | %d | %d | %d | %d | %d |" % (name.partition("-")[2], len({a[0] for a in wanted}), len(wanted),
                                                   len(fired), len(seen), len(fired & set(seen))))


def main():
    names = sys.argv[1:]
    if names[:1] == ["--alerts"]:
        alerts(names[1:])
    elif len(names) == 1:
        by_fault(names[0])
    else:
        by_recording(names)


main()
